//! Every location of every client is found and read, on every system, and none twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use common::fixtures::{self, Fixture, Fixtures, said};
use mcpscan::config::{self, Config};
use mcpscan::discover::{
    Client, Clients, ConfigFile, Home, Host, Location, Os, Request, discover, other_homes, spelled,
};
use mcpscan::document::{Source, Sources};
use mcpscan::pipeline::{self, Tables};
use mcpscan::rules::data;
use mcpscan::triage::ConfigStatus;

fn clients() -> Clients {
    Clients::parse(data("clients.toml")).unwrap_or_else(|error| panic!("{error}"))
}

fn request(home: PathBuf, os: Os, current: PathBuf, paths: Vec<PathBuf>) -> Request {
    let homes = vec![Home::new(home, os, HashMap::new())];
    Request { own_home: None, paths, clients: Vec::new(), homes, current, known_projects: false }
}

/// What stands at the places of a home or a project that is made from the table.
#[derive(Default)]
struct Places<'a> {
    /// The fixtures that may stand there, and the clients that look there.
    files: BTreeMap<PathBuf, (Vec<&'a Fixture>, BTreeSet<String>)>,
    /// What is only told to be there, and why.
    unread: BTreeMap<PathBuf, String>,
}

impl<'a> Places<'a> {
    /// Takes in the place of a pattern. `put` makes a path of it.
    fn add(
        &mut self,
        fixtures: &'a Fixtures,
        client: &Client,
        location: &Location,
        pattern: &str,
        put: impl Fn(&str) -> PathBuf,
    ) {
        let plain = |pattern: &str| pattern.replace("**", "deep/er").replace('*', "some");
        if let Some(reason) = &location.unread {
            self.unread.insert(put(&plain(pattern)), reason.clone());
            return;
        }
        let telling = fixtures::telling(location, pattern);
        let fitting = fixtures.at(client, &telling);
        assert!(
            !fitting.is_empty(),
            "{}: nothing stands for `{pattern}`. Add fixtures/clients/{}/{}, a config as this client writes it, and what \
             it holds to fixtures/clients/expected.toml",
            client.id,
            client.id,
            telling.rsplit('/').next().unwrap()
        );
        for (fixture, name) in fitting {
            let path = match pattern.rsplit_once('/') {
                Some((folder, _)) => put(&format!("{}/{name}", plain(folder))),
                None if pattern.starts_with('{') => put(pattern),
                None => put(&name),
            };
            let (candidates, clients) = self.files.entry(path).or_default();
            if !candidates.iter().any(|known| known.client == fixture.client && known.path == fixture.path) {
                candidates.push(fixture);
            }
            clients.insert(client.id.clone());
        }
    }

    /// How often everything must be written until every fixture stood at each of its places.
    fn rounds(&self) -> usize {
        self.files.values().map(|(candidates, _)| candidates.len()).max().unwrap()
    }

    /// Writes all files, and gives the fixture at each.
    fn write(&self, round: usize) -> BTreeMap<&PathBuf, (&'a Fixture, BTreeSet<String>)> {
        for path in self.unread.keys() {
            // Some stores are a folder of many files.
            match path.extension() {
                Some(_) => write_bytes(path, b"\0binary"),
                None => ["000003.log", "CURRENT", "LOCK"].iter().for_each(|name| write_bytes(&path.join(name), b"\0")),
            }
        }
        let placed = self.files.iter().map(|(path, (candidates, clients))| {
            let fixture = candidates[round % candidates.len()];
            write_bytes(path, &fixtures::contents(fixture, path));
            (path, (fixture, clients.clone()))
        });
        placed.collect()
    }

    /// Every file is found once and by all its clients, and says exactly what the fixture says. In a `tree` each folder
    /// may be a project, so that others look there too.
    fn check(&self, round: usize, request: &Request, root: &Path, tables: &Tables, (what, tree): (&str, bool)) {
        let placed = self.write(round);
        let fallback = |id: &str| tables.clients.get(id).unwrap().fallback;
        let mut found: BTreeSet<PathBuf> = BTreeSet::new();
        // What lies outside of homes is the test machine's own.
        let files = discover(request, &tables.clients).files.into_iter().filter(|file| file.path.starts_with(root));
        for file in files {
            let shown = file.path.display();
            assert!(found.insert(file.path.clone()), "{what}: {shown} is found twice");
            assert_eq!(file.unread.as_ref(), self.unread.get(&file.path), "{what}: {shown}");
            if file.unread.is_some() {
                continue;
            }
            let (_, owners) = placed.get(&file.path).unwrap_or_else(|| panic!("{what}: {shown} is nobody's"));
            let readers: BTreeSet<String> = file.readers.iter().map(|reader| reader.client.clone()).collect();
            let expected: BTreeSet<String> =
                owners.iter().filter(|id| owners.len() == 1 || !fallback(id)).cloned().collect();
            let fit = if tree { readers.is_superset(&expected) } else { readers == expected };
            assert!(fit, "{what}: {shown}: {readers:?} read it, and not {expected:?}");
        }
        let all: BTreeSet<PathBuf> = self.files.keys().chain(self.unread.keys()).cloned().collect();
        assert_eq!(found, all, "{what}");

        let read = pipeline::read(request, tables);
        let mut servers: BTreeMap<PathBuf, Config> =
            read.configs.into_iter().map(|config| (config.file.path.clone(), config)).collect();
        for (path, (fixture, owners)) in placed {
            let Some(config) = servers.remove(path) else {
                // A file that says nothing is worth no line.
                assert_eq!(fixture.servers, Vec::<String>::new(), "{what}: {} says nothing", path.display());
                continue;
            };
            let of = format!("{what}: fixtures/clients/{}/{} at {}", fixture.client, fixture.path, path.display());
            assert_eq!(config.problems, [], "{of}");
            assert_eq!(config.servers.iter().map(said).collect::<Vec<_>>(), fixture.servers, "{of}");
            if owners.len() > 1 && fallback(&fixture.client) {
                continue;
            }
            for entry in &config.servers {
                let readers: BTreeSet<&String> = entry.also.iter().chain([&entry.client]).collect();
                assert!(entry.is_read && readers.contains(&fixture.client), "{of}: `{}` is not read", entry.name.text);
                assert!(tree || readers.iter().all(|id| owners.contains(*id)), "{of}: {readers:?}");
            }
        }
        for (path, reason) in &self.unread {
            let told = read
                .coverage
                .configs
                .iter()
                .find(|config| Path::new(&config.path).ends_with(path) || path.ends_with(&config.path));
            let told = told.unwrap_or_else(|| panic!("{what}: {} is not told", path.display()));
            assert_eq!((told.status, told.reason.as_ref()), (ConfigStatus::Skipped, Some(reason)), "{what}");
        }
    }
}

/// A home made from the table itself, with the fixtures at all places; stars become names, and of alternatives there is
/// one file each. Once as it is without variables, and once with every variable that moves something.
#[test]
fn a_home_of_every_system() {
    let tables = Tables::load(Vec::new()).unwrap();
    let fixtures = Fixtures::load();
    for (os, moved) in fixtures::SYSTEMS.into_iter().flat_map(|os| [(os, false), (os, true)]) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let home = root.join("home");
        let mut variables = HashMap::from([
            ("PROGRAMDATA".to_owned(), root.join("programdata").display().to_string()),
            ("ProgramW6432".to_owned(), root.join("programs").display().to_string()),
        ]);
        let mut places = Places::default();
        for (client, location) in tables.clients.all().iter().flat_map(locations) {
            for template in location.templates(os).flat_map(|template| fixtures::alternatives(template)) {
                let Some((token, _)) = template.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
                    // Outside of all homes: nothing can be put there, so it is read as if it were.
                    read_alone(&fixtures, client, location, &template, &tables.clients);
                    continue;
                };
                let Some(folder) = folder_of(token, root, moved, &mut variables) else { continue };
                let place = |path: &str| {
                    let below = path.split_once('}').map_or("", |(_, below)| below);
                    below
                        .split('/')
                        .filter(|segment| !segment.is_empty())
                        .fold(folder.clone(), |path, segment| path.join(segment))
                };
                places.add(&fixtures, client, location, &template, place);
            }
        }
        std::fs::create_dir_all(root.join("empty")).unwrap();
        let homes = vec![Home::new(home, os, variables)];
        let request = Request { homes, ..request(root.join("home"), os, root.join("empty"), Vec::new()) };
        for round in 0..places.rounds() {
            places.check(round, &request, root, &tables, (&format!("{os:?}"), false));
        }
        assert!(places.files.len() >= if moved { 60 } else { 120 }, "{os:?}: {}", places.files.len());
        eprintln!("{os:?}, variables {moved}: {} files, {} unread", places.files.len(), places.unread.len());
    }
}

fn locations(client: &Client) -> impl Iterator<Item = (&Client, &Location)> {
    client.locations.iter().map(move |location| (client, location))
}

/// The folder that a token stands for. What only a variable leads to is there where those are set.
fn folder_of(token: &str, root: &Path, moved: bool, variables: &mut HashMap<String, String>) -> Option<PathBuf> {
    let (name, otherwise) = token.split_once('|').map_or((token, None), |(name, other)| (name, Some(other)));
    let known = match name {
        "HOME" => Some("home"),
        "XDG_CONFIG_HOME" => Some("home/.config"),
        "XDG_DATA_HOME" => Some("home/.local/share"),
        "XDG_STATE_HOME" => Some("home/.local/state"),
        "APPDATA" => Some("home/AppData/Roaming"),
        "LOCALAPPDATA" => Some("home/AppData/Local"),
        "PROGRAMDATA" => Some("programdata"),
        "PROGRAMFILES" => Some("programs"),
        _ => None,
    };
    if let Some(known) = known {
        return Some(root.join(known));
    }
    if moved {
        let folder = root.join("moved").join(name);
        variables.insert(name.to_owned(), folder.display().to_string());
        return Some(folder);
    }
    let (base, below) = otherwise?.split_once('/').unwrap_or((otherwise?, ""));
    let folder = folder_of(base, root, moved, variables)?;
    Some(if below.is_empty() { folder } else { folder.join(below) })
}

fn read_alone(fixtures: &Fixtures, client: &Client, location: &Location, path: &str, clients: &Clients) {
    let mut places = Places::default();
    places.add(fixtures, client, location, path, |path| PathBuf::from(path));
    for (path, (candidates, _)) in places.files {
        for fixture in candidates {
            let shown = path.display().to_string();
            let file = ConfigFile::named(path.clone(), shown.clone(), shown.clone()).read_by(client, location);
            let mut sources = Sources::default();
            let id = sources.add(Source::new(&shown, fixtures::contents(fixture, &path)));
            let config = config::read(file, id, sources.get(id), clients);
            assert_eq!(config.problems, [], "{shown}");
            assert_eq!(config.servers.iter().map(said).collect::<Vec<_>>(), fixture.servers, "{shown}");
            assert!(config.servers.iter().all(|entry| entry.is_read && entry.client == client.id), "{shown}");
        }
    }
}

/// A project made from the table with the fixtures at all places, from a folder inside, from above, and by name.
#[test]
fn a_project_from_inside_from_above_and_by_name() {
    let tables = Tables::load(Vec::new()).unwrap();
    let fixtures = Fixtures::load();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (project, home) = (root.join("project"), root.join("home"));
    let deep = project.join("src/deep");
    for folder in [&home, &deep, &project.join(".git")] {
        std::fs::create_dir_all(folder).unwrap();
    }
    let mut places = Places::default();
    for (client, location) in tables.clients.all().iter().flat_map(locations) {
        for pattern in location.project.iter().flat_map(|pattern| fixtures::alternatives(pattern)) {
            places.add(&fixtures, client, location, &pattern, |path| project.join(path));
        }
    }
    for round in 0..places.rounds() {
        let request = |current: &PathBuf, paths| request(home.clone(), Os::Linux, current.clone(), paths);
        places.check(
            round,
            &request(&deep, Vec::new()),
            root,
            &tables,
            ("from a folder inside, up to the repository", false),
        );
        places.check(round, &request(&home, vec![project.clone()]), root, &tables, ("below a named folder", true));
        let names = places.files.keys().cloned().collect();
        let found = discover(&request(&home, names), &tables.clients).files.into_iter().map(|file| file.path);
        assert_eq!(found.collect::<BTreeSet<_>>(), places.files.keys().cloned().collect(), "each by its name");
    }
    eprintln!("projects: {} files", places.files.len());
}

/// A fixture that stands nowhere tests nothing.
#[test]
fn every_fixture_has_a_place() {
    let clients = clients();
    let fixtures = Fixtures::load();
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (client, location) in clients.all().iter().flat_map(locations) {
        let paths = fixtures::SYSTEMS.into_iter().flat_map(|os| location.templates(os)).chain(&location.project);
        for path in paths.flat_map(|path| fixtures::alternatives(path)) {
            if location.unread.is_none() {
                used.extend(
                    fixtures.at(client, &path).into_iter().map(|(fixture, _)| (&*fixture.client, &*fixture.path)),
                );
            }
        }
    }
    for fixture in &fixtures.0 {
        let used = used.contains(&(&*fixture.client, &*fixture.path));
        assert!(used, "fixtures/clients/{}/{}: no location of this client ends so", fixture.client, fixture.path);
    }
}

fn write_bytes(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn write(path: &Path, text: &str) {
    write_bytes(path, text.as_bytes());
}

fn shown(found: mcpscan::discover::Found) -> Vec<String> {
    found.files.into_iter().map(|file| file.shown.replace('\\', "/")).collect()
}

/// Nobody named a folder: what lies above counts up to the repository, what lies below counts too, whatever git ignores;
/// but neither dependencies nor what is above or beside a home.
#[test]
fn the_tree_around_the_current_folder() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let project = home.join("project");
    for path in [".cursor/mcp.json", "project/.mcp.json", "project/a/.mcp.json", "project/a/b/.vscode/mcp.json"] {
        write(&home.join(path), "{}");
    }
    write(&project.join("a/node_modules/x/.mcp.json"), "{}");
    write(&project.join("a/target/.mcp.json"), "{}");
    write(&project.join("a/ignored/.mcp.json"), "{}");
    write(&project.join(".gitignore"), "ignored\n");
    std::fs::create_dir(project.join(".git")).unwrap();
    write(&home.join("beside/.mcp.json"), "{}");
    let found = |current: PathBuf| shown(discover(&request(home.clone(), Os::Linux, current, Vec::new()), &clients()));
    let own = spelled(&home.join(".cursor/mcp.json"));
    let above = spelled(&project.join(".mcp.json"));
    assert_eq!(found(project.join("a")), [&own, ".mcp.json", &above, "b/.vscode/mcp.json", "ignored/.mcp.json"]);
    assert_eq!(
        found(project.clone()),
        [&own, ".mcp.json", "a/.mcp.json", "a/b/.vscode/mcp.json", "a/ignored/.mcp.json"]
    );
    assert_eq!(found(home.clone()), [".cursor/mcp.json"], "a home is no project");
    assert_eq!(found(folder.path().to_owned()), ["home/.cursor/mcp.json"], "nor is what holds it");
}

/// The homes beside one's own, by where this process runs.
#[test]
fn other_users_and_the_other_side_of_wsl() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join("home/me/.cursor/mcp.json"), "{}");
    write(&root.join("home/ann/.cursor/mcp.json"), "{}");
    write(&root.join("root/.claude.json"), "{}");
    write(&root.join("mnt/c/Users/me/AppData/Roaming/Claude/claude_desktop_config.json"), "{}");
    write(&root.join("mnt/c/Users/Public/AppData/Roaming/Claude/claude_desktop_config.json"), "{}");
    let clients = clients();
    let own = root.join("home/me");
    let found = |host: Host, everyone: bool| {
        // A variable of this process says nothing about another's home.
        let variables = HashMap::from([("CLAUDE_CONFIG_DIR".to_owned(), "/elsewhere".to_owned())]);
        let mut homes = vec![Home::new(own.clone(), host.os(), variables)];
        homes.extend(other_homes(&clients, host, &own, everyone, root));
        let empty = root.join("srv");
        std::fs::create_dir_all(&empty).unwrap();
        let request = Request {
            paths: Vec::new(),
            clients: Vec::new(),
            homes,
            own_home: None,
            current: empty,
            known_projects: false,
        };
        let found = discover(&request, &clients);
        let mut files: Vec<(String, bool)> =
            found.files.into_iter().map(|file| (file.portable, file.of_another)).collect();
        files.sort();
        files
    };
    let file = |path: &str, other: bool| (path.to_owned(), other);
    let mine = file("~/.cursor/mcp.json", false);
    let ann = file("~ann/.cursor/mcp.json", true);
    let administrator = file("~root/.claude.json", true);
    let windows = file("~me/AppData/Roaming/Claude/claude_desktop_config.json", true);
    assert_eq!(found(Host::Linux, false), std::slice::from_ref(&mine));
    assert_eq!(found(Host::Linux, true), [mine.clone(), ann.clone(), administrator.clone()]);
    assert_eq!(found(Host::Wsl, false), [mine.clone(), windows.clone()]);
    assert_eq!(found(Host::Wsl, true), [mine, ann, windows, administrator]);
}

/// Nothing of what another user's files say is started, and a home that does not open is told.
#[cfg(unix)]
#[test]
fn a_home_that_does_not_open_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("home/ann");
    std::fs::create_dir_all(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    if closed.read_dir().is_ok() {
        eprintln!("SKIPPED: this user may read everything");
        return;
    }
    let clients = clients();
    let own = folder.path().join("home/me");
    std::fs::create_dir_all(&own).unwrap();
    let mut request = request(own.clone(), Os::Linux, own.clone(), Vec::new());
    request.homes.extend(other_homes(&clients, Host::Linux, &own, true, folder.path()));
    let found = discover(&request, &clients);
    assert_eq!(found.skipped.len(), 1);
    assert_eq!(found.skipped[0].reason, "permission denied");
}

#[test]
fn projects_that_clients_remember() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let project = |name: &str| folder.path().join(name);
    for name in ["claude", "codex", "code", "a b"] {
        write(&project(name).join(".mcp.json"), "{}");
    }
    let text = |name: &str| project(name).display().to_string().replace('\\', "/");
    let uri = |name: &str| format!("file://{}{}", if cfg!(windows) { "/" } else { "" }, text(name).replace(' ', "%20"));
    write(&home.join(".claude.json"), &format!(r#"{{"projects": {{"{}": {{}}, "/gone": {{}}}}}}"#, text("claude")));
    write(&home.join(".codex/config.toml"), &format!("[projects.\"{}\"]\ntrust_level = \"trusted\"\n", text("codex")));
    let storage = home.join(".config/Code/User/workspaceStorage");
    write(&storage.join("1/workspace.json"), &format!(r#"{{"folder": "{}"}}"#, uri("code")));
    write(&storage.join("2/workspace.json"), r#"{"folder": "vscode-remote://ssh-remote%2Bhost/srv"}"#);
    write(&storage.join("3/workspace.json"), "broken");
    write(
        &home.join(".config/Cursor/User/globalStorage/storage.json"),
        &format!(r#"{{"profileAssociations": {{"workspaces": {{"{}": "default"}}}}}}"#, uri("a b")),
    );
    let mut request = request(home.clone(), Os::Linux, home.clone(), vec![home.join(".claude.json")]);
    request.known_projects = true;
    let found = discover(&request, &clients());
    let mut names: Vec<String> =
        found.files.iter().filter_map(|file| file.path.parent()?.file_name()?.to_str().map(str::to_owned)).collect();
    names.sort();
    assert_eq!(names, ["a b", "claude", "code", "codex", "home"]);
    let elsewhere: Vec<&str> = found.skipped.iter().map(|skipped| skipped.shown.as_str()).collect();
    assert_eq!(elsewhere, ["vscode-remote://ssh-remote%2Bhost/srv"]);
}

/// One name, several dialects: who reads an entry is told by the keys above it.
#[test]
fn who_reads_an_entry() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".mcp.json");
    let text = r#"{"mcpServers": {"a": {"command": "x"}}, "servers": {"b": {"command": "x"}}, "mcp": {"c": {"command": "x"}}}"#;
    write(&path, text);
    let clients = clients();
    let home = folder.path().join("home");
    let mut found = discover(&request(home, Os::Linux, folder.path().to_owned(), Vec::new()), &clients);
    let mut sources = Sources::default();
    let id = sources.add(Source::new(".mcp.json", text.as_bytes()));
    let config = config::read(found.files.remove(0), id, sources.get(id), &clients);
    let entry = |name: &str| config.servers.iter().find(|entry| entry.name.text == name).unwrap();
    assert_eq!(entry("a").client, "claude-code");
    assert!(entry("a").also.contains(&"copilot-cli".to_owned()) && entry("a").is_read);
    assert!(!entry("a").also.contains(&"visual-studio".to_owned()));
    assert_eq!((entry("b").client.as_str(), entry("b").also.len()), ("visual-studio", 0));
    assert!(!entry("c").is_read, "none of them looks there");
}

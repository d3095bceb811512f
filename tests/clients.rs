//! Every location of every client is found and read, on every system, and none twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use mcpscan::discover::{Clients, Home, Host, Os, Request, discover, other_homes, spelled};
use mcpscan::rules::data;

fn clients() -> Clients {
    Clients::parse(data("clients.toml")).unwrap_or_else(|error| panic!("{error}"))
}

fn request(home: PathBuf, os: Os, current: PathBuf, paths: Vec<PathBuf>) -> Request {
    let homes = vec![Home::new(home, os, HashMap::new())];
    Request { own_home: None, paths, clients: Vec::new(), homes, current, known_projects: false }
}

/// A home made from the table itself, with a file at each place in it; stars become names, and of alternatives there is
/// one file each.
#[test]
fn a_home_of_every_system() {
    let clients = clients();
    for os in [Os::MacOs, Os::Linux, Os::Windows] {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let mut owners: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
        for client in clients.all() {
            for location in &client.locations {
                for template in location.templates(os) {
                    let Some(path) = in_home(template) else { continue };
                    for path in alternatives(&path) {
                        let path = home.join(path.replace("**", "deep/er").replace('*', "some"));
                        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                        std::fs::write(&path, "{}").unwrap();
                        owners.entry(path).or_default().insert(client.id.clone());
                    }
                }
            }
        }
        let found = discover(&request(home, os, folder.path().to_owned(), Vec::new()), &clients);
        let mut seen = BTreeSet::new();
        for file in found.files {
            assert!(seen.insert(file.path.clone()), "{os:?}: {} is found twice", file.path.display());
            let owners =
                owners.get(&file.path).unwrap_or_else(|| panic!("{os:?}: {} is nobody's", file.path.display()));
            let readers: BTreeSet<String> = file.readers.iter().map(|reader| reader.client.clone()).collect();
            let fallback = |id: &String| clients.get(id).unwrap().fallback;
            let expected: BTreeSet<String> =
                owners.iter().filter(|id| owners.len() == 1 || !fallback(id)).cloned().collect();
            assert_eq!(readers, expected, "{os:?}: {}", file.path.display());
        }
        let missed: Vec<&PathBuf> = owners.keys().filter(|path| !seen.contains(*path)).collect();
        assert_eq!(missed, Vec::<&PathBuf>::new(), "{os:?}");
        assert!(owners.len() >= 60, "{os:?}: {}", owners.len());
    }
}

/// The part of a template inside a home, where no variable is set.
fn in_home(template: &str) -> Option<String> {
    let (token, rest) = template.strip_prefix('{')?.split_once('}')?;
    let token = token.split_once('|').map_or(token, |(_, otherwise)| otherwise);
    let (base, below) = token.split_once('/').unwrap_or((token, ""));
    let base = match base {
        "HOME" => "",
        "XDG_CONFIG_HOME" => ".config",
        "XDG_DATA_HOME" => ".local/share",
        "XDG_STATE_HOME" => ".local/state",
        "APPDATA" => "AppData/Roaming",
        "LOCALAPPDATA" => "AppData/Local",
        _ => return None,
    };
    let parts = [base, below, rest.trim_start_matches('/')];
    Some(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}

fn alternatives(pattern: &str) -> Vec<String> {
    match pattern.split_once('{').and_then(|(head, rest)| Some((head, rest.split_once('}')?))) {
        Some((head, (choices, tail))) => {
            choices.split(',').flat_map(|choice| alternatives(&format!("{head}{choice}{tail}"))).collect()
        }
        None => vec![pattern.to_owned()],
    }
}

#[test]
fn a_project_from_inside_from_above_and_by_name() {
    let clients = clients();
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    let deep = project.join("src/deep");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::create_dir(project.join(".git")).unwrap();
    let mut expected = BTreeSet::new();
    for client in clients.all() {
        for pattern in client.locations.iter().flat_map(|location| &location.project) {
            for path in alternatives(pattern) {
                let path = project.join(path.replace("**", "deep/er").replace('*', "some"));
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, "{}").unwrap();
                expected.insert(path);
            }
        }
    }
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let found = |current: &PathBuf, paths: Vec<PathBuf>| -> BTreeSet<PathBuf> {
        discover(&request(home.clone(), Os::Linux, current.clone(), paths), &clients)
            .files
            .into_iter()
            .map(|file| file.path)
            .collect()
    };
    assert_eq!(found(&deep, Vec::new()), expected, "from a folder inside, up to the repository");
    assert_eq!(found(&home, vec![project.clone()]), expected, "below a named folder");
    let named = found(&home, expected.iter().cloned().collect());
    assert_eq!(named, expected, "each by its name");
}

fn write(path: &std::path::Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
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
    let mut sources = mcpscan::document::Sources::default();
    let id = sources.add(mcpscan::document::Source::new(".mcp.json", text.as_bytes()));
    let config = mcpscan::config::read(found.files.remove(0), id, sources.get(id), &clients);
    let entry = |name: &str| config.servers.iter().find(|entry| entry.name.text == name).unwrap();
    assert_eq!(entry("a").client, "claude-code");
    assert!(entry("a").also.contains(&"copilot-cli".to_owned()) && entry("a").is_read);
    assert!(!entry("a").also.contains(&"visual-studio".to_owned()));
    assert_eq!((entry("b").client.as_str(), entry("b").also.len()), ("visual-studio", 0));
    assert!(!entry("c").is_read, "none of them looks there");
}

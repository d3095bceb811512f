//! The configs under `fixtures/clients`: which of them stand at which place of the table, and what is in them.
//!
//! `fixtures/clients/<client>/<end of a location's path>` is a config for every location that ends so; of two that fit,
//! the one with more folders. In front of the file's name a `<case>__` tells several for one place apart. A location that
//! ends in a star takes every name that fits and is no other location's. What each holds is in `expected.toml` beside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mcpscan::config::ServerEntry;
use mcpscan::discover::{Client, Location, Os};

/// One config.
pub struct Fixture {
    /// Its client.
    pub client: String,
    /// Its path in the client's folder, as `expected.toml` says it.
    pub path: String,
    /// The end of the paths where it may stand.
    end: Vec<String>,
    /// What is in the file.
    pub bytes: Vec<u8>,
    /// The servers in it, as [`said`] says them.
    pub servers: Vec<String>,
}

/// All of them.
pub struct Fixtures(pub Vec<Fixture>);

pub const SYSTEMS: [Os; 3] = [Os::MacOs, Os::Linux, Os::Windows];

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clients")
}

impl Fixtures {
    pub fn load() -> Self {
        let folder = folder();
        let text = std::fs::read_to_string(folder.join("expected.toml")).unwrap();
        let mut expected: BTreeMap<String, BTreeMap<String, Vec<String>>> = toml::from_str(&text).unwrap();
        let mut all = Vec::new();
        for file in walkdir::WalkDir::new(&folder).min_depth(2).sort_by_file_name() {
            let file = file.unwrap();
            if file.file_type().is_dir() {
                continue;
            }
            let relative = file.path().strip_prefix(&folder).unwrap().to_str().unwrap().replace('\\', "/");
            let (client, path) = relative.split_once('/').unwrap();
            let mut end: Vec<String> = path.split('/').map(str::to_owned).collect();
            let name = end.pop().unwrap();
            end.push(name.split_once("__").map_or(name.as_str(), |(_, name)| name).to_owned());
            let servers = expected.get_mut(client).and_then(|files| files.remove(path)).unwrap_or_else(|| {
                panic!("fixtures/clients/{relative}: say in expected.toml under [{client}] which servers it holds")
            });
            let bytes = std::fs::read(file.path()).unwrap();
            all.push(Fixture { client: client.to_owned(), path: path.to_owned(), end, bytes, servers });
        }
        expected.retain(|_, files| !files.is_empty());
        assert!(expected.is_empty(), "expected.toml tells of files that are not there: {expected:?}");
        Self(all)
    }

    /// Those that may stand at the end of `pattern`, with the name that each has there.
    pub fn at(&self, client: &Client, pattern: &str) -> Vec<(&Fixture, String)> {
        let mut segments: Vec<&str> = pattern.split('/').filter(|segment| *segment != "**").collect();
        let last = segments.pop().unwrap();
        let (_, ending) = last.rsplit_once('.').unwrap_or_default();
        let bundle = matches!(ending, "mcpb" | "dxt");
        let others: BTreeSet<String> = patterns(client).iter().filter_map(|pattern| name_of(pattern)).collect();
        let named = |name: &str| match last {
            // A bundle is packed from the manifest beside.
            _ if bundle => name == "manifest.json",
            _ if last.contains('*') => fits(last, name) && !others.contains(name),
            _ => name == last,
        };
        let mut fitting: Vec<&Fixture> = self
            .0
            .iter()
            .filter(|fixture| fixture.client == client.id)
            .filter(|fixture| {
                let (name, folders) = fixture.end.split_last().unwrap();
                let above = segments.len().checked_sub(folders.len()).map(|from| &segments[from..]);
                named(name)
                    && above.is_some_and(|above| above.iter().zip(folders).all(|(segment, name)| fits(segment, name)))
            })
            .collect();
        let most = fitting.iter().map(|fixture| fixture.end.len()).max().unwrap_or_default();
        fitting.retain(|fixture| fixture.end.len() == most);
        let name = |fixture: &Fixture| match bundle {
            true => last.replace('*', "some"),
            false => fixture.end.last().unwrap().clone(),
        };
        fitting.into_iter().map(|fixture| (fixture, name(fixture))).collect()
    }
}

/// Whether a name fits a segment with at most one star.
fn fits(segment: &str, name: &str) -> bool {
    match segment.split_once('*') {
        Some((head, tail)) => name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail),
        None => segment == name,
    }
}

/// Every path of a client, of each alternative one.
fn patterns(client: &Client) -> Vec<String> {
    let paths = client.locations.iter().flat_map(|location| {
        SYSTEMS.into_iter().flat_map(|os| location.templates(os)).chain(&location.project).collect::<Vec<_>>()
    });
    paths.flat_map(|path| alternatives(path)).collect()
}

/// The name of a file that a pattern says out.
fn name_of(pattern: &str) -> Option<String> {
    let name = pattern.rsplit('/').next().unwrap();
    (!name.contains('*')).then(|| name.to_owned())
}

/// The patterns that one with `{a,b}` stands for.
pub fn alternatives(pattern: &str) -> Vec<String> {
    let mut from = 0;
    while let Some((open, close)) = pattern[from..]
        .find('{')
        .map(|at| from + at)
        .and_then(|open| pattern[open..].find('}').map(|length| (open, open + length)))
    {
        let inner = &pattern[open + 1..close];
        if inner.contains(',') {
            let (head, tail) = (&pattern[..open], &pattern[close + 1..]);
            return inner.split(',').flat_map(|choice| alternatives(&format!("{head}{choice}{tail}"))).collect();
        }
        from = close + 1;
    }
    vec![pattern.to_owned()]
}

/// A pattern whose name says something: the same one, or of a variable that stands for a whole path another one of the
/// location.
pub fn telling(location: &Location, pattern: &str) -> String {
    if pattern.contains('/') || !pattern.starts_with('{') {
        return pattern.to_owned();
    }
    let all = SYSTEMS.into_iter().flat_map(|os| location.templates(os));
    let other = all.flat_map(|other| alternatives(other)).find(|other| other.contains('/'));
    other.unwrap_or_else(|| panic!("{pattern}: nothing says what this file is called"))
}

/// Name, command line or address, names of variables and headers, project, and whether it is off.
pub fn said(entry: &ServerEntry) -> String {
    let words = entry.command.iter().chain(&entry.args).chain(&entry.url).map(|word| word.text.as_str());
    let words: Vec<&str> = words.collect();
    let names: Vec<&str> = entry.env.iter().chain(&entry.headers).map(|field| field.name.as_str()).collect();
    let mut parts = vec![format!("{}:", entry.name.text)];
    parts.extend(words.into_iter().map(str::to_owned));
    parts.extend((!names.is_empty()).then(|| format!("[{}]", names.join(" "))));
    parts.extend(entry.project.as_ref().map(|project| format!("(in {project})")));
    parts.extend(entry.disabled.then(|| "(off)".to_owned()));
    parts.join(" ")
}

/// A zip file with these files in it, stored.
pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, data) in files {
        let (mut entry, config) = archive.new_file(name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(data).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    bytes
}

/// What stands at a place: the fixture, or a bundle made of it.
pub fn contents(fixture: &Fixture, path: &Path) -> Vec<u8> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("mcpb" | "dxt") => zip(&[("manifest.json", &fixture.bytes)]),
        _ => fixture.bytes.clone(),
    }
}

//! Every location of every client is found and read, on every system, and none twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use mcpscan::discover::{Clients, Home, Os, Request, discover};
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
            assert_eq!(&readers, owners, "{os:?}: {}", file.path.display());
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

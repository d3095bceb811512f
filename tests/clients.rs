//! Every location of every client is found and read, on every system, and none twice.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use mcpscan::discover::{Clients, Homes, Os, Request, discover};
use mcpscan::rules::data;

fn clients() -> Clients {
    Clients::parse(data("clients.toml")).unwrap_or_else(|error| panic!("{error}"))
}

fn request(home: PathBuf, os: Os, current: PathBuf, paths: Vec<PathBuf>) -> Request {
    Request { paths, clients: Vec::new(), homes: Homes::new(home, os, HashMap::new()), current }
}

/// A home made from the table itself, with a file at each place in it; stars become a name.
#[test]
fn a_home_of_every_system() {
    let clients = clients();
    for os in [Os::MacOs, Os::Linux, Os::Windows] {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let mut expected = BTreeSet::new();
        for client in clients.all() {
            for location in &client.locations {
                for template in location.templates(os).filter(|template| template.starts_with('{')) {
                    let (token, rest) = template[1..].split_once('}').unwrap();
                    let base = match token {
                        "HOME" => "",
                        "XDG_CONFIG_HOME" => ".config",
                        "APPDATA" => "AppData/Roaming",
                        "LOCALAPPDATA" => "AppData/Local",
                        _ => continue,
                    };
                    let path = home.join(base).join(rest.trim_start_matches('/').replace('*', "some"));
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(&path, r#"{"mcpServers": {"a": {"command": "x"}}}"#).unwrap();
                    expected.insert((client.id.clone(), path));
                }
            }
        }
        let found = discover(&request(home, os, folder.path().to_owned(), Vec::new()), &clients);
        let got: Vec<(String, PathBuf)> = found.files.into_iter().map(|file| (file.client, file.path)).collect();
        let distinct: BTreeSet<(String, PathBuf)> = got.iter().cloned().collect();
        assert_eq!(distinct.len(), got.len(), "{os:?}: something is found twice");
        assert_eq!(distinct, expected, "{os:?}");
        assert!(expected.len() >= 5, "{os:?}");
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
            let path = project.join(pattern);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "{}").unwrap();
            expected.insert(path);
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

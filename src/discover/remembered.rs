//! The projects that clients remember: each was opened once, and its configs are used again when it is.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::home::Home;
use super::{Clients, Os, walk};
use crate::document::{Format, KeyPath, LARGE, Node, Sieve, Source, parse_large};

/// Larger files of this kind are none.
const LARGEST: u64 = 256 << 20;

/// Where a client remembers projects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Remembered {
    /// Ids of the clients: forks share a layout.
    pub(super) clients: Vec<String>,
    /// Path of keys whose value is a folder or a `file://` address; where it ends in a star, the keys are.
    pub(super) keys: KeyPath,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    macos: Vec<String>,
    #[serde(default)]
    linux: Vec<String>,
    #[serde(default)]
    windows: Vec<String>,
}

/// A project that was opened once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Project {
    /// Its folder, which is there.
    Folder(PathBuf),
    /// The address of one that no path of this machine leads to.
    Elsewhere(String),
}

/// The projects remembered in a home, sorted, each once. What can't be read remembers none.
pub(super) fn projects(home: &Home, clients: &Clients, wanted: impl Fn(&str) -> bool) -> Vec<Project> {
    let mut found = Vec::new();
    for place in clients.remembered().iter().filter(|place| place.clients.iter().any(|client| wanted(client))) {
        let own = match home.os() {
            Os::MacOs => &place.macos,
            Os::Linux => &place.linux,
            Os::Windows => &place.windows,
        };
        for path in place.any.iter().chain(own).flat_map(|template| home.expand(template)) {
            let Ok(bytes) = walk::read(&path, LARGEST) else { continue };
            let source = Source::new(path.to_string_lossy(), bytes);
            let Some(root) = parse(&source, &place.keys) else { continue };
            found.extend(named(&root, &place.keys).iter().filter_map(|text| project(text)));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn parse(source: &Source, keys: &KeyPath) -> Option<Node> {
    let format = Format::of(&source.name, &source.text);
    if format == Format::Json && source.text.len() >= LARGE {
        let mut sieve = Sieve::default();
        sieve.keys(keys);
        if let Some(root) = parse_large(&source.text, &sieve) {
            return root.ok().map(|large| large.root);
        }
    }
    format.parse(&source.text).ok()
}

fn named(root: &Node, keys: &KeyPath) -> Vec<String> {
    let reached = keys.follow(root).into_iter();
    if keys.ends_in_star() {
        reached.filter_map(|reached| reached.star.or_else(|| reached.node.as_str()).map(str::to_owned)).collect()
    } else {
        reached.filter_map(|reached| reached.node.as_str().map(str::to_owned)).collect()
    }
}

/// The folder of a project; a workspace file stands for the folder it lies in.
fn project(text: &str) -> Option<Project> {
    let path = match text.split_once("://") {
        Some(("file", rest)) => {
            let path = percent_encoding::percent_decode_str(rest).decode_utf8().ok()?.into_owned();
            // `file:///c:/Users` has a slash before its drive.
            let drive = path.strip_prefix('/').filter(|rest| rest.as_bytes().get(1) == Some(&b':'));
            PathBuf::from(drive.unwrap_or(&path))
        }
        Some(_) => return Some(Project::Elsewhere(text.to_owned())),
        None => PathBuf::from(text),
    };
    if !path.is_absolute() {
        return None;
    }
    if path.is_dir() {
        return Some(Project::Folder(path));
    }
    path.is_file().then(|| path.parent().map(Path::to_owned)).flatten().map(Project::Folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn folders_addresses_and_what_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("a b");
        fs::create_dir(&here).unwrap();
        fs::write(here.join("x.code-workspace"), "{}").unwrap();
        let text = here.to_str().unwrap().replace('\\', "/");
        let slash = if text.starts_with('/') { "" } else { "/" };
        assert_eq!(project(&text), Some(Project::Folder(here.clone())));
        let address = format!("file://{slash}{}", text.replace(' ', "%20"));
        assert_eq!(project(&address), Some(Project::Folder(here.clone())));
        assert_eq!(project(&format!("{address}/x.code-workspace")), Some(Project::Folder(here)));
        assert_eq!(project(&format!("{address}/gone")), None);
        assert_eq!(project("relative"), None);
        let remote = "vscode-remote://ssh-remote%2Bhost/srv/app";
        assert_eq!(project(remote), Some(Project::Elsewhere(remote.to_owned())));
    }

    #[test]
    fn values_and_keys() {
        let root = crate::document::parse_json(r#"{"projects": {"/a": {}, "/b": 1}, "list": ["/c"], "folder": "/d"}"#)
            .unwrap();
        let named = |keys: &str| named(&root, &KeyPath::from(keys.to_owned()));
        assert_eq!(named("projects.*"), ["/a", "/b"]);
        assert_eq!(named("list.*"), ["/c"]);
        assert_eq!(named("folder"), ["/d"]);
    }
}

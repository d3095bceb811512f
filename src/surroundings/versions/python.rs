//! Lock files and manifests of Python's package managers.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Found;
use crate::document::{Node, parse_toml};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
    /// Poetry's, which has the files of all packages there until version 2 of it.
    metadata: Option<toml::Value>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Option<String>,
    /// uv's and Poetry's.
    source: Option<Source>,
    /// uv's: what all wheels are built from.
    sdist: Option<Sealed>,
    /// Poetry's and PDM's.
    files: Option<toml::Value>,
    /// PDM's.
    git: Option<IgnoredAny>,
    url: Option<IgnoredAny>,
    path: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Sealed {
    hash: Option<String>,
}

#[derive(Deserialize)]
struct Source {
    /// uv says what it is by the key.
    registry: Option<String>,
    /// Poetry says it only where it is not everybody's registry.
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// `uv.lock`, `poetry.lock` and `pdm.lock`.
pub(super) fn lock(text: &str, found: &mut Found<'_>) {
    let Ok(lock) = toml::from_str::<Lock>(text) else { return };
    for package in &lock.package {
        let registry = package.source.as_ref().is_none_or(|source| match (&source.registry, &source.kind) {
            // A folder of wheels is called a registry too.
            (Some(url), _) => url.contains("://"),
            (None, kind) => kind.as_deref() == Some("legacy"),
        });
        if registry && package.git.is_none() && package.url.is_none() && package.path.is_none() {
            let version = package.version.as_deref().unwrap_or_default();
            found.add(&package.name, version);
            let all = lock.metadata.as_ref().and_then(|metadata| metadata.get("files")?.get(&package.name));
            let of_files = || package.files.as_ref().or(all).and_then(of_source);
            let hash = package.sdist.as_ref().and_then(|sdist| sdist.hash.as_deref());
            found.seal(&package.name, version, hash.or_else(of_files));
        }
    }
}

/// The digest of the one file among a package's that all wheels are built from.
fn of_source(files: &toml::Value) -> Option<&str> {
    let is_source = |file: &&toml::Value| {
        let name = file.get("file").and_then(toml::Value::as_str).unwrap_or_default();
        name.ends_with(".tar.gz") || name.ends_with(".zip")
    };
    files.as_array()?.iter().find(is_source)?.get("hash")?.as_str()
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PipfileLock {
    default: HashMap<String, Pinned>,
    develop: HashMap<String, Pinned>,
}

#[derive(Deserialize)]
struct Pinned {
    version: Option<String>,
    git: Option<IgnoredAny>,
    path: Option<IgnoredAny>,
    file: Option<IgnoredAny>,
}

/// `Pipfile.lock`.
pub(super) fn pipfile_lock(text: &str, found: &mut Found<'_>) {
    let Ok(lock) = serde_json::from_str::<PipfileLock>(text) else { return };
    for (name, pinned) in lock.default.iter().chain(&lock.develop) {
        if pinned.git.is_none() && pinned.path.is_none() && pinned.file.is_none() {
            found.add(name, pinned.version.as_deref().and_then(|text| text.strip_prefix("==")).unwrap_or_default());
        }
    }
}

/// `requirements.txt` and its kin.
pub(super) fn requirements(text: &str, found: &mut Found<'_>) {
    for line in text.lines() {
        // Options, and comments behind blanks.
        let line = line.split(" #").next().unwrap_or_default().trim();
        if !line.starts_with(['-', '#']) {
            requirement(line, found);
        }
    }
}

/// `name[extra]==1.2.3 ; marker`, if it is that exact.
fn requirement(text: &str, found: &mut Found<'_>) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest),
        None => rest,
    };
    let rest = rest.trim_start();
    let Some(version) = rest.strip_prefix("===").or_else(|| rest.strip_prefix("==")) else { return };
    // Behind the version there may be markers, hashes, and a stroke for the next line.
    let version = version.trim_start();
    let end = version.find(|c: char| c.is_whitespace() || matches!(c, ';' | '\\')).unwrap_or(version.len());
    found.add(name, &version[..end]);
}

/// `pyproject.toml`, for those that it asks for in one version.
pub(super) fn manifest(text: &str, found: &mut Found<'_>) {
    let Ok(root) = parse_toml(text) else { return };
    let at = |path: &[&str]| path.iter().try_fold(&root, |node, key| node.get(key));
    let mut lists: Vec<&Node> = Vec::new();
    lists.extend(at(&["project", "dependencies"]));
    lists.extend(at(&["tool", "uv", "dev-dependencies"]));
    for groups in [&["project", "optional-dependencies"][..], &["dependency-groups"]] {
        lists.extend(at(groups).map_or(&[][..], Node::members).iter().map(|group| &group.value));
    }
    for text in lists.into_iter().flat_map(Node::elements).filter_map(Node::as_str) {
        requirement(text, found);
    }
    // Poetry has tables of its own, in which a bare version is an exact one.
    let mut tables: Vec<&Node> = Vec::new();
    tables.extend(at(&["tool", "poetry", "dependencies"]));
    tables.extend(at(&["tool", "poetry", "dev-dependencies"]));
    let groups = at(&["tool", "poetry", "group"]).map_or(&[][..], Node::members);
    tables.extend(groups.iter().filter_map(|group| group.value.get("dependencies")));
    for member in tables.into_iter().flat_map(Node::members) {
        let version = member.value.get("version").unwrap_or(&member.value).as_str().unwrap_or_default();
        found.add(&member.key, version.trim_start_matches('=').trim());
    }
}

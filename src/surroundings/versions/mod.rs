//! Which version of a package is in use: by the lock files and manifests around a config, else by what its runner has
//! fetched last. So that whoever is told to name a version need not look for it.

mod last;
mod node;
mod python;
mod yarn;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::LazyLock;

use crate::config::Config;
use crate::discover::{self, ConfigFile, Home, Request, Scope};
use crate::document::{Source, SourceId};
use crate::launch::{Ecosystem, Launch, Package, Pin};

/// A version in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// The version, exact in its ecosystem's own grammar.
    pub version: String,
    /// Who says so.
    pub said: Said,
    /// What the registry says its contents are, where that is known.
    pub integrity: Option<String>,
}

/// Who says which version is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A file of the project, by its name.
    Project(String),
    /// The cache of npx, as of the last time that it fetched the package.
    Npx,
    /// The tools that uv has installed.
    UvTools,
    /// The lock of approved servers, by its file.
    Lock(String),
}

/// The versions in use of what the configs start without an exact version.
#[derive(Clone, Debug, Default)]
pub struct Versions(HashMap<(SourceId, Ecosystem, String), InUse>);

impl Versions {
    /// Of nothing.
    pub fn none() -> &'static Self {
        static NONE: LazyLock<Versions> = LazyLock::new(Versions::default);
        &NONE
    }

    /// The version in use of a package that a config starts.
    pub fn of(&self, config: SourceId, package: &Package) -> Option<&InUse> {
        // Mostly there is none, and no name has to be made for that.
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&(config, package.ecosystem, package.ecosystem.canonical(&package.name)))
    }

    /// Tells of one.
    pub fn add(&mut self, config: SourceId, ecosystem: Ecosystem, name: &str, in_use: InUse) {
        self.0.insert((config, ecosystem, ecosystem.canonical(name)), in_use);
    }
}

/// Names of packages as their registry compares them.
type Names = HashSet<(Ecosystem, String)>;

/// Which packages a version in use is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are started without an exact one.
    Open,
    /// All of a registry: of an exact version the contents may be known.
    All,
}

/// Finds the versions in use of packages. Where there is no such package the disk is left alone.
pub fn versions(configs: &[Config], launches: &[Vec<Launch>], request: &Request, which: Which) -> Versions {
    let open: Vec<(&Config, Names)> = configs
        .iter()
        .zip(launches)
        .map(|(config, launches)| {
            (
                config,
                launches
                    .iter()
                    .flat_map(|launch| &launch.packages)
                    .filter_map(|package| wanted(package, which))
                    .collect(),
            )
        })
        .filter(|(_, names): &(_, Names)| !names.is_empty())
        .collect();
    let mut versions = Versions::default();
    let mut files =
        Files { wanted: open.iter().flat_map(|(_, names)| names.clone()).collect(), folders: HashMap::new() };
    let mut rest: Vec<(SourceId, (Ecosystem, String))> = Vec::new();
    for (config, names) in open {
        let folders = folders(&config.file, request);
        for name in names {
            match folders.iter().find_map(|folder| files.of(folder).get(&name).cloned()) {
                Some(in_use) => drop(versions.0.insert((config.source, name.0, name.1), in_use)),
                // What runs for somebody else is in a cache of theirs.
                None if config.file.of_another => {}
                None => rest.push((config.source, name)),
            }
        }
    }
    if let Some(home) = request.homes.first()
        && !rest.is_empty()
    {
        let wanted = rest.iter().map(|(_, name)| name.clone()).collect();
        let last = last::versions(home, &wanted);
        for (source, name) in rest {
            if let Some(in_use) = last.get(&name) {
                versions.0.insert((source, name.0, name.1), in_use.clone());
            }
        }
    }
    versions
}

/// The name of a package whose version is looked for.
fn wanted(package: &Package, which: Which) -> Option<(Ecosystem, String)> {
    let open = matches!(package.pin, Pin::None | Pin::Tag(_) | Pin::Range(_));
    let exact = which == Which::All && matches!(package.pin, Pin::Exact(_));
    (open || exact).then(|| (package.ecosystem, package.ecosystem.canonical(&package.name)))
}

/// The folder of the project that a config belongs to: the one that holds `.cursor` or `.vscode`, not that one itself.
pub fn project_folder(file: &ConfigFile) -> Option<&Path> {
    let own = file.path.parent()?;
    let top = repository(own).or(file.root.as_deref()).filter(|top| own.starts_with(top));
    let hidden = |folder: &&Path| folder.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let inside = own.ancestors().take_while(|folder| top != Some(*folder));
    match top {
        Some(_) => Some(inside.filter(hidden).last().map_or(own, |folder| folder.parent().unwrap_or(folder))),
        None => own.ancestors().find(|folder| !hidden(folder)),
    }
}

fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())
}

/// Folders around a config that may say a version, the nearest first: up to the repository's, or else the project's. A
/// user's own config is started from anywhere.
fn folders<'a>(file: &'a ConfigFile, request: &Request) -> Vec<&'a Path> {
    let own = file.readers.first().is_none_or(|reader| matches!(reader.scope, Scope::Project));
    let Some(folder) = file.path.parent().filter(|_| own) else { return Vec::new() };
    let repository = repository(folder);
    let top = repository.or(project_folder(file)).unwrap_or(folder);
    let is_home = |folder: &Path| {
        request.own_home.as_deref() == Some(folder) || request.homes.iter().any(|home: &Home| home.folder() == folder)
    };
    let mut folders: Vec<&Path> = folder.ancestors().take_while(|folder| folder.starts_with(top)).collect();
    if repository.is_none() {
        folders.retain(|folder| !is_home(folder));
    }
    folders
}

/// Larger files are no lock files.
const LARGEST: u64 = 16 << 20;
/// Files of a folder that are looked at by their names.
const MOST_FILES: usize = 10_000;

/// A reader of one kind of file.
type Reader = fn(&str, &mut Found<'_>);

/// Files that say versions: those that fix them before those that ask for them.
const FILES: &[(&str, Ecosystem, Reader)] = &[
    ("npm-shrinkwrap.json", Ecosystem::Npm, node::npm_lock),
    ("package-lock.json", Ecosystem::Npm, node::npm_lock),
    ("pnpm-lock.yaml", Ecosystem::Npm, node::pnpm_lock),
    ("yarn.lock", Ecosystem::Npm, yarn::yarn_lock),
    ("bun.lock", Ecosystem::Npm, node::bun_lock),
    ("package.json", Ecosystem::Npm, node::manifest),
    ("uv.lock", Ecosystem::PyPi, python::lock),
    ("poetry.lock", Ecosystem::PyPi, python::lock),
    ("pdm.lock", Ecosystem::PyPi, python::lock),
    ("Pipfile.lock", Ecosystem::PyPi, python::pipfile_lock),
    ("requirements*.txt", Ecosystem::PyPi, python::requirements),
    ("pyproject.toml", Ecosystem::PyPi, python::manifest),
];

/// What the files of folders say, each read once.
struct Files {
    wanted: Names,
    folders: HashMap<PathBuf, HashMap<(Ecosystem, String), InUse>>,
}

impl Files {
    fn of(&mut self, folder: &Path) -> &HashMap<(Ecosystem, String), InUse> {
        let Self { wanted, folders } = self;
        folders.entry(folder.to_owned()).or_insert_with_key(|folder| said(folder, wanted))
    }
}

/// What the files of one folder say of the wanted packages; of several files the first in the table.
fn said(folder: &Path, wanted: &Names) -> HashMap<(Ecosystem, String), InUse> {
    let mut said = HashMap::new();
    let Ok(entries) = folder.read_dir() else { return said };
    // No link is followed: it may lead out of the project.
    let plain =
        entries.take(MOST_FILES).filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|t| t.is_file()));
    let names: BTreeSet<String> = plain.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    for (pattern, ecosystem, read) in FILES {
        if !wanted.iter().any(|(of, _)| of == ecosystem) {
            continue;
        }
        for name in names.iter().filter(|name| fits(pattern, name)) {
            for (package, version, integrity) in in_file(&folder.join(name), *ecosystem, *read, wanted) {
                let in_use = InUse { version, said: Said::Project(name.clone()), integrity };
                said.entry((*ecosystem, package)).or_insert(in_use);
            }
        }
    }
    said
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((head, tail)) => name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail),
        None => name == pattern,
    }
}

/// What a text of a file of this name says of these packages, by their canonical names.
pub fn said_in(name: &str, text: &str, wanted: &[&str]) -> Vec<(String, String)> {
    let file = FILES.iter().find(|(pattern, ..)| fits(pattern, name));
    file.map_or_else(Vec::new, |(_, ecosystem, read)| {
        let found = in_text(text, *ecosystem, *read, wanted.iter().copied().collect());
        found.into_iter().map(|(name, version, _)| (name, version)).collect()
    })
}

/// What one file says of the wanted packages; nothing if it can't be read.
fn in_file(path: &Path, ecosystem: Ecosystem, read: Reader, wanted: &Names) -> Vec<Fact> {
    let Ok(bytes) = discover::read(path, LARGEST) else { return Vec::new() };
    let names = wanted.iter().filter(|(of, _)| *of == ecosystem).map(|(_, name)| name.as_str()).collect();
    in_text(&Source::new("", bytes).text, ecosystem, read, names)
}

fn in_text(text: &str, ecosystem: Ecosystem, read: Reader, wanted: HashSet<&str>) -> Vec<Fact> {
    let mut found = Found { ecosystem, wanted, versions: HashMap::new(), integrity: HashMap::new() };
    read(text, &mut found);
    let Found { versions, mut integrity, .. } = found;
    let fact = |(name, version): (String, Option<String>)| {
        let own = (name, version?);
        let integrity = integrity.remove(&own);
        Some((own.0, own.1, integrity))
    };
    versions.into_iter().filter_map(fact).collect()
}

/// Name, version, and what its contents are where that is said.
type Fact = (String, String, Option<String>);

/// Takes what a file says.
struct Found<'w> {
    ecosystem: Ecosystem,
    wanted: HashSet<&'w str>,
    /// Nothing where a file says several versions, of which nobody knows which one runs.
    versions: HashMap<String, Option<String>>,
    /// What the contents of a version are.
    integrity: HashMap<(String, String), String>,
}

impl Found<'_> {
    /// A digest of a version's contents, as the registry gives it.
    fn seal(&mut self, name: &str, version: &str, integrity: Option<&str>) {
        const LONGEST: usize = 512;
        let name = self.ecosystem.canonical(name);
        let plain = |text: &&str| {
            text.starts_with("sha")
                && text.len() <= LONGEST
                && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        };
        if let Some(integrity) = integrity.filter(plain).filter(|_| self.wanted.contains(name.as_str())) {
            self.integrity.insert((name, version.to_owned()), integrity.to_owned());
        }
    }

    /// A package and its version, if that is an exact one of a registry.
    fn add(&mut self, name: &str, version: &str) {
        let name = self.ecosystem.canonical(name);
        if !self.wanted.contains(name.as_str()) || !is_exact(self.ecosystem, version) {
            return;
        }
        self.versions
            .entry(name)
            .and_modify(|known| {
                if known.as_deref() != Some(version) {
                    *known = None;
                }
            })
            .or_insert_with(|| Some(version.to_owned()));
    }
}

/// Whether a text is one version that a registry can have.
fn is_exact(ecosystem: Ecosystem, version: &str) -> bool {
    const LONGEST: usize = 64;
    version.len() <= LONGEST
        && match ecosystem {
            Ecosystem::Npm => semver::Version::parse(version).is_ok(),
            // What stands behind a plus was built by somebody else.
            Ecosystem::PyPi => !version.contains('+') && pep440_rs::Version::from_str(version).is_ok(),
            // No lock of the others is read.
            _ => false,
        }
}

#[cfg(test)]
mod tests;

//! Package specifications, and whether they are exact in their ecosystem's own grammar.

use serde::Deserialize;

use super::grammar::Runner;
use crate::config::{Part, Spanned, parts};

/// Whose packages they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// The npm registry.
    Npm,
    /// The Python Package Index.
    PyPi,
}

impl Ecosystem {
    /// Its id in tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "pypi",
        }
    }

    /// A package's name as the registry compares names. Source: PEP 503.
    pub fn canonical(self, name: &str) -> String {
        let lower = name.to_ascii_lowercase();
        match self {
            Self::Npm => lower,
            Self::PyPi => lower.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-"),
        }
    }

    /// Its name for a reader.
    pub fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
        }
    }
}

/// A package that a runner fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// The program that fetches it.
    pub runner: String,
    /// The specification as written.
    pub spec: Spanned,
    /// Its name, without version and extras; for a source, its address.
    pub name: String,
    /// How firmly it is fixed.
    pub pin: Pin,
}

/// How firmly a package is fixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// One version, which its registry never replaces. Its dependencies may still move.
    Exact(String),
    /// Any of several versions.
    Range(String),
    /// A name for a version, which can be moved.
    Tag(String),
    /// Nothing is said.
    None,
    /// A source outside the registry, fixed by a full commit or a digest.
    FixedSource,
    /// A source outside the registry that can change: a branch, a tag, an archive.
    MovingSource,
    /// A file or folder of this machine.
    Local,
    /// A variable stands where the version is decided.
    Unknown,
}

/// Reads a specification. `joined`: `name@version` means that version, as uv has it.
pub(super) fn parse(runner: &Runner, name: &str, spec: &Spanned, joined: bool) -> Option<Package> {
    let text = spec.text.trim();
    if text.is_empty() {
        return None;
    }
    let (package, pin) = match runner.ecosystem {
        Ecosystem::Npm => npm(text),
        Ecosystem::PyPi => pypi(text, joined),
    };
    Some(Package { ecosystem: runner.ecosystem, runner: name.to_owned(), spec: spec.clone(), name: package, pin })
}

/// npm-package-arg's grammar.
pub(super) fn npm(spec: &str) -> (String, Pin) {
    if let Some((_, real)) = spec.split_once("@npm:") {
        return npm(real);
    }
    if is_local(spec) || spec.ends_with(".tgz") && !spec.contains("://") || spec.starts_with("file:") {
        return (spec.to_owned(), Pin::Local);
    }
    if let Some(pin) = npm_source(spec) {
        return (spec.to_owned(), pin);
    }
    // The version stands behind the last `@` that does not begin a scope.
    let (name, version) = match spec.rfind('@').filter(|at| *at > 0) {
        Some(at) => (&spec[..at], Some(&spec[at + 1..])),
        None => (spec, None),
    };
    if has_reference(name) {
        return (name.to_owned(), Pin::Unknown);
    }
    (name.to_owned(), version.map_or(Pin::None, |version| default_of(version).map_or(Pin::Unknown, npm_version)))
}

fn npm_version(version: &str) -> Pin {
    let version = version.trim();
    if version.is_empty() {
        return Pin::None;
    }
    let bare = version.strip_prefix('=').unwrap_or(version).trim();
    let bare = bare.strip_prefix('v').unwrap_or(bare);
    if semver::Version::parse(bare).is_ok() {
        return Pin::Exact(bare.to_owned());
    }
    let range = version.starts_with(['^', '~', '>', '<', '=', '*'])
        || version.contains("||")
        || version.contains(" - ")
        || version.contains(' ')
        || bare.split('.').all(|part| {
            matches!(part, "x" | "X" | "*") || !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
        }) && bare.split('.').count() <= 3;
    if range { Pin::Range(version.to_owned()) } else { Pin::Tag(version.to_owned()) }
}

/// Git repositories and archives; `None` for what the registry serves.
fn npm_source(spec: &str) -> Option<Pin> {
    let lower = spec.to_ascii_lowercase();
    let git = ["git+", "git:", "github:", "gitlab:", "bitbucket:", "gist:", "git@", "ssh:"]
        .iter()
        .any(|prefix| lower.starts_with(prefix));
    let url = lower.starts_with("https://") || lower.starts_with("http://");
    // `owner/repository`, with neither a scope nor a version.
    let short = !spec.starts_with('@')
        && spec.split('#').next().is_some_and(|path| path.split('/').count() == 2 && !path.contains(['@', ':']));
    if !(git || url || short) {
        return None;
    }
    let revision = spec.rsplit_once('#').map(|(_, revision)| revision);
    let archive = url
        && spec
            .split('/')
            .any(|part| is_commit(part.trim_end_matches(".tar.gz").trim_end_matches(".zip").trim_end_matches(".tgz")));
    if has_reference(spec) {
        return Some(Pin::Unknown);
    }
    Some(if revision.is_some_and(is_commit) || archive { Pin::FixedSource } else { Pin::MovingSource })
}

/// PEP 508, and uv's `name@version`.
pub(super) fn pypi(spec: &str, joined: bool) -> (String, Pin) {
    if let Some((name, source)) = spec.split_once(" @ ") {
        let (_, pin) = pypi(source.trim(), false);
        return (name.trim().to_owned(), pin);
    }
    let lower = spec.to_ascii_lowercase();
    if ["git+", "hg+", "bzr+", "svn+"].iter().any(|prefix| lower.starts_with(prefix)) {
        let address = spec.split('#').next().unwrap_or(spec);
        let path = address.split_once("://").map_or(address, |(_, path)| path);
        // `@` before the first slash is a user's name.
        let revision = path.split_once('/').and_then(|(_, path)| path.rsplit_once('@')).map(|(_, revision)| revision);
        let pin = match revision {
            _ if has_reference(spec) => Pin::Unknown,
            Some(revision) if is_commit(revision) => Pin::FixedSource,
            _ => Pin::MovingSource,
        };
        return (address.to_owned(), pin);
    }
    if lower.starts_with("https://") || lower.starts_with("http://") {
        let fixed =
            lower.split('#').nth(1).and_then(|hash| hash.strip_prefix("sha256=")).is_some_and(|hash| hash.len() == 64);
        return (spec.to_owned(), if fixed { Pin::FixedSource } else { Pin::MovingSource });
    }
    if is_local(spec) || lower.ends_with(".whl") || lower.starts_with("file:") {
        return (spec.to_owned(), Pin::Local);
    }
    let name_end = spec.find(['@', '=', '<', '>', '!', '~', '[', ';', ' ']).unwrap_or(spec.len());
    let (name, mut rest) = spec.split_at(name_end);
    if has_reference(name) {
        return (name.to_owned(), Pin::Unknown);
    }
    if rest.starts_with('[') {
        rest = rest.find(']').map_or("", |close| &rest[close + 1..]);
    }
    let rest = rest.split(';').next().unwrap_or(rest).trim();
    let pin = if rest.is_empty() {
        Pin::None
    } else if let Some(version) = rest.strip_prefix('@') {
        match default_of(version) {
            None => Pin::Unknown,
            Some("") => Pin::None,
            Some(version) if joined && is_pep440(version) => Pin::Exact(version.to_owned()),
            Some(version) => Pin::Tag(version.to_owned()),
        }
    } else {
        match rest
            .strip_prefix("===")
            .or_else(|| rest.strip_prefix("=="))
            .and_then(|version| default_of(version.trim()))
        {
            Some(version) if is_pep440(version) => Pin::Exact(version.to_owned()),
            _ if has_reference(rest) => Pin::Unknown,
            _ => Pin::Range(rest.to_owned()),
        }
    };
    (name.to_owned(), pin)
}

/// A version of PEP 440, without wildcards.
fn is_pep440(version: &str) -> bool {
    let version = version.trim().to_ascii_lowercase();
    let version = version.strip_prefix('v').unwrap_or(&version);
    let (public, local) = version.split_once('+').map_or((version, None), |(public, local)| (public, Some(local)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if local.is_some_and(|local| {
        local.is_empty() || !local.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    }) {
        return false;
    }
    let release_end = public.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '!').unwrap_or(public.len());
    let (release, suffix) = public.split_at(release_end);
    // `1.0.dev1`: the dot belongs to the suffix.
    let release = release.strip_suffix('.').unwrap_or(release);
    let numbers = release.split_once('!').map_or(release, |(_, numbers)| numbers);
    if !numbers.split('.').all(digits) {
        return false;
    }
    // Letters of known words, with numbers, dots, dashes and underscores between.
    let words: Vec<&str> = suffix.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    suffix.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        && words.iter().all(|word| {
            ["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "post", "rev", "r", "dev"].contains(word)
        })
}

/// A full commit: a shorter one is looked up as a name, and names move.
fn is_commit(revision: &str) -> bool {
    matches!(revision.len(), 40 | 64) && revision.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_local(spec: &str) -> bool {
    let bytes = spec.as_bytes();
    let drive =
        bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && matches!(bytes[2], b'/' | b'\\');
    spec.starts_with(['.', '/', '~', '\\']) || drive
}

fn has_reference(text: &str) -> bool {
    parts(text).iter().any(|part| !matches!(part, Part::Literal(_)))
}

/// A text without references, or the default that stands for the whole of it. `None` where a reference decides.
fn default_of(text: &str) -> Option<&str> {
    match parts(text).as_slice() {
        [] | [Part::Literal(_)] => Some(text),
        [Part::Variable { default: Some(range), .. }] => default_of(&text[range.clone()]),
        _ => None,
    }
}

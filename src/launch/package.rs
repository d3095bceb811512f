//! Package specifications, and whether they are exact in their ecosystem's own grammar.

mod deno;
mod nix;
mod npm;
mod pypi;
mod registries;

use serde::Deserialize;

use crate::config::{Part, Spanned, parts};

/// Whose packages they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// The npm registry.
    Npm,
    /// The Python Package Index.
    PyPi,
    /// The JavaScript Registry.
    Jsr,
    /// Go's module proxy.
    Go,
    /// crates.io.
    Crates,
    /// nuget.org.
    NuGet,
    /// rubygems.org.
    RubyGems,
    /// Maven Central.
    Maven,
    /// Channels of conda.
    Conda,
    /// Flakes of Nix.
    Nix,
    /// Files on the web that Deno imports.
    Web,
    /// Registries of container images.
    Docker,
}

impl Ecosystem {
    /// Its id in tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "pypi",
            Self::Jsr => "jsr",
            Self::Go => "go",
            Self::Crates => "crates",
            Self::NuGet => "nuget",
            Self::RubyGems => "rubygems",
            Self::Maven => "maven",
            Self::Conda => "conda",
            Self::Nix => "nix",
            Self::Web => "web",
            Self::Docker => "docker",
        }
    }

    /// A package's name as the registry compares names. Sources: PEP 503; cargo's and NuGet's own documentation; module
    /// paths of Go are compared as they are.
    pub fn canonical(self, name: &str) -> String {
        let lower = || name.to_ascii_lowercase();
        match self {
            Self::PyPi => lower().split(['-', '_', '.']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-"),
            Self::Crates => lower().replace('_', "-"),
            Self::Npm | Self::Jsr | Self::NuGet | Self::Conda => lower(),
            Self::Go | Self::RubyGems | Self::Maven | Self::Nix | Self::Web | Self::Docker => name.to_owned(),
        }
    }

    /// Its name for a reader.
    pub fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
            Self::Jsr => "JSR",
            Self::Go => "Go",
            Self::Crates => "crates.io",
            Self::NuGet => "NuGet",
            Self::RubyGems => "RubyGems",
            Self::Maven => "Maven",
            Self::Conda => "conda",
            Self::Nix => "Nix",
            Self::Web => "web",
            Self::Docker => "container",
        }
    }

    /// How a package is named in exactly one version where a program is started with it.
    pub fn exact(self, name: &str, version: &str) -> String {
        match self {
            Self::Npm | Self::NuGet | Self::Crates => format!("{name}@{version}"),
            Self::Jsr => format!("jsr:{name}@{version}"),
            Self::Go => format!("{name}@v{}", version.trim_start_matches('v')),
            Self::PyPi | Self::Conda => format!("{name}=={version}"),
            Self::RubyGems | Self::Maven | Self::Docker => format!("{name}:{version}"),
            Self::Nix | Self::Web => name.to_owned(),
        }
    }
}

/// How a runner reads what it is told to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Specs {
    Npm,
    PyPi,
    /// As PyPI, where `name@version` is that version.
    Uv,
    Deno,
    /// As Deno, where what has no prefix is a package of npm.
    Dx,
    Go,
    Crates,
    NuGet,
    Gem,
    Jbang,
    Conda,
    Nix,
    Mise,
    Thv,
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

/// Reads a specification; nothing where none is named.
pub(super) fn parse(specs: Specs, runner: &str, spec: &Spanned) -> Option<Package> {
    let spec = spec.trimmed();
    let text = spec.text.as_str();
    if text.is_empty() {
        return None;
    }
    let of = |ecosystem: Ecosystem, (name, pin): (String, Pin)| Some((ecosystem, name, pin));
    let (ecosystem, name, pin) = match specs {
        Specs::Npm => of(Ecosystem::Npm, npm::read(text)),
        Specs::PyPi => of(Ecosystem::PyPi, pypi::read(text, false)),
        Specs::Uv => of(Ecosystem::PyPi, pypi::read(text, true)),
        Specs::Deno => Some(deno::read(text)),
        Specs::Dx => Some(deno::read_package(text)),
        Specs::Go => of(Ecosystem::Go, registries::go(text)),
        Specs::Crates => of(Ecosystem::Crates, registries::crates(text)),
        Specs::NuGet => of(Ecosystem::NuGet, registries::nuget(text)),
        Specs::Gem => of(Ecosystem::RubyGems, registries::gem(text)),
        Specs::Jbang => of(Ecosystem::Maven, registries::jbang(text)),
        Specs::Conda => of(Ecosystem::Conda, registries::conda(text)),
        Specs::Nix => of(Ecosystem::Nix, nix::read(text)),
        Specs::Mise => prefixed(text, ':', &MISE),
        Specs::Thv => prefixed(text, ':', &THV),
    }?;
    // Without a name nothing is fetched: the runner refuses it.
    if name.starts_with('-') || name.trim_matches(['@', '/']).is_empty() {
        return None;
    }
    Some(Package { ecosystem, runner: runner.to_owned(), spec, name, pin })
}

/// A source that an option names; nothing where the option is empty.
pub(super) fn source(specs: Specs, runner: &str, address: &Spanned, pin: Pin) -> Option<Package> {
    let spec = address.trimmed();
    let ecosystem = match specs {
        Specs::Crates => Ecosystem::Crates,
        _ => Ecosystem::Web,
    };
    let pin = if has_reference(&spec.text) { Pin::Unknown } else { pin };
    (!spec.text.is_empty()).then(|| Package {
        ecosystem,
        runner: runner.to_owned(),
        name: spec.text.clone(),
        spec,
        pin,
    })
}

type Prefixes = [(&'static str, Specs)];

/// mise's back ends. What has none of these is a tool, such as a version of Node.
const MISE: [(&str, Specs); 6] = [
    ("npm", Specs::Npm),
    ("pipx", Specs::Uv),
    ("go", Specs::Go),
    ("cargo", Specs::Crates),
    ("gem", Specs::Gem),
    ("dotnet", Specs::NuGet),
];

/// ToolHive's schemes of packages that it builds containers of.
const THV: [(&str, Specs); 3] = [("npx", Specs::Npm), ("uvx", Specs::Uv), ("go", Specs::Go)];

fn prefixed(text: &str, mark: char, known: &Prefixes) -> Option<(Ecosystem, String, Pin)> {
    let (prefix, rest) = text.split_once(mark)?;
    let (_, specs) = known.iter().find(|(name, _)| *name == prefix)?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let rest = Spanned { text: rest.to_owned(), span: crate::document::Span::default() };
    parse(*specs, "", &rest).map(|package| (package.ecosystem, package.name, package.pin))
}

/// Where the real package of npm's `alias@npm:name@version` begins.
pub fn npm_alias(spec: &str) -> Option<usize> {
    npm::alias(spec)
}

/// What an option such as `--version` says about a package that is named without one.
pub(super) fn version(specs: Specs, version: &str) -> Pin {
    match default_of(version.trim()) {
        None => Pin::Unknown,
        Some(version) => match specs {
            Specs::Crates => registries::crate_version(version),
            Specs::NuGet => registries::nuget_version(version),
            Specs::Gem => registries::gem_version(version),
            _ => npm::version(version),
        },
    }
}

/// What an option such as `--rev` says about a repository.
pub(super) fn revision(revision: &str) -> Pin {
    if has_reference(revision) {
        Pin::Unknown
    } else if is_commit(revision) {
        Pin::FixedSource
    } else {
        Pin::MovingSource
    }
}

/// A full commit: a shorter one is looked up as a name, and names move.
fn is_commit(revision: &str) -> bool {
    matches!(revision.len(), 40 | 64) && revision.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether an address is that of an archive of one commit.
fn is_archive_of_commit(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let commit =
        |part: &str| is_commit([".tar.gz", ".zip", ".tgz"].iter().fold(part, |part, end| part.trim_end_matches(end)));
    path.split('/').any(commit)
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

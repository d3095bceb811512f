//! Lock files and manifests of Node's package managers. Only what comes from a registry has a version that can be named.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Found;
use crate::document::{Node, parse_json, parse_yaml};

/// A text, or something else that stands where one is expected.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Text(String),
    Other(IgnoredAny),
}

impl Loose {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Lock {
    /// Since version 2, by the folder.
    packages: HashMap<String, Locked>,
    /// Until version 2, by the name.
    dependencies: HashMap<String, Locked>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Locked {
    /// Where the folder has another name.
    name: Option<String>,
    version: Option<String>,
    resolved: Option<Loose>,
    integrity: Option<Loose>,
    link: bool,
    dependencies: HashMap<String, Loose>,
    dev_dependencies: HashMap<String, Loose>,
    optional_dependencies: HashMap<String, Loose>,
}

impl Locked {
    /// What this package asks for under a name.
    fn asks(&self, name: &str) -> Option<&str> {
        let all = [&self.dependencies, &self.dev_dependencies, &self.optional_dependencies];
        all.into_iter().find_map(|asked| asked.get(name)).and_then(Loose::text)
    }

    fn is_registry(&self) -> bool {
        let resolved = self.resolved.as_ref().and_then(Loose::text);
        !self.link && resolved.is_none_or(|url| url.starts_with("https://") || url.starts_with("http://"))
    }
}

/// `package-lock.json` and `npm-shrinkwrap.json`.
pub(super) fn npm_lock(text: &str, found: &mut Found<'_>) {
    lock(text, found, false);
}

/// The same of a folder in which npx keeps what it runs: only what was asked for, not what that needs.
pub(super) fn npx_lock(text: &str, found: &mut Found<'_>) {
    lock(text, found, true);
}

fn lock(text: &str, found: &mut Found<'_>, asked_for: bool) {
    let Ok(lock) = serde_json::from_str::<Lock>(text) else { return };
    let root = lock.packages.get("");
    for (folder, locked) in &lock.packages {
        // What lies deeper is there for one other package.
        let Some(name) = folder.strip_prefix("node_modules/").filter(|name| !name.contains("node_modules/")) else {
            continue;
        };
        let asked = root.and_then(|root| root.asks(name));
        if locked.is_registry() && asked.is_none_or(is_of_registry) && (asked.is_some() || !asked_for) {
            let version = locked.version.as_deref().unwrap_or_default();
            let name = locked.name.as_deref().unwrap_or(name);
            found.add(name, version);
            found.seal(name, version, locked.integrity.as_ref().and_then(Loose::text));
        }
    }
    if lock.packages.is_empty() {
        for (name, locked) in &lock.dependencies {
            if locked.is_registry() {
                let (name, version) = real(name, locked.version.as_deref().unwrap_or_default());
                found.add(name, version);
                found.seal(name, version, locked.integrity.as_ref().and_then(Loose::text));
            }
        }
    }
}

/// Whether a specification is one of a registry: no address, no folder, no repository.
pub(super) fn is_of_registry(spec: &str) -> bool {
    spec.starts_with("npm:") || !spec.contains(['/', ':'])
}

/// `npm:real@1.2.3` under another name.
fn real<'a>(name: &'a str, version: &'a str) -> (&'a str, &'a str) {
    version.strip_prefix("npm:").and_then(split).unwrap_or((name, version))
}

/// Name and version of `@scope/name@1.2.3`.
pub(super) fn split(spec: &str) -> Option<(&str, &str)> {
    spec.rsplit_once('@').filter(|(name, _)| !name.is_empty())
}

/// `package.json`, for those that it asks for in one version.
pub(super) fn manifest(text: &str, found: &mut Found<'_>) {
    let Ok(manifest) = serde_json::from_str::<Asked>(text) else { return };
    for (name, spec) in [manifest.dependencies, manifest.dev_dependencies, manifest.optional_dependencies]
        .iter()
        .flatten()
        .filter_map(|(name, spec)| Some((name, spec.text()?)))
    {
        let (name, version) = real(name, spec);
        let version = version.trim_start_matches('=').trim();
        found.add(name, version.strip_prefix('v').unwrap_or(version));
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Asked {
    dependencies: HashMap<String, Loose>,
    dev_dependencies: HashMap<String, Loose>,
    optional_dependencies: HashMap<String, Loose>,
}

/// `pnpm-lock.yaml`. What projects ask for stands before the packages, which are most of the file.
pub(super) fn pnpm_lock(text: &str, found: &mut Found<'_>) {
    let head = ["\npackages:", "\nsnapshots:"].iter().filter_map(|part| text.find(part)).min();
    let Ok(root) = parse_yaml(&text[..head.unwrap_or(text.len())]) else { return };
    let importers = root.get("importers").map_or(&[][..], Node::members);
    for project in importers.iter().map(|member| &member.value).chain([&root]) {
        for kind in ["dependencies", "devDependencies", "optionalDependencies"] {
            for member in project.get(kind).map_or(&[][..], Node::members) {
                // `{specifier: ^1.0.0, version: 1.4.2}`, and only the version until version 5.
                let version = member.value.get("version").unwrap_or(&member.value).as_str().unwrap_or_default();
                // `1.4.2(zod@3.0.0)`: with which others it runs.
                let version = version.split(['(', '_']).next().unwrap_or_default();
                let other = version.trim_start_matches('/');
                let (name, version) =
                    split(other).filter(|(name, _)| !name.contains(':')).unwrap_or((&member.key, version));
                found.add(name, version);
            }
        }
    }
    pnpm_contents(text, found);
}

/// What the packages of a `pnpm-lock.yaml` are, line by line: as a tree they would take longer than all the rest.
fn pnpm_contents(text: &str, found: &mut Found<'_>) {
    let Some((_, packages)) = text.split_once("\npackages:") else { return };
    let mut package = None;
    for line in packages.lines().skip(1) {
        if line.starts_with(|c: char| !c.is_whitespace()) {
            break;
        }
        let Some(line) = line.strip_prefix("  ") else { continue };
        if let Some(key) = line.strip_suffix(':').filter(|key| !key.starts_with(' ')) {
            package = pnpm_package(key.trim_matches(['\'', '"']));
        } else if let (Some((name, version)), Some(resolution)) = (package, line.strip_prefix("  resolution:"))
            && let Some((_, integrity)) = resolution.split_once("{integrity: ")
        {
            found.seal(name, version, integrity.split([',', '}']).next().map(str::trim));
        }
    }
}

/// Name and version of `@acme/mcp@1.4.2(zod@3.0.0)`; with a stroke before it until version 6, and before it with one for
/// the `@` (`/@acme/mcp/1.4.2_zod@3.0.0`).
fn pnpm_package(key: &str) -> Option<(&str, &str)> {
    let key = key.split('(').next().unwrap_or(key);
    let old = key.strip_prefix('/').unwrap_or(key);
    let fits = |version: &str| version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains('/');
    split(old).filter(|(_, version)| fits(version) && !old.contains('_')).or_else(|| {
        let (name, version) = old.split('_').next().unwrap_or(old).rsplit_once('/')?;
        fits(version).then_some((name, version))
    })
}

/// `bun.lock`, the one that is text.
pub(super) fn bun_lock(text: &str, found: &mut Found<'_>) {
    let Ok(root) = parse_json(text) else { return };
    for member in root.get("packages").map_or(&[][..], Node::members) {
        // `other/name` is there for one other package.
        let name =
            member.key.strip_prefix('@').and_then(|key| key.split_once('/')).map_or(member.key.as_str(), |(_, n)| n);
        let spec = member.value.elements().first().and_then(Node::as_str).filter(|_| !name.contains('/'));
        if let Some((name, version)) = spec.and_then(split) {
            found.add(name, version);
            found.seal(name, version, member.value.elements().last().and_then(Node::as_str));
        }
    }
}

//! What Deno runs: packages of two registries, files on the web, and local ones.

use super::{Ecosystem, Pin, has_reference, is_commit, is_local, npm};

/// Hosts on which a version in the path names the same bytes for ever.
const VERSIONED: &[&str] = &["deno.land", "esm.sh", "cdn.jsdelivr.net", "unpkg.com", "cdn.skypack.dev", "jsr.io"];

/// Reads `npm:name@version/path`, `jsr:@scope/name@version/path`, an address or a path.
pub(super) fn read(spec: &str) -> (Ecosystem, String, Pin) {
    let of_registry = |ecosystem: Ecosystem, rest: &str| {
        let (name, pin) = npm::read(without_path(rest.trim_start_matches('/')));
        (ecosystem, name, pin)
    };
    if let Some(rest) = spec.strip_prefix("npm:") {
        return of_registry(Ecosystem::Npm, rest);
    }
    if let Some(rest) = spec.strip_prefix("jsr:") {
        return of_registry(Ecosystem::Jsr, rest);
    }
    let pin = match spec.split_once("://") {
        Some(("http" | "https", rest)) => address(spec, rest),
        _ => Pin::Local,
    };
    (Ecosystem::Web, spec.to_owned(), pin)
}

/// The same where what has no prefix is a package of npm, as `deno x` and `dx` have it.
pub(super) fn read_package(spec: &str) -> (Ecosystem, String, Pin) {
    match read(spec) {
        (Ecosystem::Web, _, Pin::Local) if !is_local(spec) && !spec.starts_with("file:") && !is_file(spec) => {
            let (name, pin) = npm::read(spec);
            (Ecosystem::Npm, name, pin)
        }
        found => found,
    }
}

fn is_file(spec: &str) -> bool {
    [".ts", ".js", ".mjs", ".mts", ".tsx", ".jsx", ".cjs"].iter().any(|end| spec.ends_with(end))
}

/// A package without the file inside it that is asked for.
fn without_path(text: &str) -> &str {
    let parts = if text.starts_with('@') { 2 } else { 1 };
    text.match_indices('/').nth(parts - 1).map_or(text, |(at, _)| &text[..at])
}

fn address(spec: &str, rest: &str) -> Pin {
    if has_reference(spec) {
        return Pin::Unknown;
    }
    let mut segments = rest.split(['?', '#']).next().unwrap_or(rest).split('/');
    let host = segments.next().unwrap_or_default().to_ascii_lowercase();
    let exact = |segment: &str| {
        let version = segment.rsplit_once('@').map(|(_, version)| version.trim_start_matches('v'));
        version.is_some_and(|version| semver::Version::parse(version).is_ok())
    };
    let fixed = segments.any(|segment| is_commit(segment) || VERSIONED.contains(&host.as_str()) && exact(segment));
    if fixed { Pin::FixedSource } else { Pin::MovingSource }
}

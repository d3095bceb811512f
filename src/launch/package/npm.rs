//! npm's grammar of specifications.

use super::{Pin, default_of, has_reference, is_archive_of_commit, is_commit, is_local};

/// npm-package-arg's grammar.
pub(super) fn read(spec: &str) -> (String, Pin) {
    // `alias@npm:real@1.2.3`, `npm:real@1.2.3`; of an alias of an alias the last is what is fetched.
    let spec = alias(spec).map_or(spec, |at| &spec[at..]);
    if is_local(spec) || spec.ends_with(".tgz") && !spec.contains("://") || spec.starts_with("file:") {
        return (spec.to_owned(), Pin::Local);
    }
    if let Some(pin) = source(spec) {
        return (spec.to_owned(), pin);
    }
    // `name@source`: what stands behind the name is fetched, whatever it is called.
    if let Some(at) = spec.char_indices().skip(1).find_map(|(at, c)| (c == '@').then_some(at)) {
        let (name, behind) = (&spec[..at], &spec[at + 1..]);
        // `~1.2` is a range, and `~/x` a folder at home.
        let path = is_local(behind) && (!behind.starts_with('~') || behind.starts_with("~/"));
        if path || behind.starts_with("file:") {
            return (spec.to_owned(), Pin::Local);
        }
        if !name.contains([':', '#'])
            && let Some(pin) = source(behind)
        {
            return (behind.to_owned(), pin);
        }
    }
    // The version stands behind the last `@` that does not begin a scope.
    let (name, version) = match spec.rfind('@').filter(|at| *at > 0) {
        Some(at) => (&spec[..at], Some(&spec[at + 1..])),
        None => (spec, None),
    };
    if has_reference(name) {
        return (name.to_owned(), Pin::Unknown);
    }
    (name.to_owned(), version.map_or(Pin::None, |version| default_of(version).map_or(Pin::Unknown, self::version)))
}

/// Where the real package of an alias begins. npm compares the prefix whatever its case.
pub(in super::super) fn alias(spec: &str) -> Option<usize> {
    let lower = spec.to_ascii_lowercase();
    let at = lower.rfind("@npm:").map(|at| at + "@npm:".len());
    at.or_else(|| lower.starts_with("npm:").then_some("npm:".len()))
}

/// What stands behind a name's `@`.
pub(super) fn version(version: &str) -> Pin {
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
fn source(spec: &str) -> Option<Pin> {
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
    let archive = url && is_archive_of_commit(spec);
    if has_reference(spec) {
        return Some(Pin::Unknown);
    }
    Some(if revision.is_some_and(is_commit) || archive { Pin::FixedSource } else { Pin::MovingSource })
}

//! Go, crates.io, NuGet, RubyGems, Maven and conda: registries whose grammar of a package is short.
//!
//! Sources: go.dev/ref/mod#version-queries, doc.rust-lang.org/cargo/commands/cargo-install.html, learn.microsoft.com's
//! reference of `dotnet tool exec`, guides.rubygems.org, jbang.dev/documentation, conda's MatchSpec.

use super::{Pin, default_of, has_reference, is_commit, is_local};

/// `path@version`. Without a version it is the module around, whose own list of versions decides.
pub(super) fn go(spec: &str) -> (String, Pin) {
    let Some((path, version)) = spec.split_once('@') else { return (spec.to_owned(), Pin::Local) };
    if is_local(path) {
        return (path.to_owned(), Pin::Local);
    }
    let Some(version) = default_of(version).filter(|_| !has_reference(path)) else {
        return (path.to_owned(), Pin::Unknown);
    };
    let numbers = version.strip_prefix('v').unwrap_or_default();
    let pin = if version.is_empty() {
        Pin::None
    } else if semver::Version::parse(numbers).is_ok() {
        Pin::Exact(numbers.to_owned())
    } else if is_commit(version) {
        Pin::FixedSource
    } else if version.starts_with(['<', '>']) || numbers.starts_with(|c: char| c.is_ascii_digit()) {
        Pin::Range(version.to_owned())
    } else {
        Pin::Tag(version.to_owned())
    };
    (path.to_owned(), pin)
}

/// `name` or `name@version`.
pub(super) fn crates(spec: &str) -> (String, Pin) {
    named(spec, '@', crate_version)
}

/// Three numbers are that version, fewer are any that begins with them; `=` makes it exact.
pub(super) fn crate_version(version: &str) -> Pin {
    let bare = version.trim().trim_start_matches('=').trim();
    if semver::Version::parse(bare).is_ok() { Pin::Exact(bare.to_owned()) } else { Pin::Range(version.to_owned()) }
}

/// `name` or `name@version`.
pub(super) fn nuget(spec: &str) -> (String, Pin) {
    named(spec, '@', nuget_version)
}

/// A version of up to four numbers, `[1.2.3]`, or a range.
pub(super) fn nuget_version(version: &str) -> Pin {
    let inside = version.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|rest| !rest.contains(','));
    let bare = inside.unwrap_or(version).trim();
    let (numbers, _) = bare.split_at(bare.find(['-', '+']).unwrap_or(bare.len()));
    let exact = (2..=4).contains(&numbers.split('.').count()) && numbers.split('.').all(is_number);
    if exact { Pin::Exact(bare.to_owned()) } else { Pin::Range(version.to_owned()) }
}

/// `name` or `name:version`.
pub(super) fn gem(spec: &str) -> (String, Pin) {
    named(spec, ':', gem_version)
}

/// Numbers and letters between dots, with `=` or nothing before.
pub(super) fn gem_version(version: &str) -> Pin {
    let bare = version.trim().trim_start_matches('=').trim();
    let exact = bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if exact { Pin::Exact(bare.to_owned()) } else { Pin::Range(version.to_owned()) }
}

/// `group:artifact:version`, an address, `alias@catalog`, or a file.
pub(super) fn jbang(spec: &str) -> (String, Pin) {
    if has_reference(spec) {
        return (spec.to_owned(), Pin::Unknown);
    }
    if spec.contains("://") {
        return (spec.to_owned(), Pin::MovingSource);
    }
    let parts: Vec<&str> = spec.split(':').collect();
    match parts.as_slice() {
        _ if is_local(spec) || spec.ends_with(".java") || spec.ends_with(".jar") => (spec.to_owned(), Pin::Local),
        [group, artifact] => (format!("{group}:{artifact}"), Pin::None),
        [group, artifact, .., version] => {
            let version = version.split('@').next().unwrap_or(version);
            let moving = matches!(version, "LATEST" | "RELEASE") || version.ends_with("-SNAPSHOT");
            let range = version.starts_with(['[', '(']);
            let pin = match () {
                () if moving => Pin::Tag(version.to_owned()),
                () if range => Pin::Range(version.to_owned()),
                () => Pin::Exact(version.to_owned()),
            };
            (format!("{group}:{artifact}"), pin)
        }
        _ if spec.contains('@') => (spec.to_owned(), Pin::MovingSource),
        _ => (spec.to_owned(), Pin::Local),
    }
}

/// `channel::name==version`; one `=` and signs of comparison leave some open.
pub(super) fn conda(spec: &str) -> (String, Pin) {
    let spec = spec.rsplit("::").next().unwrap_or(spec);
    let end = spec.find(['=', '<', '>', '!', '~', ' ', '[']).unwrap_or(spec.len());
    let (name, rest) = (spec[..end].trim(), spec[end..].trim());
    let pin = match rest.strip_prefix("==").map(str::trim) {
        _ if has_reference(spec) => Pin::Unknown,
        Some(version) if !version.contains(['*', ',', '|']) => Pin::Exact(version.to_owned()),
        _ if rest.is_empty() => Pin::None,
        _ => Pin::Range(rest.to_owned()),
    };
    (name.to_owned(), pin)
}

/// A name, and behind a mark its version.
fn named(spec: &str, mark: char, version: fn(&str) -> Pin) -> (String, Pin) {
    let (name, given) = spec.split_once(mark).unwrap_or((spec, ""));
    let pin = match default_of(given) {
        _ if is_local(name) => Pin::Local,
        _ if has_reference(name) => Pin::Unknown,
        None => Pin::Unknown,
        Some("") => Pin::None,
        Some("latest") => Pin::Tag("latest".to_owned()),
        Some(given) => version(given),
    };
    (name.to_owned(), pin)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

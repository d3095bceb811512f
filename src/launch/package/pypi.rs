//! Python's grammar of requirements, and uv's and pip's of sources.

use super::{Pin, default_of, has_reference, is_archive_of_commit, is_commit, is_local};

/// PEP 508; `joined`: `name@version` means that version, as uv has it.
pub(super) fn read(spec: &str, joined: bool) -> (String, Pin) {
    // `name @ source`, which pip also takes without the blanks.
    match spec.split_once('@').map(|(name, source)| (name.trim(), source.trim())) {
        Some((name, source)) if is_name(name) && (source.contains("://") || spec.contains(" @ ")) => {
            (name.to_owned(), requirement(source, false).1)
        }
        _ => requirement(spec, joined),
    }
}

/// A name, extras in brackets allowed.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.[], ".contains(&b))
}

fn requirement(spec: &str, joined: bool) -> (String, Pin) {
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
        let fixed = fixed || is_archive_of_commit(spec);
        return (spec.to_owned(), if fixed { Pin::FixedSource } else { Pin::MovingSource });
    }
    // A name has no strokes; with one it is a path.
    let path = spec.split(['[', '@', ';', ' ']).next().is_some_and(|first| first.contains(['/', '\\']));
    let file = [".whl", ".tar.gz", ".zip"].iter().any(|end| lower.ends_with(end));
    if is_local(spec) || path && !has_reference(spec) || file || lower.starts_with("file:") {
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

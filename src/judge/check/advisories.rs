//! Known vulnerabilities of the very version that an entry names, compared as its ecosystem compares versions.

use std::cmp::Ordering;
use std::str::FromStr;

use crate::finding::{Confidence, Severity};
use crate::launch::Ecosystem;
use crate::rules::advisories::{self, Vulnerability};

/// What is wrong with one version of a package.
pub(super) struct Known {
    /// All ids with what each comes to.
    pub(super) list: String,
    /// The worst of them.
    pub(super) severity: Severity,
    /// How sure it is that this version has it.
    pub(super) confidence: Confidence,
    /// The version that fixes all of them, if each has one.
    pub(super) fixed: Option<&'static str>,
}

/// More ids than these only make a sentence long.
const SHOWN: usize = 3;

/// The vulnerabilities of a version; nothing if none is known or the version can't be read.
pub(super) fn known(ecosystem: Ecosystem, name: &str, version: &str) -> Option<Known> {
    let all = of(ecosystem, name);
    let mut found: Vec<&Vulnerability> =
        all.iter().filter(|known| affected(ecosystem, known, version) == Some(true)).collect();
    found.sort_by_key(|known| std::cmp::Reverse(known.severity));
    let first = found.first()?;
    let one = |known: &&Vulnerability| match known.what {
        "" => known.ids[0].to_owned(),
        what => format!("{} ({what})", known.ids[0]),
    };
    let mut list = found.iter().take(SHOWN).map(one).collect::<Vec<_>>().join(", ");
    if found.len() > SHOWN {
        list.push_str(&format!(" and {} more", found.len() - SHOWN));
    }
    // A record without any end may have lost it.
    let bounded = |known: &&Vulnerability| known.before.or(known.until).is_some() || !known.versions.is_empty();
    let certain = found.iter().any(|known| known.sure && bounded(known));
    let fixes: Option<Vec<&'static str>> = found.iter().map(|known| known.before).collect();
    let fixed = fixes.and_then(|fixes| {
        fixes.into_iter().reduce(|a, b| if compare(ecosystem, a, b) == Some(Ordering::Less) { b } else { a })
    });
    let confidence = if certain { Confidence::High } else { Confidence::Medium };
    Some(Known { list, severity: first.severity, confidence, fixed })
}

/// What is known of a package; of Go's, which are named inside their module, of the module.
fn of(ecosystem: Ecosystem, name: &str) -> &'static [Vulnerability] {
    let mut name = name;
    loop {
        let found = advisories::of(ecosystem.id(), name);
        match name.rsplit_once('/').filter(|_| found.is_empty() && ecosystem == Ecosystem::Go) {
            Some((outer, _)) => name = outer,
            None => return found,
        }
    }
}

/// The newest version of a package that fixes something, and what it fixes: for those who name none.
pub(super) fn fixed(ecosystem: Ecosystem, name: &str) -> Option<(&'static str, &'static str)> {
    let fixes = of(ecosystem, name).iter().filter_map(|known| Some((known.before?, known.ids[0])));
    fixes.reduce(|a, b| if compare(ecosystem, a.0, b.0) == Some(Ordering::Less) { b } else { a })
}

/// Whether a version has a vulnerability; nothing if that can't be compared.
fn affected(ecosystem: Ecosystem, known: &Vulnerability, version: &str) -> Option<bool> {
    if !known.versions.is_empty() {
        return Some(known.versions.contains(&version));
    }
    let against = |other: &str| compare(ecosystem, version, other);
    let begun = known.from.map_or(Some(true), |from| Some(against(from)? != Ordering::Less))?;
    let over = match (known.before, known.until) {
        (Some(before), _) => against(before)? != Ordering::Less,
        (None, Some(until)) => against(until)? == Ordering::Greater,
        // Not even a version has to be readable.
        (None, None) => false,
    };
    Some(begun && !over)
}

/// Two versions as the registry orders them.
fn compare(ecosystem: Ecosystem, a: &str, b: &str) -> Option<Ordering> {
    match ecosystem {
        Ecosystem::PyPi => {
            let read = |text| pep440_rs::Version::from_str(text).ok();
            Some(read(a)?.cmp(&read(b)?))
        }
        // Go's, Cargo's and NuGet's orders are that of Semantic Versioning; RubyGems' differs in letters only.
        _ => Some(semantic(a)?.cmp_precedence(&semantic(b)?)),
    }
}

/// A semantic version. Advisories leave parts out, and write dates with a zero before the month.
fn semantic(text: &str) -> Option<semver::Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    if let Ok(version) = semver::Version::parse(text) {
        return Some(version);
    }
    let (numbers, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
    let mut parts: Vec<u64> = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    parts.resize(3, 0);
    semver::Version::parse(&format!("{}.{}.{}{rest}", parts[0], parts[1], parts[2])).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NPM: Vulnerability = Vulnerability {
        ids: &["CVE-0"],
        severity: Severity::High,
        from: Some("0.0.5"),
        before: Some("0.1.16"),
        until: None,
        versions: &[],
        what: "",
        sure: true,
    };

    #[test]
    fn versions_as_their_registries_order_them() {
        let npm = |version: &str| affected(Ecosystem::Npm, &NPM, version);
        assert_eq!(npm("0.0.4"), Some(false));
        assert_eq!(npm("0.0.5"), Some(true));
        assert_eq!(npm("0.1.15"), Some(true));
        assert_eq!(npm("0.1.16-beta.1"), Some(true), "what comes before a release has its fault");
        assert_eq!(npm("0.1.16"), Some(false));
        assert_eq!(npm("0.1.9"), Some(true), "numbers, not letters");
        assert_eq!(npm("nonsense"), None);
        let dates = Vulnerability { from: None, before: Some("2025.7.01"), ..NPM };
        assert_eq!(affected(Ecosystem::Npm, &dates, "2025.6.30"), Some(true));
        assert_eq!(affected(Ecosystem::Npm, &dates, "2025.7.1"), Some(false));
        let python = Vulnerability { from: Some("2.0.0b14"), before: Some("2.0.0b17"), ..NPM };
        let pypi = |version: &str| affected(Ecosystem::PyPi, &python, version);
        assert_eq!((pypi("2.0.0b13"), pypi("2.0.0b14"), pypi("2.0.0b17")), (Some(false), Some(true), Some(false)));
        assert_eq!((pypi("2.0.0"), pypi("1!0.1")), (Some(false), Some(false)));
        let until = Vulnerability { from: None, before: None, until: Some("0.3.0"), ..NPM };
        assert_eq!(affected(Ecosystem::PyPi, &until, "0.3.0"), Some(true));
        assert_eq!(affected(Ecosystem::PyPi, &until, "0.3.0.post1"), Some(false));
        let listed = Vulnerability { versions: &["1.0.0"], ..NPM };
        assert_eq!(affected(Ecosystem::Npm, &listed, "0.1.0"), Some(false));
        assert_eq!(affected(Ecosystem::Npm, &listed, "1.0.0"), Some(true));
    }

    #[test]
    fn all_of_a_version_in_one() {
        let known = known(Ecosystem::PyPi, "mcp", "1.0.0").unwrap();
        assert!(known.list.contains("more"), "{}", known.list);
        assert_eq!(known.fixed, Some("1.28.1"));
    }

    #[test]
    fn modules_of_go() {
        let server = "github.com/github/github-mcp-server/cmd/github-mcp-server";
        assert!(known(Ecosystem::Go, server, "1.0.0").is_some());
        assert!(known(Ecosystem::Go, server, "1.1.2").is_none());
        assert!(known(Ecosystem::Go, server, "0.0.0-20250102030405-0123456789ab").is_some());
        assert!(known(Ecosystem::Go, "github.com/github", "1.0.0").is_none());
        assert!(known(Ecosystem::Docker, "ghcr.io/github/github-mcp-server", "v1.0.0").is_some());
        assert_eq!(fixed(Ecosystem::Npm, "mcp-remote").map(|(fixed, _)| fixed), Some("0.1.16"));
    }

    /// Every bound of every advisory can be compared.
    #[test]
    fn bounds_are_versions() {
        for package in advisories::all() {
            let all = [
                Ecosystem::Npm,
                Ecosystem::PyPi,
                Ecosystem::Go,
                Ecosystem::Crates,
                Ecosystem::NuGet,
                Ecosystem::RubyGems,
                Ecosystem::Docker,
            ];
            let ecosystem = all.into_iter().find(|ecosystem| ecosystem.id() == package.ecosystem).unwrap();
            assert_eq!(ecosystem.canonical(package.name), package.name, "as the registry compares names");
            for known in package.vulnerable {
                for bound in [known.from, known.before, known.until].into_iter().flatten() {
                    assert!(compare(ecosystem, bound, bound).is_some(), "{}: {bound}", package.name);
                }
                assert!(!known.ids.is_empty(), "{}", package.name);
            }
        }
    }
}

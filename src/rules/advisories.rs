//! Known vulnerabilities of packages, compiled in from `rules/advisories.toml`: nothing of it is parsed at the start.

use crate::finding::Severity;

/// A package that had vulnerabilities.
#[derive(Debug)]
pub struct Package {
    /// `npm`, `pypi`, `go`, `crates`, `nuget`, `rubygems` or `docker`.
    pub ecosystem: &'static str,
    /// Its name, as its registry compares names.
    pub name: &'static str,
    /// Each of them.
    pub vulnerable: &'static [Vulnerability],
}

/// One vulnerability, and the versions that have it.
#[derive(Debug)]
pub struct Vulnerability {
    /// Its ids, the best known first.
    pub ids: &'static [&'static str],
    /// How bad it is, as its advisory says.
    pub severity: Severity,
    /// The first version that has it; nothing for the first ever.
    pub from: Option<&'static str>,
    /// The version that fixes it.
    pub before: Option<&'static str>,
    /// The last version that is known to have it, where no fix is recorded.
    pub until: Option<&'static str>,
    /// The only versions that have it; empty where a range says it.
    pub versions: &'static [&'static str],
    /// What it comes to, in a few words; empty where that is not recorded.
    pub what: &'static str,
    /// Whether the record names the package, and not only its project.
    pub sure: bool,
}

include!(concat!(env!("OUT_DIR"), "/advisories.rs"));

/// What is known of a package, by its ecosystem and its name as the registry compares names.
pub fn of(ecosystem: &str, name: &str) -> &'static [Vulnerability] {
    match PACKAGES.binary_search_by_key(&(ecosystem, name), |package| (package.ecosystem, package.name)) {
        Ok(at) => PACKAGES[at].vulnerable,
        Err(_) => &[],
    }
}

/// Every package that is known.
pub fn all() -> &'static [Package] {
    PACKAGES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_by_name() {
        assert!(of("npm", "mcp-remote").iter().any(|known| known.ids.contains(&"CVE-2025-6514")));
        assert!(of("pypi", "mcp-remote").is_empty());
        assert!(of("npm", "no-such-package").is_empty());
        assert!(all().iter().all(|package| std::ptr::eq(of(package.ecosystem, package.name), package.vulnerable)));
        assert!(AS_OF.len() == 10);
    }
}

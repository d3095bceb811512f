//! Names of well-known packages, compiled in from `rules/known-names.toml`.

/// The names of one ecosystem, sorted, as its registry compares names.
#[derive(Debug)]
pub struct Names {
    /// Of vendors, reference servers, bridges, gateways and clients: worth imitating.
    pub official: &'static [&'static str],
    /// Others that imitate nobody.
    pub known: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/names.rs"));

/// The names of an ecosystem: `npm` or `pypi`; none for another.
pub fn of(ecosystem: &str) -> &'static Names {
    match ecosystem {
        "npm" => &NPM,
        "pypi" => &PYPI,
        _ => &Names { official: &[], known: &[] },
    }
}

impl Names {
    /// Whether a package is known by this very name.
    pub fn is_known(&self, name: &str) -> bool {
        self.official.binary_search(&name).is_ok() || self.known.binary_search(&name).is_ok()
    }
}

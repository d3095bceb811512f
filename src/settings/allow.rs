//! `[[allow]]`: the only servers that may stand in a config.

use super::Pattern;

/// The servers that one settings file allows.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The file, as the user knows it.
    pub file: String,
    pub(super) entries: Vec<Allow>,
}

/// One entry: a kind of thing, a name, or a thing under that name alone.
#[derive(Clone, Debug)]
pub(super) struct Allow {
    pub(super) name: Option<Pattern>,
    pub(super) what: Option<What>,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Package(Pattern),
    Image(Pattern),
    Url(Address),
    Command(Pattern),
}

/// A pattern of an address, cut where an address is cut, so that no star reaches over the end of the host.
#[derive(Clone, Debug)]
pub(super) struct Address {
    scheme: String,
    host: Pattern,
    /// Without one every path fits.
    path: Option<Pattern>,
}

/// Something that an entry of a config comes to.
#[derive(Clone, Debug)]
pub enum Thing<'a> {
    /// A package, in every way in which it may be written: with its registry, with its version, without.
    Package(Vec<String>),
    /// An image, with and without tag and digest.
    Image(Vec<String>),
    /// An address, as written.
    Url(&'a str),
    /// A command with its arguments.
    Command(String),
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(format!("`{text}`: an address begins with `https://` or another scheme"));
        };
        let (host, path) = rest.find('/').map_or((rest, None), |at| (&rest[..at], Some(&rest[at..])));
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            host: Pattern::path(&host.to_ascii_lowercase())?,
            path: path.map(Pattern::path).transpose()?,
        })
    }

    /// Addresses are cut as clients cut them, which take a backslash for a stroke. What climbs, or has characters that a
    /// client leaves out, fits nothing.
    fn fits(&self, url: &str) -> bool {
        let url = url.trim();
        let Some((scheme, rest)) = url.split_once("://") else { return false };
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase();
        let path = behind.split(['?', '#']).next().unwrap_or_default();
        let path = if path.is_empty() { "/" } else { path };
        let lower = path.to_ascii_lowercase();
        let odd = url.contains(char::is_control) || path.contains("..") || path.contains('\\') || lower.contains("%2e");
        !odd && scheme.eq_ignore_ascii_case(&self.scheme)
            && self.host.fits(&host)
            && self.path.as_ref().is_none_or(|pattern| pattern.fits(path))
    }
}

impl Allow {
    fn permits(&self, name: &str, thing: &Thing<'_>) -> bool {
        let any = |pattern: &Pattern, names: &[String]| names.iter().any(|name| pattern.fits(name));
        self.name.as_ref().is_none_or(|pattern| pattern.fits(name))
            && match (&self.what, thing) {
                (None, _) => true,
                (Some(What::Package(pattern)), Thing::Package(names)) => any(pattern, names),
                (Some(What::Image(pattern)), Thing::Image(names)) => any(pattern, names),
                (Some(What::Url(address)), Thing::Url(url)) => address.fits(url),
                (Some(What::Command(pattern)), Thing::Command(line)) => pattern.fits(line),
                _ => false,
            }
    }
}

impl Allowed {
    /// Whether a server of this name may be this. What an entry comes to is asked thing by thing: one allowed package does
    /// not let another one in beside it.
    pub fn permits(&self, name: &str, thing: &Thing<'_>) -> bool {
        self.entries.iter().any(|entry| entry.permits(name, thing))
    }

    /// Whether a server may be whatever it is, by its name alone.
    pub fn permits_name(&self, name: &str) -> bool {
        let alone = |entry: &&Allow| entry.what.is_none();
        self.entries.iter().filter(alone).any(|entry| entry.name.as_ref().is_some_and(|pattern| pattern.fits(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_does_not_reach_over_the_host() {
        let address = Address::parse("https://*.acme.example/mcp/**").unwrap();
        for url in
            ["https://a.acme.example/mcp/x", "HTTPS://A.ACME.example/mcp/x/y?z=1", "https://u:p@a.acme.example/mcp/x"]
        {
            assert!(address.fits(url), "{url}");
        }
        for url in [
            "http://a.acme.example/mcp/x",
            "https://evil.example/.acme.example/mcp/x",
            "https://evil.example?.acme.example/mcp/x",
            "https://evil.example#@a.acme.example/mcp/x",
            r"https://evil.example\@a.acme.example/mcp/x",
            "https://a.acme.example@evil.example/mcp/x",
            "https://a.acme.example.evil.example/mcp/x",
            "https://a.acme.example/mcp/../x",
            "https://a.acme.example/mcp/%2E%2e/x",
            r"https://a.acme.example/mcp/x\..\..\y",
            "https://evil.example\t.acme.example/mcp/x",
            "https://a.acme.example/mcp",
            "${URL}",
            "",
        ] {
            assert!(!address.fits(url), "{url}");
        }
        let whole = Address::parse("https://acme.example").unwrap();
        assert!(whole.fits("https://acme.example") && whole.fits("https://acme.example/any?x"));
        assert!(!whole.fits("https://acme.example:8443/"), "another port is another server");
    }
}

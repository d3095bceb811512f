//! Addresses of remotes: what a server may send us to, and what may go there.

use ureq::http::Uri;

/// An address of `http` or `https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    https: bool,
    /// `user:password@`, or nothing.
    user: String,
    /// Lower case; that of IPv6 with its brackets.
    host: String,
    port: u16,
    /// From the slash on, with the query.
    path: String,
}

impl Address {
    /// Reads an absolute address. A fragment is for browsers and goes nowhere.
    ///
    /// # Errors
    /// Why nobody can connect to it, without repeating it: secrets stand in addresses.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let text = text.split('#').next().unwrap_or(text);
        let Ok(uri) = text.parse::<Uri>() else { return Err("its address is not a valid one") };
        let https = match uri.scheme_str().map(str::to_ascii_lowercase).as_deref() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err("its address is neither http nor https"),
            None => return Err("its address has no scheme"),
        };
        let Some(authority) = uri.authority() else { return Err("its address has no host") };
        let (user, _) = authority.as_str().rsplit_once('@').unwrap_or_default();
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err("its address has no host");
        }
        let behind = authority.as_str().rsplit_once(authority.host()).map_or("", |(_, behind)| behind);
        let port = match behind.strip_prefix(':').unwrap_or_default() {
            "" => {
                if https {
                    443
                } else {
                    80
                }
            }
            digits => digits.parse().map_err(|_| "its address is not a valid one")?,
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            https,
            user: if user.is_empty() { String::new() } else { format!("{user}@") },
            host,
            port,
            path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
        })
    }

    /// Where a reference that stands in an answer from here leads.
    ///
    /// # Errors
    /// It leads nowhere that this scanner would go.
    pub(super) fn join(&self, reference: &str) -> Result<Self, &'static str> {
        let reference = reference.trim();
        let scheme = if self.https { "https:" } else { "http:" };
        if reference.starts_with("//") {
            return Self::parse(&format!("{scheme}{reference}"));
        }
        let end = reference.find(['/', '?', '#']).unwrap_or(reference.len());
        if reference[..end].contains(':') {
            return Self::parse(reference);
        }
        let path = self.path.split('?').next().unwrap_or("/");
        let joined = if reference.starts_with('/') {
            reference.to_owned()
        } else if reference.is_empty() || reference.starts_with('?') {
            format!("{path}{reference}")
        } else {
            format!("{}/{reference}", path.rsplit_once('/').map_or("", |(folder, _)| folder))
        };
        // Its dots are the server's business.
        Self::parse(&format!("{scheme}//{}{}:{}{joined}", self.user, self.host, self.port))
    }

    /// Whether what was meant for one may be sent to the other.
    pub(super) fn is_same_origin(&self, other: &Self) -> bool {
        (self.https, &self.host, self.port) == (other.https, &other.host, other.port)
    }

    /// Whether both are one machine, whatever the port.
    pub(super) fn is_same_host(&self, other: &Self) -> bool {
        self.host == other.host
    }

    /// Whether a step from here to the other loses encryption.
    pub(super) fn is_weakened_by(&self, other: &Self) -> bool {
        self.https && !other.https
    }

    /// Whether others on the way can read what is sent.
    pub(super) fn is_open(&self) -> bool {
        !self.https && !self.is_own_machine()
    }

    /// Whether it leads to this machine.
    pub(super) fn is_own_machine(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
    }

    /// Scheme, host and port: nothing of it is a secret.
    pub(super) fn origin(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        match (self.https, self.port) {
            (true, 443) | (false, 80) => format!("{scheme}://{}", self.host),
            _ => format!("{scheme}://{}:{}", self.host, self.port),
        }
    }

    /// The host, without brackets, and the port.
    pub(super) fn host_and_port(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    /// Whether it is reached by TLS.
    pub(super) fn is_https(&self) -> bool {
        self.https
    }

    /// All of it, to be connected to and not to be shown.
    pub(super) fn secret_text(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}{}:{}{}", self.user, self.host, self.port, self.path)
    }
}

/// Scheme, host and port of an address, to be shown in a question.
///
/// # Errors
/// Why nobody can connect to it.
pub fn origin(url: &str) -> Result<String, &'static str> {
    Address::parse(url).map(|address| address.origin())
}

/// Whether others on the way to an address can read what is sent there; so too where nobody can tell.
pub fn is_open_address(url: &str) -> bool {
    Address::parse(url).map_or(true, |address| address.is_open())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, reference: &str) -> String {
        Address::parse(base).unwrap().join(reference).map_or_else(str::to_owned, |address| address.secret_text())
    }

    #[test]
    fn references_lead_where_browsers_go() {
        let base = "https://Example.com/a/b?q=1#f";
        for (reference, expected) in [
            ("/messages?s=2", "https://example.com:443/messages?s=2"),
            ("messages", "https://example.com:443/a/messages"),
            ("?s=2", "https://example.com:443/a/b?s=2"),
            ("", "https://example.com:443/a/b"),
            ("//evil.example/x", "https://evil.example:443/x"),
            ("http://example.com/", "http://example.com:80/"),
            ("messages?next=http://x/", "https://example.com:443/a/messages?next=http://x/"),
            ("javascript:alert(1)", "its address has no scheme"),
            ("ftp://example.com/", "its address is neither http nor https"),
        ] {
            assert_eq!(joined(base, reference), expected, "{reference}");
        }
        assert_eq!(joined("http://[::1]:8080", "x"), "http://[::1]:8080/x");
        assert_eq!(joined("https://u:p@h/a", "/b"), "https://u:p@h:443/b");
    }

    #[test]
    fn origins() {
        let address = |text| Address::parse(text).unwrap();
        let home = address("https://h/a");
        assert!(home.is_same_origin(&address("https://H:443/b")));
        for other in ["http://h/a", "https://h:444/a", "https://h.example/a", "https://u@g/"] {
            assert!(!home.is_same_origin(&address(other)), "{other}");
        }
        assert!(home.is_weakened_by(&address("http://h/")) && home.is_same_host(&address("http://h:1/")));
        assert!(address("http://h/").is_open() && !home.is_open());
        for own in ["http://localhost/", "http://127.0.0.1:9/", "http://[::1]:9/", "http://a.localhost/"] {
            assert!(!address(own).is_open(), "{own}");
        }
        assert_eq!(address("https://user:pw@h:8443/secret?key=1").origin(), "https://h:8443");
        for text in ["", "h", "/x", "ws://h/", "http://", "http://a b/", "https://h:99999/", "https://é.example/"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}

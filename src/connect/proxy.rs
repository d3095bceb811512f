//! The proxy that the environment names, for one address.

use ureq::Proxy;

use super::address::Address;

/// The proxy for an address among `variables`; none for this machine.
///
/// # Errors
/// A proxy of a kind that is not spoken here, or no proxy's address. To connect past it would be worse.
pub(super) fn proxy(address: &Address, variables: &[(String, String)]) -> Result<Option<Proxy>, String> {
    let value = |names: &[&str]| {
        let of = |name: &&str| variables.iter().find(|(known, value)| known == name && !value.trim().is_empty());
        names.iter().find_map(of)
    };
    let own: &[&str] = if address.is_https() { &["https_proxy", "HTTPS_PROXY"] } else { &["http_proxy", "HTTP_PROXY"] };
    let Some((name, proxy)) = value(own).or_else(|| value(&["all_proxy", "ALL_PROXY"])) else { return Ok(None) };
    let except = value(&["no_proxy", "NO_PROXY"]).map_or("", |(_, value)| value.as_str());
    if address.is_own_machine() || is_excepted(address, except) {
        return Ok(None);
    }
    if proxy.trim().to_ascii_lowercase().starts_with("socks") {
        let own = own[0];
        return Err(format!(
            "the proxy that `{name}` names speaks SOCKS, which this version does not; name an HTTP proxy in `{own}`, or \
             the host in `no_proxy` to connect without one"
        ));
    }
    // Its text is not repeated: passwords stand in it.
    Proxy::new(proxy.trim()).map(Some).map_err(|_| format!("`{name}` is no address of a proxy"))
}

/// Whether a list such as `localhost, .example.com:8080, *` holds the host of an address.
fn is_excepted(address: &Address, list: &str) -> bool {
    let (host, port) = address.host_and_port();
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_ascii_lowercase();
        if entry == "*" || entry == host {
            return true;
        }
        let (name, only) = match entry.rsplit_once(':') {
            Some((name, digits)) if !name.contains(':') || name.ends_with(']') => match digits.parse::<u16>() {
                Ok(port) => (name, Some(port)),
                Err(_) => return false,
            },
            _ => (entry.as_str(), None),
        };
        let name = name.trim_start_matches("*.").trim_start_matches('.').trim_matches(['[', ']']);
        let below = host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        !name.is_empty() && below && only.is_none_or(|only| only == port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let proxy = proxy(&Address::parse(url).unwrap(), &variables)?;
        Ok(proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port())))
    }

    #[test]
    fn the_environment_decides() {
        let of = |name: &str| Ok(Some(name.to_owned()));
        let both =
            [("HTTPS_PROXY", "http://s:1"), ("http_proxy", "p:2"), ("NO_PROXY", "a.example, .b.example:8443,::2")];
        assert_eq!(chosen("https://x.example/", &both), of("s:1"));
        assert_eq!(chosen("http://x.example/", &both), of("p:2"));
        assert_eq!(chosen("https://a.example/", &both), Ok(None));
        assert_eq!(chosen("https://x.a.example/", &both), Ok(None));
        assert_eq!(chosen("https://xa.example/", &both), of("s:1"));
        assert_eq!(chosen("https://x.b.example:8443/", &both), Ok(None));
        assert_eq!(chosen("https://x.b.example/", &both), of("s:1"));
        assert_eq!(chosen("https://[::2]/", &both), Ok(None));
        assert_eq!(chosen("http://localhost:1/", &both), Ok(None));
        assert_eq!(chosen("https://x/", &[("ALL_PROXY", "http://u:pw@s:1")]), of("s:1"));
        assert_eq!(chosen("https://x/", &[("ALL_PROXY", "http://s:1"), ("no_proxy", "*")]), Ok(None));
        assert_eq!(chosen("https://x/", &[("HTTPS_PROXY", "")]), Ok(None));
        assert!(chosen("https://x/", &[("ALL_PROXY", "socks5://s:1")]).unwrap_err().contains("SOCKS"));
        assert_eq!(chosen("https://x/", &[("ALL_PROXY", "socks5://s:1"), ("https_proxy", "http://s:2")]), of("s:2"));
        assert!(!chosen("https://x/", &[("ALL_PROXY", "http://u:pw 1@s:1")]).unwrap_err().contains("pw"));
    }
}

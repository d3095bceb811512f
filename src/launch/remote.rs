//! Addresses of servers that run elsewhere.

use crate::config::Spanned;

/// A server that is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The address as written.
    pub url: Spanned,
    /// Its scheme, lower case.
    pub scheme: String,
    /// Its host, lower case, without brackets; empty where a variable stands there.
    pub host: String,
}

/// Whether a text is an address.
pub(super) fn is_url(text: &str) -> bool {
    ["http://", "https://", "ws://", "wss://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
}

/// Reads an address.
pub(super) fn parse(url: &Spanned) -> Option<Remote> {
    let (scheme, rest) = url.text.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => host_port.split(':').next().unwrap_or(host_port),
    };
    let host = if host.contains(['$', '{', '%']) { String::new() } else { host.to_ascii_lowercase() };
    Some(Remote { url: url.clone(), scheme: scheme.to_ascii_lowercase(), host })
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    let ip = host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified());
    ip || host == "localhost" || host.ends_with(".localhost")
}

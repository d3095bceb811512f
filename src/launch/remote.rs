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
    /// Who connects to it.
    pub via: Via,
}

/// Who connects to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The client itself: the entry is a remote.
    Client,
    /// A bridge between the client and the remote.
    Bridge,
    /// A server that was given the address as an argument, for purposes of its own.
    Server,
}

/// Whether a text is an address.
pub(super) fn is_url(text: &str) -> bool {
    ["http://", "https://", "ws://", "wss://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
}

/// The addresses among some arguments, `--option=address` too.
pub(super) fn among(args: &[Spanned], via: Via) -> Vec<Remote> {
    let value = |arg: &Spanned| {
        let start = arg.text.split_once('=').filter(|(option, value)| option.starts_with('-') && is_url(value));
        let start = start.map_or(0, |(option, _)| option.len() + 1);
        Spanned { span: arg.part(start, arg.text.len()), text: arg.text[start..].to_owned() }
    };
    args.iter().map(value).filter(|arg| is_url(&arg.text)).filter_map(|arg| parse(&arg, via)).collect()
}

/// Reads an address.
pub(super) fn parse(url: &Spanned, via: Via) -> Option<Remote> {
    let (scheme, rest) = url.text.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, _)) => host,
        None => host_port.split(':').next().unwrap_or(host_port),
    };
    // A variable or a placeholder stands there.
    let host = if host.contains(['$', '{', '%', '<', '[']) { String::new() } else { host.to_ascii_lowercase() };
    Some(Remote { url: url.clone(), scheme: scheme.to_ascii_lowercase(), host, via })
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    let ip = host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified());
    ip || host == "localhost" || host.ends_with(".localhost")
}

/// Whether an address to listen on is reached from this machine alone.
pub(super) fn is_own_address(address: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()) || address == "localhost"
}

//! Pack `transport`: connections that others can read, change, or stand at the other end of.

mod deno;
mod listeners;

use std::net::IpAddr;
use std::ops::Range;

use super::super::dangers::TransportDangers;
use super::super::entries::Scene;
use super::secrets::{names_secret, random_segment};
use crate::config::Spanned;
use crate::discover::Clients;
use crate::document::Span;
use crate::finding::{Confidence, Finding, Severity};
use crate::launch::{Remote, Via, is_loopback};
use crate::rules::{Draft, Packs};
use deno::deno;
use listeners::listeners;

/// Judges where one entry connects to, and how.
pub(in crate::judge) fn transport(
    scene: &Scene<'_>,
    packs: &Packs,
    dangers: &TransportDangers,
    clients: &Clients,
    findings: &mut Vec<Finding>,
) {
    let mut check = Check { scene, packs, dangers, findings: &mut *findings };
    for remote in &scene.launch.remotes {
        check.tunnel(remote);
        // What a server is told to work with is no connection of the client.
        if remote.via != Via::Server && !is_loopback(&remote.host) {
            check.cleartext(remote);
            check.address(remote);
            check.disguised(remote);
            check.authentication(remote);
        }
        check.key(remote);
    }
    listeners(scene, packs, dangers, findings);
    deno(scene, packs, dangers, findings);
    let mut check = Check { scene, packs, dangers, findings };
    check.sse(clients);
    check.variables();
    check.options();
}

struct Check<'a> {
    scene: &'a Scene<'a>,
    packs: &'a Packs,
    dangers: &'a TransportDangers,
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    fn add(&mut self, rule: &str, span: Span, matched: &str, fill: impl FnOnce(Draft<'_>) -> Draft<'_>) {
        self.findings.extend(self.scene.finding(self.packs, rule, span, matched, fill));
    }

    /// About an address. What follows the host is not shown: keys stand there.
    fn add_remote(&mut self, rule: &str, remote: &Remote, fill: impl FnOnce(Draft<'_>) -> Draft<'_>) {
        self.add(rule, remote.url.span, &format!("{}://{}", remote.scheme, remote.host), fill);
    }

    fn cleartext(&mut self, remote: &Remote) {
        // Without a host nobody can tell where it goes.
        if !matches!(remote.scheme.as_str(), "http" | "ws") || remote.host.is_empty() {
            return;
        }
        let reach = reach(&remote.host, self.dangers);
        let (who, severity) = match reach {
            Reach::Own => ("whoever is in the same network", Severity::Medium),
            Reach::Public => ("everybody on the way", Severity::High),
        };
        self.add_remote("transport/cleartext-remote", remote, |draft| {
            draft
                .severity(severity)
                .with("host", remote.host.clone())
                .with("scheme", remote.scheme.clone())
                .with("who", who)
                .with("secure", if remote.scheme == "ws" { "wss" } else { "https" })
        });
    }

    fn tunnel(&mut self, remote: &Remote) {
        let host = remote.host.trim_end_matches('.');
        let below = |known: &str| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if let Some(tunnel) = self.dangers.tunnels.iter().find(|tunnel| below(&tunnel.host)) {
            let who = tunnel.who.clone();
            self.add_remote("transport/tunnel-host", remote, |draft| {
                draft.with("host", host.to_owned()).with("who", who)
            });
        }
    }

    fn address(&mut self, remote: &Remote) {
        let public = remote.host.parse::<IpAddr>().is_ok_and(|ip| !is_private(ip));
        if public {
            self.add_remote("transport/raw-address", remote, |draft| draft.with("host", remote.host.clone()));
        }
    }

    /// Letters that look like others, as written or as names are sent.
    fn disguised(&mut self, remote: &Remote) {
        let host = &remote.host;
        if !host.is_ascii() || host.split('.').any(|label| label.starts_with("xn--")) {
            self.add_remote("transport/disguised-host", remote, |draft| draft.with("host", host.clone()));
        }
    }

    /// A key that travels in the address, where every log on the way keeps it.
    fn key(&mut self, remote: &Remote) {
        let named = key_in(&remote.url.text);
        // In the path nothing says that it is one.
        let Some(at) = named.clone().or_else(|| random_segment(&remote.url.text)) else { return };
        let span = remote.url.part(at.start, at.end);
        let what = match &remote.url.text[at.clone()] {
            _ if named.is_none() => "a part of its path is drawn at random".to_owned(),
            "" => "a user's name and password".to_owned(),
            name => format!("`{name}`"),
        };
        self.add("transport/key-in-url", span, &format!("{}://{}", remote.scheme, remote.host), |draft| {
            let draft = draft.with("host", remote.host.clone()).with("what", what);
            if named.is_some() { draft } else { draft.confidence(Confidence::Low) }
        });
    }

    /// A remote that is told nothing about who asks. Most sign in when they are first used, which a config does not show.
    fn authentication(&mut self, remote: &Remote) {
        let entry = self.scene.entry;
        let among = |name: &str| may_name_login(name);
        let told = entry.headers.iter().any(|field| among(&field.name))
            || entry.others.iter().any(|field| field.path.split('.').any(among))
            || entry.env.iter().any(|field| among(&field.name))
            || entry.args.iter().any(|arg| among(&arg.text))
            || key_in(&remote.url.text).is_some()
            || random_segment(&remote.url.text).is_some();
        if told || remote.host.is_empty() {
            return;
        }
        let open = match reach(&remote.host, self.dangers) {
            Reach::Own => true,
            Reach::Public => remote.host.parse::<IpAddr>().is_ok(),
        };
        self.add_remote("transport/no-authentication", remote, |draft| {
            let draft = draft.with("host", remote.host.clone());
            if open { draft } else { draft.confidence(Confidence::Low) }
        });
    }

    /// The transport's name where the entry says one, else how an address ends.
    fn sse(&mut self, clients: &Clients) {
        let words = &clients.entry_words().transport;
        let entry = self.scene.entry;
        let named = entry.others.iter().find(|field| {
            let last = field.path.rsplit('.').next().unwrap_or_default();
            words.iter().any(|word| word == last) && field.path.split('.').count() <= 2
        });
        if let Some(Spanned { text, span }) = named.map(|field| &field.value) {
            if text.eq_ignore_ascii_case("sse") {
                self.add("transport/deprecated-sse", *span, text, |draft| draft);
            }
            return;
        }
        let old = |remote: &&Remote| {
            let path = remote.url.text.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
            remote.via != Via::Server && path.ends_with("/sse")
        };
        if let Some(remote) = self.scene.launch.remotes.iter().find(old) {
            self.add_remote("transport/deprecated-sse", remote, |draft| draft);
        }
    }

    /// Variables of the entry, and those that a container is given by option.
    fn variables(&mut self) {
        let scene = self.scene;
        for field in &scene.entry.env {
            self.variable(&field.name, &field.value.text, field.value.span);
        }
        for variable in scene.launch.images.iter().flat_map(|image| image.values("--env")) {
            if let Some((name, value)) = variable.text.split_once('=') {
                self.variable(name, value, variable.span);
            }
        }
    }

    fn variable(&mut self, name: &str, value: &str, span: Span) {
        let capitals = name.to_ascii_uppercase();
        let Some(known) = self.dangers.tls_off.iter().find(|known| known.is(&capitals, value)) else { return };
        let process = known.process;
        let switch = format!("{name}={value}");
        self.add("transport/tls-off", span, &switch, |draft| {
            let draft = draft.with("switch", switch.clone());
            // What a server does with a name of its own is only what names like it usually mean.
            if process { draft } else { draft.severity(Severity::Medium) }
        });
    }

    /// Options of bridges.
    fn options(&mut self) {
        if !self.scene.launch.remotes.iter().any(|remote| remote.via == Via::Bridge) {
            return;
        }
        for arg in &self.scene.entry.args {
            if self.dangers.tls_off_options.contains(&arg.text) {
                self.add("transport/tls-off", arg.span, &arg.text, |draft| draft.with("switch", arg.text.clone()));
            }
        }
    }
}

/// Whether a name speaks of a login.
fn may_name_login(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["auth", "token", "key", "secret", "oauth", "bearer", "credential", "password", "cookie", "client_id", "clientid"]
        .iter()
        .any(|word| lower.contains(word))
}

/// The name of the parameter that carries a key in an address; an empty place before the host for a password there.
fn key_in(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + 3;
    let authority = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    if let Some((user, _)) = url[start..authority].rsplit_once('@')
        && user.contains(':')
    {
        return Some(start..start);
    }
    let query = authority + url[authority..].find('?')? + 1;
    let mut at = query;
    for pair in url[query..].split(['&', '#']) {
        if let Some((name, value)) = pair.split_once('=')
            && !value.is_empty()
            && names_secret(name)
        {
            return Some(at..at + name.len());
        }
        at += pair.len() + 1;
    }
    None
}

enum Reach {
    /// Only a network of one's own knows this host.
    Own,
    /// The open network.
    Public,
}

fn reach(host: &str, dangers: &TransportDangers) -> Reach {
    let own = match host.parse::<IpAddr>() {
        Ok(ip) => is_private(ip),
        Err(_) => !host.contains('.') || dangers.own_names.iter().any(|end| host.ends_with(end.as_str())),
    };
    if own { Reach::Own } else { Reach::Public }
}

/// Addresses that the open network does not carry.
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            // 100.64.0.0/10 is what carriers and overlay networks number their own with.
            ip.is_private()
                || ip.is_link_local()
                || ip.is_loopback()
                || ip.is_unspecified()
                || first == 100 && second & 0xC0 == 64
        }
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_private(IpAddr::V4(ip)),
            None => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ones_own() {
        for ip in [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.1.1",
            "100.100.1.1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_private(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1"] {
            assert!(!is_private(ip.parse().unwrap()), "{ip}");
        }
    }
}

//! What requests go out through: certificates, proxies, timeouts, and how it is all ended at once.

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ureq::http::{Request, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, AsSendBody, Body, Error, Proxy};

use super::trouble::seconds;

/// How long finding and reaching a host may take, each. The system's own patience is minutes.
const CONNECT: Duration = Duration::from_secs(10);
/// Headers of an answer.
const HEADERS: usize = 64 << 10;

/// Sends the requests to one server.
pub(super) struct Agents {
    /// Trusts whom the system trusts.
    system: Agent,
    /// Trusts the built-in list, where the system has none, as in bare containers.
    built_in: OnceLock<Agent>,
    total: Duration,
    proxy: Option<Proxy>,
    /// Set once everything was ended.
    over: Mutex<bool>,
}

impl Agents {
    /// Before the first request. Each may take `total`, after which it fails by itself.
    pub(super) fn new(proxy: Option<Proxy>, total: Duration) -> Self {
        let system = agent(proxy.clone(), total, RootCerts::PlatformVerifier);
        Self { system, built_in: OnceLock::new(), total, proxy, over: Mutex::new(false) }
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) fn run<B: AsSendBody + Clone>(&self, request: &Request<B>) -> Result<Response<Body>, Error> {
        if let Some(built_in) = self.built_in.get() {
            return built_in.run(request.clone());
        }
        match self.system.run(request.clone()) {
            Err(error) if error.to_string().contains("No CA certificates were loaded") => {
                let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
                if *over {
                    return Err(error);
                }
                let built_in =
                    self.built_in.get_or_init(|| agent(self.proxy.clone(), self.total, RootCerts::WebPki)).clone();
                drop(over);
                built_in.run(request.clone())
            }
            result => result,
        }
    }

    /// Ends every request that is still under way, also those that wait for a body.
    pub(super) fn hang_up(&self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.system.clone().shutdown();
        if let Some(agent) = self.built_in.get() {
            agent.clone().shutdown();
        }
    }
}

fn agent(proxy: Option<Proxy>, total: Duration, roots: RootCerts) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // Redirects are followed by whoever knows what may go where.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_response_header_size(HEADERS)
        .timeout_global(Some(total))
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        // A server of one thread would wait for the next request on the last connection, and for nothing else.
        .max_idle_connections(0)
        .user_agent(concat!("mcpscan/", env!("CARGO_PKG_VERSION")))
        // Nothing compressed, so nothing that grows on being unpacked.
        .accept_encoding("identity")
        .proxy(proxy)
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .new_agent()
}

/// Whether an error is one of getting there, before anything was asked.
pub(super) fn is_unreached(error: &Error) -> bool {
    match error {
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::ConnectProxyFailed(_)
        | Error::InvalidProxyUrl
        | Error::Tls(_)
        | Error::TlsRequired
        | Error::Pem(_)
        | Error::Rustls(_)
        | Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => true,
        Error::Io(error) => {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::AddrNotAvailable
                    | io::ErrorKind::PermissionDenied
            ) || is_lookup(error)
                || tls(&error.to_string()).is_some()
        }
        _ => false,
    }
}

/// Whether a name could not be found. The library tells it by its text only.
fn is_lookup(error: &io::Error) -> bool {
    let text = error.to_string();
    text.contains("lookup address") || text.contains("No such host is known") || text.contains("nodename nor servname")
}

/// An error in words. It may hold what the server sent.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::HostNotFound => "there is no such host".to_owned(),
        Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) => {
            format!("no connection within {}", seconds(CONNECT))
        }
        Error::Timeout(_) => "it took too long".to_owned(),
        Error::LargeResponseHeader(..) => format!("headers of more than {} KiB", HEADERS >> 10),
        Error::Protocol(error) => format!("no valid HTTP ({error})"),
        Error::ConnectProxyFailed(error) => format!("the proxy did not connect ({error})"),
        Error::Io(error) => io_words(error),
        error => tls(&error.to_string()).unwrap_or_else(|| error.to_string()),
    }
}

/// The same of a body that breaks off.
pub(super) fn io_words(error: &io::Error) -> String {
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return words(inner);
    }
    if is_lookup(error) {
        return words(&Error::HostNotFound);
    }
    let text = error.to_string();
    if let Some(words) = tls(&text) {
        return words;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the connection was closed".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            "the connection was reset".to_owned()
        }
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => text.split(" (os error").next().unwrap_or_default().to_owned(),
    }
}

/// What is wrong with an encrypted connection, as its user would name it.
fn tls(text: &str) -> Option<String> {
    const CAUSES: &[(&str, &str)] = &[
        ("UnknownIssuer", "its certificate is signed by nobody whom this machine trusts"),
        ("CaUsedAsEndEntity", "its certificate is that of an authority, which no server may use"),
        ("Expired", "its certificate has expired"),
        ("expired", "its certificate has expired"),
        ("NotValidYet", "its certificate is not valid yet"),
        ("NotValidForName", "its certificate is for another name"),
        ("not valid for name", "its certificate is for another name"),
        ("Revoked", "its certificate was revoked"),
        ("InvalidContentType", "it does not speak TLS there"),
        ("HandshakeFailure", "it and this scanner have no way of encryption in common"),
        ("ProtocolVersion", "it speaks no version of TLS that is safe"),
    ];
    let about = ["certificate", "corrupt message", "alert", "TLS", "rustls", "handshake"];
    let known = CAUSES.iter().find(|(word, _)| text.contains(word)).map(|(_, cause)| *cause);
    about.iter().any(|word| text.contains(word)).then(|| match known {
        Some(cause) => format!("TLS: {cause}"),
        None => format!("TLS: {}", text.trim_start_matches("rustls: ").trim_start_matches("io: ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_well() {
        assert_eq!(words(&Error::HostNotFound), "there is no such host");
        let refused = Error::Io(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert!(is_unreached(&refused) && words(&refused) == "connection refused");
        let certificate = Error::Io(io::Error::other("invalid peer certificate: UnknownIssuer"));
        assert!(is_unreached(&certificate));
        assert_eq!(words(&certificate), "TLS: its certificate is signed by nobody whom this machine trusts");
        let plain = Error::Io(io::Error::other("received corrupt message of type InvalidContentType"));
        assert_eq!(words(&plain), "TLS: it does not speak TLS there");
        assert!(!is_unreached(&Error::LargeResponseHeader(1, 1)));
    }
}

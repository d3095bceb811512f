//! Certificates of an authority of one's own, as companies have them.

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::wire::{read, well};

/// Starts a server on `localhost`, and gives the certificate of whoever vouches for it.
fn start() -> (u16, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![own.der().clone()], key).unwrap());

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            // Whoever does not trust the certificate hangs up.
            let Some(request) = read(&mut stream) else { continue };
            let body = well(&request).unwrap_or_default();
            let status = if body.is_empty() { "202 Accepted" } else { "200 OK" };
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
            let _ = write!(stream, "{head}\r\n\r\n{body}").and_then(|()| stream.flush());
        }
    });
    (port, authority.pem())
}

#[test]
fn an_authority_of_ones_own_is_trusted_by_its_file() {
    let (port, authority) = start();
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("authority.pem");
    std::fs::write(&file, authority).unwrap();
    let ask = |variable: Option<&str>, host: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpscan"));
        command.args(["inspect", "--url", &format!("https://{host}:{port}/mcp")]).env_clear().env("HOME", home.path());
        // What the system needs to be found there at all.
        command.envs(std::env::vars().filter(|(name, _)| name.eq_ignore_ascii_case("SystemRoot")));
        command.envs(variable.map(|variable| (variable, &file)));
        let done = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&done.stdout), text(&done.stderr))
    };
    let (out, err) = ask(None, "localhost");
    assert!(out.is_empty() && err.contains("signed by nobody whom this machine trusts"), "{out} {err}");
    // Elsewhere the system itself is asked, and knows no such variable.
    if cfg!(target_os = "linux") {
        let (out, err) = ask(Some("SSL_CERT_FILE"), "localhost");
        assert!(err.is_empty() && out.contains("Be careful."), "{out} {err}");
        let (out, err) = ask(Some("SSL_CERT_FILE"), "127.0.0.1");
        assert!(out.is_empty() && err.contains("its certificate is for another name"), "{out} {err}");
    }
}

//! Servers that are asked by address, and servers that stand in no config.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;
#[path = "remotes/wire.rs"]
#[allow(dead_code)]
mod wire;

use common::{Place, binary};
use wire::{Request, Server, serve, well};

const SECRET: &str = "q7Zt2mXw9LbK4vRn8cYp3sHd";

fn healthy() -> Server {
    Server::start("127.0.0.1:0", serve)
}

/// One that speaks to nobody without a token.
fn closed() -> Server {
    Server::start("127.0.0.1:0", |wire, request| match request.header("authorization") {
        Some(token) if token.ends_with(SECRET) => serve(wire, request),
        Some(other) => wire.answer("403 Forbidden", &format!("WWW-Authenticate: Bearer got=\"{other}\"\r\n"), ""),
        None => wire.answer("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"x\u{202e}\"\r\n", ""),
    })
}

fn url(server: &Server) -> String {
    format!("http://127.0.0.1:{}/mcp", server.port)
}

fn calls(requests: &[Request], method: &str) -> usize {
    requests.iter().filter(|request| request.call() == method).count()
}

/// The status and the reason of the only server.
fn only(ran: &common::Ran) -> (String, String) {
    let json = ran.json();
    let servers = json["coverage"]["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 1, "{}", ran.out);
    let text = |key: &str| servers[0][key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

#[test]
fn a_server_by_its_command_line() {
    let place = Place::new();
    let line = format!("{} __serve weather", binary());
    let ran = place.run(&["--server", &line, "--format", "json", "--ignore", "supply-chain"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert_eq!(only(&ran).0, "scanned");
    assert!(ran.rules().iter().any(|rule| rule.starts_with("poisoning/")), "{:?}", ran.rules());
    assert_eq!(ran.json()["findings"][0]["location"]["path"], "--server");
    let ran = place.run(&["--server", &line, "--launch", "none", "--ignore", "supply-chain"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn a_command_line_is_judged_like_an_entry() {
    let place = Place::new();
    let args = ["--launch", "none", "--fail-on", "medium"];
    let ran = place.run(&[&["--server", "npx -y @acme/search@latest"][..], &args].concat());
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for part in ["medium[supply-chain/unpinned-package]", "--> --server:1:8", "1 | npx -y @acme/search@latest"] {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
    let line = format!("npx -y @acme/search@1.2.3 --api-key {SECRET}");
    let ran = place.run(&[&["--server", &line][..], &args].concat());
    assert!(ran.code == 1 && ran.out.contains("secrets/") && !ran.out.contains(SECRET), "{}{}", ran.out, ran.err);
}

#[test]
fn who_could_not_be_asked_is_no_success() {
    let place = Place::new();
    let ran = place.run(&["--server", "mcpscan-no-such-program --x", "--format", "json"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let (status, reason) = only(&ran);
    assert!(status == "failed" && reason.contains("could not start `mcpscan-no-such-program`"), "{reason}");
    let ran = place.run(&["--url", "http://mcpscan.invalid/mcp", "--format", "json", "--fail-on", "never"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let (status, reason) = only(&ran);
    assert!(status == "failed" && reason.contains("there is no such host"), "{reason}");
    let ran = place.run(&["--url", "ws://mcpscan.invalid/mcp", "--format", "json", "--fail-on", "never"]);
    assert_eq!((ran.code, only(&ran).0.as_str()), (3, "skipped"));
}

#[test]
fn what_is_known_to_be_malicious_is_not_started() {
    let ran = Place::new().run(&["--server", "npx -y postmark-mcp@1.0.16", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let (status, reason) = only(&ran);
    assert!(status == "skipped" && reason.contains("supply-chain/known-malicious"), "{reason}");
}

#[test]
fn a_server_by_its_address() {
    let (place, server) = (Place::new(), healthy());
    let ran = place.run_env(
        &["--url", &url(&server), "--header", "X-Api-Key: ${KEY}", "--header", "X-Plain:plain", "--format", "json"],
        &[("KEY", SECRET)],
    );
    assert_eq!((ran.code, only(&ran).0.as_str()), (0, "scanned"), "{}{}", ran.out, ran.err);
    assert_eq!(ran.json()["coverage"]["servers"][0]["tools"], 2);
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.header("x-api-key") == Some(SECRET)));
    assert!(requests.iter().all(|request| request.header("x-plain") == Some("plain")));
    let before = requests.len();
    let ran = place.run(&["--url", &url(&server), "--launch", "none", "--format", "json"]);
    assert_eq!((ran.code, only(&ran).0.as_str()), (0, "static"));
    assert_eq!(server.requests().len(), before, "nothing is sent unless asked");
    let ran = place.run(&["--url", "http://crm.example.com/mcp?api_key=q7Zt2mXw9LbK4vRn8cYp3sHd", "--launch", "none"]);
    assert!(ran.code == 1 && ran.out.contains("--> --url:1:1") && !ran.out.contains(SECRET), "{}", ran.out);
}

#[test]
fn signing_in_is_neither_an_error_nor_a_pass() {
    let (place, server) = (Place::new(), closed());
    let address = url(&server);
    let ran = place.run(&["--url", &address]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let out = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.contains("(needs-sign-in): HTTP status 401") && out.contains("realm=\"x\\u{202e}\""), "{out}");
    assert!(out.contains("Read 1 file, 1 server; asked 1 server, none answered."), "{out}");
    let json = |args: &[&str]| {
        let all = [&["--url", address.as_str(), "--format", "json"], args].concat();
        let ran = place.run_env(&all, &[("TOKEN", SECRET), ("OTHER", "other-token-7781")]);
        assert!(!ran.out.contains(SECRET) && !ran.out.contains("other-token-7781"), "{}", ran.out);
        (ran.code, only(&ran))
    };
    assert_eq!(json(&["--bearer-env", "TOKEN"]), (0, ("scanned".to_owned(), String::new())));
    let (code, (status, reason)) = json(&["--bearer-env", "OTHER"]);
    assert!(code == 3 && status == "needs-sign-in" && reason.contains("got=\"Bearer [redacted]\""), "{reason}");
    // A header of its own counts for more.
    let (code, _) = json(&["--bearer-env", "OTHER", "--header", "authorization: Bearer ${TOKEN}"]);
    assert_eq!(code, 0);
    assert_eq!(json(&["--header", &format!("Authorization: Bearer {SECRET}")]).0, 0);
}

#[test]
fn a_token_goes_over_no_open_connection() {
    let args = ["--url", "http://mcpscan.invalid/", "--bearer-env", "TOKEN", "--format", "json", "--fail-on", "never"];
    let ran = Place::new().run_env(&args, &[("TOKEN", SECRET)]);
    assert!(only(&ran).1.contains("the token of --bearer-env was not sent"), "{}", ran.out);
}

#[test]
fn remotes_of_configs_are_asked_with_consent_only() {
    let (place, server) = (Place::new(), closed());
    let entry = |extra: &str| format!(r#"{{ "url": "http://127.0.0.1:{}${{env:WHERE}}", {extra} }}"#, server.port);
    let known = r#""headers": { "Authorization": "Bearer ${env:TOKEN}" }"#;
    place.write(
        "home/.cursor/mcp.json",
        format!(
            r#"{{ "mcpServers": {{ "one": {}, "two": {}, "ask": {}, "off": {{ "disabled": true, {} }}, "odd": {{ "url": "https://${{input:host}}/" }} }} }}"#,
            entry(known),
            entry(known),
            entry(r#""headers": { "Authorization": "Bearer ${input:token}" }"#),
            &entry(known)[1..entry(known).len() - 1]
        ),
    );
    let variables = [("TOKEN", SECRET), ("WHERE", "/mcp")];
    let ran = place.run_env(&["--home", "../home", "--format", "json"], &variables);
    assert!(server.requests().is_empty(), "{}", ran.out);
    let ran = place.run_env(&["--home", "../home", "--format", "json", "--launch", "all"], &variables);
    assert!(!ran.out.contains(SECRET));
    let json = ran.json();
    let of = |name: &str| {
        let servers = json["coverage"]["servers"].as_array().unwrap();
        let server = servers.iter().find(|server| server["server"] == name).unwrap();
        (server["status"].as_str().unwrap().to_owned(), server["reason"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!((of("one").0, of("two").0, of("off").0), ("scanned".into(), "scanned".into(), "static".into()));
    assert_eq!(json["coverage"]["servers"][0]["tools"], 2);
    let (status, reason) = of("ask");
    assert!(status == "needs-sign-in" && reason.contains("header `Authorization` was not sent"), "{reason}");
    let (status, reason) = of("odd");
    assert!(status == "skipped" && reason.contains("can only be filled in by the client"), "{reason}");
    let requests = server.requests();
    assert_eq!(calls(&requests, "tools/list"), 1, "one and two are one conversation");
    assert!(requests.iter().all(|request| request.path == "/mcp"));
}

#[test]
fn a_catalog_is_taken_back_with_the_same_findings() {
    let place = Place::new();
    let line = format!("{} __serve helper", binary());
    let judged = place.run(&["--server", &line, "--format", "json", "--select", "poisoning,shadowing"]);
    let ran = place.run(&["inspect", "--server", &line]);
    assert_eq!((ran.code, ran.out.lines().count()), (0, 1), "{}{}", ran.out, ran.err);
    let again = place.run_with(&["--tools", "-", "--format", "json", "--select", "poisoning,shadowing"], &ran.out);
    let told = |ran: &common::Ran| {
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        let one = |f: serde_json::Value| format!("{} {} {}", f["rule"], f["message"], f["tool"]);
        findings.into_iter().map(one).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(!told(&judged).is_empty() && told(&judged) == told(&again), "{}\n{}", judged.out, again.out);
}

#[test]
fn inspecting_needs_consent_and_tells_no_secret() {
    let place = Place::new();
    let echo = Server::start("127.0.0.1:0", |wire, request| {
        let key = request.header("x-key").unwrap_or_default().to_owned();
        match well(request) {
            Some(body) => wire.json(&body.replace("first", &format!("your key is {key}\\u202e"))),
            None => wire.answer("202 Accepted", "", ""),
        }
    });
    let config =
        format!(r#"{{"mcpServers": {{"e": {{"url": "{}", "headers": {{"X-Key": "{SECRET}"}}}}}}}}"#, url(&echo));
    place.write("project/mcp.json", config);
    let ran = place.run(&["inspect", "mcp.json"]);
    assert!(
        ran.code == 3 && ran.out.is_empty() && ran.err.contains("`e` in mcp.json (static)"),
        "{}{}",
        ran.out,
        ran.err
    );
    assert!(echo.requests().is_empty());
    let ran = place.run(&["inspect", "mcp.json", "--launch", "all", "--env-values", "real"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("your key is [redacted]\\u202e") && !ran.out.contains(SECRET), "{}", ran.out);
    assert!(!ran.out.trim_end().contains(char::is_control) && !ran.out.contains('\u{202e}'));
    let line: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&line["server"], &line["serverInfo"]["name"], &line["prompts"][0]["name"]),
        (&"e".into(), &"fake".into(), &"p".into())
    );
}

#[test]
fn wrong_usage() {
    let place = Place::new();
    for args in [
        &["--url", "https://x.example/", "mcp.json"][..],
        &["--url", "https://x.example/", "--server", "npx x"],
        &["--url", "https://x.example/", "--tools", "-"],
        &["--server", "npx x", "--tools", "-"],
        &["--server", "npx x", "--client", "cursor"],
        &["--server", " "],
        &["--server", "npx x", "--header", "A: b"],
        &["--header", "A: b"],
        &["--url", "https://x.example/", "--header", "no header"],
        &["--url", "https://x.example/", "--header", "A: b\r\nC: d"],
        &["--url", "https://x.example/", "--bearer-env", "MCPSCAN_NO_SUCH_VARIABLE"],
        &["--url", "https://x.example/", "--launch", "ask"],
        &["inspect", "--tools", "-"],
        &["inspect", "no/such/path.json"],
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, 2, "{args:?}\n{}\n{}", ran.out, ran.err);
    }
    let ran = place.run_env(&["--url", "https://x.example/", "--bearer-env", "T"], &[("T", "a b-secret")]);
    assert!(ran.code == 2 && !ran.err.contains("secret"), "{}", ran.err);
}

#[test]
fn a_token_goes_to_the_one_server_that_was_named() {
    let place = Place::new();
    place.write("project/mcp.json", r#"{"mcpServers": {"far": {"url": "https://mcpscan.invalid/mcp"}}}"#);
    for args in [&["mcp.json", "--launch", "all", "--bearer-env", "T"][..], &["--bearer-env", "T"]] {
        let ran = place.run_env(args, &[("T", "q7Zt9Lm2Xc4Vb6Nn8Rk1")]);
        assert_eq!(ran.code, 2, "a config's servers are whoever's that wrote it: {}", ran.err);
        assert!(ran.err.contains("--url"), "{}", ran.err);
    }
}

//! Servers started for real: this binary in its demo mode, and programs that are no servers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::{Place, binary};
use serde_json::{Value, json};

fn servers(coverage: &Value) -> Vec<(&str, &str, Option<u64>)> {
    let servers = coverage["coverage"]["servers"].as_array().unwrap();
    servers
        .iter()
        .map(|server| {
            (server["server"].as_str().unwrap(), server["status"].as_str().unwrap(), server["tools"].as_u64())
        })
        .collect()
}

#[test]
fn nothing_starts_unasked() {
    let place = Place::new();
    let mark = place.project().join("started");
    let config = json!({"mcpServers": {"x": {"command": "touch", "args": [mark]}}});
    place.write("project/.mcp.json", config.to_string());
    place.write("home/.cursor/mcp.json", config.to_string());
    for args in [&["--format", "json"][..], &[".mcp.json"], &["--launch", "none"], &["list"], &["."]] {
        place.run(args);
        assert!(!mark.exists(), "{args:?} started a server");
    }
    place.run(&["--launch", "all", "--timeout", "1"]);
    assert!(mark.exists(), "the same config does start it when asked to");
}

#[test]
fn good_and_bad_servers_together() {
    let place = Place::new();
    let serve = |which: &str| json!({"command": binary(), "args": ["__serve", which]});
    let config = json!({"mcpServers": {
        "notes": serve("notes"),
        "weather": serve("weather"),
        "nowhere": {"command": "no-such-program-anywhere"},
        "dies": {"command": "sh", "args": ["-c", "echo the key is missing >&2; exit 7"]},
        "hangs": {"command": "sh", "args": ["-c", "sleep 600"]},
        "off": {"command": "touch", "args": ["started"], "disabled": true},
        "remote": {"url": "https://example.com/mcp"},
        "asks": {"command": "acme", "args": ["${input:key}"]},
        "nothing": {},
    }});
    place.write("home/.cursor/mcp.json", config.to_string());
    let ran = place.run(&["--launch", "all", "--timeout", "1", "--format", "json"]);
    let json = ran.json();
    assert_eq!(
        servers(&json),
        [
            ("notes", "scanned", Some(2)),
            ("weather", "scanned", Some(2)),
            ("nowhere", "failed", Some(0)),
            ("dies", "failed", Some(0)),
            ("hangs", "failed", Some(0)),
            ("off", "static", None),
            ("remote", "skipped", None),
            ("asks", "skipped", None),
            ("nothing", "skipped", None),
        ]
    );
    let reason = |server: &str| {
        let servers = json["coverage"]["servers"].as_array().unwrap();
        servers.iter().find(|entry| entry["server"] == server).unwrap()["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason("nowhere").contains("no-such-program-anywhere"), "{}", reason("nowhere"));
    assert!(reason("dies").contains("status 7") && reason("dies").contains("the key is missing"), "{}", reason("dies"));
    assert!(reason("hangs").contains("no answer"), "{}", reason("hangs"));
    assert!(reason("remote").contains("not queried"), "{}", reason("remote"));
    assert_eq!(ran.code, 1, "the poisoned server is found all the same");
    assert!(ran.rules().iter().any(|rule| rule.starts_with("poisoning/")));
    assert_eq!(place.run(&["--launch", "all", "--timeout", "1", "--fail-on", "never", "--require-complete"]).code, 3);
}

/// What a server gets: what its entry names, filled in, and nothing of the scanner's own variables.
#[cfg(unix)]
#[test]
fn a_started_server_gets_only_its_own_variables() {
    let place = Place::new();
    let dump = place.project().join("dump");
    let script = format!("env > '{}'", dump.display());
    let config = json!({"mcpServers": {"x": {"command": "sh", "args": ["-c", script], "env": {"LITERAL": "1", "REFERENCE": "${HOME}/x", "UNSET": "${NO_SUCH}"}}}});
    place.write("home/.cursor/mcp.json", config.to_string());
    let mut command = std::process::Command::new(binary());
    let path = std::env::var_os("PATH").unwrap();
    command
        .args(["--launch", "all", "--timeout", "1"])
        .env_clear()
        .env("PATH", path)
        .env("HOME", place.home())
        .env("AWS_SECRET_ACCESS_KEY", "x");
    command.current_dir(place.project()).output().unwrap();
    let dump = std::fs::read_to_string(dump).unwrap();
    let home = place.home().display().to_string();
    assert!(dump.contains("LITERAL=1\n") && dump.contains(&format!("REFERENCE={home}/x\n")), "{dump}");
    assert!(!dump.contains("AWS_SECRET") && !dump.contains("UNSET"), "{dump}");
}

#[test]
fn a_secret_that_a_server_prints_does_not_leave() {
    let place = Place::new();
    let config = json!({"mcpServers": {"x": {"command": "sh", "args": ["-c", "echo token $API_TOKEN is wrong >&2; exit 1"], "env": {"API_TOKEN": "q7Zt2mXw9LbK4vRn8cYp3sHd"}}}});
    place.write("home/.cursor/mcp.json", config.to_string());
    let ran = place.run(&["--launch", "all", "--format", "json"]);
    assert!(ran.out.contains("token [redacted] is wrong"), "{}", ran.out);
    assert!(!ran.out.contains("q7Zt2mXw9LbK4vRn8cYp3sHd"));
}

#[test]
fn the_demo() {
    let place = Place::new();
    let ran = place.run(&["demo", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let json = ran.json();
    assert_eq!(json["summary"]["configs"], 3);
    let asked: Vec<_> = servers(&json).into_iter().filter(|(_, status, _)| *status == "scanned").collect();
    assert_eq!(asked.len(), 4, "{asked:?}");
    let rules = ran.rules();
    for pack in ["poisoning/", "shadowing/", "secrets/", "supply-chain/"] {
        assert!(rules.iter().any(|rule| rule.starts_with(pack)), "{pack}: {rules:?}");
    }
    for finding in json["findings"].as_array().unwrap() {
        assert_ne!(finding["server"], "notes", "the clean server is clean: {finding}");
    }
    assert!(std::fs::read_dir(place.home()).unwrap().next().is_none(), "the real home is left alone");
}

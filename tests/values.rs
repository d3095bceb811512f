//! Which values of secrets a started server gets: the real ones, or nonsense of the same form.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::Place;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const KEY: &str = "ghp_q7Zt9Lm2Xc4Vb6Nn8Rk1q7Zt9Lm2Xc4Vb6Nn";

/// A server whose one tool tells the SHA-256 of a text of the shell: the value itself would not leave the scanner.
fn teller(text: &str) -> String {
    format!(
        r#"d=$(printf %s "{text}" | sha256sum); read l; printf '{{"jsonrpc":"2.0","id":1,"result":{{"capabilities":{{"tools":{{}}}}}}}}\n'; read l; read l; printf '{{"jsonrpc":"2.0","id":2,"result":{{"tools":[{{"name":"t","description":"%s"}}]}}}}\n' "$d"; cat >/dev/null"#
    )
}

fn told(place: &Place, args: &[&str]) -> String {
    let mut all = vec!["inspect", "--launch", "all", "--answer-timeout", "5"];
    all.extend(args);
    let ran = place.run_env(&all, &[("GITHUB_TOKEN", KEY), ("PLACE", "somewhere")]);
    let catalog: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err));
    catalog["tools"][0]["description"].as_str().unwrap().split(' ').next().unwrap().to_owned()
}

fn sum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_projects_server_gets_made_up_secrets_unless_it_is_said_otherwise() {
    // A literal, a reference, a reference under a harmless name, and one in the command itself.
    let literal = json!({"command": "sh", "args": ["-c", teller("$API_KEY")], "env": {"API_KEY": KEY}});
    let reference = json!({"command": "sh", "args": ["-c", teller("$API_KEY")], "env": {"API_KEY": "${GITHUB_TOKEN}"}});
    let renamed = json!({"command": "sh", "args": ["-c", teller("$DATA")], "env": {"DATA": "${GITHUB_TOKEN}"}});
    let argument = json!({"command": "sh", "args": ["-c", teller("$0"), "${GITHUB_TOKEN}"]});
    for entry in [literal, reference, renamed, argument] {
        let text = json!({"mcpServers": {"x": entry}}).to_string();
        let place = Place::new();
        place.write("project/.mcp.json", &text);
        assert_ne!(told(&place, &[]), sum(KEY), "{entry}");
        assert_eq!(told(&place, &["--env-values", "real"]), sum(KEY), "{entry}");
        let place = Place::new();
        place.write("home/.claude.json", &text);
        assert_eq!(told(&place, &[]), sum(KEY), "the user's own config: {entry}");
        assert_ne!(told(&place, &["--env-values", "dummy"]), sum(KEY), "{entry}");
    }
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    let place = Place::new();
    let env = json!({"PORT": "8080", "WHERE": "${PLACE}", "MODE": "fast", "CREDENTIALS_FILE": "/srv/npm__Acme__calendar-mcp9/work2/credentials.json",
        "DB": "postgres://me:q7Zt9Lm2Xc4Vb6Nn8Rk1@db.example/x"});
    let script = teller("$PORT $WHERE $MODE $CREDENTIALS_FILE ${DB%%:q*} ${DB##*@}");
    let entry = json!({"command": "sh", "args": ["-c", script], "env": env});
    place.write("project/.mcp.json", json!({"mcpServers": {"x": entry}}).to_string());
    // The password's first letter is made up as well, so that nothing is cut off there.
    let expected = ["postgres://me", "db.example/x"];
    let plain = "8080 somewhere fast /srv/npm__Acme__calendar-mcp9/work2/credentials.json";
    let made = told(&place, &[]);
    let real = told(&place, &["--env-values", "real"]);
    assert_eq!(real, sum(&format!("{plain} {} {}", expected[0], expected[1])));
    assert_ne!(made, real, "only the password differs");
    let script = teller("$PORT $WHERE $MODE $CREDENTIALS_FILE ${DB##*@}");
    let entry = json!({"command": "sh", "args": ["-c", script], "env": env});
    place.write("project/.mcp.json", json!({"mcpServers": {"x": entry}}).to_string());
    assert_eq!(told(&place, &[]), sum(&format!("{plain} db.example/x")));
}

#[test]
fn a_server_that_refuses_a_made_up_value_is_told_with_the_way_out() {
    let place = Place::new();
    let entry = json!({"command": "sh", "args": ["-c", "echo bad key >&2; exit 1"], "env": {"API_KEY": KEY}});
    place.write("project/.mcp.json", json!({"mcpServers": {"x": entry}}).to_string());
    let ran = place.run(&["--launch", "all", "--format", "json"]);
    let reason = ran.json()["coverage"]["servers"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("made-up values stood for `API_KEY`") && reason.contains("--env-values real"), "{reason}");
}

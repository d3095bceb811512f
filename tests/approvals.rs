//! What is answered at a terminal, what of it is remembered, and for what.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use common::{Place, binary};
use serde_json::{Value, json};

/// Runs the program at a terminal where `typed` is typed. What it shows there, and its report.
fn at_terminal(place: &Place, args: &[&str], typed: &str) -> (String, Value) {
    let terminal = nix::pty::openpty(None, None).unwrap();
    let ours = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut child = Command::new(binary())
        .args(args)
        .args(["--format", "json"])
        .current_dir(place.project())
        .env_clear()
        .env("HOME", place.home())
        .env("PATH", std::env::var_os("PATH").unwrap())
        .stdin(ours())
        .stderr(ours())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(terminal.slave);
    let mut master = std::fs::File::from(terminal.master);
    master.write_all(typed.as_bytes()).unwrap();
    let mut reader = master.try_clone().unwrap();
    let shown = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // Ends with an error once nobody holds the other side.
        let _ = reader.read_to_end(&mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    });
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    child.wait().unwrap();
    (shown.join().unwrap(), serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
}

fn status(report: &Value, server: &str) -> String {
    let servers = report["coverage"]["servers"].as_array().unwrap();
    let found = servers.iter().find(|found| found["server"] == server).unwrap();
    found["status"].as_str().unwrap().to_owned()
}

fn config(name: &str, args: &[&str]) -> String {
    json!({"mcpServers": {name: {"command": binary(), "args": args}}}).to_string()
}

fn plain(place: &Place) -> Value {
    place.run(&["--format", "json", "--answer-timeout", "1"]).json()
}

#[test]
fn what_was_approved_is_asked_again_without_a_question_until_it_changes() {
    let place = Place::new();
    place.write("home/.cursor/mcp.json", config("own", &["__serve", "notes"]));
    assert_eq!(status(&plain(&place), "own"), "static", "nobody was asked yet");

    let (shown, report) = at_terminal(&place, &[], "all\nn\n");
    assert!(shown.contains("own (Cursor)") && shown.contains("Remember this"), "{shown}");
    assert_eq!(status(&report, "own"), "scanned");
    assert_eq!(status(&plain(&place), "own"), "static", "an answer holds for one run");

    let (shown, _) = at_terminal(&place, &[], "1\ny\n");
    assert!(shown.contains("Remembered"), "{shown}");
    assert_eq!(status(&plain(&place), "own"), "scanned");
    let (shown, report) = at_terminal(&place, &[], "");
    assert!(shown.contains("Approved before") && !shown.contains("Ask them?"), "{shown}");
    assert_eq!(status(&report, "own"), "scanned");
    assert_eq!(status(&place.run(&["--launch", "none", "--format", "json"]).json(), "own"), "static");

    let listed = place.run(&["approvals", "list"]);
    assert!(listed.out.contains("own (Cursor)") && listed.out.contains("__serve notes"), "{}", listed.out);

    // One more variable is another thing to start, and so is one more word.
    let other = json!({"mcpServers": {"own": {"command": binary(), "args": ["__serve", "notes"], "env": {"A": "1"}}}});
    for text in [other.to_string(), config("own", &["__serve", "weather"])] {
        place.write("home/.cursor/mcp.json", text);
        assert_eq!(status(&plain(&place), "own"), "static");
    }
    place.write("home/.cursor/mcp.json", config("own", &["__serve", "notes"]));
    assert_eq!(status(&plain(&place), "own"), "scanned");

    assert_eq!(place.run(&["approvals", "revoke", "nobody"]).code, 2);
    let revoked = place.run(&["approvals", "revoke", "own"]);
    assert!(revoked.code == 0 && revoked.out.contains("1 taken back"), "{}", revoked.out);
    assert_eq!(status(&plain(&place), "own"), "static");
}

#[test]
fn a_projects_commands_are_remembered_only_where_it_is_said() {
    let place = Place::new();
    let script = "read l; printf '{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"capabilities\":{}}}\\n'; cat >/dev/null";
    place.write("project/server.sh", script);
    let text = json!({"mcpServers": {"theirs": {"command": "sh", "args": ["server.sh"]}}}).to_string();
    place.write("project/.mcp.json", text);
    let (shown, report) = at_terminal(&place, &["--answer-timeout", "1"], "all\ny\n");
    assert!(shown.contains("came with a project"), "{shown}");
    assert_ne!(status(&report, "theirs"), "static", "it was asked this once");
    assert_eq!(status(&plain(&place), "theirs"), "static", "`y` is not enough");

    at_terminal(&place, &["--answer-timeout", "1"], "all\np\n");
    assert_ne!(status(&plain(&place), "theirs"), "static");
    place.write("project/server.sh", format!("{script}\n# changed"));
    assert_eq!(status(&plain(&place), "theirs"), "static", "the same command runs something else now");
}

#[test]
fn a_damaged_list_of_approvals_is_no_silent_reset() {
    let place = Place::new();
    place.write("home/.cursor/mcp.json", config("own", &["__serve", "notes"]));
    place.write("home/.config/mcpscan/approvals.json", "{");
    let path = place.home().join(".config/mcpscan/approvals.json");
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let ran = place.run(&["--format", "json"]);
    assert!(ran.code == 2 && ran.err.contains("approvals.json"), "{} {}", ran.code, ran.err);
    assert_eq!(place.run(&["--launch", "none", "--format", "json"]).code, 0, "where nothing is asked it is not needed");
}

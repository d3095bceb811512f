//! What is answered at a terminal, what of it is remembered, and for what.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::terminal::at_terminal;
use common::{Place, binary};
use serde_json::{Value, json};

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

#[test]
fn what_happens_is_shown_at_a_terminal_and_nowhere_else() {
    let place = Place::new();
    let serve = |which: &str| json!({"command": binary(), "args": ["__serve", which]});
    let config = json!({"mcpServers": {
        "notes": serve("notes"),
        "gone\u{1b}[2J": {"command": "sh", "args": ["-c", "exit 3"]},
    }});
    place.write("home/.cursor/mcp.json", config.to_string());
    let (shown, _) = at_terminal(&place, &["--launch", "all"], "");
    let lines: Vec<&str> = shown.lines().collect();
    let line = |start: &str| lines.iter().find(|line| line.contains(start) && line.contains(" s")).copied();
    assert!(line("notes (cursor)").is_some_and(|_| shown.contains("2 tools")), "{shown:?}");
    assert!(shown.contains("failed, ") && !shown.contains("gone\u{1b}"), "{shown:?}");
    assert!(place.run(&["--launch", "all"]).err.is_empty());
}

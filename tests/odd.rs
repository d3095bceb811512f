//! Every odd file has its line in the coverage: what could be read was read, and what not is told with a reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use common::{Place, Ran};
use serde::Deserialize;

/// What is expected of one file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Odd {
    /// What is odd, and why it is read so.
    why: String,
    /// Where it stands; nothing if it is named.
    at: Option<String>,
    status: String,
    #[serde(default)]
    servers: u64,
    /// How the reason begins.
    reason: Option<String>,
    #[serde(default)]
    rules: BTreeSet<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/odd")
}

/// The only line of the coverage.
fn line(ran: &Ran) -> (String, u64, Option<String>) {
    let json = ran.json();
    let configs = json["coverage"]["configs"].as_array().unwrap();
    assert_eq!(configs.len(), 1, "{}", ran.out);
    let reason = configs[0]["reason"].as_str().map(str::to_owned);
    (configs[0]["status"].as_str().unwrap().to_owned(), configs[0]["servers"].as_u64().unwrap(), reason)
}

#[test]
fn none_is_a_silent_pass() {
    let text = std::fs::read_to_string(folder().join("expected.toml")).unwrap();
    let expected: BTreeMap<String, Odd> = toml::from_str(&text).unwrap();
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "expected.toml")
        .collect();
    assert_eq!(files, expected.keys().cloned().collect(), "each file has its entry in expected.toml");
    let mut wrong = Vec::new();
    for (name, odd) in &expected {
        assert!(!odd.why.is_empty(), "{name}");
        let place = Place::new();
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let ran = match &odd.at {
            Some(at) => {
                place.write(&if at.starts_with("home/") { at.clone() } else { format!("project/{at}") }, bytes);
                place.run(&["--format", "json", "--pedantic"])
            }
            None => {
                place.write(&format!("project/{name}"), bytes);
                place.run(&[name, "--format", "json", "--pedantic"])
            }
        };
        let (status, servers, reason) = line(&ran);
        let rules: BTreeSet<String> = ran.rules().into_iter().collect();
        let told = match (&reason, &odd.reason) {
            (Some(reason), Some(expected)) => reason.starts_with(expected.as_str()),
            (reason, expected) => reason.is_none() && expected.is_none(),
        };
        if !told || status != odd.status || servers != odd.servers || rules != odd.rules {
            let reason = reason.map(|reason| format!("reason = {reason:?}\n")).unwrap_or_default();
            wrong.push(format!("[{name:?}]\nstatus = {status:?}\nservers = {servers}\n{reason}rules = {rules:?}\n"));
        }
        // Whoever wants everything read is told that it was not.
        if odd.status == "failed" {
            assert_eq!(ran.code, 3, "{name}: {}", ran.out);
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
}

/// What can't lie in a repository: too deep, too large.
#[test]
fn files_that_are_made() {
    let place = Place::new();
    for (name, text) in [
        ("deep.json", "[".repeat(200_000)),
        ("deep.yaml", "[".repeat(200_000)),
        ("deep.toml", format!("a = {}", "[".repeat(200_000))),
        ("deep.xml", "<a>".repeat(200_000)),
    ] {
        place.write(&format!("project/{name}"), text);
        let ran = place.run(&[name, "--format", "json"]);
        let (status, servers, reason) = line(&ran);
        assert_eq!((status.as_str(), servers, ran.code), ("failed", 0, 3), "{name}");
        assert!(reason.unwrap().starts_with("line 1, column "), "{name}");
    }

    // Claude Code's own file keeps a history, and the servers may come behind it.
    let history = "x".repeat(1 << 20);
    let history: Vec<String> = (0..24).map(|i| format!("\"{i}\": \"{history}\"")).collect();
    let large = format!(
        r#"{{"history": {{{}}}, "projects": {{"/p": {{"mcpServers": {{"b": {{"command": "x"}}}}}}}}, "mcpServers": {{"a": {{"command": "npx", "args": ["-y", "postmark-mcp"]}}}}}}"#,
        history.join(", ")
    );
    place.write("home/.claude.json", large);
    let ran = place.run(&["--format", "json"]);
    assert_eq!(line(&ran), ("scanned".to_owned(), 2, None));
    assert!(ran.rules().contains(&"supply-chain/known-malicious".to_owned()));

    let huge = std::fs::File::create(place.home().join(".claude.json")).unwrap();
    huge.set_len(257 << 20).unwrap();
    let ran = place.run(&["--format", "json"]);
    assert_eq!(line(&ran), ("failed".to_owned(), 0, Some("larger than 256 MiB".to_owned())));
}

/// Links, pipes, folders and what nobody may read.
#[cfg(unix)]
#[test]
fn what_is_no_plain_file() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let of = |make: &dyn Fn(&Place, &Path)| {
        let place = Place::new();
        let path = place.project().join(".cursor/mcp.json");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        make(&place, &path);
        line(&place.run(&["--format", "json"]))
    };
    let told = |status: &str, reason: &str| (status.to_owned(), 0, Some(reason.to_owned()));
    let nowhere = of(&|_, path| symlink("gone.json", path).unwrap());
    assert_eq!(nowhere, told("skipped", "a link that leads nowhere"));
    let circle = of(&|_, path| symlink("mcp.json", path).unwrap());
    assert_eq!(circle, told("skipped", "a link that leads nowhere"));
    let out = of(&|place, path| {
        place.write("home/x.json", common::BAD_CURSOR);
        symlink(place.home().join("x.json"), path).unwrap();
    });
    assert_eq!(out, told("skipped", "a link that leads out of the project"));
    let pipe = of(&|_, path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success()));
    assert_eq!(pipe, told("failed", "not a regular file"));
    let socket = of(&|_, path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()));
    assert_eq!(socket, told("failed", "not a regular file"));
    let inside = of(&|_, path| std::fs::create_dir(path).unwrap());
    assert_eq!(inside, told("failed", "not a regular file"));
    let linked = of(&|place, path| {
        place.write("project/shared/mcp.json", common::BAD_CURSOR);
        symlink("../shared/mcp.json", path).unwrap();
    });
    assert_eq!((linked.0.as_str(), linked.1), ("scanned", 2), "one file, whichever way leads to it");

    let closed = Place::new();
    closed.write("project/.cursor/mcp.json", common::BAD_CURSOR);
    let path = closed.project().join(".cursor/mcp.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever may read everything can't be refused.
    if std::fs::read(&path).is_err() {
        assert_eq!(line(&closed.run(&["--format", "json"])), told("failed", "permission denied"));
    }
}

/// The current folder has a name, too, when it does not open.
#[cfg(unix)]
#[test]
fn a_closed_folder_is_told_by_name() {
    use std::os::unix::fs::PermissionsExt;
    let closed = Place::new();
    std::fs::set_permissions(closed.project(), std::fs::Permissions::from_mode(0o100)).unwrap();
    // Whoever may read everything can't be refused.
    if closed.project().read_dir().is_err() {
        let ran = closed.run(&[".", "--launch", "none"]);
        assert_eq!(ran.code, 3, "{}", ran.err);
        assert!(
            ran.out.contains("  . (skipped): permission denied") || ran.out.contains("  . (failed): permission denied")
        );
    }
    std::fs::set_permissions(closed.project(), std::fs::Permissions::from_mode(0o700)).unwrap();
}

/// A link in a home leads where its owner keeps their configs, and the file is read once.
#[cfg(unix)]
#[test]
fn links_at_home_are_followed() {
    let place = Place::new();
    place.write("home/dotfiles/cursor.json", common::BAD_CURSOR);
    std::fs::create_dir_all(place.home().join(".cursor")).unwrap();
    std::os::unix::fs::symlink("../dotfiles/cursor.json", place.home().join(".cursor/mcp.json")).unwrap();
    let (status, servers, _) = line(&place.run(&["--format", "json"]));
    assert_eq!((status.as_str(), servers), ("scanned", 2));
}

//! Locks in git: two branches that each approve another server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::Place;
use serde_json::json;
use std::collections::BTreeMap;
use std::process::{Command, Output};

type Servers = BTreeMap<&'static str, &'static str>;

fn git(place: &Place, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]).args(args);
    command.current_dir(place.project()).env("HOME", place.home()).env("GIT_CONFIG_NOSYSTEM", "1");
    command.output().unwrap()
}

fn must(place: &Place, args: &[&str]) {
    let output = git(place, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn list(place: &Place, servers: &Servers) {
    let line = |(name, text): (&&str, &&str)| {
        let tools = json!([{"name": "one", "description": text}, {"name": "two", "description": "Always the same."}]);
        json!({"server": name, "tools": tools}).to_string() + "\n"
    };
    place.write("project/list.jsonl", servers.iter().map(line).collect::<String>());
}

fn accept(place: &Place, servers: &Servers, name: &str) {
    list(place, servers);
    let ran = place.run(&["lock", "--tools", "list.jsonl", "--accept", name]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    must(place, &["commit", "-qam", name]);
}

fn check(place: &Place, servers: &Servers) -> (i32, String) {
    list(place, servers);
    let ran = place.run(&["lock", "--check", "--tools", "list.jsonl"]);
    (ran.code, ran.out + &ran.err)
}

/// A repository with a lock, and what two branches approve each; merges them.
fn merged(base: &Servers, one: (&Servers, &str), two: (&Servers, &str)) -> Option<(Place, Output)> {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no git, so nothing can be merged");
        return None;
    }
    let place = Place::new();
    std::fs::remove_dir_all(place.project().join(".git")).unwrap();
    must(&place, &["init", "-q", "-b", "main"]);
    list(&place, base);
    assert_eq!(place.run(&["lock", "--tools", "list.jsonl", "--accept"]).code, 0);
    place.write("project/.gitignore", "list.jsonl\n");
    must(&place, &["add", "mcpscan.lock", ".gitignore"]);
    must(&place, &["commit", "-qm", "lock"]);
    must(&place, &["checkout", "-qb", "one"]);
    accept(&place, one.0, one.1);
    must(&place, &["checkout", "-q", "main"]);
    accept(&place, two.0, two.1);
    let output = git(&place, &["merge", "-q", "-m", "merge", "one"]);
    Some((place, output))
}

fn servers(names: &[&'static str]) -> Servers {
    names.iter().map(|name| (*name, "What it was.")).collect()
}

fn with(base: &Servers, name: &'static str, text: &'static str) -> Servers {
    let mut servers = base.clone();
    servers.insert(name, text);
    servers
}

#[test]
fn changes_of_two_servers_merge_by_themselves() {
    // Also of two that stand next to each other.
    for (first, second) in [("a", "d"), ("b", "c"), ("c", "b")] {
        let base = servers(&["a", "b", "c", "d"]);
        let (one, two) = (with(&base, first, "What it is now."), with(&base, second, "What this one is now."));
        let Some((place, output)) = merged(&base, (&one, first), (&two, second)) else { return };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let both = with(&one, second, "What this one is now.");
        assert_eq!(check(&place, &both).0, 0, "{}", check(&place, &both).1);
        assert_eq!(check(&place, &one).0, 1);
    }
}

#[test]
fn new_servers_in_two_places_merge_by_themselves() {
    let base = servers(&["b", "d"]);
    let (one, two) = (with(&base, "a", "New."), with(&base, "c", "New, too."));
    let Some((place, output)) = merged(&base, (&one, "a"), (&two, "c")) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(check(&place, &with(&one, "c", "New, too.")).0, 0);
}

#[test]
fn new_servers_in_one_place_are_one_conflict_that_is_told_and_solved_by_keeping_both() {
    let base = servers(&["a", "d"]);
    let (one, two) = (with(&base, "b", "New."), with(&base, "c", "New, too."));
    let both = with(&one, "c", "New, too.");
    let Some((place, output)) = merged(&base, (&one, "b"), (&two, "c")) else { return };
    assert!(!output.status.success());
    let path = place.project().join("mcpscan.lock");
    let text = std::fs::read_to_string(&path).unwrap();
    let count = |mark: &str| text.lines().filter(|line| line.starts_with(mark)).count();
    assert_eq!((count("<<<<<<<"), count(">>>>>>>")), (1, 1), "{text}");
    let (code, told) = check(&place, &both);
    assert!(code == 2 && told.contains("a merge that is not finished"), "{told}");
    let is_mark = |line: &&str| ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark));
    let kept: Vec<&str> = text.lines().filter(|line| !is_mark(line)).collect();
    std::fs::write(&path, kept.join("\n") + "\n").unwrap();
    let (code, told) = check(&place, &both);
    assert_eq!(code, 0, "{told}\n{}", kept.join("\n"));
}

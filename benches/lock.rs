//! Locks of 300 servers with 6 000 tools: written, and compared with what is there. Run with `cargo bench --bench lock`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mcpscan::connect::read_saved;
use mcpscan::document::{Source, Sources, Span};
use mcpscan::lock::{Key, Lock, Now, Server, compare, offers, read, write};
use mcpscan::text::Redactor;
use serde_json::{Value, json};

const SERVERS: usize = 300;
const TOOLS: usize = 20;

fn main() {
    // `cargo test --all-targets` runs this too, and has no time for it.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let list = list();
    library(&list);
    process(&list);
}

/// What writing and checking may take.
const LIMIT: Option<Duration> = Some(Duration::from_millis(300));

/// Real tools where they are at hand, else some that are as long.
fn tools() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/tools/benign-catalogue.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("made-up tools: {path} is not there");
        return (0..SERVERS * TOOLS).map(made_up).collect();
    };
    let tools = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["tool"].clone());
    tools.take(SERVERS * TOOLS).collect()
}

fn made_up(number: usize) -> Value {
    let parameter = |name: &str| json!({"type": "string", "description": format!("The {name} of entry {number}, as it is written there.")});
    json!({
        "name": format!("get_entry_{number}"),
        "description": format!("Gets entry {number} of the list with everything that belongs to it, newest first."),
        "inputSchema": {"type": "object", "required": ["id"], "properties": {
            "id": parameter("id"), "title": parameter("title"), "author": parameter("author")}},
    })
}

/// A catalog a line.
fn list() -> String {
    let tools = tools();
    let servers = tools.chunks(TOOLS).take(SERVERS).enumerate();
    let line = |(number, tools): (usize, &[Value])| {
        json!({"client": "cursor", "server": format!("server-{number}"), "tools": tools}).to_string() + "\n"
    };
    servers.map(line).collect()
}

fn best(what: &str, least: Option<Duration>, mut run: impl FnMut()) {
    let best = (0..7)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap();
    let verdict = match least {
        Some(least) if best > least => format!(", at most {least:?} (TOO SLOW)"),
        Some(least) => format!(", at most {least:?} (ok)"),
        None => String::new(),
    };
    println!("{what}: {best:.1?}{verdict}");
}

fn library(list: &str) {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("list.jsonl", list));
    let (catalogs, errors) = read_saved(id, sources.get(id));
    assert!(errors.is_empty() && catalogs.len() == SERVERS);
    let now = || -> Vec<Now> {
        let server = |catalog: &mcpscan::connect::Catalog| Server {
            key: Key { name: catalog.server.clone(), client: catalog.client.clone(), copy: 1, ..Key::default() },
            client: catalog.client.clone(),
            accepted: true,
            forced: None,
            start: None,
            offers: Some(offers(catalog, &Redactor::default())),
            at: Span::new(0, 0),
        };
        catalogs.iter().map(|catalog| Now { server: server(catalog), whole: true }).collect()
    };
    let lock = Lock::new(now().into_iter().map(|now| now.server).collect());
    let text = write(&lock);
    let verdict = if text.len() < 3_000_000 { "ok" } else { "TOO LARGE" };
    println!("a lock of {SERVERS} servers with {} tools: {} bytes ({verdict})", SERVERS * TOOLS, text.len());
    best("taken apart on one core, and written", LIMIT, || {
        let servers: Vec<Server> = now().into_iter().map(|now| now.server).collect();
        assert_eq!(write(&Lock::new(servers)).len(), text.len());
    });
    best("read", None, || assert_eq!(read("mcpscan.lock", &text).unwrap().servers.len(), SERVERS));
    let now = now();
    best("compared", None, || assert!(compare(&lock, &now, &|_| true).is_empty()));
}

/// The whole program, from the saved list to the exit code.
fn process(list: &str) {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    std::fs::create_dir_all(project.join(".git")).unwrap();
    std::fs::write(project.join("list.jsonl"), list).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpscan"));
        command.args(args).args(["--tools", "list.jsonl"]).current_dir(&project).env("HOME", folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().code().unwrap()
    };
    // Most of it is what a scan takes: before something is taken in, every rule has looked at it.
    best("`mcpscan lock`, all of it judged", None, || {
        let _ = std::fs::remove_file(project.join("mcpscan.lock"));
        assert_eq!(run(&["lock", "--force", "a bench"]), 0);
    });
    best("`mcpscan lock --check`", LIMIT, || assert_eq!(run(&["lock", "--check"]), 0));
}

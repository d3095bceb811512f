//! Real servers, started and asked, and what they say held against what they said before.
//!
//! Runs only where `MCPSCAN_LIVE` names a folder that `tests/live/install.py` filled: nobody's test should install a
//! hundred packages, or start them, unasked. See there for how to get one. `ONLY` takes a part of a server's name,
//! `MCPSCAN_BIN` another binary than the one that was just built, `MCPSCAN_LIVE_JOBS` how many servers run at once.
//!
//! The saved answers were given without a network. Where `unshare` can take it away, it is taken away here too; else
//! servers that call home before they answer may say something else.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Texts that a server makes of a set, in another order each time: only their words are compared. A `*` stands for any
/// index or name.
const SETS: &[(&str, &str)] = &[
    ("pypi__cli-mcp-server", "tools/*/description"),
    // Names the homes of the machine, which can't be listed in the sandbox.
    ("npm__wonderwhy-er__desktop-commander", "tools/*/description"),
    ("pypi__mcp-atlassian", "tools/*/inputSchema/properties/fields/default"),
];

/// The variable by which the processes of one run are told from all others.
const MARK: &str = "MCPSCAN_LIVE_MARK";

#[test]
fn real_servers_are_listed_as_they_are() {
    let Some(folder) = std::env::var_os("MCPSCAN_LIVE").map(PathBuf::from) else {
        println!("SKIPPED: MCPSCAN_LIVE names no folder of installed servers; see tests/live/install.py");
        return;
    };
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut config: Value = read(&folder.join("mcp.json"));
    let mark = std::process::id().to_string();
    let servers = config["mcpServers"].as_object_mut().unwrap();
    servers.retain(|name, _| name.contains(&only));
    for entry in servers.values_mut() {
        entry["env"][MARK] = Value::from(mark.as_str());
    }
    let names: Vec<String> = servers.keys().cloned().collect();
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("mcp.json");
    std::fs::write(&path, config.to_string()).unwrap();

    let started = Instant::now();
    let (out, err) = inspect(&path, scratch.path());
    println!("{} servers in {:.1?}", names.len(), started.elapsed());
    let left = left(&mark, &folder);

    let catalogs: BTreeMap<String, Value> = out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|catalog| (catalog["server"].as_str().unwrap().to_owned(), catalog))
        .collect();
    let reason = |name: &str| err.lines().find(|line| line.contains(&format!("server `{name}` ")));
    let (mut equal, mut failed_alike, mut wrong) = (0, 0, Vec::new());
    for name in &names {
        let saved: Value = read(&folder.join("answers").join(format!("{name}.json")));
        let (reason, catalog) = (reason(name), catalogs.get(name).unwrap_or(&Value::Null));
        let listed = saved["tools"]["tools"].is_array();
        let differences = if listed { differences(name, &saved, catalog) } else { Vec::new() };
        match (listed, reason) {
            (true, None) if differences.is_empty() => equal += 1,
            // A list that it refused then as well.
            (true, Some(reason)) if differences.is_empty() && refused(&saved) => {
                equal += 1;
                println!("equal, and as before: {reason}");
            }
            // It could not be listed then either, and it is said why not.
            (false, Some(reason)) => {
                failed_alike += 1;
                println!("as before: {reason}");
            }
            (false, None) => {
                // Then it answered nothing; what it says now can be held against nothing.
                println!("better: {name}: could not be listed once, and gave {} tools now", count(catalog));
            }
            (true, reason) => {
                wrong.push(format!("{name}: {}", reason.unwrap_or("scanned")));
                wrong.extend(differences.iter().map(|difference| format!("    {difference}")));
            }
        }
    }
    println!("{equal} equal, {failed_alike} could not be listed then and now, {} left behind", left.len());
    left.iter().for_each(|process| println!("left behind: {process}"));
    assert!(wrong.is_empty(), "differ:\n{}", wrong.join("\n"));
    assert!(left.is_empty());
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// What `mcpscan inspect` says on both outputs.
fn inspect(config: &Path, home: &Path) -> (String, String) {
    let binary = std::env::var_os("MCPSCAN_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_mcpscan").into());
    let alone = "ip link set lo up && exec \"$@\"";
    let can = Command::new("unshare").args(["-rn", "sh", "-c", "ip link set lo up"]).output();
    let mut command = match can {
        Ok(done) if done.status.success() => {
            let mut command = Command::new("unshare");
            command.args(["-rn", "sh", "-c", alone, "sh"]).arg(binary);
            command
        }
        _ => {
            println!("NOTE: the network can't be taken away here; servers may say other things than the saved ones");
            Command::new(binary)
        }
    };
    let jobs = std::env::var("MCPSCAN_LIVE_JOBS").unwrap_or_else(|_| "2".to_owned());
    command.arg("inspect").arg(config).args(["--launch", "all", "--timeout", "60", "--jobs", &jobs]);
    command.env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let done = command.output().unwrap();
    (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
}

/// Processes that carry the mark, or run out of the folder, and should be gone. One that was just killed may take a
/// moment.
fn left(mark: &str, folder: &Path) -> Vec<String> {
    let mark = format!("{MARK}={mark}");
    let folder = folder.canonicalize().unwrap();
    let is_ours = |process: &Path| {
        let variables = std::fs::read(process.join("environ")).unwrap_or_default();
        let runs = |link| std::fs::read_link(process.join(link)).is_ok_and(|target| target.starts_with(&folder));
        variables.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) || runs("cwd") || runs("exe")
    };
    let alive = || {
        let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let ours = processes.filter(|process| process.join("stat").exists() && is_ours(process));
        ours.map(|process| {
            let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
            format!("{}: {}", process.display(), String::from_utf8_lossy(&words).replace('\0', " "))
        })
        .collect::<Vec<_>>()
    };
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        let left = alive();
        if left.is_empty() || Instant::now() > deadline {
            return left;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn count(catalog: &Value) -> usize {
    catalog["tools"].as_array().map_or(0, Vec::len)
}

/// Where a catalog is not what was saved.
fn differences(server: &str, saved: &Value, catalog: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let pairs = [
        ("serverInfo", &saved["initialize"]["serverInfo"], &catalog["serverInfo"]),
        ("instructions", &saved["initialize"]["instructions"], &catalog["instructions"]),
    ];
    for (place, before, now) in pairs {
        compare(server, place, before, now, &mut found);
    }
    let lists = [
        ("tools", &saved["tools"]["tools"]),
        ("prompts", &saved["prompts"]["prompts"]),
        ("resources", &saved["resources"]["resources"]),
        ("resourceTemplates", &saved["resource_templates"]["resourceTemplates"]),
    ];
    for (list, before) in lists {
        // An error is what says that there is no such list.
        let none = Value::Array(Vec::new());
        compare(server, list, if before.is_array() { before } else { &none }, &catalog[list], &mut found);
    }
    found
}

fn compare(server: &str, place: &str, before: &Value, now: &Value, found: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            let added = now.keys().filter(|key| !before.contains_key(*key));
            for key in before.keys().chain(added) {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                compare(server, &format!("{place}/{key}"), &of(before), &of(now), found);
            }
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            for (index, (before, now)) in before.iter().zip(now).enumerate() {
                compare(server, &format!("{place}/{index}"), before, now, found);
            }
        }
        // Whoever saved the answers took folders of that machine out of them.
        (Value::String(before), Value::String(now)) if before.contains("<dir>") && fits(before, now) => {}
        (Value::String(before), Value::String(now)) if is_set(server, place) && words(before) == words(now) => {}
        _ if before == now => {}
        _ => found.push(format!("{place}: {} became {}", brief(before), brief(now))),
    }
}

/// Whether a text is the saved one with something in place of each `<dir>`.
fn fits(before: &str, now: &str) -> bool {
    let mut rest = now;
    let mut parts = before.split("<dir>").peekable();
    let first = parts.next().unwrap_or_default();
    let Some(behind) = rest.strip_prefix(first) else { return false };
    rest = behind;
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

/// Whether a list was refused with more than the word that there is none.
fn refused(saved: &Value) -> bool {
    ["prompts", "resources", "resource_templates"].iter().any(|list| {
        let code = &saved[list]["error"]["code"];
        code.is_number() && *code != -32601
    })
}

/// All but folders, and lines about folders, in order.
fn words(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("- /"));
    let words =
        lines.flat_map(|line| line.split([' ', ','])).filter(|word| !word.is_empty() && !word.starts_with(['/', '<']));
    let mut words: Vec<&str> = words.collect();
    words.sort_unstable();
    words
}

fn is_set(server: &str, place: &str) -> bool {
    SETS.iter().any(|(whose, pattern)| {
        let (pattern, place) = (pattern.split('/'), place.split('/'));
        *whose == server
            && pattern.clone().count() == place.clone().count()
            && pattern.zip(place).all(|(wanted, is)| wanted == "*" || wanted == is)
    })
}

fn brief(value: &Value) -> String {
    let text = match value {
        Value::Array(items) => format!("{} items", items.len()),
        value => value.to_string(),
    };
    text.char_indices().nth(300).map_or(text.clone(), |(end, _)| format!("{}…", &text[..end]))
}

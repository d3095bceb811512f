//! Judging entries, and a config of 2 000 servers as a whole process. Run with `cargo bench --bench judge`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mcpscan::discover::ConfigFile;
use mcpscan::document::{Source, Sources};
use mcpscan::pipeline::Tables;
use mcpscan::{config, judge, launch};

fn main() {
    // `cargo test --all-targets` runs this too, and has no time for it.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    entries();
    process();
}

/// Servers as people have them: packages, remotes, containers, local programs, shells.
fn config(servers: usize) -> String {
    let kinds: [fn(usize) -> String; 6] = [
        |n| {
            format!(
                r#"{{"command": "npx", "args": ["-y", "@acme/mcp-{n}@1.0.{n}"], "env": {{"API_KEY": "${{API_KEY}}", "MODE": "read"}}}}"#
            )
        },
        |n| format!(r#"{{"command": "uvx", "args": ["acme-{n}"], "env": {{"LOG_LEVEL": "info"}}}}"#),
        |n| {
            format!(
                r#"{{"type": "http", "url": "https://mcp{n}.example.com/mcp", "headers": {{"Authorization": "Bearer ${{TOKEN}}"}}}}"#
            )
        },
        |n| {
            format!(r#"{{"command": "docker", "args": ["run", "-i", "--rm", "-v", "./data:/data", "acme/db{n}:1.2"]}}"#)
        },
        |n| format!(r#"{{"command": "node", "args": ["./servers/{n}/index.js", "--port", "8080"], "disabled": true}}"#),
        |n| format!(r#"{{"command": "bash", "args": ["-lc", "cd app{n} && npx -y acme-mcp@2.0.0 --root ."]}}"#),
    ];
    let entries: Vec<String> =
        (0..servers).map(|n| format!("  \"server-{n}\": {}", kinds[n % kinds.len()](n))).collect();
    format!("{{\"mcpServers\": {{\n{}\n}}}}\n", entries.join(",\n"))
}

/// One core, from parsed entries to findings: what an entry really runs, and every check.
fn entries() {
    let tables = Tables::load(Vec::new()).unwrap();
    let text = config(20_000);
    let mut sources = Sources::default();
    let id = sources.add(Source::new("mcp.json", text));
    let name = || "mcp.json".to_owned();
    let file = ConfigFile::named("mcp.json".into(), name(), name());
    let config = config::read(file, id, sources.get(id), &tables.clients);
    assert_eq!(config.servers.len(), 20_000);
    let configs = [config];
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            let launches = vec![
                configs[0].servers.iter().map(|entry| launch::resolve(entry, &tables.grammar)).collect::<Vec<_>>(),
            ];
            let judged = judge::entries(&configs, &launches, &tables.for_entries());
            assert!(judged.findings.len() >= 20_000 / 6);
            start.elapsed()
        })
        .min()
        .unwrap();
    let rate = 20_000.0 / best.as_secs_f64();
    let verdict = if rate >= 100_000.0 { "ok" } else { "TOO SLOW" };
    println!("judging: {rate:.0} entries a second on one core, at least 100 000 ({verdict})");
}

fn process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.json");
    std::fs::write(&path, config(2_000)).unwrap();
    let run = |args: &[&str]| {
        let start = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_mcpscan"))
            .args(args)
            .arg(&path)
            .args(["--fail-on", "never", "--launch", "none"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        start.elapsed()
    };
    let median = |args: &[&str]| {
        let mut times: Vec<Duration> = (0..21).map(|_| run(args)).collect();
        times.sort();
        times[10]
    };
    let time = median(&["--format", "json"]);
    let verdict = if time <= Duration::from_millis(50) { "ok" } else { "TOO SLOW" };
    println!("2 000 servers, whole process: {time:.1?}, at most 50 ms ({verdict})");
}

//! Finding and reading: a large tree against `rg --files`, and a Claude Code file of 100 MB against the fastest way to
//! read such a file at all. Run with `cargo bench --bench discover`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod common;

use mcpscan::discover::{Clients, ConfigFile, read};
use mcpscan::document::{Source, Sources};

use std::fs;
use std::process::{Command, Stdio};

/// Folders that no client looks into; `rg` is told to leave out the same.
const LEFT_OUT: &[&str] = &["node_modules", ".git", "target", "dist", "build", ".venv", "vendor"];

fn main() {
    // `cargo test --all-targets` runs this too, and has no time for it.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    tree();
    large();
}

fn mcpscan() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpscan"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// 20 000 files that are no configs, 300 that are, and folders that both leave out.
fn tree() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let config = r#"{"mcpServers": {"a": {"command": "npx", "args": ["-y", "@acme/mcp@1.0.0"]}}}"#;
    for n in 0..20_000 {
        let path = root.join(format!("p{}/src/m{}", n / 400, n / 40 % 10));
        if n % 40 == 0 {
            fs::create_dir_all(&path).unwrap();
        }
        fs::write(path.join(format!("file{n}.rs")), "fn main() {}\n").unwrap();
    }
    for n in 0..300 {
        let path = root.join(format!("p{}/c{n}/.cursor", n % 50));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("mcp.json"), config).unwrap();
    }
    for (n, name) in LEFT_OUT.iter().enumerate() {
        let path = root.join(format!("p{n}/{name}"));
        fs::create_dir_all(&path).unwrap();
        (0..500).for_each(|n| fs::write(path.join(format!("x{n}.js")), "").unwrap());
    }
    let found = Command::new(env!("CARGO_BIN_EXE_mcpscan")).args(["list"]).arg(root).output().unwrap();
    let text = String::from_utf8_lossy(&found.stdout);
    assert!(text.ends_with("300 servers in 300 configs\n"), "{text}");

    let peer = || {
        let mut command = Command::new("rg");
        command.args(["--files", "--hidden", "--no-ignore"]).stdout(Stdio::null());
        LEFT_OUT.iter().for_each(|name| {
            command.arg("-g").arg(format!("!{name}"));
        });
        command.arg(root).status()
    };
    if peer().is_err() {
        println!("tree: NOT MEASURED, there is no `rg` to compare with");
        return;
    }
    let (ours, theirs) = common::in_turns(
        31,
        || assert!(mcpscan().arg("list").arg(root).status().unwrap().success()),
        || assert!(peer().unwrap().success()),
    );
    common::report("tree of 20 000 files, 300 configs found and read, whole process", ours, theirs, 1.5);
}

/// A `.claude.json` with 100 MB of history in it.
fn large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".claude.json");
    let size = {
        let bytes = claude_json(100 << 20);
        fs::write(&path, &bytes).unwrap();
        bytes.len()
    };
    let list = || {
        let mut command = mcpscan();
        command.args(["list", "--client", "claude-code", "--home"]).arg(folder.path()).current_dir(folder.path());
        command
    };
    // First of all: a child's peak counts what its parent held when it was started.
    match peak_memory(&mut list()) {
        Some(peak) => {
            let ratio = peak as f64 / size as f64;
            let verdict = if ratio <= 2.5 { "ok" } else { "TOO MUCH" };
            println!(
                "~/.claude.json of 100 MB, peak memory: {} MB, {ratio:.2} x the file, limit 2.5 ({verdict})",
                peak >> 20
            );
        }
        None => println!("~/.claude.json of 100 MB, peak memory: NOT MEASURED on this system"),
    }
    let bytes = fs::read(&path).unwrap();
    let ignored = || {
        let _: serde::de::IgnoredAny = serde_json::from_slice(&bytes).unwrap();
    };
    let clients = Clients::parse(mcpscan::rules::data("clients.toml")).unwrap();
    let (client, location) = clients.at(&path)[0];
    let (ours, theirs) = common::in_turns(
        11,
        || {
            let mut sources = Sources::default();
            let id = sources.add(Source::new(".claude.json", read(&path, u64::MAX).unwrap()));
            let name = || ".claude.json".to_owned();
            let file = ConfigFile::named(path.clone(), name(), name()).read_by(client, location);
            let config = mcpscan::config::read(file, id, sources.get(id), &clients);
            assert!(config.servers.len() > 50 && config.problems.is_empty());
        },
        ignored,
    );
    common::report("~/.claude.json of 100 MB, from the disk to its servers", ours, theirs, 4.0);
    let (ours, theirs) = common::in_turns(11, || assert!(list().status().unwrap().success()), ignored);
    println!(
        "  the whole process `mcpscan list`: {ours:.1?}, ratio {:.2}; the kernel's share of reading into fresh memory is in it",
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
}

/// Projects with a history each, as Claude Code kept it; every tenth has a server.
fn claude_json(size: usize) -> Vec<u8> {
    let mut text = String::from("{\n  \"numStartups\": 512,\n  \"mcpServers\": {},\n  \"projects\": {");
    let mut project = 0;
    while text.len() < size {
        let comma = if project == 0 { "" } else { "," };
        let history: Vec<String> = (0..100)
            .map(|n| {
                format!(
                    "        {{\n          \"display\": \"fix \\\"line\\\" {n} of src/main.rs, please: {}\",\n          \"pastedContents\": {{\"1\": {{\"id\": 1, \"type\": \"text\", \"content\": \"{}\"}}}}\n        }}",
                    "why does this fail? ".repeat(8),
                    "error[E0382]: use of moved value\\n  --> größe.rs\\n".repeat(20)
                )
            })
            .collect();
        let server = if project % 10 == 0 { r#""s": {"command": "uvx", "args": ["acme==1.0"]}"# } else { "" };
        text.push_str(&format!(
            "{comma}\n    \"/home/u/p{project}\": {{\n      \"history\": [\n{}\n      ],\n      \"mcpServers\": {{{server}}}\n    }}",
            history.join(",\n")
        ));
        project += 1;
    }
    text.push_str("\n  }\n}\n");
    text.into_bytes()
}

/// The most memory that a process held, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory(command: &mut Command) -> Option<usize> {
    use nix::sys::resource::{UsageWho, getrusage};
    assert!(command.status().unwrap().success());
    let kilobytes = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?.max_rss();
    usize::try_from(kilobytes).ok().map(|kilobytes| kilobytes << 10)
}

#[cfg(not(target_os = "linux"))]
fn peak_memory(_: &mut Command) -> Option<usize> {
    None
}

//! Judging what servers say: the rate on tool texts, against ripgrep where it is there, on texts that are made to be slow, and
//! as a whole process. Run with `cargo bench --bench texts`; with `../shared` beside the checkout on real tools, else on made
//! ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mcpscan::connect::read_saved;
use mcpscan::document::{Source, Sources};
use mcpscan::pipeline::Tables;
use mcpscan::rules::TextEngine;
use mcpscan::{judge, surface};

fn main() {
    // `cargo test --all-targets` runs this too, and has no time for it.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let tables = Tables::load(Vec::new()).unwrap();
    let tools = tools();
    rate(&tables, &tools);
    linear(&tables);
    process(&tools);
}

/// Tools, each as JSON.
fn tools() -> Vec<String> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/tools/benign-catalogue.jsonl");
    let Ok(text) = std::fs::read_to_string(shared) else {
        println!("made tools: ../shared is not there");
        let made = |n: usize| {
            format!(
                r#"{{"name": "list_records_{n}", "description": "Lists the records of table {n}. Use the result of get_table first; returns at most {n} rows, each with its id and its name. Never includes deleted ones.", "inputSchema": {{"type": "object", "properties": {{"table": {{"type": "string", "description": "Name of the table number {n}"}}, "limit": {{"type": "integer", "description": "How many at most, {n} if not given"}}}}}}}}"#
            )
        };
        return (0..13_681).map(made).collect();
    };
    let sample = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["tool"].to_string();
    text.lines().filter(|line| !line.trim().is_empty()).map(sample).collect()
}

/// One catalog a tool, each of a client of its own, as our measurements of accuracy give them.
fn lines(tools: &[String]) -> String {
    tools
        .iter()
        .enumerate()
        .map(|(n, tool)| format!("{{\"client\": \"c{n}\", \"server\": \"s\", \"tools\": [{tool}]}}\n"))
        .collect()
}

fn best(times: usize, run: impl Fn()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..times).map(time).min().unwrap()
}

/// From parsed catalogs to findings, on all the cores that it is given: `taskset -c 0 cargo bench --bench texts` gives it one.
fn rate(tables: &Tables, tools: &[String]) {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("tools.ndjson", lines(tools)));
    let (catalogs, errors) = read_saved(id, sources.get(id));
    assert!(errors.is_empty(), "{errors:?}");
    let texts: Vec<String> =
        catalogs.iter().flat_map(surface::texts).map(|text| text.text.replace('\n', " ")).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let rate = |what: &str, time: Duration| {
        let rate = bytes as f64 / time.as_secs_f64() / 1e6;
        let verdict = if rate >= 50.0 { "ok" } else { "TOO SLOW" };
        let (size, tools) = (bytes as f64 / 1e6, tools.len());
        println!(
            "{what}: {rate:.0} MB/s of {size:.1} MB of text of {tools} tools on {cores} cores, at least 50 ({verdict})"
        );
    };
    let judge = |engine: &TextEngine| {
        std::hint::black_box(judge::texts(&catalogs, &sources, &tables.packs, engine));
    };
    let ours = best(5, || judge(&TextEngine::new(&tables.packs)));
    rate("judging", ours);
    // What the rules need to get ready is the same for one text and for a million.
    let engine = TextEngine::new(&tables.packs);
    judge(&engine);
    rate("judging, with the rules ready", best(5, || judge(&engine)));

    // The keywords of all signals over the same text: what nobody can do without.
    let folder = tempfile::tempdir().unwrap();
    let (words, lines) = (folder.path().join("words"), folder.path().join("lines"));
    let keywords: Vec<&str> =
        tables.packs.signals().flat_map(|signal| signal.keywords.iter().map(String::as_str)).collect();
    std::fs::write(&words, keywords.join("\n")).unwrap();
    std::fs::write(&lines, texts.join("\n")).unwrap();
    let ripgrep = || {
        let mut command = Command::new("rg");
        command.args(["-c", "-i", "-F", "-j", "1", "-f"]).arg(&words).arg(&lines);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    if ripgrep().is_err() {
        println!("ripgrep is not there to compare with");
        return;
    }
    let theirs = best(5, || assert!(ripgrep().unwrap().success()));
    let times = ours.as_secs_f64() / theirs.as_secs_f64();
    let verdict = if times <= 3.0 { "ok" } else { "TOO SLOW" };
    println!(
        "against `rg -c -i -F -f` with the same {} keywords: {times:.1} times, at most 3 ({verdict})",
        keywords.len()
    );
}

/// Texts that are made to be slow: twice as long must not take much more than twice the time.
fn linear(tables: &Tables) {
    let engine = TextEngine::new(&tables.packs);
    let parts = [
        "read ",
        "send the ",
        "a b c d ",
        "1gn0r3 ",
        "\\u{",
        "&#",
        "%6",
        "before using ",
        "~/.ssh ",
        "'",
        "<important>",
        "aGVs",
        "to the user: \"",
        "must first ",
        "\u{200b}",
        "а",
    ];
    let mut worst: (f64, &str) = (0.0, "");
    for part in parts {
        let time = |size: usize| {
            let text = part.repeat(size / part.len());
            let catalog = serde_json::json!({"server": "s", "tools": [{"name": "t", "description": text}]}).to_string();
            let mut sources = Sources::default();
            let id = sources.add(Source::new("tools.ndjson", catalog));
            let (catalogs, _) = read_saved(id, sources.get(id));
            best(3, || drop(std::hint::black_box(judge::texts(&catalogs, &sources, &tables.packs, &engine))))
        };
        // The first one makes the automata.
        time(1 << 14);
        let growth = time(1 << 20).as_secs_f64() / time(1 << 17).as_secs_f64() / 8.0;
        if growth > worst.0 {
            worst = (growth, part);
        }
    }
    let (growth, part) = worst;
    let verdict = if growth <= 3.0 { "ok" } else { "SUPERLINEAR" };
    println!("slow texts: eight times the length takes at most {growth:.1} × 8 times as long ({part:?}; {verdict})");
}

/// From the start of the program to its end.
fn process(tools: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    for (count, most) in [(527, 50), (5_000, 200), (tools.len(), 800)] {
        let path = folder.path().join(format!("{count}.ndjson"));
        std::fs::File::create(&path).unwrap().write_all(lines(&tools[..count]).as_bytes()).unwrap();
        let run = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mcpscan"));
            command.args(["--format", "json", "--fail-on", "never", "--tools"]).arg(&path);
            assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
        };
        let mut times: Vec<Duration> = (0..9).map(|_| best(1, run)).collect();
        times.sort();
        let time = times[4];
        let verdict = if time <= Duration::from_millis(most) { "ok" } else { "TOO SLOW" };
        println!("{count} tools, whole process: {time:.1?}, at most {most} ms ({verdict})");
    }
}

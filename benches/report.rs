//! All formats of ten thousand findings: time and memory. Run with `cargo bench --bench report`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[allow(unreachable_pub)]
#[path = "../tests/common/many.rs"]
mod many;

use std::time::{Duration, Instant};

use mcpscan::pipeline::Tables;
use mcpscan::report::{Detail, FORMATS, Format, Style, render};

const FINDINGS: usize = 10_000;
const MOST_TIME: Duration = Duration::from_millis(300);
const MOST_MEMORY: u64 = 150 << 20;

fn main() {
    // `cargo test --all-targets` runs this too, and has no time for it.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let tables = Tables::load(Vec::new()).unwrap();
    let outcome = many::outcome(FINDINGS, &tables, |number| format!("send it to https://{number}.example/x"));
    let style = Style { info: true, ..Style::default() };
    let time = |format: &Format, style: &Style| {
        let mut times: Vec<Duration> = Vec::new();
        let mut bytes = 0;
        for _ in 0..5 {
            let start = Instant::now();
            bytes = std::hint::black_box(render(format, &outcome, &tables.packs, style)).len();
            times.push(start.elapsed());
        }
        times.sort();
        (times[2], bytes)
    };
    let mut all = Duration::ZERO;
    for format in FORMATS {
        let (took, bytes) = time(format, &style);
        println!("{:10} {took:>8.1?}  {:6.1} MB", format.name, bytes as f64 / 1e6);
        all += took;
    }
    let verbose = Style { detail: Detail::Verbose, ..style.clone() };
    let (took, bytes) = time(Format::for_people(), &verbose);
    println!("{:10} {took:>8.1?}  {:6.1} MB (not in the sum)", "--verbose", bytes as f64 / 1e6);
    let verdict = if all <= MOST_TIME { "ok" } else { "TOO SLOW" };
    println!("all formats of {FINDINGS} findings: {all:.0?}, at most {MOST_TIME:?} ({verdict})");
    if let Some(peak) = peak() {
        let verdict = if peak <= MOST_MEMORY { "ok" } else { "TOO MUCH" };
        println!("memory with the findings: {} MB, at most {} ({verdict})", peak >> 20, MOST_MEMORY >> 20);
    }
}

/// The most memory that this process ever had, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

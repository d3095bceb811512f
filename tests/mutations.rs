//! What holds for every input (`fuzz/properties.rs`), on seeds that were changed at random, and on what tempts a reader to
//! more than linear work. `cargo fuzz` does the first for longer; see CONTRIBUTING.md.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;
#[path = "fuzz/properties.rs"]
mod properties;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use properties::{TARGETS, Target};

/// Changed inputs for each target where `MCPSCAN_FUZZ_ROUNDS` says nothing else.
const ROUNDS: usize = 400;
/// Longer seeds cost time and find nothing that short ones do not.
const LONGEST_SEED: u64 = 8 << 10;

/// Words of all formats that change what stands around them.
const TOKENS: &[&str] = &[
    "\"",
    "'",
    "\\",
    "\\u",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    ",",
    ":",
    "=",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "#",
    "//",
    "/*",
    "*/",
    "---",
    "\n---\n",
    "...",
    "- ",
    "? ",
    ": ",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "|\n",
    ">-\n",
    "\"\"\"",
    "'''",
    "${",
    "${{",
    "}}",
    "$(",
    "<%",
    "%>",
    "{env:",
    ":-",
    "`",
    ";",
    "&&",
    "|",
    ">",
    "<(",
    "--",
    "=",
    "@",
    "://",
    "null",
    "true",
    "1e999",
    "0x",
    "nan",
    "\u{FEFF}",
    "\u{e9}",
    "\u{1F600}",
    "\u{2028}",
    "\u{85}",
    "\u{202e}",
    "mcpServers",
    "command",
    "args",
    "env",
    "url",
    "docker run -v ",
    "sh -c ",
    "npx -y ",
    "eval ",
];

/// SplitMix64: a few lines, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A part of some bytes, short more often than long.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let most = self.below(bytes.len() - start + 1);
        start..start + self.below(most + 1)
    }
}

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = random.pick(seeds).clone();
    for _ in 0..=random.below(6) {
        let part = random.part(&bytes);
        match random.below(7) {
            0 => {
                if let Some(byte) = bytes.get_mut(part.start) {
                    *byte ^= 1 << random.below(8);
                }
            }
            1 => bytes.truncate(part.start),
            2 => drop(bytes.drain(part)),
            3 => {
                let copy = bytes[part.clone()].repeat(1 + random.below(4));
                bytes.splice(part.end..part.end, copy);
            }
            4 => {
                let other = random.pick(seeds);
                let from = random.part(other);
                bytes.splice(part, other[from].iter().copied());
            }
            _ => {
                let token = random.pick(TOKENS).repeat(1 + random.below(3));
                bytes.splice(part.start..part.start, token.into_bytes());
            }
        }
    }
    bytes
}

fn rounds() -> usize {
    std::env::var("MCPSCAN_FUZZ_ROUNDS").ok().map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"))
}

/// The samples of a target, the files of the repository and, where it is there, of the shared corpus.
fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = target.samples.iter().map(|sample| sample.as_bytes().to_vec()).collect();
    let folders = [Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")), common::shared("corpus/configs")];
    for folder in folders.into_iter().flatten() {
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok) {
            let path = entry.path();
            let wanted = path.extension().is_some_and(|ending| target.seeds.iter().any(|seed| *seed == ending));
            if wanted && entry.metadata().is_ok_and(|data| data.is_file() && data.len() <= LONGEST_SEED) {
                let mut seed = std::fs::read(path).unwrap();
                if target.name == "config_shape" {
                    seed.extend(b"\0".iter().chain(path.file_name().unwrap().as_encoded_bytes()));
                }
                seeds.push(seed);
            }
        }
    }
    seeds
}

#[test]
fn nothing_is_too_broken_to_read() {
    let rounds = rounds();
    for (index, target) in TARGETS.iter().enumerate() {
        let seeds = seeds(target);
        seeds.iter().for_each(|seed| (target.run)(seed));
        for round in 0..rounds {
            let start = (index as u64) << 32 | round as u64;
            let input = mutate(&mut Random(start), &seeds);
            let held = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
            assert!(held.is_ok(), "{} round {round}:\n{input:?}\n{}", target.name, String::from_utf8_lossy(&input));
        }
    }
}

/// Writes every seed of every target to a file, as `cargo fuzz` wants its corpus.
#[test]
#[ignore = "writes the corpus of the fuzz targets, when it is asked to"]
fn write_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for target in TARGETS {
        let folder = root.join(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (index, seed) in seeds(target).into_iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index}")), seed).unwrap();
        }
    }
}

/// A row in the table without its fuzz target would never be fuzzed.
#[test]
fn every_row_is_a_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let rows: BTreeSet<PathBuf> = TARGETS.iter().map(|target| format!("{}.rs", target.name).into()).collect();
    let files = std::fs::read_dir(folder.join("targets")).unwrap().map(|entry| entry.unwrap().file_name().into());
    assert_eq!(files.collect::<BTreeSet<PathBuf>>(), rows);
    for target in TARGETS {
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
        let text = std::fs::read_to_string(folder.join(format!("targets/{}.rs", target.name))).unwrap();
        assert!(text.contains(&format!("run(\"{}\"", target.name)), "{}", target.name);
    }
}

/// About `size` bytes: a head, something repeated, a tail. `~` is a filler of half the size, `@` a number that counts up.
fn hostile((head, token, tail): (&str, &str, &str), size: usize) -> Vec<u8> {
    let filler = "k".repeat(size / 2);
    let mut text = head.replace('~', &filler);
    let rest = size.saturating_sub(text.len());
    let count = rest / token.len();
    for index in 0..count {
        match token.contains('@') {
            true => text.push_str(&token.replace('@', &format!("{index:05}"))),
            false => text.push_str(token),
        }
    }
    text.push_str(tail);
    text.into_bytes()
}

/// What this thread has computed so far: others on the machine do not count. Where the system does not tell, the clock.
fn worked() -> Duration {
    static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|text| text.split(' ').next()?.parse().ok()).map(Duration::from_nanos);
    told.unwrap_or_else(|| BEGIN.elapsed())
}

fn time(target: &Target, input: &[u8]) -> Duration {
    let begin = worked();
    (target.run)(input);
    worked() - begin
}

/// Eight times as much takes about eight times as long, and 64 times if it is quadratic.
#[test]
fn hostile_repetitions_are_linear() {
    const SMALL: usize = 8 << 10;
    /// Below this all is noise.
    const FLOOR: Duration = Duration::from_millis(10);
    let mut slow = Vec::new();
    for target in TARGETS {
        for row in target.hostile {
            let (small, large) = (hostile(*row, SMALL), hostile(*row, 8 * SMALL));
            let ratio = || {
                let small = time(target, &small).max(FLOOR);
                let large = time(target, &large);
                (large.as_secs_f64() / small.as_secs_f64(), large)
            };
            // A second look, for whoever was interrupted at the first.
            let (found, large) = ratio();
            let found = if found > 20.0 { found.min(ratio().0) } else { found };
            if found > 20.0 {
                slow.push(format!("{} {row:?}: {found:.0} times, {large:?}", target.name));
            }
        }
    }
    assert!(slow.is_empty(), "eight times as much took\n{}", slow.join("\n"));
}

//! Servers that misbehave in every way that was seen or feared, each really started and really scanned.
//!
//! `--serve BEHAVIOUR` makes this program one of the servers; otherwise it plays the whole table. So it needs no script
//! language, and the server's processes can be told from all others by a marker among their arguments.
#![allow(clippy::print_stdout)]

mod servers;
mod table;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, thread};

use mcpscan::connect::{Bounds, Event, Needs, Progress, Reply, Sandbox, Status, Target, query_all};
use mcpscan::text::Redactor;
use table::Row;

const SECRET: &str = "tok-5f2a9c7718e3";

/// `Err` says what is wrong.
type Test = fn() -> Result<(), String>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--serve") {
        servers::serve(args.get(at + 1).map_or("", String::as_str));
        return ExitCode::SUCCESS;
    }
    if let Some(at) = args.iter().position(|arg| arg == "--ask") {
        ask_eight(args.get(at + 1).map_or("", String::as_str));
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = args.iter().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));

    let rows: Vec<Row> = table::rows().into_iter().filter(|row| wants(row.behaviour)).collect();
    let (passed, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let judge = |name: &str, verdict: Result<(), String>| match verdict {
        Ok(()) => drop(passed.fetch_add(1, Ordering::Relaxed)),
        Err(why) => {
            failed.fetch_add(1, Ordering::Relaxed);
            println!("FAILED {name}: {why}");
        }
    };
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    judge(row.behaviour, play(row));
                }
            });
        }
    });
    // Of all that went before.
    judge("whole: memory", peak().map_or(Ok(()), is_little));
    let whole: [(&str, Test); 6] = [
        ("whole: memory of eight", memory),
        ("whole: environment", environment),
        ("whole: order and progress", order),
        ("whole: as long as the slowest", slowest),
        ("whole: interrupted", interrupted),
        ("whole: a panic", panics),
    ];
    for (name, test) in whole.into_iter().filter(|(name, _)| wants(name)) {
        judge(name, test());
    }
    let failed = failed.into_inner();
    println!("{} passed, {failed} failed", passed.into_inner());
    ExitCode::from(u8::from(failed > 0))
}

/// Bounds that let the table end soon.
fn bounds() -> Bounds {
    Bounds {
        first_answer: Duration::from_secs(2),
        answer: Duration::from_secs(1),
        total: Duration::from_secs(4),
        answer_bytes: 1 << 20,
        bytes: 2 << 20,
        values: 200_000,
        all_bytes: 64 << 20,
        all_values: 500_000,
        items: 500,
        depth: 64,
        pages: 20,
        again: 0,
        pause: Duration::ZERO,
        watchdog: None,
    }
}

/// An argument that no other process has.
fn marker(name: &str) -> String {
    format!("--marker={}-{name}", std::process::id())
}

fn target(behaviour: &str) -> Target {
    let own = env::current_exe().unwrap_or_default().to_string_lossy().into_owned();
    let serve = ["--serve".to_owned(), behaviour.to_owned(), marker(behaviour)];
    let (program, args) = match behaviour {
        // What a shell ignores, its successor ignores too.
        "stubborn" | "silent" => {
            let trap = ["-c".to_owned(), r#"trap '' TERM; exec "$0" "$@""#.to_owned(), own];
            ("/bin/sh".to_owned(), trap.into_iter().chain(serve).collect())
        }
        "closes-stdout" => {
            let close = ["-c".to_owned(), r#"exec 1>&-; exec "$0" "$@""#.to_owned(), own];
            ("/bin/sh".to_owned(), close.into_iter().chain(serve).collect())
        }
        "unknown" => ("mcpscan-no-such-program".to_owned(), serve.to_vec()),
        _ => (own, serve.to_vec()),
    };
    let mut redactor = Redactor::default();
    redactor.learn(SECRET);
    Target {
        client: Some("test".into()),
        name: behaviour.into(),
        remote: None,
        program,
        args,
        env: vec![("TOKEN".into(), SECRET.into())],
        cwd: (behaviour == "no-folder").then(|| PathBuf::from("/no/such/folder")),
        callers: Vec::new(),
        needs: Needs::default(),
        redactor: std::sync::Arc::new(redactor),
    }
}

/// The most memory that the scanner may take, in kB.
const MEMORY: usize = 200 << 10;

/// The most memory that this process has held so far, in kB, where the system tells.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

fn is_little(peak: usize) -> Result<(), String> {
    if env::var_os("VERBOSE").is_some() {
        println!("peak memory {} MB", peak >> 10);
    }
    ensure(peak < MEMORY, || format!("{} MB of memory", peak >> 10))
}

/// Asks eight servers of a kind at once, within the bounds that users have, and prints its peak of memory.
fn ask_eight(behaviour: &str) {
    let targets: Vec<Target> = (0..8).map(|_| target(behaviour)).collect();
    let replies = query_all(&targets, &base(), &Bounds::default(), &open(), 8, &AtomicBool::new(false), &Nobody);
    let found: Vec<_> = replies.iter().map(|reply| (reply.status, reply.reason.as_deref())).collect();
    println!("{} {found:?}", peak().unwrap_or_default());
}

/// Eight servers that each take as much as they get. A process for each kind, since a peak never sinks.
fn memory() -> Result<(), String> {
    if peak().is_none() {
        println!("SKIPPED: this system does not tell how much memory a process takes");
        return Ok(());
    }
    let own = env::current_exe().map_err(|error| error.to_string())?;
    ["huge-text", "huge-values", "huge-keys", "huge-pages", "endless-line"].into_iter().try_for_each(|behaviour| {
        let done = std::process::Command::new(&own).args(["--ask", behaviour]).output();
        let done = done.map_err(|error| error.to_string())?;
        let told = String::from_utf8_lossy(&done.stdout);
        let peak = told.split(' ').next().and_then(|peak| peak.parse().ok()).ok_or_else(|| told.to_string())?;
        is_little(peak).map_err(|why| format!("{behaviour}: {why}: {told}"))?;
        // Whoever did not get all of it says why; on a machine that has much to do, that it took too long.
        let says =
            ["all servers together", "an answer of more than", "no answer to"].iter().any(|part| told.contains(part));
        ensure(says, || told.to_string())?;
        nobody_left(behaviour)
    })
}

/// What the sandbox does to servers is tested with the program that they become.
fn open() -> Sandbox {
    Sandbox::Off("a test".into())
}

/// What everybody may see, and nothing that would make a difference.
fn base() -> Vec<(String, String)> {
    vec![("PATH".into(), env::var("PATH").unwrap_or_default())]
}

struct Nobody;

impl Progress for Nobody {
    fn event(&self, _: usize, _: Event) {}
}

fn ensure(truth: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if truth { Ok(()) } else { Err(otherwise()) }
}

fn play(row: &Row) -> Result<(), String> {
    let started = Instant::now();
    let replies = query_all(&[target(row.behaviour)], &base(), &bounds(), &open(), 4, &AtomicBool::new(false), &Nobody);
    let took = started.elapsed();
    let [reply] = replies.as_slice() else { return Err("not one reply".into()) };
    let brief = format!(
        "{:?}, {} tools, noise {}, {:?} in {took:.1?}",
        reply.status,
        reply.catalog.tools.len(),
        reply.noise,
        reply.reason
    );
    if env::var_os("VERBOSE").is_some() {
        println!("{:18} {brief}", row.behaviour);
    }
    ensure(reply.status == row.status, || format!("status: {brief}"))?;
    ensure(reply.catalog.tools.len() == row.tools, || format!("tools: {brief}"))?;
    ensure((reply.status == Status::Scanned) == reply.reason.is_none(), || format!("reason or none: {brief}"))?;
    let reason = reply.reason.as_deref().unwrap_or_default();
    ensure(row.reason.iter().all(|part| reason.contains(part)), || format!("reason: {brief}"))?;
    ensure(!format!("{reply:?}").contains(SECRET), || format!("a secret got out: {brief}"))?;
    ensure((row.check)(reply), || format!("check: {brief}\n{:?}", reply.catalog))?;
    // Two starts at most, and a second to end each.
    ensure(took < Duration::from_secs(7), || format!("deadline: {brief}"))?;
    nobody_left(row.behaviour)
}

/// Whether any process still carries the marker. One that was just killed may take a moment to be gone.
fn nobody_left(behaviour: &str) -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let marker = marker(behaviour);
    let alive = || {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok()).any(|line| {
            let line = String::from_utf8_lossy(&line);
            line.split('\0').any(|arg| arg == marker)
        })
    };
    let deadline = Instant::now() + Duration::from_millis(300);
    while alive() {
        ensure(Instant::now() < deadline, || "a process is left".into())?;
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn environment() -> Result<(), String> {
    let mut target = target("environment");
    target.env = vec![("OWN".into(), "1".into()), ("BOTH".into(), "own".into())];
    let base = vec![("BASE".to_owned(), "2".to_owned()), ("BOTH".to_owned(), "base".to_owned())];
    let replies = query_all(&[target], &base, &bounds(), &open(), 1, &AtomicBool::new(false), &Nobody);
    let text = |node: &mcpscan::document::Node, key| node.get(key).and_then(|value| value.scalar()).unwrap_or_default();
    let mut found: Vec<String> = replies[0]
        .catalog
        .tools
        .iter()
        .map(|tool| format!("{}={}", text(tool, "name"), text(tool, "description")))
        .collect();
    found.sort();
    ensure(found == ["BASE=2", "BOTH=own", "OWN=1"], || format!("{found:?}"))
}

/// All that was heard.
#[derive(Default)]
struct Heard(Mutex<Vec<(usize, Event)>>);

impl Progress for Heard {
    fn event(&self, target: usize, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((target, event));
    }
}

fn order() -> Result<(), String> {
    let names = ["slow", "clean", "dies", "paged", "clean"];
    let targets: Vec<Target> = names.iter().map(|name| target(name)).collect();
    let heard = Heard::default();
    let replies = query_all(&targets, &base(), &bounds(), &open(), 3, &AtomicBool::new(false), &heard);
    let found: Vec<&str> = replies.iter().map(|reply| reply.catalog.server.as_str()).collect();
    ensure(found == names, || format!("{found:?}"))?;
    ensure(replies.iter().all(|reply| reply.catalog.client.as_deref() == Some("test")), || "client".into())?;
    let heard = heard.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    let of = |target| heard.iter().filter(move |(of, _)| *of == target).map(|(_, event)| *event).collect::<Vec<_>>();
    ensure(of(3).contains(&Event::Page { list: "tools", items: 4 }), || format!("{:?}", of(3)))?;
    for target in 0..names.len() {
        let events = of(target);
        let ends = matches!((events.first(), events.last()), (Some(Event::Started), Some(Event::Done { .. })));
        ensure(ends, || format!("{events:?}"))?;
    }
    Ok(())
}

fn slowest() -> Result<(), String> {
    let all = |targets: &[Target]| {
        let started = Instant::now();
        let replies = query_all(targets, &base(), &bounds(), &open(), 16, &AtomicBool::new(false), &Nobody);
        (started.elapsed(), replies.iter().all(|reply| reply.status == Status::Scanned))
    };
    let many: Vec<Target> = (0..12).map(|number| target(if number % 4 == 0 { "slow" } else { "clean" })).collect();
    let mut told = String::new();
    // A machine that has something else to do starts twelve programs late; servers that wait for each other never pass.
    for _ in 0..3 {
        let (alone, fine) = all(&[target("slow")]);
        let (together, all_fine) = all(&many);
        ensure(fine && all_fine, || "not all scanned".into())?;
        if together < alone.mul_f64(1.2) {
            return Ok(());
        }
        told = format!("{together:?} against {alone:?}");
    }
    Err(told)
}

fn interrupted() -> Result<(), String> {
    let targets: Vec<Target> = ["silent", "clean", "slow-pages", "stubborn"].iter().map(|name| target(name)).collect();
    let stop = AtomicBool::new(false);
    let (replies, took) = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(900));
            stop.store(true, Ordering::Relaxed);
        });
        let started = Instant::now();
        let replies: Vec<Reply> = query_all(&targets, &base(), &bounds(), &open(), 2, &stop, &Nobody);
        (replies, started.elapsed())
    });
    let brief: Vec<_> =
        replies.iter().map(|reply| (reply.status, reply.reason.as_deref().unwrap_or_default())).collect();
    let expected = [
        (Status::Failed, "interrupted"),
        (Status::Scanned, ""),
        (Status::Partial, "interrupted"),
        (Status::Failed, "interrupted"),
    ];
    ensure(brief == expected, || format!("{brief:?}"))?;
    ensure(took < Duration::from_millis(1100), || format!("{took:?} after 900 ms"))?;
    ["silent", "clean", "slow-pages", "stubborn"].iter().try_for_each(|name| nobody_left(name))
}

/// Stumbles over one server.
struct Clumsy;

impl Progress for Clumsy {
    #[allow(clippy::panic)]
    fn event(&self, target: usize, event: Event) {
        if target == 0 && matches!(event, Event::Page { .. }) {
            panic!("on purpose");
        }
    }
}

fn panics() -> Result<(), String> {
    std::panic::set_hook(Box::new(|_| {}));
    let replies = query_all(
        &[target("grandchild"), target("clean")],
        &base(),
        &bounds(),
        &open(),
        1,
        &AtomicBool::new(false),
        &Clumsy,
    );
    drop(std::panic::take_hook());
    let found: Vec<Status> = replies.iter().map(|reply| reply.status).collect();
    ensure(found == [Status::Failed, Status::Scanned], || format!("{found:?}"))?;
    ensure(replies[0].reason.as_deref().is_some_and(|reason| reason.contains("mcpscan itself")), || "reason".into())?;
    nobody_left("grandchild")
}

//! Remotes that misbehave in every way that was seen or feared, each really listening and really asked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod servers;
mod table;
mod tls;
mod wire;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mcpscan::connect::{Bounds, Event, Needs, Progress, Remote, Reply, Sandbox, Status, Target, query_all};
use mcpscan::text::Redactor;
use table::Row;

/// What must not come back.
pub(crate) const SECRET: &str = "tok-5f2a9c7718e3";

/// Nothing is started here.
fn open() -> Sandbox {
    Sandbox::Off("a test".into())
}

/// Bounds that let the table end soon.
fn bounds() -> Bounds {
    Bounds {
        first_answer: Duration::from_secs(2),
        answer: Duration::from_secs(1),
        total: Duration::from_secs(5),
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

fn target(url: &str) -> Target {
    let mut redactor = Redactor::default();
    redactor.learn(SECRET);
    let headers = vec![
        ("Authorization".to_owned(), format!("Bearer {SECRET}")),
        ("X-Own".to_owned(), "own".to_owned()),
        ("Host".to_owned(), "evil.example".to_owned()),
        ("Content-Length".to_owned(), "5".to_owned()),
    ];
    Target {
        client: Some("test".into()),
        name: "remote".into(),
        remote: Some(Remote { url: url.to_owned(), headers }),
        program: String::new(),
        args: Vec::new(),
        env: Vec::new(),
        cwd: None,
        callers: Vec::new(),
        needs: Needs::default(),
        redactor: Arc::new(redactor),
    }
}

struct Nobody;

impl Progress for Nobody {
    fn event(&self, _: usize, _: Event) {}
}

/// Asks one remote; no proxy of this machine has anything to do with it.
fn ask(url: &str) -> Reply {
    query_all(&[target(url)], &[], &bounds(), &open(), 1, &AtomicBool::new(false), &Nobody).remove(0)
}

fn play(row: &Row) -> Result<(), String> {
    let other = servers::bystander();
    let server = servers::start(row.behaviour, other.port);
    let host = if row.behaviour == "ipv6" { "[::1]" } else { "127.0.0.1" };
    let started = Instant::now();
    let reply = ask(&format!("http://{host}:{}/mcp", server.port));
    let took = started.elapsed();
    let requests = server.requests();
    let brief = format!(
        "{:?}, {} tools, noise {}, {:?} in {took:.1?}, {} requests",
        reply.status,
        reply.catalog.tools.len(),
        reply.noise,
        reply.reason,
        requests.len()
    );
    if std::env::var_os("VERBOSE").is_some() {
        println!("{:18} {brief}", row.behaviour);
    }
    let ensure = |truth: bool, what: &str| if truth { Ok(()) } else { Err(format!("{what}: {brief}")) };
    ensure(reply.status == row.status, "status")?;
    ensure(reply.catalog.tools.len() == row.tools, "tools")?;
    ensure((reply.status == Status::Scanned) == reply.reason.is_none(), "reason or none")?;
    let reason = reply.reason.as_deref().unwrap_or_default();
    ensure(row.reason.iter().all(|part| reason.contains(part)), "reason")?;
    ensure(!reason.contains(SECRET) && !reason.contains(char::is_control), "a secret, or worse, got out")?;
    ensure(requests.iter().all(|request| request.header("host") != Some("evil.example")), "another host was named")?;
    ensure((row.check)(&reply, &requests), "check")?;
    ensure(took < Duration::from_secs(7), "deadline")?;
    match row.behaviour {
        // Another port of the same machine is reached, but told nothing that was meant for the first.
        "redirect-port" => {
            let requests = other.requests();
            let told = |request: &wire::Request| request.header("authorization").or(request.header("x-own")).is_some();
            ensure(!requests.is_empty() && !requests.iter().any(told), "headers went elsewhere")
        }
        _ => ensure(other.requests().is_empty(), "somebody else was asked"),
    }
}

#[test]
fn every_remote_ends_within_its_bounds() {
    let wanted = std::env::var("ONLY").unwrap_or_default();
    let rows: Vec<Row> = table::rows().into_iter().filter(|row| row.behaviour.contains(&wanted)).collect();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = play(row) {
                        failures.lock().unwrap().push(format!("{}: {why}", row.behaviour));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), rows.len(), failures.join("\n"));
    // Of this process, which is both the scanner and all the servers.
    if let Some(peak) = peak() {
        assert!(peak < 200 << 10, "{} MB of memory", peak >> 10);
    }
}

/// The most memory that this process has held so far, in kB, where the system tells.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

#[test]
fn an_interruption_ends_it_at_once() {
    for behaviour in ["silent", "drip", "silent-list", "silent-notification", "endless-events"] {
        let server = servers::start(behaviour, 0);
        let stop = AtomicBool::new(false);
        let started = Instant::now();
        let patient = Bounds {
            first_answer: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            bytes: 1 << 40,
            total: Duration::from_secs(60),
            ..bounds()
        };
        let replies = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(500));
                stop.store(true, Ordering::Relaxed);
            });
            query_all(
                &[target(&format!("http://127.0.0.1:{}/mcp", server.port))],
                &[],
                &patient,
                &open(),
                1,
                &stop,
                &Nobody,
            )
        });
        assert!(started.elapsed() < Duration::from_millis(1500), "{behaviour}: {:?}", started.elapsed());
        assert!(
            replies[0].reason.as_deref().is_some_and(|reason| reason.contains("interrupted")),
            "{behaviour}: {:?}",
            replies[0].reason
        );
    }
}

#[test]
fn what_an_entry_names_is_sent_and_no_more() {
    let server = servers::start("echo", 0);
    let reply = ask(&format!("http://127.0.0.1:{}/mcp", server.port));
    let mut found: Vec<&str> = reply.catalog.tools.iter().filter_map(|tool| tool.get("name")?.as_str()).collect();
    found.sort_unstable();
    let expected = [
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "mcp-protocol-version",
        "user-agent",
        "x-own",
    ];
    assert_eq!(found, expected);
}

#[test]
fn addresses_that_lead_nowhere_say_why() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let open = plain.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in plain.incoming().map_while(Result::ok) {
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    for (url, part) in [
        (
            format!("http://127.0.0.1:{closed}/?key={SECRET}"),
            format!("could not connect to http://127.0.0.1:{closed}: connection refused"),
        ),
        (format!("https://127.0.0.1:{open}/"), "TLS: it does not speak TLS there".to_owned()),
        (
            "http://mcpscan.invalid/".to_owned(),
            "could not connect to http://mcpscan.invalid: there is no such host".to_owned(),
        ),
        ("ws://127.0.0.1/".to_owned(), "neither http nor https".to_owned()),
    ] {
        let reply = ask(&url);
        let reason = reply.reason.unwrap_or_default();
        assert!(
            reply.status == Status::Failed && reason.contains(&part) && !reason.contains(SECRET),
            "{url}: {reason}"
        );
    }
}

#[test]
fn a_proxy_of_the_environment_is_used() {
    let proxy = servers::start("403", 0);
    let variables = [("http_proxy".to_owned(), format!("http://127.0.0.1:{}", proxy.port))];
    let target = target("http://mcpscan.invalid/mcp");
    let replies = query_all(&[target], &variables, &bounds(), &open(), 1, &AtomicBool::new(false), &Nobody);
    let reason = replies[0].reason.clone().unwrap_or_default();
    assert!(reason.contains("the proxy did not connect"), "{reason}");
    let requests = proxy.requests();
    assert!(
        requests.iter().all(|request| request.method == "CONNECT" && request.header("authorization").is_none()),
        "{requests:?}"
    );
    assert!(!requests.is_empty());
}

//! What is to become of each server.

use mcpscan::connect::{Reply, Status};
use mcpscan::document::Node;

use super::wire::Request;

/// One server and what is expected of the scan.
pub(crate) struct Row {
    pub(crate) behaviour: &'static str,
    pub(crate) status: Status,
    pub(crate) tools: usize,
    /// Words that the reason must hold.
    pub(crate) reason: &'static [&'static str],
    /// Anything else that must be true of what was read, and of what the server was sent.
    pub(crate) check: fn(&Reply, &[Request]) -> bool,
}

fn scanned(behaviour: &'static str, tools: usize, check: fn(&Reply, &[Request]) -> bool) -> Row {
    Row { behaviour, status: Status::Scanned, tools, reason: &[], check }
}

fn partial(behaviour: &'static str, tools: usize, reason: &'static [&'static str]) -> Row {
    Row { behaviour, status: Status::Partial, tools, reason, check: |reply, _| reply.catalog.prompts.len() == 1 }
}

fn failed(behaviour: &'static str, reason: &'static [&'static str]) -> Row {
    Row { behaviour, status: Status::Failed, tools: 0, reason, check: any }
}

fn sign_in(behaviour: &'static str, reason: &'static [&'static str]) -> Row {
    Row { behaviour, status: Status::NeedsSignIn, tools: 0, reason, check: any }
}

fn any(_: &Reply, _: &[Request]) -> bool {
    true
}

fn info(reply: &Reply) -> Option<&str> {
    reply.catalog.info.as_ref()?.get("name")?.as_str()
}

/// Everything is there.
fn whole(reply: &Reply, _: &[Request]) -> bool {
    reply.catalog.prompts.len() == 1
        && reply.catalog.instructions.as_ref().and_then(Node::as_str) == Some("Be careful.")
        && info(reply) == Some("fake")
}

/// Nothing but JSON is accepted, and nothing compressed.
fn polite(reply: &Reply, requests: &[Request]) -> bool {
    whole(reply, requests)
        && reply.noise == 0
        && requests.iter().all(|request| {
            request.header("accept-encoding") == Some("identity")
                && request.header("accept") == Some("application/json, text/event-stream")
                && request.header("user-agent").is_some_and(|agent| agent.starts_with("mcpscan/"))
                && request.header("authorization").is_some()
        })
}

fn names(reply: &Reply) -> Vec<&str> {
    reply.catalog.tools.iter().filter_map(|tool| tool.get("name")?.as_str()).collect()
}

/// How many requests of a method came, by HTTP or by the protocol.
fn count(requests: &[Request], what: &str) -> usize {
    requests.iter().filter(|request| request.method == what || request.call() == what).count()
}

pub(crate) fn rows() -> Vec<Row> {
    vec![
        // What servers do that are well.
        scanned("json", 2, polite),
        scanned("events", 2, polite),
        scanned("events-chunked", 2, whole),
        scanned("session", 2, |reply, requests| {
            // The end of the session comes last, and that it is refused hurts nobody.
            whole(reply, requests) && count(requests, "DELETE") == 1
        }),
        scanned("ipv6", 2, whole),
        scanned("batch", 2, whole),
        scanned("string-id", 2, whole),
        scanned("wrong-type", 2, whole),
        scanned("bad-session", 2, whole),
        scanned("redirect", 2, polite),
        scanned("redirect-twice", 2, polite),
        scanned("asks-back", 4, |reply, _| names(reply) == ["0 {}", r#"1 {"roots":[]}"#, "2 -32601", "3 -32601"]),
        scanned("resumed", 2, |reply, requests| {
            let again = requests.iter().find(|request| request.method == "GET");
            let fits = |request: &Request| {
                request.header("accept") == Some("text/event-stream")
                    && request.header("mcp-protocol-version") == Some("2025-06-18")
                    && request.header("authorization").is_some()
            };
            whole(reply, requests) && reply.noise == 0 && again.is_some_and(fits)
        }),
        scanned("resumed-mid-answer", 2, whole),
        partial("resumed-never", 0, &["ended its answer to `tools/list` without an answer in it"]),
        Row {
            check: |_, requests| count(requests, "GET") == 8,
            ..partial("resumed-for-ever", 0, &["ended its answer to `tools/list` without an answer in it"])
        },
        // The eras, and the older transport.
        scanned("modern", 2, |reply, requests| info(reply) == Some("modern") && count(requests, "initialize") == 1),
        scanned("modern-bare", 2, |reply, _| info(reply) == Some("modern")),
        scanned("old", 2, |reply, requests| whole(reply, requests) && count(requests, "GET") == 1),
        scanned("old-absolute", 2, whole),
        Row { check: any, ..failed("old-dies", &["closed its stream of events before answering"]) },
        failed("old-elsewhere", &["sends to another host, http://mcpscan.invalid; nothing was sent there"]),
        // Signing in.
        sign_in("401", &["HTTP status 401", "WWW-Authenticate: Bearer resource_metadata", "error=\"[redacted]\""]),
        sign_in("403", &["HTTP status 403: it wants to know who asks"]),
        sign_in("modern-signed", &["HTTP status 401"]),
        sign_in("401-lists", &["HTTP status 401: it wants to know who asks (WWW-Authenticate: Basic)"]),
        partial("401-tools", 0, &["HTTP status 401: it wants to know who asks (WWW-Authenticate: Basic)"]),
        // Errors.
        failed("404", &["answered `initialize` with HTTP status 404 Not Found"]),
        failed("500", &["HTTP status 500 Internal Server Error; it says: database is down, token [redacted]\\u{7}"]),
        failed("nameless-error", &["answered `initialize` with error -32000: Not today"]),
        partial("500-list", 0, &["answered `tools/list` with HTTP status 503 Service Unavailable"]),
        partial("error-in-500", 0, &["answered `tools/list` with error -32603: fetch failed"]),
        failed("html", &["answered `initialize` with `text/html`, neither JSON nor events"]),
        failed("gzip", &["answered `initialize` compressed (`gzip`), unasked"]),
        failed("no-http", &["did not answer `initialize`: no valid HTTP"]),
        failed("huge-header", &["did not answer `initialize`: headers of more than 64 KiB"]),
        failed("chunked-garbage", &["its answer to `initialize` broke off: no valid HTTP"]),
        failed("closes", &["did not answer `initialize`: the connection was closed"]),
        // Elsewhere.
        failed("redirect-host", &["sends to another host, http://localhost:", "nothing was sent there"]),
        Row { check: whole, ..scanned("redirect-port", 2, whole) },
        failed("redirect-loop", &["redirects `initialize` more than 3 times"]),
        failed("redirect-nowhere", &["redirects `initialize`, but the address is"]),
        // Silence.
        failed("silent", &["no answer to `initialize` within 2 s"]),
        failed("drip", &["no answer to `initialize` within 2 s"]),
        failed("drip-head", &["no answer to `initialize` within 2 s"]),
        partial("silent-list", 0, &["no answer to `tools/list` within 1 s"]),
        scanned("silent-notification", 2, whole),
        partial("accepts-all", 0, &["accepted `tools/list` with HTTP status 202 and did not answer it"]),
        partial("wrong-id", 0, &["ended its answer to `tools/list` without an answer in it"]),
        partial("closes-early", 0, &["ended its answer to `tools/list` without an answer in it"]),
        // Floods.
        Row { check: any, ..partial("endless-events", 0, &["`tools/list`"]) },
        scanned("endless-after", 2, whole),
        partial("endless-body", 0, &["an answer of more than 1 MiB, while waiting for `tools/list`"]),
        Row { check: any, ..partial("endless-noise", 0, &["more than 2 MiB in all answers"]) },
        scanned("floods-questions", 2, |reply, requests| whole(reply, requests) && requests.len() < 60),
        partial("same-cursor", 2, &["`tools/list` gave the same cursor twice"]),
        // What can't be read.
        partial("closes-mid-answer", 0, &["a message that breaks off, while waiting for `tools/list`"]),
        partial("closes-mid-events", 0, &["a message that breaks off, while waiting for `tools/list`"]),
        partial("bad-json", 0, &["ended its answer to `tools/list` without an answer in it; it says: {"]),
        scanned("bad-event", 2, whole),
        partial("deep", 0, &["an answer nested deeper than 64, while waiting for `tools/list`"]),
        partial("length-short", 0, &["a message that breaks off, while waiting for `tools/list`"]),
        scanned("length-long", 2, whole),
        partial("lengths", 0, &["did not answer `tools/list`: no valid HTTP"]),
    ]
}

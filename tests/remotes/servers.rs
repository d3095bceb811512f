//! The servers: one behaviour each.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::SECRET;
use super::wire::{Request, Server, TWO, Wire, serve, well};

fn is_list(request: &Request) -> bool {
    request.call() == "tools/list"
}

/// The modern era: everything in the body stands in the headers too.
fn modern(wire: &mut Wire, request: &Request) {
    let version = request.body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"].as_str();
    let told = request.header("mcp-protocol-version") == Some("2026-07-28")
        && request.header("mcp-method") == Some(request.call());
    let id = &request.body["id"];
    if version != Some("2026-07-28") || !told {
        let error = r#"{"code":-32022,"message":"Unsupported","data":{"supported":["2026-07-28"]}}"#;
        let body = format!(r#"{{"jsonrpc":"2.0","id":null,"error":{error}}}"#);
        return wire.answer("400 Bad Request", "Content-Type: application/json\r\n", &body);
    }
    match request.call() {
        "server/discover" => wire.json(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{{"tools":{{}}}},"_meta":{{"io.modelcontextprotocol/serverInfo":{{"name":"modern"}}}}}}}}"#
        )),
        _ => serve(wire, request),
    }
}

/// The older transport: one stream of events, answers to all messages on it.
fn old(wire: &mut Wire, request: &Request, stream: &Mutex<(Sender<String>, Option<Receiver<String>>)>, endpoint: &str) {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/mcp") => {
            let Some(answers) = stream.lock().unwrap().1.take() else { return };
            wire.events();
            wire.raw(format!("event: endpoint\ndata: {endpoint}\n\n: ping\n\n"));
            while let Ok(answer) = answers.recv_timeout(Duration::from_secs(10)) {
                if answer == "end" || !wire.event(&answer) {
                    return;
                }
            }
        }
        ("POST", "/messages?session=1") => {
            wire.answer("202 Accepted", "", "Accepted");
            if let Some(answer) = well(request) {
                let _ = stream.lock().unwrap().0.send(answer);
            }
        }
        _ => wire.answer("405 Method Not Allowed", "", ""),
    }
}

fn old_server(endpoint: &'static str, dies: bool) -> Server {
    let (sender, receiver) = channel();
    let stream = Mutex::new((sender, Some(receiver)));
    Server::start("127.0.0.1:0", move |wire, request| {
        if dies && request.call().ends_with("/list") {
            let _ = stream.lock().unwrap().0.send("end".to_owned());
            return wire.answer("202 Accepted", "", "");
        }
        old(wire, request, &stream, endpoint);
    })
}

fn redirect(wire: &mut Wire, status: &str, to: &str) {
    wire.answer(status, &format!("Location: {to}\r\n"), "");
}

/// Writes until nobody reads any more, or a while is over.
fn flood(wire: &mut Wire, text: &str, pause: Duration) {
    let started = std::time::Instant::now();
    while wire.raw(text) && started.elapsed() < Duration::from_secs(15) {
        thread::sleep(pause);
    }
}

/// Plays one server. `other` is the port of a second one, which only listens.
pub(crate) fn start(behaviour: &'static str, other: u16) -> Server {
    let local = "127.0.0.1:0";
    match behaviour {
        "ipv6" => Server::start("[::1]:0", serve),
        "old" => old_server("/messages?session=1", false),
        "old-absolute" => old_server("messages?session=1", false),
        "old-dies" => old_server("/messages?session=1", true),
        "old-elsewhere" => old_server("http://mcpscan.invalid/messages", false),
        "asks-back" => {
            // Each answer of the client is the description of a tool.
            let (answers, heard) = channel::<String>();
            let heard = Mutex::new(heard);
            Server::start(local, move |wire, request| match request.call() {
                "tools/list" => {
                    wire.events();
                    for (id, method) in
                        ["ping", "roots/list", "sampling/createMessage", "elicitation/create"].iter().enumerate()
                    {
                        wire.event(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#));
                    }
                    let heard = heard.lock().unwrap();
                    let wait = Duration::from_millis(900);
                    let mut found: Vec<String> = (0..4).filter_map(|_| heard.recv_timeout(wait).ok()).collect();
                    found.sort();
                    let tools: Vec<_> = found.iter().map(|text| serde_json::json!({ "name": text })).collect();
                    wire.event(&serde_json::json!({ "jsonrpc": "2.0", "id": request.body["id"], "result": { "tools": tools } }).to_string());
                }
                "" => {
                    let code = &request.body["error"]["code"];
                    let text = if code.is_null() { request.body["result"].to_string() } else { code.to_string() };
                    let _ = answers.send(format!("{} {text}", request.body["id"]));
                    wire.answer("202 Accepted", "", "");
                }
                _ => serve(wire, request),
            })
        }
        _ => Server::start(local, move |wire, request| play(behaviour, other, wire, request)),
    }
}

#[allow(clippy::too_many_lines)]
fn play(behaviour: &str, other: u16, wire: &mut Wire, request: &Request) {
    let id = request.body["id"].clone();
    match behaviour {
        "json" => serve(wire, request),
        "events" => match well(request) {
            Some(body) => {
                wire.events();
                wire.raw(": hello\n\nid: 1\nretry: 10\n");
                wire.event(&body);
            }
            None => wire.answer("202 Accepted", "", ""),
        },
        "events-chunked" => match well(request) {
            Some(body) => {
                wire.raw("HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n");
                for part in format!("data: {body}\r\n\r\n").as_bytes().chunks(7) {
                    wire.raw(format!("{:x}\r\n{}\r\n", part.len(), String::from_utf8_lossy(part)));
                }
                wire.raw("0\r\n\r\n");
            }
            None => wire.answer("202 Accepted", "", ""),
        },
        "session" => match request.call() {
            "initialize" => {
                let body = well(request).unwrap();
                wire.answer("200 OK", "Content-Type: application/json\r\nMcp-Session-Id: s-1\r\n", &body);
            }
            _ if request.header("mcp-session-id") != Some("s-1") => wire.answer("400 Bad Request", "", ""),
            _ if request.header("mcp-protocol-version") != Some("2025-06-18") => wire.answer("400 Bad Request", "", ""),
            _ if request.method == "DELETE" => wire.answer("405 Method Not Allowed", "", ""),
            _ => serve(wire, request),
        },
        "modern" => modern(wire, request),
        "modern-bare" if request.call() == "initialize" => wire.answer("400 Bad Request", "", "no such thing"),
        "modern-bare" => modern(wire, request),
        "modern-signed" if request.call() == "initialize" => wire.answer("400 Bad Request", "", ""),
        "401" | "modern-signed" => {
            let wants =
                format!("WWW-Authenticate: Bearer resource_metadata=\"https://x.example/\", error=\"{SECRET}\"\r\n");
            wire.answer("401 Unauthorized", &wants, "{\"error\":\"invalid_token\"}");
        }
        "403" => wire.answer("403 Forbidden", "", "go away"),
        "401-lists" if request.call().ends_with("/list") => {
            wire.answer("401 Unauthorized", "WWW-Authenticate: Basic\r\n", "");
        }
        "401-tools" if is_list(request) => wire.answer("401 Unauthorized", "WWW-Authenticate: Basic\r\n", ""),
        "401-lists" | "401-tools" => serve(wire, request),
        "404" => wire.answer("404 Not Found", "Content-Type: text/html\r\n", "<h1>nothing here</h1>"),
        "500" => wire.answer("500 Internal Server Error", "", &format!("database is down, token {SECRET}\u{7}")),
        "500-list" if is_list(request) => wire.answer("503 Service Unavailable", "", ""),
        "500-list" => serve(wire, request),
        "error-in-500" if is_list(request) => {
            let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32603,"message":"fetch failed"}}}}"#);
            wire.answer("500 Internal Server Error", "Content-Type: application/json\r\n", &body);
        }
        "error-in-500" => serve(wire, request),
        "redirect" if request.path == "/mcp" => redirect(wire, "307 Temporary Redirect", "/mcp/"),
        "redirect-twice" if request.path == "/mcp" => redirect(wire, "308 Permanent Redirect", "a?b=c"),
        "redirect-twice" if request.path == "/a?b=c" => {
            let to = format!("http://127.0.0.1:{}/d", wire.port);
            redirect(wire, "301 Moved Permanently", &to);
        }
        "redirect" | "redirect-twice" => serve(wire, request),
        "redirect-host" => redirect(wire, "307 Temporary Redirect", &format!("http://localhost:{other}/mcp")),
        "redirect-port" => redirect(wire, "307 Temporary Redirect", &format!("http://127.0.0.1:{other}/mcp")),
        "redirect-loop" => redirect(wire, "307 Temporary Redirect", "/mcp"),
        "redirect-nowhere" => redirect(wire, "307 Temporary Redirect", "file:///etc/passwd"),
        "drip" => {
            wire.raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
            flood(wire, " ", Duration::from_millis(20));
        }
        "drip-head" => {
            wire.raw("HTTP/1.1 200 OK\r\nX-A: ");
            flood(wire, "x", Duration::from_millis(20));
        }
        "endless-events" if is_list(request) => {
            wire.events();
            flood(
                wire,
                &"data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n".repeat(200),
                Duration::ZERO,
            );
        }
        "endless-after" if is_list(request) => {
            wire.events();
            wire.event(&well(request).unwrap());
            flood(wire, ": ping\n\n", Duration::from_millis(5));
        }
        "endless-body" if is_list(request) => {
            wire.raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"id\":2,\"result\":\"");
            flood(wire, &"x".repeat(10_000), Duration::ZERO);
        }
        "endless-noise" if is_list(request) => {
            wire.raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
            flood(wire, &format!("{}\n", "x".repeat(500)).repeat(20), Duration::ZERO);
        }
        "endless-events" | "endless-after" | "endless-body" | "endless-noise" => serve(wire, request),
        "huge-header" => {
            wire.raw("HTTP/1.1 200 OK\r\n");
            flood(wire, &format!("X-A: {}\r\n", "x".repeat(1000)), Duration::ZERO);
        }
        "chunked-garbage" => {
            wire.raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n");
        }
        "no-http" => {
            wire.raw("SSH-2.0-OpenSSH_9.6\r\n");
        }
        "wrong-type" => match well(request) {
            Some(body) => wire.answer("200 OK", "Content-Type: text/plain\r\n", &body),
            None => wire.answer("200 OK", "", "ok"),
        },
        "html" => wire.answer("200 OK", "Content-Type: text/html; charset=utf-8\r\n", "<title>Please sign in</title>"),
        "gzip" => wire.answer("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", "\u{1f}\u{8b}"),
        "closes" => {}
        "closes-mid-answer" if is_list(request) => {
            wire.raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":2,\"res");
        }
        "closes-mid-events" if is_list(request) => {
            wire.events();
            wire.raw("data: {\"jsonrpc\":\"2.0\",\"id\":2,\"res");
        }
        "closes-early" if is_list(request) => {
            wire.events();
            wire.raw(": bye\n\n");
        }
        "closes-mid-answer" | "closes-mid-events" | "closes-early" => serve(wire, request),
        // What SDKs call polling: an id first, then the end; the answer comes to whoever asks for what is behind the id.
        "resumed" | "resumed-mid-answer" | "resumed-never" | "resumed-for-ever" => {
            let whole = format!("id: list-2\ndata: {{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{TWO}}}\n\n");
            match (request.method.as_str(), request.header("last-event-id")) {
                ("POST", None) if is_list(request) => {
                    wire.events();
                    wire.raw("id: list-1\nretry: 20\ndata:\n\n");
                    if behaviour == "resumed-mid-answer" {
                        wire.raw(&whole[..40]);
                    }
                }
                ("POST", None) => serve(wire, request),
                ("GET", Some("list-1")) if behaviour == "resumed-for-ever" => drop(wire.events()),
                ("GET", Some("list-1")) if behaviour != "resumed-never" => {
                    wire.events();
                    wire.raw(&whole);
                }
                _ => wire.answer("405 Method Not Allowed", "", ""),
            }
        }
        "accepts-all" if is_list(request) => wire.answer("202 Accepted", "", ""),
        "accepts-all" => serve(wire, request),
        "same-cursor" if is_list(request) => {
            wire.json(&format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"tools":[{{"name":"x"}}],"nextCursor":"c"}}}}"#
            ));
        }
        "same-cursor" => serve(wire, request),
        "silent" => wire.hold(),
        "silent-list" if is_list(request) => wire.hold(),
        "silent-list" => serve(wire, request),
        "silent-notification" if request.call() == "notifications/initialized" => wire.hold(),
        "silent-notification" => serve(wire, request),
        "batch" => match well(request) {
            Some(body) => wire.json(&format!(r#"[{{"jsonrpc":"2.0","method":"notifications/message"}},{body}]"#)),
            None => wire.answer("202 Accepted", "", ""),
        },
        "floods-questions" if is_list(request) => {
            wire.events();
            for number in 0..5_000 {
                wire.event(&format!(r#"{{"jsonrpc":"2.0","id":{number},"method":"ping"}}"#));
            }
            wire.event(&well(request).unwrap());
        }
        "floods-questions" => serve(wire, request),
        "bad-json" if is_list(request) => wire.json(r#"{"jsonrpc":"2.0","id":2,"result":{"tools":[}}"#),
        "bad-event" if is_list(request) => {
            wire.events();
            wire.event(r#"{"jsonrpc":"2.0","id":2,"result":{"tools":["#);
            wire.event(&well(request).unwrap());
        }
        "deep" if is_list(request) => {
            wire.json(&format!(r#"{{"jsonrpc":"2.0","id":2,"result":{}"#, "[".repeat(90_000)))
        }
        "bad-json" | "bad-event" | "deep" => serve(wire, request),
        "length-short" if is_list(request) => {
            wire.raw(format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{}",
                well(request).unwrap()
            ));
        }
        "length-long" if is_list(request) => {
            wire.raw(format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{}",
                well(request).unwrap()
            ));
        }
        "lengths" if is_list(request) => {
            wire.raw(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9000\r\n\r\n{}",
                well(request).unwrap()
            ));
        }
        "length-short" | "length-long" | "lengths" => serve(wire, request),
        "wrong-id" if is_list(request) => wire.json(&format!(r#"{{"jsonrpc":"2.0","id":77,"result":{TWO}}}"#)),
        "string-id" if is_list(request) => wire.json(&format!(r#"{{"jsonrpc":"2.0","id":"{id}","result":{TWO}}}"#)),
        "wrong-id" | "string-id" => serve(wire, request),
        "nameless-error" => {
            let body = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Not today"}}"#;
            wire.answer("400 Bad Request", "Content-Type: application/json\r\n", body);
        }
        "bad-session" if request.call() == "initialize" => {
            let head = "Content-Type: application/json\r\nMcp-Session-Id: caf\u{e9}\r\n";
            wire.answer("200 OK", head, &well(request).unwrap());
        }
        "bad-session" => serve(wire, request),
        "echo" if is_list(request) => {
            let tools: Vec<_> = request
                .headers
                .iter()
                .map(|(name, value)| serde_json::json!({ "name": name, "description": value }))
                .collect();
            wire.json(&serde_json::json!({ "jsonrpc": "2.0", "id": id, "result": { "tools": tools } }).to_string());
        }
        "echo" => serve(wire, request),
        _ => wire.answer("501 Not Implemented", "", behaviour),
    }
}

/// A server that nobody may reach: it only notes who comes.
pub(crate) fn bystander() -> Arc<Server> {
    Arc::new(Server::start("127.0.0.1:0", serve))
}

//! The servers: one behaviour each.

use std::process::Stdio;
use std::time::Duration;
use std::{env, thread};

use serde_json::{Value, json};

use super::wire::{TWO, UNKNOWN, Wire, complain, grandchild, hang, leave, line};

/// The request's metadata has all that the modern era wants.
fn is_modern(request: &Value) -> bool {
    let meta = &request["params"]["_meta"];
    meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
        && meta["io.modelcontextprotocol/clientInfo"]["name"] == "mcpscan"
        && meta["io.modelcontextprotocol/clientCapabilities"].is_object()
}

fn modern(wire: &Wire, method: &str, request: &Value, version: &str) {
    let meta = &request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"];
    if meta != version || version == "2026-07-28" && !is_modern(request) {
        return wire.error(
            request,
            &format!(r#"{{"code":-32022,"message":"Unsupported","data":{{"supported":["{version}"]}}}}"#),
        );
    }
    match method {
        "server/discover" => wire.result(
            request,
            &json!({
                "resultType": "complete",
                "supportedVersions": [version],
                "capabilities": { "tools": {} },
                "instructions": "Be careful.",
                "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "modern" } }
            })
            .to_string(),
        ),
        _ => wire.well(request),
    }
}

/// Plays one server until its stdin ends, or longer.
pub(crate) fn serve(behaviour: &str) {
    let wire = Wire::new();
    match behaviour {
        "clean" | "unknown" => wire.healthy(),
        "paged" => wire.run(|wire, method, request| {
            let page = request["params"]["cursor"].as_str().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
            let next = if page < 2 { json!((page + 1).to_string()) } else { Value::Null };
            method == "tools/list" && {
                let tools = json!([{ "name": format!("x{page}") }, { "name": format!("y{page}") }]);
                wire.result(request, &json!({ "tools": tools, "nextCursor": next }).to_string());
                true
            }
        }),
        "environment" => wire.run(|wire, method, request| {
            method == "tools/list" && {
                let tools: Vec<Value> = env::vars().map(|(name, value)| json!({ "name": name, "description": value })).collect();
                wire.result(request, &json!({ "tools": tools }).to_string());
                true
            }
        }),
        "slow" => wire.run(|_, method, _| {
            if method == "initialize" {
                thread::sleep(Duration::from_millis(600));
            }
            false
        }),

        // The two eras.
        "dual" => wire.run(|wire, method, request| {
            method == "server/discover" && {
                modern(wire, method, request, "2026-07-28");
                true
            }
        }),
        "modern" => wire.run(|wire, method, request| {
            modern(wire, method, request, "2026-07-28");
            true
        }),
        "later" => wire.run(|wire, method, request| {
            modern(wire, method, request, "2027-01-31");
            true
        }),
        "modern-dies" => wire.run(|wire, method, request| {
            if !is_modern(request) {
                complain("protocol violation\n");
                leave(1);
            }
            modern(wire, method, request, "2026-07-28");
            true
        }),
        "older" => wire.run(|wire, method, request| {
            method == "initialize" && request["params"]["protocolVersion"] != "2024-11-05" && {
                wire.error(request, r#"{"code":-32602,"message":"Unsupported protocol version","data":{"supported":["2024-11-05"]}}"#);
                true
            }
        }),
        "future" => wire.but("initialize", r#"{"protocolVersion":"2099-01-01","capabilities":{"tools":{}}}"#),
        "refuses" => wire.run(|wire, method, request| {
            match method {
                "initialize" => wire.error(request, r#"{"code":-32001,"message":"no account\u0007"}"#),
                _ => wire.error(request, UNKNOWN),
            }
            true
        }),
        "refuses-dies" => wire.run(|wire, method, request| {
            if method != "initialize" {
                leave(2);
            }
            wire.error(request, r#"{"code":-32001,"message":"no account"}"#);
            true
        }),
        "nameless-error" => wire.run(|wire, method, _| {
            method == "initialize" && {
                wire.send(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#);
                true
            }
        }),

        // Deaths and silence.
        "dies" => {
            complain("starting\n\u{1b}[31mError: no API key\u{1b}[0m\n    at main (x.js:1)\n\nNode.js v20.20.2\n");
            leave(3);
        }
        "aborts" => std::process::abort(),
        "usage" => {
            wire.bytes(b"usage: serve DIRECTORY\n");
            leave(0);
        }
        "dies-later" => wire.run(|wire, method, request| {
            if method == "tools/list" {
                if request["params"]["cursor"].is_string() {
                    leave(1);
                }
                wire.result(request, &TWO.replace("]}", r#"],"nextCursor":"2"}"#));
            }
            method == "tools/list"
        }),
        "dies-on-list" => wire.run(|_, method, _| if method == "tools/list" { leave(7) } else { false }),
        "dies-of-unknown" => Wire::offering(json!({ "tools": {}, "logging": {} })).run(|_, method, _| {
            if !["initialize", "tools/list", "notifications/initialized"].contains(&method) {
                complain("unhandled validation error\n");
                leave(1);
            }
            false
        }),
        "dies-of-prompts" => Wire::offering(json!({})).run(|_, method, _| if method == "prompts/list" { leave(1) } else { false }),
        "silent" | "closes-stdout" => hang(),
        "silent-list" => wire.run(|_, method, _| method.ends_with("/list")),
        "silent-prompts" => wire.run(|_, method, _| method == "prompts/list"),
        "drips" => loop {
            wire.bytes(b"{\"jsonrpc\": ");
            thread::sleep(Duration::from_millis(50));
            wire.bytes(b"\n  ");
        },
        "slow-pages" => wire.run(|wire, method, request| {
            method == "tools/list" && {
                thread::sleep(Duration::from_millis(700));
                wire.result(request, &format!(r#"{{"tools":[{{"name":"x"}}],"nextCursor":"{}"}}"#, request["id"]));
                true
            }
        }),
        "leaves-child" => {
            drop(grandchild(Stdio::null()).spawn());
            leave(0);
        }
        "never-reads" => {
            for id in 0..20_000 {
                wire.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#));
            }
            hang();
        }
        "stubborn" => {
            wire.healthy();
            hang();
        }

        // Families.
        "grandchild" => {
            drop(grandchild(Stdio::null()).spawn());
            wire.healthy();
        }
        "grandchild-stdout" => {
            drop(grandchild(Stdio::inherit()).spawn());
            complain("Error: lost my head\n");
            leave(5);
        }
        #[cfg(unix)]
        "grandchild-group" => {
            drop(std::os::unix::process::CommandExt::process_group(&mut grandchild(Stdio::inherit()), 0).spawn());
            wire.healthy();
        }
        #[cfg(unix)]
        "grandchild-session" => {
            let mut detached = process_wrap::std::CommandWrap::from(grandchild(Stdio::inherit()));
            drop(detached.wrap(process_wrap::std::ProcessSession).spawn());
            wire.healthy();
        }

        // Floods.
        "floods-stderr" => {
            thread::spawn(|| {
                loop {
                    complain("all is well, all is well, all is well\n");
                }
            });
            wire.healthy();
        }
        "floods-stdout" => wire.run(|wire, _, _| {
            wire.bytes("tick\n".repeat(10_000).as_bytes());
            false
        }),
        "noise-forever" => loop {
            wire.bytes("tick\n".repeat(1_000).as_bytes());
        },
        "endless-line" => wire.run(|wire, method, request| {
            if method == "tools/list" {
                wire.bytes(format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"tools":[{{"name":""#, request["id"]).as_bytes());
                loop {
                    wire.bytes(&[b'x'; 4096]);
                }
            }
            false
        }),
        "deep" => wire.but("tools/list", &format!(r#"{{"tools":[{{"name":"x","inputSchema":{}1{}}}]}}"#, "[".repeat(100_000), "]".repeat(100_000))),
        "deep-noise" => {
            wire.bytes(format!("{}\n", "[".repeat(100_000)).as_bytes());
            wire.healthy();
        }
        "same-cursor" => wire.but("tools/list", &TWO.replace("]}", r#"],"nextCursor":"again"}"#)),
        "endless-cursors" => wire.run(|wire, method, request| {
            method == "tools/list" && {
                wire.result(request, &format!(r#"{{"tools":[{{"name":"x"}}],"nextCursor":"{}"}}"#, request["id"]));
                true
            }
        }),
        "number-cursor" => wire.but("tools/list", &TWO.replace("]}", r#"],"nextCursor":2}"#)),
        "many-tools" => wire.but("tools/list", &format!(r#"{{"tools":[{}1]}}"#, r#"{"name":"x"},"#.repeat(2_000))),
        "many-values" => wire.but("tools/list", &format!(r#"{{"tools":[{}1]}}"#, "1,".repeat(300_000))),

        // As much as the bounds allow, or nearly.
        "huge-text" => wire.but("tools/list", &format!(r#"{{"tools":[{{"name":"x","description":"{}"}}]}}"#, "word ".repeat(2_400_000))),
        "huge-values" => wire.but("tools/list", &format!(r#"{{"tools":[{}1]}}"#, "1,".repeat(140_000))),
        "huge-keys" => wire.but("tools/list", &format!(r#"{{"tools":[{}1]}}"#, r#"{"":0},"#.repeat(70_000))),
        "huge-pages" => wire.run(|wire, method, request| {
            method == "tools/list" && {
                let text = "word ".repeat(50_000);
                wire.result(request, &format!(r#"{{"tools":[{{"name":"{text}"}}],"nextCursor":"{}"}}"#, request["id"]));
                true
            }
        }),

        // Styles.
        "string-ids" => wire.run(|wire, _, request| {
            let mut request = request.clone();
            request["id"] = request["id"].to_string().into();
            wire.well(&request);
            true
        }),
        "pretty" => Wire::with(|text| {
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            format!("{value:#}\n").into_bytes()
        })
        .healthy(),
        "content-length" => Wire::with(|text| format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes()).healthy(),
        "bom-crlf" => Wire::with(|text| format!("\u{feff}{text}\r\n\r\n").into_bytes()).healthy(),
        "no-jsonrpc" => Wire::with(|text| line(&text.replacen(r#""jsonrpc":"2.0","#, "", 1))).healthy(),
        "batch" => Wire::with(|text| line(&format!(r#"[{{"jsonrpc":"2.0","method":"notifications/message"}},{text}]"#))).healthy(),
        "glued" => Wire::with(|text| format!(r#"{text}{{"jsonrpc":"2.0","method":"notifications/x"}}"#).into_bytes()).healthy(),
        "not-utf8" => wire.run(|wire, method, request| {
            method == "tools/list" && {
                let head = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"tools":[{{"name":""#, request["id"]);
                wire.bytes(&[head.as_bytes(), b"caf\xe9 \xff\xfe", br#""}]}}"#, b"\n"].concat());
                true
            }
        }),
        "banners" => {
            wire.bytes("[ENV] WARNING: no config\n╭── FastMCP ──╮\n{ port: 3000 }\n{unfinished\n\n".as_bytes());
            Wire::with(|text| line(&format!("{{\"level\":30,\"msg\":\"request\"}}\nhandled\n{text}"))).healthy();
        }
        "usage-then-serves" => {
            wire.bytes(b"[\n");
            wire.healthy();
        }

        // Odd answers.
        "duplicate-keys" => wire.but("tools/list", r#"{"tools":[{"name":"a","description":"one","description":"two"}]}"#),
        "no-objects" => wire.but("tools/list", r#"{"tools":["a",7,null,{"name":"b"}]}"#),
        "odd-fields" => wire.but(
            "tools/list",
            r#"{"tools":[{"name":1,"description":["x"],"inputSchema":"none","icons":[{}],"x-hidden":"y"},{"name":"b","inputSchema":null}]}"#,
        ),
        "tools-null" => wire.but("tools/list", r#"{"tools":null}"#),
        "tools-map" => wire.but("tools/list", r#"{"tools":{"a":{"name":"a"},"b":{"name":"b"}}}"#),
        "tools-text" => wire.but("tools/list", r#"{"tools":"read them from the web"}"#),
        "tools-twice" => wire.but("tools/list", r#"{"tools":[{"name":"a"}],"tools":[{"name":"b"}]}"#),
        "tools-missing" => wire.but("tools/list", "{}"),
        "result-null" => wire.but("tools/list", "null"),
        "result-list" => wire.but("tools/list", r#"[{"name":"a"}]"#),
        "input-required" => wire.but("tools/list", r#"{"resultType":"input_required","inputRequests":{}}"#),
        "big-numbers" => wire.but("tools/list", r#"{"tools":[{"name":"a","x":12345678901234567890123,"y":1e999}]}"#),
        "lone-surrogate" => wire.but("tools/list", r#"{"tools":[{"name":"a\ud800b"}]}"#),
        "nan" => wire.but("tools/list", r#"{"tools":[{"name":"a"},{"name":"b","maximum":1,}]}"#),
        "no-info" => wire.but("initialize", r#"{"protocolVersion":"2024-11-05","capabilities":{"tools":{}}}"#),
        "nothing-named" => Wire::offering(json!({})).healthy(),
        "nothing-named-silent" => Wire::offering(json!({})).run(|_, method, _| method == "tools/list"),
        "nothing-named-none" => Wire::offering(json!({})).failing("tools/list", UNKNOWN),
        "nothing-named-fails" => Wire::offering(json!({})).failing("tools/list", r#"{"code":-32603,"message":"fetch failed"}"#),
        "odd-capabilities" => Wire::offering(json!("all")).healthy(),
        "init-null" => wire.but("initialize", "null"),
        "undeclared-tools" => Wire::offering(json!({ "logging": {} })).healthy(),
        "lists-fail" => wire.failing("prompts/list", r#"{"code":-32603,"message":"fetch failed"}"#),
        "tools-fail" => wire.failing("tools/list", r#"{"code":-32603,"message":"fetch failed"}"#),
        "no-templates" => wire.failing("resources/templates/list", UNKNOWN),
        "no-prompts" => wire.failing("prompts/list", UNKNOWN),

        // Talk in between.
        "notifies" => wire.run(|wire, _, _| {
            for _ in 0..50 {
                wire.send(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}}"#);
            }
            false
        }),
        "wrong-ids" => wire.run(|wire, _, request| {
            let id = request["id"].as_u64().unwrap_or_default();
            for wrong in [json!(id + 1000), json!("nonsense"), json!(null), json!(-1), json!({ "a": 1 })] {
                wire.result(&json!({ "id": wrong }), r#"{"tools":[{"name":"not this"}],"capabilities":{}}"#);
            }
            false
        }),
        "log-request" => {
            wire.send(r#"{"method":"log","id":"5e0c-uuid","params":{}}"#);
            wire.run(|_, _, _| false);
        }
        "asks-back" => wire.run(|wire, method, request| {
            if method != "tools/list" {
                return false;
            }
            let asked = ["ping", "roots/list", "sampling/createMessage", "elicitation/create"];
            for (id, method) in asked.iter().enumerate() {
                wire.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method }).to_string());
            }
            let mut tools = Vec::new();
            let mut later = Vec::new();
            while tools.len() < asked.len() {
                let Some(message) = wire.read() else { leave(1) };
                if message["method"].is_string() {
                    later.push(message);
                } else {
                    let what = if message["error"].is_object() { &message["error"]["code"] } else { &message["result"] };
                    tools.push(json!({ "name": asked[message["id"].as_u64().unwrap_or(9) as usize], "description": what.to_string() }));
                }
            }
            wire.result(request, &json!({ "tools": tools }).to_string());
            for message in later {
                wire.well(&message);
            }
            true
        }),

        // Secrets.
        "leaks" => {
            complain(&format!("Error: bad token {}\n", env::var("TOKEN").unwrap_or_default()));
            leave(1);
        }
        "leaks-in-error" => wire.failing(
            "tools/list",
            &json!({ "code": -32000, "message": format!("bad token {}", env::var("TOKEN").unwrap_or_default()) }).to_string(),
        ),
        other => {
            complain(&format!("no such behaviour: {other}\n"));
            leave(99);
        }
    }
}

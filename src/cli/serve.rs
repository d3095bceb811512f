//! The servers of the demo: this program as a small MCP server over standard input and output.

use std::io::{BufRead, Write};

use serde_json::{Value, json};

use super::args::DemoServer;
use super::{Exit, Failure};

/// Answers until standard input ends.
pub(super) fn run(which: DemoServer) -> Result<Exit, Failure> {
    let tools = match which {
        DemoServer::Notes => include_str!("serve/notes.json"),
        DemoServer::Weather => include_str!("serve/weather.json"),
        DemoServer::Helper => include_str!("serve/helper.json"),
    };
    let tools: Value = serde_json::from_str(tools).unwrap_or_default();
    let input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    for line in input.lines() {
        let Ok(line) = line else { break };
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        // A client that hung up is the end, not an error.
        if let Some(answer) = answer(&message, &tools)
            && writeln!(output, "{answer}").and_then(|()| output.flush()).is_err()
        {
            break;
        }
    }
    Ok(Exit::Clean)
}

fn answer(message: &Value, tools: &Value) -> Option<Value> {
    let id = message.get("id")?;
    Some(match message.get("method")?.as_str()? {
        "initialize" => json!({ "jsonrpc": "2.0", "id": id, "result": {
            "protocolVersion": "2025-11-25",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "mcpscan demo", "version": env!("CARGO_PKG_VERSION") },
        } }),
        "tools/list" => json!({ "jsonrpc": "2.0", "id": id, "result": { "tools": tools } }),
        "ping" => json!({ "jsonrpc": "2.0", "id": id, "result": {} }),
        _ => json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": "Method not found" } }),
    })
}

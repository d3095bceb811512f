//! A conversation from the server's side. What is written is text, not values, because much of it is nothing that a JSON
//! library would write.

use std::io::{BufRead, Write};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, io, thread};

use serde_json::{Value, json};

/// How a server wraps a message.
pub(crate) type Style = fn(&str) -> Vec<u8>;

/// Stdin and stdout, and how to write there.
pub(crate) struct Wire {
    style: Style,
    pub(crate) capabilities: Value,
}

pub(crate) const TWO: &str = r#"{"tools":[{"name":"a","description":"first"},{"name":"b"}]}"#;
pub(crate) const UNKNOWN: &str = r#"{"code":-32601,"message":"Method not found"}"#;

pub(crate) fn line(text: &str) -> Vec<u8> {
    format!("{text}\n").into_bytes()
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self { style: line, capabilities: json!({ "tools": {}, "prompts": {}, "resources": {} }) }
    }

    pub(crate) fn with(style: Style) -> Self {
        Self { style, ..Self::new() }
    }

    pub(crate) fn offering(capabilities: Value) -> Self {
        Self { capabilities, ..Self::new() }
    }

    pub(crate) fn read(&self) -> Option<Value> {
        let mut text = String::new();
        io::stdin().lock().read_line(&mut text).ok().filter(|count| *count > 0)?;
        Some(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) fn bytes(&self, bytes: &[u8]) {
        let mut out = io::stdout().lock();
        // Nobody may be there any more; a server without a reader has nothing left to do.
        if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
            leave(0);
        }
    }

    pub(crate) fn send(&self, text: &str) {
        self.bytes(&(self.style)(text));
    }

    pub(crate) fn result(&self, request: &Value, result: &str) {
        self.send(&format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, request["id"]));
    }

    pub(crate) fn error(&self, request: &Value, error: &str) {
        self.send(&format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, request["id"]));
    }

    pub(crate) fn greeting(&self) -> String {
        json!({
            "protocolVersion": "2025-11-25",
            "capabilities": self.capabilities,
            "serverInfo": { "name": "fake", "version": "1" },
            "instructions": "Be careful."
        })
        .to_string()
    }

    /// What a server in good health answers.
    pub(crate) fn well(&self, request: &Value) {
        match request["method"].as_str().unwrap_or_default() {
            "initialize" => self.result(request, &self.greeting()),
            "tools/list" => self.result(request, TWO),
            "prompts/list" if self.capabilities["prompts"].is_object() => {
                self.result(request, r#"{"prompts":[{"name":"p"}]}"#)
            }
            "resources/list" if self.capabilities["resources"].is_object() => {
                self.result(request, r#"{"resources":[{"uri":"file:///r","name":"r"}]}"#);
            }
            "resources/templates/list" if self.capabilities["resources"].is_object() => {
                self.result(request, r#"{"resourceTemplates":[{"uriTemplate":"x://{y}","name":"t"}]}"#);
            }
            "ping" => self.result(request, "{}"),
            method if method.starts_with("notifications/") => {}
            _ => self.error(request, UNKNOWN),
        }
    }

    /// Answers until stdin ends; `own` takes what it wants to answer itself.
    pub(crate) fn run(mut self, mut own: impl FnMut(&mut Self, &str, &Value) -> bool) {
        while let Some(request) = self.read() {
            let method = request["method"].as_str().unwrap_or_default().to_owned();
            if !own(&mut self, &method, &request) {
                self.well(&request);
            }
        }
    }

    pub(crate) fn healthy(self) {
        self.run(|_, _, _| false);
    }

    /// In good health but for what it answers to one method.
    pub(crate) fn but(self, method: &'static str, result: &str) {
        self.run(|wire, asked, request| {
            asked == method && {
                wire.result(request, result);
                true
            }
        });
    }

    pub(crate) fn failing(self, method: &'static str, error: &str) {
        self.run(|wire, asked, request| {
            asked == method && {
                wire.error(request, error);
                true
            }
        });
    }
}

#[allow(clippy::exit)]
pub(crate) fn leave(status: i32) -> ! {
    std::process::exit(status)
}

pub(crate) fn hang() -> ! {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

pub(crate) fn complain(text: &str) {
    // Whether anybody hears it is not this server's business.
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

/// A child that sleeps for ever, to be found by the marker among its arguments.
pub(crate) fn grandchild(stdout: Stdio) -> Command {
    let mut command = Command::new(env::current_exe().unwrap_or_default());
    let marker = env::args().next_back().unwrap_or_default();
    command.args(["--serve", "silent", &marker]).stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null());
    command
}

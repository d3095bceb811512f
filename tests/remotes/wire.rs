//! A web server that does what it is told, byte by byte: most of it is nothing that an HTTP library would send.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn call(&self) -> &str {
        self.body["method"].as_str().unwrap_or_default()
    }
}

/// A connection on which a request came.
pub(crate) struct Wire {
    stream: TcpStream,
    pub(crate) port: u16,
}

impl Wire {
    /// Writes bytes. `false`: nobody reads any more.
    pub(crate) fn raw(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).and_then(|()| self.stream.flush()).is_ok()
    }

    /// A whole answer.
    pub(crate) fn answer(&mut self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        self.raw(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}"));
    }

    pub(crate) fn json(&mut self, body: &str) {
        self.answer("200 OK", "Content-Type: application/json\r\n", body);
    }

    /// The head of a stream of events.
    pub(crate) fn events(&mut self) -> bool {
        self.raw("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    }

    pub(crate) fn event(&mut self, data: &str) -> bool {
        self.raw(format!("event: message\ndata: {data}\n\n"))
    }

    /// Waits until the other end hangs up, or the test is long over.
    pub(crate) fn hold(&mut self) {
        let _ = self.stream.set_read_timeout(Some(Duration::from_secs(20)));
        let _ = self.stream.read(&mut [0; 16]);
    }
}

pub(crate) const TWO: &str = r#"{"tools":[{"name":"a","description":"first"},{"name":"b"}]}"#;

/// What a server in good health answers; nothing for notifications.
pub(crate) fn well(request: &Request) -> Option<String> {
    let id = &request.body["id"];
    let result = match request.call() {
        "initialize" => json!({
            "protocolVersion": "2025-06-18",
            "capabilities": { "tools": {}, "prompts": {} },
            "serverInfo": { "name": "fake", "version": "1" },
            "instructions": "Be careful."
        })
        .to_string(),
        "tools/list" => TWO.to_owned(),
        "prompts/list" => r#"{"prompts":[{"name":"p"}]}"#.to_owned(),
        _ if id.is_null() => return None,
        _ => return Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32601,"message":"no"}}}}"#)),
    };
    Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
}

/// Answers like a server in good health, as JSON.
pub(crate) fn serve(wire: &mut Wire, request: &Request) {
    match well(request) {
        Some(body) => wire.json(&body),
        None => wire.answer("202 Accepted", "", ""),
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts one. Its threads end with the test.
    pub(crate) fn start(address: &str, play: impl Fn(&mut Wire, &Request) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (log, play) = (Arc::clone(&seen), Arc::new(play));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (log, play) = (Arc::clone(&log), Arc::clone(&play));
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    log.lock().unwrap().push(request.clone());
                    play(&mut Wire { stream, port }, &request);
                });
            }
        });
        Self { port, seen }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

/// The next request.
pub(crate) fn read(stream: impl Read) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, path, headers, body: Value::Null };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = serde_json::from_slice(&body).unwrap_or_default();
    Some(request)
}

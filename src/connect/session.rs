//! A conversation with one server, in whichever of the two eras of the protocol it speaks.
//!
//! `initialize` comes first, although the specification would rather have `server/discover` first: no real server knew
//! the newer era yet, some die of an unknown method, and many wait for `initialize` in silence.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Context;
use super::transport::{Ending, Incoming, Transport};
use super::trouble::{Refusal, Trouble, quote};
use crate::document::{Kind, Node};

/// The newest revision with a handshake.
const LEGACY: &str = "2025-11-25";
/// The revision without one.
const MODERN: &str = "2026-07-28";
/// How long other answers may take after something unreadable came, which may have been the one that is missing.
pub(super) const AFTERMATH: Duration = Duration::from_secs(1);

/// What a server says about itself before anything else.
#[derive(Clone, Default)]
pub(super) struct Greeting {
    pub(super) info: Option<Node>,
    pub(super) instructions: Option<Node>,
    pub(super) capabilities: Option<Node>,
}

/// What came next.
pub(super) enum Event {
    /// An answer to the request of that number.
    Answer(u64, Result<Node, Refusal>),
    /// There will be no answer to the request of that number.
    Failed(u64, Trouble),
    /// Something unreadable, which may have been an answer.
    Broken(String),
    /// Nothing more will come.
    Closed,
    /// Nothing came in time.
    Late,
    /// The user has had enough.
    Interrupted,
}

/// An open conversation.
pub(super) struct Session<'a> {
    pub(super) context: &'a Context<'a>,
    transport: Transport<'a>,
    /// When all of it has to be over.
    pub(super) end: Instant,
    last: u64,
    /// The revision that every request names, in the era without a handshake.
    modern: Option<String>,
    /// What an earlier process of the same server printed beside messages.
    noise: usize,
}

impl<'a> Session<'a> {
    /// Starts a server, or gets ready to ask one. Nothing is said yet.
    pub(super) fn start(context: &'a Context<'a>) -> Result<Self, Trouble> {
        Ok(Self { context, transport: Transport::open(context)?, end: context.end, last: 0, modern: None, noise: 0 })
    }

    /// The same behind an earlier process of that server.
    pub(super) fn after(self, noise: usize) -> Self {
        Self { noise, ..self }
    }

    /// Goes over to the older of the HTTP transports, which knows the legacy era only.
    pub(super) fn listen(&mut self, patience: Duration) -> Result<(), Trouble> {
        self.modern = None;
        match &mut self.transport {
            Transport::Http(http) => http.listen(patience),
            Transport::Stdio(_) => Ok(()),
        }
    }

    /// The HTTP status of the last answer; 0 where there is none.
    pub(super) fn status(&self) -> u16 {
        match &self.transport {
            Transport::Http(http) => http.status(),
            Transport::Stdio(_) => 0,
        }
    }

    /// Greets it as the legacy era does.
    pub(super) fn initialize(&mut self) -> Result<Greeting, Trouble> {
        let first = match self.initialize_as(LEGACY) {
            Ok(greeting) => return Ok(greeting),
            Err(trouble) => trouble,
        };
        // A strict server of an older revision names it instead of answering with it.
        let Trouble::Refused { error, .. } = &first else { return Err(first) };
        let older = error.supported.iter().filter(|version| version.as_str() < LEGACY).max();
        match older.cloned().filter(|_| !error.supported.iter().any(|version| version == MODERN)) {
            Some(version) => self.initialize_as(&version).map_err(|_| first),
            None => Err(first),
        }
    }

    fn initialize_as(&mut self, version: &str) -> Result<Greeting, Trouble> {
        let id = self
            .ask("initialize", json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": self.client() }));
        let result = self.wait(id, "`initialize`", self.context.bounds.first_answer)?;
        self.transport.agreed(Some(result.get("protocolVersion").and_then(Node::as_str).unwrap_or(version)));
        self.transport.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        Ok(Greeting {
            info: result.get("serverInfo").cloned(),
            instructions: result.get("instructions").cloned(),
            capabilities: result.get("capabilities").cloned(),
        })
    }

    /// Greets it as the modern era does, where there is nothing to greet: asks what it is.
    pub(super) fn discover(&mut self, patience: Duration) -> Result<Greeting, Trouble> {
        let first = match self.discover_as(MODERN, patience) {
            Ok(greeting) => return Ok(greeting),
            Err(trouble) => trouble,
        };
        let Trouble::Refused { error, .. } = &first else { return Err(first) };
        match error.supported.iter().filter(|version| version.as_str() > LEGACY && *version != MODERN).max().cloned() {
            Some(version) => self.discover_as(&version, patience).map_err(|_| first),
            None => Err(first),
        }
    }

    fn discover_as(&mut self, version: &str, patience: Duration) -> Result<Greeting, Trouble> {
        self.modern = Some(version.to_owned());
        let id = self.ask("server/discover", json!({}));
        let result = self.wait(id, "`server/discover`", patience)?;
        let meta = result.get("_meta").and_then(|meta| meta.get("io.modelcontextprotocol/serverInfo"));
        Ok(Greeting {
            info: meta.or(result.get("serverInfo")).cloned(),
            instructions: result.get("instructions").cloned(),
            capabilities: result.get("capabilities").cloned(),
        })
    }

    /// Sends a request and returns its number.
    pub(super) fn ask(&mut self, method: &str, mut params: Value) -> u64 {
        self.last += 1;
        if let (Some(version), Some(params)) = (&self.modern, params.as_object_mut()) {
            let meta = json!({
                "io.modelcontextprotocol/protocolVersion": version,
                "io.modelcontextprotocol/clientInfo": self.client(),
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            params.insert("_meta".into(), meta);
        }
        self.transport.send(&json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": params }));
        self.last
    }

    /// Who asks, as far as the server knows.
    fn client(&self) -> Value {
        json!({ "name": self.context.caller, "version": env!("CARGO_PKG_VERSION") })
    }

    /// The next thing that is for us. What the server asks in between is answered here.
    pub(super) fn next(&mut self, until: Instant) -> Event {
        loop {
            let (message, of) = match self.transport.receive(until.min(self.end)) {
                Incoming::Message(message, of) => (message, of),
                Incoming::Failed(id, trouble) => return Event::Failed(id, trouble),
                Incoming::Broken(why) => return Event::Broken(why),
                Incoming::Closed => return Event::Closed,
                Incoming::Late => return Event::Late,
                Incoming::Interrupted => return Event::Interrupted,
            };
            // Told by the method, not the number: servers count from 0 as well.
            if let Some(method) = message.get("method").and_then(Node::as_str) {
                self.answer(method, message.get("id"));
                continue;
            }
            let Some(id) = number_of(&message).or(of) else {
                match message.get("error") {
                    Some(error) => {
                        return Event::Broken(format!("answered a message with error {}", self.refusal(error)));
                    }
                    None => continue,
                }
            };
            let span = message.span;
            return match (message.get("result"), message.get("error")) {
                (None, Some(error)) if error.kind != Kind::Null => Event::Answer(id, Err(self.refusal(error))),
                _ => Event::Answer(id, Ok(take(message, "result").unwrap_or(Node { kind: Kind::Null, span }))),
            };
        }
    }

    fn wait(&mut self, id: u64, what: &str, patience: Duration) -> Result<Node, Trouble> {
        let mut until = Instant::now() + patience;
        let mut broken = None;
        loop {
            match self.next(until) {
                Event::Answer(of, Ok(result)) if of == id => return Ok(result),
                Event::Answer(of, Err(error)) if of == id => return Err(Trouble::Refused { what: what.into(), error }),
                Event::Failed(of, trouble) if of == id => return Err(trouble),
                Event::Answer(..) | Event::Failed(..) => {}
                Event::Broken(why) => {
                    until = until.min(Instant::now() + AFTERMATH);
                    broken.get_or_insert(why);
                }
                Event::Interrupted => return Err(Trouble::Interrupted),
                event => {
                    let closed = matches!(event, Event::Closed);
                    return Err(broken.map_or_else(|| self.silence(closed, what, patience), Trouble::Broken));
                }
            }
        }
    }

    /// Why nothing comes.
    pub(super) fn silence(&mut self, closed: bool, what: &str, after: Duration) -> Trouble {
        let what = what.to_owned();
        if closed {
            let how = self.transport.how_it_ended(self.context.stop);
            return Trouble::Gone { how, what, words: self.words() };
        }
        if Instant::now() >= self.end {
            return Trouble::TooSlow { what, after: self.context.bounds.total };
        }
        Trouble::Silent { what, after, words: self.words() }
    }

    fn words(&self) -> Option<String> {
        self.transport.words(&self.context.target.redactor)
    }

    /// All that is known of what it printed beside messages, which is not for others.
    pub(super) fn all_words(&self) -> Option<String> {
        self.transport.all_words()
    }

    /// Whether the process behind it is worth starting again.
    pub(super) fn was_not_found(&self) -> bool {
        self.transport.was_not_found()
    }

    /// How many lines were no messages.
    pub(super) fn noise(&self) -> usize {
        self.noise + self.transport.noise()
    }

    /// Ends the conversation; what it went over is still to be ended.
    pub(super) fn close(self) -> Ending {
        self.transport.close()
    }

    fn answer(&mut self, method: &str, id: Option<&Node>) {
        let id = match id.map(|id| &id.kind) {
            Some(Kind::String(text)) => json!(text),
            Some(Kind::Number(digits)) => match serde_json::from_str(digits) {
                Ok(number) => number,
                Err(_) => return,
            },
            _ => return,
        };
        self.transport.reply(&match method {
            "ping" => json!({ "jsonrpc": "2.0", "id": id, "result": {} }),
            "roots/list" => json!({ "jsonrpc": "2.0", "id": id, "result": { "roots": [] } }),
            _ => json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": "not offered by this client" } }),
        });
    }

    fn refusal(&self, error: &Node) -> Refusal {
        let field = |name| error.get(name).and_then(Node::scalar);
        let supported = error.get("data").and_then(|data| data.get("supported"));
        Refusal {
            code: quote(&field("code").unwrap_or_else(|| "without a code".into()), &self.context.target.redactor),
            message: quote(&field("message").or(error.scalar()).unwrap_or_default(), &self.context.target.redactor),
            supported: supported
                .map_or(&[][..], Node::elements)
                .iter()
                .filter_map(|version| Some(version.as_str()?.to_owned()))
                .collect(),
        }
    }
}

/// The value of a key, without a copy: it may be a large one.
fn take(node: Node, key: &str) -> Option<Node> {
    match node.kind {
        Kind::Object(members) => members.into_iter().rev().find(|member| member.key == key).map(|member| member.value),
        _ => None,
    }
}

/// The number of the request that an answer is for, also where it comes back as a string or with a fraction.
pub(super) fn number_of(message: &Node) -> Option<u64> {
    let text = message.get("id")?.scalar()?;
    text.parse().ok().or_else(|| text.strip_suffix(".0")?.parse().ok())
}

//! The HTTP transports: Streamable HTTP, where each message is a request of its own, and the older one, where answers
//! come on a stream of events that is opened first.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::Method;
use ureq::http::header::HeaderValue;

use super::address::Address;
use super::agent::Agents;
use super::exchange::{Exchange, Line, Noise};
use super::proxy::proxy;
use super::scan::Limits;
use super::transport::Incoming;
use super::trouble::Trouble;
use super::{Context, Remote};

/// How often a wait looks whether the user has had enough.
const TICK: Duration = Duration::from_millis(20);
/// Requests of the server that are answered. Honest ones ask a few times.
const REPLIES: usize = 32;
/// How long the end of a session may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// The older transport's messages, and how they are told in a reason.
const STREAM: &str = "the request for its stream of events";

/// A server at an address.
pub(super) struct Http<'a> {
    line: Hangup,
    incoming: Receiver<Incoming>,
    /// What is to be received before anything that comes.
    ready: VecDeque<Incoming>,
    stop: &'a AtomicBool,
    /// How long one answer may take.
    patience: Duration,
    /// The version of a handshake.
    version: Option<String>,
    /// Where messages go in the older transport, whose answers come elsewhere.
    endpoint: Option<Address>,
    closed: bool,
    replies: usize,
}

/// The shared part. Dropping it ends every request that is under way.
struct Hangup(Arc<Line>);

impl Drop for Hangup {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
        self.0.agents.hang_up();
    }
}

impl<'a> Http<'a> {
    /// Gets ready. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Trouble::Broken`] where the address or the proxy is none.
    pub(super) fn open(remote: &Remote, context: &Context<'a>) -> Result<Self, Trouble> {
        let bounds = context.bounds;
        let home = Address::parse(&remote.url).map_err(|why| Trouble::Broken(why.to_owned()))?;
        let proxy = proxy(&home, context.env).map_err(Trouble::Broken)?;
        // One at a time: a parsed answer is many times its text.
        let (sender, incoming) = sync_channel(1);
        let line = Arc::new(Line {
            agents: Agents::new(proxy, bounds.total),
            incoming: sender,
            limits: Limits { bytes: bounds.answer_bytes, depth: bounds.depth, values: bounds.values },
            home,
            headers: remote.headers.clone(),
            redactor: Arc::clone(&context.target.redactor),
            bytes: AtomicUsize::new(bounds.bytes),
            values: AtomicUsize::new(bounds.values),
            budget: Arc::clone(context.budget),
            most_bytes: bounds.bytes,
            noise: Noise::default(),
            session: Mutex::new(None),
            status: AtomicU16::new(0),
            over: AtomicBool::new(false),
        });
        Ok(Self {
            line: Hangup(line),
            incoming,
            ready: VecDeque::new(),
            stop: context.stop,
            patience: bounds.answer,
            version: None,
            endpoint: None,
            closed: false,
            replies: 0,
        })
    }

    /// Sends a message of ours. A notification comes before everything that is sent later, so it is waited for.
    pub(super) fn send(&mut self, message: &Value) {
        let id = message["id"].as_u64();
        let exchange = self.exchange(message, id.filter(|_| self.endpoint.is_none()));
        match id {
            Some(id) => self.spawn(exchange, move |line, outcome| {
                if let Err(trouble) = outcome {
                    drop(line.incoming.send(Incoming::Failed(id, trouble)));
                }
            }),
            None => {
                let (done, wait) = sync_channel::<()>(1);
                // That it failed shows in the answers to come.
                self.spawn(exchange, move |_, _| {
                    let _ = done.send(());
                });
                let until = Instant::now() + self.patience;
                while !self.stop.load(Ordering::Relaxed) && Instant::now() < until {
                    // A server may ask something first, and wait for the answer: it gets it later.
                    if wait.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                    if let Ok(incoming) = self.incoming.try_recv() {
                        self.ready.push_back(incoming);
                    }
                }
            }
        }
    }

    /// Sends an answer to a request of the server.
    pub(super) fn reply(&mut self, message: &Value) {
        self.replies += 1;
        if self.replies <= REPLIES {
            let exchange = self.exchange(message, None);
            self.spawn(exchange, |_, _| {});
        }
    }

    /// The next message.
    pub(super) fn receive(&mut self, until: Instant) -> Incoming {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Incoming::Interrupted;
            }
            let left = until.saturating_duration_since(Instant::now());
            let next = match self.ready.pop_front() {
                Some(incoming) => Ok(incoming),
                None if self.closed => return Incoming::Closed,
                None => self.incoming.recv_timeout(left.min(TICK)),
            };
            match next {
                Ok(Incoming::Closed) | Err(RecvTimeoutError::Disconnected) => self.closed = true,
                Ok(incoming) => return incoming,
                Err(RecvTimeoutError::Timeout) if Instant::now() >= until => return Incoming::Late,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Goes over to the older transport: opens the stream, and waits until it says where messages go.
    pub(super) fn listen(&mut self, patience: Duration) -> Result<(), Trouble> {
        let (found, endpoint) = sync_channel::<Result<String, Trouble>>(2);
        let exchange = Exchange {
            line: Arc::clone(&self.line.0),
            method: Method::GET,
            to: self.line.0.home.clone(),
            body: Vec::new(),
            protocol: vec![("Accept", "text/event-stream".to_owned())],
            what: STREAM.to_owned(),
            id: None,
            heard: true,
        };
        let tell = found.clone();
        let run = move || {
            let outcome = exchange.listen(&mut |to| drop(tell.try_send(Ok(to))));
            let line = Arc::clone(&exchange.line);
            match outcome {
                // Before the endpoint it is why there is none, after it why there is no answer.
                Err(trouble) => {
                    drop(found.try_send(Err(trouble.clone())));
                    drop(line.incoming.send(Incoming::Broken(trouble.to_string())));
                }
                Ok(()) => drop(found.try_send(Err(Trouble::Broken("closed its stream of events".to_owned())))),
            }
            drop(line.incoming.send(Incoming::Closed));
        };
        thread::Builder::new().name("events".into()).spawn(run).map_err(|error| Trouble::Broken(error.to_string()))?;
        let until = Instant::now() + patience;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(Trouble::Interrupted);
            }
            match endpoint.recv_timeout(TICK) {
                Ok(Ok(to)) => {
                    let home = &self.line.0.home;
                    let to = home.join(&to).map_err(|why| {
                        Trouble::Broken(format!(
                            "names an endpoint for messages, but {}",
                            why.replacen("its", "the", 1)
                        ))
                    })?;
                    if !home.is_same_origin(&to) {
                        let origin = super::trouble::quote(&to.origin(), &self.line.0.redactor);
                        return Err(Trouble::Elsewhere { origin, weaker: home.is_weakened_by(&to) });
                    }
                    self.endpoint = Some(to);
                    return Ok(());
                }
                Ok(Err(trouble)) => return Err(trouble),
                Err(RecvTimeoutError::Timeout) if Instant::now() < until => {}
                Err(_) => return Err(Trouble::Silent { what: STREAM.to_owned(), after: patience, words: None }),
            }
        }
    }

    /// Notes the version that a handshake agreed on, which every later request names.
    pub(super) fn agreed(&mut self, version: Option<&str>) {
        let fits = |version: &&str| version.len() <= 64 && HeaderValue::from_str(version).is_ok();
        self.version = version.filter(fits).map(str::to_owned);
    }

    /// The status of the last answer.
    pub(super) fn status(&self) -> u16 {
        self.line.0.status.load(Ordering::Relaxed)
    }

    /// Lines so far that were no messages.
    pub(super) fn noise(&self) -> usize {
        self.line.0.noise.lines.load(Ordering::Relaxed)
    }

    /// Ends the conversation but for the goodbye.
    pub(super) fn close(self) -> Farewell {
        let session = self.line.0.session.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let goodbye = (session && self.endpoint.is_none()).then(|| Exchange {
            method: Method::DELETE,
            what: "the end of the session".to_owned(),
            ..self.exchange(&Value::Null, None)
        });
        Farewell { goodbye, _line: self.line }
    }

    fn exchange(&self, message: &Value, id: Option<u64>) -> Exchange {
        let mut protocol = vec![("Accept", "application/json, text/event-stream".to_owned())];
        let method = message["method"].as_str();
        let body = if message.is_null() { Vec::new() } else { message.to_string().into_bytes() };
        if !body.is_empty() {
            protocol.push(("Content-Type", "application/json".to_owned()));
        }
        // In the era without a handshake the headers say what the body says.
        let modern = message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"].as_str();
        if let Some(version) = modern.or(self.version.as_deref()) {
            protocol.push(("MCP-Protocol-Version", version.to_owned()));
        }
        if let (Some(_), Some(method)) = (modern, method) {
            protocol.push(("Mcp-Method", method.to_owned()));
            // No list has a name; what would is told all the same, should it ever be asked.
            let name = message["params"]["name"].as_str().or_else(|| message["params"]["uri"].as_str());
            protocol.extend(name.map(|name| ("Mcp-Name", name.to_owned())));
        }
        Exchange {
            line: Arc::clone(&self.line.0),
            method: Method::POST,
            to: self.endpoint.clone().unwrap_or_else(|| self.line.0.home.clone()),
            body,
            protocol,
            what: method.map_or_else(|| "a message".to_owned(), |method| format!("`{method}`")),
            id,
            // In the older transport too, a server may answer at once.
            heard: message["id"].is_u64() && method.is_some(),
        }
    }

    /// Runs a request beside us: each end may block for as long as it likes.
    fn spawn(&mut self, exchange: Exchange, then: impl FnOnce(&Line, Result<(), Trouble>) + Send + 'static) {
        let id = exchange.id;
        let run = move || {
            // A panic is a mistake of ours; without this the request would look unanswered.
            let outcome = catch_unwind(AssertUnwindSafe(|| exchange.post())).unwrap_or_else(|_| {
                Err(Trouble::Broken(format!("mcpscan itself failed on its answer to {}", exchange.what)))
            });
            then(&exchange.line, outcome);
        };
        if let (Err(error), Some(id)) = (thread::Builder::new().name("http".into()).spawn(run), id) {
            self.ready.push_back(Incoming::Failed(id, Trouble::Broken(format!("no thread to ask in: {error}"))));
        }
    }
}

/// The end of a session, still to be told to the server.
pub(super) struct Farewell {
    goodbye: Option<Exchange>,
    _line: Hangup,
}

impl Farewell {
    /// Tells it, if there is one, and hangs up. Whether the server cares is its own business.
    pub(super) fn say(self, stop: &AtomicBool) {
        let Some(goodbye) = self.goodbye else { return };
        let (done, wait): (SyncSender<()>, _) = sync_channel(1);
        let run = move || {
            let _ = goodbye.post();
            let _ = done.send(());
        };
        if thread::Builder::new().name("http".into()).spawn(run).is_ok() {
            let until = Instant::now() + GOODBYE;
            while !stop.load(Ordering::Relaxed) && Instant::now() < until {
                if wait.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        }
    }
}

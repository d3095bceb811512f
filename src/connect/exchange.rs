//! One request over HTTP, and everything that comes back for it.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::Body;
use ureq::http::{Method, Request, Response, header};

use super::address::Address;
use super::agent::{Agents, io_words, is_unreached, words};
use super::budget::Budget;
use super::frame::{Frame, Framer, size};
use super::scan::Limits;
use super::sse::{Events, Part};
use super::transport::Incoming;
use super::trouble::{Trouble, quote};
use crate::document::Node;
use crate::text::Redactor;

/// Steps to the address that answers.
const REDIRECTS: usize = 3;
/// How often a stream that breaks off before the answer is taken up again, and how long a server may have us wait.
const RESUMPTIONS: usize = 8;
const RETRY: Duration = Duration::from_secs(1);
/// What is read of a page that explains an error.
const PAGE: usize = 64 << 10;
/// A session's name is a name, not a cargo.
const SESSION: usize = 4 << 10;

/// What all requests to one server share.
pub(super) struct Line {
    pub(super) agents: Agents,
    pub(super) incoming: SyncSender<Incoming>,
    pub(super) limits: Limits,
    /// The address that was consented to: only there go the entry's own headers.
    pub(super) home: Address,
    pub(super) headers: Vec<(String, String)>,
    pub(super) redactor: Arc<Redactor>,
    /// What may still come, over all answers.
    pub(super) bytes: AtomicUsize,
    pub(super) values: AtomicUsize,
    pub(super) budget: Arc<Budget>,
    pub(super) most_bytes: usize,
    pub(super) noise: Noise,
    /// The name that the server gave to this conversation.
    pub(super) session: Mutex<Option<String>>,
    /// The status of the last answer to a request.
    pub(super) status: AtomicU16,
    /// Whether nobody listens any more.
    pub(super) over: AtomicBool,
}

/// What comes beside messages.
#[derive(Default)]
pub(super) struct Noise {
    pub(super) lines: AtomicUsize,
    pub(super) last: Mutex<Option<String>>,
}

/// A request.
pub(super) struct Exchange {
    pub(super) line: Arc<Line>,
    pub(super) method: Method,
    pub(super) to: Address,
    pub(super) body: Vec<u8>,
    /// Headers of the protocol.
    pub(super) protocol: Vec<(&'static str, String)>,
    /// What it is called in a reason.
    pub(super) what: String,
    /// The number of the answer that it waits for; none for what has no answer, or gets it elsewhere.
    pub(super) id: Option<u64>,
    /// Whether anything that comes back is of interest. What a server says to an answer of ours is none.
    pub(super) heard: bool,
}

/// How a body is read.
enum Decoder {
    /// Messages as they are.
    Plain(Framer),
    /// Messages as data of events.
    Events(Events, Framer),
}

/// What was seen while reading.
#[derive(Default)]
struct Seen {
    answered: bool,
    broken: Option<String>,
    /// Why nothing more may be read.
    enough: Option<Trouble>,
    endpoint: Option<String>,
}

impl Exchange {
    /// Sends the request and hands on what comes. Nothing is reported twice: what is not handed on is the error.
    pub(super) fn post(&self) -> Result<(), Trouble> {
        let response = self.fetch()?;
        let status = response.status();
        if !self.heard {
            return Ok(());
        }
        self.line.status.store(status.as_u16(), Ordering::Relaxed);
        if !status.is_success() {
            return self.refused(response);
        }
        if self.what == "`initialize`" {
            let named = response.headers().get("mcp-session-id").and_then(|name| name.to_str().ok());
            if let Some(name) = named.filter(|name| !name.is_empty() && name.len() <= SESSION) {
                *self.line.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(name.to_owned());
            }
        }
        let kind = self.kind_of(&response)?;
        let mut decoder = match kind.as_str() {
            "text/event-stream" => Decoder::Events(Events::new(), Framer::new(self.line.limits, &self.line.budget)),
            _ => Decoder::Plain(Framer::new(self.line.limits, &self.line.budget)),
        };
        let mut seen = Seen::default();
        let mut ended = self.read(response.into_body(), &mut decoder, usize::MAX, &mut seen, &mut |_| {});
        for _ in 0..RESUMPTIONS {
            if seen.answered || seen.enough.is_some() || self.id.is_none() {
                break;
            }
            let Some(body) = self.resume(&mut decoder) else { break };
            // What broke off comes again.
            seen.broken = None;
            let before = ended.unwrap_or_default();
            ended = self.read(body, &mut decoder, usize::MAX, &mut seen, &mut |_| {}).map(|count| before + count);
        }
        if seen.answered || self.id.is_none() {
            return Ok(());
        }
        let what = &self.what;
        if let Some(why) = seen.broken {
            return Err(Trouble::Broken(format!("{why}, while waiting for {what}")));
        }
        if let Some(enough) = seen.enough {
            return Err(enough);
        }
        Err(Trouble::Broken(match ended {
            Err(cause) => format!("its answer to {what} broke off: {cause}"),
            Ok(0) => format!("accepted {what} with HTTP status {} and did not answer it", status.as_u16()),
            Ok(_) if !matches!(kind.as_str(), "application/json" | "text/event-stream") => {
                format!("answered {what} with `{kind}`, neither JSON nor events{}", self.last_noise())
            }
            Ok(_) => format!("ended its answer to {what} without an answer in it{}", self.last_noise()),
        }))
    }

    /// Takes a stream of events up again behind the last one that came: servers may hang up before the answer is there,
    /// and say by an id that they are to be asked for the rest. `None`: it did not, or gives no more.
    fn resume(&self, decoder: &mut Decoder) -> Option<Body> {
        let Decoder::Events(events, framer) = decoder else { return None };
        let (id, retry) = events.resumption()?;
        // The era without a handshake has no such thing.
        let legacy = !self.protocol.iter().any(|(name, _)| *name == "Mcp-Method");
        let id = Some(id).filter(|id| legacy && header::HeaderValue::from_str(id).is_ok())?;
        let version = self.protocol.iter().filter(|(name, _)| *name == "MCP-Protocol-Version").cloned();
        let own = [("Accept", "text/event-stream".to_owned()), ("Last-Event-ID", id.to_owned())];
        let again = Exchange {
            line: Arc::clone(&self.line),
            method: Method::GET,
            to: self.to.clone(),
            body: Vec::new(),
            protocol: own.into_iter().chain(version).collect(),
            what: self.what.clone(),
            id: self.id,
            heard: true,
        };
        std::thread::sleep(retry.map_or(Duration::ZERO, Duration::from_millis).min(RETRY));
        if self.line.over.load(Ordering::Relaxed) {
            return None;
        }
        let response = again.fetch().ok()?;
        let streams = response.status().is_success() && self.kind_of(&response).ok()? == "text/event-stream";
        *events = events.again();
        *framer = Framer::new(self.line.limits, &self.line.budget);
        streams.then(|| response.into_body())
    }

    /// Opens a stream of events and hands on what comes, until it ends. `endpoint` hears where to send messages to.
    pub(super) fn listen(&self, endpoint: &mut dyn FnMut(String)) -> Result<(), Trouble> {
        let response = self.fetch()?;
        if !response.status().is_success() {
            return self.refused(response);
        }
        let kind = self.kind_of(&response)?;
        if kind != "text/event-stream" {
            return Err(Trouble::Broken(format!("answered {} with `{kind}` instead of events", self.what)));
        }
        let mut decoder = Decoder::Events(Events::new(), Framer::new(self.line.limits, &self.line.budget));
        let mut seen = Seen::default();
        let ended = self.read(response.into_body(), &mut decoder, usize::MAX, &mut seen, endpoint);
        match (seen.enough, ended) {
            (Some(enough), _) => Err(enough),
            (None, Err(cause)) => Err(Trouble::Broken(format!("its stream of events broke off: {cause}"))),
            (None, Ok(_)) => Ok(()),
        }
    }

    /// The head of the answer, after as many redirects as are allowed.
    fn fetch(&self) -> Result<Response<Body>, Trouble> {
        let mut to = self.to.clone();
        for _ in 0..=REDIRECTS {
            let response = if self.body.is_empty() {
                self.line.agents.run(&self.request(&to, ())?)
            } else {
                self.line.agents.run(&self.request(&to, self.body.as_slice())?)
            };
            let response = response.map_err(|error| self.trouble(&to, &error))?;
            // The others are answers.
            if !matches!(response.status().as_u16(), 301 | 302 | 307 | 308) {
                return Ok(response);
            }
            let Some(location) = response.headers().get(header::LOCATION).map(header::HeaderValue::as_bytes) else {
                return Ok(response);
            };
            let next = to.join(&String::from_utf8_lossy(location)).map_err(|why| {
                Trouble::Broken(format!("redirects {}, but {}", self.what, why.replacen("its", "the", 1)))
            })?;
            if !to.is_same_host(&next) || to.is_weakened_by(&next) {
                let origin = self.quoted(&next.origin());
                return Err(Trouble::Elsewhere { origin, weaker: to.is_same_host(&next) });
            }
            to = next;
        }
        Err(Trouble::Broken(format!("redirects {} more than {REDIRECTS} times", self.what)))
    }

    fn request<B>(&self, to: &Address, body: B) -> Result<Request<B>, Trouble> {
        let mut request = Request::builder().method(self.method.clone()).uri(to.secret_text());
        for (name, value) in &self.protocol {
            request = request.header(*name, value);
        }
        if let Some(session) = &*self.line.session.lock().unwrap_or_else(PoisonError::into_inner) {
            request = request.header("Mcp-Session-Id", session);
        }
        if to.is_same_origin(&self.line.home) {
            for (name, value) in self.line.headers.iter().filter(|(name, _)| !is_ours(name)) {
                request = request.header(name, value);
            }
        }
        let bad = || Trouble::Broken("its entry names a header that can't be sent".to_owned());
        request.body(body).map_err(|_| bad())
    }

    fn trouble(&self, to: &Address, error: &ureq::Error) -> Trouble {
        let cause = self.quoted(&words(error));
        match is_unreached(error) {
            true => Trouble::NotConnected { origin: self.quoted(&to.origin()), cause },
            false => Trouble::Broken(format!("did not answer {}: {cause}", self.what)),
        }
    }

    /// A status that is no success. An error of the protocol in it says more than its number.
    fn refused(&self, response: Response<Body>) -> Result<(), Trouble> {
        let status = response.status();
        if matches!(status.as_u16(), 401 | 403) {
            let wants = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
            let wants: Vec<String> =
                wants.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
            let wants = Some(wants.join(", ")).filter(|wants| !wants.trim().is_empty());
            return Err(Trouble::SignIn { status: status.as_u16(), wants: wants.map(|wants| self.quoted(&wants)) });
        }
        let kind = self.kind_of(&response).unwrap_or_default();
        let mut seen = Seen::default();
        let mut decoder = Decoder::Plain(Framer::new(Limits { bytes: PAGE, ..self.line.limits }, &self.line.budget));
        // However it ends, the status is what counts.
        let _ = self.read(response.into_body(), &mut decoder, PAGE, &mut seen, &mut |_| {});
        if seen.answered {
            return Ok(());
        }
        let words = if kind == "text/html" { String::new() } else { self.last_noise() };
        let name = status.canonical_reason().map(|name| format!(" {name}")).unwrap_or_default();
        let what = self.what.clone();
        Err(Trouble::Status { what, number: status.as_u16(), text: format!("{}{name}{words}", status.as_u16()) })
    }

    /// The type of a body, in lower case and without parameters.
    fn kind_of(&self, response: &Response<Body>) -> Result<String, Trouble> {
        let text = |name| {
            let value = response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
            value.map_or_else(String::new, |value| value.trim().to_ascii_lowercase())
        };
        let encoding = text(header::CONTENT_ENCODING);
        if !matches!(encoding.as_str(), "" | "identity") {
            let encoding = self.quoted(&encoding);
            return Err(Trouble::Broken(format!("answered {} compressed (`{encoding}`), unasked", self.what)));
        }
        let kind = text(header::CONTENT_TYPE);
        let kind = kind.split(';').next().unwrap_or_default().trim();
        Ok(if kind.is_empty() { "no type".to_owned() } else { self.quoted(kind) })
    }

    /// Reads a body as it comes. The number of bytes, or why it broke off.
    fn read(
        &self,
        body: Body,
        decoder: &mut Decoder,
        most: usize,
        seen: &mut Seen,
        endpoint: &mut dyn FnMut(String),
    ) -> Result<usize, String> {
        let mut reader = body.into_reader();
        let mut buffer = vec![0; 16 << 10];
        let mut total = 0;
        let ended = loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => break Err(self.quoted(&io_words(&error))),
            };
            total += count;
            self.decode(decoder, &buffer[..count], seen);
            if let Some(to) = seen.endpoint.take() {
                endpoint(to);
            }
            let spent =
                self.line.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count));
            if spent.is_err() {
                let why = format!("more than {} in all answers", size(self.line.most_bytes));
                seen.enough.get_or_insert(Trouble::Broken(format!("{why}, while waiting for {}", self.what)));
            }
            // A stream may go on for ever behind the answer.
            let done = seen.answered && matches!(*decoder, Decoder::Events(..));
            if done || seen.enough.is_some() || total >= most || self.line.over.load(Ordering::Relaxed) {
                return Ok(total);
            }
        };
        let (Decoder::Plain(framer) | Decoder::Events(_, framer)) = decoder;
        framer.finish(&mut |frame| self.take(frame, seen));
        ended.map(|()| total)
    }

    fn decode(&self, decoder: &mut Decoder, bytes: &[u8], seen: &mut Seen) {
        match decoder {
            Decoder::Plain(framer) => framer.push(bytes, &mut |frame| self.take(frame, seen)),
            Decoder::Events(events, framer) => events.push(bytes, &mut |part| match part {
                Part::Data(data) => framer.push(data, &mut |frame| self.take(frame, seen)),
                // An event that is cut short must not swallow the next one.
                Part::End { name, head } => {
                    if name == "endpoint" {
                        *framer = Framer::new(self.line.limits, &self.line.budget);
                        seen.endpoint.get_or_insert_with(|| head.to_owned());
                    } else {
                        framer.finish(&mut |frame| self.take(frame, seen));
                    }
                }
            }),
        }
    }

    fn take(&self, frame: Frame, seen: &mut Seen) {
        let line = &*self.line;
        match frame {
            Frame::Noise(text) => {
                line.noise.lines.fetch_add(1, Ordering::Relaxed);
                if let Some(text) = text.filter(|text| text.chars().any(char::is_alphanumeric)) {
                    *line.noise.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
                }
            }
            Frame::Message(node, _) if node.get("method").is_some() => {
                if node.get("id").is_some() {
                    self.hand_on(Incoming::Message(node, None), seen);
                }
            }
            Frame::Message(node, values) => {
                let left =
                    line.values.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(values));
                if left.is_err() {
                    let why = format!("answers of more than {} values", line.limits.values);
                    seen.enough.get_or_insert(Trouble::Broken(format!("{why}, while waiting for {}", self.what)));
                    return;
                }
                if let Err(why) = line.budget.keep(&node, values) {
                    seen.enough.get_or_insert(Trouble::Broken(format!("{why}, while waiting for {}", self.what)));
                    return;
                }
                // An error without a number can only be about what was sent.
                let nameless = node.get("id").and_then(Node::scalar).is_none() && node.get("error").is_some();
                let ours = self.id.is_some_and(|id| nameless || is_number(&node, id));
                seen.answered |= ours;
                self.hand_on(Incoming::Message(node, self.id.filter(|_| nameless)), seen);
            }
            // Who waits for an answer names what was wrong with it; who only listens says so at once.
            Frame::Broken(why) if self.id.is_some() => drop(seen.broken.get_or_insert(why)),
            Frame::Broken(why) => self.hand_on(Incoming::Broken(why), seen),
        }
    }

    fn hand_on(&self, incoming: Incoming, seen: &mut Seen) {
        if self.line.incoming.send(incoming).is_err() {
            seen.enough.get_or_insert(Trouble::Interrupted);
        }
    }

    fn last_noise(&self) -> String {
        let last = self.line.noise.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().map_or_else(String::new, |text| format!("; it says: {}", self.quoted(text)))
    }

    fn quoted(&self, text: &str) -> String {
        quote(text, &self.line.redactor)
    }
}

fn is_number(node: &Node, id: u64) -> bool {
    super::session::number_of(node).is_some_and(|number| number == id)
}

/// Headers that this program sets, and that an entry could only break.
fn is_ours(name: &str) -> bool {
    const OURS: &[&str] = &[
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "last-event-id",
        "mcp-method",
        "mcp-name",
        "mcp-protocol-version",
        "mcp-session-id",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    OURS.contains(&name.to_ascii_lowercase().as_str())
}

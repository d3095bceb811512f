//! What a conversation goes over: pipes to a process, or HTTP. The conversation itself is the same.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::Context;
use super::http::{Farewell, Http};
use super::process::Process;
use super::stdio::Stdio;
use super::trouble::{Trouble, quote};
use crate::document::Node;

/// What came, or did not.
pub(super) enum Incoming {
    /// A response, or a request. Of a response without a number of its own, that of the request that it came for.
    Message(Node, Option<u64>),
    /// Something that was meant as a message, and why it can't be read.
    Broken(String),
    /// There will be no answer to the request of that number.
    Failed(u64, Trouble),
    /// Nothing will come any more.
    Closed,
    /// Nothing came in time.
    Late,
    /// The user has had enough.
    Interrupted,
}

/// One of the two.
pub(super) enum Transport<'a> {
    /// A process of ours.
    Stdio(Stdio<'a>),
    /// Somebody else's.
    Http(Http<'a>),
}

impl<'a> Transport<'a> {
    /// Starts a server, or gets ready to ask one.
    ///
    /// # Errors
    /// There is nobody to talk to.
    pub(super) fn open(context: &'a Context<'a>) -> Result<Self, Trouble> {
        match &context.target.remote {
            Some(remote) => Ok(Self::Http(Http::open(remote, context)?)),
            None => Ok(Self::Stdio(Stdio::open(context)?)),
        }
    }

    /// Sends a message of ours.
    pub(super) fn send(&mut self, message: &serde_json::Value) {
        match self {
            Self::Stdio(stdio) => stdio.send(message),
            Self::Http(http) => http.send(message),
        }
    }

    /// Sends an answer to a request of the server, unless it asks more than it listens.
    pub(super) fn reply(&mut self, message: &serde_json::Value) {
        match self {
            Self::Stdio(stdio) => stdio.reply(message),
            Self::Http(http) => http.reply(message),
        }
    }

    /// The next message.
    pub(super) fn receive(&mut self, until: Instant) -> Incoming {
        match self {
            Self::Stdio(stdio) => stdio.receive(until),
            Self::Http(http) => http.receive(until),
        }
    }

    /// Notes the version that a handshake agreed on.
    pub(super) fn agreed(&mut self, version: Option<&str>) {
        if let Self::Http(http) = self {
            http.agreed(version);
        }
    }

    /// How many lines were no messages.
    pub(super) fn noise(&self) -> usize {
        match self {
            Self::Stdio(stdio) => stdio.noise().0,
            Self::Http(http) => http.noise(),
        }
    }

    /// How it ended, where nothing will come any more.
    pub(super) fn how_it_ended(&mut self, stop: &AtomicBool) -> String {
        match self {
            Self::Stdio(stdio) => stdio.process.how_it_ended(stop),
            Self::Http(_) => "closed its stream of events".to_owned(),
        }
    }

    /// The server's own words about its trouble: a program that is no server explains itself on stdout.
    pub(super) fn words(&self, redactor: &crate::text::Redactor) -> Option<String> {
        let Self::Stdio(stdio) = self else { return None };
        let stderr = stdio.process.last_words().map(|line| format!("stderr: {}", quote(&line, redactor)));
        stderr.or_else(|| stdio.noise().1.map(|line| format!("stdout: {}", quote(&line, redactor))))
    }

    /// All that it printed beside messages, as far as it is known.
    pub(super) fn all_words(&self) -> Option<String> {
        let Self::Stdio(stdio) = self else { return None };
        Some(stdio.process.all_words())
    }

    /// Whether a shell found no program to run, so that it is not worth starting again.
    pub(super) fn was_not_found(&self) -> bool {
        matches!(self, Self::Stdio(stdio) if stdio.process.was_not_found())
    }

    /// Ends the conversation. What it went over is still to be ended.
    pub(super) fn close(self) -> Ending {
        match self {
            Self::Stdio(stdio) => Ending::Process(stdio.close()),
            Self::Http(http) => Ending::Http(http.close()),
        }
    }
}

/// What is left to be ended politely. Dropping it ends it at once.
pub(super) enum Ending {
    /// A process.
    Process(Process),
    /// A session.
    Http(Farewell),
}

impl Ending {
    /// Ends it, which takes up to a second, unless `stop` is set.
    pub(super) fn end(self, stop: &AtomicBool) {
        match self {
            Self::Process(process) => process.end(stop),
            Self::Http(farewell) => farewell.say(stop),
        }
    }
}

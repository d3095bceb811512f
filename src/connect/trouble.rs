//! Why a server could not be listed, in words its user understands.

use std::time::Duration;

use super::stderr::plain;
use crate::text::{Redactor, visible};

/// How much of a server's own words a reason repeats.
const QUOTE: usize = 300;

/// What ended a conversation, or a part of it.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The user does not want to wait any longer.
    #[error("interrupted")]
    Interrupted,
    /// There is no process.
    #[error("could not start `{program}`: {cause}")]
    NotStarted { program: String, cause: String },
    /// It is gone. `words` is what it said on its way out.
    #[error("{how} before answering {what}{}", said(.words))]
    Gone { how: String, what: String, words: Option<String> },
    /// It says nothing, or nothing to the point.
    #[error("no answer to {what} within {}{}", seconds(*.after), said(.words))]
    Silent { what: String, after: Duration, words: Option<String> },
    /// All of it took too long.
    #[error("not finished within {}, still waiting for {what}", seconds(*.after))]
    TooSlow { what: String, after: Duration },
    /// It does not want to.
    #[error("answered {what} with error {error}")]
    Refused { what: String, error: Refusal },
    /// It wants to know who asks.
    #[error("HTTP status {status}: it wants to know who asks{}", wanted(.wants))]
    SignIn { status: u16, wants: Option<String> },
    /// HTTP has an error of its own.
    #[error("answered {what} with HTTP status {text}")]
    Status { what: String, number: u16, text: String },
    /// Nobody is there, or it can't be told who.
    #[error("could not connect to {origin}: {cause}")]
    NotConnected { origin: String, cause: String },
    /// It sends us elsewhere.
    #[error("sends to {}, {origin}; nothing was sent there", if *.weaker { "an unencrypted address" } else { "another host" })]
    Elsewhere { origin: String, weaker: bool },
    /// It answered what can't be read.
    #[error("{0}")]
    Broken(String),
}

/// An error of JSON-RPC.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(super) struct Refusal {
    /// Its number as it was written.
    pub(super) code: String,
    /// Its text, made harmless.
    pub(super) message: String,
    /// The protocol versions that it says it would take.
    pub(super) supported: Vec<String>,
}

impl Refusal {
    /// Whether it means that there is no such method. Every Python server of the first SDK calls that invalid
    /// parameters.
    pub(super) fn is_unknown_method(&self) -> bool {
        matches!(self.code.as_str(), "-32601" | "-32602")
    }
}

fn wanted(wants: &Option<String>) -> String {
    wants.as_ref().map(|wants| format!(" (WWW-Authenticate: {wants})")).unwrap_or_default()
}

fn said(words: &Option<String>) -> String {
    words.as_ref().map(|words| format!("; {words}")).unwrap_or_default()
}

/// A server's words, fit to be repeated: without secrets, without what a terminal obeys, and not too many.
pub(super) fn quote(text: &str, redactor: &Redactor) -> String {
    // Redacted before it is cut: half a secret would not be recognised.
    let text = visible(redactor.clean(&plain(text)).trim());
    match text.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A duration in words.
pub(super) fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_short_and_harmless() {
        let mut redactor = Redactor::default();
        redactor.learn("hunter2hunter2");
        assert_eq!(quote("\x1b[1mbad key hunter2hunter2\x07\n", &redactor), "bad key [redacted]\\u{7}");
        let long = quote(&format!("{}hunter2hunter2", "x".repeat(295)), &redactor);
        assert!(long.chars().count() == 301 && !long.contains("hunt"), "{long}");
    }

    #[test]
    fn reasons_read_well() {
        let gone = Trouble::Gone {
            how: "exited with status 1".into(),
            what: "`initialize`".into(),
            words: Some("stderr: no key".into()),
        };
        assert_eq!(gone.to_string(), "exited with status 1 before answering `initialize`; stderr: no key");
        let silent = Trouble::Silent { what: "`initialize`".into(), after: Duration::from_secs(30), words: None };
        assert_eq!(silent.to_string(), "no answer to `initialize` within 30 s");
        assert_eq!(seconds(Duration::from_millis(1500)), "1.5 s");
    }
}

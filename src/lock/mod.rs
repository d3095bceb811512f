//! The lock: what servers were and what they offered when somebody approved them, and what is different now.
//!
//! A [`Lock`] is plain data. It is made from configs and catalogs ([`start`], [`offers`]), written and read as text
//! ([`write`], [`read`](fn@read)), compared with what is there now ([`compare`](fn@compare)), and taken over from it
//! ([`take`]). It never hides a finding: all it does is say what changed.

mod canonical;
mod compare;
mod leaves;
mod offers;
mod pairs;
mod read;
mod start;
mod take;
mod words;
mod write;

pub use canonical::canonical;
pub use compare::{Change, Now, What, compare};
pub use leaves::{Difference, Nature};
pub use offers::offers;
pub use pairs::{Pair, pairs};
pub use read::{LockError, read};
pub use start::{Fetched, Mark, Part, Shown, Start, start};
pub use take::{Against, Taken, Want, take};
pub use words::{Piece, said, words};
pub use write::write;

use crate::document::Span;

/// The version of the file that this program writes and reads.
pub const VERSION: u32 = 1;
/// The name of a project's lock, in the project's root.
pub const NAME: &str = "mcpscan.lock";
/// The list under which a server's instructions are one item.
pub const INSTRUCTIONS: &str = "instructions";

/// Approved servers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// Sorted by their keys, each key once.
    pub servers: Vec<Server>,
}

/// What a server is known by. The client is no part of it where there is a config: which of several clients a file is
/// first attributed to depends on what is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its config: relative to the lock's folder with slashes, or `~/…`; empty for a saved list, which names none.
    pub config: String,
    /// The client that a saved list names; nothing where there is a config.
    pub client: Option<String>,
    /// The project inside a config that holds several.
    pub project: Option<String>,
    /// Its name there.
    pub name: String,
    /// Which of several of the same name, from 1.
    pub copy: usize,
}

/// One approved server.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// What it is known by.
    pub key: Key,
    /// Id of the client that reads it, for a reader.
    pub client: Option<String>,
    /// Whether somebody accepted it; else it was recorded when it was first seen.
    pub accepted: bool,
    /// Why it was accepted in spite of a finding.
    pub forced: Option<String>,
    /// What is started or connected to; nothing where only its answers are known.
    pub start: Option<Start>,
    /// What it offers; nothing where it was never asked.
    pub offers: Option<Vec<Item>>,
    /// Where it stands in its lock.
    pub at: Span,
}

/// A tool, prompt, resource or template, or the instructions.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `tools`, `prompts`, `resources`, `resourceTemplates` or [`INSTRUCTIONS`].
    pub list: &'static str,
    /// Its name, or its address where it has none.
    pub name: String,
    /// Path and canonical JSON of each field, of each parameter, of each annotation; sorted.
    pub fields: Vec<(String, String)>,
    /// SHA-256 over all fields.
    pub digest: String,
    /// Why it was accepted in spite of a finding.
    pub forced: Option<String>,
    /// Where it stands in its lock.
    pub at: Span,
}

impl Key {
    /// Whether two are the same but for their number.
    fn is_twin(&self, other: &Self) -> bool {
        Self { copy: 0, ..self.clone() } == Self { copy: 0, ..other.clone() }
    }
}

impl Lock {
    /// Puts servers into their order, and numbers those that share a name.
    pub fn new(mut servers: Vec<Server>) -> Self {
        servers.sort_by(|a, b| (&a.key, &a.client).cmp(&(&b.key, &b.client)));
        for at in 1..servers.len() {
            let (before, rest) = servers.split_at_mut(at);
            let (Some(before), Some(own)) = (before.last(), rest.first_mut()) else { continue };
            if own.key.copy <= before.key.copy && before.key.is_twin(&own.key) {
                own.key.copy = before.key.copy + 1;
            }
        }
        servers.sort_by(|a, b| a.key.cmp(&b.key));
        Self { servers }
    }
}

impl Lock {
    /// Whether two locks approve the same, wherever it stands in their files.
    pub fn is_same(&self, other: &Self) -> bool {
        let item =
            |a: &Item, b: &Item| (a.list, &a.name, &a.digest, &a.forced) == (b.list, &b.name, &b.digest, &b.forced);
        let offers = |a: &Option<Vec<Item>>, b: &Option<Vec<Item>>| match (a, b) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| item(a, b)),
            (a, b) => a.is_none() && b.is_none(),
        };
        let server = |a: &Server, b: &Server| {
            (&a.key, &a.client, a.accepted, &a.forced, &a.start) == (&b.key, &b.client, b.accepted, &b.forced, &b.start)
                && offers(&a.offers, &b.offers)
        };
        self.servers.len() == other.servers.len() && self.servers.iter().zip(&other.servers).all(|(a, b)| server(a, b))
    }
}

impl Item {
    /// An item with its fields in order and its digest.
    pub(crate) fn new(list: &'static str, name: String, mut fields: Vec<(String, String)>) -> Self {
        fields.sort();
        let digest = digest_of(list, &fields);
        Self { list, name, fields, digest, forced: None, at: Span::new(0, 0) }
    }

    /// What it says, whatever it is called.
    fn content(&self) -> impl Iterator<Item = &(String, String)> {
        self.fields.iter().filter(|(path, _)| path != "name")
    }
}

/// The identity of an item's contents.
fn digest_of(list: &str, fields: &[(String, String)]) -> String {
    let mut parts = vec!["lock-1", list];
    parts.extend(fields.iter().flat_map(|(path, text)| [path.as_str(), text.as_str()]));
    crate::finding::digest(&parts)
}

/// The short digest of a field: it says which field changed where two files are compared, and decides nothing.
fn short(text: &str) -> String {
    let mut digest = crate::finding::digest(&["field", text]);
    digest.truncate(12);
    digest
}

//! What the engine makes of each text. Servers say the same things over and over: each is read once.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;
use foldhash::fast::RandomState;

use crate::rules::{Hits, TextEngine};
use crate::text::{Decoded, Normalised, decode, normalise};

/// More texts than this are not kept: memory has a bound, whatever a server says.
const MOST: usize = 1 << 16;
/// In as many maps, so that those who read at the same time do not wait for each other.
const SHARDS: usize = 16;

/// The texts that were read.
pub(super) struct Readings<'e, 't> {
    engine: &'e TextEngine,
    hasher: RandomState,
    shards: [Mutex<Known<'t>>; SHARDS],
}

/// What is known of texts; nothing of those that say nothing.
type Known<'t> = HashMap<&'t str, Option<Arc<Reading>>>;

/// A text that may say something: some signal may match, or it hides or spells something.
pub(super) struct Reading {
    /// The text as it reads.
    pub(super) normalised: Normalised,
    /// Which signals those are.
    pub(super) hits: Hits,
    /// What it spells.
    pub(super) decoded: Vec<Decoded>,
}

impl<'e, 't> Readings<'e, 't> {
    pub(super) fn new(engine: &'e TextEngine) -> Self {
        Self { engine, hasher: RandomState::default(), shards: Default::default() }
    }

    /// What a text says to the engine; most say nothing.
    pub(super) fn of(&self, text: &'t str) -> Option<Arc<Reading>> {
        let shard = self.hasher.hash_one(text) as usize % SHARDS;
        let known = || self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(text) {
            return known.clone();
        }
        let normalised = normalise(text);
        let hits = self.engine.hits(&normalised.text);
        let decoded = decode(text);
        // Letters of other scripts may imitate, and characters that nobody sees may hide.
        let silent =
            hits.is_empty() && decoded.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
        let reading = (!silent).then(|| Arc::new(Reading { normalised, hits, decoded }));
        let mut known = known();
        if known.len() < MOST / SHARDS {
            known.insert(text, reading.clone());
        }
        reading
    }

    /// Whether a signal matched in a text.
    pub(super) fn says(&self, text: &'t str, signal: &str) -> bool {
        self.of(text).is_some_and(|reading| self.engine.says(&reading.normalised.text, &reading.hits, signal))
    }
}

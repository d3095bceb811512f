//! What the engine makes of each text. Servers say the same things over and over: each is read once.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;
use foldhash::fast::RandomState;

use crate::rules::{Hits, TextEngine};
use crate::text::{Decoded, Normalised, decode, normalise, shown};

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
    /// The same of what a page would show of it, where that is another text which may say something.
    pub(super) shown: Option<(Normalised, Hits)>,
    /// What it spells.
    pub(super) decoded: Vec<Decoded>,
}

impl Reading {
    /// The text as it is, and as a page shows it.
    pub(super) fn both(&self) -> impl Iterator<Item = (&Normalised, &Hits)> {
        let shown = self.shown.as_ref().map(|(shown, hits)| (shown, hits));
        std::iter::once((&self.normalised, &self.hits)).chain(shown)
    }
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
        let shown = shown(text).map(|shown| (self.engine.hits(&shown.text), shown));
        let shown = shown.filter(|(hits, shown)| !hits.is_empty() && shown.text != normalised.text);
        let shown = shown.map(|(hits, shown)| (shown, hits));
        let decoded = decode(text);
        // Letters of other scripts may imitate, and characters that nobody sees may hide.
        let silent = hits.is_empty()
            && shown.is_none()
            && decoded.is_empty()
            && text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
        let reading = (!silent).then(|| Arc::new(Reading { normalised, hits, shown, decoded }));
        let mut known = known();
        if known.len() < MOST / SHARDS {
            known.insert(text, reading.clone());
        }
        reading
    }

    /// Whether a signal matched in a text.
    pub(super) fn says(&self, text: &'t str, signal: &str) -> bool {
        let says = |(read, hits): (&Normalised, &Hits)| self.engine.says(&read.text, hits, signal);
        self.of(text).is_some_and(|reading| reading.both().any(says))
    }
}

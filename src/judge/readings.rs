//! What the engine makes of each text. Servers say the same things over and over: each is read once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::rules::{Hits, TextEngine};
use crate::text::{Decoded, Normalised, decode, normalise};

/// More texts than this are not kept: memory has a bound, whatever a server says.
const MOST: usize = 1 << 16;

/// The texts that were read.
pub(super) struct Readings<'e, 't> {
    engine: &'e TextEngine,
    known: RefCell<HashMap<&'t str, Option<Rc<Reading>>>>,
}

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
        Self { engine, known: RefCell::default() }
    }

    /// What a text says to the engine; most say nothing.
    pub(super) fn of(&self, text: &'t str) -> Option<Rc<Reading>> {
        if let Some(known) = self.known.borrow().get(text) {
            return known.clone();
        }
        let normalised = normalise(text);
        let hits = self.engine.hits(&normalised.text);
        let decoded = decode(text);
        // Letters of other scripts may imitate, and characters that nobody sees may hide.
        let silent =
            hits.is_empty() && decoded.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
        let reading = (!silent).then(|| Rc::new(Reading { normalised, hits, decoded }));
        let mut known = self.known.borrow_mut();
        if known.len() < MOST {
            known.insert(text, reading.clone());
        }
        reading
    }

    /// Whether a signal matched in a text.
    pub(super) fn says(&self, text: &'t str, signal: &str) -> bool {
        self.of(text).is_some_and(|reading| self.engine.says(&reading.normalised.text, &reading.hits, signal))
    }
}

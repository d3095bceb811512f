//! What the engine makes of each text. Servers say the same things over and over: each is read once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::rules::{Hits, TextEngine};
use crate::text::{Normalised, normalise};

/// More texts than this are not kept: memory has a bound, whatever a server says.
const MOST: usize = 1 << 16;

/// The texts that were read.
pub(super) struct Readings<'e, 't> {
    engine: &'e TextEngine,
    known: RefCell<HashMap<&'t str, Option<Rc<Reading>>>>,
}

/// A text in which some signal may match.
pub(super) struct Reading {
    /// The text as it reads.
    pub(super) normalised: Normalised,
    /// Which those are.
    pub(super) hits: Hits,
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
        let reading = (!hits.is_empty()).then(|| Rc::new(Reading { normalised, hits }));
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

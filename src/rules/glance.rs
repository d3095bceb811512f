//! Whether an expression matches at all, and not where: most of those that are tried on a text never match anything.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use regex_automata::Input;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

use super::engine::SIZE_LIMIT;

/// A forward automaton alone, which is made in a fraction of the time that a whole expression takes; its states are made
/// when a text first leads to them.
pub(super) struct Glance {
    automaton: DFA,
    /// States that were made: one set for each that looks at the same time.
    caches: Mutex<Vec<Cache>>,
}

impl std::fmt::Debug for Glance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Glance")
    }
}

impl Glance {
    /// Nothing where it can't be made; then the expression itself is tried.
    pub(super) fn new(source: &str) -> Option<Self> {
        let automaton = DFA::builder()
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(
                thompson::Config::new()
                    .utf8(false)
                    .which_captures(thompson::WhichCaptures::None)
                    .nfa_size_limit(Some(SIZE_LIMIT)),
            )
            .configure(DFA::config().skip_cache_capacity_check(true))
            .build(source)
            .ok()?;
        Some(Self { automaton, caches: Mutex::default() })
    }

    /// Whether it matches in a window of a text. Nothing where it gives up.
    pub(super) fn matches(&self, text: &str, window: Range<usize>) -> Option<bool> {
        let caches = || self.caches.lock().unwrap_or_else(PoisonError::into_inner);
        let known = caches().pop();
        let mut cache = known.unwrap_or_else(|| self.automaton.create_cache());
        let found = self.automaton.try_search_fwd(&mut cache, &Input::new(text).span(window).earliest(true));
        caches().push(cache);
        found.ok().map(|found| found.is_some())
    }
}

//! All patterns of all signals over one text: one Aho-Corasick pass over the keywords, then only the regular
//! expressions that can match.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use regex::bytes::{Regex, RegexBuilder};

use super::Packs;
use super::combine::{Plan, plans};
use super::schema::Signal;

/// A compiled expression may take this much memory; what takes more is refused by `rules test`.
pub(super) const SIZE_LIMIT: usize = 1 << 20;
/// More matches of one pattern in one text say nothing new.
const MOST_MATCHES: usize = 32;

/// Matches signals against normalised text. Regular expressions are compiled when a keyword first asks for them.
pub struct TextEngine {
    names: Vec<String>,
    patterns: Vec<Pattern>,
    keywords: Option<AhoCorasick>,
    /// For each keyword, the signals that it stands for.
    asks: Vec<Vec<usize>>,
    always: Vec<usize>,
    /// For each signal, its patterns and those that take a match back.
    signals: Vec<(Range<usize>, Range<usize>)>,
    /// What the rules make of signals.
    pub(super) plans: Vec<Plan>,
}

struct Pattern {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

/// Where each signal matched in one text.
#[derive(Debug, Default)]
pub struct Hits {
    found: Vec<(usize, Vec<Range<usize>>)>,
}

impl Hits {
    /// Ranges of normalised text at which a signal matched, in order.
    pub(super) fn of(&self, signal: usize) -> &[Range<usize>] {
        self.found.iter().find(|(found, _)| *found == signal).map_or(&[], |(_, ranges)| ranges)
    }

    /// Whether no signal matched.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many different signals matched.
    pub fn count(&self) -> usize {
        self.found.len()
    }
}

impl TextEngine {
    /// Prepares the signals of all packs.
    pub fn new(packs: &Packs) -> Self {
        let mut engine = Self {
            names: Vec::new(),
            patterns: Vec::new(),
            keywords: None,
            asks: Vec::new(),
            always: Vec::new(),
            signals: Vec::new(),
            plans: Vec::new(),
        };
        let mut keywords: Vec<String> = Vec::new();
        for (number, signal) in packs.signals().enumerate() {
            engine.names.push(signal.id.clone());
            let patterns = engine.add(&signal.patterns);
            let unless = engine.add(&signal.unless);
            engine.signals.push((patterns, unless));
            if signal.always {
                engine.always.push(number);
            }
            for keyword in &signal.keywords {
                match keywords.iter().position(|known| known == keyword) {
                    Some(known) => engine.asks[known].push(number),
                    None => {
                        keywords.push(keyword.clone());
                        engine.asks.push(vec![number]);
                    }
                }
            }
        }
        // Without keywords there is nothing to build; with them it can only fail on absurd sizes, and then every
        // signal is simply tried.
        engine.keywords = AhoCorasickBuilder::new().match_kind(MatchKind::Standard).build(&keywords).ok();
        if engine.keywords.is_none() {
            engine.always = (0..engine.signals.len()).collect();
        }
        let numbers: HashMap<&str, usize> =
            engine.names.iter().enumerate().map(|(number, id)| (id.as_str(), number)).collect();
        let plans = plans(packs, &|id| numbers.get(id).copied());
        engine.plans = plans;
        engine
    }

    fn add(&mut self, sources: &[String]) -> Range<usize> {
        let start = self.patterns.len();
        self.patterns
            .extend(sources.iter().map(|source| Pattern { source: source.clone(), compiled: OnceLock::new() }));
        start..self.patterns.len()
    }

    /// The number of a signal.
    pub(super) fn signal(&self, id: &str) -> Option<usize> {
        self.names.iter().position(|name| name == id)
    }

    /// Every signal in a normalised text.
    pub fn hits(&self, text: &str) -> Hits {
        let mut asked = vec![false; self.signals.len()];
        for signal in &self.always {
            asked[*signal] = true;
        }
        if let Some(keywords) = &self.keywords {
            for found in keywords.find_overlapping_iter(text) {
                for signal in &self.asks[found.pattern().as_usize()] {
                    asked[*signal] = true;
                }
            }
        }
        let mut hits = Hits::default();
        for (signal, _) in asked.iter().enumerate().filter(|(_, asked)| **asked) {
            let (patterns, unless) = &self.signals[signal];
            let mut ranges: Vec<Range<usize>> =
                patterns.clone().flat_map(|pattern| self.matches(pattern, text)).collect();
            ranges.retain(|range| {
                let sentence = sentence_around(text, range.clone());
                !unless.clone().any(|pattern| {
                    self.patterns[pattern]
                        .regex()
                        .is_some_and(|regex| regex.is_match(text[sentence.clone()].as_bytes()))
                })
            });
            if !ranges.is_empty() {
                ranges.sort_by_key(|range| (range.start, range.end));
                hits.found.push((signal, ranges));
            }
        }
        hits
    }

    fn matches(&self, pattern: usize, text: &str) -> Vec<Range<usize>> {
        let Some(regex) = self.patterns[pattern].regex() else { return Vec::new() };
        regex
            .find_iter(text.as_bytes())
            .take(MOST_MATCHES)
            .map(|found| widen(text, found.range()))
            .filter(|range| !range.is_empty())
            .collect()
    }
}

impl Pattern {
    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.source).ok()).as_ref()
    }
}

/// Compiles a pattern the way the engine does: bytes, ASCII classes, `(?u)` where a pattern asks for more.
pub(super) fn compile(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source).unicode(false).size_limit(SIZE_LIMIT).build()
}

/// All patterns of a signal, for `rules test`.
pub(super) fn sources(signal: &Signal) -> impl Iterator<Item = &String> {
    signal.patterns.iter().chain(&signal.unless)
}

/// Bytes may match inside a character; findings point at whole ones.
fn widen(text: &str, range: Range<usize>) -> Range<usize> {
    let (mut start, mut end) = (range.start, range.end);
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// The sentence around a range of normalised text: up to a full stop before a blank, a line feed, or the ends. Bounded,
/// since a text without full stops is still read in linear time.
pub(super) fn sentence_around(text: &str, range: Range<usize>) -> Range<usize> {
    const LONGEST: usize = 400;
    let bytes = text.as_bytes();
    let ends = |at: usize| match bytes[at] {
        b'\n' => true,
        b'.' | b'!' | b'?' | b';' => bytes.get(at + 1).is_none_or(|next| matches!(next, b' ' | b'\n')),
        // The last byte of the full stops of Chinese and Japanese.
        0x82 => at >= 2 && bytes[at - 2..=at] == [0xE3, 0x80, 0x82],
        _ => false,
    };
    let mut start = range.start;
    while start > 0 && range.start - start < LONGEST && !ends(start - 1) {
        start -= 1;
    }
    let mut end = range.end;
    while end < bytes.len() && end - range.end < LONGEST && !(end > range.start && ends(end - 1)) {
        end += 1;
    }
    widen(text, start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let text = "one two. three four? five\nsix 東京。大阪";
        let of = |word: &str| {
            let at = text.find(word).unwrap();
            &text[sentence_around(text, at..at + word.len())]
        };
        assert_eq!(of("two"), "one two.");
        assert_eq!(of("three"), " three four?");
        assert_eq!(of("five"), " five\n");
        assert_eq!(of("大阪"), "大阪");
    }
}

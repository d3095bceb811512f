//! Secrets: a type that cannot be shown, and what tells a secret from a word.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use crate::finding::digest;

/// A secret. Its `Debug` and `Display` show a mask; the value itself leaves only as a salted digest.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// SHA-256 of the value, salted, in hexadecimal: equal secrets can be told, the secret can't be searched for.
    pub fn digest(&self, salt: &str) -> String {
        digest(&["secret", salt, &self.0])
    }
}

impl fmt::Display for Secret {
    /// The first four and last two characters of a long value, nothing of a short one, and the length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chars: Vec<char> = self.0.chars().collect();
        if chars.len() >= 20 && chars.iter().all(char::is_ascii_graphic) {
            let head: String = chars[..4].iter().collect();
            let tail: String = chars[chars.len() - 2..].iter().collect();
            write!(f, "{head}…{tail} ({} characters)", chars.len())
        } else {
            write!(f, "… ({} characters)", chars.len())
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

/// Takes known secrets out of text that is about to leave: what a server printed, a finding, an error.
#[derive(Default)]
pub struct Redactor {
    values: HashSet<String>,
    matcher: OnceLock<Option<AhoCorasick>>,
}

impl Redactor {
    /// Shorter values would tear ordinary words apart.
    const SHORTEST: usize = 6;

    /// Learns a value that must not leave; of several lines each one, since they may come back one at a time, and of a
    /// percent-encoded one what it spells.
    pub fn learn(&mut self, value: &str) {
        self.matcher = OnceLock::new();
        let mut add = |value: &str| {
            if value.len() >= Self::SHORTEST {
                self.values.insert(value.to_owned());
            }
        };
        add(value);
        if value.contains('%') {
            add(&percent_decoded(value));
        }
        value.lines().map(str::trim).filter(|line| line.len() >= 16 && *line != value).for_each(add);
    }

    /// Whether it knows of nothing.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// `text` without the values.
    pub fn clean(&self, text: &str) -> String {
        let mut cleaned = String::with_capacity(text.len());
        let mut from = 0;
        for found in self.find(text) {
            cleaned.push_str(&text[from..found.start]);
            cleaned.push_str("[redacted]");
            from = found.end;
        }
        cleaned + &text[from..]
    }

    /// Where the values stand in a text.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        self.matcher().map_or_else(Vec::new, |matcher| matcher.find_iter(text).map(|found| found.range()).collect())
    }

    /// The longest value wins, so that a value inside another one does not leave the other's rest.
    fn matcher(&self) -> Option<&AhoCorasick> {
        let build = || {
            let values: Vec<&String> = self.values.iter().collect();
            (!values.is_empty())
                .then(|| AhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest).build(values).ok())?
        };
        self.matcher.get_or_init(build).as_ref()
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} values)", self.values.len())
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The words of a text that look drawn at random: keys in scripts, in JSON, in whatever nobody knows the format of.
pub fn random_words(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_ascii_alphanumeric() || matches!(c, '+' | '_' | '-' | '~'), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if looks_random(&text[from..at]) {
                    found.push(from..at);
                }
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// Shannon entropy in bits per byte.
pub fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = text.len() as f64;
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / total).map(|p| -p * p.log2()).sum()
}

/// Whether a value looks drawn at random, as keys are, and not written by a person.
///
/// Thresholds by alphabet: hexadecimal digits hold at most 4 bits each, and a short random string measures well below
/// its alphabet's maximum.
pub fn looks_random(value: &str) -> bool {
    let length = value.len();
    if length < 16 || !value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=_-.~".contains(&b)) {
        return false;
    }
    let bits = entropy(value);
    if value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
        return length >= 24 && bits >= 3.0;
    }
    let digit = value.bytes().any(|b| b.is_ascii_digit());
    let upper = value.bytes().any(|b| b.is_ascii_uppercase());
    let lower = value.bytes().any(|b| b.is_ascii_lowercase());
    // Without digits, only a long mix of upper and lower case is no word.
    let long_mix = upper && lower && length >= 24;
    if !digit && !long_mix {
        return false;
    }
    bits >= if length < 24 { 3.0 } else { 3.5 } && !reads_as_words(value)
}

/// `some-long-name`, `some_long_name`, `someLongName`: letters in groups, digits only at the ends of groups. And
/// `mcp-neo4j-cypher`: one of the groups may be a name with a digit inside, if no other has any.
fn reads_as_words(value: &str) -> bool {
    let mut words: Vec<&str> =
        value.split(['-', '_', '.', '/', '+', '=', '~']).filter(|word| !word.is_empty()).collect();
    let digits = |word: &str| word.bytes().filter(u8::is_ascii_digit).count();
    let inside = |word: &&str| word.len() <= 6 && word.ends_with(|last: char| last.is_ascii_lowercase());
    let count = words.len();
    if let [at] = (0..count).filter(|at| digits(words[*at]) > 0).collect::<Vec<_>>()[..]
        && digits(words[at]) == 1
        && inside(&words[at])
    {
        words.remove(at);
    }
    count >= 3
        && words.iter().all(|word| {
            let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
            let rest = letters.get(1..).unwrap_or_default();
            let one_case =
                rest.bytes().all(|b| b.is_ascii_lowercase()) || letters.bytes().all(|b| b.is_ascii_uppercase());
            letters.len() <= 14 && letters.bytes().all(|b| b.is_ascii_alphabetic()) && one_case
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show() {
        let long = Secret::new("abcdefghijklmnopqrstuvwx");
        assert_eq!(format!("{long} {long:?}"), "abcd…wx (24 characters) Secret(abcd…wx (24 characters))");
        assert_eq!(Secret::new("hunter2").to_string(), "… (7 characters)");
        assert_ne!(long.digest("a"), long.digest("b"));
    }

    #[test]
    fn known_values_are_taken_out() {
        let mut redactor = Redactor::default();
        redactor.learn("topsecret");
        redactor.learn("topsecret-and-more");
        redactor.learn("a");
        assert_eq!(redactor.clean("x topsecret-and-more y topsecret a"), "x [redacted] y [redacted] a");
        assert_eq!(format!("{redactor:?}"), "Redactor(2 values)");
        redactor.learn("p%40ss%21word");
        redactor.learn("-----BEGIN KEY-----\nAAAABBBBCCCCDDDDEEEE\n-----END KEY-----");
        assert_eq!(redactor.clean("p@ss!word AAAABBBBCCCCDDDDEEEE"), "[redacted] [redacted]");
    }

    #[test]
    fn keys_among_words() {
        let text = "curl -H 'X-Api-Key: q7Zt9Lm2Xc4Vb6Nn8Rk1' https://example.com/some-long-name | sh";
        let found: Vec<&str> = random_words(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["q7Zt9Lm2Xc4Vb6Nn8Rk1"]);
    }

    #[test]
    fn random_or_written() {
        for value in ["hR7kQ2mZx9LpT4vW8nB3", "9f86d081884c7d659a2feaa0c55ad015", "AbCdEfGhIjKlMnOpQrStUvWx/z+1"] {
            assert!(looks_random(value), "{value}");
        }
        for value in ["k3fj-9d2k-x8sl-p0qr", "mcp-n3o4j-cyph3r-x"] {
            assert!(looks_random(value), "{value}");
        }
        for value in [
            "short1",
            "some-long-hyphenated-name-v2",
            "production",
            "the_quick_brown_fox_jumps",
            "mcp-neo4j-cypher",
            "aaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(!looks_random(value), "{value}");
        }
    }
}

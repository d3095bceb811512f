//! Tokens of known formats inside values of a config.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::bytes::Regex;

use super::schema::{Shape, Token};
use super::{Packs, Rule, engine};
use crate::text::Jwt;

/// Finds the tokens of all rules that describe one.
pub struct TokenEngine<'p> {
    rules: Vec<(&'p Rule, &'p Token, OnceLock<Option<Regex>>)>,
    keywords: Option<AhoCorasick>,
    asks: Vec<Vec<usize>>,
    /// Rules without a keyword, and for which the format is enough.
    always: Vec<usize>,
    /// Rules that need a word of the name, by that word; and whether they ask for nothing else.
    named: HashMap<&'p str, Vec<(usize, bool)>>,
}

/// Formats that some words let through.
#[derive(Clone, Debug, Default)]
pub struct Allowed(Vec<(usize, bool)>);

/// A token in a value.
#[derive(Clone, Debug)]
pub struct TokenHit<'p> {
    /// Its rule.
    pub rule: &'p Rule,
    /// Its format.
    pub token: &'p Token,
    /// The bytes of the value that it takes.
    pub range: Range<usize>,
    /// Whether its checksum is right; `None` where the format has none that is known here.
    pub checked: Option<bool>,
}

impl<'p> TokenEngine<'p> {
    /// Prepares the tokens of all packs.
    pub fn new(packs: &'p Packs) -> Self {
        let rules: Vec<_> = packs
            .rules()
            .filter_map(|rule| match &rule.shape {
                Shape::Token(token) => Some((rule, token, OnceLock::new())),
                _ => None,
            })
            .collect();
        let mut keywords: Vec<&str> = Vec::new();
        let mut asks: Vec<Vec<usize>> = Vec::new();
        let mut always = Vec::new();
        let mut named: HashMap<&str, Vec<(usize, bool)>> = HashMap::new();
        for (number, (_, token, _)) in rules.iter().enumerate() {
            let alone = token.keywords.is_empty();
            if alone && token.names.is_empty() {
                always.push(number);
            }
            for name in &token.names {
                named.entry(name.as_str()).or_default().push((number, alone));
            }
            for keyword in &token.keywords {
                match keywords.iter().position(|known| known == keyword) {
                    Some(known) => asks[known].push(number),
                    None => {
                        keywords.push(keyword);
                        asks.push(vec![number]);
                    }
                }
            }
        }
        let keywords = AhoCorasick::new(&keywords).ok();
        if keywords.is_none() {
            always = (0..rules.len()).collect();
        }
        Self { rules, keywords, asks, always, named }
    }

    /// Which formats some words let through that are no proof by themselves; lower case, of the field's name or of the
    /// program. Most words let none through.
    pub fn allowed<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Allowed {
        let mut numbers: Vec<(usize, bool)> =
            words.into_iter().filter_map(|word| self.named.get(word)).flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        Allowed(numbers)
    }

    /// The tokens in a value, the longest first where two overlap. `allowed` is what the words of the field's name and
    /// those of the program let through. `bare`: whether the field is one for secrets, so that formats count which ids
    /// have too.
    pub fn find(&self, value: &str, allowed: &[&Allowed], bare: bool) -> Vec<TokenHit<'p>> {
        let allowed = || allowed.iter().flat_map(|allowed| &allowed.0);
        let mut asked: Vec<usize> = self.always.clone();
        asked.extend(allowed().filter(|(_, alone)| *alone).map(|(number, _)| *number));
        if let Some(keywords) = &self.keywords {
            asked
                .extend(keywords.find_overlapping_iter(value).flat_map(|found| &self.asks[found.pattern().as_usize()]));
        }
        if asked.is_empty() {
            return Vec::new();
        }
        asked.sort_unstable();
        asked.dedup();
        let mut hits: Vec<TokenHit<'p>> = Vec::new();
        for number in asked {
            let (rule, token, compiled) = &self.rules[number];
            if token.bare && !bare || !token.names.is_empty() && !allowed().any(|(known, _)| *known == number) {
                continue;
            }
            let Some(regex) = compiled.get_or_init(|| engine::compile(&token.pattern).ok()) else { continue };
            for groups in regex.captures_iter(value.as_bytes()) {
                let Some(whole) = groups.get(0) else { continue };
                let range = groups.get(1).unwrap_or(whole).range();
                if value.get(range.clone()).is_none() || !bounded(value, &whole.range()) {
                    continue;
                }
                let checked = match token.checksum.as_deref().map(|name| verify(name, &value[range.clone()])) {
                    Some(Verdict::Other) => continue,
                    Some(Verdict::Right) => Some(true),
                    Some(Verdict::Wrong) => Some(false),
                    Some(Verdict::Silent) | None => None,
                };
                hits.push(TokenHit { rule, token, range, checked });
            }
        }
        // Of several for the same characters the one that knows most: whose they are, and what they look like.
        hits.sort_by_key(|hit| {
            let TokenHit { range, token, .. } = hit;
            (std::cmp::Reverse(range.len()), range.start, token.bare, token.names.is_empty())
        });
        let mut kept: Vec<TokenHit<'p>> = Vec::new();
        for hit in hits {
            if !kept.iter().any(|other| hit.range.start < other.range.end && other.range.start < hit.range.end) {
                kept.push(hit);
            }
        }
        kept
    }
}

/// Nothing that could belong to the token may stand beside it.
fn bounded(value: &str, range: &Range<usize>) -> bool {
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let bytes = value.as_bytes();
    let before = range.start.checked_sub(1).and_then(|at| bytes.get(at));
    let first = bytes.get(range.start);
    let grown_before = before.is_some_and(belongs) && first.is_some_and(belongs);
    let grown_behind = bytes.get(range.end).is_some_and(belongs);
    !grown_before && !grown_behind
}

/// What verifying a token gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Its checksum is right.
    Right,
    /// It is of documentation.
    Wrong,
    /// Not of this rule.
    Other,
    /// Nothing speaks against it.
    Silent,
}

/// Verifies a token.
///
/// `github`: 30 random characters, then the CRC-32 over them in base 62, six digits, behind a prefix that ends in `_`.
/// GitHub and npm use it. `jwt`: the header must name an algorithm. `jwt:claim=value`: and it must claim that.
fn verify(name: &str, token: &str) -> Verdict {
    if name == "github" {
        let body = token.find('_').and_then(|at| token[at + 1..].split_at_checked(30));
        return match body {
            Some((random, check)) if check == base62(crc32(random.as_bytes())) => Verdict::Right,
            Some(_) => Verdict::Wrong,
            None => Verdict::Silent,
        };
    }
    // A provider may have tokens of another form as well.
    let Some(claim) = name.strip_prefix("jwt").filter(|_| token.starts_with("eyJ")) else { return Verdict::Silent };
    let claim = claim.strip_prefix(':').and_then(|claim| claim.split_once('='));
    match Jwt::read(token) {
        Some(jwt) if claim.is_some_and(|(name, value)| jwt.claim(name) != Some(value)) => Verdict::Other,
        Some(jwt) if jwt.is_sample() => Verdict::Wrong,
        Some(_) => Verdict::Silent,
        None => Verdict::Other,
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

fn base62(mut number: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    digits.iter().map(|digit| *digit as char).collect()
}

/// `body` with its checksum behind it, for examples.
pub(super) fn with_checksum(prefix: &str, body: &str) -> String {
    format!("{prefix}{body}{}", base62(crc32(body.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_the_one_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(base62(61), "00000z");
        let token = with_checksum("ghp_", &"a1".repeat(15));
        assert_eq!(verify("github", &token), Verdict::Right);
        assert_eq!(verify("github", &token.replace('a', "b")), Verdict::Wrong);
    }

    #[test]
    fn signed_tokens_say_what_they_are() {
        let token = crate::rules::expand(r#"{{jwt:{"role":"anon"}}}"#, 1);
        assert_eq!(verify("jwt", &token), Verdict::Silent);
        assert_eq!(verify("jwt:role=anon", &token), Verdict::Silent);
        assert_eq!(verify("jwt:role=service_role", &token), Verdict::Other);
        assert_eq!(verify("jwt", &crate::rules::expand("eyJ{{alnum:30}}.eyJ{{alnum:30}}.x", 1)), Verdict::Other);
        let sample = crate::rules::expand(r#"{{jwt:{"sub":"1234567890"}}}"#, 1);
        assert_eq!(verify("jwt", &sample), Verdict::Wrong);
    }

    #[test]
    fn tokens_have_edges() {
        assert!(bounded("Bearer abc", &(7..10)));
        assert!(!bounded("xabc", &(1..4)));
        assert!(!bounded("abc-", &(0..3)));
    }
}

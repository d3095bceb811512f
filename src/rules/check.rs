//! `rules test`: is every rule complete, does every pattern compile, and what are its examples.
//!
//! Whether an example is found is decided by the whole judge, so that part runs above this module.

use super::schema::Shape;
use super::{Judges, Packs, engine, tokens};

/// Something wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its id, or a signal's.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

/// An example of a rule, ready to be judged.
#[derive(Clone, Debug)]
pub struct Example<'p> {
    /// The rule's id.
    pub rule: &'p str,
    /// What it is an example of.
    pub judges: Judges,
    /// The text.
    pub text: String,
    /// Whether the rule must find it.
    pub expected: bool,
}

/// Examples that every rule needs on each side.
const FEWEST_EXAMPLES: usize = 3;

/// Checks what can be seen without judging, and hands out the examples.
pub fn check(packs: &Packs) -> (Vec<Problem>, Vec<Example<'_>>) {
    let mut problems = Vec::new();
    let mut examples = Vec::new();
    let mut problem = |rule: &str, message: String| problems.push(Problem { rule: rule.to_owned(), message });
    for signal in packs.signals() {
        for source in engine::sources(signal) {
            if let Err(error) = engine::compile(source) {
                problem(&signal.id, format!("the pattern `{source}` does not compile: {error}"));
            }
        }
        for keyword in &signal.keywords {
            if keyword.chars().any(char::is_uppercase) || keyword.is_empty() {
                problem(&signal.id, format!("the keyword `{keyword}` must be lower case and not empty"));
            }
        }
    }
    for pack in packs.packs() {
        for rule in &pack.rules {
            let id = rule.id.as_str();
            if let Shape::Token(token) = &rule.shape
                && let Err(error) = engine::compile(&token.pattern)
            {
                problem(id, format!("the token `{}` does not compile: {error}", token.pattern));
            }
            for (field, text) in [
                ("title", &rule.title),
                ("message", &rule.message),
                ("what", &rule.what),
                ("why", &rule.why),
                ("exploit", &rule.exploit),
                ("fix", &rule.fix),
            ] {
                if text.trim().is_empty() {
                    problem(id, format!("`{field}` is empty"));
                }
            }
            if rule.references.is_empty() {
                problem(id, "has no reference".to_owned());
            }
            if rule.cwe.is_empty() && rule.owasp.is_empty() {
                problem(id, "has neither a CWE nor an OWASP id".to_owned());
            }
            for (side, given, expected) in [("true", &rule.true_examples, true), ("false", &rule.false_examples, false)]
            {
                if given.len() < FEWEST_EXAMPLES {
                    problem(id, format!("has {} `{side}` examples, needs {FEWEST_EXAMPLES}", given.len()));
                }
                examples.extend(given.iter().map(|text| Example {
                    rule: id,
                    judges: pack.judges,
                    text: expand(text),
                    expected,
                }));
            }
        }
    }
    (problems, examples)
}

/// Writes out `{{alnum:36}}` and its like. A pack holds no string that looks like a key, so that no other scanner
/// stumbles over it; the same characters come out on every run.
///
/// `alnum`, `lower`, `hex`, `upper`, `digits`, `base64`: that many characters. `github:ghp_`: a token with a right
/// checksum. `tag:words`: Unicode tag characters. `b64:words`: base64. `u:200b`: one character by its number.
fn expand(text: &str) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    let mut seed = 0x9E37_79B9_7F4A_7C15;
    while let Some(open) = rest.find("{{") {
        let Some(close) = rest[open..].find("}}") else { break };
        let directive = &rest[open + 2..open + close];
        match directive.split_once(':').and_then(|(kind, value)| generate(kind, value, &mut seed)) {
            Some(made) => {
                expanded.push_str(&rest[..open]);
                expanded.push_str(&made);
                rest = &rest[open + close + 2..];
            }
            None => {
                expanded.push_str(&rest[..open + 2]);
                rest = &rest[open + 2..];
            }
        }
    }
    expanded.push_str(rest);
    expanded
}

fn generate(kind: &str, value: &str, seed: &mut u64) -> Option<String> {
    const ALNUM: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let alphabet = match kind {
        "alnum" => ALNUM,
        "lower" => "0123456789abcdefghijklmnopqrstuvwxyz",
        "hex" => "0123456789abcdef",
        "upper" => "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "digits" => "0123456789",
        "github" => return Some(tokens::with_checksum(value, &random(ALNUM, 30, seed))),
        "tag" => return Some(value.chars().filter_map(|c| char::from_u32(0xE0000 + c as u32)).collect()),
        "u" => return u32::from_str_radix(value, 16).ok().and_then(char::from_u32).map(String::from),
        "b64" => return Some(base64(value.as_bytes())),
        _ => return None,
    };
    Some(random(alphabet, value.parse().ok().filter(|length| *length <= 1000)?, seed))
}

fn random(alphabet: &str, length: usize, seed: &mut u64) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    (0..length)
        .map(|_| {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            letters[(*seed >> 33) as usize % letters.len()]
        })
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for digit in 0..4 {
            let shown = digit <= chunk.len();
            text.push(if shown { DIGITS[(bits >> (18 - 6 * digit) & 63) as usize] as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_written_out() {
        assert_eq!(expand("a {{u:200b}} {{b64:hello}} {{x}} {{digits:3"), "a \u{200b} aGVsbG8= {{x}} {{digits:3");
        let key = expand("{{hex:40}}");
        assert!(key.len() == 40 && key.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(key, expand("{{hex:40}}"));
        assert_eq!(expand("{{tag:A}}"), "\u{E0041}");
    }
}

//! Values that look like a secret and are none.

use sha2::{Digest, Sha256};

/// Prefixes by which services tell their keys are rarely longer.
const LONGEST_PREFIX: usize = 16;

/// A value of the form of another one, with nothing of it but its length, its separators, the kind of each character and a
/// prefix that says whose key it is (`ghp_`, `sk-ant-`): a server that looks at the form of a key before it starts takes
/// it. Always the same for values of the same form, so that equal targets stay equal and runs repeat.
pub fn nonsense(value: &str) -> String {
    // A header's scheme and an address's are what they are.
    let start = ["Bearer ", "Basic ", "Token ", "bearer ", "token "]
        .iter()
        .find(|scheme| value.starts_with(**scheme))
        .map_or(0, |scheme| scheme.len());
    let body = &value[start..];
    let hex = body.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let kept = start + prefix(body);
    let mut stream = Stream::new();
    let mut text = String::from(&value[..kept]);
    text.extend(value[kept..].chars().map(|c| match c {
        '0'..='9' => stream.one(b"0123456789"),
        'a'..='f' if hex => stream.one(b"abcdef"),
        'A'..='F' if hex => stream.one(b"ABCDEF"),
        'a'..='z' => stream.one(b"abcdefghijklmnopqrstuvwxyz"),
        'A'..='Z' => stream.one(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        c if c.is_ascii() => c,
        _ => 'x',
    }));
    text
}

/// How long the part is that names a service: letters and digits in short groups, each with its separator, and few
/// against what follows.
fn prefix(value: &str) -> usize {
    let ends = value.bytes().take(LONGEST_PREFIX).enumerate().filter(|(_, byte)| matches!(byte, b'_' | b'-'));
    let mut end = 0;
    for (at, _) in ends {
        let group = &value[end..at];
        let word = !group.is_empty() && group.len() <= 10 && group.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let digits = group.bytes().filter(u8::is_ascii_digit).count();
        // What is half digits is no word, and what is most of the value is no prefix.
        if !word || digits > 2 || (at + 1) * 3 > value.len() {
            break;
        }
        end = at + 1;
    }
    // In a pass phrase the first word is a part of the secret.
    if super::looks_random(&value[end..]) { end } else { 0 }
}

/// Letters that depend on nothing.
struct Stream {
    block: Vec<u8>,
    count: u64,
}

impl Stream {
    fn new() -> Self {
        Self { block: Vec::new(), count: 0 }
    }

    fn one(&mut self, alphabet: &[u8]) -> char {
        if self.block.is_empty() {
            self.block = Sha256::digest(format!("made up {}", self.count)).to_vec();
            self.count += 1;
        }
        let byte = self.block.pop().unwrap_or_default();
        char::from(alphabet[usize::from(byte) % alphabet.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_form_stays_and_the_value_goes() {
        for (value, kept) in [
            ("ghp_q7Zt9Lm2Xc4Vb6Nn8Rk1q7Zt9Lm2Xc4Vb6Nn", "ghp_"),
            ("sk-ant-api03-q7Zt9Lm2Xc4Vb6Nn8Rk1q7Zt9Lm2Xc4Vb6Nn", "sk-ant-api03-"),
            ("xoxb-123456789012-123456789012-q7Zt9Lm2Xc4Vb6Nn8Rk1", "xoxb-"),
            ("Bearer ghp_q7Zt9Lm2Xc4Vb6Nn8Rk1", "Bearer ghp_"),
            ("hunter2-is-my-password", ""),
            ("correct-horse-battery-staple-and-more", ""),
        ] {
            let made = nonsense(value);
            assert!(made.starts_with(kept) && made != value, "{value}: {made}");
            assert_eq!(made.len(), value.len());
            assert!(!made[kept.len()..].contains(&value[kept.len()..][..4.min(value.len() - kept.len())]), "{made}");
        }
        let uuid = "9f86d081-884c-7d65-9a2f-eaa0c55ad015";
        let made = nonsense(uuid);
        assert!(made.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{made}");
        assert_ne!(made[..8], uuid[..8]);
    }

    proptest! {
        #[test]
        fn nothing_of_the_value_is_in_it(form in "[a-z0-9]{2,4}[_-][A-Za-z0-9]{24,40}", other in "[A-Za-z0-9]{24,40}") {
            // Two values of one form, digit for digit and letter for letter, come to the same nonsense.
            let kept = form.find(['_', '-']).unwrap() + 1;
            let mut letters = other.bytes().cycle();
            let twin: String = form.char_indices().map(|(at, c)| match c {
                _ if at < kept => c,
                '0'..='9' => char::from(b'0' + letters.next().unwrap() % 10),
                'a'..='z' => char::from(b'a' + letters.next().unwrap() % 26),
                _ => char::from(b'A' + letters.next().unwrap() % 26),
            }).collect();
            let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
            let random = |text: &str| crate::text::looks_random(&text[kept..]);
            prop_assume!(hex(&form) == hex(&twin) && random(&form) == random(&twin));
            prop_assert_eq!(nonsense(&form), nonsense(&twin));
        }

        #[test]
        fn any_text_keeps_its_number_of_characters(value in "\\PC{0,60}") {
            prop_assert_eq!(nonsense(&value).chars().count(), value.chars().count());
        }
    }
}

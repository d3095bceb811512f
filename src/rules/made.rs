//! Strings that look like keys, made when they are needed: neither packs nor tests hold one, so that no other scanner
//! stumbles over them.

use super::tokens;

/// Writes out `{{alnum:36}}` and its like, inner ones first; the same characters come out for the same `seed`.
///
/// `alnum`, `letters`, `lower`, `lower32`, `caps`, `digits`, `hex`, `capshex`, `upper` (base 32), `bech32`, `base64`, `urlsafe`: that
/// many characters. `uuid:`. `github:ghp_`: a token with a right checksum. `jwt:{…}`: a signed token that says this.
/// `b64:words` and `b64url:words`: base64. `tag:words`: Unicode tag characters. `u:200b`: one character by its number.
pub fn expand(text: &str, seed: u64) -> String {
    let mut state = 0x9E37_79B9_7F4A_7C15 ^ seed.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mut expanded = text.to_owned();
    let mut from = text.len();
    while let Some(open) = expanded[..from].rfind("{{") {
        // What is behind is written out already, so this is the innermost.
        from = open;
        let Some(mut close) = expanded[open..].find("}}").map(|at| open + at) else { continue };
        // A directive may end with braces of its own.
        if expanded[open + 2..close].contains(":{") {
            close += expanded[close + 2..].bytes().take_while(|byte| *byte == b'}').count();
        }
        let made = expanded[open + 2..close].split_once(':');
        if let Some(made) = made.and_then(|(kind, value)| generate(kind, value, &mut state)) {
            expanded.replace_range(open..close + 2, &made);
        }
    }
    expanded
}

fn generate(kind: &str, value: &str, seed: &mut u64) -> Option<String> {
    const ALNUM: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const URL: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
    let alphabet = match kind {
        "alnum" => ALNUM,
        "letters" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "lower" => "0123456789abcdefghijklmnopqrstuvwxyz",
        "lower32" => "234567abcdefghijklmnopqrstuvwxyz",
        "caps" => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "digits" => "0123456789",
        "hex" => "0123456789abcdef",
        "capshex" => "0123456789ABCDEF",
        "upper" => "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "bech32" => "023456789ACDEFGHJKLMNPQRSTUVWXYZ",
        "base64" => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/",
        "urlsafe" => return length(value).map(|length| url_safe(URL, ALNUM, length, seed)),
        "uuid" => {
            let hex = random("0123456789abcdef", 31, seed);
            let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30]);
            return Some(format!("{a}-{b}-4{c}-a{d}-{e}"));
        }
        "github" => return Some(tokens::with_checksum(value, &random(ALNUM, 30, seed))),
        "jwt" => {
            let head = base64(br#"{"alg":"HS256","typ":"JWT"}"#, true);
            return Some(format!("{head}.{}.{}", base64(value.as_bytes(), true), url_safe(URL, ALNUM, 43, seed)));
        }
        "tag" => return Some(value.chars().filter_map(|c| char::from_u32(0xE0000 + c as u32)).collect()),
        "u" => return u32::from_str_radix(value, 16).ok().and_then(char::from_u32).map(String::from),
        "b64" => return Some(base64(value.as_bytes(), false)),
        "b64url" => return Some(base64(value.as_bytes(), true)),
        _ => return None,
    };
    Some(random(alphabet, length(value)?, seed))
}

fn length(value: &str) -> Option<usize> {
    value.parse().ok().filter(|length| *length <= 1000)
}

/// A mark at either end would be taken for a separator.
fn url_safe(alphabet: &str, ends: &str, length: usize, seed: &mut u64) -> String {
    match length {
        0..2 => random(ends, length, seed),
        _ => random(ends, 1, seed) + &random(alphabet, length - 2, seed) + &random(ends, 1, seed),
    }
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

fn base64(bytes: &[u8], url: bool) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for digit in 0..4 {
            let shown = digit <= chunk.len();
            text.push(if shown { DIGITS[(bits >> (18 - 6 * digit) & 63) as usize] as char } else { '=' });
        }
    }
    if url { text.trim_end_matches('=').replace('+', "-").replace('/', "_") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_written_out() {
        let text = "a {{u:200b}} {{b64:hello}} {{x}} {{digits:3";
        assert_eq!(expand(text, 0), "a \u{200b} aGVsbG8= {{x}} {{digits:3");
        let key = expand("{{hex:40}}", 0);
        assert!(key.len() == 40 && key.bytes().all(|b| b.is_ascii_hexdigit()));
        assert!(key == expand("{{hex:40}}", 0) && key != expand("{{hex:40}}", 1));
        assert_eq!(expand("{{tag:A}}", 0), "\u{E0041}");
    }

    #[test]
    fn directives_hold_others() {
        assert_eq!(expand(r#"{"a":{"b":"{{b64:x{{u:41}}}}"}}"#, 0), r#"{"a":{"b":"eEE="}}"#);
        assert_eq!(expand(r#"{{b64:{"a":{"b":1}}}} ${X:-{{u:41}}}"#, 0), "eyJhIjp7ImIiOjF9fQ== ${X:-A}");
        assert_eq!(expand("{{jwt:{}}}", 3).split('.').nth(1), Some("e30"));
    }
}

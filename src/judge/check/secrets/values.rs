//! What a value says of itself: is it a key, a password, or something else.

use std::ops::Range;

use super::candidates::Candidate;
use super::names::Kind;
use crate::config::literals;
use crate::text::{from_base64, is_placeholder, is_written, looks_random};

/// The part of a value that would be the secret if there is one: behind `Bearer `, or all of it. `None` for references,
/// placeholders, and what no secret looks like; and whether its field says that it is one.
pub(super) fn generic(candidate: &Candidate) -> Option<(Range<usize>, bool)> {
    let value = candidate.value.text.as_str();
    // One literal piece, or the default of a reference.
    let piece = literals(value).into_iter().max_by_key(|piece| piece.len())?;
    let whole = piece.len() == value.len();
    let mut text = value[piece.clone()].trim();
    for scheme in ["Bearer ", "bearer ", "Basic ", "basic ", "Token ", "token ", "ApiKey ", "Api-Key "] {
        text = text.strip_prefix(scheme).unwrap_or(text).trim();
    }
    // Whatever is sent as a bearer's token is one, even where a person made it up.
    let sent = candidate.kind == Kind::Key && text.len() < piece.len() && is_made_up(text);
    // A scheme that nobody knows: `Key …`, `GenieKey …`.
    if candidate.kind == Kind::Key
        && let Some((scheme, rest)) = text.split_once(' ')
        && scheme.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b':'))
        && looks_random(rest.trim())
    {
        text = rest.trim();
    }
    let start = text.as_ptr() as usize - value.as_ptr() as usize;
    let range = start..start + text.len();
    // A reference with words around it holds no secret of its own.
    let default = !whole && value.contains(":-");
    if !whole && !default || text.len() < 6 {
        return None;
    }
    // Most values are neither, which costs less to see than what else they could be.
    let says = sent || could_be(candidate.kind, text);
    if !says && !looks_random(text) {
        return None;
    }
    let ordinary = match candidate.kind {
        Kind::Password => is_weak(text),
        Kind::Key | Kind::Other => is_placeholder(text) || is_plain(text),
    };
    (!ordinary).then_some((range, says))
}

/// `acme-gateway-prod-2025`: words and a number, and none of them says what should stand here.
fn is_made_up(text: &str) -> bool {
    let words = super::names::words_of(text);
    let named = |word: &String| super::names::kind(std::slice::from_ref(word)) != Kind::Other || word == "api";
    text.len() >= 16
        && !text.contains(' ')
        && text.as_bytes().windows(4).any(|four| four.iter().all(u8::is_ascii_digit))
        && !words.iter().any(named)
}

/// Whether a value may be what the name of its field says.
pub(super) fn could_be(kind: Kind, value: &str) -> bool {
    match kind {
        Kind::Other => false,
        Kind::Password => value.len() >= 6 && !is_weak(value),
        // A key is no word: it has digits, or it is long and mixed.
        Kind::Key => {
            let digits = value.bytes().any(|b| b.is_ascii_digit());
            let lower = value.bytes().any(|b| b.is_ascii_lowercase());
            let mixed = lower && value.bytes().skip(1).any(|b| b.is_ascii_uppercase());
            value.len() >= 8 && !value.contains(' ') && (digits || mixed && value.len() >= 16) && !is_written(value)
        }
    }
}

/// Whether a field of that name would hold this id instead of a key: many things are known by a UUID, and some of them
/// are called keys.
pub(super) fn is_id(words: &[String], value: &str) -> bool {
    let secret = |word: &String| word != "key" && super::names::kind(std::slice::from_ref(word)) != Kind::Other;
    is_uuid(value)
        && !words.iter().any(|word| secret(word) || matches!(word.as_str(), "api" | "access" | "private" | "x"))
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Passwords that everybody knows open nothing that is not open already.
pub(super) fn is_weak(password: &str) -> bool {
    const WEAK: &[&str] = &[
        "password",
        "postgres",
        "admin",
        "root",
        "secret",
        "changeme",
        "example",
        "test",
        "minioadmin",
        "neo4j",
        "guest",
        "user",
        "pass",
        "mysql",
        "redis",
        "mongo",
        "default",
        "pwd",
        "123456",
        "admin123",
        "password123",
        "postgrespw",
        "[password]",
        "sa",
    ];
    // A password may have letters that no key has.
    let ascii: String = password.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
    let small = password.bytes().any(|b| b.is_ascii_lowercase());
    let made_up = password.bytes().any(|b| b.is_ascii_digit())
        || small && password.bytes().skip(1).any(|b| b.is_ascii_uppercase());
    let lower = password.to_ascii_lowercase();
    // `P@ssw0rd` is the same word, to whoever tries.
    let spelled: String = lower
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            c => c,
        })
        .collect();
    let ends = |c: char| c.is_ascii_digit() || matches!(c, '!' | '@' | '#' | '_' | '-');
    WEAK.contains(&lower.as_str())
        || password.len() <= 12 && WEAK.contains(&lower.trim_end_matches(ends))
        || WEAK.contains(&spelled.trim_end_matches(ends))
        || names_itself(password)
        || names_itself(&spelled)
        || is_placeholder(if made_up { &ascii } else { password })
}

/// `db-password`, `mot-de-passe`, `sua_senha_aqui`: words alone, and one of them is the word for what should stand here.
fn names_itself(password: &str) -> bool {
    let words = super::names::words_of(password);
    words.len() <= 6 && is_written(password) && super::names::mentions_password(&words, password)
}

/// Values that say something else: paths, addresses, names, numbers, switches.
fn is_plain(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let path = text.starts_with(['/', '~', '.']) && !text.contains(' ') && text.contains('/') && !is_base64_key(text)
        || text.contains(":\\")
        || text.contains(":/")
        || ["arn:", "urn:", "data:", "projects/"].iter().any(|scheme| text.starts_with(scheme));
    let number = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':' | b'-' | b',' | b'_'));
    let email =
        text.contains('@') && text.rsplit('@').next().is_some_and(|host| host.contains('.')) && !text.contains(':');
    let file =
        [".json", ".pem", ".key", ".env", ".yaml", ".yml", ".toml", ".txt", ".js", ".ts", ".py", ".gz", ".zip", ".crt"]
            .iter()
            .any(|end| lower.ends_with(end));
    // What a shell would put in.
    let command = text.starts_with('`') && text.ends_with('`');
    path || number || email || file || command || text.contains('\n') && !text.contains("PRIVATE KEY")
}

/// Whether there are small letters, capitals and digits.
pub(super) fn is_mixed(text: &str) -> bool {
    let has = |of: fn(&u8) -> bool| text.as_bytes().iter().any(of);
    has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// Base64 may begin with a slash, too.
fn is_base64_key(text: &str) -> bool {
    text.len() >= 32
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        && is_mixed(text)
        && looks_random(text)
        && !is_written(text)
}

/// Where the credentials of `Basic …` stand, and what they spell: `user:password`.
pub(super) fn basic(value: &str) -> Option<(Range<usize>, String)> {
    let at = value.find("Basic ").or_else(|| value.find("basic "))? + "Basic ".len();
    let start = at + (value[at..].len() - value[at..].trim_start().len());
    let length =
        value[start..].find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).unwrap_or(value.len() - start);
    let text = String::from_utf8(from_base64(&value[start..start + length])?).ok()?;
    let spelled = text.contains(':') && !text.chars().any(char::is_control);
    spelled.then_some((start..start + length, text))
}

/// `scheme://user:PASSWORD@host`: where the passwords of a text are. Of `scheme://TOKEN@host` the token, if it looks like
/// one.
pub(super) fn passwords(value: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = value[from..].find("://") {
        let start = from + at + 3;
        let ends = |ends: &[char]| value[start..].find(ends).map_or(value.len(), |at| start + at);
        from = ends(&['/', '?', '#', ' ', '"', '\'']);
        // Behind a colon stands a port or a password, and who writes a password forgets to encode its slashes.
        let port = value[start..from].rsplit_once(':').map(|(_, port)| port);
        if port.is_some_and(|port| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()))
            && !value[start..from].contains(['@', '$', '{', '<', ']'])
        {
            let all = ends(&[' ', '"', '\'']);
            from = value[start..all].rfind('@').map_or(from, |_| all);
        }
        let Some((user_info, _)) = value[start..from].rsplit_once('@') else { continue };
        match user_info.split_once(':') {
            Some((user, password)) if !password.is_empty() => {
                found.push(start + user.len() + 1..start + user_info.len());
            }
            None if looks_random(user_info) => found.push(start..start + user_info.len()),
            _ => {}
        }
    }
    found
}

/// A segment of an address's path that is drawn at random, as the keys are that some services put there:
/// `https://mcp.acme.test/s/KEY/mcp`. No UUID and nothing hexadecimal, which are ids far more often.
pub(in crate::judge) fn random_segment(url: &str) -> Option<Range<usize>> {
    const SHORTEST: usize = 20;
    let host = url.find("://")? + 3;
    let path = host + url[host..].find('/')?;
    let end = url[path..].find(['?', '#']).map_or(url.len(), |at| path + at);
    let mut at = path;
    url[path..end].split('/').find_map(|segment| {
        let range = at..at + segment.len();
        at = range.end + 1;
        let mixed = is_mixed(segment) || segment.len() >= 2 * SHORTEST && segment.bytes().any(|b| b.is_ascii_digit());
        let hex = segment.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        let random = segment.len() >= SHORTEST && mixed && !hex && looks_random(segment) && !is_written(segment);
        // Names of folders and packages have ends, and scopes begin with an `@`.
        (random && !segment.contains('.')).then_some(range)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses() {
        let found = |value: &str| passwords(value).into_iter().map(|range| value[range].to_owned()).collect::<Vec<_>>();
        assert_eq!(found("postgresql://u:p%40ss@db.example.com:5432/x"), ["p%40ss"]);
        assert_eq!(found("https://example.com/a:b@c"), Vec::<String>::new());
        assert_eq!(found("redis://:pw123@h and https://a:b2@c"), ["pw123", "b2"]);
        assert_eq!(found("redis://:/8Ih/7WT@h:6379/0 redis://a:b/c#d@h"), ["/8Ih/7WT", "b/c#d"]);
        assert_eq!(found("https://example.com:8080/a:b@c"), Vec::<String>::new());
        assert_eq!(found("git+ssh://git@github.com/o/r"), Vec::<String>::new());
        assert_eq!(found("git+https://q7Zt9Lm2Xc4Vb6Nn8Rk1@github.com/o/r"), ["q7Zt9Lm2Xc4Vb6Nn8Rk1"]);
    }

    #[test]
    fn values_that_could_be_what_their_name_says() {
        for value in ["a8f5k2x9q1", "hR7kQ2mZx9LpT4vW8nB3", "AbCdEfGhIjKlMnOpQrStUvWx"] {
            assert!(could_be(Kind::Key, value), "{value}");
        }
        for value in ["short1", "two words 12", "my-local-key-1", "oauth2-pkce", "production"] {
            assert!(!could_be(Kind::Key, value), "{value}");
        }
        for value in ["gr8-Secret", "Pä9xQv7!kLm2", "correct horse battery"] {
            assert!(could_be(Kind::Password, value), "{value}");
        }
        for value in
            ["postgres", "mot-de-passe", "sua_senha_aqui", "db_password", "您的密码", "pw", "P@ssw0rd!", "super_S3cret"]
        {
            assert!(!could_be(Kind::Password, value), "{value}");
        }
    }

    #[test]
    fn credentials_in_base64() {
        assert_eq!(basic("Basic dXNlcjpwYXNz"), Some((6..18, "user:pass".to_owned())));
        assert_eq!(basic("Basic auth"), None);
    }

    #[test]
    fn keys_in_paths() {
        let found = |url: &'static str| random_segment(url).map(|range| &url[range]);
        assert_eq!(found("https://mcp.acme.test/s/q7Zt9Lm2Xc4Vb6Nn8Rk1/mcp"), Some("q7Zt9Lm2Xc4Vb6Nn8Rk1"));
        for url in [
            "https://mcp.acme.test/api/v2/mcp",
            "https://mcp.acme.test/p/9f86d081884c7d659a2feaa0c55ad015/mcp",
            "https://mcp.acme.test/p/0b0a7c4e-3e9f-4d26-9d3d-2f1f8f0c5a11/mcp",
            "https://mcp.acme.test/a-rather-long-name-of-a-thing-v2",
            "https://mcp.acme.test?key=q7Zt9Lm2Xc4Vb6Nn8Rk1",
            "q7Zt9Lm2Xc4Vb6Nn8Rk1",
        ] {
            assert_eq!(found(url), None, "{url}");
        }
    }
}

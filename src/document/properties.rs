//! Java's properties: a key and a value a line, as Eclipse keeps its preferences.

use super::{Kind, Member, Node, Span, SyntaxError};

/// Parses properties into a map of strings. A line that ends with a backslash goes on in the next one.
///
/// # Errors
/// A `\u` without four hexadecimal digits.
pub fn parse_properties(text: &str) -> Result<Node, SyntaxError> {
    let mut members = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at + blanks(&text[at..]);
        let end = start + logical(&text[start..]);
        at = (end + 1).min(text.len()).max(at + 1);
        let line = &text[start..end];
        if line.trim().is_empty() || line.starts_with(['#', '!']) {
            // A comment is one line, whatever it ends with.
            at = start + text[start..].find(['\n', '\r']).map_or(text.len() - start, |found| found + 1);
            continue;
        }
        let key = key_length(line);
        let mut value = key + blanks(&line[key..]);
        if line[value..].starts_with(['=', ':']) {
            value += 1;
            value += blanks(&line[value..]);
        }
        let string = |from: usize, to: usize| decode(&text[start + from..start + to], start + from);
        let node = Node { kind: Kind::String(string(value, line.len())?), span: Span::new(start + value, end) };
        members.push(Member { key: string(0, key)?, key_span: Span::new(start, start + key), value: node });
    }
    Ok(Node { kind: Kind::Object(members), span: Span::new(0, text.len()) })
}

/// The lines that are comments.
pub(super) fn comments(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at + blanks(&text[at..]);
        let mut end = start + logical(&text[start..]);
        if text[start..].starts_with(['#', '!']) {
            end = start + text[start..].find(['\n', '\r']).unwrap_or(text.len() - start);
            found.push(Span::new(start, end));
        }
        at = (end + 1).max(at + 1);
    }
    found
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t', '\u{c}']).len()
}

/// How long the line is, with those that it goes on in.
fn logical(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\n' | b'\r' => return at,
            b'\\' if bytes.get(at + 1) == Some(&b'\r') && bytes.get(at + 2) == Some(&b'\n') => at += 3,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// How long the key is: up to a blank, `=` or `:` that is not escaped.
fn key_length(line: &str) -> usize {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '=' | ':' | ' ' | '\t' | '\u{c}' => return at,
            _ => {}
        }
    }
    line.len()
}

fn decode(raw: &str, start: usize) -> Result<String, SyntaxError> {
    let mut units: Vec<u16> = Vec::new();
    let mut text = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(c) = raw[at..].chars().next() {
        let next = raw[at + c.len_utf8()..].chars().next();
        if (c, next) == ('\\', Some('u')) {
            let digits = raw.get(at + 2..at + 6).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
            let Some(unit) = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) else {
                let message = "`\\u` without four hexadecimal digits".to_owned();
                return Err(SyntaxError { message, span: Span::new(start + at, start + at + 2) });
            };
            units.push(unit);
            at += 6;
            continue;
        }
        flush(&mut units, &mut text);
        at += c.len_utf8();
        if c != '\\' {
            text.push(c);
            continue;
        }
        let Some(next) = next else { break };
        at += next.len_utf8();
        match next {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'f' => text.push('\u{c}'),
            '\n' | '\r' => {
                at += usize::from(next == '\r' && raw[at..].starts_with('\n'));
                at += blanks(&raw[at..]);
            }
            other => text.push(other),
        }
    }
    flush(&mut units, &mut text);
    Ok(text)
}

/// Two escapes can be one character.
fn flush(units: &mut Vec<u16>, text: &mut String) {
    text.extend(char::decode_utf16(units.drain(..)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let text = "# c \\\n! d\n\neclipse.version=1\nmcp={\"a\"\\: \"\\u00e9\\ud83d\\ude00\"}\r\na\\ b : c \\\n   d\nlonely\n";
        let root = parse_properties(text).unwrap();
        let members: Vec<(&str, &str)> =
            root.members().iter().map(|member| (member.key.as_str(), member.value.as_str().unwrap())).collect();
        assert_eq!(members, [("eclipse.version", "1"), ("mcp", "{\"a\": \"é😀\"}"), ("a b", "c d"), ("lonely", "")]);
        let mcp = &root.members()[1];
        assert_eq!(&text[mcp.key_span.start..mcp.key_span.end], "mcp");
        assert_eq!(&text[mcp.value.span.start..mcp.value.span.end], "{\"a\"\\: \"\\u00e9\\ud83d\\ude00\"}");
    }

    #[test]
    fn whatever_is_cut_off_has_an_answer() {
        let text = "a\\:\\u00e9 = b\\\r\n  \\\n\\";
        for end in 0..=text.len() {
            if let Err(error) = parse_properties(&text[..end]) {
                assert!(error.span.end <= end && error.message.contains("\\u"), "{end}: {error:?}");
            }
        }
        assert!(parse_properties("").unwrap().members().is_empty());
        assert_eq!(parse_properties(&"\\".repeat(100_000)).unwrap().members().len(), 1);
    }
}

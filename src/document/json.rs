//! JSON and JSONC, by `jsonc-parser`.

use std::borrow::Cow;

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Kind, Member, Node, Span};

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// Parses a config: comments, trailing commas and the other liberties that clients take are fine.
///
/// An empty text is an empty map, as the clients read it.
///
/// # Errors
/// The first place that is not JSON, also where the nesting is deeper than the parser's bound of 512.
pub fn parse_json(text: &str) -> Result<Node, SyntaxError> {
    let options = ParseOptions::default();
    // JavaScript reads escapes of lone surrogates, so they must not hide the rest of a file.
    repair_surrogates(text).map_or_else(|| parse(text, &options), |repaired| parse(&repaired, &options))
}

/// Parses what a server answered: JSON to the letter, with duplicate keys, order and numbers kept as they came.
///
/// Escapes of lone surrogates, which no string can hold, become U+FFFD first, so that one of them does not hide the
/// rest of the answer.
///
/// # Errors
/// The first place that is not JSON, also where the nesting is deeper than the parser's bound of 512.
pub fn parse_answer(text: &str) -> Result<Node, SyntaxError> {
    match repair_surrogates(text) {
        Some(repaired) => parse(&repaired, &STRICT),
        None => parse(text, &STRICT),
    }
}

/// Where a config first takes a liberty that JSON does not allow: a comment, a trailing comma, single quotes. An empty
/// text takes none.
pub fn beyond_json(text: &str) -> Option<Span> {
    let repaired = repair_surrogates(text);
    parse(repaired.as_deref().unwrap_or(text), &STRICT).err().map(|error| error.span)
}

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Parses the inside of a map, as it is pasted when somebody forgets the braces around it. Nothing where the text does not
/// begin with a key, or is no such inside either.
pub fn parse_inside(text: &str) -> Option<Node> {
    let first = text.trim_start().strip_prefix('"')?;
    first.contains(':').then_some(())?;
    let mut node = parse_json(&format!("{{{text}}}")).ok()?;
    shift_back(&mut node, text.len());
    Some(node)
}

/// Takes the brace that was put before a text out of all places again.
fn shift_back(node: &mut Node, length: usize) {
    let back = |span: Span| Span::new(span.start.saturating_sub(1), span.end.saturating_sub(1).min(length));
    node.span = back(node.span);
    match &mut node.kind {
        Kind::Object(members) => {
            for member in members {
                member.key_span = back(member.key_span);
                shift_back(&mut member.value, length);
            }
        }
        Kind::Array(elements) => elements.iter_mut().for_each(|element| shift_back(element, length)),
        _ => {}
    }
}

/// The text with a line feed at the end of each `//` comment that ends in a carriage return alone, as the lines of old
/// editors do: to the parser the rest of the file would be comment. Strings keep theirs.
pub(super) fn with_line_feeds(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut lone = Vec::new();
    let mut quote = None;
    let mut at = 0;
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, b'/') if bytes.get(at + 1) == Some(&b'*') => {
                at = text[at + 2..].find("*/").map_or(bytes.len(), |end| at + 2 + end + 1);
            }
            (None, b'/') if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..].iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
                if bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) != Some(&b'\n') {
                    lone.push(at);
                }
            }
            (None, _) => {}
        }
        at += 1;
    }
    if lone.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut text = text.to_owned();
    lone.into_iter().for_each(|at| text.replace_range(at..=at, "\n"));
    Cow::Owned(text)
}

fn parse(text: &str, options: &ParseOptions) -> Result<Node, SyntaxError> {
    // Only where comments count, and only where there is such an end at all.
    let old = options.allow_comments && text.contains('\r') && text.contains("//");
    let text = &*if old { with_line_feeds(text) } else { Cow::Borrowed(text) };
    let parsed = parse_to_ast(text, &CollectOptions::default(), options).map_err(|error| SyntaxError {
        message: error.kind().to_string(),
        span: Span::new(error.range().start, error.range().end),
    })?;
    Ok(match parsed.value {
        Some(value) => node(value),
        None => Node { kind: Kind::Object(Vec::new()), span: Span::new(0, text.len()) },
    })
}

/// Recursion is bounded by the parser, which refuses what is nested deeper than 512.
fn node(value: Value<'_>) -> Node {
    let range = value.range();
    let kind = match value {
        Value::StringLit(literal) => Kind::String(literal.value.into_owned()),
        Value::NumberLit(literal) => Kind::Number(literal.value.to_owned()),
        Value::BooleanLit(literal) => Kind::Bool(literal.value),
        Value::NullKeyword(_) => Kind::Null,
        Value::Array(array) => Kind::Array(array.elements.into_iter().map(node).collect()),
        Value::Object(object) => Kind::Object(
            object
                .properties
                .into_iter()
                .map(|property| {
                    let key_range = property.name.range();
                    let key = match property.name {
                        ObjectPropName::String(literal) => literal.value.into_owned(),
                        ObjectPropName::Word(word) => word.value.to_owned(),
                    };
                    Member { key, key_span: Span::new(key_range.start, key_range.end), value: node(property.value) }
                })
                .collect(),
        ),
    };
    Node { kind, span: Span::new(range.start, range.end) }
}

/// Replaces `\uD800`-like escapes without their other half by `\uFFFD`, which is as long. `None`: nothing to do.
pub(super) fn repair_surrogates(text: &str) -> Option<String> {
    if !text.contains("\\u") {
        return None;
    }
    let bytes = text.as_bytes();
    let mut lone = Vec::new();
    let mut at = 0;
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += next;
        if bytes.get(at + 1) != Some(&b'u') {
            at += 2;
        } else {
            match (escape_at(bytes, at), escape_at(bytes, at + 6)) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 12,
                (Some(0xD800..=0xDFFF), _) => {
                    lone.push(at);
                    at += 6;
                }
                _ => at += 2,
            }
        }
    }
    if lone.is_empty() {
        return None;
    }
    let mut repaired = text.to_owned();
    for at in lone {
        repaired.replace_range(at..at + 6, "\\uFFFD");
    }
    Some(repaired)
}

fn escape_at(bytes: &[u8], at: usize) -> Option<u16> {
    let escape = bytes.get(at..at + 6)?;
    if !escape.starts_with(b"\\u") {
        return None;
    }
    let digits = std::str::from_utf8(&escape[2..]).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_carriage_return_ends_a_comment() {
        let kept = parse_json("{\"a\": \"x\ry // z\rw\", /* c\r */ 'b': \"\\\"\r\"} // c\r").unwrap();
        assert_eq!(kept.get("a").unwrap().as_str(), Some("x\ry // z\rw"), "a string keeps what it has");
        assert_eq!(kept.get("b").unwrap().as_str(), Some("\"\r"));
        let answer = parse_answer("{\"a\": \"x\r//y\"}").unwrap();
        assert_eq!(answer.get("a").unwrap().as_str(), Some("x\r//y"));
        let root = parse_json("// note\r{\"a\": 1, // more\r\"b\": 2}\r\n").unwrap();
        assert_eq!(root.members().iter().map(|member| member.key_span.start).collect::<Vec<_>>(), [9, 25]);
    }

    #[test]
    fn lone_surrogates_hide_nothing() {
        let text = r#"{"a": "\ud800", "b": 1}"#;
        let root = parse_json(text).unwrap();
        assert_eq!((root.members().len(), root.get("a").unwrap().as_str()), (2, Some("\u{fffd}")));
        assert_eq!(beyond_json(text), None);
    }

    #[test]
    fn the_inside_of_a_map() {
        let text = " \"a\": {\"command\": \"é\"}, \"b\": {}\n";
        let root = parse_inside(text).unwrap();
        let command = root.get("a").unwrap().get("command").unwrap();
        assert_eq!(&text[command.span.start..command.span.end], "\"é\"");
        assert_eq!((root.members().len(), root.span), (2, Span::new(0, text.len())));
        for other in ["{\"a\": ", "\"a\"", "a: b", "", "\"a\": {"] {
            assert!(parse_inside(other).is_none(), "{other}");
        }
    }

    #[test]
    fn values_keep_their_places() {
        let text = "// c\n{\"é\": [1, 'two',], dup: 1, \"dup\": {\"a\": null}}";
        let root = parse_json(text).unwrap();
        let list = root.get("é").unwrap();
        assert_eq!(&text[list.span.start..list.span.end], "[1, 'two',]");
        assert_eq!(list.elements()[1].as_str(), Some("two"));
        assert_eq!(root.members().len(), 3, "both duplicates are kept");
        assert!(root.get("dup").unwrap().is_object(), "the last one counts");
        let key = root.members()[0].key_span;
        assert_eq!(&text[key.start..key.end], "\"é\"");
    }

    #[test]
    fn an_empty_file_is_an_empty_map() {
        assert!(parse_json("  \n// only a comment").unwrap().is_object());
    }

    #[test]
    fn errors_have_a_place() {
        let error = parse_json("{\"a\": [1, }").unwrap_err();
        assert!(error.span.start >= 6, "{error:?}");
        assert!(parse_json(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn answers_are_strict_but_survive_lone_surrogates() {
        assert!(parse_answer("{\"a\": 1,}").is_err());
        let node = parse_answer(r#"{"a": "x\ud800y", "b": "\ud83d\ude00", "c": "\\ud800", "n": 1e999}"#).unwrap();
        assert_eq!(node.get("a").unwrap().as_str(), Some("x\u{FFFD}y"));
        assert_eq!(node.get("b").unwrap().as_str(), Some("😀"));
        assert_eq!(node.get("c").unwrap().as_str(), Some("\\ud800"));
        assert_eq!(node.get("n").unwrap().kind, Kind::Number("1e999".into()));
    }
}

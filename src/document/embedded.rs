//! JSON inside of a string of another file.

use super::strings::offsets;
use super::{Kind, Node, Span, parse_json};

/// Longer strings hold no config.
const LONGEST: usize = 4 << 20;

/// Parses a string that is itself a list or a map in JSON. `literal` is the string as its file writes it, and begins at
/// `start` there: every place is one of that file, exact where the escapes can be followed, else the whole string. `None`
/// if it is nothing of the kind.
pub fn parse_embedded(text: &str, literal: &str, start: usize) -> Option<Node> {
    if text.len() > LONGEST || !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut node = parse_json(text).ok()?;
    let map = offsets(literal, text);
    let whole = Span::new(start, start + literal.len());
    let place = |span: Span| match &map {
        Some(map) => match (map.get(span.start), map.get(span.end)) {
            (Some(from), Some(to)) => Span::new(start + *from as usize, start + *to as usize),
            _ => whole,
        },
        None => whole,
    };
    moved(&mut node, &place);
    Some(node)
}

/// Recursion is bounded by the parser of the inner text.
fn moved(node: &mut Node, place: &impl Fn(Span) -> Span) {
    node.span = place(node.span);
    match &mut node.kind {
        Kind::Array(elements) => elements.iter_mut().for_each(|element| moved(element, place)),
        Kind::Object(members) => {
            for member in members {
                member.key_span = place(member.key_span);
                moved(&mut member.value, place);
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Format;
    use proptest::prelude::*;

    fn inner(format: Format, text: &str) -> Option<Node> {
        let root = format.parse(text).unwrap();
        let node = root.get("a").unwrap();
        parse_embedded(node.as_str()?, &text[node.span.start..node.span.end], node.span.start)
    }

    #[test]
    fn places_are_those_of_the_outer_file() {
        for (format, text, key, value) in [
            (Format::Json, r#"{"a": "{\"é\\u0062\": [\"\u0078\"]}"}"#, r#"\"é\\u0062\""#, r#"\"\u0078\""#),
            (Format::Json, r#"{"a": "{'k': ['v']}"}"#, "'k'", "'v'"),
            (Format::Toml, "a = '{\"k\": [\"v\"]}'", "\"k\"", "\"v\""),
            (Format::Yaml, "a: '{\"k\": [\"v\"]}'", "\"k\"", "\"v\""),
            (Format::Properties, r#"a={"k"\:["v"]}"#, "\"k\"", "\"v\""),
        ] {
            let node = inner(format, text).unwrap_or_else(|| panic!("{text}"));
            let member = &node.members()[0];
            let span = member.value.elements()[0].span;
            assert_eq!((&text[member.key_span.start..member.key_span.end], &text[span.start..span.end]), (key, value));
        }
    }

    #[test]
    fn where_escapes_are_others_it_is_the_whole_string() {
        let text = r#"<a><a>{"k": &quot;v&quot;}</a></a>"#;
        let root = Format::Xml.parse(text).unwrap();
        let string = root.get("a").unwrap().get("a").unwrap();
        let node =
            parse_embedded(string.as_str().unwrap(), &text[string.span.start..string.span.end], string.span.start)
                .unwrap();
        assert_eq!((node.get("k").unwrap().as_str(), node.get("k").unwrap().span), (Some("v"), string.span));
    }

    #[test]
    fn what_is_no_list_and_no_map_is_a_string() {
        for text in [r#"{"a": "./x.json"}"#, r#"{"a": "{\"open\": "}"#, r#"{"a": "1"}"#, r#"{"a": ""}"#] {
            assert!(inner(Format::Json, text).is_none(), "{text}");
        }
        let deep = format!(r#"{{"a": "{}"}}"#, "[".repeat(100_000));
        assert!(inner(Format::Json, &deep).is_none());
    }

    proptest! {
        #[test]
        fn a_value_is_where_it_says(key in "[a-zé日\\\\\"\n\u{1}]{0,6}", value in "[a-zé😀\\\\\"\t]{0,6}") {
            let object = serde_json::json!({ &key: &value }).to_string();
            let text = serde_json::json!({ "a": object }).to_string();
            let node = inner(Format::Json, &text).unwrap();
            let span = node.get(&key).unwrap().span;
            // The part of the file, read as a string once and once more, is the value.
            let once: String = serde_json::from_str(&format!("\"{}\"", &text[span.start..span.end])).unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(&once).unwrap(), value);
        }
    }
}

//! JSON in one spelling: keys sorted, no blanks, strings as they are to the character.

use std::borrow::Cow;

use crate::document::{Kind, Node};
use crate::text::Redactor;

/// A value in its one spelling, without what the redactor knows. Of keys that stand twice both stay, in their order: what
/// a client makes of them differs.
pub fn canonical(node: &Node, redactor: &Redactor) -> String {
    let mut text = String::new();
    write(node, false, redactor, &mut text);
    text
}

/// The same of a schema, in which the order of required names means nothing.
pub(super) fn of_schema(node: &Node, redactor: &Redactor) -> String {
    let mut text = String::new();
    write(node, true, redactor, &mut text);
    text
}

fn write(node: &Node, schema: bool, redactor: &Redactor, text: &mut String) {
    match &node.kind {
        Kind::Null => text.push_str("null"),
        Kind::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Kind::Number(number) => text.push_str(&plain(number)),
        Kind::String(string) => quoted(string, redactor, text),
        Kind::Array(elements) => list(elements.iter(), schema, redactor, text),
        Kind::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|a, b| a.key.cmp(&b.key));
            text.push('{');
            for (number, member) in members.into_iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                quoted(&member.key, redactor, text);
                text.push(':');
                match required(&member.key, &member.value).filter(|_| schema) {
                    Some(names) => list(names.into_iter(), schema, redactor, text),
                    None => write(&member.value, schema, redactor, text),
                }
            }
            text.push('}');
        }
    }
}

fn list<'n>(elements: impl Iterator<Item = &'n Node>, schema: bool, redactor: &Redactor, text: &mut String) {
    text.push('[');
    for (number, element) in elements.enumerate() {
        if number > 0 {
            text.push(',');
        }
        write(element, schema, redactor, text);
    }
    text.push(']');
}

/// The names of required parameters in order, which some servers list in another one each time.
fn required<'n>(key: &str, value: &'n Node) -> Option<Vec<&'n Node>> {
    let elements = value.elements();
    if key != "required" || elements.is_empty() || elements.iter().any(|element| element.as_str().is_none()) {
        return None;
    }
    let mut names: Vec<&Node> = elements.iter().collect();
    names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Some(names)
}

fn quoted(string: &str, redactor: &Redactor, text: &mut String) {
    let clean = if redactor.is_empty() { Cow::Borrowed(string) } else { Cow::Owned(redactor.clean(string)) };
    // A string can always be written.
    text.push_str(&serde_json::to_string(clean.as_ref()).unwrap_or_default());
}

/// `1.50` and `1.5`, `2.0` and `2` are one number. Nothing is rounded: other digits are another number.
fn plain(number: &str) -> Cow<'_, str> {
    if !number.contains('.') || number.contains(['e', 'E']) {
        return Cow::Borrowed(number);
    }
    Cow::Borrowed(number.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_answer;
    use proptest::prelude::*;

    fn of(text: &str) -> String {
        canonical(&parse_answer(text).unwrap(), &Redactor::default())
    }

    #[test]
    fn order_and_spacing_do_not_count_and_text_does() {
        assert_eq!(of(r#"{ "b": [1, 2.0], "a": "x" }"#), r#"{"a":"x","b":[1,2]}"#);
        assert_eq!(of(r#"{"a": "\u0041"}"#), of(r#"{"a": "A"}"#));
        for (one, other) in [
            (r#"["a"]"#, r#"["a "]"#),
            (r#"["a"]"#, "[\"a\u{200b}\"]"),
            ("[1,2]", "[2,1]"),
            ("[10]", "[1]"),
            ("[100.0]", "[1]"),
            ("[9007199254740993]", "[9007199254740992]"),
            (r#"{"a":1,"a":2}"#, r#"{"a":2,"a":1}"#),
            (r#"{"a":null}"#, "{}"),
        ] {
            assert_ne!(of(one), of(other), "{one} {other}");
        }
    }

    #[test]
    fn names_that_are_required_have_no_order_in_a_schema() {
        let schema = |text: &str| of_schema(&parse_answer(text).unwrap(), &Redactor::default());
        assert_eq!(schema(r#"{"required":["b","a"]}"#), schema(r#"{"required":["a","b"]}"#));
        assert_ne!(schema(r#"{"enum":["b","a"]}"#), schema(r#"{"enum":["a","b"]}"#));
    }

    #[test]
    fn secrets_stay_out() {
        let mut redactor = Redactor::default();
        redactor.learn("topsecret");
        assert_eq!(canonical(&parse_answer(r#"["a topsecret"]"#).unwrap(), &redactor), r#"["a [redacted]"]"#);
    }

    proptest! {
        /// The same by another library, which keeps its maps sorted.
        #[test]
        fn as_a_sorted_map_writes_it(value in prop::collection::btree_map("\\PC{0,4}", prop::collection::vec("\\PC{0,6}", 0..3), 0..5)) {
            let sorted = serde_json::to_string(&value).unwrap();
            let turned: serde_json::Map<String, serde_json::Value> =
                value.into_iter().rev().map(|(key, value)| (key, value.into())).collect();
            prop_assert_eq!(of(&serde_json::to_string_pretty(&turned).unwrap()), sorted);
        }
    }
}

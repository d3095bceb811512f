//! Every text of a catalog that a model or a person reads, with its role and its place.

mod schema;

use crate::connect::Catalog;
use crate::document::{Kind, Node, Span};
use crate::rules::Role;

/// A text of a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Text<'c> {
    /// The text.
    pub text: &'c str,
    /// Who reads it.
    pub role: Role,
    /// The list it stands in: `tools`, `prompts`, `resources`, `resourceTemplates`; or `instructions`, `serverInfo`.
    pub list: &'static str,
    /// Name of the tool, prompt or resource.
    pub item: Option<&'c str>,
    /// Path of the field inside the item.
    pub field: String,
    /// Where it stands in a saved list, quotes included.
    pub span: Span,
}

/// Every text of a catalog, in its order. Names, descriptions, schemas at any depth, annotations, and fields that no
/// revision of the protocol names.
pub fn texts(catalog: &Catalog) -> Vec<Text<'_>> {
    let mut found = Vec::new();
    if let Some(instructions) = &catalog.instructions {
        Walk { found: &mut found, list: "instructions", item: None }.all(
            instructions,
            "instructions",
            Role::Instructions,
        );
    }
    if let Some(info) = &catalog.info {
        Walk { found: &mut found, list: "serverInfo", item: None }.info(info);
    }
    for (list, items) in catalog.lists() {
        for item in items {
            let name = name(item);
            Walk { found: &mut found, list, item: name }.item(item);
        }
    }
    found
}

/// The name that an item of a list goes by.
pub fn name(item: &Node) -> Option<&str> {
    ["name", "uri", "uriTemplate"].iter().find_map(|key| item.get(key)).and_then(Node::as_str)
}

struct Walk<'f, 'c> {
    found: &'f mut Vec<Text<'c>>,
    list: &'static str,
    item: Option<&'c str>,
}

impl<'c> Walk<'_, 'c> {
    fn push(&mut self, text: &'c str, span: Span, field: &str, role: Role) {
        if !text.is_empty() {
            self.found.push(Text { text, role, list: self.list, item: self.item, field: field.to_owned(), span });
        }
    }

    fn info(&mut self, info: &'c Node) {
        for member in info.members() {
            match member.key.as_str() {
                "version" | "websiteUrl" | "icons" => {}
                key => self.all(&member.value, &format!("serverInfo.{key}"), Role::ServerInfo),
            }
        }
    }

    fn item(&mut self, item: &'c Node) {
        for member in item.members() {
            let key = member.key.as_str();
            let value = &member.value;
            match key {
                "name" => self.all(value, key, Role::Name),
                "title" => self.all(value, key, Role::Title),
                "description" => self.all(value, key, Role::Description),
                "uri" | "uriTemplate" => self.all(value, key, Role::Uri),
                "inputSchema" => self.schema(value, key, false),
                "outputSchema" => self.schema(value, key, true),
                "annotations" => self.all(value, key, Role::Annotation),
                "arguments" if self.list == "prompts" => self.arguments(value),
                "icons" | "mimeType" | "size" => {}
                _ => self.unknown(member, key),
            }
        }
        // An item that is no map is a text all the same.
        if !item.is_object() {
            self.all(item, "", Role::Unknown);
        }
    }

    fn arguments(&mut self, arguments: &'c Node) {
        for (index, argument) in arguments.elements().iter().enumerate() {
            for member in argument.members() {
                let at = format!("arguments[{index}].{}", member.key);
                match member.key.as_str() {
                    "name" => self.all(&member.value, &at, Role::ParameterName),
                    "description" | "title" => self.all(&member.value, &at, Role::ParameterText),
                    _ => self.unknown(member, &at),
                }
            }
        }
    }

    /// Every string below a node, in one role. Keys of maps are texts too.
    fn all(&mut self, node: &'c Node, field: &str, role: Role) {
        match &node.kind {
            Kind::String(text) => self.push(text, node.span, field, role),
            Kind::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.all(element, &format!("{field}[{index}]"), role);
                }
            }
            Kind::Object(members) => {
                for member in members {
                    let at = format!("{field}.{}", member.key);
                    // A known hint is no text; anything that reads like one is.
                    if member.key.contains(' ') {
                        self.push(&member.key, member.key_span, &at, role);
                    }
                    self.all(&member.value, &at, role);
                }
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
        }
    }

    /// A field without a meaning: its name may be the message.
    fn unknown(&mut self, member: &'c crate::document::Member, field: &str) {
        if member.key.contains(' ') {
            self.push(&member.key, member.key_span, field, Role::Unknown);
        }
        self.all(&member.value, field, Role::Unknown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_answer;

    #[test]
    fn every_string_is_found_with_its_role() {
        let tool = parse_answer(
            r#"{"name": "n", "title": "t", "description": "d", "x-hidden": {"deep": ["u"]},
                "inputSchema": {"$schema": "http://s", "type": "object", "required": ["p"], "$comment": "c",
                  "properties": {"p": {"description": "pd", "enum": ["e"], "default": "df", "items": {"anyOf": [{"description": "in"}]}}},
                  "extra_instruction": "ei"},
                "outputSchema": {"properties": {"o": {"description": "od"}}},
                "annotations": {"title": "at", "readOnlyHint": true}, "icons": [{"src": "https://i"}]}"#,
        )
        .unwrap();
        let prompt = parse_answer(r#"{"name": "pn", "arguments": [{"name": "an", "description": "ad"}]}"#).unwrap();
        let catalog = Catalog { tools: vec![tool], prompts: vec![prompt], ..Catalog::default() };
        let found: Vec<(&str, Role, String)> =
            texts(&catalog).into_iter().map(|text| (text.text, text.role, text.field)).collect();
        for (text, role, field) in [
            ("n", Role::Name, "name"),
            ("t", Role::Title, "title"),
            ("d", Role::Description, "description"),
            ("u", Role::Unknown, "x-hidden.deep[0]"),
            ("p", Role::ParameterName, "inputSchema.properties.p"),
            ("pd", Role::ParameterText, "inputSchema.properties.p.description"),
            ("e", Role::Value, "inputSchema.properties.p.enum[0]"),
            ("df", Role::Value, "inputSchema.properties.p.default"),
            ("in", Role::ParameterText, "inputSchema.properties.p.items.anyOf[0].description"),
            ("c", Role::Unknown, "inputSchema.$comment"),
            ("ei", Role::Unknown, "inputSchema.extra_instruction"),
            ("od", Role::Output, "outputSchema.properties.o.description"),
            ("at", Role::Annotation, "annotations.title"),
            ("an", Role::ParameterName, "arguments[0].name"),
            ("ad", Role::ParameterText, "arguments[0].description"),
        ] {
            assert!(found.contains(&(text, role, field.to_owned())), "{text} {role:?} {field}\n{found:#?}");
        }
        assert!(!found.iter().any(|(text, ..)| text.contains("http")), "addresses of schemas and icons are no texts");
    }

    #[test]
    fn odd_items_are_texts_too() {
        let catalog = Catalog {
            tools: vec![
                parse_answer("\"just a string\"").unwrap(),
                parse_answer(r#"{"name": 5, "description": ["a", {"b": "c"}]}"#).unwrap(),
            ],
            instructions: Some(parse_answer(r#"{"x": "y"}"#).unwrap()),
            ..Catalog::default()
        };
        let found: Vec<&str> = texts(&catalog).into_iter().map(|text| text.text).collect();
        assert_eq!(found, ["y", "just a string", "a", "c"]);
    }
}

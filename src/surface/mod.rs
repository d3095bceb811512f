//! Every text of a catalog that a model or a person reads, with its role and its place.

mod path;
mod schema;

use crate::connect::Catalog;
use crate::document::{Kind, Node, Span};
use crate::rules::Role;
use path::At;

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
        let at = At::Field("instructions");
        Walk { found: &mut found, list: "instructions", item: None }.all(instructions, at, Role::Instructions);
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
    fn push(&mut self, text: &'c str, span: Span, at: At<'_>, role: Role) {
        if !text.is_empty() {
            let field = at.written();
            self.found.push(Text { text, role, list: self.list, item: self.item, field, span });
        }
    }

    fn info(&mut self, info: &'c Node) {
        for member in info.members() {
            match member.key.as_str() {
                "version" | "websiteUrl" | "icons" => {}
                key => self.all(&member.value, At::Key(&At::Field("serverInfo"), key), Role::ServerInfo),
            }
        }
    }

    fn item(&mut self, item: &'c Node) {
        for member in item.members() {
            let key = member.key.as_str();
            let value = &member.value;
            let at = At::Field(key);
            match key {
                "name" => self.all(value, at, Role::Name),
                "title" => self.all(value, at, Role::Title),
                "description" => self.all(value, at, Role::Description),
                "uri" | "uriTemplate" => self.all(value, at, Role::Uri),
                "inputSchema" => self.schema(value, at, false),
                "outputSchema" => self.schema(value, at, true),
                "annotations" => self.all(value, at, Role::Annotation),
                "arguments" if self.list == "prompts" => self.arguments(value),
                "icons" | "mimeType" | "size" => {}
                _ => self.unknown(member, at),
            }
        }
        // An item that is no map is a text all the same.
        if !item.is_object() {
            self.all(item, At::Field(""), Role::Unknown);
        }
    }

    fn arguments(&mut self, arguments: &'c Node) {
        let list = At::Field("arguments");
        for (index, argument) in arguments.elements().iter().enumerate() {
            let argument_at = At::Index(&list, index);
            for member in argument.members() {
                let at = At::Key(&argument_at, &member.key);
                match member.key.as_str() {
                    "name" => self.all(&member.value, at, Role::ParameterName),
                    "description" | "title" => self.all(&member.value, at, Role::ParameterText),
                    _ => self.unknown(member, at),
                }
            }
        }
    }

    /// Every string below a node, in one role. Keys of maps are texts too.
    fn all(&mut self, node: &'c Node, at: At<'_>, role: Role) {
        match &node.kind {
            Kind::String(text) => self.push(text, node.span, at, role),
            Kind::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.all(element, At::Index(&at, index), role);
                }
            }
            Kind::Object(members) => {
                for member in members {
                    let at = At::Key(&at, &member.key);
                    // A known hint is no text; anything that reads like one is.
                    if member.key.contains(' ') {
                        self.push(&member.key, member.key_span, at, role);
                    }
                    self.all(&member.value, at, role);
                }
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
        }
    }

    /// A field without a meaning: its name may be the message.
    fn unknown(&mut self, member: &'c crate::document::Member, at: At<'_>) {
        if member.key.contains(' ') {
            self.push(&member.key, member.key_span, at, Role::Unknown);
        }
        self.all(&member.value, at, Role::Unknown);
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

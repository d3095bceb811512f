//! Every text of a JSON Schema. What a keyword means decides who reads its text; a keyword that JSON Schema does not
//! know is read by the model all the same.

use super::Walk;
use super::path::At;
use crate::document::{Kind, Node};
use crate::rules::Role;

/// Identifiers and addresses, never prose.
const NO_TEXT: &[&str] = &["$schema", "$id", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "id"];
/// Prose for whoever fills the parameter.
const PROSE: &[&str] = &["description", "title", "markdownDescription"];
/// Values where a token belongs.
const VALUES: &[&str] = &[
    "enum",
    "const",
    "default",
    "examples",
    "example",
    "pattern",
    "format",
    "type",
    "required",
    "contentMediaType",
    "contentEncoding",
];
/// All that `type` may be.
const TYPES: &[&str] = &["string", "number", "integer", "boolean", "object", "array", "null"];
/// Maps of names to schemas.
const MAPS: &[&str] = &["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// A schema, or a list of schemas.
const SCHEMAS: &[&str] = &[
    "items",
    "prefixItems",
    "additionalItems",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contains",
    "propertyNames",
    "oneOf",
    "anyOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
];

impl<'c> Walk<'_, 'c> {
    /// Walks a schema. The parser bounds its depth, and references are not followed, so this ends.
    pub(super) fn schema(&mut self, schema: &'c Node, at: At<'_>, output: bool) {
        let role = |role: Role| if output { Role::Output } else { role };
        match &schema.kind {
            Kind::Array(schemas) => {
                for (index, schema) in schemas.iter().enumerate() {
                    self.schema(schema, At::Index(&at, index), output);
                }
            }
            Kind::Object(members) => {
                for member in members {
                    let key = member.key.as_str();
                    let at = At::Key(&at, key);
                    if NO_TEXT.contains(&key) {
                        // An address that is a sentence is no address.
                        if member.value.as_str().is_some_and(|text| text.contains(' ')) {
                            self.all(&member.value, at, Role::Unknown);
                        }
                    } else if PROSE.contains(&key) {
                        self.all(&member.value, at, role(Role::ParameterText));
                    } else if key == "type" && member.value.as_str().is_some_and(|name| TYPES.contains(&name)) {
                        // Nobody can say anything with it.
                    } else if VALUES.contains(&key) {
                        self.all(&member.value, at, role(Role::Value));
                    } else if MAPS.contains(&key) && member.value.is_object() {
                        for named in member.value.members() {
                            let at = At::Key(&at, &named.key);
                            self.push(&named.key, named.key_span, at, role(Role::ParameterName));
                            self.schema(&named.value, at, output);
                        }
                    } else if SCHEMAS.contains(&key) && !matches!(member.value.kind, Kind::String(_)) {
                        self.schema(&member.value, at, output);
                    } else {
                        self.unknown(member, at);
                    }
                }
            }
            Kind::String(_) => self.all(schema, at, Role::Unknown),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
        }
    }
}

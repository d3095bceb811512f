//! What a server offers, taken apart into the fields that are compared.

use std::collections::HashSet;

use super::canonical::{canonical, of_schema};
use super::{INSTRUCTIONS, Item};
use crate::connect::Catalog;
use crate::document::{Kind, Member, Node};
use crate::surface;
use crate::text::Redactor;

/// The items of a catalog, in an order that is not the server's.
pub fn offers(catalog: &Catalog, redactor: &Redactor) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(node) = &catalog.instructions {
        let fields = vec![(INSTRUCTIONS.to_owned(), canonical(node, redactor))];
        items.push(Item::new(INSTRUCTIONS, String::new(), fields));
    }
    for (list, nodes) in catalog.lists() {
        items.extend(nodes.iter().map(|node| item(list, node, redactor)));
    }
    sort(&mut items);
    items
}

/// By list, name and contents: the order of a list and of its pages means nothing.
pub(super) fn sort(items: &mut [Item]) {
    items.sort_by(|a, b| (place(a.list), &a.name, &a.digest).cmp(&(place(b.list), &b.name, &b.digest)));
}

/// The place of a list among the others.
fn place(list: &str) -> usize {
    super::write::LISTS.iter().position(|(known, _)| *known == list).unwrap_or(usize::MAX)
}

fn item(list: &'static str, node: &Node, redactor: &Redactor) -> Item {
    let name = redactor.clean(surface::name(node).unwrap_or_default());
    let mut fields = Fields { fields: Vec::new(), redactor };
    match &node.kind {
        Kind::Object(members) => {
            for member in members {
                fields.member(list, member);
            }
        }
        // An item that is no map is all there is of it.
        _ => fields.add(String::new(), canonical(node, redactor)),
    }
    Item::new(list, name, distinct(fields.fields))
}

struct Fields<'r> {
    fields: Vec<(String, String)>,
    redactor: &'r Redactor,
}

impl Fields<'_> {
    fn add(&mut self, path: String, text: String) {
        self.fields.push((self.redactor.clean(&path), text));
    }

    fn member(&mut self, list: &str, Member { key, value, .. }: &Member) {
        match (key.as_str(), &value.kind) {
            ("inputSchema" | "outputSchema", Kind::Object(members)) => self.schema(key, value, members),
            ("annotations", Kind::Object(members)) if !members.is_empty() => {
                for Member { key: hint, value, .. } in members {
                    self.add(format!("annotations.{hint}"), canonical(value, self.redactor));
                }
            }
            ("arguments", Kind::Array(elements)) if list == "prompts" && are_named(elements) => {
                for element in elements {
                    let name = surface::name(element).unwrap_or_default();
                    self.add(format!("arguments.{name}"), canonical(element, self.redactor));
                }
            }
            _ => self.add(key.clone(), canonical(value, self.redactor)),
        }
    }

    /// Each parameter, and the schema without them.
    fn schema(&mut self, key: &str, schema: &Node, members: &[Member]) {
        let is_properties = |member: &&Member| member.key == "properties" && member.value.is_object();
        for member in members.iter().filter(is_properties).flat_map(|properties| properties.value.members()) {
            let text = of_schema(&member.value, self.redactor);
            self.add(format!("{key}.properties.{}", member.key), text);
        }
        let rest = members.iter().filter(|member| !is_properties(member)).cloned().collect();
        let rest = Node { kind: Kind::Object(rest), span: schema.span };
        self.add(key.to_owned(), of_schema(&rest, self.redactor));
    }
}

/// Whether each element has a name of its own.
fn are_named(elements: &[Node]) -> bool {
    let mut seen = HashSet::new();
    let named = |element: &Node| {
        let names = element.members().iter().filter(|member| member.key == "name").count();
        names == 1 && element.get("name").and_then(Node::as_str).is_some_and(|name| !name.is_empty())
    };
    elements.iter().all(|element| named(element) && seen.insert(surface::name(element).unwrap_or_default()))
}

/// Fields that stand twice get a number, so that each path is there once.
fn distinct(fields: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut seen = HashSet::new();
    fields
        .into_iter()
        .map(|(path, text)| {
            let mut own = path.clone();
            let mut number = 1;
            while !seen.insert(own.clone()) {
                number += 1;
                own = format!("{path}#{number}");
            }
            (own, text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::read_saved;
    use crate::document::{Source, Sources};

    fn of(text: &str) -> Vec<Item> {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("x.json", text));
        offers(&read_saved(id, sources.get(id)).0[0], &Redactor::default())
    }

    fn paths(item: &Item) -> Vec<&str> {
        item.fields.iter().map(|(path, _)| path.as_str()).collect()
    }

    #[test]
    fn a_field_for_everything_that_changes_alone() {
        let items = of(r#"{"instructions": "i", "tools": [{"name": "b", "x": 1}, {"name": "a", "description": "d",
            "annotations": {"readOnlyHint": true}, "inputSchema": {"type": "object", "properties": {"p": {}, "q": {"type": "string"}}}}],
            "prompts": [{"name": "a", "arguments": [{"name": "z"}, {"name": "y", "required": true}]}]}"#);
        let names: Vec<_> = items.iter().map(|item| (item.list, item.name.as_str())).collect();
        assert_eq!(names, [("instructions", ""), ("tools", "a"), ("tools", "b"), ("prompts", "a")]);
        assert_eq!(
            paths(&items[1]),
            [
                "annotations.readOnlyHint",
                "description",
                "inputSchema",
                "inputSchema.properties.p",
                "inputSchema.properties.q",
                "name"
            ]
        );
        assert_eq!(items[1].fields[2].1, r#"{"type":"object"}"#);
        assert_eq!(paths(&items[3]), ["arguments.y", "arguments.z", "name"]);
    }

    #[test]
    fn odd_items_are_items() {
        let items =
            of(r#"{"tools": [7, {"description": "x"}, {"name": "a", "name": "b"}, {"name": "a"}, {"name": "a"}]}"#);
        assert_eq!(items.len(), 5);
        let twice = items.iter().find(|item| item.name == "b").unwrap();
        assert_eq!(paths(twice), ["name", "name#2"]);
    }
}

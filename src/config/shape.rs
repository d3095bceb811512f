//! Where in a file the servers are, decided by what stands there and not by the file's name.

use std::collections::HashSet;

use super::Problem;
use crate::discover::{Clients, ConfigFile, EntryWords};
use crate::document::{Kind, Member, Node, Reached, Span, told};

/// A server entry that was found, not yet read.
pub(super) struct Place<'d> {
    /// The place of the table that led to it.
    pub(super) keys: &'d str,
    /// Its name.
    pub(super) name: String,
    /// Where the name stands.
    pub(super) name_span: Span,
    /// The entry.
    pub(super) node: &'d Node,
    /// The keys that `*` stood for on the way: the project of `projects.*.mcpServers`.
    pub(super) context: Option<String>,
}

/// Every entry in every place of the table. Where a client
/// of this file looks, whatever is there is a server, or wrong.
pub(super) fn places<'d>(
    root: &'d Node,
    clients: &'d Clients,
    file: &ConfigFile,
    problems: &mut Vec<Problem>,
) -> Vec<Place<'d>> {
    let words = clients.entry_words();
    let mut found = Vec::new();
    // One map may be reached by two paths.
    let mut seen = HashSet::new();
    for shape in clients.shapes() {
        // The file as a whole is the last resort.
        let keys = shape.keys.as_str();
        if matches!(keys, "" | ".") && !found.is_empty() {
            break;
        }
        for Reached { node, star, .. } in shape.keys.follow(root) {
            let context = star.map(|star| told(star).to_owned());
            if shape.single {
                // Packages and remotes of a registry's entry are ways to the same server.
                let node = node.elements().first().unwrap_or(node);
                let described = match keys {
                    // A listing in a catalogue tells its version; a client's file does not.
                    "." => root.get("version").is_none() && looks_like_server(node, words),
                    "packages" | "remotes" => {
                        found.is_empty() && (node.get("identifier").is_some() || looks_like_server(node, words))
                    }
                    _ => !node.members().is_empty(),
                };
                if described && seen.insert(node.span) {
                    found.push(Place { keys, ..single(root, node, context) });
                }
                continue;
            }
            let sure = shape.sure || !keys.is_empty() && file.is_own_place(keys);
            if sure && matches!(node.kind, Kind::String(_) | Kind::Number(_) | Kind::Bool(_)) {
                let message = format!("`{keys}` is {}, expected a map of servers", node.type_name());
                problems.push(Problem { message, span: node.span });
            }
            // A file that says other things too is a description of something, not a map of servers.
            let describes = keys.is_empty()
                && node.members().iter().any(|member| !member.key.starts_with('$') && member.value.as_str().is_some());
            if describes || !seen.insert(node.span) {
                continue;
            }
            for member in node.members() {
                if sure || looks_like_server(&member.value, words) {
                    found.push(Place { keys, ..place(member, context.clone()) });
                }
            }
            // Some clients keep a list, in which each server says its own name.
            for (index, element) in node.elements().iter().enumerate() {
                match element.members() {
                    _ if looks_like_server(element, words) => {
                        found.push(Place { keys, ..listed(element, index, context.clone()) })
                    }
                    // Or each element is a map of one name.
                    [only] if looks_like_server(&only.value, words) => {
                        found.push(Place { keys, ..place(only, context.clone()) })
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

/// The one server that a file describes.
fn single<'d>(root: &'d Node, node: &'d Node, context: Option<String>) -> Place<'d> {
    match context {
        Some(name) => Place { keys: "", name, name_span: node.span, node, context: None },
        None => {
            let name = root.get("name").or_else(|| root.get("id"));
            let text = name.and_then(Node::as_str).unwrap_or("server").to_owned();
            Place { keys: "", name: text, name_span: name.map_or(node.span, |name| name.span), node, context: None }
        }
    }
}

fn place(member: &Member, context: Option<String>) -> Place<'_> {
    Place { keys: "", name: member.key.clone(), name_span: member.key_span, node: &member.value, context }
}

fn listed(element: &Node, index: usize, context: Option<String>) -> Place<'_> {
    let named =
        ["name", "id", "serverName"].iter().find_map(|key| element.get(key)).filter(|name| name.as_str().is_some());
    let name = named.and_then(Node::as_str).map_or_else(|| format!("[{index}]"), str::to_owned);
    Place { keys: "", name, name_span: named.map_or(element.span, |name| name.span), node: element, context }
}

/// Whether an object has a field that says what to start or where to connect.
fn looks_like_server(node: &Node, words: &EntryWords) -> bool {
    let text = |word: &String| {
        node.get(word).is_some_and(|value| matches!(value.kind, Kind::String(_) | Kind::Array(_) | Kind::Object(_)))
    };
    let named = |key: &String| {
        node.get(key).and_then(Node::as_str).is_some_and(|name| words.transports.iter().any(|known| known == name))
    };
    node.is_object()
        && (words.transport.iter().any(named)
            || words.command.iter().any(text)
            || words
                .url
                .iter()
                .any(|word| node.get(word).and_then(Node::as_str).is_some_and(|url| url.contains("://")))
            || words.nested.iter().any(|word| {
                node.get(word).is_some_and(|inner| {
                    inner.is_object() && words.command.iter().chain(&words.url).any(|word| inner.get(word).is_some())
                })
            }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_json;

    fn names(text: &str) -> Vec<String> {
        let clients = Clients::parse(crate::rules::data("clients.toml")).unwrap();
        let root = parse_json(text).unwrap();
        let file = ConfigFile::named("x".into(), "x".into(), "x".into());
        places(&root, &clients, &file, &mut Vec::new())
            .into_iter()
            .map(|place| place.context.map_or(place.name.clone(), |c| format!("{c}:{}", place.name)))
            .collect()
    }

    #[test]
    fn dialects_are_told_by_content() {
        assert_eq!(names(r#"{"mcpServers": {"a": {"command": "x"}, "b": {}}}"#), ["a", "b"]);
        assert_eq!(names(r#"{"servers": {"a": {"url": "https://x"}, "port": 1}}"#), ["a"]);
        assert_eq!(names(r#"{"mcp": {"servers": {"a": {"command": "x"}}, "inputs": []}}"#), ["a"]);
        assert_eq!(names(r#"{"mcp.servers": {"a": {"command": "x"}}}"#), ["a"]);
        assert_eq!(names(r#"{"projects": {"/p": {"mcpServers": {"a": {"command": "x"}}}}}"#), ["/p:a"]);
        assert_eq!(names(r#"{"a": {"command": "x"}, "b": {"type": "object"}}"#), ["a"]);
        assert_eq!(names(r#"{"mcp": {"a": {"command": ["npx", "x"]}}}"#), ["a"]);
        assert_eq!(
            names(r#"{"mcpServers": [{"name": "a", "command": "x"}, {"url": "https://x"}, "reference"]}"#),
            ["a", "[1]"]
        );
        assert_eq!(names(r#"[{"name": "a", "command": "x"}]"#), ["a"]);
        assert_eq!(names(r#"{"mcpServers": ["reference", {"a": {"command": "x"}}]}"#), ["a"]);
        assert_eq!(names(r#"{"name": "x", "author": {"url": "https://x"}}"#), Vec::<String>::new());
        assert_eq!(
            names(r#"{"name": "b", "author": {"url": "https://x"}, "server": {"mcp_config": {"command": "x"}}}"#),
            ["b"]
        );
        assert_eq!(names(r#"{"name": "x", "scripts": {"a": "b"}}"#), Vec::<String>::new());
    }

    #[test]
    fn both_of_duplicate_keys() {
        assert_eq!(
            names(r#"{"mcpServers": {"a": {"command": "x"}}, "mcpServers": {"b": {"command": "y"}}}"#),
            ["a", "b"]
        );
        assert_eq!(names(r#"{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}"#), ["a", "a"]);
    }
}

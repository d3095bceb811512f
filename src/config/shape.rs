//! Where in a file the servers are, decided by what stands there and not by the file's name.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Problem;
use crate::discover::{Clients, ConfigFile, EntryWords};
use crate::document::{Kind, Member, Node, Reached, Span, parse_embedded, told, told_apart};

/// A server entry that was found, not yet read.
pub(super) struct Place<'d> {
    /// The place of the table that led to it.
    pub(super) keys: &'d str,
    /// Its name.
    pub(super) name: String,
    /// Where the name stands.
    pub(super) name_span: Span,
    /// The entry.
    pub(super) node: Cow<'d, Node>,
    /// The keys that `*` stood for on the way: the project of `projects.*.mcpServers`.
    pub(super) context: Option<String>,
    /// It only counts on another system.
    pub(super) variant: bool,
}

/// Replaces each text that stands in a place of servers and is a list or a map in JSON by what it says. `text` is the
/// file's. One level deep: what stands inside of such a text is taken as it is.
pub(super) fn unfold(root: &mut Node, text: &str, clients: &Clients) {
    for shape in clients.shapes() {
        shape.keys.edit(root, &mut |node| {
            let literal = text.get(node.span.start..node.span.end);
            if let (Some(string), Some(literal)) = (node.as_str(), literal)
                && let Some(inner) = parse_embedded(string, literal, node.span.start)
            {
                *node = inner;
            }
        });
    }
}

/// Every entry in every place of the table. Where a client of this file looks, whatever is there is a server, or wrong.
pub(super) fn places<'d>(
    root: &'d Node,
    clients: &'d Clients,
    file: &ConfigFile,
    problems: &mut Vec<Problem>,
) -> Vec<Place<'d>> {
    let words = clients.entry_words();
    let mut found: Vec<Place<'d>> = Vec::new();
    // One map may be reached by two paths.
    let mut seen: HashSet<*const Node> = HashSet::new();
    for shape in clients.shapes() {
        // The file as a whole is the last resort.
        let keys = shape.keys.as_str();
        if matches!(keys, "" | ".") && !found.is_empty() {
            break;
        }
        let before = found.len();
        for Reached { node, star, .. } in shape.keys.follow(root) {
            let context = star.map(|star| told(star).to_owned());
            if shape.single {
                // Packages and remotes of a registry's entry are ways to the same server.
                let node = node.elements().first().unwrap_or(node);
                let marked = shape.marks.iter().any(|mark| node.get(mark).is_some());
                let described = match keys {
                    // A listing in a catalogue tells its version; a client's file does not.
                    "." => root.get("version").is_none() && looks_like_server(node, words),
                    "packages" | "remotes" => found.is_empty() && (marked || looks_like_server(node, words)),
                    _ if !shape.marks.is_empty() => marked || looks_like_server(node, words),
                    _ => !node.members().is_empty(),
                };
                if described && seen.insert(node) {
                    // A file that is one server and does not say its name is called as the file is.
                    let own = if keys == "." { stem(file) } else { "server" };
                    found.extend(single(root, own, node, context, shape.variants.as_deref(), words));
                }
                continue;
            }
            let sure = shape.sure || !keys.is_empty() && file.is_own_place(keys);
            let elsewhere = file.elsewhere && node.as_str().is_some();
            if sure && !elsewhere && matches!(node.kind, Kind::String(_) | Kind::Number(_) | Kind::Bool(_)) {
                let message = format!("`{keys}` is {}, expected a map of servers", node.type_name());
                problems.push(Problem { message, span: node.span });
            }
            // A file that says other things too is a description of something, not a map of servers.
            let describes = keys.is_empty()
                && node.members().iter().any(|member| !member.key.starts_with('$') && member.value.as_str().is_some());
            // Of such a description only what has a command: an author has an address, too.
            let commanded = |value: &Node| words.command.iter().any(|word| value.get(word).is_some());
            if describes && !node.members().iter().any(|member| commanded(&member.value)) || !seen.insert(node) {
                continue;
            }
            for (index, member) in node.members().iter().enumerate() {
                let server = looks_like_server(&member.value, words) && (!describes || commanded(&member.value));
                // What says a command or an address is a server whatever it is called: most clients look at nothing else.
                if !server && is_own(&member.value, words) {
                    continue;
                }
                // A place of servers that a longer path has reached is no server, unless it is called so on purpose.
                let reached = seen.contains(&std::ptr::from_ref(&member.value));
                match shape.list {
                    true if server && !reached => found.push(listed(&member.value, index, context.clone(), words)),
                    false if server || sure && !reached => found.push(place(member, context.clone())),
                    _ => {}
                }
            }
            // Some clients keep a list, in which each server says its own name.
            for (index, element) in node.elements().iter().enumerate() {
                match element.members() {
                    _ if looks_like_server(element, words) => {
                        found.push(listed(element, index, context.clone(), words));
                    }
                    // Or each element is a map of one name.
                    [only] if looks_like_server(&only.value, words) || sure && only.value.is_object() => {
                        found.push(place(only, context.clone()));
                    }
                    // A text refers to a server that is described elsewhere.
                    _ if !sure || shape.list || element.as_str().is_some() || is_own(element, words) => {}
                    // One that says nothing is a server all the same, or wrong.
                    _ => found.push(listed(element, index, context.clone(), words)),
                }
            }
        }
        found[before..].iter_mut().for_each(|place| place.keys = keys);
    }
    found
}

fn stem(file: &ConfigFile) -> &str {
    file.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("server")
}

/// The one server that a file describes, called `own` if the file does not say how, and what becomes of it on other
/// systems.
fn single<'d>(
    root: &'d Node,
    own: &str,
    node: &'d Node,
    context: Option<String>,
    variants: Option<&str>,
    words: &EntryWords,
) -> Vec<Place<'d>> {
    let (name, name_span) = match context {
        Some(name) => (name, node.span),
        None => {
            let name = root.get("name").or_else(|| root.get("id"));
            let text = name.and_then(Node::as_str).unwrap_or(own).to_owned();
            (text, name.map_or(node.span, |name| name.span))
        }
    };
    let place = |name: String, node: Cow<'d, Node>, variant: bool| Place {
        keys: "",
        name,
        name_span,
        node,
        context: None,
        variant,
    };
    let says = |node: &Node, words: &[String]| words.iter().any(|word| node.get(word).is_some());
    // What only changes variables is told with the server itself.
    let (told, own): (Vec<&Member>, Vec<&Member>) = variants
        .and_then(|key| node.get(key))
        .map_or(&[][..], Node::members)
        .iter()
        .partition(|member| says(&member.value, &words.command) || says(&member.value, &words.args));
    let mut places = vec![place(name.clone(), without(node, variants, own), false)];
    for member in &told {
        let mut merged = member.value.clone();
        let base = node.members().iter().filter(|base| {
            // One word of a kind is enough: an override's list of arguments replaces the other one.
            [&words.command, &words.args].iter().any(|kind| kind.contains(&base.key) && !says(&member.value, kind))
        });
        if let Kind::Object(members) = &mut merged.kind {
            members.extend(base.cloned());
        }
        places.push(place(format!("{name} ({})", member.key), Cow::Owned(merged), true));
    }
    places
}

/// A server without the variants that are servers of their own.
fn without<'d>(node: &'d Node, variants: Option<&str>, own: Vec<&Member>) -> Cow<'d, Node> {
    let Some(key) = variants.filter(|key| node.get(key).is_some_and(|held| held.members().len() > own.len())) else {
        return Cow::Borrowed(node);
    };
    let mut members: Vec<Member> = node.members().iter().filter(|member| member.key != key).cloned().collect();
    let rest = node.members().iter().find(|member| member.key == key).filter(|_| !own.is_empty());
    members.extend(rest.map(|member| {
        let kind = Kind::Object(own.into_iter().cloned().collect());
        Member { value: Node { kind, span: member.value.span }, ..member.clone() }
    }));
    Cow::Owned(Node { kind: Kind::Object(members), span: node.span })
}

fn place(member: &Member, context: Option<String>) -> Place<'_> {
    let node = Cow::Borrowed(&member.value);
    Place { keys: "", name: told_apart(&member.key), name_span: member.key_span, node, context, variant: false }
}

fn listed<'d>(element: &'d Node, index: usize, context: Option<String>, words: &EntryWords) -> Place<'d> {
    let named = words.name.iter().find_map(|key| element.get(key).filter(|name| name.as_str().is_some()));
    let name = named.and_then(Node::as_str).map_or_else(|| format!("[{index}]"), told_apart);
    let name_span = named.map_or(element.span, |name| name.span);
    Place { keys: "", name, name_span, node: Cow::Borrowed(element), context, variant: false }
}

/// Whether an entry is a part of the client itself.
fn is_own(node: &Node, words: &EntryWords) -> bool {
    words.own.iter().any(|(field, values)| {
        node.get(field).and_then(Node::as_str).is_some_and(|value| values.iter().any(|own| own == value))
    })
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

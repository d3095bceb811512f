//! Paths of keys through a tree: `projects.*.mcpServers`, `['amp.mcpServers']`.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Kind, Node};

/// A path of keys, as the tables under `rules/` write it. A dot stands between keys, `*` is any key or any element of a
/// list, and what holds a dot or is a star itself stands in `['…']`. Empty, or a single dot, is the root.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct KeyPath {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Any,
}

/// What a path leads to.
#[derive(Clone, Debug)]
pub struct Reached<'d> {
    /// The value.
    pub node: &'d Node,
    /// The map or the list that holds it; nothing for the root.
    pub parent: Option<&'d Node>,
    /// The path as it was gone, with keys and indices for the stars: `tools.send.approval_mode`.
    pub path: String,
    /// The key that the last `*` stood for; nothing if there was none or it stood for an element.
    pub star: Option<&'d str>,
}

impl From<String> for KeyPath {
    fn from(text: String) -> Self {
        Self { steps: steps(&text), text }
    }
}

impl KeyPath {
    /// The path as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the keys themselves are what the path is about.
    pub fn ends_in_star(&self) -> bool {
        self.steps.last() == Some(&Step::Any)
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Changes every value at this path.
    pub fn edit(&self, root: &mut Node, change: &mut dyn FnMut(&mut Node)) {
        edit(root, &self.steps, change);
    }

    /// Every value at this path, in the order of the file. Duplicate keys are all followed: each client picks another.
    pub fn follow<'d>(&self, root: &'d Node) -> Vec<Reached<'d>> {
        let mut found = Vec::new();
        follow(Reached { node: root, parent: None, path: String::new(), star: None }, &self.steps, &mut found);
        found
    }
}

fn edit(node: &mut Node, steps: &[Step], change: &mut dyn FnMut(&mut Node)) {
    let Some((step, rest)) = steps.split_first() else {
        change(node);
        return;
    };
    match &mut node.kind {
        Kind::Object(members) => {
            let matching = members.iter_mut().filter(|member| match step {
                Step::Any => true,
                Step::Key(key) => *key == member.key,
            });
            matching.for_each(|member| edit(&mut member.value, rest, change));
        }
        Kind::Array(elements) if *step == Step::Any => {
            elements.iter_mut().for_each(|element| edit(element, rest, change));
        }
        _ => {}
    }
}

fn follow<'d>(from: Reached<'d>, steps: &[Step], into: &mut Vec<Reached<'d>>) {
    let Some((step, rest)) = steps.split_first() else {
        into.push(from);
        return;
    };
    let parent = Some(from.node);
    for member in from.node.members() {
        let star = match step {
            Step::Any => Some(member.key.as_str()),
            Step::Key(key) if *key == member.key => from.star,
            Step::Key(_) => continue,
        };
        let path = path_below(&from.path, &member.key);
        follow(Reached { node: &member.value, parent, path, star }, rest, into);
    }
    if *step == Step::Any {
        for (index, element) in from.node.elements().iter().enumerate() {
            let path = path_at(&from.path, index);
            follow(Reached { node: element, parent, path, star: None }, rest, into);
        }
    }
}

/// Paths and names of places are told to a person up to this many bytes. Whoever writes a file decides how long its keys
/// are, and everything below one repeats it.
const LONGEST: usize = 256;

/// A name as it is told: cut where it is very long.
pub fn told(name: &str) -> &str {
    let ends = name.char_indices().map(|(at, c)| at + c.len_utf8());
    &name[..ends.take_while(|end| *end <= LONGEST).last().unwrap_or(0)]
}

/// The name of something that is known by it: where it is cut, a digest tells it from others that begin alike.
pub fn told_apart(name: &str) -> String {
    let short = told(name);
    if short.len() == name.len() {
        return name.to_owned();
    }
    let digest = Sha256::digest(name);
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{short}…{digits}")
}

/// The path of a key below a path.
pub fn path_below(path: &str, key: &str) -> String {
    let dot = if path.is_empty() { "" } else { "." };
    let mut below = format!("{}{dot}{}", told(path), told(key));
    below.truncate(told(&below).len());
    below
}

/// The path of an element of a list at a path.
pub fn path_at(path: &str, index: usize) -> String {
    format!("{}[{index}]", told(path))
}

fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = if path == "." { "" } else { path };
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let (step, after) = match rest.strip_prefix("['").and_then(|quoted| quoted.split_once("']")) {
            Some((key, after)) => (Step::Key(key.to_owned()), after),
            None => match rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())) {
                ("*", after) => (Step::Any, after),
                (key, after) => (Step::Key(key.to_owned()), after),
            },
        };
        steps.push(step);
        rest = after;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_json;

    #[test]
    fn paths_of_keys() {
        let key = |name: &str| Step::Key(name.to_owned());
        assert_eq!(steps("projects.*.mcpServers"), [key("projects"), Step::Any, key("mcpServers")]);
        assert_eq!(steps("['a.b'].c"), [key("a.b"), key("c")]);
        assert_eq!(steps("a['*']"), [key("a"), key("*")]);
        assert_eq!(steps(""), []);
        assert_eq!(steps("."), []);
    }

    #[test]
    fn long_keys_are_cut() {
        let long = "é".repeat(10_000);
        assert_eq!(path_below("a", "b"), "a.b");
        assert!(path_below(&path_below("a", &long), &long).len() <= LONGEST);
        assert!(path_at(&long, 7).ends_with("é[7]"));
        let (one, other) = (told_apart(&format!("{long}a")), told_apart(&format!("{long}b")));
        assert!(one != other && one.starts_with(told(&long)) && one.len() < LONGEST + 20, "{one} {other}");
        assert_eq!(told_apart("a"), "a");
    }

    #[test]
    fn stars_are_keys_and_elements() {
        let root =
            parse_json(r#"{"a": {"x": {"b": 1}, "y": {"b": 2}, "x": {"b": 3}}, "l": [{"b": 4}, {"c": 5}]}"#).unwrap();
        let found = |path: &str| -> Vec<(String, Option<String>, String)> {
            let reached = KeyPath::from(path.to_owned()).follow(&root).into_iter();
            reached.map(|r| (r.path, r.star.map(str::to_owned), r.node.scalar().unwrap_or_default())).collect()
        };
        let one =
            |path: &str, star: Option<&str>, value: &str| (path.to_owned(), star.map(str::to_owned), value.to_owned());
        assert_eq!(
            found("a.*.b"),
            [one("a.x.b", Some("x"), "1"), one("a.y.b", Some("y"), "2"), one("a.x.b", Some("x"), "3")]
        );
        assert_eq!(found("l.*.b"), [one("l[0].b", None, "4")]);
        assert_eq!(found("a.z"), []);
    }
}

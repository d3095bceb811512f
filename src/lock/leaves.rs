//! What exactly is different between two items of one name: every value, with its whole path.

use std::collections::BTreeMap;

use super::canonical::canonical;
use super::{INSTRUCTIONS, Item};
use crate::document::{Kind, Member, Node, parse_answer};
use crate::text::Redactor;

/// What part of an item a difference is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// What it says of itself.
    Description,
    /// A parameter, or an argument of a prompt.
    Parameter,
    /// The rest of its schemas, and fields that have no other name here.
    Schema,
    /// A hint that clients act on.
    Annotation,
    /// The instructions of its server.
    Instructions,
}

/// One value that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Path of the value.
    pub path: String,
    /// Its canonical JSON as approved; nothing where there was none.
    pub before: Option<String>,
    /// The same now.
    pub now: Option<String>,
    /// What part of the item it is in.
    pub nature: Nature,
}

/// More differences of one item say nothing new.
const MOST: usize = 40;

/// Every difference between two items, field by field.
pub(super) fn differences(before: &Item, now: &Item) -> Vec<Difference> {
    let old: BTreeMap<&str, &str> = before.fields.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let new: BTreeMap<&str, &str> = now.fields.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut paths: Vec<&str> = old.keys().chain(new.keys()).copied().collect();
    paths.sort_unstable();
    paths.dedup();
    let mut found = Vec::new();
    for path in paths {
        let (before, after) = (old.get(path).copied(), new.get(path).copied());
        if before == after {
            continue;
        }
        let known = found.len();
        if let (Some(before), Some(after)) = (before, after)
            && let (Ok(before), Ok(after)) = (parse_answer(before), parse_answer(after))
        {
            let mut walk = Walk { nature: nature(now.list, path), found: &mut found };
            walk.node(path.to_owned(), &before, &after);
        }
        // What no walk tells apart, such as a key that stands twice, differs as a whole.
        if found.len() == known {
            let own = |text: Option<&str>| text.map(str::to_owned);
            let nature = nature(now.list, path);
            found.push(Difference { path: path.to_owned(), before: own(before), now: own(after), nature });
        }
        if found.len() >= MOST {
            found.truncate(MOST);
            break;
        }
    }
    found
}

fn nature(list: &str, path: &str) -> Nature {
    let top = path.split('.').next().unwrap_or_default();
    match top {
        _ if list == INSTRUCTIONS => Nature::Instructions,
        "description" | "title" | "name" => Nature::Description,
        "inputSchema" if path.starts_with("inputSchema.properties.") => Nature::Parameter,
        "arguments" => Nature::Parameter,
        "annotations" => Nature::Annotation,
        _ => Nature::Schema,
    }
}

struct Walk<'f> {
    nature: Nature,
    found: &'f mut Vec<Difference>,
}

impl Walk<'_> {
    fn node(&mut self, path: String, before: &Node, now: &Node) {
        if self.found.len() >= MOST {
            return;
        }
        match (&before.kind, &now.kind) {
            (Kind::Object(old), Kind::Object(new)) if is_plain(old) && is_plain(new) => {
                for Member { key, value, .. } in old {
                    let path = format!("{path}.{key}");
                    match now.get(key) {
                        Some(now) => self.node(path, value, now),
                        None => self.tell(path, Some(value), None),
                    }
                }
                for Member { key, value, .. } in new.iter().filter(|member| before.get(&member.key).is_none()) {
                    self.tell(format!("{path}.{key}"), None, Some(value));
                }
            }
            // Required names have no order, so none of them has a number.
            (Kind::Array(old), Kind::Array(new)) if old.len() == new.len() && !path.ends_with(".required") => {
                for (index, (old, new)) in old.iter().zip(new).enumerate() {
                    self.node(format!("{path}[{index}]"), old, new);
                }
            }
            // Of a list that grew all is shown: what moved in it can't be told from what is new.
            (old, new) if !is_same(old, new) => self.tell(path, Some(before), Some(now)),
            _ => {}
        }
    }

    fn tell(&mut self, path: String, before: Option<&Node>, now: Option<&Node>) {
        let text = |node: &Node| canonical(node, &Redactor::default());
        self.found.push(Difference { path, before: before.map(text), now: now.map(text), nature: self.nature });
    }
}

/// Whether each key stands once.
fn is_plain(members: &[Member]) -> bool {
    // Canonical text has its keys in order.
    members.windows(2).all(|pair| pair[0].key != pair[1].key)
}

fn is_same(old: &Kind, new: &Kind) -> bool {
    match (old, new) {
        (Kind::Array(old), Kind::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_same(&old.kind, &new.kind))
        }
        (Kind::Object(old), Kind::Object(new)) => {
            let same = |(a, b): (&Member, &Member)| a.key == b.key && is_same(&a.value.kind, &b.value.kind);
            old.len() == new.len() && old.iter().zip(new).all(same)
        }
        (old, new) => old == new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(fields: &[(&str, &str)]) -> Item {
        Item::new("tools", "t".into(), fields.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect())
    }

    fn told(before: &[(&str, &str)], now: &[(&str, &str)]) -> Vec<String> {
        differences(&item(before), &item(now)).into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn each_value_by_its_path() {
        let one = [("inputSchema.properties.p", r#"{"description":"x","enum":["a","b"],"type":"string"}"#)];
        let path = |text| told(&one, &[("inputSchema.properties.p", text)]);
        assert_eq!(
            path(r#"{"description":"y","enum":["a","b"],"type":"string"}"#),
            ["inputSchema.properties.p.description"]
        );
        assert_eq!(
            path(r#"{"description":"x","enum":["a","c"],"type":"string"}"#),
            ["inputSchema.properties.p.enum[1]"]
        );
        assert_eq!(path(r#"{"description":"x","enum":["a"],"type":"string"}"#), ["inputSchema.properties.p.enum"]);
        assert_eq!(path(r#"{"description":"x","enum":["a","b"]}"#), ["inputSchema.properties.p.type"]);
        assert_eq!(told(&one, &[]), ["inputSchema.properties.p"]);
        assert_eq!(told(&[], &one), ["inputSchema.properties.p"]);
        assert_eq!(told(&one, &one), [""; 0]);
    }

    #[test]
    fn a_key_that_stands_twice_is_seen() {
        assert_eq!(told(&[("x", r#"{"a":1,"a":2}"#)], &[("x", r#"{"a":2,"a":1}"#)]), ["x"]);
    }

    #[test]
    fn what_part_it_is_in() {
        let of = |list, path| nature(list, path);
        assert_eq!(of("tools", "description"), Nature::Description);
        assert_eq!(of("tools", "inputSchema.properties.a"), Nature::Parameter);
        assert_eq!(of("tools", "inputSchema"), Nature::Schema);
        assert_eq!(of("tools", "outputSchema.properties.a"), Nature::Schema);
        assert_eq!(of("prompts", "arguments.a"), Nature::Parameter);
        assert_eq!(of("tools", "annotations.readOnlyHint"), Nature::Annotation);
        assert_eq!(of(INSTRUCTIONS, INSTRUCTIONS), Nature::Instructions);
    }
}

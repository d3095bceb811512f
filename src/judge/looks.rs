//! Later looks at a server beside the first one: what differs is told, and judged like everything else.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::connect::{Catalog, Look};
use crate::document::{Kind, Node, Span};
use crate::surface;

/// What is different on a later look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It says something else.
    Changed {
        /// Whether only digits differ, as in a time of day or a count.
        digits: bool,
    },
}

/// One difference between the first look and a later one.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// The catalog, by its place among the merged ones.
    pub(super) catalog: usize,
    /// The list: `tools` and so on, or `instructions`.
    pub(super) list: &'static str,
    /// Name of the tool, prompt or resource.
    pub(super) item: Option<String>,
    /// Path of the first field that differs.
    pub(super) field: String,
    /// What stands there now; of what is gone, its name.
    pub(super) text: String,
    /// Where that stands in a saved list.
    pub(super) span: Span,
    /// What is different.
    pub(super) difference: Difference,
    /// On which look.
    pub(super) look: Look,
}

/// More differences of one server say nothing new.
const MOST: usize = 20;

/// One catalog for each server: the first look, and whatever else later looks showed. Only where there were any is
/// something copied.
pub(super) fn merge(catalogs: &[Catalog]) -> (Cow<'_, [Catalog]>, Vec<Change>) {
    if catalogs.iter().all(|catalog| catalog.look.is_none()) {
        return (Cow::Borrowed(catalogs), Vec::new());
    }
    let mut merged: Vec<Catalog> = Vec::new();
    let mut originals: Vec<&Catalog> = Vec::new();
    let mut changes: Vec<Change> = Vec::new();
    for catalog in catalogs {
        let same = |other: &Catalog| {
            (&other.client, &other.server, other.source, &other.origin)
                == (&catalog.client, &catalog.server, catalog.source, &catalog.origin)
        };
        // A later look without a first one is all there is.
        let first =
            catalog.look.as_ref().and_then(|look| Some((originals.iter().rposition(|other| same(other))?, look)));
        let Some((at, look)) = first else {
            originals.push(catalog);
            merged.push(catalog.clone());
            continue;
        };
        let mut told = changes.iter().filter(|change| change.catalog == at).count();
        for mut change in compare(originals[at], catalog, look) {
            change.catalog = at;
            // A third look that shows what the second did is no further difference.
            let known = |other: &Change| {
                (other.catalog, other.list, &other.item, &other.field, &other.text)
                    == (at, change.list, &change.item, &change.field, &change.text)
            };
            if told < MOST && !changes.iter().any(known) {
                changes.push(change);
                told += 1;
            }
        }
        join(&mut merged[at], originals[at], catalog);
    }
    (Cow::Owned(merged), changes)
}

/// Adds what a later look shows and the first does not.
fn join(into: &mut Catalog, first: &Catalog, later: &Catalog) {
    let lists = [&mut into.tools, &mut into.prompts, &mut into.resources, &mut into.templates];
    for (list, ((_, before), (_, now))) in lists.into_iter().zip(first.lists().into_iter().zip(later.lists())) {
        let known = by_name(before);
        for item in now {
            let same =
                known.get(&key(item)).is_some_and(|twins| twins.iter().any(|twin| difference(twin, item).is_none()));
            if !same && !list.iter().any(|known| difference(known, item).is_none()) {
                list.push(item.clone());
            }
        }
    }
    if let Some(instructions) = later.instructions.as_ref().filter(|now| !is_same(first.instructions.as_ref(), now)) {
        // As an element beside the first, so that both are read.
        let all: Vec<Node> = into.instructions.take().into_iter().chain([instructions.clone()]).collect();
        let span = instructions.span;
        into.instructions = Some(Node { kind: Kind::Array(all), span });
    }
}

fn is_same(before: Option<&Node>, now: &Node) -> bool {
    before.is_some_and(|before| difference(before, now).is_none())
}

fn compare(first: &Catalog, later: &Catalog, look: &Look) -> Vec<Change> {
    let mut changes = Vec::new();
    let change = |list, item: Option<&str>, field: String, node: &Node, difference| Change {
        catalog: 0,
        list,
        item: item.map(str::to_owned),
        field,
        text: said(node),
        span: node.span,
        difference,
        look: look.clone(),
    };
    match (&first.instructions, &later.instructions) {
        (Some(before), Some(now)) => {
            if let Some(Found { node, digits, .. }) = difference(before, now) {
                let field = "instructions".to_owned();
                changes.push(change("instructions", None, field, node, Difference::Changed { digits }));
            }
        }
        (None, Some(node)) => {
            changes.push(change("instructions", None, "instructions".into(), node, Difference::Added))
        }
        (Some(node), None) => {
            changes.push(change("instructions", None, "instructions".into(), node, Difference::Removed));
        }
        (None, None) => {}
    }
    for ((list, before), (_, now)) in first.lists().into_iter().zip(later.lists()) {
        let (before, now) = (by_name(before), by_name(now));
        for (name, items) in &now {
            for (index, item) in items.iter().enumerate() {
                let at = item.get("name").or(item.get("uri")).or(item.get("uriTemplate")).unwrap_or(item);
                match before.get(name).and_then(|twins| twins.get(index)) {
                    None => changes.push(change(list, surface::name(item), "name".into(), at, Difference::Added)),
                    Some(twin) => {
                        if let Some(Found { field, node, digits }) = difference(twin, item) {
                            let difference = Difference::Changed { digits };
                            changes.push(change(list, surface::name(item), field, node, difference));
                        }
                    }
                }
            }
        }
        for (name, items) in &before {
            for item in items.iter().skip(now.get(name).map_or(0, Vec::len)) {
                let at = item.get("name").or(item.get("uri")).or(item.get("uriTemplate")).unwrap_or(item);
                changes.push(change(list, surface::name(item), "name".into(), at, Difference::Removed));
            }
        }
    }
    changes.sort_by(|a, b| (a.list, &a.item, &a.field).cmp(&(b.list, &b.item, &b.field)));
    changes
}

fn by_name(items: &[Node]) -> HashMap<String, Vec<&Node>> {
    let mut by_name: HashMap<String, Vec<&Node>> = HashMap::new();
    for item in items {
        by_name.entry(key(item)).or_default().push(item);
    }
    by_name
}

/// What an item is known by; all that have no name are one kind.
fn key(item: &Node) -> String {
    surface::name(item).unwrap_or_default().to_owned()
}

/// What a value says, for a reader.
fn said(node: &Node) -> String {
    node.scalar().unwrap_or_else(|| node.type_name().to_owned())
}

/// Where two values first differ.
struct Found<'n> {
    field: String,
    /// What stands there now; where it is gone, what stood there.
    node: &'n Node,
    digits: bool,
}

/// The first difference that is more than the order of keys. Where something else differs too, digits alone are not it.
fn difference<'n>(before: &'n Node, now: &'n Node) -> Option<Found<'n>> {
    let mut digits: Option<Found<'n>> = None;
    let found = walk(before, now, String::new(), &mut digits);
    found.or(digits)
}

fn walk<'n>(before: &'n Node, now: &'n Node, field: String, digits: &mut Option<Found<'n>>) -> Option<Found<'n>> {
    let changed = |field: String, node: &'n Node| Some(Found { field, node, digits: false });
    match (&before.kind, &now.kind) {
        (Kind::Object(old), Kind::Object(new)) => {
            let path = |key: &str| if field.is_empty() { key.to_owned() } else { format!("{field}.{key}") };
            // A key that stands twice counts as often as it stands.
            let nth = |members: &'n [crate::document::Member], key: &str, index: usize| {
                members.iter().filter(|member| member.key == key).nth(index).map(|member| &member.value)
            };
            for (at, member) in new.iter().enumerate() {
                let index = new[..at].iter().filter(|other| other.key == member.key).count();
                let found = match nth(old, &member.key, index) {
                    None => changed(path(&member.key), &member.value),
                    Some(twin) => walk(twin, &member.value, path(&member.key), digits),
                };
                if found.is_some() {
                    return found;
                }
            }
            let gone = old.iter().enumerate().find(|(at, member)| {
                let index = old[..*at].iter().filter(|other| other.key == member.key).count();
                nth(new, &member.key, index).is_none()
            });
            gone.and_then(|(_, member)| changed(path(&member.key), &member.value))
        }
        (Kind::Array(old), Kind::Array(new)) => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                if let Some(found) = walk(old, new, format!("{field}[{index}]"), digits) {
                    return Some(found);
                }
            }
            let (longer, from) = if new.len() > old.len() { (new, old.len()) } else { (old, new.len()) };
            longer.get(from).and_then(|node| changed(format!("{field}[{from}]"), node))
        }
        (Kind::String(old), Kind::String(new)) if old != new => {
            if without_digits(old) == without_digits(new) {
                digits.get_or_insert(Found { field, node: now, digits: true });
                return None;
            }
            changed(field, now)
        }
        (old, new) if old != new => changed(field, now),
        _ => None,
    }
}

fn without_digits(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' if kept.ends_with('0') => {}
            '0'..='9' => kept.push('0'),
            c => kept.push(c),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::read_saved;
    use crate::document::{Source, Sources};
    use proptest::prelude::*;

    fn catalogs(text: &str) -> Vec<Catalog> {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("x.ndjson", text));
        let (catalogs, errors) = read_saved(id, sources.get(id));
        assert!(errors.is_empty(), "{errors:?}");
        catalogs
    }

    fn told(first: &str, later: &str) -> Vec<(String, String, Difference)> {
        let text = format!(
            "{{\"server\":\"s\",{first}}}\n{{\"server\":\"s\",\"look\":{{\"number\":2,\"as\":\"c\"}},{later}}}\n"
        );
        let catalogs = catalogs(&text);
        let (merged, changes) = merge(&catalogs);
        assert_eq!(merged.len(), 1);
        changes.into_iter().map(|change| (change.item.unwrap_or_default(), change.field, change.difference)).collect()
    }

    #[test]
    fn each_kind_of_difference() {
        let one = r#""tools":[{"name":"a","description":"x","inputSchema":{"a":1,"b":[1,2]}},{"name":"b"}]"#;
        let moved = r#""tools":[{"name":"b"},{"inputSchema":{"b":[1,2],"a":1},"description":"x","name":"a"}]"#;
        assert_eq!(told(one, moved), [], "order is no difference");
        let text = r#""tools":[{"name":"a","description":"y","inputSchema":{"a":1,"b":[1,2]}},{"name":"b"}]"#;
        let changed = |field: &str, digits| vec![("a".to_owned(), field.to_owned(), Difference::Changed { digits })];
        assert_eq!(told(one, text), changed("description", false));
        let deep = r#""tools":[{"name":"a","description":"x","inputSchema":{"a":1,"b":[1,3]}},{"name":"b"}]"#;
        assert_eq!(told(one, deep), changed("inputSchema.b[1]", false));
        let added =
            r#""tools":[{"name":"a","description":"x","inputSchema":{"a":1,"b":[1,2]}},{"name":"b"},{"name":"c"}]"#;
        assert_eq!(told(one, added), [("c".into(), "name".into(), Difference::Added)]);
        assert_eq!(told(added, one), [("c".into(), "name".into(), Difference::Removed)]);
        let clock = |time: &str| format!(r#""tools":[{{"name":"a","description":"It is {time} now"}}]"#);
        assert_eq!(told(&clock("9:59"), &clock("10:00")), changed("description", true));
        assert_eq!(
            told(r#""instructions":"be kind""#, r#""instructions":"be quiet""#),
            [(String::new(), "instructions".into(), Difference::Changed { digits: false })]
        );
    }

    #[test]
    fn what_a_later_look_shows_is_part_of_the_server() {
        let text = concat!(
            r#"{"server":"s","tools":[{"name":"a","description":"x"}],"instructions":"i"}"#,
            "\n",
            r#"{"server":"t","tools":[{"name":"a","description":"x"}]}"#,
            "\n",
            r#"{"server":"s","look":{"number":2,"as":"c"},"tools":[{"name":"a","description":"y"},{"name":"b"}],"instructions":"j"}"#,
            "\n",
            r#"{"server":"s","look":{"number":3,"as":"d"},"tools":[{"name":"a","description":"y"},{"name":"b"}],"instructions":"j"}"#,
            "\n",
        );
        let catalogs = catalogs(text);
        let (merged, changes) = merge(&catalogs);
        assert_eq!(merged.len(), 2);
        assert_eq!((merged[0].tools.len(), merged[1].tools.len()), (3, 1));
        assert_eq!(merged[0].instructions.as_ref().unwrap().elements().len(), 2);
        assert_eq!(changes.len(), 3, "the third look shows nothing new: {changes:?}");
        assert!(changes.iter().all(|change| change.look.number == 2));
    }

    fn items() -> impl Strategy<Value = Vec<(String, String)>> {
        prop::collection::btree_map("[a-e]{1,2}", "[a-z ]{0,6}", 0..6).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        /// The same computed with maps of the standard library.
        #[test]
        fn as_many_differences_as_items_that_differ(before in items(), now in items()) {
            let list = |items: &[(String, String)]| {
                let items = items.iter().map(|(name, text)| serde_json::json!({"name": name, "description": text}));
                format!("\"tools\":{}", serde_json::Value::Array(items.collect()))
            };
            let (old, new): (std::collections::BTreeSet<_>, std::collections::BTreeSet<_>) =
                (before.iter().collect(), now.iter().collect());
            let names: std::collections::BTreeSet<&String> =
                old.symmetric_difference(&new).map(|(name, _)| name).collect();
            prop_assert_eq!(told(&list(&before), &list(&now)).len(), names.len());
        }
    }
}

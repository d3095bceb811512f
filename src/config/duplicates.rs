//! What a config says twice. Parsers differ in which one they take, so the second can hide what the first one runs.

use std::collections::{HashMap, HashSet};

use super::shape::Place;
use crate::discover::EntryWords;
use crate::document::{Node, Span};

/// A key that stands twice on the way to a server or inside an entry, or two names of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The key that came first.
    pub first: String,
    /// The key that says it again; another one where a field has two names.
    pub again: String,
    /// Where the first one stands.
    pub first_span: Span,
    /// Where the other one stands.
    pub again_span: Span,
    /// Whether both say the same.
    pub same: bool,
    /// The entry it is inside of, by its place among all that were found; nothing for what is above entries.
    pub entry: Option<usize>,
}

/// Entries and maps with more duplicates than this say nothing new.
const MOST: usize = 100;

/// What a file says twice.
#[derive(Default)]
pub(super) struct Duplicates {
    /// In the order of the file, up to a number that nobody reads to the end.
    pub(super) list: Vec<Duplicate>,
    /// How many more there are.
    pub(super) more: usize,
    /// The entries that say something twice and not the same, whether that is in the list or not.
    pub(super) entries: HashSet<usize>,
}

impl Duplicates {
    fn add(&mut self, duplicate: Duplicate) {
        if !duplicate.same {
            self.entries.extend(duplicate.entry);
        }
        if self.list.len() < MOST {
            self.list.push(duplicate);
        } else {
            self.more += 1;
        }
    }
}

/// All of them.
pub(super) fn duplicates(root: &Node, places: &[Place<'_>], words: &EntryWords) -> Duplicates {
    let mut entries: Vec<(Span, usize)> =
        places.iter().enumerate().map(|(index, place)| (place.node.span, index)).collect();
    entries.sort();
    let mut found = Duplicates::default();
    above(root, &entries, words, &mut found);
    found.list.sort_by_key(|duplicate| duplicate.again_span);
    found
}

/// Whether a value holds or is an entry.
fn holds(value: &Node, entries: &[(Span, usize)]) -> bool {
    let at = entries.partition_point(|(span, _)| span.start < value.span.start);
    entries.get(at).is_some_and(|(span, _)| value.span.contains(*span))
}

/// The maps on the way to entries.
fn above(node: &Node, entries: &[(Span, usize)], words: &EntryWords, found: &mut Duplicates) {
    if let Ok(at) = entries.binary_search_by_key(&node.span, |(span, _)| *span) {
        let entry = entries[at].1;
        synonyms(node, entry, words, found);
        inside(node, entry, found);
        return;
    }
    repeated(node, None, |value| holds(value, entries), found);
    for member in node.members().iter().filter(|member| holds(&member.value, entries)) {
        above(&member.value, entries, words, found);
    }
    node.elements()
        .iter()
        .filter(|element| holds(element, entries))
        .for_each(|element| above(element, entries, words, found));
}

/// Everything inside an entry.
fn inside(node: &Node, entry: usize, found: &mut Duplicates) {
    repeated(node, Some(entry), |_| true, found);
    node.members().iter().for_each(|member| inside(&member.value, entry, found));
    node.elements().iter().for_each(|element| inside(element, entry, found));
}

fn repeated(node: &Node, entry: Option<usize>, counts: impl Fn(&Node) -> bool, found: &mut Duplicates) {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let members = node.members();
    for (at, member) in members.iter().enumerate() {
        let Some(before) = first.get(member.key.as_str()).map(|before| &members[*before]) else {
            first.insert(&member.key, at);
            continue;
        };
        if counts(&before.value) || counts(&member.value) {
            found.add(Duplicate {
                first: before.key.clone(),
                again: member.key.clone(),
                first_span: before.key_span,
                again_span: member.key_span,
                same: alike(&before.value, &member.value),
                entry,
            });
        }
    }
}

/// Two names of one field that decides what runs, with different values.
fn synonyms(node: &Node, entry: usize, words: &EntryWords, found: &mut Duplicates) {
    for names in [&words.command, &words.args, &words.url] {
        let mut given = node.members().iter().filter(|member| names.contains(&member.key));
        let Some(first) = given.next() else { continue };
        let Some(again) = given.find(|again| again.key != first.key) else { continue };
        if !alike(&first.value, &again.value) {
            found.add(Duplicate {
                first: first.key.clone(),
                again: again.key.clone(),
                first_span: first.key_span,
                again_span: again.key_span,
                same: false,
                entry: Some(entry),
            });
        }
    }
}

/// Whether two values are the same, wherever they stand.
fn alike(a: &Node, b: &Node) -> bool {
    let scalars = a.scalar() == b.scalar() && a.type_name() == b.type_name();
    let (members, elements) = (a.members(), a.elements());
    scalars
        && members.len() == b.members().len()
        && elements.len() == b.elements().len()
        && members.iter().zip(b.members()).all(|(a, b)| a.key == b.key && alike(&a.value, &b.value))
        && elements.iter().zip(b.elements()).all(|(a, b)| alike(a, b))
}

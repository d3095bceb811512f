//! The values that are hidden in configs, and commands without them.

use std::collections::HashMap;

use super::Tables;
use crate::config::{ServerEntry, Spanned};
use crate::document::SourceId;
use crate::judge::{HiddenValue, Judged};
use crate::launch;

/// The values that are hidden in the configs, by where they stand.
pub struct Hidden<'j> {
    values: HashMap<SourceId, Vec<&'j HiddenValue>>,
}

impl<'j> Hidden<'j> {
    /// Sorts what judging the entries found.
    pub fn new(judged: &'j Judged) -> Self {
        let mut values: HashMap<SourceId, Vec<&HiddenValue>> = HashMap::new();
        for hidden in &judged.hidden {
            values.entry(hidden.source).or_default().push(hidden);
        }
        values.values_mut().for_each(|values| values.sort_by_key(|hidden| hidden.span));
        Self { values }
    }

    /// A word of a command as it may be shown: only what is hidden in that very word is taken out, so that no other
    /// entry can hide a command behind a variable of the same text.
    pub(super) fn word(&self, word: &Spanned, source: SourceId) -> String {
        self.replaced(word, source, &|_| "[redacted]".to_owned())
    }

    /// The same with something in place of each value.
    pub(super) fn replaced(&self, word: &Spanned, source: SourceId, with: &dyn Fn(&str) -> String) -> String {
        let values = self.values.get(&source).map_or(&[][..], Vec::as_slice);
        let from = values.partition_point(|hidden| hidden.span.start < word.span.start);
        let inside = values[from..].iter().take_while(|hidden| hidden.span.start < word.span.end);
        let inside: Vec<_> = inside.filter(|hidden| word.span.contains(hidden.span)).collect();
        let begin = word.part(0, 0).start;
        let mut text = word.text.clone();
        // Values may lie in one another, as a password does in an address: of those that touch, all of it goes.
        let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
        let mut escaped: Vec<&str> = Vec::new();
        for hidden in inside {
            let range = hidden.span.start.saturating_sub(begin)..hidden.span.end.saturating_sub(begin);
            match ranges.last_mut() {
                _ if hidden.span.start < begin || text.get(range.clone()) != Some(hidden.value.as_str()) => {
                    escaped.push(&hidden.value);
                }
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => ranges.push(range),
            }
        }
        // From the end, so that what comes before keeps its place.
        for range in ranges.into_iter().rev() {
            let replaced = with(&text[range.clone()]);
            text.replace_range(range, &replaced);
        }
        escaped.sort_by_key(|value| std::cmp::Reverse(value.len()));
        for value in escaped.into_iter().filter(|value| !value.is_empty()) {
            text = text.replace(value, &with(value));
        }
        text
    }
}

/// How an entry is started, in one line, with secrets taken out.
pub fn shown_command(entry: &ServerEntry, hidden: &Hidden<'_>, tables: &Tables) -> String {
    match (&entry.command, &entry.url) {
        (Some(_), _) => {
            let words = launch::command_line(entry, &tables.grammar);
            words.iter().map(|word| hidden.word(word, entry.source)).collect::<Vec<_>>().join(" ")
        }
        (None, Some(url)) => hidden.word(url, entry.source),
        (None, None) => "nothing to start".to_owned(),
    }
}

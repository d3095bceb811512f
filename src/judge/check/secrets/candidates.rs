//! Every place of an entry where a secret may stand, with the name that says what it is.

use std::collections::HashSet;

use super::super::super::entries::Scene;
use crate::config::Spanned;
use crate::document::{Kind, Node, Span, parse_json};

/// A value that may hold a secret.
pub(super) struct Candidate {
    /// Path of the field.
    pub(super) path: String,
    /// What names it: a variable, a header, an option, a key.
    pub(super) name: String,
    /// The value and where it stands.
    pub(super) value: Spanned,
    /// It names what is run, where a digest or a commit is no secret, so only formats that prove themselves count.
    pub(super) program: bool,
}

/// All of them.
pub(super) fn candidates(scene: &Scene<'_>) -> Vec<Candidate> {
    let entry = scene.entry;
    let mut found = Found { list: Vec::new() };
    for field in entry.env.iter().chain(&entry.headers).chain(&entry.others) {
        found.value(&field.path, &field.name, &field.value, 0);
    }
    for url in &entry.urls {
        found.value("url", "", url, 0);
    }
    // By place and text: words of a text with escapes all have the place of the whole.
    let specs: HashSet<(Span, &str)> = {
        let packages = scene.launch.packages.iter().map(|package| &package.spec);
        let specs = packages.chain(scene.launch.images.iter().map(|image| &image.reference));
        specs.map(|spec| (spec.span, spec.text.as_str())).collect()
    };
    let mut seen = HashSet::new();
    for words in &scene.launch.commands {
        // A command inside another one is seen twice, but the words before it name its first word.
        if words.first().is_some_and(|word| seen.insert(word.span)) {
            found.words(scene, words, &specs);
        }
    }
    if entry.command.is_some() && scene.launch.commands.is_empty() {
        entry.command.iter().chain(&entry.args).for_each(|word| found.value("command", "", word, 0));
    }
    found.list
}

struct Found {
    list: Vec<Candidate>,
}

/// Values inside values inside values.
const DEEPEST: usize = 3;

impl Found {
    /// A value, and what it holds: parameters of an address, pairs, JSON.
    fn value(&mut self, path: &str, name: &str, value: &Spanned, depth: usize) {
        self.list.push(Candidate {
            path: path.to_owned(),
            name: name.to_owned(),
            value: value.clone(),
            program: false,
        });
        if depth < DEEPEST {
            self.inside(path, value, depth + 1);
        }
    }

    fn inside(&mut self, path: &str, value: &Spanned, depth: usize) {
        let text = value.text.as_str();
        if let Some(scheme) = text.find("://") {
            for mark in ['?', '#'] {
                if let Some(start) = text[scheme..].find(mark).map(|at| scheme + at + 1) {
                    let end = if mark == '?' {
                        text[start..].find('#').map_or(text.len(), |at| start + at)
                    } else {
                        text.len()
                    };
                    self.pairs(path, value, start..end, '&', depth);
                }
            }
        } else if text.trim_start().starts_with('{') {
            if let Ok(root) = parse_json(text) {
                self.json(path, &root, value, depth);
            }
        } else if text.contains('=') && text.contains(';') {
            // Connection strings and cookies.
            self.pairs(path, value, 0..text.len(), ';', depth);
        } else if let Some((name, rest)) =
            text.split_once(':').filter(|(name, rest)| is_name(name) && !rest.starts_with(['/', '\\']))
        {
            // `Authorization: Bearer …` names the header itself.
            let start = text.len() - rest.trim_start().len();
            let inner = Spanned { text: rest.trim_start().to_owned(), span: value.part(start, text.len()) };
            self.value(path, name, &inner, depth);
        }
    }

    fn pairs(&mut self, path: &str, value: &Spanned, range: std::ops::Range<usize>, separator: char, depth: usize) {
        let mut at = range.start;
        for pair in value.text[range].split(separator) {
            if let Some((name, inner)) = pair.split_once('=') {
                let start = at + name.len() + 1;
                let part = Spanned { text: inner.to_owned(), span: value.part(start, start + inner.len()) };
                self.value(path, name.trim(), &part, depth);
            }
            at += pair.len() + separator.len_utf8();
        }
    }

    fn json(&mut self, path: &str, node: &Node, whole: &Spanned, depth: usize) {
        for member in node.members() {
            let at = format!("{path}.{}", member.key);
            match &member.value.kind {
                Kind::String(text) => {
                    // The quotes are not the value's.
                    let inner = Span::new(member.value.span.start + 1, member.value.span.end.saturating_sub(1));
                    let span = if inner.len() == text.len() { whole.part(inner.start, inner.end) } else { whole.span };
                    self.value(&at, &member.key, &Spanned { text: text.clone(), span }, depth);
                }
                _ => self.json(&at, &member.value, whole, depth),
            }
        }
        for element in node.elements() {
            self.json(path, element, whole, depth);
        }
    }

    /// The words of a command: options with their values, assignments, and everything else.
    fn words(&mut self, scene: &Scene<'_>, words: &[Spanned], specs: &HashSet<(Span, &str)>) {
        let mut option: Option<&str> = None;
        for word in words {
            let path = scene.field(word.span);
            let text = word.text.as_str();
            if specs.contains(&(word.span, text)) {
                // What it is asked for with still counts: a token in an address.
                self.inside(&path, word, 1);
                self.list.push(Candidate { path, name: String::new(), value: word.clone(), program: true });
                option = None;
                continue;
            }
            // What stands behind an option is its value, whatever it looks like; `-e API_KEY=value` is a pair as well.
            let behind = option.take().filter(|_| !text.starts_with('-') || text.contains(' '));
            let pair = text.split_once('=').filter(|(name, _)| is_name(name.trim_start_matches('-')));
            if let Some((name, rest)) = pair {
                let start = text.len() - rest.len();
                // Of a script the assignment ends where the shell ends it; what comes behind is no value but a command.
                let script = behind.is_some_and(is_shell_option);
                let ends: &[char] = if script { &[' ', '\t', ';', '&', '|', '\n'] } else { &[] };
                let rest = &rest[..rest.find(ends).unwrap_or(rest.len())];
                let value = Spanned { text: rest.to_owned(), span: word.part(start, start + rest.len()) };
                self.value(&path, name, &value, 0);
            }
            match behind {
                Some(name) => self.value(&path, name, word, 0),
                None if pair.is_some() => {}
                None if text.starts_with('-') && !text.contains(' ') => option = Some(text),
                None => self.value(&path, "", word, 0),
            }
        }
    }
}

/// An option behind which a script stands: `-c`, `-lc`, `-euc`, `/c`, `-Command`.
fn is_shell_option(option: &str) -> bool {
    let lower = option.to_ascii_lowercase();
    let letters = lower.strip_prefix('-').unwrap_or_default();
    matches!(lower.as_str(), "/c" | "/k" | "-command")
        || letters.len() <= 5 && letters.ends_with('c') && letters.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

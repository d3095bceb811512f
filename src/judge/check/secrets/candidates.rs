//! Every place of an entry where a secret may stand, with the name that says what it is.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::super::entries::Scene;
use super::names::{Kind, kind, kind_in_query, kind_of_cookie, words_of};
use super::values::{could_be, is_mixed};
use crate::config::Spanned;
use crate::document::{self, Node, Span, parse_json};
use crate::text::{from_base64, looks_random};

/// A value that may hold a secret.
pub(super) struct Candidate {
    /// Path of the field.
    pub(super) path: String,
    /// What names it: a variable, a header, an option, a key.
    pub(super) name: String,
    /// The words of the name.
    pub(super) words: Vec<String>,
    /// What the name says of the value.
    pub(super) kind: Kind,
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
const DEEPEST: usize = 4;

/// Where a name stands, which decides what it says.
#[derive(Clone, Copy)]
enum Named {
    Field,
    Query,
    Cookie,
}

impl Found {
    /// A value, and what it holds: parameters of an address, pairs, JSON.
    fn value(&mut self, path: &str, name: &str, value: &Spanned, depth: usize) {
        self.named(Named::Field, path, name, value, depth);
    }

    fn named(&mut self, named: Named, path: &str, name: &str, value: &Spanned, depth: usize) {
        let words = words_of(name);
        let mut kind = match named {
            Named::Field => kind(&words),
            // A short code is one of a language or a country.
            Named::Query if value.text.len() >= 20 => kind_in_query(&words),
            Named::Query => kind(&words),
            Named::Cookie => kind_of_cookie(&words),
        };
        let value = unquoted(value);
        // A letter says little: the value must say the rest.
        let letter = || matches!(name, "-k" | "-K" | "-t" | "-T");
        if kind == Kind::Other && is_unmistakable(&value.text) && (letter() || is_among_secrets(path)) {
            kind = Kind::Key;
        }
        let dull = kind == Kind::Other && is_dull(&value.text);
        if !dull {
            self.list.push(Candidate {
                path: path.to_owned(),
                name: name.to_owned(),
                words,
                kind,
                value: value.clone().into_owned(),
                program: false,
            });
        }
        // As curl takes it.
        if matches!(name, "-u" | "--user" | "--auth" | "--basic-auth" | "--userpass" | "--credentials")
            && let Some((user, password)) = value.text.split_once(':')
            && is_name(user)
        {
            let part = Spanned { text: password.to_owned(), span: value.part(user.len() + 1, value.text.len()) };
            self.value(path, "password", &part, DEEPEST);
        }
        if depth < DEEPEST && !dull {
            self.inside(path, name, &value, depth + 1);
        }
    }

    fn inside(&mut self, path: &str, name: &str, value: &Spanned, depth: usize) {
        let text = value.text.as_str();
        if text.trim_start().starts_with(['{', '[']) {
            if let Ok(root) = parse_json(text) {
                return self.json(path, "", &root, value, depth);
            }
        } else if let Some(spelled) = packed(text) {
            // Its parts have no place of their own.
            if let Ok(root) = parse_json(&spelled) {
                let whole = Spanned { text: spelled, span: value.part(0, text.len()) };
                return self.json(path, "", &root, &whole, depth);
            }
        }
        let header = text.split_once(':').filter(|(name, rest)| is_name(name) && !rest.starts_with(['/', '\\']));
        if let Some((name, rest)) = header {
            // `Authorization: Bearer …` names the header itself.
            let start = text.len() - rest.trim_start().len();
            let inner = Spanned { text: rest.trim_start().to_owned(), span: value.part(start, text.len()) };
            return self.value(path, name, &inner, depth);
        }
        if text.contains(' ') && text.contains(['=', '-']) {
            self.line(path, value, depth);
        }
        // Most values hold no pair.
        let Some(equals) = text.find('=') else { return };
        let cookie = name.eq_ignore_ascii_case("cookie");
        let named = if cookie { Named::Cookie } else { Named::Field };
        let mut from = 0;
        if let Some(scheme) = text.find("://") {
            from = scheme + 3;
            for mark in ['?', '#'] {
                if let Some(start) = text[from..].find(mark).map(|at| from + at + 1) {
                    let end = if mark == '?' {
                        text[start..].find('#').map_or(text.len(), |at| start + at)
                    } else {
                        text.len()
                    };
                    self.pairs(Named::Query, path, value, start..end, '&', depth);
                }
            }
        }
        // Connection strings and cookies.
        if text[from..].contains(';') {
            self.pairs(named, path, value, from..text.len(), ';', depth);
        } else if from == 0 && text.contains(',') {
            self.pairs(named, path, value, 0..text.len(), ',', depth);
        } else if from == 0 && !text.contains(' ') && is_name(&text[..equals]) {
            let empty = text[equals + 1..].trim_start_matches('=').is_empty();
            if !empty {
                self.pair(named, path, value, 0..text.len(), depth);
            }
        }
    }

    /// Options and pairs of a line of words, as some programs take them in one variable.
    fn line(&mut self, path: &str, value: &Spanned, depth: usize) {
        let text = value.text.as_str();
        let mut option: Option<&str> = None;
        for word in text.split_ascii_whitespace() {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            // An option has its value on the same line.
            if text[..start].ends_with('\n') {
                option = None;
            }
            let pair = word.split_once('=').filter(|(name, _)| is_name(name.trim_start_matches('-')));
            let (name, from) = match (pair, option.take()) {
                (Some((name, _)), _) => (name, start + name.len() + 1),
                (None, Some(name)) => (name, start),
                (None, None) => {
                    option = Some(word).filter(|word| is_option(word));
                    continue;
                }
            };
            // It may be a line of a shell: what comes behind the command's end is no value, and is to be seen.
            let length = text[from..start + word.len()].find([';', '&', '|']);
            let end = length.map_or(start + word.len(), |length| from + length);
            let part = &text[from..end];
            // Of a placeholder with spaces this is the beginning.
            let begins = part.starts_with(['<', '[', '{', '(']);
            if !begins && could_be(kind(&words_of(name)), part) {
                let part = Spanned { text: part.to_owned(), span: value.part(from, end) };
                self.value(path, name, &part, depth);
            }
        }
    }

    fn pairs(
        &mut self,
        named: Named,
        path: &str,
        value: &Spanned,
        range: std::ops::Range<usize>,
        separator: char,
        depth: usize,
    ) {
        let mut at = range.start;
        for pair in value.text[range].split(separator) {
            self.pair(named, path, value, at..at + pair.len(), depth);
            at += pair.len() + separator.len_utf8();
        }
    }

    fn pair(&mut self, named: Named, path: &str, value: &Spanned, range: std::ops::Range<usize>, depth: usize) {
        if let Some((name, inner)) = value.text[range.clone()].split_once('=') {
            let part = Spanned { text: inner.to_owned(), span: value.part(range.end - inner.len(), range.end) };
            self.named(named, path, name.trim(), &part, depth);
        }
    }

    /// `name` is that of the list that `node` may be.
    fn json(&mut self, path: &str, name: &str, node: &Node, whole: &Spanned, depth: usize) {
        for member in node.members() {
            let at = format!("{path}.{}", member.key);
            self.json(&at, &member.key, &member.value, whole, depth);
        }
        for element in node.elements() {
            self.json(path, name, element, whole, depth);
        }
        if let document::Kind::String(text) = &node.kind {
            // The quotes are not the value's.
            let inner = Span::new(node.span.start + 1, node.span.end.saturating_sub(1));
            let span = if inner.len() == text.len() { whole.part(inner.start, inner.end) } else { whole.span };
            self.value(path, name, &Spanned { text: text.clone(), span }, depth);
        }
    }

    /// The words of a command: options with their values, assignments, and everything else.
    fn words(&mut self, scene: &Scene<'_>, words: &[Spanned], specs: &HashSet<(Span, &str)>) {
        let mut option: Option<&str> = None;
        for word in words {
            let text = word.text.as_str();
            // Most words are a plain option, or too short to be anything.
            if option.is_none() && is_bare(text) && (text.starts_with('-') || is_dull(text)) {
                option = Some(text).filter(|text| text.starts_with('-'));
                continue;
            }
            let path = scene.field(word.span);
            if specs.contains(&(word.span, text)) {
                // What it is asked for with still counts: a token in an address.
                self.inside(&path, "", word, 1);
                self.list.push(Candidate {
                    path,
                    name: String::new(),
                    words: Vec::new(),
                    kind: Kind::Other,
                    value: word.clone(),
                    program: true,
                });
                option = None;
                continue;
            }
            // What stands behind an option is its value, whatever it looks like; `-e API_KEY=value` is a pair as well.
            let behind = option.take().filter(|name| {
                // A key may begin with a dash too.
                let key = || kind(&words_of(name)) != Kind::Other && looks_random(text.trim_start_matches('-'));
                !text.starts_with('-') || text.contains(' ') || !text.contains('=') && key()
            });
            let pair = text.split_once('=').filter(|(name, _)| is_name(name.trim_start_matches('-')));
            // As programs of Windows write it.
            let pair = pair.or_else(|| {
                let (name, rest) = text.strip_prefix(['-', '/'])?.split_once(':')?;
                let secret = is_name(name) && !rest.is_empty() && kind(&words_of(name)) != Kind::Other;
                secret.then_some((name, rest))
            });
            if let Some((name, rest)) = pair {
                let start = text.len() - rest.len();
                // Of a script the assignment ends where the shell ends it; what comes behind is no value but a command.
                let line = || rest.split_once(' ').is_some_and(|(first, _)| looks_random(first));
                let script = behind.is_some_and(is_shell_option) || kind(&words_of(name)) == Kind::Key && line();
                let ends: &[char] = if script { &[' ', '\t', ';', '&', '|', '\n'] } else { &[] };
                let rest = &rest[..rest.find(ends).unwrap_or(rest.len())];
                let value = Spanned { text: rest.to_owned(), span: word.part(start, start + rest.len()) };
                self.value(&path, name, &value, 0);
            }
            // `--api-key value` in one word.
            if let Some((name, rest)) = text.split_once(' ').filter(|(name, _)| is_option(name)) {
                let start = text.len() - rest.trim_start().len();
                let value = Spanned { text: text[start..].to_owned(), span: word.part(start, text.len()) };
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

/// Nothing that this short is a secret, unless its name says so, and it holds nothing.
fn is_dull(text: &str) -> bool {
    text.len() < SHORTEST && is_bare(text)
}

/// Shorter tokens are none.
const SHORTEST: usize = 8;

/// Whether a word holds no other: neither a pair nor a line.
fn is_bare(text: &str) -> bool {
    !text.bytes().any(|byte| matches!(byte, b'=' | b':' | b' ' | b';' | b',' | b'{' | b'[' | b'"' | b'\''))
}

/// An option behind which a script stands: `-c`, `-lc`, `-euc`, `/c`, `-Command`.
fn is_shell_option(option: &str) -> bool {
    let lower = option.to_ascii_lowercase();
    let letters = lower.strip_prefix('-').unwrap_or_default();
    matches!(lower.as_str(), "/c" | "/k" | "-command")
        || letters.len() <= 5 && letters.ends_with('c') && letters.bytes().all(|b| b.is_ascii_alphabetic())
}

/// `--api-key`, and no beginning of a PEM file.
fn is_option(text: &str) -> bool {
    let name = text.trim_start_matches('-');
    matches!(text.len() - name.len(), 1 | 2) && is_name(name)
}

/// The same without quotes around it.
fn unquoted(value: &Spanned) -> Cow<'_, Spanned> {
    let text = value.text.as_str();
    let quote = text.bytes().next().filter(|byte| matches!(byte, b'\'' | b'"'));
    if quote.is_none() || text.len() < 2 || text.bytes().last() != quote {
        return Cow::Borrowed(value);
    }
    Cow::Owned(Spanned { text: text[1..text.len() - 1].to_owned(), span: value.part(1, text.len() - 1) })
}

/// Whether a field stands in a map of secrets, where each has the name of what it opens.
fn is_among_secrets(path: &str) -> bool {
    let above = path.rsplit('.').nth(1).unwrap_or_default().to_ascii_lowercase();
    matches!(above.as_str(), "secrets" | "secret" | "credentials" | "tokens" | "apikeys" | "api_keys")
}

/// JSON in base64, as files with credentials are handed to containers.
fn packed(text: &str) -> Option<String> {
    let begins = ["eyJ", "eyI", "eyA", "ewo", "ew0", "ewk"].iter().any(|begin| text.starts_with(begin));
    let bytes = if begins && text.len() >= 24 { from_base64(text)? } else { return None };
    String::from_utf8(bytes).ok()
}

/// Whether nobody can have meant this as anything but a key: no id, no word, no number.
fn is_unmistakable(text: &str) -> bool {
    let mixed = is_mixed(text);
    let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (if mixed { text.len() >= 20 } else { hex && text.len() >= 32 }) && looks_random(text)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

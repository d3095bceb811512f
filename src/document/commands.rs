//! Configs that are commands of a shell, as Crush reads them. They are read by pattern and never run.
//!
//! `mcp add NAME --flag value` is `flag` of `mcp.NAME`, `permissions allow NAME…` a list. What a variable, a condition or
//! another file decides is not known here: every command counts, whatever stands around it.
//!
//! Source: charmbracelet/crush internal/shellconfig/{mcp,flags,permissions}.go.

use std::collections::HashMap;

use super::{Kind, Member, Node, Span};

/// Flags with a name and a value, and the map that they fill.
const PAIRS: &[(&str, &str)] = &[("--env", "env"), ("--header", "headers")];
/// Flags that add to a list each time.
const LISTS: &[&str] = &["args", "disabled_tools", "enabled_tools"];
/// Words before a command that are no part of it.
const BEFORE: &[&str] =
    &["{", "}", "!", "time", "if", "then", "elif", "else", "while", "until", "do", "builtin", "command"];

/// Commands that add no server without saying so here: Crush's own, and what only asks or ends something.
const KNOWN: &[&str] = &[
    "mcp",
    "provider",
    "model",
    "lsp",
    "permissions",
    "hook",
    "option",
    "export",
    "[",
    "[[",
    "test",
    "true",
    "false",
    "echo",
    "fi",
    "done",
    "set",
    "unset",
    "return",
    "exit",
];

/// A word of a command.
struct Word {
    /// Without quotes; variables and substitutions as they are written.
    text: String,
    span: Span,
    /// Whether it is written as it is, or in one pair of quotes without escapes.
    plain: bool,
}

/// Reads the commands of a config. Never fails: what is no such command says nothing.
pub fn parse_commands(text: &str) -> Node {
    let mut sections = Map::default();
    for words in commands(text) {
        let skipped = words.iter().take_while(|word| BEFORE.contains(&word.text.as_str()) || is_assignment(word));
        let words = &words[skipped.count()..];
        let texts: Vec<&str> = words.iter().take(3).map(|word| word.text.as_str()).collect();
        match texts.as_slice() {
            ["mcp", "add", _] => flags(&words[3..], sections.map(&words[0]).map(&words[2])),
            ["permissions", "allow", _] => {
                let section = sections.map(&words[0]);
                for word in &words[2..] {
                    section.push("allowed_tools", words[1].span, string(word, &words[1]));
                }
            }
            _ => {}
        }
    }
    Node { span: Span::new(0, text.len()), ..sections.node(Span::default()) }
}

/// A map in the making, in which what is there already is found at once.
#[derive(Default)]
struct Map {
    members: Vec<(String, Span, Slot)>,
    index: HashMap<String, usize>,
}

/// What a name stands for: the one of these that is filled.
#[derive(Default)]
struct Slot {
    scalar: Option<Node>,
    list: Vec<Node>,
    map: Map,
}

impl Map {
    /// The map called by a word, made where there is none yet: a second command changes what the first one made.
    fn map(&mut self, word: &Word) -> &mut Map {
        &mut self.at(&word.text, word.span).map
    }

    fn push(&mut self, key: &str, key_span: Span, element: Node) {
        self.at(key, key_span).list.push(element);
    }

    /// One more member: what is said twice is kept twice.
    fn add(&mut self, key: &str, key_span: Span, value: Node) {
        self.members.push((key.to_owned(), key_span, Slot { scalar: Some(value), ..Slot::default() }));
    }

    fn at(&mut self, key: &str, key_span: Span) -> &mut Slot {
        let at = *self.index.entry(key.to_owned()).or_insert_with(|| {
            self.members.push((key.to_owned(), key_span, Slot::default()));
            self.members.len() - 1
        });
        &mut self.members[at].2
    }

    /// As a node that stands where its members stand; an empty one where its name stands.
    fn node(self, name: Span) -> Node {
        let members = self.members.into_iter().map(|(key, key_span, slot)| {
            let value = match slot {
                Slot { scalar: Some(node), .. } => node,
                Slot { list, .. } if !list.is_empty() => {
                    let span = list.iter().fold(key_span, |span, element| join(span, element.span));
                    Node { kind: Kind::Array(list), span }
                }
                Slot { map, .. } => map.node(key_span),
            };
            Member { key, key_span, value }
        });
        let members: Vec<Member> = members.collect();
        let span = members.iter().fold(name, |span, member| join(join(span, member.key_span), member.value.span));
        Node { kind: Kind::Object(members), span }
    }
}

fn join(a: Span, b: Span) -> Span {
    Span::new(a.start.min(b.start), a.end.max(b.end))
}

/// The first command that may add what does not stand here: another program or file, a loop, a function.
pub fn first_unknown(text: &str) -> Option<Span> {
    commands(text).iter().find_map(|words| {
        let first = words.iter().find(|word| !BEFORE.contains(&word.text.as_str()) && !is_assignment(word))?;
        (!KNOWN.contains(&first.text.as_str()))
            .then(|| Span::new(first.span.start, words.last().map_or(first.span.end, |last| last.span.end)))
    })
}

/// The first command of a text, if there is one.
pub fn first_command(text: &str) -> Option<Span> {
    let words = commands(text).into_iter().next()?;
    Some(Span::new(words.first()?.span.start, words.last()?.span.end))
}

fn is_assignment(word: &Word) -> bool {
    word.text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

fn flags(words: &[Word], into: &mut Map) {
    let mut at = 0;
    while let Some(flag) = words.get(at) {
        at += 1;
        let Some(name) = flag.text.strip_prefix("--") else { continue };
        if let Some((_, map)) = PAIRS.iter().find(|(pair, _)| *pair == flag.text) {
            let (Some(key), Some(value)) = (words.get(at), words.get(at + 1)) else { return };
            at += 2;
            into.at(map, flag.span).map.add(&key.text, key.span, string(value, flag));
        } else if let Some(word) = words.get(at) {
            at += 1;
            let name = name.replace('-', "_");
            let value = string(word, flag);
            if LISTS.contains(&name.as_str()) {
                into.push(&name, flag.span, value);
                continue;
            }
            let kind = match word.text.as_str() {
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                _ => value.kind,
            };
            into.add(&name, flag.span, Node { kind, span: value.span });
        }
    }
}

/// A word as a value. One with escapes stands where its flag stands, so that nobody takes its bytes for its text's.
fn string(word: &Word, flag: &Word) -> Node {
    let start = if word.plain { word.span.start } else { flag.span.start };
    Node { kind: Kind::String(word.text.clone()), span: Span::new(start, word.span.end) }
}

/// The words of each command.
fn commands(text: &str) -> Vec<Vec<Word>> {
    let mut lexer = Lexer { text, at: 0 };
    let mut all = Vec::new();
    let mut words = Vec::new();
    while let Some(byte) = text.as_bytes().get(lexer.at) {
        match byte {
            b' ' | b'\t' | b'\r' => lexer.at += 1,
            b'\\' if text[lexer.at + 1..].starts_with('\n') => lexer.at += 2,
            b'\\' if text[lexer.at + 1..].starts_with("\r\n") => lexer.at += 3,
            b'#' => lexer.at += text[lexer.at..].find('\n').unwrap_or(text.len() - lexer.at),
            b'\n' | b';' | b'&' | b'|' | b'(' | b')' => {
                lexer.at += 1;
                if !words.is_empty() {
                    all.push(std::mem::take(&mut words));
                }
            }
            _ => words.push(lexer.word()),
        }
    }
    if !words.is_empty() {
        all.push(words);
    }
    all
}

/// The comments between the commands.
pub(super) fn comments(text: &str) -> Vec<Span> {
    let mut lexer = Lexer { text, at: 0 };
    let mut found = Vec::new();
    while let Some(byte) = text.as_bytes().get(lexer.at) {
        match byte {
            b'#' => {
                let end = text[lexer.at..].find(['\n', '\r']).map_or(text.len(), |length| lexer.at + length);
                found.push(Span::new(lexer.at, end));
                lexer.at = end;
            }
            b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' => lexer.at += 1,
            _ => {
                lexer.word();
            }
        }
    }
    found
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl Lexer<'_> {
    fn word(&mut self) -> Word {
        let start = self.at;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '(' | ')' => break,
                '\'' => {
                    self.at += 1;
                    let length = self.text[self.at..].find('\'').unwrap_or(self.text.len() - self.at);
                    text.push_str(&self.text[self.at..self.at + length]);
                    self.at = (self.at + length + 1).min(self.text.len());
                }
                '"' => {
                    self.at += 1;
                    self.quoted(&mut text);
                }
                '\\' => {
                    self.at += 1;
                    self.escaped(&mut text);
                }
                _ => self.other(c, &mut text),
            }
        }
        let span = Span::new(start, self.at);
        let raw = &self.text[start..self.at];
        let inside = raw.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
        Word { plain: raw == text || inside == Some(text.as_str()), text, span }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn quoted(&mut self, into: &mut String) {
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' if self.text[self.at + 1..].starts_with(['"', '\\', '$', '`', '\n']) => {
                    self.at += 1;
                    self.escaped(into);
                }
                _ => self.other(c, into),
            }
        }
    }

    fn escaped(&mut self, into: &mut String) {
        if let Some(c) = self.peek() {
            self.at += c.len_utf8();
            // A line that goes on in the next one.
            if c != '\n' {
                into.push(c);
            }
        }
    }

    /// One character, or a substitution as a whole: blanks and quotes in it are its own.
    fn other(&mut self, c: char, into: &mut String) {
        let rest = &self.text[self.at..];
        let length = match c {
            '$' if rest.starts_with("$(") => closing(rest, b'(', b')'),
            '$' if rest.starts_with("${") => closing(rest, b'{', b'}'),
            '`' => rest[1..].find('`').map_or(rest.len(), |at| at + 2),
            _ => c.len_utf8(),
        };
        into.push_str(&rest[..length]);
        self.at += length;
    }
}

/// How long a substitution is; to the end of the text, where nothing closes it.
fn closing(text: &str, open: u8, close: u8) -> usize {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"# mcp add not --command x
export A=1; if [ -n "$HOME" ]; then mcp add "a b" --command npx \
  --args -y --args 'acme pkg' \
  --env KEY "v é" --env OTHER a\ b; fi
mcp add hub --type http --url https://x.example/mcp --header Authorization "Bearer $(op read "op://a/b")" --disabled true
mcp add hub --timeout 5
permissions allow view mcp_hub_send
mcp remove hub
"#;

    #[test]
    fn values_keep_their_places() {
        let root = parse_commands(FILE);
        let slice = |span: Span| &FILE[span.start..span.end];
        let servers = root.get("mcp").unwrap().members();
        assert_eq!(servers.iter().map(|server| server.key.as_str()).collect::<Vec<_>>(), ["a b", "hub"]);
        assert_eq!(slice(servers[0].key_span), "\"a b\"");
        let (a, hub) = (&servers[0].value, &servers[1].value);
        assert_eq!(slice(a.get("command").unwrap().span), "npx");
        let args = a.get("args").unwrap().elements();
        assert_eq!(
            (args[0].as_str(), args[1].as_str(), slice(args[1].span)),
            (Some("-y"), Some("acme pkg"), "'acme pkg'")
        );
        let env = a.get("env").unwrap();
        assert_eq!((env.get("KEY").unwrap().as_str(), slice(env.get("KEY").unwrap().span)), (Some("v é"), "\"v é\""));
        let other = env.get("OTHER").unwrap();
        assert_eq!((other.as_str(), slice(other.span)), (Some("a b"), "--env OTHER a\\ b"));
        let header = hub.get("headers").unwrap().get("Authorization").unwrap();
        assert_eq!(header.as_str(), Some("Bearer $(op read \"op://a/b\")"));
        assert_eq!(hub.get("disabled").unwrap().as_bool(), Some(true));
        assert_eq!(hub.get("timeout").unwrap().as_str(), Some("5"));
        let allowed = root.get("permissions").unwrap().get("allowed_tools").unwrap().elements();
        assert_eq!(slice(allowed[1].span), "mcp_hub_send");
        assert_eq!(slice(first_command(FILE).unwrap()), "export A=1");
    }

    #[test]
    fn commands_that_may_add_anything() {
        assert_eq!(first_unknown(FILE), None);
        for (text, unknown) in [
            ("option a b\nsource ./more.sh; echo", "source ./more.sh"),
            ("for s in a b; do mcp add $s --command x; done", "for s in a b"),
            ("A=1 eval \"$X\"", "eval \"$X\""),
            ("f() { mcp add a --command x; }", "f"),
        ] {
            let span = first_unknown(text).unwrap();
            assert_eq!(&text[span.start..span.end], unknown);
        }
    }

    #[test]
    fn whatever_is_cut_off_has_an_answer() {
        for end in (0..=FILE.len()).filter(|end| FILE.is_char_boundary(*end)) {
            parse_commands(&FILE[..end]);
        }
        for text in
            ["mcp add", "mcp add a --env", "mcp add a --env K", "mcp add a --args", "\\", "'", "\"", "\"\\", "$("]
        {
            parse_commands(text);
        }
        assert_eq!(first_command(" # only\n\n"), None);
        for opening in ["$(", "${", "`", "(", "\"", "'", "\\\n", "mcp add a --args x;"] {
            parse_commands(&opening.repeat(20_000));
        }
    }
}

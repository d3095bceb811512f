//! A server that is no entry of any config: it stands on the command line, and is read as an entry of one.

use super::entry::nothing;
use super::{Config, Field, ServerEntry, Spanned};
use crate::discover::{ConfigFile, Scope};
use crate::document::{Source, SourceId, Span};

/// What was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// A command line.
    Command,
    /// An address, and below it a header a line.
    Address,
}

/// Reads what was given as a config of one server.
pub fn read_given(file: ConfigFile, id: SourceId, source: &Source, given: Given) -> Config {
    let text = source.text.as_str();
    let first = text.lines().next().unwrap_or_default();
    let whole = Spanned { text: first.to_owned(), span: Span::new(0, first.len()) };
    let mut entry = nothing(&file, id, Span::new(0, text.len()));
    // Whoever typed it is who runs it.
    entry.scope = Scope::User;
    match given {
        Given::Command => command(&mut entry, text),
        Given::Address => {
            entry.name = Spanned { text: host(first).to_owned(), span: whole.span };
            entry.headers = headers(text);
            entry.urls = vec![whole.clone()];
            entry.url = Some(whole);
        }
    }
    Config {
        file,
        source: id,
        servers: vec![entry],
        beside: Vec::new(),
        duplicates: Vec::new(),
        liberties: Vec::new(),
        switches: Vec::new(),
        program: None,
        problems: Vec::new(),
        broken: false,
    }
}

/// A line that begins with a path is cut here: clients that read such a line from one field take all of it for the path.
fn command(entry: &mut ServerEntry, text: &str) {
    let mut words = words(text);
    let path = words.first().is_some_and(|word| word.text.contains(['/', '\\', ':'])) || text.contains('\\');
    let script = text.contains([';', '|', '&', '`', '\n']) || text.contains("$(");
    let first = words.first().map_or("", |word| word.text.as_str());
    let name = first.rsplit(['/', '\\']).next().unwrap_or(first).to_owned();
    let all = Span::new(0, text.len());
    entry.name = Spanned { text: name, span: all };
    if path && !script && !words.is_empty() {
        entry.command = Some(words.remove(0));
        entry.args = words;
    } else {
        entry.command = Some(Spanned { text: text.to_owned(), span: all });
    }
}

/// The words of a line, without the quotes around them. A backslash is a letter: paths of Windows hold them.
fn words(text: &str) -> Vec<Spanned> {
    let mut words = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(with), _) if c == with => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                open.get_or_insert_with(|| (at, String::new()));
            }
            (None, _) if c.is_whitespace() => {
                words.extend(open.take().map(|(start, text)| Spanned { text, span: Span::new(start, at) }));
            }
            _ => open.get_or_insert_with(|| (at, String::new())).1.push(c),
        }
    }
    words.extend(open.map(|(start, word)| Spanned { text: word, span: Span::new(start, text.len()) }));
    words
}

fn headers(text: &str) -> Vec<Field> {
    let mut headers = Vec::new();
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end_matches('\n');
        if let Some((name, value)) = content.split_once(':').filter(|_| number > 0) {
            let (name, value) = (name.trim(), value.trim());
            let value_start = start + content.trim_end().len() - value.len();
            headers.push(Field {
                path: format!("headers.{name}"),
                name: name.to_owned(),
                name_span: Span::new(start, start + name.len()),
                value: Spanned { text: value.to_owned(), span: Span::new(value_start, value_start + value.len()) },
            });
        }
        start += line.len();
    }
    headers
}

/// What stands between the scheme and the path, without a password.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.is_empty() { "remote" } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Sources;

    fn entry(text: &str, given: Given) -> (ServerEntry, String) {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("--server", text));
        let file = ConfigFile::named("x".into(), "--server".to_owned(), "--server".to_owned());
        (read_given(file, id, sources.get(id), given).servers.remove(0), text.to_owned())
    }

    #[test]
    fn command_lines() {
        let of = |text| {
            let (entry, text) = entry(text, Given::Command);
            for word in entry.command.iter().chain(&entry.args) {
                assert!(text.get(word.span.start..word.span.end).is_some());
            }
            let words: Vec<String> = entry.command.into_iter().chain(entry.args).map(|word| word.text).collect();
            (entry.name.text, words)
        };
        let expect = |name: &str, words: &[&str]| {
            (name.to_owned(), words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(of("npx -y a"), expect("npx", &["npx -y a"]));
        assert_eq!(of("./my/server --x 'a b' c\"d e\""), expect("server", &["./my/server", "--x", "a b", "cd e"]));
        assert_eq!(of(r"run C:\x\y"), expect("run", &["run", r"C:\x\y"]));
        assert_eq!(of("/bin/sh -c 'a | b'"), expect("sh", &["/bin/sh -c 'a | b'"]));
        assert_eq!(of(""), expect("", &[""]));
    }

    #[test]
    fn addresses_with_headers() {
        let (entry, text) =
            entry("https://u:p@h.example:1/mcp?k=v\nAuthorization:  Bearer a:b \nX: \n", Given::Address);
        assert_eq!(entry.name.text, "h.example:1");
        assert_eq!(entry.url.map(|url| text[url.span.start..url.span.end] == url.text), Some(true));
        let found: Vec<(&str, &str)> =
            entry.headers.iter().map(|field| (field.name.as_str(), field.value.text.as_str())).collect();
        assert_eq!(found, [("Authorization", "Bearer a:b"), ("X", "")]);
        let value = &entry.headers[0].value;
        assert_eq!(&text[value.span.start..value.span.end], value.text);
    }
}

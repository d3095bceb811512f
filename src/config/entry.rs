//! One server entry, in whatever dialect, with the place of each part.

use std::collections::HashMap;

use super::Problem;
use super::shape::Place;
use crate::discover::{ConfigFile, EntryWords, Scope, ValuePlace};
use crate::document::{Kind, Member, Node, SourceId, Span, path_at, path_below, told};

/// A text and where it stands. The span covers the quotes too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned {
    /// The text, decoded.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

impl Spanned {
    /// Where a part of the text stands. Exact where the file writes the text without escapes, else the whole of it.
    pub fn part(&self, start: usize, end: usize) -> Span {
        match self.span.len() - self.text.len().min(self.span.len()) {
            2 => Span::new(self.span.start + 1 + start, self.span.start + 1 + end),
            0 => Span::new(self.span.start + start, self.span.start + end),
            _ => self.span,
        }
    }

    /// Without the blanks around it.
    pub fn trimmed(&self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        let text = self.text.trim();
        if text.len() == self.text.len() {
            return self.clone();
        }
        Self { text: text.to_owned(), span: self.part(start, start + text.len()) }
    }
}

/// A named value of an entry: a variable, a header, or a field that this scanner does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Path inside the entry, such as `env.API_KEY`.
    pub path: String,
    /// Its name alone.
    pub name: String,
    /// Where the name stands.
    pub name_span: Span,
    /// Its value; numbers and truth values as they are written.
    pub value: Spanned,
}

/// What a config says about one server.
#[derive(Clone, Debug)]
pub struct ServerEntry {
    /// Its name, and where that stands.
    pub name: Spanned,
    /// Id of the client that reads it: the first that looks for servers where this one stands.
    pub client: String,
    /// Ids of the other clients that read it.
    pub also: Vec<String>,
    /// Whether any client that reads the file looks for servers where this one stands, as far as is known.
    pub is_read: bool,
    /// Where the config counts.
    pub scope: Scope,
    /// The project it is limited to, in a file that holds several.
    pub project: Option<String>,
    /// The file.
    pub source: SourceId,
    /// The file's path without what differs between machines.
    pub portable: String,
    /// The whole entry.
    pub span: Span,
    /// The program, or a whole command line.
    pub command: Option<Spanned>,
    /// Its arguments.
    pub args: Vec<Spanned>,
    /// Its variables.
    pub env: Vec<Field>,
    /// The address of a remote: the last one that is given.
    pub url: Option<Spanned>,
    /// Every address that is given, under whichever name.
    pub urls: Vec<Spanned>,
    /// What is sent to it.
    pub headers: Vec<Field>,
    /// All other strings of the entry.
    pub others: Vec<Field>,
    /// Switched off: not started now, but one click away.
    pub disabled: bool,
}

/// An entry as it was read.
pub(super) struct Read {
    /// What most clients take: of what is said twice the last.
    pub(super) entry: ServerEntry,
    /// What clients take that keep another one than the last, where that is something else.
    pub(super) shadowed: Vec<ServerEntry>,
    /// What could not be read.
    pub(super) problems: Vec<Problem>,
}

/// More copies of a key than these are told as a problem.
const MOST_COPIES: usize = 16;

/// Reads an entry; where it says something `twice`, in every reading.
///
/// # Errors
/// It is no map, so there is nothing to read.
pub(super) fn read(
    place: &Place<'_>,
    file: &ConfigFile,
    source: SourceId,
    words: &EntryWords,
    twice: bool,
) -> Result<Read, Problem> {
    let node: &Node = &place.node;
    if !node.is_object() {
        let message = format!("server `{}` is {}, expected a map", place.name, node.type_name());
        return Err(Problem { message, span: node.span });
    }
    let mut readers = file.readers.iter().filter(|reader| reader.keys.iter().any(|keys| keys == place.keys));
    let reader = readers.next();
    let empty = ServerEntry {
        name: Spanned { text: place.name.clone(), span: place.name_span },
        client: reader.map_or_else(|| file.client().to_owned(), |reader| reader.client.clone()),
        also: readers.map(|reader| reader.client.clone()).collect(),
        is_read: reader.is_some() || file.readers.is_empty(),
        scope: reader.map_or(file.scope(), |reader| reader.scope),
        project: place.context.clone(),
        ..nothing(file, source, node.span)
    };
    let (mut entry, mut problems) = Reader::read(empty.clone(), words, node.members().iter());
    entry.disabled |= place.variant;
    let mut shadowed = Vec::new();
    if twice {
        let mut copies: HashMap<&str, usize> = HashMap::new();
        let numbered: Vec<(usize, &Member)> = node
            .members()
            .iter()
            .map(|member| {
                let copy = copies.entry(&member.key).or_default();
                *copy += 1;
                (*copy, member)
            })
            .collect();
        let most = copies.into_values().max().unwrap_or_default();
        if most > MOST_COPIES {
            let message =
                format!("server `{}` says one key {most} times, of which {MOST_COPIES} are judged", place.name);
            problems.push(Problem { message, span: place.name_span });
        }
        // Of each key the copy of that number last; of two names of one field, what stands first.
        for number in 1..=most.min(MOST_COPIES) {
            let others = numbered.iter().rev().filter(|(copy, _)| *copy != number);
            let chosen = numbered.iter().rev().filter(|(copy, _)| *copy == number);
            let reading = Reader::read(empty.clone(), words, others.chain(chosen).map(|(_, member)| *member)).0;
            shadowed.push(ServerEntry { disabled: entry.disabled, ..reading });
        }
    }
    Ok(Read { entry, shadowed, problems })
}

/// Values that stand beside the servers of a file, as entries of nothing else: they may hold secrets all the same.
pub(super) fn beside(root: &Node, file: &ConfigFile, source: SourceId, values: &[ValuePlace]) -> Vec<ServerEntry> {
    let mut entries = Vec::new();
    for place in values {
        let mut env = Vec::new();
        for reached in place.keys.follow(root) {
            let named = place.name.as_ref().and_then(|name| reached.parent?.get(name)?.as_str());
            let name = named.or(reached.star).unwrap_or(&reached.path).to_owned();
            let Some(value) = spanned(reached.node).filter(|value| !value.text.is_empty()) else { continue };
            env.push(Field { path: reached.path.clone(), name, name_span: reached.node.span, value });
        }
        let (Some(first), Some(last)) = (env.first(), env.last()) else { continue };
        let span = Span::new(first.value.span.start, last.value.span.end);
        entries.push(ServerEntry {
            name: Spanned { text: place.what.clone(), span },
            env,
            ..nothing(file, source, span)
        });
    }
    entries
}

/// An entry that says nothing.
pub(super) fn nothing(file: &ConfigFile, source: SourceId, span: Span) -> ServerEntry {
    ServerEntry {
        name: Spanned { text: String::new(), span },
        client: file.client().to_owned(),
        also: Vec::new(),
        is_read: true,
        scope: file.scope(),
        project: None,
        source,
        portable: file.portable.clone(),
        span,
        command: None,
        args: Vec::new(),
        env: Vec::new(),
        url: None,
        urls: Vec::new(),
        headers: Vec::new(),
        others: Vec::new(),
        disabled: false,
    }
}

/// An entry while it is read.
struct Reader<'w> {
    entry: ServerEntry,
    /// Arguments that stand in the command itself; those given beside it come after, wherever they stand.
    rest: Vec<Spanned>,
    container: Container,
    words: &'w EntryWords,
    problems: Vec<Problem>,
}

impl<'w> Reader<'w> {
    fn read<'d>(
        empty: ServerEntry,
        words: &'w EntryWords,
        members: impl Iterator<Item = &'d Member>,
    ) -> (ServerEntry, Vec<Problem>) {
        let mut reader =
            Reader { entry: empty, rest: Vec::new(), container: Container::default(), words, problems: Vec::new() };
        members.for_each(|member| reader.take(member, ""));
        let Reader { mut entry, mut rest, container, problems, .. } = reader;
        rest.append(&mut entry.args);
        entry.args = rest;
        entry.run(container);
        (entry, problems)
    }

    fn take(&mut self, member: &Member, path: &str) {
        let Member { key, value, .. } = member;
        let words = self.words;
        let at = path_below(path, key);
        let entry = &mut self.entry;
        if words.command.contains(key) {
            self.command(value, &at);
        } else if words.args.contains(key) {
            // Of two lists the last counts.
            entry.args = args(value);
            if let Some(odd) = first_map(value) {
                let message = format!("`{at}` of server `{}` holds a map, expected a list of texts", entry.name.text);
                self.problems.push(Problem { message, span: odd.span });
                strings(odd, &at, key, member.key_span, &mut entry.others);
            }
        } else if words.env.contains(key) {
            fields(value, &at, &mut entry.env);
        } else if words.url.contains(key) && value.as_str().is_some() {
            entry.url = spanned(value);
            entry.urls.extend(spanned(value));
        } else if words.url.contains(key) && matches!(value.kind, Kind::Array(_)) {
            // Whatever a client makes of several: each is judged.
            entry.urls.extend(list(value));
            entry.url = entry.urls.last().cloned();
            let message = format!("`{at}` of server `{}` is a list, expected a text", entry.name.text);
            self.problems.push(Problem { message, span: value.span });
        } else if words.headers.contains(key) {
            fields(value, &at, &mut entry.headers);
        } else if words.image.contains(key) && value.as_str().is_some() {
            strings(value, &at, key, member.key_span, &mut self.container.image);
        } else if words.volumes.contains(key) {
            strings(value, &at, key, member.key_span, &mut self.container.volumes);
        } else if words.nested.contains(key) && value.is_object() {
            value.members().iter().for_each(|member| self.take(member, &at));
        } else if words.disabled.contains(key) && value.as_bool().is_some() {
            entry.disabled |= value.as_bool() == Some(true);
        } else if words.enabled.contains(key) && value.as_bool().is_some() {
            entry.disabled |= value.as_bool() == Some(false);
        } else if words.off.contains_key(key) && value.as_str().is_some() {
            entry.disabled |= value.as_str() == words.off.get(key).map(String::as_str);
        } else {
            strings(value, &at, key, member.key_span, &mut entry.others);
        }
    }

    /// A string; a list of program and arguments; or a map with `path`, `args` and `env`.
    fn command(&mut self, value: &Node, at: &str) {
        match &value.kind {
            Kind::Array(_) => {
                self.container.listed = true;
                let mut all = list(value);
                if !all.is_empty() {
                    self.entry.command = Some(all.remove(0));
                    self.rest = all;
                }
            }
            Kind::Object(_) => {
                self.rest.clear();
                self.entry.command = value.get("path").or_else(|| value.get("command")).and_then(spanned);
                let others = value.members().iter().filter(|inner| !matches!(inner.key.as_str(), "path" | "command"));
                others.for_each(|inner| self.take(inner, at));
            }
            Kind::String(_) => {
                self.rest.clear();
                self.entry.command = spanned(value);
            }
            Kind::Null => {}
            _ => {
                let name = told(&self.entry.name.text);
                let message = format!("`{at}` of server `{name}` is {}, expected a text", value.type_name());
                self.problems.push(Problem { message, span: value.span });
            }
        }
    }
}

/// What an entry says about a container that its client makes of it, as Docker's catalogues and ToolHive do.
#[derive(Default)]
struct Container {
    image: Vec<Field>,
    volumes: Vec<Field>,
    /// The command is a list, of which the first is a program, or the first argument of the image.
    listed: bool,
}

impl ServerEntry {
    /// Writes down how the container is run, as if the entry said so.
    fn run(&mut self, mut container: Container) {
        let other = self.url.is_some() || self.command.is_some() && !container.listed;
        let image = if other { None } else { container.image.pop() };
        let Some(image) = image else {
            self.others.append(&mut container.image);
            self.others.append(&mut container.volumes);
            return;
        };
        // What stands nowhere has a place without bytes.
        let nowhere = Span::new(image.value.span.start, image.value.span.start);
        let word = |text: &str| Spanned { text: text.to_owned(), span: nowhere };
        let mut args = vec![word("run"), word("--rm"), word("-i")];
        args.extend(container.volumes.into_iter().flat_map(|volume| [word("-v"), volume.value]));
        args.push(image.value);
        args.extend(self.command.take());
        args.append(&mut self.args);
        self.command = Some(word("docker"));
        self.args = args;
    }
}

fn spanned(node: &Node) -> Option<Spanned> {
    Some(Spanned { text: node.scalar()?, span: node.span })
}

/// Arguments: a list, or one text with blanks between.
fn args(node: &Node) -> Vec<Spanned> {
    match node.as_str() {
        Some(text) => {
            let whole = Spanned { text: text.to_owned(), span: node.span };
            let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
            text.split_whitespace()
                .map(|word| Spanned { span: whole.part(start(word), start(word) + word.len()), text: word.to_owned() })
                .collect()
        }
        None => list(node),
    }
}

/// The first map in a list, or the value itself.
fn first_map(node: &Node) -> Option<&Node> {
    if node.is_object() { Some(node) } else { node.elements().iter().find_map(first_map) }
}

/// The scalars of a list, of lists inside it too; a single string counts as a list of one.
fn list(node: &Node) -> Vec<Spanned> {
    match &node.kind {
        Kind::Array(elements) => elements.iter().flat_map(list).collect(),
        _ => spanned(node).into_iter().collect(),
    }
}

/// A map of names and values; or a list of `NAME=value`, of `Name: value`, or of maps with `name` and `value`; or one text
/// of such a pair.
fn fields(node: &Node, path: &str, into: &mut Vec<Field>) {
    for member in node.members() {
        match spanned(&member.value) {
            Some(value) => {
                let at = path_below(path, &member.key);
                into.push(Field { path: at, name: member.key.clone(), name_span: member.key_span, value });
            }
            // What is deeper than it should be is still written there.
            None => strings(&member.value, &path_below(path, &member.key), &member.key, member.key_span, into),
        }
    }
    for element in node.elements() {
        let part = |keys: [&str; 2]| keys.iter().find_map(|key| element.get(key)).and_then(spanned);
        match (part(["name", "key"]), part(["value", "default"])) {
            (Some(name), Some(value)) => {
                into.push(Field { path: path_below(path, &name.text), name: name.text, name_span: name.span, value })
            }
            _ => pair(element, path, into),
        }
    }
    pair(node, path, into);
}

fn pair(node: &Node, path: &str, into: &mut Vec<Field>) {
    let Some(whole) = spanned(node) else { return };
    let Some(separator) = whole.text.find(['=', ':']) else { return };
    let name = whole.text[..separator].trim().to_owned();
    let rest = whole.text[separator + 1..].trim_start();
    let start = whole.text.len() - rest.len();
    let name_span = whole.part(0, separator);
    let value = Spanned { text: rest.to_owned(), span: whole.part(start, whole.text.len()) };
    into.push(Field { path: path_below(path, &name), name, name_span, value });
}

/// Every string below a field that has no meaning here.
fn strings(node: &Node, path: &str, name: &str, name_span: Span, into: &mut Vec<Field>) {
    match &node.kind {
        Kind::String(text) => into.push(Field {
            path: path.to_owned(),
            name: told(name).to_owned(),
            name_span,
            value: Spanned { text: text.clone(), span: node.span },
        }),
        Kind::Object(members) => {
            for member in members {
                strings(&member.value, &path_below(path, &member.key), &member.key, member.key_span, into);
            }
        }
        Kind::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                strings(element, &path_at(path, index), name, name_span, into);
            }
        }
        // A password may be written as a number.
        Kind::Number(text) => into.push(Field {
            path: path.to_owned(),
            name: told(name).to_owned(),
            name_span,
            value: Spanned { text: text.clone(), span: node.span },
        }),
        Kind::Null | Kind::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::Clients;
    use crate::document::{Source, Sources};

    fn command(entry: &str) -> Vec<String> {
        let clients = Clients::parse(crate::rules::data("clients.toml")).unwrap();
        let mut sources = Sources::default();
        let id = sources.add(Source::new("x.json", format!(r#"{{"mcpServers": {{"a": {entry}}}}}"#)));
        let file = ConfigFile::named("x.json".into(), "x.json".to_owned(), "x.json".to_owned());
        let entry = crate::config::read(file, id, sources.get(id), &clients).servers.remove(0);
        entry.command.into_iter().chain(entry.args).map(|word| word.text).collect()
    }

    #[test]
    fn arguments_beside_a_command_come_after_its_own() {
        assert_eq!(command(r#"{"args": ["c"], "command": ["a", "b"]}"#), ["a", "b", "c"]);
        assert_eq!(command(r#"{"command": ["a", "b"], "args": ["c"]}"#), ["a", "b", "c"]);
        assert_eq!(command(r#"{"command": ["x", "y"], "args": ["c"], "command": ["a", "b"]}"#), ["a", "b", "c"]);
        assert_eq!(command(r#"{"command": ["x", "y"], "command": "a"}"#), ["a"]);
        assert_eq!(command(r#"{"command": {"path": "a", "args": ["b"]}}"#), ["a", "b"]);
    }
}

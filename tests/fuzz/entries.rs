//! What holds for the entries of any config, and for what any of them comes to.

use std::sync::LazyLock;

use mcpscan::config::{self, Field, ServerEntry, Spanned};
use mcpscan::discover::{Clients, ConfigFile, Scope, UNKNOWN_CLIENT};
use mcpscan::document::{Source, SourceId, Sources, Span};
use mcpscan::launch::{self, Grammar};
use mcpscan::rules;

use super::tree::inside;

static CLIENTS: LazyLock<Clients> =
    LazyLock::new(|| Clients::parse(rules::data("clients.toml")).expect("a test reads the table"));
static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    Grammar::parse(rules::data("runners.toml"), rules::data("wrappers.toml")).expect("a test reads the tables")
});

/// Everything that is read from a file together may be so many times as long as the file, and a bit: what comes of each
/// byte is bounded, whatever stands around it.
const TIMES: usize = 300;
const A_BIT: usize = 1 << 20;
/// Aliases of YAML may stand for so many bytes more than are written.
const ALIASED: usize = 64 << 20;

/// Any bytes as a config; behind the last NUL, if there is one, the name of the file.
pub fn config(data: &[u8]) {
    let (bytes, name) = match data.iter().rposition(|byte| *byte == 0) {
        Some(at) => (&data[..at], String::from_utf8_lossy(&data[at + 1..]).into_owned()),
        None => (data, "config".to_owned()),
    };
    let mut sources = Sources::default();
    let id = sources.add(Source::new(name.clone(), bytes));
    let source = sources.get(id);
    let file = ConfigFile::named(name.clone().into(), name.clone(), name);
    let read = config::read(file, id, source, &CLIENTS);
    let mut weight = 0;
    for problem in &read.problems {
        inside(source, problem.span, &problem.message);
        weight += problem.message.len();
    }
    assert!(!read.broken || read.servers.is_empty() && !read.problems.is_empty(), "a broken file says why");
    for switch in &read.switches {
        inside(source, switch.value.span, "a switch");
        assert!(switch.server.is_none_or(|index| index < read.servers.len()));
        weight += switch.path.len() + switch.value.text.len();
    }
    for duplicate in &read.duplicates {
        inside(source, duplicate.first_span, "a key that is there twice");
        inside(source, duplicate.again_span, "a key that is there again");
        weight += duplicate.first.len() + duplicate.again.len();
    }
    read.liberties.iter().for_each(|(_, span)| inside(source, *span, "a liberty"));
    for entry in read.servers.iter().chain(&read.beside) {
        for run in entry.runs(&CLIENTS) {
            inside(source, run.value.span, "what runs while reading");
        }
        weight += weigh(source, entry) + resolve(source, entry);
    }
    let aliased = if source.text.contains('*') { ALIASED } else { 0 };
    let most = TIMES * source.text.len() + A_BIT + aliased;
    assert!(weight <= most, "{weight} bytes come of {}", source.text.len());
}

/// Any bytes as a command line: a program, and an argument a line.
pub fn launch(data: &[u8]) {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("command", data));
    let source = sources.get(id);
    let mut start = 0;
    let mut words = source.text.split('\n').map(|word| {
        let span = Span::new(start, start + word.len());
        start = span.end + 1;
        Spanned { text: word.to_owned(), span }
    });
    let command = words.next();
    let entry = ServerEntry { command, args: words.collect(), ..empty(id) };
    let weight = resolve(source, &entry);
    assert!(weight <= TIMES * source.text.len() + A_BIT, "{weight} bytes come of {}", source.text.len());
}

fn empty(source: SourceId) -> ServerEntry {
    ServerEntry {
        name: Spanned { text: "a".to_owned(), span: Span::new(0, 0) },
        client: UNKNOWN_CLIENT.to_owned(),
        also: Vec::new(),
        is_read: true,
        scope: Scope::Project,
        project: None,
        source,
        portable: String::new(),
        span: Span::new(0, 0),
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

/// Checks every place of an entry, and tells how much it holds.
fn weigh(source: &Source, entry: &ServerEntry) -> usize {
    inside(source, entry.span, "an entry");
    let texts = entry.command.iter().chain(&entry.args).chain(&entry.url).chain(&entry.urls);
    let texts: usize = texts.chain([&entry.name]).map(|text| weigh_text(source, text)).sum();
    let weigh_field = |field: &Field| {
        inside(source, field.name_span, "a field's name");
        field.path.len() + field.name.len() + weigh_text(source, &field.value)
    };
    let fields = entry.env.iter().chain(&entry.headers).chain(&entry.others);
    texts + fields.map(weigh_field).sum::<usize>() + entry.project.as_ref().map_or(0, String::len)
}

/// A part of a text stands inside the text. Not always between characters: where lines are folded or a word has quotes in
/// its middle, `Spanned::part` goes by lengths alone, and can be a byte or two beside it.
fn weigh_text(source: &Source, text: &Spanned) -> usize {
    let Span { start, end } = text.span;
    assert!(start <= end && end <= source.text.len(), "{:?} stands at {:?}", text.text, text.span);
    text.text.len()
}

/// Checks every place of what an entry comes to, and tells how much that is.
fn resolve(source: &Source, entry: &ServerEntry) -> usize {
    let launch = launch::resolve(entry, &GRAMMAR);
    let mut weight = launch.programs.iter().map(String::len).sum::<usize>();
    let mut take = |text: &Spanned| weight += weigh_text(source, text);
    launch.commands.iter().flatten().for_each(&mut take);
    launch.packages.iter().for_each(|package| take(&package.spec));
    launch.remotes.iter().for_each(|remote| take(&remote.url));
    for image in &launch.images {
        take(&image.reference);
        image.options.iter().filter_map(|option| option.value.as_ref()).for_each(&mut take);
        image.binds().iter().for_each(|bind| take(&bind.source));
        image.open_ports().into_iter().for_each(&mut take);
        image.options.iter().for_each(|option| inside(source, option.span, "an option"));
    }
    for script in &launch.scripts {
        take(&Spanned { text: script.text.clone(), span: script.span });
    }
    launch::command_line(entry, &GRAMMAR).iter().for_each(&mut take);
    weight
}

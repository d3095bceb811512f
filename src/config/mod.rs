//! What a config says, and exactly where: bytes of a file become server entries. Nothing is expanded or executed.

mod duplicates;
mod entry;
mod form;
mod given;
mod shape;
mod switch;
mod value;

pub use duplicates::Duplicate;
pub use entry::{Field, ServerEntry, Spanned};
pub use form::form;
pub use given::{Given, read_given};
pub use switch::{Approved, Run, Switch};
pub use value::{Part, expand, is_one_literal, is_reference, literals, parts, with_defaults};

use std::collections::HashSet;

use crate::discover::{Clients, ConfigFile, Liberty};
use crate::document::{
    Encoding, Format, Kind, LARGE, Large, Node, Source, SourceId, Span, SyntaxError, beyond_json, first_command,
    first_unknown, parse_inside, parse_large, second_document,
};

/// One config that was read.
#[derive(Debug)]
pub struct Config {
    /// The file.
    pub file: ConfigFile,
    /// Its text.
    pub source: SourceId,
    /// Every entry of every place that a client would read.
    pub servers: Vec<ServerEntry>,
    /// What is judged like an entry and is none: the other reading of those that say something twice, which is what a
    /// client that takes the first would start; and values that stand beside the servers, such as the defaults of inputs.
    pub beside: Vec<ServerEntry>,
    /// What it says twice.
    pub duplicates: Vec<Duplicate>,
    /// Liberties that some clients do not take, and where the first of each kind is.
    pub liberties: Vec<(Liberty, Span)>,
    /// Switches that take a person out of the loop, of entries and of the file.
    pub switches: Vec<Switch>,
    /// What the file is, where its client runs it as a program to read it, with its first command.
    pub program: Option<Spanned>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The file as a whole could not be read, so the entries say nothing.
    pub broken: bool,
}

/// Something in a config that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, and what was expected.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// Reads a config. Never fails: what could be read is there, with what could not.
pub fn read(file: ConfigFile, id: SourceId, source: &Source, clients: &Clients) -> Config {
    let mut config = Config {
        file,
        source: id,
        servers: Vec::new(),
        beside: Vec::new(),
        duplicates: Vec::new(),
        liberties: Vec::new(),
        switches: Vec::new(),
        program: None,
        problems: Vec::new(),
        broken: false,
    };
    if source.encoding == Encoding::Lossy {
        let message = "some bytes are no text, neither UTF-8 nor UTF-16; they were replaced".to_owned();
        config.problems.push(Problem { message, span: Span::new(0, 0) });
    }
    if config.file.runs.is_some() {
        let command = |span| Spanned { text: source.slice(span).to_owned(), span };
        config.program = first_command(&source.text).map(command);
        let message = "a command of which only running it would tell what it adds; it is not run".to_owned();
        config.problems.extend(first_unknown(&source.text).map(|span| Problem { message, span }));
    }
    let format = Format::of(&source.name, &source.text);
    if format == Format::Yaml
        && let Some(span) = second_document(&source.text)
    {
        let message = "a second document, which clients do not read; nor is it read here".to_owned();
        config.problems.push(Problem { message, span });
    }
    let mut problems = Vec::new();
    let parsed = parse(source, &config.file, clients, &mut problems);
    config.problems.append(&mut problems);
    let parsed = parsed.or_else(|error: SyntaxError| -> Result<Node, SyntaxError> {
        let root = if format == Format::Json { parse_inside(&source.text) } else { None };
        let root = root.ok_or(error)?;
        let message = "the braces around it are missing, so that clients will not read it".to_owned();
        config.problems.push(Problem { message, span: Span::new(0, 0) });
        Ok(root)
    });
    match parsed {
        Ok(mut root) => {
            shape::unfold(&mut root, &source.text, clients);
            if !root.is_object() && !matches!(root.kind, Kind::Array(_)) {
                let message = format!("the file is {}, expected a map", root.type_name());
                config.problems.push(Problem { message, span: root.span });
            }
            let places = shape::places(&root, clients, &config.file, &mut config.problems);
            let words = clients.entry_words();
            let duplicates = duplicates::duplicates(&root, &places, words);
            let mut indices = vec![None; places.len()];
            for (at, place) in places.iter().enumerate() {
                let twice = duplicates.entries.contains(&at);
                match entry::read(place, &config.file, id, words, twice) {
                    Ok(read) => {
                        indices[at] = Some(config.servers.len());
                        config.switches.extend(switch::of_entry(&place.node, config.servers.len(), clients));
                        config.problems.extend(read.problems);
                        config.servers.push(read.entry);
                        config.beside.extend(read.shadowed);
                    }
                    Err(problem) => config.problems.push(problem),
                }
            }
            if duplicates.more > 0 {
                let message = format!("{} more keys that stand twice are not told one by one", duplicates.more);
                config.problems.push(Problem { message, span: Span::new(0, 0) });
            }
            config.duplicates = duplicates
                .list
                .into_iter()
                .map(|duplicate| Duplicate { entry: duplicate.entry.and_then(|at| indices[at]), ..duplicate })
                .collect();
            config.switches.extend(switch::of_file(&root, clients));
            config.beside.extend(entry::beside(&root, &config.file, id, clients.values()));
            config.liberties = liberties(&config.file, source, clients);
        }
        Err(error) => {
            config.broken = true;
            config.problems.push(Problem { message: error.message, span: error.span });
        }
    }
    config
}

/// What some client that reads the file refuses in it. A large file is none that somebody wrote by hand.
fn liberties(file: &ConfigFile, source: &Source, clients: &Clients) -> Vec<(Liberty, Span)> {
    let readers = file.readers.iter().filter_map(|reader| clients.get(&reader.client));
    let refused: HashSet<Liberty> = readers.flat_map(|client| client.refuses.iter().copied()).collect();
    let mut found = Vec::new();
    if source.encoding == Encoding::Utf8Bom {
        found.push((Liberty::ByteOrderMark, Span::new(0, 0)));
    }
    if source.encoding == Encoding::Utf16 {
        found.push((Liberty::Utf16, Span::new(0, 0)));
    }
    let json = Format::of(&source.name, &source.text) == Format::Json;
    if json && refused.contains(&Liberty::Jsonc) && source.text.len() < LARGE {
        found.extend(beyond_json(&source.text).map(|span| (Liberty::Jsonc, span)));
    }
    found.retain(|(liberty, _)| refused.contains(liberty));
    found
}

/// The whole tree of a file, or of a large one what matters in it. Where a client takes the file itself for a map of
/// servers, what is left out is told.
fn parse(
    source: &Source,
    file: &ConfigFile,
    clients: &Clients,
    problems: &mut Vec<Problem>,
) -> Result<Node, SyntaxError> {
    let format = Format::of(&source.name, &source.text);
    if format == Format::Json
        && source.text.len() >= LARGE
        && let Some(large) = parse_large(&source.text, clients.sieve())
    {
        let Large { root, dropped } = large?;
        if dropped > 0 && !file.large {
            let message = format!("{dropped} values at the root are too large to be looked at");
            problems.push(Problem { message, span: Span::new(0, 0) });
        }
        return Ok(root);
    }
    format.parse(&source.text)
}
#[cfg(test)]
mod tests;

//! What a config says, and exactly where: bytes of a file become server entries. Nothing is expanded or executed.

mod entry;
mod shape;
mod switch;
mod value;

pub use entry::{Field, ServerEntry, Spanned};
pub use switch::{Approved, Run, Switch};
pub use value::{Part, expand, is_reference, literals, parts};

use crate::discover::{Clients, ConfigFile};
use crate::document::{Encoding, Format, Kind, Source, SourceId, Span, first_command, first_unknown};

/// One config that was read.
#[derive(Debug)]
pub struct Config {
    /// The file.
    pub file: ConfigFile,
    /// Its text.
    pub source: SourceId,
    /// Every entry of every place that a client would read.
    pub servers: Vec<ServerEntry>,
    /// The other reading of entries that say something twice: what a client that takes the first would start.
    pub shadowed: Vec<ServerEntry>,
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
        shadowed: Vec::new(),
        switches: Vec::new(),
        program: None,
        problems: Vec::new(),
        broken: false,
    };
    if source.encoding == Encoding::Lossy {
        let message = "not valid UTF-8; undecodable bytes were replaced".to_owned();
        config.problems.push(Problem { message, span: Span::new(0, 0) });
    }
    if config.file.runs.is_some() {
        let command = |span| Spanned { text: source.slice(span).to_owned(), span };
        config.program = first_command(&source.text).map(command);
        let message = "a command of which only running it would tell what it adds; it is not run".to_owned();
        config.problems.extend(first_unknown(&source.text).map(|span| Problem { message, span }));
    }
    match Format::of(&source.name, &source.text).parse(&source.text) {
        Ok(mut root) => {
            shape::unfold(&mut root, &source.text, clients);
            if !root.is_object() && !matches!(root.kind, Kind::Array(_)) {
                let message = format!("the file is {}, expected a map", root.type_name());
                config.problems.push(Problem { message, span: root.span });
            }
            let owner = shape::Owner { keys: &config.file.keys, elsewhere: config.file.elsewhere };
            for place in shape::places(&root, clients, &owner, &mut config.problems) {
                match entry::read(&place, &config.file, id, clients.entry_words()) {
                    Ok(read) => {
                        config.switches.extend(switch::of_entry(&place.node, config.servers.len(), clients));
                        config.problems.extend(read.problems);
                        config.servers.push(read.entry);
                        config.shadowed.extend(read.shadowed);
                    }
                    Err(problem) => config.problems.push(problem),
                }
            }
            config.switches.extend(switch::of_file(&root, clients));
        }
        Err(error) => {
            config.broken = true;
            config.problems.push(Problem { message: error.message, span: error.span });
        }
    }
    config
}

#[cfg(test)]
mod tests;

//! What a server entry comes to: the packages, images, addresses and scripts behind shells, wrappers and runners.
//!
//! Pure: no file is looked at, nothing is started. Each part keeps its place in the config.

mod container;
mod grammar;
mod mount;
mod package;
mod remote;
mod runner;
mod shell;
mod unwrap;
mod wrapper;

pub use container::{ContainerOption, Image};
pub use grammar::{Grammar, GrammarError};
pub use mount::Bind;
pub use package::{Ecosystem, Package, Pin, npm_alias};
pub use remote::{Remote, Via, is_loopback};
pub use shell::{Script, ScriptKind};

use remote::is_own_address;

use std::borrow::Cow;

use crate::config::{ServerEntry, Spanned, with_defaults};
use crate::document::Span;

/// What runs, as far as the config tells.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// Programs from the outside in, the last one being what runs in the end; names without folder and extension.
    pub programs: Vec<String>,
    /// The words of every command on the way, from the outside in.
    pub commands: Vec<Vec<Spanned>>,
    /// Packages that are fetched.
    pub packages: Vec<Package>,
    /// Images that are run.
    pub images: Vec<Image>,
    /// Addresses that are connected to.
    pub remotes: Vec<Remote>,
    /// Command lines that a shell reads, and code given as an argument.
    pub scripts: Vec<Script>,
    /// What runners are told beyond that, each with the runner's name: where packages come from, what they may do.
    pub options: Vec<(String, ContainerOption)>,
    /// Files of Python that a runner reads their dependencies from.
    pub files: Vec<LocalScript>,
    /// What can't be seen from here.
    pub hidden: Vec<Hidden>,
    /// The program that fills in secrets when it starts the rest.
    pub vault: Option<String>,
    /// Programs that every user of this machine can change, each with what of it is open; filled in by who has looked.
    pub open_to_all: Vec<(Spanned, String)>,
}

/// A file on this machine that a runner is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalScript {
    /// The runner.
    pub runner: String,
    /// The file as written.
    pub path: Spanned,
    /// The folder that it is relative to, where one is named.
    pub folder: Option<Spanned>,
    /// The requirements that it says it has, filled in by who has looked at it.
    pub needs: Vec<String>,
    /// Whether something beside them fixes their versions.
    pub fixed: bool,
}

impl LocalScript {
    /// What is fetched for the script. Each stands where the script is named.
    pub fn packages(&self) -> Vec<Package> {
        let spec = |need: &String| Spanned { text: need.clone(), span: self.path.span };
        self.needs.iter().filter_map(|need| package::parse(package::Specs::PyPi, &self.runner, &spec(need))).collect()
    }
}

/// A part of a command behind which something runs that another file or program decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The program that knows.
    pub program: String,
    /// Where it is said, for a reader.
    pub place: String,
    /// Where it stands.
    pub span: Span,
}

impl Launch {
    /// Whether a program is started on this machine.
    pub fn is_local(&self) -> bool {
        !self.programs.is_empty()
    }
}

/// Wrappers inside wrappers beyond this depth are not real.
const DEEPEST: usize = 8;

/// Resolves an entry.
pub fn resolve(entry: &ServerEntry, grammar: &Grammar) -> Launch {
    let mut launch = Launch::default();
    let filled = filled(entry);
    let entry = filled.as_ref();
    launch.remotes.extend(entry.urls.iter().filter_map(|url| remote::parse(url, Via::Client)));
    if let Some(command) = &entry.command {
        match shape_of(command, grammar) {
            Shape::Program | Shape::Line => {
                unwrap::command(&command_line(entry, grammar), grammar, &mut launch, DEEPEST)
            }
            Shape::Script => unwrap::script(command, shell::Dialect::Plain, grammar, &mut launch, DEEPEST),
        }
    }
    launch
}

/// The entry with the defaults of its references in place: that is what runs where nothing else is set.
fn filled(entry: &ServerEntry) -> Cow<'_, ServerEntry> {
    let has = |word: &Spanned| word.text.contains(['$', '{', '%']) && with_defaults(&word.text).is_some();
    if !entry.command.iter().chain(&entry.args).chain(&entry.urls).any(has) {
        return Cow::Borrowed(entry);
    }
    let fill = |word: &mut Spanned| {
        if let Some(text) = with_defaults(&word.text) {
            word.text = text;
        }
    };
    let mut entry = entry.clone();
    entry.command.iter_mut().chain(&mut entry.args).chain(&mut entry.urls).for_each(fill);
    Cow::Owned(entry)
}

/// The program and its arguments as the client hands them to the system; nothing for a remote.
pub fn command_line(entry: &ServerEntry, grammar: &Grammar) -> Vec<Spanned> {
    entry.command.as_ref().map_or_else(Vec::new, |command| command_words(command, &entry.args, grammar))
}

/// What stands in the field that names the program.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// A program, which can have blanks in its path.
    Program,
    /// A program and its arguments.
    Line,
    /// Several commands, or one behind variables.
    Script,
}

fn shape_of(command: &Spanned, grammar: &Grammar) -> Shape {
    let text = command.text.trim();
    if !text.contains(char::is_whitespace) {
        return Shape::Program;
    }
    let Some(first) = shell::words(text).into_iter().next() else { return Shape::Program };
    let known = grammar.knows(&program_name(&first.text));
    let path = first.text.contains(['/', '\\', ':']) || text.contains('\\');
    if path && !known {
        Shape::Program
    } else if shell::commands(command, shell::Dialect::Plain).len() > 1 || unwrap::is_assignment(&first.text) {
        Shape::Script
    } else {
        Shape::Line
    }
}

fn command_words(command: &Spanned, args: &[Spanned], grammar: &Grammar) -> Vec<Spanned> {
    let line = shape_of(command, grammar) != Shape::Program;
    let mut words = if line { unwrap::split(command) } else { vec![command.clone()] };
    words.extend(args.iter().cloned());
    words
}

/// The name of a program without its folder and Windows' extensions: `C:\x\npx.cmd` is `npx`.
pub fn program_name(program: &str) -> String {
    let name = program.trim().rsplit(['/', '\\']).next().unwrap_or(program);
    let lower = name.to_ascii_lowercase();
    // Variables that systems set to a shell.
    match lower.as_str() {
        "%comspec%" => return "cmd".to_owned(),
        "$shell" | "${shell}" | "${env:shell}" => return "sh".to_owned(),
        _ => {}
    }
    for extension in [".exe", ".cmd", ".bat", ".ps1"] {
        if let Some(stem) = lower.strip_suffix(extension) {
            return stem.to_owned();
        }
    }
    // Systems that fold case start `NPX` too.
    if lower.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && name.chars().all(|c| !c.is_ascii_lowercase()) {
        lower
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests;

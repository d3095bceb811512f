//! The tables `rules/runners.toml` and `rules/wrappers.toml`.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use serde::Deserialize;

use super::package::Specs;
use super::shell::Dialect;
use crate::rules;

/// How a runner's arguments name packages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Runner {
    pub(super) programs: Vec<String>,
    #[serde(default)]
    subcommands: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    pub(super) specs: Specs,
    #[serde(default)]
    pub(super) offline: Vec<String>,
    #[serde(default)]
    pub(super) interpreters: Vec<String>,
    #[serde(default)]
    pub(super) values: Vec<String>,
    #[serde(default)]
    pub(super) flags: Vec<String>,
    #[serde(default)]
    pub(super) packages: Vec<String>,
    #[serde(default)]
    pub(super) with: Vec<String>,
    #[serde(default)]
    pub(super) sources: Vec<String>,
    #[serde(default)]
    pub(super) versions: Vec<String>,
    #[serde(default)]
    pub(super) revisions: Vec<String>,
    #[serde(default)]
    pub(super) shell: Vec<String>,
    #[serde(default)]
    pub(super) swallow: bool,
    #[serde(default)]
    pub(super) anywhere: bool,
    #[serde(default)]
    pub(super) positional: Positional,
    #[serde(default)]
    pub(super) remote_scripts: bool,
    #[serde(default)]
    pub(super) images: bool,
    #[serde(default)]
    pub(super) prefix: Option<String>,
    #[serde(default)]
    pub(super) hidden: Option<String>,
}

/// What the words that are no options name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Positional {
    /// The first one a package.
    #[default]
    Package,
    /// Each a package.
    Packages,
    /// Those before `--` packages, those behind it a command.
    Before,
    /// The first one a program of this machine.
    Local,
}

/// Where in a wrapper's arguments the next command stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wrapper {
    pub(super) programs: Vec<String>,
    pub(super) how: How,
    #[serde(default)]
    subcommands: Vec<String>,
    #[serde(default)]
    pub(super) options: Vec<String>,
    #[serde(default)]
    pub(super) values: Vec<String>,
    #[serde(default)]
    pub(super) lines: Vec<String>,
    #[serde(default)]
    pub(super) encoded: Vec<String>,
    #[serde(default)]
    pub(super) clusters: bool,
    #[serde(default)]
    pub(super) abbreviates: bool,
    #[serde(default)]
    pub(super) skip: usize,
    #[serde(default)]
    pub(super) instead: Vec<String>,
    #[serde(default)]
    pub(super) slashes: bool,
    #[serde(default)]
    pub(super) joins: bool,
    #[serde(default)]
    pub(super) files: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) dialect: Dialect,
    #[serde(default)]
    pub(super) vault: bool,
}

/// A program that passes on to another server: to an address in its arguments, or a command of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Bridge {
    /// Its names where it is installed.
    #[serde(default)]
    pub(super) programs: Vec<String>,
    /// Its packages where a runner starts it.
    #[serde(default)]
    pub(super) packages: Vec<String>,
    /// Its images where a container runtime starts it.
    #[serde(default)]
    pub(super) images: Vec<String>,
    #[serde(default)]
    pub(super) lines: Vec<String>,
    #[serde(default)]
    pub(super) named_lines: Vec<String>,
    #[serde(default)]
    pub(super) after: Vec<String>,
    #[serde(default)]
    pub(super) rest: bool,
    #[serde(default)]
    pub(super) elsewhere: Vec<String>,
    #[serde(default)]
    pub(super) hidden: Option<String>,
}

/// A program that runs what another file or program says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opaque {
    pub(super) programs: Vec<String>,
    #[serde(default)]
    subcommands: Vec<String>,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    pub(super) hidden: String,
}

/// The kinds of wrappers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum How {
    /// A word is a command line.
    Shell,
    /// The rest is a command.
    Rest,
    /// The rest is a command, behind variables.
    Env,
    /// What follows a mark is a command.
    After,
    /// What follows a switch of Windows' shell is a command.
    Cmd,
    /// What follows `-m` is a module, which can be a runner.
    Module,
    /// The first word is a file, which can be a runner's.
    File,
}

/// How a container runtime's arguments name the image.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ContainerRunner {
    pub(super) programs: Vec<String>,
    pub(super) subcommands: Vec<String>,
    pub(super) global_values: Vec<String>,
    pub(super) flags: Vec<String>,
    /// Other spellings of an option, each with its long name.
    pub(super) names: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runners {
    #[serde(rename = "runner")]
    runners: Vec<Runner>,
    container: ContainerRunner,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrappers {
    #[serde(rename = "wrapper")]
    wrappers: Vec<Wrapper>,
    #[serde(rename = "bridge")]
    bridges: Vec<Bridge>,
    #[serde(rename = "opaque")]
    opaques: Vec<Opaque>,
}

/// A table can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {error}")]
pub struct GrammarError {
    file: &'static str,
    error: rules::TableError,
}

/// How programs that start programs read their arguments.
#[derive(Clone, Debug)]
pub struct Grammar {
    pub(super) runners: Vec<Runner>,
    pub(super) wrappers: Vec<Wrapper>,
    pub(super) bridges: Vec<Bridge>,
    opaques: Vec<Opaque>,
    pub(super) container: ContainerRunner,
    /// What each name is in each of the tables: nearly every program is in none.
    index: HashMap<String, Kinds>,
}

/// Places in the tables.
#[derive(Clone, Debug, Default)]
struct Kinds {
    runners: Vec<usize>,
    wrappers: Vec<usize>,
    bridges: Vec<usize>,
    opaques: Vec<usize>,
    container: bool,
}

impl Grammar {
    /// Reads the two tables.
    ///
    /// # Errors
    /// A mistake in one of them; a test of this repository rules that out for the built-in ones.
    pub fn parse(runners: &str, wrappers: &str) -> Result<Self, GrammarError> {
        let wrong = |file| move |error| GrammarError { file, error };
        let Runners { runners, container } = rules::table(runners).map_err(wrong("rules/runners.toml"))?;
        let Wrappers { wrappers, bridges, opaques } = rules::table(wrappers).map_err(wrong("rules/wrappers.toml"))?;
        let mut index: HashMap<String, Kinds> = HashMap::new();
        let mut add = |names: &[String], add: &dyn Fn(&mut Kinds)| {
            names.iter().for_each(|name| add(index.entry(name.clone()).or_default()));
        };
        for (at, runner) in runners.iter().enumerate() {
            add(&runner.programs, &|kinds| kinds.runners.push(at));
        }
        for (at, wrapper) in wrappers.iter().enumerate() {
            add(&wrapper.programs, &|kinds| kinds.wrappers.push(at));
        }
        for (at, bridge) in bridges.iter().enumerate() {
            add(&bridge.programs, &|kinds| kinds.bridges.push(at));
        }
        for (at, opaque) in opaques.iter().enumerate() {
            add(&opaque.programs, &|kinds| kinds.opaques.push(at));
        }
        add(&container.programs, &|kinds| kinds.container = true);
        Ok(Self { runners, wrappers, bridges, opaques, container, index })
    }

    /// What a program is, by its name; `python3.12` is `python`, and `pip3` is `pip`.
    fn kinds(&self, program: &str) -> Option<&Kinds> {
        self.index.get(program).or_else(|| {
            let stem = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            if stem.len() < program.len() { self.index.get(stem) } else { None }
        })
    }

    /// Whether a program of that name is in any of the tables.
    pub(super) fn lists(&self, program: &str) -> bool {
        self.kinds(program).is_some()
    }

    /// Whether a program of that name starts others.
    pub(super) fn knows(&self, program: &str) -> bool {
        let starts = |kinds: &Kinds| kinds.container || !kinds.runners.is_empty() || !kinds.wrappers.is_empty();
        self.kinds(program).is_some_and(starts)
    }

    /// Whether a program of that name is a container runtime.
    pub(super) fn runs_containers(&self, program: &str) -> bool {
        self.kinds(program).is_some_and(|kinds| kinds.container)
    }

    /// The bridges of that name.
    pub(super) fn bridges_of(&self, program: &str) -> Vec<&Bridge> {
        self.kinds(program).map_or_else(Vec::new, |kinds| kinds.bridges.iter().map(|at| &self.bridges[*at]).collect())
    }

    /// The wrapper that a program with these arguments is, and where the rest of them begins.
    pub(super) fn wrapper(&self, program: &str, args: &[&str]) -> Option<(&Wrapper, usize)> {
        self.kinds(program)?.wrappers.iter().map(|at| &self.wrappers[*at]).find_map(|wrapper| {
            let takes = |option: &str| wrapper.values.iter().any(|value| value == option);
            let (_, behind) = subcommand(&wrapper.subcommands, args, takes)?;
            Some((wrapper, behind))
        })
    }

    /// The runner that a program with these arguments is: the options before its subcommand, and where the rest begins.
    pub(super) fn runner(&self, program: &str, args: &[&str]) -> Option<(&Runner, Range<usize>, usize)> {
        self.kinds(program)?.runners.iter().map(|at| &self.runners[*at]).find_map(|runner| {
            let takes = |option: &str| runner.values.iter().chain(&runner.packages).any(|known| known == option);
            let (before, behind) = subcommand(&runner.subcommands, args, takes)?;
            let other = !runner.unless.is_empty() && subcommand(&runner.unless, args, takes).is_some();
            (!other).then_some((runner, 0..before, behind))
        })
    }

    /// Where what a program with these arguments runs is said, if not here, and where the rest of them begins.
    pub(super) fn opaque(&self, program: &str, args: &[&str]) -> Option<(&Opaque, usize)> {
        self.kinds(program)?.opaques.iter().map(|at| &self.opaques[*at]).find_map(|opaque| {
            let takes = |option: &str| opaque.values.iter().any(|value| value == option);
            let (_, behind) = subcommand(&opaque.subcommands, args, takes)?;
            let word = args.get(behind..)?.iter().find(|arg| !arg.starts_with('-'));
            let file = word.is_some_and(|word| opaque.unless.iter().any(|end| word.ends_with(end.as_str())));
            (!file).then_some((opaque, behind))
        })
    }
}

/// Where a subcommand of a list begins and ends among arguments that may have options before it. A list without any is
/// met at once.
fn subcommand(known: &[String], args: &[&str], takes: impl Fn(&str) -> bool) -> Option<(usize, usize)> {
    if known.is_empty() {
        return Some((0, 0));
    }
    let mut at = 0;
    while let Some(arg) = args.get(at).filter(|arg| arg.starts_with('-')) {
        at += if takes(arg) { 2 } else { 1 };
    }
    let rest = args.get(at..)?;
    let length = |words: &String| {
        let words: Vec<&str> = words.split(' ').collect();
        rest.starts_with(&words).then_some(words.len())
    };
    // The longest: `tool run` before `tool`.
    known.iter().filter_map(length).max().map(|length| (at, at + length))
}

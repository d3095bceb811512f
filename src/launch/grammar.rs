//! The tables `rules/runners.toml` and `rules/wrappers.toml`.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;

use super::Ecosystem;

/// How a runner's arguments name packages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Runner {
    pub(super) programs: Vec<String>,
    #[serde(default)]
    pub(super) subcommand: Vec<String>,
    pub(super) ecosystem: Ecosystem,
    #[serde(default)]
    pub(super) values: Vec<String>,
    #[serde(default)]
    pub(super) flags: Vec<String>,
    #[serde(default)]
    pub(super) packages: Vec<String>,
    #[serde(default)]
    pub(super) with: Vec<String>,
    #[serde(default)]
    pub(super) shell: Vec<String>,
    #[serde(default)]
    pub(super) swallow: bool,
    #[serde(default)]
    pub(super) anywhere: bool,
    #[serde(default)]
    pub(super) positional: Positional,
    #[serde(default)]
    pub(super) joined: bool,
}

/// What the first word that is no option names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Positional {
    /// A package.
    #[default]
    Package,
    /// A program of this machine.
    Local,
}

/// Where in a wrapper's arguments the next command stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wrapper {
    pub(super) programs: Vec<String>,
    pub(super) how: How,
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
    pub(super) skip: usize,
    #[serde(default)]
    pub(super) subcommand: Vec<String>,
}

/// A program that passes on to another server: to an address in its arguments, or a command of its own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bridge {
    /// Its names where it is installed.
    #[serde(default)]
    pub(super) programs: Vec<String>,
    /// Its packages where a runner starts it.
    pub(super) packages: Vec<String>,
    #[serde(default)]
    pub(super) lines: Vec<String>,
    #[serde(default)]
    pub(super) rest: bool,
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
}

/// A table can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {error}")]
pub struct GrammarError {
    file: &'static str,
    error: Box<toml::de::Error>,
}

/// How programs that start programs read their arguments.
#[derive(Clone, Debug)]
pub struct Grammar {
    pub(super) runners: Vec<Runner>,
    pub(super) wrappers: Vec<Wrapper>,
    pub(super) bridges: Vec<Bridge>,
    pub(super) container: ContainerRunner,
}

impl Grammar {
    /// Reads the two tables.
    ///
    /// # Errors
    /// A mistake in one of them; a test of this repository rules that out for the built-in ones.
    pub fn parse(runners: &str, wrappers: &str) -> Result<Self, GrammarError> {
        let wrong = |file| move |error| GrammarError { file, error: Box::new(error) };
        let Runners { runners, container } = toml::from_str(runners).map_err(wrong("rules/runners.toml"))?;
        let Wrappers { wrappers, bridges } = toml::from_str(wrappers).map_err(wrong("rules/wrappers.toml"))?;
        Ok(Self { runners, wrappers, bridges, container })
    }

    /// Whether a program of that name is in one of the tables.
    pub(super) fn knows(&self, program: &str) -> bool {
        let named = |programs: &[String]| programs.iter().any(|name| name == program);
        self.runners.iter().any(|runner| named(&runner.programs))
            || self.wrappers.iter().any(|wrapper| named(&wrapper.programs))
            || named(&self.container.programs)
    }

    /// The wrapper that a program with these arguments is.
    pub(super) fn wrapper(&self, program: &str, args: &[&str]) -> Option<&Wrapper> {
        self.wrappers.iter().find(|wrapper| {
            wrapper.programs.iter().any(|name| name == program)
                && wrapper.subcommand.iter().zip(args).filter(|(word, arg)| word == arg).count()
                    == wrapper.subcommand.len()
        })
    }

    /// The runner that a program with these arguments is: the options before its subcommand, and where the rest begins.
    pub(super) fn runner(&self, program: &str, args: &[&str]) -> Option<(&Runner, Range<usize>, usize)> {
        self.runners.iter().filter(|runner| runner.programs.iter().any(|name| name == program)).find_map(|runner| {
            let mut at = 0;
            let takes = |option: &str| runner.values.iter().chain(&runner.packages).any(|known| known == option);
            while !runner.subcommand.is_empty() && args.get(at).is_some_and(|arg| arg.starts_with('-')) {
                at += if takes(args[at]) { 2 } else { 1 };
            }
            let before = 0..at.min(args.len());
            for word in &runner.subcommand {
                if args.get(at) != Some(&word.as_str()) {
                    return None;
                }
                at += 1;
            }
            Some((runner, before, at))
        })
    }
}

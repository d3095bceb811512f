//! `.mcpscan.toml`: what a user or a project has decided about what counts.
//!
//! Reads text and gives values; finding the files and reading them from disk is the command line's. A project's file came
//! with the project, so what it hides is told in every report, and of what is asked, started or trusted it decides nothing.

mod allow;
mod date;
mod ignore;
mod pattern;
mod read;

pub use allow::{Allowed, Thing};
pub use date::Date;
pub use ignore::{About, Ignore};
pub use pattern::Pattern;

use std::path::PathBuf;

use crate::document::Position;
use crate::finding::{Confidence, Severity};
use crate::rules::{LoadError, Packs};
use crate::text::{nearest, visible};

/// A value of a settings file and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Position,
}

/// Whose a settings file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Named on this run by `--config`.
    Named,
    /// Found in the project.
    Project,
    /// The user's own.
    User,
}

/// Defaults of the options of a scan.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// `--fail-on`; inside, `None` is never.
    pub fail_on: Option<Option<Severity>>,
    /// `--min-confidence`.
    pub min_confidence: Option<Confidence>,
    /// `--select`.
    pub select: Vec<Located<String>>,
    /// `--ignore`.
    pub ignore: Vec<Located<String>>,
    /// `--format`; which there are the command line knows.
    pub format: Option<Located<String>>,
    /// `--pedantic`.
    pub pedantic: Option<bool>,
    /// `--require-complete`.
    pub require_complete: Option<bool>,
    /// `--launch`; never from a project's file.
    pub launch: Option<Located<String>>,
}

/// One settings file.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path as the user knows it.
    pub shown: String,
    /// Whose it is.
    pub origin: Origin,
    /// The folder that its paths are relative to.
    pub folder: PathBuf,
    /// `[scan]`.
    pub defaults: Defaults,
    /// `[[ignore]]`.
    pub ignores: Vec<Ignore>,
    /// `[[allow]]`, if there is one.
    pub allowed: Option<Allowed>,
    /// `[severity]`: a rule and what it weighs here.
    pub severities: Vec<(Located<String>, Severity)>,
    /// `rules`: packs, relative to the folder.
    pub rules: Vec<Located<String>>,
    /// `baseline`, relative to the folder.
    pub baseline: Option<Located<String>>,
    /// What a project's file says and may not decide.
    pub refused: Vec<Located<String>>,
}

/// All settings files of a run, the weightiest first.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The files.
    pub files: Vec<File>,
}

impl File {
    /// Reads a settings file. Errors name it as `shown`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(shown: &str, text: &str, origin: Origin, folder: PathBuf) -> Result<Self, Vec<LoadError>> {
        read::file(shown, text, origin, folder)
    }

    /// Whether the file came with what is scanned, so that it must not decide what is safe.
    pub fn is_foreign(&self) -> bool {
        self.origin == Origin::Project
    }

    fn error(&self, at: Position, message: String) -> LoadError {
        LoadError { file: self.shown.clone(), line: at.line, column: at.column, message: visible(&message) }
    }

    /// A mistake at a place of this file, for whoever knows more than its reader.
    pub fn wrong<T>(&self, value: &Located<T>, message: String) -> LoadError {
        self.error(value.at, message)
    }

    /// Rules and packs that it names and nobody has.
    fn unknown(&self, packs: &Packs) -> Vec<LoadError> {
        let words = self.defaults.select.iter().chain(&self.defaults.ignore);
        let words = words.chain(self.ignores.iter().flat_map(|ignore| &ignore.rules));
        let mut errors: Vec<LoadError> = words
            .filter(|word| !packs.knows(&word.value))
            .map(|word| {
                let near = hint(packs.nearest(&word.value));
                self.wrong(word, format!("`{}` is neither a rule nor a pack{near}", word.value))
            })
            .collect();
        for (word, _) in self.severities.iter().filter(|(word, _)| packs.rule(&word.value).is_none()) {
            let near = hint(nearest(&word.value, packs.rules().map(|rule| rule.id.as_str())));
            errors.push(self.wrong(word, format!("`{}` is no rule{near}", word.value)));
        }
        errors
    }
}

fn hint(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

impl Settings {
    /// Checks what only the loaded packs can tell.
    ///
    /// # Errors
    /// Every name in any of the files that no pack has.
    pub fn check(&self, packs: &Packs) -> Result<(), Vec<LoadError>> {
        let errors: Vec<LoadError> = self.files.iter().flat_map(|file| file.unknown(packs)).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The weightiest file's word on something, with the file.
    pub fn first<'s, T>(&'s self, pick: impl Fn(&'s Defaults) -> Option<T>) -> Option<(&'s File, T)> {
        self.files.iter().find_map(|file| Some((file, pick(&file.defaults)?)))
    }

    /// Every list of allowed servers. A server has to be in each: a project's file can't widen what the user's allows.
    pub fn allowed(&self) -> impl Iterator<Item = &Allowed> {
        self.files.iter().filter_map(|file| file.allowed.as_ref())
    }
}

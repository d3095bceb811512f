//! What decides about findings: the command line's choice, settings files, a baseline.

use std::path::PathBuf;

use super::{Baseline, Selection};
use crate::document::SourceId;
use crate::finding::{Confidence, Finding};
use crate::settings::{Date, File, Settings};

/// Everything that decides about findings.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The command line's choice. What it leaves out is told nowhere: it was asked for on this very run.
    pub selection: Selection,
    /// Settings files.
    pub settings: Settings,
    /// What settings files leave out beyond that; it is suppressed, and told.
    pub narrowings: Vec<Narrowing>,
    /// What else each settings file changes on this run, a clause each, in the order of the files.
    pub effects: Vec<Vec<String>>,
    /// Accepted findings.
    pub baseline: Option<Baseline>,
    /// The day on which ignores may have ended.
    pub today: Date,
    /// Whether this run looks at all that the project's settings speak of.
    pub whole: bool,
}

impl Policy {
    /// No settings and no baseline.
    pub fn only(selection: Selection) -> Self {
        Self {
            selection,
            settings: Settings::default(),
            narrowings: Vec::new(),
            effects: Vec::new(),
            baseline: None,
            today: Date::of(std::time::SystemTime::now()),
            whole: false,
        }
    }
}

/// A default of an option that leaves findings out.
#[derive(Clone, Debug)]
pub struct Narrowing {
    /// The settings file that says so.
    pub file: String,
    /// The folder of a file that came with what is scanned: it says nothing about anything outside of it.
    pub project: Option<PathBuf>,
    /// What it says.
    pub keeps: Keeps,
}

/// Which findings are kept.
#[derive(Clone, Debug)]
pub enum Keeps {
    /// Those of these rules and packs.
    Only(Vec<String>),
    /// Those of others.
    Not(Vec<String>),
    /// Those that are as sure as this.
    Sure(Confidence),
}

impl Narrowing {
    /// What a file says of the options that the command line does not decide.
    pub fn of(file: &File, select: bool, ignore: bool, confidence: bool) -> Vec<Self> {
        let words = |words: &[crate::settings::Located<String>]| words.iter().map(|word| word.value.clone()).collect();
        let defaults = &file.defaults;
        let only = (select && !defaults.select.is_empty()).then(|| Keeps::Only(words(&defaults.select)));
        let not = (ignore && !defaults.ignore.is_empty()).then(|| Keeps::Not(words(&defaults.ignore)));
        let sure = defaults.min_confidence.filter(|_| confidence).map(Keeps::Sure);
        let project = file.is_foreign().then(|| file.folder.clone());
        let of = |keeps| Self { file: file.shown.clone(), project: project.clone(), keeps };
        [only, not, sure].into_iter().flatten().map(of).collect()
    }

    pub(super) fn keeps(&self, finding: &Finding) -> bool {
        let named =
            |words: &[String]| words.iter().any(|word| word == finding.rule.as_str() || word == finding.rule.pack());
        match &self.keeps {
            Keeps::Only(words) => named(words),
            Keeps::Not(words) => !named(words),
            Keeps::Sure(least) => finding.confidence >= *least,
        }
    }

    /// The setting, as its file writes it.
    pub fn shown(&self) -> String {
        let list = |words: &[String]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        match &self.keeps {
            Keeps::Only(words) => format!("select = [{}]", list(words)),
            Keeps::Not(words) => format!("ignore = [{}]", list(words)),
            Keeps::Sure(least) => format!("min-confidence = \"{}\"", least.as_str()),
        }
    }
}

/// A file as triage knows it.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The file.
    pub source: SourceId,
    /// Where it is; nothing for what is no file.
    pub path: Option<PathBuf>,
    /// Its path without what differs between machines.
    pub portable: String,
    /// Whether all of it was read.
    pub whole: bool,
    /// Whether every server in it told everything.
    pub asked: bool,
}

impl Looked {
    /// Whether it lies in a folder. What is no file was named on this run.
    pub(super) fn is_inside(&self, folder: &std::path::Path) -> bool {
        self.path.as_ref().is_none_or(|path| path.starts_with(folder))
    }

    /// Every way in which settings may write its path: relative to their own folder, to the repository or the home, and
    /// whole.
    pub(super) fn paths(&self, file: &File) -> Vec<String> {
        let slashes = |path: &std::path::Path| path.to_string_lossy().replace('\\', "/");
        let mut paths = vec![self.portable.clone()];
        if let Some(path) = &self.path {
            paths.extend(path.strip_prefix(&file.folder).ok().map(slashes));
            paths.push(slashes(path));
        }
        paths
    }
}

//! The exit codes, the whole policy in one place.

use std::process::ExitCode;

use crate::finding::Severity;
use crate::triage::Outcome;

/// How a run ends. Scripts build on these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above the threshold.
    Clean = 0,
    /// Findings at or above the threshold.
    Findings = 1,
    /// Wrong usage, a named path that isn't there, a bad rule or setting of ours.
    Usage = 2,
    /// Something that should have been looked at was not.
    Incomplete = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// How a scan ends. A path that isn't there outweighs findings, since the user meant something else; findings
    /// outweigh gaps, since they are there whatever else is. `gap` tells of one that counts without being asked for: a
    /// named file that could not be read, an interruption.
    pub fn of(outcome: &Outcome, fail_on: Option<Severity>, require_complete: bool, gap: bool) -> Self {
        if outcome.coverage.configs.iter().any(|config| config.usage_error) {
            Self::Usage
        } else if fail_on.is_some_and(|threshold| outcome.fails(threshold)) {
            Self::Findings
        } else if gap || outcome.coverage.is_blind() || require_complete && outcome.coverage.is_incomplete() {
            Self::Incomplete
        } else {
            Self::Clean
        }
    }
}

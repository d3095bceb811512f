//! Why a finding does not count, and who said so.

use std::fmt;

/// Who suppressed a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SuppressedBy {
    /// A comment beside it, in the file itself.
    Comment,
    /// A settings file.
    Settings,
    /// A baseline.
    Baseline,
}

impl SuppressedBy {
    /// The kind that SARIF knows.
    pub fn sarif_kind(self) -> &'static str {
        match self {
            Self::Comment => "inSource",
            Self::Settings | Self::Baseline => "external",
        }
    }
}

/// Why a finding does not count. It is still told: whatever hides findings may have come with what is scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Who said so.
    pub by: SuppressedBy,
    /// The file in which it is said, as the user knows it.
    pub file: String,
    /// The line in it, from 1, where there is one.
    pub line: Option<usize>,
    /// Why, in the user's words; `None` where none were given.
    pub reason: Option<String>,
}

impl fmt::Display for Suppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by {
            SuppressedBy::Comment => write!(f, "ignored by a comment in {}", self.file)?,
            SuppressedBy::Settings => write!(f, "ignored by {}", self.file)?,
            SuppressedBy::Baseline => write!(f, "in the baseline {}", self.file)?,
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_who_and_why() {
        let comment = Suppression {
            by: SuppressedBy::Comment,
            file: ".mcp.json".into(),
            line: Some(3),
            reason: Some("ours".into()),
        };
        assert_eq!(comment.to_string(), "ignored by a comment in .mcp.json, line 3: ours");
        let baseline = Suppression { by: SuppressedBy::Baseline, file: "b.jsonl".into(), line: None, reason: None };
        assert_eq!(baseline.to_string(), "in the baseline b.jsonl");
        assert_eq!((comment.by.sarif_kind(), baseline.by.sarif_kind()), ("inSource", "external"));
    }
}

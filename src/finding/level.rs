//! Severity and confidence: ordered, kept apart.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// What happens if a finding is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, nothing to act on.
    Info,
    /// Hygiene.
    Low,
    /// A weakness that needs something else to be exploited.
    Medium,
    /// An attack, or an open door.
    High,
    /// An attack in progress.
    Critical,
}

/// How sure we are that a finding is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint.
    Low,
    /// Probably.
    Medium,
    /// Structural proof.
    High,
}

/// A word that is no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is none of {known}")]
pub struct UnknownLevel {
    given: String,
    known: String,
}

impl Severity {
    /// All, the worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// One step less, down to low: what is worth a finding stays one.
    pub fn lower(self) -> Self {
        match self {
            Self::Critical => Self::High,
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
            Self::Info => Self::Info,
        }
    }

    /// The number that code scanning sorts by, on the scale of CVSS: above 9 critical, above 7 high, above 4 medium.
    pub fn score(self) -> &'static str {
        match self {
            Self::Info => "1.0",
            Self::Low => "3.0",
            Self::Medium => "5.5",
            Self::High => "8.0",
            Self::Critical => "9.5",
        }
    }
}

impl Confidence {
    /// All, the surest first.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

macro_rules! words {
    ($level:ident) => {
        impl fmt::Display for $level {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $level {
            type Err = UnknownLevel;

            fn from_str(word: &str) -> Result<Self, UnknownLevel> {
                Self::ALL.into_iter().find(|level| level.as_str() == word).ok_or_else(|| UnknownLevel {
                    given: word.to_owned(),
                    known: Self::ALL.map(Self::as_str).join(", "),
                })
            }
        }
    };
}
words!(Severity);
words!(Confidence);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_and_read_back() {
        assert!(Severity::Critical > Severity::High && Severity::Low > Severity::Info);
        assert!(Confidence::High > Confidence::Medium);
        for level in Severity::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
        }
        assert!("urgent".parse::<Severity>().unwrap_err().to_string().contains("critical, high"));
    }

    #[test]
    fn scores_grow_with_severity() {
        let scores: Vec<f64> = Severity::ALL.iter().map(|s| s.score().parse().unwrap()).collect();
        assert!(scores.is_sorted_by(|a, b| a > b));
    }
}

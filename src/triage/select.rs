//! Which findings the user wants to see.

use crate::finding::{Confidence, Finding};
use crate::rules::Packs;

/// A word of `--select` or `--ignore` that names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is neither a rule nor a pack{}", .nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
pub struct UnknownRule {
    word: String,
    nearest: Option<String>,
}

impl UnknownRule {
    /// With the nearest name that there is.
    pub fn new(word: &str, packs: &Packs) -> Self {
        Self { word: word.to_owned(), nearest: packs.nearest(word).map(str::to_owned) }
    }
}

/// The user's choice.
#[derive(Clone, Debug)]
pub struct Selection {
    select: Vec<String>,
    ignore: Vec<String>,
    min_confidence: Confidence,
}

impl Selection {
    /// Rules or packs to keep (all, where none is named), those to drop, and the least confidence.
    ///
    /// # Errors
    /// A word that names neither a rule nor a pack: a typo would silently switch a check off.
    pub fn new(
        select: Vec<String>,
        ignore: Vec<String>,
        min_confidence: Confidence,
        packs: &Packs,
    ) -> Result<Self, UnknownRule> {
        if let Some(word) = select.iter().chain(&ignore).find(|word| !packs.knows(word)) {
            return Err(UnknownRule::new(word, packs));
        }
        Ok(Self { select, ignore, min_confidence })
    }

    /// Whether a finding is kept.
    pub fn keeps(&self, finding: &Finding) -> bool {
        let named =
            |words: &[String]| words.iter().any(|word| word == finding.rule.as_str() || word == finding.rule.pack());
        finding.confidence >= self.min_confidence
            && (self.select.is_empty() || named(&self.select))
            && !named(&self.ignore)
    }
}

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
            let known =
                packs.rules().map(|rule| rule.id.as_str()).chain(packs.packs().iter().map(|pack| pack.name.as_str()));
            let nearest = known
                .min_by_key(|known| strsim::osa_distance(known, word))
                .filter(|near| strsim::osa_distance(near, word) <= 4);
            return Err(UnknownRule { word: word.clone(), nearest: nearest.map(str::to_owned) });
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

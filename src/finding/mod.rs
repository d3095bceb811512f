//! The vocabulary of results: what a rule found, where, how bad, how sure.
//!
//! A leaf of the house: a [`Finding`] carries facts and places, never formatting.

mod fingerprint;
mod level;
mod place;
mod suppression;

pub(crate) use fingerprint::digest;
pub use fingerprint::{Fingerprint, assign as assign_fingerprints};
pub use level::{Confidence, Severity, UnknownLevel};
pub use place::{Excerpt, Place};
pub use suppression::{SuppressedBy, Suppression};

use std::fmt;
use std::sync::Arc;

/// The id of a rule, `pack/name`. Made only for rules of a loaded pack, so a finding can't name one that isn't there.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(Arc<str>);

impl RuleId {
    pub(crate) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pack before the slash.
    pub fn pack(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom a finding is about, by the names that the user knows. What isn't known or doesn't apply is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Id of the client that reads the config.
    pub client: Option<String>,
    /// Name of the server's entry.
    pub server: Option<String>,
    /// Name of the tool, prompt or resource.
    pub tool: Option<String>,
    /// Path of the field, inside the entry or inside the tool.
    pub field: Option<String>,
    /// The config without what differs between machines: relative to the project, or `~/…`. For the fingerprint.
    pub config: Option<String>,
}

/// What matched, fit to be shown: secrets are redacted before they get here, invisible characters made visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    shown: String,
    digest: String,
    secret: bool,
}

impl Evidence {
    /// Evidence that holds no secret.
    pub fn text(matched: &str) -> Self {
        const LONGEST: usize = 200;
        let visible = crate::text::visible(matched);
        let shown = match visible.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", &visible[..at]),
            None => visible,
        };
        Self { shown, digest: fingerprint::digest(&[matched]), secret: false }
    }

    /// Evidence that is a secret: its mask is shown, and its identity is a digest salted with the rule's id.
    pub fn secret(secret: &crate::text::Secret, rule: &RuleId) -> Self {
        Self { shown: secret.to_string(), digest: secret.digest(rule.as_str()), secret: true }
    }

    /// Takes out of what is shown whatever turned out to be a secret; its identity stays.
    pub fn redact(&mut self, clean: impl FnOnce(&str) -> String) {
        let cleaned = clean(&self.shown);
        self.secret |= cleaned != self.shown;
        self.shown = cleaned;
    }

    /// Says that a secret is a part of what matched.
    pub(crate) fn holds_secret(&mut self) {
        self.secret = true;
    }

    /// Whether a secret is all or a part of what matched, so that a digest of it could be searched for.
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// What tells it from other evidence; of a secret it must not leave.
    pub(crate) fn identity(&self) -> &str {
        &self.digest
    }

    /// What may be shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// One rule, true at one place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: RuleId,
    /// What happens if it is true; may differ from the rule's usual severity.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// One sentence with the particulars.
    pub message: String,
    /// What to do, with the exact edit where there is one.
    pub help: String,
    /// Where.
    pub place: Place,
    /// Other places that belong to it, each with what it has to do with it.
    pub related: Vec<(Place, String)>,
    /// Whom it leads through, in order, where it is about several: from where data comes to where it goes, or from who
    /// imitates to who is imitated.
    pub path: Vec<Subject>,
    /// Whom it is about.
    pub subject: Subject,
    /// What matched.
    pub evidence: Option<Evidence>,
    /// Its identity over time; empty until [`assign_fingerprints`].
    pub fingerprint: Fingerprint,
    /// Why it doesn't count, if it doesn't.
    pub suppressed: Option<Suppression>,
}

//! The identity of a finding over time.
//!
//! Version 1 is a SHA-256 over: the version, the rule's id, the config's path without what differs between machines,
//! the server's name, the tool's name, the field's path, a digest of what matched, and a counter among equals. Never a
//! line, a column, a severity, a message or a version of ours: an empty line, a reformat or a reworded rule changes
//! nothing.

use std::collections::HashMap;
use std::fmt;

use sha2::{Digest, Sha256};

use super::Finding;

/// A fingerprint: 32 lower-case hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint {
    digits: String,
    /// What tells its place and its rule from others, whatever matched there.
    place: String,
    /// The how manieth of its rule at its place it is, whatever matched there.
    number: usize,
}

impl Fingerprint {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.digits
    }

    /// What tells its place and its rule from others, whatever matched there.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The how manieth finding of its rule at its place it is.
    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.digits)
    }
}

/// Gives every finding its fingerprint. The order of equal findings is the order of the slice, so sort it before.
pub fn assign(findings: &mut [Finding]) {
    let mut equals: HashMap<String, usize> = HashMap::new();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for finding in findings {
        let own = identity(finding, finding.evidence.as_ref().map_or("", |evidence| evidence.digest.as_str()));
        let count = equals.entry(own.clone()).or_insert(0);
        *count += 1;
        let mut full = digest(&[&own, &count.to_string()]);
        full.truncate(32);
        let place = identity(finding, "");
        let number = numbers.entry(place.clone()).or_insert(0);
        *number += 1;
        finding.fingerprint = Fingerprint { digits: full, place, number: *number };
    }
}

fn identity(finding: &Finding, evidence: &str) -> String {
    let subject = &finding.subject;
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    digest(&[
        "1",
        finding.rule.as_str(),
        &part(&subject.config),
        &part(&subject.server),
        &part(&subject.tool),
        &part(&subject.field),
        evidence,
    ])
}

/// SHA-256 over parts, each with its length before it, so that no two lists of parts read the same.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    hash.finalize().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_eq!(digest(&["ab", "c"]), digest(&["ab", "c"]));
        assert_eq!(digest(&[]).len(), 64);
    }
}

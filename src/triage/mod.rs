//! What counts: findings selected and sorted, and what was and was not looked at.

mod coverage;
mod select;

pub use coverage::{
    ConfigCoverage, ConfigStatus, Coverage, Note, NoteLevel, SandboxCoverage, SandboxLevel, ServerCoverage,
    ServerStatus, SettingsCoverage, SettingsOrigin,
};
pub use select::{Selection, UnknownRule};

use std::cmp::{Ordering, Reverse};

use crate::document::Sources;
use crate::finding::{Finding, Severity, Suppression, assign_fingerprints};

/// Everything a report is made from.
#[derive(Debug)]
pub struct Outcome {
    /// Findings, the most important first; those that are suppressed do not count.
    pub findings: Vec<Finding>,
    /// What was and was not looked at.
    pub coverage: Coverage,
    /// The files, with their secrets masked.
    pub sources: Sources,
}

impl Outcome {
    /// Selects and sorts findings and gives them their fingerprints.
    pub fn new(findings: Vec<Finding>, coverage: Coverage, sources: Sources, selection: &Selection) -> Self {
        let mut findings: Vec<Finding> = findings.into_iter().filter(|finding| selection.keeps(finding)).collect();
        findings.sort_by(order);
        // A server that lists a tool twice says nothing new the second time.
        findings.dedup_by(|a, b| {
            a.rule == b.rule && a.place == b.place && a.subject == b.subject && a.message == b.message
        });
        assign_fingerprints(&mut findings);
        Self { findings, coverage, sources }
    }

    /// How many findings count, by severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.suppressed.is_none() && finding.severity == severity).count()
    }

    /// The findings that are told and do not count.
    pub fn suppressed(&self) -> impl Iterator<Item = (&Finding, &Suppression)> {
        self.findings.iter().filter_map(|finding| Some((finding, finding.suppressed.as_ref()?)))
    }

    /// Whether a finding at or above `threshold` counts.
    pub fn fails(&self, threshold: Severity) -> bool {
        self.findings.iter().any(|finding| finding.suppressed.is_none() && finding.severity >= threshold)
    }
}

/// Worst first; then by where they are, so that two runs give the same bytes.
fn order(a: &Finding, b: &Finding) -> Ordering {
    let place = |finding: &Finding| finding.place.file();
    Reverse((a.severity, a.confidence))
        .cmp(&Reverse((b.severity, b.confidence)))
        .then_with(|| a.subject.config.cmp(&b.subject.config))
        .then_with(|| a.subject.client.cmp(&b.subject.client))
        .then_with(|| place(a).cmp(&place(b)))
        .then_with(|| a.subject.server.cmp(&b.subject.server))
        .then_with(|| a.subject.tool.cmp(&b.subject.tool))
        .then_with(|| a.subject.field.cmp(&b.subject.field))
        .then_with(|| a.rule.cmp(&b.rule))
}

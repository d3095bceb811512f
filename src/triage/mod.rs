//! What counts: findings selected and sorted, and what was and was not looked at.

mod baseline;
mod coverage;
mod policy;
mod remarks;
mod select;
mod shorten;
mod suppress;

pub use baseline::{Baseline, BaselineError};
pub use coverage::{
    ConfigCoverage, ConfigStatus, Coverage, LockCoverage, LockStatus, Note, NoteLevel, SandboxCoverage, SandboxLevel,
    ServerCoverage, ServerStatus, SettingsCoverage, SettingsOrigin,
};
pub use policy::{Keeps, Looked, Narrowing, Policy};
pub use remarks::MARK;
pub use select::{Selection, UnknownRule};

use std::cmp::{Ordering, Reverse};

use crate::document::Sources;
use crate::finding::{Finding, Place, Severity, Suppression, assign_fingerprints};
use crate::rules::Packs;

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
    /// Sorts findings, gives them their fingerprints, selects them, and decides which of them count.
    pub fn new(
        mut findings: Vec<Finding>,
        mut coverage: Coverage,
        sources: Sources,
        looked: &[Looked],
        policy: &Policy,
        packs: &Packs,
    ) -> Self {
        findings.sort_by(order);
        // A server that lists a tool twice says nothing new the second time.
        findings.dedup_by(|a, b| {
            a.rule == b.rule && a.place == b.place && a.subject == b.subject && a.message == b.message
        });
        // Before anything is left out, so that equal ones are told apart alike whatever is selected.
        assign_fingerprints(&mut findings);
        for finding in &mut findings {
            if let (Place::File { source, span }, Some(evidence)) = (&finding.place, &mut finding.evidence)
                && !sources.get(*source).masked(*span).is_empty()
            {
                evidence.holds_secret();
            }
        }
        let mut court = suppress::Court::new(policy, packs, &sources, looked);
        let suppressed = court.judge(&findings);
        for (finding, suppressed) in findings.iter_mut().zip(suppressed) {
            finding.suppressed = suppressed;
        }
        findings.retain(|finding| policy.selection.keeps(finding));
        court.weigh(&mut findings);
        findings.sort_by(order);
        court.tell(&mut coverage);
        Self { findings, coverage, sources }
    }

    /// Cuts names and sentences that are too long for a report, once, when nobody compares them with whole ones any more.
    pub fn shorten(&mut self) {
        shorten::shorten(&mut self.findings, &mut self.coverage);
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

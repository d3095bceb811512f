//! What the report says of ignores, settings and baselines: which were used, what is wrong with them, what they hide.

use std::collections::BTreeMap;

use crate::finding::{Severity, SuppressedBy};
use crate::text::visible;
use crate::triage::{Outcome, SettingsCoverage, SettingsOrigin};

/// Which settings changed what counts, and what is wrong with ignores. What the user's own settings do the user knows; what
/// came with a project must be seen.
pub(in crate::report) fn lines(outcome: &Outcome, verbose: bool) -> Vec<String> {
    let coverage = &outcome.coverage;
    let mut lines: Vec<String> = Vec::new();
    let foreign = |used: &SettingsCoverage| used.origin == SettingsOrigin::Project && !used.effects.is_empty();
    for used in coverage.settings.iter().filter(|used| verbose || foreign(used)) {
        let effects: Vec<String> = used.effects.iter().map(|effect| visible(effect)).collect();
        let origin = if used.origin == SettingsOrigin::Project { ", which came with the project" } else { "" };
        let effects = if effects.is_empty() { "changes nothing here".to_owned() } else { effects.join("; ") };
        lines.push(format!("{}{origin}: {effects}", visible(&used.path)));
    }
    for note in &coverage.notes {
        let at = note.at.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        lines.push(format!("{}: {}{at}: {}", note.level.as_str(), visible(&note.path), visible(&note.message)));
    }
    lines
}

/// What came with a project and changed what counts, and what is wrong with ignores; a line each, for reports that show no
/// more than that.
pub(in crate::report) fn told(outcome: &Outcome) -> Vec<String> {
    lines(outcome, false).into_iter().chain(count(outcome)).collect()
}

/// How many findings are suppressed, by whom, and how bad the worst of them are: somebody else's ignore must be seen.
pub(in crate::report) fn count(outcome: &Outcome) -> Option<String> {
    let mut by: BTreeMap<(SuppressedBy, &str), usize> = BTreeMap::new();
    let mut severities: BTreeMap<Severity, usize> = BTreeMap::new();
    for (finding, suppression) in outcome.suppressed() {
        *by.entry((suppression.by, &suppression.file)).or_default() += 1;
        *severities.entry(finding.severity).or_default() += 1;
    }
    if by.is_empty() {
        return None;
    }
    let bad: Vec<String> = severities
        .iter()
        .rev()
        .filter(|(severity, _)| **severity >= Severity::High)
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    let bad = if bad.is_empty() { String::new() } else { format!(" ({})", bad.join(", ")) };
    let parts: Vec<String> = by
        .iter()
        .map(|((by, file), count)| match by {
            SuppressedBy::Comment => format!("{count} by comments in {}", visible(file)),
            SuppressedBy::Settings => format!("{count} by {}", visible(file)),
            SuppressedBy::Baseline => format!("{count} by the baseline {}", visible(file)),
        })
        .collect();
    Some(format!("Suppressed {}{bad}: {}.", by.values().sum::<usize>(), parts.join(", ")))
}

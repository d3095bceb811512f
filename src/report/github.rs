//! Annotations of GitHub Actions: commands in the log, which GitHub shows beside the lines of a pull request.

use super::{View, counted};
use crate::finding::{Finding, Severity};
use crate::text::visible;
use crate::triage::{ConfigStatus, Coverage};

/// So many annotations of each kind are shown for one step; what comes later is not.
const MOST_OF_A_KIND: usize = 10;

/// The kinds, the worst first.
const KINDS: [&str; 3] = ["error", "warning", "notice"];

pub(super) fn render(view: &View<'_>) -> String {
    let mut text = String::new();
    let mut told = [0; KINDS.len()];
    let mut rest = Vec::new();
    for finding in view.shown() {
        let kind = kind(finding.severity);
        if told[kind] < MOST_OF_A_KIND {
            told[kind] += 1;
            text.push_str(&annotation(KINDS[kind], finding, view));
        } else {
            rest.push(finding);
        }
    }
    if !rest.is_empty() {
        // A plain line, which nobody cuts.
        text.push_str(&format!("{} more than GitHub shows as annotations:\n", counted(rest.len(), "finding")));
        for finding in rest {
            let place = place(finding, view).map(|(path, ..)| format!("{}: ", visible(path))).unwrap_or_default();
            let (severity, rule) = (finding.severity, &finding.rule);
            text.push_str(&format!("  {place}{severity}[{rule}]: {}\n", visible(&finding.message)));
        }
    }
    for line in super::text::told(view.outcome) {
        text.push_str(&format!("  {line}\n"));
    }
    for line in gaps(&view.outcome.coverage) {
        text.push_str(&format!("  not looked at: {}\n", visible(&line)));
    }
    text
}

fn kind(severity: Severity) -> usize {
    match severity {
        Severity::Critical | Severity::High => 0,
        Severity::Medium => 1,
        Severity::Low | Severity::Info => 2,
    }
}

/// Path, line, column, last line, last column.
fn place<'a>(finding: &Finding, view: &View<'a>) -> Option<(&'a str, [usize; 4])> {
    let (source, span) = finding.place.file()?;
    let source = view.outcome.sources.get(source);
    let span = source.clamp(span);
    let (start, end) = (source.position(span.start), source.position(span.end));
    Some((&source.name, [start.line, start.column, end.line, end.column]))
}

fn annotation(kind: &str, finding: &Finding, view: &View<'_>) -> String {
    let mut properties = Vec::new();
    if let Some((path, [line, column, end_line, end_column])) = place(finding, view) {
        properties.push(format!("file={}", property(path)));
        properties.push(format!("line={line}"));
        properties.push(format!("endLine={end_line}"));
        // Columns of several lines are refused. The last column is counted with the annotation.
        if line == end_line {
            properties.push(format!("col={column}"));
            properties.push(format!("endColumn={}", end_column.saturating_sub(1).max(column)));
        }
    }
    properties.push(format!("title={}", property(&format!("{} [{}]", view.title(finding), finding.rule))));
    let mut message = data(&finding.message);
    if !finding.help.is_empty() {
        // The runner makes a line feed of it.
        message.push_str("%0A");
        message.push_str(&data(&finding.help));
    }
    format!("::{kind} {}::{message}\n", properties.join(","))
}

/// A value in front of the message, as the runner reads it back.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A message, as the runner reads it back. No line feed is left to write, since hazards are escaped before.
fn data(text: &str) -> String {
    visible(text).replace('%', "%25")
}

/// What was not looked at although it should have been.
fn gaps(coverage: &Coverage) -> Vec<String> {
    let reason = |reason: &Option<String>| reason.clone().unwrap_or_else(|| "no reason is known".to_owned());
    let configs = coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned);
    let configs = configs.map(|config| format!("{}: {}", config.path, reason(&config.reason)));
    let servers = coverage.servers.iter().filter(|server| server.status.is_gap());
    configs.chain(servers.map(|server| format!("server {}: {}", server.server, reason(&server.reason)))).collect()
}

//! The top of the page: what it comes to.

use maud::{Markup, html};

use super::super::text::{ignores, looked};
use super::super::{View, counted, nothing};
use super::model::Model;
use super::words::{pill, prose};
use crate::finding::Severity;
use crate::triage::{ConfigStatus, ServerStatus};

/// What was found, in one line.
pub(super) fn verdict(model: &Model<'_>) -> String {
    let counts = Model::counts(&model.shown);
    if counts.is_empty() {
        return nothing(model.view.outcome).to_lowercase();
    }
    counts.iter().map(|(severity, count)| format!("{count} {severity}")).collect::<Vec<_>>().join(", ")
}

pub(super) fn header(model: &Model<'_>) -> Markup {
    let view = model.view;
    let severities = Severity::ALL.into_iter().filter(|severity| *severity > Severity::Info || view.style.info);
    let gaps = gaps(view);
    let unasked = view.outcome.coverage.servers.iter().filter(|server| server.status == ServerStatus::Static).count();
    html! {
        header {
            h1 { "mcpscan report" }
            @if !view.style.target.is_empty() {
                p.target { "Looked at " (super::words::name(&view.style.target)) }
            }
            p.verdict {
                @if model.shown.is_empty() {
                    (nothing(view.outcome)) "."
                } @else {
                    (counted(model.shown.len(), "finding")) " by " (counted(model.rules.len(), "rule")) "."
                }
            }
            ul.tiles {
                @for severity in severities {
                    @let count = view.outcome.count(severity);
                    li.tile.none[count == 0] {
                        span.count { (count) } " " (pill(severity))
                    }
                }
            }
            p { (looked(&view.outcome.coverage)) "." }
            ul.remarks {
                @if gaps > 0 {
                    li { a href="#coverage" { (counted(gaps, "place")) " could not be looked at, or not wholly" } ", and may hold anything." }
                }
                @if unasked > 0 {
                    li { (counted(unasked, "server")) " " @if unasked == 1 { "was" } @else { "were" } " not asked: only "
                        @if unasked == 1 { "its entry was" } @else { "their entries were" } " judged." }
                }
                @if let Some(line) = ignores::count(view.outcome) {
                    li { a href="#suppressed" { (prose(&line)) } }
                }
                @if view.hidden_info() > 0 {
                    li { (counted(view.hidden_info(), "finding")) " of severity info, which need no action, "
                        @if view.hidden_info() == 1 { "is" } @else { "are" } " not on this page; " code { "--pedantic" } " shows them." }
                }
                @if !model.cut().is_empty() {
                    li.cut { (cut(model)) }
                }
            }
        }
    }
}

/// What is counted and not written out.
pub(super) fn cut(model: &Model<'_>) -> String {
    let cut = model.cut();
    let counts: Vec<String> =
        Model::counts(cut).iter().map(|(severity, count)| format!("{count} {severity}")).collect();
    format!(
        "{} did not fit on this page ({}): the least important ones. The counts include them; the JSON report lists them.",
        counted(cut.len(), "finding"),
        counts.join(", ")
    )
}

/// Files and servers that were to be looked at and were not, or not wholly.
fn gaps(view: &View<'_>) -> usize {
    let coverage = &view.outcome.coverage;
    let configs = coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned).count();
    configs + coverage.servers.iter().filter(|server| server.status.is_gap()).count()
}

/// Every rule that found something, in a table.
pub(super) fn by_rule(model: &Model<'_>) -> Markup {
    if model.rules.is_empty() {
        return html! {};
    }
    html! {
        section #found aria-labelledby="found-h" {
            h2 #found-h { "What was found" }
            table {
                thead { tr { th scope="col" { "Severity" } th scope="col" { "Rule" } th.number scope="col" { "Findings" } th.number scope="col" { "Servers or files" } } }
                tbody {
                    @for (number, found) in model.rules.iter().enumerate() {
                        tr {
                            td { (pill(found.worst.severity)) }
                            td {
                                a href={ "#r" (number + 1) } { (prose(model.view.title(found.worst))) }
                                " " span.id { (super::words::name(found.rule.as_str())) }
                            }
                            td.number data-label="Findings" { (found.findings) }
                            td.number data-label="Servers or files" { (found.sections) }
                        }
                    }
                }
            }
        }
    }
}

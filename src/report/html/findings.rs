//! The findings, a fold a server, and the bar that filters them.

use maud::{Markup, html};

use super::super::counted;
use super::super::text::arrange::Whose;
use super::model::{Model, Section};
use super::words::{counted_pill, name};
use super::{card, overview};
use crate::finding::Severity;
use crate::text::visible;

/// Findings that stand open: as many as one reads in one go. The folds behind them are opened by whoever wants them.
const OPEN: usize = 40;

pub(super) fn section(model: &Model<'_>) -> Markup {
    let mut before = 0;
    html! {
        section #findings aria-labelledby="findings-h" tabindex="-1" {
            h2 #findings-h { "Findings" }
            @if model.shown.is_empty() {
                p { "None. " a href="#coverage" { "What was looked at" } " says what that is worth." }
            } @else {
                (filter(model))
                p #filtered role="status" hidden {}
            }
            @for (number, section) in model.sections.iter().enumerate().filter(|(_, section)| !section.cards.is_empty()) {
                @let open = before < OPEN;
                @let written: usize = section.cards.iter().map(|card| card.findings.len()).sum();
                @let () = before += written;
                details.server #{ "s" (number + 1) } open[open] {
                    summary {
                        h3 { (heading(section, model)) }
                        " " span.pills {
                            @for (severity, count) in Model::counts(&section.all) { (counted_pill(severity, count)) " " }
                        }
                    }
                    @for one in &section.cards { (card::card(one, number, model)) }
                    @if written < section.all.len() {
                        p.cut { (counted(section.all.len() - written, "finding")) " more did not fit on this page." }
                    }
                }
            }
            @if !model.cut().is_empty() {
                p.cut { (overview::cut(model)) }
            }
        }
    }
}

/// Whom a section is about.
fn heading(section: &Section<'_>, model: &Model<'_>) -> Markup {
    let known =
        |client: &Option<&'_ str>| client.filter(|client| *client != super::super::text::UNKNOWN).map(str::to_owned);
    let of = |client: &Option<&'_ str>| html! { @if let Some(client) = known(client) { " of " (name(&client)) } };
    match &section.whose {
        Whose::Several => html! { "Several servers" },
        Whose::Together(client) => html! { "Several servers" (of(client)) " together" },
        Whose::One { client, server, file } => {
            let path = file.map(|file| model.view.outcome.sources.get(file).name.as_str());
            match (server, path) {
                (Some(server), Some(path)) => {
                    html! { (name(server)) (of(client)) " " span.path { "in " (name(path)) } }
                }
                (Some(server), None) => html! { (name(server)) (of(client)) },
                (None, Some(path)) => html! { (name(path)) (of(client)) },
                (None, None) => html! { "Several servers" (of(client)) " together" },
            }
        }
    }
}

/// The same as plain words, for a list to choose from.
fn label(section: &Section<'_>, model: &Model<'_>) -> String {
    match &section.whose {
        Whose::Several => "Several servers".to_owned(),
        Whose::Together(client) => format!("Several servers {}", visible(client.unwrap_or_default())),
        Whose::One { client, server, file } => {
            let path = file.map(|file| model.view.outcome.sources.get(file).name.as_str()).unwrap_or_default();
            let whom = visible(server.unwrap_or(path));
            match client.filter(|client| *client != super::super::text::UNKNOWN) {
                Some(client) => format!("{whom} ({})", visible(client)),
                None => whom,
            }
        }
    }
}

/// Hidden until the script is there to make it work.
fn filter(model: &Model<'_>) -> Markup {
    let severities = Severity::ALL.into_iter().filter(|severity| model.shown.iter().any(|f| f.severity == *severity));
    html! {
        form #filter hidden role="search" aria-label="Filter the findings" autocomplete="off" {
            label.search { span { "Search" } input #q type="search" placeholder="Words, names, paths"; }
            fieldset {
                legend { "Severity" }
                @for severity in severities {
                    label.check { input type="checkbox" name="v" value=(severity) checked; " " (severity) }
                }
            }
            @if model.clients.len() > 1 {
                label { span { "Client" } select #c {
                    option value="" { "all" }
                    @for (number, client) in model.clients.iter().enumerate() { option value=(number + 1) { (visible(client)) } }
                } }
            }
            label { span { "Server or file" } select #s {
                option value="" { "all" }
                @for (number, section) in model.sections.iter().enumerate().filter(|(_, section)| !section.cards.is_empty()) {
                    option value=(number + 1) { (label(section, model)) }
                }
            } }
            label { span { "Rule" } select #r {
                option value="" { "all" }
                @for (number, found) in model.rules.iter().enumerate() { option value=(number + 1) { (visible(found.rule.as_str())) } }
            } }
            span.buttons {
                button type="reset" { "Reset" } " "
                button #unfold type="button" { "Unfold all" } " "
                button #fold type="button" { "Fold all" }
            }
        }
    }
}

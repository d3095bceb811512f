//! What one rule found in one server.

use maud::{Markup, html};

use super::super::View;
use super::super::text::block::place;
use super::super::text::snippet::Lines;
use super::super::text::{answer, snippet};
use super::model::{Card, Model, client};
use super::words::{anchor, name, pill, prose};
use crate::finding::{Finding, Place};
use crate::text::visible;

/// Columns of the lines that are shown; narrower screens break them.
const WIDTH: usize = 100;

/// A card; `section` is the number of its server.
pub(super) fn card(card: &Card<'_>, section: usize, model: &Model<'_>) -> Markup {
    let Some(first) = card.findings.first() else { return html! {} };
    let rule = model.view.packs.rule(card.rule.as_str());
    let number = model.number(card.rule) + 1;
    let same_help = card.findings.iter().all(|finding| finding.help == first.help);
    html! {
        article.card {
            h4 {
                (pill(card.severity)) " " (prose(model.view.title(first)))
                @if card.findings.len() > 1 { span.times { " in " (card.findings.len()) " places" } }
            }
            p.rule { a href={ "#r" (number) } { (name(card.rule.as_str())) } }
            @if let Some(rule) = rule {
                p { b { "Why it matters: " } (prose(&rule.why)) }
            }
            @if same_help && !first.help.is_empty() {
                p { b { "What to do: " } (prose(&first.help)) }
            }
            ul.places {
                @for finding in &card.findings {
                    (one(finding, !same_help, [section + 1, number], model))
                }
            }
        }
    }
}

fn one(finding: &Finding, help: bool, [section, rule]: [usize; 2], model: &Model<'_>) -> Markup {
    let view = model.view;
    let client = client(finding).and_then(|client| model.clients.binary_search(&client).ok()).map(|at| at + 1);
    let lines = lines(finding, view);
    let mut message = finding.message.as_str();
    if let (Place::Answer { .. }, Some(_), Some(evidence)) = (&finding.place, &lines, &finding.evidence) {
        // The lines show what the sentence quotes.
        message = message.strip_suffix(&format!(": “{}”", evidence.shown())).unwrap_or(message);
    }
    html! {
        li.finding id=(anchor(&finding.fingerprint)) data-v=(finding.severity) data-c=[client] data-s=(section) data-r=(rule) {
            p.message { (prose(message)) }
            p.place {
                @if let Some(place) = place(finding, view) { bdi { code { (place) } } }
                (part(finding))
            }
            @if let Some(lines) = lines { (shown(&lines)) }
            @if help && !finding.help.is_empty() {
                p { b { "What to do: " } (prose(&finding.help)) }
            }
            dl.facts {
                @if let Some(evidence) = &finding.evidence {
                    div { dt { "Evidence" } dd { bdi { code { (visible(evidence.shown())) } } } }
                }
                @if !finding.related.is_empty() { (related(finding, view)) }
                div { dt { "Confidence" } dd { (finding.confidence) } }
                div { dt { "Fingerprint" } dd { code { (finding.fingerprint) } } }
            }
        }
    }
}

/// Which of a server's texts it is about.
fn part(finding: &Finding) -> Markup {
    let Place::Answer { .. } = finding.place else { return html! {} };
    match (&finding.subject.tool, &finding.subject.field) {
        (Some(tool), Some(field)) => html! { ", " (name(field)) " of " (name(tool)) },
        (Some(one), None) | (None, Some(one)) => html! { ", " (name(one)) },
        (None, None) => html! {},
    }
}

/// Other places that belong to it.
fn related(finding: &Finding, view: &View<'_>) -> Markup {
    html! {
        div {
            dt { "With" }
            dd {
                @for (index, (place, why)) in finding.related.iter().enumerate() {
                    @if index > 0 { "; " }
                    (prose(why))
                    @if let Some((source, span)) = place.file() {
                        @let source = view.outcome.sources.get(source);
                        @let at = source.position(source.clamp(span).start);
                        " at " bdi { code { (visible(&source.name)) ":" (at.line) ":" (at.column) } }
                    }
                }
            }
        }
    }
}

fn lines(finding: &Finding, view: &View<'_>) -> Option<Lines> {
    match &finding.place {
        _ if !view.style.snippets => None,
        Place::Answer { excerpt, .. } => answer::of_answer(excerpt, WIDTH),
        Place::File { source, span } => snippet::of_file(view.outcome.sources.get(*source), *span, WIDTH),
    }
}

/// Lines with what matched in them marked.
fn shown(lines: &Lines) -> Markup {
    let mut at = 0;
    html! {
        div.snippet {
            @for (index, line) in lines.text.split('\n').enumerate() {
                @let start = at;
                @let () = at += line.len() + 1;
                div.line {
                    @if let Some(first) = lines.first { span.n { (first + index) } " " }
                    bdi dir="ltr" { code {
                        @for (piece, marked) in pieces(line, start, lines) {
                            @if marked { mark { (piece) } } @else { (piece) }
                        }
                    } }
                }
            }
        }
    }
}

/// A line that begins at byte `start`, cut where marks begin and end.
fn pieces<'l>(line: &'l str, start: usize, lines: &Lines) -> Vec<(&'l str, bool)> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for mark in &lines.marks {
        let begin = mark.start.saturating_sub(start).clamp(from, line.len());
        let end = mark.end.saturating_sub(start).clamp(begin, line.len());
        pieces.push((line.get(from..begin).unwrap_or_default(), false));
        pieces.push((line.get(begin..end).unwrap_or_default(), true));
        from = end;
    }
    pieces.push((line.get(from..).unwrap_or_default(), false));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

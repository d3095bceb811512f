//! What the rules are about that found something.

use maud::{Markup, html};

use super::super::counted;
use super::model::{Found, Model};
use super::words::{name, pill, prose};
use crate::text::visible;

pub(super) fn section(model: &Model<'_>) -> Markup {
    if model.rules.is_empty() {
        return html! {};
    }
    html! {
        section #rules aria-labelledby="rules-h" {
            h2 #rules-h { "The rules" }
            @for (number, found) in model.rules.iter().enumerate() { (one(number, found, model)) }
        }
    }
}

fn one(number: usize, found: &Found<'_>, model: &Model<'_>) -> Markup {
    let rule = model.view.packs.rule(found.rule.as_str());
    html! {
        details.about #{ "r" (number + 1) } {
            summary {
                h3 { (prose(model.view.title(found.worst))) }
                " " span.id { (name(found.rule.as_str())) } " "
                span.pills { (pill(found.worst.severity)) " " span.times { (counted(found.findings, "finding")) } }
            }
            @if let Some(rule) = rule {
                @for (heading, text) in [("What it finds", &rule.what), ("Why it matters", &rule.why), ("How it is exploited", &rule.exploit), ("What to do", &rule.usual_fix)] {
                    h4 { (heading) }
                    p { (prose(text)) }
                }
                @if !rule.owasp.is_empty() || !rule.cwe.is_empty() {
                    h4 { "Classes" }
                    p {
                        @for (index, tag) in rule.owasp.iter().map(|id| format!("OWASP {id}")).chain(rule.cwe.iter().map(|id| format!("CWE-{id}"))).enumerate() {
                            @if index > 0 { ", " }
                            (visible(&tag))
                        }
                    }
                }
                @if !rule.references.is_empty() {
                    h4 { "References" }
                    ul { @for url in &rule.references { li { (reference(url, model.view.packs.is_built_in(found.rule.as_str()))) } } }
                }
            }
        }
    }
}

/// Only what this binary brings along is a link: anybody can write a pack.
fn reference(url: &str, ours: bool) -> Markup {
    match ours && url.starts_with("https://") {
        true => html! { a rel="noopener noreferrer" href=(url) { (visible(url)) } },
        false => name(url),
    }
}

//! Texts from outside as markup: hazards written out, each with a direction of writing of its own, nothing but words.

use maud::{Markup, html};

use crate::finding::{Fingerprint, Severity};
use crate::text::visible;

/// A name: of a server, a tool, a file.
pub(super) fn name(text: &str) -> Markup {
    match text.trim().is_empty() {
        true => html! { i { "(no name)" } },
        false => html! { bdi { code { (visible(text)) } } },
    }
}

/// Sentences: what stands in backticks is code. They are ours with names from outside in them, so they run from left to right.
pub(super) fn prose(text: &str) -> Markup {
    let text = visible(text.trim());
    let parts: Vec<&str> = text.split('`').collect();
    // A lone backtick means itself.
    let paired = parts.len() % 2 == 1;
    html! {
        bdi dir="ltr" {
            @if paired {
                @for (index, part) in parts.iter().enumerate() {
                    @if index % 2 == 0 { (part) } @else { bdi { code { (part) } } }
                }
            } @else {
                (text)
            }
        }
    }
}

/// A severity: always also its word.
pub(super) fn pill(severity: Severity) -> Markup {
    html! { span class=(class(severity)) { (severity) } }
}

/// Several of a severity.
pub(super) fn counted_pill(severity: Severity, count: usize) -> Markup {
    html! { span class=(class(severity)) { (count) " " (severity) } }
}

pub(super) fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "sev critical",
        Severity::High => "sev high",
        Severity::Medium => "sev medium",
        Severity::Low => "sev low",
        Severity::Info => "sev info",
    }
}

/// The anchor of a finding: the same from run to run.
pub(super) fn anchor(fingerprint: &Fingerprint) -> String {
    format!("f-{fingerprint}")
}

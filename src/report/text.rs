//! For people: each finding with its place, why it matters and what to do, server by server; then what was and was not looked
//! at.

pub(super) mod answer;
pub(super) mod arrange;
pub(super) mod block;
pub(super) mod ignores;
mod quiet;
mod related;
pub(super) mod snippet;
pub(super) mod summary;
pub(super) mod wrap;

pub(super) use ignores::told;
pub(super) use summary::looked;
pub use wrap::wrap;

use owo_colors::OwoColorize;

use super::{Detail, Style, View};
use crate::finding::{Finding, Severity};
use crate::text::visible;
use arrange::Whose;

/// The id of a client that nobody knows says nothing to a reader.
pub(super) const UNKNOWN: &str = "unknown";

pub(super) fn render(view: &View<'_>) -> String {
    if view.style.detail == Detail::Quiet {
        return quiet::render(view);
    }
    let mut text = String::new();
    let mut told = block::Told::default();
    let shown: Vec<&Finding> = view.shown().collect();
    for section in arrange::arrange(&shown) {
        text.push_str(&bold(&wrap(&heading(&section.whose, view), view.style.width, "   "), view.style));
        text.push_str("\n\n");
        for block in &section.blocks {
            text.push_str(&block::render(block, view, &mut told));
            text.push_str("\n\n");
        }
    }
    summary::write(&mut text, view);
    text
}

/// Whom a section is about, in one line.
fn heading(whose: &Whose<'_>, view: &View<'_>) -> String {
    let known = |client: &Option<&str>| client.filter(|client| *client != UNKNOWN).map(visible);
    let (client, server, file) = match whose {
        Whose::Several => return "== Several servers".to_owned(),
        Whose::Together(client) => {
            let of = known(client).map(|client| format!(" of {client}")).unwrap_or_default();
            return format!("== Several servers{of} together");
        }
        Whose::One { client, server, file } => (client, server, file),
    };
    let path = file.map(|file| visible(&view.outcome.sources.get(file).name));
    let client = known(client);
    let of = client.as_ref().map(|client| format!(" of {client}")).unwrap_or_default();
    match (server, path) {
        (Some(server), Some(path)) => format!("== Server `{}`{of} in {path}", visible(server)),
        (Some(server), None) => format!("== Server `{}`{of}", visible(server)),
        (None, Some(path)) => format!("== {path}{of}"),
        (None, None) => format!("== Several servers{of} together"),
    }
}

/// A word in the colour of its severity.
fn coloured(severity: Severity, text: &str, style: &Style) -> String {
    if !style.colour {
        return text.to_owned();
    }
    match severity {
        Severity::Critical | Severity::High => text.bright_red().bold().to_string(),
        Severity::Medium => text.yellow().bold().to_string(),
        Severity::Low => text.bright_cyan().bold().to_string(),
        Severity::Info => text.dimmed().to_string(),
    }
}

fn bold(text: &str, style: &Style) -> String {
    if style.colour { text.bold().to_string() } else { text.to_owned() }
}

fn arrow(style: &Style) -> String {
    if style.colour { "-->".bright_blue().bold().to_string() } else { "-->".to_owned() }
}

//! For people: each finding with its place, why it matters and what to do; then what was and was not looked at.

mod snippet;
mod summary;

use std::fmt::Write;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Origin, Renderer};
use owo_colors::OwoColorize;
use unicode_width::UnicodeWidthStr;

use crate::finding::{Finding, Place, Severity};
use crate::rules::Packs;
use crate::text::visible;
use crate::triage::Outcome;

/// How the text looks.
#[derive(Clone, Debug)]
pub struct Style {
    /// Whether to colour.
    pub colour: bool,
    /// Columns to fit into.
    pub width: usize,
    /// Whether to show the lines around a finding.
    pub snippets: bool,
    /// Whether to show findings of severity info.
    pub info: bool,
}

pub(super) fn render(outcome: &Outcome, packs: &Packs, style: &Style) -> String {
    let mut text = String::new();
    let shown = |finding: &&Finding| finding.suppressed.is_none() && (style.info || finding.severity > Severity::Info);
    for finding in outcome.findings.iter().filter(shown) {
        text.push_str(&one(finding, outcome, packs, style));
        text.push_str("\n\n");
    }
    summary::write(&mut text, outcome, style);
    text
}

fn one(finding: &Finding, outcome: &Outcome, packs: &Packs, style: &Style) -> String {
    // annotate-snippets keeps what it is given: everything that goes in is escaped before.
    let level = match finding.severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
        Severity::Info => Level::NOTE,
    };
    let title = wrap(&visible(&finding.message), style.width.saturating_sub(4), "    ");
    let title = level.with_name(finding.severity.as_str()).primary_title(title).id(finding.rule.as_str());
    let mut parts = snippet::Parts::default();
    if let Some((source, span)) = finding.place.file() {
        let source = outcome.sources.get(source);
        let at = source.position(source.clamp(span).start);
        parts.origin = Some((visible(&source.name), at));
        if style.snippets && matches!(finding.place, Place::File { .. }) {
            parts.lines = snippet::of_file(source, span, style.width);
        }
    }
    if style.snippets
        && let Place::Answer { excerpt, .. } = &finding.place
    {
        parts.lines = snippet::of_answer(excerpt, style.width);
    }
    let mut group = Group::with_title(title);
    if let Some((path, at)) = &parts.origin {
        group = group.element(Origin::path(path.as_str()).line(at.line).char_column(at.column));
    }
    if let Some(lines) = &parts.lines {
        group = group.element(lines.element());
    }
    let room = style.width.saturating_sub(12);
    let mut notes: Vec<(Level<'_>, String)> = Vec::new();
    if let Some(whom) = whom(finding) {
        notes.push((Level::NOTE.with_name("in"), wrap(&whom, room, "")));
    }
    if let Some(rule) = packs.rule(finding.rule.as_str()) {
        notes.push((Level::NOTE.with_name("why"), wrap(&rule.why, room, "")));
    }
    notes.push((Level::HELP, wrap(&visible(&finding.help), room, "")));
    for (level, note) in notes {
        group = group.element(level.message(note));
    }
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).term_width(style.width).render(&[group])
}

/// The tool that a finding is about, with its server and client.
fn whom(finding: &Finding) -> Option<String> {
    let subject = &finding.subject;
    let Place::Answer { .. } = finding.place else { return None };
    let mut whom = String::new();
    if let Some(tool) = &subject.tool {
        // Writing into a String can't fail.
        let _ = write!(whom, "`{}`", visible(tool));
        if let Some(field) = &subject.field {
            let _ = write!(whom, ", {}", visible(field));
        }
        whom.push_str(" of ");
    }
    let _ = write!(whom, "server `{}`", visible(subject.server.as_deref().unwrap_or("?")));
    if let Some(client) = &subject.client {
        let _ = write!(whom, " ({})", visible(client));
    }
    Some(whom)
}

/// Breaks text at blanks so that its lines fit, as far as its words allow.
fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut wrapped = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let wide = word.width();
        if column > 0 && column + 1 + wide > width {
            wrapped.push('\n');
            wrapped.push_str(indent);
            column = indent.width();
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += wide;
    }
    wrapped
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

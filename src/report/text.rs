//! For people: each finding with its place, why it matters and what to do; then what was and was not looked at.

mod ignores;
mod snippet;
mod summary;

use std::collections::HashSet;
use std::fmt::Write;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Renderer};
use owo_colors::OwoColorize;
use unicode_width::UnicodeWidthStr;

use crate::finding::{Finding, Place, Severity};
use crate::rules::Packs;
use crate::text::visible;
use crate::triage::Outcome;

/// The id of a client that nobody knows says nothing to a reader.
const UNKNOWN: &str = "unknown";

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
    let mut told: HashSet<(&str, &str)> = HashSet::new();
    let shown = |finding: &&Finding| finding.suppressed.is_none() && (style.info || finding.severity > Severity::Info);
    for finding in outcome.findings.iter().filter(shown) {
        // Why it matters is told once for each rule; thirty servers don't make it truer. What to do, where it differs.
        let first = told.insert((finding.rule.as_str(), ""));
        let mut help = sentences(&finding.help);
        help.retain(|sentence| told.insert((finding.rule.as_str(), sentence)));
        let help = help.join(" ");
        text.push_str(&one(finding, outcome, packs, style, first, &help));
        text.push_str("\n\n");
    }
    summary::write(&mut text, outcome, style);
    text
}

fn one(finding: &Finding, outcome: &Outcome, packs: &Packs, style: &Style, first: bool, help: &str) -> String {
    // annotate-snippets keeps what it is given: everything that goes in is escaped before.
    let mut lines = None;
    let mut place = String::new();
    if let Some((source, span)) = finding.place.file() {
        let source = outcome.sources.get(source);
        let at = source.position(source.clamp(span).start);
        place = format!("{}:{}:{}", visible(&source.name), at.line, at.column);
        if style.snippets && matches!(finding.place, Place::File { .. }) {
            lines = snippet::of_file(source, span, style.width);
        }
    }
    if style.snippets
        && let Place::Answer { excerpt, .. } = &finding.place
    {
        lines = snippet::of_answer(excerpt, style.width);
    }
    let room = style.width.saturating_sub(12);
    // Its colour is the mark's.
    let level = match finding.severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
        Severity::Info => Level::NOTE,
    };
    let mut group = Group::with_level(level);
    if let Some(lines) = &lines {
        group = group.element(lines.element());
    }
    if let Some(whom) = whom(finding) {
        group = group.element(Level::NOTE.with_name("in").message(wrap(&whom, room, "")));
    }
    if let Some(rule) = packs.rule(finding.rule.as_str()).filter(|_| first) {
        group = group.element(Level::NOTE.with_name("why").message(wrap(&rule.why, room, "")));
    }
    if !help.is_empty() {
        group = group.element(Level::HELP.message(wrap(&visible(help), room, "")));
    }
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    // The lines fit already; where the renderer cuts, the mark does not follow.
    let body = renderer.decor_style(DecorStyle::Ascii).term_width(style.width * 2).render(&[group]);

    let plain = format!("{}[{}]", finding.severity, finding.rule);
    let head = wrap(&format!("{plain}: {}", visible(&finding.message)), style.width, "  ");
    let head = head.replacen(&plain, &coloured(finding.severity, &plain, style), 1);
    let gutter = " ".repeat(lines.as_ref().map_or(0, snippet::Lines::gutter));
    let arrow = if place.is_empty() { String::new() } else { format!("{gutter}{} {place}\n", dimmed("-->", style)) };
    // A finding without lines and notes is its head alone.
    format!("{head}\n{arrow}{body}").trim_end().to_owned()
}

/// The sentences of a text, without the blanks between them.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(". ") {
        if text[at + 2..].starts_with(|c: char| c.is_uppercase()) {
            sentences.push(&text[start..=at]);
            start = at + 2;
        }
    }
    sentences.push(&text[start..]);
    sentences
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
    match &subject.server {
        Some(server) => whom.push_str(&format!("server `{}`", visible(server))),
        None => whom.push_str("several servers together"),
    }
    if let Some(client) = subject.client.as_ref().filter(|client| *client != UNKNOWN) {
        let _ = write!(whom, " ({})", visible(client));
    }
    Some(whom)
}

/// Breaks text at blanks so that its lines fit, as far as its words allow.
pub fn wrap(text: &str, width: usize, indent: &str) -> String {
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

fn dimmed(text: &str, style: &Style) -> String {
    if style.colour { text.bright_blue().bold().to_string() } else { text.to_owned() }
}

//! One finding, or one rule that is true at many places.

use std::collections::{HashMap, HashSet};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Renderer};

use super::super::{Detail, View};
use super::arrange::Block;
use super::snippet::Lines;
use super::wrap::width;
use super::{UNKNOWN, answer, arrow, coloured, related, snippet, wrap};
use crate::finding::{Finding, Place, Severity};
use crate::text::visible;

/// Places of one block that are shown where nobody wants to see all.
const FIRST: usize = 5;

/// Why something matters is told in so many characters, or in one sentence.
const WHY: usize = 150;

/// One text of one server: client, server, file, tool and field.
type Words<'a> = [Option<&'a str>; 5];

/// What was told already: thirty servers don't make it truer.
#[derive(Default)]
pub(super) struct Told<'a> {
    sentences: HashSet<(&'a str, &'a str)>,
    /// Words of servers that were shown, by the text they stand in.
    words: HashMap<Words<'a>, Vec<&'a str>>,
}

impl<'a> Told<'a> {
    /// Whether the words of a finding were shown with another one. From now on they were.
    fn words(&mut self, finding: &'a Finding) -> bool {
        let Place::Answer { excerpt, .. } = &finding.place else { return false };
        let marked = excerpt.text.get(excerpt.mark.clone()).unwrap_or_default();
        let subject = &finding.subject;
        let text = [&subject.client, &subject.server, &subject.config, &subject.tool, &subject.field];
        let shown = self.words.entry(text.map(|part| part.as_deref())).or_default();
        let again = !marked.is_empty() && shown.iter().any(|shown| shown.contains(marked));
        shown.push(marked);
        again
    }

    /// Why a rule matters, the first time: in a sentence, or in all of them.
    fn why(&mut self, finding: &'a Finding, view: &View<'a>) -> Option<String> {
        let rule =
            view.packs.rule(finding.rule.as_str()).filter(|_| self.sentences.insert((finding.rule.as_str(), "")))?;
        let most = if view.style.detail == Detail::Verbose { usize::MAX } else { WHY };
        let mut why = String::new();
        for sentence in sentences(rule.why.trim()) {
            if !why.is_empty() && why.len() + sentence.len() >= most {
                break;
            }
            why.push_str(sentence);
            why.push(' ');
        }
        Some(visible(why.trim())).filter(|why| !why.is_empty())
    }

    /// What to do, as far as it was not told.
    fn help(&mut self, finding: &'a Finding) -> Option<String> {
        let mut help = sentences(&finding.help);
        help.retain(|sentence| self.sentences.insert((finding.rule.as_str(), sentence)));
        Some(visible(&help.join(" "))).filter(|help| !help.is_empty())
    }
}

pub(super) fn render<'a>(block: &Block<'a>, view: &View<'a>, told: &mut Told<'a>) -> String {
    match block {
        Block::One(finding) => one(finding, view, told),
        Block::Many(findings) => many(findings, view, told),
    }
}

fn one<'a>(finding: &'a Finding, view: &View<'a>, told: &mut Told<'a>) -> String {
    let style = view.style;
    // annotate-snippets keeps what it is given: everything that goes in is escaped before.
    let again = style.snippets && told.words(finding);
    let lines = match (&finding.place, style.snippets) {
        (_, false) => None,
        (Place::Answer { .. }, _) if again => None,
        (Place::Answer { excerpt, .. }, _) => answer::of_answer(excerpt, style.width),
        (Place::File { source, span }, _) => snippet::of_file(view.outcome.sources.get(*source), *span, style.width),
    };
    let mut message = finding.message.as_str();
    if let (Place::Answer { .. }, true, Some(evidence)) = (&finding.place, lines.is_some() || again, &finding.evidence)
    {
        // The lines show what the sentence quotes, here or above.
        message = message.strip_suffix(&format!(": “{}”", evidence.shown())).unwrap_or(message);
    }
    let head = head(finding, &visible(message), view);
    let gutter = lines.as_ref().map_or(0, Lines::gutter);
    let above = again.then(|| "in the words shown above".to_owned());
    let places: Vec<String> = [place(finding, view), part(finding), above].into_iter().flatten().collect();
    let mut arrow_line = String::new();
    if !places.is_empty() {
        let indent = " ".repeat(gutter + 4);
        let places = wrap(&places.join(", "), style.width.saturating_sub(gutter + 4), &indent);
        arrow_line = format!("{}{} {places}\n", " ".repeat(gutter), arrow(style));
    }
    let mut notes: Vec<(&str, Option<String>)> =
        related::notes(finding, view).into_iter().map(|note| ("note", Some(note))).collect();
    notes.extend([("why", told.why(finding, view)), ("help", told.help(finding))]);
    let body = body(finding.severity, lines.as_ref(), &notes, view);
    // A finding without lines and notes is its head alone.
    format!("{head}\n{arrow_line}{body}").trim_end().to_owned()
}

fn many<'a>(findings: &[&'a Finding], view: &View<'a>, told: &mut Told<'a>) -> String {
    let Some(first) = findings.first() else { return String::new() };
    let verbose = view.style.detail == Detail::Verbose;
    let mut text = head(first, &format!("{}, in {} places", visible(view.title(first)), findings.len()), view) + "\n";
    // One that is left out takes as much room as the line that says so.
    let shown = if verbose || findings.len() == FIRST + 1 { findings.len() } else { FIRST.min(findings.len()) };
    let why = told.why(first, view);
    let same_help = findings.iter().all(|finding| finding.help == first.help);
    let mut helps = Vec::new();
    for finding in &findings[..shown] {
        text.push_str(&item(finding, view));
        for note in related::notes(finding, view).iter().filter(|_| verbose) {
            text.push_str(&format!(
                "      {}\n",
                wrap(&format!("note: {note}"), view.style.width.saturating_sub(6), "      ")
            ));
        }
        if verbose
            && !same_help
            && let Some(help) = told.help(finding)
        {
            text.push_str(&format!("      {}\n", wrap(&help, view.style.width.saturating_sub(6), "      ")));
        }
    }
    if shown < findings.len() {
        text.push_str(&format!("     and {} more, which --verbose lists\n", findings.len() - shown));
    }
    if !verbose || same_help {
        // Of what differs from place to place, one example.
        helps.extend(told.help(first).map(|help| if same_help { help } else { format!("{help} (of the first one)") }));
    }
    text.push_str(&body(first.severity, None, &[("why", why), ("help", helps.pop())], view));
    text.trim_end().to_owned()
}

/// Where, in whom, and what.
fn item(finding: &Finding, view: &View<'_>) -> String {
    let room = view.style.width.saturating_sub(5);
    let whom = match (part(finding), finding.subject.server.as_deref(), &finding.subject.field) {
        (Some(part), Some(server), _) => Some(format!("{part} of `{}`", visible(server))),
        (Some(part), None, _) => Some(part),
        (None, Some(server), _) => Some(format!("`{}`", visible(server))),
        (None, None, Some(field)) => Some(format!("`{}`", visible(field))),
        (None, None, None) => None,
    };
    let places: Vec<String> = [place(finding, view), whom].into_iter().flatten().collect();
    let mut item = wrap(&places.join(", "), room, "     ");
    if let Some(evidence) = &finding.evidence {
        let last = item.lines().last().map_or(0, width);
        let left = room.saturating_sub(last + 2);
        let shown = shortened(evidence.shown(), left);
        // Beside the place if enough of it fits there, else below.
        if width(&shown) >= 24.min(width(&visible(evidence.shown()))) {
            item.push_str(&format!(": {shown}"));
        } else {
            item.push_str(&format!(":\n     {}", shortened(evidence.shown(), room)));
        }
    }
    format!(" {} {item}\n", arrow(view.style))
}

/// The beginning of a text, within so many columns.
fn shortened(text: &str, most: usize) -> String {
    let text = visible(text);
    if width(&text) <= most {
        return text;
    }
    let mut taken = 0;
    let kept: String = text
        .chars()
        .take_while(|c| {
            taken += super::wrap::columns(*c);
            taken < most
        })
        .collect();
    if kept.is_empty() { kept } else { format!("{}…", kept.trim_end()) }
}

/// How bad, which rule, and the sentence.
fn head(finding: &Finding, message: &str, view: &View<'_>) -> String {
    let plain = format!("{}[{}]", finding.severity, finding.rule);
    let head = wrap(&format!("{plain}: {message}"), view.style.width, "  ");
    head.replacen(&plain, &coloured(finding.severity, &plain, view.style), 1)
}

/// The lines and what is said below them.
fn body(severity: Severity, lines: Option<&Lines>, notes: &[(&str, Option<String>)], view: &View<'_>) -> String {
    let room = view.style.width.saturating_sub(5 + lines.map_or(0, Lines::gutter));
    // Its colour is the mark's.
    let level = match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
        Severity::Info => Level::NOTE,
    };
    let mut group = Group::with_level(level);
    if let Some(lines) = lines {
        group = group.element(lines.element());
    }
    for (name, note) in notes {
        let Some(note) = note else { continue };
        let level = if *name == "help" { Level::HELP } else { Level::NOTE };
        group = group.element(level.with_name(*name).message(wrap(note, room.saturating_sub(name.len()), "")));
    }
    let renderer = if view.style.colour { Renderer::styled() } else { Renderer::plain() };
    // The lines fit already; where the renderer cuts, the mark does not follow.
    renderer.decor_style(DecorStyle::Ascii).term_width(view.style.width * 2).render(&[group])
}

/// `path:line:column`, where a file has it.
pub(in crate::report) fn place(finding: &Finding, view: &View<'_>) -> Option<String> {
    at(&finding.place, view)
}

/// The same of any place.
pub(super) fn at(place: &Place, view: &View<'_>) -> Option<String> {
    let (source, span) = place.file()?;
    let source = view.outcome.sources.get(source);
    let at = source.position(source.clamp(span).start);
    Some(format!("{}:{}:{}", visible(&source.name), at.line, at.column))
}

/// Which of a server's texts a finding is about.
fn part(finding: &Finding) -> Option<String> {
    let Place::Answer { .. } = finding.place else { return None };
    let subject = &finding.subject;
    match (&subject.tool, &subject.field) {
        (Some(tool), Some(field)) => Some(format!("{} of `{}`", visible(field), visible(tool))),
        (Some(tool), None) => Some(format!("`{}`", visible(tool))),
        (None, Some(field)) => Some(visible(field)),
        (None, None) => None,
    }
}

/// The client, as far as it says something.
pub(super) fn client(client: Option<&String>) -> Option<String> {
    client.filter(|client| *client != UNKNOWN).map(|client| visible(client))
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

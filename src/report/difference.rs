//! What changed against a lock, word by word, for people. What hides is written out, what was approved and what is there
//! now are told apart without colours, too.

use owo_colors::OwoColorize;

use super::Style;
use crate::finding::{Finding, Place, Severity};
use crate::lock::{Change, Difference, Item, Lock, Now, Part, Piece, Server, What, said, words};
use crate::text::visible;
use crate::triage::Outcome;

/// Everything that is different, server by server.
pub fn difference(
    file: &str,
    lock: &Lock,
    now: &[Now],
    changes: &[Change],
    outcome: &Outcome,
    style: &Style,
) -> String {
    let mut page = Page { text: String::new(), style };
    if changes.is_empty() {
        return format!("{}: nothing is different.\n", visible(file));
    }
    page.line(0, &format!("{}:", visible(file)));
    let mut last: (Option<usize>, Option<usize>) = (None, None);
    for change in changes {
        let server = change.now.map(|at| &now[at].server).or_else(|| change.locked.map(|at| &lock.servers[at]));
        let Some(server) = server else { continue };
        if (change.locked, change.now) != last {
            last = (change.locked, change.now);
            page.text.push('\n');
            let config = if server.key.config.is_empty() { "a saved list" } else { &server.key.config };
            page.line(0, &format!("server `{}` of {}", visible(&server.key.name), visible(config)));
        }
        page.change(change, server, outcome);
    }
    page.text
}

struct Page<'s> {
    text: String,
    style: &'s Style,
}

impl Page<'_> {
    fn line(&mut self, indent: usize, text: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn change(&mut self, change: &Change, server: &Server, outcome: &Outcome) {
        let item = change.item.as_ref();
        let owner = match item {
            Some((list, name)) if name.is_empty() => (*list).to_owned(),
            Some((list, name)) => format!("{} `{}`", kind(list), visible(name)),
            None => String::new(),
        };
        let severity = own(change, server, outcome).map(|finding| finding.severity);
        match &change.what {
            What::ServerAdded => {
                self.title("is new", severity);
                self.offered(server, |_| true);
            }
            What::ServerRemoved => self.title("is gone", severity),
            What::FirstAsked(_) => {
                self.title("is asked for the first time", severity);
                self.offered(server, |_| true);
            }
            What::Launch(parts) => {
                self.title("is started in another way", severity);
                self.parts(parts);
            }
            What::Version(parts) => {
                self.title("is another version", severity);
                self.parts(parts);
            }
            What::Added => {
                self.title(&format!("{owner} is new"), severity);
                self.offered(server, |item| {
                    change.item.as_ref().is_some_and(|(list, name)| (item.list, &item.name) == (list, name))
                });
            }
            What::Removed => self.title(&format!("{owner} is gone"), severity),
            What::Renamed(from) => self.title(&format!("{owner} was called `{}`", visible(from)), severity),
            What::Changed(difference) => {
                self.title(&format!("{owner}, {}", visible(&difference.path)), severity);
                self.words(difference);
            }
        }
        for finding in found(change, server, outcome) {
            let text = format!("{} ({}): {}", finding.rule, finding.severity, visible(&finding.message));
            self.line(4, &format!("! {text}"));
        }
    }

    fn title(&mut self, text: &str, severity: Option<Severity>) {
        let severity = severity.map(|severity| format!(" ({severity})")).unwrap_or_default();
        self.line(2, &format!("{text}{severity}"));
    }

    fn parts(&mut self, parts: &[Part]) {
        for part in parts {
            self.line(4, &visible(&part.what));
            self.side(&part.before, '-');
            self.side(&part.now, '+');
        }
    }

    fn side(&mut self, text: &Option<String>, sign: char) {
        let Some(text) = text else { return };
        let text = self.marked(&format!("{sign} {}", visible(text)), sign == '+');
        self.line(4, &text);
    }

    fn marked(&self, text: &str, new: bool) -> String {
        match (self.style.colour, new) {
            (true, true) => text.green().to_string(),
            (true, false) => text.red().to_string(),
            (false, _) => text.to_owned(),
        }
    }

    /// New items with all that they say.
    fn offered(&mut self, server: &Server, wanted: impl Fn(&Item) -> bool) {
        for item in server.offers.iter().flatten().filter(|item| wanted(item)) {
            let name = if item.name.is_empty() { String::new() } else { format!(" `{}`", visible(&item.name)) };
            self.line(4, &self.marked(&format!("+ {}{name}", kind(item.list)), true));
            for (path, text) in item.fields.iter().filter(|(path, _)| path != "name") {
                self.line(4, &self.marked(&format!("+   {}: {}", visible(path), visible(&said(text))), true));
            }
        }
    }

    fn words(&mut self, difference: &Difference) {
        let (Some(before), Some(now)) = (&difference.before, &difference.now) else {
            self.side(&difference.before.as_deref().map(said), '-');
            self.side(&difference.now.as_deref().map(said), '+');
            return;
        };
        let pieces = words(&said(before), &said(now));
        let last = pieces.len().saturating_sub(1);
        let mut text = String::new();
        for (number, piece) in pieces.iter().enumerate() {
            text.push_str(&match piece {
                Piece::Same(same) => shortened(same, number > 0, number < last),
                Piece::Removed(gone) => self.marked(&format!("[-{}-]", visible(gone)), false),
                Piece::Added(new) => self.marked(&format!("{{+{}+}}", visible(new)), true),
            });
        }
        self.line(4, &text);
    }
}

/// Words around a change; of those that are far from any the middle is left out.
fn shortened(same: &str, before: bool, behind: bool) -> String {
    const NEAR: usize = 60;
    let count = same.chars().count();
    let (head, tail) = (if before { NEAR } else { 0 }, if behind { NEAR } else { 0 });
    if count <= head + tail + 8 {
        return visible(same);
    }
    let first: String = same.chars().take(head).collect();
    let last: String = same.chars().skip(count - tail).collect();
    format!("{} … {}", visible(&first), visible(&last))
}

/// The finding of a change itself.
fn own<'o>(change: &Change, server: &Server, outcome: &'o Outcome) -> Option<&'o Finding> {
    let (item, field) = (item(change), path(change));
    outcome.findings.iter().find(|finding| {
        let subject = &finding.subject;
        finding.rule.pack() == "drift"
            && subject.server.as_deref() == Some(&server.key.name)
            && subject.tool.as_deref().unwrap_or_default() == item
            && subject.field.as_deref().unwrap_or_default() == field
            && (!item.is_empty() || !field.is_empty() || finding.rule.as_str() == rule(&change.what))
    })
}

/// What tells changes of a whole server apart.
fn rule(what: &What) -> &'static str {
    match what {
        What::ServerAdded => "drift/server-added",
        What::ServerRemoved => "drift/server-removed",
        What::Launch(_) => "drift/launch-changed",
        What::Version(_) => "drift/version-changed",
        What::FirstAsked(_) => "drift/tool-added",
        _ => "drift/instructions-changed",
    }
}

/// What other rules find in what is new.
fn found<'o>(change: &'o Change, server: &'o Server, outcome: &'o Outcome) -> impl Iterator<Item = &'o Finding> {
    let (item, field) = (item(change), path(change));
    let whole = matches!(change.what, What::ServerAdded | What::FirstAsked(_));
    let gone = matches!(change.what, What::Removed | What::ServerRemoved | What::Renamed(_));
    let about_item = change.item.is_some() || whole;
    outcome.findings.iter().filter(move |finding| {
        let subject = &finding.subject;
        let own = subject.field.as_deref().unwrap_or_default();
        let inside = |long: &str, short: &str| {
            long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        finding.rule.pack() != "drift"
            && about_item
            && !gone
            && matches!(finding.place, Place::Answer { .. })
            && subject.server.as_deref() == Some(&server.key.name)
            && (whole || subject.tool.as_deref().unwrap_or_default() == item)
            && (field.is_empty() || inside(own, field) || inside(field, own))
    })
}

/// What one item of a list is called.
fn kind(list: &str) -> &str {
    match list {
        "resourceTemplates" => "template",
        "instructions" => list,
        list => list.trim_end_matches('s'),
    }
}

fn item(change: &Change) -> &str {
    change.item.as_ref().map_or("", |(_, name)| name)
}

fn path(change: &Change) -> &str {
    match &change.what {
        What::Changed(difference) => &difference.path,
        _ => "",
    }
}

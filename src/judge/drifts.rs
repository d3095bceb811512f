//! Pack `drift` against a lock: what is not as it was approved, and how much that matters.
//!
//! A difference is certain, so all of these are of high confidence. Their severity is that of what changed: a typo is low,
//! other words are medium, and words that another rule flags where they are new are high, or critical where that rule's
//! finding would block.

use std::collections::HashMap;

use super::texts::Scene;
use crate::config::ServerEntry;
use crate::connect::Catalog;
use crate::document::Sources;
use crate::finding::{Confidence, Evidence, Finding, Place, Severity, Subject};
use crate::lock::{Change, Difference, INSTRUCTIONS, Nature, Part, What, said};
use crate::rules::{Packs, Role};
use crate::surface::{self, Text};
use crate::text::visible;

/// One change, and where it is told of.
pub struct Drifted<'a> {
    /// The change.
    pub change: &'a Change,
    /// The server's name.
    pub server: &'a str,
    /// Id of its client.
    pub client: Option<&'a str>,
    /// Its config as the lock names it.
    pub config: Option<&'a str>,
    /// Its entry, where it is there now.
    pub entry: Option<&'a ServerEntry>,
    /// What it says now.
    pub catalog: Option<&'a Catalog>,
    /// Where the lock says what was approved.
    pub locked: Place,
    /// The lock.
    pub lock: &'a str,
}

/// The findings of changes. `others` are those of the texts as they are now.
pub fn drift(drifted: &[Drifted<'_>], sources: &Sources, packs: &Packs, others: &[Finding]) -> Vec<Finding> {
    let mut flagged: HashMap<(&str, &str), Vec<&Finding>> = HashMap::new();
    for finding in others {
        let grave = finding.severity >= Severity::Medium && finding.confidence >= Confidence::Medium;
        if let (true, Some(server), "poisoning" | "shadowing" | "flows") =
            (grave, &finding.subject.server, finding.rule.pack())
        {
            let tool = finding.subject.tool.as_deref().unwrap_or_default();
            flagged.entry((server, tool)).or_default().push(finding);
        }
    }
    // Changes of one server stand together, and its texts are listed once for them.
    let mut texts: Option<(*const Catalog, Vec<Text<'_>>)> = None;
    let mut findings = Vec::new();
    for drifted in drifted {
        if let Some(catalog) = drifted.catalog
            && texts.as_ref().is_none_or(|(known, _)| !std::ptr::eq(*known, catalog))
        {
            texts = Some((catalog, surface::texts(catalog)));
        }
        let texts = texts.as_ref().filter(|_| drifted.catalog.is_some()).map_or(&[][..], |(_, texts)| texts);
        let item = drifted.change.item.as_ref().map_or("", |(_, name)| name);
        let flagged = flagged.get(&(drifted.server, item)).map_or(&[][..], Vec::as_slice);
        findings.extend(Judge { drifted, texts, flagged, sources, packs }.finding());
    }
    findings
}

struct Judge<'a> {
    drifted: &'a Drifted<'a>,
    texts: &'a [Text<'a>],
    /// What other rules say of the item as it is now.
    flagged: &'a [&'a Finding],
    sources: &'a Sources,
    packs: &'a Packs,
}

/// What is said of a change.
struct Told {
    rule: &'static str,
    /// The particular of the rule's sentence.
    what: String,
    severity: Option<Severity>,
    /// What tells this change from the next one at the same place.
    identity: String,
    /// The path of what changed.
    field: String,
}

impl Judge<'_> {
    fn finding(&self) -> Option<Finding> {
        let told = self.told();
        let rule = self.packs.rule(told.rule)?;
        let severity = self.raised(told.severity.unwrap_or(rule.severity), &told.field);
        let item = self.drifted.change.item.as_ref();
        let kind = item.map_or("server", |(list, _)| kind(list));
        let name = item.map_or_else(String::new, |(_, name)| visible(name));
        let flagged = self.of_field(&told.field).map(|finding| finding.rule.to_string()).next();
        let flagged = flagged.map(|rule| format!("; what is new is flagged by {rule}")).unwrap_or_default();
        let draft = rule
            .at(self.place(&told.field), self.subject(&told.field))
            .severity(severity)
            .confidence(Confidence::High)
            .evidence(Evidence::text(&told.identity))
            .with("server", visible(self.drifted.server))
            .with("kind", kind)
            .with("tool", name)
            .with("what", told.what + &flagged)
            .with("lock", visible(self.drifted.lock))
            .with("target", self.target());
        let old = (self.drifted.change.locked.is_some() && self.drifted.change.now.is_some())
            .then(|| (self.drifted.locked.clone(), "what was approved".to_owned()));
        Some(match old {
            Some((place, why)) => draft.related(place, why).build(),
            None => draft.build(),
        })
    }

    /// What `--accept` is told to take this in.
    fn target(&self) -> String {
        let server = visible(self.drifted.server);
        match &self.drifted.change.item {
            Some((list, name)) if name.is_empty() => format!("{server}/{list}"),
            Some((_, name)) => format!("{server}/{}", visible(name)),
            None => server,
        }
    }

    fn told(&self) -> Told {
        let whole =
            |rule, what: String, identity: String| Told { rule, what, severity: None, identity, field: String::new() };
        let instructions = self.drifted.change.item.as_ref().is_some_and(|(list, _)| *list == INSTRUCTIONS);
        match &self.drifted.change.what {
            What::ServerAdded => whole("drift/server-added", String::new(), self.drifted.server.to_owned()),
            What::ServerRemoved => whole("drift/server-removed", String::new(), self.drifted.server.to_owned()),
            What::Launch(parts) => Told {
                severity: parts.iter().any(|part| part.grave).then_some(Severity::High),
                ..whole("drift/launch-changed", sentence(parts), identity(parts))
            },
            What::Version(parts) => Told {
                severity: parts.iter().any(|part| part.grave).then_some(Severity::High),
                ..whole("drift/version-changed", sentence(parts), identity(parts))
            },
            What::FirstAsked(count) => Told {
                what: format!("{count} things, and was never asked before"),
                ..whole("drift/tool-added", String::new(), count.to_string())
            },
            What::Added if instructions => whole("drift/instructions-changed", "are new".to_owned(), self.now_text()),
            What::Removed if instructions => Told {
                severity: Some(Severity::Low),
                ..whole("drift/instructions-changed", "are gone".to_owned(), String::new())
            },
            What::Added => Told {
                what: format!("{}, which was not approved", self.item()),
                ..whole("drift/tool-added", String::new(), self.item())
            },
            What::Removed => whole("drift/tool-removed", String::new(), self.item()),
            What::Renamed(from) => {
                whole("drift/tool-renamed", format!("`{}`", visible(from)), format!("{from} {}", self.item()))
            }
            What::Changed(difference) => self.changed(difference),
        }
    }

    fn item(&self) -> String {
        self.drifted
            .change
            .item
            .as_ref()
            .map(|(list, name)| format!("{} `{}`", kind(list), visible(name)))
            .unwrap_or_default()
    }

    fn now_text(&self) -> String {
        self.texts.iter().filter(|text| text.list == INSTRUCTIONS).map(|text| text.text).collect()
    }

    fn changed(&self, difference: &Difference) -> Told {
        let Difference { path, before, now, nature } = difference;
        let rule = match nature {
            Nature::Description => "drift/description-changed",
            Nature::Parameter => "drift/parameter-changed",
            Nature::Schema => "drift/schema-changed",
            Nature::Annotation => "drift/annotation-changed",
            Nature::Instructions => "drift/instructions-changed",
        };
        let field = format!("`{}` of {}", visible(path), self.item());
        let what = match (nature, before, now) {
            (Nature::Instructions, ..) => "say something else".to_owned(),
            (_, None, _) => format!("{field} is new"),
            (_, _, None) => format!("{field} is gone"),
            _ => format!("{field} says something else"),
        };
        let severity = match (before, now) {
            (Some(before), Some(now)) if is_slip(&said(before), &said(now)) => Some(Severity::Low),
            (_, Some(now)) if *nature == Nature::Annotation && !relaxes(path, now) => Some(Severity::Low),
            (_, None) if *nature != Nature::Annotation => Some(Severity::Low),
            _ => None,
        };
        let identity = now.as_deref().map(said).unwrap_or_default();
        Told { rule, what, severity, identity, field: path.clone() }
    }

    /// What other rules find in what changed.
    fn of_field(&self, field: &str) -> impl Iterator<Item = &Finding> {
        let new = !matches!(self.drifted.change.what, What::Removed | What::ServerRemoved);
        let inside = |long: &str, short: &str| {
            long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let field = field.to_owned();
        self.flagged.iter().copied().filter(move |finding| {
            let own = finding.subject.field.as_deref().unwrap_or_default();
            new && (field.is_empty() || own.is_empty() || inside(own, &field) || inside(&field, own))
        })
    }

    fn raised(&self, severity: Severity, field: &str) -> Severity {
        if self.drifted.change.item.is_none() {
            return severity;
        }
        let worst = self.of_field(field).map(|finding| finding.severity).max();
        match worst {
            Some(Severity::High | Severity::Critical) => Severity::Critical,
            Some(_) => severity.max(Severity::High),
            None => severity,
        }
    }

    /// In what the server says now, where there is something; else in its entry, else in the lock.
    fn place(&self, field: &str) -> Place {
        let Drifted { change, catalog, entry, locked, .. } = self.drifted;
        if let (Some((list, name)), Some(catalog)) = (&change.item, catalog)
            && change.what != What::Removed
        {
            let own = |text: &&Text<'_>| text.list == *list && text.item.unwrap_or_default() == name;
            let scene = Scene { catalog, sources: self.sources };
            let exact = self.texts.iter().filter(own).find(|text| text.field == field);
            let text = exact.or_else(|| self.texts.iter().find(own));
            if let Some(text) = text {
                return scene.place(text, 0..text.text.len());
            }
            let nothing = Text {
                text: "",
                role: Role::Unknown,
                list,
                item: None,
                field: String::new(),
                span: Default::default(),
            };
            if catalog.source.is_none() {
                return scene.place(&nothing, 0..0);
            }
        }
        match (entry, &change.what) {
            (_, What::ServerRemoved | What::Removed) | (None, _) if change.locked.is_some() => locked.clone(),
            (Some(entry), What::Launch(parts) | What::Version(parts)) => {
                // The very word, where it is one.
                let told = |text: &str| {
                    text.len() > 1
                        && parts.iter().filter_map(|part| part.now.as_deref()).any(|now| now.starts_with(text))
                };
                let own = entry.args.iter().chain(&entry.urls).find(|word| told(&word.text));
                let span = own.or(entry.command.as_ref()).or(entry.url.as_ref());
                let span = span.map_or(entry.name.span, |word| word.span);
                Place::File { source: entry.source, span }
            }
            (Some(entry), _) => Place::File { source: entry.source, span: entry.name.span },
            (None, _) => match catalog.and_then(|catalog| Some((catalog.source?, catalog.tools.first()?.span))) {
                Some((source, span)) => Place::File { source, span },
                None => locked.clone(),
            },
        }
    }

    fn subject(&self, field: &str) -> Subject {
        let Drifted { change, server, client, config, entry, catalog, .. } = self.drifted;
        let portable = entry.map(|entry| entry.portable.clone());
        let portable = portable.or_else(|| Some(catalog.as_ref()?.origin.as_ref()?.portable.clone()));
        let item = change.item.as_ref().map(|(_, name)| name.clone()).filter(|name| !name.is_empty());
        Subject {
            client: entry.map(|entry| entry.client.clone()).or_else(|| client.map(str::to_owned)),
            server: Some((*server).to_owned()),
            tool: item,
            field: (!field.is_empty()).then(|| field.to_owned()),
            config: portable.or_else(|| config.map(str::to_owned)),
        }
    }
}

/// What an item of a list is called.
fn kind(list: &str) -> &'static str {
    match list {
        "tools" => "tool",
        "prompts" => "prompt",
        "resources" => "resource",
        "resourceTemplates" => "template",
        _ => "instructions",
    }
}

fn sentence(parts: &[Part]) -> String {
    let shown = |text: &Option<String>| text.as_ref().map(|text| format!("`{}`", visible(text)));
    let one = |part: &Part| {
        // Names of variables and fields come from the config.
        let what = visible(&part.what);
        match (shown(&part.before), shown(&part.now)) {
            (Some(before), Some(now)) => format!("{what} was {before} and is {now}"),
            (None, Some(now)) => format!("{what} is new: {now}"),
            (Some(before), None) => format!("{what} is gone: {before}"),
            (None, None) => what,
        }
    };
    parts.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn identity(parts: &[Part]) -> String {
    let one = |part: &Part| format!("{} {}", part.what, part.now.as_deref().unwrap_or_default());
    parts.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Whether a hint promises more than before: that nothing is changed, or nothing destroyed, lets clients ask less.
fn relaxes(path: &str, now: &str) -> bool {
    match path.rsplit('.').next().unwrap_or_default() {
        "readOnlyHint" | "idempotentHint" => now == "true",
        "destructiveHint" | "openWorldHint" => now == "false",
        _ => true,
    }
}

/// More words are no slip.
const MOST_SLIPS: usize = 4;

/// Whether a text differs as a typo that was mended does: in blanks, in the marks around its words, in digits, in a letter of
/// a word. Hidden characters, addresses and options are none of these.
fn is_slip(before: &str, now: &str) -> bool {
    let (old, new): (Vec<String>, Vec<String>) = (plain_words(before), plain_words(now));
    if old.len() != new.len() {
        return false;
    }
    let changed: Vec<_> = old.iter().zip(&new).filter(|(old, new)| old != new).take(MOST_SLIPS + 1).collect();
    let slip = |(old, new): &(&String, &String)| {
        let word = |word: &str| word.chars().all(|c| c.is_ascii_lowercase());
        old.len().min(new.len()) >= 4 && word(old) && word(new) && strsim::osa_distance(old, new) <= 1
    };
    changed.len() <= MOST_SLIPS && changed.iter().all(slip)
}

/// The words of a text without the marks around them, with one digit in place of all that stand together.
fn plain_words(text: &str) -> Vec<String> {
    let word = |word: &str| {
        let mut plain = String::with_capacity(word.len());
        for c in word.trim_matches(|c: char| ".,;:!?()\"'`*".contains(c)).chars() {
            match c {
                '0'..='9' if plain.ends_with('0') => {}
                '0'..='9' => plain.push('0'),
                c => plain.extend(c.to_lowercase()),
            }
        }
        plain
    };
    text.split_whitespace().map(word).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_slip_is() {
        for (before, now) in [
            ("Recieve a file", "Receive a file"),
            ("Reads a file", "Reads a file."),
            ("It is 9:59 now", "It is 10:00 now"),
            ("The Weather", "the weather"),
            ("a  b", "a b"),
        ] {
            assert!(is_slip(before, now), "{before} {now}");
        }
        for (before, now) in [
            ("Never ask before you write.", "Ask before you write."),
            ("Ask before you write.", "Never ask before you write."),
            ("Reads a file", "Reads a file\u{200b}"),
            ("Reads the file", "Sends the file"),
            ("Reads a file", "Reads a key"),
            ("can not be undone", "can now be undone"),
            ("Sends it to https://acme.com/x", "Sends it to https://acne.com/x"),
            ("Runs rm -r", "Runs rm -f"),
        ] {
            assert!(!is_slip(before, now), "{before} {now}");
        }
    }

    #[test]
    fn which_hints_ask_for_trust() {
        assert!(relaxes("annotations.readOnlyHint", "true") && relaxes("annotations.destructiveHint", "false"));
        assert!(!relaxes("annotations.readOnlyHint", "false") && !relaxes("annotations.destructiveHint", "true"));
    }
}

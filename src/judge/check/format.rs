//! Pack `format`: what a file says and its clients read differently, or not at all.

use std::collections::{BTreeMap, HashSet};

use crate::config::{Config, Duplicate, Field, Part, ServerEntry, form, parts};
use crate::discover::{Client, Clients, Liberty, OnDuplicate, Scope};
use crate::document::Span;
use crate::finding::{Evidence, Finding, Place, Severity, Subject};
use crate::rules::{Draft, Packs};

/// Judges one file.
pub(in crate::judge) fn format(config: &Config, packs: &Packs, clients: &Clients, findings: &mut Vec<Finding>) {
    let mut file = File { config, packs, findings };
    let readers: Vec<&Client> = config.file.readers.iter().filter_map(|reader| clients.get(&reader.client)).collect();
    for duplicate in &config.duplicates {
        file.duplicate(duplicate, &readers);
    }
    for (liberty, span) in &config.liberties {
        file.liberty(*liberty, *span, &readers);
    }
    let known: Vec<&Client> = readers.into_iter().filter(|client| !client.fallback).collect();
    if !known.is_empty() {
        config.servers.iter().filter(|entry| !entry.is_read).for_each(|entry| file.unread(entry, &known));
    }
    for entry in &config.servers {
        file.references(entry, clients);
    }
}

struct File<'a> {
    config: &'a Config,
    packs: &'a Packs,
    findings: &'a mut Vec<Finding>,
}

impl File<'_> {
    fn add(
        &mut self,
        rule: &str,
        entry: Option<&ServerEntry>,
        span: Span,
        matched: &str,
        fill: impl FnOnce(Draft<'_>) -> Draft<'_>,
    ) {
        let Some(rule) = self.packs.rule(rule) else { return };
        let file = &self.config.file;
        let subject = Subject {
            client: Some(entry.map_or_else(|| file.client().to_owned(), |entry| entry.client.clone())),
            server: entry.map(|entry| entry.name.text.clone()),
            tool: None,
            field: (!matched.is_empty()).then(|| matched.to_owned()),
            config: Some(file.portable.clone()),
        };
        let place = Place::File { source: self.config.source, span };
        let draft = rule.at(place, subject).evidence(Evidence::text(matched));
        self.findings.push(fill(draft).build());
    }

    fn duplicate(&mut self, duplicate: &Duplicate, readers: &[&Client]) {
        let config = self.config;
        let entry = duplicate.entry.and_then(|at| config.servers.get(at));
        // What somebody wrote at home is a slip; in somebody else's file it may hide what runs.
        let severity = match (duplicate.same, config.file.scope()) {
            (true, _) => Severity::Info,
            (false, Scope::Project | Scope::Plugin) => Severity::Medium,
            (false, Scope::User | Scope::Managed) => Severity::Low,
        };
        let what = match duplicate.first == duplicate.again {
            true => format!("`{}` stands twice", duplicate.again),
            false => format!("`{}` says again what `{}` says", duplicate.again, duplicate.first),
        };
        let taken = match duplicate.first == duplicate.again {
            true => taken(readers),
            false => "which one counts depends on the client".to_owned(),
        };
        let place = Place::File { source: config.source, span: duplicate.first_span };
        let owner = entry.map_or_else(|| "this file".to_owned(), |entry| format!("`{}`", entry.name.text));
        self.add("format/duplicate-key", entry, duplicate.again_span, &duplicate.again, |draft| {
            draft
                .severity(severity)
                .related(place, "the first one")
                .with("what", what)
                .with("owner", owner)
                .with("taken", taken)
        });
    }

    fn liberty(&mut self, liberty: Liberty, span: Span, readers: &[&Client]) {
        let refusing: Vec<&str> = readers
            .iter()
            .filter(|client| client.refuses.contains(&liberty))
            .map(|client| client.name.as_str())
            .collect();
        let what = match liberty {
            Liberty::Jsonc => "something that JSON does not allow, such as a comment or a comma too many",
            Liberty::ByteOrderMark => "a byte order mark at its beginning",
            Liberty::Utf16 => "UTF-16",
        };
        let names = listed(&refusing);
        self.add("format/client-refuses", None, span, "", |draft| draft.with("what", what).with("clients", names));
    }

    fn unread(&mut self, entry: &ServerEntry, readers: &[&Client]) {
        let names: Vec<&str> = readers.iter().map(|client| client.name.as_str()).collect();
        let own: HashSet<&str> = self
            .config
            .file
            .readers
            .iter()
            .flat_map(|reader| reader.keys.iter().map(String::as_str))
            .filter(|keys| !matches!(*keys, "" | "."))
            .collect();
        let mut keys: Vec<String> = own.into_iter().map(|keys| format!("`{keys}`")).collect();
        keys.sort();
        self.add("format/place-not-read", Some(entry), entry.name.span, &entry.name.text, |draft| {
            let draft = draft.with("server", entry.name.text.clone());
            draft.with("clients", listed(&names)).with("keys", keys.join(" or "))
        });
    }

    /// References that the client hands on as they are written. Arguments are left out: what is started may replace
    /// them itself, as a shell and `mcp-remote` do.
    fn references(&mut self, entry: &ServerEntry, clients: &Clients) {
        let Some(client) = clients.get(&entry.client) else { return };
        let reader = self.config.file.readers.iter().find(|reader| reader.client == entry.client);
        let Some(forms) = reader.and_then(|reader| reader.expands.as_ref()) else { return };
        let values = entry.env.iter().chain(&entry.headers).map(|Field { path, value, .. }| (path.as_str(), value));
        for (path, value) in values.chain(entry.urls.iter().map(|url| ("url", url))) {
            for part in parts(&value.text) {
                let (Part::Variable { range, .. } | Part::Reference(range)) = part else { continue };
                let reference = &value.text[range.clone()];
                let form = form(reference);
                // What is written for another program to find is no mistake.
                let plain = !matches!(form, crate::discover::Form::Other | crate::discover::Form::Command);
                if plain && !forms.contains(&form) {
                    let instead = match &client.reference {
                        Some(reference) => format!("{} writes `{reference}`", client.name),
                        None => format!("{} replaces nothing: set the variable where it is started", client.name),
                    };
                    self.add(
                        "format/reference-not-replaced",
                        Some(entry),
                        value.part(range.start, range.end),
                        path,
                        |draft| {
                            draft
                                .with("server", entry.name.text.clone())
                                .with("client", client.name.clone())
                                .with("reference", reference.to_owned())
                                .with("field", path.to_owned())
                                .with("instead", instead)
                        },
                    );
                }
            }
        }
    }
}

/// Which one each client takes.
fn taken(readers: &[&Client]) -> String {
    let mut groups: BTreeMap<OnDuplicate, Vec<&str>> = BTreeMap::new();
    for client in readers.iter().filter(|client| !client.fallback) {
        groups.entry(client.duplicates).or_default().push(&client.name);
    }
    if groups.is_empty() {
        return "most clients take the last one".to_owned();
    }
    let sentence = |(what, names): (&OnDuplicate, &Vec<&str>)| {
        let one = names.len() == 1;
        match what {
            OnDuplicate::Last => format!("{} take{} the last one", listed(names), if one { "s" } else { "" }),
            OnDuplicate::Refused => format!("{} refuse{} the file", listed(names), if one { "s" } else { "" }),
        }
    };
    groups.iter().map(sentence).collect::<Vec<_>>().join(", ")
}

/// A few names in a sentence.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    match names {
        [] => "clients".to_owned(),
        [one] => (*one).to_owned(),
        _ if names.len() > SHOWN => format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

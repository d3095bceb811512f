//! JSON with an object a line, for readers that can't wait for the end or hold all of it: what it is, what was looked at,
//! what was found, and the sums.

use serde::Serialize;

use super::View;
use super::json::{
    Config, Entry, Note, SCHEMA, Server, Settings, Summary, config, entry, inert, note, server, settings, summary,
};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Report { schema: &'static str, version: &'static str },
    Config(Config<'a>),
    Server(Server<'a>),
    Settings(Settings<'a>),
    Note(Note<'a>),
    Finding(Entry<'a>),
    Summary(Summary),
}

pub(super) fn render(view: &View<'_>) -> String {
    let outcome = view.outcome;
    let coverage = &outcome.coverage;
    let first = Line::Report { schema: SCHEMA, version: env!("CARGO_PKG_VERSION") };
    let lines = std::iter::once(first)
        .chain(coverage.configs.iter().map(|of| Line::Config(config(of))))
        .chain(coverage.servers.iter().map(|of| Line::Server(server(of))))
        .chain(coverage.settings.iter().map(|of| Line::Settings(settings(of))))
        .chain(coverage.notes.iter().map(|of| Line::Note(note(of))))
        .chain(outcome.findings.iter().map(|finding| Line::Finding(entry(finding, outcome))))
        .chain([Line::Summary(summary(outcome))]);
    let mut text = String::new();
    for line in lines {
        // Strings and numbers only: this can't fail.
        text.push_str(&inert(&serde_json::to_string(&line).unwrap_or_default()));
        text.push('\n');
    }
    text
}

//! What a log does not hold: what could not be looked at, and what was cut.

use serde_json::json;
use serde_sarif::sarif::{
    Location, Message, MultiformatMessageString, Notification, PhysicalLocation, ReportingDescriptor,
    ReportingDescriptorReference,
};

use super::message;
use super::place::artifact;
use crate::triage::{ConfigStatus, Outcome, ServerStatus, SettingsOrigin};

/// More notifications say nothing more.
const MOST: usize = 1000;

/// The kinds of notifications, by their ids.
const KINDS: [(&str, &str); 3] = [
    ("mcpscan/not-looked-at", "A config or a server that was not looked at, or not all of it"),
    ("mcpscan/cut", "Something that is left out of this log"),
    ("mcpscan/settings", "What a project's settings change, or what is wrong with an ignore, a setting or a baseline"),
];

/// The kinds, as the tool declares them.
pub(super) fn kinds() -> Vec<ReportingDescriptor> {
    let kind = |(id, text): &(&str, &str)| {
        let text = || MultiformatMessageString::builder().text(*text).build();
        let help = MultiformatMessageString::builder().text("Its message says what, and why.").build();
        ReportingDescriptor::builder().id(*id).short_description(text()).full_description(text()).help(help).build()
    };
    KINDS.iter().map(kind).collect()
}

fn notification(kind: usize, level: &str, text: &str) -> Notification {
    let reference =
        ReportingDescriptorReference::builder().id(KINDS[kind].0).index(i64::try_from(kind).unwrap_or_default());
    Notification::builder()
        .descriptor(reference.build())
        .message(Message::builder().text(message(text)).build())
        .level(json!(level))
        .build()
}

/// Says that so many results were left out.
pub(super) fn cut(left_out: usize) -> Notification {
    let text = format!(
        "{left_out} results, the least important ones, are left out: code scanning takes no larger log. The other formats \
         list all of them"
    );
    notification(1, "warning", &text)
}

/// What a project's settings change about what counts.
pub(super) fn changed(outcome: &Outcome) -> Vec<Notification> {
    let foreign = outcome.coverage.settings.iter().filter(|used| used.origin == SettingsOrigin::Project);
    let told = foreign.filter(|used| !used.effects.is_empty()).map(|used| {
        let text = format!("{}, which came with the project: {}", used.path, used.effects.join("; "));
        notification(2, "note", &text)
    });
    told.collect()
}

/// What could not be looked at.
pub(super) fn gaps(outcome: &Outcome) -> Vec<Notification> {
    let mut found = Vec::new();
    let reason = |reason: &Option<String>| reason.clone().unwrap_or_else(|| "no reason is known".to_owned());
    for config in outcome.coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned) {
        let level = if config.status == ConfigStatus::Failed { "error" } else { "warning" };
        let text = format!("{}: {}: {}", config.path, config.status.as_str(), reason(&config.reason));
        let mut note = notification(0, level, &text);
        let file = PhysicalLocation::builder().artifact_location(artifact(&config.path)).build();
        note.locations = Some(vec![Location::builder().physical_location(file).build()]);
        found.push(note);
    }
    for server in outcome.coverage.servers.iter().filter(|server| server.status != ServerStatus::Scanned) {
        let level =
            if matches!(server.status, ServerStatus::Failed | ServerStatus::Partial) { "warning" } else { "note" };
        let text = format!("server {}: {}: {}", server.server, server.status.as_str(), reason(&server.reason));
        found.push(notification(0, level, &text));
    }
    for note in &outcome.coverage.notes {
        let at = note.at.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        found.push(notification(2, note.level.as_str(), &format!("{}{at}: {}", note.path, note.message)));
    }
    let more = found.len().saturating_sub(MOST);
    if more > 0 {
        // Whatever failed stays before what was only not asked.
        found.sort_by_key(|note| note.level != Some(json!("error")));
        found.truncate(MOST);
        found.push(notification(0, "warning", &format!("{more} more configs and servers were not looked at")));
    }
    found
}

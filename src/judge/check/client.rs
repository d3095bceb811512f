//! Pack `client`: settings with which a client stops asking, or runs something while it reads.

use super::super::entries::Scene;
use crate::config::{Approved, Config, Switch};
use crate::discover::{Clients, Scope};
use crate::document::Span;
use crate::finding::{Evidence, Finding, Place, Severity, Subject};
use crate::rules::Packs;

/// More names than these only make a sentence long.
const SHOWN: usize = 4;

/// Judges what one entry makes its client run while reading.
pub(in crate::judge) fn runs(scene: &Scene<'_>, packs: &Packs, clients: &Clients, findings: &mut Vec<Finding>) {
    for run in scene.entry.runs(clients) {
        let severity = weighed(Severity::High, scene.entry.scope);
        findings.extend(scene.finding(packs, "client/runs-while-reading", run.value.span, &run.head, |draft| {
            draft.severity(severity).with("what", run.what).with("field", scene.field(run.value.span))
        }));
    }
}

/// Judges a config that is a program itself.
pub(in crate::judge) fn program(config: &Config, packs: &Packs, clients: &Clients, findings: &mut Vec<Finding>) {
    let (Some(command), Some(what)) = (&config.program, &config.file.runs) else { return };
    let Some(rule) = packs.rule("client/runs-while-reading") else { return };
    let client = clients.get(config.file.client()).map_or(config.file.client(), |client| &client.name);
    let field = config.file.portable.rsplit('/').next().unwrap_or_default().to_owned();
    let subject = Subject {
        client: Some(config.file.client().to_owned()),
        server: None,
        tool: None,
        field: Some(field.clone()),
        config: Some(config.file.portable.clone()),
    };
    // Of the first command its name alone: what follows can hold keys.
    let head = command.text.split_whitespace().next().unwrap_or_default();
    let head = head.split_once('=').map_or(head, |(name, _)| name);
    let span = Span::new(command.span.start, command.span.start + head.len());
    let draft = rule
        .at(Place::File { source: config.source, span }, subject)
        .evidence(Evidence::text(head))
        .severity(weighed(Severity::High, config.file.scope()))
        .with("field", field)
        .with("server", client)
        .with("what", what.clone());
    findings.push(draft.build());
}

/// Judges the switches of one config.
pub(in crate::judge) fn switches(config: &Config, packs: &Packs, findings: &mut Vec<Finding>) {
    for switch in &config.switches {
        let Some(rule) = packs.rule(&switch.rule) else { continue };
        let entry = switch.server.and_then(|index| config.servers.get(index));
        let subject = Subject {
            client: Some(config.file.client().to_owned()),
            server: entry.map(|entry| entry.name.text.clone()),
            tool: None,
            field: Some(switch.path.clone()),
            config: Some(match entry.and_then(|entry| entry.project.as_ref()) {
                Some(project) => format!("{} {project}", config.file.portable),
                None => config.file.portable.clone(),
            }),
        };
        let severity = match switch.scope {
            Approved::Everything => Severity::High,
            Approved::Names(_) => Severity::Medium,
            Approved::Hinted | Approved::Sandboxed => Severity::Low,
        };
        let place = Place::File { source: config.source, span: switch.value.span };
        let draft = rule
            .at(place, subject)
            .evidence(Evidence::text(&switch.value.text))
            .severity(weighed(severity, config.file.scope()))
            .with("owner", entry.map_or_else(|| "This file".to_owned(), |entry| format!("`{}`", entry.name.text)))
            .with("switch", switch.path.clone())
            .with("means", means(switch));
        findings.push(draft.build());
    }
}

/// A step less where the user decided for themselves; a project and a plugin decide for others.
fn weighed(severity: Severity, scope: Scope) -> Severity {
    match (scope, severity) {
        (Scope::Project | Scope::Plugin, severity) => severity,
        (_, Severity::High) => Severity::Medium,
        (_, Severity::Medium) => Severity::Low,
        (_, severity) => severity.min(Severity::Info),
    }
}

/// What a switch does, as a clause.
fn means(switch: &Switch) -> String {
    match &switch.scope {
        Approved::Names(names) if !names.is_empty() => {
            let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            let more = names.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let s = if names.len() == 1 { "s" } else { "" };
            format!("{}{more} {}{s} without asking you", shown.join(", "), switch.each)
        }
        _ => switch.means.clone(),
    }
}

//! The end of the report: what was found, what was looked at, and what was not.

use std::collections::{BTreeMap, HashMap};

use super::super::{Detail, View, counted, nothing};
use super::{block, coloured, ignores, wrap};
use crate::finding::Severity;
use crate::text::visible;
use crate::triage::{
    ConfigStatus, Coverage, LockCoverage, LockStatus, SandboxCoverage, SandboxLevel, ServerCoverage, ServerStatus,
};

pub(super) fn write(text: &mut String, view: &View<'_>) {
    let coverage = &view.outcome.coverage;
    let verbose = view.style.detail == Detail::Verbose;
    if verbose {
        list(text, "Suppressed:", suppressed(view), view);
        list(text, "Looked at:", looked_at(coverage), view);
    }
    list(text, "Not looked at:", gaps(coverage, verbose), view);
    list(text, "Settings and ignores:", ignores::lines(view.outcome, verbose), view);

    text.push_str(&wrap(&format!("{}.", looked(coverage)), view.style.width, ""));
    text.push('\n');
    for line in locked(coverage).into_iter().chain(unconfined(coverage, verbose)) {
        text.push_str(&wrap(&line, view.style.width, "  "));
        text.push('\n');
    }
    found(text, view);
}

/// A heading and its lines; nothing where there are none.
fn list(text: &mut String, heading: &str, lines: Vec<String>, view: &View<'_>) {
    if lines.is_empty() {
        return;
    }
    text.push_str(heading);
    text.push('\n');
    for line in lines {
        text.push_str("  ");
        text.push_str(&wrap(&line, view.style.width.saturating_sub(4), "    "));
        text.push('\n');
    }
    text.push('\n');
}

fn suppressed(view: &View<'_>) -> Vec<String> {
    let line = |(finding, why): (&crate::finding::Finding, &crate::finding::Suppression)| {
        let place = block::place(finding, view).map(|place| format!("{place}: ")).unwrap_or_default();
        let (severity, rule) = (finding.severity, &finding.rule);
        format!("{place}{severity}[{rule}]: {} ({})", visible(&finding.message), visible(&why.to_string()))
    };
    view.suppressed().map(line).collect()
}

fn looked_at(coverage: &Coverage) -> Vec<String> {
    let mut lines = Vec::new();
    for config in coverage.configs.iter().filter(|config| config.status == ConfigStatus::Scanned) {
        let client = block::client(Some(&config.client)).map(|client| format!(" of {client}")).unwrap_or_default();
        lines.push(format!("{}{client}: {}", visible(&config.path), counted(config.servers, "server")));
    }
    for server in coverage.servers.iter().filter(|server| server.status == ServerStatus::Scanned) {
        let told = [("tool", server.tools), ("prompt", server.prompts), ("resource", server.resources)];
        let told: Vec<String> =
            told.iter().filter_map(|(what, count)| Some(counted((*count).filter(|count| *count > 0)?, what))).collect();
        let told = if told.is_empty() { "nothing offered".to_owned() } else { told.join(", ") };
        let time = server.ms.map(|ms| format!(" in {ms} ms")).unwrap_or_default();
        lines.push(format!("{}: {told}{time}", named(server)));
    }
    lines
}

fn named(server: &ServerCoverage) -> String {
    let client = block::client(server.client.as_ref()).map(|client| format!(" of {client}")).unwrap_or_default();
    format!("server `{}`{client}", visible(&server.server))
}

/// What was not looked at, a line a reason.
fn gaps(coverage: &Coverage, verbose: bool) -> Vec<String> {
    let gap = |what: String, status: &'static str, reason: &Option<String>| {
        (what, status, reason.clone().unwrap_or_else(|| "no reason is known".to_owned()))
    };
    let mut told: Vec<(String, &'static str, String)> = Vec::new();
    for config in coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned) {
        told.push(gap(visible(&config.path), config.status.as_str(), &config.reason));
    }
    let mut unasked: Vec<String> = Vec::new();
    for server in coverage.servers.iter().filter(|server| server.status != ServerStatus::Scanned) {
        if server.unasked {
            unasked.push(format!("`{}`", visible(&server.server)));
            continue;
        }
        told.push(gap(named(server), server.status.as_str(), &server.reason));
    }
    // In the order of the first of each.
    let mut reasons: Vec<((&str, &str), Vec<String>)> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for (what, status, reason) in &told {
        let key = (*status, reason.as_str());
        let at = *places.entry(key).or_insert_with(|| {
            reasons.push((key, Vec::new()));
            reasons.len() - 1
        });
        reasons[at].1.push(what.clone());
    }
    let mut lines: Vec<String> = reasons
        .iter()
        .map(|((status, reason), names)| format!("{} ({status}): {}", shortened(names, verbose), visible(reason)))
        .collect();
    if !unasked.is_empty() {
        let them = if unasked.len() == 1 { "it" } else { "them" };
        lines.push(format!(
            "{} not asked, only judged by the config: {}. `--launch all` starts or connects to {them}.",
            counted(unasked.len(), "server"),
            shortened(&unasked, verbose)
        ));
    }
    lines
}

/// How much was looked at, without the full stop.
pub(in crate::report) fn looked(coverage: &Coverage) -> String {
    let read = coverage
        .configs
        .iter()
        .filter(|config| matches!(config.status, ConfigStatus::Scanned | ConfigStatus::Partial))
        .count();
    let all = coverage.configs.len();
    let configs = if read == all { counted(read, "file") } else { format!("{read} of {}", counted(all, "file")) };
    let mut looked = format!("Read {configs}, {}", counted(coverage.servers.len(), "server"));
    let asked: Vec<_> = coverage.servers.iter().filter(|server| server.tools.is_some()).collect();
    if !asked.is_empty() {
        let silent =
            |server: &&&ServerCoverage| matches!(server.status, ServerStatus::Failed | ServerStatus::NeedsSignIn);
        let answered = asked.len() - asked.iter().filter(silent).count();
        let tools: usize = asked.iter().filter_map(|server| server.tools).sum();
        let (servers, tools) = (counted(asked.len(), "server"), counted(tools, "tool"));
        // What was saved took no time here.
        let saved = asked.iter().all(|server| server.ms.is_none());
        looked.push_str(&match (saved, answered) {
            (true, _) => format!(" with {tools}"),
            (_, 0) => format!("; asked {servers}, none answered"),
            (_, answered) if answered < asked.len() => format!("; asked {servers}, {answered} answered: {tools}"),
            _ => format!("; asked {servers}: {tools}"),
        });
    }
    looked
}

fn found(text: &mut String, view: &View<'_>) {
    let counts: Vec<String> = Severity::ALL
        .iter()
        .filter(|severity| **severity > Severity::Info || view.style.info)
        .map(|severity| (severity, view.outcome.count(*severity)))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| coloured(*severity, &format!("{count} {severity}"), view.style))
        .collect();
    let mut more = Vec::new();
    if view.hidden_info() > 0 {
        more.push(format!("{} of severity info not shown, see --pedantic", view.hidden_info()));
    }
    let more = if more.is_empty() { ".".to_owned() } else { format!(" ({}).", more.join("; ")) };
    if counts.is_empty() {
        text.push_str(&wrap(&format!("{}{more}", nothing(view.outcome)), view.style.width, "  "));
    } else {
        // Not wrapped: colours take no columns, and so few words always fit.
        text.push_str(&format!("Found {}{more}", counts.join(", ")));
    }
    text.push('\n');
    if let Some(line) = ignores::count(view.outcome) {
        let see = if view.style.detail == Detail::Verbose { "" } else { " `--verbose` lists them." };
        text.push_str(&wrap(&format!("{line}{see}"), view.style.width, "  "));
        text.push('\n');
    }
    if let Some(first) = view.shown().next() {
        text.push_str(&wrap(
            &format!("`mcpscan explain {}` tells more of a rule.", first.rule),
            view.style.width,
            "  ",
        ));
        text.push('\n');
    }
}

/// How much of what was looked at is as it was approved, a line for each lock.
fn locked(coverage: &Coverage) -> Vec<String> {
    let mut locks: BTreeMap<&str, Vec<&LockCoverage>> = BTreeMap::new();
    for lock in coverage.servers.iter().filter_map(|server| server.lock.as_ref()) {
        locks.entry(&lock.file).or_default().push(lock);
    }
    let line = |(file, servers): (&&str, &Vec<&LockCoverage>)| {
        let of = |status| servers.iter().filter(|lock| lock.status == status).count();
        let told = [
            (LockStatus::Approved, "as approved"),
            (LockStatus::Recorded, "as first recorded, accepted by nobody"),
            (LockStatus::Changed, "changed"),
            (LockStatus::Absent, "not in it"),
        ];
        let told = told.into_iter().filter(|(status, _)| of(*status) > 0);
        let told: Vec<String> =
            told.map(|(status, word)| format!("{} {word}", counted(of(status), "server"))).collect();
        let tools: usize = servers.iter().filter_map(|lock| lock.tools).sum();
        let tools = if tools > 0 { format!("; {} unchanged", counted(tools, "tool")) } else { String::new() };
        format!("Lock {}: {}{tools}.", visible(file), told.join(", "))
    };
    locks.iter().map(line).collect()
}

/// Who ran with less than the whole sandbox, once for each thing that was missing.
pub(in crate::report) fn unconfined(coverage: &Coverage, verbose: bool) -> Vec<String> {
    let mut missing: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for server in &coverage.servers {
        let Some(SandboxCoverage { level, reason: Some(reason) }) = &server.sandbox else { continue };
        let how = match level {
            SandboxLevel::Full => continue,
            SandboxLevel::Partial => "with a part of the sandbox only",
            SandboxLevel::None => "without a sandbox",
        };
        missing.entry((how, reason.as_str())).or_default().push(format!("`{}`", visible(&server.server)));
    }
    let line = |((how, reason), names): (&(&str, &str), &Vec<String>)| {
        format!("Ran {how}, {}: {}.", shortened(names, verbose), visible(reason))
    };
    missing.iter().map(line).collect()
}

fn shortened(names: &[String], all: bool) -> String {
    const MOST: usize = 6;
    let shown = if all { names.len() } else { MOST };
    let mut list = names.iter().take(shown).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > shown {
        list.push_str(&format!(" and {} more", names.len() - shown));
    }
    list
}

//! The end of the report: what was found, what was looked at, and what was not.

use std::collections::BTreeMap;

use super::{Style, UNKNOWN, coloured, ignores, wrap};
use crate::finding::Severity;
use crate::text::visible;
use crate::triage::{
    ConfigStatus, Coverage, LockCoverage, LockStatus, Outcome, SandboxCoverage, SandboxLevel, ServerCoverage,
    ServerStatus,
};

pub(super) fn write(text: &mut String, outcome: &Outcome, style: &Style) {
    let coverage = &outcome.coverage;
    let mut gaps: Vec<String> = Vec::new();
    for config in coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned) {
        let reason = config.reason.as_deref().unwrap_or("no reason is known");
        gaps.push(format!("{} ({}): {}", visible(&config.path), config.status.as_str(), visible(reason)));
    }
    let mut unasked: Vec<String> = Vec::new();
    for server in coverage.servers.iter().filter(|server| server.status != ServerStatus::Scanned) {
        let reason = server.reason.as_deref().unwrap_or("no reason is known");
        if server.unasked {
            unasked.push(visible(&server.server));
            continue;
        }
        let client = server
            .client
            .as_ref()
            .filter(|client| *client != UNKNOWN)
            .map(|client| format!(" of {}", visible(client)))
            .unwrap_or_default();
        gaps.push(format!(
            "server `{}`{client} ({}): {}",
            visible(&server.server),
            server.status.as_str(),
            visible(reason)
        ));
    }
    if !unasked.is_empty() {
        let names = shortened(&unasked);
        let them = if unasked.len() == 1 { "it" } else { "them" };
        gaps.push(format!(
            "{} not asked, only judged by the config: {names}. `--launch all` starts or connects to {them}.",
            counted(unasked.len(), "server")
        ));
    }
    if !gaps.is_empty() {
        text.push_str("Not looked at:\n");
        for gap in gaps {
            text.push_str("  ");
            text.push_str(&wrap(&gap, style.width.saturating_sub(4), "    "));
            text.push('\n');
        }
        text.push('\n');
    }

    ignores::write(text, outcome, style);

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
    text.push_str(&wrap(&format!("{looked}."), style.width, ""));
    text.push('\n');
    for line in locked(coverage).into_iter().chain(unconfined(coverage)) {
        text.push_str(&wrap(&line, style.width, "  "));
        text.push('\n');
    }

    let counts: Vec<String> = Severity::ALL
        .iter()
        .filter(|severity| **severity > Severity::Info || style.info)
        .map(|severity| (severity, outcome.count(*severity)))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| coloured(*severity, &format!("{count} {severity}"), style))
        .collect();
    let hidden = if style.info { 0 } else { outcome.count(Severity::Info) };
    let found = if counts.is_empty() {
        "Nothing found in what was looked at".to_owned()
    } else {
        format!("Found {}", counts.join(", "))
    };
    let more =
        if hidden > 0 { format!(" ({hidden} of severity info not shown, see --pedantic)") } else { String::new() };
    text.push_str(&format!("{found}{more}.\n"));
    if let Some(line) = ignores::count(outcome) {
        text.push_str(&wrap(&line, style.width, ""));
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
fn unconfined(coverage: &Coverage) -> Vec<String> {
    let mut missing: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for server in &coverage.servers {
        let Some(SandboxCoverage { level, reason: Some(reason) }) = &server.sandbox else { continue };
        let how = match level {
            SandboxLevel::Full => continue,
            SandboxLevel::Partial => "with a part of the sandbox only",
            SandboxLevel::None => "without a sandbox",
        };
        missing.entry((how, reason.as_str())).or_default().push(visible(&server.server));
    }
    let line = |((how, reason), names): (&(&str, &str), &Vec<String>)| {
        format!("Ran {how}, {}: {}.", shortened(names), visible(reason))
    };
    missing.iter().map(line).collect()
}

fn shortened(names: &[String]) -> String {
    const MOST: usize = 6;
    let mut list = names.iter().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        list.push_str(&format!(" and {} more", names.len() - MOST));
    }
    list
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

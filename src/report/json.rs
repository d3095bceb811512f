//! JSON, the contract of scripts. These structs are the contract: a field changes only with the version in `schema`, and
//! `schema.json` says the same to machines.

use serde::Serialize;
use serde_json::{Value, json};

use super::{View, suppression};
use crate::finding::{Finding, Severity};
use crate::text::is_hazard;
use crate::triage::{ConfigCoverage, Outcome, ServerCoverage, SettingsCoverage};

/// The name of the contract, with its version.
pub(super) const SCHEMA: &str = "mcpscan/1";

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    version: &'static str,
    coverage: Coverage<'a>,
    findings: Vec<Entry<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Coverage<'a> {
    configs: Vec<Config<'a>>,
    servers: Vec<Server<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    settings: Vec<Settings<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Note<'a>>,
}

#[derive(Serialize)]
pub(super) struct Settings<'a> {
    path: &'a str,
    origin: &'static str,
    effects: &'a [String],
}

#[derive(Serialize)]
pub(super) struct Note<'a> {
    level: &'static str,
    path: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
}

#[derive(Serialize)]
pub(super) struct Config<'a> {
    path: &'a str,
    client: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    also: &'a [String],
    scope: &'a str,
    status: &'static str,
    reason: Option<&'a str>,
    servers: usize,
}

#[derive(Serialize)]
pub(super) struct Server<'a> {
    client: Option<&'a str>,
    server: &'a str,
    config: Option<&'a str>,
    status: &'static str,
    reason: Option<&'a str>,
    tools: Option<usize>,
    prompts: Option<usize>,
    resources: Option<usize>,
    ms: Option<u64>,
    /// Null where nothing was started.
    sandbox: Option<&'static str>,
    #[serde(rename = "sandboxReason", skip_serializing_if = "Option::is_none")]
    sandbox_reason: Option<&'a str>,
    /// Absent where no lock would keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<Lock<'a>>,
}

#[derive(Serialize)]
struct Lock<'a> {
    file: &'a str,
    status: &'static str,
    tools: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Entry<'a> {
    rule: &'a str,
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    client: Option<&'a str>,
    server: Option<&'a str>,
    tool: Option<&'a str>,
    field: Option<&'a str>,
    location: Option<Location<'a>>,
    evidence: Option<&'a str>,
    help: &'a str,
    fingerprint: &'a str,
    suppressed: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    path: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
pub(super) struct Summary {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
    configs: usize,
    servers: usize,
    tools: usize,
    /// Findings that are told and do not count.
    suppressed: usize,
}

pub(super) fn render(view: &View<'_>) -> String {
    let outcome = view.outcome;
    let report = Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        coverage: Coverage {
            configs: outcome.coverage.configs.iter().map(config).collect(),
            servers: outcome.coverage.servers.iter().map(server).collect(),
            settings: outcome.coverage.settings.iter().map(settings).collect(),
            notes: outcome.coverage.notes.iter().map(note).collect(),
        },
        findings: outcome.findings.iter().map(|finding| entry(finding, outcome)).collect(),
        summary: summary(outcome),
    };
    // Strings and numbers only: this can't fail.
    let json = serde_json::to_string_pretty(&report).unwrap_or_default();
    inert(&json) + "\n"
}

/// The JSON Schema of a report, or of each line of one that is `ndjson`.
pub fn schema(format: &str) -> Option<String> {
    // Ours, and read by a test.
    let mut schema: Value = serde_json::from_str(include_str!("json/schema.json")).unwrap_or_default();
    match format {
        "json" => {}
        "ndjson" => {
            let root = schema.as_object_mut()?;
            root.retain(|key, _| key.starts_with('$') || key == "title");
            root.insert("$ref".to_owned(), json!("#/$defs/line"));
            root.insert("title".to_owned(), json!("A line of a report of mcpscan in the format ndjson"));
            root.insert("$id".to_owned(), json!("urn:mcpscan:ndjson:1"));
        }
        _ => return None,
    }
    Some(serde_json::to_string_pretty(&schema).ok()? + "\n")
}

pub(super) fn config(config: &ConfigCoverage) -> Config<'_> {
    Config {
        path: &config.path,
        client: &config.client,
        also: &config.also,
        scope: &config.scope,
        status: config.status.as_str(),
        reason: config.reason.as_deref(),
        servers: config.servers,
    }
}

pub(super) fn summary(outcome: &Outcome) -> Summary {
    Summary {
        critical: outcome.count(Severity::Critical),
        high: outcome.count(Severity::High),
        medium: outcome.count(Severity::Medium),
        low: outcome.count(Severity::Low),
        info: outcome.count(Severity::Info),
        configs: outcome.coverage.configs.len(),
        servers: outcome.coverage.servers.len(),
        tools: outcome.coverage.servers.iter().filter_map(|server| server.tools).sum(),
        suppressed: outcome.suppressed().count(),
    }
}

pub(super) fn settings(used: &SettingsCoverage) -> Settings<'_> {
    Settings { path: &used.path, origin: used.origin.as_str(), effects: &used.effects }
}

pub(super) fn note(note: &crate::triage::Note) -> Note<'_> {
    Note {
        level: note.level.as_str(),
        path: &note.path,
        line: note.at.map(|at| at.line),
        column: note.at.map(|at| at.column),
        message: &note.message,
    }
}

pub(super) fn server(server: &ServerCoverage) -> Server<'_> {
    Server {
        client: server.client.as_deref(),
        server: &server.server,
        config: server.config.as_deref(),
        status: server.status.as_str(),
        reason: server.reason.as_deref(),
        tools: server.tools,
        prompts: server.prompts,
        resources: server.resources,
        ms: server.ms,
        sandbox: server.sandbox.as_ref().map(|sandbox| sandbox.level.as_str()),
        sandbox_reason: server.sandbox.as_ref().and_then(|sandbox| sandbox.reason.as_deref()),
        lock: server.lock.as_ref().map(|lock| Lock {
            file: &lock.file,
            status: lock.status.as_str(),
            tools: lock.tools,
        }),
    }
}

pub(super) fn entry<'a>(finding: &'a Finding, outcome: &'a Outcome) -> Entry<'a> {
    let location = finding.place.file().map(|(source, span)| {
        let source = outcome.sources.get(source);
        let span = source.clamp(span);
        let (start, end) = (source.position(span.start), source.position(span.end));
        Location {
            path: &source.name,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    });
    Entry {
        rule: finding.rule.as_str(),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        message: &finding.message,
        client: finding.subject.client.as_deref(),
        server: finding.subject.server.as_deref(),
        tool: finding.subject.tool.as_deref(),
        field: finding.subject.field.as_deref(),
        location,
        evidence: finding.evidence.as_ref().map(|evidence| evidence.shown()),
        help: &finding.help,
        fingerprint: finding.fingerprint.as_str(),
        suppressed: suppression(finding).map(ToString::to_string),
    }
}

/// Writes every character that could act on a terminal as `\u` and its number, and the first of two `#`, with which commands
/// of Azure's logs begin. Outside of strings JSON has no such character but the line feed, so the values stay the same.
pub(super) fn inert(json: &str) -> String {
    let mut written = String::with_capacity(json.len());
    let mut units = [0; 2];
    let mut plain = 0;
    // Runs of printable ASCII, which is nearly all, are taken whole.
    let of_note =
        |at: usize| json.as_bytes()[at..].iter().position(|byte| !matches!(byte, b' '..=b'"' | b'$'..=b'~' | b'\n'));
    while let Some(at) = of_note(plain).map(|ahead| plain + ahead) {
        written.push_str(&json[plain..at]);
        let Some(c) = json[at..].chars().next() else { break };
        plain = at + c.len_utf8();
        let is_command = c == '#' && json[plain..].starts_with('#');
        if !is_hazard(c) && !is_command {
            written.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                written.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    written.push_str(&json[plain..]);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hazards_are_written_as_escapes_and_read_back() {
        let text = "a\u{1b}\u{202e}\u{e0041}\u{85}é\u{200d}#a##[add-mask]###";
        let json = inert(&serde_json::to_string(&[text]).unwrap());
        assert!(!json.chars().any(is_hazard) && !json.contains("##"), "{json}");
        let back: Vec<String> = serde_json::from_str(&json).unwrap();
        assert_eq!(back, [text]);
    }
}

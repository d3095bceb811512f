//! SARIF 2.1.0, as code scanning wants it.

use std::collections::BTreeMap;

use serde_json::json;
use serde_sarif::sarif::{
    ArtifactContent, ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    Notification, PhysicalLocation, PropertyBag, Region, ReportingConfiguration, ReportingDescriptor,
    Result as SarifResult, ResultLevel, Run, Sarif, Suppression, Tool, ToolComponent,
};

use super::json::inert;
use crate::document::{Source, Span};
use crate::finding::{Finding, Severity};
use crate::rules::{Packs, Rule, generic};
use crate::text::visible;
use crate::triage::{ConfigStatus, Outcome, ServerStatus};

/// The schema that the log follows.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Key of our own fingerprint; the number is its version.
const FINGERPRINT: &str = "mcpscan/v1";

pub(super) fn render(outcome: &Outcome, packs: &Packs) -> String {
    // Only rules with results, sorted, so that equal outcomes give equal bytes.
    let mut used: Vec<&str> = outcome.findings.iter().map(|finding| finding.rule.as_str()).collect();
    used.sort_unstable();
    used.dedup();
    let rules: Vec<ReportingDescriptor> = used.iter().filter_map(|id| packs.rule(id)).map(descriptor).collect();
    let results: Vec<SarifResult> = outcome.findings.iter().map(|finding| result(finding, outcome, &used)).collect();
    let notifications = notifications(outcome);

    let mut invocation = Invocation::builder().execution_successful(true).build();
    if !notifications.is_empty() {
        invocation.tool_execution_notifications = Some(notifications);
    }
    let driver = ToolComponent::builder()
        .name("mcpscan")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules)
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .invocations(vec![invocation])
        .column_kind(json!("unicodeCodePoints"))
        .results(results)
        .build();
    let log = Sarif::builder().schema(SCHEMA).version(json!("2.1.0")).runs(vec![run]).build();
    inert(&serde_json::to_string_pretty(&log).unwrap_or_default()) + "\n"
}

fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let tags: Vec<String> = ["security".to_owned(), "mcp".to_owned()]
        .into_iter()
        .chain(rule.cwe.iter().map(|cwe| format!("external/cwe/cwe-{cwe:03}")))
        .chain(rule.owasp.iter().map(|id| format!("external/owasp-mcp/{}", id.to_ascii_lowercase())))
        .collect();
    let problem = match rule.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    };
    let mut properties = PropertyBag::builder().tags(tags).additional_properties(BTreeMap::new()).build();
    properties.additional_properties.insert("security-severity".to_owned(), json!(rule.severity.score()));
    properties.additional_properties.insert("precision".to_owned(), json!(rule.confidence.as_str()));
    properties.additional_properties.insert("problem.severity".to_owned(), json!(problem));

    let parts = [
        ("What it finds", &rule.what),
        ("Why it matters", &rule.why),
        ("How it is exploited", &rule.exploit),
        ("What to do", &rule.fix),
    ];
    let parts = parts.map(|(heading, text)| (heading, generic(text)));
    let text: Vec<String> = parts.iter().map(|(heading, text)| format!("{heading}: {}", text.trim())).collect();
    let mut markdown: Vec<String> =
        parts.iter().map(|(heading, text)| format!("**{heading}**\n\n{}", text.trim())).collect();
    let links: Vec<String> = rule.references.iter().map(|url| format!("- <{url}>")).collect();
    markdown.push(format!("**References**\n\n{}", links.join("\n")));
    let help = MultiformatMessageString::builder().text(text.join("\n\n")).markdown(markdown.join("\n\n")).build();
    let mut descriptor = ReportingDescriptor::builder()
        .id(rule.id.as_str())
        .name(name(rule.id.as_str()))
        .short_description(MultiformatMessageString::builder().text(&rule.title).build())
        .full_description(MultiformatMessageString::builder().text(rule.what.trim()).build())
        .help(help)
        .default_configuration(ReportingConfiguration::builder().level(json!(level_word(rule.severity))).build())
        .properties(properties)
        .build();
    descriptor.help_uri = rule.references.first().cloned();
    descriptor
}

/// `supply-chain/unpinned-package` as an identifier: `SupplyChainUnpinnedPackage`.
fn name(id: &str) -> String {
    let words = id.split(['/', '-']).filter(|word| !word.is_empty());
    words.map(|word| format!("{}{}", word[..1].to_ascii_uppercase(), &word[1..])).collect()
}

fn result(finding: &Finding, outcome: &Outcome, rules: &[&str]) -> SarifResult {
    let mut text = inert_message(&finding.message);
    if !finding.help.is_empty() {
        text = format!("{text}\n\n{}", inert_message(&finding.help));
    }
    let mut result = SarifResult::builder()
        .rule_id(finding.rule.as_str())
        .message(Message::builder().text(text).build())
        .level(level(finding.severity))
        .locations(vec![location(finding, outcome)])
        .partial_fingerprints(BTreeMap::from([(FINGERPRINT.to_owned(), finding.fingerprint.to_string())]))
        .build();
    result.rule_index =
        rules.iter().position(|id| *id == finding.rule.as_str()).and_then(|index| i64::try_from(index).ok());
    let related: Vec<Location> = finding
        .related
        .iter()
        .filter_map(|(place, why)| {
            let (source, span) = place.file()?;
            let message = Message::builder().text(inert_message(why)).build();
            Some(
                Location::builder()
                    .physical_location(physical(outcome.sources.get(source), span))
                    .message(message)
                    .build(),
            )
        })
        .collect();
    if !related.is_empty() {
        result.related_locations = Some(related);
    }
    if let Some(suppressed) = &finding.suppressed {
        let mut suppression = Suppression::builder().kind(json!(suppressed.by.sarif_kind())).build();
        suppression.justification = Some(inert_message(&suppressed.to_string()));
        result.suppressions = Some(vec![suppression]);
    }
    let mut properties = PropertyBag::builder().additional_properties(BTreeMap::new()).build();
    properties.additional_properties.insert("severity".to_owned(), json!(finding.severity.as_str()));
    properties.additional_properties.insert("confidence".to_owned(), json!(finding.confidence.as_str()));
    result.properties = Some(properties);
    result
}

/// Every result has a file: what a server said points at the server's entry, and names the tool beside it.
fn location(finding: &Finding, outcome: &Outcome) -> Location {
    let subject = &finding.subject;
    let mut location = Location::builder().build();
    if let Some((source, span)) = finding.place.file() {
        location.physical_location = Some(physical(outcome.sources.get(source), span));
    }
    let parts: Vec<String> =
        [&subject.server, &subject.tool, &subject.field].into_iter().flatten().map(|part| visible(part)).collect();
    if let Some(last) = parts.last() {
        let logical =
            LogicalLocation::builder().name(last).fully_qualified_name(parts.join("/")).kind("member").build();
        location.logical_locations = Some(vec![logical]);
    }
    location
}

fn physical(source: &Source, span: Span) -> PhysicalLocation {
    let span = source.clamp(span);
    let (start, end) = (source.position(span.start), source.position(span.end));
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let mut region = Region::builder()
        .start_line(number(start.line))
        .start_column(number(start.column))
        .end_line(number(end.line))
        .end_column(number(end.column))
        .build();
    if source.masked(span).is_empty() && span.len() <= 1000 {
        region.snippet = Some(ArtifactContent::builder().text(source.slice(span)).build());
    }
    let mut artifact = ArtifactLocation::builder().uri(uri(&source.name)).build();
    if !is_absolute(&source.name) {
        artifact.uri_base_id = Some("%SRCROOT%".to_owned());
    }
    PhysicalLocation::builder().artifact_location(artifact).region(region).build()
}

fn is_absolute(path: &str) -> bool {
    // A drive's letter needs a stroke behind it: `a:b.json` is a file too.
    path.starts_with('/') || path.get(1..3) == Some(":/")
}

/// A path as a URI: relative ones stay relative, with everything escaped that a URI can't hold.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let escaped: String = path
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    if path.starts_with('/') {
        // `//server/share` names its host itself.
        format!("file:{}{escaped}", if path.starts_with("//") { "" } else { "//" })
    } else if is_absolute(path) {
        format!("file:///{}", escaped.replacen("%3A", ":", 1))
    } else {
        escaped
    }
}

/// Text of ours with names from outside in it. `](` would make a link of it.
fn inert_message(text: &str) -> String {
    visible(text).replace("](", "] (")
}

fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low | Severity::Info => ResultLevel::Note,
    }
}

fn level_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// What could not be looked at.
fn notifications(outcome: &Outcome) -> Vec<Notification> {
    let mut found = Vec::new();
    let mut tell = |level: &str, text: String| {
        let message = Message::builder().text(inert_message(&text)).build();
        found.push(Notification::builder().message(message).level(json!(level)).build());
    };
    for config in outcome.coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned) {
        let level = if config.status == ConfigStatus::Failed { "error" } else { "warning" };
        tell(
            level,
            format!(
                "{}: {}: {}",
                config.path,
                config.status.as_str(),
                config.reason.as_deref().unwrap_or("no reason is known")
            ),
        );
    }
    for server in outcome.coverage.servers.iter().filter(|server| server.status != ServerStatus::Scanned) {
        let level =
            if matches!(server.status, ServerStatus::Failed | ServerStatus::Partial) { "warning" } else { "note" };
        let reason = server.reason.as_deref().unwrap_or("no reason is known");
        tell(level, format!("server {}: {}: {reason}", server.server, server.status.as_str()));
    }
    for note in &outcome.coverage.notes {
        let at = note.at.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
        tell(note.level.as_str(), format!("{}{at}: {}", note.path, note.message));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a b/ü.json"), "a%20b/%C3%BC.json");
        assert_eq!(uri("./.mcp.json"), ".mcp.json");
        assert_eq!(uri("/home/x/a.json"), "file:///home/x/a.json");
        assert_eq!(uri("C:/x/a.json"), "file:///C:/x/a.json");
        assert_eq!(uri("//server/x/a.json"), "file://server/x/a.json");
        assert_eq!(uri(r"a\b.json"), "a%5Cb.json", "a name like any other where strokes stand between folders");
        assert_eq!(uri("a:b.json"), "a%3Ab.json");
        assert_eq!(name("supply-chain/unpinned-package"), "SupplyChainUnpinnedPackage");
    }
}

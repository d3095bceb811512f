//! SARIF 2.1.0, as code scanning wants it.

mod notes;
mod place;
mod rule;

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, Message, PropertyBag, ReportingDescriptor, Result as SarifResult,
    ResultLevel, Run, RunAutomationDetails, Sarif, Suppression, Tool, ToolComponent,
};

use super::json::inert;
use super::{View, suppression};
use crate::finding::{Finding, Severity};
use crate::rules::Rule;
use crate::text::visible;
use crate::triage::Outcome;

/// The schema that the log follows.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Key of our own fingerprint; the number is its version.
const FINGERPRINT: &str = "mcpscan/v1";
/// The only fingerprint that GitHub compares. It would make one of the line, which all findings of a server's texts share.
const OF_GITHUB: &str = "primaryLocationLineHash";

/// Of a log with more results nothing is taken.
const MOST_RESULTS: usize = 25_000;
/// A result with more places is refused.
const MOST_PLACES: usize = 1000;
/// A log that is larger when it is packed is refused: ten million bytes, less what the rules take.
const MOST_BYTES: usize = 9_000_000;
/// What the words that all results share take of it in each, packed.
const SHARED: usize = 100;

pub(super) fn render(view: &View<'_>) -> String {
    let outcome = view.outcome;
    // The most important come first, so the end is what is cut. Each is written at once: as values of their own, ten thousand
    // results take more memory than everything else.
    let mut results = String::new();
    let (mut kept, mut bytes) = (0, 0);
    // Only rules with results, in the order in which they come, each with the worst that it found.
    let mut rules: Vec<(&Rule, Severity)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for finding in outcome.findings.iter().take(MOST_RESULTS) {
        let mut result = result(finding, outcome);
        bytes += weight(&result);
        if bytes > MOST_BYTES {
            break;
        }
        let id = finding.rule.as_str();
        if let Some(rule) = view.packs.rule(id) {
            let place = *places.entry(id).or_insert_with(|| {
                rules.push((rule, finding.severity));
                rules.len() - 1
            });
            rules[place].1 = rules[place].1.max(finding.severity);
            result.rule_index = i64::try_from(place).ok();
        }
        if kept > 0 {
            results.push(',');
        }
        results.push_str(&inert(&serde_json::to_string(&result).unwrap_or_default()));
        kept += 1;
    }
    let rules: Vec<ReportingDescriptor> = rules.iter().map(|(rule, worst)| rule::descriptor(rule, *worst)).collect();

    let mut notifications = notes::changed(outcome);
    notifications.extend(notes::gaps(outcome));
    let left_out = outcome.findings.len() - kept;
    if left_out > 0 {
        notifications.insert(0, notes::cut(left_out));
    }
    let mut invocation = Invocation::builder().execution_successful(!outcome.coverage.is_blind()).build();
    if !notifications.is_empty() {
        invocation.tool_execution_notifications = Some(notifications);
    }
    let driver = ToolComponent::builder()
        .name("mcpscan")
        .version(env!("CARGO_PKG_VERSION"))
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules)
        .notifications(notes::kinds())
        .build();
    let about = Message::builder().text("The root of the checkout, or the folder in which mcpscan ran.").build();
    let root = ArtifactLocation::builder().description(about).build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .automation_details(RunAutomationDetails::builder().id(category(&view.style.target)).build())
        .original_uri_base_ids(BTreeMap::from([(place::ROOT.to_owned(), root)]))
        .invocations(vec![invocation])
        .column_kind(json!("unicodeCodePoints"))
        .results(Vec::new())
        .build();
    let log = Sarif::builder().schema(SCHEMA).version(json!("2.1.0")).runs(vec![run]).build();
    // On one line: it is for programs, and half as large. Inside of a string each of these quotes has a stroke before it.
    let log = inert(&serde_json::to_string(&log).unwrap_or_default());
    let (before, behind) = log.split_once(r#""results":[]"#).unwrap_or((&log, ""));
    format!("{before}\"results\":[{results}]{behind}\n")
}

/// What tells the logs of one commit apart: the tool, and what it looked at. GitHub takes what stands before the last
/// stroke, so there is exactly one at the end.
fn category(target: &str) -> String {
    let target = visible(target);
    let target = target.trim_matches('/');
    if target.is_empty() { "mcpscan/".to_owned() } else { format!("mcpscan/{target}/") }
}

/// The bytes that are this result's own. Printable text from outside may be as dense as packed data; the rest repeats.
fn weight(result: &SarifResult) -> usize {
    let of_place = |location: &Location| {
        let file = location.physical_location.as_ref();
        let uri = file.and_then(|file| file.artifact_location.as_ref()?.uri.as_ref()).map_or(0, String::len);
        let snippet =
            file.and_then(|file| file.region.as_ref()?.snippet.as_ref()?.text.as_ref()).map_or(0, String::len);
        let names = location.logical_locations.iter().flatten();
        let names: usize = names.filter_map(|name| name.fully_qualified_name.as_ref()).map(String::len).sum();
        let words = location.message.as_ref().and_then(|message| message.text.as_ref()).map_or(0, String::len);
        uri + snippet + names + words + 20
    };
    let places = result.locations.iter().flatten().chain(result.related_locations.iter().flatten());
    let suppressed = result.suppressions.iter().flatten().filter_map(|one| one.justification.as_ref());
    SHARED
        + result.message.text.as_ref().map_or(0, String::len)
        + places.map(of_place).sum::<usize>()
        + suppressed.map(String::len).sum::<usize>()
}

fn result(finding: &Finding, outcome: &Outcome) -> SarifResult {
    let mut text = message(&finding.message);
    if !finding.help.is_empty() {
        text = format!("{text}\n\n{}", message(&finding.help));
    }
    let mut result = SarifResult::builder()
        .rule_id(finding.rule.as_str())
        .message(Message::builder().text(text).build())
        .level(level(finding.severity))
        .locations(vec![place::location(finding, outcome)])
        .partial_fingerprints(BTreeMap::from([
            (FINGERPRINT.to_owned(), finding.fingerprint.to_string()),
            (OF_GITHUB.to_owned(), format!("{}:1", finding.fingerprint)),
        ]))
        .build();
    // Two tools of one server stand at one place, its entry.
    let mut seen = HashSet::new();
    let related: Vec<Location> = finding
        .related
        .iter()
        .filter(|(place, why)| seen.insert((place.file(), why)))
        .take(MOST_PLACES - 1)
        .filter_map(|(place, why)| {
            let (source, span) = place.file()?;
            let about = Message::builder().text(message(why)).build();
            Some(
                Location::builder()
                    .physical_location(place::physical(outcome.sources.get(source), span))
                    .message(about)
                    .build(),
            )
        })
        .collect();
    if !related.is_empty() {
        result.related_locations = Some(related);
    }
    if let Some(suppressed) = suppression(finding) {
        let mut suppression = Suppression::builder().kind(json!(suppressed.by.sarif_kind())).build();
        suppression.justification = Some(message(&suppressed.to_string()));
        result.suppressions = Some(vec![suppression]);
    }
    let mut properties = PropertyBag::builder().additional_properties(BTreeMap::new()).build();
    properties.additional_properties.insert("severity".to_owned(), json!(finding.severity.as_str()));
    properties.additional_properties.insert("confidence".to_owned(), json!(finding.confidence.as_str()));
    result.properties = Some(properties);
    result
}

/// Text of ours with names from outside in it. `](` would make a link of it, and `{0}` stands for an argument.
fn message(text: &str) -> String {
    let mut text = visible(text);
    if text.contains("](") {
        text = text.replace("](", "] (");
    }
    if !text.contains('{') {
        return text;
    }
    let mut parts = text.split('{');
    let mut inert = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        match part[digits..].strip_prefix('}') {
            Some(rest) if digits > 0 => inert.push_str(&format!("({}){rest}", &part[..digits])),
            _ => inert.push_str(&format!("{{{part}")),
        }
    }
    inert
}

fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low | Severity::Info => ResultLevel::Note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_hold_neither_links_nor_arguments() {
        assert_eq!(message("[a](https://x) {0} {a} \u{2028} {12"), "[a] (https://x) (0) {a} \\u(2028) {12");
    }

    #[test]
    fn categories_end_with_one_stroke() {
        assert_eq!(category(""), "mcpscan/");
        assert_eq!(category("/a//b/"), "mcpscan/a//b/");
    }
}

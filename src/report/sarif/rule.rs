//! The rules of a log, each with its page.

use std::collections::BTreeMap;

use serde_json::json;
use serde_sarif::sarif::{MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor};

use crate::finding::Severity;
use crate::rules::Rule;

/// More tags of a rule have the log refused.
const MOST_TAGS: usize = 20;
/// More characters of a description are refused.
const LONGEST: usize = 1024;

/// A rule; `worst` is the worst that it found in this log, which code scanning sorts all of its results by.
pub(super) fn descriptor(rule: &Rule, worst: Severity) -> ReportingDescriptor {
    let tags: Vec<String> = ["security".to_owned(), "mcp".to_owned()]
        .into_iter()
        .chain(rule.cwe.iter().map(|cwe| format!("external/cwe/cwe-{cwe:03}")))
        .chain(rule.owasp.iter().map(|id| format!("external/owasp-mcp/{}", id.to_ascii_lowercase())))
        .take(MOST_TAGS)
        .collect();
    let problem = match worst {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    };
    let mut properties = PropertyBag::builder().tags(tags).additional_properties(BTreeMap::new()).build();
    properties.additional_properties.insert("security-severity".to_owned(), json!(worst.score()));
    properties.additional_properties.insert("precision".to_owned(), json!(rule.confidence.as_str()));
    properties.additional_properties.insert("problem.severity".to_owned(), json!(problem));

    let parts = [
        ("What it finds", &rule.what),
        ("Why it matters", &rule.why),
        ("How it is exploited", &rule.exploit),
        ("What to do", &rule.usual_fix),
    ];
    let text: Vec<String> = parts.iter().map(|(heading, text)| format!("{heading}: {}", text.trim())).collect();
    let mut markdown: Vec<String> =
        parts.iter().map(|(heading, text)| format!("**{heading}**\n\n{}", no_tags(text.trim()))).collect();
    let links: Vec<String> = rule.references.iter().map(|url| format!("- <{url}>")).collect();
    markdown.push(format!("**References**\n\n{}", links.join("\n")));
    let help = MultiformatMessageString::builder().text(text.join("\n\n")).markdown(markdown.join("\n\n")).build();
    let mut descriptor = ReportingDescriptor::builder()
        .id(rule.id.as_str())
        .name(name(rule.id.as_str()))
        .short_description(MultiformatMessageString::builder().text(bounded(&rule.title)).build())
        .full_description(MultiformatMessageString::builder().text(bounded(rule.what.trim())).build())
        .help(help)
        .default_configuration(ReportingConfiguration::builder().level(json!(level_word(rule.severity))).build())
        .properties(properties)
        .build();
    // What else a pack says here would have the whole log refused.
    let web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    descriptor.help_uri = rule.references.iter().find(web).cloned();
    descriptor
}

/// `supply-chain/unpinned-package` as an identifier: `SupplyChainUnpinnedPackage`.
fn name(id: &str) -> String {
    let words = id.split(['/', '-']).filter(|word| !word.is_empty());
    words.map(|word| format!("{}{}", word[..1].to_ascii_uppercase(), &word[1..])).collect()
}

/// Markdown in which `<name>` is seen outside of code too: there it would be a tag that nobody knows.
fn no_tags(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(index, part)| if index % 2 == 0 { part.replace('<', "\\<") } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`")
}

/// The beginning of a text that would be too long.
fn bounded(text: &str) -> String {
    match text.char_indices().nth(LONGEST - 1) {
        Some((at, c)) if at + c.len_utf8() < text.len() => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    }
}

fn level_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_names() {
        assert_eq!(name("supply-chain/unpinned-package"), "SupplyChainUnpinnedPackage");
    }

    #[test]
    fn placeholders_are_seen() {
        assert_eq!(no_tags("`a@<v>` of <known>"), "`a@<v>` of \\<known>");
    }

    #[test]
    fn descriptions_are_bounded() {
        assert_eq!(bounded(&"é".repeat(1024)).chars().count(), 1024);
        assert!(!bounded(&"é".repeat(1024)).ends_with('…'));
        assert_eq!(bounded(&"é".repeat(1025)).chars().count(), 1024);
        assert!(bounded(&"é".repeat(1025)).ends_with('…'));
    }
}

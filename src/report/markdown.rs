//! Markdown for the comment of a pull request. Whatever comes from outside stands in code: there GitHub renders no link, no
//! image, no HTML, and takes neither `@name` nor `#1` for more than letters.

use super::text::looked;
use super::{View, counted, nothing, suppression};
use crate::finding::{Finding, RuleId, Severity};
use crate::text::visible;
use crate::triage::{ConfigStatus, Outcome};

/// What a comment may hold, less what the last lines take.
const MOST: usize = 65_536 - 1_024;
/// Rows of the table.
const MOST_ROWS: usize = 50;
/// Findings of one rule, of which no more than these are shown: others should have room too.
const MOST_OF_A_RULE: usize = 20;
/// Places that were not looked at, of which no more than these are named.
const MOST_GAPS: usize = 50;

pub(super) fn render(view: &View<'_>) -> String {
    // By this line the comment of an earlier run is found again.
    let mut text = String::from("<!-- mcpscan -->\n");
    let rules = by_rule(view);
    text.push_str(&format!("### mcpscan: {}\n\n", headline(view)));
    if !rules.is_empty() {
        let mut table = String::from("| Severity | Rule | Findings |\n| --- | --- | --- |\n");
        for (severity, rule, findings) in rules.iter().take(MOST_ROWS) {
            table.push_str(&format!("| {severity} | {} | {} |\n", cell(rule.as_str()), findings.len()));
        }
        if rules.len() > MOST_ROWS {
            let more: usize = rules[MOST_ROWS..].iter().map(|(.., findings)| findings.len()).sum();
            table.push_str(&format!("| | {} more | {more} |\n", counted(rules.len() - MOST_ROWS, "rule")));
        }
        text.push_str(&(table + "\n"));
    }
    let gaps = settings(view.outcome) + &not_looked_at(view.outcome);
    // What was not looked at is never cut away by what was found.
    let room = MOST.saturating_sub(gaps.len());
    let mut left_out = 0;
    for (severity, rule, findings) in &rules {
        let mut block = opening(*severity, rule, findings, view);
        let mut told = 0;
        let mut help = "";
        for finding in findings.iter().take(MOST_OF_A_RULE) {
            let taken = text.len() + block.len() + CLOSING.len();
            // One that is too long does not cost the others. Escaping only makes it longer.
            if taken + finding.message.len() > room {
                continue;
            }
            let entry = entry(finding, help, view);
            if taken + entry.len() > room {
                continue;
            }
            block.push_str(&entry);
            if !finding.help.is_empty() {
                help = &finding.help;
            }
            told += 1;
        }
        if told == MOST_OF_A_RULE && findings.len() > told {
            block.push_str(&format!("- and {} more\n", findings.len() - told));
        } else {
            left_out += findings.len() - told;
        }
        if told > 0 {
            text.push_str(&block);
            text.push_str(CLOSING);
        }
    }
    if left_out > 0 {
        text.push_str(&format!(
            "**{} did not fit into a comment.** The other formats list all of them.\n\n",
            counted(left_out, "finding")
        ));
    }
    text.push_str(&gaps);
    text.push_str(&format!("{}.\n", looked(&view.outcome.coverage)));
    text
}

const CLOSING: &str = "\n</details>\n\n";

/// Findings that count, rule by rule, in the order of the first of each.
fn by_rule<'a>(view: &View<'a>) -> Vec<(Severity, &'a RuleId, Vec<&'a Finding>)> {
    let mut rules: Vec<(Severity, &RuleId, Vec<&Finding>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for finding in view.shown() {
        let at = *places.entry((finding.severity, &finding.rule)).or_insert_with(|| {
            rules.push((finding.severity, &finding.rule, Vec::new()));
            rules.len() - 1
        });
        rules[at].2.push(finding);
    }
    rules
}

fn headline(view: &View<'_>) -> String {
    let count = |severity| view.shown().filter(|finding| finding.severity == severity).count();
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .map(|severity| (severity, count(severity)))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    let mut more = Vec::new();
    if view.hidden_info() > 0 {
        more.push(format!("{} of severity info not shown", view.hidden_info()));
    }
    let suppressed = view.outcome.findings.iter().filter(|finding| suppression(finding).is_some()).count();
    if suppressed > 0 {
        more.push(format!("{suppressed} suppressed, see below"));
    }
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join("; ")) };
    let found = if counts.is_empty() { nothing(view.outcome).to_lowercase() } else { counts.join(", ") };
    format!("{found}{more}")
}

fn opening(severity: Severity, rule: &RuleId, findings: &[&Finding], view: &View<'_>) -> String {
    let title = findings.first().map_or("", |finding| view.title(finding));
    let mut block = format!(
        "<details>\n<summary><b>{severity}</b> <code>{}</code> {} ({})</summary>\n\n",
        html(rule.as_str()),
        html(title),
        findings.len()
    );
    if let Some(rule) = view.packs.rule(rule.as_str()) {
        block.push_str(&format!("{}\n\n", prose(&rule.why)));
    }
    block
}

/// A line for a finding, and what to do about it unless that is what stood `before`.
fn entry(finding: &Finding, before: &str, view: &View<'_>) -> String {
    let place = finding.place.file().map(|(source, span)| {
        let source = view.outcome.sources.get(source);
        let at = source.position(source.clamp(span).start);
        format!("{} ", code(&format!("{}:{}:{}", source.name, at.line, at.column)))
    });
    let mut entry = format!("- {}{}\n", place.unwrap_or_default(), code(&finding.message));
    // Once for all that follow, if it is the same.
    if !finding.help.is_empty() && finding.help != before {
        entry.push_str(&format!("  - What to do: {}\n", code(&finding.help)));
    }
    entry
}

fn not_looked_at(outcome: &Outcome) -> String {
    let reason = |reason: &Option<String>| reason.clone().unwrap_or_else(|| "no reason is known".to_owned());
    let configs = outcome.coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned);
    let configs =
        configs.map(|config| format!("{} ({}): {}", config.path, config.status.as_str(), reason(&config.reason)));
    let servers = outcome.coverage.servers.iter().filter(|server| server.status.is_gap());
    let servers = servers
        .map(|server| format!("server {} ({}): {}", server.server, server.status.as_str(), reason(&server.reason)));
    let gaps: Vec<String> = configs.chain(servers).collect();
    if gaps.is_empty() {
        return String::new();
    }
    let mut text = format!("<details>\n<summary><b>Not looked at</b> ({})</summary>\n\n", gaps.len());
    for gap in gaps.iter().take(MOST_GAPS) {
        text.push_str(&format!("- {}\n", code(&gap.chars().take(300).collect::<String>())));
    }
    if gaps.len() > MOST_GAPS {
        text.push_str(&format!("- and {} more\n", gaps.len() - MOST_GAPS));
    }
    text + CLOSING
}

/// Text from outside, as code: a fence that is longer than any inside.
fn code(text: &str) -> String {
    let text = visible(text);
    let longest = text.as_bytes().chunk_by(|a, b| a == b).filter(|run| run[0] == b'`').map(<[u8]>::len).max();
    let longest = longest.unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match text.trim().is_empty() {
        true => "(empty)".to_owned(),
        // A backtick beside the fence would be part of it.
        false if text.starts_with('`') || text.ends_with('`') => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

/// The same in a table, where a stroke would begin the next cell even inside of code.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\u{7c}")
}

/// Text inside of HTML. Packs write it, also a user's own.
fn html(text: &str) -> String {
    let special = |c: char| c.is_ascii_punctuation() && !matches!(c, '-' | ',' | '.' | '/' | '(' | ')' | '\'' | ' ');
    visible(text).chars().map(|c| if special(c) { format!("&#{};", u32::from(c)) } else { c.to_string() }).collect()
}

/// Words of a pack: what stands in backticks is code, and nothing outside of them is more than words.
/// What came with the project and changes what counts.
fn settings(outcome: &Outcome) -> String {
    const MOST: usize = 20;
    const LONGEST: usize = 400;
    let lines = super::text::told(outcome);
    let line = |line: &String| format!("- {}\n", code(&line.chars().take(LONGEST).collect::<String>()));
    let told: String = lines.iter().take(MOST).map(line).collect();
    if told.is_empty() { told } else { format!("{told}\n") }
}

fn prose(text: &str) -> String {
    let text = visible(text.trim());
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return code(&text);
    }
    let parts = parts.iter().enumerate();
    parts.map(|(index, part)| if index % 2 == 1 { code(part) } else { html(part) }).collect()
}

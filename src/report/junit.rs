//! JUnit's XML, for whatever shows tests: a suite a file or server, a failed case a finding.

use std::fmt::Write;

use super::View;
use crate::finding::{Finding, Place};
use crate::text::visible;
use crate::triage::{ConfigStatus, NoteLevel, Outcome, ServerStatus, SettingsOrigin};

/// One case: its name, its class, what it says.
struct Case {
    name: String,
    class: String,
    place: Option<(String, usize)>,
    verdict: Verdict,
}

enum Verdict {
    Passed,
    Failed { kind: String, message: String, text: String },
    Broken(String),
    Skipped(String),
}

pub(super) fn render(view: &View<'_>) -> String {
    let mut suites: Vec<(String, Vec<Case>)> = Vec::new();
    let mut index = std::collections::HashMap::new();
    let mut add = |suite: String, case: Case| {
        let at = *index.entry(suite.clone()).or_insert_with(|| {
            suites.push((suite, Vec::new()));
            suites.len() - 1
        });
        suites[at].1.push(case);
    };
    let suppressed = view.suppressed().map(|(finding, why)| (finding, Some(why.to_string())));
    for (finding, reason) in view.shown().map(|finding| (finding, None)).chain(suppressed) {
        add(suite(finding, view), case(finding, reason, view));
    }
    let coverage = &view.outcome.coverage;
    let why = |reason: &Option<String>| reason.clone().unwrap_or_else(|| "no reason is known".to_owned());
    for config in &coverage.configs {
        let verdict = match config.status {
            ConfigStatus::Scanned => Verdict::Passed,
            ConfigStatus::Skipped => Verdict::Skipped(why(&config.reason)),
            ConfigStatus::Failed | ConfigStatus::Partial => Verdict::Broken(why(&config.reason)),
        };
        let place = Some((config.path.clone(), 1));
        add(config.path.clone(), Case { name: "read".into(), class: config.client.clone(), place, verdict });
    }
    for server in &coverage.servers {
        let verdict = match server.status {
            ServerStatus::Scanned => Verdict::Passed,
            ServerStatus::Static | ServerStatus::Skipped => Verdict::Skipped(why(&server.reason)),
            ServerStatus::Failed | ServerStatus::Partial | ServerStatus::NeedsSignIn => {
                Verdict::Broken(why(&server.reason))
            }
        };
        let suite = server.config.clone().unwrap_or_else(|| server.server.clone());
        let class = server.client.clone().unwrap_or_default();
        add(suite, Case { name: format!("ask {}", server.server), class, place: None, verdict });
    }
    for (suite, case) in decided(view.outcome) {
        add(suite, case);
    }
    write(&suites)
}

/// What came with a project and decides what fails, as a case that was not tested, since less was: that is shown by whatever
/// shows tests. And what is wrong with ignores, settings and baselines.
fn decided(outcome: &Outcome) -> Vec<(String, Case)> {
    let coverage = &outcome.coverage;
    let foreign = coverage.settings.iter().filter(|used| used.origin == SettingsOrigin::Project);
    let settings = foreign.filter(|used| !used.effects.is_empty()).map(|used| {
        let verdict = Verdict::Skipped(format!("came with the project: {}", used.effects.join("; ")));
        let place = Some((used.path.clone(), 1));
        (used.path.clone(), Case { name: "settings".into(), class: used.origin.as_str().into(), place, verdict })
    });
    let notes = coverage.notes.iter().map(|note| {
        let said = note.message.clone();
        let verdict = match note.level {
            NoteLevel::Error => Verdict::Broken(said),
            NoteLevel::Warning => Verdict::Skipped(said),
        };
        let place = Some((note.path.clone(), note.at.map_or(1, |at| at.line)));
        let class = note.level.as_str().into();
        (note.path.clone(), Case { name: "ignores and settings".into(), class, place, verdict })
    });
    settings.chain(notes).collect()
}

/// The file that a finding points to; where there is none, its server.
fn suite(finding: &Finding, view: &View<'_>) -> String {
    match (finding.place.file(), &finding.subject.server) {
        (Some((source, _)), _) => view.outcome.sources.get(source).name.clone(),
        (None, Some(server)) => server.clone(),
        (None, None) => "several servers".to_owned(),
    }
}

fn case(finding: &Finding, suppressed: Option<String>, view: &View<'_>) -> Case {
    let place = finding.place.file().map(|(source, span)| {
        let source = view.outcome.sources.get(source);
        (source.name.clone(), source.position(source.clamp(span).start).line)
    });
    let subject = &finding.subject;
    let parts = [&subject.server, &subject.tool, &subject.field].into_iter().flatten();
    let whom = parts.map(String::as_str).collect::<Vec<_>>().join("/");
    let name = if whom.is_empty() { view.title(finding).to_owned() } else { whom };
    let verdict = match suppressed {
        Some(reason) => Verdict::Skipped(reason),
        None => {
            let mut text = format!("{}\n", visible(&finding.help));
            if let (Place::Answer { .. }, Some(evidence)) = (&finding.place, &finding.evidence) {
                let _ = writeln!(text, "{}", visible(evidence.shown()));
            }
            let kind = finding.severity.to_string();
            Verdict::Failed { kind, message: finding.message.clone(), text }
        }
    };
    Case { name, class: finding.rule.to_string(), place, verdict }
}

fn write(suites: &[(String, Vec<Case>)]) -> String {
    let count = |cases: &[Case], which: fn(&Verdict) -> bool| cases.iter().filter(|case| which(&case.verdict)).count();
    let counts = |cases: &[Case]| {
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
            cases.len(),
            count(cases, |verdict| matches!(verdict, Verdict::Failed { .. })),
            count(cases, |verdict| matches!(verdict, Verdict::Broken(_))),
            count(cases, |verdict| matches!(verdict, Verdict::Skipped(_)))
        )
    };
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mcpscan\">\n");
    for (name, cases) in suites {
        // Writing into a String can't fail.
        let _ = writeln!(xml, "  <testsuite name=\"{}\" {}>", escaped(name), counts(cases));
        for case in cases {
            let place = case.place.as_ref().map(|(file, line)| format!(" file=\"{}\" line=\"{line}\"", escaped(file)));
            let (name, class) = (escaped(&case.name), escaped(&case.class));
            let _ = write!(xml, "    <testcase name=\"{name}\" classname=\"{class}\"{}", place.unwrap_or_default());
            let _ = match &case.verdict {
                Verdict::Passed => writeln!(xml, "/>"),
                Verdict::Failed { kind, message, text } => {
                    let text: Vec<String> = text.lines().map(escaped).collect();
                    let (message, text) = (escaped(message), text.join("\n"));
                    writeln!(
                        xml,
                        ">\n      <failure type=\"{kind}\" message=\"{message}\">{text}</failure>\n    </testcase>"
                    )
                }
                Verdict::Broken(reason) => {
                    writeln!(xml, ">\n      <error message=\"{}\"/>\n    </testcase>", escaped(reason))
                }
                Verdict::Skipped(reason) => {
                    writeln!(xml, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escaped(reason))
                }
            };
        }
        xml.push_str("  </testsuite>\n");
    }
    xml + "</testsuites>\n"
}

/// Text for an attribute or an element. XML has no way to write most control characters, so hazards are written out first;
/// two characters that are none are refused by it all the same.
fn escaped(text: &str) -> String {
    let text = visible(text);
    if !text.contains(['&', '<', '>', '"', '\'', '\u{FFFE}', '\u{FFFF}']) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\u{FFFE}' | '\u{FFFF}' => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    escaped
}

//! What a text hides: characters that nobody sees, and blobs that spell sentences.

use super::super::texts::{Scene, finding};
use crate::finding::{Confidence, Finding, Severity};
use crate::rules::{Packs, Role};
use crate::surface::Text;
use crate::text::{Decoded, Hidden, Run, normalise, runs, visible};

/// `poisoning/hidden-characters`.
pub(in crate::judge) fn hidden(text: &Text<'_>, scene: &Scene<'_>, packs: &Packs, findings: &mut Vec<Finding>) {
    let Some(rule) = packs.rule("poisoning/hidden-characters") else { return };
    let runs = runs(text.text);
    let total: usize = runs.iter().map(|run| run.count).sum();
    let Some((severity, worst)) =
        runs.iter().map(|run| (severity(run, total), run)).max_by_key(|(severity, run)| (*severity, run.count))
    else {
        return;
    };
    let what = match (&worst.payload, worst.class) {
        (Some(payload), _) => format!("they spell \u{201c}{}\u{201d}", visible(payload)),
        (None, Hidden::Tag) => "Unicode tag characters".to_owned(),
        (None, Hidden::ZeroWidth) => "zero-width characters".to_owned(),
        (None, Hidden::Bidi) => "characters that reverse the order of what is shown".to_owned(),
        (None, Hidden::Selector) => "variation selectors without a character to vary".to_owned(),
        (None, Hidden::Control) => "control characters".to_owned(),
    };
    let confidence = if worst.payload.is_some() { Confidence::High } else { Confidence::Medium };
    let draft = finding(rule, text, scene, worst.range.clone());
    findings.push(
        draft.severity(severity).confidence(confidence).with("count", total.to_string()).with("what", what).build(),
    );
}

/// `poisoning/mixed-script-name`: a name that reads Latin and is not spelled so.
pub(in crate::judge) fn mixed(text: &Text<'_>, scene: &Scene<'_>, packs: &Packs, findings: &mut Vec<Finding>) {
    let Some(rule) = packs.rule("poisoning/mixed-script-name") else { return };
    if !matches!(text.role, Role::Name | Role::ParameterName) || text.text.is_ascii() {
        return;
    }
    let spelled = |c: char| c.is_alphabetic() && !c.is_ascii() && runs(&c.to_string()).is_empty();
    let latin = text.text.chars().any(|c| c.is_ascii_alphabetic());
    if latin && text.text.chars().any(spelled) && normalise(text.text).text.is_ascii() {
        findings.push(finding(rule, text, scene, 0..text.text.len()).build());
    }
}

fn severity(run: &Run, total: usize) -> Severity {
    match run.class {
        _ if run.payload.is_some() => Severity::Critical,
        Hidden::Tag => Severity::High,
        Hidden::ZeroWidth if run.in_word || total >= 3 => Severity::High,
        Hidden::Bidi if total >= 1 => Severity::High,
        Hidden::Selector if run.count >= 3 => Severity::High,
        Hidden::Control => Severity::High,
        _ => Severity::Info,
    }
}

/// `poisoning/encoded-instruction`.
pub(in crate::judge) fn encoded(
    text: &Text<'_>,
    decoded: &Decoded,
    orders: bool,
    scene: &Scene<'_>,
    packs: &Packs,
    findings: &mut Vec<Finding>,
) {
    let Some(rule) = packs.rule("poisoning/encoded-instruction") else { return };
    // Examples of a value may be encoded; only an order in them is worth a word.
    if !orders && (text.role == Role::Value || decoded.weak) {
        return;
    }
    let severity = if orders { rule.severity } else { Severity::Low };
    let draft = finding(rule, text, scene, decoded.range.clone()).severity(severity);
    findings.push(draft.with("encoding", decoded.encoding).with("decoded", visible(&decoded.text)).build());
}

//! Pack `drift`: what is not as it was.

use super::super::looks::{Change, Difference};
use super::super::texts::{Scene, finding};
use crate::finding::{Finding, Severity};
use crate::rules::{Packs, Role};
use crate::surface::Text;

/// `drift/unstable-list`.
pub(in crate::judge) fn unstable(change: &Change, scene: &Scene<'_>, packs: &Packs, findings: &mut Vec<Finding>) {
    let Some(rule) = packs.rule("drift/unstable-list") else { return };
    let text = Text {
        text: &change.text,
        role: Role::Unknown,
        list: change.list,
        item: change.item.as_deref(),
        field: change.field.clone(),
        span: change.span,
    };
    let owner = match (&change.item, change.list) {
        (Some(item), _) => format!("`{}`", crate::text::visible(item)),
        (None, "instructions") => "`instructions`".to_owned(),
        (None, list) => format!("an item of `{list}`"),
    };
    let (what, severity) = match change.difference {
        Difference::Added => (format!("{owner} was not there on the first look and is"), rule.severity),
        Difference::Removed => (format!("{owner} was there on the first look and is gone"), rule.severity),
        // A clock, a counter, a port.
        Difference::Changed { digits: true } => (format!("{owner} shows other numbers"), Severity::Info),
        Difference::Changed { digits: false } if change.item.is_none() => {
            (format!("{owner} say something else"), rule.severity)
        }
        Difference::Changed { digits: false } => {
            (format!("`{}` of {owner} says something else", crate::text::visible(&change.field)), rule.severity)
        }
    };
    let draft = finding(rule, &text, scene, 0..change.text.len())
        .severity(severity)
        .with("what", what)
        .with("number", change.look.number.to_string())
        .with("caller", crate::text::visible(&change.look.caller));
    findings.push(draft.build());
}

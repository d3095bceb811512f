//! What Deno is told to allow.

use super::super::super::dangers::{DenoPermission, TransportDangers};
use super::super::super::entries::Scene;
use crate::finding::{Finding, Severity};
use crate::rules::Packs;

/// Judges the permissions of one entry's program: once, with all that is unbounded.
pub(super) fn deno(scene: &Scene<'_>, packs: &Packs, dangers: &TransportDangers, findings: &mut Vec<Finding>) {
    let mut given: Vec<(&DenoPermission, &str)> = Vec::new();
    let mut first = None;
    for (_, option) in scene.launch.options.iter().filter(|(runner, _)| matches!(runner.as_str(), "deno" | "dx")) {
        // With a value it is bounded to that.
        if option.value.is_some() {
            continue;
        }
        let letters = option.name.strip_prefix('-').filter(|name| !name.starts_with('-') && name.len() > 1);
        for permission in &dangers.deno_permissions {
            let named = permission.options.contains(&option.name);
            let letter = permission.letter.is_some_and(|letter| {
                letters
                    .is_some_and(|letters| letters.contains(letter) && letters.bytes().all(|b| b.is_ascii_uppercase()))
            });
            if named || letter {
                first = first.or(Some(option.span));
                given.push((permission, &option.name));
            }
        }
    }
    let Some(span) = first else { return };
    let list = given.iter().map(|(permission, _)| permission.what.as_str()).collect::<Vec<_>>().join(", ");
    let options = given.iter().map(|(_, option)| format!("`{option}`")).collect::<Vec<_>>().join(", ");
    let everything = given.iter().any(|(permission, _)| permission.everything);
    findings.extend(scene.finding(packs, "transport/deno-permissions", span, given[0].1, |draft| {
        let draft = draft.with("list", list).with("options", options);
        if everything { draft } else { draft.severity(Severity::Info) }
    }));
}

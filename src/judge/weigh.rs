//! How much a secret weighs depends on who has the file: one that is committed is with everybody who has the repository,
//! one in a home is with its owner.

use std::collections::{HashMap, HashSet};

use super::entries::Judged;
use crate::config::Config;
use crate::document::SourceId;
use crate::finding::{Finding, Place, Severity};
use crate::rules::Packs;
use crate::surroundings::{Around, Git, Readers, Surroundings};

const READABLE: &str = "secrets/readable-file";

/// The files of which somebody has to know what lies around them.
pub fn needs(judged: &Judged) -> HashSet<SourceId> {
    judged.findings.iter().filter(|finding| is_secret(finding)).filter_map(source).collect()
}

/// Weighs what was found by what is around the files.
pub fn weigh(judged: &mut Judged, configs: &[Config], around: &Surroundings, packs: &Packs) {
    // Each once: it is told at its first secret.
    let mut configs: HashMap<SourceId, &Config> = configs.iter().map(|config| (config.source, config)).collect();
    let mut readable = Vec::new();
    for finding in judged.findings.iter_mut().filter(|finding| is_secret(finding)) {
        let Some(file) = source(finding) else { continue };
        let Some(around) = around.get(&file) else { continue };
        if let Some(config) = configs.remove(&file) {
            readable.extend(readable_file(finding, config, around, packs));
        }
        weigh_one(finding, around);
    }
    judged.findings.append(&mut readable);
}

/// Whether a finding is about a secret: not about one that is meant to be public.
fn is_secret(finding: &Finding) -> bool {
    finding.rule.pack() == "secrets" && finding.severity >= Severity::Low
}

fn source(finding: &Finding) -> Option<SourceId> {
    finding.place.file().map(|(source, _)| source)
}

fn weigh_one(finding: &mut Finding, around: &Around) {
    if around.git == Git::Tracked {
        // What is less than high opens little, whoever has it: a test account, a database of this machine.
        if finding.severity == Severity::High {
            finding.severity = Severity::Critical;
        }
        finding.message.push_str("; git tracks the file");
        finding.help.push_str(
            " Git tracks this file: everybody who has the repository has the value, and its history keeps it after it is \
             taken out here.",
        );
    } else if around.git == Git::Ignored || around.at_home {
        finding.severity = finding.severity.lower();
    }
}

/// A file that others can read, told once, at its first secret. Not of a committed one, which others get anyway, nor where
/// nobody knows whom the file is for.
fn readable_file(secret: &Finding, config: &Config, around: &Around, packs: &Packs) -> Option<Finding> {
    let private = matches!(around.git, Git::Ignored | Git::Untracked) || around.at_home;
    let (readers, mode) = around.readers.filter(|_| private)?;
    let (severity, who) = match readers {
        Readers::Everybody => (Severity::Medium, "every user of this machine"),
        Readers::Group => (Severity::Low, "a group of this machine"),
        Readers::Owner => return None,
    };
    let Place::File { .. } = secret.place else { return None };
    let draft = packs.rule(READABLE)?.at(secret.place.clone(), secret.subject.clone());
    let (mode, file) = (format!("{mode:03o}"), config.file.shown.clone());
    Some(draft.severity(severity).with("who", who).with("mode", mode).with("file", file).build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Source, Sources, Span};
    use crate::finding::Subject;

    fn around(git: Git, at_home: bool, mode: u32) -> Around {
        Around { git, at_home, readers: Some((Readers::of_mode(mode), mode)) }
    }

    fn finding(severity: Severity, packs: &Packs) -> Finding {
        let source = Sources::default().add(Source::new("x", b""));
        let rule = packs.rule("secrets/generic").unwrap();
        rule.at(Place::File { source, span: Span::new(0, 0) }, Subject::default()).severity(severity).build()
    }

    #[test]
    fn one_step_and_no_further() {
        use Severity::{Critical, High, Info, Low, Medium};
        let packs = Packs::built_in().unwrap();
        let weighed = |severity, around: Around| {
            let mut finding = finding(severity, &packs);
            weigh_one(&mut finding, &around);
            finding.severity
        };
        for (before, tracked, mine) in
            [(Critical, Critical, High), (High, Critical, Medium), (Medium, Medium, Low), (Low, Low, Low)]
        {
            assert_eq!(weighed(before, around(Git::Tracked, false, 0o644)), tracked, "{before}");
            assert_eq!(weighed(before, around(Git::Ignored, false, 0o644)), mine, "{before}");
            assert_eq!(weighed(before, around(Git::Outside, true, 0o644)), mine, "{before}");
            for git in [Git::Untracked, Git::Unknown, Git::Outside] {
                assert_eq!(weighed(before, around(git, false, 0o644)), before, "{git:?}");
            }
        }
        assert!(!is_secret(&finding(Info, &packs)), "what is meant to be public stays as it is");
    }
}

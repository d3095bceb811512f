//! The order of a report: a section a server, the worst first, and what is true of many servers in one block.

use std::collections::HashMap;

use crate::document::SourceId;
use crate::finding::{Finding, Place, RuleId, Severity};

/// So many findings of one rule are one block.
const FOLD_FROM: usize = 4;

/// What is told together.
pub(super) enum Block<'a> {
    /// A finding.
    One(&'a Finding),
    /// One rule, true at many places.
    Many(Vec<&'a Finding>),
}

/// Whom a section is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::report) enum Whose<'a> {
    /// A server of a client in a file; whatever of it is known.
    One { client: Option<&'a str>, server: Option<&'a str>, file: Option<SourceId> },
    /// Servers of a client, for what they do together.
    Together(Option<&'a str>),
    /// Several, each for itself.
    Several,
}

/// Blocks under one heading.
pub(super) struct Section<'a> {
    pub(super) whose: Whose<'a>,
    pub(super) blocks: Vec<Block<'a>>,
}

pub(in crate::report) fn whose(finding: &Finding) -> Whose<'_> {
    if finding.subject.server.is_none() && matches!(finding.place, Place::Answer { .. }) {
        return Whose::Together(finding.subject.client.as_deref());
    }
    Whose::One {
        client: finding.subject.client.as_deref(),
        server: finding.subject.server.as_deref(),
        file: finding.place.file().map(|(file, _)| file),
    }
}

/// Sections in the order of their most important finding. `findings` come with the most important first.
pub(super) fn arrange<'a>(findings: &[&'a Finding]) -> Vec<Section<'a>> {
    let key = |finding: &Finding| (finding.rule.clone(), finding.severity);
    let mut alike: HashMap<(RuleId, Severity), Vec<&'a Finding>> = HashMap::new();
    for finding in findings {
        alike.entry(key(finding)).or_default().push(finding);
    }
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut of_one: HashMap<Whose<'a>, usize> = HashMap::new();
    for finding in findings {
        let (whose, block) = match alike.get_mut(&key(finding)) {
            Some(many) if many.len() >= FOLD_FROM => {
                let many = std::mem::take(many);
                let first = whose(finding);
                let one = many.iter().all(|other| whose(other) == first);
                (if one { first } else { Whose::Several }, Block::Many(many))
            }
            // Told with the first of its kind.
            Some(many) if many.is_empty() => continue,
            _ => (whose(finding), Block::One(finding)),
        };
        let at = match &whose {
            // What many have in common has its place by importance, so only neighbours share a heading.
            Whose::Several => sections.len().checked_sub(1).filter(|last| sections[*last].whose == Whose::Several),
            whose => of_one.get(whose).copied(),
        };
        let at = at.unwrap_or_else(|| {
            of_one.insert(whose.clone(), sections.len());
            sections.push(Section { whose, blocks: Vec::new() });
            sections.len() - 1
        });
        sections[at].blocks.push(block);
    }
    sections
}

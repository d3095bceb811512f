//! What the page tells, in its order, before any of it is markup.

use std::collections::{HashMap, HashSet};

use super::super::View;
use super::super::text::UNKNOWN;
use super::super::text::arrange::{Whose, whose};
use super::words::anchor;
use crate::finding::{Finding, RuleId, Severity};

/// Findings that are written out; of more, the least important ones are only counted. A browser lays out a page of these in
/// about a second.
pub(super) const MOST: usize = 1_000;

/// Everything, sorted.
pub(super) struct Model<'a> {
    pub(super) view: &'a View<'a>,
    /// Findings that count, the most important first.
    pub(super) shown: Vec<&'a Finding>,
    /// Servers, and whatever else findings are about, in the order of their worst.
    pub(super) sections: Vec<Section<'a>>,
    /// Rules, the worst first, and of those the most frequent.
    pub(super) rules: Vec<Found<'a>>,
    /// Clients of findings, by name.
    pub(super) clients: Vec<&'a str>,
    numbers: HashMap<&'a str, usize>,
    unwritten: HashSet<&'a str>,
}

/// A server with its findings.
pub(super) struct Section<'a> {
    pub(super) whose: Whose<'a>,
    /// All of them, also those that are not written out.
    pub(super) all: Vec<&'a Finding>,
    /// What is written out.
    pub(super) cards: Vec<Card<'a>>,
}

/// Findings of one rule and severity in one server.
pub(super) struct Card<'a> {
    pub(super) rule: &'a RuleId,
    pub(super) severity: Severity,
    pub(super) findings: Vec<&'a Finding>,
}

/// A rule and how much of it there is.
pub(super) struct Found<'a> {
    pub(super) rule: &'a RuleId,
    pub(super) worst: &'a Finding,
    pub(super) findings: usize,
    pub(super) sections: usize,
}

impl<'a> Model<'a> {
    pub(super) fn new(view: &'a View<'a>) -> Self {
        let shown: Vec<&Finding> = view.shown().collect();
        let sections = sections(&shown);
        let mut rules: Vec<Found<'a>> = Vec::new();
        let mut numbers = HashMap::new();
        for finding in &shown {
            let at = *numbers.entry(finding.rule.as_str()).or_insert_with(|| {
                rules.push(Found { rule: &finding.rule, worst: finding, findings: 0, sections: 0 });
                rules.len() - 1
            });
            rules[at].findings += 1;
        }
        // The table is read from the top: of two that are as bad, the more frequent one.
        rules.sort_by_key(|found| std::cmp::Reverse((found.worst.severity, found.findings)));
        numbers.extend(rules.iter().enumerate().map(|(number, found)| (found.rule.as_str(), number)));
        let mut last_seen = vec![usize::MAX; rules.len()];
        for (section, findings) in sections.iter().enumerate() {
            for finding in &findings.all {
                let at = numbers[finding.rule.as_str()];
                rules[at].sections += usize::from(last_seen[at] != section);
                last_seen[at] = section;
            }
        }
        let mut clients: Vec<&str> = shown.iter().filter_map(|finding| client(finding)).collect();
        clients.sort_unstable();
        clients.dedup();
        let unwritten = shown.iter().skip(MOST).map(|finding| finding.fingerprint.as_str()).collect();
        Self { view, shown, sections, rules, clients, numbers, unwritten }
    }

    /// How many findings are counted and not written out.
    pub(super) fn cut(&self) -> &[&'a Finding] {
        self.shown.get(MOST..).unwrap_or_default()
    }

    /// The address of a finding on this page, if it is written out.
    pub(super) fn link(&self, finding: &Finding) -> Option<String> {
        let written = !self.unwritten.contains(finding.fingerprint.as_str());
        written.then(|| format!("#{}", anchor(&finding.fingerprint)))
    }

    /// The number of a rule that was found.
    pub(super) fn number(&self, rule: &RuleId) -> usize {
        self.numbers.get(rule.as_str()).copied().unwrap_or_default()
    }

    /// How many count, by severity, the worst first; without those of which there are none.
    pub(super) fn counts(findings: &[&Finding]) -> Vec<(Severity, usize)> {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        Severity::ALL.into_iter().map(|severity| (severity, count(severity))).filter(|(_, count)| *count > 0).collect()
    }
}

/// The client of a finding, as far as its name says something.
pub(super) fn client(finding: &Finding) -> Option<&str> {
    finding.subject.client.as_deref().filter(|client| *client != UNKNOWN)
}

fn sections<'a>(shown: &[&'a Finding]) -> Vec<Section<'a>> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut places: HashMap<Whose<'a>, usize> = HashMap::new();
    for (rank, finding) in shown.iter().enumerate() {
        let whose = whose(finding);
        let at = *places.entry(whose.clone()).or_insert_with(|| {
            sections.push(Section { whose, all: Vec::new(), cards: Vec::new() });
            sections.len() - 1
        });
        let section = &mut sections[at];
        section.all.push(finding);
        if rank >= MOST {
            continue;
        }
        let alike = |card: &&mut Card<'_>| card.rule == &finding.rule && card.severity == finding.severity;
        match section.cards.iter_mut().find(alike) {
            Some(card) => card.findings.push(finding),
            None => {
                let (rule, severity) = (&finding.rule, finding.severity);
                section.cards.push(Card { rule, severity, findings: vec![finding] });
            }
        }
    }
    sections
}

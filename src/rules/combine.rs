//! From signals to a verdict: which combinations of a rule hold in a text, and where.

use std::collections::HashMap;
use std::ops::Range;

use super::engine::{Hits, TextEngine, sentence_around};
use super::schema::{Combination, Governs, Shape};
use super::{Packs, Role, Rule};
use crate::finding::{Confidence, Severity};

/// A combination of signals that holds: the speech act from its first to its last word.
#[derive(Clone, Debug, PartialEq)]
pub struct Speech {
    /// Range of normalised text.
    pub range: Range<usize>,
    /// Severity of this combination.
    pub severity: Severity,
    /// Confidence of this combination.
    pub confidence: Confidence,
}

/// A rule with its signals as numbers, ready to be tried on every text.
pub(super) struct Plan {
    rule: String,
    roles: Vec<Role>,
    combinations: Vec<Step>,
}

/// A combination of a plan.
struct Step {
    first: usize,
    rest: Vec<usize>,
    /// Both, those of few patterns first: where one is missing, nobody has to look for the others.
    wanted: Vec<usize>,
    any: Vec<usize>,
    none: Vec<(usize, Governs)>,
    at_least: usize,
    within: usize,
    severity: Severity,
    confidence: Confidence,
}

/// The plans of all rules that combine signals. `number` gives a signal's number, `cost` how many patterns it has.
pub(super) fn plans(packs: &Packs, number: &dyn Fn(&str) -> Option<usize>, cost: &dyn Fn(usize) -> usize) -> Vec<Plan> {
    let governing: HashMap<&str, Governs> =
        packs.signals().map(|signal| (signal.id.as_str(), signal.governs)).collect();
    let governs = |id: &str| governing.get(id).copied().unwrap_or_default();
    packs
        .rules()
        .filter_map(|rule| {
            let Shape::Combination(combinations) = &rule.shape else { return None };
            let combinations =
                combinations.iter().filter_map(|combination| step(combination, rule, number, cost, &governs)).collect();
            Some(Plan { rule: rule.id.as_str().to_owned(), roles: rule.roles.clone(), combinations })
        })
        .collect()
}

fn step(
    combination: &Combination,
    rule: &Rule,
    number: &dyn Fn(&str) -> Option<usize>,
    cost: &dyn Fn(usize) -> usize,
    governs: &dyn Fn(&str) -> Governs,
) -> Option<Step> {
    let mut wanted: Vec<usize> = combination.all.iter().map(|id| number(id)).collect::<Option<_>>()?;
    let (first, rest) = (*wanted.first()?, wanted[1..].to_vec());
    wanted.sort_by_key(|signal| cost(*signal));
    Some(Step {
        first,
        rest,
        wanted,
        any: combination.any.iter().filter_map(|id| number(id)).collect(),
        none: combination.none.iter().filter_map(|id| Some((number(id)?, governs(id)))).collect(),
        at_least: combination.at_least,
        within: combination.within,
        severity: combination.severity.unwrap_or(rule.severity),
        confidence: combination.confidence.unwrap_or(rule.confidence),
    })
}

impl TextEngine {
    /// The rules whose combinations hold in a text of that role, each with its worst speech act.
    pub fn judge<'p>(&self, packs: &'p Packs, text: &str, role: Role, hits: &Hits) -> Vec<(&'p Rule, Speech)> {
        if hits.is_empty() {
            return Vec::new();
        }
        let plans = self.plans.iter().filter(|plan| plan.roles.is_empty() || plan.roles.contains(&role));
        plans
            .filter_map(|plan| {
                let speeches = plan.combinations.iter().filter(|step| step.may_hold(hits)).filter_map(|step| {
                    let range = step.holds(text, &|signal| self.ranges(text, hits, signal))?;
                    Some(Speech { range, severity: step.severity, confidence: step.confidence })
                });
                let worst = speeches.max_by_key(|speech| (speech.severity, speech.confidence))?;
                Some((packs.rule(&plan.rule)?, worst))
            })
            .collect()
    }
}

impl Step {
    /// Whether all that it wants may be there, before any of it is looked for.
    fn may_hold(&self, hits: &Hits) -> bool {
        hits.may(self.first)
            && self.rest.iter().all(|signal| hits.may(*signal))
            && (self.any.is_empty() || self.any.iter().filter(|signal| hits.may(**signal)).count() >= self.at_least)
    }

    fn holds<'h>(&self, text: &str, of: &dyn Fn(usize) -> &'h [Range<usize>]) -> Option<Range<usize>> {
        if self.wanted.iter().any(|signal| of(*signal).is_empty()) {
            return None;
        }
        of(self.first).iter().find_map(|anchor| {
            let window = anchor.start.saturating_sub(self.within)..anchor.end.saturating_add(self.within);
            let near = |signal: &usize| nearest(of(*signal), anchor, &window);
            let mut parts: Vec<&Range<usize>> = vec![anchor];
            for signal in &self.rest {
                parts.push(near(signal)?);
            }
            if !self.any.is_empty() {
                let found: Vec<&Range<usize>> = self.any.iter().filter_map(near).collect();
                if found.len() < self.at_least {
                    return None;
                }
                parts.extend(found);
            }
            let start = parts.iter().map(|part| part.start).min()?;
            let end = parts.iter().map(|part| part.end).max()?;
            if !self.none.is_empty() {
                let sentence = sentence_around(text, anchor.clone());
                let takes_back = |(signal, governs): &(usize, Governs)| {
                    governs
                        .window(anchor, &sentence)
                        .is_some_and(|window| nearest(of(*signal), anchor, &window).is_some())
                };
                if self.none.iter().any(takes_back) {
                    return None;
                }
            }
            Some(start..end)
        })
    }
}

/// How far behind a word stands what it still speaks about, in bytes of normalised text.
const GOVERNED: usize = 120;

impl Governs {
    /// Where in a sentence a word has to begin to speak about the anchor.
    fn window(self, anchor: &Range<usize>, sentence: &Range<usize>) -> Option<Range<usize>> {
        let window = match self {
            Self::Sentence => sentence.clone(),
            Self::After => sentence.start.max(anchor.start.saturating_sub(GOVERNED))..anchor.end,
            Self::Before => anchor.start..sentence.end,
        };
        (!window.is_empty()).then_some(window)
    }
}

/// The match closest to the anchor that begins inside the window. The anchor itself does not count as another signal
/// unless that signal matched more than it.
fn nearest<'h>(ranges: &'h [Range<usize>], anchor: &Range<usize>, window: &Range<usize>) -> Option<&'h Range<usize>> {
    let from = ranges.partition_point(|range| range.start < window.start);
    ranges[from..]
        .iter()
        .take_while(|range| range.start < window.end)
        .filter(|range| *range != anchor)
        .min_by_key(|range| range.start.abs_diff(anchor.start))
}

/// How strongly a passage steers the use of a tool that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steering {
    /// It says when or how to use it.
    Advice,
    /// It changes its arguments, redirects it, or replaces it.
    Hijack,
}

impl Steering {
    /// The severity of a finding of `rule`: its own for a hijack, one step less for advice.
    pub fn severity(self, rule: &Rule) -> Severity {
        match self {
            Self::Hijack => rule.severity,
            Self::Advice => rule.severity.min(Severity::Medium),
        }
    }
}

impl TextEngine {
    /// Whether a signal may be in the text that the hits are of. Cheap: nothing is looked for.
    pub fn may_say(&self, hits: &Hits, signal: &str) -> bool {
        self.signal(signal).is_some_and(|signal| hits.may(signal))
    }

    /// Whether a signal is in the text that the hits are of.
    pub fn says(&self, text: &str, hits: &Hits, signal: &str) -> bool {
        self.signal(signal).is_some_and(|signal| !self.ranges(text, hits, signal).is_empty())
    }

    /// Whether the signals `hijack-tool` or `steer-tool` are in the text that the hits are of.
    pub fn steering(&self, text: &str, hits: &Hits) -> Option<Steering> {
        let [hijack, steer] = self.steering;
        let says = |signal: Option<usize>| signal.is_some_and(|signal| !self.ranges(text, hits, signal).is_empty());
        if says(hijack) {
            Some(Steering::Hijack)
        } else if says(steer) {
            Some(Steering::Advice)
        } else {
            None
        }
    }

    /// Whether [`steering`](Self::steering) may find something, as far as can be told without trying an expression.
    pub fn may_steer(&self, hits: &Hits) -> bool {
        self.steering.iter().flatten().any(|signal| hits.may(*signal))
    }
}

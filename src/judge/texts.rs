//! Rules over the texts of servers.

use std::collections::HashSet;
use std::ops::Range;

use super::readings::Readings;
use super::{check, looks, split};
use crate::connect::Catalog;
use crate::document::{Sources, Span, raw_offset};
use crate::finding::{Confidence, Evidence, Excerpt, Finding, Place, RuleId, Severity, Subject};
use crate::parallel;
use crate::rules::{Hits, Packs, Role, Rule, TextEngine};
use crate::surface::{self, Text};
use crate::text::normalise;

/// Judges every text of every catalog, and catalogs of one client together. The engine is that of the same packs.
pub fn texts(catalogs: &[Catalog], sources: &Sources, packs: &Packs, engine: &TextEngine) -> Vec<Finding> {
    let readings = Readings::new(engine);
    let (catalogs, changes) = looks::merge(catalogs);
    let mut findings = each(&catalogs, &changes, sources, packs, engine, &readings);
    check::shadowing(&catalogs, sources, packs, engine, &readings, &mut findings);
    check::flows(&catalogs, sources, packs, &mut findings);
    findings
}

/// Judges those catalogs that hold nothing but what changed, and of `all` of them together what has to do with it.
pub fn changes(
    all: &[Catalog],
    changed: &[Catalog],
    sources: &Sources,
    packs: &Packs,
    engine: &TextEngine,
) -> Vec<Finding> {
    let readings = Readings::new(engine);
    let (changed, looks) = looks::merge(changed);
    let mut findings = each(&changed, &looks, sources, packs, engine, &readings);
    let new: HashSet<(&str, &str)> = changed
        .iter()
        .flat_map(|catalog| catalog.lists().into_iter().flat_map(|(_, items)| items).map(move |item| (catalog, item)))
        .filter_map(|(catalog, item)| Some((catalog.server.as_str(), surface::name(item)?)))
        .collect();
    let is_new = |subject: &Subject| match (&subject.server, &subject.tool) {
        (Some(server), Some(tool)) => new.contains(&(server.as_str(), tool.as_str())),
        _ => false,
    };
    if !new.is_empty() {
        let readings = Readings::new(engine);
        let (all, _) = looks::merge(all);
        let mut together = Vec::new();
        check::shadowing(&all, sources, packs, engine, &readings, &mut together);
        check::flows(&all, sources, packs, &mut together);
        together.retain(|finding| is_new(&finding.subject) || finding.path.iter().any(is_new));
        findings.extend(together);
    }
    findings
}

/// Judges each catalog, whatever others say.
fn each<'t>(
    catalogs: &'t [Catalog],
    changes: &[looks::Change],
    sources: &'t Sources,
    packs: &Packs,
    engine: &TextEngine,
    readings: &Readings<'_, 't>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for change in changes {
        let scene = Scene { catalog: &catalogs[change.catalog], sources };
        check::unstable(change, &scene, packs, &mut findings);
    }
    findings.extend(parallel::over(catalogs, FEWEST_CATALOGS, |catalogs| {
        let mut findings = Vec::new();
        for catalog in catalogs {
            alone(&Scene { catalog, sources }, engine, readings, packs, &mut findings);
        }
        findings
    }));
    findings
}

/// Fewer are judged before another thread would have begun.
pub(super) const FEWEST_CATALOGS: usize = 4;

/// Judges what one server says, whatever others say.
fn alone<'t>(
    scene: &Scene<'t>,
    engine: &TextEngine,
    readings: &Readings<'_, 't>,
    packs: &Packs,
    findings: &mut Vec<Finding>,
) {
    let texts = surface::texts(scene.catalog);
    for item in texts.chunk_by(|one, next| (one.list, one.item) == (next.list, next.item)) {
        let before = findings.len();
        for text in item {
            one(text, scene, engine, readings, packs, findings);
        }
        let said: HashSet<RuleId> = findings[before..].iter().map(|finding| finding.rule.clone()).collect();
        split::over_fields(item, &said, scene, engine, readings, packs, findings);
    }
}

/// What is needed to say where a text stands.
pub(super) struct Scene<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) sources: &'a Sources,
}

impl Scene<'_> {
    /// The place of a range of a text. A saved list has the text itself; a live server has its entry, and an excerpt.
    pub(super) fn place(&self, text: &Text<'_>, range: Range<usize>) -> Place {
        let via = match self.catalog.source {
            Some(source) => {
                let literal = self.sources.get(source).slice(text.span);
                let at = |offset: usize| text.span.start + raw_offset(literal, offset);
                Some((source, Span::new(at(range.start), at(range.end).max(at(range.start)))))
            }
            None => self.catalog.origin.as_ref().map(|origin| origin.place),
        };
        Place::Answer { excerpt: Excerpt::around(text.text, range), via }
    }

    pub(super) fn subject(&self, item: Option<&str>, field: &str) -> Subject {
        Subject {
            client: self.catalog.client.clone(),
            server: Some(self.catalog.server.clone()),
            tool: item.map(str::to_owned),
            field: (!field.is_empty()).then(|| field.to_owned()),
            config: self.catalog.origin.as_ref().map(|origin| origin.portable.clone()),
        }
    }
}

/// More blobs in one text say nothing new.
const MOST_DECODED: usize = 16;

fn one<'t>(
    text: &Text<'t>,
    scene: &Scene<'_>,
    engine: &TextEngine,
    readings: &Readings<'_, 't>,
    packs: &Packs,
    findings: &mut Vec<Finding>,
) {
    let Some(reading) = readings.of(text.text) else { return };
    check::hidden(text, scene, packs, findings);
    check::mixed(text, scene, packs, findings);
    let mut told: Vec<(&Rule, Severity, Confidence, Range<usize>)> = Vec::new();
    for (read, hits) in reading.both() {
        for (rule, speech) in engine.judge(packs, &read.text, text.role, hits) {
            let own = (rule, speech.severity, speech.confidence, read.original(speech.range));
            match told.iter_mut().find(|known| known.0.id == rule.id) {
                // What a text says as it is, it says no second time on a page; but there it may say it louder.
                Some(known) if (known.1, known.2) >= (own.1, own.2) => {}
                Some(known) => *known = own,
                None => told.push(own),
            }
        }
    }
    for (rule, severity, confidence, range) in told {
        findings.push(finding(rule, text, scene, range).severity(severity).confidence(confidence).build());
    }
    for decoded in reading.decoded.iter().take(MOST_DECODED) {
        let normalised = normalise(&decoded.text);
        let hits = engine.hits(&normalised.text);
        // What the text says in plain words is no secret of its disguise.
        let orders = is_order(engine, packs, &normalised.text, &hits)
            && !(decoded.weak && reading.both().any(|(read, hits)| is_order(engine, packs, &read.text, hits)));
        check::encoded(text, decoded, orders, scene, packs, findings);
    }
}

/// Whether a text, had it been written out, would be an order.
fn is_order(engine: &TextEngine, packs: &Packs, text: &str, hits: &Hits) -> bool {
    let worst = |(_, speech): &(_, crate::rules::Speech)| speech.severity >= Severity::Medium;
    engine.says(text, hits, "harmful-command") || engine.judge(packs, text, Role::Description, hits).iter().any(worst)
}

/// A finding about a range of a text.
pub(super) fn finding<'r>(
    rule: &'r crate::rules::Rule,
    text: &Text<'_>,
    scene: &Scene<'_>,
    range: Range<usize>,
) -> crate::rules::Draft<'r> {
    let matched = text.text.get(range.clone()).unwrap_or_default();
    rule.at(scene.place(text, range), scene.subject(text.item, &text.field))
        .evidence(Evidence::text(matched))
        .with("server", scene.catalog.server.clone())
        .with("tool", text.item.unwrap_or(text.list).to_owned())
        .with("field", text.field.clone())
        .with("evidence", crate::text::visible(matched))
}

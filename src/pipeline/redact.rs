//! Takes secrets out of everything that leaves, in one place: what is masked in a file, and what of it turns up again in
//! a finding, in another line, or in what a server says.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::document::{Source, SourceId, Sources, Span};
use crate::finding::{Finding, Place};
use crate::judge::Judged;
use crate::parallel;
use crate::rules::{Packs, TokenEngine};
use crate::text::Redactor;
use crate::triage::{Looked, MARK};

/// Everything that must not leave, learnt before anything is shown.
pub(super) fn redactor(judged: &Judged) -> Redactor {
    let mut redactor = Redactor::default();
    for hidden in &judged.hidden {
        redactor.learn(&hidden.value);
    }
    redactor
}

/// Masks in each file what was hidden there, and every other place at which the same value stands.
pub(super) fn mask(sources: &mut Sources, judged: &Judged, redactor: &Redactor) {
    let mut files: Vec<SourceId> = judged.hidden.iter().map(|hidden| hidden.source).collect();
    files.sort();
    files.dedup();
    for file in files {
        let own = judged.hidden.iter().filter(|hidden| hidden.source == file).map(|hidden| hidden.span);
        let source = sources.get(file);
        let again = redactor.find(&source.text).into_iter().map(|range| Span::new(range.start, range.end));
        let spans: Vec<Span> = own.chain(again).collect();
        sources.get_mut(file).mask(spans);
    }
}

/// Lines of one finding that are looked through; a snippet shows fewer.
const MOST_LINES: usize = 32;

/// Masks what looks like a token in the lines that findings point to, wherever it stands there: a comment, a command of a
/// program, a value that belongs to no entry.
pub(super) fn mask_lines(sources: &mut Sources, findings: &[Finding], packs: &Packs) {
    if findings.iter().all(|finding| finding.place.file().is_none()) {
        return;
    }
    let tokens = TokenEngine::new(packs);
    let mut seen: HashSet<(SourceId, usize)> = HashSet::new();
    let related = findings.iter().flat_map(|finding| finding.related.iter().map(|(place, _)| place));
    for (id, span) in findings.iter().map(|finding| &finding.place).chain(related).filter_map(Place::file) {
        let source = sources.get(id);
        let first = source.position(span.start).line;
        let last = source.position(span.end).line.min(first + MOST_LINES);
        seen.extend((first..=last).map(|number| (id, number)));
    }
    let lines: Vec<(SourceId, usize)> = seen.into_iter().collect();
    let masks = parallel::over(&lines, FEWEST_LINES, |lines| {
        let of = |(id, number): &(SourceId, usize)| (*id, tokens_of(sources.get(*id), *number, &tokens));
        lines.iter().map(of).filter(|(_, masks)| !masks.is_empty()).collect()
    });
    // Masking sorts all that is masked, so each file is masked once.
    let mut of_file: BTreeMap<SourceId, Vec<Span>> = BTreeMap::new();
    for (id, masks) in masks {
        of_file.entry(id).or_default().extend(masks);
    }
    for (id, masks) in of_file {
        sources.get_mut(id).mask(masks);
    }
}

/// Fewer are looked through before another thread would have begun.
const FEWEST_LINES: usize = 32;

/// The tokens in a line, also those that are in no value.
fn tokens_of(source: &Source, number: usize, tokens: &TokenEngine<'_>) -> Vec<Span> {
    let line = source.lines().line(&source.text, number);
    let text = source.slice(line);
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(str::to_lowercase)
        .collect();
    let allowed = tokens.allowed(words.iter().map(String::as_str));
    let hits = tokens.find(text, &[&allowed], true).into_iter().filter(|hit| !hit.token.public);
    hits.map(|hit| Span::new(line.start + hit.range.start, line.start + hit.range.end)).collect()
}

/// Masks what looks like a token in the comments that say why something is ignored: a reason is told.
pub(super) fn mask_comments(sources: &mut Sources, looked: &[Looked], packs: &Packs) {
    let mut tokens = None;
    for config in looked {
        let source = sources.get(config.source);
        let lines: BTreeSet<usize> =
            source.text.match_indices(MARK).take(MOST_MARKS).map(|(at, _)| source.position(at).line).collect();
        if lines.is_empty() {
            continue;
        }
        let tokens = tokens.get_or_insert_with(|| TokenEngine::new(packs));
        let masks: Vec<Span> = lines.iter().flat_map(|line| tokens_of(source, *line, tokens)).collect();
        sources.get_mut(config.source).mask(masks);
    }
}

/// More comments than these in one file count for nothing, as those who read them know.
const MOST_MARKS: usize = 10_000;

/// Words of a line that say whose token stands in it.
const MOST_WORDS: usize = 256;

/// Cleans every sentence of a finding.
pub(super) fn clean(findings: &mut [Finding], redactor: &Redactor) {
    for finding in findings {
        let subject = &mut finding.subject;
        let texts =
            [Some(&mut finding.message), Some(&mut finding.help), subject.tool.as_mut(), subject.field.as_mut()];
        for text in texts.into_iter().flatten() {
            *text = redactor.clean(text);
        }
        if let Some(evidence) = &mut finding.evidence {
            evidence.redact(|text| redactor.clean(text));
        }
        if let Place::Answer { excerpt, .. } = &mut finding.place
            && !redactor.find(&excerpt.text).is_empty()
        {
            // The mark can't be followed through what is gone, so all of it is marked.
            excerpt.text = redactor.clean(&excerpt.text);
            excerpt.mark = 0..excerpt.text.len();
        }
        for tool in finding.path.iter_mut().filter_map(|party| party.tool.as_mut()) {
            *tool = redactor.clean(tool);
        }
        finding.related.iter_mut().for_each(|(_, why)| *why = redactor.clean(why));
    }
}

//! Takes secrets out of everything that leaves, in one place: what is masked in a file, and what of it turns up again in
//! a finding, in another line, or in what a server says.

use crate::document::{SourceId, Sources, Span};
use crate::finding::{Finding, Place};
use crate::judge::Judged;
use crate::text::Redactor;

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
        finding.related.iter_mut().for_each(|(_, why)| *why = redactor.clean(why));
    }
}

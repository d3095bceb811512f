//! The lines around a finding: secrets masked, hazards made visible, cut to what fits.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Snippet};

use super::wrap::{columns, width as wide};
use crate::document::{Source, Span};
use crate::text::Visible;

/// Lines fit to be shown, with their marks.
pub(in crate::report) struct Lines {
    pub(in crate::report) text: String,
    pub(in crate::report) marks: Vec<Range<usize>>,
    /// Number of the first line; `None` for text of a server, which has no lines of a file.
    pub(in crate::report) first: Option<usize>,
}

/// More lines than this say nothing more.
pub(super) const MOST_LINES: usize = 6;

impl Lines {
    /// How wide the numbers of its lines are.
    pub(super) fn gutter(&self) -> usize {
        self.first.map_or(0, |first| (first + self.text.matches('\n').count()).to_string().len())
    }

    pub(super) fn element(&self) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
        let marks = self.marks.iter().map(|mark| AnnotationKind::Primary.span(mark.clone()));
        let snippet = Snippet::source(self.text.as_str()).fold(false).annotations(marks);
        match self.first {
            Some(first) => snippet.line_start(first),
            None => snippet.line_numbering(false),
        }
    }
}

/// As much of a line as can matter beside a mark, in bytes. Some files are one line of megabytes.
const WINDOW: usize = 1024;

/// The lines of a span in a file.
pub(in crate::report) fn of_file(source: &Source, span: Span, width: usize) -> Option<Lines> {
    let span = source.clamp(span);
    let first = source.position(span.start).line;
    let last = source.position(span.end).line.min(first + MOST_LINES - 1);
    let mut shown = Shown::default();
    for line in first..=last {
        let start = source.lines().start(line)?;
        let next = source.lines().start(line + 1).unwrap_or(source.text.len());
        let body = source.text.get(start..next)?.trim_end_matches(['\n', '\r']);
        // Where a span ends at the beginning of a line, nothing of that line is meant.
        if line > first && span.end <= start {
            break;
        }
        let line = Span::new(start, start + body.len());
        let near = Span::new(
            span.start.saturating_sub(WINDOW).max(start),
            span.end.min(span.start + WINDOW).saturating_add(WINDOW).min(line.end),
        );
        let near = source.clamp(near);
        let masked = source.masked(near);
        shown.line(source.slice(near), near.start, masked, span, near.start > line.start);
    }
    shown.finish(width, first)
}

#[derive(Default)]
struct Shown {
    lines: Vec<(String, Option<Range<usize>>)>,
}

impl Shown {
    /// Adds a line, or the part of one, that begins at byte `at` of its text.
    fn line(&mut self, body: &str, at: usize, masked: &[Span], span: Span, cut: bool) {
        let here = Span::new(at, at + body.len());
        let inside = |span: Span| span.start.max(here.start) - at..span.end.min(here.end).max(here.start) - at;
        let mut text = String::from(if cut { "…" } else { "" });
        let mut mark = inside(span);
        let (mut mark_start, mut mark_end) = (None, None);
        let mut from = 0;
        // Pieces of the line between secrets, and dots for those.
        let secrets = masked.iter().map(|secret| inside(*secret)).filter(|range| !range.is_empty());
        let mut piece = |until: usize, secret: Option<usize>, text: &mut String| {
            let raw = body.get(from..until).unwrap_or_default();
            // Indentation is no hazard in a line of a file. A blank is as long in bytes, so places stay.
            let visible = Visible::new(&raw.replace('\t', " "));
            let place = |offset: usize| visible.range(offset - from..offset - from).start;
            if mark_start.is_none() && mark.start <= until {
                mark_start = Some(text.len() + if mark.start >= from { place(mark.start) } else { 0 });
            }
            if mark_end.is_none() && mark.end <= until {
                mark_end = Some(text.len() + if mark.end >= from { place(mark.end) } else { 0 });
            }
            text.push_str(&visible.text);
            from = until;
            if let Some(end) = secret {
                text.push_str("••••");
                if mark_end.is_none() && mark.end <= end {
                    mark_end = Some(text.len());
                }
                from = end;
            }
        };
        for secret in secrets {
            piece(secret.start, Some(secret.end), &mut text);
        }
        piece(body.len(), None, &mut text);
        mark = mark_start.unwrap_or(text.len())..mark_end.unwrap_or(text.len());
        let touches = span.start <= here.end && here.start <= span.end;
        self.lines.push((text, touches.then_some(mark)));
    }

    fn finish(self, width: usize, first: usize) -> Option<Lines> {
        let room = width.saturating_sub(10).max(20);
        let mut text = String::new();
        let mut mark: Option<Range<usize>> = None;
        for (index, (line, here)) in self.lines.into_iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            let (line, here) = fit(&line, here, room);
            if let Some(here) = here {
                let here = text.len() + here.start..text.len() + here.end;
                mark = Some(mark.map_or(here.clone(), |mark| mark.start..here.end));
            }
            text.push_str(&line);
        }
        let mark = mark?;
        Some(Lines { text, marks: vec![mark], first: Some(first) })
    }
}

/// Cuts a line that is wider than `room`, keeping the mark and what stands beside it.
fn fit(line: &str, mark: Option<Range<usize>>, room: usize) -> (String, Option<Range<usize>>) {
    if wide(line) <= room {
        return (line.to_owned(), mark);
    }
    let focus = mark.clone().unwrap_or(0..0);
    // Some of what stands before the mark, then as much as fits.
    let mut start = focus.start;
    let mut before = 0;
    for (at, c) in line[..focus.start].char_indices().rev() {
        let more = before + columns(c);
        if more > room / 3 {
            break;
        }
        (start, before) = (at, more);
    }
    let mut end = start;
    let mut taken = 0;
    for (at, c) in line[start..].char_indices() {
        let more = taken + columns(c);
        if more > room - 2 {
            break;
        }
        (end, taken) = (start + at + c.len_utf8(), more);
    }
    let head = if start > 0 { "…" } else { "" };
    let tail = if end < line.len() { "…" } else { "" };
    let moved = |at: usize| head.len() + at.clamp(start, end) - start;
    (format!("{head}{}{tail}", &line[start..end]), mark.map(|mark| moved(mark.start)..moved(mark.end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Excerpt;
    use crate::text::is_hazard;
    use proptest::prelude::*;

    #[test]
    fn secrets_are_dots_and_marks_move_along() {
        let mut source = Source::new("x", b"{\"k\": \"topsecret\", \"a\": \"npx\"}\n");
        source.mask([Span::new(7, 16)]);
        let lines = of_file(&source, Span::new(24, 29), 80).unwrap();
        assert_eq!(lines.text, "{\"k\": \"••••\", \"a\": \"npx\"}");
        assert_eq!(&lines.text[lines.marks[0].clone()], "\"npx\"");
        let lines = of_file(&source, Span::new(7, 16), 80).unwrap();
        assert_eq!(&lines.text[lines.marks[0].clone()], "••••");
    }

    #[test]
    fn long_lines_keep_the_mark() {
        let text = format!("{}needle{}", "a".repeat(500), "b".repeat(500));
        let source = Source::new("x", text.as_bytes());
        let lines = of_file(&source, Span::new(500, 506), 80).unwrap();
        assert_eq!(&lines.text[lines.marks[0].clone()], "needle");
        assert!(lines.text.chars().count() <= 72, "{}", lines.text);
    }

    proptest! {
        #[test]
        fn any_text_any_span_any_secret(
            text in "[a-z\n\r\t\"é日\u{200b}\u{1b}\u{202e}]{0,60}", start in 0usize..70, length in 0usize..30,
            secrets in proptest::collection::vec((0usize..70, 0usize..20), 0..3),
        ) {
            let mut source = Source::new("x", text.as_bytes());
            for (at, length) in secrets {
                source.mask([Span::new(at, at + length)]);
            }
            let lines = of_file(&source, Span::new(start, start + length), 80);
            let excerpt = Excerpt::around(&text, start..start + length);
            for lines in lines.into_iter().chain(super::super::answer::of_answer(&excerpt, 40)) {
                for mark in &lines.marks {
                    prop_assert!(lines.text.get(mark.clone()).is_some(), "{:?} {:?}", lines.text, mark);
                }
                prop_assert!(!lines.text.chars().any(|c| c != '\n' && is_hazard(c)));
                // The renderer panics on spans that it does not like.
                let report = [annotate_snippets::Group::with_title(annotate_snippets::Level::ERROR.primary_title("t")).element(lines.element())];
                let rendered = annotate_snippets::Renderer::plain().render(&report);
                prop_assert!(!rendered.chars().any(|c| c != '\n' && is_hazard(c)));
            }
        }
    }
}

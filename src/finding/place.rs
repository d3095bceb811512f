//! Where a finding is.

use std::ops::Range;

use crate::document::{SourceId, Span};

/// Exactly one primary place. Whoever renders it asks the source for lines and columns.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// In a file that was read.
    File {
        /// The file.
        source: SourceId,
        /// The exact characters.
        span: Span,
    },
    /// In what a server answered.
    Answer {
        /// The lines around the match.
        excerpt: Excerpt,
        /// Where the server, or its saved answer, stands in a file. `None` for a server that no file names.
        via: Option<(SourceId, Span)>,
    },
}

impl Place {
    /// The file and the span that a reader without the server's answer can be pointed to.
    pub fn file(&self) -> Option<(SourceId, Span)> {
        match self {
            Self::File { source, span } => Some((*source, *span)),
            Self::Answer { via, .. } => *via,
        }
    }
}

/// A part of a server's text around what matched. Untrusted and unescaped: whoever shows it escapes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The text, bounded.
    pub text: String,
    /// The bytes of `text` that matched, on character boundaries.
    pub mark: Range<usize>,
}

impl Excerpt {
    /// How much context is kept on each side, in bytes.
    const CONTEXT: usize = 400;

    /// Cuts the surroundings of `mark` out of `text`. Marks outside the text or inside a character are moved to the
    /// nearest boundary.
    pub fn around(text: &str, mark: Range<usize>) -> Self {
        let start = floor(text, mark.start);
        let end = ceil(text, mark.end.max(start)).min(ceil(text, start + 4 * Self::CONTEXT));
        let from = floor(text, start.saturating_sub(Self::CONTEXT));
        let to = ceil(text, end.saturating_add(Self::CONTEXT));
        Self { text: text[from..to].to_owned(), mark: start - from..end - from }
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_keep_the_mark() {
        let text = format!("{}needle{}", "日".repeat(1000), "é".repeat(1000));
        let at = text.find("needle").unwrap();
        let excerpt = Excerpt::around(&text, at..at + 6);
        assert_eq!(&excerpt.text[excerpt.mark.clone()], "needle");
        assert!(excerpt.text.len() < 1000);
        let past = Excerpt::around("abc", 7..99);
        assert_eq!((past.text.as_str(), past.mark), ("abc", 3..3));
    }
}

//! Text from outside, made harmless for whoever shows it.

use std::ops::Range;

use super::hidden;

/// Whether a character must not reach a terminal or a page as it is: it controls, hides or reorders what is shown.
/// Line feed and tab are hazards too; whoever renders several lines splits them first.
pub fn is_hazard(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control() || hidden::class(c).is_some() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}')
}

/// `text` with every hazard written out as `\u{…}`; the result holds printable characters only.
///
/// An emoji's own joiners and selectors are kept apart too: what is invisible is shown, always.
pub fn visible(text: &str) -> String {
    Visible::new(text).text
}

/// Escaped text that still knows where each byte came from.
pub struct Visible {
    /// The escaped text.
    pub text: String,
    /// For each byte of the original, and its end, the byte of `text` at which it begins.
    map: Vec<usize>,
}

impl Visible {
    /// Escapes `text`.
    pub fn new(text: &str) -> Self {
        let mut shown = String::with_capacity(text.len());
        let mut map = Vec::with_capacity(text.len() + 1);
        for c in text.chars() {
            map.extend(std::iter::repeat_n(shown.len(), c.len_utf8()));
            match c {
                '\n' => shown.push_str("\\n"),
                '\r' => shown.push_str("\\r"),
                '\t' => shown.push_str("\\t"),
                c if is_hazard(c) => shown.extend(c.escape_unicode()),
                c => shown.push(c),
            }
        }
        map.push(shown.len());
        Self { text: shown, map }
    }

    /// Where a range of the original stands in the escaped text.
    pub fn range(&self, original: Range<usize>) -> Range<usize> {
        let last = self.map.len() - 1;
        let start = self.map[original.start.min(last)];
        start..self.map[original.end.min(last)].max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(
            visible("a\u{1b}[31mb\u{200b}\u{202e}\u{e0041}\u{85}"),
            "a\\u{1b}[31mb\\u{200b}\\u{202e}\\u{e0041}\\u{85}"
        );
        assert_eq!(visible("日本 é 😀"), "日本 é 😀");
        assert_eq!(visible("a\nb"), "a\\nb");
    }

    proptest! {
        #[test]
        fn nothing_hazardous_survives(text in "\\PC*|[\u{0}-\u{9f}\u{200b}-\u{202e}\u{e0000}-\u{e007f}a]{0,40}") {
            let shown = Visible::new(&text);
            prop_assert!(!shown.text.chars().any(is_hazard));
            for (at, c) in text.char_indices() {
                let range = shown.range(at..at + c.len_utf8());
                prop_assert!(shown.text.get(range.clone()).is_some_and(|part| !part.is_empty()), "{range:?}");
            }
        }
    }
}

//! Lines that fit, whatever is written in them.

use unicode_width::UnicodeWidthChar;

/// The columns that a text takes.
pub(in crate::report) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The columns that a character takes.
pub(in crate::report) fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Breaks text at blanks, and between letters of writing without blanks, so that its lines fit as far as its words allow.
/// A word that is too long stays whole: it may be an address or a path that somebody wants to copy.
pub fn wrap(text: &str, most: usize, indent: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + 16);
    let mut column = 0;
    for word in text.split_whitespace() {
        let mut gap = usize::from(column > 0);
        let whole = column + gap + width(word) <= most;
        for piece in if whole { vec![word] } else { pieces(word) } {
            let wide = width(piece);
            if column + gap + wide > most && column > width(indent) {
                wrapped.push('\n');
                wrapped.push_str(indent);
                column = width(indent);
            } else if gap > 0 {
                wrapped.push(' ');
                column += 1;
            }
            gap = 0;
            wrapped.push_str(piece);
            column += wide;
        }
    }
    wrapped
}

/// The parts of a word between which a line may end: beside wide letters, but not before the marks that close something.
fn pieces(word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, c) in word.char_indices() {
        let beside = before.is_some_and(|before| columns(before) > 1 || columns(c) > 1);
        let opens = before.is_some_and(|before| "([{“‘「『（【《〈`".contains(before));
        let closes = columns(c) == 0 || "、。，．」』）】》〉！？：；ー…,.;:!?)]}”’`".contains(c);
        if beside && !opens && !closes {
            pieces.push(&word[start..at]);
            start = at;
        }
        before = Some(c);
    }
    pieces.push(&word[start..]);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blanks_and_wide_letters_break_lines() {
        assert_eq!(wrap("one two three", 8, "  "), "one two\n  three");
        assert_eq!(wrap("a https://example.com/long b", 10, ""), "a\nhttps://example.com/long\nb");
        assert_eq!(wrap("日本語の説明です。", 8, " "), "日本語の\n 説明で\n す。");
        assert_eq!(wrap("see 😀😀😀😀 there", 10, ""), "see 😀😀😀\n😀 there");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_line_fits(text in "(([a-z]{1,9}|[日本語。😀]{1,9}) ){0,30}", most in 12usize..40) {
            let wrapped = wrap(&text, most, "  ");
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&wrapped), bare(&text));
            for line in wrapped.lines() {
                // A mark that closes something may hang over.
                prop_assert!(width(line.trim_end_matches('。')) <= most, "{line:?}");
            }
        }
    }
}

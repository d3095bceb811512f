//! Text from outside, made harmless for whoever shows it.

use std::ops::Range;

use super::hidden;

/// Whether a character must not reach a terminal or a page as it is: it controls, hides or reorders what is shown.
/// Line feed and tab are hazards too; whoever renders several lines splits them first.
pub fn is_hazard(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || hidden::class(c).is_some()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}' | '\u{FDD0}'..='\u{FDEF}')
}

/// `text` with every hazard written out as `\u{…}`; the result holds printable characters only.
///
/// An emoji's own joiners and selectors are kept apart too: what is invisible is shown, always. Also written out is the
/// beginning of what a log's reader takes for a command: `::set-output` in front of a line of GitHub's, `##[` and
/// `##vso[` anywhere in one of Azure's.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 16);
    let mut plain = 0;
    // Runs of printable ASCII that begin no command, which is nearly all, are taken whole.
    let of_note = |from: usize| {
        let rest = &text.as_bytes()[from..];
        rest.iter().position(|byte| !matches!(byte, b' '..=b'"' | b'$'..=b'9' | b';'..=b'~'))
    };
    while let Some(ahead) = of_note(plain) {
        let at = plain + ahead;
        shown.push_str(&text[plain..at]);
        let Some(c) = text[at..].chars().next() else { break };
        plain = at + c.len_utf8();
        character(c, text[..at].chars().next_back(), &text[at..], &mut shown);
    }
    shown.push_str(&text[plain..]);
    shown
}

/// Writes one character, which stands behind `before` and begins `rest`.
fn character(c: char, before: Option<char>, rest: &str, shown: &mut String) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        c if is_hazard(c) || is_command(before, rest) => shown.extend(c.escape_unicode()),
        c => shown.push(c),
    }
}

/// Whether a reader of logs could take what begins here for a command. Two colons count where a line may begin: whoever
/// breaks lines does so at blanks and beside wide letters.
fn is_command(before: Option<char>, rest: &str) -> bool {
    let bytes = rest.as_bytes();
    match bytes.first() {
        Some(b':') => {
            let begins = before.is_none_or(|c| c.is_whitespace() || !c.is_ascii() || is_hazard(c));
            begins && bytes.get(1) == Some(&b':')
        }
        Some(b'#') if bytes.get(1) == Some(&b'#') => {
            let word = bytes[2..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            bytes.get(2 + word) == Some(&b'[')
        }
        _ => false,
    }
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
        let mut before = None;
        for (at, c) in text.char_indices() {
            map.extend(std::iter::repeat_n(shown.len(), c.len_utf8()));
            character(c, before, &text[at..], &mut shown);
            before = Some(c);
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

    #[test]
    fn commands_of_logs_are_broken() {
        assert_eq!(visible("::set-output name=a::b"), "\\u{3a}:set-output name=a::b");
        assert_eq!(visible("x ::error::y 日::z"), "x \\u{3a}:error::y 日\\u{3a}:z");
        assert_eq!(visible("a##[add-mask]b ##vso[task]"), "a\\u{23}#[add-mask]b \\u{23}#vso[task]");
        assert_eq!(visible("std::io ## heading [x]"), "std::io ## heading [x]");
        let twice = visible("::a ##[b]");
        assert_eq!(visible(&twice), twice);
    }

    proptest! {
        #[test]
        fn nothing_hazardous_survives(text in "\\PC*|[:#a\\[ \n日]{0,40}|[\u{0}-\u{9f}\u{200b}-\u{202e}\u{e0000}-\u{e007f}a]{0,40}") {
            let shown = Visible::new(&text);
            prop_assert_eq!(&shown.text, &visible(&text));
            prop_assert!(!shown.text.chars().any(is_hazard));
            for (at, c) in text.char_indices() {
                let range = shown.range(at..at + c.len_utf8());
                prop_assert!(shown.text.get(range.clone()).is_some_and(|part| !part.is_empty()), "{range:?}");
            }
        }
    }
}

//! Text as it reads: one spelling for what looks the same, with the way back to the original.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use super::hidden;

/// Normalised text and where each of its bytes came from.
///
/// Lower case, compatibility forms folded (NFKC, a character at a time), invisible characters out, look-alike letters
/// of mixed words made Latin, runs of blanks one blank, and one line feed for what separates paragraphs.
#[derive(Debug)]
pub struct Normalised {
    /// The text to match against.
    pub text: String,
    /// For each byte of `text` the byte of the original at which its character begins; one more for the end.
    map: Vec<u32>,
}

impl Normalised {
    /// The bytes of the original that a range of the normalised text stands for.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        let last = self.map.len() - 1;
        let start = self.map[range.start.min(last)] as usize;
        // The original of the last byte begins a character; its end is where the next one begins.
        let end = match self.map[range.end.saturating_sub(1).min(last)..].iter().find(|at| **at as usize > start) {
            Some(next) if range.end > range.start => {
                let at_end = self.map[range.end.min(last)] as usize;
                if at_end > start { at_end } else { *next as usize }
            }
            _ => self.map[last] as usize,
        };
        start..end.max(start)
    }
}

/// Normalises `text`.
pub fn normalise(text: &str) -> Normalised {
    let mut out =
        Builder { text: String::with_capacity(text.len()), map: Vec::with_capacity(text.len() + 1), blank: None };
    if text.is_ascii() {
        for (at, byte) in text.bytes().enumerate() {
            out.ascii(at, byte);
        }
    } else {
        let mixed = mixed_words(text);
        let mut words = mixed.iter().peekable();
        for (at, c) in text.char_indices() {
            while words.peek().is_some_and(|word| word.end <= at) {
                words.next();
            }
            let in_mixed = words.peek().is_some_and(|word| word.contains(&at));
            out.any(at, c, in_mixed);
        }
    }
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    out.map.push(end);
    Normalised { text: out.text, map: out.map }
}

struct Builder {
    text: String,
    map: Vec<u32>,
    /// Where a run of blanks began, and whether it holds an empty line.
    blank: Option<(usize, usize)>,
}

impl Builder {
    fn push(&mut self, at: usize, c: char) {
        if let Some((from, newlines)) = self.blank.take()
            && !self.text.is_empty()
        {
            self.emit(from, if newlines >= 2 { '\n' } else { ' ' });
        }
        self.emit(at, c);
    }

    fn emit(&mut self, at: usize, c: char) {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.map.extend(std::iter::repeat_n(at, c.len_utf8()));
        self.text.push(c);
    }

    fn space(&mut self, at: usize, newline: bool) {
        let (from, newlines) = self.blank.unwrap_or((at, 0));
        self.blank = Some((from, newlines + usize::from(newline)));
    }

    fn ascii(&mut self, at: usize, byte: u8) {
        match byte {
            b'\n' => self.space(at, true),
            b' ' | b'\t' | b'\r' | 0x0B | 0x0C => self.space(at, false),
            0x00..0x20 | 0x7F => {}
            _ => self.push(at, byte.to_ascii_lowercase() as char),
        }
    }

    fn any(&mut self, at: usize, c: char, in_mixed: bool) {
        if let Ok(byte) = u8::try_from(c)
            && byte < 0x80
        {
            return self.ascii(at, byte);
        }
        if c.is_whitespace() {
            return self.space(at, matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}'));
        }
        if hidden::class(c).is_some() || c == '\u{AD}' {
            return;
        }
        for folded in std::iter::once(c).nfkc().flat_map(char::to_lowercase) {
            match folded {
                '\u{2018}' | '\u{2019}' | '\u{02BC}' => self.push(at, '\''),
                '\u{201C}' | '\u{201D}' => self.push(at, '"'),
                '\u{2010}'..='\u{2015}' | '\u{2212}' => self.push(at, '-'),
                c if c.is_whitespace() => self.space(at, false),
                c if in_mixed && !c.is_ascii() => {
                    let latin: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
                    if latin.is_ascii() {
                        latin.chars().for_each(|c| self.push(at, c.to_ascii_lowercase()));
                    } else {
                        self.push(at, c);
                    }
                }
                c => self.push(at, c),
            }
        }
    }
}

/// Words that mix Latin letters with letters of a script that has look-alikes of them.
fn mixed_words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut word: Option<(usize, bool, bool)> = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let in_word = c.is_alphanumeric() || c == '_' || (hidden::class(c).is_some() && word.is_some());
        if in_word {
            let (_, latin, alike) = word.get_or_insert((at, false, false));
            *latin |= c.is_ascii_alphabetic();
            *alike |= has_look_alikes(c);
        } else if let Some((start, latin, alike)) = word.take()
            && latin
            && alike
        {
            words.push(start..at);
        }
    }
    words
}

/// Greek, Cyrillic, Armenian, Cherokee and the mathematical alphabets.
fn has_look_alikes(c: char) -> bool {
    matches!(c as u32, 0x0370..=0x058F | 0x13A0..=0x13FF | 0x1D400..=0x1D7FF | 0xAB70..=0xABBF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(original: &str) -> String {
        normalise(original).text
    }

    #[test]
    fn what_looks_the_same_reads_the_same() {
        assert_eq!(text("  Ignore\t ALL\nprevious"), "ignore all previous");
        assert_eq!(text("ig\u{200b}nore \u{202e}it"), "ignore it");
        assert_eq!(text("ｉｇｎｏｒｅ ﬁle"), "ignore file");
        assert_eq!(text("send_p\u{430}yment"), "send_payment");
        assert_eq!(text("don’t “do” it"), "don't \"do\" it");
        assert_eq!(text("one\n\ntwo"), "one\ntwo");
    }

    #[test]
    fn other_scripts_stay_what_they_are() {
        assert_eq!(text("Привет мир"), "привет мир");
        assert_eq!(text("日本語 ΑΒΓ"), "日本語 αβγ");
    }

    #[test]
    fn ranges_lead_back() {
        let original = "A  \u{200b}IGN\u{200b}ORE é";
        let normalised = normalise(original);
        let at = normalised.text.find("ignore").unwrap();
        let range = normalised.original(at..at + 6);
        assert_eq!(&original[range], "IGN\u{200b}ORE");
        let whole = normalised.original(0..normalised.text.len());
        assert_eq!(&original[whole], original);
    }

    proptest! {
        #[test]
        fn every_range_is_on_boundaries(original in "\\PC{0,40}|[a-zа-яA-Z \n\u{200b}\u{fb01}é日]{0,40}") {
            let normalised = normalise(&original);
            prop_assert_eq!(normalised.map.len(), normalised.text.len() + 1);
            for start in 0..=normalised.text.len() {
                for end in start..=normalised.text.len() {
                    let range = normalised.original(start..end);
                    prop_assert!(original.get(range.clone()).is_some(), "{:?}", range);
                }
            }
        }
    }
}

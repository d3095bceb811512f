//! Text as it reads: one spelling for what looks the same, with the way back to the original.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use super::hidden;
use super::page::{Markup, markup};

/// Normalised text and where each of its bytes came from.
///
/// Lower case, compatibility forms folded (NFKC, a character at a time), invisible characters out, look-alike letters
/// of mixed words made Latin, runs of blanks one blank, and one line feed for what separates paragraphs.
#[derive(Debug)]
pub struct Normalised {
    /// The text to match against.
    pub text: String,
    /// Where the original goes on otherwise than the normalised text does, in order. The last one is the end of both.
    turns: Vec<Turn>,
}

/// From a byte of normalised text on, the bytes stand for those of the original from another one on.
#[derive(Clone, Copy, Debug)]
struct Turn {
    here: u32,
    there: u32,
    /// Whether byte stands for byte; else all of them stand for one character.
    alike: bool,
}

impl Normalised {
    /// The bytes of the original that a range of the normalised text stands for.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        let start = self.origin(range.start);
        // What a range ends before begins where the range's part of the original ends.
        let end = match range.end > range.start {
            true => {
                let at_end = self.origin(range.end);
                if at_end > start { at_end } else { self.after(range.end.saturating_sub(1), start) }
            }
            false => self.end(),
        };
        start..end.max(start)
    }

    /// The byte of the original at which the character begins that a byte of the normalised text belongs to.
    fn origin(&self, mut at: usize) -> usize {
        if at >= self.text.len() {
            return self.end();
        }
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let turn = self.turns[self.turn(at)];
        turn.there as usize + if turn.alike { at - turn.here as usize } else { 0 }
    }

    /// The next character of the original behind the one that begins at `start`, as far as it left a trace.
    fn after(&self, at: usize, start: usize) -> usize {
        let later = self.turns[self.turn(at)..].iter().map(|turn| turn.there as usize);
        later.into_iter().find(|there| *there > start).unwrap_or(self.end())
    }

    /// The turn that a byte of the normalised text is behind.
    fn turn(&self, at: usize) -> usize {
        self.turns.partition_point(|turn| turn.here as usize <= at).saturating_sub(1)
    }

    fn end(&self) -> usize {
        self.turns.last().map_or(0, |turn| turn.there as usize)
    }
}

/// Normalises `text`.
pub fn normalise(text: &str) -> Normalised {
    without(text, &[])
}

/// Normalises what a page would show of `text`, where that reads otherwise than the text itself.
pub fn shown(text: &str) -> Option<Normalised> {
    let markup = markup(text);
    (!markup.is_empty()).then(|| without(text, &markup))
}

/// Normalises what is left of `text`.
fn without(text: &str, markup: &[Markup]) -> Normalised {
    let mut out = Builder { text: String::with_capacity(text.len()), turns: Vec::new(), expected: None, blank: None };
    let mixed = if text.is_ascii() { Vec::new() } else { mixed_words(text) };
    let mut words = mixed.iter().peekable();
    let mut markup = markup.iter().peekable();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(passed) = markup.next_if(|next| next.range.start <= at) {
            if passed.apart {
                out.space(at, false);
            }
            at = passed.range.end;
            continue;
        }
        let end = markup.peek().map_or(bytes.len(), |next| next.range.start);
        // Most of most texts: letters that only have to be small.
        let plain = bytes[at..end].iter().take_while(|byte| (b'!'..=b'~').contains(byte)).count();
        if plain > 0 {
            out.plain(at, &text[at..at + plain]);
            at += plain;
            continue;
        }
        let Some(c) = text[at..].chars().next() else { break };
        while words.peek().is_some_and(|word| word.end <= at) {
            words.next();
        }
        out.any(at, c, words.peek().is_some_and(|word| word.contains(&at)));
        at += c.len_utf8();
    }
    let here = offset(out.text.len());
    out.turns.push(Turn { here, there: offset(text.len()), alike: false });
    Normalised { text: out.text, turns: out.turns }
}

/// Texts of more than 4 GiB are not read.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Builder {
    text: String,
    turns: Vec<Turn>,
    /// Where the original goes on if nothing turns; nothing behind what does not stand byte for byte.
    expected: Option<usize>,
    /// Where a run of blanks began, and whether it holds an empty line.
    blank: Option<(usize, usize)>,
}

impl Builder {
    /// Adds bytes that differ from the original by case at most.
    fn plain(&mut self, at: usize, text: &str) {
        self.gap();
        self.turn(at, true);
        let from = self.text.len();
        self.text.push_str(text);
        self.text[from..].make_ascii_lowercase();
        self.expected = Some(at + text.len());
    }

    fn push(&mut self, at: usize, c: char, alike: bool) {
        self.gap();
        self.emit(at, c, alike);
    }

    /// The blanks before what comes now.
    fn gap(&mut self) {
        if let Some((from, newlines)) = self.blank.take()
            && !self.text.is_empty()
        {
            self.emit(from, if newlines >= 2 { '\n' } else { ' ' }, true);
        }
    }

    fn emit(&mut self, at: usize, c: char, alike: bool) {
        self.turn(at, alike);
        self.text.push(c);
        self.expected = alike.then_some(at + c.len_utf8());
    }

    fn turn(&mut self, at: usize, alike: bool) {
        if !alike || self.expected != Some(at) {
            self.turns.push(Turn { here: offset(self.text.len()), there: offset(at), alike });
        }
    }

    fn space(&mut self, at: usize, newline: bool) {
        let (from, newlines) = self.blank.unwrap_or((at, 0));
        self.blank = Some((from, newlines + usize::from(newline)));
    }

    fn any(&mut self, at: usize, c: char, in_mixed: bool) {
        if c.is_whitespace() {
            return self.space(at, matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}'));
        }
        if c.is_ascii() || hidden::class(c).is_some() || c == '\u{AD}' {
            return;
        }
        if !in_mixed && is_as_it_reads(c) {
            return self.push(at, c, true);
        }
        for folded in std::iter::once(c).nfkc().flat_map(char::to_lowercase) {
            match folded {
                '\u{2018}' | '\u{2019}' | '\u{02BC}' => self.push(at, '\'', false),
                '\u{201C}' | '\u{201D}' => self.push(at, '"', false),
                '\u{2010}'..='\u{2015}' | '\u{2212}' => self.push(at, '-', false),
                c if c.is_whitespace() => self.space(at, false),
                c if small_capital(c).is_some() => self.push(at, small_capital(c).unwrap_or(c), false),
                c if in_mixed && !c.is_ascii() => {
                    let latin: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
                    if latin.is_ascii() {
                        latin.chars().for_each(|c| self.push(at, c.to_ascii_lowercase(), false));
                    } else {
                        self.push(at, c, false);
                    }
                }
                c => self.push(at, c, false),
            }
        }
    }
}

/// Whether nothing is to be folded: Han, kana and Hangul, small Cyrillic. Others may be alike as well.
fn is_as_it_reads(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{AC00}'..='\u{D7A3}'
        | '\u{430}'..='\u{44F}' | '\u{3001}' | '\u{3002}')
}

/// The letter that a small capital of the phonetic alphabets looks like; Unicode calls them letters of their own.
fn small_capital(c: char) -> Option<char> {
    const CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ";
    const LETTERS: &str = "abcdefghijklmnoprstuvwyz";
    let small = matches!(c, '\u{262}'..='\u{29F}' | '\u{1D00}'..='\u{1D22}' | '\u{A730}' | '\u{A731}');
    let at = if small { CAPITALS.chars().position(|capital| capital == c)? } else { return None };
    LETTERS.chars().nth(at)
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
        assert_eq!(text("ɪɢɴᴏʀᴇ ᴛʜɪꜱ"), "ignore this");
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

    #[test]
    fn what_is_passed_over_reads_as_it_is() {
        let folded = |c: char| std::iter::once(c).nfkc().flat_map(char::to_lowercase).collect::<String>();
        for c in ('\u{80}'..='\u{FFFF}').filter(|c| is_as_it_reads(*c)) {
            assert_eq!(folded(c), c.to_string());
            assert!(hidden::class(c).is_none() && !c.is_whitespace());
        }
    }

    proptest! {
        #[test]
        fn a_part_reads_as_it_does_in_the_whole(original in "[a-zA-Z \n\t.\u{200b}\u{fb01}éÉ日Ⅷ½ßİ\u{a0}]{0,40}") {
            let normalised = normalise(&original);
            let places: Vec<usize> = normalised.text.char_indices().map(|(at, _)| at).chain([normalised.text.len()]).collect();
            // Of what one character became, no part stands for a part of it.
            let whole = |at: &usize| *at == 0 || normalised.origin(*at) != normalised.origin(at - 1);
            let places: Vec<usize> = places.into_iter().filter(whole).collect();
            for (nth, start) in places.iter().enumerate() {
                for end in &places[nth + 1..] {
                    let part = &normalised.text[*start..*end];
                    let again = normalise(&original[normalised.original(*start..*end)]).text;
                    prop_assert_eq!(again.trim(), part.trim(), "{:?}", original);
                }
            }
        }

        #[test]
        fn every_range_is_on_boundaries(original in "\\PC{0,40}|[a-zа-яA-Z \n\u{200b}\u{fb01}é日]{0,40}") {
            let normalised = normalise(&original);
            for start in 0..=normalised.text.len() {
                for end in start..=normalised.text.len() {
                    let range = normalised.original(start..end);
                    prop_assert!(original.get(range.clone()).is_some(), "{:?}", range);
                }
            }
        }
    }
}

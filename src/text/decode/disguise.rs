//! Text that is not encoded, only disguised: letters moved by thirteen places, letters apart, digits for letters.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::looks::Looks;
use super::{Decoded, sentence};

/// Everything in `text` that reads as something else once a disguise is taken off.
pub(super) fn undisguised(text: &str, looks: &Looks, found: &mut Vec<Decoded>) {
    found.extend(rot13(text));
    if looks.single_letters >= FEWEST_APART {
        found.extend(apart(text));
    }
    if looks.signs_at_letters >= FEWEST_WORDS {
        found.extend(digits(text));
    }
}

/// What common words, and words of orders, become in ROT13. No language has two of them in one text.
const ROTATED: [&str; 16] = [
    "gur",
    "naq",
    "lbh",
    "sebz",
    "jvgu",
    "guvf",
    "vtaber",
    "cerivbhf",
    "vafgehpgvba",
    "frperg",
    "cnffjbeq",
    "hfre",
    "svyr",
    "frnq",
    "zrffntr",
    "orsber",
];

fn rot13(text: &str) -> Option<Decoded> {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(ROTATED).ok();
    let words = WORDS.get_or_init(build).as_ref()?;
    let letter = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_alphabetic);
    let whole =
        words.find_iter(text).filter(|found| !letter(found.start().checked_sub(1)) && !letter(Some(found.end())));
    let seen: std::collections::HashSet<_> = whole.map(|found| found.pattern()).collect();
    if seen.len() < 2 {
        return None;
    }
    let turned = |c: char| match c {
        'a'..='z' => char::from((c as u8 - b'a' + 13) % 26 + b'a'),
        'A'..='Z' => char::from((c as u8 - b'A' + 13) % 26 + b'A'),
        c => c,
    };
    let spelled: String = text.chars().map(turned).collect();
    Some(Decoded { text: spelled, range: 0..text.len(), encoding: "ROT13", weak: false })
}

/// Fewer letters apart are a list of options or of initials.
const FEWEST_APART: usize = 12;

/// `i g n o r e  a l l`, `i.g.n.o.r.e a.l.l`: single letters with one and the same sign between, words further apart.
fn apart(text: &str) -> Option<Decoded> {
    let bytes = text.as_bytes();
    let mut best: Option<Decoded> = None;
    let mut at = 0;
    while at + 2 < bytes.len() {
        let sign = bytes[at + 1];
        let single = bytes[at].is_ascii_alphabetic() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
        if !single || !matches!(sign, b' ' | b'.' | b'-' | b'_' | b'*' | b'|') || !bytes[at + 2].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let start = at;
        let mut spelled = String::new();
        let mut end = at;
        let mut letters = 0;
        while at < bytes.len() && bytes[at].is_ascii_alphabetic() {
            // A word of several letters is not apart from anything.
            if bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) {
                break;
            }
            spelled.push(char::from(bytes[at]));
            letters += 1;
            end = at + 1;
            at += 1;
            if bytes.get(at) == Some(&sign) && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic) {
                at += 1;
                continue;
            }
            // What separates words is another sign, or more of it.
            let gap = bytes[at..].iter().take(4).take_while(|byte| !byte.is_ascii_alphanumeric()).count();
            if gap == 0 || gap > 3 || !bytes.get(at + gap).is_some_and(u8::is_ascii_alphabetic) {
                break;
            }
            spelled.push(' ');
            at += gap;
        }
        let longer = best.as_ref().is_none_or(|best| spelled.len() > best.text.len());
        if letters >= FEWEST_APART && sentence(&spelled) && longer {
            best = Some(Decoded { text: spelled, range: start..end, encoding: "letters apart", weak: true });
        }
        at = at.max(start + 1);
    }
    best
}

/// Fewer words with digits inside are names of formats.
const FEWEST_WORDS: usize = 3;
/// More words without any between them, and it is no disguise.
const MOST_PLAIN: usize = 2;

/// `1gn0r3 4ll pr3v10us 1nstruct10ns`: digits and signs that look like letters, inside of words.
fn digits(text: &str) -> Option<Decoded> {
    let letter = |c: char| match c {
        '0' => Some('o'),
        '1' | '!' => Some('i'),
        '3' => Some('e'),
        '4' | '@' => Some('a'),
        '5' | '$' => Some('s'),
        '7' => Some('t'),
        _ => None,
    };
    // The words from the first to the last of a run, with few others between.
    let mut best: Option<Run> = None;
    let mut run = Run::default();
    let (mut at, mut plain, mut between) = (0, 0, String::new());
    let keep = |run: Run, best: &mut Option<Run>| {
        if run.words >= FEWEST_WORDS && best.as_ref().is_none_or(|best| run.words > best.words) {
            *best = Some(run);
        }
    };
    for word in text.split_inclusive(char::is_whitespace) {
        let body = word.trim_end().trim_end_matches(['.', ',', ';', ':', '?']);
        let letters = body.chars().filter(char::is_ascii_alphabetic).count();
        let signs = body.chars().filter(|c| letter(*c).is_some()).count();
        let all = body.chars().count();
        if letters > 0 && signs > 0 && all >= 3 && letters + signs == all && letters * 3 >= all {
            if run.words == 0 {
                run.range = at..at;
                between.clear();
            }
            run.spelled.push_str(&between);
            run.spelled.extend(body.chars().map(|c| letter(c).unwrap_or(c)));
            between = word[body.len()..].to_owned();
            run.range.end = at + body.len();
            run.words += 1;
            plain = 0;
        } else {
            between.push_str(word);
            plain += 1;
            if plain > MOST_PLAIN {
                keep(std::mem::take(&mut run), &mut best);
                between.clear();
            }
        }
        at += word.len();
    }
    keep(run, &mut best);
    best.map(|run| Decoded { text: run.spelled, range: run.range, encoding: "digits for letters", weak: true })
}

/// Words with digits inside, close together.
#[derive(Default)]
struct Run {
    words: usize,
    range: std::ops::Range<usize>,
    spelled: String,
}

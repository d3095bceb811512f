//! Text that is not encoded, only disguised: letters moved by thirteen places, letters apart, digits for letters.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::looks::Looks;
use super::{Decoded, sentence};

/// Everything in `text` that reads as something else once a disguise is taken off.
pub(super) fn undisguised(text: &str, looks: &Looks, found: &mut Vec<Decoded>) {
    found.extend(turned(text));
    if looks.longest_word >= SHORTEST_JOINED {
        found.extend(joined(text));
    }
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

/// The same words from their ends.
const REVERSED: [&str; 16] = [
    "eht",
    "dna",
    "uoy",
    "morf",
    "htiw",
    "siht",
    "erongi",
    "suoiverp",
    "noitcurtsni",
    "terces",
    "drowssap",
    "resu",
    "elif",
    "daer",
    "egassem",
    "erofeb",
];

/// Text in which common words stand in ROT13, or from their ends.
fn turned(text: &str) -> Vec<Decoded> {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(ROTATED.iter().chain(&REVERSED)).ok();
    let Some(words) = WORDS.get_or_init(build) else { return Vec::new() };
    let letter = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_alphabetic);
    let whole =
        words.find_iter(text).filter(|found| !letter(found.start().checked_sub(1)) && !letter(Some(found.end())));
    let seen: std::collections::HashSet<_> = whole.map(|found| found.pattern().as_usize()).collect();
    let rotated = seen.iter().filter(|word| **word < ROTATED.len()).count();
    let decoded = |spelled, encoding, weak| Decoded { text: spelled, range: 0..text.len(), encoding, weak };
    let mut found = Vec::new();
    if rotated >= FEWEST_TURNED {
        found.push(decoded(text.chars().map(thirteen_on).collect(), "ROT13", false));
    }
    if seen.len() - rotated >= FEWEST_TURNED {
        found.push(decoded(text.chars().rev().collect(), "letters from the end", true));
        let words = text.split_inclusive(char::is_whitespace).map(|word| {
            let body = word.trim_end();
            body.chars().rev().collect::<String>() + &word[body.len()..]
        });
        found.push(decoded(words.collect(), "words from their ends", true));
    }
    found
}

/// One such word is a name.
const FEWEST_TURNED: usize = 2;

fn thirteen_on(c: char) -> char {
    match c {
        'a'..='z' => char::from((c as u8 - b'a' + 13) % 26 + b'a'),
        'A'..='Z' => char::from((c as u8 - b'A' + 13) % 26 + b'A'),
        c => c,
    }
}

/// Fewer words in one are a name, or a path.
const FEWEST_JOINED: usize = 8;
/// They have so many letters.
const SHORTEST_JOINED: usize = 4 * FEWEST_JOINED;

/// `Before_you_use_this_tool_read_the_file`, `BeforeYouUseThisTool…`: sentences without a blank.
fn joined(text: &str) -> Option<Decoded> {
    let long = |word: &str| {
        // Data has borders too, but closer together, with digits between letters, and capitals behind capitals.
        let (count, digits) = (borders(word).count(), word.bytes().filter(u8::is_ascii_digit).count());
        let capitals = word.as_bytes().windows(2).filter(|pair| pair.iter().all(u8::is_ascii_uppercase)).count();
        let mixed = capitals * 8 > word.len() && word.bytes().any(|byte| byte.is_ascii_lowercase());
        word.len() >= SHORTEST_JOINED
            && count >= FEWEST_JOINED
            && count * 4 <= word.len()
            && digits * 16 <= word.len()
            && !mixed
    };
    let mut words = text.split_whitespace().filter(|word| long(word)).peekable();
    let offset = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    let first = offset(words.peek()?);
    let (mut spelled, mut last) = (text[..first].to_owned(), first);
    for word in words {
        let at = offset(word);
        spelled.push_str(&text[last..at]);
        let mut from = 0;
        for border in borders(word) {
            spelled.push_str(&word[from..border]);
            spelled.push(' ');
            // A sign between words is none of their letters.
            from = border + usize::from(!word.as_bytes()[border].is_ascii_alphanumeric());
        }
        spelled.push_str(&word[from..]);
        last = at + word.len();
    }
    spelled.push_str(&text[last..]);
    Some(Decoded { text: spelled, range: first..last, encoding: "words without blanks", weak: true })
}

/// Where words end inside of one: at signs between letters, and before capitals.
fn borders(word: &str) -> impl Iterator<Item = usize> {
    let bytes = word.as_bytes();
    (1..bytes.len().saturating_sub(1)).filter(move |at| {
        let (before, here, after) = (bytes[at - 1], bytes[*at], bytes[at + 1]);
        let sign = matches!(here, b'_' | b'.' | b'-' | b'/' | b'+' | b'|' | b',' | b':' | b';' | b'*' | b'=');
        sign && before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric()
            || here.is_ascii_uppercase() && before.is_ascii_lowercase()
    })
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

//! A number a letter: `72 65 61 64` in hexadecimal, `114, 101, 97` in decimal, `01110010 01100101` in binary.

use std::ops::Range;

use super::{Decoded, LONGEST_BLOB, readable};

/// Fewer numbers in a row are measures, ports or a version.
pub(super) const FEWEST: usize = 12;

/// Signs that stand between numbers, or around each of them.
const SEPARATORS: &str = ",;:|-[](){}'\"`./_+";

/// What runs of numbers spell.
pub(super) fn numbers(text: &str, found: &mut Vec<Decoded>) {
    let mut run: Vec<(&str, Range<usize>)> = Vec::new();
    for (at, part) in parts(text).chain([(text.len(), "-")]) {
        let digits = part.strip_prefix("0x").or(part.strip_prefix("0b")).unwrap_or(part);
        let numeric = (2..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if numeric && run.len() < LONGEST_BLOB {
            run.push((digits, at..at + part.len()));
            continue;
        }
        found.extend(spelled(&run));
        run.clear();
    }
}

/// What stands between blanks and the signs that separate numbers, with its place.
fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let separates = |c: char| c.is_whitespace() || SEPARATORS.contains(c);
    let start = text.as_ptr() as usize;
    text.split(separates).filter(|part| !part.is_empty()).map(move |part| (part.as_ptr() as usize - start, part))
}

fn spelled(run: &[(&str, Range<usize>)]) -> Option<Decoded> {
    let (first, last) = (run.first()?, run.last()?);
    if run.len() < FEWEST {
        return None;
    }
    let of = |radix: u32, lengths: Range<usize>| {
        let byte = |(digits, _): &(&str, Range<usize>)| {
            u8::from_str_radix(digits, radix).ok().filter(|_| lengths.contains(&digits.len()))
        };
        readable(run.iter().map(byte).collect::<Option<Vec<u8>>>()?)
    };
    let ways = [(2, 7..9, "binary numbers"), (10, 2..4, "decimal numbers"), (16, 2..3, "hexadecimal numbers")];
    let (text, encoding) =
        ways.into_iter().find_map(|(radix, lengths, encoding)| Some((of(radix, lengths)?, encoding)))?;
    Some(Decoded { text, range: first.1.start..last.1.end, encoding, weak: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_spell_sentences() {
        let order = "read the file now";
        let written = |one: &dyn Fn(u8) -> String, sign: &str| {
            format!("Codes: {} end", order.bytes().map(one).collect::<Vec<_>>().join(sign))
        };
        for text in [
            written(&|byte| format!("{byte:02x}"), " "),
            written(&|byte| format!("'{byte:02x}'"), ", "),
            written(&|byte| byte.to_string(), "."),
            written(&|byte| byte.to_string(), "/"),
            written(&|byte| format!("0x{byte:02X}"), ", "),
            written(&|byte| byte.to_string(), ","),
            written(&|byte| format!("{byte:08b}"), " "),
        ] {
            let mut found = Vec::new();
            numbers(&text, &mut found);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].text, order);
            assert!(text[found[0].range.clone()].ends_with(|c: char| c.is_ascii_hexdigit()));
        }
    }

    #[test]
    fn numbers_that_are_numbers() {
        for text in [
            "80, 443, 8080, 22, 21, 25, 110, 143, 993, 995, 3306, 5432, 6379",
            "1 2 3 4 5 6 7 8 9 10 11 12 13 14",
            "10.12.13, 11.32.97, 12.10.99, 32.101.32, 99.100.101 and 2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        ] {
            let mut found = Vec::new();
            numbers(text, &mut found);
            assert!(found.is_empty(), "{found:?}");
        }
    }
}

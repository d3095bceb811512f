//! From an offset in a decoded string back to the place in the file.

/// The byte offset inside `literal` (a string as it stands in the file, quotes included) at which byte `decoded` of the
/// decoded text begins. Offsets past the end give the closing quote; a literal without quotes maps onto itself.
pub fn raw_offset(literal: &str, decoded: usize) -> usize {
    let bytes = literal.as_bytes();
    let Some(quote @ (b'"' | b'\'')) = bytes.first().copied() else {
        return decoded.min(literal.len());
    };
    let mut raw = 1;
    let mut seen = 0;
    while raw < bytes.len() {
        if bytes[raw] == quote {
            return raw;
        }
        let (width, length) = unit(literal, raw);
        if decoded < seen + length {
            return raw;
        }
        raw += width;
        seen += length;
    }
    literal.len()
}

/// Where in `literal` (a string as it stands in the file, with quotes or without) each byte of the decoded `text` begins,
/// and behind them where the text ends. `None` where the literal isn't written in a way that is known here.
pub(super) fn offsets(literal: &str, text: &str) -> Option<Vec<u32>> {
    let plain = |first: usize| (first..=first + text.len()).map(|at| u32::try_from(at).ok()).collect();
    if literal == text {
        return plain(0);
    }
    let quoted = literal.len() >= 2 && literal.starts_with(['"', '\'']) && literal.ends_with(['"', '\'']);
    if quoted && &literal[1..literal.len() - 1] == text {
        return plain(1);
    }
    let (mut raw, end) = if quoted { (1, literal.len() - 1) } else { (0, literal.len()) };
    let mut map: Vec<u32> = Vec::with_capacity(text.len() + 1);
    while raw < end {
        let (width, length) = unit(literal, raw);
        // What is no escape must be what was decoded; else the two are not of one kind.
        let same = literal.as_bytes()[raw] == b'\\'
            || literal.as_bytes().get(raw..raw + width) == text.as_bytes().get(map.len()..map.len() + length);
        if !same {
            return None;
        }
        map.extend(std::iter::repeat_n(u32::try_from(raw).ok()?, length));
        raw += width;
    }
    map.push(u32::try_from(end).ok()?);
    (map.len() == text.len() + 1 && raw == end).then_some(map)
}

/// How many bytes one character or escape takes in the file, and how many once decoded.
fn unit(literal: &str, at: usize) -> (usize, usize) {
    let bytes = literal.as_bytes();
    if bytes[at] != b'\\' {
        let width = literal[at..].chars().next().map_or(1, char::len_utf8);
        return (width, width);
    }
    match bytes.get(at + 1) {
        Some(b'u') => {
            let other = (bytes.get(at + 6..at + 8) == Some(b"\\u")).then(|| hex(bytes, at + 8, 4)).flatten();
            match (hex(bytes, at + 2, 4), other) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, 4),
                // Half of a pair becomes U+FFFD, whatever escape comes behind it.
                (Some(code), _) => (6, char::from_u32(code).map_or(3, char::len_utf8)),
                (None, _) => (2, 1),
            }
        }
        Some(b'x') => match hex(bytes, at + 2, 2) {
            Some(code) => (4, char::from_u32(code).map_or(1, char::len_utf8)),
            None => (2, 1),
        },
        // A backslash before a line's end joins the lines.
        Some(b'\r') if bytes.get(at + 2) == Some(&b'\n') => (3, 0),
        Some(b'\n' | b'\r') => (2, 0),
        Some(_) => {
            let width = literal[at + 1..].chars().next().map_or(1, char::len_utf8);
            (1 + width, if width == 1 { 1 } else { width })
        }
        None => (1, 1),
    }
}

fn hex(bytes: &[u8], at: usize, digits: usize) -> Option<u32> {
    let digits = std::str::from_utf8(bytes.get(at..at + digits)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_walked_once() {
        let literal = r#""a\n\u00e9\ud83d\ude00z""#;
        // decoded: a, newline, é (2 bytes), 😀 (4 bytes), z
        for (decoded, raw) in [(0, 1), (1, 2), (2, 4), (4, 10), (8, 22), (9, 23)] {
            assert_eq!(raw_offset(literal, decoded), raw, "decoded {decoded}");
        }
        // Half of a pair is one character of three bytes, also before another escape.
        let half = r#""\ud83d\u0ed0z""#;
        assert_eq!(crate::document::parse_json(half).unwrap().as_str(), Some("\u{FFFD}\u{0ED0}z"));
        for (decoded, raw) in [(0, 1), (3, 7), (6, 13)] {
            assert_eq!(raw_offset(half, decoded), raw, "decoded {decoded}");
        }
        assert_eq!(raw_offset("bare", 2), 2);
        assert_eq!(raw_offset("\"é\"", 0), 1);
    }
}

//! Offsets to lines and columns. The only place that counts columns.

use super::Span;

/// A place as people and SARIF count it: from 1, columns in characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// How many characters begin before each block of [`BLOCK`] bytes: a file of one long line is still cheap to ask.
    characters: Vec<usize>,
}

const BLOCK: usize = 1024;

impl LineIndex {
    /// Finds the lines of `text`. A line ends with LF, CR LF, or a lone CR.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                starts.push(at + 1);
            }
        }
        let blocks = bytes.chunks(BLOCK).scan(0, |sum, block| {
            *sum += begins(block);
            Some(*sum)
        });
        let characters = std::iter::once(0).chain(blocks).collect();
        Self { starts, characters }
    }

    /// How many lines there are; an empty text has one.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// First byte of a line, counted from 1, if there is such a line.
    pub fn start(&self, line: usize) -> Option<usize> {
        self.starts.get(line.checked_sub(1)?).copied()
    }

    /// Line and column of a byte offset in the `text` that this index was made from.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = offset.min(text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let column = self.before(text, offset) - self.before(text, start) + 1;
        Position { line, column }
    }

    /// The bytes of a line, from 1, with its end; none past the last.
    pub fn line(&self, text: &str, number: usize) -> Span {
        let start = |line: usize| self.starts.get(line).copied().unwrap_or(text.len());
        Span::new(start(number.saturating_sub(1)), start(number))
    }

    /// How many characters begin before a byte.
    fn before(&self, text: &str, offset: usize) -> usize {
        let block = offset / BLOCK;
        self.characters.get(block).copied().unwrap_or(0) + begins(&text.as_bytes()[block * BLOCK..offset])
    }
}

/// Bytes that do not continue a character begin one.
fn begins(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: usize) -> (usize, usize) {
        let position = LineIndex::new(text).position(text, offset);
        (position.line, position.column)
    }

    #[test]
    fn lines_have_places() {
        let text = "a\r\nbc\n";
        let index = LineIndex::new(text);
        let line = |number| &text[index.line(text, number).start..index.line(text, number).end];
        assert_eq!([line(1), line(2), line(3), line(9)], ["a\r\n", "bc\n", "", ""]);
    }

    #[test]
    fn counts_characters_from_one() {
        assert_eq!(at("", 0), (1, 1));
        assert_eq!(at("aé日x", 6), (1, 4));
        assert_eq!(at("a\nb", 2), (2, 1));
        assert_eq!(at("a\r\nb\rc", 3), (2, 1));
        assert_eq!(at("a\r\nb\rc", 5), (3, 1));
        assert_eq!(at("a", 99), (1, 2));
        let long = format!("x\n{}", "é日a".repeat(1000));
        for offset in [2, 1023, 1025, 3001, 6001] {
            let offset = (0..=offset).rev().find(|at| long.is_char_boundary(*at)).unwrap();
            assert_eq!(at(&long, offset), (2, long[2..offset].chars().count() + 1), "{offset}");
        }
    }
}

//! What a server prints on stderr: where its reason to fail stands.

use std::collections::VecDeque;

/// The first and the last bytes of a stream. Python puts the cause last, others in front of a long trace.
#[derive(Debug, Default)]
pub(super) struct Tail {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    /// Whether bytes between the two were dropped.
    gap: bool,
    /// Whether the stream has ended.
    pub(super) ended: bool,
}

impl Tail {
    const HEAD: usize = 2 << 10;
    const TAIL: usize = 8 << 10;

    /// Takes more bytes in.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(Self::HEAD - self.head.len()));
        self.head.extend_from_slice(head);
        let newest = &rest[rest.len().saturating_sub(Self::TAIL)..];
        self.tail.extend(newest);
        let excess = self.tail.len().saturating_sub(Self::TAIL);
        self.tail.drain(..excess);
        self.gap |= excess > 0 || newest.len() < rest.len();
    }

    /// The line that most likely names the cause of a failure, as it was printed but for colours.
    pub(super) fn cause(&self) -> Option<String> {
        let lines = self.lines();
        let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| says_something(line)).collect();
        // Node prints its cause in the middle, npm before a closing remark.
        let telling = lines.iter().rev().take(40).find(|line| names_a_cause(line));
        telling.or(lines.last()).map(|line| (*line).to_owned())
    }

    /// All that is kept.
    pub(super) fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Whole lines only: of a line that was cut, a redactor may not recognise the half of a secret.
    fn lines(&self) -> Vec<String> {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        let parts: Vec<Vec<u8>> = if self.gap {
            let head = self.head.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let start = tail.iter().position(|byte| *byte == b'\n').map_or(tail.len(), |at| at + 1);
            vec![self.head[..head].to_vec(), tail[start..].to_vec()]
        } else {
            vec![[self.head.as_slice(), &tail].concat()]
        };
        parts
            .iter()
            .flat_map(|part| part.split(|byte| matches!(byte, b'\n' | b'\r')))
            .map(|line| plain(&String::from_utf8_lossy(line)).trim().to_owned())
            .collect()
    }
}

/// Without the escape sequences that colour a line or move the cursor.
pub(super) fn plain(text: &str) -> String {
    let mut rest = text.chars().peekable();
    let mut kept = String::with_capacity(text.len());
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            kept.push(c);
            continue;
        }
        match rest.next() {
            Some('[') => drop(rest.by_ref().find(|c| matches!(c, '\u{40}'..='\u{7e}'))),
            Some(']') => drop(rest.by_ref().find(|c| matches!(c, '\u{7}' | '\\'))),
            _ => {}
        }
    }
    kept
}

/// Frames, carets, lone brackets, stack frames, farewells, and the options that a usage explains say nothing.
fn says_something(line: &str) -> bool {
    line.chars().filter(|c| c.is_alphanumeric()).count() >= 3
        && !["at ", "Node.js v", "node:", "File \"", "Traceback (most recent"]
            .iter()
            .any(|start| line.starts_with(start))
        && !is_option(line)
        && !line.contains("A complete log of this run can be found")
}

/// Whether a line explains `--option` or `-o`: behind an error, usages speak of what is required and must be.
fn is_option(line: &str) -> bool {
    let mut letters = line.chars();
    letters.next() == Some('-')
        && match letters.next() {
            Some('-') => true,
            Some(letter) => letter.is_ascii_alphabetic() && matches!(letters.next(), Some(',' | ' ') | None),
            None => false,
        }
}

fn names_a_cause(line: &str) -> bool {
    const WORDS: &[&str] = &[
        "error",
        "exception",
        "fatal",
        "panic",
        "fail",
        "cannot",
        "can't",
        "could not",
        "unable",
        "not found",
        "no such",
        "missing",
        "required",
        "must ",
        "invalid",
        "denied",
        "refused",
        "not set",
        "unknown",
        "deprecated",
        "please ",
    ];
    let line = line.to_lowercase();
    WORDS.iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(text: &str) -> Option<String> {
        let mut tail = Tail::default();
        text.as_bytes().chunks(7).for_each(|part| tail.push(part));
        tail.cause()
    }

    #[test]
    fn the_cause_is_found() {
        let python =
            "Traceback (most recent call last):\n  File \"x.py\", line 1\n    main()\nValueError: TOKEN is not set\n";
        assert_eq!(cause(python).as_deref(), Some("ValueError: TOKEN is not set"));
        let node = "node:internal:1\n    throw err;\n    ^\n\nError: Cannot find module 'x'\n    at f (x:1:2) {\n  code: 1,\n  stack: []\n}\n\nNode.js v20.20.2\n";
        assert_eq!(cause(node).as_deref(), Some("Error: Cannot find module 'x'"));
        let npm = "npm error 404 Not Found\nnpm error A complete log of this run can be found in: /x\n";
        assert_eq!(cause(npm).as_deref(), Some("npm error 404 Not Found"));
        assert_eq!(cause("\x1b[31musage: serve\x1b[0m\r\n╭────╮\n").as_deref(), Some("usage: serve"));
        let usage = "Error: no such file\nUsage:\n  serve [flags]\n\nFlags:\n  -k, --key  must be given with\n      --cert  is required\n";
        assert_eq!(cause(usage).as_deref(), Some("Error: no such file"));
        assert_eq!(cause(" \n^\n"), None);
    }

    #[test]
    fn memory_is_bounded_and_cut_lines_are_dropped() {
        let mut tail = Tail::default();
        tail.push(b"first error\n");
        for number in 0..100_000 {
            tail.push(format!("line {number:06}\n").as_bytes());
        }
        assert!(tail.head.len() == Tail::HEAD && tail.tail.len() == Tail::TAIL && tail.gap);
        let lines = tail.lines();
        assert_eq!(lines[0], "first error");
        assert!(lines[1..].iter().all(|line| line.is_empty() || line.len() == 11), "{lines:?}");

        let mut endless = Tail::default();
        endless.push(&[b'x'; 20_000]);
        assert_eq!(endless.cause(), None, "no line of it is whole");
        let mut short = Tail::default();
        short.push(&[b'x'; 5_000]);
        assert_eq!(short.cause().map(|line| line.len()), Some(5_000));
    }
}

//! Where a JSON value on a pipe ends.
//!
//! Real servers print banners, pretty-print answers over several lines and frame them with headers. One pass over the
//! bytes that knows JSON's grammar copes with all of it: text that cannot be JSON is told from JSON that is not complete
//! yet, without parsing what is already there again with every line.

/// How deep and how large a value may be before it reaches a parser, whose memory is many times the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Bytes of one value.
    pub(super) bytes: usize,
    /// Brackets open at once.
    pub(super) depth: usize,
    /// Values inside of it, itself included.
    pub(super) values: usize,
}

/// What one more byte does to the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It goes on.
    More,
    /// It ended with this byte.
    Done,
    /// No JSON goes on like this.
    Bad,
    /// It is nested too deep.
    Deep,
    /// It holds too many values.
    Many,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    Text {
        key: bool,
        escaped: bool,
    },
    /// A number or a word; what it is worth is for the parser to say.
    Scalar,
}

/// A value that is being read. Only maps and lists: a lone number or word on stdout is no message.
#[derive(Debug)]
pub(super) struct Scan {
    expect: Expect,
    /// The open brackets, `true` for a map.
    open: Vec<bool>,
    values: usize,
    limits: Limits,
}

impl Scan {
    /// Before the first byte.
    pub(super) fn new(limits: Limits) -> Self {
        Self { expect: Expect::Value, open: Vec::new(), values: 0, limits }
    }

    /// Number of values so far.
    pub(super) fn values(&self) -> usize {
        self.values
    }

    /// Takes the next byte in. After anything but [`Step::More`] the scan is over.
    pub(super) fn step(&mut self, byte: u8) -> Step {
        match self.expect {
            Expect::Text { key, escaped } => return self.text(byte, key, escaped),
            Expect::Scalar if byte.is_ascii_alphanumeric() || b".+-".contains(&byte) => return Step::More,
            Expect::Scalar => self.expect = Expect::CommaOrEnd,
            _ => {}
        }
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            return Step::More;
        }
        match (self.expect, byte) {
            (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => self.close(),
            // A comma too many: parsers differ, and some client may well read it.
            (Expect::Key, b'}') => self.close(),
            (Expect::Value, b']') if self.open.last() == Some(&false) => self.close(),
            (Expect::Value | Expect::ValueOrEnd, _) => self.value(byte),
            (Expect::Key | Expect::KeyOrEnd, b'"') => self.go(Expect::Text { key: true, escaped: false }),
            (Expect::Colon, b':') => self.go(Expect::Value),
            (Expect::CommaOrEnd, b',') if self.open.last() == Some(&true) => self.go(Expect::Key),
            (Expect::CommaOrEnd, b',') => self.go(Expect::Value),
            (Expect::CommaOrEnd, b'}') if self.open.last() == Some(&true) => self.close(),
            (Expect::CommaOrEnd, b']') if self.open.last() == Some(&false) => self.close(),
            _ => Step::Bad,
        }
    }

    fn go(&mut self, expect: Expect) -> Step {
        self.expect = expect;
        Step::More
    }

    fn text(&mut self, byte: u8, key: bool, escaped: bool) -> Step {
        match byte {
            // No string goes over a line: without this, a log line's lone quote would swallow all that follows.
            b'\n' => Step::Bad,
            b'\\' if !escaped => self.go(Expect::Text { key, escaped: true }),
            b'"' if !escaped => self.go(if key { Expect::Colon } else { Expect::CommaOrEnd }),
            _ if escaped => self.go(Expect::Text { key, escaped: false }),
            _ => Step::More,
        }
    }

    fn value(&mut self, byte: u8) -> Step {
        self.values += 1;
        if self.values > self.limits.values {
            return Step::Many;
        }
        match byte {
            b'{' | b'[' => {
                if self.open.len() >= self.limits.depth {
                    return Step::Deep;
                }
                let map = byte == b'{';
                self.open.push(map);
                self.go(if map { Expect::KeyOrEnd } else { Expect::ValueOrEnd })
            }
            b'"' if !self.open.is_empty() => self.go(Expect::Text { key: false, escaped: false }),
            // `N` and `I` begin the numbers that Python writes and JSON does not know.
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | b'N' | b'I' if !self.open.is_empty() => self.go(Expect::Scalar),
            _ => Step::Bad,
        }
    }

    fn close(&mut self) -> Step {
        self.open.pop();
        self.expect = Expect::CommaOrEnd;
        if self.open.is_empty() { Step::Done } else { Step::More }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { bytes: 1 << 20, depth: 8, values: 100 };

    /// The first step that is no `More`, and how many bytes were taken for it.
    fn run(text: &str) -> (Step, usize) {
        let mut scan = Scan::new(LIMITS);
        for (at, byte) in text.bytes().enumerate() {
            let step = scan.step(byte);
            if step != Step::More {
                return (step, at + 1);
            }
        }
        (Step::More, text.len())
    }

    #[test]
    fn values_end_where_they_end() {
        assert_eq!(run(r#"{"a": [1, "}]\"", null], "b": {}} tail"#), (Step::Done, 32 + 1));
        assert_eq!(run("[NaN, -1.5e+3,]x"), (Step::Done, 15));
        assert_eq!(run("{\n \"a\":\r\n1\n"), (Step::More, 11));
    }

    #[test]
    fn what_is_no_json_is_seen_at_once() {
        for (text, at) in [
            ("{not json", 2),
            ("[ENV] WARNING", 2),
            ("[12:30:01] up", 4),
            ("{ a: 1 }", 3),
            ("{'a'", 2),
            ("[1}", 3),
            ("{]", 2),
            ("{\"a\n", 4),
            ("hello", 1),
            ("{\n{\"id\"", 3),
            ("]", 1),
        ] {
            assert_eq!(run(text), (Step::Bad, at), "{text:?}");
        }
    }

    #[test]
    fn depth_and_number_are_bounded() {
        assert_eq!(run(&"[".repeat(9)), (Step::Deep, 9));
        assert_eq!(run(&format!("{}{}", "[".repeat(8), "]".repeat(8))), (Step::Done, 16));
        assert_eq!(run(&format!("[{}", "1,".repeat(200))).0, Step::Many);
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            "\\PC{0,8}|[\"\\\\\n]{0,4}".prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::hash_map("\\PC{0,4}", inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn all_json_is_complete_at_its_last_byte(value in json(), pretty: bool) {
            let list = serde_json::json!([value]);
            let text = if pretty { serde_json::to_string_pretty(&list) } else { serde_json::to_string(&list) }.unwrap();
            prop_assert_eq!(run(&format!("{text}{text}")), (Step::Done, text.len()));
        }

        #[test]
        fn no_bytes_make_it_stumble(bytes: Vec<u8>) {
            let mut scan = Scan::new(LIMITS);
            for byte in bytes {
                if scan.step(byte) != Step::More {
                    break;
                }
            }
        }
    }
}

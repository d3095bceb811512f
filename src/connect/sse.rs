//! Event streams: bytes become the data of events, as they come.
//!
//! Nothing is kept but the beginning of what is needed to be understood, since an event may be as large as a server likes.

/// How much of an event's name, and of the data of one that is not a message, is kept.
const SHORT: usize = 4 << 10;

/// What came.
#[derive(Debug, PartialEq)]
pub(super) enum Part<'b> {
    /// More data of the event.
    Data(&'b [u8]),
    /// The event is complete. Its name is empty for a message.
    End {
        /// Its name.
        name: &'b str,
        /// The beginning of its data.
        head: &'b str,
    },
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    /// In the name of a field.
    Field,
    /// Behind the colon, where one blank is no part of the value.
    Blank,
    /// In the value.
    Value,
}

/// Cuts a stream into events.
pub(super) struct Events {
    at: At,
    field: Vec<u8>,
    name: Vec<u8>,
    head: Vec<u8>,
    /// The value of a field that is neither data nor name.
    short: Vec<u8>,
    /// The id that the event will have once it is complete.
    coming: Option<Vec<u8>>,
    /// The id of the last complete event.
    id: Option<String>,
    /// How many milliseconds to wait before the stream is asked for again.
    retry: Option<u64>,
    /// Whether the event has any data.
    any: bool,
    /// The last byte was a carriage return, whose line feed is no line of its own.
    carriage: bool,
    /// Bytes so far, up to a byte order mark's three.
    begun: usize,
}

impl Events {
    /// Before the first byte.
    pub(super) fn new() -> Self {
        Self {
            at: At::Field,
            field: Vec::new(),
            name: Vec::new(),
            head: Vec::new(),
            short: Vec::new(),
            coming: None,
            id: None,
            retry: None,
            any: false,
            carriage: false,
            begun: 0,
        }
    }

    /// Before the first byte of a stream that goes on with another one.
    pub(super) fn again(&self) -> Self {
        Self { id: self.id.clone(), retry: self.retry, ..Self::new() }
    }

    /// Where the stream could be taken up again, if it breaks off, and after how many milliseconds the server would like
    /// that.
    pub(super) fn resumption(&self) -> Option<(&str, Option<u64>)> {
        Some((self.id.as_deref()?, self.retry))
    }

    /// Takes more bytes in and hands out what they hold.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut impl FnMut(Part<'_>)) {
        let mut from = 0;
        while let Some(&byte) = bytes.get(from) {
            from += 1;
            let mark = self.begun < 3 && byte == [0xEF, 0xBB, 0xBF][self.begun];
            self.begun = if mark { self.begun + 1 } else { 3 };
            let after_carriage = std::mem::replace(&mut self.carriage, byte == b'\r');
            match byte {
                _ if mark => {}
                b'\n' if after_carriage => {}
                b'\n' | b'\r' => self.line(out),
                _ if self.at == At::Field => match byte {
                    b':' => self.at = At::Blank,
                    // Names that are longer are none that is known.
                    _ if self.field.len() < 16 => self.field.push(byte),
                    _ => {}
                },
                b' ' if self.at == At::Blank => self.at = At::Value,
                _ => {
                    self.at = At::Value;
                    let rest = &bytes[from - 1..];
                    let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
                    self.value(&rest[..length], out);
                    from += length - 1;
                }
            }
        }
    }

    fn value(&mut self, part: &[u8], out: &mut impl FnMut(Part<'_>)) {
        let keep = |into: &mut Vec<u8>| into.extend(part.iter().take(SHORT - into.len().min(SHORT)));
        match self.field.as_slice() {
            b"data" => {
                keep(&mut self.head);
                out(Part::Data(part));
            }
            b"event" => keep(&mut self.name),
            b"id" | b"retry" => keep(&mut self.short),
            _ => {}
        }
    }

    fn line(&mut self, out: &mut impl FnMut(Part<'_>)) {
        let field = std::mem::take(&mut self.field);
        let empty = self.at == At::Field && field.is_empty();
        let short = std::mem::take(&mut self.short);
        self.at = At::Field;
        match field.as_slice() {
            b"data" => {
                self.any = true;
                out(Part::Data(b"\n"));
            }
            b"id" => self.coming = Some(short),
            b"retry" => {
                self.retry = String::from_utf8(short).ok().and_then(|digits| digits.parse().ok()).or(self.retry)
            }
            _ if empty => {
                if let Some(id) = self.coming.take() {
                    // One that was cut short is none.
                    self.id = String::from_utf8(id).ok().filter(|id| !id.is_empty() && id.len() < SHORT);
                }
                let (name, head) = (std::mem::take(&mut self.name), std::mem::take(&mut self.head));
                if std::mem::take(&mut self.any) {
                    let (name, head) = (String::from_utf8_lossy(&name), String::from_utf8_lossy(&head));
                    out(Part::End { name: &name, head: &head });
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Each event as its name, its data and the head of that.
    fn events(bytes: &[u8], chunk: usize) -> Vec<(String, String, String)> {
        let (mut events, mut data, mut found) = (Events::new(), Vec::new(), Vec::new());
        for part in bytes.chunks(chunk) {
            events.push(part, &mut |part| match part {
                Part::Data(bytes) => data.extend_from_slice(bytes),
                Part::End { name, head } => {
                    let data = String::from_utf8_lossy(&std::mem::take(&mut data)).into_owned();
                    found.push((name.to_owned(), data, head.to_owned()));
                }
            });
        }
        found
    }

    fn all(text: &str) -> Vec<(String, String)> {
        let whole = events(text.as_bytes(), 1 << 20);
        assert_eq!(whole, events(text.as_bytes(), 1), "chunks make no difference");
        whole.into_iter().map(|(name, data, _)| (name, data)).collect()
    }

    #[test]
    fn streams_as_servers_write_them() {
        let one = |name: &str, data: &str| (name.to_owned(), data.to_owned());
        assert_eq!(all("event: message\ndata: {\"id\":1}\n\n"), [one("message", "{\"id\":1}\n")]);
        assert_eq!(all("\u{feff}data:a\r\n\r\ndata:  b\r\rdata\n\n"), [one("", "a\n"), one("", " b\n"), one("", "\n")]);
        assert_eq!(all("data: {\ndata: }\nid: 7\nretry: 9\n\n"), [one("", "{\n}\n")]);
        assert_eq!(all(": ping\n\n: ping\n\ndata: x\n\n"), [one("", "x\n")]);
        assert_eq!(all("data: endpoint\nevent: endpoint\n\n"), [one("endpoint", "endpoint\n")]);
        assert_eq!(all("event: lost\n\ndata: a:b\n\n"), [one("", "a:b\n")]);
        assert!(all("data: cut off").is_empty());
        assert!(all("").is_empty());
    }

    #[test]
    fn where_a_stream_can_be_taken_up_again() {
        let after = |text: &str| {
            let mut events = Events::new();
            text.as_bytes().chunks(3).for_each(|part| events.push(part, &mut |_| {}));
            events.again().resumption().map(|(id, retry)| (id.to_owned(), retry))
        };
        assert_eq!(after("id: a-1\nretry: 250\ndata:\n\n"), Some(("a-1".to_owned(), Some(250))));
        assert_eq!(after("id: 1\n\nid: 2\ndata: {"), Some(("1".to_owned(), None)), "an event that is not complete");
        assert_eq!(after("id: 1\n\nid\n\n"), None);
        assert_eq!(after("retry: soon\ndata: x\n\n"), None);
        assert_eq!(after(&format!("id: {}\n\n", "x".repeat(SHORT))), None);
    }

    #[test]
    fn heads_are_bounded() {
        let found = events(format!("data: {}\n\n", "x".repeat(100_000)).as_bytes(), 777);
        assert_eq!((found[0].1.len(), found[0].2.len()), (100_001, SHORT));
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(text in "(data|event|id|:|: |\r|\n|\r\n|\u{feff}|x|é){0,40}", chunk in 1usize..9) {
            prop_assert_eq!(events(text.as_bytes(), chunk), events(text.as_bytes(), 1 << 20));
        }
    }
}

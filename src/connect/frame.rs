//! Bytes from a server's stdout → messages.
//!
//! A message is one line of JSON. Real servers also print banners between them, pretty-print, frame with
//! `Content-Length`, put a byte order mark in front, or answer several at once; a scanner that gives up there sees
//! nothing of a server that some client reads well.

use std::sync::Arc;

use super::budget::{Budget, Turn};
use super::scan::{Limits, Scan, Step};
use crate::document::{Node, parse_answer, parse_json};

/// How much of a line that is no message is kept to be shown.
const NOISE: usize = 400;

/// What a server printed.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    /// A JSON-RPC message: something with an `id` or a `method`, or an error without either. With the number of values
    /// in it.
    Message(Node, usize),
    /// A line, or a JSON value, that is no message; its text, if it is short enough to be shown whole.
    Noise(Option<String>),
    /// What looked like a message and could not be read, and why.
    Broken(String),
}

enum Mode {
    /// Between messages.
    Between,
    /// In a JSON value.
    Value(Scan),
    /// In a line that is no message; its beginning is in the buffer.
    Noise,
    /// In the rest of a message that was too large.
    Rest,
}

/// Cuts bytes into frames.
pub(super) struct Framer {
    limits: Limits,
    buffer: Vec<u8>,
    mode: Mode,
    budget: Arc<Budget>,
    turn: Option<Turn>,
}

impl Framer {
    /// Before the first byte.
    pub(super) fn new(limits: Limits, budget: &Arc<Budget>) -> Self {
        Self { limits, buffer: Vec::new(), mode: Mode::Between, budget: Arc::clone(budget), turn: None }
    }

    /// Takes more bytes in and hands out what they complete.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut impl FnMut(Frame)) {
        for byte in bytes {
            self.byte(*byte, out);
        }
    }

    /// The end of the stream: an unfinished line is a line.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Frame)) {
        if matches!(self.mode, Mode::Value(_)) {
            let broken = looks_like_a_message(&self.buffer);
            out(if broken { Frame::Broken("a message that breaks off".into()) } else { noise(&self.buffer) });
            self.between();
        }
        self.byte(b'\n', out);
    }

    fn between(&mut self) {
        // A large answer's buffer is given back, an ordinary one's is used again.
        if self.buffer.capacity() > 1 << 20 {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        self.mode = Mode::Between;
        self.turn = None;
    }

    fn byte(&mut self, byte: u8, out: &mut impl FnMut(Frame)) {
        match &mut self.mode {
            Mode::Between => match byte {
                // The last three are a byte order mark, wherever a chunk of bytes cuts it.
                b'\n' => self.buffer.clear(),
                b' ' | b'\t' | b'\r' | 0xEF | 0xBB | 0xBF => {}
                b'{' => {
                    self.buffer.clear();
                    self.mode = Mode::Value(Scan::new(self.limits));
                    self.byte(byte, out);
                }
                // A batch is its messages, and a stray bracket does not make one of all that follows.
                b'[' | b',' | b']' if self.buffer.len() < NOISE => self.buffer.push(byte),
                _ => {
                    self.mode = Mode::Noise;
                    self.buffer.push(byte);
                }
            },
            Mode::Value(scan) => {
                let step = scan.step(byte);
                let values = scan.values();
                if self.turn.is_none() && Budget::is_large(self.buffer.len(), values) {
                    self.turn = Some(self.budget.turn());
                }
                self.buffer.push(byte);
                match step {
                    Step::More if self.buffer.len() >= self.limits.bytes => {
                        self.too_much(format!("an answer of more than {}", size(self.limits.bytes)), out);
                    }
                    Step::More => {}
                    Step::Done => {
                        // Looked at before it is parsed, and asked again when it turns out to be an answer.
                        let room = match &self.turn {
                            Some(_) => self.budget.fits(self.buffer.len(), values),
                            None => Ok(()),
                        };
                        let frame = room.map_or_else(Frame::Broken, |()| interpret(&self.buffer, values));
                        // Before somebody is to take it, who may wait for another one's turn.
                        self.between();
                        out(frame);
                    }
                    Step::Bad => self.no_json(out),
                    Step::Deep => {
                        self.too_much(format!("an answer nested deeper than {}", self.limits.depth), out);
                    }
                    Step::Many => {
                        self.too_much(format!("an answer of more than {} values", self.limits.values), out);
                    }
                }
            }
            Mode::Noise if byte == b'\n' => {
                if !is_header(&self.buffer) {
                    out(noise(&self.buffer));
                }
                self.between();
            }
            Mode::Noise if self.buffer.len() <= NOISE => self.buffer.push(byte),
            Mode::Noise => {}
            Mode::Rest if byte == b'\n' => self.between(),
            Mode::Rest => {}
        }
    }

    fn too_much(&mut self, what: String, out: &mut impl FnMut(Frame)) {
        out(if looks_like_a_message(&self.buffer) { Frame::Broken(what) } else { Frame::Noise(None) });
        self.between();
        self.mode = Mode::Rest;
    }

    /// The value in the buffer is none. Lines before the last one were noise; the last may begin a message of its own. So every line is looked at twice at most.
    fn no_json(&mut self, out: &mut impl FnMut(Frame)) {
        let buffer = std::mem::take(&mut self.buffer);
        self.turn = None;
        let end = buffer.len() - usize::from(buffer.ends_with(b"\n"));
        let Some(last) = buffer[..end].iter().rposition(|byte| *byte == b'\n') else {
            self.mode = Mode::Noise;
            return self.push(&buffer, out);
        };
        buffer[..last].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).for_each(|line| out(noise(line)));
        self.mode = Mode::Between;
        self.push(&buffer[last + 1..], out);
    }
}

fn noise(line: &[u8]) -> Frame {
    Frame::Noise((line.len() <= NOISE).then(|| String::from_utf8_lossy(line).trim().to_owned()))
}

/// A header of the framing that language servers use. Where the body ends is seen from the body.
fn is_header(line: &[u8]) -> bool {
    ["content-length:", "content-type:"]
        .iter()
        .any(|name| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes())))
}

/// Whether a text that can't be read was meant for us. Log objects are not.
fn looks_like_a_message(text: &[u8]) -> bool {
    let start = &text[..text.len().min(1024)];
    ["\"jsonrpc\"", "\"result\"", "\"id\""]
        .iter()
        .any(|key| start.windows(key.len()).any(|part| part == key.as_bytes()))
}

/// What a complete JSON value is.
fn interpret(text: &[u8], values: usize) -> Frame {
    let text = String::from_utf8_lossy(text);
    // Liberties that some client takes, like Python's `NaN`, must not hide an answer from us.
    match parse_answer(&text).or_else(|error| parse_json(&text).map_err(|_| error)) {
        Ok(node) if is_message(&node) => Frame::Message(node, values),
        Err(error) if looks_like_a_message(text.as_bytes()) => {
            Frame::Broken(format!("a message that is no valid JSON ({error})"))
        }
        _ => noise(text.as_bytes()),
    }
}

fn is_message(node: &Node) -> bool {
    node.get("id").is_some()
        || node.get("method").is_some()
        || node.get("jsonrpc").is_some() && node.get("error").is_some()
}

/// A number of bytes in words.
pub(super) fn size(bytes: usize) -> String {
    match bytes {
        0..=1023 => format!("{bytes} bytes"),
        1024..=1_048_575 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests;

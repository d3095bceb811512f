//! Files as text with places: bytes become a [`Source`], its text becomes a tree of [`Node`]s, and every key and value
//! keeps the range of bytes it came from.
//!
//! A leaf of the house: it knows syntax, nothing about MCP.

mod bundle;
mod commands;
mod comments;
mod embedded;
mod json;
mod lines;
mod node;
mod path;
mod properties;
mod sieve;
mod strings;
mod toml;
mod xml;
mod yaml;

pub use bundle::{BundleError, is_bundle, manifest};
pub use commands::{first_command, first_unknown, parse_commands};
pub use comments::Comment;
pub use embedded::parse_embedded;
pub use json::{SyntaxError, beyond_json, parse_answer, parse_inside, parse_json};
pub use lines::{LineIndex, Position};
pub use node::{Kind, Member, Node};
pub use path::{KeyPath, Reached, path_at, path_below, told, told_apart};
pub use properties::parse_properties;
pub use sieve::{LARGE, Large, Sieve, parse_large};
pub use strings::raw_offset;
pub use toml::parse_toml;
pub use xml::parse_xml;
pub use yaml::{parse_yaml, second_document};

use std::sync::OnceLock;

/// A half-open range of bytes in the text of one [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Number of bytes.
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Whether it covers no byte.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether every byte of `other` lies inside.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// The syntax of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, with the liberties that clients take.
    Json,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// Markdown with YAML before it, as agents are described.
    FrontMatter,
    /// XML, as JetBrains' IDEs write it.
    Xml,
    /// Java's properties.
    Properties,
    /// Commands of a shell, by which Crush is configured.
    Commands,
}

impl Format {
    /// The syntax of a file, by the ending of its name, and where that says nothing by how it begins.
    pub fn of(name: &str, text: &str) -> Self {
        let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let ending = file.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        match ending.as_str() {
            // The text of a bundle is that of its manifest.
            "json" | "jsonc" | "json5" | "code-workspace" | "mcpb" | "dxt" => return Self::Json,
            "toml" => return Self::Toml,
            "yaml" | "yml" => return Self::Yaml,
            "md" | "mdc" | "mdx" => return Self::FrontMatter,
            "xml" => return Self::Xml,
            "prefs" | "properties" => return Self::Properties,
            "crushrc" => return Self::Commands,
            _ => {}
        }
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with(['#', '/']))
            .unwrap_or_default();
        let header =
            line.strip_prefix('[').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '['));
        if line.starts_with('<') {
            Self::Xml
        } else if header && line.ends_with(']') || line.contains(" = ") {
            Self::Toml
        } else if line.starts_with(['{', '[']) || line.is_empty() {
            Self::Json
        } else {
            Self::Yaml
        }
    }

    /// Parses a text of this syntax.
    ///
    /// # Errors
    /// The first place that is not of this syntax.
    pub fn parse(self, text: &str) -> Result<Node, SyntaxError> {
        match self {
            Self::Json => parse_json(text),
            Self::Toml => parse_toml(text),
            Self::Yaml => parse_yaml(text),
            Self::FrontMatter => yaml::parse_front_matter(text),
            Self::Xml => parse_xml(text),
            Self::Properties => parse_properties(text),
            Self::Commands => Ok(parse_commands(text)),
        }
    }
}

/// Names one [`Source`] of a [`Sources`] collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(usize);

/// How the bytes of a file became text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Plain UTF-8.
    Utf8,
    /// UTF-8 behind a byte order mark, which several clients refuse.
    Utf8Bom,
    /// UTF-16, as Windows PowerShell writes it.
    Utf16,
    /// Not valid in any of these; undecodable bytes were replaced.
    Lossy,
}

/// One file that was read: its text and where its lines begin.
#[derive(Debug)]
pub struct Source {
    /// Path as the user knows it: as given, or relative to the current folder.
    pub name: String,
    /// The text, without a byte order mark.
    pub text: String,
    /// How it was decoded.
    pub encoding: Encoding,
    /// Of most files nobody asks.
    lines: OnceLock<LineIndex>,
    /// Parts that must not be shown, because a secret stands there; in order, without overlaps.
    masked: Vec<Span>,
}

impl Source {
    /// Decodes `bytes`. Never fails: what is no text becomes U+FFFD and the encoding says so.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let (text, encoding) = decode(bytes.into());
        Self { name: name.into(), text, encoding, lines: OnceLock::new(), masked: Vec::new() }
    }

    /// Line and column, both from 1, of a byte offset. Offsets past the end give the end.
    pub fn position(&self, offset: usize) -> Position {
        self.lines().position(&self.text, offset)
    }

    /// The lines themselves.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// The text of a span, clamped to the text and to character boundaries.
    pub fn slice(&self, span: Span) -> &str {
        let span = self.clamp(span);
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The nearest span that lies inside the text and on character boundaries.
    pub fn clamp(&self, span: Span) -> Span {
        let floor = |mut at: usize| {
            at = at.min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(span.start);
        Span::new(start, floor(span.end).max(start))
    }

    /// Marks parts as secret: whoever shows lines of this file shows dots there.
    pub fn mask(&mut self, spans: impl IntoIterator<Item = Span>) {
        let mut all = std::mem::take(&mut self.masked);
        all.extend(spans.into_iter().map(|span| self.clamp(span)).filter(|span| !span.is_empty()));
        all.sort();
        for span in all {
            match self.masked.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => self.masked.push(span),
            }
        }
    }

    /// The parts that must not be shown and touch `span`, in order, without overlaps.
    pub fn masked(&self, span: Span) -> &[Span] {
        let from = self.masked.partition_point(|masked| masked.end <= span.start);
        let until = self.masked.partition_point(|masked| masked.start < span.end);
        self.masked.get(from..until).unwrap_or_default()
    }
}

/// All files of one run.
#[derive(Debug, Default)]
pub struct Sources {
    items: Vec<Source>,
}

impl Sources {
    /// Takes a file in and names it.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.items.push(source);
        SourceId(self.items.len() - 1)
    }

    /// The file of that name. Ids come only from [`Sources::add`], so it is there.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.items[id.0]
    }

    /// The same, to mask parts of it.
    pub fn get_mut(&mut self, id: SourceId) -> &mut Source {
        &mut self.items[id.0]
    }
}

fn decode(bytes: Vec<u8>) -> (String, Encoding) {
    match bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => {
            let (text, encoding) = decode_utf8(rest.to_vec());
            (text, if encoding == Encoding::Utf8 { Encoding::Utf8Bom } else { encoding })
        }
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        all => match unmarked_utf16(all) {
            Some(unit) => decode_utf16(all, unit),
            None => decode_utf8(bytes),
        },
    }
}

/// How to read UTF-16 that does not say so: most second bytes of its beginning are zero and no others, as in no other
/// text.
fn unmarked_utf16(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let (pairs, _) = bytes.get(..bytes.len().min(64))?.as_chunks::<2>();
    let zeros = |half: usize| pairs.iter().filter(|pair| pair[half] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let most = |zeros: usize| pairs.len() > 1 && zeros * 4 >= pairs.len() * 3;
    match (first == 0 && most(second), second == 0 && most(first)) {
        (true, _) => Some(u16::from_le_bytes),
        (_, true) => Some(u16::from_be_bytes),
        _ => None,
    }
}

/// Without a copy where it is valid: such files can be large.
fn decode_utf8(bytes: Vec<u8>) -> (String, Encoding) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, Encoding::Utf8),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), Encoding::Lossy),
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (String, Encoding) {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    match String::from_utf16(&units) {
        Ok(text) if rest.is_empty() => (text, Encoding::Utf16),
        _ => (String::from_utf16_lossy(&units), Encoding::Lossy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FORMATS: [Format; 7] = [
        Format::Json,
        Format::Toml,
        Format::Yaml,
        Format::FrontMatter,
        Format::Xml,
        Format::Properties,
        Format::Commands,
    ];

    /// Every span lies in the text, on characters.
    fn sound(text: &str, node: &Node) -> bool {
        let place = |span: Span| text.get(span.start..span.end).is_some();
        place(node.span)
            && node.elements().iter().all(|element| sound(text, element))
            && node.members().iter().all(|member| place(member.key_span) && sound(text, &member.value))
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_has_an_answer(
            parts in proptest::collection::vec(
                prop_oneof![
                    Just("<a b='c'>".to_owned()), Just("</a>".to_owned()), Just("<option name=\"é\" value=\"".to_owned()),
                    Just("\"/>".to_owned()), Just("<list>".to_owned()), Just("&quot;".to_owned()), Just("<![CDATA[".to_owned()),
                    Just("]]>".to_owned()), Just("mcp add a --env K ".to_owned()), Just("\\u00e9".to_owned()),
                    Just("\\\n  ".to_owned()), Just("a: ".to_owned()), Just("\n- |\n  ".to_owned()), Just("---\n".to_owned()),
                    Just("[a]\nb = ".to_owned()), Just("$(".to_owned()), "[ -~é\n\r]{0,6}",
                ],
                0..12,
            )
        ) {
            let text = parts.concat();
            for format in FORMATS {
                match format.parse(&text) {
                    Ok(node) => prop_assert!(sound(&text, &node), "{format:?} {text:?} {node:?}"),
                    Err(error) => prop_assert!(error.span.start <= text.len(), "{format:?} {text:?} {error:?}"),
                }
            }
        }
    }

    #[test]
    fn byte_order_marks_are_no_text() {
        let plain = Source::new("a", b"{}");
        let bom = Source::new("b", b"\xEF\xBB\xBF{}");
        let utf16 = Source::new("c", b"\xFF\xFE{\0}\0");
        assert_eq!((plain.text.as_str(), plain.encoding), ("{}", Encoding::Utf8));
        assert_eq!((bom.text.as_str(), bom.encoding), ("{}", Encoding::Utf8Bom));
        assert_eq!((utf16.text.as_str(), utf16.encoding), ("{}", Encoding::Utf16));
        assert_eq!(Source::new("d", b"{\xFF}").encoding, Encoding::Lossy);
    }

    #[test]
    fn utf16_without_a_mark() {
        let text = "{\"é\": \"日本\"} ".repeat(9);
        let bytes = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for unit in [u16::to_le_bytes, u16::to_be_bytes] {
            let ascii = bytes(&"{\"a\": 1}".repeat(9), unit);
            let source = Source::new("x", ascii.clone());
            assert_eq!((source.encoding, source.text.len()), (Encoding::Utf16, 72));
            assert_eq!(Source::new("x", [&ascii[..], b"x"].concat()).encoding, Encoding::Lossy);
        }
        assert_eq!(Source::new("x", text.clone()).encoding, Encoding::Utf8);
        assert_eq!(Source::new("x", b"\0\0\0\0".to_vec()).encoding, Encoding::Utf8);
    }

    #[test]
    fn syntax_by_name_and_by_content() {
        for (name, text, format) in [
            ("a.json", "x", Format::Json),
            ("config.toml", "", Format::Toml),
            ("a.yml", "", Format::Yaml),
            ("mcp", "// c\n{", Format::Json),
            ("mcp", "[1, 2]", Format::Json),
            ("mcp", "# c\n[mcp_servers.x]\n", Format::Toml),
            ("mcp", "mcpServers:\n", Format::Yaml),
            ("mcp", "", Format::Json),
            ("mcp", "<?xml version='1.0'?>", Format::Xml),
            ("a.idea/workspace.xml", "", Format::Xml),
            ("a.b/.crushrc", "", Format::Commands),
            ("crushrc", "{", Format::Commands),
            ("a/x.y.ui.prefs", "", Format::Properties),
            ("x.DXT", "", Format::Json),
        ] {
            assert_eq!(Format::of(name, text), format, "{name} {text}");
        }
    }

    #[test]
    fn spans_are_clamped_to_characters() {
        let source = Source::new("a", "aé".as_bytes());
        assert_eq!(source.slice(Span::new(1, 2)), "");
        assert_eq!(source.slice(Span::new(1, 99)), "é");
        assert_eq!(source.slice(Span::new(9, 3)), "");
    }

    #[test]
    fn masks_merge() {
        let mut source = Source::new("a", b"0123456789");
        source.mask([Span::new(4, 6), Span::new(1, 5)]);
        source.mask([Span::new(8, 8), Span::new(9, 10)]);
        assert_eq!(source.masked(Span::new(0, 10)), [Span::new(1, 6), Span::new(9, 10)]);
        assert_eq!(source.masked(Span::new(5, 9)), [Span::new(1, 6)]);
        assert_eq!(source.masked(Span::new(6, 9)), []);
    }
}

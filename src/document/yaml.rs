//! YAML, from the events of `granit-parser`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle};

use super::{Kind, Member, Node, Span, SyntaxError};

/// Nodes that aliases may add: a few lines can stand for billions.
const MOST_ALIASED: usize = 100_000;
/// So many bytes of text count as one more of them.
const BYTES_A_NODE: usize = 32;
/// Deeper files are attacks.
const DEEPEST: usize = 256;

/// Parses the first document of a YAML file. Aliases are followed within a budget; plain scalars that read as null,
/// truth values and numbers are those, everything else is a string.
///
/// # Errors
/// The first place that is not YAML, or that goes over a bound.
pub fn parse_yaml(text: &str) -> Result<Node, SyntaxError> {
    let mut reader = Reader { text, events: Vec::new(), at: 0, anchors: HashMap::new(), copying: false, aliased: 0 };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
            SyntaxError { message: error.info(), span: Span::new(at, at) }
        })?;
        let range = span.byte_range().unwrap_or(0..0);
        match event {
            Event::DocumentEnd => break,
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::Comment(..) => {}
            event => reader.events.push((event, Span::new(range.start.min(text.len()), range.end.min(text.len())))),
        }
    }
    if reader.events.is_empty() {
        return Ok(Node { kind: Kind::Object(Vec::new()), span: Span::new(0, text.len()) });
    }
    reader.node(0).map(|(node, _)| node)
}

/// Parses the YAML between the two lines of dashes that a Markdown file begins with; a file without them says nothing.
///
/// # Errors
/// The first place that is not YAML, or that goes over a bound.
pub(super) fn parse_front_matter(text: &str) -> Result<Node, SyntaxError> {
    let empty = Node { kind: Kind::Object(Vec::new()), span: Span::new(0, 0) };
    let Some(matter) = front_matter(text) else { return Ok(empty) };
    if matter.len() < text.len() {
        return parse_yaml(&matter);
    }
    // Without a second line of dashes it goes on to the end for some readers, if it is YAML to the end.
    Ok(parse_yaml(&matter).ok().filter(Node::is_object).unwrap_or(empty))
}

/// The YAML between the two lines of dashes; without a second one all to the end. Blanks for what stands before keep every
/// place as it is in the file.
pub(super) fn front_matter(text: &str) -> Option<String> {
    let blank = |rest: &&str| rest.split(['\n', '\r']).next().is_some_and(|line| line.trim().is_empty());
    let rest = text.strip_prefix("---").filter(blank)?;
    let end = rest.find("\n---").map_or(rest.len(), |end| end + 1);
    Some(format!("   {}", &rest[..end]))
}

/// Where a second document of a YAML file begins: clients take the first, or refuse the file.
pub fn second_document(text: &str) -> Option<Span> {
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        documents += usize::from(matches!(event, Event::DocumentStart(..)));
        if documents > 1 {
            let at = span.byte_range().unwrap_or(0..0).start.min(text.len());
            return Some(Span::new(at, at));
        }
    }
    None
}

struct Reader<'t> {
    text: &'t str,
    events: Vec<(Event<'t>, Span)>,
    at: usize,
    /// The events of what each anchor names. An alias reads them again: a copy of every anchored node would be one for
    /// each level of anchors inside anchors.
    anchors: HashMap<usize, Range<usize>>,
    /// An alias is being read.
    copying: bool,
    aliased: usize,
}

impl Reader<'_> {
    /// The next node, and where it is used: for an alias that is elsewhere than where it is written.
    fn node(&mut self, depth: usize) -> Result<(Node, Span), SyntaxError> {
        let Some((event, span)) = self.events.get(self.at).cloned() else {
            return Err(SyntaxError {
                message: "the file ends too early".to_owned(),
                span: Span::new(self.text.len(), self.text.len()),
            });
        };
        let begin = self.at;
        self.at += 1;
        if depth > DEEPEST {
            return Err(SyntaxError { message: format!("nested deeper than {DEEPEST}"), span });
        }
        if self.copying {
            self.aliased += 1 + if let Event::Scalar(value, ..) = &event { value.len() / BYTES_A_NODE } else { 0 };
            if self.aliased > MOST_ALIASED {
                return Err(SyntaxError { message: "aliases stand for more than a config holds".to_owned(), span });
            }
        }
        let anchor = event.anchor_id().unwrap_or(0);
        let node = match event {
            Event::Scalar(value, style, ..) => {
                let span = self.trimmed(span);
                scalar(&value, style, self.telling(&value, span))
            }
            Event::SequenceStart(..) => {
                let mut elements = Vec::new();
                let mut span = span;
                while !self.ends(|event| matches!(event, Event::SequenceEnd)) {
                    let (element, used) = self.node(depth + 1)?;
                    span = join(span, used);
                    elements.push(element);
                }
                Node { kind: Kind::Array(elements), span: self.closed(span) }
            }
            Event::MappingStart(..) => {
                let mut members: Vec<Member> = Vec::new();
                let mut span = span;
                while !self.ends(|event| matches!(event, Event::MappingEnd)) {
                    // A key is a name, also where it reads as a truth value or as nothing.
                    let written = match self.events.get(self.at) {
                        Some((Event::Scalar(name, ..), span)) if !span.is_empty() => Some(name.to_string()),
                        _ => None,
                    };
                    let (key, key_used) = self.node(depth + 1)?;
                    let (value, value_used) = self.node(depth + 1)?;
                    span = join(join(span, key_used), value_used);
                    let name = written.or_else(|| key.scalar()).unwrap_or_default();
                    members.push(Member { key: name, key_span: key.span, value });
                }
                let members = merged(members);
                Node { kind: Kind::Object(members), span: self.closed(span) }
            }
            Event::Alias(id) => return Ok((self.again(id, begin, span, depth)?, span)),
            _ => Node { kind: Kind::Null, span },
        };
        if anchor != 0 {
            self.anchors.insert(anchor, begin..self.at);
        }
        let used = node.span;
        Ok((node, used))
    }

    /// What the alias at event `at` stands for; nothing if that is not known, or if the alias is inside it.
    fn again(&mut self, id: usize, at: usize, span: Span, depth: usize) -> Result<Node, SyntaxError> {
        let Some(events) = self.anchors.get(&id).filter(|events| events.end <= at).cloned() else {
            return Ok(Node { kind: Kind::Null, span });
        };
        let (after, copying) = (self.at, self.copying);
        (self.at, self.copying) = (events.start, true);
        let (node, _) = self.node(depth)?;
        (self.at, self.copying) = (after, copying);
        Ok(node)
    }

    /// Whether the collection ends here; its closing bracket is taken.
    fn ends(&mut self, closes: impl Fn(&Event<'_>) -> bool) -> bool {
        match self.events.get(self.at) {
            Some((event, _)) if closes(event) => {
                self.at += 1;
                true
            }
            Some(_) => false,
            None => true,
        }
    }

    /// A span widened by the bracket that was just taken; block collections end without one.
    fn closed(&self, span: Span) -> Span {
        match self.events.get(self.at - 1) {
            Some((_, end)) if !end.is_empty() => join(span, *end),
            _ => span,
        }
    }

    /// Readers take a span as long as its text, or two bytes longer, for the text as it is, or between quotes. One that
    /// is folded or escaped and comes out as long by chance is a byte longer, so that nobody does.
    fn telling(&self, value: &str, span: Span) -> Span {
        let raw = self.text.get(span.start..span.end).unwrap_or_default();
        let inside = raw.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
        let as_it_is = value.starts_with(raw) || inside == Some(value);
        if as_it_is || ![0, 2].contains(&raw.len().saturating_sub(value.len())) {
            return span;
        }
        let next = self.text[span.end..].chars().next().map(char::len_utf8);
        match (next, self.text[..span.start].chars().next_back().map(char::len_utf8)) {
            (Some(width), _) => Span::new(span.start, span.end + width),
            (None, Some(width)) => Span::new(span.start - width, span.end),
            (None, None) => span,
        }
    }

    /// Without the blanks and line ends that belong to what comes next.
    fn trimmed(&self, span: Span) -> Span {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        Span::new(span.start, span.start + text.trim_end().len())
    }
}

/// A map with the members of the maps below `<<`: what the map says itself goes before, and what an earlier one says
/// before a later one.
fn merged(members: Vec<Member>) -> Vec<Member> {
    let is_merge = |member: &Member| member.key == "<<" && is_mergeable(&member.value);
    if !members.iter().any(is_merge) {
        return members;
    }
    let (merges, mut own): (Vec<Member>, Vec<Member>) = members.into_iter().partition(is_merge);
    let mut known: HashSet<String> = own.iter().map(|member| member.key.clone()).collect();
    for merge in merges {
        let maps = match merge.value.kind {
            Kind::Array(maps) => maps,
            _ => vec![merge.value],
        };
        for map in maps {
            let Kind::Object(members) = map.kind else { continue };
            own.extend(members.into_iter().filter(|member| known.insert(member.key.clone())));
        }
    }
    own
}

/// Whether a value below `<<` is a map, or a list of maps.
fn is_mergeable(value: &Node) -> bool {
    value.is_object() || !value.elements().is_empty() && value.elements().iter().all(Node::is_object)
}

fn join(a: Span, b: Span) -> Span {
    Span::new(a.start.min(b.start), a.end.max(b.end))
}

fn scalar(value: &str, style: ScalarStyle, span: Span) -> Node {
    let kind = match value {
        _ if style != ScalarStyle::Plain => Kind::String(value.to_owned()),
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        number if is_number(number) => Kind::Number(number.to_owned()),
        text => Kind::String(text.to_owned()),
    };
    Node { kind, span }
}

/// The decimal numbers of YAML 1.2; a leading zero makes an identifier.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    !leading_zero && digits.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let text = "# é\nmcpServers:\n  - name: \"a b\" # note\n    args: [-y, 'x']\n    env: {K: v}\n    port: 3000\n    id: 0123\n    text: |\n      one\n      two\nnext: yes\n";
        let root = parse_yaml(text).unwrap();
        let slice = |span: Span| &text[span.start..span.end];
        let server = &root.get("mcpServers").unwrap().elements()[0];
        assert_eq!(slice(server.get("name").unwrap().span), "\"a b\"");
        assert_eq!(slice(server.get("args").unwrap().span), "[-y, 'x']");
        assert_eq!(slice(server.get("env").unwrap().get("K").unwrap().span), "v");
        assert_eq!(server.get("port").unwrap().kind, Kind::Number("3000".into()));
        assert_eq!(server.get("id").unwrap().as_str(), Some("0123"));
        assert_eq!(server.get("text").unwrap().as_str(), Some("one\ntwo\n"));
        assert_eq!(root.get("next").unwrap().as_str(), Some("yes"));
    }

    #[test]
    fn folded_texts_are_never_taken_for_plain_ones() {
        for text in ["a: one\n  two\n", "a: |\n x\n y\n", "a: |\n x\n y", "a: |\n x\n", "a: \"x\\\n  y\"\n"] {
            let root = parse_yaml(text).unwrap();
            let node = root.get("a").unwrap();
            let (raw, value) = (&text[node.span.start..node.span.end], node.as_str().unwrap());
            let more = raw.len().saturating_sub(value.len());
            assert!(value.starts_with(raw) || more != 0 && more != 2, "{text:?}: {node:?}");
        }
    }

    #[test]
    fn keys_are_names() {
        let root = parse_yaml("TRUE: 1\nnull: 2\n~: 3\n0x1F: 4\n&a b: 5\n? *a\n: 6\n: 7\n").unwrap();
        let keys: Vec<&str> = root.members().iter().map(|member| member.key.as_str()).collect();
        assert_eq!(keys, ["TRUE", "null", "~", "0x1F", "b", "b", ""]);
    }

    #[test]
    fn front_matter() {
        let text = "---\nname: é\nmcpServers:\n  - a: {command: npx}\n---\n# Text: [\n";
        let root = parse_front_matter(text).unwrap();
        let span = root.get("mcpServers").unwrap().elements()[0].get("a").unwrap().get("command").unwrap().span;
        assert_eq!(&text[span.start..span.end], "npx");
        assert!(parse_front_matter("# only text").unwrap().members().is_empty());
        assert!(parse_front_matter("---\nonly text: [\n").unwrap().members().is_empty());
        assert_eq!(parse_front_matter("--- \na: b\n---\n").unwrap().members().len(), 1);
        assert_eq!(parse_front_matter("---\na: b\nc: d\n").unwrap().members().len(), 2);
    }

    #[test]
    fn merged_maps_say_what_they_say() {
        let text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 0}\nw:\n  <<: *x\n  b: 9\n";
        let root = parse_yaml(text).unwrap();
        let said = |key: &str| -> Vec<(String, String)> {
            let members = root.get(key).unwrap().members().iter();
            members.map(|member| (member.key.clone(), member.value.scalar().unwrap())).collect()
        };
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(said("z"), [pair("a", "0"), pair("b", "2"), pair("c", "4")]);
        assert_eq!(said("w"), [pair("b", "9"), pair("a", "1")]);
        assert_eq!(parse_yaml("a: {<<: text}").unwrap().get("a").unwrap().members().len(), 1);
    }

    #[test]
    fn documents_are_counted() {
        assert_eq!(second_document("a: 1\n"), None);
        assert_eq!(second_document("---\na: 1\n...\n"), None);
        assert_eq!(second_document("a: 1\n---\nb: 2\n").map(|span| span.start), Some(5));
    }

    #[test]
    fn aliases_are_followed_within_a_budget() {
        let root = parse_yaml("a: &x {k: 1}\nb: *x\n").unwrap();
        assert_eq!(root.get("b").unwrap().get("k").unwrap().kind, Kind::Number("1".into()));
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [before.as_str(); 10].join(",")));
        }
        assert!(parse_yaml(&bomb).unwrap_err().message.contains("aliases"));
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(50_000));
        assert!(parse_yaml(&text).unwrap_err().message.contains("aliases"), "bytes count too");
        // 250 anchors inside each other, around a lot: a copy for each would be 250 times as much.
        let nested = format!("a: {}[{}]{}", "&x [".repeat(250), "a, ".repeat(10_000), "]".repeat(250));
        assert!(parse_yaml(&nested).is_ok());
        let own = parse_yaml("a: &a [*a, 1]\nb: *a\n").unwrap();
        assert_eq!(own.get("b").unwrap().elements()[0].kind, Kind::Null);
        let text = "a: &x {k: 1}\nb: {c: *x}\n";
        let used = parse_yaml(text).unwrap().get("b").unwrap().span;
        assert_eq!(&text[used.start..used.end], "{c: *x}", "a map stands where it is written");
        assert!(parse_yaml(&"[".repeat(100_000)).is_err());
        assert!(parse_yaml("").unwrap().is_object());
        assert!(parse_yaml("a: [1, 2").is_err());
    }
}

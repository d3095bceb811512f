//! What holds for the tree of any text.

use mcpscan::document::{Format, Kind, Node, Source, Span, SyntaxError, parse_answer, parse_json, raw_offset};

/// Aliases of YAML may stand for so many nodes more than are written.
const ALIASED: usize = 100_000;
/// Longer strings are not walked character by character: that alone would take more than linear time.
const WALKED: usize = 256;

/// Any bytes as a document of one format.
pub fn document(format: Format, data: &[u8]) {
    let source = Source::new("document", data);
    let parsed = format.parse(&source.text);
    check(&source, &parsed, format);
    comments(&source.text, parsed.as_ref().ok(), format);
}

/// Comments come in order, on whole characters, and no string reaches into one.
fn comments(text: &str, root: Option<&Node>, format: Format) {
    let comments = format.comments(text);
    let mut before = 0;
    for comment in &comments {
        assert!(before <= comment.span.start && comment.span.contains(comment.text), "{comment:?} after {before}");
        assert!(text.get(comment.span.start..comment.span.end).is_some(), "{comment:?}");
        assert!(text.get(comment.text.start..comment.text.end).is_some(), "{comment:?}");
        before = comment.span.end;
    }
    if let Some(root) = root.filter(|_| matches!(format, Format::Json | Format::Toml)) {
        outside(root, &comments);
    }
}

fn outside(node: &Node, comments: &[mcpscan::document::Comment]) {
    if let Kind::String(_) = node.kind {
        let next = comments.partition_point(|comment| comment.span.end <= node.span.start);
        let apart = comments.get(next).is_none_or(|comment| node.span.end <= comment.span.start);
        assert!(apart, "a comment in the string at {:?}", node.span);
    }
    node.members().iter().for_each(|member| outside(&member.value, comments));
    node.elements().iter().for_each(|element| outside(element, comments));
}

/// Any bytes as what a server answered: never less than another parser reads of it.
pub fn answer(data: &[u8]) {
    let source = Source::new("answer", data);
    let parsed = parse_answer(&source.text);
    check(&source, &parsed, Format::Json);
    let known = serde_json::from_str::<serde_json::Value>(&source.text);
    if let Ok(known) = known {
        let parsed = parsed.as_ref().unwrap_or_else(|error| panic!("valid JSON is refused: {error}"));
        same(parsed, &known);
    }
    // What is JSON to the letter is so with liberties too.
    if let (Ok(strict), Ok(lenient)) = (&parsed, parse_json(&source.text)) {
        assert_eq!(*strict, lenient);
    }
}

fn same(node: &Node, known: &serde_json::Value) {
    match (&node.kind, known) {
        (Kind::Null, serde_json::Value::Null) => {}
        (Kind::Bool(ours), serde_json::Value::Bool(theirs)) => assert_eq!(ours, theirs),
        // They round.
        (Kind::Number(_), serde_json::Value::Number(_)) => {}
        (Kind::String(ours), serde_json::Value::String(theirs)) => assert_eq!(ours, theirs),
        (Kind::Array(ours), serde_json::Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len());
            ours.iter().zip(theirs).for_each(|(node, known)| same(node, known));
        }
        (Kind::Object(ours), serde_json::Value::Object(theirs)) => {
            assert!(ours.iter().all(|member| theirs.contains_key(&member.key)));
            // A long map would be searched once for each of its keys.
            for (key, known) in theirs.iter().take(WALKED) {
                same(node.get(key).expect("a key of theirs is one of ours"), known);
            }
        }
        _ => panic!("{} is {known}", node.type_name()),
    }
}

/// The manifest of a bundle: an error has a reason, and a manifest keeps to its bound.
pub fn bundle(data: &[u8]) {
    match mcpscan::document::manifest(data) {
        Ok(manifest) => assert!(manifest.len() <= 4 << 20),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check(source: &Source, parsed: &Result<Node, SyntaxError>, format: Format) {
    match parsed {
        Err(error) => {
            inside(source, error.span, "an error");
            assert!(!error.message.is_empty());
            source.position(error.span.start);
        }
        Ok(root) => {
            let mut nodes = 0;
            node(source, root, format, &mut nodes);
            let aliased = if source.text.contains('*') { ALIASED } else { 0 };
            // A key without a value is two nodes of no byte.
            assert!(nodes <= 2 * source.text.len() + 2 + aliased, "{nodes} nodes of {} bytes", source.text.len());
        }
    }
}

/// A span lies inside the text and between characters.
pub fn inside(source: &Source, span: Span, what: &str) {
    assert!(span.start <= span.end, "{what}: {span:?} ends before it begins");
    assert_eq!(source.clamp(span), span, "{what}: inside the text and between characters");
}

fn node(source: &Source, this: &Node, format: Format, nodes: &mut usize) {
    *nodes += 1;
    inside(source, this.span, this.type_name());
    let here = source.slice(this.span);
    match &this.kind {
        Kind::String(text) => {
            string(here, text, format, "a string");
            if format == Format::Json {
                walked(here, text);
            }
        }
        Kind::Number(text) if format == Format::Json => assert_eq!(here, text, "a number is as it was written"),
        Kind::Array(elements) => {
            for element in elements {
                within(source, this, element.span, format);
                node(source, element, format, nodes);
            }
            if format == Format::Json {
                in_order(elements.iter().map(|element| element.span));
            }
        }
        Kind::Object(members) => {
            for member in members {
                inside(source, member.key_span, "a key");
                string(source.slice(member.key_span), &member.key, format, "a key");
                within(source, this, member.key_span, format);
                within(source, this, member.value.span, format);
                node(source, &member.value, format, nodes);
            }
            if format == Format::Json {
                in_order(members.iter().flat_map(|member| [member.key_span, member.value.span]));
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
    }
}

/// What is in a value stands inside it, but for what an alias stands for.
fn within(source: &Source, outer: &Node, inner: Span, format: Format) {
    let aliases = matches!(format, Format::Yaml | Format::FrontMatter) && source.text.contains('*');
    assert!(aliases || outer.span.contains(inner), "{} at {:?} holds {inner:?}", outer.type_name(), outer.span);
}

fn in_order(spans: impl Iterator<Item = Span>) {
    let mut end = 0;
    for span in spans {
        assert!(end <= span.start, "{span:?} begins before {end}");
        end = span.end;
    }
}

/// A text stands where its span says, as far as it is written plainly there.
fn string(here: &str, text: &str, format: Format, what: &str) {
    if text.is_empty() || text.len() > here.len() && here.contains('\\') {
        return;
    }
    let plain = match format {
        Format::Json => !here.contains('\\'),
        // Dates are written in more than one way, and keys of dotted tables stand apart.
        Format::Toml => here.starts_with(['"', '\'']) && !here.contains(['\\', '\r']),
        // White space becomes a blank, and a text may be put together from pieces.
        Format::Xml => !here.contains(['&', '<', '\n', '\r', '\t']),
        Format::Properties => !here.contains('\\'),
        // Words of a shell are put together from quoted and plain pieces, and flags name keys in their own way.
        Format::Commands => false,
        // Lines are folded, and quotes doubled.
        Format::Yaml | Format::FrontMatter => {
            !here.contains(['\\', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) && !here.contains("''")
        }
    };
    assert!(!plain || here.contains(text.trim()), "{what}: {text:?} is not in {here:?}");
}

/// The way from the decoded text back to the file.
fn walked(here: &str, text: &str) {
    if here.len() > WALKED {
        return;
    }
    let mut last = 0;
    for (at, c) in text.char_indices() {
        let raw = raw_offset(here, at);
        assert!(here.is_char_boundary(raw) && raw >= last, "{at} of {text:?} is {raw} of {here:?}");
        let there = here[raw..].chars().next();
        assert!(there == Some('\\') || there == Some(c), "{at} of {text:?} is {raw} of {here:?}");
        last = raw;
    }
}

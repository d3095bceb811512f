//! XML, by `roxmltree`, read the way JetBrains' IDEs write their settings.
//!
//! An element is a member, called by its attribute `name` or `key`, else by its tag: `<option name="a" value="b"/>` is
//! `a = "b"`, as are `<env …/>` and `<entry …/>`. Its other attributes and its elements are the members of its map; a
//! `<list>`, `<set>` or `<array>` in it is a list, a `<map>` in it is that map.

use roxmltree::{Attribute, Document, ParsingOptions};

use super::{Kind, Member, Node, Span, SyntaxError};

/// Deeper files are attacks.
const DEEPEST: usize = 256;
/// Elements, texts and comments; an IDE's workspace has a few thousand.
const MOST_NODES: u32 = 2_000_000;
/// Attributes of one element. The parser compares each with all others.
const MOST_ATTRIBUTES: usize = 1000;
/// Declarations of namespaces, of which settings have none. The parser copies them from element to element.
const MOST_NAMESPACES: usize = 100;

type Element<'a, 'input> = roxmltree::Node<'a, 'input>;

/// Parses XML. The root is a map of one member, the outermost element. `true` and `false` are truth values, empty values
/// are null, everything else is a string. An empty text is an empty map.
///
/// # Errors
/// The first place that is not XML. A document type is refused, so no entity can be declared; so is what goes over a
/// bound.
pub fn parse_xml(text: &str) -> Result<Node, SyntaxError> {
    let whole = Span::new(0, text.len());
    if text.trim().is_empty() {
        return Ok(Node { kind: Kind::Object(Vec::new()), span: whole });
    }
    bounded(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let at = offset(text, error.pos());
        SyntaxError { message: error.to_string(), span: Span::new(at, at) }
    })?;
    let root = member(text, document.root_element(), 0)?;
    Ok(Node { kind: Kind::Object(vec![root]), span: whole })
}

/// Refuses what would keep the parser busy for ever. Knows just enough of XML to tell a tag from what is none.
fn bounded(text: &str) -> Result<(), SyntaxError> {
    let error = |at: usize, message: String| Err(SyntaxError { message, span: Span::new(at, at) });
    if let Some((at, _)) = text.match_indices("xmlns").nth(MOST_NAMESPACES) {
        return error(at, format!("more than {MOST_NAMESPACES} namespaces"));
    }
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|found| at + found) {
        let rest = &text[open..];
        let none = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        if let Some((_, close)) = none.iter().find(|(opening, _)| rest.starts_with(opening)) {
            at = rest.find(close).map_or(text.len(), |found| open + found + close.len());
            continue;
        }
        let mut quote = None;
        let mut values = 0;
        let end = rest.bytes().position(|byte| {
            match (quote, byte) {
                (Some(open), byte) if open == byte => quote = None,
                (None, b'"' | b'\'') => {
                    quote = Some(byte);
                    values += 1;
                }
                (None, b'>') => return true,
                _ => {}
            }
            false
        });
        if values > MOST_ATTRIBUTES {
            return error(open, format!("an element with more than {MOST_ATTRIBUTES} attributes"));
        }
        at = end.map_or(text.len(), |end| open + end + 1);
    }
    Ok(())
}

/// The parser tells lines, and columns in characters.
fn offset(text: &str, position: roxmltree::TextPos) -> usize {
    let start = match position.row {
        0 | 1 => 0,
        row => text.match_indices('\n').nth(row as usize - 2).map_or(text.len(), |(at, _)| at + 1),
    };
    let column = (position.col as usize).saturating_sub(1);
    text[start..].char_indices().nth(column).map_or(text.len(), |(at, _)| start + at)
}

fn member(text: &str, element: Element<'_, '_>, depth: usize) -> Result<Member, SyntaxError> {
    let name = named(element);
    let (key, key_span) = match name {
        Some(attribute) => (attribute.value().to_owned(), quoted(attribute)),
        None => {
            let start = element.range().start + 1;
            let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '>');
            let length = text[start..].find(ends).unwrap_or(0);
            (element.tag_name().name().to_owned(), Span::new(start, start + length))
        }
    };
    Ok(Member { key, key_span, value: value(text, element, depth)? })
}

fn named<'a, 'input>(element: Element<'a, 'input>) -> Option<Attribute<'a, 'input>> {
    let found = |wanted: &str| element.attributes().find(|attribute| attribute.name() == wanted);
    found("name").or_else(|| found("key")).filter(|attribute| !attribute.value().is_empty())
}

/// What an element stands for.
fn value(text: &str, element: Element<'_, '_>, depth: usize) -> Result<Node, SyntaxError> {
    let range = element.range();
    let span = Span::new(range.start, range.end);
    // The parser keeps its elements in one list; only this walk needs the stack.
    if depth > DEEPEST {
        return Err(SyntaxError { message: format!("nested deeper than {DEEPEST}"), span });
    }
    let name = named(element);
    let children: Vec<Element<'_, '_>> = element.children().filter(Element::is_element).collect();
    let attributes: Vec<Attribute<'_, '_>> =
        element.attributes().filter(|attribute| name.is_none_or(|name| name.range() != attribute.range())).collect();
    if children.is_empty() {
        // In a list an element has no name: `<option value="a"/>`.
        let only = name.is_some() || attributes.len() == 1;
        match attributes.iter().find(|attribute| attribute.name() == "value") {
            Some(value) if only => return Ok(Node { kind: scalar(value.value()), span: quoted(*value) }),
            None if attributes.is_empty() => return Ok(content(text, element, span)),
            _ => {}
        }
    }
    if let ([only], []) = (children.as_slice(), attributes.as_slice()) {
        match only.tag_name().name() {
            "list" | "set" | "array" => {
                let elements = only.children().filter(Element::is_element);
                let elements: Result<_, _> = elements.map(|element| value(text, element, depth + 1)).collect();
                return Ok(Node { kind: Kind::Array(elements?), span });
            }
            "map" if named(*only).is_none() => return Ok(Node { span, ..value(text, *only, depth + 1)? }),
            _ => {}
        }
    }
    let mut members: Vec<Member> = attributes
        .into_iter()
        .map(|attribute| {
            let range = attribute.range_qname();
            let value = Node { kind: scalar(attribute.value()), span: quoted(attribute) };
            Member { key: attribute.name().to_owned(), key_span: Span::new(range.start, range.end), value }
        })
        .collect();
    for child in children {
        members.push(member(text, child, depth + 1)?);
    }
    Ok(Node { kind: Kind::Object(members), span })
}

/// Where an attribute's value stands, quotes included: what is two bytes longer than its text has no escapes then.
fn quoted(attribute: Attribute<'_, '_>) -> Span {
    let range = attribute.range_value();
    Span::new(range.start - 1, range.end + 1)
}

/// An element that holds nothing but text.
fn content(text: &str, element: Element<'_, '_>, span: Span) -> Node {
    let inner: String = element.children().filter(|node| node.is_text()).filter_map(|node| node.text()).collect();
    let trimmed = inner.trim();
    // Escapes and line ends make the text another one than the file's; its place is the whole element then.
    let exact = text[span.start..span.end].find('>').map(|at| span.start + at + 1).and_then(|from| {
        let start = from + text[from..span.end].find(|c: char| !c.is_whitespace())?;
        text[start..].starts_with(trimmed).then(|| Span::new(start, start + trimmed.len()))
    });
    Node { kind: scalar(trimmed), span: exact.filter(|_| !trimmed.is_empty()).unwrap_or(span) }
}

fn scalar(text: &str) -> Kind {
    match text {
        "" => Kind::Null,
        "true" => Kind::Bool(true),
        "false" => Kind::Bool(false),
        text => Kind::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<application>
  <!-- é -->
  <component name="Servers" modifiable="true">
    <Server sourceId="User">
      <option name="enabled" value="false" />
      <option name="tools" />
      <option name="arguments" value="-y &quot;a&quot; pkg" />
      <option name="args"><list><option value="-y" /><option value='b' /></list></option>
      <option name="env"><map><entry key="K" value="v" /></map></option>
      <envs><env name="TOKEN" value="abc" /></envs>
      <note> é two </note>
    </Server>
    <Server/>
  </component>
</application>
"#;

    #[test]
    fn values_keep_their_places() {
        let root = parse_xml(STORE).unwrap();
        let slice = |span: Span| &STORE[span.start..span.end];
        let component = root.get("application").unwrap().get("Servers").unwrap();
        assert_eq!(component.members().len(), 3);
        assert_eq!(slice(component.members()[1].key_span), "Server");
        let server = &component.members()[1].value;
        assert_eq!(server.get("enabled").unwrap().as_bool(), Some(false));
        assert_eq!(server.get("tools").unwrap().kind, Kind::Null);
        let arguments = server.get("arguments").unwrap();
        assert_eq!(arguments.as_str(), Some(r#"-y "a" pkg"#));
        assert_eq!(slice(arguments.span), r#""-y &quot;a&quot; pkg""#);
        let args = server.get("args").unwrap().elements();
        assert_eq!((args.len(), slice(args[1].span)), (2, "'b'"));
        assert_eq!(slice(server.get("env").unwrap().get("K").unwrap().span), "\"v\"");
        let token = &server.get("envs").unwrap().members()[0];
        assert_eq!((slice(token.key_span), slice(token.value.span)), ("\"TOKEN\"", "\"abc\""));
        assert_eq!(slice(server.get("note").unwrap().span), "é two");
    }

    #[test]
    fn texts_with_escapes_stand_where_their_element_stands() {
        let text = "<a><b>x &amp; y</b><c><![CDATA[<z>]]></c><d>1\r\n2\r\n3</d></a>";
        let root = parse_xml(text).unwrap();
        let at = |key: &str| {
            let node = root.get("a").unwrap().get(key).unwrap();
            (node.as_str().unwrap().to_owned(), &text[node.span.start..node.span.end])
        };
        assert_eq!(at("b"), ("x & y".to_owned(), "<b>x &amp; y</b>"));
        assert_eq!(at("c"), ("<z>".to_owned(), "<c><![CDATA[<z>]]></c>"));
        assert_eq!(at("d"), ("1\n2\n3".to_owned(), "<d>1\r\n2\r\n3</d>"));
    }

    #[test]
    fn errors_have_a_place() {
        let error = parse_xml("<a>\n  <é x='1' x='2'/>\n</a>").unwrap_err();
        assert!((4..24).contains(&error.span.start), "{error:?}");
        for end in 0..STORE.len() {
            if STORE.is_char_boundary(end) {
                // Whatever is cut off: an answer, and its place inside the text.
                if let Err(error) = parse_xml(&STORE[..end]) {
                    assert!(error.span.start <= end, "{end}: {error:?}");
                }
            }
        }
    }

    #[test]
    fn bombs_are_refused() {
        let laughs = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
        assert!(parse_xml(laughs).is_err());
        assert!(parse_xml("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>").is_err());
        let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
        assert!(parse_xml(&deep).unwrap_err().message.contains("nested"));
        assert!(parse_xml(&"<a>".repeat(200_000)).is_err());
        assert!(parse_xml(&format!("<a>{}</a>", "<b/>".repeat(200_000))).is_ok());
        let attributes: String = (0..200_000).map(|at| format!(" a{at}='>'")).collect();
        assert!(parse_xml(&format!("<a{attributes}/>")).unwrap_err().message.contains("attributes"));
        let namespaces: String = (0..20_000).map(|at| format!("<a xmlns:a{at}='u{at}'>")).collect();
        assert!(parse_xml(&namespaces).unwrap_err().message.contains("namespaces"));
        for opening in ["<", "<!--", "<![CDATA[", "<?", "<a b='", "&", "&#x41;"] {
            let _ = parse_xml(&format!("<a>{}", opening.repeat(50_000)));
        }
        assert!(parse_xml("").unwrap().is_object());
    }
}

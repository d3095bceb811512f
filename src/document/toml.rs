//! TOML, by `toml_edit`.

use toml_edit::{ArrayOfTables, Item, Table, Value};

use super::{Kind, Member, Node, Span, SyntaxError};

/// Parses TOML.
///
/// # Errors
/// The first place that is not TOML; a duplicate key is one.
pub fn parse_toml(text: &str) -> Result<Node, SyntaxError> {
    let document = toml_edit::Document::parse(text).map_err(|error| SyntaxError {
        message: error.message().to_owned(),
        span: error.span().map_or(Span::new(0, 0), |range| Span::new(range.start, range.end)),
    })?;
    Ok(table(document.as_table(), Span::new(0, text.len())))
}

/// Recursion is bounded by the parser, which refuses deep nesting. `around` is where the table is known to stand: its own
/// span is its header alone, so the members widen it.
fn table(table: &Table, around: Span) -> Node {
    let members: Vec<Member> = table
        .iter()
        .filter_map(|(name, item)| {
            let key_span = table
                .key(name)
                .and_then(toml_edit::Key::span)
                .map_or(around, |range| Span::new(range.start, range.end));
            Some(Member { key: name.to_owned(), key_span, value: self::item(item, key_span)? })
        })
        .collect();
    let own = table.span().map_or(around, |range| Span::new(range.start, range.end));
    enclosing(own, Kind::Object(members))
}

/// A node that reaches over all that is in it. What belongs together may stand apart: `a.b` here and `a.c` there.
fn enclosing(own: Span, kind: Kind) -> Node {
    let join = |a: Span, b: Span| Span::new(a.start.min(b.start), a.end.max(b.end));
    let span = match &kind {
        Kind::Object(members) => {
            members.iter().fold(own, |span, member| join(join(span, member.key_span), member.value.span))
        }
        Kind::Array(elements) => elements.iter().fold(own, |span, element| join(span, element.span)),
        _ => own,
    };
    Node { kind, span }
}

fn item(item: &Item, around: Span) -> Option<Node> {
    match item {
        Item::None => None,
        Item::Value(value) => Some(self::value(value, around)),
        Item::Table(table) => Some(self::table(table, around)),
        Item::ArrayOfTables(tables) => Some(list(tables, around)),
    }
}

fn list(tables: &ArrayOfTables, around: Span) -> Node {
    enclosing(around, Kind::Array(tables.iter().map(|table| self::table(table, around)).collect()))
}

fn value(value: &Value, around: Span) -> Node {
    let span = value.span().map_or(around, |range| Span::new(range.start, range.end));
    let kind = match value {
        Value::String(text) => Kind::String(text.value().clone()),
        Value::Integer(number) => Kind::Number(number.value().to_string()),
        Value::Float(number) => Kind::Number(number.value().to_string()),
        Value::Boolean(truth) => Kind::Bool(*truth.value()),
        Value::Datetime(time) => Kind::String(time.value().to_string()),
        Value::Array(array) => Kind::Array(array.iter().map(|element| self::value(element, span)).collect()),
        Value::InlineTable(table) => Kind::Object(
            table
                .iter()
                .map(|(name, inner)| {
                    let key_span = table
                        .key(name)
                        .and_then(toml_edit::Key::span)
                        .map_or(span, |range| Span::new(range.start, range.end));
                    Member { key: name.to_owned(), key_span, value: self::value(inner, key_span) }
                })
                .collect(),
        ),
    };
    enclosing(span, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let text = "# é\n[mcp_servers.\"a b\"]\ncommand = \"npx\"\nargs = ['-y', \"x\"]\nenv = { K = \"v\" }\n[[list]]\nname = 'n'\n";
        let root = parse_toml(text).unwrap();
        let slice = |span: Span| &text[span.start..span.end];
        let server = root.get("mcp_servers").unwrap().members()[0].clone();
        assert_eq!((server.key.as_str(), slice(server.key_span)), ("a b", "\"a b\""));
        assert_eq!(slice(server.value.get("args").unwrap().elements()[0].span), "'-y'");
        assert_eq!(slice(server.value.get("env").unwrap().get("K").unwrap().span), "\"v\"");
        assert!(slice(server.value.span).ends_with("{ K = \"v\" }"), "{:?}", slice(server.value.span));
        assert_eq!(root.get("list").unwrap().elements()[0].get("name").unwrap().as_str(), Some("n"));
    }

    #[test]
    fn errors_have_a_place() {
        let error = parse_toml("a = 1\nb = [1,\n").unwrap_err();
        assert!(error.span.start >= 6, "{error:?}");
        assert!(parse_toml("a = 1\na = 2\n").is_err());
        assert!(parse_toml(&format!("a = {}", "[".repeat(100_000))).is_err());
    }
}

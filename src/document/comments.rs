//! The comments of a file, told by the parser of its syntax: what stands in a string is no comment.

use granit_parser::{Event, Parser};
use jsonc_parser::tokens::Token;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use toml_parser::lexer::TokenKind;

use super::{Format, Span, commands, json, properties, yaml};

/// One comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// All of it, with the marks that make it one.
    pub span: Span,
    /// What it says, without them.
    pub text: Span,
}

impl Format {
    /// The comments of a text of this syntax, in order. Of a text that can't be parsed, none.
    pub fn comments(self, text: &str) -> Vec<Comment> {
        let marks = |span: Span| match self {
            Self::Json if text[span.start..].starts_with("/*") => ("/*", "*/"),
            Self::Json => ("//", ""),
            Self::Xml => ("<!--", "-->"),
            Self::Toml | Self::Yaml | Self::FrontMatter | Self::Properties | Self::Commands => ("#", ""),
        };
        let within = |span: Span| {
            let (open, close) = marks(span);
            let all = text.get(span.start..span.end)?;
            // Properties have a second mark, as long as the first.
            let inside = all.get(open.len()..)?;
            let inside = inside.strip_suffix(close).unwrap_or(inside);
            let start = span.start + open.len();
            Some(Comment { span, text: Span::new(start, start + inside.len()) })
        };
        let spans = match self {
            Self::Json => of_json(text),
            Self::Toml => of_toml(text),
            Self::Yaml => of_yaml(text),
            Self::FrontMatter => yaml::front_matter(text).map_or_else(Vec::new, |matter| of_yaml(&matter)),
            Self::Xml => of_xml(text),
            Self::Properties => properties::comments(text),
            Self::Commands => commands::comments(text),
        };
        spans.into_iter().filter_map(within).collect()
    }
}

fn of_json(text: &str) -> Vec<Span> {
    let text = &*json::with_line_feeds(text);
    let repaired = json::repair_surrogates(text);
    let text = repaired.as_deref().unwrap_or(text);
    let collect = CollectOptions { comments: CommentCollectionStrategy::AsTokens, tokens: true };
    let Ok(parsed) = parse_to_ast(text, &collect, &ParseOptions::default()) else { return Vec::new() };
    let tokens = parsed.tokens.unwrap_or_default().into_iter();
    let comments = tokens.filter(|token| matches!(token.token, Token::CommentLine(_) | Token::CommentBlock(_)));
    comments.map(|token| Span::new(token.range.start, token.range.end)).collect()
}

fn of_toml(text: &str) -> Vec<Span> {
    let tokens = toml_parser::Source::new(text).lex();
    let comments = tokens.filter(|token| token.kind() == TokenKind::Comment);
    comments.map(|token| Span::new(token.span().start(), token.span().end())).collect()
}

fn of_yaml(text: &str) -> Vec<Span> {
    let events = Parser::new_from_str(text).map_while(Result::ok);
    let comments = events.filter(|(event, _)| matches!(event, Event::Comment(..)));
    comments
        .filter_map(|(_, span)| span.byte_range())
        .map(|range| Span::new(range.start.min(text.len()), range.end.min(text.len())))
        .collect()
}

/// Of a text that is XML: what opens a comment is none in a section of characters, nor in a value.
fn of_xml(text: &str) -> Vec<Span> {
    // The reader of settings refuses what would keep the parser busy for ever.
    let Ok(_) = super::parse_xml(text) else { return Vec::new() };
    let Ok(document) = roxmltree::Document::parse(text) else { return Vec::new() };
    let comments = document.descendants().filter(roxmltree::Node::is_comment);
    comments.map(|node| Span::new(node.range().start, node.range().end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(format: Format, text: &str) -> Vec<&str> {
        format.comments(text).iter().map(|comment| &text[comment.text.start..comment.text.end]).collect()
    }

    #[test]
    fn what_stands_in_a_string_is_none() {
        for (format, text) in [
            (Format::Json, "{\"a\": \"// no\", /* é */ \"b\": '/* no */', // two\n \"c\": \"\\ud800\"}\r// end"),
            (Format::Toml, "a = \"# no\" # é \nb = '''\n# no\n'''\n# two\n#end"),
            (Format::Yaml, "a: \"# no\" # é \nb: |\n  # no\nc: x#no # two\n#end\n"),
            (Format::FrontMatter, "---\na: \"# no\" # é \n# two\n#end\n---\n# no\n"),
            (Format::Xml, "<a x=\"&lt;!-- no -->\"><!-- é --><b><![CDATA[<!-- no -->]]></b><!-- two --></a><!--end-->"),
            (Format::Properties, "a=# no\n# é \n! two\nb=\\\n# no\n  #end"),
            (Format::Commands, "mcp add '# no' # é \nmcp add \"# no\" a#no # two\n#end"),
        ] {
            let found: Vec<&str> = comments(format, text).into_iter().map(str::trim).collect();
            assert_eq!(found, ["é", "two", "end"], "{format:?}");
        }
    }

    #[test]
    fn whatever_is_cut_off_has_an_answer() {
        let text = "{\"a\": 1 /* é */, // é\n}# é\n<!-- é --><a><!---->\n---\n# \\";
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            for format in [Format::Json, Format::Toml, Format::Yaml, Format::FrontMatter, Format::Xml] {
                comments(format, &text[..end]);
            }
            comments(Format::Properties, &text[..end]);
            comments(Format::Commands, &text[..end]);
        }
    }
}

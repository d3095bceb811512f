//! Saved lists of tools: a `tools/list` result or its JSON-RPC response, an array of tools, or a catalog a line.

use super::{Catalog, Look};
use crate::document::{Kind, Member, Node, Source, SourceId, Span, parse_answer};
use crate::parallel;

/// A saved list, or a line of one, that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SavedError {
    /// What is wrong and what was expected.
    pub message: String,
    /// Where in the file.
    pub span: Span,
}

/// Reads a saved list. Lines that can't be read cost only themselves.
pub fn read_saved(id: SourceId, source: &Source) -> (Vec<Catalog>, Vec<SavedError>) {
    let (catalogs, mut errors) = read(id, source);
    for catalog in &catalogs {
        for (list, items) in catalog.lists() {
            if let Some((index, item)) = items.iter().enumerate().find(|(_, item)| !item.is_object()) {
                errors.push(SavedError {
                    message: format!("{list}[{index}] is {}, expected a map", item.type_name()),
                    span: item.span,
                });
            }
        }
    }
    (catalogs, errors)
}

fn read(id: SourceId, source: &Source) -> (Vec<Catalog>, Vec<SavedError>) {
    let text = source.text.as_str();
    let fallback = default_name(&source.name);
    match parse_answer(text) {
        Ok(root) => {
            let more = more_pages(&root);
            match catalogs(root, id, &fallback) {
                Ok(catalogs) => (catalogs, more.into_iter().collect()),
                Err(error) => (Vec::new(), vec![error]),
            }
        }
        Err(whole) => {
            let (catalogs, errors) = lines(text, id, &fallback);
            // A file of one broken line is a broken file, best told by the error over the whole of it.
            if catalogs.is_empty() {
                (catalogs, vec![SavedError { message: whole.message, span: whole.span }])
            } else {
                (catalogs, errors)
            }
        }
    }
}

/// An answer that says that there is more is not the whole list.
fn more_pages(root: &Node) -> Option<SavedError> {
    let answer = root.get("result").unwrap_or(root);
    let cursor = answer.get("nextCursor").filter(|cursor| cursor.as_str().is_some_and(|cursor| !cursor.is_empty()))?;
    Some(SavedError { message: "`nextCursor`: this is one page of several".to_owned(), span: cursor.span })
}

/// Fewer are read before another thread would have begun.
const FEWEST_LINES: usize = 64;

fn lines(text: &str, id: SourceId, fallback: &str) -> (Vec<Catalog>, Vec<SavedError>) {
    let starts = text.split_inclusive('\n').scan(0, |start, line| {
        let here = *start;
        *start += line.len();
        Some((here, line))
    });
    let all: Vec<(usize, &str)> = starts.filter(|(_, line)| !line.trim().is_empty()).collect();
    let read = |(start, line): &(usize, &str)| {
        parse_answer(line)
            .map(|root| root.shifted(*start))
            .map_err(|error| SavedError {
                message: error.message,
                span: Span::new(start + error.span.start, start + error.span.end),
            })
            .and_then(|root| catalogs(root, id, fallback))
    };
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for read in parallel::over(&all, FEWEST_LINES, |lines| lines.iter().map(read).collect()) {
        match read {
            Ok(catalogs) => found.extend(catalogs),
            Err(error) => errors.push(error),
        }
    }
    (found, errors)
}

fn catalogs(root: Node, id: SourceId, fallback: &str) -> Result<Vec<Catalog>, SavedError> {
    let span = root.span;
    let unknown = || {
        SavedError {
        message: "neither a `tools/list` result, nor a list of tools, nor a catalog with `tools`, `prompts`, `resources` or `instructions`".to_owned(),
        span,
    }
    };
    match root.kind {
        // An array of catalogs, or of tools.
        Kind::Array(elements) => {
            if elements.first().is_some_and(is_catalog) {
                return Ok(elements.into_iter().map(|element| catalog(element, id, fallback)).collect());
            }
            Ok(vec![Catalog { server: fallback.to_owned(), source: Some(id), tools: elements, ..Catalog::default() }])
        }
        Kind::Object(_) if is_catalog(&root) => Ok(vec![catalog(root, id, fallback)]),
        Kind::Object(members) => match members.into_iter().find(|member| member.key == "result") {
            Some(Member { value, .. }) if is_catalog(&value) => Ok(vec![catalog(value, id, fallback)]),
            _ => Err(unknown()),
        },
        _ => Err(unknown()),
    }
}

fn is_catalog(node: &Node) -> bool {
    ["tools", "prompts", "resources", "resourceTemplates", "templates", "instructions"]
        .iter()
        .any(|key| node.get(key).is_some())
}

fn catalog(node: Node, id: SourceId, fallback: &str) -> Catalog {
    let mut catalog = Catalog { server: fallback.to_owned(), source: Some(id), ..Catalog::default() };
    let Kind::Object(members) = node.kind else { return catalog };
    for Member { key, value, .. } in members {
        match key.as_str() {
            "client" => catalog.client = value.as_str().map(str::to_owned),
            "also" => catalog.also = value.elements().iter().filter_map(Node::scalar).collect(),
            "server" => catalog.server = value.scalar().unwrap_or_default(),
            "look" => catalog.look = look(&value),
            "serverInfo" => catalog.info = Some(value),
            "instructions" => catalog.instructions = Some(value),
            // A live dump nests each answer: `"tools": {"tools": […]}`. Of duplicates all are judged.
            "tools" => catalog.tools.extend(items(value, "tools")),
            "prompts" => catalog.prompts.extend(items(value, "prompts")),
            "resources" => catalog.resources.extend(items(value, "resources")),
            "resourceTemplates" | "templates" => catalog.templates.extend(items(value, "resourceTemplates")),
            "initialize" => {
                catalog.info = value.get("serverInfo").cloned();
                catalog.instructions = value.get("instructions").cloned();
            }
            _ => {}
        }
    }
    catalog
}

/// Which of several looks a catalog is, as `inspect` writes it.
fn look(node: &Node) -> Option<Look> {
    let number = node.get("number").and_then(Node::scalar)?.parse().ok().filter(|number| *number > 1)?;
    Some(Look { number, caller: node.get("as").and_then(Node::scalar).unwrap_or_default() })
}

/// The elements of a list, wherever it is; anything else is an item of its own, so that it is judged and told.
fn items(node: Node, key: &str) -> Vec<Node> {
    match node.kind {
        Kind::Array(elements) => elements,
        Kind::Object(members) if members.iter().any(|member| member.key == key) => {
            members.into_iter().filter(|member| member.key == key).flat_map(|member| items(member.value, "")).collect()
        }
        Kind::Object(members) => members.into_iter().map(|member| member.value).collect(),
        Kind::Null => Vec::new(),
        _ => vec![node],
    }
}

/// What a list is called that does not say: its file's name.
fn default_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("server").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Sources;

    #[test]
    fn what_is_missing_is_told() {
        assert!(read(r#"{"tools": [], "nextCursor": "x"}"#).1[0].message.contains("one page of several"));
        assert!(read(r#"{"tools": [{"name": "a"}, 7]}"#).1[0].message.contains("tools[1] is a number"));
        assert_eq!(read(r#"{"tools": [], "nextCursor": null}"#).1, []);
        assert!(read(r#"{"tools": "x"}"#).1[0].message.contains("tools[0] is a string"));
        assert_eq!(
            read(r#"{"tools": [{"name": "a"}], "tools": []}"#).0[0].tools.len(),
            1,
            "both of two lists are judged"
        );
    }

    fn read(text: &str) -> (Vec<Catalog>, Vec<SavedError>) {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("dir/list.json", text.as_bytes()));
        read_saved(id, sources.get(id))
    }

    #[test]
    fn every_form_of_the_contract() {
        let tool = r#"{"name": "t"}"#;
        for text in [
            format!(r#"{{"tools": [{tool}]}}"#),
            format!(r#"{{"jsonrpc": "2.0", "id": 1, "result": {{"tools": [{tool}]}}}}"#),
            format!("[{tool}]"),
            format!(r#"{{"tools": {{"tools": [{tool}]}}}}"#),
        ] {
            let (catalogs, errors) = read(&text);
            assert_eq!((catalogs.len(), errors.len()), (1, 0), "{text}");
            assert_eq!((catalogs[0].server.as_str(), catalogs[0].tools.len()), ("list", 1), "{text}");
        }
        let (catalogs, _) = read(
            "{\"client\": \"c\", \"server\": \"a\", \"tools\": []}\n\n{\"server\": \"b\", \"instructions\": \"i\"}\n",
        );
        assert_eq!(
            catalogs.iter().map(|c| (c.client.as_deref(), c.server.as_str())).collect::<Vec<_>>(),
            [(Some("c"), "a"), (None, "b")]
        );
    }

    #[test]
    fn places_are_those_of_the_file() {
        let text = "{\"server\": \"a\", \"tools\": []}\n{\"server\": \"b\", \"tools\": [{\"name\": \"tool\"}]}\n";
        let (catalogs, _) = read(text);
        let span = catalogs[1].tools[0].get("name").unwrap().span;
        assert_eq!(&text[span.start..span.end], "\"tool\"");
    }

    #[test]
    fn a_broken_line_costs_only_itself() {
        let (catalogs, errors) =
            read("{\"server\": \"a\", \"tools\": []}\n{\"server\": \n{\"server\": \"b\", \"tools\": []}\n");
        assert_eq!((catalogs.len(), errors.len()), (2, 1));
        assert!(errors[0].span.start >= 29);
        assert_eq!(read("{\"x\": 1}").1.len(), 1);
        assert_eq!(read("{").1.len(), 1);
    }
}

//! What servers and configs say stays words in every format: each output is read by what reads it in earnest, or by a parser of
//! the same grammar, and nothing but our own structure may come out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[allow(unreachable_pub, missing_docs)]
#[path = "common/attacks.rs"]
mod attacks;
mod common;
#[allow(unreachable_pub, missing_docs, dead_code)]
#[path = "common/page.rs"]
mod page;

use attacks::{ATTACKS, hostile};
use common::{Place, Ran};
use comrak::nodes::{AstNode, NodeValue};
use page::Page;
use serde_json::{Value, json};

/// Every run that makes a report of `format`.
fn reports(place: &Place, format: &str, more: &[&str]) -> Vec<String> {
    let common = ["--format", format, "--pedantic", "--min-confidence", "low", "--fail-on", "never"];
    let sources = [&["--tools", "tools.ndjson"][..], &[".", "--launch", "none"]];
    let run = |source: &&[&str]| -> Ran { place.run(&[source, &common[..], more].concat()) };
    let out = |ran: Ran| {
        assert!(ran.err.is_empty(), "{}", ran.err);
        assert!(!ran.out.is_empty(), "{format} {more:?}");
        ran.out
    };
    sources.iter().map(run).map(out).collect()
}

/// Bytes that may stand in any output: printable characters and line feeds.
fn assert_printable(text: &str) {
    for (number, line) in text.split('\n').enumerate() {
        let bad = line.chars().find(|c| {
            c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e01ef}')
        });
        assert!(bad.is_none(), "line {}: {bad:?} in {line}", number + 1);
    }
}

/// A command of a log: its name, its properties, its message.
type Command = (String, Vec<(String, String)>, String);

/// The commands that the runner of GitHub Actions reads in a line, in both of its spellings, and those of Azure's agent.
fn command(line: &str) -> Option<Command> {
    let line = line.trim_end_matches('\r');
    let trimmed = line.trim_start();
    if let Some(rest) = trimmed.strip_prefix("::") {
        let (head, message) = rest.split_once("::")?;
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let unescape = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
        let value = |text: &str| unescape(&text.replace("%3A", ":").replace("%2C", ","));
        let properties = properties.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, text) = pair.split_once('=').unwrap_or((pair, ""));
            (key.to_owned(), value(text))
        });
        return Some((name.to_owned(), properties.collect(), unescape(message)));
    }
    let old = ["##[", "##vso[", "##teamcity["].iter().find(|start| line.contains(*start))?;
    Some(((*old).to_owned(), Vec::new(), line.to_owned()))
}

fn assert_no_command(text: &str) {
    for line in text.split(['\n', '\r']) {
        assert!(command(line).is_none() && !line.trim_start().starts_with("::"), "{line}");
    }
}

/// What a terminal was told.
#[derive(Default)]
struct Terminal {
    printed: String,
    acts: Vec<String>,
    colours: usize,
}

impl vte::Perform for Terminal {
    fn print(&mut self, c: char) {
        self.printed.push(c);
    }
    fn execute(&mut self, byte: u8) {
        if byte == b'\n' {
            self.printed.push('\n');
        } else {
            self.acts.push(format!("execute {byte:#x}"));
        }
    }
    fn hook(&mut self, _: &vte::Params, _: &[u8], _: bool, action: char) {
        self.acts.push(format!("device control {action}"));
    }
    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        self.acts.push(format!("operating system command {params:?}"));
    }
    fn csi_dispatch(&mut self, _: &vte::Params, _: &[u8], _: bool, action: char) {
        if action == 'm' {
            self.colours += 1;
        } else {
            self.acts.push(format!("control sequence {action}"));
        }
    }
    fn esc_dispatch(&mut self, _: &[u8], _: bool, byte: u8) {
        self.acts.push(format!("escape {byte:#x}"));
    }
}

fn shown(text: &str) -> Terminal {
    let mut terminal = Terminal::default();
    vte::Parser::new().advance(&mut terminal, text.as_bytes());
    assert_eq!(terminal.acts, Vec::<String>::new());
    assert_printable(&terminal.printed);
    assert_no_command(&terminal.printed);
    terminal
}

#[test]
fn text_does_nothing_to_a_terminal() {
    let place = hostile();
    for more in [&[][..], &["--quiet"], &["--verbose"], &["--no-snippets"]] {
        for text in reports(&place, "text", more) {
            assert_eq!(shown(&text).colours, 0);
            assert_no_command(&text);
        }
    }
    // With colours, colours are all there is, and the words are the same.
    for args in [&["--tools", "tools.ndjson"][..], &["."]] {
        let plain = place.run(args).out;
        let coloured = place.run_env(args, &[("CLICOLOR_FORCE", "1")]).out;
        let terminal = shown(&coloured);
        assert!(terminal.colours > 10);
        assert_eq!(terminal.printed, plain);
    }
}

#[test]
fn json_is_what_it_says() {
    let place = hostile();
    let mut names = Vec::new();
    for format in ["json", "sarif"] {
        for text in reports(&place, format, &[]) {
            assert_printable(&text);
            assert_no_command(&text);
            let value: Value = serde_json::from_str(&text).unwrap();
            names.extend(value["findings"].as_array().into_iter().flatten().map(|finding| finding["server"].clone()));
        }
    }
    for text in reports(&place, "ndjson", &[]) {
        assert_printable(&text);
        assert_no_command(&text);
        assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).unwrap().is_object()));
    }
    // Escaped on the way, and nothing is lost.
    for attack in ATTACKS {
        assert!(names.contains(&json!(attack)), "{attack:?}");
    }
}

#[test]
fn sarif_has_neither_links_nor_arguments() {
    for text in reports(&hostile(), "sarif", &[]) {
        let log: Value = serde_json::from_str(&text).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        let notes = run["invocations"][0]["toolExecutionNotifications"].as_array();
        assert!(results.len() > 50);
        for message in
            results.iter().chain(notes.into_iter().flatten()).map(|of| of["message"]["text"].as_str().unwrap())
        {
            assert!(!message.contains("](") && !message.contains("{0}"), "{message}");
        }
    }
}

#[test]
fn annotations_are_ours_alone() {
    for text in reports(&hostile(), "github", &[]) {
        assert_printable(&text);
        let mut kinds = std::collections::BTreeMap::new();
        for line in text.lines() {
            let Some((name, properties, message)) = command(line) else {
                assert!(!line.trim_start().starts_with("::"), "{line}");
                continue;
            };
            assert!(["error", "warning", "notice"].contains(&name.as_str()), "{line}");
            let keys: Vec<&str> = properties.iter().map(|(key, _)| key.as_str()).collect();
            let known = ["file", "line", "endLine", "col", "endColumn", "title"];
            assert!(keys.iter().all(|key| known.contains(key)) && keys.contains(&"title"), "{line}");
            assert_printable(&message);
            *kinds.entry(name).or_insert(0) += 1;
        }
        assert_eq!(kinds["error"], 10);
        assert!(kinds.values().all(|count| *count <= 10), "{kinds:?}");
        assert!(text.contains("more than GitHub shows as annotations"), "{text}");
    }
}

#[test]
fn a_comment_renders_nothing_of_theirs() {
    for text in reports(&hostile(), "markdown", &[]) {
        assert!(text.len() <= 65_536, "{}", text.len());
        assert_printable(&text);
        assert_no_command(&text);
        let arena = comrak::Arena::new();
        let mut options = comrak::Options::default();
        // Whatever GitHub's dialect has.
        let extension = &mut options.extension;
        (extension.autolink, extension.table, extension.strikethrough, extension.tasklist) = (true, true, true, true);
        (extension.footnotes, extension.superscript, extension.description_lists) = (true, false, true);
        (extension.math_dollars, extension.math_code, extension.underline) = (true, false, false);
        extension.alerts = true;
        let root = comrak::parse_document(&arena, &text, &options);
        let mut code = 0;
        for node in root.descendants() {
            code += usize::from(ours(node));
        }
        assert!(code > 50);
    }
}

/// Fails on a node that is not ours; tells whether it is code, in which anything may stand.
fn ours(node: &AstNode<'_>) -> bool {
    match &node.data.borrow().value {
        NodeValue::Code(_) => return true,
        NodeValue::Document
        | NodeValue::Paragraph
        | NodeValue::Heading(_)
        | NodeValue::List(_)
        | NodeValue::Item(_)
        | NodeValue::Table(_)
        | NodeValue::TableRow(_)
        | NodeValue::TableCell
        | NodeValue::Strong
        | NodeValue::SoftBreak => {}
        // Words of ours, in which nothing stands that GitHub makes more of.
        NodeValue::Text(text) => {
            assert!(!text.contains("evil") && !text.contains("octocat") && !text.contains("::"), "{text}");
            let mention = text.split('@').skip(1).any(|after| after.starts_with(|c: char| c.is_alphanumeric()));
            let issue = text.split('#').skip(1).any(|after| after.starts_with(|c: char| c.is_ascii_digit()));
            assert!(!mention && !issue, "{text}");
        }
        NodeValue::HtmlBlock(block) => {
            for line in block.literal.lines() {
                let bare = [
                    "<details>",
                    "</details>",
                    "<!-- mcpscan -->",
                    "<summary>",
                    "</summary>",
                    "<b>",
                    "</b>",
                    "<code>",
                    "</code>",
                ]
                .iter()
                .fold(line.to_owned(), |line, tag| line.replacen(tag, "", 1));
                assert!(!bare.contains(['<', '>']) && !bare.contains("evil"), "{line}");
            }
        }
        other => panic!("{other:?}"),
    }
    false
}

#[test]
fn junit_is_xml_of_ours() {
    for text in reports(&hostile(), "junit", &[]) {
        assert_printable(&text);
        assert_no_command(&text);
        let document = roxmltree::Document::parse(&text).unwrap();
        let mut failures = 0;
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            let known = ["testsuites", "testsuite", "testcase", "failure", "error", "skipped"];
            assert!(known.contains(&node.tag_name().name()), "{:?}", node.tag_name());
            failures += usize::from(node.has_tag_name("failure"));
            if node.has_tag_name("testsuite") {
                let count =
                    |name: &str| node.descendants().filter(|child| child.has_tag_name(name)).count().to_string();
                for (attribute, element) in
                    [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
                {
                    assert_eq!(node.attribute(attribute).unwrap(), count(element));
                }
            }
        }
        assert!(failures > 50);
    }
}

#[test]
fn a_page_holds_words_of_theirs_and_elements_of_ours() {
    for text in reports(&hostile(), "html", &[]) {
        assert_no_command(&text);
        let page = Page::parse(&text);
        assert!(page.count("li.finding") > 50);
        // All of it is there, as words.
        let words = page.words();
        let shown = |attack: &str| words.contains(&mcpscan::text::visible(attack));
        for attack in ["</code></summary></details><h1>out</h1>", "<!-- --><a href=\"https://evil.example\">link</a>"] {
            assert!(shown(attack), "{attack}");
        }
    }
}

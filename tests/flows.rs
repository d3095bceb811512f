//! What servers make together, and what can't change it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use common::Place;
use mcpscan::connect::read_saved;
use mcpscan::document::{Source, Sources};
use mcpscan::finding::{Confidence, Finding, Severity};
use mcpscan::judge;
use mcpscan::pipeline::Tables;
use mcpscan::rules::TextEngine;
use proptest::prelude::*;
use serde_json::{Value, json};

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::load(Vec::new()).unwrap_or_else(|error| panic!("{error}")));

const TRIFECTA: &str = "flows/lethal-trifecta";
const CONTRADICTION: &str = "flows/annotation-contradicts-text";

/// The findings of the pack.
fn flows(catalogs: &[Value]) -> Vec<Finding> {
    let text: String = catalogs.iter().map(|catalog| format!("{catalog}\n")).collect();
    let mut sources = Sources::default();
    let id = sources.add(Source::new("list", text.as_bytes()));
    let (catalogs, errors) = read_saved(id, sources.get(id));
    assert!(errors.is_empty(), "{text}");
    let engine = TextEngine::new(&TABLES.packs);
    let findings = judge::texts(&catalogs, &sources, &TABLES.packs, &engine);
    findings.into_iter().filter(|finding| finding.rule.pack() == "flows").collect()
}

#[test]
fn three_clients() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/flows/three-clients.ndjson");
    let list = list.to_str().unwrap();
    let place = Place::new();
    let ran = place.run(&["--tools", list, "--format", "json"]);
    assert_eq!(ran.code, 0, "no build breaks for it: {}{}", ran.out, ran.err);
    let report = ran.json();
    let found: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == TRIFECTA).collect();
    let of = |client: &str| found.iter().find(|finding| finding["client"] == client);
    assert_eq!(found.len(), 2, "{found:#?}");

    let across = of("across").unwrap();
    assert_eq!((&across["severity"], &across["confidence"]), (&json!("medium"), &json!("medium")));
    assert_eq!((&across["server"], &across["tool"]), (&Value::Null, &Value::Null), "it is about the client");
    assert_eq!(
        across["message"],
        "The servers of `across` together make a way out for private data: `fetch` of `pages` (fetches any web page) \
         → `read_text_file` of `disk` (reads files) → `send_email` of `post` (sends mail and messages)"
    );
    assert_eq!(across["location"]["line"], 3, "it stands at the way out");

    let within = of("within").unwrap();
    assert_eq!((&within["severity"], &within["server"]), (&json!("info"), &json!("mailbox")));
    assert!(of("harmless").is_none());

    let text = place.run(&["--tools", list]);
    assert!(text.out.contains("== Several servers of across together"), "{}", text.out);
    assert!(!text.out.contains("mailbox"), "what one product does by itself is not worth a word: {}", text.out);
    let sarif = place.run(&["--tools", list, "--format", "sarif"]);
    assert!(sarif.out.contains(TRIFECTA), "{}", sarif.out);
}

/// A client that has them all in one file that others read too has one flow.
#[test]
fn one_client_one_finding() {
    let many = (0..40).flat_map(|number| {
        [
            json!({"client": "c", "server": format!("web{number}"), "tools": [tool("fetch_page")]}),
            json!({"client": "c", "server": format!("disk{number}"), "tools": [tool("read_file")]}),
            json!({"client": "c", "server": format!("mail{number}"), "tools": [tool("send_email")]}),
        ]
    });
    let found = flows(&many.collect::<Vec<_>>());
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("`web0`") && found[0].message.contains("`disk0`"), "{}", found[0].message);
}

/// Programs that read one file have one flow; one that has a worse one besides has its own.
#[test]
fn clients_that_share_a_file() {
    let text = [
        json!({"server": "web", "tools": [tool("fetch_page")]}),
        json!({"server": "disk", "tools": [tool("read_file")]}),
        json!({"server": "mail", "tools": [tool("send_email")]}),
    ]
    .map(|catalog| format!("{catalog}\n"))
    .concat();
    let mut sources = Sources::default();
    let id = sources.add(Source::new("list", text.as_bytes()));
    let (mut catalogs, _) = read_saved(id, sources.get(id));
    for (catalog, also) in catalogs.iter_mut().zip([&["b", "c"][..], &["b", "c"], &["c"]]) {
        catalog.client = (catalog.server != "mail").then(|| "a".to_owned());
        catalog.also = also.iter().map(|client| (*client).to_owned()).collect();
    }
    let engine = TextEngine::new(&TABLES.packs);
    let found = judge::texts(&catalogs, &sources, &TABLES.packs, &engine);
    let found = found.iter().filter(|finding| finding.rule.as_str() == TRIFECTA);
    let found: Vec<(&str, Severity)> =
        found.map(|finding| (finding.subject.client.as_deref().unwrap(), finding.severity)).collect();
    assert_eq!(found, [("a", Severity::Low), ("c", Severity::Medium)]);
}

/// What only a description says is told with low confidence, and not at all of a server by itself.
#[test]
fn unsure_chains() {
    let page =
        json!({"name": "pages", "description": "Fetches a web page.", "inputSchema": {"properties": {"url": {}}}});
    let mixed = json!({"client": "c", "server": "mixed", "tools": [page, tool("read_file")]});
    assert_eq!(flows(&[mixed.clone(), server(1, &["get_forecast"])]).len(), 0);
    let found = flows(&[mixed, server(1, &["execute_sql"])]);
    assert_eq!((found.len(), found[0].confidence), (1, Confidence::Low));
    assert!(found[0].message.contains("`execute_sql` of `s1`"), "{}", found[0].message);
}

#[test]
fn hints_and_texts() {
    let judged = |name: &str, description: &str, annotations: Value| {
        let tool = json!({"name": name, "description": description, "annotations": annotations,
            "inputSchema": {"properties": {"url": {}, "command": {}}}});
        let found = flows(&[json!({"server": "s", "tools": [tool]})]);
        let found: Vec<&Finding> = found.iter().filter(|finding| finding.rule.as_str() == CONTRADICTION).collect();
        assert!(found.len() <= 1, "a tool is told once");
        found.first().map(|finding| finding.severity)
    };
    let read_only = || json!({"readOnlyHint": true});
    for (name, description) in [
        ("delete_record", "Deletes a record."),
        ("records-delete", "Permanently delete a record"),
        ("updateTask", "Update a task by its id."),
        ("send_sms", "Sends an SMS to a number."),
        ("run_command", "Runs a shell command."),
        ("eliminar_archivo", "Elimina un archivo."),
        ("files.delete", "删除文件"),
    ] {
        assert_eq!(judged(name, description, read_only()), Some(Severity::Low), "{name}");
        assert_eq!(judged(name, description, json!({"readOnlyHint": false, "destructiveHint": true})), None, "{name}");
        assert_eq!(judged(name, description, json!({"readOnlyHint": "true"})), None, "a string is no hint: {name}");
    }
    for (name, description) in [
        ("list_deleted", "Lists what was deleted."),
        ("get_updates", "Gets updates of a task."),
        ("delete_record", "Shows what deleting a record would do."),
        ("check_send_status", "Tells whether a message was sent."),
        ("posts", "Posts of a blog."),
        ("create_plan", "Creates a plan to follow."),
    ] {
        assert_eq!(judged(name, description, read_only()), None, "{name}");
    }
    let closed = json!({"openWorldHint": false});
    assert_eq!(judged("fetch", "Fetches a page.", closed.clone()), Some(Severity::Info));
    assert_eq!(judged("fetch_record", "Gets a record.", closed), None);
    let harmless = json!({"readOnlyHint": false, "destructiveHint": false});
    assert_eq!(judged("purge", "Purges the cache.", harmless), Some(Severity::Info));
}

// ---------------------------------------------------------------------------------------------------------------------
// Properties

/// Tools with what each link of a chain can be made of: input, data, way out.
const TOOLS: &[(&str, &str, [bool; 3])] = &[
    ("fetch_page", "Fetches a web page.", [true, false, true]),
    ("web_search", "Searches the web.", [true, false, false]),
    ("list_issues", "Lists issues.", [true, false, false]),
    ("read_email", "Reads an e-mail.", [true, true, false]),
    ("read_file", "Reads a file.", [false, true, false]),
    ("execute_sql", "Runs a query.", [false, true, false]),
    ("send_email", "Sends an e-mail.", [false, false, true]),
    ("create_issue", "Creates an issue.", [false, false, true]),
    ("run_command", "Runs a shell command.", [false, true, true]),
    ("get_forecast", "The forecast of a city.", [false; 3]),
    ("add", "Adds two numbers.", [false; 3]),
    ("generate_image", "Generates an image.", [false; 3]),
];

fn tool(name: &str) -> Value {
    let (name, description, _) = TOOLS.iter().find(|(known, ..)| *known == name).unwrap();
    json!({"name": name, "description": description, "inputSchema": {"properties": {"url": {}, "sql": {}, "command": {}}}})
}

fn links(name: &str) -> [bool; 3] {
    TOOLS.iter().find(|(known, ..)| *known == name).unwrap().2
}

fn server(number: usize, tools: &[&str]) -> Value {
    json!({"client": "c", "server": format!("s{number}"), "tools": tools.iter().map(|name| tool(name)).collect::<Vec<_>>()})
}

/// A tool and its server.
type Step = (String, String);

/// The flow of one client: its severity, its message and its steps.
fn flow(servers: &[Value]) -> Option<(Severity, String, Vec<Step>)> {
    let found: Vec<Finding> = flows(servers).into_iter().filter(|finding| finding.rule.as_str() == TRIFECTA).collect();
    assert!(found.len() <= 1, "{found:#?}");
    let finding = found.into_iter().next()?;
    let evidence = finding.evidence.as_ref().unwrap().shown();
    let steps = evidence.split(" → ").map(|step| step.split_once(" of ").unwrap());
    let steps = steps.map(|(tool, server)| (tool.to_owned(), server.to_owned())).collect();
    Some((finding.severity, finding.message, steps))
}

fn names() -> Vec<&'static str> {
    TOOLS.iter().map(|(name, ..)| *name).collect()
}

fn any_servers() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    prop::collection::vec(prop::collection::vec(prop::sample::select(names()), 0..4), 1..5)
}

/// Whether tools have each link among them.
fn complete<'t>(tools: impl Iterator<Item = &'t str> + Clone) -> bool {
    (0..3).all(|link| tools.clone().any(|name| links(name)[link]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// There is a flow where there has to be one; its steps do what they are said to do, where they are said to be;
    /// and no chain has fewer tools for the same harm.
    #[test]
    fn a_chain_is_what_it_says(servers in any_servers()) {
        let catalogs: Vec<Value> = servers.iter().enumerate().map(|(number, tools)| server(number, tools)).collect();
        let all = servers.iter().flatten().copied();
        let whole = |tools: &Vec<&'static str>| complete(tools.iter().copied());
        let gives = |tools: &Vec<&'static str>| tools.iter().any(|name| links(name)[1]);
        let across = complete(all.clone()) && servers.iter().any(|tools| gives(tools) && !whole(tools));
        let expected = if across { Some(true) } else { servers.iter().any(whole).then_some(false) };
        let found = flow(&catalogs);
        prop_assert_eq!(found.as_ref().map(|(severity, ..)| *severity > Severity::Info), expected);
        if let Some((severity, _, steps)) = found {
            prop_assert!(severity <= Severity::Medium);
            prop_assert_eq!(steps.len(), 3);
            for (link, (tool, server)) in steps.iter().enumerate() {
                prop_assert!(links(tool)[link], "{} is no link {}", tool, link);
                let number: usize = server[1..].parse().unwrap();
                prop_assert!(servers[number].contains(&tool.as_str()), "{} has no {}", server, tool);
            }
            let different: BTreeSet<&Step> = steps.iter().collect();
            let owners: BTreeSet<&String> = steps.iter().map(|(_, server)| server).collect();
            prop_assert_eq!(owners.len() > 1, across);
            // A detour over a page is one tool less than a letter, and less harm.
            if severity == Severity::Low && all.clone().any(|name| name == "fetch_page") {
                prop_assert_eq!(different.len(), 2);
            }
        }
    }

    /// Neither the order of servers and tools nor a server that has nothing to do with it changes a word.
    #[test]
    fn nothing_else_matters(servers in any_servers(), turn in 0..5usize) {
        let catalogs: Vec<Value> = servers.iter().enumerate().map(|(number, tools)| server(number, tools)).collect();
        let found = flow(&catalogs);
        let mut turned: Vec<Value> = servers
            .iter()
            .enumerate()
            .map(|(number, tools)| server(number, &tools.iter().rev().copied().collect::<Vec<_>>()))
            .collect();
        turned.reverse();
        let length = turned.len();
        turned.rotate_left(turn % length);
        turned.push(server(99, &["get_forecast", "add", "generate_image"]));
        prop_assert_eq!(flow(&turned), found);
    }
}

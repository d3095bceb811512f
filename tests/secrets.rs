//! What is a secret and what only looks like one: every row of `fixtures/secrets/table.toml` through the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::Place;
use mcpscan::rules::expand;
use serde_json::Value;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    secret: BTreeMap<String, Vec<String>>,
    look_alike: BTreeMap<String, Vec<String>>,
}

/// A row, written out.
struct Row<'t> {
    /// The rule that finds it, or the kind of what none does.
    of: &'t str,
    /// The row as it stands in the table.
    written: &'t str,
    /// The file's path.
    path: String,
    /// What is in the file.
    text: String,
    /// Where the secret begins and ends: line and column, both from 1. Of a value with escapes all of it.
    place: Option<[u64; 4]>,
    /// What no output may show.
    secret: String,
}

fn table() -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/secrets/table.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn row<'t>(of: &'t str, written: &'t str, number: usize, round: u64) -> Row<'t> {
    let (name, text) = match written.strip_prefix('@').and_then(|rest| rest.split_once('\n')) {
        Some((name, text)) => (name, text.to_owned()),
        None => (".mcp.json", format!("{{\"mcpServers\": {{\"acme\": {}}}}}\n", entry(written))),
    };
    let mut text = expand(&text, round * 10_000 + number as u64);
    let mut place = None;
    let mut secret = String::new();
    if let Some(start) = text.find('«') {
        let end = text.find('»').unwrap();
        secret = text[start + '«'.len_utf8()..end].to_owned();
        text = text.replace(['«', '»'], "");
        let (start, end) = whole_with_escapes(&text, start, start + secret.len());
        let at = |offset: usize| {
            let before = &text[..offset];
            let line = before.rsplit('\n').next().unwrap();
            [before.matches('\n').count() as u64 + 1, line.chars().count() as u64 + 1]
        };
        let ([line, column], [end_line, end_column]) = (at(start), at(end));
        place = Some([line, column, end_line, end_column]);
    }
    Row { of, written, path: format!("r{number}/{name}"), text, place, secret }
}

/// A value with escapes is told as a whole, quotes and all.
fn whole_with_escapes(text: &str, start: usize, end: usize) -> (usize, usize) {
    let is_quote = |at: usize| text.as_bytes()[at] == b'"' && (at == 0 || text.as_bytes()[at - 1] != b'\\');
    let open = (0..start).rev().find(|at| is_quote(*at));
    let close = (end..text.len()).find(|at| is_quote(*at));
    match (open, close) {
        (Some(open), Some(close)) if text[..close + 1].ends_with("\"\"\"") || text[close..].starts_with("\"\"\"") => {
            (open - 2, close + 3)
        }
        (Some(open), Some(close)) if text[open..close].contains('\\') => (open, close + 1),
        _ => (start, end),
    }
}

fn entry(written: &str) -> String {
    let (kind, rest) = written.split_once(' ').unwrap();
    match kind {
        "env" => format!("{{\"command\": \"acme-mcp\", \"env\": {{{rest}}}}}"),
        "args" => format!("{{\"command\": \"npx\", \"args\": [\"-y\", \"acme-mcp@1.0.0\", {rest}]}}"),
        "headers" => format!("{{\"type\": \"http\", \"url\": \"https://mcp.acme.test/mcp\", \"headers\": {{{rest}}}}}"),
        "url" => format!("{{\"type\": \"http\", \"url\": \"{rest}\"}}"),
        _ => written.to_owned(),
    }
}

/// Findings of the pack by the folder of their row: rule and place.
fn by_row(json: &Value) -> BTreeMap<String, Vec<(String, [u64; 4])>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for finding in json["findings"].as_array().unwrap() {
        let Some(rule) = finding["rule"].as_str().unwrap().strip_prefix("secrets/") else { continue };
        let location = &finding["location"];
        let number = |name: &str| location[name].as_u64().unwrap();
        let place = [number("line"), number("column"), number("endLine"), number("endColumn")];
        let path = location["path"].as_str().unwrap().replace('\\', "/");
        found.entry(path.split('/').next().unwrap().to_owned()).or_default().push((rule.to_owned(), place));
    }
    found
}

#[test]
fn the_table_is_right() {
    let table = table();
    let rounds = std::env::var("MCPSCAN_SECRETS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut wrong: Vec<String> = Vec::new();
    for round in 0..rounds {
        let pairs = table.secret.iter().chain(&table.look_alike);
        let pairs = pairs.flat_map(|(of, rows)| rows.iter().map(move |written| (of, written)));
        let rows: Vec<Row<'_>> =
            pairs.enumerate().map(|(number, (of, written))| row(of, written, number, round)).collect();
        let (secrets, others) = rows.iter().fold((0, 0), |(secrets, others), row| match row.place {
            Some(_) => (secrets + 1, others),
            None => (secrets, others + 1),
        });
        assert!(secrets >= 120 && others >= 120, "{secrets} secrets, {others} look-alikes");
        let place = Place::new();
        for row in &rows {
            place.write(&format!("project/{}", row.path), &row.text);
        }
        let json = place.run(&[".", "--format", "json", "--launch", "none"]);
        let found = by_row(&json.json());
        let seen = json.json()["coverage"]["servers"].as_array().unwrap().len();
        assert_eq!(seen, rows.len(), "every row is one server");
        let outputs = [
            ("JSON", json.out),
            ("SARIF", place.run(&[".", "--format", "sarif", "--launch", "none"]).out),
            ("text", place.run(&[".", "--launch", "none"]).out),
            ("list", place.run(&["list", "."]).out),
        ];
        for (number, row) in rows.iter().enumerate() {
            let found = found.get(&format!("r{number}")).cloned().unwrap_or_default();
            let expected: Vec<(String, [u64; 4])> = row.place.iter().map(|place| (row.of.to_owned(), *place)).collect();
            if found != expected {
                wrong.push(format!(
                    "{} {}\n    {}\n    expected {expected:?}\n    found    {found:?}",
                    row.of, row.written, row.text
                ));
            }
            // Of several lines any one tells it.
            for line in row.secret.split("\\n").filter(|line| line.len() >= 6 && !line.contains("-----")) {
                let spelled = line.replace("\\u002f", "/");
                for (name, output) in &outputs {
                    if output.contains(line) || output.contains(&spelled) {
                        wrong.push(format!("{} {}\n    {name} shows {line}", row.of, row.written));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A value is masked wherever it stands again, and told wherever it is one.
#[test]
fn the_same_secret_twice() {
    let key = expand("{{alnum:32}}", 7);
    let place = Place::new();
    place.write(
        "project/.mcp.json",
        format!(
            "{{\"mcpServers\": {{\"a\": {{\"command\": \"npx\", \"args\": [\"-y\", \"acme-mcp\", \"--note\", \"{key}\"],\n\
             \"env\": {{\"ONE_API_KEY\": \"{key}\", \"TWO_API_KEY\": \"{key}\"}}}}}}}} // {key}\n"
        ),
    );
    let ran = place.run(&[".", "--format", "json", "--launch", "none"]);
    let found = ran.rules().into_iter().filter(|rule| rule == "secrets/generic").count();
    assert_eq!(found, 2, "{}", ran.out);
    for args in [&["."][..], &["list", "."], &[".", "--format", "sarif"], &[".", "--format", "json"]] {
        let ran = place.run(args);
        assert!(!ran.out.contains(&key) && !ran.err.contains(&key), "{args:?}: {}{}", ran.out, ran.err);
    }
}

/// A signed token that is no longer good opens nothing, and is told all the same.
#[test]
fn expired_tokens_are_low() {
    let place = Place::new();
    let entry = entry(r#"env "ACME_TOKEN": "{{jwt:{"sub": "42", "exp": 1500000000}}}""#);
    place.write("project/.mcp.json", expand(&format!("{{\"mcpServers\": {{\"a\": {entry}}}}}"), 1));
    let json = place.run(&[".", "--format", "json", "--launch", "none"]).json();
    let findings = json["findings"].as_array().unwrap();
    let token = findings.iter().find(|finding| finding["rule"] == "secrets/jwt").expect("it is found");
    assert_eq!(token["severity"], "low", "{token}");
}

/// What authors of servers publish about them holds no secret: neither the files of the corpus as they are, nor the
/// values of their variables where a client would have them.
#[test]
fn registries_hold_no_secrets() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/secrets/server-json");
    let folders: Vec<_> = [Some(own), common::shared("corpus/configs/server_json")].into_iter().flatten().collect();
    let place = Place::new();
    let mut count = 0;
    for file in folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut values = Vec::new();
        variables(&serde_json::from_str(&text).unwrap(), &mut values);
        assert!(!values.is_empty(), "{text}");
        for (name, value) in values {
            let config = serde_json::json!({"mcpServers": {"a": {"command": "acme-mcp", "env": {name: value}}}});
            place.write(&format!("project/v{count}/.mcp.json"), config.to_string());
            count += 1;
        }
        place.write(&format!("project/f{count}/server.json"), &text);
    }
    let found = by_row(&place.run(&[".", "--format", "json", "--launch", "none"]).json());
    assert!(found.is_empty(), "{found:?}");
}

/// Every value, default and choice of every variable, and what its description shows.
fn variables(node: &Value, found: &mut Vec<(String, String)>) {
    if let Some(name) = node["name"].as_str() {
        for key in ["value", "default", "placeholder", "example", "description"] {
            found.extend(node[key].as_str().map(|value| (name.to_owned(), value.to_owned())));
        }
        let choices = node["choices"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(choices.map(|choice| (name.to_owned(), choice.to_owned())));
    }
    match node {
        Value::Object(map) => map.values().for_each(|inner| variables(inner, found)),
        Value::Array(list) => list.iter().for_each(|inner| variables(inner, found)),
        _ => {}
    }
}

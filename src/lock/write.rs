//! The lock as text: TOML, a block for each server and a line for each tool, so that people can read it and git can merge
//! it. Nothing in it differs between two runs: no time, no counter, no digest over everything.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::start::{Mark, Start};
use super::{INSTRUCTIONS, Item, Lock, Server, VERSION, short};
use crate::text::is_hazard;

/// What stands above everything.
const HEAD: &str = "\
# What these MCP servers were, and what they offered, when they were approved. Written by `mcpscan lock`; keep it in
# version control. `mcpscan lock --check` fails on every difference, `mcpscan lock --diff` shows it, and
# `mcpscan lock --accept SERVER[/TOOL]` takes it in.
";

/// Each list with its key in the file, in their order.
pub(super) const LISTS: [(&str, &str); 5] = [
    (INSTRUCTIONS, "instructions"),
    ("tools", "tools"),
    ("prompts", "prompts"),
    ("resources", "resources"),
    ("resourceTemplates", "templates"),
];

/// The file's text. The same lock is the same text, always.
pub fn write(lock: &Lock) -> String {
    let mut text = format!("{HEAD}mcpscan-lock = {VERSION}\n");
    let blocks = crate::parallel::over(&lock.servers, 8, |servers| servers.iter().map(block).collect::<Vec<String>>());
    for block in blocks {
        text.push('\n');
        text.push_str(&block);
    }
    text
}

fn block(server: &Server) -> String {
    let key = &server.key;
    // With a first line of its own git takes a block as one: of two that were added at one place both can be kept.
    let place = [Some(&key.config), key.client.as_ref(), key.project.as_ref()].into_iter().flatten();
    let place: Vec<String> = place.filter(|part| !part.is_empty()).map(|part| quoted(part)).collect();
    let place = if place.is_empty() { String::new() } else { format!(" of {}", place.join(" ")) };
    let number = if key.copy > 1 { format!(" ({})", key.copy) } else { String::new() };
    let mut text = format!("[[server]] # {}{place}{number}\n", quoted(&key.name));
    let mut line = |key: &str, value: String| text.push_str(&format!("{key} = {value}\n"));
    line("name", quoted(&key.name));
    if key.copy > 1 {
        line("copy", key.copy.to_string());
    }
    if !key.config.is_empty() {
        line("config", quoted(&key.config));
    }
    if let Some(project) = &key.project {
        line("project", quoted(project));
    }
    if let Some(client) = &server.client {
        line("client", quoted(client));
    }
    line("state", quoted(if server.accepted { "accepted" } else { "new" }));
    if let Some(reason) = &server.forced {
        line("forced", quoted(reason));
    }
    if let Some(start) = &server.start {
        launch(start, &mut line);
    }
    if let Some(items) = &server.offers {
        line("asked", "true".to_owned());
        for (list, key) in LISTS {
            let own: Vec<String> = items.iter().filter(|item| item.list == list).map(item).collect();
            if !own.is_empty() {
                line(key, rows(&own));
            }
        }
        if !items.is_empty() {
            line("text", quoted(&packed(items)));
        }
    }
    text
}

fn launch(start: &Start, line: &mut impl FnMut(&str, String)) {
    let list = |words: &[String]| format!("[{}]", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", "));
    for (key, words) in [("command", &start.command), ("url", &start.urls)] {
        if !words.is_empty() {
            line(key, list(words));
        }
    }
    let marks =
        |marks: &BTreeMap<String, Mark>| table(marks.iter().map(|(name, mark)| (name.as_str(), quoted(mark.as_str()))));
    for (key, names) in [("env", &start.env), ("headers", &start.headers)] {
        if !names.is_empty() {
            line(key, marks(names));
        }
    }
    if !start.others.is_empty() {
        line("others", table(start.others.iter().map(|(path, value)| (path.as_str(), quoted(value)))));
    }
    let fetched: Vec<String> = start
        .fetched
        .iter()
        .map(|one| {
            let pairs = [("from", Some(&one.from)), ("name", Some(&one.name)), ("spec", Some(&one.spec))];
            let rest = [("version", one.version.as_ref()), ("integrity", one.integrity.as_ref())];
            let pairs = pairs.into_iter().chain(rest);
            table(pairs.filter_map(|(key, value)| Some((key, quoted(value?)))))
        })
        .collect();
    if !fetched.is_empty() {
        line("fetched", rows(&fetched));
    }
}

fn item(item: &Item) -> String {
    let own_name = serde_json::to_string(&item.name).unwrap_or_default();
    let fields = item.fields.iter().filter(|(path, text)| path != "name" || *text != own_name);
    let fields = table(fields.map(|(path, text)| (path.as_str(), quoted(&short(text)))));
    let mut pairs = vec![("name", quoted(&item.name)), ("sha256", quoted(&item.digest))];
    pairs.extend(item.forced.as_ref().map(|reason| ("forced", quoted(reason))));
    pairs.push(("fields", fields));
    table(pairs.into_iter())
}

/// A row a line, each with a comma behind it: a new one changes no other.
fn rows(rows: &[String]) -> String {
    let rows: String = rows.iter().map(|row| format!("  {row},\n")).collect();
    format!("[\n{rows}]")
}

fn table<'k>(pairs: impl Iterator<Item = (&'k str, String)>) -> String {
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{} = {value}", bare(key))).collect();
    if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
}

fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if plain { key.to_owned() } else { quoted(key) }
}

/// A TOML string in which everything that hides, controls or reorders is written out.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if is_hazard(c) => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The readable text of all items: a line for each, and below it one for each field; deflated.
fn packed(items: &[Item]) -> String {
    let mut text = String::new();
    for item in items {
        let name = serde_json::to_string(&item.name).unwrap_or_default();
        text.push_str(&format!("{} {name}\n", item.list));
        for (path, value) in &item.fields {
            let path = serde_json::to_string(path).unwrap_or_default();
            text.push_str(&format!("\t{path}\t{value}\n"));
        }
    }
    STANDARD.encode(miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), LEVEL))
}

/// Below this files grow, above it they hardly shrink.
const LEVEL: u8 = 7;

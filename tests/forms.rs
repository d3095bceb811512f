//! Start commands, as a table: what each comes to, and that each part points at its own characters.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeMap;

use mcpscan::config;
use mcpscan::discover::{Clients, ConfigFile};
use mcpscan::document::{Source, Sources, Span};
use mcpscan::launch::{self, Grammar, Image, Launch, Pin, ScriptKind, Via};
use mcpscan::rules::data;

type Row = (Vec<String>, Vec<String>);

fn table() -> BTreeMap<String, Vec<Row>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/launch/forms.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn pin(pin: &Pin) -> String {
    match pin {
        Pin::Exact(version) => format!("={version}"),
        Pin::Range(range) => format!("range {range}"),
        Pin::Tag(tag) => format!("tag {tag}"),
        Pin::None => "none".to_owned(),
        Pin::FixedSource => "fixed".to_owned(),
        Pin::MovingSource => "moving".to_owned(),
        Pin::Local => "local".to_owned(),
        Pin::Unknown => "unknown".to_owned(),
    }
}

fn image(image: &Image) -> String {
    let pin = match &image.tag {
        _ if image.unknown => "unknown".to_owned(),
        _ if image.digest => "digest".to_owned(),
        Some(tag) => format!(":{tag}"),
        None => "none".to_owned(),
    };
    // What a variable decides is part of the name as written.
    format!("image {} {pin}", image.name)
}

/// Everything that was found, in the words of the table.
fn told(launch: &Launch) -> Vec<String> {
    let packages = launch.packages.iter().map(|p| format!("{} {} {}", p.ecosystem.id(), p.name, pin(&p.pin)));
    let images = launch.images.iter().map(image);
    let remotes = launch.remotes.iter().map(|remote| {
        let via = match remote.via {
            Via::Client => "client",
            Via::Bridge => "bridge",
            Via::Server => "server",
        };
        format!("{via} {}://{}", remote.scheme, remote.host)
    });
    let scripts = launch.scripts.iter().map(|script| {
        let kind = if script.kind == ScriptKind::Fetch { "fetch" } else { "code" };
        format!("{kind} {}", script.program)
    });
    let hidden = launch.hidden.iter().map(|hidden| format!("hidden {}", hidden.program));
    let files = launch.files.iter().map(|file| format!("file {}", file.path.text));
    let vault = launch.vault.iter().map(|program| format!("vault {program}"));
    packages.chain(images).chain(remotes).chain(scripts).chain(hidden).chain(files).chain(vault).collect()
}

/// Each part with the text that it says it stands for.
fn parts(launch: &Launch) -> Vec<(Span, &str)> {
    let packages = launch.packages.iter().map(|package| (package.spec.span, package.spec.text.as_str()));
    let images = launch.images.iter().map(|image| (image.reference.span, image.reference.text.as_str()));
    let remotes = launch.remotes.iter().map(|remote| (remote.url.span, remote.url.text.as_str()));
    let files = launch.files.iter().map(|file| (file.path.span, file.path.text.as_str()));
    packages.chain(images).chain(remotes).chain(files).collect()
}

#[test]
fn every_form_comes_to_what_the_table_says() {
    let grammar = Grammar::parse(data("runners.toml"), data("wrappers.toml")).unwrap();
    let clients = Clients::parse(data("clients.toml")).unwrap();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for (group, forms) in table() {
        for (words, expected) in forms {
            rows += 1;
            let entry = serde_json::json!({"command": words[0], "args": words[1..]});
            let text = serde_json::json!({"mcpServers": {"s": entry}}).to_string();
            let mut sources = Sources::default();
            let id = sources.add(Source::new("mcp.json", text.as_bytes()));
            let file = ConfigFile::named("mcp.json".into(), "mcp.json".to_owned(), "mcp.json".to_owned());
            let config = config::read(file, id, sources.get(id), &clients);
            let launch = launch::resolve(&config.servers[0], &grammar);
            let found = told(&launch);
            if found != expected {
                wrong.push(format!("{group}: {words:?}\n    is       {found:?}\n    expected {expected:?}"));
            }
            // What stands in the words as it is has a place of its own; what was put together or unescaped has that of its word.
            let written = |part: &str| {
                let word = words.iter().find(|word| word.contains(part));
                word.is_some_and(|word| !word.contains(['\\', '"']))
            };
            for (span, part) in parts(&launch).into_iter().filter(|(_, part)| written(part)) {
                let shown = &text[span.start..span.end];
                if shown != part && shown.trim_matches(['"', '\'']) != part {
                    wrong.push(format!("{group}: {words:?}: `{part}` points at `{shown}`"));
                }
            }
        }
    }
    assert!(rows >= 300, "{rows} rows");
    assert!(wrong.is_empty(), "{} of {rows} rows:\n{}", wrong.len(), wrong.join("\n"));
}

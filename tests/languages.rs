//! The same act in every language that the packs speak, each with a harmless twin; and on every surface that a model reads.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::Path;

use mcpscan::connect::read_saved;
use mcpscan::document::{Source, Sources};
use mcpscan::finding::{Confidence, Severity};
use mcpscan::judge;
use mcpscan::pipeline::Tables;
use mcpscan::rules::TextEngine;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Acts {
    act: Vec<Act>,
}

#[derive(Deserialize)]
struct Act {
    family: String,
    expected: String,
    #[serde(flatten)]
    languages: BTreeMap<String, [String; 2]>,
}

/// How loud a catalog is: 2 flagged, 1 noted, 0 neither; and by which rules.
fn loudness(catalog: &Value, tables: &Tables, engine: &TextEngine) -> (usize, Vec<String>) {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("x.ndjson", catalog.to_string()));
    let (catalogs, errors) = read_saved(id, sources.get(id));
    assert!(errors.is_empty(), "{errors:?}");
    let findings = judge::texts(&catalogs, &sources, &tables.packs, engine);
    let loud = findings.iter().map(|finding| match (finding.severity, finding.confidence) {
        (severity, confidence) if severity >= Severity::High && confidence >= Confidence::Medium => 2,
        (severity, _) if severity > Severity::Info => 1,
        _ => 0,
    });
    let rules = findings.iter().map(|finding| format!("{} {}", finding.rule, finding.severity)).collect();
    (loud.max().unwrap_or(0), rules)
}

fn tool(text: &str) -> Value {
    json!({"server": "s", "tools": [{"name": "list", "description": text}]})
}

fn acts() -> Acts {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/texts/languages.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_act_in_every_language_and_no_twin_of_it() {
    let tables = Tables::load(Vec::new()).unwrap();
    let engine = TextEngine::new(&tables.packs);
    let acts = acts();
    let languages: Vec<&String> = acts.act[0].languages.keys().collect();
    assert!(languages.len() >= 10);
    let mut wrong = Vec::new();
    for act in &acts.act {
        assert_eq!(act.languages.keys().collect::<Vec<_>>(), languages, "{}", act.family);
        let least = if act.expected == "flagged" { 2 } else { 1 };
        for (language, [attack, twin]) in &act.languages {
            let (loud, rules) = loudness(&tool(attack), &tables, &engine);
            if loud < least {
                wrong.push(format!("{} in {language} is missed: {attack} {rules:?}", act.family));
            }
            let (loud, rules) = loudness(&tool(twin), &tables, &engine);
            if loud > 0 {
                wrong.push(format!("{} in {language} is harmless: {twin} {rules:?}", act.family));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A place where a text can stand, and a catalog that has it there.
type Surface = (&'static str, fn(&str) -> Value);

/// Wherever a model reads it.
#[test]
fn every_act_on_every_surface() {
    let tables = Tables::load(Vec::new()).unwrap();
    let engine = TextEngine::new(&tables.packs);
    let surfaces: [Surface; 14] = [
        ("instructions", |text| json!({"server": "s", "instructions": text, "tools": []})),
        ("title", |text| json!({"server": "s", "tools": [{"name": "a", "title": text}]})),
        ("annotation", |text| json!({"server": "s", "tools": [{"name": "a", "annotations": {"title": text}}]})),
        ("parameter", |text| schema(json!({"x": {"type": "string", "description": text}}))),
        ("deep parameter", |text| schema(json!({"x": {"items": {"anyOf": [{"properties": {"y": {"title": text}}}]}}}))),
        ("enum", |text| schema(json!({"x": {"enum": ["a", text]}}))),
        ("default", |text| schema(json!({"x": {"default": text}}))),
        ("comment of a schema", |text| schema(json!({"x": {"$comment": text}}))),
        (
            "output schema",
            |text| json!({"server": "s", "tools": [{"name": "a", "outputSchema": {"properties": {"x": {"description": text}}}}]}),
        ),
        ("unknown field", |text| json!({"server": "s", "tools": [{"name": "a", "_meta": {"vendor/note": text}}]})),
        ("prompt", |text| json!({"server": "s", "prompts": [{"name": "a", "description": text}]})),
        (
            "argument of a prompt",
            |text| json!({"server": "s", "prompts": [{"name": "a", "arguments": [{"name": "x", "description": text}]}]}),
        ),
        ("resource", |text| json!({"server": "s", "resources": [{"uri": "x:y", "name": "a", "description": text}]})),
        (
            "template",
            |text| json!({"server": "s", "resourceTemplates": [{"uriTemplate": "x:{y}", "name": "a", "description": text}]}),
        ),
    ];
    let mut wrong = Vec::new();
    for act in acts().act.iter().filter(|act| act.expected == "flagged") {
        let [attack, twin] = &act.languages["en"];
        for (surface, made) in surfaces {
            let (loud, rules) = loudness(&made(attack), &tables, &engine);
            if loud == 0 {
                wrong.push(format!("{} in {surface} is missed {rules:?}", act.family));
            }
            let (loud, rules) = loudness(&made(twin), &tables, &engine);
            if loud > 0 {
                wrong.push(format!("{} in {surface} is harmless {rules:?}", act.family));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn schema(properties: Value) -> Value {
    json!({"server": "s", "tools": [{"name": "a", "inputSchema": {"type": "object", "properties": properties}}]})
}

//! `mcpscan schema`: what it says is what comes out, in both directions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::{BAD_CURSOR, Place, configs_of_the_corpus, tools_of_the_corpus};
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator(format: &str) -> Validator {
    let schema = Place::new().run(&["schema", format]).json();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).take(5).collect()
}

/// Both formats of one run are valid, and say the same.
fn check(place: &Place, args: &[&str]) {
    let outputs = ["--format", "json", "--output", "r.json", "--format", "ndjson", "--output", "r.ndjson"];
    let ran = place.run(&[args, &outputs].concat());
    assert_ne!(ran.code, 2, "{}", ran.err);
    let read = |name: &str| std::fs::read_to_string(place.project().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("r.json")).unwrap();
    assert_eq!(errors(&validator("json"), &report), Vec::<String>::new());

    let mut lines: Vec<Value> = read("r.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_lines = validator("ndjson");
    for line in &lines {
        assert_eq!(errors(&of_lines, line), Vec::<String>::new(), "{line}");
    }
    // Put together again, the lines are the object.
    let mut of_kind = |kind: &str| {
        let these = lines.iter_mut().filter(|line| line["type"] == kind);
        let bare = these.map(|line| {
            line.as_object_mut().unwrap().shift_remove("type");
            line.take()
        });
        bare.collect::<Vec<Value>>()
    };
    let mut again = of_kind("report").remove(0);
    again["coverage"] = json!({"configs": of_kind("config"), "servers": of_kind("server")});
    for (key, kind) in [("settings", "settings"), ("notes", "note")] {
        let these = of_kind(kind);
        if !these.is_empty() {
            again["coverage"][key] = Value::Array(these);
        }
    }
    again["findings"] = Value::Array(of_kind("finding"));
    again["summary"] = of_kind("summary").remove(0);
    assert_eq!(again, report);
}

#[test]
fn small_reports() {
    let place = Place::new();
    place.write("project/.cursor/mcp.json", BAD_CURSOR);
    place.write("project/.mcp.json", "{ broken");
    check(&place, &["."]);
    place.write("project/tools.json", r#"[{"name": "a", "description": "ok"}, {"name": "a\u001b[31m"}]"#);
    check(&place, &["--tools", "tools.json"]);
    check(&Place::new(), &[]);
}

#[test]
fn reports_with_settings_and_a_lock() {
    let place = Place::new();
    place.write("project/.cursor/mcp.json", BAD_CURSOR);
    place.write("project/.mcpscan.toml", "[[ignore]]\nrule = 'secrets'\nreason = 'r'\n[scan]\nlaunch = 'all'\n");
    assert_eq!(place.run(&["lock", ".", "--launch", "none"]).code, 0);
    check(&place, &["."]);
    let report = place.run(&[".", "--format", "json"]).json();
    assert_eq!(report["coverage"]["settings"][0]["origin"], "project");
    assert_eq!(report["coverage"]["notes"][0]["level"], "error");
    assert!(report["coverage"]["servers"][0]["lock"]["status"].is_string(), "{report}");
}

#[test]
fn what_servers_tell() {
    let demo = Place::new().run(&["demo", "--format", "json"]).json();
    assert_eq!(errors(&validator("json"), &demo), Vec::<String>::new());
    assert!(demo["coverage"]["servers"].as_array().unwrap().iter().any(|server| server["sandbox"].is_string()));
}

/// A key that the schema does not know, or one that is missing, is refused wherever it stands.
#[test]
fn schema_and_output_cannot_drift_apart() {
    let demo = Place::new().run(&["demo", "--format", "json"]).json();
    let validator = validator("json");
    let mut tried = 0;
    for pointer in [
        "",
        "/coverage",
        "/coverage/configs/0",
        "/coverage/servers/0",
        "/findings/0",
        "/findings/0/location",
        "/summary",
    ] {
        let mut more = demo.clone();
        more.pointer_mut(pointer).unwrap()["surprise"] = json!(1);
        assert!(!validator.is_valid(&more), "{pointer} takes an unknown key");
        let keys: Vec<String> = demo.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
        for key in keys.iter().filter(|key| !["also", "sandboxReason"].contains(&key.as_str())) {
            let mut less = demo.clone();
            less.pointer_mut(pointer).unwrap().as_object_mut().unwrap().shift_remove(key);
            assert!(!validator.is_valid(&less), "{pointer} needs no {key}");
            tried += 1;
        }
    }
    assert!(tried > 40);
}

#[test]
fn the_whole_corpus() {
    let configs = configs_of_the_corpus();
    if !configs.is_empty() {
        let mut args = vec!["--fail-on", "never", "--launch", "none"];
        args.extend(configs.iter().map(String::as_str));
        check(&Place::new(), &args);
    }
    if let Some(tools) = tools_of_the_corpus() {
        let place = Place::new();
        place.write("project/tools.ndjson", tools);
        check(&place, &["--fail-on", "never", "--pedantic", "--min-confidence", "low", "--tools", "tools.ndjson"]);
    }
}

//! Every built-in rule: complete, compiling, and true to its examples, through the whole judge.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use mcpscan::pipeline::{Tables, examples};

#[test]
fn every_rule_finds_what_it_says_and_nothing_else() {
    let tables = Tables::load(Vec::new()).unwrap_or_else(|error| panic!("{error}"));
    let report = examples::test(&tables);
    let problems: Vec<String> =
        report.problems.iter().map(|problem| format!("{}: {}", problem.rule, problem.message)).collect();
    assert_eq!(problems, Vec::<String>::new());
    assert!(report.examples >= 6 * report.rules);
}

/// A rule that is named in code and not in a pack would never find anything.
#[test]
fn rules_named_in_code_exist() {
    let tables = Tables::load(Vec::new()).unwrap_or_else(|error| panic!("{error}"));
    let mut named = 0;
    for entry in walkdir::WalkDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/judge")) {
        let path = entry.unwrap().into_path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for literal in text.split('"').skip(1).step_by(2) {
            let is_id = literal.split_once('/').is_some_and(|(pack, name)| {
                tables.packs.pack(pack).is_some() && !name.is_empty() && !name.contains(['/', ' ', '.'])
            });
            if is_id {
                named += 1;
                assert!(tables.packs.rule(literal).is_some(), "{}: no rule `{literal}`", path.display());
            }
        }
    }
    assert!(named >= 15, "{named}");
}

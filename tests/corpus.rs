//! Accuracy on real, labelled configs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Place, shared};
use serde_json::Value;

/// Labels of a class, and the beginning of the rules that answer them.
const CLASSES: &[(&str, &[&str], &[&str])] = &[
    ("unpinned", &["unpinned-npx", "unpinned-uvx", "unpinned-docker", "unpinned-other"], &["supply-chain/unpinned"]),
    ("plaintext-secret", &["plaintext-secret"], &["secrets/"]),
    ("auto-approve", &["auto-approve"], &["client/auto-approve"]),
    ("insecure-http-remote", &["insecure-http-remote"], &["transport/cleartext"]),
    ("docker-mount", &["docker-mount"], &["container/host-mount", "container/docker-socket"]),
    ("docker-hostnet", &["docker-hostnet"], &["container/host-network"]),
    ("docker-privileged", &["docker-privileged"], &["container/privileged"]),
];

#[test]
fn real_configs() {
    let Some(root) = shared("corpus/configs") else { return };
    let labels: Vec<Value> = std::fs::read_to_string(root.join("labels.jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let files: Vec<String> =
        labels.iter().map(|label| root.join(label["file"].as_str().unwrap()).display().to_string()).collect();
    let mut args = vec!["--launch", "none", "--format", "json"];
    args.extend(files.iter().map(String::as_str));
    let report = Place::new().run(&args).json();

    let short =
        |path: &str| path.rsplit('/').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("/");
    let status: BTreeMap<String, String> = report["coverage"]["configs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|config| (short(config["path"].as_str().unwrap()), config["status"].as_str().unwrap().to_owned()))
        .collect();
    for label in &labels {
        let file = label["file"].as_str().unwrap();
        let status = status.get(file).unwrap_or_else(|| panic!("{file} is not in the coverage"));
        assert!(label["parse"] != "broken" || status != "scanned", "{file} is broken and was called scanned");
    }

    for (class, checks, prefixes) in CLASSES {
        let mut want = BTreeSet::new();
        let mut unsure = BTreeSet::new();
        for label in &labels {
            for finding in label["findings"].as_array().unwrap() {
                let place =
                    (label["file"].as_str().unwrap().to_owned(), finding["server"].as_str().unwrap().to_owned());
                let check = finding["check"].as_str().unwrap();
                if checks.contains(&check) {
                    want.insert(place);
                } else if check == "unsure" {
                    unsure.insert(place);
                }
            }
        }
        let have: BTreeSet<(String, String)> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| prefixes.iter().any(|prefix| finding["rule"].as_str().unwrap().starts_with(prefix)))
            .map(|finding| {
                // What stands beside the servers is nobody's; the labels call it so.
                let server = finding["server"].as_str().unwrap_or("(file)");
                (short(finding["location"]["path"].as_str().unwrap()), server.to_owned())
            })
            .collect();
        let right = want.intersection(&have).count() as f64;
        let missed: Vec<_> = want.difference(&have).filter(|place| !unsure.contains(place)).collect();
        let wrong: Vec<_> = have.difference(&want).filter(|place| !unsure.contains(place)).collect();
        // Of a class that nobody has, nothing can be missed.
        let share = |others: usize| if others == 0 { 1.0 } else { right / (right + others as f64) };
        let (recall, precision) = (share(missed.len()), share(wrong.len()));
        eprintln!("{class}: recall {recall:.3}, precision {precision:.3}");
        assert!(
            recall >= 0.9 && precision >= 0.9,
            "{class}: recall {recall:.3}, precision {precision:.3}\nmissed {missed:#?}\nwrong {wrong:#?}"
        );
    }
}

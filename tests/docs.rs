//! The documentation against the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Place;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> BTreeMap<PathBuf, String> {
    let all = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path());
    let wanted = all.filter(|path| path.extension().is_some_and(|found| found == extension));
    let read = |path: PathBuf| (path.strip_prefix(folder).unwrap().to_owned(), std::fs::read_to_string(path).unwrap());
    wanted.map(read).collect()
}

/// The pages of rules are those that the packs make.
#[test]
fn pages_of_rules_are_current() {
    let place = Place::new();
    let ran = place.write("project/pages/supply-chain/gone.md", "old").run(&["rules", "docs", "pages"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let (made, kept) = (files(&place.project().join("pages"), "md"), files(&root().join("docs/rules"), "md"));
    let differ: Vec<&PathBuf> =
        made.keys().chain(kept.keys()).filter(|path| made.get(*path) != kept.get(*path)).collect();
    assert!(differ.is_empty(), "run `mcpscan rules docs docs/rules`; these differ: {differ:?}");
    // The same, counted another way.
    let rules = place.run(&["rules", "list"]).out;
    assert!(rules.lines().last().unwrap().starts_with(&format!("{} rules", made.len() - 1)), "{rules}");
}

/// Every relative link leads to a file.
#[test]
fn links_lead_somewhere() {
    let mut pages = files(&root().join("docs"), "md");
    pages = pages.into_iter().map(|(path, text)| (Path::new("docs").join(path), text)).collect();
    for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        pages.insert(name.into(), std::fs::read_to_string(root().join(name)).unwrap());
    }
    let mut links = 0;
    for (path, text) in &pages {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            links += 1;
            assert!(root().join(path).parent().unwrap().join(target).exists(), "{}: {target}", path.display());
        }
    }
    assert!(links > 370, "{links}");
}

/// Every option and command that is told about is there, and every one that is there is in the manual.
#[test]
fn options_are_there() {
    let place = Place::new();
    let man = place.run(&["man"]).out.replace("\\-", "-");
    let help = place.run(&["--help"]).out;
    for option in help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2) {
        let name = option.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        assert!(man.contains(name), "{name}");
    }
    let pages = place.run(&["man", "pages"]);
    assert_eq!((pages.code, pages.out.as_str()), (0, ""));
    for command in ["scan", "list", "baseline", "rules-docs", "approvals-revoke"] {
        assert!(place.project().join(format!("pages/mcpscan-{command}.1")).exists(), "{command}");
    }
    let known: String = ["scan", "list", "lock", "inspect", "rules", "baseline", "approvals"]
        .iter()
        .map(|command| place.run(&[command, "--help"]).out)
        .chain([help])
        .collect();
    for (path, text) in files(&root().join("docs"), "md").iter().filter(|(path, _)| !path.starts_with("rules")) {
        for word in text.split(|c: char| c.is_whitespace() || matches!(c, '`' | '=' | ',' | ';')) {
            let option = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            // Those of other programs.
            let ours = option.starts_with("--") && option.len() > 4;
            let other = ["--locked", "--path", "--rm", "--user", "--edit-last", "--create-if-none", "--body-file"];
            if ours && !other.iter().any(|other| option.starts_with(other)) {
                assert!(known.contains(option), "{}: {option}", path.display());
            }
        }
    }
}

/// Shells read what is made for them.
#[test]
fn completions_are_scripts() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = place.run(&["completions", shell]);
        assert_eq!(script.code, 0);
        assert!(script.out.contains("--fail-on") || script.out.contains("fail-on"), "{shell}");
        let path = place.project().join(shell);
        std::fs::write(&path, &script.out).unwrap();
        // Where the shell is there; it reads and runs nothing.
        if matches!(shell, "bash" | "zsh" | "fish")
            && let Ok(done) = Command::new(shell).arg("-n").arg(&path).status()
        {
            assert!(done.success(), "{shell}");
        }
    }
}

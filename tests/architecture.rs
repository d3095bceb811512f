//! The rules of the house, read from the source itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which module may use which. Leaves come first; no stage knows a later one.
const MAY_USE: &[(&str, &[&str])] = &[
    // `finding` redacts with `text::Secret`, which is identified by `finding`'s digest; together they are one leaf.
    ("document", &[]),
    ("parallel", &[]),
    ("finding", &["document", "text"]),
    ("text", &["finding"]),
    ("rules", &["document", "finding", "text"]),
    ("discover", &["document", "rules"]),
    ("config", &["document", "discover", "rules"]),
    ("launch", &["document", "config", "discover", "rules"]),
    ("surroundings", &["config", "discover", "document", "launch"]),
    ("connect", &["document", "parallel", "text"]),
    ("surface", &["connect", "document", "rules"]),
    ("lock", &["config", "connect", "document", "finding", "launch", "parallel", "surface", "surroundings", "text"]),
    (
        "judge",
        &[
            "config",
            "connect",
            "discover",
            "document",
            "finding",
            "launch",
            "lock",
            "parallel",
            "rules",
            "settings",
            "surface",
            "surroundings",
            "text",
        ],
    ),
    ("settings", &["document", "finding", "rules", "text"]),
    ("triage", &["document", "finding", "rules", "settings", "text"]),
    ("report", &["connect", "document", "finding", "lock", "rules", "text", "triage"]),
    (
        "pipeline",
        &[
            "config",
            "connect",
            "discover",
            "document",
            "finding",
            "judge",
            "launch",
            "lock",
            "parallel",
            "rules",
            "settings",
            "surface",
            "surroundings",
            "text",
            "triage",
        ],
    ),
    (
        "cli",
        &[
            "connect", "discover", "finding", "judge", "lock", "parallel", "pipeline", "report", "rules", "settings",
            "text", "triage",
        ],
    ),
];

/// Longer files hold more than one idea.
const LONGEST_FILE: usize = 600;

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.map(|path| (path.strip_prefix(&root).unwrap().to_owned(), std::fs::read_to_string(path).unwrap())).collect()
}

fn module(path: &Path) -> String {
    path.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The modules that a file names by `crate::`.
fn used(text: &str) -> BTreeSet<String> {
    let names = text
        .split("crate::")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>());
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn every_stage_knows_only_what_comes_before() {
    for (path, text) in sources() {
        let module = module(&path);
        if ["lib", "main", "build"].contains(&module.as_str()) {
            continue;
        }
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{}: a new module needs a line in the table", path.display()));
        for name in used(&text) {
            assert!(name == module || allowed.contains(&name.as_str()), "{} uses {name}", path.display());
        }
    }
}

#[test]
fn files_are_short() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", path.display());
    }
}

#[test]
fn only_the_command_line_prints_asks_and_ends() {
    for (path, text) in sources() {
        let module = module(&path);
        if ["cli", "main", "build"].contains(&module.as_str()) {
            continue;
        }
        for word in [
            "println!",
            "eprintln!",
            "process::exit",
            "env::var",
            "env::args",
            "env::current_dir",
            "env::home_dir",
            "stdin()",
            "stdout()",
            "stderr()",
        ] {
            // What a child process has is its own.
            let own = text
                .lines()
                .find(|line| line.contains(word) && !line.trim_start().starts_with("//") && !line.contains("child"));
            assert!(
                own.is_none() || module == "connect" && word.ends_with("()"),
                "{}: {word}: {}",
                path.display(),
                own.unwrap_or_default()
            );
        }
    }
}

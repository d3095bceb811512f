//! What lies around a config on disk changes what is said of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::Place;
use mcpscan::surroundings::tracked;
use serde_json::Value;

const SECRET: &str = r#"{"mcpServers": {"a": {"command": "node", "args": ["a.js"], "env": {"ACME_API_KEY": "q7Zt2mXw9LbK4vRn8cYp3sHd"}}}}"#;

/// Runs git in a folder, with nothing of the user's; whether it is there and did it.
fn git(folder: &Path, args: &[&str]) -> bool {
    let ran = Command::new("git")
        .current_dir(folder)
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(["-c", "protocol.file.allow=always"])
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ran.is_ok_and(|status| status.success())
}

/// A project that is a real repository; nothing where there is no git.
fn repository() -> Option<Place> {
    let place = Place::new();
    std::fs::remove_dir_all(place.project().join(".git")).unwrap();
    if git(&place.project(), &["init"]) {
        return Some(place);
    }
    eprintln!("SKIPPED: git is not installed, so there is no repository to read");
    None
}

fn findings(place: &Place, args: &[&str]) -> Vec<Value> {
    let all = [&["--home", "../home", "--format", "json"], args].concat();
    place.run(&all).json()["findings"].as_array().unwrap().clone()
}

/// Severity and message of the finding of a rule in each file.
fn severities(findings: &[Value], rule: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let own = findings.iter().filter(|finding| finding["rule"] == rule);
    let mut all: Vec<_> = own.map(|finding| (text(&finding["location"]["path"]), text(&finding["severity"]))).collect();
    all.sort();
    all
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(path, severity)| ((*path).to_owned(), (*severity).to_owned())).collect()
}

#[test]
fn git_decides_how_much_a_secret_weighs() {
    for version in ["2", "4"] {
        let Some(place) = repository() else { return };
        place
            .write("project/.gitignore", ".vscode/\n")
            .write("project/.mcp.json", SECRET)
            .write("project/.cursor/mcp.json", SECRET)
            .write("project/.vscode/mcp.json", SECRET.replace("mcpServers", "servers"))
            .write("project/deep/er/.mcp.json", SECRET)
            .write("project/deep/.mcp.json", SECRET);
        let project = place.project();
        assert!(git(&project, &["add", ".mcp.json", "deep"]));
        assert!(git(&project, &["update-index", "--index-version", version]));
        assert!(git(&project, &["commit", "-m", "x"]));
        let found = findings(&place, &[]);
        let expected = pairs(&[
            (".cursor/mcp.json", "high"),
            (".mcp.json", "critical"),
            (".vscode/mcp.json", "medium"),
            ("deep/.mcp.json", "critical"),
            ("deep/er/.mcp.json", "critical"),
        ]);
        assert_eq!(severities(&found, "secrets/generic"), expected, "index version {version}");
        let help = |path: &str| {
            let of = found.iter().find(|finding| finding["location"]["path"] == path).unwrap();
            (of["message"].as_str().unwrap().to_owned(), of["help"].as_str().unwrap().to_owned())
        };
        let (message, advice) = help(".mcp.json");
        assert!(message.ends_with("; git tracks the file"), "{message}");
        assert!(advice.contains("its history keeps it"), "{advice}");
        assert!(!help(".cursor/mcp.json").1.contains("Git tracks"));

        // What is tracked is tracked, whatever is ignored.
        place.write("project/.gitignore", "*\n");
        assert!(
            severities(&findings(&place, &[]), "secrets/generic").contains(&(".mcp.json".into(), "critical".into()))
        );

        // A worktree has an index of its own, and the lists of the repository.
        assert!(git(&project, &["worktree", "add", "../tree"]));
        place.write("tree/.cursor/mcp.json", SECRET).write("project/.git/info/exclude", ".cursor\n");
        let found = findings(&place, &["../tree"]);
        let expected = pairs(&[
            ("../tree/.cursor/mcp.json", "medium"),
            ("../tree/.mcp.json", "critical"),
            ("../tree/deep/.mcp.json", "critical"),
            ("../tree/deep/er/.mcp.json", "critical"),
        ]);
        assert_eq!(severities(&found, "secrets/generic"), expected);

        // Damaged, so nothing is known.
        let index = project.join(".git/index");
        let bytes = std::fs::read(&index).unwrap();
        std::fs::write(&index, &bytes[..bytes.len() / 2]).unwrap();
        let found = severities(&findings(&place, &[]), "secrets/generic");
        assert!(found.iter().all(|(_, severity)| severity == "high"), "{found:?}");
    }
}

#[test]
fn a_submodule_and_a_split_index() {
    let Some(place) = repository() else { return };
    place.write("other/.mcp.json", SECRET);
    let (project, other) = (place.project(), place.project().join("../other"));
    assert!(git(&other, &["init"]) && git(&other, &["add", "."]) && git(&other, &["commit", "-m", "x"]));
    assert!(git(&project, &["submodule", "add", "../other", "sub"]));
    let found = severities(&findings(&place, &[]), "secrets/generic");
    assert_eq!(found, pairs(&[("sub/.mcp.json", "critical")]));

    place.write("project/.cursor/mcp.json", SECRET);
    assert!(git(&project, &["add", ".cursor"]) && git(&project, &["update-index", "--split-index"]));
    let found = severities(&findings(&place, &[]), "secrets/generic");
    assert_eq!(found, pairs(&[(".cursor/mcp.json", "high"), ("sub/.mcp.json", "critical")]));
}

/// What git itself says is tracked is what is read, over many names.
#[test]
fn the_index_as_git_lists_it() {
    let Some(place) = repository() else { return };
    let mut names = Vec::new();
    for number in 0..300 {
        let name = format!("{}/{}é{number}.json", "d".repeat(number % 7 + 1), "x".repeat(number));
        place.write(&format!("project/{}", name.chars().take(200).collect::<String>()), "{}");
        names.push(name.chars().take(200).collect::<String>());
    }
    assert!(git(&place.project(), &["add", "."]));
    for version in ["2", "4"] {
        assert!(git(&place.project(), &["update-index", "--index-version", version]));
        let bytes = std::fs::read(place.project().join(".git/index")).unwrap();
        assert_eq!(bytes[7], version.as_bytes()[0] - b'0');
        let paths: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        assert_eq!(tracked(&bytes, &paths), Some(vec![true; names.len()]));
        assert_eq!(tracked(&bytes, &[b"d/none.json"]), Some(vec![false]));
    }
    // Intent to add sets a flag of version 3.
    place.write("project/later.json", "{}");
    assert!(git(&place.project(), &["update-index", "--index-version", "2"]));
    assert!(git(&place.project(), &["add", "-N", "later.json"]));
    let bytes = std::fs::read(place.project().join(".git/index")).unwrap();
    assert_eq!((bytes[7], tracked(&bytes, &[b"later.json"])), (3, Some(vec![true])));
}

#[test]
fn a_key_at_home_weighs_less_and_is_told() {
    let place = Place::new();
    place.write("home/.cursor/mcp.json", SECRET).write("project/named.json", SECRET);
    let found = findings(&place, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["severity"], "medium");
    // Nobody knows what a file is for that lies somewhere: an empty folder is no repository.
    assert_eq!(findings(&place, &["named.json"])[0]["severity"], "high");
}

/// Homes that are links into a repository of settings.
#[cfg(unix)]
#[test]
fn a_link_from_home_into_a_repository() {
    let Some(place) = repository() else { return };
    place.write("project/cursor/mcp.json", SECRET);
    assert!(git(&place.project(), &["add", "."]));
    std::os::unix::fs::symlink(place.project().join("cursor"), place.home().join(".cursor")).unwrap();
    let found = findings(&place, &[]);
    assert_eq!(found[0]["severity"], "critical", "{found:?}");
}

#[cfg(unix)]
#[test]
fn a_file_with_a_secret_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let set = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let place = Place::new();
    place.write("home/.cursor/mcp.json", SECRET).write("home/.gemini/settings.json", r#"{"mcpServers": {}}"#);
    let file = place.home().join(".cursor/mcp.json");
    let rule = "secrets/readable-file";
    set(&file, 0o644);
    // The folder of the test is closed.
    assert_eq!(severities(&findings(&place, &[]), rule), []);
    for folder in [place.home(), place.home().join(".."), place.home().join(".cursor")] {
        set(&folder, 0o755);
    }
    let found = findings(&place, &[]);
    let finding = found.iter().find(|finding| finding["rule"] == rule).unwrap();
    assert_eq!((&finding["severity"], &finding["location"]["line"]), (&"medium".into(), &1.into()));
    assert_eq!(finding["message"], "every user of this machine can read this file (mode 644), which holds a secret");
    assert!(finding["help"].as_str().unwrap().starts_with("`chmod 600 "), "{finding}");
    set(&file, 0o600);
    assert_eq!(severities(&findings(&place, &[]), rule), []);
}

#[test]
fn the_version_of_the_project() {
    let place = Place::new();
    let config = r#"{"mcpServers": {
        "a": {"command": "npx", "args": ["-y", "@acme/mcp@latest"]},
        "b": {"command": "uvx", "args": ["--from", "acme-mcp[cli]", "acme"]},
        "c": {"command": "npx", "args": ["-y", "unknown-mcp"]}}}"#;
    place
        .write("project/packages/a/.cursor/mcp.json", config)
        .write(
            "project/package-lock.json",
            r#"{"packages": {"": {"dependencies": {"@acme/mcp": "^1"}}, "node_modules/@acme/mcp": {"version": "1.4.2"}}}"#,
        )
        .write("project/packages/a/requirements-dev.txt", "acme_mcp==0.3.1\n")
        .write("home/.npm/_npx/x/package-lock.json", NPX);
    let found = findings(&place, &["."]);
    let help = |server: &str| {
        let of = |finding: &&Value| finding["rule"] == "supply-chain/unpinned-package" && finding["server"] == server;
        found.iter().find(of).unwrap()["help"].as_str().unwrap().to_owned()
    };
    let begins = |server: &str, beginning: &str| {
        let help = help(server);
        assert!(help.starts_with(beginning), "{help}");
    };
    begins(
        "a",
        "Write `@acme/mcp@1.4.2` instead of `@acme/mcp@latest`: the version in package-lock.json. Dependencies",
    );
    begins("b", "Write `acme-mcp[cli]==0.3.1` instead of `acme-mcp[cli]`: the version in requirements-dev.txt. ");
    begins("c", "Write `unknown-mcp@2.1.0` instead of `unknown-mcp`: the version that npx fetched last. ");
}

const NPX: &str =
    r#"{"packages": {"": {"dependencies": {"unknown-mcp": "^2"}}, "node_modules/unknown-mcp": {"version": "2.1.0"}}}"#;

/// Whatever is in a lock file, the rest of the scan is there.
#[test]
fn broken_locks_and_links_say_nothing() {
    let place = Place::new();
    place
        .write("project/.mcp.json", r#"{"mcpServers": {"c": {"command": "npx", "args": ["-y", "unknown-mcp"]}}}"#)
        .write("project/package-lock.json", "{\"packages\": {\"node_modules/unknown-mcp\": ")
        .write("project/pnpm-lock.yaml", "importers: {.: {dependencies: [")
        .write("outside.json", r#"{"dependencies": {"unknown-mcp": "6.6.6"}}"#);
    #[cfg(unix)]
    std::os::unix::fs::symlink("../outside.json", place.project().join("package.json")).unwrap();
    let found = findings(&place, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0]["help"].as_str().unwrap().starts_with("Name the version"), "{found:?}");
}

#[test]
fn scripts_say_what_they_need() {
    let place = Place::new();
    let config = r#"{"mcpServers": {"a": {"command": "uv", "args": ["run", "server.py"]},
        "b": {"command": "uv", "args": ["run", "--directory", "sub", "b.py"]}, "c": {"command": "uv", "args": ["run", "../out.py"]}}}"#;
    place.write("project/.cursor/mcp.json", config);
    let script = |needs: &str| format!("# /// script\n# dependencies = [{needs}]\n# ///\nprint(1)\n");
    let login = "ghx_q7Zt9Lm2Xc4Vb6Nn8Rk1";
    let source =
        format!(r#""acme-mcp>=1", "openai-mcp", "fixed==1.0", "far @ git+https://{login}@git.example.com/o/far""#);
    place.write("project/server.py", script(&source));
    place.write("project/sub/b.py", script(r#""beta""#));
    place.write("project/sub/b.py.lock", "version = 1\n");
    place.write("out.py", script(r#""outside""#));
    let ran = place.run(&[".", "--format", "json"]);
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap();
    let of = |rule: &str| {
        findings
            .iter()
            .filter(|f| f["rule"] == rule)
            .map(|f| f["message"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let open = of("supply-chain/unpinned-script");
    assert_eq!(open.len(), 1, "b has a lock, c lies outside of the project: {open:?}");
    assert!(open[0].contains("`acme-mcp>=1`, `openai-mcp`") && !open[0].contains("fixed"), "{open:?}");
    assert_eq!(of("supply-chain/known-malicious").len(), 1, "what a script fetches is looked up too");
    assert!(open[0].contains("git+https://git.example.com/o/far"), "{open:?}");
    assert!(!ran.out.contains(login), "a login that stands in the script is shown nowhere");
}

#[test]
fn secrets_beside_a_secret_manager_weigh_less() {
    let place = Place::new();
    let key = "q7Zt9Lm2Xc4Vb6Nn8Rk1Hs3Yd5Wf0Pj2";
    let config = |command: &str, args: &str| {
        format!(
            r#"{{"mcpServers": {{"a": {{"command": "{command}", "args": [{args}], "env": {{"ACME_API_KEY": "{key}"}}}}}}}}"#
        )
    };
    let severity = |text: String| {
        place.write("elsewhere.json", text);
        let json = place.run(&["../elsewhere.json", "--format", "json"]).json();
        let found = json["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "secrets/generic").cloned();
        found.unwrap()["severity"].as_str().unwrap().to_owned()
    };
    assert_eq!(severity(config("npx", r#""-y", "acme@1.0.0""#)), "high");
    assert_eq!(severity(config("op", r#""run", "--", "npx", "-y", "acme@1.0.0""#)), "medium");
}

#[cfg(unix)]
#[test]
fn programs_that_everybody_can_change() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("home/tools/server.py", "print(1)");
    let script = place.home().join("tools/server.py");
    let config = serde_json::json!({"mcpServers": {"a": {"command": "python3", "args": [script]}}});
    place.write("project/mcp.json", config.to_string());
    let set = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    };
    let told =
        || place.run(&["mcp.json", "--format", "json"]).rules().contains(&"supply-chain/writable-program".to_owned());
    set(&script, 0o644);
    assert!(!told());
    set(&script, 0o666);
    assert!(told());
    set(&script, 0o644);
    set(&place.home().join("tools"), 0o777);
    assert!(told(), "who can write to the folder can put another file there");
}

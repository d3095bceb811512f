//! The hook, the action and the container: what they look at, and what they run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::path::Path;
use std::process::Command;

use common::Place;
use mcpscan::discover::Clients;
use mcpscan::document::{Node, parse_yaml};
use mcpscan::rules::data;

fn yaml(name: &str) -> Node {
    parse_yaml(&std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()).unwrap()
}

/// Paths that a glob of the table stands for.
fn samples(glob: &str) -> Vec<String> {
    if let Some((before, rest)) = glob.split_once('{') {
        let (choices, after) = rest.split_once('}').unwrap();
        return choices.split(',').flat_map(|choice| samples(&format!("{before}{choice}{after}"))).collect();
    }
    vec![glob.replace("**/", "deep/er/").replace('*', "x"), glob.replace("**/", "").replace('*', "y-z")]
}

/// The hook looks at every file in which a client looks for servers in a project, wherever the project is.
#[test]
fn the_hook_looks_where_clients_do() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let clients = Clients::parse(data("clients.toml")).unwrap();
    let globs: Vec<&str> = clients
        .all()
        .iter()
        .flat_map(|client| &client.locations)
        .flat_map(|place| &place.project)
        .map(String::as_str)
        .collect();
    assert!(globs.len() > 60);
    for hook in hooks.elements() {
        // Python reads it and not we, but it is the same to both.
        let files = regex::Regex::new(hook.get("files").unwrap().as_str().unwrap()).unwrap();
        for path in globs.iter().flat_map(|glob| samples(glob)) {
            assert!(files.is_match(&path) && files.is_match(&format!("packages/a/{path}")), "{path}");
        }
        for path in ["src/main.rs", "package.json", "my.mcp.json.txt", "xmcp.json", "docs/mcp.md", "tsconfig.json"] {
            assert!(!files.is_match(path), "{path}");
        }
        assert_eq!(hook.get("entry").unwrap().as_str(), Some("mcpscan scan --launch none"));
    }
}

const BAD: &str = r#"{"mcpServers": {"a": {"url": "http://mcp.example.org/mcp"}, "b": {"command": "docker", "args": ["run", "--privileged", "x/y:1"]}}}"#;

/// pre-commit itself, where it is installed: findings stop a commit, and what they are is told.
#[test]
fn pre_commit_runs_it() {
    if Command::new("pre-commit").arg("--version").output().is_err() {
        eprintln!("SKIPPED: pre-commit is not installed");
        return;
    }
    let place = Place::new();
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]);
        let done = command.args(args).current_dir(place.project()).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    std::fs::remove_dir_all(place.project().join(".git")).unwrap();
    git(&["init", "-q"]);
    // The hooks of this checkout, without a repository that they would be fetched from.
    let hook = yaml(".pre-commit-hooks.yaml").elements()[1].clone();
    let files = serde_json::to_string(hook.get("files").unwrap().as_str().unwrap()).unwrap();
    place.write(
        "project/.pre-commit-config.yaml",
        format!(
            "repos:\n- repo: local\n  hooks:\n  - id: mcpscan\n    name: mcpscan\n    language: system\n    require_serial: true\n    entry: mcpscan scan --launch none\n    files: {files}\n"
        ),
    );
    let binary = Path::new(env!("CARGO_BIN_EXE_mcpscan"));
    let path = std::env::join_paths(
        std::iter::once(binary.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )
    .unwrap();
    let run = || {
        let mut command = Command::new("pre-commit");
        command.args(["run", "--color", "never"]).current_dir(place.project()).env("PATH", &path);
        let done = command.env("PRE_COMMIT_HOME", place.home().join("cache")).output().unwrap();
        (done.status.code().unwrap(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    place.write("project/.mcp.json", BAD).write("project/a/.vscode/mcp.json", BAD.replace("mcpServers", "servers"));
    place.write("project/unstaged/.mcp.json", BAD);
    git(&["add", ".mcp.json", "a", ".pre-commit-config.yaml"]);
    let (code, out) = run();
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("container/privileged") && out.contains("a/.vscode/mcp.json:1:"), "{out}");
    assert!(!out.contains("unstaged"), "{out}");
    // What is right passes, and without a config it does not run at all.
    place.write("project/.mcp.json", r#"{"mcpServers": {"a": {"command": "npx", "args": ["-y", "@acme/a@1.2.3"]}}}"#);
    place.write("project/a/.vscode/mcp.json", r#"{"servers": {}}"#);
    git(&["add", ".mcp.json", "a"]);
    let (code, out) = run();
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("Passed"), "{out}");
    git(&["commit", "-q", "-m", "x", "--no-verify"]);
    place.write("project/readme", "x");
    git(&["add", "readme"]);
    let (_, out) = run();
    assert!(out.contains("no files to check"), "{out}");
}

/// The action's steps, run as a runner would: with the inputs as variables, and a command among them that must stay words.
#[cfg(unix)]
#[test]
fn the_action_scans_and_reports() {
    let action = yaml("action.yml");
    let steps = action.get("runs").unwrap().get("steps").unwrap().elements();
    for step in steps {
        if let Some(uses) = step.get("uses").and_then(Node::as_str) {
            let commit = uses.split('@').nth(1).unwrap();
            assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{uses} is not pinned");
        }
        // An input in a script could be a command.
        assert!(!step.get("run").and_then(Node::as_str).unwrap_or_default().contains("${{"));
    }
    let scan = steps.iter().find(|step| step.get("id").and_then(Node::as_str) == Some("scan")).unwrap();
    let script = scan.get("run").unwrap().as_str().unwrap();
    let place = Place::new();
    place
        .write("project/.mcp.json", BAD)
        .write("project/ok/.mcp.json", r#"{"mcpServers": {}}"#)
        .write("home/empty", "");
    let run = |paths: &str, args: &str| {
        let temp = place.home().join("runner");
        let _ = std::fs::remove_dir_all(&temp);
        std::fs::create_dir(&temp).unwrap();
        let binary = Path::new(env!("CARGO_BIN_EXE_mcpscan")).parent().unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(place.project());
        command.env_clear().env("PATH", format!("{}:/usr/bin:/bin", binary.display())).env("HOME", place.home());
        command.env("RUNNER_TEMP", &temp).env("GITHUB_OUTPUT", temp.join("out"));
        command.env("GITHUB_STEP_SUMMARY", temp.join("summary"));
        command.env("PATHS", paths).env("ARGS", args).env("FAIL_ON", "high").env("SARIF_FILE", temp.join("x.sarif"));
        let done = command.output().unwrap();
        let read = |name: &str| std::fs::read_to_string(temp.join(name)).unwrap_or_default();
        let out = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        (done.status.code().unwrap(), out, read("out"), read("summary"), read("x.sarif"))
    };
    let (code, out, told, summary, sarif) = run(".\n", "");
    assert_eq!((code, told.as_str()), (1, "exit-code=1\nreported=true\n"), "{out}");
    assert!(out.contains("::error ") && summary.contains("container/privileged"), "{out}\n{summary}");
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    assert!(sarif["runs"][0]["results"].as_array().unwrap().len() >= 2);
    let (code, out, ..) = run("ok", "--no-config\n--min-confidence\nlow");
    assert_eq!(code, 0, "{out}");
    let (code, out, ..) = run("ok\n$(touch owned)", "");
    assert_eq!(code, 2, "{out}");
    assert!(!place.project().join("owned").exists(), "{out}");
    // Words of a path are no options.
    let (code, out, told, ..) = run("--yes", "");
    assert_eq!(code, 2, "{out}");
    // A report that the repository brings along is not passed off as ours.
    assert_eq!(told, "exit-code=2\n");
    let upload = steps.iter().find(|step| step.get("uses").is_some()).unwrap().get("if").unwrap().as_str().unwrap();
    assert!(upload.contains("always()") && upload.contains("steps.scan.outputs.reported == 'true'"), "{upload}");
}

/// What builds the program does not go by what the scanned repository says of compilers: rustup would run the folder that a
/// `rust-toolchain.toml` beside it names.
#[cfg(unix)]
#[test]
fn the_action_is_built_where_only_its_own_files_count() {
    use std::os::unix::fs::PermissionsExt;
    let action = yaml("action.yml");
    let install = action.get("runs").unwrap().get("steps").unwrap().elements()[0].get("run").unwrap();
    let place = Place::new();
    place.write("home/bin/cargo", "#!/bin/sh\npwd > \"$HOME/where\"\necho \"$@\" > \"$HOME/what\"\n");
    place
        .write("home/the action/Cargo.toml", "")
        .write("project/rust-toolchain.toml", "[toolchain]\npath = \"evil\"\n");
    std::fs::set_permissions(place.home().join("bin/cargo"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", install.as_str().unwrap()]);
    command.current_dir(place.project()).env_clear().env("HOME", place.home());
    command.env("PATH", format!("{}:/usr/bin:/bin", place.home().join("bin").display()));
    command.env("GITHUB_ACTION_PATH", place.home().join("the action")).env("RUNNER_TEMP", place.home());
    command.env("GITHUB_PATH", place.home().join("path"));
    assert!(command.status().unwrap().success());
    let read = |name: &str| std::fs::read_to_string(place.home().join(name)).unwrap();
    assert!(read("where").trim_end().ends_with("/home/the action"), "{}", read("where"));
    assert!(read("what").contains("--locked") && read("what").contains("/the action --root"), "{}", read("what"));
    assert_eq!(read("path").trim_end(), place.home().join("mcpscan/bin").display().to_string());
}

/// The image runs the program with arguments that it has, and starts nothing.
#[test]
fn the_image_runs_a_command_that_is_there() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Dockerfile")).unwrap();
    let command = text.lines().find_map(|line| line.strip_prefix("CMD ")).unwrap();
    let args: Vec<String> = serde_json::from_str(command).unwrap();
    let place = Place::new();
    place.write("project/.mcp.json", BAD);
    // What the build needs is not kept from it.
    let ignored = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".dockerignore")).unwrap();
    for needed in ["src", "rules", "benches", "tests", "Cargo.toml", "Cargo.lock", "LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(ignored.lines().all(|line| line.trim_end_matches('/') != needed), "{needed}");
    }
    let args: Vec<&str> = args.iter().map(|arg| if arg == "/src" { "." } else { arg }).collect();
    let ran = place.run(&args);
    assert_eq!(ran.code, 1, "{}", ran.err);
}

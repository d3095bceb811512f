//! The command line as people and scripts use it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::{BAD_CURSOR, Place};
use snapbox::{assert_data_eq, str};

fn bad() -> Place {
    let place = Place::new();
    place.write("home/.cursor/mcp.json", BAD_CURSOR);
    place
}

#[test]
fn a_report_for_people() {
    let ran = bad().run(&["--home", "../home", "--fail-on", "medium"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert_data_eq!(
        ran.out,
        str![[r#"
== Server `search` of cursor in [..]/home/.cursor/mcp.json

medium[supply-chain/unpinned-package]: `search` runs whatever `@acme/search` is
  published next: it names the tag `latest`, which can be moved
 --> [..]/home/.cursor/mcp.json:6:22
  |
6 |       "args": ["-y", "@acme/search@latest"],
  |                      ^^^^^^^^^^^^^^^^^^^^^
  |
  = why: A new release runs with your rights at the next start, without anything
         changing in the config.
  = help: Name the version that you have looked at: `@acme/search@1.2.3` with
          its real number. Dependencies of the package can still move; a lock
          file or an image digest fixes those too.

medium[secrets/generic]: `env.ACME_API_KEY` of `search` is named like a secret
  and holds a value that looks like one
 --> [..]/home/.cursor/mcp.json:7:33
  |
7 |       "env": { "ACME_API_KEY": "••••", "MODE": "fast" },
  |                                 ^^^^
  |
  = why: The file is read by every program of this user, copied into backups and
         often committed; the value then belongs to whoever finds it.
  = help: Replace the value at its provider, then write `${env:ACME_API_KEY}`
          instead of the value.

Not looked at:
  2 servers not asked, only judged by the config: `search`, `crm`. `--launch
    all` starts or connects to them.

Read 1 file, 2 servers.
Found 2 medium.
`mcpscan explain supply-chain/unpinned-package` tells more of a rule.

"#]]
    );
}

#[test]
fn eighty_columns_and_no_colour_in_a_pipe() {
    let ran = bad().run(&["--home", "../home", "--pedantic"]);
    for line in ran.out.lines().filter(|line| !line.contains(" --> ")) {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{line}");
    }
    assert!(!ran.out.contains('\u{1b}'));
}

#[test]
fn a_secret_never_shows() {
    let place = bad();
    for args in [
        &["--home", "../home"][..],
        &["--home", "../home", "--format", "json"],
        &["--home", "../home", "--format", "sarif"],
        &["list", "--home", "../home"],
    ] {
        let ran = place.run(args);
        assert!(
            !ran.out.contains("q7Zt2mXw9LbK4vRn8cYp3sHd") && !ran.err.contains("q7Zt2mXw9LbK4vRn8cYp3sHd"),
            "{args:?}\n{}",
            ran.out
        );
    }
}

#[test]
fn exit_codes() {
    let place = bad();
    place.write("project/named.json", BAD_CURSOR);
    for (args, code) in [
        (&["named.json"][..], 1),
        // A key in a client's own config at home is told, and fails nothing.
        (&["--home", "../home"], 0),
        (&["--home", "../home", "--fail-on", "medium"], 1),
        (&["--home", "../home", "--fail-on", "critical"], 0),
        (&["--home", "../home", "--fail-on", "never"], 0),
        (&["--home", "../home", "--ignore", "secrets"], 0),
        (&["--home", "../home", "--ignore", "secrets", "--fail-on", "medium"], 1),
        (&["--home", "../home", "--select", "supply-chain/unpinned-package", "--fail-on", "medium"], 1),
        (&["--home", "../home", "--select", "supply-chain/unpined-package"], 2),
        (&["--home", "../home", "--client", "vscode"], 0),
        (&["--home", "../home", "--client", "nobody"], 2),
        (&["--home", "../nowhere"], 2),
        (&["--no-such-option"], 2),
        (&["--launch", "ask"], 2),
        (&["--version"], 0),
        (&["--help"], 0),
        (&["rules", "list"], 0),
        (&["explain", "supply-chain/unpinned-package"], 0),
        (&["explain", "supply-chain/nothing"], 2),
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, code, "{args:?}\n{}\n{}", ran.out, ran.err);
    }
}

#[test]
fn a_typo_in_a_rule_is_told_with_the_right_name() {
    let ran = bad().run(&["--ignore", "supply-chain/unpined-package"]);
    assert_data_eq!(
        ran.err,
        str![[r#"
mcpscan: `supply-chain/unpined-package` is neither a rule nor a pack; did you mean `supply-chain/unpinned-package`?

"#]]
    );
}

#[test]
fn the_list() {
    let place = bad();
    place.write(
        "project/.mcp.json",
        r#"{"mcpServers": {"db": {"command": "docker", "args": ["run", "-i", "acme/db"], "disabled": true}}}"#,
    );
    let of_programs = if cfg!(windows) {
        "AppData/Roaming"
    } else if cfg!(target_os = "macos") {
        "Library/Application Support"
    } else {
        ".config"
    };
    place.write(&format!("home/{of_programs}/Code/User/mcp.json"), "{ \"servers\": {} }");
    place.write("home/.claude.json", r#"{"projects": {"/src/x": {"mcpServers": {"p": {"command": "p"}}}}}"#);
    let ran = place.run(&["list", "--home", "../home"]);
    assert_eq!(ran.code, 0);
    assert_data_eq!(
        ran.out.replace(of_programs, ".config"),
        str![[r#"
[..]/home/.claude.json  Claude Code, user
  p  p  (in /src/x)
[..]/home/.cursor/mcp.json  Cursor, user
  search  npx -y @acme/search@latest
  crm     https://crm.example.com/mcp
[..]/home/.config/Code/User/mcp.json  VS Code, user
  no servers
.mcp.json  Claude Code, VS Code, GitHub Copilot CLI and 2 more, project
  db  docker run -i acme/db  (disabled)

4 servers in 4 configs

"#]]
    );
}

#[test]
fn several_formats_at_once() {
    let place = bad();
    let ran = place.run(&[
        "--home", "../home", "--format", "json", "--output", "a.json", "--format", "sarif", "--output", "b.sarif",
        "--format", "text",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("== Server"));
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(place.project().join(name)).unwrap()).unwrap()
    };
    assert_eq!(read("a.json")["schema"], "mcpscan/1");
    assert_eq!(read("b.sarif")["version"], "2.1.0");
    assert_eq!(
        std::fs::read_dir(place.project()).unwrap().count(),
        3,
        "no temporary file is left beside .git and the two reports"
    );
    assert_eq!(place.run(&["--format", "json", "--format", "sarif"]).code, 2);
    assert_eq!(place.run(&["--format", "json", "--output", "no/such/folder.json"]).code, 2);
}

#[test]
fn two_runs_give_the_same_bytes() {
    let place = bad();
    for format in ["text", "json", "sarif"] {
        let args = ["--home", "../home", "--format", format];
        assert_eq!(place.run(&args).out, place.run(&args).out, "{format}");
    }
}

#[test]
fn fingerprints_survive_moved_lines_and_spaces() {
    let place = bad();
    let prints = |place: &Place| {
        let json = place.run(&["--home", "../home", "--format", "json"]).json();
        json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["fingerprint"].to_string())
            .collect::<Vec<_>>()
    };
    let before = prints(&place);
    place.write("home/.cursor/mcp.json", format!("{}{}", "\n".repeat(20), BAD_CURSOR.replace("\n  ", "\n\t ")));
    let after = prints(&place);
    assert_eq!(before, after);
    assert!(before.len() == 2 && before[0] != before[1]);
}

#[test]
fn packs_of_ones_own() {
    let place = bad();
    let pack = |pattern: &str| {
        format!(
            "[pack]\nname = \"mine\"\ntitle = \"t\"\njudges = \"texts\"\n[[rule]]\nid = \"mine/word\"\ntitle = \"t\"\nseverity = \"high\"\nconfidence = \"high\"\n\
             since = \"1\"\nkeywords = [\"frobnicate\"]\npatterns = ['{pattern}']\nmessage = \"`{{tool}}` frobnicates\"\nwhat = \"w\"\nwhy = \"w\"\nexploit = \"e\"\nfix = \"f\"\n\
             references = [\"https://example.com\"]\ncwe = [1]\ntrue = [\"frobnicate a\", \"frobnicate b\", \"frobnicate c\"]\nfalse = [\"a\", \"b\", \"c\"]\n"
        )
    };
    place.write("project/mine.toml", pack("frobnicate"));
    let ran = place.run_with(
        &["--tools", "-", "--rules", "mine.toml", "--format", "json"],
        r#"[{"name": "x", "description": "Will FROBNICATE it"}]"#,
    );
    assert_eq!((ran.code, ran.rules()), (1, vec!["mine/word".to_owned()]));
    assert_eq!(place.run(&["rules", "test", "--rules", "mine.toml"]).code, 0);

    place.write("project/mine.toml", pack("frob("));
    assert_eq!(place.run(&["rules", "test", "--rules", "mine.toml"]).code, 2);
    place.write("project/mine.toml", "[pack]\nname = 'mine'\ntitel = 'x'\n");
    let ran = place.run(&["--rules", "mine.toml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("mine.toml:3:1") && ran.err.contains("titel"), "{}", ran.err);
}

#[test]
fn a_rule_explains_itself() {
    let ran = bad().run(&["explain", "supply-chain/unpinned-package"]);
    for part in [
        "What it finds",
        "Why it matters",
        "How it is exploited",
        "What to do",
        "Found",
        "Left alone",
        "References",
        "CWE-1357",
    ] {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
}

#[test]
fn what_to_do_is_told_wherever_it_differs() {
    let place = Place::new();
    let config = r#"{"mcpServers": {"a": {"command": "npx", "args": ["-y", "acme-a"]}, "b": {"command": "npx", "args": ["-y", "acme-b"]}}}"#;
    place.write("project/mcp.json", config);
    let out = place.run(&["mcp.json"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    for edit in ["`acme-a@1.2.3`", "`acme-b@1.2.3`"] {
        assert!(out.contains(&format!("Name the version that you have looked at: {edit}")), "{out}");
    }
    assert_eq!(
        out.matches("Dependencies of the package can still move").count(),
        1,
        "what does not differ is told once"
    );
    assert_eq!(out.matches("why:").count(), 1, "{out}");
}

/// Two servers with thousands of names in common, which most often are one server twice, fill no report.
#[test]
fn many_common_names_are_told_once() {
    let place = Place::new();
    let tools: Vec<serde_json::Value> = (0..300).map(|at| serde_json::json!({"name": format!("tool_{at}")})).collect();
    let line = |server: &str| serde_json::json!({"client": "c", "server": server, "tools": tools}).to_string();
    place.write("project/two.ndjson", format!("{}\n{}\n", line("one"), line("two")));
    let ran = place.run(&["--tools", "two.ndjson", "--format", "json"]);
    let rules = ran.rules();
    assert_eq!(rules.iter().filter(|rule| *rule == "shadowing/same-name").count(), 20);
    assert!(ran.out.contains("as have 280 more of its tools"), "{}", ran.out);
}

/// The part of the contract that is about where reports go.
#[test]
fn outputs_that_cannot_be_written() {
    let place = bad();
    for (args, word) in [
        (&["--format", "json", "--output", "no/such/folder.json"][..], "there is no folder no/such"),
        (&["--format", "json", "--output", "."], "is a folder"),
        (&["--format", "json", "--output", "a", "--format", "sarif", "--output", "a"], "two reports"),
        (&["--output", "report.what"], "its name says no format"),
    ] {
        let ran = place.run(&[args, &["--home", "../home"]].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(word), "{args:?}: {}", ran.err);
    }
    assert_eq!(std::fs::read_dir(place.project()).unwrap().count(), 1, "nothing is left beside .git");
}

#[test]
fn a_file_says_its_format() {
    let place = bad();
    for (name, start) in [
        ("r.md", "<!-- mcpscan -->"),
        ("r.xml", "<?xml"),
        ("r.ndjson", "{\"type\":\"report\""),
        ("r.sarif.json", "{\"$schema\""),
        ("r.json", "{\n  \"schema\": \"mcpscan/1\""),
        ("r.txt", "== Server"),
    ] {
        let ran = place.run(&["--home", "../home", "--output", name]);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
        let text = std::fs::read_to_string(place.project().join(name)).unwrap();
        assert!(text.starts_with(start), "{name}: {text}");
    }
}

/// A full disk is told with the file, leaves what was there, and costs only the report that did not fit.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let place = bad();
    let full = "/dev/full";
    let ran = place
        .run(&["--home", "../home", "--format", "json", "--output", full, "--format", "sarif", "--output", "b.sarif"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("mcpscan: /dev/full: No space left"), "{}", ran.err);
    assert!(place.project().join("b.sarif").exists());
    let into = |file: &str, args: &[&str]| {
        let out = std::fs::OpenOptions::new().write(true).open(file).unwrap();
        let mut command = std::process::Command::new(common::binary());
        command.args(args).current_dir(place.project()).env("HOME", place.home()).stdout(out);
        let done = command.stdin(std::process::Stdio::null()).output().unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    for args in [&["--format", "json"][..], &["list"], &["rules"], &["schema"], &["demo"]] {
        let (code, err) = into(full, args);
        assert_eq!(code, 2, "{args:?}");
        assert!(err.starts_with("mcpscan: standard output: No space left"), "{args:?}: {err}");
    }
}

/// Whoever reads the report may stop: no message, no panic, and the exit code of the findings.
#[cfg(unix)]
#[test]
fn a_reader_that_goes_away() {
    let place = bad();
    for (args, code) in [
        (&["--home", "../home", "--format", "json", "--fail-on", "medium"][..], 1),
        (&["--home", "../home", "--format", "sarif"], 0),
        (&["demo"], 0),
        (&["rules"], 0),
        (&["--help"], 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = std::process::Command::new(common::binary());
        command.args(args).current_dir(place.project()).env("HOME", place.home()).stdout(writer);
        let done = command.stdin(std::process::Stdio::null()).output().unwrap();
        assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stderr).as_ref()), (Some(code), ""), "{args:?}");
    }
}

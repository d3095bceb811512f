//! `.mcpscan.toml`, through the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::{BAD_CURSOR, Place, Ran};

fn project(settings: &str) -> Place {
    let place = Place::new();
    place.write("project/.cursor/mcp.json", BAD_CURSOR).write("project/.mcpscan.toml", settings);
    place
}

const JSON: [&str; 3] = [".", "--format", "json"];

fn notes(ran: &Ran) -> String {
    let json = ran.json();
    let notes = json["coverage"]["notes"].as_array().cloned().unwrap_or_default();
    notes.iter().map(|note| format!("{}\n", note["message"].as_str().unwrap())).collect()
}

fn suppressed(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap().clone();
    let hit = findings.iter().filter(|finding| finding["suppressed"].is_string());
    hit.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn by_rule_server_tool_and_path() {
    for (narrowed, hits) in [
        ("", true),
        ("server = 'sea*'", true),
        ("server = ['x', 'search']", true),
        ("server = 'crm'", false),
        ("tool = '*'", false),
        ("path = '.cursor/*.json'", true),
        ("path = 'mcp.json'", true),
        ("path = '**/mcp.json'", true),
        ("path = '*/x.json'", false),
        ("path = '*'", true),
        ("path = 'cursor/**'", false),
        ("expires = 9999-12-31", true),
        ("expires = 2000-01-01", false),
    ] {
        let place = project(&format!("[[ignore]]\nrule = 'supply-chain/unpinned-package'\nreason = 'r'\n{narrowed}\n"));
        let ran = place.run(&JSON);
        assert_eq!(suppressed(&ran) == ["supply-chain/unpinned-package"], hits, "{narrowed}: {}", ran.out);
        // What hides nothing is told.
        assert_eq!(notes(&ran).is_empty(), hits || narrowed.starts_with("tool"), "{narrowed}: {}", notes(&ran));
        assert_eq!(notes(&ran).contains("counts again"), narrowed.contains("2000"), "{}", notes(&ran));
    }
}

#[test]
fn nothing_is_called_unused_that_was_not_looked_for() {
    let place = project("[[ignore]]\nrule = 'supply-chain'\nserver = 'elsewhere'\nreason = 'r'\n");
    place.write("project/sub/.mcp.json", BAD_CURSOR);
    assert!(notes(&place.run(&JSON)).contains("ignores nothing"));
    assert!(notes(&place.run(&["--format", "json"])).contains("ignores nothing"));
    for args in [&["sub"][..], &[".cursor/mcp.json"], &[".", "--client", "cursor"]] {
        let ran = place.run(&[args, &["--format", "json"]].concat());
        assert_eq!(notes(&ran), "", "{args:?}");
    }
    // A file that can't be read may hold what it speaks of.
    place.write("project/.vscode/mcp.json", "{");
    assert_eq!(notes(&place.run(&JSON)), "");
}

#[test]
fn what_a_project_hides_is_seen() {
    let place =
        project("[scan]\nignore = ['secrets']\nfail-on = 'never'\n[[ignore]]\nrule = 'supply-chain'\nreason = 'r'\n");
    let ran = place.run(&["."]);
    assert_eq!(ran.code, 0);
    let flat = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains(".mcpscan.toml, which came with the project: ignore = [\"secrets\"]; fail-on = \"never\""),
        "{flat}"
    );
    assert!(flat.contains("Suppressed 2") && flat.contains("2 by .mcpscan.toml."), "{flat}");
    assert_eq!(suppressed(&place.run(&JSON)).len(), 2);
    let ran = place.run(&[".", "--no-config", "--format", "json"]);
    assert!(suppressed(&ran).is_empty() && ran.code == 1, "{}", ran.out);
}

#[test]
fn a_project_decides_nothing_about_what_is_started() {
    let place = project("[scan]\nlaunch = 'all'\n");
    // It would leave a trace.
    place.write("project/.mcp.json", r#"{"mcpServers": {"a": {"command": "sh", "args": ["-c", "touch started"]}}}"#);
    let ran = place.run(&JSON);
    assert!(notes(&ran).contains("counts only in your own settings"), "{}", ran.out);
    assert!(!place.project().join("started").exists());
    let servers = ran.json()["coverage"]["servers"].as_array().unwrap().clone();
    assert!(servers.iter().all(|server| server["status"] == "static"), "{servers:?}");
    assert_eq!(place.run(&[".", "--require-complete", "--fail-on", "never"]).code, 3);
}

#[test]
fn the_users_own_settings_may_say_who_is_asked() {
    let binary = common::binary();
    let place = Place::new();
    let entry = serde_json::json!({"mcpServers": {"notes": {"command": binary, "args": ["__serve", "notes"]}}});
    place.write("home/.cursor/mcp.json", entry.to_string());
    place.write("home/.config/mcpscan/config.toml", "[scan]\nlaunch = 'all'\n");
    let status = |ran: Ran| ran.json()["coverage"]["servers"][0]["status"].as_str().unwrap().to_owned();
    if cfg!(target_os = "linux") {
        assert_eq!(status(place.run(&["--format", "json"])), "scanned");
    }
    assert_eq!(status(place.run(&["--format", "json", "--launch", "none"])), "static");
    assert_eq!(status(place.run(&["--format", "json", "--no-config"])), "static");
    // A project may still ask for less.
    place.write("project/.mcpscan.toml", "[scan]\nlaunch = 'none'\n");
    assert_eq!(status(place.run(&["--format", "json"])), "static");
}

#[cfg(unix)]
#[test]
fn settings_of_ones_own_that_others_can_change_count_for_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("home/.config/mcpscan/config.toml", "");
    if !cfg!(target_os = "linux") {
        return;
    }
    let path = place.home().join(".config/mcpscan/config.toml");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let ran = place.run(&[]);
    assert!(ran.code == 2 && ran.err.contains("chmod 600"), "{}", ran.err);
}

#[test]
fn the_command_line_weighs_most_and_the_user_least() {
    let place = project("[scan]\nfail-on = 'critical'\nformat = 'json'\n");
    place.write(
        "home/.config/mcpscan/config.toml",
        "[scan]\nfail-on = 'low'\npedantic = true\nmin-confidence = 'low'\n",
    );
    if !cfg!(target_os = "linux") {
        return;
    }
    let ran = place.run(&["."]);
    assert_eq!((ran.code, ran.json()["schema"].as_str()), (0, Some("mcpscan/1")), "{}", ran.out);
    let used = ran.json()["coverage"]["settings"].clone();
    assert_eq!((used[0]["path"].as_str(), used[0]["origin"].as_str()), (Some(".mcpscan.toml"), Some("project")));
    assert_eq!(used[1]["origin"], "user");
    assert_eq!(place.run(&[".", "--fail-on", "low"]).code, 1);
    std::fs::remove_file(place.project().join(".mcpscan.toml")).unwrap();
    assert_eq!(place.run(&["."]).code, 1, "the user's own");
    assert!(place.run(&[".", "--format", "text"]).out.contains("Found"));
}

#[test]
fn packs_severities_and_lists_of_the_command_line() {
    let place =
        project("rules = ['packs']\n[severity]\n'supply-chain/unpinned-package' = 'info'\n'mine/word' = 'low'\n");
    place.write(
        "project/packs/mine.toml",
        "[pack]\nname = 'mine'\ntitle = 't'\njudges = 'texts'\n[[rule]]\nid = 'mine/word'\ntitle = 't'\nseverity = 'high'\n\
         confidence = 'high'\nsince = '0'\nkeywords = ['xyzzy']\npatterns = ['xyzzy']\nmessage = 'm'\nwhat = 'w'\nwhy = 'w'\n\
         exploit = 'e'\nfix = 'f'\ntrue = []\nfalse = []\n",
    );
    let ran = place.run(&JSON);
    let finding = ran.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["rule"] == "supply-chain/unpinned-package")
        .cloned();
    assert_eq!(finding.unwrap()["severity"], "info");
    assert!(ran.out.contains(r#"\"supply-chain/unpinned-package\" = \"info\" for 1 finding"#), "{}", ran.out);
    place.write("project/list.json", r#"[{"name": "a", "description": "xyzzy"}]"#);
    let ran = place.run(&["--tools", "list.json", "--format", "json"]);
    assert_eq!(
        (ran.rules(), ran.json()["findings"][0]["severity"].as_str()),
        (vec!["mine/word".to_owned()], Some("low"))
    );
    assert_eq!(place.run(&["--tools", "list.json", "--select", "secrets", "--format", "json"]).rules(), [""; 0]);
}

#[test]
fn servers_that_are_not_allowed() {
    let place = project("[[allow]]\npackage = 'npm:@acme/*'\n");
    let ran = place.run(&["."]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("client/server-not-allowed") && ran.out.contains("`crm.example.com`"), "{}", ran.out);
    let hits =
        |place: &Place| place.run(&JSON).rules().iter().filter(|rule| *rule == "client/server-not-allowed").count();
    assert_eq!(hits(&place), 1);
    place.write(
        "project/.mcpscan.toml",
        "[[allow]]\npackage = '@acme/*'\n[[allow]]\nurl = 'https://*.example.com/**'\n",
    );
    assert_eq!(hits(&place), 0);
    // A project can't widen what the user allows.
    if cfg!(target_os = "linux") {
        place.write("home/.config/mcpscan/config.toml", "[[allow]]\nname = 'search'\n");
        assert_eq!(hits(&place), 1);
    }
}

#[test]
fn mistakes_have_a_place_and_the_right_name() {
    for (text, part) in [
        ("[scan]\nfail_on = 'low'\n", ".mcpscan.toml:2:1: unknown key `fail_on` in `[scan]`; did you mean `fail-on`?"),
        ("\n  fail-on = 'low'\n", ".mcpscan.toml:2:3: `fail-on` belongs into `[scan]`"),
        ("[scan]\nbaseline = 'x'\n", ".mcpscan.toml:2:1: `baseline` belongs above `[scan]`"),
        ("[scan]\nfail-on = 'worst'\n", ".mcpscan.toml:2:11: `fail-on` is `worst`, expected one of critical, high"),
        ("[scan]\nformat = 'jsno'\n", ".mcpscan.toml:2:10: `format` is `jsno`; did you mean `json`?"),
        ("[scan]\npedantic = 'yes'\n", ".mcpscan.toml:2:12: `pedantic` is a string, expected `true` or `false`"),
        (
            "[scan]\nselect = ['secret']\n",
            ".mcpscan.toml:2:11: `secret` is neither a rule nor a pack; did you mean `secrets`?",
        ),
        ("[scan]\nselect = 3\n", "expected a string or a list of strings"),
        ("[ignores]\n", ".mcpscan.toml:1:2: unknown key `ignores`; did you mean `ignore`?"),
        ("[ignore]\nrule = 'x'\n", "is written as `[[ignore]]`"),
        ("[[ignore]]\nrule = 'secrets'\n", ".mcpscan.toml:1:1: an ignore says why"),
        ("[[ignore]]\nreason = 'all of it'\n", ".mcpscan.toml:1:1: an ignore names its rules"),
        ("[[ignore]]\nrule = '*'\nreason = 'r'\n", "`*` is neither a rule nor a pack"),
        ("[[ignore]]\nrule = 'unpined-package'\nreason = 'r'\n", "did you mean `supply-chain/unpinned-package`?"),
        ("[[ignore]]\nrule = 'secrets'\nreason = 'r'\nexpires = 2026-02-30\n", ".mcpscan.toml:4:"),
        ("[[ignore]]\nrule = 'secrets'\nreason = 'r'\nexpires = 'soon'\n", "the last day on which it counts"),
        ("[[ignore]]\nrule = 'secrets'\nreason = 'r'\npath = '['\n", ".mcpscan.toml:4:8: `[` is no pattern"),
        ("[[ignore]]\nrule = 'secrets'\nreason = 'r'\nserver = []\n", "leave it out to mean all"),
        ("[[allow]]\n", "an `[[allow]]` has one of"),
        ("[[allow]]\npackage = 'a'\nurl = 'https://a'\n", "an `[[allow]]` has one of"),
        ("[[allow]]\nurl = 'acme.example'\n", "begins with `https://`"),
        ("[[allow]]\npackages = 'a'\n", "did you mean `package`?"),
        ("[severity]\n'secrets' = 'low'\n", ".mcpscan.toml:2:1: `secrets` is no rule"),
        ("[severity]\n'secrets/generic' = 'mild'\n", "expected one of critical"),
        ("rules = ['nowhere']\n", ".mcpscan.toml:1:10: nowhere:"),
        ("rules = ['../../../../../../etc']\n", "may lead out of the project"),
        ("rules = ['/etc']\n", "may lead out of the project"),
        ("baseline = 'nowhere'\n", ".mcpscan.toml:1:12: nowhere:"),
        ("[scan\n", ".mcpscan.toml:1:"),
    ] {
        let ran = project(text).run(&["."]);
        assert_eq!(ran.code, 2, "{text}: {}", ran.out);
        assert!(ran.err.contains(part), "{text}: {}", ran.err);
    }
    let ran = project("[scan]\nfail_on = 'low'\nformat = 3\n[x]\n").run(&["."]);
    assert_eq!(ran.err.lines().count(), 3, "all at once: {}", ran.err);
}

#[test]
fn where_the_file_is_found() {
    let place = project("[scan]\nfail-on = 'never'\n");
    place.write("project/sub/deep/.mcp.json", BAD_CURSOR);
    assert_eq!(place.run(&["sub/deep/.mcp.json"]).code, 0, "up to the root of the repository");
    place.write("project/sub/.mcpscan.toml", "[scan]\nfail-on = 'low'\n");
    assert_eq!(place.run(&["sub/deep/.mcp.json"]).code, 1, "the nearest one");
    let ran = place.run(&["sub", ".cursor/mcp.json"]);
    assert!(ran.code == 2 && ran.err.contains("several projects"), "{}", ran.err);
    assert_eq!(place.run(&["sub", ".cursor/mcp.json", "--config", ".mcpscan.toml"]).code, 0);
    assert_eq!(place.run(&["sub", "--config", "nowhere.toml"]).code, 2);
    // Above what is no repository anybody may leave a file.
    place
        .write("home/other/.mcpscan.toml", "[scan]\nfail-on = 'never'\n")
        .write("home/other/sub/.mcp.json", BAD_CURSOR);
    assert_eq!(place.run(&["../home/other/sub", "--fail-on", "medium"]).code, 1);
    assert_eq!(place.run(&["../home/other"]).code, 0);
}

#[cfg(unix)]
#[test]
fn a_link_is_no_settings_file() {
    let place = project("");
    place.write("home/secret", "key = 'value'\n");
    std::fs::remove_file(place.project().join(".mcpscan.toml")).unwrap();
    std::os::unix::fs::symlink(place.home().join("secret"), place.project().join(".mcpscan.toml")).unwrap();
    let ran = place.run(&["."]);
    assert!(ran.code == 2 && ran.err.contains("a link") && !ran.err.contains("key"), "{}", ran.err);
}

/// Every example of the page is settings that are read without a mistake, or a config whose comments say what they should.
#[test]
fn the_examples_of_the_docs_work() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md")).unwrap();
    let blocks = |kind: &str| -> Vec<String> {
        let fence = format!("```{kind}\n");
        let parts = page.split(fence.as_str()).skip(1);
        parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
    };
    let (settings, configs) = (blocks("toml"), blocks("jsonc"));
    assert!(settings.len() >= 3 && !configs.is_empty());
    for text in settings.iter().filter(|text| !text.contains("mcp_servers")) {
        let place = project(&text.replace("rules = [\"security/mcp\"]", "").replace("baseline = ", "# "));
        let ran = place.run(&[".", "--format", "json"]);
        assert!(ran.code < 2, "{text}: {}", ran.err);
    }
    for text in configs.iter().chain(settings.iter().filter(|text| text.contains("mcp_servers"))) {
        let place = Place::new();
        let name = if text.contains("mcp_servers") { "a.toml" } else { "a.json" };
        place.write(&format!("project/{name}"), text);
        let ran = place.run(&[name, "--format", "json"]);
        assert!(notes(&ran).is_empty() && !suppressed(&ran).is_empty(), "{text}: {}", ran.out);
    }
}

/// What a project says counts for the project: not for what its user has elsewhere.
#[test]
fn a_project_says_nothing_about_the_home() {
    let bad = r#"{"mcpServers": {"h": {"url": "http://mcp.example.org/mcp"}}}"#;
    for settings in [
        "[[ignore]]\nrule = ['transport']\nreason = 'x'\n",
        "[scan]\nignore = ['transport']\n",
        "[severity]\n'transport/cleartext-remote' = 'info'\n",
    ] {
        let place = project(settings);
        place.write("home/.cursor/mcp.json", bad).write("project/.cursor/mcp.json", bad);
        let ran = place.run(&["--format", "json"]);
        let counts: Vec<(String, bool)> = ran.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["rule"] == "transport/cleartext-remote")
            .map(|finding| {
                let counts = finding["suppressed"].is_null() && finding["severity"] != "info";
                (finding["location"]["path"].as_str().unwrap().to_owned(), counts)
            })
            .collect();
        assert_eq!(counts.len(), 2, "{settings}: {counts:?}");
        for (path, counted) in counts {
            assert_eq!(counted, path.contains("home") || path.starts_with('~'), "{settings}: {path}");
        }
    }
}

/// Whoever reads only a line or an annotation learns what a project hides.
#[test]
fn every_report_for_people_says_what_a_project_hides() {
    for (settings, said) in [
        ("[[ignore]]\nrule = ['supply-chain']\nreason = 'x'\n", "by .mcpscan.toml"),
        ("[severity]\n'supply-chain/unpinned-package' = 'info'\n", "\"supply-chain/unpinned-package\" = \"info\""),
        ("[scan]\nfail-on = 'never'\n", "fail-on = \"never\""),
    ] {
        let place = project(settings);
        for format in [&[".", "-q"][..], &[".", "--format", "github"], &[".", "--format", "markdown"], &["."]] {
            let out = place.run(format).out.replace(['\\', '`'], "");
            let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(out.contains(said), "{settings} {format:?}: {out}");
        }
    }
}

/// Whatever format a project asks for, what its settings hide is told in it; so the format itself need not be.
#[test]
fn no_format_that_a_project_asks_for_hides_what_it_hides() {
    for (settings, said) in [
        ("[[ignore]]\nrule = ['supply-chain']\nreason = 'for no reason'\n", "for no reason"),
        ("[severity]\n'supply-chain/unpinned-package' = 'info'\n", "supply-chain/unpinned-package\" = \"info"),
        ("[scan]\nfail-on = 'never'\n", "fail-on = \"never"),
    ] {
        for format in mcpscan::report::FORMATS.iter().map(|format| format.name) {
            let settings = match settings.contains("[scan]") {
                true => format!("{settings}format = '{format}'\n"),
                false => format!("[scan]\nformat = '{format}'\n{settings}"),
            };
            let place = project(&settings);
            let out = place.run(&["."]).out;
            let counts = "1 by .mcpscan.toml";
            let out = out.replace("&quot;", "\"").replace(['\\', '`'], "");
            let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(out.contains(said) || said == "for no reason" && out.contains(counts), "{settings}: {out}");
        }
    }
}

/// JUnit has no place for it but a case, which is one that was not tested.
#[test]
fn tests_that_a_project_left_out_are_skipped_ones() {
    let place = project("[scan]\nfail-on = 'never'\n[[ignore]]\nrule = 'secrets/nothing'\nreason = 'r'\n");
    place.write("project/.mcpscan.toml", "[scan]\nfail-on = 'never'\nlaunch = 'all'\n");
    let out = place.run(&[".", "--format", "junit"]).out;
    let document = roxmltree::Document::parse(&out).unwrap();
    let suite = document.descendants().find(|node| node.attribute("name") == Some(".mcpscan.toml")).unwrap();
    let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
    let said: Vec<_> = cases
        .iter()
        .map(|case| {
            let verdict = case.first_element_child().unwrap();
            (
                verdict.tag_name().name().to_owned(),
                verdict.attribute("message").unwrap().to_owned(),
                case.attribute("line"),
            )
        })
        .collect();
    assert_eq!(said.len(), 2, "{out}");
    assert_eq!(said[0], ("skipped".to_owned(), "came with the project: fail-on = \"never\"".to_owned(), Some("1")));
    assert!(
        said[1].0 == "error" && said[1].1.contains("counts only in your own settings") && said[1].2 == Some("3"),
        "{out}"
    );
    assert_eq!(suite.attribute("tests"), Some("2"));
    // What the user's own settings do, the user knows.
    let place = project("");
    place.write("home/.config/mcpscan/config.toml", "[scan]\nfail-on = 'never'\n");
    assert!(!place.run(&[".", "--format", "junit"]).out.contains("fail-on"));
}

/// Links of a project's packs are not followed out of it, and what has no end is not read.
#[cfg(unix)]
#[test]
fn packs_of_a_project_stay_in_it() {
    let place = project("rules = ['packs']\n");
    place.write("project/packs/a.txt", "").write("home/secret.toml", "hunter2 = 1\n");
    for target in [place.home().join("secret.toml"), "/dev/zero".into(), "/dev/stdin".into()] {
        let link = place.project().join("packs/x.toml");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let ran = place.run(&["."]);
        assert_eq!(ran.code, 2, "{}", ran.out);
        assert!(ran.err.contains("leads out of the project") && !ran.err.contains("hunter2"), "{}", ran.err);
    }
}

/// Patterns that would take forever, or all memory, are mistakes.
#[test]
fn patterns_that_are_too_much_are_mistakes() {
    for pattern in [
        "{a,".repeat(200) + "a" + &"}".repeat(200),
        "?".repeat(200_000),
        "{".repeat(100_000) + "a" + &"}".repeat(100_000),
    ] {
        let ran = project(&format!("[[ignore]]\nrule = 'secrets'\nreason = 'r'\nserver = '{pattern}'\n")).run(&["."]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains(".mcpscan.toml:4:10: ") && ran.err.len() < 500, "{}", ran.err);
    }
    let many = vec!["'a*'"; 5_000].join(", ");
    let ran = project(&format!("[[ignore]]\nrule = 'secrets'\nreason = 'r'\nserver = [{many}]\n")).run(&["."]);
    assert!(ran.code == 2 && ran.err.contains("patterns say more with less"), "{}", ran.err);
}

//! Ignores in the comments of configs, through the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::{Place, Ran};

/// A config with an unpinned package and a key, with something above the server and something beside its arguments.
fn config(above: &str, beside: &str) -> String {
    format!(
        r#"{{
  "mcpServers": {{
    {above}
    "search": {{
      "command": "npx",
      "args": ["-y", "@acme/search@latest"], {beside}
      "env": {{ "ACME_API_KEY": "q7Zt2mXw9LbK4vRn8cYp3sHd" }}
    }},
    "crm": {{ "command": "npx", "args": ["-y", "@acme/crm"] }}
  }}
}}
"#
    )
}

fn scan(text: &str, args: &[&str]) -> Ran {
    let place = Place::new();
    place.write("project/named.json", text);
    place.run(&[&["named.json", "--format", "json"], args].concat())
}

/// Each finding with its server and what suppresses it.
fn told(ran: &Ran) -> Vec<(String, String, Option<String>)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| (text(&f["rule"]), text(&f["server"]), f["suppressed"].as_str().map(str::to_owned)))
        .collect()
}

fn notes(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let notes = json["coverage"]["notes"].as_array().cloned().unwrap_or_default();
    notes
        .iter()
        .map(|note| format!("{}: {}", note["level"].as_str().unwrap(), note["message"].as_str().unwrap()))
        .collect()
}

const UNPINNED: &str = "supply-chain/unpinned-package";

#[test]
fn above_a_server_it_counts_for_all_of_it_and_for_no_other() {
    let ran = scan(&config("// mcpscan: ignore[supply-chain/unpinned-package, secrets] ours", ""), &[]);
    for (rule, server, suppressed) in told(&ran) {
        assert_eq!(suppressed.is_some(), server == "search", "{rule} of {server}: {suppressed:?}");
        if let Some(why) = suppressed {
            assert_eq!(why, "ignored by a comment in named.json, line 3: ours");
        }
    }
    assert_eq!(ran.json()["summary"]["suppressed"], 2);
    assert_eq!(notes(&ran), [""; 0]);
}

#[test]
fn beside_a_line_it_counts_for_that_line() {
    let ran = scan(&config("", "/* mcpscan: ignore[supply-chain] ours */"), &[]);
    for (rule, server, suppressed) in told(&ran) {
        assert_eq!(suppressed.is_some(), server == "search" && rule == UNPINNED, "{rule} of {server}");
    }
}

#[test]
fn an_ignore_that_ignores_nothing_is_told() {
    for (comment, part) in [
        ("// mcpscan: ignore", "error: an ignore names its rules"),
        ("// mcpscan: ignore[supply-chain/unpined-package] x", "did you mean `supply-chain/unpinned-package`?"),
        ("// mcpscan: ignore[container] x", "warning: the ignore of `container` ignores nothing"),
        ("// mcpscan: ignore[supply-chain, secrets]", "warning: the ignore of `supply-chain, secrets` gives no reason"),
    ] {
        let ran = scan(&config(comment, ""), &["--fail-on", "never"]);
        assert!(notes(&ran).iter().any(|note| note.contains(part)), "{comment}: {:?}", notes(&ran));
        assert_eq!(ran.code, 0, "findings count as they did");
        // What was meant to do something and does nothing is a gap.
        let ran = scan(&config(comment, ""), &["--fail-on", "never", "--require-complete"]);
        assert_eq!(ran.code, if part.starts_with("warning") { 0 } else { 3 }, "{comment}");
    }
    // Nobody asked the server, so nobody knows.
    let ran = scan(&config("// mcpscan: ignore[poisoning] its author explained it", ""), &[]);
    assert_eq!(notes(&ran), [""; 0]);
}

#[test]
fn a_comment_in_a_string_is_none() {
    let ran = scan(&config(r#""note // mcpscan: ignore[supply-chain] x": {},"#, ""), &[]);
    assert!(told(&ran).iter().all(|(.., suppressed)| suppressed.is_none()));
}

#[test]
fn other_formats() {
    let place = Place::new();
    place.write(
        "project/.codex/config.toml",
        "# mcpscan: ignore[supply-chain] ours\n[mcp_servers.a]\ncommand = 'npx'\nargs = ['-y', '@acme/a']\n\n\
         [mcp_servers.b]\ncommand = 'npx'\nargs = ['-y', '@acme/b']\n",
    );
    place.write(
        "project/goose.yaml",
        "extensions:\n  # mcpscan: ignore[supply-chain] ours\n  a:\n    type: stdio\n    cmd: npx\n    args: [-y, '@acme/a']\n  \
         b:\n    type: stdio\n    cmd: npx\n    args: [-y, '@acme/b']\n",
    );
    let ran = place.run(&[".codex/config.toml", "goose.yaml", "--format", "json", "--select", "supply-chain"]);
    let told = told(&ran);
    assert_eq!(told.len(), 4, "{told:?}");
    for (_, server, suppressed) in told {
        assert_eq!(suppressed.is_some(), server == "a");
    }
}

#[test]
fn what_is_known_to_be_malicious_is_never_hidden() {
    let text = |comment: &str| {
        format!(
            "{{\"mcpServers\": {{\n{comment}\n\"a\": {{\"command\": \"npx\", \"args\": [\"-y\", \"postmark-mcp@1.0.16\"]}}}}}}"
        )
    };
    let all = scan(&text(""), &["--select", "supply-chain/known-malicious"]);
    assert_eq!(all.code, 1, "{}", all.out);
    let ran = scan(&text("// mcpscan: ignore[supply-chain] trust me"), &["--select", "supply-chain/known-malicious"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        notes(&ran).iter().any(|note| note.starts_with("error") && note.contains("not suppressed")),
        "{:?}",
        notes(&ran)
    );
    assert!(told(&ran).iter().all(|(.., suppressed)| suppressed.is_none()));
    // On the command line it is the user who says so.
    let ran = scan(&text("// mcpscan: ignore[supply-chain] trust me"), &["--ignore", "supply-chain"]);
    assert_eq!((ran.code, notes(&ran).len()), (0, 0), "{}", ran.out);
}

#[test]
fn no_secret_shows_in_a_reason() {
    const TOKEN: &str = "ghp_0000000000000000000000000000002C8KsE";
    for secret in ["q7Zt2mXw9LbK4vRn8cYp3sHd", TOKEN] {
        for format in ["text", "json", "sarif"] {
            let place = Place::new();
            place.write("project/named.json", config(&format!("// mcpscan: ignore[secrets] was {secret}"), ""));
            let ran = place.run(&["named.json", "--format", format]);
            assert!(!ran.out.contains(secret), "{format}: {}", ran.out);
        }
    }
}

#[test]
fn what_tools_say_is_ignored_above_their_server() {
    let text = |rules: &str| {
        let binary = serde_json::Value::from(common::binary());
        format!(
            "{{\"mcpServers\": {{\n// mcpscan: ignore[{rules}] its author explained it\n\"weather\": {{\"command\": {binary}, \
             \"args\": [\"__serve\", \"weather\"]}}}}}}"
        )
    };
    let args = ["--yes", "--select", "poisoning,shadowing,flows"];
    let ran = scan(&text("poisoning, flows"), &args);
    let told = told(&ran);
    assert!(told.iter().filter(|(rule, ..)| rule.starts_with("poisoning/")).count() > 1, "{}", ran.out);
    for (rule, _, suppressed) in told {
        let named = rule.starts_with("poisoning/") || rule.starts_with("flows/");
        assert_eq!(suppressed.is_some(), named, "{rule}");
    }
    // Now that it was asked, it is known what it does not say.
    let ran = scan(&text("shadowing"), &args);
    assert!(notes(&ran).iter().any(|note| note.contains("ignores nothing")), "{}", ran.out);
}

#[test]
fn sarif_tells_a_comment_from_a_file_beside() {
    let place = Place::new();
    place.write("project/.mcp.json", config("// mcpscan: ignore[supply-chain] ours", ""));
    place.write("project/.mcpscan.toml", "[[ignore]]\nrule = 'secrets'\nreason = 'test key'\n");
    let ran = place.run(&[".", "--format", "sarif"]);
    let mut kinds: Vec<(String, String)> = ran.json()["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|result| {
            let one = &result["suppressions"].as_array()?[0];
            Some((one["kind"].as_str()?.to_owned(), one["justification"].as_str()?.to_owned()))
        })
        .collect();
    kinds.sort();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert!(kinds[0].0 == "external" && kinds[0].1.ends_with(": test key"), "{kinds:?}");
    assert!(kinds[1].0 == "inSource" && kinds[1].1.ends_with(": ours"), "{kinds:?}");
}

#[test]
fn a_file_full_of_ignores_ends_in_time() {
    let comment = "// mcpscan: ignore[nothing, supply-chain] x\n".repeat(50_000);
    let begin = std::time::Instant::now();
    let ran = scan(&config(&comment, ""), &[]);
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
    assert!(notes(&ran).len() < 3_000 && notes(&ran).iter().any(|note| note.contains("count for nothing")));
}

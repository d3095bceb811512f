//! Configs in unusual wrappings, as whole files in their places: bundles, stores of IDEs, programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::fixtures::zip;
use common::{Place, Ran};

fn configs(ran: &Ran) -> Vec<(String, String, u64)> {
    let json = ran.json();
    let configs = json["coverage"]["configs"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    configs
        .map(|config| (text(&config["path"]), text(&config["status"]), config["servers"].as_u64().unwrap()))
        .collect()
}

#[test]
fn bundles_are_found_and_read() {
    let place = Place::new();
    let manifest = r#"{"manifest_version": "0.3", "name": "b", "server": {"mcp_config":
        {"command": "npx", "args": ["-y", "postmark-mcp"], "platform_overrides": {"win32": {"command": "uvx", "args": ["acme"]}}}}}"#;
    place.write("project/b.mcpb", zip(&[("server/a.js", b"x"), ("manifest.json", manifest.as_bytes())]));
    for args in [&["--format", "json"][..], &[".", "--format", "json"], &["b.mcpb", "--format", "json"]] {
        let ran = place.run(args);
        assert_eq!(configs(&ran), [("b.mcpb".to_owned(), "scanned".to_owned(), 2)], "{args:?}");
        assert!(ran.rules().contains(&"supply-chain/known-malicious".to_owned()), "{}", ran.out);
        assert!(ran.rules().contains(&"supply-chain/unpinned-package".to_owned()), "what Windows would start");
        let line = &ran.json()["findings"][0]["location"]["line"];
        assert_eq!(line, 2, "a line of the manifest");
    }
}

#[test]
fn bad_bundles_are_told() {
    let place = Place::new();
    let whole = zip(&[("manifest.json", b"{}")]);
    place.write("project/cut.dxt", &whole[..whole.len() - 5]);
    place.write("project/none.mcpb", zip(&[("a.json", b"{}")]));
    place.write("project/text.mcpb", r#"{"mcpServers": {}}"#);
    for (name, reason) in
        [("cut.dxt", "no whole zip"), ("none.mcpb", "without a manifest"), ("text.mcpb", "no whole zip")]
    {
        let ran = place.run(&[name, "--format", "json"]);
        assert_eq!((configs(&ran), ran.code), (vec![(name.to_owned(), "failed".to_owned(), 0)], 3));
        assert!(ran.json()["coverage"]["configs"][0]["reason"].as_str().unwrap().contains(reason), "{}", ran.out);
    }
    assert_eq!(configs(&place.run(&["--format", "json"])).len(), 3, "also where nobody named them");
}

#[test]
fn a_config_that_is_a_program() {
    let place = Place::new();
    place.write(
        "project/.crushrc",
        "# mine\nexport KEY=q7Zt2mXw9LbK4vRn8cYp3sHd\nmcp add a --command npx --args -y --args acme\n",
    );
    place.write("home/.config/crush/crushrc", "option tui compact\n");
    let ran = place.run(&["--format", "json"]);
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap().iter();
    let runs: Vec<_> = findings
        .filter(|finding| finding["rule"] == "client/runs-while-reading")
        .map(|finding| (finding["severity"].as_str().unwrap(), finding["location"]["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(runs, [("high", 2), ("medium", 1)], "{}", ran.out);
    assert!(ran.rules().contains(&"supply-chain/unpinned-package".to_owned()), "{}", ran.out);
    let message = "`.crushrc` of `Crush` is a Bash program: the client runs it just to read the config";
    assert!(json["findings"].as_array().unwrap().iter().any(|finding| finding["message"] == message), "{}", ran.out);
}

/// What it includes can add servers, so nobody calls it read.
#[test]
fn a_program_that_runs_others() {
    let place = Place::new();
    place.write("project/crushrc", "source ./more.sh\n");
    let ran = place.run(&["--format", "json"]);
    assert_eq!(configs(&ran), [("crushrc".to_owned(), "partial".to_owned(), 0)], "{}", ran.out);
    let list = place.run(&["list"]);
    assert!(list.out.contains("crushrc"), "{}", list.out);
}

#[test]
fn stores_of_ides() {
    let place = Place::new();
    let entry = r#"<McpServerCommand><option name="name" value="a"/><option name="programPath" value="npx"/><option name="arguments" value="-y acme"/><envs><env name="API_KEY" value="q7Zt2mXw9LbK4vRn8cYp3sHd"/></envs></McpServerCommand>"#;
    place.write(
        "project/.idea/workspace.xml",
        format!(r#"<project version="4"><component name="McpProjectServerCommands">{entry}</component></project>"#),
    );
    let store = "home/.config/JetBrains/Rider2025.1/options/llm.mcpServers.xml";
    place.write(store, "<application>");
    let ran = place.run(&["--format", "json"]);
    let found: Vec<_> = configs(&ran).into_iter().map(|(_, status, servers)| (status, servers)).collect();
    assert_eq!(found, [("failed".to_owned(), 0), ("scanned".to_owned(), 1)], "{}", ran.out);
    let mut rules = ran.rules();
    rules.sort();
    assert_eq!(rules, ["secrets/generic", "supply-chain/unpinned-package"]);
    assert!(!ran.out.contains("q7Zt2m"), "{}", ran.out);
    place.write(store, "<application/>");
    place.write("project/.idea/workspace.xml", r#"<project version="4"/>"#);
    assert_eq!(configs(&place.run(&["--format", "json"])), [], "most of them hold no servers");
}

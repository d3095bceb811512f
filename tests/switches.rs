//! Settings that take a person out of the loop, as whole files in their places.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use common::{Place, Ran};

/// Rule, severity, server and field of every finding of the pack `client`.
fn found(ran: &Ran) -> Vec<(String, String, Option<String>, String)> {
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let json = ran.json();
    let findings = json["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["rule"].as_str().unwrap().starts_with("client/"))
        .map(|finding| {
            let of = |key: &str| text(&finding[key]);
            (of("rule").unwrap(), of("severity").unwrap(), of("server"), of("field").unwrap())
        })
        .collect()
}

#[test]
fn a_file_without_servers_is_told_for_its_switches() {
    let place = Place::new();
    place.write("project/.claude/settings.json", r#"{"enableAllProjectMcpServers": true}"#);
    place.write("project/.vscode/settings.json", r#"{"editor.fontSize": 12}"#);
    let ran = place.run(&["--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let wanted = ("client/auto-approve".into(), "high".into(), None, "enableAllProjectMcpServers".into());
    assert_eq!(found(&ran), [wanted]);
    assert_eq!(ran.json()["coverage"]["configs"].as_array().unwrap().len(), 1, "a file with neither is not");
}

#[test]
fn what_users_decide_for_themselves_weighs_less() {
    let entry = r#"{"mcpServers": {"a": {"url": "https://x.example/mcp", "trust": true, "alwaysAllow": ["b"]}}}"#;
    let severities = |path: &str| {
        let place = Place::new();
        place.write(path, entry);
        found(&place.run(&["--format", "json"])).into_iter().map(|(_, severity, ..)| severity).collect::<Vec<_>>()
    };
    assert_eq!(severities("project/.gemini/settings.json"), ["high", "medium"]);
    assert_eq!(severities("home/.gemini/settings.json"), ["medium", "low"]);
}

/// Settings that a repository brings along next to its `.mcp.json` approve that file's servers for whoever trusts the
/// folder; the same words at home are one's own decision.
#[test]
fn a_project_that_approves_its_own_servers() {
    let severities = |path: &str, settings: &str| {
        let place = Place::new();
        place.write("project/.mcp.json", r#"{"mcpServers": {"a": {"command": "./serve"}}}"#);
        place.write(path, settings);
        found(&place.run(&["--format", "json"])).into_iter().map(|(_, severity, ..)| severity).collect::<Vec<_>>()
    };
    for (settings, committed, at_home) in [
        (r#"{"enableAllProjectMcpServers": true}"#, "high", "medium"),
        (r#"{"enabledMcpjsonServers": ["a"]}"#, "medium", "low"),
        (r#"{"enabledMcpjsonServers": ["*"]}"#, "high", "medium"),
    ] {
        assert_eq!(severities("project/.claude/settings.json", settings), [committed], "{settings}");
        assert_eq!(severities("home/.claude/settings.json", settings), [at_home], "{settings}");
    }
}

#[test]
fn codex_by_tool_and_as_a_whole() {
    let place = Place::new();
    let toml = "approval_policy = \"never\"\nsandbox_mode = \"danger-full-access\"\n[mcp_servers.a]\ncommand = \"a\"\n\
                [mcp_servers.a.tools.send]\napproval_mode = \"approve\"\n";
    place.write("project/.codex/config.toml", toml);
    let fields: Vec<_> = found(&place.run(&["--format", "json"]))
        .into_iter()
        .map(|(rule, _, server, field)| (rule, server, field))
        .collect();
    let one =
        |rule: &str, server: Option<&str>, field: &str| (rule.to_owned(), server.map(str::to_owned), field.to_owned());
    assert_eq!(
        fields,
        [
            one("client/auto-approve", None, "approval_policy"),
            one("client/no-sandbox", None, "sandbox_mode"),
            one("client/auto-approve", Some("a"), "tools.send.approval_mode"),
        ]
    );
}

/// `$(…)` is a shell's in most configs, and Crush's own in Crush's. Keys in it are not shown.
#[test]
fn what_only_one_client_runs() {
    let entry = r#"{"command": "sh", "args": ["-c", "x $(vault read -key=q7Zt2mXw9LbK4vRn8cYp3sHd)"]}"#;
    let place = Place::new();
    place.write("project/.cursor/mcp.json", format!(r#"{{"mcpServers": {{"a": {entry}}}}}"#));
    assert_eq!(found(&place.run(&["--format", "json"])), []);

    let place = Place::new();
    place.write("project/crush.json", format!(r#"{{"mcp": {{"a": {entry}}}}}"#));
    let ran = place.run(&["--format", "json"]);
    let wanted = ("client/runs-while-reading".into(), "high".into(), Some("a".into()), "args[1]".into());
    assert_eq!(found(&ran), [wanted]);
    let json = ran.json();
    let finding =
        json["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "client/runs-while-reading").unwrap();
    assert!(finding.to_string().contains("$(vault") && !finding.to_string().contains("q7Zt2m"), "{finding}");
}

/// An address is shown as far as its host.
#[test]
fn keys_in_addresses_are_not_shown() {
    let place = Place::new();
    let url = "http://mcp.example.com/sse?api_key=q7Zt2mXw9LbK4vRn8cYp3sHd";
    place.write("project/.mcp.json", format!(r#"{{"mcpServers": {{"a": {{"url": "{url}"}}}}}}"#));
    let ran = place.run(&["--format", "json"]);
    assert!(ran.rules().iter().any(|rule| rule == "transport/cleartext-remote"), "{}", ran.out);
    assert!(!ran.out.contains("q7Zt2m"), "{}", ran.out);
}

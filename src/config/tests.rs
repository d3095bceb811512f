//! Every shape as a file in its place: what is read of it, and where it stands.

use super::*;
use std::path::{Path, PathBuf};

/// A file as its client would read it.
fn load(path: &str, text: &str) -> (Config, Source) {
    let clients = Clients::parse(crate::rules::data("clients.toml")).unwrap();
    let name = || path.to_owned();
    let named = ConfigFile::named(PathBuf::from(path), name(), name());
    let file = match clients.at(Path::new(path)).first() {
        Some((client, location)) => named.read_by(client, location),
        None => named,
    };
    let mut sources = crate::document::Sources::default();
    let id = sources.add(Source::new(path, text.as_bytes()));
    let config = super::read(file, id, sources.get(id), &clients);
    (config, Source::new(path, text.as_bytes()))
}

/// Name, command line or address, and variables of each server.
fn servers(path: &str, text: &str) -> Vec<String> {
    let (config, _) = load(path, text);
    assert_eq!(config.problems, [], "{path}");
    config.servers.iter().map(said).collect()
}

fn said(entry: &ServerEntry) -> String {
    let words = entry.command.iter().chain(&entry.args).chain(&entry.url).map(|word| word.text.as_str());
    let words: Vec<&str> = words.collect();
    let named = entry.env.iter().chain(&entry.headers).map(|field| format!(" {}={}", field.name, field.value.text));
    let off = if entry.disabled { " (off)" } else { "" };
    format!("{}: {}{}{off}", entry.name.text, words.join(" "), named.collect::<String>())
}

const NONE: [&str; 0] = [];

#[test]
fn jetbrains_entries_in_the_component() {
    let path = "/h/.config/JetBrains/PyCharm2025.1/options/llm.mcpServers.xml";
    let text = r#"<application>
  <component name="McpApplicationServerCommands" modifiable="true">
    <McpServerCommand sourceId="UserConfigurationSource">
      <option name="allowedToolsNames" />
      <option name="enabled" value="true" />
      <option name="name" value="hub" />
      <option name="programPath" value="npx" />
      <option name="arguments" value="-y acme --token k9" />
      <option name="workingDirectory" value="" />
      <envs><env name="TOKEN" value="a&amp;b" /></envs>
    </McpServerCommand>
    <McpServerCommand>
      <option name="enabled" value="false" />
      <option name="name" value="two" />
      <option name="programPath" value="node" />
      <envs />
    </McpServerCommand>
    <McpServerCommand>
      <option name="name" value="" />
      <option name="programPath" value="" />
    </McpServerCommand>
  </component>
</application>"#;
    assert_eq!(servers(path, text), ["hub: npx -y acme --token k9 TOKEN=a&b", "two: node (off)"]);
    let (config, source) = load(path, text);
    assert_eq!(config.file.client(), "jetbrains-ai-assistant");
    let hub = &config.servers[0];
    assert_eq!(source.slice(hub.name.span), "\"hub\"");
    assert_eq!(source.slice(hub.args[3].span), "k9", "a part of an attribute");
    assert_eq!(source.slice(hub.env[0].value.part(2, 3)), "\"a&amp;b\"", "the whole, where there are escapes");
}

#[test]
fn jetbrains_entries_in_lists() {
    let text = r#"<project version="4">
  <component name="ChangeListManager"><list id="x"/></component>
  <component name="RunManager"><configuration name="a"><envs><env name="K" value="v"/></envs></configuration></component>
  <component name="McpProjectServerCommands">
    <commands>
      <McpServerConfigurationProperties>
        <option name="allowedToolsNames" />
        <option name="enabled" value="true" />
        <option name="name" value="only a state" />
      </McpServerConfigurationProperties>
      <command>
        <option name="name" value="a" />
        <option name="command" value="node" />
        <option name="args"><list><option value="x y" /><option value="z" /></list></option>
        <option name="env"><map><entry key="K" value="v" /></map></option>
      </command>
    </commands>
    <urls>
      <McpServerURL>
        <option name="name" value="b" />
        <option name="url" value="https://b.example/mcp" />
        <headers><entry key="Authorization" value="Bearer x" /></headers>
      </McpServerURL>
    </urls>
  </component>
</project>"#;
    for path in ["/p/.idea/workspace.xml", "/p/.idea/.idea.App/.idea/workspace.xml"] {
        assert_eq!(servers(path, text), ["a: node x y z K=v", "b: https://b.example/mcp Authorization=Bearer x"]);
    }
    let other = "<project version=\"4\"><component name=\"RunManager\"><x command=\"a\"/></component></project>";
    assert_eq!(servers("/p/.idea/workspace.xml", other), NONE);
}

#[test]
fn crushrc_is_a_program_and_has_servers() {
    let text = "# mine\nexport A=k9\nmcp add a --command npx --args -y --args acme --env K v\nmcp add b --type http --url https://b.example --header H 'x y'\npermissions allow mcp_a_send\n";
    assert_eq!(servers("/p/.crushrc", text), ["a: npx -y acme K=v", "b: https://b.example H=x y"]);
    let (config, source) = load("/p/crushrc", text);
    let program = config.program.unwrap();
    assert_eq!((program.text.as_str(), source.slice(program.span)), ("export A=k9", "export A=k9"));
    assert_eq!(
        config.switches.iter().map(|switch| switch.path.as_str()).collect::<Vec<_>>(),
        ["permissions.allowed_tools"]
    );
    let comments = "# only\n";
    assert!(load("/p/crushrc", comments).0.program.is_none());
    assert!(load("/p/crush.json", "{}").0.program.is_none());
}

#[test]
fn eclipse_preferences() {
    let path = "/w/.metadata/.plugins/org.eclipse.core.runtime/.settings/com.microsoft.copilot.eclipse.ui.prefs";
    let entry = r#"{"a"\: {"command"\: "npx", "args"\: ["-y"], "env"\: {"K"\: "x\\\\y"}}}"#;
    for text in [format!("eclipse.preferences.version=1\nmcp={{\"servers\"\\: {entry}}}\n"), format!("mcp={entry}\n")] {
        assert_eq!(servers(path, &text), ["a: npx -y K=x\\y"]);
        let (config, source) = load(path, &text);
        assert_eq!(config.file.client(), "copilot-eclipse");
        assert_eq!(source.slice(config.servers[0].args[0].span), "\"-y\"");
        assert_eq!(source.slice(config.servers[0].env[0].value.span), r#""x\\\\y""#);
    }
}

#[test]
fn json_inside_of_a_string() {
    let text = r#"{"mcpServers": "{\"a\": {\"command\": \"npx\", \"args\": [\"-y\"], \"env\": {\"K\": \"v\"}}}"}"#;
    assert_eq!(servers("x.json", text), ["a: npx -y K=v"]);
    let (config, source) = load("x.json", text);
    assert_eq!(source.slice(config.servers[0].command.as_ref().unwrap().span), r#"\"npx\""#);
    assert_eq!(servers("x.yaml", "mcp: |\n  {\"servers\": {\"a\": {\"command\": \"x\"}}}\n"), ["a: x"]);
    assert_eq!(servers("x.json", r#"{"server": {"mcp_config": "{\"command\": \"node\"}"}}"#), ["server: node"]);
    // Once, not again and again.
    let inner = serde_json::json!({"servers": r#"{"a": {"command": "x"}}"#}).to_string();
    let twice = serde_json::json!({ "mcp": inner }).to_string();
    let (config, _) = load("x.json", &twice);
    assert_eq!((config.servers.len(), config.problems.len()), (0, 1));
    let (config, _) = load("x.json", r#"{"mcpServers": "{\"a\": "}"#);
    assert!(config.problems[0].message.contains("is a string"), "{:?}", config.problems);
}

#[test]
fn bundles_with_another_command_on_another_system() {
    let text = r#"{"manifest_version": "0.3", "name": "b", "server": {"type": "node", "mcp_config": {
        "command": "node", "args": ["a.js"], "env": {"K": "v"},
        "platform_overrides": {
            "win32": {"command": "cmd", "args": ["/c", "a.bat"]},
            "darwin": {"args": ["b.js"]},
            "linux": {"env": {"L": "secret"}}}}},
        "user_config": {"key": {"type": "string", "default": ["${HOME}/x"], "command": {"x": 1}}}}"#;
    for path in ["/p/manifest.json", "/p/x.mcpb", "/p/x.dxt"] {
        let expected = ["b: node a.js K=v", "b (win32): cmd /c a.bat (off)", "b (darwin): node b.js (off)"];
        assert_eq!(servers(path, text), expected, "{path}");
    }
    let (config, source) = load("/p/manifest.json", text);
    let others: Vec<&str> = config.servers[0].others.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(others, ["platform_overrides.linux.env.L"], "what only changes variables stays with the server");
    assert_eq!(source.slice(config.servers[2].args[0].span), "\"b.js\"");
}

#[test]
fn docker() {
    let home = "/h/.docker/mcp";
    assert_eq!(
        servers(&format!("{home}/registry.yaml"), "registry:\n  a:\n    ref: \"\"\n  b:\n    ref: \"\"\n"),
        NONE
    );
    let catalog = "version: 2\nname: docker-mcp\nregistry:\n  a:\n    type: server\n    image: mcp/a@sha256:00\n    command:\n      - --transport=stdio\n    env:\n      - name: K\n        value: '{{a.k}}'\n    volumes:\n      - '/:/host'\n  b:\n    type: remote\n    remote:\n      transport_type: sse\n      url: https://b.example/sse\n      headers:\n        H: x\n";
    assert_eq!(
        servers(&format!("{home}/catalogs/docker-mcp.yaml"), catalog),
        [
            "a: docker run --rm -i -v /:/host mcp/a@sha256:00 --transport=stdio K={{a.k}}",
            "b: https://b.example/sse H=x"
        ]
    );
    let (config, source) = load(&format!("{home}/catalogs/docker-mcp.yaml"), catalog);
    assert_eq!(source.slice(config.servers[0].args[4].span), "'/:/host'");
    let list = r#"{"catalogs": {"docker-mcp": {"displayName": "d", "url": "https://x.example/c.yaml"}}}"#;
    assert_eq!(servers(&format!("{home}/catalog.json"), list), NONE);
}

#[test]
fn toolhive() {
    let text = r#"{"schema_version": "v0.1.0", "image": "mcp/a:1", "cmd_args": ["--x"], "name": "a", "transport": "stdio", "env_vars": {"K": "v"}, "volumes": ["/a:/b:ro"]}"#;
    let path = "/h/.local/state/toolhive/runconfigs/a.json";
    assert_eq!(servers(path, text), ["a: docker run --rm -i -v /a:/b:ro mcp/a:1 --x K=v"]);
    let remote = r#"{"name": "b", "transport": "sse", "remote_url": "https://b.example/sse"}"#;
    assert_eq!(servers(path, remote), ["b: https://b.example/sse"]);
}

#[test]
fn smithery_in_both_dialects() {
    let old = "startCommand:\n  type: stdio\n  configSchema:\n    type: object\n  commandFunction: |\n    (config) => ({ command: 'node', args: ['a.js'] })\n";
    assert_eq!(servers("/p/smithery.yaml", old), ["server: "]);
    assert_eq!(servers("/p/smithery.yaml", "runtime: typescript\nenv:\n  NODE_ENV: production\n"), NONE);
    assert_eq!(
        servers(
            "/p/smithery.yaml",
            "runtime: container\nbuild:\n  dockerfile: Dockerfile\nstartCommand:\n  type: http\n"
        ),
        ["server: "]
    );
}

#[test]
fn registry_descriptions_in_both_dialects() {
    let new = r#"{"$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json", "name": "io.x/a", "version": "1.0.0",
        "packages": [{"registryType": "npm", "identifier": "@x/a", "version": "1.0.0", "transport": {"type": "stdio"},
            "environmentVariables": [{"name": "K", "isSecret": true, "default": "v"}]}],
        "remotes": [{"type": "sse", "url": "https://a.example/sse"}]}"#;
    assert_eq!(servers("/p/server.json", new), ["io.x/a:  K=v"]);
    let old = r#"{"name": "io.x/a", "version_detail": {"version": "1.0.0"},
        "packages": [{"registry_name": "npm", "name": "@x/a", "version": "1.0.0", "environment_variables": [{"name": "K", "value": "v"}]}]}"#;
    assert_eq!(servers("/p/server.json", old), ["io.x/a:  K=v"]);
    let remote = r#"{"name": "io.x/a", "remotes": [{"transport_type": "sse", "url": "https://a.example/sse", "headers": [{"name": "H", "value": "x"}]}]}"#;
    assert_eq!(servers("/p/server.json", remote), ["io.x/a: https://a.example/sse H=x"]);
    assert_eq!(servers("/p/server.json", r#"{"name": "x", "packages": [{"name": "left-pad"}], "port": 80}"#), NONE);
}

#[test]
fn plugins_that_name_other_files() {
    for value in [r#""./.mcp.json""#, r#"["./a.json", "./b.mcpb"]"#] {
        let text = format!(r#"{{"name": "p", "version": "1.0.0", "author": {{"name": "x"}}, "mcpServers": {value}}}"#);
        assert_eq!(servers("/p/.claude-plugin/plugin.json", &text), NONE);
    }
    let inline = r#"{"name": "p", "mcpServers": {"a": {"command": "node"}}}"#;
    assert_eq!(servers("/p/.claude-plugin/plugin.json", inline), ["a: node"]);
    let (config, _) = load("/p/.mcp.json", r#"{"mcpServers": "./x.json"}"#);
    assert_eq!(config.problems.len(), 1, "where that means nothing it is told");
}

#[test]
fn goose_in_both_files() {
    let recipe = "version: 1.0.0\ntitle: t\nextensions:\n  - type: builtin\n    name: developer\n  - type: stdio\n    name: a\n    cmd: uvx\n    args: [acme]\n    env_keys: [K]\n  - type: streamable_http\n    name: b\n    uri: https://b.example/mcp\n";
    assert_eq!(servers("/p/.goose/recipes/r.yaml", recipe), ["a: uvx acme", "b: https://b.example/mcp"]);
    let own = "extensions:\n  developer:\n    type: builtin\n    bundled: true\n  a:\n    type: stdio\n    cmd: uvx\n    args: [acme]\n    envs: {K: v}\n    enabled: false\n";
    assert_eq!(servers("/h/.config/goose/config.yaml", own), ["a: uvx acme K=v (off)"]);
}

#[test]
fn lists_of_desktop_programs() {
    let witsy = r#"{"general": {}, "mcp": {"servers": [{"uuid": "1", "label": "a", "state": "disabled", "type": "stdio", "command": "npx", "env": {}}]}}"#;
    assert_eq!(servers("/h/.config/Witsy/settings.json", witsy), ["a: npx (off)"]);
    let five = r#"{"servers": [{"key": "a", "name": "A", "command": "npx", "args": ["-y"], "isActive": true}, {"key": "k", "command": "x", "isActive": false}]}"#;
    assert_eq!(
        servers("/h/.config/5ire/mcp.json", five),
        ["A: npx -y", "[1]: x (off)"],
        "a key may be a secret, and names are shown"
    );
}

#[test]
fn toggles_and_settings_without_a_command() {
    let kilo = r#"{"mcp": {"a": {"enabled": false}, "b": {"type": "local", "command": ["npx", "x"], "environment": {"K": "v"}}}}"#;
    assert_eq!(servers("/p/kilo.jsonc", kilo), ["a:  (off)", "b: npx x K=v"]);
    let opencode = r#"{"mcp": {"servers": {"a": {"type": "local", "command": ["x"]}}}}"#;
    assert_eq!(servers("/p/opencode.json", opencode), ["a: x"], "the place is no server");
    let (one, _) = load("/p/opencode.json", r#"{"mcp": {"servers": {"command": ["x"]}}}"#);
    assert!(one.servers.iter().any(|entry| said(entry) == "servers: x"), "unless it is one");
    let zed = r#"{"context_servers": {"a": {"settings": {"api_key": "k"}}, "b": {"source": "custom", "command": {"path": "npx", "args": ["x"], "env": {"K": "v"}}}}}"#;
    assert_eq!(servers("/p/.zed/settings.json", zed), ["a: ", "b: npx x K=v"]);
    let (config, _) = load("/p/.zed/settings.json", zed);
    assert_eq!(config.servers[0].others[0].path, "settings.api_key");
}

#[test]
fn agents_of_claude_code() {
    let text = "---\nname: a\nmcpServers:\n  - github\n  - b:\n      command: npx\n      args: [x]\n---\n# Text\n";
    assert_eq!(servers("/p/.claude/agents/deep/a.md", text), ["b: npx x"]);
}

/// What can't be read is told, and what stands beside it is read.
#[test]
fn odd_entries_are_told_and_sink_no_others() {
    let read = |path: &str, text: &str| {
        let (config, _) = load(path, text);
        let found: Vec<String> = config.servers.iter().map(said).collect();
        (found, config.problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>())
    };
    let (found, problems) =
        read("/p/.mcp.json", r#"{"mcpServers": [7, {"name": "a"}, {"b": {}}, "c", {"command": "x"}]}"#);
    assert_eq!(found, ["a: ", "b: ", "[4]: x"], "a text refers to another server");
    assert_eq!(problems, ["server `[0]` is a number, expected a map"]);
    let (found, problems) =
        read("/p/.mcp.json", r#"{"mcpServers": {"a": {"command": "x", "args": ["y", {"z": "t"}]}}}"#);
    assert_eq!((found, problems.len()), (vec!["a: x y".to_owned()], 1));
    let (found, problems) =
        read("/p/.mcp.json", r#"{"mcpServers": {"a": {"url": ["https://a.example", "https://b.example"]}}}"#);
    assert_eq!((found, problems.len()), (vec!["a: https://b.example".to_owned()], 1));
    let (found, problems) = read("/p/x.json", r#""mcpServers": {"a": {"command": "x"}}"#);
    assert_eq!((found, problems.len()), (vec!["a: x".to_owned()], 1));
    let (found, problems) =
        read("/p/librechat.yaml", "mcpServers: {a: {command: x}}\n---\nmcpServers: {b: {command: y}}\n");
    assert_eq!((found, problems.len()), (vec!["a: x".to_owned()], 1));
    assert_eq!(servers_of_type("builtin"), NONE);
    assert_eq!(servers_of_type("platform"), NONE);
    assert_eq!(servers_of_type("inline_python"), ["a: "], "that is code");
    assert_eq!(servers("/p/.mcp.json", r#"{"mcpServers": {"a": {"type": "builtin", "command": "x"}}}"#), ["a: x"]);
}

fn servers_of_type(kind: &str) -> Vec<String> {
    servers("/h/.config/goose/config.yaml", &format!("extensions:\n  a:\n    type: {kind}\n    enabled: true\n"))
}

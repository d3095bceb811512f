//! What is to become of each server.

use mcpscan::connect::{Reply, Status};
use mcpscan::document::Node;

/// One server and what is expected of the scan.
pub(crate) struct Row {
    pub(crate) behaviour: &'static str,
    pub(crate) status: Status,
    pub(crate) tools: usize,
    /// Words that the reason must hold.
    pub(crate) reason: &'static [&'static str],
    /// Anything else that must be true.
    pub(crate) check: fn(&Reply) -> bool,
}

fn scanned(behaviour: &'static str, tools: usize, check: fn(&Reply) -> bool) -> Row {
    Row { behaviour, status: Status::Scanned, tools, reason: &[], check }
}

fn partial(behaviour: &'static str, tools: usize, reason: &'static [&'static str]) -> Row {
    Row { behaviour, status: Status::Partial, tools, reason, check: others }
}

fn failed(behaviour: &'static str, reason: &'static [&'static str]) -> Row {
    Row { behaviour, status: Status::Failed, tools: 0, reason, check: |_| true }
}

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key)?.as_str()
}

/// The other lists are whole, whatever happened to the tools.
fn others(reply: &Reply) -> bool {
    let catalog = &reply.catalog;
    catalog.prompts.len() == 1 && catalog.resources.len() == 1 && catalog.templates.len() == 1
}

/// So are they, and nothing else was printed.
fn tidy(reply: &Reply) -> bool {
    others(reply)
        && reply.noise == 0
        && reply.catalog.instructions.as_ref().and_then(Node::as_str) == Some("Be careful.")
        && reply.catalog.info.as_ref().and_then(|info| text(info, "name")) == Some("fake")
}

fn is_modern(reply: &Reply) -> bool {
    reply.catalog.info.as_ref().and_then(|info| text(info, "name")) == Some("modern")
        && reply.catalog.instructions.is_some()
}

fn any(_: &Reply) -> bool {
    true
}

pub(crate) fn rows() -> Vec<Row> {
    vec![
        scanned("clean", 2, tidy),
        scanned("paged", 6, tidy),
        // The two eras.
        scanned("dual", 2, tidy),
        scanned("modern", 2, is_modern),
        scanned("modern-dies", 2, is_modern),
        scanned("later", 2, is_modern),
        scanned("older", 2, tidy),
        scanned("future", 2, any),
        failed("refuses", &["answered `initialize` with error -32001: no account\\u{7}"]),
        failed("refuses-dies", &["answered `initialize` with error -32001: no account"]),
        failed("nameless-error", &["answered a message with error -32700: Parse error"]),
        // Deaths and silence.
        failed("dies", &["exited with status 3 before answering `initialize`; stderr: Error: no API key"]),
        failed("aborts", if cfg!(unix) { &["killed by signal 6 (SIGABRT)"] } else { &["exited"] }),
        failed("usage", &["exited with status 0 before answering `initialize`; stdout: usage: serve DIRECTORY"]),
        partial("dies-later", 2, &["exited with status 1 before answering `tools/list`"]),
        failed("dies-on-list", &["exited with status 7 before answering `tools/list`"]),
        scanned("dies-of-unknown", 2, any),
        scanned("dies-of-prompts", 2, any),
        failed("silent", &["no answer to `initialize` within 2 s"]),
        failed("silent-list", &["no answer to `tools/list`", "within 1 s"]),
        Row { check: any, ..partial("silent-prompts", 2, &["no answer to `prompts/list` within 1 s"]) },
        failed("drips", &["no answer to `initialize` within 2 s"]),
        partial("slow-pages", 5, &["not finished within 4 s, still waiting for `tools/list`"]),
        failed("never-reads", &["no answer to `initialize` within 2 s"]),
        #[cfg(unix)]
        failed("closes-stdout", &["closed its stdout before answering `initialize`"]),
        scanned("stubborn", 2, tidy),
        // Families.
        scanned("grandchild", 2, tidy),
        failed(
            "grandchild-stdout",
            &["exited with status 5 before answering `initialize`; stderr: Error: lost my head"],
        ),
        failed("leaves-child", &["exited with status 0 before answering `initialize`"]),
        #[cfg(target_os = "linux")]
        scanned("grandchild-group", 2, tidy),
        #[cfg(target_os = "linux")]
        scanned("grandchild-session", 2, tidy),
        // Floods.
        scanned("floods-stderr", 2, tidy),
        scanned("floods-stdout", 2, |reply| others(reply) && reply.noise >= 50_000),
        failed("noise-forever", &["more than 2 MiB on stdout"]),
        Row { check: any, ..failed("endless-line", &["an answer of more than 1 MiB, while waiting for `tools/list`"]) },
        partial("deep", 0, &["an answer nested deeper than 64, while waiting for `tools/list`"]),
        scanned("deep-noise", 2, |reply| others(reply) && reply.noise == 1),
        partial("same-cursor", 4, &["`tools/list` gave the same cursor twice"]),
        partial("endless-cursors", 20, &["`tools/list` has more than 20 pages"]),
        partial("number-cursor", 2, &["`tools/list` gave a cursor that is no string"]),
        partial("many-tools", 500, &["`tools/list` gave more than 500 items"]),
        partial("many-values", 0, &["an answer of more than 200000 values, while waiting for `tools/list`"]),
        // Styles.
        scanned("string-ids", 2, tidy),
        scanned("pretty", 2, tidy),
        scanned("content-length", 2, tidy),
        scanned("bom-crlf", 2, tidy),
        scanned("no-jsonrpc", 2, tidy),
        scanned("batch", 2, tidy),
        scanned("glued", 2, tidy),
        scanned("not-utf8", 1, |reply| text(&reply.catalog.tools[0], "name") == Some("caf\u{fffd} \u{fffd}\u{fffd}")),
        scanned("banners", 2, |reply| others(reply) && reply.noise == 4 + 2 * 5),
        scanned("usage-then-serves", 2, |reply| others(reply) && reply.noise == 0),
        // Odd answers.
        scanned("duplicate-keys", 1, |reply| reply.catalog.tools[0].members().len() == 3),
        scanned("no-objects", 4, tidy),
        scanned("odd-fields", 2, |reply| text(&reply.catalog.tools[0], "x-hidden") == Some("y")),
        scanned("tools-null", 0, tidy),
        partial("tools-map", 2, &["`tools/list` gave a map of `tools` instead of a list"]),
        partial("tools-text", 1, &["`tools/list` gave a string for `tools` instead of a list"]),
        partial("tools-twice", 2, &["`tools/list` gave `tools` twice"]),
        partial("tools-missing", 0, &["`tools/list` answered without `tools`"]),
        partial("result-null", 0, &["`tools/list` answered null instead of a map"]),
        partial("result-list", 1, &["`tools/list` answered a list instead of a map"]),
        partial("input-required", 0, &["`tools/list` asks for input"]),
        scanned("big-numbers", 1, |reply| {
            let number = |key| reply.catalog.tools[0].get(key).and_then(Node::scalar);
            number("x").as_deref() == Some("12345678901234567890123") && number("y").as_deref() == Some("1e999")
        }),
        scanned("lone-surrogate", 1, |reply| text(&reply.catalog.tools[0], "name") == Some("a\u{fffd}b")),
        scanned("nan", 2, tidy),
        scanned("no-info", 2, |reply| reply.catalog.info.is_none()),
        scanned("nothing-named", 2, |reply| reply.catalog.prompts.is_empty()),
        failed("nothing-named-silent", &["no answer to `tools/list` within 1 s"]),
        scanned("nothing-named-none", 0, any),
        Row { check: any, ..partial("nothing-named-fails", 0, &["error -32603: fetch failed"]) },
        scanned("odd-capabilities", 2, |reply| reply.catalog.prompts.is_empty()),
        scanned("init-null", 2, others),
        scanned("undeclared-tools", 2, |reply| reply.catalog.prompts.is_empty()),
        Row { check: any, ..partial("lists-fail", 2, &["answered `prompts/list` with error -32603: fetch failed"]) },
        partial("tools-fail", 0, &["answered `tools/list` with error -32603: fetch failed"]),
        scanned("no-templates", 2, |reply| reply.catalog.resources.len() == 1),
        scanned("no-prompts", 2, |reply| reply.catalog.resources.len() == 1),
        // Talk in between.
        scanned("notifies", 2, tidy),
        scanned("wrong-ids", 2, tidy),
        scanned("log-request", 2, tidy),
        scanned("asks-back", 4, |reply| {
            let found: Vec<_> = reply.catalog.tools.iter().filter_map(|tool| text(tool, "description")).collect();
            found == ["{}", r#"{"roots":[]}"#, "-32601", "-32601"]
        }),
        // Secrets.
        failed("leaks", &["stderr: Error: bad token [redacted]"]),
        partial("leaks-in-error", 0, &["answered `tools/list` with error -32000: bad token [redacted]"]),
        failed("unknown", &["could not start `mcpscan-no-such-program`", "is it installed and on PATH?"]),
        failed("no-folder", &["its folder", "does not exist"]),
    ]
}

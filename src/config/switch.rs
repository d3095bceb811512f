//! Switches of a client that take a person out of the loop, and what it runs while it reads a config.

use std::collections::HashSet;

use super::entry::{ServerEntry, Spanned};
use crate::discover::{Clients, Reach, RunEntry, SwitchEntry};
use crate::document::{Kind, Node};

/// A switch that is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// The rule that it answers to.
    pub rule: String,
    /// Its path inside the entry or the file, as written: `tools.send.approval_mode`.
    pub path: String,
    /// Its value, in words where it is a list.
    pub value: Spanned,
    /// What it stands for.
    pub scope: Approved,
    /// What it does where it stands for everything, as a clause.
    pub means: String,
    /// What happens with the names, as a verb.
    pub each: String,
    /// The entry that it belongs to, by its place in `Config::servers`; nothing for the file as a whole.
    pub server: Option<usize>,
}

/// How much a switch approves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approved {
    /// Whatever there is, now and later.
    Everything,
    /// What it names.
    Names(Vec<String>),
    /// What the server itself calls harmless.
    Hinted,
    /// Whatever there is, inside of bounds.
    Sandboxed,
}

/// The switches of one entry.
pub(super) fn of_entry(node: &Node, index: usize, clients: &Clients) -> Vec<Switch> {
    let table = clients.switches().iter().filter(|switch| switch.entry);
    table.flat_map(|switch| on(node, switch, Some(index))).collect()
}

/// The switches of a file.
pub(super) fn of_file(root: &Node, clients: &Clients) -> Vec<Switch> {
    let table = clients.switches().iter().filter(|switch| !switch.entry);
    table.flat_map(|switch| on(root, switch, None)).collect()
}

/// Where a switch of the table is on.
fn on(root: &Node, entry: &SwitchEntry, server: Option<usize>) -> Vec<Switch> {
    let given = |parent: Option<&Node>| {
        let said = |key: &str| parent.and_then(|parent| parent.get(key)).and_then(Node::as_str);
        entry.given.iter().all(|(key, value)| said(key) == Some(value.as_str()))
    };
    // Values of one map come one after the other, and the map is asked once: it can be long.
    let mut asked: Option<(Option<*const Node>, bool)> = None;
    let switches = entry.keys.follow(root).into_iter().filter_map(|found| {
        let starred = entry.star.is_empty() || found.star.is_some_and(|key| entry.star.iter().any(|star| star == key));
        let parent = found.parent.map(std::ptr::from_ref);
        let (_, given) =
            *asked.insert(asked.filter(|(known, _)| *known == parent).unwrap_or_else(|| (parent, given(found.parent))));
        if !given || !starred {
            return None;
        }
        let (text, scope) = approved(found.node, entry, found.star)?;
        let value = Spanned { text, span: found.node.span };
        let (rule, means, each) = (entry.rule.clone(), entry.means.clone(), entry.each.clone());
        Some(Switch { rule, path: found.path, value, scope, means, each, server })
    });
    switches.collect()
}

/// What a value approves; nothing if the switch is off.
fn approved(node: &Node, entry: &SwitchEntry, star: Option<&str>) -> Option<(String, Approved)> {
    let among = |prefixes: &[String], item: &str| prefixes.iter().any(|prefix| item.starts_with(prefix.as_str()));
    let counts =
        |item: &str| (entry.prefixes.is_empty() || among(&entry.prefixes, item)) && !among(&entry.except, item);
    if entry.list {
        let items: Vec<&str> = match &node.kind {
            Kind::Array(elements) => elements.iter().filter_map(Node::as_str).collect(),
            // Of one object in a list, one name.
            Kind::String(text) => vec![text],
            _ => Vec::new(),
        };
        let items: Vec<&str> = items.into_iter().filter(|item| !item.trim().is_empty() && counts(item)).collect();
        if !items.is_empty() {
            let all = items.iter().any(|item| is_whole(item, entry));
            let mut known = HashSet::new();
            let names = items.iter().filter(|item| known.insert(**item)).map(|item| (*item).to_owned()).collect();
            return Some((items.join(", "), if all { Approved::Everything } else { Approved::Names(names) }));
        }
    }
    let text = node.scalar()?;
    if !entry.values.contains(&text) {
        return None;
    }
    let scope = match entry.reach {
        Reach::All => Approved::Everything,
        Reach::Named => Approved::Names(star.into_iter().map(str::to_owned).collect()),
        Reach::Hinted => Approved::Hinted,
        Reach::Sandboxed => Approved::Sandboxed,
    };
    Some((text, scope))
}

/// Whether an item stands for every tool, or for every tool of a server.
fn is_whole(item: &str, entry: &SwitchEntry) -> bool {
    let rest = entry.prefixes.iter().find_map(|prefix| item.strip_prefix(prefix.as_str())).unwrap_or(item);
    item.contains('*') || entry.separator.as_ref().is_some_and(|separator| !rest.contains(separator.as_str()))
}

/// Something that a client runs while it reads an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'e> {
    /// The whole value.
    pub value: &'e Spanned,
    /// What it is, as a noun.
    pub what: &'e str,
    /// How it begins, as far as the program's name. Its arguments can hold keys.
    pub head: String,
}

fn head(command: &str, opens: &str) -> String {
    let rest = command.find(opens).map_or(command, |at| &command[at + opens.len()..]);
    let program = rest.split_whitespace().find(|word| !word.contains('=')).unwrap_or_default();
    format!("{opens}{program}")
}

impl ServerEntry {
    /// What the client would run to read this entry.
    pub fn runs<'e>(&'e self, clients: &'e Clients) -> Vec<Run<'e>> {
        let table: Vec<&RunEntry> =
            clients.runs().iter().filter(|run| run.clients.is_empty() || run.clients.contains(&self.client)).collect();
        let fields = self.env.iter().chain(&self.headers).chain(&self.others);
        let named = fields.clone().filter_map(|field| {
            let run = table.iter().find(|run| run.field.as_ref() == Some(&field.name))?;
            (!field.value.text.trim().is_empty()).then_some(Run {
                value: &field.value,
                what: &run.what,
                head: head(&field.value.text, ""),
            })
        });
        let values = self.command.iter().chain(&self.args).chain(&self.urls).chain(fields.map(|field| &field.value));
        let expanded = values.filter_map(|value| {
            table.iter().find_map(|run| {
                let opens = run.opens.as_deref().filter(|opens| value.text.contains(opens))?;
                Some(Run { value, what: &run.what, head: head(&value.text, opens) })
            })
        });
        named.chain(expanded).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Format, parse_json};

    fn clients() -> Clients {
        Clients::parse(crate::rules::data("clients.toml")).unwrap()
    }

    fn file(format: Format, text: &str) -> Vec<(String, String)> {
        let found = of_file(&format.parse(text).unwrap(), &clients());
        found.into_iter().map(|switch| (switch.path, format!("{:?}", switch.scope))).collect()
    }

    fn entry(text: &str) -> Option<Approved> {
        let mut found = of_entry(&parse_json(text).unwrap(), 0, &clients());
        assert!(found.len() <= 1, "{text}: {found:?}");
        found.pop().map(|switch| switch.scope)
    }

    #[test]
    fn switches_of_entries() {
        let names = |names: &[&str]| Some(Approved::Names(names.iter().map(|name| (*name).to_owned()).collect()));
        assert_eq!(entry(r#"{"autoApprove": ["a", "b"]}"#), names(&["a", "b"]));
        assert_eq!(entry(r#"{"autoApprove": ["a", "a"]}"#), names(&["a"]));
        assert_eq!(entry(r#"{"alwaysAllow": ["*"]}"#), Some(Approved::Everything));
        assert_eq!(entry(r#"{"autoApprove": true}"#), Some(Approved::Everything));
        assert_eq!(entry(r#"{"trust": true}"#), Some(Approved::Everything));
        assert_eq!(entry(r#"{"default_tools_approval_mode": "approve"}"#), Some(Approved::Everything));
        assert_eq!(entry(r#"{"tools": {"send": {"approval_mode": "approve"}}}"#), names(&["send"]));
        assert_eq!(entry(r#"{"tools": {"send": {"approval_mode": "auto"}}}"#), Some(Approved::Hinted));
        assert_eq!(entry(r#"{"sandboxEnabled": true}"#), Some(Approved::Sandboxed));
        for off in [
            r#"{"autoApprove": []}"#,
            r#"{"autoApprove": [""]}"#,
            r#"{"alwaysAllow": false}"#,
            r#"{"trust": false}"#,
            r#"{"default_tools_approval_mode": "prompt"}"#,
            r#"{"tools": {"send": {"approval_mode": "prompt"}}}"#,
            r#"{"tools": ["*"]}"#,
            r#"{"env": {"autoApprove": "true"}}"#,
        ] {
            assert_eq!(entry(off), None, "{off}");
        }
    }

    #[test]
    fn switches_of_files() {
        let one = |path: &str, scope: &str| vec![(path.to_owned(), scope.to_owned())];
        let json = |text: &str| file(Format::Json, text);
        assert_eq!(json(r#"{"enableAllProjectMcpServers": true}"#), one("enableAllProjectMcpServers", "Everything"));
        assert_eq!(json(r#"{"chat.tools.autoApprove": true}"#), one("chat.tools.autoApprove", "Everything"));
        assert_eq!(
            json(r#"{"permissions": {"allow": ["Read(x)", "mcp__a__b"]}}"#).pop().unwrap().1,
            r#"Names(["mcp__a__b"])"#
        );
        assert_eq!(json(r#"{"permissions": {"allow": ["mcp__a"]}}"#), one("permissions.allow", "Everything"));
        assert_eq!(json(r#"{"permissions": {"allow": ["mcp__a__*"]}}"#), one("permissions.allow", "Everything"));
        assert_eq!(json(r#"{"permissions": {"allow": ["Mcp(a:*)"]}}"#), one("permissions.allow", "Everything"));
        assert_eq!(json(r#"{"allowedTools": ["fs_read", "@git"]}"#), one("allowedTools", "Everything"));
        assert_eq!(
            json(
                r#"{"amp.permissions": [{"tool": "Bash", "action": "allow"}, {"tool": "mcp__*", "action": "allow"}]}"#
            ),
            one("amp.permissions[1].tool", "Everything")
        );
        assert_eq!(json(r#"{"permission": {"*": "allow"}}"#), one("permission.*", "Everything"));
        let terminal =
            r#"{"settings": {"chat.tools.terminal.autoApprove": {"ls": true, "/^.*$/": {"approve": true}}}}"#;
        assert_eq!(json(terminal), one("settings.chat.tools.terminal.autoApprove./^.*$/.approve", "Everything"));
        assert_eq!(
            json(r#"{"chat.mcp.serverSampling": {"Global in Code: a": {"allowedOutsideChat": true}}}"#)
                .pop()
                .unwrap()
                .1,
            r#"Names(["Global in Code: a"])"#
        );
        assert_eq!(
            file(Format::Yaml, "user:\n  always_allow:\n    - developer__shell\n").pop().unwrap().1,
            r#"Names(["developer__shell"])"#
        );
        assert_eq!(
            file(Format::Toml, "approval_policy = \"never\"\n[mcp_servers.x]\ncommand = \"x\"\n"),
            one("approval_policy", "Everything")
        );
        for off in [
            r#"{"enableAllProjectMcpServers": false}"#,
            r#"{"permissions": {"allow": ["Bash(ls)"], "deny": ["mcp__a"]}}"#,
            r#"{"amp.permissions": [{"tool": "mcp__*", "action": "ask"}]}"#,
            r#"{"permission": {"bash": "allow", "edit": "allow"}}"#,
            r#"{"chat.tools.terminal.autoApprove": {"/^git (status|log)/": true, "/.*/": false, "rm": {"approve": false}}}"#,
            r#"{"chat.tools.urls.autoApprove": {"https://docs.example.com/*": true, "*": {"approveResponse": false}}}"#,
            r#"{"chat.mcp.serverSampling": {"a": {"allowedDuringChat": true, "allowedOutsideChat": false}}}"#,
            r#"{"chat.mcp.autostart": "newAndOutdated", "chat.mcp.discovery.enabled": true}"#,
            r#"{"approval_policy": "on-request"}"#,
            r#"{"allowedTools": ["@builtin/read", "fs_read"]}"#,
        ] {
            assert_eq!(json(off), [], "{off}");
        }
    }
}

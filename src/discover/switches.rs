//! The part of `rules/clients.toml` that tells what takes a person out of the loop.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::document::KeyPath;

/// A switch of a client, and when it is on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchEntry {
    /// Path of keys, relative to the entry or to the file; `*` is any key, or any element of a list.
    pub keys: KeyPath,
    /// Paths below which the same keys count, too; the table has an entry of its own for each once it is read.
    #[serde(default)]
    below: Vec<String>,
    /// On only where the last `*` stands for one of these keys.
    #[serde(default)]
    pub star: Vec<String>,
    /// Whether it stands in a server's entry and not in the file.
    #[serde(default)]
    pub entry: bool,
    /// The rule that it answers to.
    #[serde(default = "approve")]
    pub rule: String,
    /// On where it is a list that names something.
    #[serde(default)]
    pub list: bool,
    /// Of such a list only the items that begin with one of these.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// And none that begin with one of these.
    #[serde(default)]
    pub except: Vec<String>,
    /// What stands between a server and its tool in an item; without it the item is the whole server.
    pub separator: Option<String>,
    /// On where it is one of these.
    #[serde(default)]
    pub values: Vec<String>,
    /// What one of `values` stands for.
    #[serde(default)]
    pub reach: Reach,
    /// Fields beside it that must have these values.
    #[serde(default)]
    pub given: BTreeMap<String, String>,
    /// What it does where it stands for everything, as a clause.
    pub means: String,
    /// What happens with the names of a list, as a verb for several.
    #[serde(default = "run")]
    pub each: String,
}

impl SwitchEntry {
    /// The switch, and the same one at every place below which it counts.
    pub(super) fn everywhere(self) -> impl Iterator<Item = Self> {
        let keys = self.keys.as_str();
        let dot = if keys.starts_with('[') { "" } else { "." };
        let others: Vec<Self> = self
            .below
            .iter()
            .map(|place| Self { keys: KeyPath::from(format!("{place}{dot}{keys}")), ..self.clone() })
            .collect();
        std::iter::once(self).chain(others)
    }
}

fn run() -> String {
    "run".to_owned()
}

fn approve() -> String {
    "client/auto-approve".to_owned()
}

/// How much a switch reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Every tool.
    #[default]
    All,
    /// The tool that the `*` of its path stands for.
    Named,
    /// Every tool that its server calls harmless.
    Hinted,
    /// Every tool, but what it can do is bounded.
    Sandboxed,
}

/// Where values stand beside the servers of a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValuePlace {
    /// Path of keys.
    pub keys: KeyPath,
    /// The field beside it that names it; without one the last `*` does.
    pub name: Option<String>,
    /// What such values are together.
    pub what: String,
}

/// Something in an entry that makes a client run a command while it reads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEntry {
    /// A field whose value is the command.
    pub field: Option<String>,
    /// Or how the command begins, inside any value.
    pub opens: Option<String>,
    /// The clients that run it, where the same text is something else to others.
    #[serde(default)]
    pub clients: Vec<String>,
    /// What it is, as a noun.
    pub what: String,
}

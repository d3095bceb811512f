//! The table of clients, `rules/clients.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;

use super::switches::{RunEntry, SwitchEntry};
use super::{Os, glob};

/// Where a config counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One user, everywhere.
    User,
    /// Whoever opens the project: somebody else may have written it.
    Project,
    /// The whole machine, by its administrator.
    Managed,
    /// A plugin or an extension brought it.
    Plugin,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Managed => "managed",
            Self::Plugin => "plugin",
        })
    }
}

/// A program that starts servers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its id in every output.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How one refers to a variable in its config, with `NAME` for the name; nothing if it expands nothing.
    pub reference: Option<String>,
    /// Where its configs are.
    #[serde(rename = "location")]
    pub locations: Vec<Location>,
}

/// A group of paths that one client reads the same way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Where these configs count.
    pub scope: Scope,
    /// Keys under which this client looks for servers.
    pub keys: Vec<String>,
    /// Whether such a file often holds no servers at all.
    #[serde(default)]
    pub optional: bool,
    /// Why such a file is not read, where it can't be; that it is there is told.
    pub unread: Option<String>,
    /// What such a file is, where its client runs it as a program to read it.
    pub runs: Option<String>,
    /// Whether a text in place of the servers names another file that has them.
    #[serde(default)]
    pub elsewhere: bool,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    macos: Vec<String>,
    #[serde(default)]
    linux: Vec<String>,
    #[serde(default)]
    windows: Vec<String>,
    /// Paths relative to a project's root.
    #[serde(default)]
    pub project: Vec<String>,
}

impl Location {
    /// The path templates of an operating system.
    pub fn templates(&self, os: Os) -> impl Iterator<Item = &String> {
        let own = match os {
            Os::MacOs => &self.macos,
            Os::Linux => &self.linux,
            Os::Windows => &self.windows,
        };
        self.any.iter().chain(own)
    }

    /// Whether `path` is this location in some project.
    pub fn matches_project(&self, path: &Path) -> bool {
        self.project.iter().any(|pattern| glob::ends_with(path, pattern))
    }

    /// How many segments of a template, from its end, are the end of `path`; 0 if the template isn't.
    fn depth(&self, path: &Path) -> usize {
        let user = [Os::MacOs, Os::Linux, Os::Windows].into_iter().flat_map(|os| self.templates(os));
        user.map(|template| after_token(template))
            .chain(self.project.iter().map(String::as_str))
            .map(|tail| tail.trim_start_matches('/'))
            .filter(|tail| glob::ends_with(path, tail))
            .map(|tail| tail.split('/').count())
            .max()
            .unwrap_or(0)
    }
}

/// What stands behind the token that a template begins with.
fn after_token(template: &str) -> &str {
    match template.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        Some((token, rest)) if !token.contains(',') => rest,
        _ => template,
    }
}

/// The words of a server entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryWords {
    /// What a server is called, where it says so itself.
    pub name: Vec<String>,
    /// The program, or its whole command line, or both in a list.
    pub command: Vec<String>,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its variables.
    pub env: Vec<String>,
    /// The image of a container; `command` are its arguments then.
    pub image: Vec<String>,
    /// What is mounted into it.
    pub volumes: Vec<String>,
    /// The address of a remote.
    pub url: Vec<String>,
    /// What is sent to it.
    pub headers: Vec<String>,
    /// Objects that hold these fields once more.
    pub nested: Vec<String>,
    /// How it is spoken to.
    pub transport: Vec<String>,
    /// The names of ways to speak to it.
    pub transports: Vec<String>,
    /// True: switched off.
    pub disabled: Vec<String>,
    /// False: switched off.
    pub enabled: Vec<String>,
    /// Fields with the value that means: switched off.
    pub off: BTreeMap<String, String>,
}

/// A place where a file may keep its servers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShapeEntry {
    /// Path of keys.
    pub(super) keys: String,
    /// Whether whatever is there is a server.
    #[serde(default)]
    pub(super) sure: bool,
    /// Whether what is there is one server, and not a map or a list of them.
    #[serde(default)]
    pub(super) single: bool,
    /// Whether each server says its own name, and the keys say nothing.
    #[serde(default)]
    pub(super) list: bool,
    /// Fields of which a single server has one, if it needs one to be told.
    #[serde(default)]
    pub(super) marks: Vec<String>,
    /// A field whose members replace fields of the server, somewhere else.
    pub(super) variants: Option<String>,
}

/// A place where a file may keep its servers, for whoever looks there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape<'c> {
    /// Path of keys: `a.*.b`, `['a.b']`; empty for the file as a whole.
    pub keys: &'c str,
    /// Whether whatever is there is a server.
    pub sure: bool,
    /// Whether what is there is one server, and not a map or a list of them.
    pub single: bool,
    /// Whether each server says its own name, and the keys say nothing.
    pub list: bool,
    /// Fields of which a single server has one, if it needs one to be told.
    pub marks: &'c [String],
    /// A field whose members replace fields of the server, somewhere else.
    pub variants: Option<&'c str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    entry: EntryWords,
    #[serde(rename = "shape")]
    shapes: Vec<ShapeEntry>,
    #[serde(rename = "switch")]
    switches: Vec<SwitchEntry>,
    #[serde(rename = "run")]
    runs: Vec<RunEntry>,
    #[serde(rename = "client")]
    clients: Vec<Client>,
}

/// The table can't be read.
#[derive(Debug, thiserror::Error)]
#[error("rules/clients.toml: {0}")]
pub struct TableError(#[from] toml::de::Error);

/// All clients.
#[derive(Clone, Debug)]
pub struct Clients {
    clients: Vec<Client>,
    entry: EntryWords,
    shapes: Vec<ShapeEntry>,
    switches: Vec<SwitchEntry>,
    runs: Vec<RunEntry>,
}

impl Clients {
    /// Reads the table.
    ///
    /// # Errors
    /// A mistake in it, with its line; a test of this repository rules that out for the built-in one.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let Table { entry, shapes, switches, runs, clients } = toml::from_str(text)?;
        Ok(Self { clients, entry, shapes, switches, runs })
    }

    /// All, in the order of the table.
    pub fn all(&self) -> &[Client] {
        &self.clients
    }

    /// The client of an id.
    pub fn get(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// The words of a server entry.
    pub fn entry_words(&self) -> &EntryWords {
        &self.entry
    }

    /// Places of servers inside a file.
    pub fn shapes(&self) -> impl Iterator<Item = Shape<'_>> {
        self.shapes.iter().map(|shape| Shape {
            keys: &shape.keys,
            sure: shape.sure,
            single: shape.single,
            list: shape.list,
            marks: &shape.marks,
            variants: shape.variants.as_deref(),
        })
    }

    /// Switches that take a person out of the loop.
    pub fn switches(&self) -> &[SwitchEntry] {
        &self.switches
    }

    /// What makes a client run a command while it reads.
    pub fn runs(&self) -> &[RunEntry] {
        &self.runs
    }

    /// The client that would read `path`, by the longest end of a location that it has.
    pub fn at(&self, path: &Path) -> Option<(&Client, &Location)> {
        self.clients
            .iter()
            .flat_map(|client| client.locations.iter().map(move |location| (location.depth(path), client, location)))
            .filter(|(depth, ..)| *depth > 0)
            // Of equals the first of the table, where `max_by_key` would give the last.
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, client, location)| (client, location))
    }

    /// The last segments of all project paths, each with its alternatives written out.
    pub(super) fn project_file_names(&self) -> Vec<String> {
        let paths = self.clients.iter().flat_map(|client| &client.locations).flat_map(|location| &location.project);
        let mut names: Vec<String> = paths
            .flat_map(|path| glob::alternatives(path))
            .filter_map(|path| path.rsplit('/').next().map(str::to_owned))
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn table() -> Clients {
        Clients::parse(crate::rules::data("clients.toml")).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_built_in_table_is_whole() {
        let clients = table();
        let ids: HashSet<&str> = clients.all().iter().map(|client| client.id.as_str()).collect();
        assert_eq!(ids.len(), clients.all().len(), "ids are unique");
        for client in clients.all() {
            assert!(!client.locations.is_empty(), "{}", client.id);
            for location in &client.locations {
                let some =
                    [Os::MacOs, Os::Linux, Os::Windows].iter().any(|os| location.templates(*os).next().is_some());
                assert!(some || !location.project.is_empty(), "{}: a location without a path", client.id);
                assert!(location.keys.is_empty() == location.unread.is_some(), "{}", client.id);
                for key in &location.keys {
                    assert!(clients.shapes().any(|shape| shape.keys == key), "{}: no shape for `{key}`", client.id);
                }
            }
        }
    }

    #[test]
    fn every_switch_can_be_on() {
        let clients = table();
        for switch in clients.switches() {
            assert!(switch.list || !switch.values.is_empty(), "{}", switch.keys);
            assert!(switch.list || switch.prefixes.is_empty() && switch.separator.is_none(), "{}", switch.keys);
        }
        for run in clients.runs() {
            assert!(run.field.is_some() != run.opens.is_some(), "{}", run.what);
            assert!(run.clients.iter().all(|id| clients.get(id).is_some()), "{}", run.what);
        }
    }

    #[test]
    fn files_are_known_by_their_ends() {
        let clients = table();
        let owner =
            |path: &str| clients.at(Path::new(path)).map(|(client, location)| (client.id.clone(), location.scope));
        assert_eq!(owner("/x/.cursor/mcp.json"), Some(("cursor".into(), Scope::User)));
        assert_eq!(owner("/x/Code/User/mcp.json"), Some(("vscode".into(), Scope::User)));
        assert_eq!(owner("/x/y/.mcp.json"), Some(("claude-code".into(), Scope::Project)));
        assert_eq!(owner("/x/.vscode/mcp.json"), Some(("vscode".into(), Scope::Project)));
        assert_eq!(owner("/x/mcp.json"), Some(("generic".into(), Scope::Project)));
        assert_eq!(owner("/x/.codex/config.toml"), Some(("codex".into(), Scope::User)));
        assert_eq!(owner("/x/whatever.json"), None);
    }
}

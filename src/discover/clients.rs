//! The table of clients, `rules/clients.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

use serde::Deserialize;

use super::form::{Form, Liberty, OnDuplicate};
use super::projects::Projects;
use super::remembered::Remembered;
use super::switches::{RunEntry, SwitchEntry, ValuePlace};
use super::users::HomesEntry;
use super::{Os, glob};
use crate::document::{KeyPath, Sieve};

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
    /// The spellings of references that it replaces; nothing where that is not known, so that all count.
    pub expands: Option<Vec<Form>>,
    /// The name that it tells the servers it talks to.
    pub announces: Option<String>,
    /// What it refuses to read.
    #[serde(default)]
    pub refuses: Vec<Liberty>,
    /// What it does with a key that stands twice.
    #[serde(default)]
    pub duplicates: OnDuplicate,
    /// It stands for files that are nobody's in particular.
    #[serde(default)]
    pub fallback: bool,
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
    /// The spellings of references that count in these files, where they differ from the client's.
    pub expands: Option<Vec<Form>>,
    /// Whether the client keeps more than its servers in such a file, so that it grows large.
    #[serde(default)]
    pub large: bool,
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
        user.filter_map(|template| known_end(template))
            .chain(self.project.iter().cloned())
            .filter(|tail| glob::ends_with(path, tail))
            .map(|tail| tail.split('/').count())
            .max()
            .unwrap_or(0)
    }
}

/// The end by which a file of a template is known; nothing where a variable may stand for any folder.
fn known_end(template: &str) -> Option<String> {
    const FOLDERS: [&str; 8] = [
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "APPDATA",
        "LOCALAPPDATA",
        "PROGRAMDATA",
        "PROGRAMFILES",
    ];
    let end = match template.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        Some((token, rest)) if !token.contains(',') => match token.split_once('|') {
            Some((_, otherwise)) => format!("{}{rest}", otherwise.split_once('/').map_or("", |(_, folder)| folder)),
            None if FOLDERS.contains(&token) => rest.to_owned(),
            None => return None,
        },
        _ => template.to_owned(),
    };
    Some(end.trim_start_matches('/').to_owned())
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
    /// Fields with the values that mean: a part of the client itself, and no server.
    pub own: BTreeMap<String, Vec<String>>,
}

/// A place where a file may keep its servers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Path of keys; empty for the file as a whole.
    pub keys: KeyPath,
    /// Whether whatever is there is a server.
    #[serde(default)]
    pub sure: bool,
    /// Whether what is there is one server, and not a map or a list of them.
    #[serde(default)]
    pub single: bool,
    /// Whether each server says its own name, and the keys say nothing.
    #[serde(default)]
    pub list: bool,
    /// Fields of which a single server has one, if it needs one to be told.
    #[serde(default)]
    pub marks: Vec<String>,
    /// A field whose members replace fields of the server, somewhere else.
    pub variants: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    entry: EntryWords,
    #[serde(rename = "shape")]
    shapes: Vec<Shape>,
    #[serde(rename = "switch")]
    switches: Vec<SwitchEntry>,
    #[serde(rename = "run")]
    runs: Vec<RunEntry>,
    remembered: Vec<Remembered>,
    homes: Vec<HomesEntry>,
    #[serde(rename = "value")]
    values: Vec<ValuePlace>,
    #[serde(rename = "client")]
    clients: Vec<Client>,
}

/// The table can't be read.
#[derive(Debug, thiserror::Error)]
#[error("rules/clients.toml: {0}")]
pub struct TableError(#[from] crate::rules::TableError);

/// All clients.
#[derive(Clone, Debug)]
pub struct Clients {
    clients: Vec<Client>,
    entry: EntryWords,
    shapes: Vec<Shape>,
    switches: Vec<SwitchEntry>,
    runs: Vec<RunEntry>,
    remembered: Vec<Remembered>,
    homes: Vec<HomesEntry>,
    values: Vec<ValuePlace>,
    sieve: OnceLock<Sieve>,
    projects: OnceLock<Projects>,
}

impl Clients {
    /// Reads the table.
    ///
    /// # Errors
    /// A mistake in it, with its line; a test of this repository rules that out for the built-in one.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let Table { entry, shapes, switches, runs, remembered, homes, values, clients } = crate::rules::table(text)?;
        let switches = switches.into_iter().flat_map(SwitchEntry::everywhere).collect();
        Ok(Self {
            clients,
            entry,
            shapes,
            switches,
            runs,
            remembered,
            homes,
            values,
            sieve: OnceLock::new(),
            projects: OnceLock::new(),
        })
    }

    /// All, in the order of the table.
    pub fn all(&self) -> &[Client] {
        &self.clients
    }

    /// The client of an id.
    pub fn get(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// The names that a server is told when it is asked again: that of the client whose entry it is, then those of the
    /// others in the order of the table.
    pub fn callers(&self, id: &str) -> Vec<String> {
        let own = self.get(id).and_then(|client| client.announces.clone());
        let mut names: Vec<String> = own.into_iter().collect();
        for name in self.clients.iter().filter_map(|client| client.announces.as_ref()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The words of a server entry.
    pub fn entry_words(&self) -> &EntryWords {
        &self.entry
    }

    /// Places of servers inside a file.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// What matters of a file too large to be parsed whole.
    pub fn sieve(&self) -> &Sieve {
        self.sieve.get_or_init(|| {
            let mut sieve = Sieve::default();
            let shapes = self.shapes.iter().filter(|shape| !matches!(shape.keys.as_str(), "" | "."));
            let switches = self.switches.iter().filter(|switch| !switch.entry);
            let values = self.values.iter().map(|value| &value.keys);
            let all = shapes.map(|shape| &shape.keys).chain(switches.map(|switch| &switch.keys)).chain(values);
            all.for_each(|keys| sieve.whole(keys));
            sieve
        })
    }

    /// Switches that take a person out of the loop.
    pub fn switches(&self) -> &[SwitchEntry] {
        &self.switches
    }

    /// Where clients remember projects.
    pub(super) fn remembered(&self) -> &[Remembered] {
        &self.remembered
    }

    /// Where values stand beside the servers.
    pub fn values(&self) -> &[ValuePlace] {
        &self.values
    }

    /// Where homes lie.
    pub(super) fn homes(&self) -> &[HomesEntry] {
        &self.homes
    }

    /// What makes a client run a command while it reads.
    pub fn runs(&self) -> &[RunEntry] {
        &self.runs
    }

    /// Who would read a file of that path, by the longest end of a location that fits: several clients may.
    pub fn at(&self, path: &Path) -> Vec<(&Client, &Location)> {
        let all =
            self.clients.iter().flat_map(|client| client.locations.iter().map(move |location| (client, location)));
        let depths: Vec<_> = all.map(|owner| (owner.1.depth(path), owner)).filter(|(depth, _)| *depth > 0).collect();
        let most = depths.iter().map(|(depth, _)| *depth).max().unwrap_or_default();
        depths.into_iter().filter(|(depth, _)| *depth == most).map(|(_, owner)| owner).collect()
    }

    /// Who would read a file of that path in a project, in the order of the table.
    pub(super) fn of_project(&self, path: &Path) -> Vec<(&Client, &Location)> {
        let owners = self.projects().owners(path).into_iter();
        owners.map(|(client, location)| (&self.clients[client], &self.clients[client].locations[location])).collect()
    }

    /// The names that the files of projects have.
    pub(super) fn projects(&self) -> &Projects {
        self.projects.get_or_init(|| {
            let mut projects = Projects::default();
            for (client, Client { locations, .. }) in self.clients.iter().enumerate() {
                for (location, Location { project, .. }) in locations.iter().enumerate() {
                    project.iter().for_each(|pattern| projects.add(pattern, (client, location)));
                }
            }
            projects
        })
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
                    assert!(
                        clients.shapes().iter().any(|shape| shape.keys.as_str() == key),
                        "{}: no shape for `{key}`",
                        client.id
                    );
                }
            }
        }
    }

    #[test]
    fn every_switch_can_be_on() {
        let clients = table();
        for switch in clients.switches() {
            assert!(switch.list || !switch.values.is_empty(), "{}", switch.keys.as_str());
            assert!(
                switch.list || switch.prefixes.is_empty() && switch.separator.is_none(),
                "{}",
                switch.keys.as_str()
            );
        }
        for run in clients.runs() {
            assert!(run.field.is_some() != run.opens.is_some(), "{}", run.what);
            assert!(run.clients.iter().all(|id| clients.get(id).is_some()), "{}", run.what);
        }
        for id in clients.remembered().iter().flat_map(|place| &place.clients) {
            assert!(clients.get(id).is_some(), "{id}");
        }
    }

    #[test]
    fn files_are_known_by_their_ends() {
        let clients = table();
        let owners = |path: &str| -> Vec<&str> {
            clients.at(Path::new(path)).into_iter().map(|(client, _)| client.id.as_str()).collect()
        };
        let owner = |path: &str| owners(path).first().copied();
        assert_eq!(owners("/x/Code/User/mcp.json"), ["vscode"]);
        assert_eq!(owners("/x/y/.vscode/mcp.json"), ["vscode", "visual-studio"]);
        assert_eq!(owners("/x/mcp.json"), ["generic"]);
        assert_eq!(owner("/x/y/.mcp.json"), Some("claude-code"));
        assert!(owners("/x/y/.mcp.json").contains(&"copilot-cli"));
        assert_eq!(owner("/x/.codex/config.toml"), Some("codex"));
        assert_eq!(owner("/x/whatever.json"), None);
    }
}

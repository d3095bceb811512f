//! Which files there are to read. Knows paths, and of contents only which projects a client remembers.

mod clients;
mod form;
mod glob;
mod home;
mod projects;
mod remembered;
mod search;
mod switches;
mod users;
mod walk;

pub use clients::{Client, Clients, EntryWords, Location, Scope, Shape, TableError};
pub use form::{Form, Liberty, OnDuplicate};
pub use home::{Home, Os, same_variable};
pub use search::{discover, spelled};
pub use switches::{Reach, RunEntry, SwitchEntry, ValuePlace};
pub use users::{Host, other_homes};
pub use walk::{ReadError, read};

use std::path::PathBuf;

/// Id of the client of a file that no client's location matches.
pub const UNKNOWN_CLIENT: &str = "unknown";

/// What to look for.
pub struct Request {
    /// Files and folders that were named. None: the users' clients, and the project around the current folder.
    pub paths: Vec<PathBuf>,
    /// Ids of the only clients to look at; empty for all.
    pub clients: Vec<String>,
    /// The homes that are searched, the user's own first.
    pub homes: Vec<Home>,
    /// The user's own home, above which no project is looked for.
    pub own_home: Option<PathBuf>,
    /// The current folder, absolute.
    pub current: PathBuf,
    /// Whether to look into the projects that clients remember, too.
    pub known_projects: bool,
}

/// A client that reads a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// Its id.
    pub client: String,
    /// Where the file counts for it.
    pub scope: Scope,
    /// Keys under which it looks for servers.
    pub keys: Vec<String>,
    /// The spellings of references that it replaces; nothing where that is not known.
    pub expands: Option<Vec<Form>>,
    /// It stands for files that are nobody's in particular, and says nothing where somebody is known.
    pub fallback: bool,
}

/// A file to read.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigFile {
    /// Where it is.
    pub path: PathBuf,
    /// The path as the user knows it: as given, or relative to the current folder.
    pub shown: String,
    /// The path without what differs between machines, for fingerprints.
    pub portable: String,
    /// The clients that read it, in the order of the table; none for a file that was named and is at no known place.
    pub readers: Vec<Reader>,
    /// The user named this very file, so it must be readable.
    pub named: bool,
    /// It belongs to a client but often holds no servers; only worth mentioning when it does.
    pub optional: bool,
    /// Why it is not read, although it is there.
    pub unread: Option<String>,
    /// Its client keeps more than its servers in it, so that it grows large.
    pub large: bool,
    /// What it is, where its client runs it as a program to read it.
    pub runs: Option<String>,
    /// A text in place of the servers names another file that has them.
    pub elsewhere: bool,
    /// Root of the project it belongs to, out of which no link may lead.
    pub root: Option<PathBuf>,
    /// It lies in the home of another user, or in a project that such a home remembers, or on the other side of WSL:
    /// nothing in it is started from here.
    pub of_another: bool,
}

impl ConfigFile {
    /// A file that was named, and of which nothing else is known.
    pub fn named(path: PathBuf, shown: String, portable: String) -> Self {
        Self {
            path,
            shown,
            portable,
            readers: Vec::new(),
            named: true,
            optional: false,
            unread: None,
            large: false,
            runs: None,
            elsewhere: false,
            root: None,
            of_another: false,
        }
    }

    /// The same file as one client reads it.
    #[must_use]
    pub fn read_by(self, client: &Client, location: &Location) -> Self {
        let reader = Reader {
            client: client.id.clone(),
            scope: location.scope,
            keys: location.keys.clone(),
            expands: location.expands.clone().or_else(|| client.expands.clone()),
            fallback: client.fallback,
        };
        Self {
            readers: vec![reader],
            optional: location.optional && !self.named,
            unread: location.unread.clone(),
            large: location.large,
            runs: location.runs.clone(),
            elsewhere: location.elsewhere,
            ..self
        }
    }

    /// Id of the first client that reads it.
    pub fn client(&self) -> &str {
        self.readers.first().map_or(UNKNOWN_CLIENT, |reader| &reader.client)
    }

    /// Where it counts for that client.
    pub fn scope(&self) -> Scope {
        self.readers.first().map_or(Scope::Project, |reader| reader.scope)
    }

    /// Whether some client that reads it looks for servers there.
    pub fn is_own_place(&self, keys: &str) -> bool {
        self.readers.iter().any(|reader| reader.keys.iter().any(|own| own == keys))
    }

    /// The same file once more, found for another client.
    fn also_read_by(&mut self, other: Self) {
        for reader in other.readers {
            if reader.fallback && !self.readers.is_empty() {
                continue;
            }
            self.readers.retain(|known| !known.fallback || known.client == reader.client);
            match self.readers.iter_mut().find(|known| known.client == reader.client) {
                Some(known) => {
                    let keys = reader.keys.into_iter().filter(|key| !known.keys.contains(key)).collect::<Vec<_>>();
                    known.keys.extend(keys);
                }
                None => self.readers.push(reader),
            }
        }
        self.optional &= other.optional;
        self.runs = self.runs.take().or(other.runs);
        self.elsewhere |= other.elsewhere;
        self.large |= other.large;
        if other.unread.is_none() {
            self.unread = None;
        }
    }
}

/// A path that is not read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The path as the user knows it.
    pub shown: String,
    /// Why.
    pub reason: String,
    /// The user named it, so this is an error of usage.
    pub named: bool,
}

/// All that was found, in a stable order.
#[derive(Debug, Default)]
pub struct Found {
    /// Files to read.
    pub files: Vec<ConfigFile>,
    /// Paths that can't be read.
    pub skipped: Vec<Skipped>,
}

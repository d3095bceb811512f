//! Which files there are to read. Knows paths, nothing about what stands in them.

mod clients;
mod glob;
mod places;
mod switches;
mod walk;

pub use clients::{Client, Clients, EntryWords, Location, Scope, Shape, TableError};
pub use places::{Homes, Os};
pub use switches::{Reach, RunEntry, SwitchEntry};
pub use walk::{ReadError, read};

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Id of the client of a file that no client's location matches.
pub const UNKNOWN_CLIENT: &str = "unknown";

/// What to look for.
pub struct Request {
    /// Files and folders that were named. None: the user's clients, and the project around the current folder.
    pub paths: Vec<PathBuf>,
    /// Ids of the only clients to look at; empty for all.
    pub clients: Vec<String>,
    /// The home that is searched.
    pub homes: Homes,
    /// The user's own home, above which no project is looked for.
    pub own_home: Option<PathBuf>,
    /// The current folder, absolute.
    pub current: PathBuf,
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
    /// Id of the client that reads it.
    pub client: String,
    /// Where it counts.
    pub scope: Scope,
    /// The user named this very file, so it must be readable.
    pub named: bool,
    /// It belongs to a client but often holds no servers; only worth mentioning when it does.
    pub optional: bool,
    /// Keys under which its client looks for servers.
    pub keys: Vec<String>,
    /// Why it is not read, although it is there.
    pub unread: Option<String>,
    /// Root of the project it belongs to, out of which no link may lead.
    pub root: Option<PathBuf>,
}

impl ConfigFile {
    /// A file that was named, and of which nothing else is known.
    pub fn named(path: PathBuf, shown: String, portable: String, client: &str) -> Self {
        Self {
            path,
            shown,
            portable,
            client: client.to_owned(),
            scope: Scope::Project,
            named: true,
            optional: false,
            keys: Vec::new(),
            unread: None,
            root: None,
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

/// Finds the files.
pub fn discover(request: &Request, clients: &Clients) -> Found {
    let mut search = Search { request, clients, found: Found::default(), seen: HashSet::new() };
    if request.paths.is_empty() {
        search.user();
        search.around(&request.current);
    }
    for path in &request.paths {
        search.named(path);
    }
    search.found
}

struct Search<'a> {
    request: &'a Request,
    clients: &'a Clients,
    found: Found,
    seen: HashSet<PathBuf>,
}

impl Search<'_> {
    fn wanted(&self) -> impl Iterator<Item = &Client> {
        let only = &self.request.clients;
        self.clients.all().iter().filter(move |client| only.is_empty() || only.contains(&client.id))
    }

    /// The configs outside of projects.
    fn user(&mut self) {
        let homes = &self.request.homes;
        let mut files = Vec::new();
        for client in self.wanted() {
            for location in &client.locations {
                for template in location.templates(homes.os()) {
                    for path in homes.expand(template) {
                        files.push(self.file(path, client, location, None, false));
                    }
                }
            }
        }
        files.into_iter().for_each(|file| self.add(file));
    }

    /// The project configs of a folder and of the folders above it, up to the repository or the home.
    fn around(&mut self, folder: &Path) {
        for folder in folder.ancestors() {
            let home = folder == self.request.homes.home() || self.request.own_home.as_deref() == Some(folder);
            if home || folder.parent().is_none() {
                break;
            }
            let mut files = Vec::new();
            for client in self.wanted() {
                for location in &client.locations {
                    for pattern in &location.project {
                        for path in glob::expand(&folder.join(pattern)) {
                            files.push(self.file(path, client, location, Some(folder), false));
                        }
                    }
                }
            }
            files.into_iter().for_each(|file| self.add(file));
            if folder.join(".git").exists() {
                break;
            }
        }
    }

    fn named(&mut self, path: &Path) {
        let absolute = self.request.current.join(path);
        match absolute.metadata() {
            Ok(data) if data.is_dir() => self.below(&absolute, path),
            Ok(_) => {
                let file = match self.clients.at(&absolute) {
                    Some((client, location)) => self.file(absolute, client, location, None, true),
                    None => {
                        let portable = self.portable(&absolute);
                        ConfigFile::named(absolute, String::new(), portable, UNKNOWN_CLIENT)
                    }
                };
                self.add(ConfigFile { shown: shown(path, &self.request.current), ..file });
            }
            Err(error) => {
                self.found.skipped.push(Skipped { shown: spelled(path), reason: walk::describe(&error), named: true })
            }
        }
    }

    /// The project configs in a tree.
    fn below(&mut self, root: &Path, given: &Path) {
        let walk::Tree { found, links, unreadable } = walk::tree(root, &self.clients.project_file_names());
        // What a client's own folder leads to belongs to that client, whatever it is called behind the link.
        let mut paths = Vec::new();
        for link in links {
            let (Some(parent), Some(name)) = (link.parent(), link.file_name().and_then(|name| name.to_str())) else {
                continue;
            };
            let patterns =
                self.clients.all().iter().flat_map(|client| &client.locations).flat_map(|location| &location.project);
            for pattern in patterns.filter(|pattern| pattern.split('/').next() == Some(name)) {
                paths.extend(glob::expand(&parent.join(pattern)).into_iter().filter(|path| path.exists()));
            }
        }
        paths.extend(found);
        let mut files = Vec::new();
        for path in paths {
            let Some(relative) = path.strip_prefix(root).ok().map(Path::to_owned) else { continue };
            // Below a named folder a file belongs to the first client that reads it under that path.
            let owner = self.wanted().find_map(|client| {
                let location = client.locations.iter().find(|location| location.matches_project(&path))?;
                Some((client, location))
            });
            if let Some((client, location)) = owner {
                let file = self.file(path.clone(), client, location, Some(root), false);
                files.push(ConfigFile { shown: shown(&given.join(relative), &self.request.current), ..file });
            }
        }
        files.into_iter().for_each(|file| self.add(file));
        for (path, reason) in unreadable {
            let shown = shown(&path, &self.request.current);
            self.found.skipped.push(Skipped { shown, reason, named: false });
        }
    }

    fn file(
        &self,
        path: PathBuf,
        client: &Client,
        location: &Location,
        root: Option<&Path>,
        named: bool,
    ) -> ConfigFile {
        ConfigFile {
            shown: shown(&path, &self.request.current),
            portable: match root.and_then(|root| path.strip_prefix(root).ok()) {
                Some(relative) => slashes(relative),
                None => self.portable(&path),
            },
            path,
            client: client.id.clone(),
            scope: location.scope,
            named,
            optional: location.optional && !named,
            keys: location.keys.clone(),
            unread: location.unread.clone(),
            root: root.map(Path::to_owned),
        }
    }

    /// Relative to the home or to the nearest repository, if it lies in one.
    fn portable(&self, path: &Path) -> String {
        let repository = path.ancestors().skip(1).find(|folder| folder.join(".git").exists());
        if let Some(relative) = repository.and_then(|folder| path.strip_prefix(folder).ok()) {
            return slashes(relative);
        }
        match path.strip_prefix(self.request.homes.home()) {
            Ok(relative) => format!("~/{}", slashes(relative)),
            Err(_) => path.strip_prefix(&self.request.current).map_or_else(|_| spelled(path), slashes),
        }
    }

    fn add(&mut self, file: ConfigFile) {
        // What does not exist is no finding, unless it was named; that was checked before.
        let Ok(real) = file.path.canonicalize() else {
            if file.path.symlink_metadata().is_ok() {
                self.found.skipped.push(Skipped {
                    shown: file.shown,
                    reason: "a link that leads nowhere".to_owned(),
                    named: file.named,
                });
            }
            return;
        };
        if let Some(root) = file.root.as_ref().and_then(|root| root.canonicalize().ok())
            && !real.starts_with(&root)
        {
            let reason = "a link that leads out of the project".to_owned();
            self.found.skipped.push(Skipped { shown: file.shown, reason, named: false });
            return;
        }
        if self.seen.insert(real) {
            self.found.files.push(file);
        }
    }
}

/// A path as given, without a `./` before it; an absolute one below the current folder is shown relative to it.
fn shown(path: &Path, current: &Path) -> String {
    let path = path.strip_prefix(current).unwrap_or(path);
    spelled(path.strip_prefix(".").unwrap_or(path))
}

/// A path as it is told, with the same strokes between folders on every system.
pub fn spelled(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

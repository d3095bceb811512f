//! The search itself: homes, the project around a folder, trees, remembered projects, named files.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use super::clients::{Client, Clients, Location};
use super::home::Home;
use super::{ConfigFile, Found, Request, Skipped, glob, remembered, walk};

/// Finds the files.
pub fn discover(request: &Request, clients: &Clients) -> Found {
    let mut search = Search { request, clients, found: Found::default(), seen: HashMap::new() };
    if request.paths.is_empty() {
        for home in &request.homes {
            search.home(home);
        }
        search.around(&request.current);
    }
    if request.known_projects {
        search.known_projects();
    }
    for path in &request.paths {
        search.named(path);
    }
    search.found
}

/// Below the current folder, where nobody named a folder: more entries than these are no project.
const MOST_ENTRIES: usize = 500_000;

struct Search<'a> {
    request: &'a Request,
    clients: &'a Clients,
    found: Found,
    /// Where each file stands in `found`, by its real path.
    seen: HashMap<PathBuf, usize>,
}

/// Where a file was found, for its paths in reports and for what may be done with it.
#[derive(Clone, Copy, Default)]
struct Finder<'a> {
    /// The project's root, or the root of the tree.
    root: Option<&'a Path>,
    /// Where the root really is.
    real: Option<&'a Path>,
    /// The root as it was given.
    given: Option<&'a Path>,
    /// What `portable` paths are relative to: the repository around the root, else the root.
    base: Option<&'a Path>,
    home: Option<&'a Home>,
    named: bool,
}

impl<'a> Search<'a> {
    fn wanted(&self) -> impl Iterator<Item = &'a Client> + use<'a> {
        let only = &self.request.clients;
        self.clients.all().iter().filter(move |client| only.is_empty() || only.contains(&client.id))
    }

    fn is_wanted(&self, client: &Client) -> bool {
        self.request.clients.is_empty() || self.request.clients.contains(&client.id)
    }

    /// The configs outside of projects.
    fn home(&mut self, home: &Home) {
        if home.is_other()
            && let Err(error) = std::fs::read_dir(home.folder())
        {
            let shown = self.shown(home.folder());
            self.found.skipped.push(Skipped { shown, reason: walk::describe(&error), named: false });
        }
        let finder = Finder { home: Some(home), ..Finder::default() };
        for client in self.wanted() {
            for location in &client.locations {
                for path in location.templates(home.os()).flat_map(|template| home.expand(template)) {
                    // What lies outside of homes is found from the user's own.
                    if !home.is_other() || path.starts_with(home.folder()) {
                        self.add(path, client, location, finder);
                    }
                }
            }
        }
    }

    /// The project configs of a folder and of the folders above it, up to the repository or the home, and of the tree
    /// below it.
    fn around(&mut self, folder: &Path) {
        for above in folder.ancestors() {
            if self.is_home(above) || above.parent().is_none() {
                break;
            }
            self.project(above, None);
            if above.join(".git").exists() {
                break;
            }
        }
        let homes = self.request.homes.iter().map(Home::folder).chain(self.request.own_home.as_deref());
        if !homes.into_iter().any(|home| plain(home).starts_with(folder)) && folder.parent().is_some() {
            self.below(folder, folder, MOST_ENTRIES);
        }
    }

    fn is_home(&self, folder: &Path) -> bool {
        self.request.own_home.as_deref() == Some(folder)
            || self.request.homes.iter().any(|home| plain(home.folder()) == folder)
    }

    /// The project configs of one folder, without what is deeper. Of a project that another user remembers nothing is
    /// started, as nothing of that user's own configs is.
    fn project(&mut self, folder: &Path, home: Option<&Home>) {
        // Most folders hold none of the names that a hundred patterns begin with.
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        let names: HashSet<String> =
            entries.filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let begins = |pattern: &str| {
            let first = pattern.split('/').next().unwrap_or_default();
            if first.contains(['*', '{']) {
                names.iter().any(|name| glob::alternatives(first).iter().any(|first| glob::fits(first, name)))
            } else {
                names.contains(first)
            }
        };
        let base = Some(repository(folder).unwrap_or(folder));
        let real = folder.canonicalize().ok();
        let finder = Finder { root: Some(folder), real: real.as_deref(), base, home, ..Finder::default() };
        for client in self.wanted() {
            for location in &client.locations {
                for pattern in location.project.iter().filter(|pattern| begins(pattern)) {
                    for path in glob::expand_in(folder, pattern) {
                        self.add(path, client, location, finder);
                    }
                }
            }
        }
    }

    /// The projects that the clients remember.
    fn known_projects(&mut self) {
        for home in &self.request.homes {
            for place in remembered::projects(home, self.clients, |client| {
                self.request.clients.is_empty() || self.request.clients.iter().any(|id| id == client)
            }) {
                match place {
                    remembered::Project::Folder(folder) if self.is_home(&folder) => {}
                    remembered::Project::Folder(folder) => self.project(&folder, Some(home)),
                    remembered::Project::Elsewhere(address) => self.found.skipped.push(Skipped {
                        shown: address,
                        reason: "a project on another machine or in a container".to_owned(),
                        named: false,
                    }),
                }
            }
        }
    }

    fn named(&mut self, path: &Path) {
        let absolute = self.request.current.join(path);
        match absolute.metadata() {
            Ok(data) if data.is_dir() => self.below(&absolute, path, usize::MAX),
            Ok(_) => {
                let base = absolute.parent().and_then(repository);
                let finder = Finder { given: Some(path), base, named: true, ..Finder::default() };
                let owners = self.at_home(&absolute, self.clients.at(&absolute));
                for (client, location) in &owners {
                    self.add(absolute.clone(), client, location, finder);
                }
                if owners.is_empty() {
                    let file = ConfigFile::named(absolute.clone(), self.shown(path), self.portable(&absolute, finder));
                    self.insert(file, finder);
                }
            }
            Err(error) => {
                self.found.skipped.push(Skipped { shown: spelled(path), reason: walk::describe(&error), named: true })
            }
        }
    }

    /// Of those that would read a file of this name: where it lies at the very place of a user's config, whose config it
    /// is; elsewhere the projects' first, because that is what a named file is.
    fn at_home(&self, path: &Path, owners: Vec<(&'a Client, &'a Location)>) -> Vec<(&'a Client, &'a Location)> {
        let at = |location: &Location| {
            self.request.homes.iter().any(|home| {
                location.templates(home.os()).any(|template| home.expand(template).iter().any(|found| found == path))
            })
        };
        let own = owners.iter().copied().filter(|(_, location)| at(location)).collect::<Vec<_>>();
        if !own.is_empty() {
            return own;
        }
        let projects =
            owners.iter().copied().filter(|(_, location)| location.matches_project(path)).collect::<Vec<_>>();
        if projects.is_empty() { owners } else { projects }
    }

    /// The project configs in a tree.
    fn below(&mut self, root: &Path, given: &Path, most: usize) {
        let walk::Tree { found, linked, links, unreadable, cut } = walk::tree(root, self.clients.projects(), most);
        let base = Some(repository(root).unwrap_or(root));
        let real = root.canonicalize().ok();
        let finder = Finder { root: Some(root), real: real.as_deref(), given: Some(given), base, ..Finder::default() };
        // What a client's own folder leads to belongs to that client, whatever it is called behind the link.
        for link in links {
            for client in self.wanted() {
                for location in &client.locations {
                    for rest in location.project.iter().flat_map(|pattern| glob::behind(&link, pattern)) {
                        for path in glob::expand_in(&link, &rest) {
                            self.add(path, client, location, finder);
                        }
                    }
                }
            }
        }
        for (path, is_link) in
            found.into_iter().map(|path| (path, false)).chain(linked.into_iter().map(|path| (path, true)))
        {
            // The walk follows no link, so what is none itself is where it seems to be.
            let place =
                finder.real.filter(|_| !is_link).and_then(|real| Some(real.join(path.strip_prefix(root).ok()?)));
            let mut file: Option<ConfigFile> = None;
            for (client, location) in self.clients.of_project(&path) {
                if self.is_wanted(client) {
                    let found = self.file(path.clone(), client, location, finder);
                    match &mut file {
                        Some(file) => file.also_read_by(found),
                        None => file = Some(found),
                    }
                }
            }
            match (file, place) {
                (Some(file), Some(place)) => self.take(file, place),
                (Some(file), None) => self.insert(file, finder),
                (None, _) => {}
            }
        }
        for (path, reason) in unreadable {
            let shown = self.shown_below(&path, finder);
            self.found.skipped.push(Skipped { shown, reason, named: false });
        }
        if cut {
            let reason = format!("more than {most} files below it; name the folders that matter");
            let shown = self.shown(root);
            self.found.skipped.push(Skipped { shown, reason, named: false });
        }
    }

    /// Takes in a file, or one more client that reads it.
    fn add(&mut self, path: PathBuf, client: &Client, location: &Location, finder: Finder<'_>) {
        if !finder.named && !path.exists() && path.symlink_metadata().is_err() {
            return;
        }
        let file = self.file(path, client, location, finder);
        self.insert(file, finder);
    }

    fn file(&self, path: PathBuf, client: &Client, location: &Location, finder: Finder<'_>) -> ConfigFile {
        let (shown, portable) = (self.shown_below(&path, finder), self.portable(&path, finder));
        let file = ConfigFile {
            named: finder.named,
            root: finder.root.map(Path::to_owned),
            of_another: finder.home.is_some_and(Home::is_other),
            ..ConfigFile::named(path, shown, portable)
        };
        file.read_by(client, location)
    }

    fn insert(&mut self, file: ConfigFile, finder: Finder<'_>) {
        // What does not exist is no finding, unless it was named; that was checked before.
        let Ok(real) = file.path.canonicalize() else {
            if file.path.symlink_metadata().is_ok_and(|data| data.is_symlink()) {
                let reason = "a link that leads nowhere".to_owned();
                self.skip_once(Skipped { shown: file.shown, reason, named: file.named });
            }
            return;
        };
        if finder.real.is_some_and(|root| !real.starts_with(root)) {
            let reason = "a link that leads out of the project".to_owned();
            self.skip_once(Skipped { shown: file.shown, reason, named: false });
            return;
        }
        self.take(file, real);
    }

    /// Takes in a file by the place where it really is.
    fn take(&mut self, file: ConfigFile, real: PathBuf) {
        match self.seen.get(&real) {
            Some(at) => self.found.files[*at].also_read_by(file),
            None => {
                self.seen.insert(real, self.found.files.len());
                self.found.files.push(file);
            }
        }
    }

    /// Several clients look at one place.
    fn skip_once(&mut self, skipped: Skipped) {
        if !self.found.skipped.contains(&skipped) {
            self.found.skipped.push(skipped);
        }
    }

    /// A path as given, without a `./` before it; an absolute one below the current folder is shown relative to it.
    fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.request.current).unwrap_or(path);
        match path.strip_prefix(".").unwrap_or(path) {
            // The current folder itself.
            path if path.as_os_str().is_empty() => ".".to_owned(),
            path => spelled(path),
        }
    }

    fn shown_below(&self, path: &Path, finder: Finder<'_>) -> String {
        match (finder.given, finder.root.and_then(|root| path.strip_prefix(root).ok())) {
            (Some(given), Some(relative)) => self.shown(&given.join(relative)),
            (Some(given), None) => self.shown(given),
            _ => self.shown(path),
        }
    }

    /// The path without what differs between machines: relative to the repository or the tree, or to the home.
    fn portable(&self, path: &Path, finder: Finder<'_>) -> String {
        if let Some(relative) = finder.base.and_then(|base| path.strip_prefix(base).ok()) {
            return slashes(relative);
        }
        for home in &self.request.homes {
            let Ok(relative) = path.strip_prefix(home.folder()) else { continue };
            let name = home.folder().file_name().filter(|_| home.is_other()).unwrap_or_default();
            return format!("~{}/{}", name.to_string_lossy(), slashes(relative));
        }
        path.strip_prefix(&self.request.current).map_or_else(|_| spelled(path), slashes)
    }
}

/// The repository that holds a folder.
fn repository(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(".git").exists())
}

/// A path without `..`, so that what lies below what can be told by its beginning.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
        plain
    })
}

/// A path as it is told, with the same strokes between folders on every system.
pub fn spelled(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

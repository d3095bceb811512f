//! The locks of a run: which server is kept in which, what is there now, and what is different.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::hidden::Hidden;
use super::{Tables, target};
use crate::config::{self, Config, ServerEntry, Spanned};
use crate::connect::{self, Catalog};
use crate::discover::{ConfigFile, Home, Scope};
use crate::document::{Source, SourceId, Sources, Span};
use crate::finding::{Finding, Place};
use crate::judge;
use crate::launch::{self, Ecosystem, Launch};
use crate::lock::{self, Change, Item, Key, Lock, LockError, Now, Server, Start, What};
use crate::rules::TextEngine;
use crate::surroundings::{InUse, Said, Versions};
use crate::text::{Redactor, looks_random};
use crate::triage::{Coverage, LockCoverage, LockStatus, ServerStatus};

/// Whose servers a lock keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of configs in a project, in its root; committed with it.
    Project,
    /// All others, in the user's own folder.
    User,
}

/// A lock that counts on a run, or one that is to be written.
#[derive(Clone, Debug)]
pub struct LockFile {
    /// Whose servers it keeps.
    pub whose: Whose,
    /// Where it is.
    pub path: PathBuf,
    /// The path as the user knows it.
    pub shown: String,
    /// The folder that configs are relative to.
    pub folder: PathBuf,
    /// Its text; nothing where there is no such file yet.
    pub text: Option<String>,
    /// What it says.
    pub lock: Lock,
}

impl LockFile {
    /// Reads a lock; an empty one where there is no file.
    ///
    /// # Errors
    /// It is damaged, or newer than this program.
    pub fn new(
        whose: Whose,
        path: PathBuf,
        shown: String,
        folder: PathBuf,
        text: Option<String>,
    ) -> Result<Self, LockError> {
        let lock = text.as_deref().map(|text| lock::read(&shown, text)).transpose()?.unwrap_or_default();
        Ok(Self { whose, path, shown, folder, text, lock })
    }

    /// What a server of a config is known by in this lock; nothing where another one keeps it.
    fn key(&self, config: &Config, entry: &ServerEntry) -> Option<Key> {
        let own = (entry.scope == Scope::Project) == (self.whose == Whose::Project);
        let path = self.name_of(&config.file).filter(|_| own)?;
        let (project, name) = (entry.project.clone(), entry.name.text.clone());
        Some(Key { config: path, client: None, project, name, copy: 1 })
    }

    /// What a config is called in this lock.
    fn name_of(&self, file: &ConfigFile) -> Option<String> {
        match self.whose {
            _ if file.of_another => None,
            Whose::User => Some(file.portable.clone()),
            Whose::Project => {
                let real = file.path.canonicalize().unwrap_or_else(|_| file.path.clone());
                let inside = real.strip_prefix(&self.folder).ok()?;
                Some(inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
            }
        }
    }

    /// Whether a config that the lock names is there.
    fn is_there(&self, config: &str, home: Option<&Home>) -> bool {
        let path: Option<PathBuf> = match (self.whose, config.strip_prefix("~/")) {
            (Whose::Project, _) => Some(self.folder.join(config)),
            (Whose::User, Some(inside)) => home.map(|home| home.folder().join(inside)),
            (Whose::User, None) => Some(Path::new(config)).filter(|path| path.is_absolute()).map(Path::to_owned),
        };
        path.is_none_or(|path| path.symlink_metadata().is_ok())
    }
}

/// A server as it is now, with where it is told of.
#[derive(Clone, Debug)]
pub(super) struct Present {
    /// What it is.
    now: Now,
    /// The config and the entry that name it, by their places.
    entry: Option<(usize, usize)>,
    /// Its line in the coverage.
    line: usize,
    /// Its catalog.
    catalog: Option<usize>,
}

/// One lock against what is there now.
pub struct Compared {
    /// The lock, by its place.
    pub file: usize,
    /// The servers that it keeps, or would keep, as they are now.
    pub now: Vec<Now>,
    /// Everything that is different.
    pub changes: Vec<Change>,
    /// Names of servers that it keeps and that were looked for and are gone.
    pub gone: HashSet<Key>,
    /// Where each of the servers is told of: portable path of its config and its line in the coverage.
    pub lines: Vec<(Option<String>, usize)>,
}

/// What each entry starts, with its secrets taken out, for the locks.
pub(super) fn starts(
    configs: &[Config],
    launches: &[Vec<Launch>],
    versions: &Versions,
    hidden: &Hidden<'_>,
    tables: &Tables,
) -> Vec<Vec<Start>> {
    let of = |entry: &ServerEntry, launch: &Launch| {
        let command = launch::command_line(entry, &tables.grammar);
        let plain = |value: &Spanned| hidden.word(value, entry.source);
        let shown = |name: &str, value: &Spanned| shown(name, &plain(value));
        lock::start(entry, &command, launch, versions, &lock::Shown { plain: &plain, closed: &shown })
    };
    configs
        .iter()
        .zip(launches)
        .map(|(config, launches)| {
            config.servers.iter().zip(launches).map(|(entry, launch)| of(entry, launch)).collect()
        })
        .collect()
}

/// A value as it may stand in a file that everybody reads: whatever may be a secret is taken out, found or not.
fn shown(name: &str, text: &str) -> String {
    const GONE: &str = "[redacted]";
    if !name.is_empty() && judge::may_be_secret(name, text) {
        return GONE.to_owned();
    }
    let mut text = text.to_owned();
    if let Some((scheme, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some((login, _)) = authority.rsplit_once('@').filter(|(login, _)| !login.contains(['$', '{'])) {
            text = format!("{scheme}://{GONE}{}", &rest[login.len()..]);
        }
    }
    let secret = |name: &str, part: &str| {
        looks_random(part) || !name.is_empty() && !part.is_empty() && judge::may_be_secret(name, part)
    };
    target::replaced(&text, &secret, &|_| GONE.to_owned())
}

/// Tells which versions were approved: where a config leaves a version open, that is the one to name.
pub(super) fn approved_versions(
    files: &[LockFile],
    configs: &[Config],
    launches: &[Vec<Launch>],
    versions: &Versions,
) -> Versions {
    let mut versions = versions.clone();
    for (config, launches) in configs.iter().zip(launches) {
        for (entry, launch) in config.servers.iter().zip(launches) {
            for (file, key) in files.iter().filter_map(|file| Some((file, file.key(config, entry)?))) {
                let Ok(at) = file.lock.servers.binary_search_by(|server| server.key.cmp(&key)) else { continue };
                let fetched = file.lock.servers[at].start.iter().flat_map(|start| &start.fetched);
                for one in fetched {
                    let same = |ecosystem: Ecosystem, name: &str| {
                        ecosystem.id() == one.from && ecosystem.canonical(name) == ecosystem.canonical(&one.name)
                    };
                    let package = launch.packages.iter().find(|package| same(package.ecosystem, &package.name));
                    if let (Some(package), Some(version)) = (package, &one.version) {
                        let said = Said::Lock(file.shown.clone());
                        let in_use = InUse { version: version.clone(), said, integrity: one.integrity.clone() };
                        versions.add(config.source, package.ecosystem, &package.name, in_use);
                    }
                }
            }
        }
    }
    versions
}

/// Everything that was learnt about servers.
pub(super) struct Learnt<'a> {
    pub(super) configs: &'a [Config],
    pub(super) starts: &'a [Vec<Start>],
    /// Files that were read and say nothing.
    pub(super) silent: &'a [ConfigFile],
    pub(super) catalogs: &'a [Catalog],
    pub(super) redactor: &'a Redactor,
    /// A saved list, and whether it is complete.
    pub(super) saved: Option<bool>,
    pub(super) home: Option<&'a Home>,
}

/// The servers that a lock keeps, or would keep, as they are now.
fn present(file: &LockFile, learnt: &Learnt<'_>, coverage: &Coverage) -> Vec<Present> {
    let first = |catalog: &&Catalog| catalog.look.is_none();
    let mut found: Vec<Present> = Vec::new();
    let server = |key: Key, client: Option<String>, start: Option<Start>, catalog: Option<&Catalog>| {
        let offers = catalog.map(|catalog| lock::offers(catalog, learnt.redactor));
        Server { key, client, accepted: false, forced: None, start, offers, at: Span::new(0, 0) }
    };
    if let Some(complete) = learnt.saved {
        let firsts = learnt.catalogs.iter().enumerate().filter(|(_, catalog)| first(catalog));
        let made = crate::parallel::over(&firsts.collect::<Vec<_>>(), 8, |some| {
            let of = |(at, catalog): &(usize, &Catalog)| {
                let client = catalog.client.clone();
                let key = Key { name: catalog.server.clone(), client, copy: 1, ..Key::default() };
                (*at, server(key, catalog.client.clone(), None, Some(catalog)))
            };
            some.iter().map(of).collect()
        });
        found.extend(made.into_iter().enumerate().map(|(line, (at, server))| Present {
            now: Now { server, whole: complete },
            entry: None,
            line,
            catalog: Some(at),
        }));
        return numbered(found);
    }
    let by_place: HashMap<(SourceId, Span), usize> = learnt
        .catalogs
        .iter()
        .enumerate()
        .filter(|(_, catalog)| first(catalog))
        .filter_map(|(at, catalog)| Some((catalog.origin.as_ref()?.place, at)))
        .collect();
    let mut line = 0;
    for (number, config) in learnt.configs.iter().enumerate() {
        for (place, entry) in config.servers.iter().enumerate() {
            let own_line = line;
            line += 1;
            let Some(key) = file.key(config, entry) else { continue };
            let status = coverage.servers.get(own_line).map(|server| server.status);
            // Of one that failed nothing is known, not that it offers nothing.
            let told = matches!(status, Some(ServerStatus::Scanned | ServerStatus::Partial));
            let at = by_place.get(&(entry.source, entry.name.span)).copied().filter(|_| told);
            let start = learnt.starts.get(number).and_then(|starts| starts.get(place)).cloned();
            let server = server(key, Some(entry.client.clone()), start, at.map(|at| &learnt.catalogs[at]));
            let whole = status == Some(ServerStatus::Scanned);
            let now = Now { server, whole };
            found.push(Present { now, entry: Some((number, place)), line: own_line, catalog: at });
        }
    }
    numbered(found)
}

/// Numbers servers that share a name as a lock does.
fn numbered(mut found: Vec<Present>) -> Vec<Present> {
    let mut copies: HashMap<Key, usize> = HashMap::new();
    found.sort_by(|a, b| {
        let (a, b) = (&a.now.server, &b.now.server);
        (&a.key, &a.client).cmp(&(&b.key, &b.client))
    });
    for present in &mut found {
        let key = &mut present.now.server.key;
        let count = copies.entry(key.clone()).or_insert(0);
        *count += 1;
        key.copy = *count;
    }
    found
}

/// Compares a lock with what is there now, and writes into the coverage what of it is as it was approved.
pub(super) fn compare(
    number: usize,
    file: &LockFile,
    learnt: &Learnt<'_>,
    coverage: &mut Coverage,
) -> (Compared, Vec<Present>) {
    let present = present(file, learnt, coverage);
    let now: Vec<Now> = present.iter().map(|present| present.now.clone()).collect();
    let whole = |config: &Config| !config.broken && config.problems.is_empty();
    let files = learnt.configs.iter().map(|config| (&config.file, whole(config)));
    let files = files.chain(learnt.silent.iter().map(|file| (file, true)));
    let read: HashMap<String, bool> =
        files.filter_map(|(config, whole)| Some((file.name_of(config)?, whole))).collect();
    let is_gone = |key: &Key| match (&learnt.saved, key.config.is_empty()) {
        (Some(complete), true) => *complete,
        (Some(_), false) | (None, true) => false,
        (None, false) => read.get(&key.config).copied().unwrap_or_else(|| !file.is_there(&key.config, learnt.home)),
    };
    let changes = lock::compare(&file.lock, &now, &is_gone);
    let gone = file.lock.servers.iter().map(|server| &server.key).filter(|key| is_gone(key)).cloned().collect();
    if file.text.is_some() {
        mark(file, &present, &now, &changes, coverage);
    }
    let portable = |present: &Present| present.entry.map(|(config, _)| learnt.configs[config].file.portable.clone());
    let lines = present.iter().map(|present| (portable(present), present.line)).collect();
    (Compared { file: number, now, changes, gone, lines }, present)
}

/// Which servers, and how many of their tools, are as they were approved.
fn mark(file: &LockFile, present: &[Present], now: &[Now], changes: &[Change], coverage: &mut Coverage) {
    for (locked, at) in lock::pairs(&file.lock, now) {
        let Some(at) = at else { continue };
        let Some(line) = coverage.servers.get_mut(present[at].line) else { continue };
        let locked = locked.map(|locked| &file.lock.servers[locked]);
        let status = match locked {
            None => LockStatus::Absent,
            Some(_) if changes.iter().any(|change| change.now == Some(at)) => LockStatus::Changed,
            Some(locked) if locked.accepted => LockStatus::Approved,
            Some(_) => LockStatus::Recorded,
        };
        let known: HashSet<(&str, &str)> = locked.iter().flat_map(|server| tools(server)).collect();
        let offers = now[at].server.offers.is_some();
        let same = tools(&now[at].server).filter(|tool| known.contains(tool)).count();
        line.lock = Some(LockCoverage { file: file.shown.clone(), status, tools: offers.then_some(same) });
    }
}

fn tools(server: &Server) -> impl Iterator<Item = (&str, &str)> {
    let items = server.offers.iter().flatten();
    items.filter(|item| item.list == "tools").map(|item| (item.name.as_str(), item.digest.as_str()))
}

/// The catalogs with nothing in them but what is new or changed: what was approved was judged then.
pub(super) fn changed_only(catalogs: &[Catalog], compared: &[(Compared, Vec<Present>)]) -> Vec<Catalog> {
    let mut wanted: HashMap<usize, Option<HashSet<(&str, &str)>>> = HashMap::new();
    for (compared, present) in compared {
        for change in &compared.changes {
            let Some(catalog) = change.now.and_then(|now| present[now].catalog) else { continue };
            match (&change.item, &change.what) {
                (_, What::ServerAdded | What::FirstAsked(_)) => drop(wanted.insert(catalog, None)),
                (Some((list, name)), _) => {
                    if let Some(items) = wanted.entry(catalog).or_insert_with(|| Some(HashSet::new())) {
                        items.insert((list, name));
                    }
                }
                (None, _) => {}
            }
        }
    }
    let reduced = |(at, catalog): (usize, &Catalog)| {
        let items = wanted.get(&at)?;
        let mut catalog = catalog.clone();
        if let Some(items) = items {
            let keep = |list: &'static str| {
                move |node: &crate::document::Node| {
                    items.contains(&(list, crate::surface::name(node).unwrap_or_default()))
                }
            };
            catalog.tools.retain(keep("tools"));
            catalog.prompts.retain(keep("prompts"));
            catalog.resources.retain(keep("resources"));
            catalog.templates.retain(keep("resourceTemplates"));
            catalog.instructions = catalog.instructions.filter(|_| items.contains(&(lock::INSTRUCTIONS, "")));
        }
        Some(catalog)
    };
    catalogs.iter().enumerate().filter_map(reduced).collect()
}

/// The findings of a lock.
pub(super) fn findings(
    file: &LockFile,
    compared: &(Compared, Vec<Present>),
    learnt: &Learnt<'_>,
    sources: &mut Sources,
    tables: &Tables,
    others: &[Finding],
) -> Vec<Finding> {
    let (compared, present) = compared;
    if compared.changes.is_empty() {
        return Vec::new();
    }
    let id = sources.add(Source::new(&file.shown, file.text.clone().unwrap_or_default()));
    let drifted: Vec<judge::Drifted<'_>> = compared
        .changes
        .iter()
        .map(|change| {
            let locked = change.locked.map(|at| &file.lock.servers[at]);
            let now = change.now.map(|at| &present[at]);
            let server = now.map(|now| &now.now.server).or(locked);
            let entry = now.and_then(|now| now.entry);
            let item = change.item.as_ref().zip(locked).and_then(|((list, name), locked)| {
                locked.offers.iter().flatten().find(|item: &&Item| item.list == *list && item.name == *name)
            });
            let span = item.map_or_else(|| locked.map_or(Span::new(0, 0), |locked| locked.at), |item| item.at);
            judge::Drifted {
                change,
                server: server.map_or("", |server| &server.key.name),
                client: server.and_then(|server| server.client.as_deref()),
                config: locked.map(|locked| locked.key.config.as_str()).filter(|config| !config.is_empty()),
                entry: entry.map(|(config, entry)| &learnt.configs[config].servers[entry]),
                catalog: now.and_then(|now| now.catalog).map(|at| &learnt.catalogs[at]),
                locked: Place::File { source: id, span },
                lock: &file.shown,
            }
        })
        .collect();
    judge::drift(&drifted, sources, &tables.packs, others)
}

/// The findings of an example: what was locked, and what is there now; two configs, or two saved lists.
pub(super) fn example(before: &str, now: &str, tables: &Tables) -> Result<Vec<Finding>, String> {
    let mut file = LockFile {
        whose: Whose::Project,
        path: PathBuf::new(),
        shown: lock::NAME.to_owned(),
        folder: PathBuf::new(),
        text: Some(String::new()),
        lock: Lock::default(),
    };
    let mut sources = Sources::default();
    for (text, last) in [(before, false), (now, true)] {
        let id = sources.add(Source::new("example.json", text));
        let (mut configs, mut catalogs, mut saved) = (Vec::new(), Vec::new(), None);
        if text.contains("mcpServers") {
            let name = || "example.json".to_owned();
            let file = ConfigFile {
                readers: vec![super::examples::reader()],
                ..ConfigFile::named(name().into(), name(), name())
            };
            configs.push(config::read(file, id, sources.get(id), &tables.clients));
        } else {
            let (read, errors) = connect::read_saved(id, sources.get(id));
            if let Some(error) = errors.first() {
                return Err(format!("its example is no catalog ({error}): {text}"));
            }
            (catalogs, saved) = (read, Some(true));
        }
        let of = |config: &Config| config.servers.iter().map(|entry| launch::resolve(entry, &tables.grammar)).collect();
        let launches: Vec<Vec<Launch>> = configs.iter().map(of).collect();
        let judged = judge::entries(&configs, &launches, &tables.for_entries());
        let starts = starts(&configs, &launches, Versions::none(), &Hidden::new(&judged), tables);
        let redactor = Redactor::default();
        let learnt = Learnt {
            configs: &configs,
            starts: &starts,
            silent: &[],
            catalogs: &catalogs,
            redactor: &redactor,
            saved,
            home: None,
        };
        let mut coverage = Coverage::default();
        let compared = compare(0, &file, &learnt, &mut coverage);
        if last {
            let others = judge::texts(&catalogs, &sources, &tables.packs, &TextEngine::new(&tables.packs));
            return Ok(findings(&file, &compared, &learnt, &mut sources, tables, &others));
        }
        file.lock = Lock::new(compared.0.now.into_iter().map(|now| now.server).collect());
    }
    Ok(Vec::new())
}

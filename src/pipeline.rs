//! The whole scan in one place: each stage takes what the one before gave.

mod ask;
mod confine;
pub mod examples;
mod hidden;
mod identity;
mod locked;
mod redact;
pub mod stats;
mod target;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use crate::config::Given;
pub use confine::{Confine, Places};
pub use identity::Scripts;
pub use locked::{Compared, LockFile, Whose};

use crate::config::{self, Config};
use crate::connect::{self, Bounds, Catalog, Consent, Progress};
use crate::discover::{self, Clients, ConfigFile, Found, Home};
use crate::document::{self, Source, Sources, Span};
use crate::finding::Finding;
use crate::judge::{self, Judged, Known};
use crate::launch::{self, Grammar, Launch};
use crate::lock;
use crate::rules::{Packs, TextEngine, data};
use crate::settings::Allowed;
use crate::surroundings::{self, Versions, Which};
use crate::text::Redactor;
use crate::triage::{ConfigCoverage, ConfigStatus, Coverage, Looked, Outcome, Policy, ServerCoverage, ServerStatus};

/// Larger files are no configs.
const LARGEST_CONFIG: u64 = 16 << 20;
/// But for those in which a client keeps more than its servers, and those that were named.
const LARGEST_STORE: u64 = 256 << 20;
/// Larger lists are no lists.
const LARGEST_LIST: u64 = 1 << 30;

/// The tables that every scan needs.
pub struct Tables {
    /// Clients and the words of their configs.
    pub clients: Clients,
    /// Programs that start programs.
    pub grammar: Grammar,
    /// Lists of packages.
    pub known: Known,
    /// Rules.
    pub packs: Packs,
    /// What a sandbox closes and leaves open.
    pub places: Places,
    /// What an approval is bound to beside a command.
    pub scripts: Scripts,
}

/// A table that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TablesError(String);

impl Tables {
    /// The built-in tables, and the user's packs, as name and text.
    ///
    /// # Errors
    /// Every mistake in any of them.
    pub fn load(packs: Vec<(String, String)>) -> Result<Self, TablesError> {
        let all = |errors: Vec<crate::rules::LoadError>| {
            TablesError(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        };
        Ok(Self {
            clients: Clients::parse(data("clients.toml")).map_err(|error| TablesError(error.to_string()))?,
            grammar: Grammar::parse(data("runners.toml"), data("wrappers.toml"))
                .map_err(|error| TablesError(error.to_string()))?,
            known: Known::parse(data("packages.toml"), data("dangers.toml"))
                .map_err(|error| TablesError(error.to_string()))?,
            packs: Packs::built_in().and_then(|built_in| built_in.with(packs)).map_err(all)?,
            scripts: Scripts::parse(data("scripts.toml")).map_err(|error| TablesError(error.to_string()))?,
            places: Places::parse(data("sandbox.toml"))
                .map_err(|error| TablesError(format!("rules/sandbox.toml: {error}")))?,
        })
    }
}

impl Tables {
    /// Those that judging entries needs, where no version in use is known.
    pub fn for_entries(&self) -> judge::Tables<'_> {
        let Self { clients, grammar, known, packs, places: _, scripts: _ } = self;
        judge::Tables { packs, known, clients, grammar, versions: Versions::none(), allowed: &[] }
    }
}

/// What to scan.
pub enum Input {
    /// Configs, found as the request says.
    Configs(discover::Request),
    /// A saved list: its name and its bytes, or why it can't be read.
    Saved(String, Result<Vec<u8>, String>),
    /// One server that is in no config: what it is, its text, and what else a request says.
    Given(Given, String, discover::Request),
}

/// Reads a saved list from disk.
pub fn saved(path: PathBuf) -> Input {
    let bytes = discover::read(&path, LARGEST_LIST).map_err(|error| error.to_string());
    Input::Saved(discover::spelled(&path), bytes)
}

/// Which values of secrets a server gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Those of the config and of the user's variables.
    Real,
    /// Made-up ones of the same form.
    Dummy,
}

/// How servers are asked.
pub struct Asking<'a> {
    /// Who decides about each.
    pub consent: &'a mut dyn Consent,
    /// Variables that every started server gets.
    pub base_env: Vec<(String, String)>,
    /// All variables of the user, from which references in configs are filled.
    pub variables: Vec<(String, String)>,
    /// Which values of secrets servers get; `None`: the real ones, but for those that a project's config names.
    pub values: Option<Values>,
    /// What remotes are told who asks, where their entry tells nothing.
    pub bearer: Option<String>,
    /// Bounds of each server.
    pub bounds: Bounds,
    /// Whether they are shut in.
    pub confine: Confine,
    /// How many at once.
    pub jobs: usize,
    /// Set to end everything early.
    pub stop: &'a AtomicBool,
    /// Told what happens.
    pub progress: &'a dyn Progress,
}

/// Everything known of the configs before any server is asked.
pub struct Read {
    /// The files.
    pub sources: Sources,
    /// What they say.
    pub configs: Vec<Config>,
    /// What each entry comes to, config by config.
    pub launches: Vec<Vec<Launch>>,
    /// Files that say nothing and that nobody expects to say anything.
    pub silent: Vec<ConfigFile>,
    /// What was and was not read.
    pub coverage: Coverage,
}

/// Finds and reads configs and resolves their entries; nothing is judged or started.
pub fn read(request: &discover::Request, tables: &Tables) -> Read {
    let Found { files, skipped } = discover::discover(request, &tables.clients);
    let mut read = Read {
        sources: Sources::default(),
        configs: Vec::new(),
        launches: Vec::new(),
        silent: Vec::new(),
        coverage: Coverage::default(),
    };
    for file in files {
        if let Some(reason) = &file.unread {
            let usage_error = false;
            read.coverage.configs.push(unread(&file, ConfigStatus::Skipped, reason.clone(), usage_error));
            continue;
        }
        match contents(&file) {
            Ok(bytes) => {
                let id = read.sources.add(Source::new(&file.shown, bytes));
                let config = config::read(file, id, read.sources.get(id), &tables.clients);
                let says = !config.servers.is_empty()
                    || !config.switches.is_empty()
                    || !config.beside.is_empty()
                    || config.program.is_some();
                if config.file.optional && !says && !config.broken {
                    read.silent.push(config.file);
                    continue;
                }
                read.coverage.configs.push(coverage_of(&config, &read.sources));
                read.launches
                    .push(config.servers.iter().map(|entry| launch::resolve(entry, &tables.grammar)).collect());
                read.configs.push(config);
            }
            Err(error) => {
                // A path that can't be opened is the user's mistake, a damaged bundle is not.
                let usage_error = file.named && matches!(error, ContentsError::Read(_));
                read.coverage.configs.push(unread(&file, ConfigStatus::Failed, error.to_string(), usage_error));
            }
        }
    }
    read.coverage.configs.extend(skipped.into_iter().map(|path| ConfigCoverage {
        path: path.shown,
        client: discover::UNKNOWN_CLIENT.to_owned(),
        also: Vec::new(),
        scope: discover::Scope::Project.to_string(),
        status: if path.named { ConfigStatus::Failed } else { ConfigStatus::Skipped },
        reason: Some(path.reason),
        servers: 0,
        usage_error: path.named,
    }));
    read
}

/// Reads one server as an entry of a config that is named like its option.
fn read_given(given: Given, text: String, request: &discover::Request, tables: &Tables) -> Read {
    let name = match given {
        Given::Command => "--server",
        Given::Address => "--url",
    };
    // It stands in no file, but what it names is relative to the current folder.
    let path = request.current.join(name);
    let file =
        ConfigFile { root: Some(request.current.clone()), ..ConfigFile::named(path, name.to_owned(), name.to_owned()) };
    let mut sources = Sources::default();
    let id = sources.add(Source::new(name, text));
    let config = config::read_given(file, id, sources.get(id), given);
    let launches: Vec<Launch> = config.servers.iter().map(|entry| launch::resolve(entry, &tables.grammar)).collect();
    let mut coverage = Coverage::default();
    let scope = discover::Scope::User.to_string();
    coverage.configs.push(ConfigCoverage { scope, ..coverage_of(&config, &sources) });
    Read { sources, configs: vec![config], launches: vec![launches], silent: Vec::new(), coverage }
}

/// The line of a file that was not read.
fn unread(file: &ConfigFile, status: ConfigStatus, reason: String, usage_error: bool) -> ConfigCoverage {
    ConfigCoverage {
        path: file.shown.clone(),
        client: file.client().to_owned(),
        also: also(file),
        scope: file.scope().to_string(),
        status,
        reason: Some(reason),
        servers: 0,
        usage_error,
    }
}

/// Ids of all but the first client that reads a file.
fn also(file: &ConfigFile) -> Vec<String> {
    file.readers.iter().skip(1).map(|reader| reader.client.clone()).collect()
}

/// Why there is no text to read.
#[derive(Debug, thiserror::Error)]
enum ContentsError {
    #[error(transparent)]
    Read(#[from] discover::ReadError),
    #[error(transparent)]
    Bundle(#[from] document::BundleError),
}

/// What a file says; of a bundle, what its manifest says.
fn contents(file: &ConfigFile) -> Result<Vec<u8>, ContentsError> {
    let limit = if file.large || file.named { LARGEST_STORE } else { LARGEST_CONFIG };
    let bytes = discover::read(&file.path, limit)?;
    Ok(if document::is_bundle(&file.shown, &bytes) { document::manifest(&bytes)? } else { bytes })
}

fn coverage_of(config: &Config, sources: &Sources) -> ConfigCoverage {
    let source = sources.get(config.source);
    let reason = config.problems.first().map(|problem| {
        let at = source.position(problem.span.start);
        format!("line {}, column {}: {}", at.line, at.column, problem.message)
    });
    let nothing = config.servers.is_empty() && config.switches.is_empty() && config.program.is_none();
    let nothing_known = nothing && config.problems.is_empty() && config.file.readers.is_empty();
    let status = match (config.broken, reason.is_some()) {
        (true, _) => ConfigStatus::Failed,
        (false, true) => ConfigStatus::Partial,
        _ if nothing_known => ConfigStatus::Skipped,
        _ => ConfigStatus::Scanned,
    };
    ConfigCoverage {
        path: config.file.shown.clone(),
        client: config.file.client().to_owned(),
        also: also(&config.file),
        scope: config.file.scope().to_string(),
        status,
        reason: reason.or_else(|| nothing_known.then(|| "no server in any place that is known".to_owned())),
        servers: config.servers.len(),
        usage_error: false,
    }
}

/// Scans: read, judge the entries, ask those servers that may be asked, judge what they say. Names in what comes out are
/// short enough for a report.
pub fn scan(input: Input, tables: &Tables, asking: Asking<'_>, policy: &Policy) -> Outcome {
    let mut outcome = scan_locked(input, tables, asking, policy, &[], Judging::Everything).outcome;
    outcome.shorten();
    outcome
}

/// What of a scan is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judging {
    /// All findings.
    Everything,
    /// What is not as it was approved, and of texts what is found in those that changed, also beside those that did not.
    Changes,
}

/// A scan, and what locks have to say of it.
pub struct Scanned {
    /// What a report is made from.
    pub outcome: Outcome,
    /// Each lock against what is there now.
    pub compared: Vec<Compared>,
}

/// Scans, and compares with what was approved. A lock hides nothing: it only adds findings of what changed. Names in what
/// comes out are whole, as those of the lock are.
pub fn scan_locked(
    input: Input,
    tables: &Tables,
    asking: Asking<'_>,
    policy: &Policy,
    locks: &[LockFile],
    judging: Judging,
) -> Scanned {
    let allowed: Vec<&Allowed> = policy.settings.allowed().collect();
    let told = match input {
        Input::Saved(name, bytes) => read_list(name, bytes),
        input => ask(input, tables, asking, &allowed, locks),
    };
    let Told { mut sources, mut coverage, judged, asked, looked, configs, starts, silent, saved, home } = told;
    let learnt = locked::Learnt {
        configs: &configs,
        starts: &starts,
        silent: &silent,
        catalogs: &asked.catalogs,
        redactor: &asked.redactor,
        saved,
        home: home.as_ref(),
    };
    let compared: Vec<_> =
        locks.iter().enumerate().map(|(number, file)| locked::compare(number, file, &learnt, &mut coverage)).collect();
    let mut findings = judged.findings;
    let catalogs = &asked.catalogs;
    let changed = match judging {
        Judging::Everything => None,
        Judging::Changes => Some(locked::changed_only(catalogs, &compared)),
    };
    // Making the rules of texts ready takes a while; without a text there is nothing to make them ready for.
    if !changed.as_ref().unwrap_or(catalogs).is_empty() {
        let (packs, engine) = (&tables.packs, TextEngine::new(&tables.packs));
        findings.extend(match &changed {
            None => judge::texts(catalogs, &sources, packs, &engine),
            Some(changed) => judge::changes(catalogs, changed, &sources, packs, &engine),
        });
    }
    for compared in &compared {
        let file = &locks[compared.0.file];
        if file.text.is_some() {
            findings.extend(locked::findings(file, compared, &learnt, &mut sources, tables, &findings));
        }
    }
    redact::clean(&mut findings, &asked.redactor);
    redact::mask_lines(&mut sources, &findings, &tables.packs);
    redact::mask_comments(&mut sources, &looked, &tables.packs);
    let outcome = Outcome::new(findings, coverage, sources, &looked, policy, &tables.packs);
    Scanned { outcome, compared: compared.into_iter().map(|(compared, _)| compared).collect() }
}

/// What servers offer, and which of them did not tell.
pub struct Inspected {
    /// What each said, as it said it.
    pub catalogs: Vec<Catalog>,
    /// What was and was not looked at.
    pub coverage: Coverage,
    /// Knows what must not leave, also where a server says it.
    pub redactor: Arc<Redactor>,
}

/// Asks servers what they offer and judges nothing of it. A saved list has been asked for already.
pub fn inspect(input: Input, tables: &Tables, asking: Asking<'_>) -> Inspected {
    let Told { coverage, asked, .. } = ask(input, tables, asking, &[], &[]);
    let mut catalogs = asked.catalogs;
    // Of a server that told nothing, an empty catalog would say that it has nothing to tell.
    catalogs.retain(|catalog| {
        let lists = catalog.lists().iter().any(|(_, items)| !items.is_empty());
        lists || catalog.info.is_some() || catalog.instructions.is_some()
    });
    Inspected { catalogs, coverage, redactor: asked.redactor }
}

/// What is known once the servers were asked.
struct Told {
    sources: Sources,
    coverage: Coverage,
    judged: Judged,
    asked: ask::Asked,
    looked: Vec<Looked>,
    configs: Vec<Config>,
    /// What each entry starts; nothing where no lock wants to know.
    starts: Vec<Vec<lock::Start>>,
    silent: Vec<ConfigFile>,
    /// Of a saved list whether all of it could be read.
    saved: Option<bool>,
    home: Option<Home>,
}

impl Told {
    /// Of what was asked for before.
    fn saved(sources: Sources, coverage: Coverage, looked: Vec<Looked>, catalogs: Vec<Catalog>, whole: bool) -> Self {
        let asked = ask::Asked { catalogs, coverage: Vec::new(), redactor: Arc::default() };
        let (judged, configs, starts, silent) = Default::default();
        Self { sources, coverage, judged, asked, looked, configs, starts, silent, saved: Some(whole), home: None }
    }
}

/// Reads, judges the entries, and asks those servers that may be asked.
fn ask(input: Input, tables: &Tables, asking: Asking<'_>, allowed: &[&Allowed], locks: &[LockFile]) -> Told {
    let (read, request, given) = match input {
        Input::Configs(request) => (read(&request, tables), request, false),
        Input::Given(given, text, request) => (read_given(given, text, &request, tables), request, true),
        Input::Saved(..) => {
            let (sources, coverage, looked, catalogs) = Default::default();
            return Told::saved(sources, coverage, looked, catalogs, false);
        }
    };
    let Read { mut sources, configs, mut launches, silent, mut coverage } = read;
    surroundings::scripts(&configs, &mut launches);
    surroundings::programs(&configs, &mut launches);
    let versions = surroundings::versions(&configs, &launches, &request, Which::Open);
    let approved = locked::approved_versions(locks, &configs, &launches, &versions);
    let with = judge::Tables { versions: &approved, allowed, ..tables.for_entries() };
    let mut judged = judge::entries(&configs, &launches, &with);
    if given {
        // A header was given for this run alone: that it holds a key is its purpose, and it is in no file.
        let entries = configs.iter().flat_map(|config| &config.servers);
        let headers: Vec<Span> = entries.flat_map(|entry| &entry.headers).map(|field| field.value.span).collect();
        let of_header = |finding: &Finding| {
            let place = finding.place.file().map(|(_, span)| span);
            finding.rule.pack() == "secrets"
                && place.is_some_and(|span| headers.iter().any(|header| header.contains(span)))
        };
        judged.findings.retain(|finding| !of_header(finding));
    } else {
        // The disk around a config is looked at only where that changes what is said of it.
        let needs = judge::needs(&judged);
        let around = surroundings::look(&configs, |source| needs.contains(&source), &request);
        judge::weigh(&mut judged, &configs, &around, &tables.packs);
    }
    let redactor = redact::redactor(&judged);
    redact::mask(&mut sources, &judged, &redactor);

    // Without a home there are no configs but those of projects, which have folders of their own.
    let nowhere = Home::other(request.current.clone(), discover::Os::Linux);
    let home = request.homes.first().unwrap_or(&nowhere);
    let sandbox = tables.places.sandbox(&asking.confine, &homes(&request, &asking, &tables.clients), &tables.clients);
    let mut asked =
        ask::servers(&configs, &launches, &judged, redactor, asking, ask::Here { home, sandbox: &sandbox }, tables);
    coverage.servers = std::mem::take(&mut asked.coverage);
    let looked = configs.iter().map(|config| looked(config, &coverage)).collect();
    let starts = if locks.is_empty() {
        Vec::new()
    } else {
        // Runners may just have fetched another version.
        let versions = surroundings::versions(&configs, &launches, &request, Which::All);
        locked::starts(&configs, &launches, &versions, &Hidden::new(&judged), tables)
    };
    let home = request.homes.first().cloned();
    Told { sources, coverage, judged, asked, looked, configs, starts, silent, saved: None, home }
}

/// A config as those who decide about its findings know it.
fn looked(config: &Config, coverage: &Coverage) -> Looked {
    let shown = &config.file.shown;
    let mut servers = coverage.servers.iter().filter(|server| server.config.as_ref() == Some(shown));
    Looked {
        source: config.source,
        path: Some(config.file.path.clone()),
        portable: config.file.portable.clone(),
        whole: !config.broken && config.problems.is_empty(),
        asked: servers.all(|server| server.status == ServerStatus::Scanned),
    }
}

/// The homes whose places are closed: those that are looked at, the one that started servers are told, and all others where
/// they are open, as they are to root.
fn homes(request: &discover::Request, asking: &Asking<'_>, clients: &Clients) -> Vec<Home> {
    let mut homes = request.homes.clone();
    let told = asking.base_env.iter().find(|(name, _)| name == "HOME").map(|(_, value)| PathBuf::from(value));
    if let Some(told) = told.filter(|told| homes.iter().all(|home| home.folder() != told)) {
        let variables = asking.variables.iter().cloned().collect();
        homes.push(Home::new(told, confine::this_system(), variables));
    }
    if asking.consent.wanted() && is_root() {
        let others = discover::other_homes(clients, discover::Host::Linux, Path::new(""), true, Path::new("/"));
        homes.extend(
            others.into_iter().filter(|other| request.homes.iter().all(|home| home.folder() != other.folder())),
        );
    }
    homes
}

/// Whether this process may read whatever it wants. Linux only.
fn is_root() -> bool {
    #[cfg(target_os = "linux")]
    return std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    #[cfg(not(target_os = "linux"))]
    return false;
}

/// Reads a saved list. Nothing is started.
fn read_list(name: String, bytes: Result<Vec<u8>, String>) -> Told {
    let mut sources = Sources::default();
    let mut coverage = Coverage::default();
    let mut list = ConfigCoverage {
        path: name.clone(),
        client: discover::UNKNOWN_CLIENT.to_owned(),
        also: Vec::new(),
        scope: discover::Scope::User.to_string(),
        status: ConfigStatus::Scanned,
        reason: None,
        servers: 0,
        usage_error: false,
    };
    let (mut catalogs, mut looked, mut whole) = (Vec::new(), Vec::new(), false);
    match bytes {
        Ok(bytes) => {
            let id = sources.add(Source::new(&name, bytes));
            let (read, errors) = connect::read_saved(id, sources.get(id));
            catalogs = read;
            if let Some(error) = errors.first() {
                let at = sources.get(id).position(error.span.start);
                list.reason = Some(format!("line {}, column {}: {}", at.line, at.column, error.message));
                list.status = if catalogs.is_empty() { ConfigStatus::Failed } else { ConfigStatus::Partial };
            }
            // Later looks are the same servers once more.
            let firsts = catalogs.iter().filter(|catalog| catalog.look.is_none());
            coverage.servers = firsts.map(|catalog| told(catalog, sources.get(id))).collect();
            list.servers = coverage.servers.len();
            whole = errors.is_empty();
            looked.push(Looked { source: id, path: None, portable: name, whole, asked: whole });
        }
        Err(reason) => {
            list.status = ConfigStatus::Failed;
            list.reason = Some(reason);
            list.usage_error = true;
        }
    }
    coverage.configs.push(list);
    Told::saved(sources, coverage, looked, catalogs, whole)
}

fn told(catalog: &Catalog, source: &Source) -> ServerCoverage {
    ServerCoverage {
        client: catalog.client.clone(),
        server: catalog.server.clone(),
        config: Some(source.name.clone()),
        status: ServerStatus::Scanned,
        reason: None,
        unasked: false,
        tools: Some(catalog.tools.len()),
        prompts: Some(catalog.prompts.len()),
        resources: Some(catalog.resources.len() + catalog.templates.len()),
        ms: None,
        sandbox: None,
        lock: None,
    }
}

/// What each entry of each config is called in a question or a list: the command with secrets taken out.
pub use hidden::{Hidden, shown_command};

//! Which servers are asked, with whose consent, and what became of each.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::{Asking, Tables};
use crate::config::{self, Config, ServerEntry, Spanned};
use crate::connect::{self, Catalog, Origin, Question, Reply, Status, Target};
use crate::discover::{Form, Home, Scope, same_variable};
use crate::document::SourceId;
use crate::finding::Severity;
use crate::judge::{self, HiddenValue, Judged};
use crate::launch::{self, Launch};
use crate::rules::Packs;
use crate::text::Redactor;
use crate::triage::{ServerCoverage, ServerStatus};

/// What asking gave.
pub(super) struct Asked {
    pub(super) catalogs: Vec<Catalog>,
    pub(super) coverage: Vec<ServerCoverage>,
    /// Knows what the configs hide, and what filling in their references brought.
    pub(super) redactor: Arc<Redactor>,
}

/// A server that could be started, and where its line in the coverage is.
struct Startable {
    line: usize,
    target: Target,
    origin: Origin,
    /// Other clients that read the entry.
    also: Vec<String>,
    question: Question,
}

/// The values that are hidden in the configs, by where they stand.
pub struct Hidden<'j> {
    values: HashMap<SourceId, Vec<&'j HiddenValue>>,
}

impl<'j> Hidden<'j> {
    /// Sorts what judging the entries found.
    pub fn new(judged: &'j Judged) -> Self {
        let mut values: HashMap<SourceId, Vec<&HiddenValue>> = HashMap::new();
        for hidden in &judged.hidden {
            values.entry(hidden.source).or_default().push(hidden);
        }
        values.values_mut().for_each(|values| values.sort_by_key(|hidden| hidden.span));
        Self { values }
    }

    /// A word of a command as it may be shown: only what is hidden in that very word is taken out, so that no other
    /// entry can hide a command behind a variable of the same text.
    fn word(&self, word: &Spanned, source: SourceId) -> String {
        let values = self.values.get(&source).map_or(&[][..], Vec::as_slice);
        let from = values.partition_point(|hidden| hidden.span.start < word.span.start);
        let inside = values[from..].iter().take_while(|hidden| hidden.span.start < word.span.end);
        let inside: Vec<_> = inside.filter(|hidden| word.span.contains(hidden.span)).collect();
        let mut text = word.text.clone();
        // From the end, so that what comes before keeps its place.
        for hidden in inside.iter().rev() {
            let begin = word.part(0, 0).start;
            let range = hidden.span.start.saturating_sub(begin)..hidden.span.end.saturating_sub(begin);
            if hidden.span.start >= begin && text.get(range.clone()) == Some(hidden.value.as_str()) {
                text.replace_range(range, "[redacted]");
            } else {
                text = text.replace(&hidden.value, "[redacted]");
            }
        }
        text
    }
}

/// Asks every server that may be asked. Entries that start the same program with the same variables share one start.
pub(super) fn servers(
    configs: &[Config],
    launches: &[Vec<Launch>],
    judged: &Judged,
    mut redactor: Redactor,
    asking: Asking<'_>,
    home: &Home,
    tables: &Tables,
) -> Asked {
    let wanted = asking.consent.wanted();
    if wanted {
        learn(&mut redactor, configs, &asking);
    }
    let redactor = Arc::new(redactor);
    let hidden = Hidden::new(judged);
    let mut asked = Asked { catalogs: Vec::new(), coverage: Vec::new(), redactor: Arc::clone(&redactor) };
    let mut startable = Vec::new();
    for (config, launches) in configs.iter().zip(launches) {
        for (entry, launch) in config.servers.iter().zip(launches) {
            let line = asked.coverage.len();
            let mut coverage = ServerCoverage {
                client: Some(entry.client.clone()),
                server: entry.name.text.clone(),
                config: Some(config.file.shown.clone()),
                status: ServerStatus::Static,
                reason: None,
                tools: None,
                prompts: None,
                resources: None,
                ms: None,
            };
            let prepared = if wanted {
                target(entry, config, launch, &asking.variables, &redactor, home, tables).and_then(|target| {
                    let warnings =
                        warnings(entry, judged, &tables.packs).map_err(|reason| (ServerStatus::Skipped, reason))?;
                    let folder = target
                        .cwd
                        .as_ref()
                        .filter(|_| folder_of(entry).is_some())
                        .map(|folder| folder.display().to_string());
                    Ok((target, Question { warnings, folder, ..question(entry, config, &hidden, tables) }))
                })
            } else {
                Err((ServerStatus::Static, unasked(entry, launch)))
            };
            match prepared {
                Ok((target, question)) => {
                    let origin = Origin { place: (entry.source, entry.name.span), portable: entry.portable.clone() };
                    startable.push(Startable { line, target, origin, also: entry.also.clone(), question });
                }
                Err((status, reason)) => {
                    coverage.status = status;
                    coverage.reason = Some(redactor.clean(&reason));
                }
            }
            asked.coverage.push(coverage);
        }
    }
    let questions: Vec<Question> = startable.iter().map(|server| server.question.clone()).collect();
    let allowed = if questions.is_empty() { Vec::new() } else { asking.consent.allow(&questions) };
    let mut chosen = Vec::new();
    for (server, allowed) in startable.into_iter().zip(allowed.into_iter().chain(std::iter::repeat(false))) {
        if allowed {
            chosen.push(server);
        } else {
            asked.coverage[server.line].reason = Some(NOT_STARTED.to_owned());
        }
    }
    for (server, reply) in chosen.iter().zip(replies(&chosen, &asking)) {
        let line = &mut asked.coverage[server.line];
        line.status = match reply.status {
            Status::Scanned => ServerStatus::Scanned,
            Status::Partial => ServerStatus::Partial,
            Status::Failed => ServerStatus::Failed,
        };
        line.reason = reply.reason;
        line.tools = Some(reply.catalog.tools.len());
        line.prompts = Some(reply.catalog.prompts.len());
        line.resources = Some(reply.catalog.resources.len() + reply.catalog.templates.len());
        line.ms = u64::try_from(reply.elapsed.as_millis()).ok();
        asked.catalogs.push(reply.catalog);
    }
    asked
}

const NOT_STARTED: &str = "not started: only its entry was judged";
const OF_ANOTHER: &str = "in the home of another user: only its entry was judged";
const NOTHING_TO_START: &str =
    "neither a command nor an address: the client, or an extension of it, knows what to start";
const DISABLED: &str = "switched off in the config: only its entry was judged";

/// Why an entry was only judged, where nobody wanted servers to be asked.
fn unasked(entry: &ServerEntry, launch: &Launch) -> String {
    if entry.disabled {
        DISABLED.to_owned()
    } else if launch.is_local() {
        NOT_STARTED.to_owned()
    } else if entry.url.is_some() {
        "a remote server: not queried".to_owned()
    } else {
        NOTHING_TO_START.to_owned()
    }
}

fn variable(variables: &[(String, String)], name: &str) -> Option<String> {
    variables.iter().find(|(known, _)| same_variable(known, name)).map(|(_, value)| value.clone())
}

/// The spellings of references that the client of an entry replaces, where they are known.
fn forms<'c>(config: &'c Config, entry: &ServerEntry) -> Option<&'c [Form]> {
    let reader = config.file.readers.iter().find(|reader| reader.client == entry.client);
    reader.and_then(|reader| reader.expands.as_deref())
}

/// Learns what must not come back from a server: the values of references under names of secrets, and passwords of
/// proxies, which every server gets.
fn learn(redactor: &mut Redactor, configs: &[Config], asking: &Asking<'_>) {
    let lookup = |name: &str| variable(&asking.variables, name);
    let entries = configs.iter().flat_map(|config| config.servers.iter().map(move |entry| (config, entry)));
    let fields = entries.flat_map(|(config, entry)| entry.env.iter().map(move |field| (forms(config, entry), field)));
    for (forms, field) in fields {
        if !config::literals(&field.value.text).iter().any(|range| range.len() == field.value.text.len())
            && let Some(value) = config::expand(&field.value.text, forms, &lookup)
            && judge::may_be_secret(&field.name, &value)
        {
            redactor.learn(&value);
        }
    }
    for (_, value) in &asking.base_env {
        if let Some(password) = judge::password_in_url(value) {
            redactor.learn(&value[password]);
        }
    }
}

/// One reply for each chosen server, in order.
fn replies(chosen: &[Startable], asking: &Asking<'_>) -> Vec<Reply> {
    type Same<'a> = (&'a str, &'a [String], &'a [(String, String)], Option<&'a Path>);
    let mut first: HashMap<Same<'_>, usize> = HashMap::new();
    let mut targets: Vec<Target> = Vec::new();
    let mut index = Vec::with_capacity(chosen.len());
    for server in chosen {
        let target = &server.target;
        let same: Same<'_> = (&target.program, &target.args, &target.env, target.cwd.as_deref());
        let place = *first.entry(same).or_insert_with(|| {
            targets.push(target.clone());
            targets.len() - 1
        });
        index.push(place);
    }
    let replies =
        connect::query_all(&targets, &asking.base_env, &asking.bounds, asking.jobs, asking.stop, asking.progress);
    chosen
        .iter()
        .zip(index)
        .map(|(server, place)| {
            let mut reply = replies[place].clone();
            reply.catalog.client.clone_from(&server.target.client);
            reply.catalog.also.clone_from(&server.also);
            reply.catalog.server.clone_from(&server.target.name);
            reply.catalog.origin = Some(server.origin.clone());
            reply
        })
        .collect()
}

/// The folder that an entry names to start in.
fn folder_of(entry: &ServerEntry) -> Option<&str> {
    entry.others.iter().find(|field| field.path == "cwd").map(|field| field.value.text.as_str())
}

/// What to start for an entry, or why it can't be started from here.
fn target(
    entry: &ServerEntry,
    config: &Config,
    launch: &Launch,
    variables: &[(String, String)],
    redactor: &Arc<Redactor>,
    home: &Home,
    tables: &Tables,
) -> Result<Target, (ServerStatus, String)> {
    let skipped = |reason: String| Err((ServerStatus::Skipped, reason));
    if entry.disabled {
        return Err((ServerStatus::Static, DISABLED.to_owned()));
    }
    if config.file.of_another {
        return Err((ServerStatus::Static, OF_ANOTHER.to_owned()));
    }
    if !launch.is_local() {
        return match &entry.url {
            Some(_) => {
                skipped("a remote server: not queried, this version asks only servers that it can start".to_owned())
            }
            None => skipped(NOTHING_TO_START.to_owned()),
        };
    }
    let root = config.file.root.as_deref().unwrap_or_else(|| home.folder());
    let lookup = |name: &str| match name {
        "PWD" => Some(root.display().to_string()),
        // Windows has no such variable, and `${userHome}` is looked up by it.
        "HOME" => variable(variables, name).or_else(|| Some(home.folder().display().to_string())),
        name => variable(variables, name),
    };
    let forms = forms(config, entry);
    let mut words = Vec::new();
    for word in launch::command_line(entry, &tables.grammar) {
        match config::expand(&word.text, forms, &lookup) {
            Some(text) => words.push(text),
            None => return skipped(format!("`{}` can only be filled in by the client", word.text)),
        }
    }
    let mut words = words.into_iter();
    let Some(program) = words.next() else { return skipped("an empty command".to_owned()) };
    // A variable that only the client can fill stays unset; most servers list their tools without it.
    let env = entry
        .env
        .iter()
        .filter_map(|field| Some((field.name.clone(), config::expand(&field.value.text, forms, &lookup)?)))
        .collect();
    // Started elsewhere, a relative command would be another program.
    let folder = match folder_of(entry) {
        Some(folder) => {
            match config::expand(folder, forms, &lookup)
                .map(|folder| root.join(folder))
                .filter(|folder| folder.is_dir())
            {
                Some(folder) => folder,
                None => return skipped(format!("its folder `{folder}` is not there")),
            }
        }
        None => root.to_owned(),
    };
    Ok(Target {
        client: Some(entry.client.clone()),
        name: entry.name.text.clone(),
        program,
        args: words.collect(),
        env,
        cwd: Some(folder),
        redactor: Arc::clone(redactor),
    })
}

/// What judging an entry found that its user should know before it is started.
///
/// # Errors
/// A rule whose entries are not started, whoever asks.
fn warnings(entry: &ServerEntry, judged: &Judged, packs: &Packs) -> Result<Vec<String>, String> {
    // By the entry, and not only by the place: what an alias stands for is written elsewhere.
    let of_entry = judged.dangers.get(&judge::entry_key(entry)).into_iter().flatten();
    let inside = judged.findings.iter().filter(|finding| {
        finding.severity >= Severity::High
            && finding.rule.pack() != "secrets"
            && finding.place.file().is_some_and(|(source, span)| source == entry.source && entry.span.contains(span))
    });
    let inside = inside.map(|finding| (&finding.rule, &finding.message));
    let mut warnings: Vec<String> = Vec::new();
    for (rule, message) in of_entry.map(|(rule, message)| (rule, message)).chain(inside) {
        if packs.rule(rule.as_str()).is_some_and(|rule| rule.never_start) {
            return Err(format!("not started, because of {rule}: {message}"));
        }
        if !warnings.contains(message) {
            warnings.push(message.clone());
        }
    }
    Ok(warnings)
}

fn question(entry: &ServerEntry, config: &Config, hidden: &Hidden<'_>, tables: &Tables) -> Question {
    Question {
        client: tables.clients.get(&entry.client).map_or_else(|| entry.client.clone(), |client| client.name.clone()),
        server: entry.name.text.clone(),
        config: config.file.shown.clone(),
        foreign: entry.scope == Scope::Project,
        command: launch::command_line(entry, &tables.grammar)
            .iter()
            .map(|word| hidden.word(word, entry.source))
            .collect(),
        folder: None,
        variables: entry.env.iter().map(|field| field.name.clone()).collect(),
        warnings: Vec::new(),
    }
}

/// How an entry is started, in one line, with secrets taken out.
pub fn shown_command(entry: &ServerEntry, hidden: &Hidden<'_>, tables: &Tables) -> String {
    match (&entry.command, &entry.url) {
        (Some(_), _) => {
            let words = launch::command_line(entry, &tables.grammar);
            words.iter().map(|word| hidden.word(word, entry.source)).collect::<Vec<_>>().join(" ")
        }
        (None, Some(url)) => hidden.word(url, entry.source),
        (None, None) => "nothing to start".to_owned(),
    }
}

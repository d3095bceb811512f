//! Which servers are asked, with whose consent, and what became of each.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::target::{self, Filling, Ready};
use super::{Asking, Tables};
use crate::config::{Config, ServerEntry, Spanned};
use crate::connect::{self, Catalog, Deed, Enforced, Level, Origin, Question, Remote, Reply, Sandbox, Status, Target};
use crate::discover::{Home, Scope};
use crate::document::SourceId;
use crate::finding::Severity;
use crate::judge::{self, HiddenValue, Judged};
use crate::launch::{self, Launch};
use crate::rules::Packs;
use crate::text::Redactor;
use crate::triage::{SandboxCoverage, SandboxLevel, ServerCoverage, ServerStatus};

/// What asking gave.
pub(super) struct Asked {
    pub(super) catalogs: Vec<Catalog>,
    pub(super) coverage: Vec<ServerCoverage>,
    /// Knows what the configs hide, and what filling in their references brought.
    pub(super) redactor: Arc<Redactor>,
}

/// A server that could be asked, and where its line in the coverage is.
struct Startable {
    line: usize,
    target: Target,
    /// What it is not sent, and why.
    note: Option<String>,
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

/// The home that started servers are told: their caches lie there, whosever configs are read.
fn told(home: &Home, asking: &Asking<'_>) -> Home {
    let told = asking.base_env.iter().find(|(name, _)| name == "HOME");
    told.map_or_else(|| home.clone(), |(_, folder)| Home::new(folder.into(), home.os(), HashMap::new()))
}

/// Where servers are started.
pub(super) struct Here<'a> {
    /// The home that relative paths and references mean.
    pub(super) home: &'a Home,
    /// What shuts them in.
    pub(super) sandbox: &'a Sandbox,
}

/// Asks every server that may be asked. Entries that start the same program with the same variables share one start, and
/// those that send the same headers to the same address one conversation.
pub(super) fn servers(
    configs: &[Config],
    launches: &[Vec<Launch>],
    judged: &Judged,
    mut redactor: Redactor,
    asking: Asking<'_>,
    here: Here<'_>,
    tables: &Tables,
) -> Asked {
    let Here { home, sandbox } = here;
    let wanted = asking.consent.wanted();
    if wanted {
        target::learn(&mut redactor, configs, &asking);
    }
    let redactor = Arc::new(redactor);
    let hidden = Hidden::new(judged);
    let mut asked = Asked { catalogs: Vec::new(), coverage: Vec::new(), redactor: Arc::clone(&redactor) };
    let filling = Filling { asking: &asking, redactor: &redactor, home, told: told(home, &asking), tables };
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
                sandbox: None,
            };
            let prepared = if wanted {
                target::ready(entry, config, launch, &filling).and_then(|ready| {
                    let warnings =
                        warnings(entry, judged, &tables.packs).map_err(|reason| (ServerStatus::Skipped, reason))?;
                    let question = question(entry, config, &ready.target, &hidden, tables);
                    Ok((ready, Question { warnings, ..question }))
                })
            } else {
                Err((ServerStatus::Static, unasked(entry, launch)))
            };
            match prepared {
                Ok((Ready { target, note }, question)) => {
                    let origin = Origin { place: (entry.source, entry.name.span), portable: entry.portable.clone() };
                    startable.push(Startable { line, target, note, origin, also: entry.also.clone(), question });
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
            let not = if server.target.remote.is_some() { NOT_QUERIED } else { NOT_STARTED };
            asked.coverage[server.line].reason = Some(not.to_owned());
        }
    }
    for (server, reply) in chosen.iter().zip(replies(&chosen, &asking, sandbox)) {
        let line = &mut asked.coverage[server.line];
        line.status = match reply.status {
            Status::Scanned => ServerStatus::Scanned,
            Status::Partial => ServerStatus::Partial,
            Status::Failed => ServerStatus::Failed,
            Status::NeedsSignIn => ServerStatus::NeedsSignIn,
        };
        line.reason = reply.reason;
        // What it was not sent may be why.
        if let (Some(reason), Some(note)) = (&mut line.reason, &server.note) {
            reason.push_str(&format!("; {note}"));
        }
        line.tools = Some(reply.catalog.tools.len());
        line.prompts = Some(reply.catalog.prompts.len());
        line.resources = Some(reply.catalog.resources.len() + reply.catalog.templates.len());
        line.sandbox = reply.sandbox.map(sandbox_coverage);
        line.ms = u64::try_from(reply.elapsed.as_millis()).ok();
        asked.catalogs.push(reply.catalog);
    }
    asked
}

fn sandbox_coverage(enforced: Enforced) -> SandboxCoverage {
    let level = match enforced.level {
        Level::Full => SandboxLevel::Full,
        Level::Partial => SandboxLevel::Partial,
        Level::None => SandboxLevel::None,
    };
    SandboxCoverage { level, reason: enforced.reason }
}

const NOT_STARTED: &str = "not started: only its entry was judged";
const NOT_QUERIED: &str = "not queried: only its entry was judged";

/// Why an entry was only judged, where nobody wanted servers to be asked.
fn unasked(entry: &ServerEntry, launch: &Launch) -> String {
    if entry.disabled {
        target::DISABLED.to_owned()
    } else if launch.is_local() {
        NOT_STARTED.to_owned()
    } else if entry.url.is_some() {
        "a remote server: not queried".to_owned()
    } else {
        target::NOTHING_TO_START.to_owned()
    }
}

/// One reply for each chosen server, in order.
fn replies(chosen: &[Startable], asking: &Asking<'_>, sandbox: &Sandbox) -> Vec<Reply> {
    type Same<'a> = (Option<&'a Remote>, &'a str, &'a [String], &'a [(String, String)], Option<&'a Path>);
    let mut first: HashMap<Same<'_>, usize> = HashMap::new();
    let mut targets: Vec<Target> = Vec::new();
    let mut index = Vec::with_capacity(chosen.len());
    for server in chosen {
        let target = &server.target;
        let same: Same<'_> =
            (target.remote.as_ref(), &target.program, &target.args, &target.env, target.cwd.as_deref());
        let place = *first.entry(same).or_insert_with(|| {
            targets.push(target.clone());
            targets.len() - 1
        });
        index.push(place);
    }
    let Asking { base_env, bounds, jobs, stop, progress, .. } = asking;
    let replies = connect::query_all(&targets, base_env, bounds, sandbox, *jobs, stop, *progress);
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

fn question(entry: &ServerEntry, config: &Config, target: &Target, hidden: &Hidden<'_>, tables: &Tables) -> Question {
    let deed = match (&target.remote, &entry.url) {
        (Some(remote), Some(url)) => Deed::Connect {
            address: hidden.word(url, entry.source),
            // What variables make of the host is what counts.
            origin: connect::origin(&remote.url).ok().filter(|_| remote.url != url.text.trim()),
            headers: remote.headers.iter().map(|(name, _)| name.clone()).collect(),
        },
        _ => Deed::Start {
            command: launch::command_line(entry, &tables.grammar)
                .iter()
                .map(|word| hidden.word(word, entry.source))
                .collect(),
            folder: target
                .cwd
                .as_ref()
                .filter(|_| target::folder_of(entry).is_some())
                .map(|folder| folder.display().to_string()),
            variables: entry.env.iter().map(|field| field.name.clone()).collect(),
        },
    };
    Question {
        client: tables.clients.get(&entry.client).map_or_else(|| entry.client.clone(), |client| client.name.clone()),
        server: entry.name.text.clone(),
        config: config.file.shown.clone(),
        foreign: entry.scope == Scope::Project,
        deed,
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

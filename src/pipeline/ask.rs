//! Which servers are asked, with whose consent, and what became of each.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::hidden::Hidden;
use super::identity;
use super::target::{self, Filling, Ready};
use super::{Asking, Tables};
use crate::config::{Config, ServerEntry};
use crate::connect::{
    self, Catalog, Deed, Enforced, Handed, Level, Origin, Question, Remote, Reply, Sandbox, Status, Target,
};
use crate::discover::{Home, Scope};
use crate::finding::Severity;
use crate::judge::{self, Judged};
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
    let (wanted, demands) = (asking.consent.wanted(), asking.consent.demands());
    if wanted {
        target::learn(&mut redactor, configs, &asking);
    }
    let redactor = Arc::new(redactor);
    let hidden = Hidden::new(judged);
    let mut asked = Asked { catalogs: Vec::new(), coverage: Vec::new(), redactor: Arc::clone(&redactor) };
    let filling =
        Filling { asking: &asking, hidden: &hidden, redactor: &redactor, home, told: told(home, &asking), tables };
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
                unasked: false,
                tools: None,
                prompts: None,
                resources: None,
                ms: None,
                sandbox: None,
                lock: None,
            };
            let prepared = if wanted {
                target::ready(entry, config, launch, &filling).and_then(|ready| {
                    let warnings =
                        warnings(entry, judged, &tables.packs).map_err(|reason| (ServerStatus::Skipped, reason))?;
                    let question = question(entry, config, &ready, &hidden, tables);
                    Ok((ready, Question { warnings, ..question }))
                })
            } else {
                let (could, reason) = unasked(entry, launch);
                coverage.unasked = could;
                Err((ServerStatus::Static, reason.to_owned()))
            };
            match prepared {
                Ok((Ready { target, note, .. }, question)) => {
                    let origin = Origin { place: (entry.source, entry.name.span), portable: entry.portable.clone() };
                    startable.push(Startable { line, target, note, origin, also: entry.also.clone(), question });
                }
                Err((status, reason)) => {
                    coverage.status = if demands { status } else { ServerStatus::Static };
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
            asked.coverage[server.line].unasked = true;
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
        asked.catalogs.extend(reply.later);
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

/// Whether an entry could be asked, and why it was only judged, where nobody wanted servers to be asked.
fn unasked(entry: &ServerEntry, launch: &Launch) -> (bool, &'static str) {
    if entry.disabled {
        (false, target::DISABLED)
    } else if launch.is_local() {
        (true, NOT_STARTED)
    } else if entry.url.is_some() {
        (true, NOT_QUERIED)
    } else {
        (false, target::NOTHING_TO_START)
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
    let mut last: Vec<Option<usize>> = vec![None; targets.len()];
    index.iter().enumerate().for_each(|(server, place)| last[*place] = Some(server));
    let Asking { base_env, bounds, jobs, stop, progress, .. } = asking;
    let replies = connect::query_all(&targets, base_env, bounds, sandbox, *jobs, stop, *progress);
    let mut replies: Vec<Option<Reply>> = replies.into_iter().map(Some).collect();
    chosen
        .iter()
        .zip(index)
        .enumerate()
        .filter_map(|(number, (server, place))| {
            // The last to want it gets it without a copy, which may be large.
            let reply = &mut replies[place];
            let mut reply = if last[place] == Some(number) { reply.take() } else { reply.clone() }?;
            for catalog in std::iter::once(&mut reply.catalog).chain(&mut reply.later) {
                catalog.client.clone_from(&server.target.client);
                catalog.also.clone_from(&server.also);
                catalog.server.clone_from(&server.target.name);
                catalog.origin = Some(server.origin.clone());
            }
            Some(reply)
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

fn question(entry: &ServerEntry, config: &Config, ready: &Ready, hidden: &Hidden<'_>, tables: &Tables) -> Question {
    let Ready { target, made_up, .. } = ready;
    let handed = |name: &String| Handed { name: name.clone(), made_up: made_up.contains(name) };
    let foreign = entry.scope == Scope::Project;
    let deed = match (&target.remote, &entry.url) {
        (Some(remote), Some(url)) => Deed::Connect {
            address: hidden.word(url, entry.source),
            // What variables make of the host is what counts.
            origin: connect::origin(&remote.url).ok().filter(|_| remote.url != url.text.trim()),
            headers: remote.headers.iter().map(|(name, _)| handed(name)).collect(),
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
            variables: entry.env.iter().map(|field| handed(&field.name)).collect(),
        },
    };
    Question {
        client: tables.clients.get(&entry.client).map_or_else(|| entry.client.clone(), |client| client.name.clone()),
        server: entry.name.text.clone(),
        config: config.file.shown.clone(),
        foreign,
        deed,
        warnings: Vec::new(),
        identity: identity::of(target, foreign.then_some(config.file.root.as_deref()).flatten(), &tables.scripts),
    }
}

//! Which servers are asked, with whose consent, and what became of each.

use std::collections::HashMap;
use std::path::Path;

use super::{Asking, Tables};
use crate::config::{self, Config, ServerEntry};
use crate::connect::{self, Catalog, Question, Reply, Status, Target};
use crate::discover::{Homes, Scope};
use crate::finding::{Finding, Severity};
use crate::judge::{Judged, Origin, Origins};
use crate::launch::{self, Launch};
use crate::text::Redactor;
use crate::triage::{ServerCoverage, ServerStatus};

/// What asking gave.
pub(super) struct Asked {
    pub(super) catalogs: Vec<Catalog>,
    pub(super) origins: Origins,
    pub(super) coverage: Vec<ServerCoverage>,
}

/// A server that could be started, and where its line in the coverage is.
struct Startable {
    line: usize,
    target: Target,
    question: Question,
}

/// Asks every server that may be asked. Entries that start the same program with the same variables share one start.
pub(super) fn servers(
    configs: &[Config],
    launches: &[Vec<Launch>],
    judged: &Judged,
    asking: Asking<'_>,
    homes: &Homes,
    tables: &Tables,
) -> Asked {
    let mut redactor = Redactor::default();
    for (_, _, value) in &judged.hidden {
        redactor.learn(value);
    }
    let wanted = asking.consent.wanted();
    let mut asked = Asked { catalogs: Vec::new(), origins: Origins::new(), coverage: Vec::new() };
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
            match target(entry, config, launch, &asking.variables, &redactor, homes, tables) {
                Ok(target) => match warnings(entry, &judged.findings) {
                    Ok(warnings) => {
                        let question = Question { warnings, ..question(entry, config, &redactor, tables) };
                        startable.push(Startable { line, target, question });
                    }
                    Err(reason) => {
                        coverage.status = ServerStatus::Skipped;
                        coverage.reason = Some(reason);
                    }
                },
                // Where nothing is to be asked, what can't be asked is no gap.
                Err((ServerStatus::Skipped, reason)) if !wanted => coverage.reason = Some(reason),
                Err((status, reason)) => {
                    coverage.status = status;
                    coverage.reason = Some(reason);
                }
            }
            asked.coverage.push(coverage);
            let origin = Origin { place: (entry.source, entry.name.span), portable: entry.portable.clone() };
            asked.origins.entry((Some(entry.client.clone()), entry.name.text.clone())).or_insert(origin);
        }
    }
    let questions: Vec<Question> = startable.iter().map(|server| server.question.clone()).collect();
    let allowed = if questions.is_empty() { Vec::new() } else { asking.consent.allow(&questions) };
    let mut chosen = Vec::new();
    for (server, allowed) in startable.into_iter().zip(allowed.into_iter().chain(std::iter::repeat(false))) {
        if allowed {
            chosen.push(server);
        } else {
            asked.coverage[server.line].reason = Some("not started: only its entry was judged".to_owned());
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
            reply.catalog.server.clone_from(&server.target.name);
            reply
        })
        .collect()
}

/// What to start for an entry, or why it can't be started from here.
fn target(
    entry: &ServerEntry,
    config: &Config,
    launch: &Launch,
    variables: &[(String, String)],
    redactor: &Redactor,
    homes: &Homes,
    tables: &Tables,
) -> Result<Target, (ServerStatus, String)> {
    let skipped = |reason: String| Err((ServerStatus::Skipped, reason));
    if entry.disabled {
        return Err((ServerStatus::Static, "switched off in the config: only its entry was judged".to_owned()));
    }
    if !launch.is_local() {
        return match &entry.url {
            Some(_) => Err((
                ServerStatus::Static,
                "a remote server: not queried, this version asks only servers that it can start".to_owned(),
            )),
            None => skipped("neither a command nor an address".to_owned()),
        };
    }
    let root = config.file.root.as_deref().unwrap_or_else(|| homes.home());
    let lookup = |name: &str| match name {
        "PWD" => Some(root.display().to_string()),
        name => variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()),
    };
    let mut words = Vec::new();
    for word in launch::command_line(entry, &tables.grammar) {
        match config::expand(&word.text, &lookup) {
            Some(text) => words.push(text),
            None => return skipped(format!("`{}` can only be filled in by the client", redactor.clean(&word.text))),
        }
    }
    let mut words = words.into_iter();
    let Some(program) = words.next() else { return skipped("an empty command".to_owned()) };
    // A variable that only the client can fill stays unset; most servers list their tools without it.
    let env = entry
        .env
        .iter()
        .filter_map(|field| Some((field.name.clone(), config::expand(&field.value.text, &lookup)?)))
        .collect();
    let folder = entry
        .others
        .iter()
        .find(|field| field.path == "cwd")
        .and_then(|field| config::expand(&field.value.text, &lookup));
    let folder = folder.map_or_else(|| root.to_owned(), |folder| root.join(folder));
    Ok(Target {
        client: Some(entry.client.clone()),
        name: entry.name.text.clone(),
        program,
        args: words.collect(),
        env,
        cwd: folder.is_dir().then_some(folder),
        redactor: redactor.clone(),
    })
}

/// What judging an entry found that its user should know before it is started.
///
/// # Errors
/// Something so bad that it is not started, whoever asks.
fn warnings(entry: &ServerEntry, findings: &[Finding]) -> Result<Vec<String>, String> {
    let about = findings.iter().filter(|finding| {
        finding.severity >= Severity::High
            && finding.rule.pack() != "secrets"
            && finding.place.file().is_some_and(|(source, span)| source == entry.source && entry.span.contains(span))
    });
    let mut warnings = Vec::new();
    for finding in about {
        if finding.severity == Severity::Critical {
            return Err(format!("not started, because of {}: {}", finding.rule, finding.message));
        }
        warnings.push(finding.message.clone());
    }
    Ok(warnings)
}

fn question(entry: &ServerEntry, config: &Config, redactor: &Redactor, tables: &Tables) -> Question {
    Question {
        client: tables.clients.get(&entry.client).map_or_else(|| entry.client.clone(), |client| client.name.clone()),
        server: entry.name.text.clone(),
        config: config.file.shown.clone(),
        foreign: entry.scope == Scope::Project,
        command: launch::command_line(entry, &tables.grammar).iter().map(|word| redactor.clean(&word.text)).collect(),
        variables: entry.env.iter().map(|field| field.name.clone()).collect(),
        warnings: Vec::new(),
    }
}

/// How an entry is started, in one line, with secrets taken out.
pub fn shown_command(entry: &ServerEntry, redactor: &Redactor, tables: &Tables) -> String {
    match (&entry.command, &entry.url) {
        (Some(_), _) => launch::command_line(entry, &tables.grammar)
            .iter()
            .map(|word| redactor.clean(&word.text))
            .collect::<Vec<_>>()
            .join(" "),
        (None, Some(url)) => redactor.clean(&url.text),
        (None, None) => "nothing to start".to_owned(),
    }
}

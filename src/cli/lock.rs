//! `mcpscan lock`: records what servers are and offer, tells what is different, and takes changes in.

use std::collections::HashMap;

use clap::ArgMatches;

use super::args::{FailOn, LaunchPolicy, Lock};
use super::servers::{self, Setup};
use super::settings::{Given, Held, hold};
use super::{Exit, Failure, locks, output};
use crate::finding::{Confidence, Finding, Place, Severity};
use crate::lock::{self, INSTRUCTIONS, Item, Now, Server, Taken, Want};
use crate::pipeline::{self, Compared, Judging, LockFile, Scanned};
use crate::report::{self, Format};
use crate::rules::Packs;
use crate::text::{nearest, visible};
use crate::triage::{ConfigStatus, Outcome, ServerStatus};

/// Runs the command.
pub(super) fn run(lock: &Lock, matches: &ArgMatches) -> Result<Exit, Failure> {
    let variables = super::variables();
    super::scan::mistaken_command(&lock.paths)?;
    if lock.servers.is_given() {
        let why = "a lock keeps the servers of configs; --server and --url name one that is in none";
        return Err(Failure::Usage(why.to_owned()));
    }
    let given = Given {
        files: &lock.settings,
        baseline: None,
        choice: &lock.choice,
        min_confidence: None,
        fail_on: lock.fail_on,
        paths: &lock.paths,
        narrowed: true,
    };
    let held = hold(&given, &variables)?;
    let reads = lock.check || lock.diff;
    let mut files = if reads {
        locks::existing(&lock.paths, &lock.place, lock.tools.is_some(), &variables)?
    } else {
        locks::all(&lock.paths, &lock.place, &variables)?
    };
    if files.is_empty() {
        return Err(Failure::Usage("there is no lock to compare with; `mcpscan lock` writes one".to_owned()));
    }
    if lock.tools.is_some() {
        // A saved list is in one lock: the one that is there, else the project's.
        let own = files.iter().position(|file| file.text.is_some()).unwrap_or(0);
        files = vec![files.swap_remove(own)];
    }
    let reports = output::pairs(&lock.format, &lock.output, matches, Format::for_people())?;
    let input = match &lock.tools {
        Some(path) => super::scan::saved(path),
        None => servers::input(&lock.servers, &lock.paths, &lock.place, &held.tables.clients, &variables)?,
    };
    let mut setup = Setup::new(&lock.servers, held.launch, variables)?;
    if lock.accept.iter().all(|name| !name.is_empty()) && !lock.accept.is_empty() {
        setup.only(lock.accept.iter().flat_map(|name| parts(name).into_iter().map(|(server, _)| server)).collect());
    }
    let judging = if reads { Judging::Changes } else { Judging::Everything };
    let scanned = pipeline::scan_locked(input, &held.tables, setup.asking(), &held.policy, &files, judging);
    let exit = if lock.check {
        let mut scanned = scanned;
        let gaps = gaps(lock, &files, &scanned, &held) || setup.was_stopped();
        scanned.outcome.findings.retain(|finding| finding.rule.pack() == "drift");
        let style = report::Style { info: true, ..output::style() };
        scanned.outcome.shorten();
        output::write(&reports, &scanned.outcome, &held.tables.packs, &style)?;
        if gaps && scanned.outcome.coverage.servers.iter().any(|server| server.unasked) {
            super::complain(
                "incomplete: servers that told what they offer when they were locked were not asked this time; `--yes` asks \
                 them, `--launch none` checks configs alone",
            );
        }
        Exit::of(&scanned.outcome, lock.fail_on.unwrap_or(FailOn::Low).threshold(), false, gaps)
    } else if lock.diff {
        let gaps = gaps(lock, &files, &scanned, &held) || setup.was_stopped();
        diff(&files, &scanned)?;
        tell_gaps(&scanned.outcome);
        let differ = scanned.compared.iter().any(|compared| !compared.changes.is_empty());
        ended(&scanned.outcome, differ, gaps)
    } else {
        write(lock, &files, &scanned, &held.tables.packs, setup.was_stopped())?
    };
    Ok(exit)
}

fn ended(outcome: &Outcome, differ: bool, gaps: bool) -> Exit {
    if outcome.coverage.configs.iter().any(|config| config.usage_error) {
        Exit::Usage
    } else if differ {
        Exit::Findings
    } else if gaps {
        Exit::Incomplete
    } else {
        Exit::Clean
    }
}

/// Whether something that the lock speaks of could not be looked at. Whoever says `--launch none` wants configs alone.
fn gaps(lock: &Lock, files: &[LockFile], scanned: &Scanned, held: &Held) -> bool {
    let coverage = &scanned.outcome.coverage;
    let unread = |status: ConfigStatus| matches!(status, ConfigStatus::Failed | ConfigStatus::Partial);
    if coverage.configs.iter().any(|config| unread(config.status)) {
        return true;
    }
    let launch = lock.servers.launch.or(held.launch);
    let asks = lock.servers.yes || launch != Some(LaunchPolicy::None);
    scanned.compared.iter().any(|compared| {
        let locked = &files[compared.file].lock;
        lock::pairs(locked, &compared.now).into_iter().any(|(known, now)| {
            let Some(server) = now.and_then(|now| coverage.servers.get(compared.lines[now].1)) else { return false };
            // What was never told can't be compared.
            let told = known.is_some_and(|known| locked.servers[known].offers.is_some());
            match server.status {
                ServerStatus::Scanned => false,
                ServerStatus::Failed | ServerStatus::Partial => true,
                ServerStatus::NeedsSignIn | ServerStatus::Skipped => told,
                ServerStatus::Static => told && asks && server.unasked,
            }
        })
    })
}

fn diff(files: &[LockFile], scanned: &Scanned) -> Result<(), Failure> {
    let style = output::style();
    for compared in &scanned.compared {
        let LockFile { shown, lock, .. } = &files[compared.file];
        let Compared { now, changes, .. } = compared;
        super::print(&report::difference(shown, lock, now, changes, &scanned.outcome, &style))?;
    }
    Ok(())
}

/// The ways to read `SERVER/TOOL`: both may hold slashes.
fn parts(name: &str) -> Vec<(String, Option<String>)> {
    let whole = std::iter::once((name.to_owned(), None));
    let splits = name.match_indices('/').map(|(at, _)| (name[..at].to_owned(), Some(name[at + 1..].to_owned())));
    whole.chain(splits).collect()
}

/// What the arguments want to be taken in.
fn want(lock: &Lock, files: &[LockFile], scanned: &Scanned) -> Result<Want, Failure> {
    if lock.accept.is_empty() {
        return Ok(Want::New);
    }
    if lock.accept.iter().any(String::is_empty) {
        return Ok(Want::All);
    }
    let locked = files.iter().flat_map(|file| &file.lock.servers);
    let now = scanned.compared.iter().flat_map(|compared| &compared.now).map(|now| &now.server);
    let servers: Vec<&Server> = locked.chain(now).collect();
    let known = |(server, item): &(String, Option<String>)| {
        servers.iter().filter(|known| known.key.name == *server).any(|known| match item {
            None => true,
            Some(name) => known.offers.iter().flatten().any(|item| is_called(item, name)),
        })
    };
    let mut named = Vec::new();
    for name in &lock.accept {
        let Some(found) = parts(name).into_iter().find(known) else {
            let names = servers.iter().map(|server| server.key.name.as_str());
            let server = parts(name).pop().map_or_else(|| name.clone(), |(server, _)| server);
            let hint = match servers.iter().any(|known| known.key.name == server) {
                true => format!("; server `{}` does not offer that, or was not asked", visible(&server)),
                false => nearest(&server, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default(),
            };
            return Err(Failure::Usage(format!("--accept {name}: no server or tool of that name{hint}")));
        };
        named.push(found);
    }
    Ok(Want::Named(named))
}

fn is_called(item: &Item, name: &str) -> bool {
    item.name == name || item.name.is_empty() && item.list == name
}

/// Takes in what is wanted, and writes what changed.
fn write(lock: &Lock, files: &[LockFile], scanned: &Scanned, packs: &Packs, stopped: bool) -> Result<Exit, Failure> {
    let want = want(lock, files, scanned)?;
    let outcome = &scanned.outcome;
    let (mut refused, mut left, mut silent) = (false, 0, false);
    for compared in &scanned.compared {
        let file = &files[compared.file];
        let mut blocking: HashMap<&str, Vec<&Finding>> = HashMap::new();
        for finding in outcome.findings.iter().filter(|finding| blocks(finding)) {
            if let Some(server) = finding.subject.server.as_deref() {
                blocking.entry(server).or_default().push(finding);
            }
        }
        let against = |at: usize, item: Option<&Item>| {
            let of_server = blocking.get(compared.now[at].server.key.name.as_str())?;
            against(compared, at, item, of_server, packs)
        };
        let gone = |server: &Server| compared.gone.contains(&server.key);
        let (taken, Taken { taken: done, refused: not }) =
            lock::take(&file.lock, &compared.now, &want, lock.force.as_deref(), &against, &gone);
        let nothing = file.text.is_none() && taken.servers.is_empty();
        // What nobody changed stays to the byte, as git may have merged it.
        if !nothing && (file.text.is_none() || !taken.is_same(&file.lock)) {
            locks::save(file, &lock::write(&taken))?;
            let lines: String = done.iter().map(|line| format!("  {}\n", visible(line))).collect();
            let verb = if want == Want::New { "Recorded" } else { "Accepted" };
            super::print(&format!("{verb} in {}:\n{lines}", visible(&file.shown)))?;
            if want == Want::New {
                super::print("Recording is not accepting: look at them, and let `mcpscan lock --accept` say so.\n")?;
            }
        } else if !nothing {
            super::print(&format!("{}: nothing to take in.\n", visible(&file.shown)))?;
        }
        for line in &not {
            super::complain(&format!("not taken in: {line}; `--force REASON` takes it in and keeps the reason"));
        }
        refused |= !not.is_empty();
        let gone = |key: &lock::Key| compared.gone.contains(key);
        left += lock::compare(&taken, &compared.now, &gone).len();
        silent |= compared.now.iter().any(|now| is_silent(now, &want)) && was_silent(compared, outcome, &want);
    }
    tell_gaps(outcome);
    if left > 0 && want == Want::New {
        let (s, them) = if left == 1 { ("", "it") } else { ("s", "them") };
        super::complain(&format!(
            "{left} change{s} against what was approved stayed out; `mcpscan lock --diff` shows {them}, `mcpscan lock \
             --accept` takes {them} in"
        ));
    }
    let unread = |status: ConfigStatus| matches!(status, ConfigStatus::Failed | ConfigStatus::Partial);
    let gaps = silent || stopped || outcome.coverage.configs.iter().any(|config| unread(config.status));
    Ok(ended(outcome, refused || left > 0 && want == Want::New, gaps))
}

/// Whether a server that is meant has told nothing.
fn is_silent(now: &Now, want: &Want) -> bool {
    let meant = match want {
        Want::New | Want::All => true,
        Want::Named(names) => names.iter().any(|(server, _)| *server == now.server.key.name),
    };
    meant && !(now.whole && now.server.offers.is_some())
}

/// Whether one of them was asked.
fn was_silent(compared: &Compared, outcome: &Outcome, want: &Want) -> bool {
    compared.now.iter().zip(&compared.lines).any(|(now, (_, line))| {
        let status = outcome.coverage.servers.get(*line).map(|server| server.status);
        is_silent(now, want) && status.is_some_and(ServerStatus::is_gap)
    })
}

/// Whether a finding keeps what it is about from being taken in: one that would fail a build.
fn blocks(finding: &Finding) -> bool {
    finding.severity >= Severity::High
        && finding.confidence >= Confidence::Medium
        && finding.suppressed.is_none()
        // A key in a config speaks against the file, and is no part of what is approved.
        && !matches!(finding.rule.pack(), "drift" | "secrets")
}

/// What speaks against taking something in, of the findings that block and name its server, and whether a reason can
/// outweigh it.
fn against(
    compared: &Compared,
    at: usize,
    item: Option<&Item>,
    blocking: &[&Finding],
    packs: &Packs,
) -> Option<(String, bool)> {
    let server = &compared.now[at].server;
    let config = compared.lines[at].0.as_deref();
    let is_about = |finding: &Finding| {
        let subject = &finding.subject;
        let own = match (config, subject.config.as_deref()) {
            // The project of a config that holds several stands behind its path.
            (Some(config), Some(own)) => {
                own.strip_prefix(config).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            }
            (None, _) => server.client.is_none() || subject.client == server.client,
            (Some(_), None) => false,
        };
        let instructions = subject.tool.is_none()
            && matches!(finding.place, Place::Answer { .. })
            && subject.field.as_deref().is_some_and(|field| field.starts_with(INSTRUCTIONS));
        own && match item {
            None => subject.tool.is_none() && !instructions,
            Some(item) if item.list == INSTRUCTIONS => instructions,
            Some(item) => subject.tool.as_deref() == Some(item.name.as_str()),
        }
    };
    let finding = blocking.iter().find(|finding| is_about(finding))?;
    let never = packs.rule(finding.rule.as_str()).is_some_and(|rule| rule.never_start);
    Some((format!("{} ({}): {}", finding.rule, finding.severity, finding.message), !never))
}

/// Names of servers that were not asked that are told.
const MOST_NAMES: usize = 8;

/// What could not be looked at.
fn tell_gaps(outcome: &Outcome) {
    let reason = |reason: &Option<String>| reason.clone().unwrap_or_else(|| "no reason is known".to_owned());
    for config in outcome.coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned) {
        super::complain(&format!("{} ({}): {}", config.path, config.status.as_str(), reason(&config.reason)));
    }
    let (unasked, gaps): (Vec<_>, Vec<_>) = outcome
        .coverage
        .servers
        .iter()
        .filter(|server| server.status != ServerStatus::Scanned)
        .partition(|server| server.unasked);
    if !unasked.is_empty() {
        let names: Vec<String> = unasked.iter().take(MOST_NAMES).map(|server| format!("`{}`", server.server)).collect();
        let more = unasked.len().saturating_sub(MOST_NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        super::complain(&format!("not asked what they offer: {}{more}; `--yes` asks them", names.join(", ")));
    }
    for server in gaps {
        let (name, status) = (&server.server, server.status.as_str());
        super::complain(&format!("server `{name}` ({status}): {}", reason(&server.reason)));
    }
}

//! `mcpscan [scan]`.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use clap::ArgMatches;

use super::args::Scan;
use super::servers::{self, Setup};
use super::settings::{Given, hold};
use super::{Exit, Failure, locks, output};
use crate::pipeline::{self, Input};
use crate::report::{Format, Style};
use crate::triage::{ConfigStatus, Outcome};

/// Runs a scan and reports it.
pub(super) fn run(scan: &Scan, matches: &ArgMatches) -> Result<Exit, Failure> {
    let variables = super::variables();
    mistaken_command(&scan.paths)?;
    let given = Given {
        files: &scan.settings,
        baseline: Some(scan.baseline.as_deref()),
        choice: &scan.choice,
        min_confidence: scan.min_confidence,
        fail_on: scan.fail_on,
        paths: &scan.paths,
        narrowed: !scan.place.client.is_empty() || scan.servers.is_given() || scan.tools.is_some(),
    };
    let held = hold(&given, &variables)?;
    let default = held.format.unwrap_or(Format::for_people());
    let reports = output::pairs(&scan.format, &scan.output, matches, default)?;
    let tables = &held.tables;
    let input = match &scan.tools {
        Some(path) => saved(path),
        None => servers::input(&scan.servers, &scan.paths, &scan.place, &tables.clients, &variables)?,
    };

    // One server that is in no config is in no lock.
    let locks = if scan.no_lock || scan.servers.is_given() {
        Vec::new()
    } else {
        locks::existing(&scan.paths, &scan.place, scan.tools.is_some(), &variables)?
    };
    let mut setup = Setup::new(&scan.servers, held.launch, variables)?;
    let judging = pipeline::Judging::Everything;
    let mut outcome = pipeline::scan_locked(input, tables, setup.asking(), &held.policy, &locks, judging).outcome;
    outcome.shorten();

    let style = Style {
        snippets: !scan.no_snippets,
        info: scan.pedantic || held.pedantic,
        detail: output::detail(scan.quiet, scan.verbose),
        target: target(scan),
        ..output::style()
    };
    output::write(&reports, &outcome, &tables.packs, &style)?;
    let gap = named_unread(scan, &outcome) || setup.was_stopped();
    let complete = scan.require_complete || held.require_complete;
    Ok(Exit::of(&outcome, held.fail_on.threshold(), complete, gap))
}

/// What was looked at, in words that are the same on every machine; nothing for the usual places.
fn target(scan: &Scan) -> String {
    let path = match (&scan.tools, scan.paths.as_slice()) {
        (Some(list), _) if list == Path::new("-") => return "tools".to_owned(),
        (Some(list), _) => list,
        (None, [path]) => path,
        (None, _) => return String::new(),
    };
    // Where a checkout lies is nobody's business.
    let path = if path.is_absolute() { Path::new(path.file_name().unwrap_or_default()) } else { path };
    let parts = path.components().filter(|part| *part != Component::CurDir);
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Whether a file or a server that the user named could not be read or asked, or not all of it: that is never a silent
/// success.
fn named_unread(scan: &Scan, outcome: &Outcome) -> bool {
    let named = !scan.paths.is_empty() || scan.tools.is_some();
    let mut configs = outcome.coverage.configs.iter();
    named && configs.any(|config| matches!(config.status, ConfigStatus::Failed | ConfigStatus::Partial))
        || scan.servers.is_given() && outcome.coverage.servers.iter().any(|server| server.status.is_gap())
}

/// A path that isn't there and reads like a command was meant as one.
pub(super) fn mistaken_command(paths: &[PathBuf]) -> Result<(), Failure> {
    const COMMANDS: [&str; 12] = [
        "scan",
        "list",
        "baseline",
        "lock",
        "inspect",
        "rules",
        "explain",
        "demo",
        "schema",
        "approvals",
        "completions",
        "man",
    ];
    let [first, ..] = paths else { return Ok(()) };
    let Some(word) = first.to_str().filter(|word| !first.exists() && !word.contains(['/', '.'])) else { return Ok(()) };
    match COMMANDS.iter().find(|command| strsim::osa_distance(command, word) <= 1) {
        Some(command) => {
            Err(Failure::Usage(format!("{word}: no such file or folder; a command comes first: `mcpscan {command} …`")))
        }
        None => Ok(()),
    }
}

/// A saved list, from a file or from standard input.
pub(super) fn saved(path: &PathBuf) -> Input {
    if path == &PathBuf::from("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        return Input::Saved("standard input".to_owned(), read.map(|_| bytes).map_err(|error| error.to_string()));
    }
    pipeline::saved(path.clone())
}

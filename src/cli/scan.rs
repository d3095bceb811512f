//! `mcpscan [scan]`.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::ArgMatches;

use super::args::{LaunchPolicy, Scan};
use super::{Exit, Failure, ask, output, place, progress};
use crate::connect::{Always, Bounds, Consent, Never, Question};
use crate::discover::{Clients, same_variable};
use crate::pipeline::{self, Asking, Input, Tables};
use crate::report::Style;
use crate::triage::{ConfigStatus, Outcome, Selection};

/// Variables that every program needs and that say nothing about the user's accounts.
const BASE_VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "TERM",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "ProgramW6432",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE",
];

/// Those of `variables` that a started server gets.
pub(super) fn base_env(variables: &[(String, String)]) -> Vec<(String, String)> {
    let wanted = |name: &str| BASE_VARIABLES.iter().any(|known| same_variable(known, name));
    variables.iter().filter(|(name, _)| wanted(name)).cloned().collect()
}

/// Runs a scan and reports it.
pub(super) fn run(scan: &Scan, matches: &ArgMatches) -> Result<Exit, Failure> {
    let reports = output::pairs(scan, matches)?;
    let tables = Tables::load(super::packs(&scan.choice.rules)?)?;
    let choice = &scan.choice;
    let selection =
        Selection::new(choice.select.clone(), choice.ignore.clone(), scan.min_confidence.into(), &tables.packs)
            .map_err(|error| Failure::Usage(error.to_string()))?;
    let variables = super::variables();
    mistaken_command(&scan.paths)?;
    let input = input(scan, &tables.clients, &variables)?;

    let idle = Arc::new(AtomicBool::new(true));
    let stop = stop_flag(Arc::clone(&idle));
    let mut consent = consent(scan, idle)?;
    let progress = progress::new();
    let asking = Asking {
        consent: consent.as_mut(),
        base_env: base_env(&variables),
        variables,
        bearer: None,
        bounds: Bounds { first_answer: Duration::from_secs(scan.timeout.into()), ..Bounds::default() },
        jobs: scan.jobs.into(),
        stop: &stop,
        progress: progress.as_ref(),
    };
    let outcome = pipeline::scan(input, &tables, asking, &selection);

    let style = Style { snippets: !scan.no_snippets, info: scan.pedantic, ..output::style() };
    output::write(&reports, &outcome, &tables.packs, &style)?;
    let gap = named_unread(scan, &outcome) || stop.load(Ordering::SeqCst);
    Ok(Exit::of(&outcome, scan.fail_on.threshold(), scan.require_complete, gap))
}

/// Whether a file that the user named could not be read, or not all of it: that is never a silent success.
fn named_unread(scan: &Scan, outcome: &Outcome) -> bool {
    let named = !scan.paths.is_empty() || scan.tools.is_some();
    named
        && outcome
            .coverage
            .configs
            .iter()
            .any(|config| matches!(config.status, ConfigStatus::Failed | ConfigStatus::Partial))
}

/// A path that isn't there and reads like a command was meant as one.
fn mistaken_command(paths: &[PathBuf]) -> Result<(), Failure> {
    const COMMANDS: [&str; 5] = ["scan", "list", "rules", "explain", "demo"];
    let [first, ..] = paths else { return Ok(()) };
    let Some(word) = first.to_str().filter(|word| !first.exists() && !word.contains(['/', '.'])) else { return Ok(()) };
    match COMMANDS.iter().find(|command| strsim::osa_distance(command, word) <= 1) {
        Some(command) => {
            Err(Failure::Usage(format!("{word}: no such file or folder; a command comes first: `mcpscan {command} …`")))
        }
        None => Ok(()),
    }
}

fn input(scan: &Scan, clients: &Clients, variables: &[(String, String)]) -> Result<Input, Failure> {
    match &scan.tools {
        Some(path) if path == &PathBuf::from("-") => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            Ok(Input::Saved("standard input".to_owned(), read.map(|_| bytes).map_err(|error| error.to_string())))
        }
        Some(path) => Ok(pipeline::saved(path.clone())),
        None => Ok(Input::Configs(place::request(&scan.paths, &scan.place, clients, variables)?)),
    }
}

/// Whoever answers, and from then on something runs.
struct Armed<C> {
    consent: C,
    idle: Arc<AtomicBool>,
}

impl<C: Consent> Consent for Armed<C> {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        let allowed = self.consent.allow(questions);
        self.idle.store(!allowed.contains(&true), Ordering::SeqCst);
        allowed
    }

    fn wanted(&self) -> bool {
        self.consent.wanted()
    }
}

fn consent(scan: &Scan, idle: Arc<AtomicBool>) -> Result<Box<dyn Consent>, Failure> {
    // A question needs somebody who reads it and somebody who answers.
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let policy = match (scan.yes, scan.launch) {
        (true, _) => LaunchPolicy::All,
        (_, Some(policy)) => policy,
        (_, None) if terminal => LaunchPolicy::Ask,
        _ => LaunchPolicy::None,
    };
    match policy {
        LaunchPolicy::All => Ok(Box::new(Armed { consent: Always, idle })),
        LaunchPolicy::None => Ok(Box::new(Never)),
        LaunchPolicy::Ask if terminal => Ok(Box::new(Armed { consent: ask::AtTerminal, idle })),
        LaunchPolicy::Ask => {
            Err(Failure::Usage("--launch ask needs a terminal; use --launch all or --launch none".to_owned()))
        }
    }
}

/// Ctrl-C and a polite kill set the flag: servers are ended, which takes a second at most, and what is known is
/// reported. It stays that way however often the key is pressed, since leaving early would leave servers behind. While
/// nothing runs yet, as during the question or a long file, the program ends at once.
pub(super) fn stop_flag(idle: Arc<AtomicBool>) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let installed = ctrlc::set_handler(move || {
        flag.store(true, Ordering::SeqCst);
        if idle.load(Ordering::SeqCst) {
            #[allow(clippy::exit)]
            std::process::exit(130);
        }
    });
    if let Err(error) = installed {
        super::complain(&format!("Ctrl-C will not end servers cleanly: {error}"));
    }
    stop
}

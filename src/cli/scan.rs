//! `mcpscan [scan]`.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::ArgMatches;

use super::args::{LaunchPolicy, Scan};
use super::{Exit, Failure, ask, output, progress};
use crate::connect::{Always, Bounds, Consent, Never};
use crate::discover;
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
    variables.iter().filter(|(name, _)| BASE_VARIABLES.contains(&name.as_str())).cloned().collect()
}

/// Runs a scan and reports it.
pub(super) fn run(scan: &Scan, matches: &ArgMatches) -> Result<Exit, Failure> {
    let reports = output::pairs(scan, matches)?;
    let tables = Tables::load(super::packs(&scan.choice.rules)?)?;
    if let Some(unknown) = scan.place.client.iter().find(|id| tables.clients.get(id).is_none()) {
        let known: Vec<&str> = tables.clients.all().iter().map(|client| client.id.as_str()).collect();
        return Err(Failure::Usage(format!("--client {unknown}: known are {}", known.join(", "))));
    }
    let choice = &scan.choice;
    let selection =
        Selection::new(choice.select.clone(), choice.ignore.clone(), scan.min_confidence.into(), &tables.packs)
            .map_err(|error| Failure::Usage(error.to_string()))?;
    let variables = super::variables();
    let input = input(scan, &variables)?;

    let stop = stop_flag();
    let mut consent = consent(scan)?;
    let progress = progress::new();
    let asking = Asking {
        consent: consent.as_mut(),
        base_env: base_env(&variables),
        variables,
        bounds: Bounds { first_answer: Duration::from_secs(scan.timeout.into()), ..Bounds::default() },
        jobs: scan.jobs.into(),
        stop: &stop,
        progress: progress.as_ref(),
    };
    let outcome = pipeline::scan(input, &tables, asking, &selection);

    let style = Style { snippets: !scan.no_snippets, info: scan.pedantic, ..output::style() };
    output::write(&reports, &outcome, &tables.packs, &style)?;
    Ok(Exit::of(&outcome, scan.fail_on.threshold(), scan.require_complete, named_unread(scan, &outcome)))
}

/// Whether a file that the user named could not be read: that is never a silent success.
fn named_unread(scan: &Scan, outcome: &Outcome) -> bool {
    let named = !scan.paths.is_empty() || scan.tools.is_some();
    named && outcome.coverage.configs.iter().any(|config| config.status == ConfigStatus::Failed)
}

fn input(scan: &Scan, variables: &[(String, String)]) -> Result<Input, Failure> {
    match &scan.tools {
        Some(path) if path == &PathBuf::from("-") => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            Ok(Input::Saved("standard input".to_owned(), read.map(|_| bytes).map_err(|error| error.to_string())))
        }
        Some(path) => Ok(pipeline::saved(path.clone())),
        None => Ok(Input::Configs(discover::Request {
            paths: scan.paths.clone(),
            clients: scan.place.client.clone(),
            homes: super::homes(scan.place.home.as_ref(), variables)?,
            current: super::current_folder()?,
        })),
    }
}

fn consent(scan: &Scan) -> Result<Box<dyn Consent>, Failure> {
    // A question needs somebody who reads it and somebody who answers.
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let policy = match (scan.yes, scan.launch) {
        (true, _) => LaunchPolicy::All,
        (_, Some(policy)) => policy,
        (_, None) if terminal => LaunchPolicy::Ask,
        _ => LaunchPolicy::None,
    };
    match policy {
        LaunchPolicy::All => Ok(Box::new(Always)),
        LaunchPolicy::None => Ok(Box::new(Never)),
        LaunchPolicy::Ask if terminal => Ok(Box::new(ask::AtTerminal)),
        LaunchPolicy::Ask => {
            Err(Failure::Usage("--launch ask needs a terminal; use --launch all or --launch none".to_owned()))
        }
    }
}

/// Ctrl-C and a polite kill set the flag once: servers are ended and what is known is reported. The second time the
/// program ends as it would have without us.
pub(super) fn stop_flag() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let installed = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            #[allow(clippy::exit)]
            std::process::exit(130);
        }
    });
    if let Err(error) = installed {
        super::complain(&format!("Ctrl-C will not end servers cleanly: {error}"));
    }
    stop
}

//! The command line: parses arguments, asks, prints, and turns an outcome into an exit code. Nothing else in the library
//! prints or reads variables.

mod approvals;
mod args;
mod ask;
mod baseline;
mod demo;
mod exit;
mod inspect;
mod list;
mod lock;
mod locks;
mod manual;
mod output;
mod place;
mod progress;
mod rules;
mod scan;
mod serve;
mod servers;
mod settings;

pub use exit::Exit;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use args::{Cli, Command};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

/// Runs the program with this process's arguments.
pub fn main() -> ExitCode {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            if asked {
                // A help text that nobody reads to its end is no error.
                let _ = error.print();
                return ExitCode::from(Exit::Clean);
            }
            refuse(&error);
            return ExitCode::from(Exit::Usage);
        }
    };
    let exit = match Cli::from_arg_matches(&matches) {
        Ok(cli) => match cli.command {
            None => scan::run(&cli.scan, &matches),
            Some(Command::Scan(ref scan)) => match matches.subcommand_matches("scan") {
                Some(matches) => scan::run(scan, matches),
                None => scan::run(scan, &matches),
            },
            Some(Command::List(list)) => list::run(&list),
            Some(Command::Baseline(accept)) => baseline::run(&accept),
            Some(Command::Lock(ref lock)) => match matches.subcommand_matches("lock") {
                Some(matches) => lock::run(lock, matches),
                None => lock::run(lock, &matches),
            },
            Some(Command::Inspect(inspect)) => inspect::run(&inspect),
            Some(Command::Rules(rules)) => rules::run(&rules),
            Some(Command::Explain(explain)) => rules::explain(&explain),
            Some(Command::Demo(demo)) => demo::run(&demo),
            Some(Command::Completions(which)) => manual::completions(&which),
            Some(Command::Man(man)) => manual::pages(&man),
            Some(Command::Schema(schema)) => {
                print(&crate::report::schema(&schema.format).unwrap_or_default()).map(|()| Exit::Clean)
            }
            Some(Command::Serve(server)) => serve::run(server.which),
            Some(Command::Approvals(command)) => approvals::run(&command),
            Some(Command::Watch) => {
                crate::connect::watch(io::stdin().lock());
                Ok(Exit::Clean)
            }
            Some(Command::Exec) => {
                complain(&crate::connect::become_server().to_string());
                Ok(Exit::Usage)
            }
        },
        Err(error) => {
            refuse(&error);
            Ok(Exit::Usage)
        }
    };
    match exit {
        Ok(exit) => ExitCode::from(exit),
        Err(failure) => {
            complain(&failure.to_string());
            ExitCode::from(Exit::Usage)
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What the user gave can't be used.
    #[error("{0}")]
    Usage(String),
    /// A file of ours or of the user's can't be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: io::Error,
    },
}

impl From<crate::pipeline::TablesError> for Failure {
    fn from(error: crate::pipeline::TablesError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Prints what is wrong with the arguments, which it quotes.
fn refuse(error: &clap::Error) {
    let lines: Vec<String> = error.render().to_string().lines().map(crate::text::visible).collect();
    // There is nowhere left to tell that stderr is gone.
    let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
}

/// Prints an error. What it quotes may come from outside.
fn complain(message: &str) {
    let lines: Vec<String> = message.lines().map(crate::text::visible).collect();
    // There is nowhere left to tell that stderr is gone.
    let _ = writeln!(io::stderr(), "mcpscan: {}", lines.join("\n"));
}

/// Prints text. A reader that went away is no error: `mcpscan | head` ends quietly.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::File { path: "standard output".to_owned(), error })
        }
        _ => Ok(()),
    }
}

/// All variables of this process that are text.
fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Larger files are no packs, in bytes.
const LARGEST_PACK: u64 = 8 << 20;

/// The user's own packs, as name and text: a file, or every `*.toml` of a folder. Of a project's packs none leads out of its
/// folder `inside`.
fn packs(paths: &[PathBuf], inside: Option<&Path>) -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let wrong = |error| Failure::File { path: path.display().to_string(), error };
        if path.is_dir() {
            let mut found = Vec::new();
            for entry in std::fs::read_dir(path).map_err(wrong)? {
                let path = entry.map_err(wrong)?.path();
                if path.extension().is_some_and(|extension| extension == "toml") {
                    found.push(path);
                }
            }
            found.sort();
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    let read = |path: PathBuf| {
        let wrong = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", path.display()));
        if let Some(folder) = inside {
            let real = path.canonicalize().map_err(|error| wrong(&error))?;
            if !real.starts_with(folder) {
                return Err(wrong(&"leads out of the project; only a file named by --config, or --rules, may"));
            }
        }
        let bytes = crate::discover::read(&path, LARGEST_PACK).map_err(|error| wrong(&error))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong(&"no text in UTF-8"))?;
        Ok((path.display().to_string(), text))
    };
    files.into_iter().map(read).collect()
}

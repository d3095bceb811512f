//! `mcpscan completions` and `mcpscan man`: what packagers put beside the program.

use clap::CommandFactory;

use super::args::{Cli, Completions, Man};
use super::{Exit, Failure};

const PROGRAM: &str = "mcpscan";

/// Prints the script of a shell.
pub(super) fn completions(which: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(which.shell, &mut Cli::command(), PROGRAM, &mut script);
    super::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Clean)
}

/// Prints the manual, or writes all its pages.
pub(super) fn pages(man: &Man) -> Result<Exit, Failure> {
    let command = Cli::command();
    match &man.folder {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(command, folder))
                .map_err(|error| Failure::File { path: folder.display().to_string(), error })?;
        }
        None => {
            let mut page = Vec::new();
            // Writing into a Vec can't fail.
            let _ = clap_mangen::Man::new(command).render(&mut page);
            super::print(&String::from_utf8_lossy(&page))?;
        }
    }
    Ok(Exit::Clean)
}

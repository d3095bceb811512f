//! `mcpscan completions` and `mcpscan man`: what packagers put beside the program.

use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgGroup, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man as Page;

use super::args::{Cli, Completions, Man};
use super::{Exit, Failure};
use crate::pipeline::Tables;

const PROGRAM: &str = "mcpscan";

/// Prints the script of a shell.
pub(super) fn completions(which: &Completions) -> Result<Exit, Failure> {
    let tables = Tables::load(Vec::new())?;
    let words = Words {
        rules: tables.packs.rules().map(|rule| lasting(rule.id.as_str())).collect(),
        packs: tables.packs.packs().iter().map(|pack| lasting(&pack.name)).collect(),
        clients: tables.clients.all().iter().map(|client| lasting(&client.id)).collect(),
    };
    let mut command = words.put_into(shown(&Cli::command()));
    let mut script = Vec::new();
    clap_complete::generate(which.shell, &mut command, PROGRAM, &mut script);
    let script = String::from_utf8_lossy(&script);
    super::print(&match which.shell {
        Shell::Fish => fish(&script, &command),
        // Where a command may stand, a PATH may, too.
        Shell::Zsh => script.replacen(":_mcpscan_commands\"", ":{_mcpscan_commands; _files}\"", 1),
        _ => script.into_owned(),
    })?;
    Ok(Exit::Clean)
}

/// The command without those that are only for the program itself, which the scripts would offer, and without the PATHs
/// that may stand in a command's place: zsh would take every command for one, and complete nothing after it.
fn shown(command: &Command) -> Command {
    let (paths, options): (Vec<&Arg>, Vec<&Arg>) = command.get_arguments().partition(|arg| arg.is_positional());
    Command::new(PROGRAM)
        .version(env!("CARGO_PKG_VERSION"))
        .args(options.into_iter().cloned())
        .groups(command.get_groups().cloned())
        // Options name it as what they conflict with.
        .groups(paths.into_iter().map(|arg| ArgGroup::new(arg.get_id().clone())))
        .subcommands(command.get_subcommands().filter(|command| !command.is_hide_set()).cloned())
}

/// Words that come from tables, which the command line leaves open because packs of one's own add to them.
struct Words {
    rules: Vec<&'static str>,
    packs: Vec<&'static str>,
    clients: Vec<&'static str>,
}

impl Words {
    fn put_into(&self, command: Command) -> Command {
        command
            .mut_args(|arg| {
                let names: Vec<&str> =
                    arg.get_value_names().unwrap_or_default().iter().map(|name| lasting(&plain(name))).collect();
                let arg = if names.is_empty() { arg } else { arg.value_names(names) };
                match arg.get_id().as_str() {
                    "rule" => arg.value_parser(PossibleValuesParser::new(self.rules.clone())),
                    "select" | "ignore" => {
                        arg.value_parser(PossibleValuesParser::new(self.packs.iter().chain(&self.rules).copied()))
                    }
                    "client" => arg.value_parser(PossibleValuesParser::new(self.clients.clone())),
                    _ => arg,
                }
            })
            .mut_subcommands(|command| self.put_into(command))
    }
}

/// What `clap` takes for a name. It is needed until the program ends, which is soon.
fn lasting(word: &str) -> &'static str {
    word.to_owned().leak()
}

/// The name of a value without quotes and colons, at which zsh would take the script apart.
fn plain(name: &str) -> String {
    name.chars().filter(|char| !matches!(char, '\'' | '"' | ':' | '`')).collect()
}

/// What is missing in the script for fish: values of an option that stands before any command, and arguments that are no
/// options.
fn fish(script: &str, command: &Command) -> String {
    let parse = "argparse -s (__fish_mcpscan_global_optspecs) -- $cmd 2>/dev/null";
    let mut script = script.replacen(
        &format!("    {parse}\n    or return\n"),
        &format!(
            "    if not {parse}\n        # The last word is an option, whose value is what is to be completed.\n        \
             set -e cmd[-1]\n        {parse}\n        or return\n    end\n"
        ),
        1,
    );
    // Where a command may stand, a PATH may, too.
    script.push_str(&format!("complete -c {PROGRAM} -n \"__fish_mcpscan_needs_command\" -F\n"));
    for command in command.get_subcommands() {
        for arg in command.get_positionals() {
            let values: Vec<String> =
                arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
            if !values.is_empty() {
                script.push_str(&format!(
                    "complete -c {PROGRAM} -n \"__fish_mcpscan_using_subcommand {}\" -f -a \"{}\"\n",
                    command.get_name(),
                    values.join(" ")
                ));
            }
        }
    }
    script
}

/// Prints the manual, or writes all its pages.
pub(super) fn pages(man: &Man) -> Result<Exit, Failure> {
    // `mcpscan help` has no page of its own, and its entry would point at one.
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    match &man.folder {
        Some(folder) => {
            std::fs::create_dir_all(folder)
                .and_then(|()| write(&command, folder))
                .map_err(|error| Failure::File { path: folder.display().to_string(), error })?;
        }
        None => {
            let mut text = Vec::new();
            // Writing into a Vec can't fail.
            let _ = page(&command).render(&mut text);
            super::print(&String::from_utf8_lossy(&text))?;
        }
    }
    Ok(Exit::Clean)
}

fn write(command: &Command, folder: &Path) -> std::io::Result<()> {
    page(command).generate_to(folder)?;
    command.get_subcommands().filter(|command| !command.is_hide_set()).try_for_each(|command| write(command, folder))
}

fn page(command: &Command) -> Page {
    Page::new(command.clone()).source(concat!("mcpscan ", env!("CARGO_PKG_VERSION"))).manual("mcpscan")
}

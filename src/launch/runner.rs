//! Arguments of `npx`, `uvx` and their kin.

use super::grammar::{Positional, Runner};
use super::package::{self, Package};
use crate::config::Spanned;

/// What a runner's arguments say.
pub(super) struct Run {
    /// Packages it fetches.
    pub(super) packages: Vec<Package>,
    /// Lines that it gives to a shell.
    pub(super) shell: Vec<Spanned>,
    /// Arguments of the program inside.
    pub(super) rest: Vec<Spanned>,
}

/// Reads the words behind the runner's name and subcommand.
pub(super) fn parse(runner: &Runner, name: &str, args: &[Spanned]) -> Run {
    let mut run = Run { packages: Vec::new(), shell: Vec::new(), rest: Vec::new() };
    let mut positional: Option<&Spanned> = None;
    let mut options = true;
    let mut at = 0;
    let mut given = false;
    while let Some(arg) = args.get(at) {
        at += 1;
        let text = arg.text.trim();
        if options && text == "--" {
            options = false;
            continue;
        }
        if !options || !text.starts_with('-') || text == "-" {
            if positional.is_none() {
                positional = Some(arg);
                if !runner.anywhere {
                    run.rest = args[at..].to_vec();
                    break;
                }
            } else {
                run.rest.push(arg.clone());
            }
            continue;
        }
        let (option, joined) = match text.split_once('=') {
            Some((option, value)) => {
                let start = arg.text.len() - value.len();
                (option, Some(Spanned { text: value.to_owned(), span: arg.part(start, arg.text.len()) }))
            }
            None => (text, None),
        };
        let among = |options: &[String]| options.iter().any(|known| known == option);
        let takes = among(&runner.packages) || among(&runner.with) || among(&runner.shell) || among(&runner.values);
        // npx hands the next word to an option that it does not know, unless that is an option too.
        let swallows = runner.swallow
            && !takes
            && !among(&runner.flags)
            && !option.starts_with("--no-")
            && args.get(at).is_some_and(|next| !next.text.starts_with('-'));
        let value = match joined {
            Some(value) => Some(value),
            None if takes || swallows => {
                at += 1;
                args.get(at - 1).cloned()
            }
            None => None,
        };
        let Some(value) = value else { continue };
        if among(&runner.packages) {
            given = true;
            run.packages.extend(package::parse(runner, name, &value, false));
        } else if among(&runner.with) {
            let mut start = 0;
            for part in value.text.split(',') {
                let spec = Spanned { text: part.to_owned(), span: value.part(start, start + part.len()) };
                run.packages.extend(package::parse(runner, name, &spec, false));
                start += part.len() + 1;
            }
        } else if among(&runner.shell) {
            run.shell.push(value);
        }
    }
    if let Some(spec) = positional
        && !given
        && run.shell.is_empty()
        && runner.positional == Positional::Package
    {
        run.packages.extend(package::parse(runner, name, spec, runner.joined));
    }
    run
}

//! Arguments of `npx`, `uvx` and their kin.

use std::borrow::Cow;
use std::ops::Range;

use super::container::ContainerOption as Given;
use super::grammar::{Positional, Runner};
use super::package::{self, Package, Pin};
use super::remote::is_url;
use crate::config::Spanned;

/// What a runner's arguments say.
#[derive(Default)]
pub(super) struct Run<'a> {
    /// Packages it fetches.
    pub(super) packages: Vec<Package>,
    /// Lines that it gives to a shell.
    pub(super) shell: Vec<Spanned>,
    /// Arguments of the program inside.
    pub(super) rest: Cow<'a, [Spanned]>,
    /// The first word that is no option, where it names no package.
    pub(super) other: Option<Spanned>,
    /// The runner's own options.
    pub(super) options: Vec<Given>,
}

/// Reads the words behind the runner's name and subcommand.
pub(super) fn parse<'a>(runner: &Runner, name: &str, args: &'a [Spanned]) -> Run<'a> {
    let mut run = Run::default();
    let positional = options(runner, args, &mut run);
    let options = std::mem::take(&mut run.options);
    let packages = &mut run.packages;
    let values = |names: &[String]| {
        let named: Vec<Spanned> = options
            .iter()
            .filter(|option| names.contains(&option.name))
            .filter_map(|option| option.value.clone())
            .collect();
        named
    };
    for spec in values(&runner.packages).into_iter().filter(|spec| !is_interpreter(runner, spec)) {
        packages.extend(package::parse(runner.specs, name, &spec));
    }
    let given = options.iter().any(|option| runner.packages.contains(&option.name));
    for list in values(&runner.with) {
        for range in requirements(&list.text) {
            let spec = Spanned { text: list.text[range.clone()].to_owned(), span: list.part(range.start, range.end) };
            packages.extend(package::parse(plain(runner), name, &spec));
        }
    }
    run.shell = values(&runner.shell);
    let sources = values(&runner.sources);
    let revision = values(&runner.revisions).pop();
    let version = values(&runner.versions).pop();
    for source in &sources {
        let pin = revision.as_ref().map_or(Pin::MovingSource, |revision| package::revision(&revision.text));
        packages.extend(package::source(runner.specs, name, source, pin));
    }
    let offline = options.iter().any(|option| {
        let no = option.value.as_ref().is_some_and(|value| value.text == "false");
        runner.offline.contains(&option.name) && !no
    });
    run.options = options;
    if given && runner.positional == Positional::Package {
        run.other = positional.into_iter().next();
    } else if sources.is_empty() && run.shell.is_empty() {
        place(runner, name, positional, version.as_ref(), &mut run);
    }
    if offline {
        // What is there already runs, or nothing does.
        run.packages
            .iter_mut()
            .filter(|package| !matches!(package.pin, Pin::Exact(_)))
            .for_each(|package| package.pin = Pin::Local);
    }
    run
}

/// Reads the words that are no options.
fn place(runner: &Runner, name: &str, positional: Vec<Spanned>, version: Option<&Spanned>, run: &mut Run) {
    match runner.positional {
        Positional::Local => run.other = positional.into_iter().next(),
        Positional::Package | Positional::Packages | Positional::Before => {
            for spec in positional {
                let spec = match &runner.prefix {
                    Some(prefix) => prefixed(prefix, &spec),
                    None => spec,
                };
                if runner.remote_scripts && is_url(&spec.text) || is_interpreter(runner, &spec) {
                    run.other = Some(spec);
                    continue;
                }
                match package::parse(runner.specs, name, &spec) {
                    Some(mut package) => {
                        if let (Pin::None, Some(version)) = (&package.pin, version) {
                            package.pin = package::version(runner.specs, &version.text);
                        }
                        run.packages.push(package);
                    }
                    None => run.other = Some(spec),
                }
            }
        }
    }
}

/// Whether a word asks for an interpreter of some version, and for no package.
fn is_interpreter(runner: &Runner, spec: &Spanned) -> bool {
    let word = spec.text.trim().split('@').next().unwrap_or_default();
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    runner.interpreters.iter().any(|known| known == word)
}

/// The requirements of a list with commas. One inside of brackets, or before a comparison, belongs to a requirement.
fn requirements(list: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut depth) = (0, 0usize);
    for (at, c) in list.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 && !list[at + 1..].trim_start().starts_with(['<', '>', '=', '!', '~']) => {
                ranges.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    ranges.push(start..list.len());
    ranges
}

/// The grammar of what is added: uv's `name@version` is one only for what the program comes from.
fn plain(runner: &Runner) -> package::Specs {
    match runner.specs {
        package::Specs::Uv => package::Specs::PyPi,
        specs => specs,
    }
}

/// `npm create x` runs `create-x`, and `npm create @s` runs `@s/create`.
fn prefixed(prefix: &str, spec: &Spanned) -> Spanned {
    let bare = prefix.trim_end_matches('-');
    let text = match spec.text.strip_prefix('@').map(|scoped| scoped.split_once('/').ok_or(scoped)) {
        Some(Ok((scope, name))) => format!("@{scope}/{prefix}{name}"),
        Some(Err(scope)) => match scope.split_once('@') {
            Some((scope, version)) => format!("@{scope}/{bare}@{version}"),
            None => format!("@{scope}/{bare}"),
        },
        None => format!("{prefix}{}", spec.text),
    };
    Spanned { text, span: spec.span }
}

/// Takes the options out, and gives the words that name what is run.
fn options<'a>(runner: &Runner, args: &'a [Spanned], run: &mut Run<'a>) -> Vec<Spanned> {
    let mut positional: Vec<Spanned> = Vec::new();
    let mut options = true;
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        at += 1;
        let text = arg.text.trim();
        if options && text == "--" {
            if runner.positional == Positional::Before {
                run.rest = Cow::Borrowed(&args[at..]);
                break;
            }
            options = false;
            continue;
        }
        if !options || !text.starts_with('-') || text == "-" {
            match runner.positional {
                Positional::Packages | Positional::Before => positional.push(arg.clone()),
                _ if positional.is_empty() => {
                    positional.push(arg.clone());
                    if !runner.anywhere {
                        run.rest = Cow::Borrowed(&args[at..]);
                        break;
                    }
                }
                _ => run.rest.to_mut().push(arg.clone()),
            }
            continue;
        }
        let (option, joined) = match text.split_once('=') {
            Some((option, value)) => {
                let start = arg.text.find('=').map_or(0, |at| at + 1);
                let end = start + value.len();
                (option, Some(Spanned { text: value.to_owned(), span: arg.part(start, end) }))
            }
            None => (text, None),
        };
        let among = |options: &[String]| options.iter().any(|known| known == option);
        let takes = [
            &runner.packages,
            &runner.with,
            &runner.sources,
            &runner.revisions,
            &runner.versions,
            &runner.shell,
            &runner.values,
        ]
        .into_iter()
        .any(|options| among(options));
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
        let span = value.as_ref().map_or(arg.span, |value| value.span);
        run.options.push(Given { name: option.to_owned(), value, span });
    }
    positional
}

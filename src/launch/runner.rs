//! Arguments of `npx`, `uvx` and their kin.

use std::borrow::Cow;

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
    for spec in values(&runner.packages) {
        packages.extend(package::parse(plain(runner), name, &spec));
    }
    let given = !packages.is_empty();
    for list in values(&runner.with) {
        let mut start = 0;
        for part in list.text.split(',') {
            let spec = Spanned { text: part.to_owned(), span: list.part(start, start + part.len()) };
            packages.extend(package::parse(plain(runner), name, &spec));
            start += part.len() + 1;
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
    run.options = options;
    if !sources.is_empty() || given || !run.shell.is_empty() {
        return run;
    }
    match runner.positional {
        Positional::Local => run.other = positional.into_iter().next(),
        Positional::Package | Positional::Packages | Positional::Before => {
            for spec in positional {
                let spec = match &runner.prefix {
                    Some(prefix) => prefixed(prefix, &spec),
                    None => spec,
                };
                if runner.remote_scripts && is_url(&spec.text) {
                    run.other = Some(spec);
                    continue;
                }
                match package::parse(runner.specs, name, &spec) {
                    Some(mut package) => {
                        if let (Pin::None, Some(version)) = (&package.pin, &version) {
                            package.pin = package::version(runner.specs, &version.text);
                        }
                        run.packages.push(package);
                    }
                    None => run.other = Some(spec),
                }
            }
        }
    }
    run
}

/// The grammar of what stands behind an option: uv's `name@version` is one only in the place of the program.
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

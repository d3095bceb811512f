//! From a command to what runs in the end.

use super::grammar::{Bridge, Grammar, Opaque, Positional, Runner};
use super::runner::Run;
use super::shell::Dialect;
use super::wrapper::Unwrap;
use super::{Hidden, Image, Launch, LocalScript, ScriptKind, Via, container, program_name, remote, runner, shell};
use crate::config::{Part, Spanned, parts};

/// Takes one command apart. `depth` bounds wrappers inside wrappers.
pub(super) fn command(words: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    let Some((program, args)) = words.split_first() else { return };
    let Some(depth) = depth.checked_sub(1) else { return };
    let name = program_name(&program.text);
    if name.is_empty() {
        return;
    }
    launch.programs.push(name.clone());
    launch.commands.push(words.to_vec());
    follow(name, program, args, grammar, launch, depth);
}

/// Follows a program by what the tables say it is.
fn follow(name: String, program: &Spanned, args: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    // Most programs are in none of them.
    if !grammar.lists(&name) {
        return plain(&name, program, args, launch);
    }
    let texts: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();

    if let Some((wrapper, behind)) = grammar.wrapper(&name, &texts)
        && (Unwrap { wrapper, grammar, depth }).run(&name, &args[behind..], launch)
    {
        return;
    }
    if let Some((found, before, behind)) = grammar.runner(&name, &texts) {
        if before.is_empty() {
            run(found, &name, &args[behind..], grammar, launch, depth);
        } else {
            let args: Vec<Spanned> = args[before].iter().chain(&args[behind..]).cloned().collect();
            run(found, &name, &args, grammar, launch, depth);
        }
        return;
    }
    if grammar.runs_containers(&name)
        && let Some((image, inside)) = container::parse(&grammar.container, &name, args)
    {
        contained(image, inside, grammar, launch, depth);
    } else if let Some((Opaque { hidden, .. }, behind)) = grammar.opaque(&name, &texts) {
        let span = if behind == 0 { program.span } else { args[behind - 1].span };
        launch.hidden.push(Hidden { program: name, place: hidden.clone(), span });
    } else {
        let bridges = grammar.bridges_of(&name);
        if !bridges.is_empty() {
            pass_on(bridges, &name, args, grammar, launch, depth);
        }
        plain(&name, program, args, launch);
    }
}

/// A program that starts nothing else: whether it is given code, or fetches something.
fn plain(name: &str, program: &Spanned, args: &[Spanned], launch: &mut Launch) {
    launch.scripts.extend(shell::inline_code(name, args));
    if shell::fetches(name, args.iter().map(|arg| arg.text.as_str())) {
        launch.scripts.push(shell::fetched(name, program));
    }
}

/// An image, and what is started in it: `docker run node npx -y x`, `--entrypoint npx`, or arguments of a bridge.
fn contained(image: Image, inside: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    let entrypoint = image.values("--entrypoint").last().filter(|word| !word.text.is_empty()).cloned();
    let words: Vec<Spanned> = entrypoint.into_iter().chain(inside.iter().cloned()).collect();
    let is_bridge = |bridge: &&Bridge| bridge.images.contains(&image.name);
    let bridges: Vec<&Bridge> = grammar.bridges.iter().filter(is_bridge).collect();
    let program = words.first().map(|word| program_name(&word.text)).unwrap_or_default();
    if !bridges.is_empty() {
        pass_on(bridges, &image.runner, &words, grammar, launch, depth);
    } else if grammar.knows(&program) || !grammar.bridges_of(&program).is_empty() {
        command(&words, grammar, launch, depth);
    }
    launch.images.push(image);
}

/// What a runner fetches, and what it starts with that.
fn run(found: &Runner, name: &str, args: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    let Run { packages, shell, rest, other, options } = runner::parse(found, name, args);
    for line in &shell {
        script(line, Dialect::Posix, grammar, launch, depth);
    }
    let mut followed = false;
    // Beside what is fetched, any program can be started: `npx -p node@20 npx -y x`.
    let starts = found.positional == Positional::Package && !found.images;
    let known = |text: &str| remote::is_url(text) || grammar.knows(&program_name(text));
    let other = other.filter(|other| !starts || known(&other.text));
    if let Some(other) = other {
        if remote::is_url(&other.text) && found.remote_scripts {
            launch.scripts.push(shell::fetched(name, &other));
        } else if remote::is_url(&other.text) {
            launch.remotes.extend(remote::parse(&other, Via::Bridge));
        } else if found.images {
            let decided = parts(&other.text).iter().all(|part| matches!(part, Part::Literal(_)));
            if !decided || other.text.contains(['/', ':']) {
                let image = container::of_options(&grammar.container, name, &other, options.clone());
                launch.images.push(image);
            } else if let Some(hidden) = &found.hidden {
                launch.hidden.push(Hidden { program: name.to_owned(), place: hidden.clone(), span: other.span });
            }
        } else if starts {
            command(&[other].into_iter().chain(rest.iter().cloned()).collect::<Vec<_>>(), grammar, launch, depth);
            followed = true;
        } else if found.positional == Positional::Local {
            if other.text.ends_with(".py") {
                let folder = options.iter().find(|option| matches!(option.name.as_str(), "--directory" | "--project"));
                let folder = folder.and_then(|option| option.value.clone());
                let (path, needs, fixed) = (other.clone(), Vec::new(), false);
                launch.files.push(LocalScript { runner: name.to_owned(), path, folder, needs, fixed });
            }
            let known = launch.remotes.len();
            let inner: Vec<Spanned> = [other].into_iter().chain(rest.iter().cloned()).collect();
            command(&inner, grammar, launch, depth);
            followed = launch.remotes.len() > known;
        }
    }
    let bridges = grammar
        .bridges
        .iter()
        .filter(|bridge| packages.iter().any(|package| bridge.packages.contains(&package.name)))
        .collect();
    if found.positional == Positional::Before {
        command(&rest, grammar, launch, depth);
    } else if !followed {
        pass_on(bridges, name, &rest, grammar, launch, depth);
    }
    launch.options.extend(options.into_iter().map(|option| (name.to_owned(), option)));
    launch.packages.extend(packages);
}

/// Follows what stands in some arguments: an address, or, for bridges, a command of their own.
fn pass_on(bridges: Vec<&Bridge>, name: &str, rest: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    launch.remotes.extend(remote::among(rest, if bridges.is_empty() { Via::Server } else { Via::Bridge }));
    for bridge in bridges {
        // A word before the mark can be the value of an option.
        let marked = bridge.rest && rest.iter().any(|arg| arg.text == "--");
        for (at, arg) in rest.iter().enumerate() {
            let behind = rest.get(at + 1..).unwrap_or_default();
            let (option, joined) = arg.text.split_once('=').unwrap_or((&arg.text, ""));
            if bridge.lines.contains(&arg.text) {
                behind.first().into_iter().for_each(|line| script(line, Dialect::Posix, grammar, launch, depth));
            } else if !joined.is_empty() && bridge.lines.iter().any(|known| known == option) {
                let start = option.len() + 1;
                let line = Spanned { text: joined.to_owned(), span: arg.part(start, arg.text.len()) };
                script(&line, Dialect::Posix, grammar, launch, depth);
            } else if bridge.after.contains(&arg.text) || bridge.rest && arg.text == "--" {
                return command(behind, grammar, launch, depth);
            } else if bridge.named_lines.contains(&arg.text) {
                behind.get(1).into_iter().for_each(|line| script(line, Dialect::Posix, grammar, launch, depth));
            } else if bridge.rest && !marked && !arg.text.starts_with('-') && grammar.knows(&program_name(&arg.text)) {
                return command(&rest[at..], grammar, launch, depth);
            } else if bridge.elsewhere.contains(&arg.text)
                && let (Some(hidden), Some(next)) = (&bridge.hidden, behind.first())
            {
                launch.hidden.push(Hidden { program: name.to_owned(), place: hidden.clone(), span: next.span });
                // What follows belongs to what is hidden.
                break;
            }
        }
    }
}

/// A command line: each of its commands, and what makes it more than one command.
pub(super) fn script(line: &Spanned, dialect: Dialect, grammar: &Grammar, launch: &mut Launch, depth: usize) {
    script_with(line, &[], dialect, grammar, launch, depth);
}

/// The same with the words that a shell was given behind the line, which it knows as `$0`, `$1`, `$@`.
pub(super) fn script_with(
    line: &Spanned,
    given: &[Spanned],
    dialect: Dialect,
    grammar: &Grammar,
    launch: &mut Launch,
    depth: usize,
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let before = launch.scripts.len();
    let judged = shell::judge(line, dialect);
    let fetches = judged.is_some();
    launch.scripts.extend(judged);
    let mut left = shell::MOST_GIVEN;
    let lines = shell::commands(line, dialect);
    let lines = lines.into_iter().map(|words| shell::with_given(words, given, &mut left)).collect();
    commands(lines, dialect, grammar, launch, depth);
    if fetches {
        // Said once, of the whole line.
        let inside = launch.scripts.split_off(before + 1);
        launch.scripts.extend(inside.into_iter().filter(|script| script.kind != ScriptKind::Fetch));
    }
}

/// The commands of a line, taken apart already.
pub(super) fn commands(
    lines: Vec<Vec<Spanned>>,
    dialect: Dialect,
    grammar: &Grammar,
    launch: &mut Launch,
    depth: usize,
) {
    for words in lines {
        let start = words
            .iter()
            .position(|word| !is_assignment(&word.text) && !shell::is_keyword(&word.text))
            .unwrap_or(words.len());
        if start > 0 {
            launch.commands.push(words[..start].to_vec());
        }
        match &words[start..] {
            [eval, rest @ ..] if eval.text == "eval" => {
                rest.iter().for_each(|line| script(line, dialect, grammar, launch, depth))
            }
            // A line in quotes of its own, which another shell takes off: `ssh host "'npx -y x'"`.
            [line] if is_line(&line.text, grammar) => script(line, dialect, grammar, launch, depth),
            words => command(words, grammar, launch, depth),
        }
    }
}

/// Whether a word is a command line that begins with a known program.
fn is_line(text: &str, grammar: &Grammar) -> bool {
    let mut words = text.split_whitespace();
    words.next().is_some_and(|first| grammar.knows(&program_name(first))) && words.next().is_some()
}

/// The words of a text that is a whole command line, with their places.
pub(super) fn split(line: &Spanned) -> Vec<Spanned> {
    shell::words(&line.text)
        .into_iter()
        .map(|word| Spanned { span: line.part(word.range.start, word.range.end), text: word.text })
        .collect()
}

pub(super) fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !name.as_bytes()[0].is_ascii_digit()
    })
}

//! From a command to what runs in the end.

use super::grammar::{Grammar, How, Wrapper};
use super::{Launch, Via, container, program_name, remote, runner, shell};
use crate::config::Spanned;

/// Takes one command apart. `depth` bounds wrappers inside wrappers.
pub(super) fn command(words: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    let Some((program, args)) = words.split_first() else { return };
    let Some(depth) = depth.checked_sub(1) else { return };
    let name = program_name(&program.text);
    if name.is_empty() {
        return;
    }
    launch.programs.push(name.clone());
    let texts: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();

    if let Some(wrapper) = grammar.wrapper(&name) {
        unwrap(wrapper, args, grammar, launch, depth);
    } else if let Some((found, skip)) = grammar.runner(&name, &texts) {
        let run = runner::parse(found, &name, &args[skip..]);
        let bridge = run.packages.iter().any(|package| grammar.bridges.packages.contains(&package.name));
        launch.packages.extend(run.packages);
        for line in &run.shell {
            script(line, grammar, launch, depth);
        }
        // Bridges connect to an address that stands in their arguments.
        launch.remotes.extend(remote::among(&run.rest, if bridge { Via::Bridge } else { Via::Server }));
    } else if grammar.container.programs.contains(&name) {
        launch.images.extend(container::parse(&grammar.container, &name, args));
    } else if grammar.bridges.programs.contains(&name) {
        launch.remotes.extend(remote::among(args, Via::Bridge));
    } else {
        launch.scripts.extend(shell::inline_code(&name, args));
    }
}

fn unwrap(wrapper: &Wrapper, args: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    let position = |mark: &dyn Fn(&str) -> bool| args.iter().position(|arg| mark(&arg.text));
    let is_option = |text: &str| wrapper.options.iter().any(|option| option == text);
    match wrapper.how {
        How::Shell => {
            if let Some(line) = position(&is_option).and_then(|at| args.get(at + 1)) {
                script(line, grammar, launch, depth);
            }
        }
        How::After => {
            let at = if wrapper.options.is_empty() { position(&|text| text == "--") } else { position(&is_option) };
            let rest = at.map_or(&[][..], |at| &args[at + 1..]);
            match rest {
                // `cmd /c "npx -y x"`: one word that is a line.
                [line] if line.text.trim().contains(' ') => script(line, grammar, launch, depth),
                rest => command(rest, grammar, launch, depth),
            }
        }
        How::Rest | How::Env => {
            let mut at = wrapper.subcommand.len();
            while let Some(arg) = args.get(at) {
                let text = arg.text.as_str();
                if text == "--" {
                    at += 1;
                    break;
                } else if wrapper.values.iter().any(|option| option == text) {
                    at += 2;
                } else if text.starts_with('-') || wrapper.how == How::Env && is_assignment(text) {
                    at += 1;
                } else {
                    break;
                }
            }
            command(args.get(at..).unwrap_or_default(), grammar, launch, depth);
        }
    }
}

/// A command line: each of its commands, and what makes it more than one command.
fn script(line: &Spanned, grammar: &Grammar, launch: &mut Launch, depth: usize) {
    launch.scripts.extend(shell::judge(line));
    for words in shell::commands(line) {
        let start = words.iter().position(|word| !is_assignment(&word.text)).unwrap_or(words.len());
        let words = &words[start..];
        // `exec` is the shell's own.
        let words = if words.first().is_some_and(|word| word.text == "exec") { &words[1..] } else { words };
        command(words, grammar, launch, depth);
    }
}

/// The words of a text that is a whole command line, with their places.
pub(super) fn split(line: &Spanned) -> Vec<Spanned> {
    shell::words(&line.text)
        .into_iter()
        .map(|word| Spanned { span: line.part(word.range.start, word.range.end), text: word.text })
        .collect()
}

fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !name.as_bytes()[0].is_ascii_digit()
    })
}

//! From a command to what runs in the end.

use super::grammar::{Bridge, Grammar, How, Wrapper};
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
    launch.commands.push(words.to_vec());
    let texts: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();

    if let Some(wrapper) = grammar.wrapper(&name, &texts) {
        unwrap(wrapper, args, grammar, launch, depth);
    } else if let Some((found, before, behind)) = grammar.runner(&name, &texts) {
        let args: Vec<Spanned> = args[before].iter().chain(&args[behind..]).cloned().collect();
        let run = runner::parse(found, &name, &args);
        for line in &run.shell {
            script(line, grammar, launch, depth);
        }
        let bridges = grammar
            .bridges
            .iter()
            .filter(|bridge| run.packages.iter().any(|package| bridge.packages.contains(&package.name)))
            .collect();
        pass_on(bridges, &run.rest, grammar, launch, depth);
        launch.packages.extend(run.packages);
    } else if grammar.container.programs.contains(&name) {
        launch.images.extend(container::parse(&grammar.container, &name, args));
    } else {
        let bridges: Vec<&Bridge> = grammar.bridges.iter().filter(|bridge| bridge.programs.contains(&name)).collect();
        if !bridges.is_empty() {
            pass_on(bridges, args, grammar, launch, depth);
        }
        launch.scripts.extend(shell::inline_code(&name, args));
    }
}

/// Follows what stands in some arguments: an address, or, for bridges, a command of their own.
fn pass_on(bridges: Vec<&Bridge>, rest: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    launch.remotes.extend(remote::among(rest, if bridges.is_empty() { Via::Server } else { Via::Bridge }));
    for bridge in bridges {
        for (at, arg) in rest.iter().enumerate() {
            if bridge.lines.contains(&arg.text) {
                rest.get(at + 1).into_iter().for_each(|line| script(line, grammar, launch, depth));
            } else if bridge.rest && arg.text == "--" {
                return command(&rest[at + 1..], grammar, launch, depth);
            } else if bridge.rest && !arg.text.starts_with('-') && grammar.knows(&program_name(&arg.text)) {
                return command(&rest[at..], grammar, launch, depth);
            }
        }
    }
}

fn unwrap(wrapper: &Wrapper, args: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    let position = |mark: &dyn Fn(&str) -> bool| args.iter().position(|arg| mark(&arg.text));
    let is_option = |text: &str| wrapper.options.iter().any(|option| option.eq_ignore_ascii_case(text));
    match wrapper.how {
        How::Shell => {
            // Short options stand together in any order: `-lc`, `-cx`.
            let cluster =
                |text: &str| wrapper.clusters && text.starts_with('-') && !text.starts_with("--") && text.contains('c');
            if let Some(at) = position(&|text| wrapper.encoded.iter().any(|option| option.eq_ignore_ascii_case(text))) {
                launch.scripts.extend(args.get(at + 1).map(shell::encoded));
            }
            match position(&|text| is_option(text) || cluster(text)) {
                // Further words are arguments of the line, or, for PowerShell, more of it.
                Some(at) => match &args[at + 1..] {
                    [line] => script(line, grammar, launch, depth),
                    [line, rest @ ..] => {
                        script(line, grammar, launch, depth);
                        if !wrapper.clusters && !rest.is_empty() {
                            command(&args[at + 1..], grammar, launch, depth);
                        }
                    }
                    [] => {}
                },
                // `powershell "npx -y x"`
                None if !wrapper.clusters => {
                    args.iter()
                        .filter(|arg| !arg.text.starts_with('-') && arg.text.contains(' '))
                        .for_each(|line| script(line, grammar, launch, depth));
                }
                None => {}
            }
        }
        How::After => {
            let at = if wrapper.options.is_empty() { position(&|text| text == "--") } else { position(&is_option) };
            match at.map_or(&[][..], |at| &args[at + 1..]) {
                // `cmd /c "npx -y x"`: one word that is a line.
                [line] if line.text.trim().contains(' ') => script(line, grammar, launch, depth),
                // `cmd /c cd x && npx -y x`: operators are words of their own.
                rest => {
                    let commands = rest.split(|word| matches!(word.text.as_str(), "&&" | "&" | "||" | "|" | ";"));
                    commands.for_each(|words| command(words, grammar, launch, depth));
                }
            }
        }
        How::Rest | How::Env => {
            let mut at = wrapper.subcommand.len();
            let mut skip = wrapper.skip;
            while let Some(arg) = args.get(at) {
                let text = arg.text.as_str();
                if text == "--" {
                    at += 1;
                    break;
                } else if wrapper.lines.iter().any(|option| option == text) {
                    return args.get(at + 1).into_iter().for_each(|line| script(line, grammar, launch, depth));
                } else if let Some(line) = wrapper
                    .lines
                    .iter()
                    .find_map(|option| text.strip_prefix(option.as_str()).filter(|rest| !rest.is_empty()))
                {
                    let start = text.len() - line.len();
                    let line =
                        Spanned { text: line.trim_start_matches('=').to_owned(), span: arg.part(start, text.len()) };
                    return script(&line, grammar, launch, depth);
                } else if wrapper.values.iter().any(|option| option == text) {
                    at += 2;
                } else if text.starts_with('-') || wrapper.how == How::Env && is_assignment(text) {
                    at += 1;
                } else if skip > 0 {
                    skip -= 1;
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
pub(super) fn script(line: &Spanned, grammar: &Grammar, launch: &mut Launch, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    launch.scripts.extend(shell::judge(line));
    for words in shell::commands(line) {
        let start = words
            .iter()
            .position(|word| !is_assignment(&word.text) && !shell::is_keyword(&word.text))
            .unwrap_or(words.len());
        if start > 0 {
            launch.commands.push(words[..start].to_vec());
        }
        match &words[start..] {
            [eval, rest @ ..] if eval.text == "eval" => {
                rest.iter().for_each(|line| script(line, grammar, launch, depth))
            }
            words => command(words, grammar, launch, depth),
        }
    }
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

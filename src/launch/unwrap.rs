//! From a command to what runs in the end.

use super::grammar::{Bridge, Grammar, How, Opaque, Positional, Runner, Wrapper};
use super::runner::Run;
use super::shell::Dialect;
use super::{Hidden, Launch, LocalScript, Via, container, program_name, remote, runner, shell};
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
        launch.scripts.extend(shell::inline_code(&name, args));
        return;
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
        && let Some(image) = container::parse(&grammar.container, &name, args)
    {
        launch.images.push(image);
    } else if let Some((Opaque { hidden, .. }, behind)) = grammar.opaque(&name, &texts) {
        let span = if behind == 0 { program.span } else { args[behind - 1].span };
        launch.hidden.push(Hidden { program: name, place: hidden.clone(), span });
    } else {
        let bridges = grammar.bridges_of(&name);
        if !bridges.is_empty() {
            pass_on(bridges, &name, args, grammar, launch, depth);
        }
        launch.scripts.extend(shell::inline_code(&name, args));
    }
}

/// What a runner fetches, and what it starts with that.
fn run(found: &Runner, name: &str, args: &[Spanned], grammar: &Grammar, launch: &mut Launch, depth: usize) {
    let Run { packages, shell, rest, other, options } = runner::parse(found, name, args);
    for line in &shell {
        script(line, Dialect::Posix, grammar, launch, depth);
    }
    let mut followed = false;
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
            } else if bridge.rest && !arg.text.starts_with('-') && grammar.knows(&program_name(&arg.text)) {
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

/// A wrapper being taken off.
struct Unwrap<'g> {
    wrapper: &'g Wrapper,
    grammar: &'g Grammar,
    depth: usize,
}

impl Unwrap<'_> {
    /// Follows the command inside; false if there is none, so that the program is no wrapper here.
    fn run(&self, name: &str, args: &[Spanned], launch: &mut Launch) -> bool {
        if self.wrapper.vault {
            launch.vault = Some(name.to_owned());
        }
        match self.wrapper.how {
            How::Shell => self.shell(name, args, launch),
            How::After => self.after(args, launch),
            How::Cmd => self.cmd(args, launch),
            How::Rest | How::Env => self.rest(args, launch),
            How::Module => return self.module(args, launch),
            How::File => return self.file(args, launch),
        }
        true
    }

    fn command(&self, words: &[Spanned], launch: &mut Launch) {
        match words {
            // One word that is a line.
            [line] if line.text.trim().contains(' ') => self.script(line, launch),
            words => command(words, self.grammar, launch, self.depth),
        }
    }

    fn script(&self, line: &Spanned, launch: &mut Launch) {
        script(line, self.wrapper.dialect, self.grammar, launch, self.depth);
    }

    fn shell(&self, name: &str, args: &[Spanned], launch: &mut Launch) {
        let wrapper = self.wrapper;
        let is_among = |options: &[String], text: &str| {
            let lower = text.to_ascii_lowercase();
            let begins = |option: &String| wrapper.abbreviates && lower.len() > 1 && option.starts_with(&lower);
            options.iter().any(|option| option.eq_ignore_ascii_case(text) || begins(option))
        };
        // Short options stand together in any order: `-lc`, `-cx`.
        let cluster =
            |text: &str| wrapper.clusters && text.starts_with('-') && !text.starts_with("--") && text.contains('c');
        if let Some(at) = args.iter().position(|arg| is_among(&wrapper.encoded, &arg.text)) {
            launch.scripts.extend(args.get(at + 1).map(shell::encoded));
        }
        match args.iter().position(|arg| is_among(&wrapper.options, &arg.text) || cluster(&arg.text)) {
            // Further words are arguments of the line, or, for PowerShell, more of it.
            Some(at) => match &args[at + 1..] {
                [line] => self.script(line, launch),
                [line, rest @ ..] => {
                    self.script(line, launch);
                    if !wrapper.clusters && !rest.is_empty() {
                        command(&args[at + 1..], self.grammar, launch, self.depth);
                    }
                }
                [] => {}
            },
            // `powershell "npx -y x"`
            None if !wrapper.clusters => {
                args.iter()
                    .filter(|arg| !arg.text.starts_with('-') && arg.text.contains(' '))
                    .for_each(|line| self.script(line, launch));
            }
            None => launch.scripts.extend(shell::inline_code(name, args)),
        }
    }

    fn after(&self, args: &[Spanned], launch: &mut Launch) {
        let options = &self.wrapper.options;
        let at = args.iter().position(|arg| match options.is_empty() {
            true => arg.text == "--",
            false => options.contains(&arg.text),
        });
        // Some take the command without a mark: `infisical run npx`, `dotenv npx`.
        let known = |arg: &Spanned| !arg.text.starts_with('-') && self.grammar.knows(&program_name(&arg.text));
        let from = at.map(|at| at + 1).or_else(|| args.iter().position(known));
        self.command(from.map_or(&[][..], |from| &args[from..]), launch);
    }

    /// `cmd /c npx`, `cmd /d /s /c "npx"`, `cmd /cnpx`, `cmd /c n^px`, `cmd /c cd x && npx`.
    fn cmd(&self, args: &[Spanned], launch: &mut Launch) {
        for (at, arg) in args.iter().enumerate() {
            let Some(start) = switch_end(&arg.text) else { continue };
            let glued = Spanned { text: arg.text[start..].to_owned(), span: arg.part(start, arg.text.len()) };
            let first = (!glued.text.trim().is_empty()).then(|| glued.trimmed());
            let words: Vec<Spanned> = first.into_iter().chain(args[at + 1..].iter().cloned()).collect();
            return match words.as_slice() {
                [line] if line.text.trim().contains(' ') => self.script(line, launch),
                words => {
                    let plain: Vec<Spanned> = words
                        .iter()
                        .map(|word| match word.text.contains('^') {
                            true => Spanned { text: word.text.replace('^', ""), span: word.span },
                            false => word.clone(),
                        })
                        .collect();
                    let commands = plain.split(|word| matches!(word.text.as_str(), "&&" | "&" | "||" | "|" | ";"));
                    commands.for_each(|words| self.command(words, launch));
                }
            };
        }
    }

    fn rest(&self, args: &[Spanned], launch: &mut Launch) {
        let wrapper = self.wrapper;
        let mut at = 0;
        let mut skip = wrapper.skip;
        while let Some(arg) = args.get(at) {
            let text = arg.text.as_str();
            if text == "--" {
                at += 1;
                break;
            } else if wrapper.lines.iter().any(|option| option == text) {
                return args.get(at + 1).into_iter().for_each(|line| self.script(line, launch));
            } else if let Some(line) = wrapper
                .lines
                .iter()
                .find_map(|option| text.strip_prefix(option.as_str()).filter(|rest| !rest.is_empty()))
            {
                let line = line.strip_prefix('=').unwrap_or(line);
                let line = Spanned { text: line.to_owned(), span: arg.part(text.len() - line.len(), text.len()) };
                return self.script(&line, launch);
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
        // A command line may also stand behind the first words: `su me -c "npx x"`.
        let rest = args.get(at..).unwrap_or_default();
        match rest.iter().position(|arg| wrapper.lines.contains(&arg.text)) {
            Some(at) if wrapper.skip > 0 => rest.get(at + 1).into_iter().for_each(|line| self.script(line, launch)),
            _ => self.command(rest, launch),
        }
    }

    /// `python -m pip install x`; other modules are of this machine.
    fn module(&self, args: &[Spanned], launch: &mut Launch) -> bool {
        let mut at = 0;
        while let Some(arg) = args.get(at).filter(|arg| arg.text.starts_with('-')) {
            if arg.text == "-m" {
                let rest = args.get(at + 1..).unwrap_or_default();
                let known = rest.first().is_some_and(|module| self.known(&module.text));
                if known {
                    command(rest, self.grammar, launch, self.depth);
                }
                return known;
            }
            at += if self.wrapper.values.contains(&arg.text) { 2 } else { 1 };
        }
        false
    }

    fn known(&self, program: &str) -> bool {
        self.grammar.knows(program) || !self.grammar.bridges_of(program).is_empty()
    }

    /// `node …/npx-cli.js x`; other files are of this machine.
    fn file(&self, args: &[Spanned], launch: &mut Launch) -> bool {
        let mut at = 0;
        while let Some(arg) = args.get(at).filter(|arg| arg.text.starts_with('-')) {
            at += if self.wrapper.values.contains(&arg.text) { 2 } else { 1 };
        }
        let Some((file, rest)) = args.get(at..).and_then(<[Spanned]>::split_first) else { return false };
        let name = file.text.rsplit(['/', '\\']).next().unwrap_or(&file.text);
        let Some(program) = self.wrapper.files.get(name) else { return false };
        let first = Spanned { text: program.clone(), span: file.span };
        let words: Vec<Spanned> = [first].into_iter().chain(rest.iter().cloned()).collect();
        command(&words, self.grammar, launch, self.depth);
        true
    }
}

/// Where the command begins in a word with the switch `/c` or `/k` of Windows' shell, alone or behind others.
fn switch_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while bytes.get(at) == Some(&b'/') {
        match bytes.get(at + 1)?.to_ascii_lowercase() {
            b'c' | b'k' => return Some(at + 2),
            letter if letter.is_ascii_alphabetic() => at += 2,
            _ => return None,
        }
        // `/e:on`, `/t:0a`
        if bytes.get(at) == Some(&b':') {
            at += bytes[at..].iter().position(|byte| *byte == b'/')?;
        }
    }
    None
}

/// A command line: each of its commands, and what makes it more than one command.
pub(super) fn script(line: &Spanned, dialect: Dialect, grammar: &Grammar, launch: &mut Launch, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    launch.scripts.extend(shell::judge(line, dialect));
    for words in shell::commands(line, dialect) {
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

//! Programs that start another program: what each of them starts.

use super::grammar::{Grammar, How, Wrapper};
use super::shell;
use super::unwrap::{command, commands, is_assignment, script, script_with};
use super::{Launch, program_name};
use crate::config::Spanned;

/// A wrapper being taken off.
pub(super) struct Unwrap<'g> {
    pub(super) wrapper: &'g Wrapper,
    pub(super) grammar: &'g Grammar,
    pub(super) depth: usize,
}

impl Unwrap<'_> {
    /// Follows the command inside; false if there is none, so that the program is no wrapper here.
    pub(super) fn run(&self, name: &str, args: &[Spanned], launch: &mut Launch) -> bool {
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
        // Behind a script's name the options are the script's own.
        let mut own = 0;
        while let Some(arg) = args.get(own).filter(|arg| !wrapper.clusters || arg.text.starts_with(['-', '+'])) {
            own += if self.takes(&arg.text) && !cluster(&arg.text) { 2 } else { 1 };
        }
        let options = &args[..own.min(args.len())];
        match options.iter().position(|arg| is_among(&wrapper.options, &arg.text) || cluster(&arg.text)) {
            // Further words are arguments of the line, or, for PowerShell, more of it.
            Some(at) => match &args[at + 1..] {
                [line] => self.script(line, launch),
                [line, given @ ..] if wrapper.clusters => {
                    script_with(line, given, wrapper.dialect, self.grammar, launch, self.depth);
                }
                words => self.line(words, |_| true, launch),
            },
            // `powershell "npx -y x"`, `powershell npx -y x`
            None if !wrapper.clusters => {
                let known = |arg: &Spanned| {
                    let first = arg.text.split_whitespace().next().unwrap_or_default();
                    !arg.text.starts_with('-') && (arg.text.contains(' ') || self.grammar.knows(&program_name(first)))
                };
                let from = args.iter().position(known).unwrap_or(args.len());
                self.line(&args[from..], |_| true, launch);
            }
            None => launch.scripts.extend(shell::inline_code(name, args)),
        }
    }

    /// Words that a shell reads as one line. `splits` says of which words it sees the inside.
    fn line(&self, words: &[Spanned], splits: impl Fn(&Spanned) -> bool, launch: &mut Launch) {
        match words {
            [line] if line.text.trim().contains(' ') => self.script(line, launch),
            words => {
                let dialect = self.wrapper.dialect;
                let lines = shell::joined(words, splits, dialect);
                commands(lines, dialect, self.grammar, launch, self.depth);
            }
        }
    }

    fn after(&self, args: &[Spanned], launch: &mut Launch) {
        let options = &self.wrapper.options;
        let at = args.iter().position(|arg| match options.is_empty() {
            true => arg.text == "--",
            false => options.contains(&arg.text),
        });
        if at.is_none()
            && let Some(line) = self.given_line(args)
        {
            return self.script(&line, launch);
        }
        // Some take the command without a mark: `infisical run npx`, `dotenv npx`, `sops exec-env x.yaml "npx -y x"`.
        let known = |arg: &Spanned| {
            let first = arg.text.split_whitespace().next().unwrap_or_default();
            !arg.text.starts_with('-') && self.grammar.knows(&program_name(first))
        };
        let from = at.map(|at| at + 1).or_else(|| args.iter().position(known));
        self.command(from.map_or(&[][..], |from| &args[from..]), launch);
    }

    /// The command line that an option is given, in the next word or behind `=`.
    fn given_line(&self, args: &[Spanned]) -> Option<Spanned> {
        args.iter().enumerate().find_map(|(at, arg)| {
            let (option, joined) =
                arg.text.split_once('=').map_or((arg.text.as_str(), false), |(name, _)| (name, true));
            if !self.wrapper.lines.iter().any(|line| line == option) {
                return None;
            }
            let start = option.len() + 1;
            match joined {
                true => Some(Spanned { text: arg.text[start..].to_owned(), span: arg.part(start, arg.text.len()) }),
                false => args.get(at + 1).cloned(),
            }
        })
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
                    // A word with blanks is quoted on its way; of the first one the shell takes the quotes off.
                    let first = plain.first().map(|word| word.span);
                    let blank = |word: &Spanned| word.text.contains(' ') && first != Some(word.span);
                    self.line(&plain, |word| joins_commands(word) && !blank(word), launch);
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
            } else if self.takes(text) {
                at += 2;
            } else if wrapper.instead.iter().any(|option| text.split('=').next() == Some(option)) {
                skip = 0;
                at += 1;
            } else if text.starts_with('-')
                || wrapper.how == How::Env && is_assignment(text)
                || wrapper.slashes && (text.starts_with('/') || text.is_empty())
            {
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
            // What runs on another machine is read by a shell there.
            _ if wrapper.joins => self.line(rest, |_| true, launch),
            _ if rest.iter().any(|word| matches!(word.text.as_str(), "&&" | "||")) => {
                self.line(rest, joins_commands, launch)
            }
            _ => self.command(rest, launch),
        }
    }

    /// `python -m pip install x`; other modules are of this machine.
    fn module(&self, args: &[Spanned], launch: &mut Launch) -> bool {
        let mut at = 0;
        while let Some(arg) = args.get(at).filter(|arg| arg.text.starts_with('-')) {
            // Short options stand together, and the module may stand in the same word: `-Im pip`, `-mpip`.
            let letters = arg.text.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
            if let Some(mark) = letters.and_then(module_mark) {
                let module = mark + 2;
                let glued = Spanned { text: arg.text[module..].to_owned(), span: arg.part(module, arg.text.len()) };
                let first = (!glued.text.is_empty()).then_some(glued);
                let rest: Vec<Spanned> = first.into_iter().chain(args[at + 1..].iter().cloned()).collect();
                let rest = rest.as_slice();
                let known = rest.first().is_some_and(|module| self.known(&module.text));
                if known {
                    command(rest, self.grammar, launch, self.depth);
                }
                return known;
            }
            at += if self.takes(&arg.text) { 2 } else { 1 };
        }
        false
    }

    fn takes(&self, option: &str) -> bool {
        self.wrapper.values.iter().any(|known| known == option)
    }

    fn known(&self, program: &str) -> bool {
        self.grammar.knows(program) || !self.grammar.bridges_of(program).is_empty()
    }

    /// `node …/npx-cli.js x`; other files are of this machine.
    fn file(&self, args: &[Spanned], launch: &mut Launch) -> bool {
        let mut at = 0;
        while let Some(arg) = args.get(at).filter(|arg| arg.text.starts_with('-')) {
            at += if self.takes(&arg.text) { 2 } else { 1 };
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

/// Where the `m` stands among short options of Python that take no value.
fn module_mark(letters: &str) -> Option<usize> {
    letters.find('m').filter(|at| letters[..*at].chars().all(|c| "bBdEiIOPqRsSuvx".contains(c)))
}

/// Whether a word holds, or is, what separates commands of Windows' shell.
fn joins_commands(word: &Spanned) -> bool {
    let text = word.text.as_str();
    text.contains("&&") || text.contains("||") || matches!(text, "&" | "|") || text.ends_with('&')
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

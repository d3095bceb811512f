//! Command lines, as a shell splits them. Nothing is expanded.

mod fetch;

pub(super) use fetch::{fetches, judge};

use std::ops::Range;

use serde::Deserialize;

use crate::config::Spanned;
use crate::document::Span;

/// A word of a line, or an operator between commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The word without its quotes.
    pub(super) text: String,
    /// Where it stands in the line, quotes included.
    pub(super) range: Range<usize>,
    /// It separates commands: `;`, `&&`, `||`, `|`, `&`, a line's end.
    operator: bool,
}

/// A script inside an entry, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What it does.
    pub kind: ScriptKind,
    /// The program that reads it.
    pub program: String,
    /// Where it stands.
    pub span: Span,
    /// Its text, to be shown escaped.
    pub text: String,
}

/// What a script does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptKind {
    /// Fetches something and runs it, or sends something away.
    Fetch,
    /// Is code given as an argument.
    Code,
}

/// Whose rules split a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Dialect {
    /// A shell of POSIX.
    #[default]
    Posix,
    /// Windows' `cmd`.
    Cmd,
    /// PowerShell.
    PowerShell,
    /// A client's own splitting of a command line, on whichever system.
    Plain,
}

/// The words of a line, operators left out.
pub(super) fn words(line: &str) -> Vec<Word> {
    lex(line, Dialect::Plain).into_iter().filter(|word| !word.operator).collect()
}

/// The commands of a line, each as its words with their places.
pub(super) fn commands(line: &Spanned, dialect: Dialect) -> Vec<Vec<Spanned>> {
    joined(std::slice::from_ref(line), |_| true, dialect)
}

/// The commands of a line that stands in several words. `splits` says of which words a shell sees the inside.
pub(super) fn joined(line: &[Spanned], splits: impl Fn(&Spanned) -> bool, dialect: Dialect) -> Vec<Vec<Spanned>> {
    let mut commands = vec![Vec::new()];
    for part in line {
        if !splits(part) {
            commands.last_mut().into_iter().for_each(|command| command.push(part.clone()));
            continue;
        }
        for word in lex(&part.text, dialect) {
            if word.operator {
                commands.push(Vec::new());
            } else if let Some(command) = commands.last_mut() {
                command.push(Spanned { span: part.part(word.range.start, word.range.end), text: word.text });
            }
        }
    }
    commands.retain(|command| !command.is_empty());
    commands
}

/// Code that an interpreter is given as an argument: `python -c …`, `node -e …`, `python -uc …`.
pub(super) fn inline_code(program: &str, args: &[Spanned]) -> Option<Script> {
    let (options, values): (&[&str], &[&str]) = match program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
    {
        "python" | "pypy" => (&["-c"], &["-W", "-X"]),
        "node" | "bun" | "tsx" | "ts-node" => (
            &["-e", "--eval", "-p", "--print", "-pe"],
            &["-r", "--require", "--import", "--loader", "-C", "--env-file"],
        ),
        "deno" => (&["eval"], &[]),
        "perl" | "ruby" => (&["-e", "-E"], &["-I", "-r"]),
        "php" => (&["-r"], &["-d", "-c"]),
        "osascript" => (&["-e"], &["-l", "-s"]),
        "Rscript" | "lua" | "julia" => (&["-e"], &["-l"]),
        _ => return None,
    };
    let python = options == ["-c"];
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        // Short options of Python stand together, and the last of them may be this one: `-Iuc`.
        let together = python && arg.text.starts_with('-') && !arg.text.starts_with("--") && arg.text.ends_with('c');
        if options.contains(&arg.text.as_str()) || together {
            let code = args.get(at + 1)?;
            return Some(self::code(program, code.clone()));
        }
        let joined =
            arg.text.split_once('=').filter(|(option, _)| option.starts_with("--") && options.contains(option));
        if let Some((option, value)) = joined {
            let span = arg.part(option.len() + 1, arg.text.len());
            return Some(self::code(program, Spanned { text: value.to_owned(), span }));
        }
        // Behind a script's or a module's name the options are its own.
        if !arg.text.starts_with('-') || arg.text == "-m" {
            return None;
        }
        at += if values.contains(&arg.text.as_str()) { 2 } else { 1 };
    }
    None
}

fn code(program: &str, code: Spanned) -> Script {
    Script { kind: ScriptKind::Code, program: program.to_owned(), span: code.span, text: code.text }
}

/// How many words a line may grow by.
pub(super) const MOST_GIVEN: usize = 1024;

/// The words of a command with what `$0`, `$1`, `$@` stand for in their place, while that is not more than is left.
pub(super) fn with_given(words: Vec<Spanned>, given: &[Spanned], left: &mut usize) -> Vec<Spanned> {
    if given.is_empty() || !words.iter().any(|word| word.text.starts_with('$')) {
        return words;
    }
    let mut stands_for = |word: Spanned| {
        let name = word.text.strip_prefix('$').map(|name| name.trim_matches(['{', '}']));
        let given = match name {
            Some("@" | "*") => given.get(1..),
            Some(name) => name.parse().ok().and_then(|at: usize| given.get(at..)?.get(..1)),
            None => None,
        };
        match given.filter(|given| given.len() <= *left) {
            Some(given) => {
                *left -= given.len();
                given.to_vec()
            }
            None => vec![word],
        }
    };
    words.into_iter().flat_map(&mut stands_for).collect()
}

/// Words of a shell that stand before a command.
pub(super) fn is_keyword(word: &str) -> bool {
    ["if", "then", "else", "elif", "do", "while", "until", "!", "{", "}"].contains(&word)
}

/// A script at an address that a runner fetches and runs.
pub(super) fn fetched(program: &str, address: &Spanned) -> Script {
    Script { kind: ScriptKind::Fetch, program: program.to_owned(), span: address.span, text: address.text.clone() }
}

/// A blob that PowerShell decodes and runs.
pub(super) fn encoded(blob: &Spanned) -> Script {
    Script { kind: ScriptKind::Fetch, program: "powershell".to_owned(), span: blob.span, text: blob.text.clone() }
}

/// Splits a line. Redirections are left out with their targets; brackets of a group separate commands.
fn lex(line: &str, dialect: Dialect) -> Vec<Word> {
    let mut words = Vec::new();
    let mut chars = line.char_indices().peekable();
    let mut word: Option<(String, usize)> = None;
    // The next word is the target of a redirection.
    let mut target = false;
    macro_rules! end {
        ($at:expr) => {
            if let Some((text, start)) = word.take() {
                if !std::mem::take(&mut target) {
                    words.push(Word { text, range: start..$at, operator: false });
                }
            }
        };
    }
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match c {
            // What hides a command's name from readers, and not from the shell.
            '^' if dialect == Dialect::Cmd => {
                word.get_or_insert_with(|| (String::new(), at)).0.extend(chars.next().map(|(_, next)| next));
            }
            '`' if dialect == Dialect::PowerShell => {
                word.get_or_insert_with(|| (String::new(), at)).0.extend(chars.next().map(|(_, next)| next));
            }
            // The older spelling of `$(…)`.
            '`' if dialect == Dialect::Posix => {
                let (text, _) = word.get_or_insert_with(|| (String::new(), at));
                text.push_str("$(");
                text.extend(chars.by_ref().map(|(_, inner)| inner).take_while(|inner| *inner != '`'));
                text.push(')');
            }
            // A quote with escapes of its own: `$'…'`.
            '$' if dialect == Dialect::Posix && matches!(next, Some('\'' | '"')) => {
                word.get_or_insert_with(|| (String::new(), at));
            }
            '$' if dialect == Dialect::Posix && field_separator(&line[at..]) > 0 => {
                end!(at);
                (1..field_separator(&line[at..])).for_each(|_| {
                    chars.next();
                });
            }
            '\'' if dialect == Dialect::Cmd => word.get_or_insert_with(|| (String::new(), at)).0.push(c),
            '\'' | '"' => {
                let (text, _) = word.get_or_insert_with(|| (String::new(), at));
                while let Some((_, inner)) = chars.next() {
                    match inner {
                        quote if quote == c => break,
                        '\\' if c == '"'
                            && dialect != Dialect::Cmd
                            && chars.peek().is_some_and(|(_, next)| matches!(next, '"' | '\\' | '$' | '`')) =>
                        {
                            text.extend(chars.next().map(|(_, next)| next));
                        }
                        other => text.push(other),
                    }
                }
            }
            // A line that goes on in the next one.
            '\\' if next == Some('\n') => {
                chars.next();
            }
            // Before a blank, a quote or an operator it escapes; elsewhere, in a path of Windows, it separates folders.
            '\\' if matches!(dialect, Dialect::Posix | Dialect::Plain)
                && next.is_some_and(|next| {
                    matches!(next, ' ' | '"' | '\'' | '\\' | '$' | ';' | '&' | '|')
                        || dialect == Dialect::Posix
                            && next.is_ascii_alphanumeric()
                            && !word.as_ref().is_some_and(|(text, _)| text.contains([':', '\\']))
                }) =>
            {
                let (text, _) = word.get_or_insert_with(|| (String::new(), at));
                text.extend(chars.next().map(|(_, next)| next));
            }
            // `2>&1`, `>file`; `<(…)` is a command.
            '>' | '<' if next != Some('(') => {
                if word.as_ref().is_some_and(|(text, _)| text.bytes().all(|b| b.is_ascii_digit())) {
                    word = None;
                }
                end!(at);
                while chars.next_if(|(_, next)| matches!(next, '>' | '<' | '&')).is_some() {}
                target = true;
            }
            ';' | '&' | '|' | '\n' | '(' | ')'
                if !(c == '(' && word.as_ref().is_some_and(|(text, _)| text.ends_with('$'))) =>
            {
                end!(at);
                let double = matches!(c, ';' | '&' | '|') && chars.next_if(|(_, next)| *next == c).is_some();
                words.push(Word { text: c.to_string(), range: at..at + 1 + usize::from(double), operator: true });
            }
            c if c.is_whitespace() => end!(at),
            c => word.get_or_insert_with(|| (String::new(), at)).0.push(c),
        }
    }
    end!(line.len());
    words
}

/// How long a reference to the separator of words is, which is a blank: `$IFS`, `${IFS}`.
fn field_separator(text: &str) -> usize {
    ["${IFS}", "$IFS"].iter().find(|spelling| text.starts_with(**spelling)).map_or(0, |spelling| spelling.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(line: &str) -> Vec<String> {
        lex(line, Dialect::Plain).into_iter().map(|word| word.text).collect()
    }

    fn line(text: &str) -> Spanned {
        Spanned { text: text.to_owned(), span: Span::new(0, text.len() + 2) }
    }

    #[test]
    fn words_and_operators() {
        assert_eq!(texts("npx -y 'a b' \"c \\\" d\" e\\ f"), ["npx", "-y", "a b", "c \" d", "e f"]);
        assert_eq!(texts("cd .. && npx x;y|z & w"), ["cd", "..", "&", "npx", "x", ";", "y", "|", "z", "&", "w"]);
        assert_eq!(texts(r"C:\tools\npx.cmd x"), [r"C:\tools\npx.cmd", "x"]);
        assert_eq!(texts("'open"), ["open"]);
        let posix = |line: &str| lex(line, Dialect::Posix).into_iter().map(|word| word.text).collect::<Vec<_>>();
        assert_eq!(posix("A=`op read x` npx $'a b'"), ["A=$(op read x)", "npx", "a b"]);
        assert_eq!(posix("a `b"), ["a", "$(b)"]);
        let found = words("a  'b c'");
        assert_eq!(found[1].range, 3..8);
    }

    #[test]
    fn code_is_seen() {
        let args = |texts: &[&str]| texts.iter().map(|text| line(text)).collect::<Vec<_>>();
        assert!(inline_code("python3", &args(&["-u", "-c", "import os"])).is_some());
        assert!(inline_code("python3", &args(&["server.py", "-c", "config"])).is_none());
        assert!(inline_code("node", &args(&["index.js"])).is_none());
        assert!(inline_code("python3", &args(&["-Iuc", "import os"])).is_some());
        assert!(inline_code("python3", &args(&["-m", "acme", "-c", "x"])).is_none());
        assert!(inline_code("node", &args(&["-r", "./x.js", "--eval=1"])).is_some());
    }

    proptest! {
        #[test]
        fn words_stand_where_they_say(text in "[a-z'\"\\\\ ;&|é$]{0,40}") {
            for word in [Dialect::Posix, Dialect::Cmd, Dialect::PowerShell, Dialect::Plain].into_iter().flat_map(|dialect| lex(&text, dialect)) {
                prop_assert!(text.get(word.range).is_some());
            }
        }
    }
}

//! The question at a terminal: may these programs be started, and these addresses connected to?

use std::io::{BufRead, Write};

use super::approvals::Store;
use crate::connect::{Consent, Deed, Handed, Question};
use crate::report::wrap;
use crate::text::visible;

/// How wide sentences are. Commands and addresses stay whole, so that they can be copied.
const WIDTH: usize = 78;

/// Asks on standard error, reads from standard input.
pub(super) struct AtTerminal {
    /// What needs no question, and where answers are remembered, if they can be.
    pub(super) approved: Option<Store>,
    /// What started programs can and can't do, in a sentence.
    pub(super) sandbox: &'static str,
}

impl Consent for AtTerminal {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        converse(
            questions,
            self.approved.as_mut(),
            self.sandbox,
            &mut std::io::stdin().lock(),
            &mut std::io::stderr().lock(),
        )
    }
}

/// No answer, an answer that nobody understands three times, or a terminal that is gone: nothing is done but what was
/// approved before.
fn converse(
    questions: &[Question],
    mut approved: Option<&mut Store>,
    sandbox: &str,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> Vec<bool> {
    let known = |question: &Question| approved.as_ref().is_some_and(|store| store.has(question));
    let mut allowed: Vec<bool> = questions.iter().map(known).collect();
    let (before, open): (Vec<usize>, Vec<usize>) = (0..questions.len()).partition(|index| allowed[*index]);
    if !before.is_empty() {
        let names: Vec<String> = before.iter().map(|index| visible(&questions[*index].server)).collect();
        // What can't be told was approved all the same.
        let _ = writeln!(output, "Approved before (`mcpscan approvals list`): {}.\n", names.join(", "));
    }
    if open.is_empty() {
        return allowed;
    }
    let asked: Vec<&Question> = open.iter().map(|index| &questions[*index]).collect();
    let chosen = choose(&asked, sandbox, input, output);
    for (index, chosen) in open.iter().zip(&chosen) {
        allowed[*index] = *chosen;
    }
    let chosen: Vec<&Question> = asked.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(q, _)| q).collect();
    if let Some(store) = approved.as_mut().filter(|_| !chosen.is_empty()) {
        remember(&chosen, store, input, output);
    }
    allowed
}

/// Which of them.
fn choose(questions: &[&Question], sandbox: &str, input: &mut dyn BufRead, output: &mut dyn Write) -> Vec<bool> {
    let none = vec![false; questions.len()];
    if write!(output, "{}", list(questions, sandbox)).is_err() {
        return none;
    }
    for _ in 0..3 {
        let asked = "Ask them? [a]ll, [n]one, or numbers such as 1,3-5 (none): ";
        let Some(answer) = answer(asked, input, output) else { return none };
        if let Some(chosen) = parse(&answer, questions.len()) {
            return chosen;
        }
        // If this can't be told, the next question can't either.
        let _ = writeln!(output, "Not understood: the numbers are 1 to {}.", questions.len());
    }
    none
}

/// Whether the answer is to hold for the same commands from now on. A project's are somebody else's, who can change what
/// they load: those only where it is said in so many words.
fn remember(chosen: &[&Question], store: &mut Store, input: &mut dyn BufRead, output: &mut dyn Write) {
    let foreign = chosen.iter().filter(|question| question.foreign).count();
    let asked = match (foreign, chosen.len() - foreign) {
        (0, _) => "Remember this, so that these need no question again? [y]es, [n]o (no): ".to_owned(),
        (_, 0) => "Remember this? All came with a project. [p]roject's too, [n]o (no): ".to_owned(),
        (_, own) => {
            format!("Remember this? [y]es, the {own} of your own, [p]roject's too, [n]o (no): ")
        }
    };
    let Some(answer) = answer(&asked, input, output) else { return };
    let (own, theirs) = match answer.to_ascii_lowercase().as_str() {
        "y" | "yes" => (true, false),
        "p" | "project" => (true, true),
        _ => return,
    };
    let kept: Vec<&&Question> = chosen.iter().filter(|question| if question.foreign { theirs } else { own }).collect();
    for question in &kept {
        store.add(question, in_short(&question.deed));
    }
    if kept.is_empty() {
        return;
    }
    // The answer holds for this run in any case.
    let _ = match store.save() {
        Ok(()) => writeln!(output, "Remembered; `mcpscan approvals revoke` takes it back.\n"),
        Err(failure) => writeln!(output, "Not remembered: {}", visible(&failure.to_string())),
    };
}

/// A line of input; nothing where nobody answers.
fn answer(question: &str, input: &mut dyn BufRead, output: &mut dyn Write) -> Option<String> {
    write!(output, "{question}").and_then(|()| output.flush()).ok()?;
    let mut answer = String::new();
    matches!(input.read_line(&mut answer), Ok(1..)).then(|| answer.trim().to_owned())
}

/// What would be done, in a line.
fn in_short(deed: &Deed) -> String {
    match deed {
        Deed::Start { command, .. } => command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
        Deed::Connect { address, .. } => address.clone(),
    }
}

fn list(questions: &[&Question], sandbox: &str) -> String {
    let starts = questions.iter().any(|question| matches!(question.deed, Deed::Start { .. }));
    let connects = questions.iter().any(|question| matches!(question.deed, Deed::Connect { .. }));
    let what = match (starts, connects) {
        (true, true) => "these programs would run with your rights, and these addresses would be connected to:",
        (_, true) => "these addresses would be connected to:",
        _ => "these programs would run with your rights:",
    };
    let mut text = wrap(&format!("To ask servers what they offer, {what}"), WIDTH, "") + "\n\n";
    let handed = |handed: &Handed| visible(&handed.name) + if handed.made_up { " (a made-up value)" } else { "" };
    let all = |names: &[Handed]| names.iter().map(handed).collect::<Vec<_>>().join(", ");
    for (index, question) in questions.iter().enumerate() {
        text.push_str(&format!("{:>3}. {} ({})\n", index + 1, visible(&question.server), question.client));
        match &question.deed {
            Deed::Start { command, folder, variables } => {
                let command: Vec<String> = command.iter().map(|word| quoted(word)).collect();
                text.push_str(&format!("     {}\n", command.join(" ")));
                if let Some(folder) = folder {
                    text.push_str(&format!("     in {}\n", visible(folder)));
                }
                if !variables.is_empty() {
                    text.push_str(&format!("     with {}\n", all(variables)));
                }
            }
            Deed::Connect { address, origin, headers } => {
                text.push_str(&format!("     connect to {}\n", visible(address)));
                if let Some(origin) = origin {
                    text.push_str(&format!("     which is at {}\n", visible(origin)));
                }
                if !headers.is_empty() {
                    text.push_str(&format!("     with the headers {}\n", all(headers)));
                }
            }
        }
        for warning in &question.warnings {
            let warning = wrap(&format!("warning: {}", visible(warning)), WIDTH - 5, "       ");
            text.push_str(&format!("     {warning}\n"));
        }
        let whose = if question.foreign { ", which came with the project" } else { "" };
        text.push_str(&format!("     from {}{whose}\n", visible(&question.config)));
    }
    text.push('\n');
    if starts {
        text.push_str(&format!("{}\n\n", wrap(sandbox, WIDTH, "")));
    }
    text
}

/// A word as it would have to be typed, so that blanks inside it show.
fn quoted(word: &str) -> String {
    let shown = visible(word);
    if shown.is_empty()
        || shown.contains(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '$' | '`' | ';' | '&' | '|'))
    {
        format!("'{}'", shown.replace('\'', "'\\''"))
    } else {
        shown
    }
}

/// Which of `count` were chosen; `None` for an answer that says nothing.
fn parse(answer: &str, count: usize) -> Option<Vec<bool>> {
    match answer.to_ascii_lowercase().as_str() {
        "a" | "all" | "y" | "yes" => return Some(vec![true; count]),
        "" | "n" | "no" | "none" => return Some(vec![false; count]),
        _ => {}
    }
    let mut chosen = vec![false; count];
    for part in answer.split([',', ' ']).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        if first == 0 || first > last || last > count {
            return None;
        }
        chosen[first - 1..last].fill(true);
    }
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(server: &str) -> Question {
        Question {
            client: "Cursor".into(),
            server: server.into(),
            config: "~/.cursor/mcp.json".into(),
            foreign: true,
            deed: Deed::Start {
                command: vec!["npx".into(), "-y".into(), "a b".into(), "x\u{1b}[2J".into()],
                folder: Some("/srv".into()),
                variables: vec![Handed { name: "TOKEN".into(), made_up: true }],
            },
            warnings: vec!["it fetches".into()],
            identity: server.into(),
        }
    }

    fn answer(input: &str) -> (Vec<bool>, String) {
        let questions = [question("one"), question("two"), question("three")];
        let mut output = Vec::new();
        let chosen = converse(&questions, None, "In a sandbox.", &mut input.as_bytes(), &mut output);
        (chosen, String::from_utf8(output).unwrap())
    }

    #[test]
    fn answers() {
        for (input, expected) in [
            ("all\n", [true, true, true]),
            ("\n", [false, false, false]),
            ("", [false, false, false]),
            ("1,3\n", [true, false, true]),
            ("2-3\n", [false, true, true]),
            ("9\nn\n", [false, false, false]),
            ("what\nagain\nonce more\n", [false, false, false]),
            ("what\n2\n", [false, true, false]),
        ] {
            assert_eq!(answer(input).0, expected, "{input:?}");
        }
    }

    #[test]
    fn the_question_shows_everything_and_nothing_acts() {
        let shown = answer("n\n").1;
        for part in [
            "1. one (Cursor)",
            "npx -y 'a b' x\\u{1b}[2J",
            "with TOKEN (a made-up value)",
            "from ~/.cursor/mcp.json, which came with the project",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
        assert!(!shown.contains('\u{1b}') && !shown.contains("addresses"));
    }

    #[test]
    fn sentences_fit_a_narrow_terminal() {
        let connect = Deed::Connect { address: "https://x.example".into(), origin: None, headers: Vec::new() };
        let long = "a word and ".repeat(20);
        let warned = Question { warnings: vec![long.clone()], ..question("one") };
        let shown = list(&[&warned, &Question { deed: connect, ..question("two") }], &long);
        assert!(shown.lines().all(|line| line.len() < 80), "{shown}");
        let folder = tempfile::tempdir().unwrap();
        let home = crate::discover::Home::new(folder.path().into(), crate::discover::Os::Linux, Default::default());
        for foreign in [&[true][..], &[false], &[true, false]] {
            let all: Vec<Question> =
                foreign.iter().map(|foreign| Question { foreign: *foreign, ..question("x") }).collect();
            let mut output = Vec::new();
            let mut store = Store::open(&home).unwrap();
            remember(&all.iter().collect::<Vec<_>>(), &mut store, &mut "n\n".as_bytes(), &mut output);
            assert!(output.len() < 80 && output.starts_with(b"Remember this"), "{}", String::from_utf8_lossy(&output));
        }
    }

    #[test]
    fn an_address_shows_where_it_is_and_what_it_gets() {
        let connect = Deed::Connect {
            address: "https://${HOST}/mcp?key=[redacted]".into(),
            origin: Some("https://x.example".into()),
            headers: ["Authorization", "X-\u{1b}"].map(|name| Handed { name: name.into(), made_up: false }).into(),
        };
        let shown = list(&[&question("one"), &Question { deed: connect, ..question("two") }], "In a sandbox.");
        for part in [
            "these addresses would be connected to",
            "connect to https://${HOST}/mcp?key=[redacted]",
            "which is at https://x.example",
            "with the headers Authorization, X-\\u{1b}",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    }
}

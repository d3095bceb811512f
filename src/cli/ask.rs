//! The question at a terminal: may these programs be started, and these addresses connected to?

use std::io::{BufRead, Write};

use crate::connect::{Consent, Deed, Question};
use crate::text::visible;

/// Asks on standard error, reads from standard input.
pub(super) struct AtTerminal {
    /// What started programs can and can't do, in a sentence.
    pub(super) sandbox: &'static str,
}

impl Consent for AtTerminal {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        converse(questions, self.sandbox, &mut std::io::stdin().lock(), &mut std::io::stderr().lock())
    }
}

/// No answer, an answer that nobody understands twice, or a terminal that is gone: nothing is done.
fn converse(questions: &[Question], sandbox: &str, input: &mut dyn BufRead, output: &mut dyn Write) -> Vec<bool> {
    let none = vec![false; questions.len()];
    if write!(output, "{}", list(questions, sandbox)).is_err() {
        return none;
    }
    for _ in 0..3 {
        let asked =
            write!(output, "Ask them? [a]ll, [n]one, or numbers such as 1,3-5 (none): ").and_then(|()| output.flush());
        let mut answer = String::new();
        if asked.is_err() || !matches!(input.read_line(&mut answer), Ok(1..)) {
            return none;
        }
        if let Some(chosen) = parse(answer.trim(), questions.len()) {
            return chosen;
        }
        // If this can't be told, the next question can't either.
        let _ = writeln!(output, "Not understood: the numbers are 1 to {}.", questions.len());
    }
    none
}

fn list(questions: &[Question], sandbox: &str) -> String {
    let starts = questions.iter().any(|question| matches!(question.deed, Deed::Start { .. }));
    let connects = questions.iter().any(|question| matches!(question.deed, Deed::Connect { .. }));
    let mut text = String::from("To ask servers what they offer, ");
    text.push_str(match (starts, connects) {
        (true, true) => "these programs would run with your rights, and these addresses would be connected to:\n\n",
        (_, true) => "these addresses would be connected to:\n\n",
        _ => "these programs would run with your rights:\n\n",
    });
    let all = |names: &[String]| names.iter().map(|name| visible(name)).collect::<Vec<_>>().join(", ");
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
            text.push_str(&format!("     warning: {}\n", visible(warning)));
        }
        let whose = if question.foreign { ", which came with the project" } else { "" };
        text.push_str(&format!("     from {}{whose}\n", visible(&question.config)));
    }
    text.push('\n');
    if starts {
        text.push_str(&format!("{sandbox}\n\n"));
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
                variables: vec!["TOKEN".into()],
            },
            warnings: vec!["it fetches".into()],
        }
    }

    fn answer(input: &str) -> (Vec<bool>, String) {
        let questions = [question("one"), question("two"), question("three")];
        let mut output = Vec::new();
        let chosen = converse(&questions, "In a sandbox.", &mut input.as_bytes(), &mut output);
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
            "with TOKEN",
            "from ~/.cursor/mcp.json, which came with the project",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
        assert!(!shown.contains('\u{1b}') && !shown.contains("addresses"));
    }

    #[test]
    fn an_address_shows_where_it_is_and_what_it_gets() {
        let connect = Deed::Connect {
            address: "https://${HOST}/mcp?key=[redacted]".into(),
            origin: Some("https://x.example".into()),
            headers: vec!["Authorization".into(), "X-\u{1b}".into()],
        };
        let shown = list(&[question("one"), Question { deed: connect, ..question("two") }], "In a sandbox.");
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

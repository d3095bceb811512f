//! `rules test`: is every rule complete, does every pattern compile, and what are its examples.
//!
//! Whether an example is found is decided by the whole judge, so that part runs above this module.

use super::made::expand;
use super::schema::Shape;
use super::{Judges, Packs, engine};

/// Something wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its id, or a signal's.
    pub rule: String,
    /// What is wrong.
    pub message: String,
}

/// An example of a rule, ready to be judged.
#[derive(Clone, Debug)]
pub struct Example<'p> {
    /// The rule's id.
    pub rule: &'p str,
    /// What it is an example of.
    pub judges: Judges,
    /// The text.
    pub text: String,
    /// Whether the rule must find it.
    pub expected: bool,
}

/// Examples that every rule needs on each side.
const FEWEST_EXAMPLES: usize = 3;

/// Checks what can be seen without judging, and hands out the examples.
pub fn check(packs: &Packs) -> (Vec<Problem>, Vec<Example<'_>>) {
    let mut problems = Vec::new();
    let mut examples = Vec::new();
    let mut problem = |rule: &str, message: String| problems.push(Problem { rule: rule.to_owned(), message });
    for signal in packs.signals() {
        for source in engine::sources(signal) {
            if let Err(error) = engine::compile(source) {
                problem(&signal.id, format!("the pattern `{source}` does not compile: {error}"));
            }
        }
        for keyword in &signal.keywords {
            if keyword.chars().any(char::is_uppercase) || keyword.is_empty() {
                problem(&signal.id, format!("the keyword `{keyword}` must be lower case and not empty"));
            }
        }
    }
    for (owner, word) in super::deeds::unmatched(packs) {
        problem(
            owner,
            format!("`{word}` matches nothing: words are lower case and in the singular, one or two of them"),
        );
    }
    for pack in packs.packs() {
        for rule in &pack.rules {
            let id = rule.id.as_str();
            if let Shape::Token(token) = &rule.shape
                && let Err(error) = engine::compile(&token.pattern)
            {
                problem(id, format!("the token `{}` does not compile: {error}", token.pattern));
            }
            for (field, text) in [
                ("title", &rule.title),
                ("message", &rule.message),
                ("what", &rule.what),
                ("why", &rule.why),
                ("exploit", &rule.exploit),
                ("fix", &rule.fix),
            ] {
                if text.trim().is_empty() {
                    problem(id, format!("`{field}` is empty"));
                }
            }
            if rule.references.is_empty() {
                problem(id, "has no reference".to_owned());
            }
            if rule.cwe.is_empty() && rule.owasp.is_empty() {
                problem(id, "has neither a CWE nor an OWASP id".to_owned());
            }
            for (side, given, expected) in [("true", &rule.true_examples, true), ("false", &rule.false_examples, false)]
            {
                if given.len() < FEWEST_EXAMPLES {
                    problem(id, format!("has {} `{side}` examples, needs {FEWEST_EXAMPLES}", given.len()));
                }
                examples.extend(given.iter().map(|text| Example {
                    rule: id,
                    judges: pack.judges,
                    text: expand(text, 0),
                    expected,
                }));
            }
        }
    }
    (problems, examples)
}

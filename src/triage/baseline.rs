//! Findings that were accepted at a date: a line each, so that git merges the file.
//!
//! What a line says of a finding is its fingerprint and, for a reader, its rule and its place. Of what matched it says
//! nothing but that digest; and of a secret not even that, since a short password could be guessed by it, with any salt
//! that stands beside it: there the line names the place, and eight bits of a digest. A secret that was replaced is found
//! again but for one in 256, and whoever has the file is left with one in 256 of all guesses.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::finding::{Finding, digest};
use crate::text::visible;

/// The version of the file.
const VERSION: u64 = 1;
/// The version of the fingerprints in it.
const FINGERPRINTS: u64 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "mcpscan-baseline")]
    version: u64,
    fingerprints: u64,
}

/// One accepted finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    // In this order the lines are sorted.
    config: Option<String>,
    server: Option<String>,
    tool: Option<String>,
    field: Option<String>,
    rule: String,
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    check: Option<String>,
}

/// A baseline that was read.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The file, as the user knows it.
    pub file: String,
    /// Each with its number in the file, from 1.
    lines: Vec<(usize, Line)>,
    by_id: HashMap<String, Vec<usize>>,
}

/// A baseline that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct BaselineError {
    file: String,
    line: usize,
    message: String,
}

/// An accepted finding, as its line tells it. Texts are escaped there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted<'b> {
    /// The line's number, from 1.
    pub(super) number: usize,
    /// Its rule.
    pub(super) rule: &'b str,
    /// The config it was in.
    pub(super) config: Option<&'b str>,
    /// The server it was about.
    pub(super) server: Option<&'b str>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// It is none, or of another version: it would suppress nothing, or the wrong things.
    pub fn parse(file: &str, text: &str) -> Result<Self, BaselineError> {
        let wrong = |line: usize, message: String| BaselineError { file: file.to_owned(), line, message };
        let mut numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let (_, head) = numbered.next().unwrap_or((1, ""));
        let Head { version, fingerprints } = serde_json::from_str(head).map_err(|_| {
            wrong(1, "no baseline, whose first line says so; `mcpscan baseline --output FILE` writes one".to_owned())
        })?;
        if (version, fingerprints) != (VERSION, FINGERPRINTS) {
            let newer = version > VERSION || fingerprints > FINGERPRINTS;
            let who = if newer { "a newer version of this program wrote it" } else { "it is too old" };
            let what = format!("version {version} with fingerprints of version {fingerprints}");
            let own = format!("this program knows {VERSION} and {FINGERPRINTS}");
            let message =
                format!("a baseline of {what}, and {own}: {who}; `mcpscan baseline --output FILE` writes it anew");
            return Err(wrong(1, message));
        }
        let mut lines = Vec::new();
        let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, text) in numbered.filter(|(_, line)| !line.is_empty()) {
            let line: Line = serde_json::from_str(text).map_err(|error| {
                let conflict = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| text.starts_with(mark));
                let why = if conflict { "git's mark of a conflict".to_owned() } else { error.to_string() };
                wrong(number, format!("no line of a baseline: {why}"))
            })?;
            let digits =
                |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
            if !digits(&line.id, 32) || line.check.as_deref().is_some_and(|check| !digits(check, 2)) {
                return Err(wrong(number, "no line of a baseline: `id` has 32 digits, `check` two".to_owned()));
            }
            by_id.entry(line.id.clone()).or_default().push(lines.len());
            lines.push((number, line));
        }
        Ok(Self { file: file.to_owned(), lines, by_id })
    }

    /// A baseline of some findings.
    pub fn write<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> String {
        let lines: BTreeSet<Line> = findings.into_iter().map(identity).collect();
        // Strings and numbers only: this can't fail.
        let json = |text: Result<String, serde_json::Error>| text.unwrap_or_default() + "\n";
        let head = json(serde_json::to_string(&Head { version: VERSION, fingerprints: FINGERPRINTS }));
        lines.iter().map(|line| json(serde_json::to_string(line))).fold(head, |text, line| text + &line)
    }

    /// The line that accepts a finding.
    pub(super) fn accepts(&self, finding: &Finding) -> Option<usize> {
        let identity = identity(finding);
        let same = self.by_id.get(&identity.id)?;
        same.iter().copied().find(|at| self.lines[*at].1.check == identity.check)
    }

    /// Every line, in the order of the file.
    pub(super) fn lines(&self) -> impl Iterator<Item = Accepted<'_>> {
        self.lines.iter().map(|(number, line)| Accepted {
            number: *number,
            rule: &line.rule,
            config: line.config.as_deref(),
            server: line.server.as_deref(),
        })
    }
}

/// What a baseline says of a finding.
fn identity(finding: &Finding) -> Line {
    let secret = finding.evidence.as_ref().filter(|evidence| evidence.is_secret());
    let (id, check) = match secret {
        None => (finding.fingerprint.to_string(), None),
        Some(evidence) => {
            let number = finding.fingerprint.number().to_string();
            let id = digest(&["baseline place", finding.fingerprint.place(), &number]);
            let check = digest(&["baseline check", evidence.identity()]);
            (id[..32].to_owned(), Some(check[..2].to_owned()))
        }
    };
    let shown = |text: &Option<String>| text.as_deref().map(visible);
    let subject = &finding.subject;
    Line {
        config: shown(&subject.config),
        server: shown(&subject.server),
        tool: shown(&subject.tool),
        field: shown(&subject.field),
        rule: finding.rule.to_string(),
        id,
        check,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "{\"mcpscan-baseline\":1,\"fingerprints\":1}\n";
    const LINE: &str = r#"{"config":null,"server":"a","tool":null,"field":"args[0]","rule":"x/y","id":"0123456789abcdef0123456789abcdef"}"#;

    #[test]
    fn what_is_none_is_an_error() {
        assert_eq!(Baseline::parse("b", HEAD).unwrap().lines().count(), 0);
        assert_eq!(Baseline::parse("b", &format!("{HEAD}\n{LINE}\r\n{LINE}\n")).unwrap().lines().count(), 2);
        for (text, part) in [
            (String::new(), "b:1: no baseline"),
            ("{}".into(), "b:1: no baseline"),
            ("[]".into(), "b:1: no baseline"),
            ("{\"schema\": \"mcpscan/1\"}".into(), "b:1: no baseline"),
            (HEAD.replace("baseline\":1", "baseline\":2"), "newer"),
            (HEAD.replace("prints\":1", "prints\":9"), "newer"),
            (HEAD.replace("baseline\":1", "baseline\":0"), "too old"),
            (format!("{HEAD}<<<<<<< ours\n{LINE}"), "b:2: no line of a baseline: git's mark"),
            (format!("{HEAD}{LINE}\n{}", &LINE[..40]), "b:3: no line"),
            (HEAD.to_owned() + &LINE.replace("0123", "012"), "32 digits"),
            (HEAD.to_owned() + &LINE.replace("\"rule\"", "\"rul\""), "b:2: no line"),
            (format!("{LINE}\n"), "b:1: no baseline"),
        ] {
            let error = Baseline::parse("b", &text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}

//! An outcome as bytes, a file a format.

mod catalog;
mod difference;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod ndjson;
mod sarif;
mod text;

pub use catalog::catalog;
pub use difference::difference;
pub use json::schema;
pub use text::wrap;

use crate::finding::{Finding, Severity, Suppression};
use crate::rules::Packs;
use crate::triage::Outcome;

/// A format of reports: a row of [`FORMATS`].
#[derive(Debug)]
pub struct Format {
    /// The word that names it.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Endings of files that are written in it where nobody names a format.
    pub endings: &'static [&'static str],
    render: fn(&View<'_>) -> String,
}

/// Every format. Another one is a file beside this one, and a row here.
pub static FORMATS: &[Format] = &[
    Format { name: "text", about: "For people", endings: &["txt", "log"], render: text::render },
    Format { name: "json", about: "For scripts: one object", endings: &["json"], render: json::render },
    Format {
        name: "ndjson",
        about: "For scripts: an object a line",
        endings: &["ndjson", "jsonl"],
        render: ndjson::render,
    },
    Format {
        name: "sarif",
        about: "For code scanning: SARIF 2.1.0",
        endings: &["sarif", "sarif.json"],
        render: sarif::render,
    },
    Format { name: "github", about: "Annotations of GitHub Actions", endings: &[], render: github::render },
    Format {
        name: "markdown",
        about: "For the comment of a pull request",
        endings: &["md", "markdown"],
        render: markdown::render,
    },
    Format { name: "html", about: "For a browser: one file", endings: &["html", "htm"], render: html::render },
    Format { name: "junit", about: "For whatever shows tests: JUnit's XML", endings: &["xml"], render: junit::render },
];

impl Format {
    /// The format of a report that nobody names a format for.
    pub fn for_people() -> &'static Self {
        &FORMATS[0]
    }

    /// Whether it is read on a terminal.
    pub fn is_for_people(&self) -> bool {
        std::ptr::eq(self, Self::for_people())
    }

    /// The format of this name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// The format that a file's name asks for, by its longest ending.
    pub fn by_ending(file: &str) -> Option<&'static Self> {
        let fits = |ending: &&str| file.strip_suffix(*ending).is_some_and(|stem| stem.ends_with('.'));
        let longest = |format: &&Self| format.endings.iter().filter(|ending| fits(ending)).map(|e| e.len()).max();
        FORMATS.iter().filter(|format| longest(format).is_some()).max_by_key(longest)
    }
}

/// How much a report for people says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// A line a finding, nothing else.
    Quiet,
    /// What one should act on.
    #[default]
    Normal,
    /// Also what is folded, suppressed, and was looked at without a finding.
    Verbose,
}

/// How a report looks.
#[derive(Clone, Debug)]
pub struct Style {
    /// Whether to colour.
    pub colour: bool,
    /// Columns to fit into.
    pub width: usize,
    /// Whether to show the lines around a finding.
    pub snippets: bool,
    /// Whether to show findings of severity info.
    pub info: bool,
    /// How much is said.
    pub detail: Detail,
    /// What was looked at, in words that stay the same from run to run; empty for the usual places.
    pub target: String,
}

impl Default for Style {
    fn default() -> Self {
        let (target, detail) = (String::new(), Detail::Normal);
        Self { colour: false, width: 80, snippets: true, info: false, detail, target }
    }
}

/// What a report is made from.
struct View<'a> {
    outcome: &'a Outcome,
    packs: &'a Packs,
    style: &'a Style,
}

impl<'a> View<'a> {
    /// The findings that a person should see, the most important first.
    fn shown(&self) -> impl Iterator<Item = &'a Finding> + use<'a> {
        let info = self.style.info;
        let outcome = self.outcome;
        outcome
            .findings
            .iter()
            .filter(move |finding| suppression(finding).is_none() && (info || finding.severity > Severity::Info))
    }

    /// The findings that don't count, each with the reason.
    fn suppressed(&self) -> impl Iterator<Item = (&'a Finding, &'a Suppression)> + use<'a> {
        let outcome = self.outcome;
        outcome.findings.iter().filter_map(|finding| Some((finding, suppression(finding)?)))
    }

    /// How many are left out because they are of severity info.
    fn hidden_info(&self) -> usize {
        if self.style.info { 0 } else { self.outcome.count(Severity::Info) }
    }

    /// What a rule says of itself in one line.
    fn title(&self, finding: &'a Finding) -> &'a str {
        self.packs.rule(finding.rule.as_str()).map_or(finding.message.as_str(), |rule| rule.title.as_str())
    }
}

/// Renders an outcome. Nothing that a server or a config says comes out unescaped.
pub fn render(format: &Format, outcome: &Outcome, packs: &Packs, style: &Style) -> String {
    (format.render)(&View { outcome, packs, style })
}

/// Why a finding doesn't count, if it doesn't.
fn suppression(finding: &Finding) -> Option<&Suppression> {
    finding.suppressed.as_ref()
}

/// What a report without findings says: never that all is well where nobody could look.
fn nothing(outcome: &Outcome) -> &'static str {
    match outcome.coverage.is_blind() {
        true => "Nothing could be looked at, so nothing is known",
        false => "Nothing found in what was looked at",
    }
}

/// `1 server`, `2 servers`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_names_and_endings_of_their_own() {
        for format in FORMATS {
            assert!(std::ptr::eq(Format::by_name(format.name).unwrap(), format), "{}", format.name);
            for ending in format.endings {
                let found = Format::by_ending(&format!("report.{ending}")).unwrap();
                assert_eq!(found.name, format.name, "{ending}");
            }
        }
        assert!(Format::by_ending("reportjson").is_none() && Format::by_name("yaml").is_none());
    }
}

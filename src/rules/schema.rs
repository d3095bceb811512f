//! The format of a rule pack.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Role;
use super::deeds::{Deed, Verb};
use crate::finding::{Confidence, RuleId, Severity};

/// What the rules of a pack judge, which is also what their examples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judges {
    /// Texts of servers. An example is a tool's description; or, in braces or brackets, a catalog or a list of catalogs.
    Texts,
    /// Server entries of configs. An example is one entry as JSON; with a key `mcpServers`, a whole file.
    Entries,
}

/// A file of rules.
#[derive(Clone, Debug)]
pub struct Pack {
    /// The part of its rules' ids before the slash.
    pub name: String,
    /// One line.
    pub title: String,
    /// What its rules judge.
    pub judges: Judges,
    /// File it came from.
    pub file: String,
    /// Its signals.
    pub signals: Vec<Signal>,
    /// Its verbs of deeds.
    pub verbs: Vec<Verb>,
    /// Its deeds.
    pub deeds: Vec<Deed>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// A named group of patterns: one step of a speech act (an order, a secret place, a way out …), for rules to combine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Signal {
    /// Name, unique among all packs.
    pub id: String,
    /// What it stands for.
    pub about: String,
    /// Words, lower case, one of which stands in whatever the patterns match. Cheap; they decide whether a pattern is
    /// tried at all.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Instead of keywords: the patterns are tried on every text.
    #[serde(default)]
    pub always: bool,
    /// Regular expressions over normalised text.
    pub patterns: Vec<String>,
    /// Patterns that take a match back when they match in the same sentence.
    #[serde(default)]
    pub unless: Vec<String>,
    /// What of its sentence it takes back, where a combination wants none of it.
    #[serde(default)]
    pub governs: Governs,
}

/// What of a sentence a word speaks about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Governs {
    /// All of it: *this tests whether …*.
    #[default]
    Sentence,
    /// What stands behind it: *never send …*.
    After,
    /// What stands in front of it: *… is blocked*.
    Before,
}

/// How a rule decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Any of several combinations of signals.
    Combination(Vec<Combination>),
    /// A token in a value of a config.
    Token(Token),
    /// Code, by the name of the check.
    Check(String),
}

/// Signals that make a speech act together.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Combination {
    /// All of these; the first one is where the finding points.
    pub all: Vec<String>,
    /// And at least one of these, if there are any.
    #[serde(default)]
    pub any: Vec<String>,
    /// And at least this many of `any`.
    #[serde(default = "one")]
    pub at_least: usize,
    /// And none of these in the same sentence as the first one.
    #[serde(default)]
    pub none: Vec<String>,
    /// How near, in bytes of normalised text before and after the first one.
    #[serde(default = "near")]
    pub within: usize,
    /// Severity, where it differs from the rule's.
    pub severity: Option<Severity>,
    /// Confidence, where it differs from the rule's.
    pub confidence: Option<Confidence>,
}

fn one() -> usize {
    1
}

fn near() -> usize {
    300
}

/// A token of a known format.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Parts that stand in every such token, case kept.
    pub keywords: Vec<String>,
    /// The whole token. Boundaries are added: no letter, digit, `_` or `-` may stand beside it. What stands
    /// before a group is not part of the token, but must be there.
    pub pattern: String,
    /// Words of the field's name, or of the program, without which it is none. Empty: the format is enough.
    pub names: Vec<String>,
    /// Ids and digests look the same, so the field's own name must say that it holds a secret.
    pub bare: bool,
    /// What is verified: `github` (the checksum of GitHub and npm), `jwt` (a signed token), `jwt:role=anon` (one that
    /// claims this).
    pub checksum: Option<String>,
    /// Looks like a secret and is meant to be public.
    pub public: bool,
}

/// One rule, with everything that explains it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `pack/name`.
    pub id: RuleId,
    /// One line.
    pub title: String,
    /// What happens if it is true.
    pub severity: Severity,
    /// How sure a match is.
    pub confidence: Confidence,
    /// Version that brought it.
    pub since: String,
    /// An entry that it finds is not started, whoever asks.
    pub never_start: bool,
    /// Texts it looks at; empty for all.
    pub roles: Vec<Role>,
    /// How it decides.
    pub shape: Shape,
    /// One sentence about a match, with the particulars in braces.
    pub message: String,
    /// What it finds.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// How it is exploited.
    pub exploit: String,
    /// What to do, with the particulars in braces.
    pub fix: String,
    /// The same for a reader who has no finding yet.
    pub usual_fix: String,
    /// Further reading.
    pub references: Vec<String>,
    /// CWE numbers.
    pub cwe: Vec<u32>,
    /// OWASP MCP Top 10 ids.
    pub owasp: Vec<String>,
    /// What it must find.
    pub true_examples: Vec<String>,
    /// What it must leave alone.
    pub false_examples: Vec<String>,
}

/// An id, with its place where it has one.
pub(super) trait Id {
    fn text(&self) -> &str;
    /// Where it stands, in bytes.
    fn start(&self) -> usize;
}

impl Id for toml::Spanned<String> {
    fn text(&self) -> &str {
        self.get_ref()
    }

    fn start(&self) -> usize {
        self.span().start
    }
}

impl Id for String {
    fn text(&self) -> &str {
        self
    }

    fn start(&self) -> usize {
        0
    }
}

/// A pack as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackFile<I> {
    pub(super) pack: Head,
    #[serde(default)]
    pub(super) signal: Vec<Signal>,
    #[serde(default)]
    pub(super) verb: Vec<Verb>,
    #[serde(default)]
    pub(super) deed: Vec<Deed>,
    #[serde(default = "Vec::new")]
    pub(super) rule: Vec<RuleFile<I>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) judges: Judges,
    /// What particulars of its rules are called for a reader who has no finding yet.
    #[serde(default)]
    pub(super) words: Words,
}

/// Words for particulars, by their names.
pub(super) type Words = BTreeMap<String, String>;

/// A rule as written. Exactly one of `patterns`, `when`, `token` and `check` decides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RuleFile<I> {
    pub(super) id: I,
    pub(super) title: String,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) since: String,
    #[serde(default, rename = "never-start")]
    pub(super) never_start: bool,
    #[serde(default)]
    pub(super) roles: Vec<Role>,
    #[serde(default)]
    pub(super) keywords: Vec<String>,
    #[serde(default)]
    pub(super) always: bool,
    #[serde(default)]
    pub(super) patterns: Vec<String>,
    #[serde(default)]
    pub(super) unless: Vec<String>,
    #[serde(default)]
    pub(super) when: Vec<Combination>,
    pub(super) token: Option<String>,
    #[serde(default)]
    pub(super) names: Vec<String>,
    #[serde(default)]
    pub(super) bare: bool,
    pub(super) checksum: Option<String>,
    #[serde(default)]
    pub(super) public: bool,
    pub(super) check: Option<String>,
    pub(super) message: String,
    pub(super) what: String,
    pub(super) why: String,
    pub(super) exploit: String,
    pub(super) fix: String,
    #[serde(default)]
    pub(super) references: Vec<String>,
    #[serde(default)]
    pub(super) cwe: Vec<u32>,
    #[serde(default)]
    pub(super) owasp: Vec<String>,
    #[serde(rename = "true")]
    pub(super) true_examples: Vec<String>,
    #[serde(rename = "false")]
    pub(super) false_examples: Vec<String>,
}

//! `[[ignore]]`: findings that do not count, by rule, server, tool and path.

use super::{Date, Located, Pattern};
use crate::document::Position;
use crate::finding::RuleId;

/// One ignore. It names rules, and may be narrowed further.
#[derive(Clone, Debug)]
pub struct Ignore {
    /// Rules or packs; one at least.
    pub rules: Vec<Located<String>>,
    /// Names of servers; empty for all.
    pub(super) servers: Vec<Pattern>,
    /// Names of tools; empty for all findings, also those of no tool.
    pub(super) tools: Vec<Pattern>,
    /// Paths of configs; empty for all.
    pub(super) paths: Vec<Pattern>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub expires: Option<Date>,
    /// Where it stands.
    pub at: Position,
}

/// What an ignore is compared with.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The rule.
    pub rule: &'a RuleId,
    /// The server's name.
    pub server: Option<&'a str>,
    /// The tool's name.
    pub tool: Option<&'a str>,
    /// Every way to write the config's path: relative to the settings file, to the home, and whole.
    pub paths: &'a [String],
}

impl Ignore {
    /// Whether it speaks of this.
    pub fn fits(&self, about: &About<'_>) -> bool {
        let one = |patterns: &[Pattern], name: Option<&str>| {
            patterns.is_empty() || name.is_some_and(|name| patterns.iter().any(|pattern| pattern.fits(name)))
        };
        let named = |word: &Located<String>| word.value == about.rule.as_str() || word.value == about.rule.pack();
        self.rules.iter().any(named)
            && one(&self.servers, about.server)
            && one(&self.tools, about.tool)
            && self.speaks_of(about.paths)
    }

    /// Whether it speaks of a config at all.
    pub fn speaks_of(&self, paths: &[String]) -> bool {
        let fits = |pattern: &Pattern| {
            // As in `.gitignore`: a name alone is that of a file in any folder.
            let name_alone = !pattern.as_str().contains('/');
            paths.iter().any(|path| {
                pattern.fits(path) || name_alone && path.rsplit('/').next().is_some_and(|name| pattern.fits(name))
            })
        };
        self.paths.is_empty() || self.paths.iter().any(fits)
    }

    /// Whether only what a tool says can fit it.
    pub fn wants_tool(&self) -> bool {
        !self.tools.is_empty()
    }

    /// Whether it has ended.
    pub fn has_ended(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }

    /// What it says, in short: `supply-chain/unpinned-package` of server `acme`.
    pub fn shown(&self) -> String {
        let list = |words: Vec<&str>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let mut shown = list(self.rules.iter().map(|rule| rule.value.as_str()).collect());
        for (what, patterns) in [("server", &self.servers), ("tool", &self.tools), ("path", &self.paths)] {
            if !patterns.is_empty() {
                shown.push_str(&format!(" of {what} {}", list(patterns.iter().map(Pattern::as_str).collect())));
            }
        }
        shown
    }
}

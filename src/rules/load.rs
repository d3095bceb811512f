//! Reads packs: those built in, and the user's own. All mistakes of all files are told at once.

use std::collections::{HashMap, HashSet};

use super::draft::generic;
use super::embedded;
use super::schema::{Combination, Governs, Id, PackFile, RuleFile, Shape, Signal, Token, Words};
use super::{Pack, Rule};
use crate::document::LineIndex;
use crate::finding::RuleId;
use crate::text::nearest;

/// What is wrong with a pack, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct LoadError {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what is expected.
    pub message: String,
}

/// All packs of a run.
#[derive(Clone, Debug, Default)]
pub struct Packs {
    packs: Vec<Pack>,
    /// Where each rule is: pack, place in it.
    index: HashMap<String, (usize, usize)>,
    /// So many of the first packs are this binary's own.
    own: usize,
}

impl Packs {
    /// The packs built into this binary.
    ///
    /// # Errors
    /// Mistakes in them, which a test of this repository rules out.
    pub fn built_in() -> Result<Self, Vec<LoadError>> {
        let files = embedded::FILES.iter().filter(|(name, _)| name.starts_with("packs/"));
        let mut packs =
            Self::default().with(files.map(|(name, text)| (format!("rules/{name}"), (*text).to_owned())))?;
        packs.own = packs.packs.len();
        Ok(packs)
    }

    /// These packs and those in `files`, given as name and text.
    ///
    /// # Errors
    /// Every mistake of every file.
    pub fn with(mut self, files: impl IntoIterator<Item = (String, String)>) -> Result<Self, Vec<LoadError>> {
        let mut errors = Vec::new();
        for (file, text) in files {
            let read = if embedded::is_json(&text) { built(&file, &text) } else { written(&file, &text) };
            match read {
                Ok(pack) => self.packs.push(pack),
                Err(found) => errors.extend(found),
            }
        }
        let mut signals = HashSet::new();
        for (number, pack) in self.packs.iter().enumerate() {
            for signal in &pack.signals {
                if !signals.insert(signal.id.as_str()) {
                    errors.push(error_at_start(&pack.file, format!("signal `{}` is defined twice", signal.id)));
                }
            }
            for (place, rule) in pack.rules.iter().enumerate() {
                if self
                    .index
                    .insert(rule.id.as_str().to_owned(), (number, place))
                    .is_some_and(|old| old != (number, place))
                {
                    errors.push(error_at_start(&pack.file, format!("rule `{}` is defined twice", rule.id)));
                }
            }
        }
        // Of a pack that could not be read nothing is defined; what others miss of it is not their mistake.
        let whole = errors.is_empty();
        for pack in self.packs.iter().filter(|_| whole) {
            for rule in &pack.rules {
                let Shape::Combination(combinations) = &rule.shape else { continue };
                let named = combinations.iter().flat_map(|c| c.all.iter().chain(&c.any).chain(&c.none));
                for signal in named.filter(|signal| !signals.contains(signal.as_str())) {
                    errors.push(error_at_start(
                        &pack.file,
                        format!("rule `{}` names the signal `{signal}`, which no pack defines", rule.id),
                    ));
                }
            }
        }
        let kinds: HashSet<&str> =
            self.packs.iter().flat_map(|pack| &pack.verbs).map(|verb| verb.kind.as_str()).collect();
        for pack in &self.packs {
            for deed in &pack.deeds {
                for kind in deed.verbs.iter().filter(|kind| !kinds.contains(kind.as_str())) {
                    errors.push(error_at_start(
                        &pack.file,
                        format!("the deed `{}` names verbs of the kind `{kind}`, which no pack has", deed.about),
                    ));
                }
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    /// All packs, in the order they were loaded.
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// All rules, pack by pack.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.packs.iter().flat_map(|pack| &pack.rules)
    }

    /// All signals, pack by pack.
    pub fn signals(&self) -> impl Iterator<Item = &Signal> {
        self.packs.iter().flat_map(|pack| &pack.signals)
    }

    /// The rule of an id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.index.get(id).map(|(pack, place)| &self.packs[*pack].rules[*place])
    }

    /// The pack of a name.
    pub fn pack(&self, name: &str) -> Option<&Pack> {
        self.packs.iter().find(|pack| pack.name == name)
    }

    /// The rule or pack whose name is nearest to a word that is none; a rule's name alone is how people remember it.
    pub fn nearest(&self, word: &str) -> Option<&str> {
        let rules = self.rules().map(|rule| rule.id.as_str());
        let whole = nearest(word, rules.chain(self.packs.iter().map(|pack| pack.name.as_str())));
        whole.or_else(|| {
            let names = self.rules().filter_map(|rule| rule.id.as_str().split_once('/'));
            let name = nearest(word, names.map(|(_, name)| name))?;
            self.rules().map(|rule| rule.id.as_str()).find(|id| id.ends_with(&format!("/{name}")))
        })
    }

    /// Whether a rule came with this binary, and not with a pack of somebody else's.
    pub fn is_built_in(&self, rule: &str) -> bool {
        self.index.get(rule).is_some_and(|(pack, _)| *pack < self.own)
    }

    /// Whether `word` names a rule or a pack.
    pub fn knows(&self, word: &str) -> bool {
        self.rule(word).is_some() || self.pack(word).is_some()
    }
}

/// A pack as it is written.
fn written(file: &str, text: &str) -> Result<Pack, Vec<LoadError>> {
    let lines = LineIndex::new(text);
    let error = |offset: usize, message: String| {
        let position = lines.position(text, offset);
        LoadError { file: file.to_owned(), line: position.line, column: position.column, message }
    };
    let read: PackFile<toml::Spanned<String>> = toml::from_str(text)
        .map_err(|wrong| vec![error(wrong.span().map_or(0, |span| span.start), wrong.message().to_owned())])?;
    pack(file, read, error)
}

/// A pack as a release has it.
fn built(file: &str, text: &str) -> Result<Pack, Vec<LoadError>> {
    let error = |_, message: String| error_at_start(file, message);
    let read: PackFile<String> = serde_json::from_str(text).map_err(|wrong| vec![error(0, wrong.to_string())])?;
    pack(file, read, error)
}

fn pack<I: Id>(
    file: &str,
    written: PackFile<I>,
    error: impl Fn(usize, String) -> LoadError,
) -> Result<Pack, Vec<LoadError>> {
    let mut errors = Vec::new();
    let mut signals = written.signal;
    let mut rules = Vec::new();
    let prefix = format!("{}/", written.pack.name);
    for signal in &signals {
        if signal.keywords.is_empty() && !signal.always {
            errors.push(error(0, format!("signal `{}` needs `keywords`, or `always = true`", signal.id)));
        }
    }
    for rule in written.rule {
        let at = rule.id.start();
        if !rule.id.text().starts_with(&prefix) {
            errors.push(error(at, format!("the id `{}` must begin with `{prefix}`", rule.id.text())));
        }
        match compile(rule, &written.pack.words, &mut signals) {
            Ok(rule) => rules.push(rule),
            Err(message) => errors.push(error(at, message)),
        }
    }
    if errors.is_empty() {
        let super::schema::Head { name, title, judges, words: _ } = written.pack;
        let (verbs, deeds) = (written.verb, written.deed);
        Ok(Pack { name, title, judges, file: file.to_owned(), signals, verbs, deeds, rules })
    } else {
        Err(errors)
    }
}

/// A rule's own patterns become a signal of its name, so that there is one mechanism.
fn compile<I: Id>(written: RuleFile<I>, words: &Words, signals: &mut Vec<Signal>) -> Result<Rule, String> {
    let id = written.id.text().to_owned();
    let given =
        [!written.patterns.is_empty(), !written.when.is_empty(), written.token.is_some(), written.check.is_some()];
    if given.iter().filter(|given| **given).count() != 1 {
        return Err(format!("rule `{id}` needs exactly one of `patterns`, `when`, `token` and `check`"));
    }
    let shape = if let Some(check) = written.check {
        Shape::Check(check)
    } else if let Some(pattern) = written.token {
        if written.keywords.is_empty() && written.names.is_empty() {
            return Err(format!("rule `{id}` needs `keywords` or `names`"));
        }
        Shape::Token(Token {
            keywords: written.keywords,
            pattern,
            names: written.names,
            bare: written.bare,
            checksum: written.checksum,
            public: written.public,
        })
    } else if written.when.is_empty() {
        if written.keywords.is_empty() && !written.always {
            return Err(format!("rule `{id}` needs `keywords`, or `always = true`"));
        }
        signals.push(Signal {
            id: id.clone(),
            about: written.title.clone(),
            keywords: written.keywords,
            always: written.always,
            patterns: written.patterns,
            unless: written.unless,
            governs: Governs::default(),
        });
        Shape::Combination(vec![Combination {
            all: vec![id.clone()],
            any: Vec::new(),
            at_least: 1,
            none: Vec::new(),
            within: 0,
            severity: None,
            confidence: None,
        }])
    } else {
        if let Some(empty) = written.when.iter().position(|combination| combination.all.is_empty()) {
            return Err(format!("rule `{id}`: combination {} has an empty `all`", empty + 1));
        }
        Shape::Combination(written.when)
    };
    Ok(Rule {
        id: RuleId::new(&id),
        title: written.title,
        severity: written.severity,
        confidence: written.confidence,
        since: written.since,
        never_start: written.never_start,
        roles: written.roles,
        shape,
        message: written.message,
        what: written.what,
        why: written.why,
        exploit: written.exploit,
        usual_fix: generic(&written.fix, words),
        fix: written.fix,
        references: written.references,
        cwe: written.cwe,
        owasp: written.owasp,
        true_examples: written.true_examples,
        false_examples: written.false_examples,
    })
}

fn error_at_start(file: &str, message: String) -> LoadError {
    LoadError { file: file.to_owned(), line: 1, column: 1, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        Packs::default()
            .with([("mine.toml".to_owned(), text.to_owned())])
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    const HEAD: &str = "[pack]\nname = \"p\"\ntitle = \"t\"\njudges = \"texts\"\n";
    const WORDS: &str = "title='t'\nseverity='low'\nconfidence='low'\nsince='0'\nmessage='m'\nwhat='w'\nwhy='w'\nexploit='e'\nfix='f'\ntrue=[]\nfalse=[]\n";

    #[test]
    fn a_mistake_has_a_place() {
        let text = format!("{HEAD}\n[[rule]]\nid = \"p/x\"\npatern = \"a\"\n{WORDS}");
        assert_eq!(errors(&text).len(), 1);
        assert!(errors(&text)[0].starts_with("mine.toml:8:1: unknown field `patern`"), "{:?}", errors(&text));
        assert!(errors("[pack")[0].starts_with("mine.toml:1:"));
    }

    #[test]
    fn every_mistake_is_told() {
        let text = format!(
            "{HEAD}[[rule]]\nid='q/a'\nalways=true\npatterns=['a']\n{WORDS}[[rule]]\nid='p/b'\n{WORDS}[[rule]]\nid='p/c'\npatterns=['c']\n{WORDS}"
        );
        let found = errors(&text).join("\n");
        assert!(
            found.contains("must begin with `p/`")
                && found.contains("exactly one of")
                && found.contains("`p/c` needs `keywords`"),
            "{found}"
        );
    }

    #[test]
    fn what_a_broken_pack_defines_is_not_missed() {
        let broken = ("broken.toml".to_owned(), "[pack".to_owned());
        let text = format!("{HEAD}[[rule]]\nid='p/a'\nwhen=[{{all=['nowhere']}}]\n{WORDS}");
        let found = Packs::default().with([broken, ("mine.toml".to_owned(), text)]).unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn signals_must_exist() {
        let text = format!("{HEAD}[[rule]]\nid='p/a'\nwhen=[{{all=['nowhere']}}]\n{WORDS}");
        assert!(errors(&text)[0].contains("`nowhere`, which no pack defines"));
    }

    #[test]
    fn built_in_packs_load() {
        let packs = Packs::built_in().unwrap_or_else(|errors| panic!("{errors:#?}"));
        assert!(packs.rules().count() >= 48, "{}", packs.rules().count());
    }
}

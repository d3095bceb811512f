//! What a tool does, read off its name, the first clause of its description, its parameters and its hints. The words
//! are in packs: a deed is a kind of verb and one of its things, *send* and *mail*.

mod words;

use std::borrow::Cow;
use std::cell::OnceCell;

use foldhash::{HashMap, HashMapExt, HashSet};
use serde::Deserialize;

use self::words::{COMPARED_WORDS, base, clause, parts, split};
use super::Packs;
use crate::finding::Severity;

/// What a tool brings into a conversation, takes out of it, or does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Its results hold what strangers wrote.
    UntrustedInput,
    /// Its results hold what is not for strangers.
    PrivateData,
    /// What it is given gets to others.
    WayOut,
    /// It runs whatever it is told, with the rights of its user.
    RunsCode,
    /// Afterwards something is not as it was.
    ChangesThings,
    /// Afterwards something is gone.
    DestroysThings,
    /// It reaches whatever there is on the internet.
    OpenWorld,
}

/// How many there are.
const CAPABILITIES: usize = 7;

/// Verbs that say the same of what follows them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Verb {
    /// The name by which deeds call them.
    pub kind: String,
    /// The verbs, lower case; without the endings of English, which are taken off before they are compared.
    pub words: Vec<String>,
}

/// Something that tools do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deed {
    /// What it is called in a sentence: `sends mail`.
    pub about: String,
    /// Kinds of verbs, one of which the tool does.
    pub verbs: Vec<String>,
    /// To what, in one word or two. None: whatever it is.
    #[serde(default)]
    pub things: Vec<String>,
    /// Parameters one of which it takes, in `snake_case`. None: whatever it takes.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// Words that make something else of it.
    #[serde(default)]
    pub unless: Vec<String>,
    /// What that makes of the tool.
    pub gives: Vec<Capability>,
    /// How bad a way out it is.
    #[serde(default = "low")]
    pub severity: Severity,
}

fn low() -> Severity {
    Severity::Low
}

/// How plainly a tool says what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plainness {
    /// Its description says it.
    Told,
    /// Its name has the verb.
    Named,
    /// Its name and its description have the verb.
    NamedAndTold,
}

/// A capability of a tool, and what it does that gives it.
#[derive(Clone, Copy, Debug)]
pub struct Ability<'p> {
    /// The deed.
    pub deed: &'p Deed,
    /// How plainly it is said.
    pub plainness: Plainness,
}

/// What a tool can do, by capability.
#[derive(Clone, Copy, Debug, Default)]
pub struct Abilities<'p>([Option<Ability<'p>>; CAPABILITIES]);

impl<'p> Abilities<'p> {
    /// The plainest deed that gives a capability, and of those the worst.
    pub fn get(&self, capability: Capability) -> Option<Ability<'p>> {
        self.0[capability as usize]
    }

    fn add(&mut self, capability: Capability, ability: Ability<'p>) {
        let known = &mut self.0[capability as usize];
        let weight = |ability: &Ability<'_>| (ability.plainness, ability.deed.severity);
        if known.as_ref().is_none_or(|known| weight(known) < weight(&ability)) {
            *known = Some(ability);
        }
    }
}

/// A tool as it describes itself.
#[derive(Clone, Debug, Default)]
pub struct Described<'t> {
    /// Its name.
    pub name: &'t str,
    /// Its description.
    pub description: &'t str,
    /// The names of its parameters.
    pub parameters: Vec<&'t str>,
    /// `readOnlyHint`.
    pub read_only: Option<bool>,
    /// `openWorldHint`.
    pub open_world: Option<bool>,
}

/// The deeds of all packs, ready to be compared with tools.
pub struct Deeds<'p> {
    deeds: Vec<&'p Deed>,
    /// For each deed, the kinds of its verbs.
    verbs: Vec<Vec<usize>>,
    words: HashMap<&'p str, Uses>,
    /// First words of things of two.
    firsts: HashSet<&'p str>,
    parameters: HashMap<&'p str, Vec<usize>>,
}

/// What a word may be.
#[derive(Default)]
struct Uses {
    /// Kinds of verbs.
    verb: Vec<usize>,
    /// Deeds done to it.
    thing: Vec<usize>,
    /// Deeds that it makes something else of.
    unless: Vec<usize>,
}

/// A description that has said no verb by then describes something else.
const VERB_WITHIN: usize = 6;
/// How far behind its verb a thing stands, and half as far as what makes something else of it; further on are means and
/// purposes.
const THING_WITHIN: usize = 3;
/// More parameters say nothing new.
const COMPARED_PARAMETERS: usize = 64;

impl<'p> Deeds<'p> {
    /// Makes the words of all packs ready.
    pub fn new(packs: &'p Packs) -> Self {
        let mut kinds: HashMap<&str, usize> = HashMap::new();
        let mut words: HashMap<&'p str, Uses> = HashMap::new();
        for verb in packs.packs().iter().flat_map(|pack| &pack.verbs) {
            let next = kinds.len();
            let kind = *kinds.entry(verb.kind.as_str()).or_insert(next);
            for word in &verb.words {
                words.entry(word).or_default().verb.push(kind);
            }
        }
        let deeds: Vec<&Deed> = packs.packs().iter().flat_map(|pack| &pack.deeds).collect();
        let mut parameters: HashMap<&str, Vec<usize>> = HashMap::new();
        for (number, deed) in deeds.iter().enumerate() {
            for thing in &deed.things {
                words.entry(thing).or_default().thing.push(number);
            }
            for word in &deed.unless {
                words.entry(word).or_default().unless.push(number);
            }
            for parameter in &deed.parameters {
                parameters.entry(parameter).or_default().push(number);
            }
        }
        let verbs = |deed: &&Deed| deed.verbs.iter().filter_map(|kind| kinds.get(kind.as_str()).copied()).collect();
        let firsts = words.keys().filter_map(|word| Some(word.split_once(' ')?.0)).collect();
        Self { verbs: deeds.iter().map(verbs).collect(), deeds, words, firsts, parameters }
    }

    /// What a tool can do.
    pub fn of(&self, tool: &Described<'_>) -> Abilities<'p> {
        let name = self.name(tool.name);
        let clause = self.clause(tool.description);
        let mut abilities = Abilities::default();
        if !name.says_something() && !clause.says_something() {
            return abilities;
        }
        let taken = OnceCell::new();
        let takes = |deed: usize| taken.get_or_init(|| self.taken(&tool.parameters))[deed];
        for (number, deed) in self.deeds.iter().enumerate() {
            let does = |verb: &[usize]| verb.iter().any(|kind| self.verbs[number].contains(kind));
            // A name that says one thing is believed, whatever the description goes on to say.
            let named = name.says_something() && does(name.verb());
            let told = does(clause.verb());
            if !named && (name.says_something() || !told) || name.unless[number] || clause.unless[number] {
                continue;
            }
            let thing = deed.things.is_empty() || name.things[number] || clause.things[number];
            if !thing || !deed.parameters.is_empty() && !takes(number) {
                continue;
            }
            let plainness = match (named, told) {
                (true, true) => Plainness::NamedAndTold,
                (true, false) => Plainness::Named,
                _ => Plainness::Told,
            };
            for capability in &deed.gives {
                // Nobody has to believe a hint; it settles what would be unsure without it.
                let denied = match capability {
                    Capability::WayOut | Capability::ChangesThings | Capability::DestroysThings => {
                        tool.read_only == Some(true)
                    }
                    Capability::UntrustedInput | Capability::OpenWorld => tool.open_world == Some(false),
                    Capability::PrivateData | Capability::RunsCode => false,
                };
                if plainness > Plainness::Told || !denied {
                    abilities.add(*capability, Ability { deed, plainness });
                }
            }
        }
        abilities
    }

    /// For each deed, whether one of its parameters is among these.
    fn taken(&self, parameters: &[&str]) -> Vec<bool> {
        let mut taken = vec![false; self.deeds.len()];
        for parameter in parameters.iter().take(COMPARED_PARAMETERS) {
            let deeds = self.parameters.get(split(parameter).join("_").as_str());
            deeds.into_iter().flatten().for_each(|deed| taken[*deed] = true);
        }
        taken
    }

    /// What a name says.
    fn name(&self, name: &str) -> Said<'_> {
        self.read(split(name), Reading { verb_within: usize::MAX, thing_within: usize::MAX, bent: false })
    }

    /// What a description says.
    fn clause(&self, description: &str) -> Said<'_> {
        self.read(clause(description), Reading { verb_within: VERB_WITHIN, thing_within: THING_WITHIN, bent: true })
    }

    fn read(&self, words: Vec<String>, reading: Reading) -> Said<'_> {
        let mut said =
            Said { verb: None, things: vec![false; self.deeds.len()], unless: vec![false; self.deeds.len()] };
        let mut before: Cow<'_, str> = Cow::default();
        let (mut things_until, mut unless_until) = (reading.thing_within, COMPARED_WORDS);
        for (place, word) in words.iter().take(COMPARED_WORDS).map(String::as_str).enumerate() {
            // What stands behind it chooses among things.
            if word == "by" {
                things_until = things_until.min(place);
            }
            let base = base(word);
            let plain = self.words.get(word);
            let singular = (base != word).then(|| self.words.get(&*base)).flatten();
            // `posts` in a name are things.
            let verbs = plain.into_iter().chain(singular.filter(|_| reading.bent)).chain(self.parts(word));
            let verb = verbs.filter(|uses| !uses.verb.is_empty()).map(|uses| uses.verb.as_slice()).next();
            if said.verb.is_none() && place < reading.verb_within && verb.is_some() {
                said.verb = verb;
                things_until = things_until.max(place.saturating_add(reading.thing_within));
                unless_until = place.saturating_add(reading.thing_within.saturating_mul(2));
                // What it does is not what it does it to; nor is what stands before it, where words are in this order.
                if reading.bent && word.is_ascii() {
                    said.things.fill(false);
                }
                self.parts(word).for_each(|uses| said.add(uses, true, true));
            } else {
                let begins = self.firsts.contains(&*before);
                let pair = |word: &str| begins.then(|| self.words.get(format!("{before} {word}").as_str())).flatten();
                let pairs = [pair(&base), (base != word).then(|| pair(word)).flatten()];
                for uses in plain.into_iter().chain(singular).chain(pairs.into_iter().flatten()).chain(self.parts(word))
                {
                    said.add(uses, place <= things_until, place <= unless_until);
                }
            }
            before = base;
        }
        said
    }

    /// What is known of the parts of a word in a script without blanks.
    fn parts(&self, word: &str) -> impl Iterator<Item = &Uses> {
        parts(word).filter_map(|part| self.words.get(part))
    }
}

/// How words are read.
struct Reading {
    /// How far in front the verb has to be.
    verb_within: usize,
    /// How far behind it a thing may be.
    thing_within: usize,
    /// Whether verbs have endings.
    bent: bool,
}

/// What a name or a clause says.
struct Said<'d> {
    /// The kinds of its first verb, which is what it does.
    verb: Option<&'d [usize]>,
    /// For each deed, whether a thing of it is there.
    things: Vec<bool>,
    /// For each deed, whether a word is there that makes something else of it.
    unless: Vec<bool>,
}

impl Said<'_> {
    fn add(&mut self, uses: &Uses, things: bool, unless: bool) {
        if things {
            uses.thing.iter().for_each(|deed| self.things[*deed] = true);
        }
        if unless {
            uses.unless.iter().for_each(|deed| self.unless[*deed] = true);
        }
    }

    fn says_something(&self) -> bool {
        self.verb.is_some()
    }

    fn verb(&self) -> &[usize] {
        self.verb.unwrap_or_default()
    }
}

/// Words of verbs and deeds that nothing can match, each with what it belongs to.
pub(super) fn unmatched(packs: &Packs) -> Vec<(&str, &str)> {
    let verbs = packs.packs().iter().flat_map(|pack| &pack.verbs);
    let verbs = verbs.flat_map(|verb| verb.words.iter().map(|word| (verb.kind.as_str(), word.as_str(), 1)));
    let deeds = packs.packs().iter().flat_map(|pack| &pack.deeds);
    let deeds = deeds
        .flat_map(|deed| deed.things.iter().chain(&deed.unless).map(|word| (deed.about.as_str(), word.as_str(), 2)));
    let matches = |word: &str, most: usize| {
        let words: Vec<&str> = word.split(' ').collect();
        let first = words.len() == 1 || base(words[0]) == words[0];
        words.len() <= most && first && words.iter().all(|word| split(word).len() == 1) && word == word.to_lowercase()
    };
    verbs.chain(deeds).filter(|(_, word, most)| !matches(word, *most)).map(|(owner, word, _)| (owner, word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a tool can do, by the built-in packs.
    fn gives(name: &str, description: &str, parameters: &[&str]) -> Vec<Capability> {
        use Capability::{ChangesThings, DestroysThings, OpenWorld, PrivateData, RunsCode, UntrustedInput, WayOut};
        let packs = Packs::built_in().unwrap();
        let tool = Described { name, description, parameters: parameters.to_vec(), ..Described::default() };
        let abilities = Deeds::new(&packs).of(&tool);
        let all = [UntrustedInput, PrivateData, WayOut, RunsCode, ChangesThings, DestroysThings, OpenWorld];
        all.into_iter().filter(|capability| abilities.get(*capability).is_some()).collect()
    }

    #[test]
    fn what_tools_can_do() {
        use Capability::{ChangesThings, DestroysThings, OpenWorld, PrivateData, RunsCode, UntrustedInput, WayOut};
        let page: &[Capability] = &[UntrustedInput, WayOut, OpenWorld];
        for (name, description, parameters, expected) in [
            ("fetch", "Fetches a URL.", &["url"][..], page),
            ("puppeteer_navigate", "", &["url"], page),
            ("read_page", "Reads a web page.", &["pageUrl"], page),
            ("fetch", "Fetches the rows.", &["key"], &[]),
            ("fetch_rows", "Fetches rows.", &["table"], &[PrivateData]),
            ("get_product", "Gets a product.", &["url"], &[]),
            ("brave_web_search", "", &["query"], &[UntrustedInput, OpenWorld]),
            ("google_drive_search", "Searches files of Google Drive.", &["query"], &[PrivateData]),
            ("read_file", "", &["path"], &[PrivateData]),
            ("leer", "Lee un archivo.", &["ruta"], &[PrivateData]),
            ("file_types", "Types of files.", &[], &[]),
            ("gmail_search", "Search e-mails.", &[], &[UntrustedInput, PrivateData]),
            ("search_by_email", "Finds a company.", &[], &[]),
            ("sendEmail", "", &["to"], &[WayOut, ChangesThings]),
            ("mail-tool", "发送邮件给任何人", &[], &[WayOut, ChangesThings]),
            ("create_draft_email", "Creates a draft.", &["to"], &[]),
            ("mark_email_read", "Marks mail as read.", &[], &[]),
            ("shell_exec", "Executes a command.", &["command"], &[PrivateData, WayOut, RunsCode, ChangesThings]),
            ("start_process", "Starts a process.", &["command"], &[PrivateData, WayOut, RunsCode, ChangesThings]),
            ("tool", "메일을 보내기", &[], &[]),
            ("tool", "이메일을 보내는 도구", &[], &[WayOut, ChangesThings]),
            ("list_issues", "Lists issues of a project with filters and options.", &[], &[UntrustedInput]),
            ("find", "Runs a find query on a collection.", &["filter"], &[PrivateData]),
            ("run_code", "Runs code in a sandbox.", &["code"], &[]),
            ("delete_branch", "Deletes a branch.", &[], &[ChangesThings, DestroysThings]),
            ("posts", "Posts of a page on Facebook.", &[], &[]),
            ("get_posts", "Posts of a page on Facebook.", &[], &[]),
            ("", "", &[], &[]),
        ] {
            assert_eq!(gives(name, description, parameters), expected, "{name}: {description}");
        }
    }

    #[test]
    fn a_hint_settles_what_is_unsure() {
        let packs = Packs::built_in().unwrap();
        let deeds = Deeds::new(&packs);
        let sends = |name, read_only| {
            let tool = Described { name, description: "Sends an e-mail.", read_only, ..Described::default() };
            deeds.of(&tool).get(Capability::WayOut).is_some()
        };
        assert!(sends("letter", None) && !sends("letter", Some(true)), "only its description says it");
        assert!(sends("send_letter", Some(true)), "nobody has to believe a hint");
    }
}

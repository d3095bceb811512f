//! Pack `shadowing`: servers of one client that get in each other's way.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet};
use unicode_security::confusable_detection::skeleton;

use super::super::readings::Readings;
use super::super::texts::{FEWEST_CATALOGS, Scene, finding};
use crate::connect::Catalog;
use crate::document::{Node, Sources};
use crate::finding::Finding;
use crate::parallel;
use crate::rules::{Packs, Role, TextEngine};
use crate::surface::{self, Text, texts};
use crate::text::normalise;

/// Judges the servers of each client together; servers of no client are all together.
pub(in crate::judge) fn shadowing<'c>(
    catalogs: &'c [Catalog],
    sources: &'c Sources,
    packs: &Packs,
    engine: &TextEngine,
    readings: &Readings<'_, 'c>,
    findings: &mut Vec<Finding>,
) {
    for servers in groups(catalogs) {
        let scenes: Vec<Scene<'c>> =
            servers.into_iter().map(|server| Scene { catalog: &catalogs[server], sources }).collect();
        let mut group = Group { scenes: &scenes, packs, engine, readings, findings };
        group.same_names();
        group.look_alikes();
        group.orders_about_others();
        group.clones();
    }
}

/// The servers that some client has together, by their places. Clients that have the same ones, or fewer, say nothing new.
fn groups(catalogs: &[Catalog]) -> Vec<Vec<usize>> {
    let mut clients: BTreeMap<Option<&str>, BTreeSet<usize>> = BTreeMap::new();
    for (place, catalog) in catalogs.iter().enumerate() {
        let also = catalog.also.iter().map(|client| Some(client.as_str()));
        for client in also.chain([catalog.client.as_deref()]) {
            clients.entry(client).or_default().insert(place);
        }
    }
    let all: BTreeSet<BTreeSet<usize>> = clients.into_values().filter(|servers| servers.len() > 1).collect();
    let more = |servers: &BTreeSet<usize>| {
        // Most runs have hundreds of clients only where a list names each server's own, with one group of one or two.
        all.len() < 64 && all.iter().any(|other| other.len() > servers.len() && servers.is_subset(other))
    };
    all.iter().filter(|servers| !more(servers)).map(|servers| servers.iter().copied().collect()).collect()
}

/// Two servers that share more names than this are told once for the rest: most often they are one server twice.
const MOST_SAME: usize = 20;

struct Group<'a, 'c> {
    scenes: &'a [Scene<'c>],
    packs: &'a Packs,
    engine: &'a TextEngine,
    readings: &'a Readings<'a, 'c>,
    findings: &'a mut Vec<Finding>,
}

/// A tool's name and the server it belongs to.
struct Tool<'a> {
    server: usize,
    item: &'a Node,
    name: &'a str,
    text: Text<'a>,
}

impl<'c> Group<'_, 'c> {
    fn tools(&self) -> Vec<Tool<'c>> {
        self.named("tools")
    }

    /// The items of one list of all servers, each with what it is known by.
    fn named(&self, wanted: &'static str) -> Vec<Tool<'c>> {
        let scenes = self.scenes;
        // A resource is known by its address; its name is for people.
        let field = match wanted {
            "resources" => "uri",
            "resourceTemplates" => "uriTemplate",
            _ => "name",
        };
        scenes
            .iter()
            .enumerate()
            .flat_map(|(server, scene)| {
                let catalog: &'c Catalog = scene.catalog;
                let lists = catalog.lists().into_iter().filter(move |(list, _)| *list == wanted);
                lists.flat_map(|(_, items)| items).filter_map(move |item| {
                    let node = item.get(field)?;
                    let name = node.as_str()?;
                    let text = Text {
                        text: name,
                        role: if field == "name" { Role::Name } else { Role::Uri },
                        list: wanted,
                        item: Some(surface::name(item).unwrap_or(name)),
                        field: field.to_owned(),
                        span: node.span,
                    };
                    Some(Tool { server, item, name, text })
                })
            })
            .collect()
    }

    fn add(&mut self, rule: &str, tool: &Tool<'_>, other: &Tool<'_>) {
        self.add_with(rule, tool, other, &[]);
    }

    fn add_with(&mut self, rule: &str, tool: &Tool<'_>, other: &Tool<'_>, more: &[(&'static str, &str)]) {
        let Some(rule) = self.packs.rule(rule) else { return };
        let (scene, others) = (&self.scenes[tool.server], &self.scenes[other.server]);
        let draft = more
            .iter()
            .fold(finding(rule, &tool.text, scene, 0..tool.name.len()), |draft, (name, value)| draft.with(name, *value))
            .related(
                others.place(&other.text, 0..other.name.len()),
                format!("`{}` of `{}`", other.name, others.catalog.server),
            )
            .path([scene.subject(tool.text.item, ""), others.subject(other.text.item, "")])
            .with("other-tool", other.name.to_owned())
            .with("other-server", others.catalog.server.clone());
        self.findings.push(draft.build());
    }

    /// One name, two servers: which of them the model calls, or the user picks, is chance.
    fn same_names(&mut self) {
        for (list, kind) in
            [("tools", "tool"), ("prompts", "prompt"), ("resources", "resource"), ("resourceTemplates", "template")]
        {
            self.same_names_of(list, kind);
        }
    }

    fn same_names_of(&mut self, list: &'static str, kind: &str) {
        let tools = self.named(list);
        let mut first: HashMap<String, &Tool<'_>> = HashMap::default();
        let mut pairs: BTreeMap<(usize, usize), Vec<(&Tool<'_>, &Tool<'_>)>> = BTreeMap::new();
        for tool in &tools {
            // Addresses that differ in case lead to different places.
            let key =
                if kind == "tool" || kind == "prompt" { tool.name.trim().to_lowercase() } else { tool.name.to_owned() };
            match first.get(&key) {
                Some(known) if known.server != tool.server => {
                    pairs.entry((tool.server, known.server)).or_default().push((tool, known));
                }
                Some(_) => {}
                None => {
                    first.insert(key, tool);
                }
            }
        }
        for same in pairs.into_values() {
            let beyond = same.len().saturating_sub(MOST_SAME);
            for (place, (tool, known)) in same.into_iter().take(MOST_SAME).enumerate() {
                let last = place + 1 == MOST_SAME && beyond > 0;
                let more = if last { format!(", as have {beyond} more of its {kind}s") } else { String::new() };
                let what = if kind == "tool" || kind == "prompt" { "name" } else { "address" };
                self.add_with("shadowing/same-name", tool, known, &[("kind", kind), ("what", what), ("more", &more)]);
            }
        }
    }

    /// Names that look the same and are not.
    fn look_alikes(&mut self) {
        let tools = self.tools();
        // Only a name with letters of another script imitates one without, and most lists have no such name.
        let foreign = tools.iter().any(|tool| !tool.name.is_ascii());
        let mut by_skeleton: HashMap<String, Vec<&Tool<'_>>> = HashMap::default();
        for tool in tools.iter().filter(|tool| foreign && tool.name.is_ascii()) {
            by_skeleton.entry(folded(tool.name)).or_default().push(tool);
        }
        let hasher = RandomState::default();
        let mut by_mark: HashMap<u64, Vec<usize>> = HashMap::default();
        for (place, tool) in tools.iter().enumerate() {
            if !tool.name.is_ascii() {
                let alike = by_skeleton.get(&folded(tool.name)).into_iter().flatten();
                let mut alike = alike.filter(|other| other.server != tool.server);
                if let Some(other) = alike.find(|other| other.name.to_lowercase() != tool.name.to_lowercase()) {
                    self.add("shadowing/look-alike-name", tool, other);
                    continue;
                }
            }
            if !(SHORTEST_TYPO..=LONGEST_TYPO).contains(&tool.name.len()) {
                continue;
            }
            // Two names one slip apart share what is left without one of their letters; so only those are compared.
            let marks = without_one_letter(&tool.name.to_lowercase(), &hasher);
            let near = marks.iter().filter_map(|mark| by_mark.get(mark)).flatten().map(|other: &usize| &tools[*other]);
            let typo = near.filter(|other| other.server != tool.server).find(|other| is_typo(tool.name, other.name));
            let found = typo.is_some();
            if let Some(other) = typo {
                self.add("shadowing/near-name", tool, other);
            }
            for mark in marks.into_iter().filter(|_| !found) {
                let others = by_mark.entry(mark).or_default();
                if others.len() < MOST_ALIKE {
                    others.push(place);
                }
            }
        }
    }

    /// A text that says how another server's tool is to be used.
    fn orders_about_others(&mut self) {
        let Some(rule) = self.packs.rule("shadowing/order-about-other-tool") else { return };
        let tools = self.tools();
        let mut owners: HashMap<String, HashSet<usize>> = HashMap::default();
        for tool in &tools {
            if is_distinctive(tool.name) {
                owners.entry(tool.name.to_lowercase()).or_default().insert(tool.server);
            }
        }
        let mut names: Vec<&String> = owners.keys().collect();
        names.sort();
        // Most servers say nothing of the kind, and looking for thousands of names takes longer than to know that.
        let matcher = OnceLock::new();
        let build = || AhoCorasickBuilder::new().ascii_case_insensitive(true).build(&names).ok();
        let numbered: Vec<(usize, &Scene<'c>)> = self.scenes.iter().enumerate().collect();
        let own = |(server, scene): &(usize, &Scene<'c>)| {
            let mut found = Vec::new();
            let mut reported: HashSet<(Option<&str>, &str)> = HashSet::default();
            let all = texts(scene.catalog);
            for text in all.iter().filter(|text| text.role.is_prose() && self.may_steer(text.text)) {
                let Some(matcher) = matcher.get_or_init(build) else { break };
                for (name, range) in mentions(matcher, &names, text.text) {
                    let others = &owners[name];
                    if others.contains(server) || reported.contains(&(text.item, name)) {
                        continue;
                    }
                    let sentence = surroundings(text.text, &range);
                    let normalised = normalise(&text.text[sentence.clone()]);
                    let hits = self.engine.hits(&normalised.text);
                    let Some(strength) = self.engine.steering(&normalised.text, &hits) else { continue };
                    let Some(owner) = others.iter().min() else { continue };
                    reported.insert((text.item, name));
                    let draft = finding(rule, text, scene, sentence)
                        .severity(strength.severity(rule))
                        .with("other-tool", name.to_owned())
                        .with("other-server", self.scenes[*owner].catalog.server.clone());
                    found.push(draft.build());
                }
            }
            found
        };
        let found = parallel::over(&numbered, FEWEST_CATALOGS, |some| some.iter().flat_map(own).collect());
        self.findings.extend(found);
    }

    /// Whether a text may steer at all. Of a part of it that may be so only if it is so of the whole.
    fn may_steer(&self, text: &'c str) -> bool {
        self.readings.of(text).is_some_and(|reading| self.engine.may_steer(&reading.hits))
    }
}

/// How many words of a description are compared.
const COMPARED_WORDS: usize = 60;
/// Fewer tools are read before another thread would have begun.
const FEWEST_TOOLS: usize = 64;
/// A run of words that more tools share than this says nothing about any of them.
const COMMON: usize = 24;

/// What a tool is, apart from how its name is spelled and dressed up.
struct Likeness {
    /// The words of its name without decoration.
    core: String,
    /// Runs of three words of its description, by their hashes, each once.
    runs: Vec<u64>,
    /// Whether it says of itself that it is better than others.
    boasts: bool,
}

impl Likeness {
    fn of<'c>(tool: &Tool<'c>, readings: &Readings<'_, 'c>, hasher: &RandomState) -> Self {
        let said = tool.item.get("description").and_then(Node::as_str).unwrap_or_default();
        let description = normalise(said).text;
        let words: Vec<&str> = description
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .take(COMPARED_WORDS)
            .collect();
        let boasts = readings.says(said, "praise") || readings.says(tool.name, "decorated-name");
        let mut runs: Vec<u64> = words.windows(3).map(|run| hasher.hash_one(run)).collect();
        runs.sort_unstable();
        runs.dedup();
        Self { core: core(tool.name), runs, boasts }
    }

    /// Whether this one copies the other, which shares that many runs of words with it.
    fn copies(&self, other: &Self, shared: usize) -> bool {
        // Of the shorter description: most of it, or a good part of it.
        let least = self.runs.len().min(other.runs.len());
        let (most, part) = (shared >= 4 && shared * 10 >= least * 4, shared >= 3 && shared * 20 >= least * 3);
        let louder = self.boasts && !other.boasts;
        let same = !self.core.is_empty() && self.core == other.core;
        let within = |few: &str, many: &str| {
            !few.is_empty() && few.split(' ').all(|word| many.split(' ').any(|other| other == word))
        };
        let related = within(&self.core, &other.core) || within(&other.core, &self.core);
        same && (most || louder) || related && shared >= 6 && shared * 10 >= least * 5 || louder && part
    }
}

impl Group<'_, '_> {
    /// Tools that say what another server's tool says, under a changed name.
    fn clones(&mut self) {
        let tools = self.tools();
        let hasher = RandomState::default();
        let likenesses: Vec<Likeness> = parallel::over(&tools, FEWEST_TOOLS, |tools| {
            tools.iter().map(|tool| Likeness::of(tool, self.readings, &hasher)).collect()
        });
        let mut having: HashMap<u64, Vec<usize>> = HashMap::default();
        let mut named: HashMap<&str, Vec<usize>> = HashMap::default();
        for (number, likeness) in likenesses.iter().enumerate() {
            named.entry(&likeness.core).or_default().push(number);
            for run in &likeness.runs {
                having.entry(*run).or_default().push(number);
            }
        }
        let mut names: Vec<HashSet<&str>> = vec![HashSet::default(); self.scenes.len()];
        for tool in &tools {
            names[tool.server].insert(tool.name);
        }
        for (number, tool) in tools.iter().enumerate() {
            let mine = &likenesses[number];
            let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
            for other in named.get(mine.core.as_str()).into_iter().flatten().take(COMMON) {
                shared.entry(*other).or_default();
            }
            for others in mine.runs.iter().filter_map(|run| having.get(run)).filter(|others| others.len() <= COMMON) {
                for other in others {
                    *shared.entry(*other).or_default() += 1;
                }
            }
            let original = shared.into_iter().find(|(other, shared)| {
                let theirs = &tools[*other];
                // Where both servers have both names, they are two versions of one server.
                let both = names[theirs.server].contains(tool.name) || names[tool.server].contains(theirs.name);
                theirs.server != tool.server
                    && !both
                    && mine.copies(&likenesses[*other], *shared)
                    // Of two that are alike, the one with more in its name is the copy, or else the later one.
                    && (mine.boasts && !likenesses[*other].boasts
                        || tool.name.len() > theirs.name.len()
                        || tool.name.len() == theirs.name.len() && number > *other)
            });
            if let Some((other, _)) = original {
                self.add("shadowing/clone", tool, &tools[other]);
            }
        }
    }
}

/// The words of a name without those that only dress it up.
fn core(name: &str) -> String {
    const DRESS: &[&str] = &[
        "a",
        "an",
        "the",
        "best",
        "better",
        "enhanced",
        "premium",
        "pro",
        "plus",
        "advanced",
        "ultimate",
        "superior",
        "secure",
        "improved",
        "official",
        "elite",
        "trusted",
        "preferred",
        "new",
        "fast",
        "smart",
        "tool",
        "copy",
        "alt",
        "v",
        "x",
        "real",
        "safe",
        "master",
        "super",
    ];
    let mut words: Vec<String> = Vec::new();
    let mut lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            words.push(String::new());
        } else {
            if c.is_uppercase() && lower || words.is_empty() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        lower = c.is_lowercase();
    }
    let version = |word: &str| word.strip_prefix('v').unwrap_or(word).bytes().all(|b| b.is_ascii_digit());
    words.retain(|word| !word.is_empty() && !version(word) && !DRESS.contains(&word.as_str()));
    words.join(" ")
}

/// Whole words among the names, in a text.
fn mentions<'n>(matcher: &AhoCorasick, names: &[&'n String], text: &str) -> Vec<(&'n str, std::ops::Range<usize>)> {
    let bytes = text.as_bytes();
    let part_of_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    matcher
        .find_overlapping_iter(text)
        .filter(|found| {
            !part_of_word(found.start().checked_sub(1).and_then(|at| bytes.get(at)))
                && !part_of_word(bytes.get(found.end()))
        })
        .map(|found| (names[found.pattern().as_usize()].as_str(), found.range()))
        .collect()
}

/// The sentence around a mention, and the one before and behind it in the same paragraph, within bounds.
fn surroundings(text: &str, range: &std::ops::Range<usize>) -> std::ops::Range<usize> {
    const AROUND: usize = 160;
    let mut start = range.start.saturating_sub(AROUND);
    let mut end = (range.end + AROUND).min(text.len());
    if let Some(at) = text.as_bytes()[start..range.start].windows(2).rposition(|pair| pair == b"\n\n") {
        start += at + 2;
    }
    if let Some(at) = text.as_bytes()[range.end..end].windows(2).position(|pair| pair == b"\n\n") {
        end = range.end + at;
    }
    while !text.is_char_boundary(start) {
        start += 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    start..end
}

/// Names that no sentence holds by chance: `send_email`, not `search`.
fn is_distinctive(name: &str) -> bool {
    let inner_capital = name.chars().skip(1).any(char::is_uppercase) && name.chars().any(char::is_lowercase);
    name.len() >= 6 && (name.contains(['_', '-', '.']) || inner_capital)
}

/// Letters by their shape.
fn folded(name: &str) -> String {
    skeleton(&name.to_lowercase()).collect()
}

/// Shorter names are one letter apart by chance.
const SHORTEST_TYPO: usize = 10;
/// Longer ones are sentences.
const LONGEST_TYPO: usize = 128;
/// Names that share a mark; more of them are a family, not an imitation.
const MOST_ALIKE: usize = 16;

/// Hashes of a name and of what is left of it without each of its letters.
fn without_one_letter(name: &str, hasher: &RandomState) -> Vec<u64> {
    let hash = |letters: &mut dyn Iterator<Item = char>| {
        let mut hasher = hasher.build_hasher();
        letters.for_each(|c| c.hash(&mut hasher));
        hasher.finish()
    };
    let letters: Vec<char> = name.chars().collect();
    let shorter = (0..letters.len())
        .map(|gone| hash(&mut letters.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, c)| *c)));
    shorter.chain([hash(&mut letters.iter().copied())]).collect()
}

/// One slip of the finger apart, in names long enough for that to mean something. Plurals and numbers are no slips.
fn is_typo(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    if a == b || a.len().min(b.len()) < SHORTEST_TYPO || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let plural = a.strip_suffix('s') == Some(&b) || b.strip_suffix('s') == Some(&a);
    // A letter more inside a word is how a plural looks in `list_items_by_id`, too.
    let parts =
        |name: &str| name.split(['_', '-', '.']).map(|part| part.trim_end_matches('s').to_owned()).collect::<Vec<_>>();
    let letters =
        |name: &str| name.chars().filter(|c| !c.is_ascii_digit() && !matches!(c, '_' | '-' | '.')).collect::<String>();
    !plural && parts(&a) != parts(&b) && letters(&a) != letters(&b) && strsim::osa_distance(&a, &b) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_words() {
        assert!(is_typo("playwrigth_open", "playwright_open") && is_typo("send_mesage_now", "send_message_now"));
        for (a, b) in [
            ("list_item_ids", "list_items_ids"),
            ("get_user_v1x", "get_user_v2x"),
            ("read_file", "load_file"),
            ("create_issue", "create_issues"),
            ("list_issues_a", "list_issuesa"),
        ] {
            assert!(!is_typo(a, b), "{a} {b}");
        }
    }

    #[test]
    fn names_without_their_dress() {
        for name in ["search_items", "Search_Items", "searchItems_v2", "the_best_search-items", "SearchItems"] {
            assert_eq!(core(name), "search items", "{name}");
        }
        assert_eq!(core("best_tool_v1"), "");
    }

    #[test]
    fn words_that_are_no_evidence() {
        for name in ["search", "canvas", "think", "fetch", "Search"] {
            assert!(!is_distinctive(name), "{name}");
        }
        for name in ["send_email", "sendEmail", "browser-open"] {
            assert!(is_distinctive(name), "{name}");
        }
    }
}

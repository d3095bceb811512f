//! Pack `shadowing`: servers of one client that get in each other's way.

use std::collections::{BTreeMap, HashMap, HashSet};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use unicode_security::confusable_detection::skeleton;

use super::super::texts::{Origins, Scene, finding};
use crate::connect::Catalog;
use crate::document::Sources;
use crate::finding::Finding;
use crate::rules::{Packs, Role, TextEngine};
use crate::surface::{Text, texts};
use crate::text::normalise;

/// Judges the servers of each client together; servers of no client are all together.
pub(in crate::judge) fn shadowing(
    catalogs: &[Catalog],
    origins: &Origins,
    sources: &Sources,
    packs: &Packs,
    engine: &TextEngine,
    findings: &mut Vec<Finding>,
) {
    let mut clients: BTreeMap<Option<&str>, Vec<&Catalog>> = BTreeMap::new();
    for catalog in catalogs {
        clients.entry(catalog.client.as_deref()).or_default().push(catalog);
    }
    for servers in clients.into_values().filter(|servers| servers.len() > 1) {
        let scenes: Vec<Scene<'_>> = servers.iter().map(|catalog| Scene { catalog, origins, sources }).collect();
        let mut group = Group { scenes: &scenes, packs, engine, findings };
        group.same_names();
        group.look_alikes();
        group.orders_about_others();
    }
}

struct Group<'a> {
    scenes: &'a [Scene<'a>],
    packs: &'a Packs,
    engine: &'a TextEngine,
    findings: &'a mut Vec<Finding>,
}

/// A tool's name and the server it belongs to.
struct Tool<'a> {
    server: usize,
    name: &'a str,
    text: Text<'a>,
}

impl<'a> Group<'a> {
    fn tools(&self) -> Vec<Tool<'a>> {
        let scenes = self.scenes;
        scenes
            .iter()
            .enumerate()
            .flat_map(|(server, scene)| {
                scene.catalog.tools.iter().filter_map(move |tool| {
                    let node = tool.get("name")?;
                    let name = node.as_str()?;
                    let text = Text {
                        text: name,
                        role: Role::Name,
                        list: "tools",
                        item: Some(name),
                        field: "name".to_owned(),
                        span: node.span,
                    };
                    Some(Tool { server, name, text })
                })
            })
            .collect()
    }

    fn add(&mut self, rule: &str, tool: &Tool<'_>, other: &Tool<'_>) {
        let Some(rule) = self.packs.rule(rule) else { return };
        let (scene, others) = (&self.scenes[tool.server], &self.scenes[other.server]);
        let draft = finding(rule, &tool.text, scene, 0..tool.name.len())
            .related(
                others.place(&other.text, 0..other.name.len()),
                format!("`{}` of `{}`", other.name, others.catalog.server),
            )
            .with("other-tool", other.name.to_owned())
            .with("other-server", others.catalog.server.clone());
        self.findings.push(draft.build());
    }

    /// One name, two servers: which of them the model calls is chance.
    fn same_names(&mut self) {
        let tools = self.tools();
        let mut first: HashMap<String, &Tool<'_>> = HashMap::new();
        for tool in &tools {
            let key = tool.name.trim().to_lowercase();
            match first.get(&key) {
                Some(known) if known.server != tool.server => self.add("shadowing/same-name", tool, known),
                Some(_) => {}
                None => {
                    first.insert(key, tool);
                }
            }
        }
    }

    /// Names that look the same and are not.
    fn look_alikes(&mut self) {
        let tools = self.tools();
        let mut by_skeleton: HashMap<String, Vec<&Tool<'_>>> = HashMap::new();
        for tool in &tools {
            by_skeleton.entry(folded(tool.name)).or_default().push(tool);
        }
        for (place, tool) in tools.iter().enumerate() {
            let alike = by_skeleton.get(&folded(tool.name)).into_iter().flatten();
            let spelled = alike
                .filter(|other| other.server != tool.server && other.name.to_lowercase() != tool.name.to_lowercase());
            // The one with letters of another script imitates the one without.
            if let Some(other) = spelled.filter(|other| other.name.is_ascii()).find(|_| !tool.name.is_ascii()) {
                self.add("shadowing/look-alike-name", tool, other);
                continue;
            }
            let typo =
                tools[..place].iter().find(|other| other.server != tool.server && is_typo(tool.name, other.name));
            if let Some(other) = typo {
                self.add("shadowing/near-name", tool, other);
            }
        }
    }

    /// A text that says how another server's tool is to be used.
    fn orders_about_others(&mut self) {
        let Some(rule) = self.packs.rule("shadowing/order-about-other-tool") else { return };
        let tools = self.tools();
        let mut owners: HashMap<String, HashSet<usize>> = HashMap::new();
        for tool in &tools {
            if is_distinctive(tool.name) {
                owners.entry(tool.name.to_lowercase()).or_default().insert(tool.server);
            }
        }
        let mut names: Vec<&String> = owners.keys().collect();
        names.sort();
        let Ok(matcher) = AhoCorasickBuilder::new().ascii_case_insensitive(true).build(&names) else { return };
        for (server, scene) in self.scenes.iter().enumerate() {
            let mut reported: HashSet<(Option<&str>, &str)> = HashSet::new();
            for text in texts(scene.catalog).iter().filter(|text| text.role.is_prose()) {
                for (name, range) in mentions(&matcher, &names, text.text) {
                    let others = &owners[name];
                    if others.contains(&server) || reported.contains(&(text.item, name)) {
                        continue;
                    }
                    let sentence = surroundings(text.text, &range);
                    let normalised = normalise(&text.text[sentence.clone()]);
                    let hits = self.engine.hits(&normalised.text);
                    let Some(strength) = self.engine.steering(&hits) else { continue };
                    let Some(owner) = others.iter().min() else { continue };
                    reported.insert((text.item, name));
                    let draft = finding(rule, text, scene, sentence)
                        .severity(strength.severity(rule))
                        .with("other-tool", name.to_owned())
                        .with("other-server", self.scenes[*owner].catalog.server.clone());
                    self.findings.push(draft.build());
                }
            }
        }
    }
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

/// One slip of the finger apart, in names long enough for that to mean something. Plurals and numbers are no slips.
fn is_typo(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    if a == b || a.len().min(b.len()) < 10 || a.len().abs_diff(b.len()) > 1 {
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
    fn words_that_are_no_evidence() {
        for name in ["search", "canvas", "think", "fetch", "Search"] {
            assert!(!is_distinctive(name), "{name}");
        }
        for name in ["send_email", "sendEmail", "browser-open"] {
            assert!(is_distinctive(name), "{name}");
        }
    }
}

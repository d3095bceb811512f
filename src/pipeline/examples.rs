//! Runs the examples of rules through the whole judge.

use super::Tables;
use crate::config;
use crate::connect;
use crate::discover::{ConfigFile, Reader, Scope};
use crate::document::{Source, Sources};
use crate::finding::Finding;
use crate::judge;
use crate::launch;
use crate::rules::{Example, Judges, Problem, TextEngine, check};
use crate::settings::{Allowed, File, Origin};
use crate::surroundings::{Around, Git, Readers};

/// What testing gave.
pub struct Report {
    /// How many rules.
    pub rules: usize,
    /// How many examples were judged.
    pub examples: usize,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Checks every rule and judges its examples: a true one must be found by its rule, a false one must not, and no
/// sentence of a finding may have a gap left.
pub fn test(tables: &Tables) -> Report {
    let (mut problems, examples) = check(&tables.packs);
    let engine = TextEngine::new(&tables.packs);
    for example in &examples {
        let findings = match judge(example, tables, &engine) {
            Ok(findings) => findings,
            Err(message) => {
                problems.push(Problem { rule: example.rule.to_owned(), message });
                continue;
            }
        };
        let own: Vec<&Finding> = findings.iter().filter(|finding| finding.rule.as_str() == example.rule).collect();
        if own.is_empty() == example.expected {
            let what = if example.expected { "does not find its true example" } else { "finds its false example" };
            problems.push(Problem { rule: example.rule.to_owned(), message: format!("{what} {}", example.text) });
        }
        for finding in own {
            for sentence in [&finding.message, &finding.help] {
                // A value may hold braces of its own.
                if gaps(sentence).any(|gap| !example.text.contains(gap)) {
                    problems.push(Problem {
                        rule: example.rule.to_owned(),
                        message: format!("leaves a gap in: {sentence}"),
                    });
                }
            }
        }
    }
    Report { rules: tables.packs.rules().count(), examples: examples.len(), problems }
}

/// What stands in braces like a particular of a template.
fn gaps(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.match_indices('{').filter_map(|(open, _)| {
        let rest = &sentence[open..];
        let gap = &rest[..=rest.find('}')?];
        let name = &gap[1..gap.len() - 1];
        (!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')).then_some(gap)
    })
}

/// Whether an example of a server entry is a file of its own: what it shows stands beside the servers.
fn is_whole_file(text: &str) -> bool {
    text.starts_with('@')
        || serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value.get("mcpServers").is_some())
}

/// A file of a certain client: `@claude-desktop name.json` on the first line, and the file below. Behind the name there may
/// stand what is around the file, since examples have no disk: `tracked mode=644`, `needs=acme` of the
/// scripts it starts, `open` of programs that everybody can change, `allow=package:@acme/*` of the servers that settings
/// allow, with commas between.
fn of_client<'e>(text: &'e str, tables: &Tables) -> Result<Option<Given<'e>>, String> {
    let Some((head, text)) = text.strip_prefix('@').and_then(|text| text.split_once('\n')) else { return Ok(None) };
    let mut words = head.split_whitespace();
    let id = words.next().unwrap_or_default();
    let name = words.next().unwrap_or("example.json");
    let client = tables.clients.get(id).ok_or_else(|| format!("its example is of no known client: {id}"))?;
    let keys = client.locations.iter().flat_map(|location| location.keys.iter().cloned()).collect();
    let reader = Reader {
        client: id.to_owned(),
        scope: Scope::Project,
        keys,
        expands: client.expands.clone(),
        fallback: client.fallback,
    };
    let (needs, words): (Vec<&str>, Vec<&str>) = words.partition(|word| word.starts_with("needs="));
    let needs = needs.iter().flat_map(|word| word["needs=".len()..].split(',')).map(str::to_owned).collect();
    let (allow, words): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| word.starts_with("allow="));
    let allowed = allow.first().map(|word| allowed(&word["allow=".len()..])).transpose()?;
    let (open, words): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| *word == "open");
    let (around, open) = (around(words.into_iter())?, !open.is_empty());
    Ok(Some(Given { reader, name, text: text.to_owned(), around, needs, open, allowed }))
}

/// One file of an example.
struct Given<'e> {
    reader: Reader,
    name: &'e str,
    text: String,
    around: Around,
    /// What the scripts that it starts say they need.
    needs: Vec<String>,
    /// Whether everybody can change the programs that it starts.
    open: bool,
    /// The only servers that settings allow.
    allowed: Option<Allowed>,
}

/// A list of allowed servers, written as in an example.
fn allowed(list: &str) -> Result<Allowed, String> {
    let entry = |one: &str| one.split_once(':').map(|(key, value)| format!("[[allow]]\n{key} = '{value}'\n"));
    let text: Option<String> = list.split(',').map(entry).collect();
    let text = text.ok_or_else(|| format!("its example allows what says nothing: {list}"))?;
    let file = File::parse(".mcpscan.toml", &text, Origin::Project, Default::default());
    let file = file.map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    file.allowed.ok_or_else(|| "its example allows nothing".to_owned())
}

/// What the words say is around the file; without any nothing is known of it.
fn around<'e>(words: impl Iterator<Item = &'e str>) -> Result<Around, String> {
    let mut around = Around { git: Git::Unknown, at_home: false, readers: None };
    for word in words {
        match word {
            "tracked" => around.git = Git::Tracked,
            "ignored" => around.git = Git::Ignored,
            "untracked" => around.git = Git::Untracked,
            "home" => (around.git, around.at_home) = (Git::Outside, true),
            _ => {
                let mode = word.strip_prefix("mode=").and_then(|mode| u32::from_str_radix(mode, 8).ok());
                let mode = mode.ok_or_else(|| format!("its example has a word that says nothing of a file: {word}"))?;
                around.readers = Some((Readers::of_mode(mode), mode));
            }
        }
    }
    Ok(around)
}

/// An entry of an example stands in a project of Cursor.
pub(super) fn reader() -> Reader {
    Reader {
        client: "cursor".to_owned(),
        scope: Scope::Project,
        keys: vec!["mcpServers".to_owned()],
        expands: None,
        fallback: false,
    }
}

fn judge(example: &Example<'_>, tables: &Tables, engine: &TextEngine) -> Result<Vec<Finding>, String> {
    let mut sources = Sources::default();
    if let Some(pair) = example.text.strip_prefix("@lock\n") {
        let (before, now) = pair.split_once('\n').ok_or("its example shows nothing after the lock")?;
        return super::locked::example(before, now, tables);
    }
    match example.judges {
        Judges::Entries => {
            let whole = is_whole_file(&example.text);
            let own = |text| {
                Ok::<_, String>(Given {
                    reader: reader(),
                    name: "example.json",
                    text,
                    around: around([].into_iter())?,
                    needs: Vec::new(),
                    open: false,
                    allowed: None,
                })
            };
            let Given { reader, name, text, around, needs, open, allowed } = match of_client(&example.text, tables)? {
                Some(given) => given,
                None if whole => own(example.text.clone())?,
                None => own(format!(r#"{{"mcpServers": {{"example": {}}}}}"#, example.text))?,
            };
            let id = sources.add(Source::new(name, text.as_bytes()));
            let name = || name.to_owned();
            let file = ConfigFile { readers: vec![reader], ..ConfigFile::named(name().into(), name(), name()) };
            let config = config::read(file, id, sources.get(id), &tables.clients);
            if config.broken || !whole && config.servers.len() != 1 {
                return Err(format!("its example is no server entry: {}", example.text));
            }
            let mut launches: Vec<launch::Launch> =
                config.servers.iter().map(|entry| launch::resolve(entry, &tables.grammar)).collect();
            launches.iter_mut().flat_map(|launch| &mut launch.files).for_each(|file| file.needs = needs.clone());
            for (entry, launch) in config.servers.iter().zip(&mut launches).filter(|_| open) {
                launch.open_to_all.extend(entry.command.iter().map(|word| (word.clone(), word.text.clone())));
            }
            let launches = [launches];
            let configs = [config];
            let mut judged = {
                let allowed: Vec<&Allowed> = allowed.iter().collect();
                judge::entries(&configs, &launches, &judge::Tables { allowed: &allowed, ..tables.for_entries() })
            };
            judge::weigh(&mut judged, &configs, &[(id, around)].into(), &tables.packs);
            Ok(judged.findings)
        }
        Judges::Texts => {
            let text = match example.text.trim_start().starts_with(['{', '[']) {
                true => example.text.clone(),
                false => serde_json::json!([{ "name": "example", "description": example.text }]).to_string(),
            };
            let id = sources.add(Source::new("example.json", text.as_bytes()));
            let (catalogs, errors) = connect::read_saved(id, sources.get(id));
            if let Some(error) = errors.first() {
                return Err(format!("its example is no catalog ({error}): {}", example.text));
            }
            Ok(judge::texts(&catalogs, &sources, &tables.packs, engine))
        }
    }
}

//! Rules over the server entries of configs.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::check;
use super::dangers::Dangers;
use crate::config::{Config, Part, ServerEntry, parts};
use crate::discover::Clients;
use crate::document::{SourceId, Span};
use crate::finding::{Evidence, Finding, Place, RuleId, Severity, Subject};
use crate::launch::{self, Ecosystem, Grammar, Launch};
use crate::rules::{self, Draft, Packs, TokenEngine};
use crate::settings::Allowed;
use crate::surroundings::Versions;

/// Lists that checks compare with.
#[derive(Clone, Debug)]
pub struct Known {
    /// Packages, or versions of them, that were found to be malicious.
    pub(super) malicious: Listed,
    /// Packages that nobody maintains any more.
    pub(super) archived: Listed,
    /// What containers and connections must not have.
    pub(super) dangers: Dangers,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Packages {
    malicious: Vec<KnownPackage>,
    archived: Vec<KnownPackage>,
}

/// A list can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {error}")]
pub struct KnownError {
    file: &'static str,
    error: rules::TableError,
}

/// A package with what is known of it.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownPackage {
    pub(super) ecosystem: Ecosystem,
    pub(super) name: String,
    /// Why, in a few words.
    pub(super) note: String,
    /// The only versions that this is about; empty for all.
    #[serde(default)]
    pub(super) versions: Vec<String>,
}

/// A list of packages, by their names as their registry compares them.
#[derive(Clone, Debug)]
pub(super) struct Listed(HashMap<Ecosystem, HashMap<String, Vec<KnownPackage>>>);

impl Listed {
    fn new(packages: Vec<KnownPackage>) -> Self {
        let mut listed: HashMap<Ecosystem, HashMap<String, Vec<KnownPackage>>> = HashMap::new();
        for package in packages {
            let name = package.ecosystem.canonical(&package.name);
            listed.entry(package.ecosystem).or_default().entry(name).or_default().push(package);
        }
        Self(listed)
    }

    /// What is known of a package of that canonical name in that version.
    pub(super) fn of(&self, ecosystem: Ecosystem, name: &str, version: Option<&str>) -> Option<&KnownPackage> {
        let packages = self.0.get(&ecosystem)?.get(name)?;
        let counts = |package: &&KnownPackage| {
            package.versions.is_empty() || version.is_some_and(|version| package.versions.iter().any(|v| v == version))
        };
        packages.iter().find(counts)
    }
}

impl Known {
    /// Reads the lists, `rules/packages.toml` and `rules/dangers.toml`.
    ///
    /// # Errors
    /// A mistake in them; a test of this repository rules that out for the built-in ones.
    pub fn parse(packages: &str, dangers: &str) -> Result<Self, KnownError> {
        let wrong = |file| move |error| KnownError { file, error };
        let Packages { malicious, archived } = rules::table(packages).map_err(wrong("rules/packages.toml"))?;
        let (malicious, archived) = (Listed::new(malicious), Listed::new(archived));
        Ok(Self { malicious, archived, dangers: rules::table(dangers).map_err(wrong("rules/dangers.toml"))? })
    }
}

/// What judging entries gives.
#[derive(Debug, Default)]
pub struct Judged {
    /// The findings.
    pub findings: Vec<Finding>,
    /// Every place that must not be shown: what is a secret, and what might be one.
    pub hidden: Vec<HiddenValue>,
    /// What the user should know before an entry is started: rules of severity high and above with what they say.
    pub dangers: HashMap<EntryKey, Vec<(RuleId, String)>>,
}

/// An entry, told from others that stand at the same place by the place of its name.
pub type EntryKey = (SourceId, Span, Span);

/// The key of an entry.
pub fn entry_key(entry: &ServerEntry) -> EntryKey {
    (entry.source, entry.name.span, entry.span)
}

/// A value that must not leave, and where it stands.
pub struct HiddenValue {
    /// The file.
    pub source: SourceId,
    /// The exact characters.
    pub span: Span,
    /// The value itself.
    pub value: String,
}

impl std::fmt::Debug for HiddenValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HiddenValue({:?}, {} bytes)", self.span, self.value.len())
    }
}

/// One entry, with what a check needs to know of it.
pub(super) struct Scene<'a> {
    pub(super) entry: &'a ServerEntry,
    pub(super) launch: &'a Launch,
    /// How the client writes a reference, with `NAME` for the name.
    pub(super) reference: Option<&'a str>,
    /// Versions in use of the packages that it starts.
    pub(super) versions: &'a Versions,
    /// Where each value stands, in the order of the file, with what it is. Values don't overlap.
    fields: Vec<(Span, FieldPath<'a>)>,
}

/// What a value of an entry is; only findings need it as a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum FieldPath<'a> {
    Arg(usize),
    Named(&'a str),
}

impl<'a> Scene<'a> {
    fn new(entry: &'a ServerEntry, launch: &'a Launch, reference: Option<&'a str>, versions: &'a Versions) -> Self {
        let args = entry.args.iter().enumerate().map(|(index, arg)| (arg.span, FieldPath::Arg(index)));
        let named = entry
            .env
            .iter()
            .chain(&entry.headers)
            .chain(&entry.others)
            .map(|field| (field.value.span, FieldPath::Named(&field.path)));
        let urls = entry.urls.iter().map(|url| (url.span, FieldPath::Named("url")));
        let mut fields: Vec<(Span, FieldPath<'a>)> = args.chain(named).chain(urls).collect();
        fields.sort_unstable();
        Self { entry, launch, reference, versions, fields }
    }

    pub(super) fn place(&self, span: Span) -> Place {
        Place::File { source: self.entry.source, span }
    }

    pub(super) fn subject(&self, field: &str) -> Subject {
        Subject {
            client: Some(self.entry.client.clone()),
            server: Some(self.entry.name.text.clone()),
            tool: None,
            field: Some(field.to_owned()),
            config: Some(match &self.entry.project {
                Some(project) => format!("{} {project}", self.entry.portable),
                None => self.entry.portable.clone(),
            }),
        }
    }

    /// A finding of a rule about some characters of the config.
    pub(super) fn finding(
        &self,
        packs: &Packs,
        rule: &str,
        span: Span,
        matched: &str,
        fill: impl FnOnce(Draft<'_>) -> Draft<'_>,
    ) -> Option<Finding> {
        let draft = packs
            .rule(rule)?
            .at(self.place(span), self.subject(&self.field(span)))
            .evidence(Evidence::text(matched))
            .with("server", self.entry.name.text.clone());
        Some(fill(draft).build())
    }

    /// The path of the field whose value covers a span.
    pub(super) fn field(&self, span: Span) -> String {
        let behind = self.fields.partition_point(|(field, _)| field.start <= span.start);
        let found = behind.checked_sub(1).map(|at| &self.fields[at]).filter(|(field, _)| field.contains(span));
        match found {
            Some((_, FieldPath::Arg(index))) => format!("args[{index}]"),
            Some((_, FieldPath::Named(path))) => (*path).to_owned(),
            None => "command".to_owned(),
        }
    }

    /// Whether a variable decides some of a text.
    pub(super) fn has_reference(text: &str) -> bool {
        parts(text).iter().any(|part| !matches!(part, Part::Literal(_)))
    }
}

/// Judges every entry of every config, and what is judged like one.
pub fn entries(configs: &[Config], launches: &[Vec<Launch>], tables: &Tables<'_>) -> Judged {
    let mut judged = Judged::default();
    let tokens = TokenEngine::new(tables.packs);
    let context = check::Context { packs: tables.packs, tokens: &tokens };
    let one = |entry: &ServerEntry, launch: &Launch, is_server: bool, judged: &mut Judged| {
        let reference = tables.clients.get(&entry.client).and_then(|client| client.reference.as_deref());
        let scene = Scene::new(entry, launch, reference, tables.versions);
        let before = judged.findings.len();
        check::secrets(&scene, &context, judged);
        check::supply_chain(&scene, tables.packs, tables.known, &mut judged.findings);
        let own_names = &tables.known.dangers.transport.own_names;
        check::environment(&scene, tables.packs, &tables.known.dangers.supply_chain, own_names, &mut judged.findings);
        check::container(&scene, tables.packs, &tables.known.dangers.container, &mut judged.findings);
        check::transport(&scene, tables.packs, &tables.known.dangers.transport, tables.clients, &mut judged.findings);
        check::runs(&scene, tables.packs, tables.clients, &mut judged.findings);
        // What stands beside the servers starts nothing.
        if entry.command.is_some() || !entry.urls.is_empty() || is_server {
            check::allowed(&scene, tables.packs, tables.allowed, &mut judged.findings);
        }
        let new = judged.findings[before..].iter();
        let dangers: Vec<_> = new
            .filter(|finding| finding.severity >= Severity::High && finding.rule.pack() != "secrets")
            .map(|finding| (finding.rule.clone(), finding.message.clone()))
            .collect();
        if !dangers.is_empty() {
            judged.dangers.entry(entry_key(entry)).or_default().extend(dangers);
        }
    };
    for (config, launches) in configs.iter().zip(launches) {
        for (entry, launch) in config.servers.iter().zip(launches) {
            one(entry, launch, true, &mut judged);
        }
        for entry in &config.beside {
            one(entry, &launch::resolve(entry, tables.grammar), false, &mut judged);
        }
        check::program(config, tables.packs, tables.clients, &mut judged.findings);
        check::switches(config, tables.packs, &mut judged.findings);
        check::format(config, tables.packs, tables.clients, &mut judged.findings);
    }
    // Two readings of one entry share most of what they say.
    let state = RandomState::new();
    let mut seen = HashSet::new();
    judged.findings.retain(|finding| {
        seen.insert(state.hash_one((finding.rule.as_str(), finding.place.file(), finding.message.as_str())))
    });
    judged
}

/// What judging entries compares with.
pub struct Tables<'t> {
    /// Rules.
    pub packs: &'t Packs,
    /// Packages.
    pub known: &'t Known,
    /// Clients, for how each writes a reference.
    pub clients: &'t Clients,
    /// Programs that start programs.
    pub grammar: &'t Grammar,
    /// Versions in use of what the entries start.
    pub versions: &'t Versions,
    /// Lists of the only servers that may be there, of each settings file that has one.
    pub allowed: &'t [&'t Allowed],
}

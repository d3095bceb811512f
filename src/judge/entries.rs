//! Rules over the server entries of configs.

use super::check;
use super::dangers::Dangers;
use crate::config::{Config, Part, ServerEntry, parts};
use crate::discover::Clients;
use crate::document::{SourceId, Span};
use crate::finding::{Evidence, Finding, Place, Subject};
use crate::launch::Launch;
use crate::rules::{Draft, Packs, TokenEngine};

/// Lists that checks compare with.
#[derive(Clone, Debug)]
pub struct Known {
    /// Packages, or versions of them, that were found to be malicious.
    pub(super) malicious: Vec<KnownPackage>,
    /// Packages that nobody maintains any more.
    pub(super) archived: Vec<KnownPackage>,
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
    error: Box<toml::de::Error>,
}

/// A package with what is known of it.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownPackage {
    pub(super) ecosystem: crate::launch::Ecosystem,
    pub(super) name: String,
    /// Why, in a few words.
    pub(super) note: String,
    /// The only versions that this is about; empty for all.
    #[serde(default)]
    pub(super) versions: Vec<String>,
}

impl Known {
    /// Reads the lists, `rules/packages.toml` and `rules/dangers.toml`.
    ///
    /// # Errors
    /// A mistake in them; a test of this repository rules that out for the built-in ones.
    pub fn parse(packages: &str, dangers: &str) -> Result<Self, KnownError> {
        let wrong = |file| move |error| KnownError { file, error: Box::new(error) };
        let Packages { malicious, archived } = toml::from_str(packages).map_err(wrong("rules/packages.toml"))?;
        Ok(Self { malicious, archived, dangers: toml::from_str(dangers).map_err(wrong("rules/dangers.toml"))? })
    }
}

/// What judging entries gives.
#[derive(Debug, Default)]
pub struct Judged {
    /// The findings.
    pub findings: Vec<Finding>,
    /// Every place that must not be shown, with the value that must not leave: what is a secret, and what might be one.
    pub hidden: Vec<(SourceId, Span, String)>,
}

/// One entry, with what a check needs to know of it.
pub(super) struct Scene<'a> {
    pub(super) entry: &'a ServerEntry,
    pub(super) launch: &'a Launch,
    /// How the client writes a reference, with `NAME` for the name.
    pub(super) reference: Option<&'a str>,
}

impl Scene<'_> {
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
        let entry = self.entry;
        if let Some(index) = entry.args.iter().position(|arg| arg.span.contains(span)) {
            return format!("args[{index}]");
        }
        let fields = entry.env.iter().chain(&entry.headers).chain(&entry.others);
        if let Some(field) = fields.into_iter().find(|field| field.value.span.contains(span)) {
            return field.path.clone();
        }
        if entry.url.as_ref().is_some_and(|url| url.span.contains(span)) {
            "url".to_owned()
        } else {
            "command".to_owned()
        }
    }

    /// Whether a variable decides some of a text.
    pub(super) fn has_reference(text: &str) -> bool {
        parts(text).iter().any(|part| !matches!(part, Part::Literal(_)))
    }
}

/// Judges every entry of every config; `launches` are those of the entries, in the same order.
pub fn entries(
    configs: &[Config],
    launches: &[Vec<Launch>],
    packs: &Packs,
    known: &Known,
    clients: &Clients,
) -> Judged {
    let mut judged = Judged::default();
    let tokens = TokenEngine::new(packs);
    let context = check::Context { packs, tokens: &tokens };
    for (config, launches) in configs.iter().zip(launches) {
        for (entry, launch) in config.servers.iter().zip(launches) {
            let reference = clients.get(&entry.client).and_then(|client| client.reference.as_deref());
            let scene = Scene { entry, launch, reference };
            check::secrets(&scene, &context, &mut judged);
            check::supply_chain(&scene, packs, known, &mut judged.findings);
            check::container(&scene, packs, &known.dangers.container, &mut judged.findings);
            check::transport(&scene, packs, &known.dangers.transport, clients, &mut judged.findings);
            check::runs(&scene, packs, clients, &mut judged.findings);
        }
        check::switches(config, packs, &mut judged.findings);
    }
    judged
}

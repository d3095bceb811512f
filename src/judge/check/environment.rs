//! Pack `supply-chain`: what an entry says beside its command that makes it load or fetch something else.

use super::super::dangers::SupplyDangers;
use super::super::entries::Scene;
use super::transport::is_private;
use crate::config::Spanned;
use crate::document::Span;
use crate::finding::{Finding, Severity};
use crate::rules::{Draft, Packs};

/// Judges the variables of one entry and its runners' options.
pub(in crate::judge) fn environment(
    scene: &Scene<'_>,
    packs: &Packs,
    dangers: &SupplyDangers,
    own_names: &[String],
    findings: &mut Vec<Finding>,
) {
    let mut check = Check { scene, packs, dangers, own_names, findings };
    for (name, value) in check.variables() {
        check.loader(&format!("variable `{name}`"), &name, &value);
        check.registry_variable(&name, &value);
        check.unchecked_variable(&name, &value);
    }
    check.options();
}

/// What an option or a variable does with an address: the words before it, and those behind.
type Does = (&'static str, &'static str);
const FETCHES: Does = ("fetches its package from", " instead of the public registry");
const RUNS: Does = ("has its container run by the daemon at", "");

struct Check<'a> {
    scene: &'a Scene<'a>,
    packs: &'a Packs,
    dangers: &'a SupplyDangers,
    own_names: &'a [String],
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    fn add(&mut self, rule: &str, span: Span, matched: &str, fill: impl FnOnce(Draft<'_>) -> Draft<'_>) {
        self.findings.extend(self.scene.finding(self.packs, rule, span, matched, fill));
    }

    /// Every variable that is set: in its own field, and before a command in a line.
    fn variables(&self) -> Vec<(String, Spanned)> {
        let own = self.scene.entry.env.iter().map(|field| (field.name.to_ascii_uppercase(), field.value.clone()));
        let words = self.scene.launch.commands.iter().flatten().filter(|word| word.text.contains('='));
        let assigned = words.filter_map(|word| {
            let (name, value) = word.text.split_once('=')?;
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.is_empty();
            let value = || Spanned { text: value.to_owned(), span: word.part(name.len() + 1, word.text.len()) };
            plain.then(|| (name.to_ascii_uppercase(), value()))
        });
        own.chain(assigned).filter(|(_, value)| !value.text.trim().is_empty()).collect()
    }

    /// Variables that make a program run something else than it says.
    fn loader(&mut self, shown: &str, name: &str, value: &Spanned) {
        let text = value.text.trim();
        let programs = &self.scene.launch.programs;
        let Some(loader) = self.dangers.loaders.iter().find(|loader| loader.loads(name, text, programs)) else {
            return;
        };
        let search_path = loader.search_path;
        self.add("supply-chain/dangerous-variable", value.span, text, |draft| {
            let draft = draft.with("variable", shown.to_owned());
            // A folder of the project is its own code.
            if search_path { draft.severity(Severity::Info) } else { draft }
        });
    }

    fn registry_variable(&mut self, name: &str, value: &Spanned) {
        let named = |known: &String| is_named(known, name);
        // A variable says nothing about what is fetched where nothing is.
        let fetches = !self.scene.launch.packages.is_empty() || !self.scene.launch.images.is_empty();
        if fetches && self.dangers.registry_variables.iter().any(named) {
            let does = if name.ends_with("_HOST") { RUNS } else { FETCHES };
            self.registry(value, does);
        }
    }

    fn unchecked_variable(&mut self, name: &str, value: &Spanned) {
        if self.dangers.unchecked_variables.iter().any(|known| known.is(name, &value.text)) {
            let switch = format!("{name}={}", value.text.trim());
            self.add("supply-chain/unchecked-download", value.span, &switch, |draft| {
                draft.with("switch", switch.clone())
            });
        }
    }

    fn options(&mut self) {
        let launch = self.scene.launch;
        let of_images = launch.images.iter().flat_map(|image| &image.options);
        for option in launch.options.iter().map(|(_, option)| option).chain(of_images) {
            let text = option.value.as_ref().map_or("", |value| value.text.as_str());
            if self.dangers.unchecked_options.iter().any(|known| known.is(&option.name, text)) {
                let switch = if text.is_empty() { option.name.clone() } else { format!("{}={text}", option.name) };
                self.add("supply-chain/unchecked-download", option.span, &switch, |draft| {
                    draft.with("switch", switch.clone())
                });
            }
        }
        for (runner, option) in &launch.options {
            // npm takes each of its settings as an option too.
            if let Some(value) = &option.value
                && matches!(runner.as_str(), "npx" | "npm")
                && let Some(name) = option.name.strip_prefix("--")
                && !matches!(name, "call" | "package")
            {
                let setting = format!("NPM_CONFIG_{}", name.to_ascii_uppercase().replace('-', "_"));
                self.loader(&format!("option `{}`", option.name), &setting, value);
            }
            if let Some(value) = &option.value
                && self.dangers.registry_options.iter().any(|known| is_named(known, &option.name))
            {
                self.registry(value, FETCHES);
            }
        }
    }

    /// Packages from somewhere else than everybody's.
    fn registry(&mut self, value: &Spanned, (does, instead): Does) {
        for address in value.text.split([' ', ',', '|']) {
            // An index of uv can have a name: `name=address`.
            let Some((scheme, rest)) = address.split_once("://") else { continue };
            let scheme = scheme.rsplit('=').next().unwrap_or(scheme).to_ascii_lowercase();
            // How cargo and git speak to it: `sparse+https`.
            let scheme = scheme.rsplit('+').next().unwrap_or(&scheme).to_owned();
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
            let bare = host.split(':').next().unwrap_or_default().to_owned();
            let usual = self.dangers.usual_registries.contains(&bare) && scheme == "https";
            let own = matches!(scheme.as_str(), "unix" | "npipe" | "file" | "ssh") || crate::launch::is_loopback(&bare);
            if usual || own || Scene::has_reference(address) {
                continue;
            }
            // A host that only one's own network knows is hardly a stranger's.
            let own = self.own_names.iter().any(|end| bare.ends_with(end.as_str()))
                || !bare.contains('.')
                || bare.parse().is_ok_and(is_private);
            let severity = match (scheme.as_str(), own) {
                ("https", true) => Severity::Low,
                ("https", false) | (_, true) => Severity::Medium,
                _ => Severity::High,
            };
            self.add("supply-chain/other-registry", value.span, address, |draft| {
                draft.severity(severity).with("does", does).with("registry", bare).with("instead", instead)
            });
        }
    }
}

/// Whether a name is a known one, in which `*` stands for anything.
fn is_named(known: &str, name: &str) -> bool {
    match known.split_once('*') {
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
        None => known == name,
    }
}

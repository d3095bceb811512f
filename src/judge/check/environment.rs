//! Pack `supply-chain`: what an entry says beside its command that makes it load or fetch something else.

use super::super::dangers::SupplyDangers;
use super::super::entries::Scene;
use crate::config::Spanned;
use crate::document::Span;
use crate::finding::{Finding, Severity};
use crate::rules::{Draft, Packs};

/// Judges the variables of one entry and its runners' options.
pub(in crate::judge) fn environment(
    scene: &Scene<'_>,
    packs: &Packs,
    dangers: &SupplyDangers,
    findings: &mut Vec<Finding>,
) {
    let mut check = Check { scene, packs, dangers, findings };
    for (name, value) in check.variables() {
        check.loader(&name, &value);
        check.registry_variable(&name, &value);
        check.unchecked_variable(&name, &value);
    }
    check.options();
}

struct Check<'a> {
    scene: &'a Scene<'a>,
    packs: &'a Packs,
    dangers: &'a SupplyDangers,
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
    fn loader(&mut self, name: &str, value: &Spanned) {
        let text = value.text.trim();
        let counts = |only: &Vec<String>| only.is_empty() || only.iter().any(|word| text.contains(word.as_str()));
        let Some(loader) = self.dangers.loaders.iter().find(|loader| loader.name == name && counts(&loader.only))
        else {
            return;
        };
        let search_path = loader.search_path;
        self.add("supply-chain/dangerous-variable", value.span, text, |draft| {
            let draft = draft.with("variable", name.to_owned());
            // A folder of the project is its own code.
            if search_path { draft.severity(Severity::Info) } else { draft }
        });
    }

    fn registry_variable(&mut self, name: &str, value: &Spanned) {
        let named = |known: &String| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => known == name,
        };
        // A variable says nothing about what is fetched where nothing is.
        let fetches = !self.scene.launch.packages.is_empty() || !self.scene.launch.images.is_empty();
        if fetches && self.dangers.registry_variables.iter().any(named) {
            self.registry(value);
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
        for (_, option) in &launch.options {
            if let Some(value) = &option.value
                && self.dangers.registry_options.contains(&option.name)
            {
                self.registry(value);
            }
        }
    }

    /// Packages from somewhere else than everybody's.
    fn registry(&mut self, value: &Spanned) {
        for address in value.text.split([' ', ',', '|']) {
            // An index of uv can have a name: `name=address`.
            let Some((scheme, rest)) = address.split_once("://") else { continue };
            let scheme = scheme.rsplit('=').next().unwrap_or(scheme).to_ascii_lowercase();
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
            let bare = host.split(':').next().unwrap_or_default().to_owned();
            let usual = self.dangers.usual_registries.contains(&bare) && scheme == "https";
            let own = matches!(scheme.as_str(), "unix" | "npipe" | "file" | "ssh") || crate::launch::is_loopback(&bare);
            if usual || own || Scene::has_reference(address) {
                continue;
            }
            let severity = if scheme == "https" { Severity::Medium } else { Severity::High };
            self.add("supply-chain/other-registry", value.span, address, |draft| {
                draft.severity(severity).with("registry", bare)
            });
        }
    }
}

//! Pack `supply-chain`: what runs can change without the config changing, or comes from a bad place.

use std::collections::BTreeSet;

use super::super::Known;
use super::super::entries::Scene;
use super::advisories;
use super::look_alikes::{self, Likeness};
use super::pinning;
use crate::config::Spanned;
use crate::document::Span;
use crate::finding::{Finding, Severity};
use crate::launch::{Ecosystem, Image, Package, Pin, ScriptKind};
use crate::rules::advisories::AS_OF;
use crate::rules::{Draft, Packs};

/// Judges what one entry runs.
pub(in crate::judge) fn supply_chain(scene: &Scene<'_>, packs: &Packs, known: &Known, findings: &mut Vec<Finding>) {
    let mut check = Check { scene, packs, findings };
    for package in &scene.launch.packages {
        let canonical = package.ecosystem.canonical(&package.name);
        check.pin(package, &canonical, known);
        check.known(package, &canonical, known);
        check.vulnerable_package(package, &canonical);
        check.look_alike(package, &canonical);
        check.cleartext(&package.spec.text, package.spec.span);
    }
    check.files(known);
    check.images(known);
    check.scripts();
    check.hidden();
    check.folder();
}

struct Check<'a> {
    scene: &'a Scene<'a>,
    packs: &'a Packs,
    findings: &'a mut Vec<Finding>,
}

impl Check<'_> {
    /// Adds a finding of a rule about some characters of the config.
    fn add(&mut self, rule: &str, span: Span, matched: &str, fill: impl FnOnce(Draft<'_>) -> Draft<'_>) {
        self.findings.extend(self.scene.finding(self.packs, rule, span, matched, fill));
    }

    fn pin(&mut self, package: &Package, canonical: &str, known: &Known) {
        let Package { name, spec, runner, .. } = package;
        let (rule, how) = match &package.pin {
            Pin::None => ("supply-chain/unpinned-package", "names no version".to_owned()),
            Pin::Tag(tag) => ("supply-chain/unpinned-package", format!("names the tag `{tag}`, which can be moved")),
            Pin::Range(range) => ("supply-chain/unpinned-package", format!("allows any version in `{range}`")),
            Pin::MovingSource => ("supply-chain/unpinned-source", String::new()),
            Pin::Exact(_) | Pin::FixedSource | Pin::Local | Pin::Unknown => return,
        };
        let exact = package.ecosystem.exact(name, "1.2.3");
        let fixed = advisories::fixed(package.ecosystem, canonical)
            .map(|(fixed, id)| format!(" Versions before {fixed} have {id}, among what is known as of {AS_OF}."))
            .unwrap_or_default();
        let edit = pinning::edit(package, self.scene.versions.of(self.scene.entry.source, package), known);
        self.add(rule, spec.span, &spec.text, |draft| {
            let draft = match edit {
                Some(edit) => draft.help(edit),
                None => draft,
            };
            // Of a source the address counts, not what it is called.
            let shown = if package.pin == Pin::MovingSource { &spec.text } else { name };
            draft
                .with("package", shown.clone())
                .with("runner", runner.clone())
                .with("how", how)
                .with("exact", exact)
                .with("in-use", fixed)
        });
    }

    fn known(&mut self, package: &Package, canonical: &str, known: &Known) {
        let version = match &package.pin {
            Pin::Exact(version) => Some(version.as_str()),
            _ => None,
        };
        for (rule, list) in
            [("supply-chain/known-malicious", &known.malicious), ("supply-chain/archived-package", &known.archived)]
        {
            if let Some(found) = list.of(package.ecosystem, canonical, version) {
                self.add(rule, package.spec.span, &package.spec.text, |draft| {
                    draft
                        .with("package", package.name.clone())
                        .with("ecosystem", package.ecosystem.name())
                        .with("note", found.note.clone())
                });
            }
        }
    }

    /// A name that imitates another. What comes from elsewhere than a registry has no name that could.
    fn look_alike(&mut self, package: &Package, canonical: &str) {
        if matches!(package.pin, Pin::FixedSource | Pin::MovingSource | Pin::Local | Pin::Unknown) {
            return;
        }
        let Some((known, likeness)) = look_alikes::imitated(package.ecosystem, canonical) else { return };
        let (severity, how) = match likeness {
            Likeness::Slip => (Severity::High, "is one slip away from"),
            Likeness::Scope => (Severity::High, "has a scope that reads like that of"),
            Likeness::NoScope => (Severity::Low, "is without its scope the name of"),
        };
        self.add("supply-chain/look-alike-name", package.spec.span, &package.spec.text, |draft| {
            draft
                .severity(severity)
                .with("package", package.name.clone())
                .with("how", how)
                .with("known", known)
                .with("ecosystem", package.ecosystem.name())
        });
    }

    fn vulnerable_package(&mut self, package: &Package, canonical: &str) {
        if let Pin::Exact(version) = &package.pin {
            self.vulnerable(package.ecosystem, canonical, &package.name, version, &package.spec);
        }
    }

    /// What scripts say they need: those that are left open in one finding a script.
    fn files(&mut self, known: &Known) {
        for file in &self.scene.launch.files {
            let packages = file.packages();
            for package in &packages {
                let canonical = package.ecosystem.canonical(&package.name);
                self.known(package, &canonical, known);
                self.vulnerable_package(package, &canonical);
            }
            let open = packages
                .iter()
                .filter(|package| matches!(package.pin, Pin::None | Pin::Range(_) | Pin::Tag(_) | Pin::MovingSource));
            let open: Vec<String> = open.map(|package| format!("`{}`", package.spec.text)).collect();
            if file.fixed || open.is_empty() {
                continue;
            }
            self.add("supply-chain/unpinned-script", file.path.span, &file.path.text, |draft| {
                draft.with("script", file.path.text.clone()).with("open", open.join(", "))
            });
        }
    }

    /// A version that is known to be vulnerable. What names no version is somebody else's choice, which may be a good one.
    fn vulnerable(&mut self, ecosystem: Ecosystem, canonical: &str, shown: &str, version: &str, at: &Spanned) {
        let Some(known) = advisories::known(ecosystem, canonical, version) else { return };
        let fix = match known.fixed {
            Some(fixed) => format!("Use {fixed} or later, which fixes what is known as of {}", AS_OF),
            None => format!(
                "No version that fixes all of it is recorded as of {}: look for one, or for another server",
                AS_OF
            ),
        };
        self.add("supply-chain/known-vulnerable", at.span, &at.text, |draft| {
            draft
                .severity(known.severity)
                .confidence(known.confidence)
                .with("package", shown.to_owned())
                .with("version", version.to_owned())
                .with("list", known.list)
                .with("fix", fix)
        });
    }

    /// A source that is fetched without protection on the way.
    fn cleartext(&mut self, spec: &str, span: Span) {
        let lower = spec.to_ascii_lowercase();
        // `name@address`, `name @ git+http://…`
        let scheme = lower.split_once("://").map(|(before, _)| before.rsplit(['@', ' ', '+']).next().unwrap_or(before));
        if matches!(scheme, Some("http" | "git")) {
            self.add("supply-chain/cleartext-source", span, spec, |draft| draft.with("source", spec.to_owned()));
        }
    }

    fn images(&mut self, known: &Known) {
        for image in &self.scene.launch.images {
            self.known_image(image, known);
            if image.digest || image.unknown || image.is_local() {
                continue;
            }
            let (rule, how) = match image.tag.as_deref() {
                None => ("supply-chain/unpinned-image", "names no tag, which means `latest`".to_owned()),
                Some("latest") => ("supply-chain/unpinned-image", "names the tag `latest`".to_owned()),
                Some(tag) => ("supply-chain/image-by-tag", format!("is named by the tag `{tag}`")),
            };
            self.add(rule, image.reference.span, &image.reference.text, |draft| {
                draft.with("image", image.reference.text.clone()).with("how", how).with("name", image.name.clone())
            });
        }
    }

    /// An image that is archived, or whose tag is a version with known vulnerabilities.
    fn known_image(&mut self, image: &Image, known: &Known) {
        let name = image.name.strip_prefix("docker.io/").unwrap_or(&image.name);
        if let Some(found) = known.archived.of(Ecosystem::Docker, name, None) {
            self.add("supply-chain/archived-package", image.reference.span, &image.reference.text, |draft| {
                draft
                    .with("package", image.name.clone())
                    .with("ecosystem", Ecosystem::Docker.name())
                    .with("note", found.note.clone())
            });
        }
        if let Some(tag) = image.tag.as_deref().filter(|_| !image.unknown) {
            self.vulnerable(Ecosystem::Docker, name, &image.name, tag, &image.reference);
        }
    }

    fn scripts(&mut self) {
        for script in &self.scene.launch.scripts {
            let rule = match script.kind {
                ScriptKind::Fetch => "supply-chain/remote-script",
                ScriptKind::Code => "supply-chain/inline-code",
            };
            self.add(rule, script.span, &script.text, |draft| draft.with("program", script.program.clone()));
        }
    }

    /// What only another file or program knows.
    fn hidden(&mut self) {
        for hidden in &self.scene.launch.hidden {
            self.add("supply-chain/hidden-launch", hidden.span, &hidden.program, |draft| {
                draft.with("program", hidden.program.clone()).with("place", hidden.place.clone())
            });
        }
    }

    /// Programs that anybody can change, and those in folders that anybody writes to.
    fn folder(&mut self) {
        for (word, place) in &self.scene.launch.open_to_all {
            self.add("supply-chain/writable-program", word.span, &word.text, |draft| {
                draft.with("path", word.text.clone()).with("place", place.clone())
            });
        }
        let mut seen = BTreeSet::new();
        let launch = self.scene.launch;
        // Inside of a container these are the image's own folders.
        let here = if launch.images.is_empty() { launch.commands.len() } else { 1 };
        for words in launch.commands.iter().take(here) {
            // The program, or the script that an interpreter is given first.
            let script = words.iter().skip(1).find(|word| !word.text.starts_with('-'));
            for word in words.first().into_iter().chain(script) {
                if Self::shared(word, words.first() == Some(word)) && seen.insert(word.span) {
                    self.add("supply-chain/temporary-folder", word.span, &word.text, |draft| {
                        draft.with("path", word.text.clone())
                    });
                }
            }
        }
    }

    /// Whether what runs lies where anybody writes.
    fn shared(word: &Spanned, program: bool) -> bool {
        let path = word.text.replace('\\', "/").to_ascii_lowercase();
        let shared = ["/tmp/", "/var/tmp/", "/dev/shm/", "/private/tmp/", "c:/temp/", "c:/windows/temp/"]
            .iter()
            .any(|folder| path.starts_with(folder))
            || path.contains("/appdata/local/temp/")
            || path.contains("/downloads/");
        // A folder is an argument; what runs is a file in it.
        let file = path.rsplit('/').next().is_some_and(|name| !name.is_empty());
        let runs = program
            || [".js", ".mjs", ".cjs", ".py", ".sh", ".ts", ".rb", ".jar", ".exe"]
                .iter()
                .any(|end| path.ends_with(end));
        shared && file && runs && !word.text.contains(' ')
    }
}

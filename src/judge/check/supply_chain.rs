//! Pack `supply-chain`: what runs can change without the config changing, or comes from a bad place.

use super::super::Known;
use super::super::entries::Scene;
use super::advisories;
use super::look_alikes::{self, Likeness};
use super::pinning;
use crate::document::Span;
use crate::finding::{Finding, Severity};
use crate::launch::{Ecosystem, Package, Pin, ScriptKind};
use crate::rules::advisories::AS_OF;
use crate::rules::{Draft, Packs};

/// Judges what one entry runs.
pub(in crate::judge) fn supply_chain(scene: &Scene<'_>, packs: &Packs, known: &Known, findings: &mut Vec<Finding>) {
    let mut check = Check { scene, packs, findings };
    for package in &scene.launch.packages {
        check.pin(package, known);
        check.known(package, known);
        check.vulnerable(package);
        check.look_alike(package);
        check.cleartext(&package.spec.text, package.spec.span);
    }
    check.images();
    check.scripts();
    check.variables();
    check.registries();
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

    fn pin(&mut self, package: &Package, known: &Known) {
        let Package { name, spec, runner, .. } = package;
        let exact = match package.ecosystem {
            Ecosystem::Npm => format!("{name}@1.2.3"),
            Ecosystem::PyPi => format!("{name}==1.2.3"),
        };
        let (rule, how) = match &package.pin {
            Pin::None => ("supply-chain/unpinned-package", "names no version".to_owned()),
            Pin::Tag(tag) => ("supply-chain/unpinned-package", format!("names the tag `{tag}`, which can be moved")),
            Pin::Range(range) => ("supply-chain/unpinned-package", format!("allows any version in `{range}`")),
            Pin::MovingSource => ("supply-chain/unpinned-source", String::new()),
            Pin::Exact(_) | Pin::FixedSource | Pin::Local | Pin::Unknown => return,
        };
        let edit = pinning::edit(package, self.scene.versions.of(self.scene.entry.source, package), known);
        self.add(rule, spec.span, &spec.text, |draft| {
            let draft = match edit {
                Some(edit) => draft.help(edit),
                None => draft,
            };
            draft.with("package", name.clone()).with("runner", runner.clone()).with("how", how).with("exact", exact)
        });
    }

    fn known(&mut self, package: &Package, known: &Known) {
        let name = package.ecosystem.canonical(&package.name);
        let version = match &package.pin {
            Pin::Exact(version) => Some(version.as_str()),
            _ => None,
        };
        for (rule, list) in
            [("supply-chain/known-malicious", &known.malicious), ("supply-chain/archived-package", &known.archived)]
        {
            if let Some(found) = list.of(package.ecosystem, name.clone(), version) {
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
    fn look_alike(&mut self, package: &Package) {
        if matches!(package.pin, Pin::FixedSource | Pin::MovingSource | Pin::Local | Pin::Unknown) {
            return;
        }
        let name = package.ecosystem.canonical(&package.name);
        let Some((known, likeness)) = look_alikes::imitated(package.ecosystem, &name) else { return };
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

    /// A version that is known to be vulnerable. What names no version is somebody else's choice, which may be a good one.
    fn vulnerable(&mut self, package: &Package) {
        let Pin::Exact(version) = &package.pin else { return };
        let name = package.ecosystem.canonical(&package.name);
        let Some(known) = advisories::known(package.ecosystem, &name, version) else { return };
        let fix = match known.fixed {
            Some(fixed) => format!("Use {fixed} or later, which fixes what is known as of {}", AS_OF),
            None => format!(
                "No version that fixes all of it is recorded as of {}: look for one, or for another server",
                AS_OF
            ),
        };
        self.add("supply-chain/known-vulnerable", package.spec.span, &package.spec.text, |draft| {
            draft
                .severity(known.severity)
                .confidence(known.confidence)
                .with("package", package.name.clone())
                .with("version", version.clone())
                .with("list", known.list)
                .with("fix", fix)
        });
    }

    /// A source that is fetched without protection on the way.
    fn cleartext(&mut self, spec: &str, span: Span) {
        let lower = spec.to_ascii_lowercase();
        let address = lower.strip_prefix("git+").unwrap_or(&lower);
        if address.starts_with("http://") || address.starts_with("git://") {
            self.add("supply-chain/cleartext-source", span, spec, |draft| draft.with("source", spec.to_owned()));
        }
    }

    fn images(&mut self) {
        for image in &self.scene.launch.images {
            if image.digest || image.unknown {
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

    fn scripts(&mut self) {
        for script in &self.scene.launch.scripts {
            let rule = match script.kind {
                ScriptKind::Fetch => "supply-chain/remote-script",
                ScriptKind::Code => "supply-chain/inline-code",
            };
            self.add(rule, script.span, &script.text, |draft| draft.with("program", script.program.clone()));
        }
    }

    /// Variables that make a program run something else than it says.
    fn variables(&mut self) {
        const LOADERS: &[&str] = &[
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "LD_AUDIT",
            "DYLD_INSERT_LIBRARIES",
            "DYLD_LIBRARY_PATH",
            "NODE_OPTIONS",
            "PYTHONSTARTUP",
            "PYTHONPATH",
            "PERL5OPT",
            "PERL5LIB",
            "RUBYOPT",
            "RUBYLIB",
            "BASH_ENV",
            "GIT_SSH_COMMAND",
            "JAVA_TOOL_OPTIONS",
            "NODE_PATH",
            "PYTHONHOME",
        ];
        let fields: Vec<_> = self.scene.entry.env.iter().collect();
        for field in fields {
            let value = field.value.text.trim();
            let name = field.name.to_ascii_uppercase();
            if !LOADERS.contains(&name.as_str()) || value.is_empty() {
                continue;
            }
            // Memory and warnings are what people set NODE_OPTIONS for, and a folder of the project is its own code.
            let tuning = name == "NODE_OPTIONS"
                && !["--require", "-r ", "--import", "--loader", "--experimental-loader", "--eval", "-e "]
                    .iter()
                    .any(|option| value.contains(option));
            let search_path = matches!(
                name.as_str(),
                "PYTHONPATH"
                    | "NODE_PATH"
                    | "LD_LIBRARY_PATH"
                    | "PERL5LIB"
                    | "RUBYLIB"
                    | "PYTHONHOME"
                    | "DYLD_LIBRARY_PATH"
            );
            if tuning {
                continue;
            }
            let span = field.value.span;
            self.add("supply-chain/dangerous-variable", span, value, |draft| {
                let draft = draft.with("variable", field.name.clone());
                if search_path { draft.severity(Severity::Info) } else { draft }
            });
        }
    }

    /// Packages from somewhere else than everybody's.
    fn registries(&mut self) {
        const OPTIONS: &[&str] = &[
            "--registry",
            "--index-url",
            "-i",
            "--extra-index-url",
            "--default-index",
            "--index",
            "--find-links",
            "-f",
        ];
        const VARIABLES: &[&str] = &[
            "NPM_CONFIG_REGISTRY",
            "UV_INDEX_URL",
            "UV_DEFAULT_INDEX",
            "UV_INDEX",
            "UV_EXTRA_INDEX_URL",
            "PIP_INDEX_URL",
            "PIP_EXTRA_INDEX_URL",
        ];
        const USUAL: &[&str] =
            &["registry.npmjs.org", "registry.yarnpkg.com", "pypi.org", "npm.pkg.github.com", "jsr.io"];
        if self.scene.launch.packages.is_empty() {
            return;
        }
        let mut found = Vec::new();
        let args = &self.scene.entry.args;
        for (index, arg) in args.iter().enumerate() {
            match arg.text.split_once('=') {
                Some((option, value)) if OPTIONS.contains(&option) => {
                    found.push((value.to_owned(), arg.part(option.len() + 1, arg.text.len())))
                }
                _ if OPTIONS.contains(&arg.text.as_str()) => {
                    found.extend(args.get(index + 1).map(|value| (value.text.clone(), value.span)))
                }
                _ => {}
            }
        }
        for field in &self.scene.entry.env {
            if VARIABLES.contains(&field.name.to_ascii_uppercase().as_str()) {
                found.push((field.value.text.clone(), field.value.span));
            }
        }
        for (url, span) in found {
            let Some((scheme, rest)) = url.split_once("://") else { continue };
            let host = rest
                .split(['/', ':'])
                .next()
                .unwrap_or_default()
                .rsplit('@')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            if USUAL.contains(&host.as_str()) && scheme == "https" || Scene::has_reference(&url) {
                continue;
            }
            let severity = if scheme == "https" { Severity::Medium } else { Severity::High };
            self.add("supply-chain/other-registry", span, &url, |draft| {
                draft.severity(severity).with("registry", host)
            });
        }
    }

    /// Programs in folders that anybody writes to.
    fn folder(&mut self) {
        let entry = self.scene.entry;
        // The program, or the script that an interpreter is given first.
        let script = entry.args.iter().find(|arg| !arg.text.starts_with('-'));
        for word in entry.command.iter().chain(script) {
            let path = word.text.replace('\\', "/").to_ascii_lowercase();
            let shared = ["/tmp/", "/var/tmp/", "/dev/shm/", "/private/tmp/", "c:/temp/", "c:/windows/temp/"]
                .iter()
                .any(|folder| path.starts_with(folder))
                || path.contains("/appdata/local/temp/")
                || path.contains("/downloads/");
            // A folder is an argument; what runs is a file in it.
            let file = path.rsplit('/').next().is_some_and(|name| !name.is_empty());
            let runs = entry.command.as_ref() == Some(word)
                || [".js", ".mjs", ".cjs", ".py", ".sh", ".ts", ".rb", ".jar", ".exe"]
                    .iter()
                    .any(|end| path.ends_with(end));
            if shared && file && runs && !word.text.contains(' ') {
                self.add("supply-chain/temporary-folder", word.span, &word.text, |draft| {
                    draft.with("path", word.text.clone())
                });
            }
        }
    }
}

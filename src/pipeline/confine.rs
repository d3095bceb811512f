//! What a sandbox closes and leaves open: the table `rules/sandbox.toml`, the configs of all clients, and what a launch
//! needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;
use sha2::{Digest, Sha512};

use crate::connect::{Needs, Network, Sandbox, SandboxRules};
use crate::discover::{Clients, Home, Os, Scope};
use crate::launch::{self, Ecosystem, Launch};
use crate::rules;

/// Whether started servers are shut in.
#[derive(Clone, Debug)]
pub enum Confine {
    /// They are not, and why.
    No(String),
    /// They are, as far as the system can.
    Yes {
        /// This program, which shuts itself in and becomes the server.
        program: PathBuf,
        /// What they may do over the network.
        network: Network,
    },
}

/// The table `rules/sandbox.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    closed: BySystem,
    devices: BySystem,
    #[serde(rename = "program")]
    programs: Vec<Program>,
    hints: Hints,
}

/// Path templates by the system on which they count.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BySystem {
    any: Vec<String>,
    linux: Vec<String>,
    macos: Vec<String>,
    windows: Vec<String>,
}

impl BySystem {
    fn of(&self, os: Os) -> impl Iterator<Item = &String> {
        let own = match os {
            Os::Linux => &self.linux,
            Os::MacOs => &self.macos,
            Os::Windows => &self.windows,
        };
        self.any.iter().chain(own)
    }
}

/// What a program needs that starts servers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Program {
    names: Vec<String>,
    #[serde(default)]
    packages: Vec<String>,
    #[serde(default)]
    writable: Vec<String>,
    #[serde(default)]
    linux: Vec<String>,
    #[serde(default)]
    macos: Vec<String>,
    #[serde(default)]
    fresh: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    keep: BTreeMap<String, String>,
    #[serde(default)]
    moved: BTreeMap<String, String>,
    #[serde(default)]
    sockets: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hints {
    words: Vec<String>,
}

/// The word in a template that stands for the folder which npx gives to a launch.
const NPX: &str = "{npx}";

impl Places {
    /// Reads the table.
    ///
    /// # Errors
    /// A mistake in it; a test of this repository rules that out for the built-in one.
    pub fn parse(text: &str) -> Result<Self, rules::TableError> {
        rules::table(text)
    }

    /// What counts for all servers of a run: the places of these homes are closed.
    pub(super) fn sandbox(&self, confine: &Confine, homes: &[Home], clients: &Clients) -> Sandbox {
        let (program, network) = match confine {
            Confine::No(why) => return Sandbox::Off(why.clone()),
            Confine::Yes { program, network } => (program.clone(), *network),
        };
        let mut closed = BTreeSet::new();
        for home in homes {
            let configs = clients.all().iter().flat_map(|client| &client.locations);
            let configs = configs.filter(|location| location.scope == Scope::User);
            let configs = configs.flat_map(|location| location.templates(home.os()));
            closed.extend(self.closed.of(home.os()).chain(configs).flat_map(|template| home.expand(template)));
        }
        // A relative path is a mistake of a variable, and would mean another place in every folder.
        closed.retain(|path| path.is_absolute());
        Sandbox::On(Box::new(SandboxRules {
            program,
            network,
            closed: closed.into_iter().collect(),
            devices: self.devices.of(this_system()).map(PathBuf::from).collect(),
            homes: homes.iter().map(|home| home.folder().to_owned()).collect(),
            hints: self.hints.words.clone(),
        }))
    }

    /// What a launch needs beyond that, by the programs that its commands name. What a project brings along may name any
    /// program and any package to come at their caches, and so gets empty ones of its own.
    pub(super) fn needs(&self, launch: &Launch, home: &Home, foreign: bool) -> Needs {
        let mut needs = Needs::default();
        let home = Home::new(home.folder().to_owned(), this_system(), Default::default());
        let npx = npx_folder(launch);
        for program in &self.programs {
            let package = program.packages.iter().find(|name| launch.packages.iter().any(|own| own.name == **name));
            let named = program.names.iter().find(|name| launch.programs.contains(name));
            let Some(name) = package.or(named) else { continue };
            if program.sockets && (package.is_some() || is_of_the_system(launch, name)) {
                needs.sockets = Some(name.clone());
            }
            if foreign {
                needs.moved.extend(program.moved.clone());
                continue;
            }
            let own = match home.os() {
                Os::MacOs => &program.macos,
                _ => &program.linux,
            };
            for template in program.writable.iter().chain(own) {
                let template = match (template.contains(NPX), &npx) {
                    (true, Some(folder)) => template.replace(NPX, folder),
                    (true, None) => continue,
                    (false, _) => template.clone(),
                };
                needs.writable.extend(home.expand(&template));
            }
            let fresh = program.fresh.iter().flat_map(|template| home.expand(template));
            needs.writable.extend(fresh.filter(|folder| !folder.exists()));
            for (name, template) in &program.keep {
                let folder = home.expand(template).into_iter().next();
                needs.keep.extend(folder.map(|folder| (name.clone(), folder.to_string_lossy().into_owned())));
            }
            needs.files.extend(program.files.iter().flat_map(|template| home.expand(template)));
        }
        needs
    }
}

/// Whether a command names a program where nobody but the system, or who looks it up on PATH, finds it: one that lies in a
/// project may only be called the same.
fn is_of_the_system(launch: &Launch, name: &str) -> bool {
    let mut programs = launch.commands.iter().filter_map(|words| words.first()).map(|word| word.text.as_str());
    programs.any(|word| {
        launch::program_name(word) == name
            && (!word.contains(['/', '\\'])
                || ["/usr/", "/opt/", "/snap/bin/"].iter().any(|folder| word.starts_with(folder)))
    })
}

/// The folder in npx' cache that is used for the packages of a launch, as npm computes it.
fn npx_folder(launch: &Launch) -> Option<String> {
    let packages = launch
        .packages
        .iter()
        .filter(|package| package.ecosystem == Ecosystem::Npm && matches!(package.runner.as_str(), "npx" | "npm"));
    let mut specs: Vec<&str> = packages.map(|package| package.spec.text.as_str()).collect();
    if specs.is_empty() {
        return None;
    }
    specs.sort_unstable();
    let digest = Sha512::digest(specs.join("\n"));
    Some(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// The system on which servers are started.
pub(super) fn this_system() -> Os {
    if cfg!(target_os = "macos") {
        Os::MacOs
    } else if cfg!(windows) {
        Os::Windows
    } else {
        Os::Linux
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Given};
    use crate::discover::ConfigFile;
    use crate::document::{Source, Sources};
    use crate::launch::Grammar;
    use std::path::Path;

    fn places() -> Places {
        Places::parse(rules::data("sandbox.toml")).unwrap_or_else(|error| panic!("{error}"))
    }

    /// As it comes out of a config.
    fn launch(line: &[&str]) -> Launch {
        let grammar = Grammar::parse(rules::data("runners.toml"), rules::data("wrappers.toml")).unwrap();
        let text = line.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let mut sources = Sources::default();
        let source = sources.add(Source::new("x", text));
        let file = ConfigFile::named("x".into(), "x".into(), "x".into());
        let config = config::read_given(file, source, sources.get(source), Given::Command);
        launch::resolve(&config.servers[0], &grammar)
    }

    fn needs(line: &[&str]) -> Needs {
        places().needs(&launch(line), &Home::new("/h".into(), Os::Linux, Default::default()), false)
    }

    #[test]
    fn every_template_stands_for_a_place() {
        let places = places();
        for (os, home) in
            [(Os::Linux, "/h"), (Os::MacOs, "/h"), (Os::Windows, if cfg!(windows) { "C:/h" } else { "/h" })]
        {
            let home = Home::new(home.into(), os, Default::default());
            for template in places.closed.of(os).filter(|template| !template.contains('*')) {
                let paths = home.expand(template);
                assert!(
                    !paths.is_empty() && paths.iter().all(|path| path.is_absolute() || cfg!(windows)),
                    "{template}"
                );
                // A place that holds a home, or all programs, would close everything.
                assert!(paths.iter().all(|path| !home.folder().starts_with(path)), "{template}");
            }
        }
        for program in &places.programs {
            for template in program.writable.iter().chain(&program.linux).chain(&program.macos).chain(&program.fresh) {
                assert!(template.starts_with("{HOME}/"), "{template}");
            }
        }
        assert!(places.hints.words.iter().all(|word| *word == word.to_lowercase()));
    }

    #[test]
    fn nothing_that_is_written_is_closed() {
        let places = places();
        let home = Home::new("/h".into(), Os::Linux, Default::default());
        let closed: Vec<PathBuf> = places.closed.of(Os::Linux).flat_map(|template| home.expand(template)).collect();
        for line in [&["npx", "-y", "x"][..], &["uvx", "x"], &["bunx", "x"], &["go", "run", "x@v1"], &["cargo", "run"]]
        {
            for folder in needs(line).writable {
                let clash = closed.iter().find(|place| folder.starts_with(place) || place.starts_with(&folder));
                assert!(clash.is_none(), "{folder:?} and {clash:?}");
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_launch_writes_to_the_caches_of_its_own_runners() {
        assert_eq!(needs(&["node", "server.js"]), Needs::default());
        let npx = needs(&["npx", "-y", "@modelcontextprotocol/server-memory"]).writable;
        // The name that npm itself gives it.
        assert!(npx.contains(&PathBuf::from("/h/.npm/_npx/15b07286cbcc3329")), "{npx:?}");
        assert!(!npx.iter().any(|path| path == Path::new("/h/.npm") || path == Path::new("/h/.npm/_npx")), "{npx:?}");
        let shell = needs(&["sh", "-c", "exec uvx mcp-server-time"]).writable;
        assert!(shell.contains(&PathBuf::from("/h/.cache/uv")), "{shell:?}");
    }

    #[test]
    fn a_project_gets_caches_of_its_own() {
        let home = Home::new("/h".into(), Os::Linux, Default::default());
        let places = places();
        for program in places.programs.iter().filter(|program| !program.sockets) {
            assert!(!program.moved.is_empty(), "{:?}", program.names);
            let needs = places.needs(&launch(&[&program.names[0], "run", "x"]), &home, true);
            let moved: Vec<(String, String)> = program.moved.clone().into_iter().collect();
            assert_eq!(needs, Needs { moved, ..Needs::default() });
        }
    }

    #[test]
    fn sockets_are_for_the_engine_and_not_for_its_namesake() {
        assert_eq!(needs(&["docker", "run", "-i", "acme/db"]).sockets.as_deref(), Some("docker"));
        assert_eq!(needs(&["/usr/bin/docker", "run", "-i", "acme/db"]).sockets.as_deref(), Some("docker"));
        assert_eq!(needs(&["./docker", "run", "-i", "acme/db"]).sockets, None);
        assert_eq!(needs(&["npx", "-y", "docker"]).sockets, None);
        assert_eq!(needs(&["npx", "-y", "tsx", "server.ts"]).sockets.as_deref(), Some("tsx"));
    }

    #[test]
    fn the_configs_of_all_clients_are_closed_and_their_folders_are_not() {
        let clients = Clients::parse(rules::data("clients.toml")).unwrap();
        let home = Home::new("/h".into(), Os::Linux, Default::default());
        let confine = Confine::Yes { program: "/mcpscan".into(), network: Network::Open };
        let Sandbox::On(rules) = places().sandbox(&confine, &[home], &clients) else { panic!("off") };
        for path in
            ["/h/.ssh", "/h/.cursor/mcp.json", "/h/.claude.json", "/h/.config/Claude/claude_desktop_config.json"]
        {
            assert!(rules.closed.contains(&PathBuf::from(path)), "{path}");
        }
        for open in ["/h", "/h/.cursor", "/h/.config", "/h/.cursor/extensions", "/h/.local/bin"] {
            let open = Path::new(open);
            assert!(!rules.closed.iter().any(|closed| open.starts_with(closed)), "{open:?}");
        }
    }
}

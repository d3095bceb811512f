//! What lies around a config on disk: what git makes of it, who else can read it, and which versions of the packages that
//! it starts are in use. Read after the configs and before the judges, who get it as plain data.

mod git;
mod ignored;
mod index;
mod permissions;
mod script;
mod versions;

pub use git::Git;
pub use index::tracked;
pub use permissions::Readers;
pub use script::{Dependency, Script, parse_script, read_script, scripts};
pub use versions::{InUse, Said, Versions, Which, project_folder, said_in, versions};

use std::collections::HashMap;
use std::path::Path;

use crate::config::Config;
use crate::discover::{Home, Request, Scope};
use crate::document::SourceId;
use crate::launch::Launch;

/// What is around one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Around {
    /// What git makes of it.
    pub git: Git,
    /// It is the config of a client in somebody's home, and in no repository.
    pub at_home: bool,
    /// Who can read it, and its mode; nothing on systems that have none.
    pub readers: Option<(Readers, u32)>,
}

/// What is around each file; nothing of those that nobody asked about.
pub type Surroundings = HashMap<SourceId, Around>;

/// Looks around those configs that are `wanted`. The disk is read for no others.
pub fn look(configs: &[Config], wanted: impl Fn(SourceId) -> bool, request: &Request) -> Surroundings {
    let configs: Vec<&Config> = configs.iter().filter(|config| wanted(config.source)).collect();
    let paths: Vec<&Path> = configs.iter().map(|config| config.file.path.as_path()).collect();
    let states = git::states(&paths, request.homes.first());
    let around = |(config, git): (&Config, Git)| {
        let at_home = git == Git::Outside && is_at_home(config, &request.homes);
        (config.source, Around { git, at_home, readers: permissions::readers(&config.file.path) })
    };
    configs.into_iter().zip(states).map(around).collect()
}

/// Looks at the programs that entries name by their whole path, and writes into their launches which of them every user of
/// the machine can change.
pub fn programs(configs: &[Config], launches: &mut [Vec<Launch>]) {
    for (config, launches) in configs.iter().zip(launches) {
        for (entry, launch) in config.servers.iter().zip(launches) {
            // The program, or the script that an interpreter is given first.
            let script = entry.args.iter().find(|arg| !arg.text.starts_with('-'));
            for word in entry.command.iter().chain(script) {
                let path = Path::new(&word.text);
                if path.is_absolute()
                    && path.is_file()
                    && let Some(place) = permissions::open_to_all(path)
                {
                    launch.open_to_all.push((word.clone(), crate::discover::spelled(&place)));
                }
            }
        }
    }
}

/// A client's own config in a home. A project that lies in a home is no part of it: it may be shared in other ways.
fn is_at_home(config: &Config, homes: &[Home]) -> bool {
    let own = config.file.readers.iter().any(|reader| reader.scope == Scope::User);
    own && homes.iter().any(|home| config.file.path.starts_with(home.folder()))
}

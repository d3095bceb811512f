//! The homes on a machine: those of its other users, and those on the other side of WSL.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Clients, Home, Os, glob};

/// Where this process runs, as far as homes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// macOS.
    MacOs,
    /// Linux or another Unix.
    Linux,
    /// Linux inside Windows.
    Wsl,
    /// Windows.
    Windows,
}

impl Host {
    /// The system whose paths the user's own home has.
    pub fn os(self) -> Os {
        match self {
            Self::MacOs => Os::MacOs,
            Self::Linux | Self::Wsl => Os::Linux,
            Self::Windows => Os::Windows,
        }
    }
}

/// A place where homes lie side by side.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HomesEntry {
    /// Where this process has to run.
    on: Vec<Host>,
    /// The system whose paths these homes have.
    os: Os,
    /// The homes.
    folders: Vec<String>,
    /// Names that are no homes.
    #[serde(default)]
    except: Vec<String>,
    /// They are looked at without being asked for: the same person's, on the other side.
    #[serde(default)]
    always: bool,
}

/// The homes beside `own`, sorted; those of other users only if they are asked for. Absolute paths of the table count
/// from `root`, which is `/` but in tests.
pub fn other_homes(clients: &Clients, host: Host, own: &Path, everyone: bool, root: &Path) -> Vec<Home> {
    let mut found: Vec<(PathBuf, Os)> = Vec::new();
    for entry in clients.homes().iter().filter(|entry| entry.on.contains(&host) && (everyone || entry.always)) {
        for folder in &entry.folders {
            for path in glob::expand(&root.join(folder.strip_prefix('/').unwrap_or(folder))) {
                let excepted = path.file_name().is_none_or(|name| entry.except.iter().any(|not| name == not.as_str()));
                // The same person's other home is only looked at where it opens.
                let opens = everyone || path.read_dir().is_ok();
                if path.is_dir() && !excepted && opens && path != own {
                    found.push((path, entry.os));
                }
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    found.into_iter().map(|(folder, os)| Home::other(folder, os)).collect()
}

//! What a server that shuts itself in is told: what to become, and what to leave open.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Network;

/// Everything one start needs to know.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// What to start.
    pub(super) program: String,
    /// With which arguments.
    pub(super) args: Vec<String>,
    /// All its variables. They count only from the start of the program on: one that loads code must not load it before.
    pub(super) env: Vec<(String, String)>,
    /// What can't be read.
    pub(super) closed: Vec<PathBuf>,
    /// Folders that can be written, and are made where they are missing. The first one is for this start alone.
    pub(super) writable: Vec<PathBuf>,
    /// The same of files.
    pub(super) files: Vec<PathBuf>,
    /// What can be opened of `/dev`.
    pub(super) devices: Vec<PathBuf>,
    /// Homes: they stay open below folders that can't be listed, and whatever a link among the closed places says.
    pub(super) homes: Vec<PathBuf>,
    /// Where the server starts: it stays open below folders that can't be listed. A config names it, so it opens nothing
    /// that is closed.
    pub(super) folder: Option<PathBuf>,
    /// What it may do over the network.
    pub(super) network: Network,
    /// Who needs sockets of the file system.
    pub(super) sockets: Option<String>,
}

//! What a started server may not do: read credentials, write to the home, reach other programs of its user.
//!
//! On Linux the started program is this very program, which shuts itself in ([`landlock`], [`seccomp`]) and then becomes
//! the server: no code runs between a fork and an exec, the number of the process stays, and what the server's own
//! variables load is loaded inside. On macOS `sandbox-exec` does it, by a profile. Elsewhere there is none, and that is
//! told.

mod folder;
#[cfg(target_os = "linux")]
mod inside;
#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "linux")]
mod outside;
#[cfg(target_os = "linux")]
mod plan;
#[cfg(target_os = "linux")]
mod privileges;
#[cfg(any(target_os = "macos", test))]
mod profile;
#[cfg(target_os = "macos")]
mod seatbelt;
#[cfg(target_os = "linux")]
mod seccomp;
mod start;
#[cfg(target_os = "linux")]
mod tree;

#[cfg(any(target_os = "linux", target_os = "macos"))]
use std::path::Path;
use std::path::PathBuf;

pub(super) use folder::Folder;
#[cfg(target_os = "linux")]
pub(super) use folder::remove;
pub(super) use start::Start;

/// The word behind which the program shuts itself in and becomes a server.
pub const WORD: &str = "__exec";

/// Whether servers are shut in.
#[derive(Clone, Debug)]
pub enum Sandbox {
    /// They are not, and why.
    Off(String),
    /// They are, as far as the system can.
    On(Box<Rules>),
}

/// What counts for all servers of a run.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// This program, which shuts itself in on Linux.
    pub program: PathBuf,
    /// What they may do over the network.
    pub network: Network,
    /// Files and folders that they can't read. Whether one exists is not asked for.
    pub closed: Vec<PathBuf>,
    /// Devices that they can read and write. No other device can be opened.
    pub devices: Vec<PathBuf>,
    /// Folders that stay open even where the folders above them can't be listed: homes, above all.
    pub homes: Vec<PathBuf>,
    /// Words, in lower case, by which a server's last message tells that the sandbox may be why it failed.
    pub hints: Vec<String>,
}

/// What servers may do over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Network {
    /// Whatever they want.
    #[default]
    Open,
    /// Nothing.
    None,
}

/// What one server needs beyond what all may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Folders that it can write to; made where they are missing.
    pub writable: Vec<PathBuf>,
    /// Files that it can write to; made where they are missing.
    pub files: Vec<PathBuf>,
    /// Variables that keep its programs at their caches where its home is another one.
    pub keep: Vec<(String, String)>,
    /// Variables that put what is written into folders of these names in its temporary folder.
    pub moved: Vec<(String, String)>,
    /// The program that is started for it and talks to a service of this machine over a socket in the file system.
    pub sockets: Option<String>,
}

/// How much of the sandbox was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Level {
    /// All of it.
    Full,
    /// A part.
    Partial,
    /// Nothing that keeps files from being read.
    None,
}

/// What was enforced upon a server.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Enforced {
    /// How much.
    pub level: Level,
    /// What is missing; always there but for [`Level::Full`].
    pub reason: Option<String>,
}

impl Enforced {
    /// All, or what is missing of it.
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    fn but_for(missing: &[String]) -> Self {
        let level = if missing.is_empty() { Level::Full } else { Level::Partial };
        Self { level, reason: (!missing.is_empty()).then(|| missing.join("; ")) }
    }

    pub(super) fn none(reason: impl Into<String>) -> Self {
        Self { level: Level::None, reason: Some(reason.into()) }
    }
}

/// What is missing where a program may use sockets.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn for_sockets(program: &str) -> String {
    format!("it may use local sockets, as `{program}` has to")
}

/// Why a server is not started where the sandbox can't be set up although there is one.
pub(super) fn failed(why: &dyn std::fmt::Display) -> std::io::Error {
    std::io::Error::other(format!("the sandbox can't be set up ({why}), and --no-sandbox would start it without"))
}

/// Whether this system can shut servers in, as far as that is known before one is started.
pub fn is_there() -> bool {
    #[cfg(target_os = "linux")]
    return landlock::is_there();
    #[cfg(target_os = "macos")]
    return Path::new(profile::PROGRAM).exists();
    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    return false;
}

/// The folder for the temporary folders of a run; nothing where servers are not shut in.
pub(super) fn run_folder(sandbox: &Sandbox) -> Option<Folder> {
    match sandbox {
        Sandbox::On(_) if cfg!(unix) => Folder::new().ok(),
        _ => None,
    }
}

/// Shuts this process in and becomes the server that standard input tells. Comes back only with what went wrong before
/// the one who started it could be told.
#[cfg(target_os = "linux")]
pub fn become_server() -> std::io::Error {
    inside::run().err().unwrap_or_else(|| std::io::Error::other("there is nothing to become"))
}

/// Elsewhere there is nothing to become.
#[cfg(not(target_os = "linux"))]
pub fn become_server() -> std::io::Error {
    std::io::ErrorKind::Unsupported.into()
}

/// Makes what is missing of the places to write to. What can't be made can't be written to, and the server says so.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn make(folders: &[PathBuf], files: &[PathBuf]) {
    for folder in folders.iter().map(PathBuf::as_path).chain(files.iter().filter_map(|file| file.parent())) {
        let _ = std::fs::create_dir_all(folder);
    }
    for file in files {
        let _ = std::fs::OpenOptions::new().append(true).create(true).open(file);
    }
}

/// The path with every link in it followed, as far as it exists.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn resolved(path: &Path) -> PathBuf {
    let mut behind = Vec::new();
    for existing in path.ancestors() {
        match existing.canonicalize() {
            Ok(mut real) => {
                real.extend(behind.iter().rev());
                return real;
            }
            Err(_) => behind.extend(existing.file_name()),
        }
    }
    path.to_owned()
}

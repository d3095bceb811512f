//! What was and what was not looked at. What isn't here was not looked at, and nobody may call it clean.

use crate::document::Position;

/// Coverage of a run.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Every config that was found or named.
    pub configs: Vec<ConfigCoverage>,
    /// Every server of every config or saved list.
    pub servers: Vec<ServerCoverage>,
    /// Every settings file and baseline that this run went by, the weightiest first.
    pub settings: Vec<SettingsCoverage>,
    /// What is wrong with ignores, settings and baselines without keeping the run from its work.
    pub notes: Vec<Note>,
}

/// Whose a settings file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsOrigin {
    /// Named on this run.
    Named,
    /// It came with the project.
    Project,
    /// The user's own.
    User,
    /// A baseline.
    Baseline,
}

impl SettingsOrigin {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Project => "project",
            Self::User => "user",
            Self::Baseline => "baseline",
        }
    }
}

/// One settings file that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsCoverage {
    /// Its path as the user knows it.
    pub path: String,
    /// Whose it is.
    pub origin: SettingsOrigin,
    /// What it changes about what counts, a clause each: what a project's file does must be seen.
    pub effects: Vec<String>,
}

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteLevel {
    /// It was meant to do something and does nothing: counts as a gap.
    Error,
    /// It works, and should be looked at.
    Warning,
}

impl NoteLevel {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something about an ignore, a setting or a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub level: NoteLevel,
    /// The file, as the user knows it.
    pub path: String,
    /// Line and column, from 1, where there is one place.
    pub at: Option<Position>,
    /// What is wrong and what to do.
    pub message: String,
}

/// How far a config was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigStatus {
    /// All of it.
    Scanned,
    /// Some of it.
    Partial,
    /// Nothing of it.
    Failed,
    /// It was found and left alone.
    Skipped,
}

impl ConfigStatus {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scanned => "scanned",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One config.
#[derive(Clone, Debug)]
pub struct ConfigCoverage {
    /// Its path as the user knows it.
    pub path: String,
    /// Id of the client that reads it.
    pub client: String,
    /// Ids of other clients that read it.
    pub also: Vec<String>,
    /// Where it counts.
    pub scope: String,
    /// How far it was read.
    pub status: ConfigStatus,
    /// Why not further.
    pub reason: Option<String>,
    /// Entries it defines, disabled ones too.
    pub servers: usize,
    /// The user named it, and it isn't there or can't be opened.
    pub usage_error: bool,
}

/// How far a server was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerStatus {
    /// It told everything.
    Scanned,
    /// It told some.
    Partial,
    /// Only its entry was judged; nobody asked for it to be started.
    Static,
    /// It told nothing.
    Failed,
    /// It could not be asked from here.
    Skipped,
    /// It wants to know who asks before it tells anything.
    NeedsSignIn,
}

impl ServerStatus {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scanned => "scanned",
            Self::Partial => "partial",
            Self::Static => "static",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::NeedsSignIn => "needs-sign-in",
        }
    }

    /// Whether it was to be asked and did not tell everything.
    pub fn is_gap(self) -> bool {
        matches!(self, Self::Failed | Self::Partial | Self::Skipped | Self::NeedsSignIn)
    }
}

/// One server.
#[derive(Clone, Debug)]
pub struct ServerCoverage {
    /// Id of the client.
    pub client: Option<String>,
    /// Its name.
    pub server: String,
    /// The config or saved list that names it.
    pub config: Option<String>,
    /// How far it was asked.
    pub status: ServerStatus,
    /// Why not further.
    pub reason: Option<String>,
    /// It could be asked, and nobody wanted it to be.
    pub unasked: bool,
    /// Tools it offers, if it was asked.
    pub tools: Option<usize>,
    /// Prompts it offers.
    pub prompts: Option<usize>,
    /// Resources and templates it offers.
    pub resources: Option<usize>,
    /// Milliseconds it took.
    pub ms: Option<u64>,
    /// How far it was shut in; nothing where nothing was started.
    pub sandbox: Option<SandboxCoverage>,
    /// What the lock says of it; nothing where there is none that would keep it.
    pub lock: Option<LockCoverage>,
}

/// What a lock says of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockStatus {
    /// As it was accepted.
    Approved,
    /// As it was when it was first seen; nobody has accepted it.
    Recorded,
    /// Not as it was.
    Changed,
    /// It is not in the lock.
    Absent,
}

impl LockStatus {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Recorded => "recorded",
            Self::Changed => "changed",
            Self::Absent => "absent",
        }
    }
}

/// A server and its lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockCoverage {
    /// The lock, as the user knows it.
    pub file: String,
    /// Whether it is as it was.
    pub status: LockStatus,
    /// How many of its tools are; nothing where it was not asked.
    pub tools: Option<usize>,
}

/// How much of a sandbox there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SandboxLevel {
    /// All of it.
    Full,
    /// A part.
    Partial,
    /// Nothing.
    None,
}

impl SandboxLevel {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::None => "none",
        }
    }
}

/// How far a server was shut in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxCoverage {
    /// How far.
    pub level: SandboxLevel,
    /// What was missing; always there but for [`SandboxLevel::Full`].
    pub reason: Option<String>,
}

impl Coverage {
    /// Whether something that should have been looked at was not: a config that can't be read, a server that can't be
    /// asked or did not tell everything, an ignore that does nothing. Where nobody asked for servers to be started, their
    /// entries are all there is.
    pub fn is_incomplete(&self) -> bool {
        self.configs.iter().any(|config| config.status != ConfigStatus::Scanned)
            || self.servers.iter().any(|server| server.status.is_gap())
            || self.notes.iter().any(|note| note.level == NoteLevel::Error)
    }

    /// Whether something was tried and nothing could be looked at.
    pub fn is_blind(&self) -> bool {
        let tried = !self.configs.is_empty() || !self.servers.is_empty();
        let read = |status: ConfigStatus| matches!(status, ConfigStatus::Scanned | ConfigStatus::Partial);
        let told = |status: ServerStatus| !matches!(status, ServerStatus::Failed | ServerStatus::NeedsSignIn);
        tried
            && !self.configs.iter().any(|config| read(config.status))
            && !self.servers.iter().any(|server| told(server.status))
    }
}

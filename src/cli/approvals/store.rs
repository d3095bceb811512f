//! What the user has approved for good: a file in the user's own config folder, by digests of what would run.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cli::Failure;
use crate::connect::Question;
use crate::discover::{Home, Os};

/// The version of the file that this program writes and reads.
const VERSION: u32 = 1;

/// One approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Approval {
    /// Salted digest of what runs. Its beginning is the name that the user gives.
    pub(in crate::cli) id: String,
    /// Name of the client.
    pub(in crate::cli) client: String,
    /// Name of the server.
    pub(in crate::cli) server: String,
    /// The config that named it.
    pub(in crate::cli) config: String,
    /// What it was, for a reader: a command or an address, with secrets taken out.
    pub(in crate::cli) what: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    /// Keeps what stands in a command from being guessed by its digest.
    salt: String,
    approvals: Vec<Approval>,
}

/// The approvals of this user.
#[derive(Debug)]
pub(in crate::cli) struct Store {
    path: PathBuf,
    salt: String,
    approvals: Vec<Approval>,
}

impl Store {
    /// Those in a home; none where there is no file.
    ///
    /// # Errors
    /// A file that can't be read, that others can change, or that another version wrote.
    pub(in crate::cli) fn open(home: &Home) -> Result<Self, Failure> {
        let place = match home.os() {
            Os::Linux => "{XDG_CONFIG_HOME}/mcpscan/approvals.json",
            Os::MacOs => "{HOME}/Library/Application Support/mcpscan/approvals.json",
            Os::Windows => "{APPDATA}/mcpscan/approvals.json",
        };
        let path = home.expand(place).into_iter().next().unwrap_or_else(|| home.folder().join("approvals.json"));
        Self::read(path)
    }

    fn read(path: PathBuf) -> Result<Self, Failure> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path, salt: salt(), approvals: Vec::new() });
            }
            Err(error) => return Err(Failure::File { path: path.display().to_string(), error }),
        };
        let wrong = |why: String| Failure::Usage(format!("{}: {why}", path.display()));
        own(&path).map_err(wrong)?;
        let file: File = serde_json::from_str(&text).map_err(|error| {
            wrong(format!("no list of approvals ({error}); remove the file to start over: nothing is approved then"))
        })?;
        if file.version != VERSION {
            return Err(wrong(format!("written by another version of this program (format {})", file.version)));
        }
        Ok(Self { path, salt: file.salt, approvals: file.approvals })
    }

    /// All of them, in the order in which they were given.
    pub(in crate::cli) fn all(&self) -> &[Approval] {
        &self.approvals
    }

    /// Where they are kept.
    pub(in crate::cli) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether exactly this was approved.
    pub(in crate::cli) fn has(&self, question: &Question) -> bool {
        let id = self.id(question);
        self.approvals.iter().any(|approval| approval.id == id)
    }

    /// Approves something; `what` is how it is shown. It counts once it is saved.
    pub(in crate::cli) fn add(&mut self, question: &Question, what: String) {
        if !self.has(question) {
            let Question { client, server, config, .. } = question.clone();
            self.approvals.push(Approval { id: self.id(question), client, server, config, what });
        }
    }

    /// Takes back those whose id begins so, or whose server is called so. Returns them.
    pub(in crate::cli) fn remove(&mut self, name: &str) -> Vec<Approval> {
        // A digit or two would hit by chance.
        let is_id = |approval: &Approval| name.len() >= SHORT && approval.id.starts_with(name);
        let hit = |approval: &Approval| is_id(approval) || approval.server == name;
        let (gone, kept) = std::mem::take(&mut self.approvals).into_iter().partition(hit);
        self.approvals = kept;
        gone
    }

    /// Takes all of them back.
    pub(in crate::cli) fn clear(&mut self) -> Vec<Approval> {
        std::mem::take(&mut self.approvals)
    }

    /// Writes the file, whole or not at all, for this user alone.
    ///
    /// # Errors
    /// The folder or the file can't be written.
    pub(in crate::cli) fn save(&self) -> Result<(), Failure> {
        let failed = |error| Failure::File { path: self.path.display().to_string(), error };
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let file = File { version: VERSION, salt: self.salt.clone(), approvals: self.approvals.clone() };
        let text = serde_json::to_string_pretty(&file).map_err(|error| failed(error.into()))?;
        // A temporary file is its user's alone, and stays so under its new name.
        let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        temporary.write_all(text.as_bytes()).and_then(|()| temporary.write_all(b"\n")).map_err(failed)?;
        temporary.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn id(&self, question: &Question) -> String {
        // The client is a part of it: what was approved for one may be asked again for another.
        let parts = [self.salt.as_str(), &question.client, &question.server, &question.identity];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// How much of an id is shown, and has to be given.
pub(in crate::cli) const SHORT: usize = 8;

/// Whoever can write the file decides what runs without a question.
#[cfg(unix)]
pub(in crate::cli) fn own(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let meta = fs::metadata(path).map_err(|error| error.to_string())?;
    if meta.mode() & 0o022 != 0 {
        return Err("others can change it, so it counts for nothing; `chmod 600` it".to_owned());
    }
    // Whoever owns the home is who it is for; root can change everything anyway.
    let whose = std::env::home_dir().and_then(|home| fs::metadata(home).ok()).map(|home| home.uid());
    if meta.uid() == 0 || whose.is_none_or(|owner| owner == meta.uid()) {
        Ok(())
    } else {
        Err("it belongs to somebody else, so it counts for nothing; remove it".to_owned())
    }
}

#[cfg(not(unix))]
pub(in crate::cli) fn own(_: &Path) -> Result<(), String> {
    Ok(())
}

/// 128 bits that nobody else knows: the keys of a hash table come from the system's source of randomness.
fn salt() -> String {
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::Deed;

    fn question(server: &str, identity: &str) -> Question {
        Question {
            client: "Cursor".into(),
            server: server.into(),
            config: "~/.cursor/mcp.json".into(),
            foreign: false,
            deed: Deed::Start { command: vec!["npx".into()], folder: None, variables: Vec::new() },
            warnings: Vec::new(),
            identity: identity.into(),
        }
    }

    #[test]
    fn what_is_saved_is_found_again_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/approvals.json");
        let mut store = Store::read(path.clone()).unwrap();
        let (one, other) = (question("one", "abc"), question("one", "abd"));
        store.add(&one, "npx x".into());
        store.add(&one, "npx x".into());
        store.save().unwrap();
        let mut again = Store::read(path.clone()).unwrap();
        assert_eq!(again.all().len(), 1);
        assert!(again.has(&one) && !again.has(&other) && !again.has(&question("two", "abc")));
        assert!(!fs::read_to_string(&path).unwrap().contains("abc"), "a digest without salt can be guessed");
        assert_eq!(again.remove("nobody").len() + again.remove("").len(), 0);
        let id = again.all()[0].id[..SHORT].to_owned();
        assert_eq!(again.remove(&id).len(), 1);
        assert!(!again.has(&one));
    }

    #[test]
    fn a_damaged_or_newer_file_approves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("approvals.json");
        for text in [
            "",
            "{",
            "[]",
            r#"{"version":2,"salt":"","approvals":[]}"#,
            r#"{"version":1,"salt":"","approvals":[],"x":1}"#,
        ] {
            fs::write(&path, text).unwrap();
            let error = Store::read(path.clone()).unwrap_err().to_string();
            assert!(error.contains("approvals.json"), "{text}: {error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_change_approves_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("approvals.json");
        let mut store = Store::read(path.clone()).unwrap();
        store.add(&question("one", "abc"), String::new());
        store.save().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
            assert!(Store::read(path.clone()).unwrap_err().to_string().contains("somebody else"));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(Store::read(path).unwrap_err().to_string().contains("chmod 600"));
    }
}

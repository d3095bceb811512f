//! Where the locks of a run are.

use std::path::{Path, PathBuf};

use super::args::Place;
use super::settings::{nearest_file, shown, text};
use super::{Failure, approvals, place};
use crate::discover::{Home, Os};
use crate::lock::NAME;
use crate::pipeline::{LockFile, Whose};

/// Larger files are no locks.
const LARGEST: u64 = 256 << 20;

/// The locks that are there. For a saved list only one: the project's, else the user's.
pub(super) fn existing(
    paths: &[PathBuf],
    place: &Place,
    saved: bool,
    variables: &[(String, String)],
) -> Result<Vec<LockFile>, Failure> {
    let mut locks = all(paths, place, variables)?;
    locks.retain(|lock| lock.text.is_some());
    if saved {
        locks.truncate(1);
    }
    Ok(locks)
}

/// The project's lock and the user's own, there or not.
pub(super) fn all(paths: &[PathBuf], place: &Place, variables: &[(String, String)]) -> Result<Vec<LockFile>, Failure> {
    let project = match nearest_file(paths, NAME, "locks", "remove all but one, or look past them with --no-lock")? {
        Some(path) => Some(path),
        None => root(paths).map(|root| root.join(NAME)),
    };
    let mut locks = Vec::new();
    if let Some(path) = project {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        locks.push(read(Whose::Project, path, folder)?);
    }
    // The lock of another home lies in that one.
    let home = match &place.home {
        Some(home) => std::path::absolute(home).ok().map(|home| Home::other(home, place::os(variables))),
        None => approvals::own_home(variables).ok(),
    };
    if let Some(home) = home {
        let path = of_user(&home);
        if path.symlink_metadata().is_ok() {
            approvals::own_file(&path).map_err(|why| Failure::Usage(format!("{}: {why}", path.display())))?;
        }
        locks.push(read(Whose::User, path, home.folder().to_owned())?);
    }
    Ok(locks)
}

fn of_user(home: &Home) -> PathBuf {
    let place = match home.os() {
        Os::Linux => "{XDG_CONFIG_HOME}/mcpscan/mcpscan.lock",
        Os::MacOs => "{HOME}/Library/Application Support/mcpscan/mcpscan.lock",
        Os::Windows => "{APPDATA}/mcpscan/mcpscan.lock",
    };
    let known = home.expand(place).into_iter().next();
    known.unwrap_or_else(|| home.folder().join(".config/mcpscan").join(NAME))
}

/// The root of the project in which what is looked at lies; its folder, where there is no repository.
fn root(paths: &[PathBuf]) -> Option<PathBuf> {
    let start = paths.first().map_or(Path::new("."), PathBuf::as_path).canonicalize().ok()?;
    let folder = if start.is_dir() { start.as_path() } else { start.parent()? };
    let root = folder.ancestors().find(|folder| folder.join(".git").exists());
    Some(root.unwrap_or(folder).to_owned())
}

fn read(whose: Whose, path: PathBuf, folder: PathBuf) -> Result<LockFile, Failure> {
    let there = path.symlink_metadata().is_ok();
    let text = there.then(|| text(&path, LARGEST)).transpose()?;
    let shown = shown(&path);
    LockFile::new(whose, path, shown, folder, text).map_err(|error| Failure::Usage(error.to_string()))
}

/// Writes a lock whole or not at all: a project's for everybody to read, a user's for that user alone.
pub(super) fn save(file: &LockFile, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::File { path: file.path.display().to_string(), error };
    if file.whose == Whose::Project {
        return super::output::replace(&file.path, text.as_bytes()).map_err(failed);
    }
    let folder = file.path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut written = tempfile::Builder::new().prefix(".mcpscan-").tempfile_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut written, text.as_bytes()).map_err(failed)?;
    written.as_file().sync_all().map_err(failed)?;
    written.persist(&file.path).map_err(|error| failed(error.error))?;
    Ok(())
}

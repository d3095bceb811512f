//! The temporary folders of a run, and their end.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io::ErrorKind};

/// How the folder of a run begins. Folders of other runs are recognised by it.
const PREFIX: &str = "mcpscan-run-";

/// The folder of a run, with a folder in it for each start. Dropping it removes everything: at the end of the run and not of
/// a server, since nobody may be left by then who could put a link to elsewhere in the way of the removal.
#[derive(Debug)]
pub(in crate::connect) struct Folder {
    path: PathBuf,
    next: AtomicUsize,
}

impl Folder {
    /// Makes one that only its user can look into.
    pub(in crate::connect) fn new() -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        // Kept: a server may leave behind what a simple removal stumbles over.
        let path = builder.prefix(PREFIX).disable_cleanup(true).tempdir()?.keep().canonicalize()?;
        Ok(Self { path, next: AtomicUsize::new(0) })
    }

    /// Where it is, with all links followed.
    pub(in crate::connect) fn path(&self) -> &Path {
        &self.path
    }

    /// A folder for one start.
    pub(super) fn another(&self) -> io::Result<PathBuf> {
        let path = self.path.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir(&path)?;
        Ok(path)
    }

    /// The folders of all runs, this and others that go on beside it.
    pub(super) fn all(&self) -> Vec<PathBuf> {
        let siblings = self.path.parent().and_then(|parent| fs::read_dir(parent).ok()).into_iter().flatten().flatten();
        // A link of that name is somebody's who wants what it leads to to be closed.
        let of_runs = siblings.filter(|entry| {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            is_folder && entry.file_name().to_string_lossy().starts_with(PREFIX)
        });
        of_runs.map(|entry| entry.path()).chain([self.path.clone()]).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Removes a folder that somebody filled who may not have wanted it to be removed: deeper than a path can be long, or
/// closed to its own user. What can't be removed stays.
///
/// No path that is used is longer than two names below `root`: what lies deeper is moved up first, and nothing is
/// called again by itself, so neither depth nor number matter. Links are removed, never followed.
pub(in crate::connect) fn remove(root: &Path) {
    let mut moved = 0_u64;
    let mut waiting: VecDeque<PathBuf> = VecDeque::new();
    waiting.extend(children(root));
    while let Some(path) = waiting.pop_front() {
        let is_folder = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        if !is_folder {
            let _ = fs::remove_file(&path);
            continue;
        }
        for child in children(&path) {
            if fs::remove_file(&child).is_ok() || fs::remove_dir(&child).is_ok() {
                continue;
            }
            // To move a folder, one has to be able to write into it.
            open(&child);
            moved += 1;
            let above = root.join(format!("{PREFIX}{moved}"));
            if fs::rename(&child, &above).is_ok() {
                waiting.push_back(above);
            }
        }
        let _ = fs::remove_dir(&path);
    }
    let _ = fs::remove_dir(root);
}

/// What lies in a folder, opened for its user first.
fn children(folder: &Path) -> Vec<PathBuf> {
    let read = || fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    open(folder);
    match read() {
        Ok(paths) => paths,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(_) => Vec::new(),
    }
}

/// Lets its user list, enter and empty a folder. A link is left alone, and so is what it points to.
fn open(folder: &Path) {
    #[cfg(unix)]
    if folder.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        let _ = fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700));
    }
    #[cfg(not(unix))]
    let _ = folder;
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_link_is_no_run() {
        let (own, other) = (Folder::new().unwrap(), Folder::new().unwrap());
        let link = own.path().with_file_name(format!("{PREFIX}link-{}", std::process::id()));
        symlink("/usr", &link).unwrap();
        let all = own.all();
        fs::remove_file(&link).unwrap();
        assert!(all.contains(&own.path) && all.contains(&other.path) && !all.contains(&link), "{all:?}");
    }

    #[test]
    fn what_resists_is_removed_and_links_are_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "x").unwrap();
        let folder = Folder::new().unwrap();
        let root = folder.path().to_owned();
        let own = folder.another().unwrap();
        // Deeper than a path can be long.
        let mut deep = own.join("deep");
        fs::create_dir(&deep).unwrap();
        for _ in 0..3_000 {
            let above = own.join("above");
            fs::create_dir(&above).unwrap();
            fs::rename(&deep, above.join("a-rather-long-name")).unwrap();
            deep = own.join("deep");
            fs::rename(&above, &deep).unwrap();
        }
        fs::create_dir_all(own.join("closed/inner")).unwrap();
        fs::write(own.join("closed/inner/file"), "x").unwrap();
        symlink(outside.path(), own.join("closed/link")).unwrap();
        symlink(outside.path(), own.join("link")).unwrap();
        for closed in ["closed/inner", "closed"] {
            fs::set_permissions(own.join(closed), PermissionsExt::from_mode(0o000)).unwrap();
        }
        drop(folder);
        assert!(!root.exists());
        assert!(outside.path().join("kept").exists());
    }
}

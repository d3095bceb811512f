//! What git makes of a file. Nothing of git is run: its index and its lists of what to ignore are read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ignored::{Ignored, Lists};
use super::index::tracked;
use crate::discover::{self, Home, ReadError};

/// What git makes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Git {
    /// It is in the index: committed, or about to be.
    Tracked,
    /// It is left out on purpose.
    Ignored,
    /// It is in a repository and neither: one `git add` away from being committed.
    Untracked,
    /// It is in no repository.
    Outside,
    /// There is something that can't be read, or only a part of it.
    Unknown,
}

/// A larger index is none that a person works with.
const LARGEST_INDEX: u64 = 64 << 20;
/// A file that says where a folder is.
const LARGEST_POINTER: u64 = 8 << 10;

/// What git makes of each of these files. The index of each repository is read once.
pub(super) fn states(files: &[&Path], home: Option<&Home>) -> Vec<Git> {
    let mut states = vec![Git::Unknown; files.len()];
    let mut repositories: BTreeMap<PathBuf, Vec<(usize, String)>> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        // What a link leads to is what holds the text: homes are often links into a repository.
        let Ok(real) = file.canonicalize() else { continue };
        match nearest(&real) {
            Nearest::Nothing => states[at] = Git::Outside,
            Nearest::Bare => {}
            Nearest::Repository(root) => {
                if let Some(path) = real.strip_prefix(root).ok().and_then(slashes) {
                    repositories.entry(root.to_owned()).or_default().push((at, path));
                }
            }
        }
    }
    let mut lists = Lists::default();
    for (root, files) in repositories {
        let Some(git) = git_folder(&root) else { continue };
        let paths: Vec<&[u8]> = files.iter().map(|(_, path)| path.as_bytes()).collect();
        let listed = match discover::read(&git.join("index"), LARGEST_INDEX) {
            Ok(index) => tracked(&index, &paths),
            // Before anything was added there is none.
            Err(ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => Some(vec![false; paths.len()]),
            Err(_) => None,
        };
        let Some(listed) = listed else { continue };
        let common = pointer(&git.join("commondir"), "").map_or(git.clone(), |path| git.join(path));
        let mut ignored = Ignored::new(&root, &common, home, &mut lists);
        for ((at, path), listed) in files.into_iter().zip(listed) {
            states[at] = match listed {
                true => Git::Tracked,
                false if ignored.is_ignored(&path) => Git::Ignored,
                false => Git::Untracked,
            };
        }
    }
    states
}

/// What is nearest around a file.
enum Nearest<'a> {
    Nothing,
    /// The inside of a repository, where nothing is tracked or ignored.
    Bare,
    Repository(&'a Path),
}

fn nearest(file: &Path) -> Nearest<'_> {
    for folder in file.ancestors().skip(1) {
        if folder.join(".git").symlink_metadata().is_ok() {
            return Nearest::Repository(folder);
        }
        let inside = folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir();
        if inside || folder.file_name().is_some_and(|name| name == ".git") {
            return Nearest::Bare;
        }
    }
    Nearest::Nothing
}

/// The folder in which git keeps what it knows of the files below `root`: of a worktree or a submodule it is elsewhere.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let own = root.join(".git");
    let folder = if own.is_dir() { own } else { root.join(pointer(&own, "gitdir:")?) };
    folder.join("HEAD").symlink_metadata().ok()?;
    Some(folder)
}

/// The path that a file holds behind a word.
fn pointer(file: &Path, word: &str) -> Option<PathBuf> {
    let text = String::from_utf8(discover::read(file, LARGEST_POINTER).ok()?).ok()?;
    let path = text.strip_prefix(word)?.trim();
    // Windows would ask another machine for it.
    let elsewhere = path.starts_with("//") || path.starts_with('\\');
    (!path.is_empty() && !elsewhere && !path.contains('\0')).then(|| PathBuf::from(path))
}

/// A path as the index has it; nothing if it is no text.
fn slashes(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    parts.map(|parts| parts.join("/"))
}

//! The disk: trees of projects, and files read with care.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::projects::Projects;

/// Folders of dependencies and build results: no client looks for a config of the project in there.
const LEFT_OUT: &[&str] = &[
    "node_modules",
    ".git",
    ".hg",
    ".svn",
    "target",
    "dist",
    "build",
    ".venv",
    "venv",
    "__pycache__",
    ".tox",
    ".gradle",
    ".next",
    ".cache",
    "vendor",
];

/// Deeper trees are loops or attacks.
const DEEPEST: usize = 64;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("{}", describe(.0))]
    Io(#[from] io::Error),
    /// A device, a pipe, a socket: reading it could hang or act.
    #[error("not a regular file")]
    NotAFile,
    /// Larger than any config.
    #[error("larger than {} MiB", .0 / (1024 * 1024))]
    TooLarge(u64),
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// The system's, or that it is no such file.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    // Before opening, since opening a pipe waits for its writer.
    let data = path.metadata()?;
    if !data.is_file() || data.len() == 0 && is_of_the_system(path) {
        return Err(ReadError::NotAFile);
    }
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > limit {
        return Err(ReadError::TooLarge(limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit)).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge(limit));
    }
    Ok(bytes)
}

/// Files of the kernel call themselves regular and empty, and reading one can wait for ever.
fn is_of_the_system(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|real| ["/proc", "/sys", "/dev"].iter().any(|root| real.starts_with(root)))
}

/// All files below `root` whose name fits one of these, sorted, and what could not be read. Links are not followed.
///
/// `.gitignore` is not honoured: a client starts an ignored config all the same.
/// After `most` entries it is left as it is.
pub(super) fn tree(root: &Path, names: &Projects, most: usize) -> Tree {
    let mut found = Vec::new();
    let mut unreadable = Vec::new();
    let mut links = Vec::new();
    let mut linked = Vec::new();
    let mut cut = false;
    let walk = WalkDir::new(root).max_depth(DEEPEST).into_iter().filter_entry(|entry| {
        entry.depth() == 0
            || !entry.file_type().is_dir()
            || !entry.file_name().to_str().is_some_and(|name| LEFT_OUT.contains(&name))
    });
    for (count, entry) in walk.enumerate() {
        if count >= most {
            cut = true;
            break;
        }
        match entry {
            // A link to a folder is not walked into, but a client looks behind it for its own file.
            Ok(entry) if entry.path_is_symlink() && entry.path().is_dir() => links.push(entry.into_path()),
            Ok(entry) => {
                if !entry.file_type().is_dir() && entry.file_name().to_str().is_some_and(|name| names.may_own(name)) {
                    if entry.path_is_symlink() { linked.push(entry.into_path()) } else { found.push(entry.into_path()) }
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let reason = error.io_error().map_or_else(|| error.to_string(), describe);
                unreadable.push((path, reason));
            }
        }
    }
    // The few that matter, instead of every name on the way; a path sorts as a sorted walk would meet it.
    found.sort();
    linked.sort();
    links.sort();
    unreadable.sort();
    Tree { found, linked, links, unreadable, cut }
}

/// What a tree holds.
pub(super) struct Tree {
    /// Files with one of the names, sorted.
    pub(super) found: Vec<PathBuf>,
    /// Links to such files.
    pub(super) linked: Vec<PathBuf>,
    /// Links to folders.
    pub(super) links: Vec<PathBuf>,
    /// What could not be read, and why.
    pub(super) unreadable: Vec<(PathBuf, String)>,
    /// There was more than was to be looked at.
    pub(super) cut: bool,
}

/// An error of the system in words that say what to do.
pub(super) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn dependencies_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["a/.cursor", "node_modules/x/.cursor", "a/target/.cursor"] {
            fs::create_dir_all(folder.path().join(path)).unwrap();
            fs::write(folder.path().join(path).join("mcp.json"), "{}").unwrap();
        }
        let mut names = Projects::default();
        names.add(".cursor/mcp.json", (0, 0));
        let Tree { found, unreadable, cut, .. } = tree(folder.path(), &names, usize::MAX);
        assert_eq!(found, [folder.path().join("a/.cursor/mcp.json")]);
        assert_eq!((unreadable, cut), (Vec::new(), false));
        assert!(tree(folder.path(), &names, 3).cut);
    }

    #[test]
    fn only_regular_files_of_a_sane_size() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        assert!(matches!(read(&file, 4), Err(ReadError::TooLarge(4))));
        assert!(matches!(read(folder.path(), 4), Err(ReadError::NotAFile)));
        assert_eq!(read(&folder.path().join("x"), 4).unwrap_err().to_string(), "no such file or folder");
    }
}

//! What a repository leaves out: `.gitignore` of every folder on the way, `info/exclude`, and the user's own list.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::discover::{self, Home};

/// Longer lists are none that a person wrote, and making them ready takes long.
const LARGEST: u64 = 128 << 10;

/// The lists of one repository.
pub(super) struct Ignored<'a> {
    root: &'a Path,
    /// `info/exclude` and the user's list, which count in this order where no folder's list says anything.
    others: Vec<Gitignore>,
    /// The lists of folders, made ready once.
    folders: &'a mut HashMap<PathBuf, Gitignore>,
}

impl<'a> Ignored<'a> {
    /// The lists of the repository at `root`, whose folder for all its worktrees is `common`.
    pub(super) fn new(
        root: &'a Path,
        common: &Path,
        home: Option<&Home>,
        folders: &'a mut HashMap<PathBuf, Gitignore>,
    ) -> Self {
        let own = home.map_or_else(Vec::new, |home| home.expand("{XDG_CONFIG_HOME}/git/ignore"));
        let others = std::iter::once(common.join("info/exclude")).chain(own).map(|file| list(&file)).collect();
        Self { root, others, folders }
    }

    /// Whether a file is left out, by its path from the root with `/` between folders. What lies in a folder that is left
    /// out can't be taken in again.
    pub(super) fn is_ignored(&mut self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| (at, true)).chain([(path.len(), false)]);
        ends.into_iter().any(|(end, is_folder)| self.says(&path[..end], is_folder))
    }

    /// What the lists say of one file or folder, not of what is above it.
    fn says(&mut self, path: &str, is_folder: bool) -> bool {
        // The nearest list decides; of each the last line that fits.
        let starts = path.match_indices('/').map(|(at, _)| at + 1).rev().chain([0]);
        for start in starts {
            let folder = self.root.join(path[..start].trim_end_matches('/'));
            let list = self.folders.entry(folder).or_insert_with_key(|folder| list(&folder.join(".gitignore")));
            match list.matched(&path[start..], is_folder) {
                Match::None => {}
                found => return found.is_ignore(),
            }
        }
        let found = self.others.iter().map(|list| list.matched(path, is_folder)).find(|found| !found.is_none());
        found.is_some_and(|found| found.is_ignore())
    }
}

/// A list made ready; an empty one if there is none, or none that git would read: it follows no links there.
fn list(file: &Path) -> Gitignore {
    let plain = file.symlink_metadata().is_ok_and(|data| data.is_file());
    let Some(bytes) = plain.then(|| discover::read(file, LARGEST).ok()).flatten() else { return Gitignore::empty() };
    let text = String::from_utf8_lossy(&bytes);
    let mut builder = GitignoreBuilder::new(".");
    for line in text.strip_prefix('\u{feff}').unwrap_or(&text).lines() {
        // One line that says nothing to git leaves the others as they are.
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_list_decides() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (file, text) in [
            (".gitignore", "# c\n.mcp.json\n/.cursor/*\n!/.cursor/rules\nsecret/\n*.local.json\n[\n"),
            ("a/.gitignore", "!.mcp.json\n"),
            ("secret/.gitignore", "!.mcp.json\n"),
            (".git/info/exclude", ".vscode/\nown.json\n"),
        ] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), text).unwrap();
        }
        let mut folders = HashMap::new();
        let mut ignored = Ignored::new(root, &root.join(".git"), None, &mut folders);
        for (path, expected) in [
            (".mcp.json", true),
            ("b/.mcp.json", true),
            ("a/.mcp.json", false),
            ("a/b/.mcp.json", false),
            ("secret/.mcp.json", true),
            (".cursor/mcp.json", true),
            (".cursor/rules/x", false),
            ("b/.cursor/mcp.json", false),
            (".claude/settings.local.json", true),
            (".vscode/mcp.json", true),
            ("a/own.json", true),
            ("mcp.json", false),
        ] {
            assert_eq!(ignored.is_ignored(path), expected, "{path}");
        }
    }
}

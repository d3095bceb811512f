//! What a repository leaves out: `.gitignore` of every folder on the way, `info/exclude`, and the user's own list.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::discover::{self, Home};

/// Longer lists are none that a person wrote, and making them ready takes long.
const LARGEST: u64 = 128 << 10;

/// All lists together; what is beyond says nothing.
const LARGEST_TOGETHER: usize = 2 << 20;

/// The lists of all repositories, each made ready once.
pub(super) struct Lists {
    ready: HashMap<PathBuf, Gitignore>,
    /// Bytes that may still be read.
    left: usize,
}

impl Default for Lists {
    fn default() -> Self {
        Self { ready: HashMap::new(), left: LARGEST_TOGETHER }
    }
}

impl Lists {
    /// The list in a file; an empty one if there is none.
    fn of(&mut self, file: PathBuf) -> &Gitignore {
        let Self { ready, left } = self;
        ready.entry(file).or_insert_with_key(|file| {
            let text = read(file).filter(|text| text.len() <= *left).unwrap_or_default();
            *left -= text.len();
            list(&text)
        })
    }
}

/// The lists of one repository.
pub(super) struct Ignored<'a> {
    root: &'a Path,
    /// `info/exclude` and the user's list, which count in this order where no folder's list says anything.
    others: Vec<PathBuf>,
    lists: &'a mut Lists,
}

impl<'a> Ignored<'a> {
    /// The lists of the repository at `root`, whose folder for all its worktrees is `common`.
    pub(super) fn new(root: &'a Path, common: &Path, home: Option<&Home>, lists: &'a mut Lists) -> Self {
        let own = home.map_or_else(Vec::new, |home| home.expand("{XDG_CONFIG_HOME}/git/ignore"));
        let others = std::iter::once(common.join("info/exclude")).chain(own).collect();
        Self { root, others, lists }
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
            match self.lists.of(folder.join(".gitignore")).matched(&path[start..], is_folder) {
                Match::None => {}
                found => return found.is_ignore(),
            }
        }
        for file in &self.others {
            match self.lists.of(file.clone()).matched(path, is_folder) {
                Match::None => {}
                found => return found.is_ignore(),
            }
        }
        false
    }
}

/// A list as text; nothing if there is none, or none that git would read: it follows no links there.
fn read(file: &Path) -> Option<String> {
    let plain = file.symlink_metadata().is_ok_and(|data| data.is_file());
    let bytes = plain.then(|| discover::read(file, LARGEST).ok()).flatten()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A list made ready.
fn list(text: &str) -> Gitignore {
    let mut builder = GitignoreBuilder::new(".");
    for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
        // One line that says nothing to git leaves the others as they are.
        let _ = builder.add_line(None, line);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::Os;

    #[test]
    fn the_nearest_list_decides() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (file, text) in [
            (".gitignore", "# c\n.mcp.json\n/.cursor/*\n!/.cursor/rules\nsecret/\n*.local.json\n[\n"),
            ("a/.gitignore", "!.mcp.json\n"),
            ("secret/.gitignore", "!.mcp.json\n"),
            (".git/info/exclude", ".vscode/\nown.json\n!theirs.json\n"),
            ("home/.config/git/ignore", "**/.claude/settings.json\ntheirs.json\n"),
        ] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), text).unwrap();
        }
        let home = Home::new(root.join("home"), Os::Linux, HashMap::new());
        let mut lists = Lists::default();
        let mut ignored = Ignored::new(root, &root.join(".git"), Some(&home), &mut lists);
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
            ("a/.claude/settings.json", true),
            ("theirs.json", false),
        ] {
            assert_eq!(ignored.is_ignored(path), expected, "{path}");
        }
    }
}

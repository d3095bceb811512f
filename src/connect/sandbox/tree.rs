//! Landlock knows only what is open, so what is to be closed is told by everything else: beside each folder that leads to
//! a closed place, whatever does not lead there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::resolved;

/// More paths are not opened. A rule takes a few microseconds, and a folder with more entries is no home.
const MOST: usize = 32_768;
/// More of one folder stay closed, files first: a full one, which anybody's programs may make of `/tmp`, must not close all
/// others.
const MOST_OF_ONE: usize = 8_192;

/// The places that are closed, with all links followed.
pub(super) struct Closed(BTreeSet<PathBuf>);

impl Closed {
    /// Of places as they are known. A link is closed where it points to, and is not opened where it is. What the folders
    /// in `kept` lie in is never closed as a whole, whatever a link there says.
    pub(super) fn new(places: &[PathBuf], kept: &[PathBuf]) -> Self {
        let kept: Vec<PathBuf> = kept.iter().map(|path| resolved(path)).collect();
        let real = places.iter().map(|path| resolved(path));
        Self(real.filter(|place| !kept.iter().any(|kept| kept.starts_with(place))).collect())
    }

    /// Whether a closed place lies at or below a path.
    pub(super) fn is_below(&self, path: &Path) -> bool {
        // By the order of paths, what is below one comes right behind it.
        self.0.range(path.to_owned()..).next().is_some_and(|place| place.starts_with(path))
    }

    /// Whether a path is closed, or lies in a place that is.
    pub(super) fn holds(&self, path: &Path) -> bool {
        path.ancestors().any(|path| self.0.contains(path))
    }
}

/// Everything below `root` that is not closed, in as few paths as can be. Of folders that can't be listed, what leads to
/// the `kept` ones is known all the same.
pub(super) fn open(root: &Path, closed: &Closed, kept: &[PathBuf]) -> Vec<PathBuf> {
    let mut open = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        // Below a file there is nothing to close.
        if !closed.is_below(&path) || path.is_file() && !closed.0.contains(&path) {
            if open.len() < MOST {
                open.push(path);
            }
        } else if !closed.0.contains(&path) {
            let listed = fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path());
            let known = kept.iter().filter_map(|kept| Some(path.join(kept.strip_prefix(&path).ok()?.iter().next()?)));
            let known: BTreeSet<PathBuf> = known.collect();
            let below: BTreeSet<PathBuf> = listed.chain(known.iter().cloned()).collect();
            // What a link leads to is open, or closed, where it is.
            let kinds = below.into_iter().filter_map(|path| {
                let meta = path.symlink_metadata().ok().filter(|meta| !meta.is_symlink())?;
                Some((path, meta.is_dir()))
            });
            let mut below: Vec<(PathBuf, bool)> = kinds.collect();
            if below.len() > MOST_OF_ONE {
                below.sort_by_key(|(path, folder)| (!known.contains(path) && !closed.is_below(path), !folder));
                below.truncate(MOST_OF_ONE);
            }
            waiting.extend(below.into_iter().map(|(path, _)| path));
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A made-up home: what closed and open places there are, and links of every kind between them.
    fn made() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for path in [
            "home/.ssh/id_rsa",
            "home/.config/gh/hosts.yml",
            "home/.config/app/settings.json",
            "home/.cursor/mcp.json",
            "home/.cursor/extensions/server.js",
            "home/project/main.js",
            "home/.sshx/file",
            "usr/bin/node",
            "mnt/vault/key",
            "mnt/other/file",
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "x").unwrap();
        }
        for (target, link) in [
            ("home/.ssh", "home/keys"),
            ("home/.ssh/id_rsa", "home/project/innocent"),
            ("mnt/vault", "home/.aws"),
            ("usr", "home/usr"),
            ("home", "home/.loop"),
            ("nowhere", "home/.dangling"),
        ] {
            symlink(root.join(target), root.join(link)).unwrap();
        }
        folder
    }

    fn files(root: &Path) -> Vec<PathBuf> {
        walkdir::WalkDir::new(root).into_iter().filter_map(|entry| Some(entry.ok()?.into_path())).collect()
    }

    #[test]
    fn what_is_closed_is_never_open_and_everything_else_is() {
        let made = made();
        let root = made.path().canonicalize().unwrap();
        let choices = [
            "home/.ssh",
            "home/.aws",
            "home/.config/gh",
            "home/.cursor/mcp.json",
            "home/.netrc",
            "home/.missing/deeper/token",
            "home/.dangling",
            "home/keys/id_rsa",
            "mnt/other/file/below",
        ];
        // Every set of them.
        for set in 0_u32..1 << choices.len() {
            let chosen = choices.iter().enumerate().filter(|(number, _)| set & 1 << number != 0);
            let places: Vec<PathBuf> = chosen.map(|(_, path)| root.join(path)).collect();
            let closed = Closed::new(&places, &[root.join("home")]);
            let open = open(&root, &closed, &[]);
            let is_open = |path: &Path| open.iter().any(|open| path.starts_with(open));
            for place in &places {
                let real = resolved(place);
                // Below a file there is nothing.
                let is_real = !real.parent().unwrap().is_file();
                assert!(!is_real || !is_open(&real), "{place:?} is open: {open:?}");
                for path in &files(&real) {
                    assert!(!is_open(path) && closed.holds(path), "{path:?} is open: {open:?}");
                }
            }
            for path in files(&root) {
                let plain = !path.is_dir() && !path.is_symlink();
                let is_closed = places.iter().any(|place| path.starts_with(resolved(place)));
                assert!(!plain || is_open(&path) != is_closed, "{path:?} with {places:?}: {open:?}");
            }
            assert!(open.iter().all(|path| !path.is_symlink()), "a link is open: {open:?}");
        }
    }

    #[test]
    fn a_full_folder_closes_no_other() {
        let made = made();
        let root = made.path().canonicalize().unwrap();
        for number in 0..=MOST {
            fs::write(root.join(format!("home/{number}")), "").unwrap();
        }
        let closed = Closed::new(&[root.join("home/.ssh"), root.join("mnt/vault")], &[]);
        let open = open(&root, &closed, &[]);
        for path in ["home/.config", "home/project", "mnt/other", "usr"] {
            assert!(open.contains(&root.join(path)), "{path} is closed");
        }
        assert!(open.len() <= MOST_OF_ONE + 2 && !open.contains(&root.join("home/.ssh")));
    }

    #[test]
    fn a_link_to_everything_closes_nothing_else() {
        let made = made();
        let root = made.path().canonicalize().unwrap();
        let closed = Closed::new(&[root.join("home/.loop"), root.join("home/.ssh")], &[root.join("home")]);
        let open = open(&root, &closed, &[]);
        assert!(open.contains(&root.join("home/project")) && !open.contains(&root.join("home/.ssh")), "{open:?}");
    }

    #[test]
    fn what_is_kept_is_open_below_a_folder_that_can_not_be_listed() {
        let closed = Closed::new(&[PathBuf::from("/no/such/home/.ssh")], &[]);
        assert!(closed.is_below(Path::new("/no")) && !closed.is_below(Path::new("/no/such/home/.sshx")));
        let made = made();
        let root = made.path().canonicalize().unwrap();
        let home = root.join("home");
        let closed = Closed::new(&[home.join(".ssh")], &[]);
        fs::set_permissions(&root, std::os::unix::fs::PermissionsExt::from_mode(0o100)).unwrap();
        let open = open(&root, &closed, std::slice::from_ref(&home));
        fs::set_permissions(&root, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        assert!(open.contains(&home.join("project")), "{open:?}");
    }
}

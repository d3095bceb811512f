//! Who else on this machine can read a file.

use std::path::{Path, PathBuf};

/// Whom the system lets read a file besides its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readers {
    /// Nobody, or nobody that is known of.
    Owner,
    /// A group that may have other members.
    Group,
    /// Every user of the machine.
    Everybody,
}

impl Readers {
    /// What the bits of a file say, where nothing above it is closed.
    pub fn of_mode(mode: u32) -> Self {
        match (mode & 0o004 != 0, mode & 0o040 != 0) {
            (true, _) => Self::Everybody,
            (_, true) => Self::Group,
            _ => Self::Owner,
        }
    }
}

/// Who can read a file, and its mode: what its own bits say, and whether the folders above let anybody come so far. Most
/// programs leave their files open and rely on the home being closed.
#[cfg(unix)]
pub(super) fn readers(path: &Path) -> Option<(Readers, u32)> {
    use std::os::unix::fs::MetadataExt;
    let path = path.canonicalize().ok()?;
    let data = path.metadata().ok()?;
    let mode = data.mode() & 0o7777;
    // Many systems give each user a group of the same number, with nobody else in it.
    let alone = |data: &std::fs::Metadata| data.gid() == data.uid();
    let mut readers = Readers::of_mode(if alone(&data) { mode & !0o040 } else { mode });
    for folder in path.ancestors().skip(1) {
        let Ok(data) = folder.metadata() else { break };
        let furthest = match (data.mode() & 0o001 != 0, data.mode() & 0o010 != 0 && !alone(&data)) {
            (true, _) => Readers::Everybody,
            (_, true) => Readers::Group,
            _ => Readers::Owner,
        };
        readers = readers.min(furthest);
    }
    Some((readers, mode))
}

/// Nothing is known of it on Windows, where lists of rights decide.
#[cfg(not(unix))]
pub(super) fn readers(_: &Path) -> Option<(Readers, u32)> {
    None
}

/// Which of a file and the folders above it every user of the machine can change, the nearest first. In a folder with the
/// sticky bit others can't replace what is there.
#[cfg(unix)]
pub(super) fn open_to_all(path: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let path = path.canonicalize().ok()?;
    let changed_by_all = |place: &&Path| {
        let sticky = |mode: u32| place.is_dir() && mode & 0o1000 != 0;
        place.metadata().is_ok_and(|data| data.mode() & 0o002 != 0 && !sticky(data.mode()))
    };
    path.ancestors().find(changed_by_all).map(Path::to_owned)
}

/// Nothing is known of it on Windows, where lists of rights decide.
#[cfg(not(unix))]
pub(super) fn open_to_all(_: &Path) -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits() {
        for (mode, readers) in [
            (0o600, Readers::Owner),
            (0o400, Readers::Owner),
            (0o700, Readers::Owner),
            (0o622, Readers::Owner),
            (0o640, Readers::Group),
            (0o644, Readers::Everybody),
            (0o604, Readers::Everybody),
        ] {
            assert_eq!(Readers::of_mode(mode), readers, "{mode:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_closed_folder_closes_what_is_in_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let set = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let file = folder.path().join("f");
        std::fs::write(&file, "").unwrap();
        set(&file, 0o644);
        set(folder.path(), 0o755);
        assert_eq!(readers(&file), Some((Readers::Everybody, 0o644)));
        set(folder.path(), 0o700);
        assert_eq!(readers(&file), Some((Readers::Owner, 0o644)));
        assert_eq!(readers(&folder.path().join("g")), None);
    }

    #[cfg(unix)]
    #[test]
    fn what_everybody_can_change() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let set = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let inner = folder.path().join("bin");
        std::fs::create_dir(&inner).unwrap();
        let file = inner.join("server");
        std::fs::write(&file, "").unwrap();
        let open = || open_to_all(&file).map(|place| place.file_name().unwrap().to_owned());
        set(&file, 0o755);
        set(&inner, 0o755);
        assert_eq!(open(), None, "a temporary folder has the sticky bit");
        set(&inner, 0o1777);
        assert_eq!(open(), None);
        set(&inner, 0o777);
        assert_eq!(open(), Some("bin".into()));
        set(&file, 0o757);
        assert_eq!(open(), Some("server".into()));
    }
}

//! Who else on this machine can read a file.

use std::path::Path;

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
}

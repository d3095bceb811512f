//! Git's index: the list of the files that it tracks. Only bytes go in, so that it can be tried on any.
//!
//! Source: git's `Documentation/gitformat-index.adoc`, versions 2 to 4.

use std::collections::HashSet;

/// Git itself handles no longer paths on most systems. Without a bound a few bytes could stand for long names over and
/// over, since version 4 repeats the beginning of the name before.
const LONGEST_NAME: usize = 4096;

/// Dates, numbers of the disk and the size of the file, which come before the digest.
const STATUS: usize = 40;

/// Which of `paths` an index lists: from the root of the repository, with `/` between folders. `None` where that can't be
/// told: the index is damaged, or only a part of the whole list.
pub fn tracked(index: &[u8], paths: &[&[u8]]) -> Option<Vec<bool>> {
    // Nothing in the index says how long its digests are; names that are in order and as long as told do.
    [SHA1, SHA256].into_iter().find_map(|digest| Index { bytes: index, at: 0, digest }.tracked(paths))
}

const SHA1: usize = 20;
const SHA256: usize = 32;

struct Index<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The length of a digest.
    digest: usize,
}

impl<'a> Index<'a> {
    fn tracked(mut self, paths: &[&[u8]]) -> Option<Vec<bool>> {
        // The last bytes are a digest over all others.
        self.bytes = self.bytes.get(..self.bytes.len().checked_sub(self.digest)?)?;
        if self.take(4)? != b"DIRC" {
            return None;
        }
        let version = self.number()?;
        let count = self.number()?;
        if !(2..=4).contains(&version) {
            return None;
        }
        let mut wanted: Vec<(&[u8], usize)> = paths.iter().copied().zip(0..).collect();
        wanted.sort_unstable();
        // Most names are told apart by their length.
        let lengths: HashSet<usize> = paths.iter().map(|path| path.len()).collect();
        let mut found = vec![false; paths.len()];
        let mut name = Vec::new();
        for _ in 0..count {
            self.entry(version, &mut name)?;
            if lengths.contains(&name.len()) {
                let from = wanted.partition_point(|(path, _)| *path < name.as_slice());
                wanted[from..].iter().take_while(|(path, _)| *path == name).for_each(|(_, at)| found[*at] = true);
            }
        }
        let whole = self.extensions()?;
        // What stands here is tracked, even where more stands elsewhere.
        (whole || found.iter().all(|found| *found)).then_some(found)
    }

    /// Reads one entry; `name` is the name of the one before, and then its own.
    fn entry(&mut self, version: u32, name: &mut Vec<u8>) -> Option<()> {
        let start = self.at;
        self.take(STATUS + self.digest)?;
        let flags = self.short()?;
        if flags & 0x4000 != 0 {
            if version < 3 {
                return None;
            }
            self.short()?;
        }
        let kept = match version {
            4 => name.len().checked_sub(self.offset()?)?,
            _ => 0,
        };
        let rest = self.rest();
        let length = rest.get(..rest.len().min(LONGEST_NAME + 1))?.iter().position(|byte| *byte == 0)?;
        let suffix = self.take(length)?;
        // In order, or this is no index. What both names begin with need not be compared again.
        let same = match version {
            4 => suffix == &name[kept..],
            _ => suffix == name.as_slice(),
        };
        if &name[kept..] > suffix || suffix.is_empty() && kept == 0 || same && flags & STAGE == 0 {
            return None;
        }
        name.truncate(kept);
        name.extend_from_slice(suffix);
        if name.len() > LONGEST_NAME || usize::from(flags & LENGTH) != name.len().min(LENGTH.into()) {
            return None;
        }
        match version {
            4 => self.take(1)?,
            // From one to eight zeros, up to a multiple of eight.
            _ => self.take(8 - (self.at - start) % 8)?,
        };
        Some(())
    }

    /// Reads what comes behind the entries, and says whether they were all there is.
    fn extensions(&mut self) -> Option<bool> {
        let mut whole = true;
        while !self.rest().is_empty() {
            let signature = self.take(4)?;
            let length = usize::try_from(self.number()?).ok()?;
            self.take(length)?;
            // `link`: the entries stand in another file. `sdir`: some stand for whole folders. Whatever else begins with a
            // small letter must be understood.
            whole &= signature[0].is_ascii_uppercase();
        }
        Some(whole)
    }

    /// How much of the name before is left out: seven bits a byte, and each further byte begins where the ones before end.
    fn offset(&mut self) -> Option<usize> {
        let mut byte = *self.take(1)?.first()?;
        let mut value = usize::from(byte & 127);
        while byte & 128 != 0 {
            byte = *self.take(1)?.first()?;
            value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 127))?;
        }
        Some(value)
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.rest().get(..length)?;
        self.at += length;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn short(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }
}

/// Of the flags: which side of a conflict an entry is; zero for no conflict.
const STAGE: u16 = 0x3000;
/// Of the flags: the length of the name, if it is shorter than this.
const LENGTH: u16 = 0x0FFF;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An index as git writes it, of any version.
    fn index(version: u32, digest: usize, names: &[&str], extensions: &[u8]) -> Vec<u8> {
        let mut bytes = [b"DIRC".as_slice(), &version.to_be_bytes(), &(names.len() as u32).to_be_bytes()].concat();
        let mut before = "";
        for name in names {
            let start = bytes.len();
            bytes.extend(std::iter::repeat_n(7, STATUS + digest));
            let extended = version >= 3 && name.len() % 2 == 1;
            let flags = name.len().min(LENGTH.into()) as u16 | if extended { 0x4000 } else { 0 };
            bytes.extend(flags.to_be_bytes());
            if extended {
                bytes.extend([0x20, 0]);
            }
            if version == 4 {
                let kept = before.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
                bytes.extend(varint(before.len() - kept));
                bytes.extend(name[kept..].bytes().chain([0]));
            } else {
                bytes.extend(name.bytes());
                bytes.extend(std::iter::repeat_n(0, 8 - (bytes.len() - start) % 8));
            }
            before = name;
        }
        bytes.extend(extensions);
        bytes.extend(std::iter::repeat_n(9, digest));
        bytes
    }

    fn varint(value: usize) -> Vec<u8> {
        let mut bytes = vec![(value & 127) as u8];
        let mut value = value >> 7;
        while value > 0 {
            value -= 1;
            bytes.insert(0, 128 | (value & 127) as u8);
            value >>= 7;
        }
        bytes
    }

    #[test]
    fn every_version_and_both_digests() {
        let long = format!("deep/{}", "x".repeat(3000));
        let names = [".cursor/mcp.json", ".mcp.json", "a", "a/b", long.as_str(), "mcp.json"];
        for version in 2..=4 {
            for digest in [SHA1, SHA256] {
                let bytes = index(version, digest, &names, b"TREE\0\0\0\x02xx");
                let asked: [&[u8]; 4] = [b".mcp.json", b".mcp.jso", long.as_bytes(), b"zzz"];
                assert_eq!(tracked(&bytes, &asked), Some(vec![true, false, true, false]), "{version} {digest}");
                assert_eq!(tracked(&bytes, &[b"a", b"a"]), Some(vec![true, true]));
                assert_eq!(tracked(&bytes[..bytes.len() - 30], &[b"a"]), None, "truncated");
            }
        }
        assert_eq!(tracked(&index(2, SHA1, &[], b""), &[b"a"]), Some(vec![false]));
        assert_eq!(tracked(&index(5, SHA1, &["a"], b""), &[b"a"]), None);
        assert_eq!(tracked(&index(2, SHA1, &["b", "a"], b""), &[b"a"]), None, "not in order");
        assert_eq!(tracked(b"", &[b"a"]), None);
    }

    #[test]
    fn a_part_of_an_index_is_none() {
        for part in [b"link\0\0\0\0", b"sdir\0\0\0\0"] {
            let bytes = index(2, SHA1, &["a"], part);
            assert_eq!(tracked(&bytes, &[b"a"]), Some(vec![true]));
            assert_eq!(tracked(&bytes, &[b"b"]), None);
        }
        assert_eq!(tracked(&index(2, SHA1, &["a"], b"TREE\xff\xff\xff\xff"), &[b"a"]), None, "a length that lies");
        let mut many = index(2, SHA1, &["a"], b"");
        many[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(tracked(&many, &[b"a"]), None, "a count that lies");
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(version in 2u32..5, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
            let bytes = [b"DIRC".as_slice(), &version.to_be_bytes(), &rest].concat();
            let _ = tracked(&bytes, &[b"a", b""]);
            let _ = tracked(&rest, &[b"a"]);
        }

        #[test]
        fn what_is_written_is_read(
            names in proptest::collection::btree_set("[a-c/]{1,9}", 0..9),
            version in 2u32..5,
            flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..4),
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut bytes = index(version, SHA1, &names, b"TREE\0\0\0\x01x");
            let paths: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).chain([b"z".as_slice()]).collect();
            let mut all = vec![true; names.len()];
            all.push(false);
            prop_assert_eq!(tracked(&bytes, &paths), Some(all));
            for (at, byte) in flips {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = tracked(&bytes, &paths);
        }
    }
}

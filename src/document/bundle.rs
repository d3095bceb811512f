//! Bundles: zip files with a `manifest.json`, which says how the server inside is started.

use rawzip::{CompressionMethod, ZipArchive, ZipVerification};

/// The one file of a bundle that is read.
const MANIFEST: &[u8] = b"manifest.json";
/// A manifest is a few kilobytes; what unpacks to more is a bomb.
const LARGEST: usize = 4 << 20;
/// Node's bundles hold tens of thousands of files.
const MOST_FILES: usize = 1 << 20;

/// Why a bundle's manifest can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// No zip file, or one that was cut off.
    #[error("a bundle that is no whole zip file: {0}")]
    Zip(String),
    /// Nothing to read.
    #[error("a bundle without a manifest.json")]
    Missing,
    /// Programs differ in which they take, so none is the right one.
    #[error("a bundle with {0} files called manifest.json, of which each client takes another")]
    Several(usize),
    /// Nobody can read it without a password.
    #[error("a bundle whose manifest.json is encrypted")]
    Encrypted,
    /// Not stored and not deflated.
    #[error("a bundle whose manifest.json is compressed in a way that is not known here")]
    Method,
    /// A bomb.
    #[error("a bundle whose manifest.json is larger than {} MiB", LARGEST / (1024 * 1024))]
    TooLarge,
    /// Its data is no deflate stream, or not what its size and checksum say.
    #[error("a bundle whose manifest.json is damaged: {0}")]
    Damaged(String),
}

/// Whether a file is a bundle, by its name or by how it begins.
pub fn is_bundle(name: &str, bytes: &[u8]) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "mcpb" | "dxt") || bytes.starts_with(b"PK\x03\x04")
}

/// The manifest of a bundle. Nothing else of it is unpacked.
///
/// # Errors
/// There is none, or it can't be unpacked to what the bundle says it is.
pub fn manifest(bytes: &[u8]) -> Result<Vec<u8>, BundleError> {
    let broken = |error: rawzip::Error| BundleError::Zip(error.to_string());
    let archive = ZipArchive::from_slice(bytes).map_err(broken)?;
    let mut entries = archive.entries();
    let mut found = Vec::new();
    let mut files = 0;
    while let Some(entry) = entries.next_entry().map_err(broken)? {
        files += 1;
        if files > MOST_FILES {
            return Err(BundleError::Zip("it lists more files than a bundle has".to_owned()));
        }
        // `./manifest.json` unpacks to the same file.
        let path = entry.file_path();
        let path: &[u8] = path.as_ref();
        if path.strip_prefix(b"./").unwrap_or(path) == MANIFEST {
            found.push((entry.wayfinder(), entry.compression_method(), entry.flags().is_encrypted()));
        }
    }
    let (wayfinder, method, encrypted) = match found.as_slice() {
        [] => return Err(BundleError::Missing),
        [only] => *only,
        several => return Err(BundleError::Several(several.len())),
    };
    if encrypted {
        return Err(BundleError::Encrypted);
    }
    let entry = archive.get_entry(wayfinder).map_err(broken)?;
    let unpacked = match method {
        CompressionMethod::STORE if entry.data().len() > LARGEST => return Err(BundleError::TooLarge),
        CompressionMethod::STORE => entry.data().to_vec(),
        CompressionMethod::DEFLATE => miniz_oxide::inflate::decompress_to_vec_with_limit(entry.data(), LARGEST)
            .map_err(|error| match error.status {
                miniz_oxide::inflate::TINFLStatus::HasMoreOutput => BundleError::TooLarge,
                _ => BundleError::Damaged("it can't be unpacked".to_owned()),
            })?,
        _ => return Err(BundleError::Method),
    };
    let actual = ZipVerification { crc: rawzip::crc32(&unpacked), uncompressed_size: unpacked.len() as u64 };
    let claimed = entry.claim_verifier();
    claimed.valid(actual).map_err(|error| BundleError::Damaged(error.to_string()))?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn zip(files: &[(&str, &[u8], bool)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
        for (name, data, deflated) in files {
            let method = if *deflated { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
            let (mut entry, config) = archive.new_file(name).compression_method(method).start().unwrap();
            let mut writer = config.wrap(Vec::new());
            writer.write_all(data).unwrap();
            let (packed, descriptor) = writer.finish().unwrap();
            let packed = if *deflated { miniz_oxide::deflate::compress_to_vec(data, 6) } else { packed };
            entry.write_all(&packed).unwrap();
            entry.finish(descriptor).unwrap();
        }
        archive.finish().unwrap();
        bytes
    }

    #[test]
    fn the_manifest_is_unpacked() {
        for deflated in [false, true] {
            let bytes = zip(&[("server/a.js", b"x", false), ("manifest.json", b"{\"a\": 1}", deflated)]);
            assert!(is_bundle("a", &bytes) && is_bundle("a.MCPB", b"") && !is_bundle("a.json", b"{}"));
            assert_eq!(manifest(&bytes).unwrap(), b"{\"a\": 1}");
        }
        assert_eq!(manifest(&zip(&[("./manifest.json", b"{}", true)])).unwrap(), b"{}");
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert!(matches!(manifest(b""), Err(BundleError::Zip(_))));
        assert!(matches!(manifest(b"PK\x03\x04"), Err(BundleError::Zip(_))));
        assert_eq!(manifest(&zip(&[("sub/manifest.json", b"{}", false)])), Err(BundleError::Missing));
        let twice = zip(&[("manifest.json", b"{}", false), ("manifest.json", b"[]", false)]);
        assert_eq!(manifest(&twice), Err(BundleError::Several(2)));
        let bomb = vec![b' '; 64 << 20];
        assert_eq!(manifest(&zip(&[("manifest.json", &bomb, true)])), Err(BundleError::TooLarge));
        assert_eq!(manifest(&zip(&[("manifest.json", &bomb[..5 << 20], false)])), Err(BundleError::TooLarge));
    }

    /// Every byte cut off and every byte another one: an answer, and never another manifest than the one inside.
    #[test]
    fn damaged_bundles() {
        let text: &[u8] = br#"{"name": "a", "server": {"mcp_config": {"command": "node"}}}"#;
        for deflated in [false, true] {
            let whole = zip(&[("a", b"x", false), ("manifest.json", text, deflated)]);
            for end in 0..whole.len() {
                assert!(manifest(&whole[..end]).is_err(), "{end}");
            }
            for at in 0..whole.len() {
                for change in [1, 0x80, 0xFF] {
                    let mut other = whole.clone();
                    other[at] ^= change;
                    if let Ok(unpacked) = manifest(&other) {
                        assert_eq!(unpacked, text, "{at}");
                    }
                }
            }
        }
    }

    #[test]
    fn encrypted_and_unknown() {
        let plain = zip(&[("manifest.json", b"{}", false)]);
        let central = plain.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        let mut encrypted = plain.clone();
        encrypted[central + 8] |= 1;
        assert_eq!(manifest(&encrypted), Err(BundleError::Encrypted));
        let mut other = plain;
        other[central + 10] = 12;
        assert_eq!(manifest(&other), Err(BundleError::Method));
    }
}

//! References to flakes.

use super::{Pin, has_reference, is_commit, is_local};

/// Reads `nixpkgs#x`, `github:owner/repository/revision`, `git+https://…?rev=…`.
pub(super) fn read(spec: &str) -> (String, Pin) {
    let reference = spec.split('#').next().unwrap_or(spec);
    let pin = if reference.is_empty() || is_local(reference) || reference.starts_with("path:") {
        Pin::Local
    } else if has_reference(reference) {
        Pin::Unknown
    } else if reference.split(['/', '?', '&', '=']).any(is_commit) {
        Pin::FixedSource
    } else {
        Pin::MovingSource
    };
    (spec.to_owned(), pin)
}

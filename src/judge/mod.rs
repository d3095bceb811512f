//! Findings: rules over entries and over texts, and the checks that need code.

mod check;
mod dangers;
mod drifts;
mod entries;
mod looks;
mod readings;
mod split;
mod texts;
mod weigh;

pub use drifts::{Drifted, drift};
pub use entries::{EntryKey, HiddenValue, Judged, Known, KnownError, Tables, entries, entry_key};
pub use texts::{changes, texts};
pub use weigh::{needs, weigh};

/// Whether a value under a name may be a secret, found or not: nothing of the kind is shown.
pub fn may_be_secret(name: &str, value: &str) -> bool {
    check::may_be_secret(name, value)
}

/// Where the password of an address is, in bytes.
pub fn password_in_url(value: &str) -> Option<std::ops::Range<usize>> {
    check::password_in_url(value)
}

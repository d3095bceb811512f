//! Findings: rules over entries and over texts, and the checks that need code.

mod check;
mod dangers;
mod entries;
mod texts;

pub use entries::{Judged, Known, KnownError, entries};
pub use texts::{Origin, Origins, texts};

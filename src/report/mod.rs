//! An outcome as bytes, a file a format.

mod catalog;
mod difference;
mod json;
mod sarif;
mod text;

pub use catalog::catalog;
pub use difference::difference;
pub use text::{Style, wrap};

use crate::rules::Packs;
use crate::triage::Outcome;

/// A format of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One object, the contract of scripts.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

impl Format {
    /// All, by the word that names them.
    pub const ALL: [(&'static str, Self); 3] = [("text", Self::Text), ("json", Self::Json), ("sarif", Self::Sarif)];
}

/// Renders an outcome. Nothing that a server or a config says comes out unescaped.
pub fn render(format: Format, outcome: &Outcome, packs: &Packs, style: &Style) -> String {
    match format {
        Format::Text => text::render(outcome, packs, style),
        Format::Json => json::render(outcome),
        Format::Sarif => sarif::render(outcome, packs),
    }
}

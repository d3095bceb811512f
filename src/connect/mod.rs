//! What servers answer.

mod catalog;

pub use catalog::Catalog;

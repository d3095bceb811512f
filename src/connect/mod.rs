//! What servers answer.

mod catalog;
mod frame;
mod scan;

pub use catalog::Catalog;

//! Rule packs: what is looked for, with its words and its examples, as data.
//!
//! A leaf of the house: it knows text and findings, not where a text or a config comes from.

pub mod advisories;
mod check;
mod combine;
mod deeds;
mod draft;
mod embedded;
mod engine;
mod explain;
mod glance;
mod load;
mod made;
pub mod names;
mod needs;
mod page;
mod role;
mod schema;
mod tokens;

pub use check::{Example, Problem, check};
pub use combine::{Speech, Steering};
pub use deeds::{Abilities, Ability, Capability, Deed, Deeds, Described, Plainness, Verb};
pub use draft::Draft;
pub use embedded::{TableError, data, table};
pub use engine::{Hits, TextEngine};
pub use explain::explain;
pub use load::{LoadError, Packs};
pub use made::expand;
pub use page::{Page, pages};
pub use role::Role;
pub use schema::{Judges, Pack, Rule, Shape};
pub use tokens::{Allowed, TokenEngine, TokenHit};

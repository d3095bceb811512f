//! Text as it is, as it reads, and as it may be shown. A leaf of the house: pure functions over strings.

mod decode;
mod escape;
mod hidden;
mod normalise;
mod secret;

pub use decode::{Decoded, decode};
pub use escape::{Visible, is_hazard, visible};
pub use hidden::{Hidden, Run, runs};
pub use normalise::{Normalised, normalise};
pub use secret::{Redactor, Secret, entropy, is_placeholder, looks_random, random_words};

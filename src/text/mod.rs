//! Text as it is, as it reads, and as it may be shown. A leaf of the house: pure functions over strings.

mod decode;
mod escape;
mod hidden;
mod jwt;
mod nearest;
mod nonsense;
mod normalise;
mod page;
mod placeholder;
mod secret;

pub use decode::{Decoded, decode, from_base64};
pub use escape::{Visible, is_hazard, visible};
pub use hidden::{Hidden, Run, runs};
pub use jwt::Jwt;
pub use nearest::nearest;
pub use nonsense::nonsense;
pub use normalise::{Normalised, normalise, shown};
pub use placeholder::{is_placeholder, is_written};
pub use secret::{Redactor, Secret, entropy, looks_random, random_words};

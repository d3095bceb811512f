//! Checks that need code, one file a family. Their words, severities and examples are in the packs.

mod advisories;
mod allowed;
mod client;
mod container;
mod drift;
mod environment;
mod flows;
mod format;
mod hidden;
mod look_alikes;
mod pinning;
mod secrets;
mod shadowing;
mod supply_chain;
mod transport;

pub(super) use allowed::allowed;
pub(super) use client::{program, runs, switches};
pub(super) use container::container;
pub(super) use drift::unstable;
pub(super) use environment::environment;
pub(super) use flows::flows;
pub(super) use format::format;
pub(super) use hidden::{encoded, hidden, mixed};
pub(super) use secrets::{Context, may_be_secret, password_in_url, secrets};
pub(super) use shadowing::shadowing;
pub(super) use supply_chain::supply_chain;
pub(super) use transport::transport;

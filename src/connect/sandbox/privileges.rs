//! What root gives up. Landlock holds for root too, but who may watch the whole machine may read the memory of every
//! program without asking it: with `CAP_PERFMON` the kernel shows anybody's variables. Nothing is gained back at the start
//! of a program, since by then no new privileges are given.

use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// What programs that unpack packages as root need, as in a container of Docker.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::NET_BIND_SERVICE);

/// Gives them up. Whoever is not root has none.
///
/// # Errors
/// Why the system does not let it go, in words.
pub(super) fn give_up() -> Result<(), String> {
    let CapabilitySets { effective, permitted, .. } = capabilities(None).map_err(|error| error.to_string())?;
    if KEPT.contains(permitted) && KEPT.contains(effective) {
        return Ok(());
    }
    let left = CapabilitySets {
        effective: effective & KEPT,
        permitted: permitted & KEPT,
        // A program that is started inherits nothing but what it is given as root's.
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, left).map_err(|error| error.to_string())
}

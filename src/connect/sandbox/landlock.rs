//! What Landlock enforces: which files can be read and written, whom signals and abstract sockets reach, and, where the
//! network is closed, TCP.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::plan::Plan;
use super::tree::{self, Closed};
use super::{Enforced, Network};

/// What is asked for. A kernel that knows less enforces less, and that is told.
const VERSION: ABI = ABI::V6;

/// Whether this kernel has any of it.
pub(super) fn is_there() -> bool {
    let first =
        Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(AccessFs::from_all(ABI::V1));
    first.and_then(Ruleset::create).is_ok()
}

/// Shuts this thread in, and whatever it starts or becomes.
pub(super) fn restrict(plan: &Plan) -> Enforced {
    match apply(plan) {
        Ok((RulesetStatus::NotEnforced, _)) => Enforced::none(
            "this kernel offers no Landlock, so files stay open to servers; only some system calls are refused",
        ),
        Ok((RulesetStatus::FullyEnforced, _)) => Enforced::but_for(&[]),
        Ok((RulesetStatus::PartiallyEnforced, status)) => Enforced::but_for(&[missing(status)]),
        Err(error) => Enforced::none(format!("Landlock can't be set up: {error}")),
    }
}

fn missing(status: LandlockStatus) -> String {
    let version = match status {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as i32,
        _ => 0,
    };
    let mut open = vec!["signals and abstract sockets reach other programs"];
    if version < 5 {
        open.push("devices that are open take every command");
    }
    if version < 3 {
        open.push("files can be cut to nothing");
    }
    format!("the Landlock of this kernel is of version {version} of 6: {}", open.join(", "))
}

fn apply(plan: &Plan) -> Result<(RulesetStatus, LandlockStatus), RulesetError> {
    let read = AccessFs::from_read(VERSION);
    // Whoever can make a device can open any.
    let write = AccessFs::from_all(VERSION) & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    let device = AccessFs::from_file(VERSION) & !AccessFs::Execute;

    let mut rules = Ruleset::default().handle_access(AccessFs::from_all(VERSION))?.scope(Scope::from_all(VERSION))?;
    if plan.network == Network::None {
        rules = rules.handle_access(AccessNet::from_all(VERSION))?;
    }
    let mut rules = rules.create()?;

    // A device gives back what files hide: a disk is all its files.
    let places: Vec<PathBuf> = plan.closed.iter().cloned().chain(["/dev".into()]).collect();
    let closed = Closed::new(&places, &plan.homes);
    let kept: Vec<PathBuf> = plan.homes.iter().chain(&plan.folder).cloned().collect();
    let mut add = |path: &PathBuf, access: BitFlags<AccessFs>| -> Result<(), RulesetError> {
        // What is gone since it was listed, or can't be opened even by its path, stays closed.
        let Ok(opened) = PathFd::new(path) else { return Ok(()) };
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(VERSION) };
        (&mut rules).add_rule(PathBeneath::new(opened, access)).map(drop)
    };
    for path in tree::open("/".as_ref(), &closed, &kept) {
        add(&path, read)?;
    }
    for path in writable(plan, &closed, &kept) {
        add(&path, write)?;
    }
    for path in &plan.devices {
        add(path, device)?;
    }
    let status = rules.restrict_self()?;
    Ok((status.ruleset, status.landlock))
}

/// The places to write to. None of them may lead to what is closed, as a cache would that is a link to the home.
fn writable<'p>(plan: &'p Plan, closed: &Closed, kept: &[PathBuf]) -> impl Iterator<Item = PathBuf> + 'p {
    let (own, caches) =
        plan.writable.split_first().map_or((None, &[][..]), |(own, caches)| (Some(own.clone()), caches));
    let caches: Vec<PathBuf> = caches
        .iter()
        .chain(&plan.files)
        .map(|path| super::resolved(path))
        .filter(|path| !closed.is_below(path) && !closed.holds(path))
        .filter(|path| !kept.iter().any(|kept| super::resolved(kept).starts_with(path)))
        .collect();
    own.into_iter().chain(caches)
}

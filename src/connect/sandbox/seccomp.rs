//! What seccomp enforces: system calls that no server needs for its work, or that lead around Landlock.

use std::collections::BTreeMap;

use libc::{EACCES, EPERM, c_long};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};

use super::Network;
use super::plan::Plan;

/// Refused to everybody.
const REFUSED: &[c_long] = &[
    // Secrets in the kernel's keyrings.
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_request_key,
    // Looking into other programs, and at what they have open.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_bpf,
    libc::SYS_syslog,
    libc::SYS_open_by_handle_at,
    // Memory, messages and locks that programs of one user share, of which Landlock knows nothing.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_fanotify_init,
    // Whom files are open to, beyond the usual permissions.
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    // Another view of the file system.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    // The machine itself.
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    // Its requests, sockets among them, are seen by no filter. Whoever uses it can do without.
    libc::SYS_io_uring_setup,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
];

/// Requests to a terminal that type for its user.
const TYPING: [u64; 2] = [0x5412 /* TIOCSTI */, 0x541c /* TIOCLINUX */];

/// What of a socket's type is its kind; the rest are flags.
const KIND: u64 = 0xf;

/// The same calls by their numbers of x32, which a kernel for x86-64 may take too.
#[cfg(target_arch = "x86_64")]
const ALIASES: &[c_long] = &[0, 0x4000_0000];
#[cfg(not(target_arch = "x86_64"))]
const ALIASES: &[c_long] = &[0];

/// Installs the filters: for this thread, and whatever it starts or becomes.
///
/// # Errors
/// Why they can't be had, in words.
pub(super) fn restrict(plan: &Plan) -> Result<(), String> {
    for filter in filters(plan)? {
        apply_filter(&filter).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// A program of another word size, such as one for i386, is ended by the kernel at its first call: its numbers mean other
/// calls.
fn filters(plan: &Plan) -> Result<Vec<BpfProgram>, String> {
    let refused = REFUSED.iter().map(|number| (*number, Vec::new()));
    let typing = TYPING.iter().map(|request| rule(1, SeccompCmpOp::Eq, *request)).collect::<Result<Vec<_>, _>>()?;
    // A limit of processor time, set for another program, kills it. Its own are by number 0.
    let limits = vec![rule(0, SeccompCmpOp::Ne, 0)?];
    // What is slowed down stays slow: only root makes it faster again.
    let others = [0, 1].map(|argument| rule(argument, SeccompCmpOp::Ne, 0));
    let others = others.into_iter().collect::<Result<Vec<_>, _>>()?;
    let conditions = [(libc::SYS_ioctl, typing), (libc::SYS_prlimit64, limits), (libc::SYS_setpriority, others)];
    let first = filter(refused.chain(conditions), EPERM)?;
    // Over sockets of the file system one reaches whoever keeps secrets or runs programs for others: agents of keys, the
    // session bus, container engines. Pairs of sockets, over which programs talk to their own children, are another call.
    let unix = libc::AF_UNIX as u64;
    let sockets = match (plan.network, &plan.sockets) {
        (Network::Open, None) => Some(vec![rule(0, SeccompCmpOp::Eq, unix)?]),
        (Network::Open, Some(_)) => None,
        (Network::None, None) => Some(Vec::new()),
        (Network::None, Some(_)) => Some(vec![rule(0, SeccompCmpOp::Ne, unix)?]),
    };
    // Of a pair without connection, either can write to any other socket that has a name. A raw one is such a one too.
    let loose = [libc::SOCK_DGRAM, libc::SOCK_RAW].map(|kind| rule(1, SeccompCmpOp::MaskedEq(KIND), kind as u64));
    let loose = loose.into_iter().collect::<Result<Vec<_>, _>>()?;
    let pairs = plan.sockets.is_none().then_some((libc::SYS_socketpair, loose));
    let second: Vec<_> = sockets.map(|rules| (libc::SYS_socket, rules)).into_iter().chain(pairs).collect();
    let second = (!second.is_empty()).then(|| filter(second, EACCES)).transpose()?;
    Ok([first].into_iter().chain(second).collect())
}

fn rule(argument: u8, how: SeccompCmpOp, value: u64) -> Result<SeccompRule, String> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, how, value);
    condition.and_then(|condition| SeccompRule::new(vec![condition])).map_err(|error| error.to_string())
}

fn filter(calls: impl IntoIterator<Item = (c_long, Vec<SeccompRule>)>, error: i32) -> Result<BpfProgram, String> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (number, conditions) in calls {
        // The kernel's numbers are of the size of its words.
        #[allow(clippy::useless_conversion)]
        rules.extend(ALIASES.iter().map(|alias| (i64::from(number | alias), conditions.clone())));
    }
    let architecture =
        std::env::consts::ARCH.try_into().map_err(|error: seccompiler::BackendError| error.to_string())?;
    let refuse = SeccompAction::Errno(error.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, architecture);
    filter.and_then(TryInto::try_into).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_can_be_made_for_every_plan() {
        for network in [Network::Open, Network::None] {
            for sockets in [None, Some("docker".to_owned())] {
                let plan = Plan { network, sockets: sockets.clone(), ..Plan::default() };
                let count = if network == Network::Open && sockets.is_some() { 1 } else { 2 };
                assert_eq!(filters(&plan).unwrap().len(), count);
            }
        }
    }
}

//! Processes that a server started outside of its own group.
//!
//! A group's kill does not reach a child that made a group or a session of its own, as `detached` children of Node do.
//! Linux tells who belongs to whom; elsewhere the group, or the job object, has to do. Whoever loses its parents becomes a
//! child of this program, and is ended with the run.

#[cfg(target_os = "linux")]
pub(super) use linux::{Orphans, Strays};
#[cfg(not(target_os = "linux"))]
pub(super) use other::{Orphans, Strays};

#[cfg(not(target_os = "linux"))]
mod other {
    /// Nothing is known here.
    pub(crate) struct Strays;

    impl Strays {
        pub(crate) fn of(_leader: u32) -> Self {
            Self
        }

        pub(crate) fn look(&mut self) {}

        pub(crate) fn kill(&self) {}
    }

    /// Nobody is known here.
    pub(crate) struct Orphans;

    impl Orphans {
        pub(crate) fn adopt() -> Self {
            Self
        }

        pub(crate) fn end(&self) {}
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};
    use std::{fs, thread};

    use nix::sys::prctl::set_child_subreaper;
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitPidFlag, waitpid};
    use nix::unistd::Pid;

    /// How many have adopted and not ended.
    static ADOPTING: Mutex<usize> = Mutex::new(0);
    /// Killing a process may leave its children behind, which are then ours. So it is done again, but not for ever.
    const PATIENCE: Duration = Duration::from_secs(2);

    /// The descendants of a server, as far as they were seen.
    pub(crate) struct Strays {
        leader: i32,
        /// When the leader was started, so that a stranger that got its number later is none.
        since: Option<u64>,
        /// Number and time of start: numbers are used again.
        seen: BTreeMap<i32, u64>,
    }

    /// Processes that are children of this one without having been started by it: what servers left behind.
    pub(crate) struct Orphans {
        own: i32,
        /// Children of before, by number and time of start.
        before: BTreeSet<(i32, u64)>,
    }

    impl Orphans {
        /// From now on, whoever loses its parents becomes a child of this process.
        pub(crate) fn adopt() -> Self {
            let mut adopting = ADOPTING.lock().unwrap_or_else(PoisonError::into_inner);
            *adopting += 1;
            let own = i32::try_from(std::process::id()).unwrap_or_default();
            let mut orphans = Self { own, before: BTreeSet::new() };
            orphans.before = orphans.now().into_iter().collect();
            // Where it can't be had they go to the first process, as ever.
            let _ = set_child_subreaper(true);
            orphans
        }

        /// Kills them all. Where others have adopted too, the last one does, since nobody knows whose they are.
        pub(crate) fn end(&self) {
            let mut adopting = ADOPTING.lock().unwrap_or_else(PoisonError::into_inner);
            *adopting = adopting.saturating_sub(1);
            if *adopting > 0 {
                return;
            }
            let deadline = Instant::now() + PATIENCE;
            loop {
                let now = self.now();
                let left: Vec<i32> =
                    now.into_iter().filter(|known| !self.before.contains(known)).map(|(number, _)| number).collect();
                if left.is_empty() || Instant::now() >= deadline {
                    return;
                }
                for number in left.into_iter().map(Pid::from_raw) {
                    // Fails if it has just ended.
                    let _ = kill(number, Signal::SIGKILL);
                    let _ = waitpid(number, Some(WaitPidFlag::WNOHANG));
                }
                thread::sleep(Duration::from_millis(1));
            }
        }

        /// Children in sessions that are not ours: no other child of this program has one, but for servers.
        fn now(&self) -> Vec<(i32, u64)> {
            let all = all();
            let Some(own) = all.get(&self.own).filter(|_| is_here()) else { return Vec::new() };
            let ours = all.iter().filter(|(_, entry)| entry.parent == self.own && entry.session != own.session);
            ours.map(|(number, entry)| (*number, entry.started)).collect()
        }
    }

    struct Entry {
        parent: i32,
        session: i32,
        started: u64,
    }

    impl Strays {
        /// Of a process that has just been started.
        pub(crate) fn of(leader: u32) -> Self {
            let leader = i32::try_from(leader).unwrap_or_default();
            Self {
                leader,
                since: entry(leader).filter(|_| is_here()).map(|entry| entry.started),
                seen: BTreeMap::new(),
            }
        }

        /// Notes who is there now. Children are known by their parent only while it lives, so this comes before its end.
        pub(crate) fn look(&mut self) {
            let Some(since) = self.since else { return };
            let all = all();
            self.seen.retain(|number, started| all.get(number).is_some_and(|entry| entry.started == *started));
            let alive = all.get(&self.leader).is_some_and(|entry| entry.started == since);
            loop {
                let before = self.seen.len();
                for (number, entry) in &all {
                    let ours = entry.parent == self.leader && alive || self.seen.contains_key(&entry.parent);
                    if *number != self.leader && entry.started >= since && (ours || entry.session == self.leader) {
                        self.seen.insert(*number, entry.started);
                    }
                }
                if self.seen.len() == before {
                    return;
                }
            }
        }

        /// Whether the leader, or anybody in its session, is still there.
        pub(crate) fn is_there(&self) -> bool {
            let leader = entry(self.leader).filter(|entry| Some(entry.started) == self.since);
            leader.is_some() || self.seen.keys().any(|number| entry(*number).is_some_and(|e| e.session == self.leader))
        }

        /// Kills whoever was seen and is still there.
        pub(crate) fn kill(&self) {
            for (number, started) in &self.seen {
                if entry(*number).is_some_and(|entry| entry.started == *started) {
                    // Fails if it has just ended.
                    let _ = kill(Pid::from_raw(*number), Signal::SIGKILL);
                }
            }
        }
    }

    /// Whether `/proc` is of our PID namespace. That of another one numbers other processes.
    fn is_here() -> bool {
        fs::read_link("/proc/self").is_ok_and(|own| own.as_os_str() == std::process::id().to_string().as_str())
    }

    fn all() -> BTreeMap<i32, Entry> {
        let folder = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = folder.filter_map(|item| item.file_name().to_str()?.parse().ok());
        numbers.filter_map(|number| Some((number, entry(number)?))).collect()
    }

    /// A line of `/proc/N/stat`: after the name, which may hold anything, a state and then numbers.
    fn entry(number: i32) -> Option<Entry> {
        let stat = fs::read(format!("/proc/{number}/stat")).ok()?;
        let stat = String::from_utf8_lossy(&stat);
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        Some(Entry {
            parent: fields.get(1)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn this_process_is_there() {
            let own = i32::try_from(std::process::id()).unwrap();
            let entry = entry(own).unwrap();
            assert!(entry.parent > 0 && entry.started > 0);
            assert!(all().contains_key(&own));
        }
    }
}

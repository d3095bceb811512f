//! Processes that a server started outside of its own group.
//!
//! A group's kill does not reach a child that made a group or a session of its own, as `detached` children of Node do.
//! Linux tells who belongs to whom; elsewhere the group, or the job object, has to do.

#[cfg(target_os = "linux")]
pub(super) use linux::Strays;
#[cfg(not(target_os = "linux"))]
pub(super) use other::Strays;

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
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::fs;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    /// The descendants of a server, as far as they were seen.
    pub(crate) struct Strays {
        leader: i32,
        /// When the leader was started, so that a stranger that got its number later is none.
        since: Option<u64>,
        /// Number and time of start: numbers are used again.
        seen: BTreeMap<i32, u64>,
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
            // A `/proc` of another PID namespace numbers other processes.
            let here =
                fs::read_link("/proc/self").is_ok_and(|own| own.as_os_str() == std::process::id().to_string().as_str());
            Self { leader, since: entry(leader).filter(|_| here).map(|entry| entry.started), seen: BTreeMap::new() }
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

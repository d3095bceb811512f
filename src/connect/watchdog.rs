//! What ends the servers when this program is killed and can end nothing itself: a second process that hears of each
//! server, and of its end, through a pipe. When the pipe closes, whoever is still told as running is killed, and their
//! temporary folders are removed.
//!
//! Linux only: elsewhere a job object does it (Windows), or nothing does.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The word behind which the program plays the watchdog.
pub const WORD: &str = "__watch";

/// A watchdog that runs.
#[derive(Debug)]
pub(super) struct Watchdog {
    pipe: Mutex<ChildStdin>,
    child: Mutex<Child>,
}

impl Watchdog {
    /// Starts one. Without it everything works but for what comes after a kill, so that it can't be had is no error.
    pub(super) fn start(program: &Path) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let mut command = Command::new(program);
        command.arg(WORD).env_clear().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C at the terminal is for the program, which then ends this one.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().ok()?;
        let pipe = child.stdin.take()?;
        Some(Self { pipe: Mutex::new(pipe), child: Mutex::new(child) })
    }

    /// A server runs.
    pub(super) fn started(&self, process: u32) {
        self.tell(&format!("+{process}\n"));
    }

    /// It has been ended.
    pub(super) fn ended(&self, process: u32) {
        self.tell(&format!("-{process}\n"));
    }

    /// A folder is to be removed in the end.
    pub(super) fn keep_clean(&self, folder: &Path) {
        // What is no text, or has a second line, is left to whoever made it.
        if let Some(folder) = folder.to_str().filter(|folder| !folder.contains('\n')) {
            self.tell(&format!("/{folder}\n"));
        }
    }

    fn tell(&self, line: &str) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        // Where it is gone there is nobody to tell.
        let _ = pipe.write_all(line.as_bytes());
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Every server has been ended by now, so nothing is lost with it.
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Plays the watchdog: listens until the other end is gone, and ends what was not.
#[cfg(target_os = "linux")]
pub fn watch(input: impl std::io::BufRead) {
    use super::strays::Strays;
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    use std::collections::BTreeMap;

    let mut running: BTreeMap<u32, Strays> = BTreeMap::new();
    let mut folders: Vec<String> = Vec::new();
    for line in input.lines().map_while(Result::ok) {
        let Some((sign, number)) = line.split_at_checked(1) else { continue };
        match (sign, number.parse::<u32>()) {
            ("+", Ok(number)) => drop(running.insert(number, Strays::of(number))),
            ("-", Ok(number)) => drop(running.remove(&number)),
            ("/", _) => folders.push(number.to_owned()),
            _ => {}
        }
    }
    for (number, strays) in &mut running {
        // Whoever made a group of its own is found by its parents, so before they are gone.
        strays.look();
        if strays.is_there()
            && let Ok(number) = i32::try_from(*number)
        {
            // Fails where nobody is left.
            let _ = killpg(Pid::from_raw(number), Signal::SIGKILL);
        }
        strays.kill();
    }
    // What is killed may write a moment longer.
    for folder in folders {
        for _ in 0..100 {
            super::sandbox::remove(Path::new(&folder));
            if !Path::new(&folder).exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

/// Elsewhere nothing is watched.
#[cfg(not(target_os = "linux"))]
pub fn watch(_: impl std::io::BufRead) {}

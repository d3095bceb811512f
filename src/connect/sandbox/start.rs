//! How a server that is to be shut in is started, as far as all systems do the same.

use std::io;
use std::path::Path;
use std::process::{ChildStdin, Command};

use super::super::Target;
use super::{Enforced, Folder, Needs, Sandbox};

#[cfg(target_os = "linux")]
use super::outside as here;
#[cfg(target_os = "macos")]
use super::seatbelt as here;

/// Nothing can be had here.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod here {
    use super::{ChildStdin, Command, Enforced, Target, io};
    use crate::connect::sandbox::Rules;
    use std::path::PathBuf;

    #[derive(Debug)]
    pub(super) enum Waiting {}

    pub(super) fn begin(
        _: &Rules,
        _: Vec<PathBuf>,
        _: &std::path::Path,
        _: &Target,
        _: Vec<(String, String)>,
    ) -> io::Result<(Waiting, Command)> {
        Err(io::Error::other("there is none for this system"))
    }

    impl Waiting {
        pub(super) fn hand_over(self, _: Option<ChildStdin>) -> io::Result<(Option<ChildStdin>, Enforced)> {
            match self {}
        }
    }
}

/// A start that is on its way.
#[derive(Debug)]
pub(in crate::connect) struct Start {
    waiting: here::Waiting,
}

/// Whether what fails has to be told instead of going on without: a system that has no sandbox never had one to promise. On
/// macOS also what is no mistake of the sandbox comes out as one.
fn must_be_had() -> bool {
    cfg!(target_os = "linux") && super::is_there()
}

/// Where programs look for the folder to write to.
const TEMPORARY: [&str; 3] = ["TMPDIR", "TEMP", "TMP"];

/// Where they look for the rest of what they may write to.
const AT_HOME: [&str; 5] = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"];

/// A server's variables with its own temporary folder in place of everybody's, and of what is moved there; in place of its
/// home as well where it is to have a home of its own.
fn variables(env: &[(String, String)], own: &Path, needs: &Needs, own_home: bool) -> Vec<(String, String)> {
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let mut ours: Vec<(String, String)> = TEMPORARY.map(|name| (name.to_owned(), path(own))).into();
    if own_home {
        ours.push((AT_HOME[0].to_owned(), path(own)));
    }
    ours.extend(needs.moved.iter().map(|(name, folder)| (name.clone(), path(&own.join(folder)))));
    let moved = |name: &str| ours.iter().any(|(known, _)| known == name) || own_home && AT_HOME.contains(&name);
    let mut variables: Vec<(String, String)> = env.iter().filter(|(name, _)| !moved(name)).cloned().collect();
    variables.extend(ours);
    if own_home {
        let said: Vec<String> = variables.iter().map(|(name, _)| name.clone()).collect();
        variables.extend(needs.keep.iter().filter(|(name, _)| !said.contains(name)).cloned());
    }
    variables
}

impl Start {
    /// What is run so that a target starts shut in, with these variables but for the temporary folder, and the home where
    /// it is to have its own.
    ///
    /// Instead, why it has to be started without.
    ///
    /// # Errors
    /// There is a sandbox here, and why it can't be had.
    pub(in crate::connect) fn new(
        sandbox: &Sandbox,
        folder: Option<&Folder>,
        target: &Target,
        env: &[(String, String)],
        own_home: bool,
    ) -> io::Result<Result<(Self, Command), Enforced>> {
        let rules = match sandbox {
            Sandbox::Off(why) => return Ok(Err(Enforced::none(why))),
            Sandbox::On(rules) => rules,
        };
        let attempt = || -> io::Result<(Self, Command)> {
            let folder = folder.ok_or_else(|| io::Error::other("no temporary folder can be made"))?;
            let own = folder.another()?;
            let closed = rules.closed.iter().cloned().chain(folder.all()).collect();
            let variables = variables(env, &own, &target.needs, own_home);
            let (waiting, command) = here::begin(rules, closed, &own, target, variables)?;
            Ok((Self { waiting }, command))
        };
        match attempt() {
            Ok(start) => Ok(Ok(start)),
            Err(error) if must_be_had() => Err(super::failed(&error)),
            Err(error) => Ok(Err(Enforced::none(error.to_string()))),
        }
    }

    /// Waits until the process that was started is shut in and the server. Gives back the server's standard input.
    ///
    /// # Errors
    /// Why the server could not be started, as the system says it.
    pub(in crate::connect) fn hand_over(self, stdin: Option<ChildStdin>) -> io::Result<(Option<ChildStdin>, Enforced)> {
        self.waiting.hand_over(stdin)
    }
}

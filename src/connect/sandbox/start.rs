//! How a server that is to be shut in is started, as far as all systems do the same.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command};

use super::super::Target;
use super::{Enforced, Folder, Sandbox};

#[cfg(target_os = "linux")]
use super::outside as here;
#[cfg(target_os = "macos")]
use super::seatbelt as here;

/// Nothing can be had here.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod here {
    use super::{ChildStdin, Command, Enforced, PathBuf, Target, io};
    use crate::connect::sandbox::Rules;

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
    own: Own,
    waiting: here::Waiting,
}

/// A temporary folder of one server. Dropping it removes it.
#[derive(Debug)]
pub(in crate::connect) struct Own(PathBuf);

impl Drop for Own {
    fn drop(&mut self) {
        super::remove(&self.0);
    }
}

/// Where programs look for the folder to write to.
const TEMPORARY: [&str; 3] = ["TMPDIR", "TEMP", "TMP"];

/// Where they look for the rest of what they may write to.
const AT_HOME: [&str; 5] = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"];

/// A server's variables with its own temporary folder in place of everybody's, and in place of its home as well where it
/// is to have a home of its own.
fn variables(env: &[(String, String)], own: &Path, home: Option<&[(String, String)]>) -> Vec<(String, String)> {
    let folder = own.to_string_lossy();
    let moved = |name: &str| TEMPORARY.contains(&name) || home.is_some() && AT_HOME.contains(&name);
    let mut variables: Vec<(String, String)> = env.iter().filter(|(name, _)| !moved(name)).cloned().collect();
    variables.extend(TEMPORARY.map(|name| (name.to_owned(), folder.clone().into_owned())));
    if let Some(keep) = home {
        variables.push((AT_HOME[0].to_owned(), folder.into_owned()));
        let said: Vec<String> = variables.iter().map(|(name, _)| name.clone()).collect();
        variables.extend(keep.iter().filter(|(name, _)| !said.contains(name)).cloned());
    }
    variables
}

impl Start {
    /// What is run so that a target starts shut in, with these variables but for the temporary folder, and the home where
    /// it is to have its own.
    ///
    /// # Errors
    /// Why it has to be started without.
    pub(in crate::connect) fn new(
        sandbox: &Sandbox,
        folder: Option<&Folder>,
        target: &Target,
        env: &[(String, String)],
        own_home: bool,
    ) -> Result<(Self, Command), Enforced> {
        let rules = match sandbox {
            Sandbox::Off(why) => return Err(Enforced::none(why)),
            Sandbox::On(rules) => rules,
        };
        let attempt = || {
            let folder = folder.ok_or_else(|| io::Error::other("no temporary folder can be made"))?;
            let own = Own(folder.another()?);
            let closed = rules.closed.iter().cloned().chain(folder.all()).collect();
            let variables = variables(env, &own.0, own_home.then_some(&target.needs.keep));
            let (waiting, command) = here::begin(rules, closed, &own.0, target, variables)?;
            Ok((Self { own, waiting }, command))
        };
        attempt().map_err(|error: io::Error| Enforced::none(error.to_string()))
    }

    /// Waits until the process that was started is shut in and the server. Gives back the server's standard input, and the
    /// folder that is to be kept as long as the server.
    ///
    /// # Errors
    /// Why the server could not be started, as the system says it.
    pub(in crate::connect) fn hand_over(
        self,
        stdin: Option<ChildStdin>,
    ) -> io::Result<(Option<ChildStdin>, Enforced, Own)> {
        let (stdin, enforced) = self.waiting.hand_over(stdin)?;
        Ok((stdin, enforced, self.own))
    }
}

//! The outside on macOS: `sandbox-exec` is started, with a profile, and becomes the server.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};

use super::super::Target;
use super::profile::{self, PROGRAM, Places};
use super::{Enforced, Rules, resolved};

/// Who needs sockets.
#[derive(Debug)]
pub(super) struct Waiting(Option<String>);

/// What is run.
pub(super) fn begin(
    rules: &Rules,
    closed: Vec<PathBuf>,
    own: &Path,
    target: &Target,
    env: Vec<(String, String)>,
) -> io::Result<(Waiting, Command)> {
    if !Path::new(PROGRAM).exists() {
        return Err(io::Error::other(format!("{PROGRAM} is not there")));
    }
    // What it says of a program that can't be started says less than the system, which says it where it is started without.
    if !is_there(target, &env) {
        return Err(io::ErrorKind::NotFound.into());
    }
    super::make(&target.needs.writable, &target.needs.files);
    let real = |paths: &mut dyn Iterator<Item = &PathBuf>| paths.map(|path| resolved(path)).collect::<Vec<_>>();
    let closed = real(&mut closed.iter());
    let own = resolved(own);
    let caches = real(&mut target.needs.writable.iter().chain(&target.needs.files));
    let writable: Vec<PathBuf> = [own.clone()].into_iter().chain(caches).collect();
    let profile = profile::text(&Places {
        closed: &closed,
        writable: &writable,
        devices: &rules.devices,
        own: &own,
        network: rules.network,
        sockets: target.needs.sockets.is_some(),
    });
    let shut_in = |program: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(["-p", &profile, program]).env_clear();
        command
    };
    // A system that does not know a word of the profile would start nothing at all.
    let mut attempt = shut_in("/usr/bin/true");
    let attempt = attempt.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if !attempt.success() {
        return Err(io::Error::other("sandbox-exec does not take the profile"));
    }
    let mut command = shut_in(&target.program);
    command.args(&target.args).envs(env).stdin(Stdio::piped());
    Ok((Waiting(target.needs.sockets.clone()), command))
}

/// Whether there is such a program, so that starting it is worth a try.
fn is_there(target: &Target, env: &[(String, String)]) -> bool {
    let program = Path::new(&target.program);
    if target.program.contains('/') {
        return target.cwd.as_deref().unwrap_or(Path::new("")).join(program).is_file();
    }
    let path = env.iter().rev().find(|(name, _)| name == "PATH").map_or("/usr/bin:/bin", |(_, path)| path);
    std::env::split_paths(path).any(|folder| folder.join(program).is_file())
}

impl Waiting {
    /// Nothing is waited for: what `sandbox-exec` becomes is shut in from its first moment.
    ///
    /// # Errors
    /// None.
    pub(super) fn hand_over(self, stdin: Option<ChildStdin>) -> io::Result<(Option<ChildStdin>, Enforced)> {
        let sockets: Vec<String> = self.0.iter().map(|program| super::for_sockets(program)).collect();
        Ok((stdin, Enforced::but_for(&sockets)))
    }
}

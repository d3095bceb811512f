//! The outside: how a server that is to be shut in is started.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::Target;
use super::{Enforced, Folder, Rules, Sandbox};

/// A start that is on its way.
#[derive(Debug)]
pub(in crate::connect) struct Start {
    /// The folder of this start, removed with it.
    own: Own,
    #[cfg(target_os = "linux")]
    linux: linux::Start,
    #[cfg(not(target_os = "linux"))]
    sockets: Option<String>,
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

/// A server's variables with its own temporary folder in place of everybody's.
fn variables(env: &[(String, String)], own: &Path) -> Vec<(String, String)> {
    let own = own.to_string_lossy();
    let others = env.iter().filter(|(name, _)| !TEMPORARY.contains(&name.as_str())).cloned();
    others.chain(TEMPORARY.map(|name| (name.to_owned(), own.clone().into_owned()))).collect()
}

impl Start {
    /// What is run so that a target starts shut in; or what keeps it from being so.
    ///
    /// # Errors
    /// Why it has to be started without.
    pub(in crate::connect) fn new(
        sandbox: &Sandbox,
        folder: Option<&Folder>,
        target: &Target,
        env: &[(String, String)],
    ) -> Result<(Self, Command), Enforced> {
        let rules = match sandbox {
            Sandbox::Off(why) => return Err(Enforced::none(why)),
            Sandbox::On(rules) => rules,
        };
        if !cfg!(any(target_os = "linux", target_os = "macos")) {
            return Err(Enforced::none("there is none for this system"));
        }
        let folder = folder.ok_or_else(|| Enforced::none("no temporary folder can be made"))?;
        let own = folder.another().map_err(|error| Enforced::none(format!("no temporary folder: {error}")))?;
        let own = Own(own);
        let env = variables(env, &own.0);
        Self::here(rules, folder, own, target, env).map_err(|error| Enforced::none(error.to_string()))
    }

    #[cfg(target_os = "linux")]
    fn here(
        rules: &Rules,
        folder: &Folder,
        own: Own,
        target: &Target,
        env: Vec<(String, String)>,
    ) -> io::Result<(Self, Command)> {
        let plan = super::plan::Plan {
            program: target.program.clone(),
            args: target.args.clone(),
            env,
            closed: rules.closed.iter().cloned().chain(folder.all()).collect(),
            writable: [own.0.clone()].into_iter().chain(target.needs.writable.iter().cloned()).collect(),
            files: target.needs.files.clone(),
            devices: rules.devices.clone(),
            kept: rules.homes.iter().cloned().chain(target.cwd.clone()).collect(),
            network: rules.network,
            sockets: target.needs.sockets.clone(),
        };
        let (linux, command) = linux::Start::new(&rules.program, &plan)?;
        Ok((Self { own, linux }, command))
    }

    #[cfg(target_os = "macos")]
    fn here(
        rules: &Rules,
        folder: &Folder,
        own: Own,
        target: &Target,
        env: Vec<(String, String)>,
    ) -> io::Result<(Self, Command)> {
        if !Path::new(super::profile::PROGRAM).exists() {
            return Err(io::Error::other(format!("{} is not there", super::profile::PROGRAM)));
        }
        let mut writable = vec![own.0.clone()];
        super::make(&target.needs.writable, &target.needs.files);
        writable.extend(target.needs.writable.iter().chain(&target.needs.files).cloned());
        let real = |paths: &[PathBuf]| paths.iter().map(|path| super::resolved(path)).collect::<Vec<_>>();
        let closed: Vec<PathBuf> = rules.closed.iter().cloned().chain(folder.all()).collect();
        let profile = super::profile::text(&super::profile::Places {
            closed: &real(&closed),
            writable: &real(&writable),
            devices: &rules.devices,
            own: &own.0,
            network: rules.network,
            sockets: target.needs.sockets.is_some(),
        });
        // Its own words about what it can't start say less than the system's.
        if !is_there(target, &env) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let shut_in = |program: &str| {
            let mut command = Command::new(super::profile::PROGRAM);
            command.args(["-p", &profile, program]).env_clear();
            command
        };
        // A system that does not know a word of the profile would start nothing at all.
        let quiet = std::process::Stdio::null;
        let status = shut_in("/usr/bin/true").stdin(quiet()).stdout(quiet()).stderr(quiet()).status()?;
        if !status.success() {
            return Err(io::Error::other("sandbox-exec does not take the profile"));
        }
        let mut command = shut_in(&target.program);
        command.args(&target.args).envs(env).stdin(std::process::Stdio::piped());
        Ok((Self { own, sockets: target.needs.sockets.clone() }, command))
    }

    /// Nothing is waited for: what `sandbox-exec` becomes is shut in from its first moment.
    ///
    /// # Errors
    /// None.
    #[cfg(not(target_os = "linux"))]
    pub(in crate::connect) fn hand_over(
        self,
        stdin: Option<std::process::ChildStdin>,
    ) -> io::Result<(Option<std::process::ChildStdin>, Enforced, Own)> {
        let sockets = self.sockets.map(|program| super::for_sockets(&program));
        Ok((stdin, Enforced::but_for(&Vec::from_iter(sockets)), self.own))
    }

    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    fn here(_: &Rules, _: &Folder, _: Own, _: &Target, _: Vec<(String, String)>) -> io::Result<(Self, Command)> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Whether there is such a program, so that starting it is worth a try.
#[cfg(target_os = "macos")]
fn is_there(target: &Target, env: &[(String, String)]) -> bool {
    let program = Path::new(&target.program);
    if target.program.contains('/') {
        return target.cwd.as_deref().unwrap_or(Path::new("")).join(program).is_file();
    }
    let path = env.iter().rev().find(|(name, _)| name == "PATH").map_or("/usr/bin:/bin", |(_, path)| path);
    std::env::split_paths(path).any(|folder| folder.join(program).is_file())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::{self, IoSlice, PipeReader, PipeWriter, Read, Write};
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::net::UnixStream;
    use std::path::Path;
    use std::process::{ChildStdin, Command};
    use std::time::Duration;

    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

    use super::super::plan::Plan;
    use super::super::{Enforced, WORD};

    /// Shutting in takes milliseconds. A process that takes longer will not come to it.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// The socket to a process that shuts itself in, and the pipe that it gets.
    #[derive(Debug)]
    pub(super) struct Start {
        socket: UnixStream,
        pipe: (PipeReader, PipeWriter),
        plan: Vec<u8>,
    }

    impl Start {
        pub(super) fn new(program: &Path, plan: &Plan) -> io::Result<(Self, Command)> {
            let (socket, theirs) = UnixStream::pair()?;
            let plan = serde_json::to_vec(plan)?;
            let mut command = Command::new(program);
            // Nothing of the server's, whose variables could make this program load something.
            command.arg(WORD).env_clear().stdin(OwnedFd::from(theirs));
            Ok((Self { socket, pipe: io::pipe()?, plan }, command))
        }

        /// Tells a started process what to become, and waits until it has.
        ///
        /// # Errors
        /// Why the server could not be started, as the system says it.
        fn hand_over(self) -> io::Result<(ChildStdin, Enforced)> {
            let Self { mut socket, pipe: (reader, writer), plan } = self;
            socket.set_write_timeout(Some(PATIENCE))?;
            socket.set_read_timeout(Some(PATIENCE))?;
            let length = (plan.len() as u64).to_be_bytes();
            let files = [reader.as_fd()];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            control.push(SendAncillaryMessage::ScmRights(&files));
            sendmsg(&socket, &[IoSlice::new(&length)], &mut control, SendFlags::NOSIGNAL)?;
            socket.write_all(&plan)?;
            let mut said = String::new();
            socket.read_to_string(&mut said)?;
            let (enforced, error) = said.split_once('\n').ok_or_else(|| io::Error::other("the sandbox failed"))?;
            if !error.is_empty() {
                return Err(io::Error::from_raw_os_error(error.parse().map_err(io::Error::other)?));
            }
            Ok((ChildStdin::from(OwnedFd::from(writer)), serde_json::from_str(enforced)?))
        }
    }

    impl super::Start {
        /// Waits until a started process is shut in and the server. Gives back the server's standard input and the folder
        /// that is to be kept as long as the server.
        ///
        /// # Errors
        /// Why the server could not be started, as the system says it.
        pub(in crate::connect) fn hand_over(
            self,
            _: Option<ChildStdin>,
        ) -> io::Result<(Option<ChildStdin>, Enforced, super::Own)> {
            let (stdin, enforced) = self.linux.hand_over()?;
            Ok((Some(stdin), enforced, self.own))
        }
    }
}

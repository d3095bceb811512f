//! The outside on Linux: this program is started once more, told over a socket what to become, and listened to until it
//! has. See `inside`.

use std::io::{self, IoSlice, PipeReader, PipeWriter, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command};
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

use super::super::Target;
use super::plan::Plan;
use super::{Enforced, Rules, WORD};

/// Shutting in takes milliseconds. A process that takes longer will not come to it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The socket to a process that shuts itself in, and the pipe that becomes its standard input.
#[derive(Debug)]
pub(super) struct Waiting {
    socket: UnixStream,
    pipe: (PipeReader, PipeWriter),
    plan: Vec<u8>,
}

/// What is run, and what it will be told.
pub(super) fn begin(
    rules: &Rules,
    closed: Vec<PathBuf>,
    own: &Path,
    target: &Target,
    env: Vec<(String, String)>,
) -> io::Result<(Waiting, Command)> {
    let plan = Plan {
        program: target.program.clone(),
        args: target.args.clone(),
        env,
        closed,
        writable: [own.to_owned()].into_iter().chain(target.needs.writable.iter().cloned()).collect(),
        files: target.needs.files.clone(),
        devices: rules.devices.clone(),
        homes: rules.homes.clone(),
        folder: target.cwd.clone(),
        network: rules.network,
        sockets: target.needs.sockets.clone(),
    };
    let (socket, theirs) = UnixStream::pair()?;
    let mut command = Command::new(&rules.program);
    // Nothing of the server's, whose variables could make this program load something.
    command.arg(WORD).env_clear().stdin(OwnedFd::from(theirs));
    Ok((Waiting { socket, pipe: io::pipe()?, plan: serde_json::to_vec(&plan)? }, command))
}

impl Waiting {
    /// See [`Start::hand_over`](super::Start::hand_over).
    pub(super) fn hand_over(self, _: Option<ChildStdin>) -> io::Result<(Option<ChildStdin>, Enforced)> {
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
        // What was enforced, a line; then why there is no server, as the system's number or in words, or the end, which is
        // its beginning.
        let mut said = String::new();
        socket.read_to_string(&mut said)?;
        let (enforced, error) = said.split_once('\n').ok_or_else(|| io::Error::other("the sandbox failed"))?;
        if !error.is_empty() {
            let number = error.parse().map(io::Error::from_raw_os_error);
            return Err(number.unwrap_or_else(|_| io::Error::other(error.to_owned())));
        }
        Ok((Some(ChildStdin::from(OwnedFd::from(writer))), serde_json::from_str(enforced)?))
    }
}

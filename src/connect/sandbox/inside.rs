//! The inside: this program as it shuts itself in and becomes a server.
//!
//! Standard input is a socket at first. Over it come the plan and the pipe that will be the server's standard input; back
//! go what was enforced and, if there is nothing to become, why. It closes by itself where the server begins, so that
//! whoever waits at the other end knows.

use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::plan::Plan;
use super::{Enforced, Level, landlock, privileges, seccomp};

/// Comes back only if there is nobody to tell what is wrong.
pub(super) fn run() -> io::Result<()> {
    // The copy, unlike the original, does not outlive what this process becomes.
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (plan, stdin) = receive(&mut socket)?;
    rustix::stdio::dup2_stdin(&stdin)?;
    drop(stdin);

    super::make(&plan.writable, &plan.files);
    // Whoever leaves the group of the server stays its descendant, and is found at its end.
    let _ = nix::sys::prctl::set_child_subreaper(true);
    let enforced = restrict(&plan);
    let mut line = serde_json::to_vec(&enforced).map_err(io::Error::other)?;
    line.push(b'\n');
    socket.write_all(&line)?;
    // Where there is a sandbox, nothing is started without.
    if enforced.level == Level::None && landlock::is_there() {
        let why = super::failed(&enforced.reason.unwrap_or_default());
        return socket.write_all(why.to_string().as_bytes());
    }

    let mut command = Command::new(&plan.program);
    command.args(&plan.args).env_clear();
    command.envs(plan.env.iter().map(|(name, value)| (name, value)));
    let error = command.exec();
    let number = error.raw_os_error().unwrap_or(libc::EINVAL);
    socket.write_all(number.to_string().as_bytes())
}

/// Files first: setting up Landlock takes calls that a filter could refuse.
fn restrict(plan: &Plan) -> Enforced {
    let files = landlock::restrict(plan);
    let calls = seccomp::restrict(plan).err().map(|why| format!("system calls are not filtered: {why}"));
    let root = privileges::give_up().err().map(|why| format!("it keeps the privileges of root: {why}"));
    let sockets = plan.sockets.as_ref().map(|program| super::for_sockets(program));
    let missing: Vec<String> = files.reason.into_iter().chain(calls).chain(root).chain(sockets).collect();
    match files.level {
        Level::None => Enforced::none(missing.join("; ")),
        _ => Enforced::but_for(&missing),
    }
}

fn receive(socket: &mut UnixStream) -> io::Result<(Plan, OwnedFd)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut length = [0; 8];
    let received = recvmsg(&*socket, &mut [IoSliceMut::new(&mut length)], &mut control, RecvFlags::CMSG_CLOEXEC)?.bytes;
    let stdin = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut files) => files.next(),
        _ => None,
    });
    let (Some(stdin), true) = (stdin, received == length.len()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "nobody says what to become"));
    };
    let mut text = Vec::new();
    socket.take(u64::from_be_bytes(length)).read_to_end(&mut text)?;
    Ok((serde_json::from_slice(&text)?, stdin))
}

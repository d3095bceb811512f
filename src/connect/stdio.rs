//! The stdio transport: a process, a line for each message in either direction.

use std::io::{self, Read, Write};
use std::process::ChildStdout;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Context;
use super::budget::Budget;
use super::frame::{Frame, Framer, size};
use super::process::Process;
use super::scan::Limits;
use super::transport::Incoming;
use super::trouble::Trouble;

/// How often a wait looks whether the user has had enough.
const TICK: Duration = Duration::from_millis(20);
/// How long what a server left behind may go on speaking for it.
const LINGER: Duration = Duration::from_millis(500);
/// Answers to the server's own requests wait in memory up to here; a server that does not read them gets no more.
const QUEUE: usize = 1 << 20;

/// What the reading thread leaves behind beside messages.
#[derive(Default)]
struct Noise {
    lines: AtomicUsize,
    last: Mutex<Option<String>>,
}

/// A server and the pipes to it.
pub(super) struct Stdio<'a> {
    pub(super) process: Process,
    outgoing: Sender<Vec<u8>>,
    queued: Arc<AtomicUsize>,
    incoming: Receiver<Frame>,
    noise: Arc<Noise>,
    stop: &'a AtomicBool,
}

impl<'a> Stdio<'a> {
    /// Starts a server.
    ///
    /// # Errors
    /// [`Trouble::NotStarted`].
    pub(super) fn open(context: &Context<'a>) -> Result<Self, Trouble> {
        let Context { target, bounds, stop, .. } = *context;
        let (process, stdin, stdout) = Process::start(context)?;
        let (outgoing, lines) = channel::<Vec<u8>>();
        // One at a time: a parsed answer is many times its text, and a server may send what nobody asked for.
        let (frames, incoming) = sync_channel(1);
        let queued = Arc::new(AtomicUsize::new(0));
        let noise = Arc::new(Noise::default());

        let failed =
            |error: io::Error| Trouble::NotStarted { program: target.program.clone(), cause: error.to_string() };
        // Threads of their own, since both ends may block for ever, and never joined, for the same reason.
        let reader = Reader {
            frames,
            noise: Arc::clone(&noise),
            bytes: bounds.bytes,
            values: bounds.values,
            budget: Arc::clone(context.budget),
        };
        let limits = Limits { bytes: bounds.answer_bytes, depth: bounds.depth, values: bounds.values };
        thread::Builder::new().name("stdout".into()).spawn(move || reader.run(stdout, limits)).map_err(failed)?;
        let written = Arc::clone(&queued);
        let writer = move || write_all(stdin, &lines, &written);
        thread::Builder::new().name("stdin".into()).spawn(writer).map_err(failed)?;
        Ok(Self { process, outgoing, queued, incoming, noise, stop })
    }

    /// Sends a message of ours.
    pub(super) fn send(&self, message: &serde_json::Value) {
        let mut line = message.to_string().into_bytes();
        line.push(b'\n');
        self.queued.fetch_add(line.len(), Ordering::Relaxed);
        // Fails where the server closed its stdin; that it says nothing then is seen at the other pipe.
        drop(self.outgoing.send(line));
    }

    /// Sends an answer to a request of the server, unless it does not read what it was sent.
    pub(super) fn reply(&self, message: &serde_json::Value) {
        if self.queued.load(Ordering::Relaxed) < QUEUE {
            self.send(message);
        }
    }

    /// The next message.
    pub(super) fn receive(&mut self, until: Instant) -> Incoming {
        let mut exited = None;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Incoming::Interrupted;
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.incoming.recv_timeout(left.min(TICK)) {
                Ok(Frame::Message(node, _)) => return Incoming::Message(node, None),
                Ok(Frame::Broken(why)) => return Incoming::Broken(why),
                Ok(Frame::Noise(_)) => {}
                Err(RecvTimeoutError::Disconnected) => return Incoming::Closed,
                Err(RecvTimeoutError::Timeout) if Instant::now() >= until => return Incoming::Late,
                // The pipe stays open while anything that the server started holds it.
                Err(RecvTimeoutError::Timeout) if self.process.has_exited() => {
                    if exited.get_or_insert_with(Instant::now).elapsed() >= LINGER {
                        return Incoming::Closed;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Lines on stdout so far that were no messages, and the last of them.
    pub(super) fn noise(&self) -> (usize, Option<String>) {
        let last = self.noise.last.lock().unwrap_or_else(PoisonError::into_inner);
        (self.noise.lines.load(Ordering::Relaxed), last.clone())
    }

    /// Closes both pipes and gives the process back, to be ended.
    pub(super) fn close(mut self) -> Process {
        self.process.look_around();
        self.process
    }
}

fn write_all(mut stdin: impl Write, lines: &Receiver<Vec<u8>>, queued: &AtomicUsize) {
    while let Ok(line) = lines.recv() {
        if stdin.write_all(&line).and_then(|()| stdin.flush()).is_err() {
            return;
        }
        queued.fetch_sub(line.len(), Ordering::Relaxed);
    }
}

struct Reader {
    frames: SyncSender<Frame>,
    noise: Arc<Noise>,
    /// What may still come, over all messages.
    bytes: usize,
    values: usize,
    budget: Arc<Budget>,
}

impl Reader {
    fn run(mut self, mut stdout: ChildStdout, limits: Limits) {
        let mut framer = Framer::new(limits, &self.budget);
        let mut buffer = vec![0; 64 << 10];
        let (most, mut open) = (self.bytes, true);
        while open {
            let count = match stdout.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            framer.push(&buffer[..count], &mut |frame| open &= self.take(frame, limits.values));
            let Some(left) = self.bytes.checked_sub(count) else {
                drop(self.frames.send(Frame::Broken(format!("more than {} on stdout", size(most)))));
                return;
            };
            self.bytes = left;
        }
        framer.finish(&mut |frame| open &= open && self.take(frame, limits.values));
    }

    /// Hands a frame on. `false`: nobody listens any more, or nobody should.
    fn take(&mut self, frame: Frame, most: usize) -> bool {
        match frame {
            Frame::Noise(text) => {
                self.noise.lines.fetch_add(1, Ordering::Relaxed);
                if let Some(text) = text.filter(|text| text.chars().any(char::is_alphanumeric)) {
                    *self.noise.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
                }
                true
            }
            // Requests are answered and forgotten, notifications only forgotten; answers are kept.
            Frame::Message(node, _) if node.get("method").is_some() => {
                node.get("id").is_none() || self.frames.send(Frame::Message(node, 0)).is_ok()
            }
            Frame::Message(node, values) => match self.values.checked_sub(values) {
                Some(left) => {
                    self.values = left;
                    match self.budget.keep(&node, values) {
                        Ok(()) => self.frames.send(Frame::Message(node, values)).is_ok(),
                        Err(why) => {
                            drop(self.frames.send(Frame::Broken(why)));
                            false
                        }
                    }
                }
                None => {
                    drop(self.frames.send(Frame::Broken(format!("answers of more than {most} values"))));
                    false
                }
            },
            Frame::Broken(why) => self.frames.send(Frame::Broken(why)).is_ok(),
        }
    }
}

//! What happens while servers are asked: a line each on standard error at a terminal, nothing elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;

use crate::connect::{Event, Progress};

/// Tells nothing.
struct Silent;

impl Progress for Silent {
    fn event(&self, _target: usize, _event: Event) {}
}

/// One line that counts.
struct Counter {
    state: Mutex<(usize, usize)>,
}

impl Progress for Counter {
    fn event(&self, _target: usize, event: Event) {
        let Ok(mut state) = self.state.lock() else { return };
        match event {
            Event::Started => state.0 += 1,
            Event::Done { .. } => state.1 += 1,
            Event::Page { .. } => return,
        }
        let (started, done) = *state;
        // Progress that can't be shown is not worth an error.
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "\r\x1b[2Kasking servers: {done} done, {} running", started - done);
        if done == started {
            let _ = write!(err, "\r\x1b[2K");
        }
        let _ = err.flush();
    }
}

/// A progress for this standard error.
pub(super) fn new() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() { Box::new(Counter { state: Mutex::new((0, 0)) }) } else { Box::new(Silent) }
}

/// A progress that tells nothing.
pub(super) fn silent() -> Box<dyn Progress> {
    Box::new(Silent)
}

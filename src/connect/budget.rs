//! What the answers of all servers of a run may take together. Each server has bounds of its own; without this one, eight
//! that all go up to theirs would take eight times as much.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::Bounds;
use super::frame::size;
use crate::document::Node;

/// From here on an answer is put together, and parsed, while no other one is: a parser takes many times the text. The
/// largest of 120 real servers has 1.1 MiB and 18,000 values.
const LARGE_BYTES: usize = 2 << 20;
const LARGE_VALUES: usize = 20_000;

/// Shared by all servers of a run.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: AtomicUsize,
    values: AtomicUsize,
    most: (usize, usize),
    busy: Mutex<bool>,
    free: Condvar,
}

/// The right to put a large answer together.
pub(super) struct Turn(Arc<Budget>);

impl Budget {
    /// Before the first answer.
    pub(super) fn new(bounds: &Bounds) -> Arc<Self> {
        let most = (bounds.all_bytes, bounds.all_values);
        let (bytes, values) = (AtomicUsize::new(most.0), AtomicUsize::new(most.1));
        Arc::new(Self { bytes, values, most, busy: Mutex::new(false), free: Condvar::new() })
    }

    /// Whether an answer is so large that it needs a [`Turn`].
    pub(super) fn is_large(bytes: usize, values: usize) -> bool {
        bytes > LARGE_BYTES || values > LARGE_VALUES
    }

    /// Waits for the others. Whoever has the turn loses it with its server's time, at the latest.
    pub(super) fn turn(self: &Arc<Self>) -> Turn {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        *self.free.wait_while(busy, |busy| *busy).unwrap_or_else(PoisonError::into_inner) = true;
        Turn(Arc::clone(self))
    }

    /// Whether there is room for so much.
    ///
    /// # Errors
    /// Why not, in words.
    pub(super) fn fits(&self, bytes: usize, values: usize) -> Result<(), String> {
        if bytes > self.bytes.load(Ordering::Relaxed) {
            return Err(format!("the answers of all servers together have more than {}", size(self.most.0)));
        }
        if values > self.values.load(Ordering::Relaxed) {
            return Err(format!("the answers of all servers together have more than {} values", self.most.1));
        }
        Ok(())
    }

    /// Takes an answer of so many values in, for as long as the run lasts.
    ///
    /// # Errors
    /// There is no room for it, in words.
    pub(super) fn keep(&self, answer: &Node, values: usize) -> Result<(), String> {
        let bytes = answer.span.end - answer.span.start;
        self.fits(bytes, values)?;
        // Another one may have come in between; by so much the two go beyond it.
        for (from, what) in [(&self.bytes, bytes), (&self.values, values)] {
            let _ = from.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(what)));
        }
        Ok(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::parse_answer;

    #[test]
    fn what_is_used_up_is_used_up() {
        let budget = Budget::new(&Bounds { all_bytes: 10, all_values: 3, ..Bounds::default() });
        let answer = parse_answer("[1,2]").unwrap();
        assert_eq!(budget.keep(&answer, 3), Ok(()));
        assert!(budget.keep(&answer, 3).unwrap_err().contains("more than 3 values"));
        assert_eq!(budget.keep(&answer, 0), Ok(()));
        assert!(budget.keep(&answer, 0).unwrap_err().contains("more than 10 bytes"));
    }

    #[test]
    fn one_after_the_other() {
        let budget = Budget::new(&Bounds::default());
        let turn = budget.turn();
        let other = Arc::clone(&budget);
        let waits = std::thread::spawn(move || drop(other.turn()));
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(!waits.is_finished());
        drop(turn);
        waits.join().unwrap();
        drop(budget.turn());
    }
}

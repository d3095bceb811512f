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

/// What every server has for itself, so that a greedy one takes nothing from the others but what lies beyond: as much as
/// the largest real one needs.
const OWN_BYTES: usize = 2 << 20;
const OWN_VALUES: usize = 20_000;

/// What one server may take.
#[derive(Debug)]
pub(super) struct Budget {
    common: Arc<Common>,
    own: Room,
}

/// Shared by all servers of a run.
#[derive(Debug)]
struct Common {
    room: Room,
    most: (usize, usize),
    busy: Mutex<bool>,
    free: Condvar,
}

/// What is left of bytes and values.
#[derive(Debug)]
struct Room {
    bytes: AtomicUsize,
    values: AtomicUsize,
}

/// The right to put a large answer together.
pub(super) struct Turn(Arc<Common>);

impl Room {
    fn new(bytes: usize, values: usize) -> Self {
        Self { bytes: AtomicUsize::new(bytes), values: AtomicUsize::new(values) }
    }

    fn left(&self) -> (usize, usize) {
        (self.bytes.load(Ordering::Relaxed), self.values.load(Ordering::Relaxed))
    }

    /// Takes as much as there is. What is beyond is given back.
    fn take(&self, bytes: usize, values: usize) -> (usize, usize) {
        let take = |from: &AtomicUsize, wanted: usize| {
            let left =
                from.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(wanted)));
            wanted.saturating_sub(left.unwrap_or_default())
        };
        (take(&self.bytes, bytes), take(&self.values, values))
    }
}

impl Budget {
    /// Before the first answer of the first server.
    pub(super) fn new(bounds: &Bounds) -> Self {
        let most = (bounds.all_bytes, bounds.all_values);
        let common = Common { room: Room::new(most.0, most.1), most, busy: Mutex::new(false), free: Condvar::new() };
        Self { common: Arc::new(common), own: Room::new(OWN_BYTES.min(most.0), OWN_VALUES.min(most.1)) }
    }

    /// That of the next server.
    pub(super) fn next(&self) -> Arc<Self> {
        let (bytes, values) = self.common.most;
        Arc::new(Self {
            common: Arc::clone(&self.common),
            own: Room::new(OWN_BYTES.min(bytes), OWN_VALUES.min(values)),
        })
    }

    /// Whether an answer is so large that it needs a [`Turn`].
    pub(super) fn is_large(bytes: usize, values: usize) -> bool {
        bytes > LARGE_BYTES || values > LARGE_VALUES
    }

    /// Waits for the others. Whoever has the turn loses it with its server's time, at the latest.
    pub(super) fn turn(&self) -> Turn {
        let common = &self.common;
        let busy = common.busy.lock().unwrap_or_else(PoisonError::into_inner);
        *common.free.wait_while(busy, |busy| *busy).unwrap_or_else(PoisonError::into_inner) = true;
        Turn(Arc::clone(common))
    }

    /// Whether there is room for so much.
    ///
    /// # Errors
    /// Why not, in words.
    pub(super) fn fits(&self, bytes: usize, values: usize) -> Result<(), String> {
        let (own, common, most) = (self.own.left(), self.common.room.left(), self.common.most);
        if bytes > own.0 + common.0 {
            return Err(format!("the answers of all servers together have more than {}", size(most.0)));
        }
        if values > own.1 + common.1 {
            return Err(format!("the answers of all servers together have more than {} values", most.1));
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
        let (bytes, values) = self.own.take(bytes, values);
        self.common.room.take(bytes, values);
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
        let first = Budget::new(&Bounds { all_bytes: 10, all_values: 3, ..Bounds::default() });
        let answer = parse_answer("[1,2]").unwrap();
        assert_eq!(first.keep(&answer, 6), Ok(()), "its own and what is common");
        assert!(first.keep(&answer, 1).unwrap_err().contains("more than 3 values"));
        let second = first.next();
        assert!(second.keep(&answer, 4).is_err());
        assert_eq!(second.keep(&answer, 3), Ok(()), "a greedy one leaves the others their own");
        assert_eq!((first.keep(&answer, 0), second.keep(&answer, 0)), (Ok(()), Ok(())));
        assert_eq!((first.keep(&answer, 0), second.keep(&answer, 0)), (Ok(()), Ok(())));
        assert!(first.keep(&answer, 0).is_err());
    }

    #[test]
    fn one_after_the_other() {
        let budget = Budget::new(&Bounds::default());
        let turn = budget.turn();
        let other = budget.next();
        let waits = std::thread::spawn(move || drop(other.turn()));
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(!waits.is_finished());
        drop(turn);
        waits.join().unwrap();
        drop(budget.turn());
    }
}

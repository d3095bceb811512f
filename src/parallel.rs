//! One piece of work over all cores, in order. Only where there is enough of it: starting a thread takes as long as reading
//! a small config.

use std::num::NonZero;
use std::thread;

/// More threads than this wait for memory and not for each other.
const MOST: usize = 8;

/// What `work` makes of all items, in their order: in one go, or of as many slices as there are cores to work at once, each
/// of at least `least` items. A panic in one of them is one here.
pub(crate) fn over<'t, T: Sync, R: Send>(
    items: &'t [T],
    least: usize,
    work: impl Fn(&'t [T]) -> Vec<R> + Sync,
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    let shares = cores.min(items.len() / least.max(1));
    if shares < 2 {
        return work(items);
    }
    // Several slices a thread, since some items take much longer than others.
    let slices: Vec<&[T]> = items.chunks(items.len().div_ceil(shares * SLICES).max(1)).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let run = || {
        let mut made = Vec::new();
        loop {
            let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(slice) = slices.get(number) else { return made };
            made.push((number, work(slice)));
        }
    };
    let mut made = thread::scope(|scope| {
        let others: Vec<_> = (1..shares).map(|_| scope.spawn(run)).collect();
        let mut made = run();
        for other in others {
            match other.join() {
                Ok(more) => made.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        made
    });
    made.sort_by_key(|(number, _)| *number);
    made.into_iter().flat_map(|(_, results)| results).collect()
}

/// How many slices a thread takes, one after the other.
const SLICES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept() {
        let items: Vec<usize> = (0..1_000).collect();
        let twice = |slice: &[usize]| slice.iter().flat_map(|item| [*item, item * 2]).collect::<Vec<_>>();
        assert_eq!(over(&items, 10, twice), twice(&items));
        assert_eq!(over(&items, 5_000, twice), twice(&items));
        assert!(over(&[], 0, twice).is_empty());
    }

    #[test]
    fn a_panic_is_not_lost() {
        let items: Vec<usize> = (0..100).collect();
        let fails = |slice: &[usize]| slice.iter().map(|item| 1 / (50 - item)).collect::<Vec<_>>();
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let outcome = std::panic::catch_unwind(|| over(&items, 1, fails));
        std::panic::set_hook(hook);
        assert!(outcome.is_err());
    }
}

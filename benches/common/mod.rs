//! What the benchmarks share: pairs of runs in turns, medians, ratios. A ratio of one run says something on a noisy
//! machine, where a time does not.

use std::time::{Duration, Instant};

/// Runs two things in turns and gives the median time of each.
pub(crate) fn in_turns(rounds: usize, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> (Duration, Duration) {
    let timed = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    // The first round fills caches.
    timed(&mut ours);
    timed(&mut theirs);
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Whoever comes second finds warmer caches.
        if round % 2 == 0 {
            our_times.push(timed(&mut ours));
            their_times.push(timed(&mut theirs));
        } else {
            their_times.push(timed(&mut theirs));
            our_times.push(timed(&mut ours));
        }
    }
    (median(our_times), median(their_times))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Prints a figure and what it may be.
pub(crate) fn report(what: &str, ours: Duration, theirs: Duration, limit: f64) {
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let verdict = if ratio <= limit { "ok" } else { "TOO SLOW" };
    println!("{what}: {ours:.1?} against {theirs:.1?}, ratio {ratio:.2}, limit {limit} ({verdict})");
}

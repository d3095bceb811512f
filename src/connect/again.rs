//! Further looks at a server that has told everything: in the same conversation, and in a new one under another name. A
//! server that shows its true list later, or only to the clients that it is after, can't be seen otherwise.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use super::catalog::{Catalog, Look};
use super::session::{Greeting, Session};
use super::transport::Ending;
use super::trouble::Trouble;
use super::{Context, Reply, Status, look, read, reason};

/// How often a pause looks whether the user has had enough.
const TICK: Duration = Duration::from_millis(20);

/// Asks again as often as the bounds say. What was told goes to `reply.later`; a look that fails makes the reply partial.
pub(super) fn look_again(context: &Context<'_>, open: (Session<'_>, Greeting), reply: &mut Reply) -> Option<Ending> {
    let (mut session, greeting) = open;
    let (mut number, mut problems) = (1, Vec::new());
    // The same conversation first: some lists change with the number of times they are asked for.
    if pause(context) {
        number += 1;
        session.end = Instant::now() + context.bounds.total;
        let mut second = Reply::new(context.target, None);
        read(&mut session, &greeting, &mut second, &|_, _| {});
        keep(second, number, context.caller, reply, &mut problems);
    }
    let mut ending = Some(session.close());
    for turn in 0..context.bounds.again {
        if turn > 0 && !pause(context) {
            break;
        }
        // Two of one server at a time may be one too many: a port, a lock file.
        if let Some(ending) = ending.take() {
            ending.end(context.stop);
        }
        if context.stop.load(Ordering::Relaxed) {
            break;
        }
        number += 1;
        let callers = &context.target.callers;
        let caller = callers.get(turn % callers.len().max(1)).map_or(context.caller, String::as_str);
        let other = context.under(caller);
        let (next, open) = look(&other, &|_, _| {});
        keep(next, number, caller, reply, &mut problems);
        ending = open.map(|(session, _)| session.close());
    }
    if context.stop.load(Ordering::Relaxed) {
        problems.push(format!("{} before look {}", Trouble::Interrupted, number + 1));
    }
    if !problems.is_empty() {
        reply.status = Status::Partial;
        reply.reason = reason(context, &problems.join("; "));
    }
    ending
}

/// What a look gave, or why it gave nothing.
fn keep(seen: Reply, number: usize, caller: &str, reply: &mut Reply, problems: &mut Vec<String>) {
    if seen.status == Status::Scanned {
        let look = Some(Look { number, caller: caller.to_owned() });
        reply.later.push(Catalog { look, ..seen.catalog });
    } else {
        let why = seen.reason.unwrap_or_else(|| "no reason is known".to_owned());
        problems.push(format!("look {number}, as `{caller}`: {why}"));
    }
}

/// Waits. `false`: the user has had enough.
fn pause(context: &Context<'_>) -> bool {
    let until = Instant::now() + context.bounds.pause;
    while !context.stop.load(Ordering::Relaxed) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(TICK));
    }
    false
}

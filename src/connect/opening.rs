//! How a conversation begins: in whichever era, and over whichever transport, the server answers.

use std::time::Instant;

use super::session::{Greeting, Session};
use super::trouble::Trouble;
use super::{Bounds, Context, may_be_the_sandbox};

/// Opens a conversation with a server. Where that fails, the trouble is that with the first attempt: it is what the
/// server's users would meet. The session is given back in any case, to be ended.
pub(super) fn open<'a>(context: &'a Context<'a>) -> (Option<Session<'a>>, Result<Greeting, Trouble>) {
    match context.target.remote {
        Some(_) => remote(context),
        None => local(context),
    }
}

fn local<'a>(context: &'a Context<'a>) -> (Option<Session<'a>>, Result<Greeting, Trouble>) {
    let Bounds { first_answer, answer, .. } = *context.bounds;
    let started = Instant::now();
    let mut session = match Session::start(context) {
        Ok(session) => session,
        Err(trouble) => return (None, Err(trouble)),
    };
    let first = match session.initialize() {
        Err(trouble @ (Trouble::Refused { .. } | Trouble::Gone { .. })) => trouble,
        other => return (Some(session), other),
    };
    // What most servers miss that fail in the sandbox and nowhere else is a home that they can write to.
    if matches!(first, Trouble::Gone { .. })
        && !context.own_home.get()
        && may_be_the_sandbox(context, &first, session.all_words().as_deref())
    {
        context.own_home.set(true);
        let noise = session.noise();
        session.close().end(context.stop);
        session = match Session::start(context) {
            Ok(session) => session.after(noise),
            Err(_) => return (None, Err(first)),
        };
        match session.initialize() {
            Err(Trouble::Refused { .. } | Trouble::Gone { .. }) => context.own_home.set(false),
            other => return (Some(session), other),
        }
    }
    let mut second = match first {
        Trouble::Refused { .. } => session.discover(answer),
        _ => Err(first.clone()),
    };
    // A late death is a failure to start, not a refusal of the first message, and a second one would cost as much.
    let worth_it = started.elapsed() < answer && !session.was_not_found();
    if matches!(second, Err(Trouble::Gone { .. })) && worth_it {
        let noise = session.noise();
        session.close().end(context.stop);
        session = match Session::start(context) {
            Ok(session) => session.after(noise),
            Err(_) => return (None, Err(first)),
        };
        second = session.discover(first_answer);
    }
    let greeting = second.map_err(|trouble| if matches!(trouble, Trouble::Interrupted) { trouble } else { first });
    (Some(session), greeting)
}

fn remote<'a>(context: &'a Context<'a>) -> (Option<Session<'a>>, Result<Greeting, Trouble>) {
    let Bounds { first_answer, answer, .. } = *context.bounds;
    let mut session = match Session::start(context) {
        Ok(session) => session,
        Err(trouble) => return (None, Err(trouble)),
    };
    let first = match session.initialize() {
        Err(trouble @ (Trouble::Refused { .. } | Trouble::Status { .. })) => trouble,
        other => return (Some(session), other),
    };
    let number = session.status();
    let mut second = match (&first, number) {
        // An error of the protocol, or a request that it does not understand: another era may be what it speaks.
        (Trouble::Refused { .. }, _) | (_, 400 | 406 | 409 | 415 | 422 | 426) => session.discover(answer),
        _ => Err(first.clone()),
    };
    let telling = |trouble: &Trouble| {
        matches!(trouble, Trouble::Interrupted | Trouble::SignIn { .. } | Trouble::Elsewhere { .. })
    };
    // Nobody takes messages there: the older transport is opened by asking for its stream.
    if matches!(number, 404 | 405) && second.as_ref().is_err_and(|trouble| !telling(trouble)) {
        second = match session.listen(first_answer) {
            Ok(()) => {
                let greeting = session.initialize();
                return (Some(session), greeting);
            }
            Err(trouble) => Err(trouble),
        };
    }
    let greeting = second.map_err(|trouble| if telling(&trouble) { trouble } else { first });
    (Some(session), greeting)
}

//! What servers answer: started, or connected to, asked for all they offer, and ended again.
//!
//! A server is somebody else's program and may be hostile. It gets the variables it is meant to get and no others, and
//! everything it does has a bound: time, bytes, values, depth, pages. What was read before a bound is kept.

mod address;
mod again;
mod agent;
mod budget;
mod catalog;
mod consent;
mod exchange;
mod frame;
mod http;
mod list;
mod opening;
mod process;
mod proxy;
mod sandbox;
mod saved;
mod scan;
mod session;
mod sse;
mod stderr;
mod stdio;
mod strays;
mod transport;
mod trouble;
mod watchdog;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub use address::{is_open_address, origin};
pub use catalog::{Catalog, Look, Origin};
pub use consent::{Always, Consent, Deed, Handed, Never, Question};
pub use sandbox::{
    Enforced, Level, Needs, Network, Rules as SandboxRules, Sandbox, WORD as EXEC, become_server,
    is_there as has_sandbox,
};
pub use saved::{SavedError, read_saved};
pub use watchdog::{WORD as WATCH, watch};

use crate::text::Redactor;
use budget::Budget;
use strays::Orphans;
use transport::Ending;
use trouble::Trouble;
use watchdog::Watchdog;

/// A server that runs elsewhere.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Remote {
    /// Its address.
    pub url: String,
    /// What is sent to that very scheme, host and port, and nowhere else.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for Remote {
    /// Keys stand in addresses and headers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote({:?}, {} headers)", origin(&self.url).ok(), self.headers.len())
    }
}

/// A server to be started, or connected to, and asked.
#[derive(Clone, Debug)]
pub struct Target {
    /// Id of the client whose config names it.
    pub client: Option<String>,
    /// Its name there.
    pub name: String,
    /// Where it is, if it runs elsewhere: then there is nothing to start.
    pub remote: Option<Remote>,
    /// What to start.
    pub program: String,
    /// With which arguments.
    pub args: Vec<String>,
    /// Its own variables.
    pub env: Vec<(String, String)>,
    /// The folder to start it in.
    pub cwd: Option<PathBuf>,
    /// Client names under which it is asked again, in turn.
    pub callers: Vec<String>,
    /// What the sandbox has to leave open for it.
    pub needs: Needs,
    /// Knows the values that must not leave: of what the server says, only what is clean gets into a reason.
    pub redactor: Arc<Redactor>,
}

/// How much a server may take. Beyond, what was read so far is all there is.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Time to the first answer, which may have to wait for a download.
    pub first_answer: Duration,
    /// Time to each answer after that.
    pub answer: Duration,
    /// Time for all of it.
    pub total: Duration,
    /// Bytes of one answer.
    pub answer_bytes: usize,
    /// Bytes on stdout, or of all answers, altogether.
    pub bytes: usize,
    /// JSON values of all answers. Each takes many times its text in memory.
    pub values: usize,
    /// Bytes of all answers of all servers, beyond a share that each has for itself.
    pub all_bytes: usize,
    /// JSON values of the same.
    pub all_values: usize,
    /// Elements of one list.
    pub items: usize,
    /// Nesting of an answer.
    pub depth: usize,
    /// Pages of one list.
    pub pages: usize,
    /// How often it is asked again after it told everything.
    pub again: usize,
    /// Time before each of those looks.
    pub pause: Duration,
    /// This program, to be started beside the servers: where this process is killed and can end nothing any more, that
    /// other one ends them. Linux only.
    pub watchdog: Option<PathBuf>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            first_answer: Duration::from_secs(30),
            answer: Duration::from_secs(10),
            total: Duration::from_secs(120),
            // The largest of 120 real servers answers with 1.1 MiB in one piece, and 18,000 values. What is given here
            // keeps the whole program under 200 MB, whatever servers do.
            answer_bytes: 64 << 20,
            bytes: 64 << 20,
            values: 150_000,
            all_bytes: 64 << 20,
            all_values: 300_000,
            items: 100_000,
            depth: 256,
            pages: 1_000,
            again: 0,
            pause: Duration::from_secs(2),
            watchdog: None,
        }
    }
}

/// How far it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Everything that the server offers was read.
    Scanned,
    /// A part of it.
    Partial,
    /// Nothing.
    Failed,
    /// Nothing: it wants to know who asks.
    NeedsSignIn,
}

/// What came of one server.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What it offers, as far as it was read.
    pub catalog: Catalog,
    /// What it offered on later looks.
    pub later: Vec<Catalog>,
    /// How far that was.
    pub status: Status,
    /// Why not further; always there but for [`Status::Scanned`].
    pub reason: Option<String>,
    /// Time until the last answer.
    pub elapsed: Duration,
    /// Lines, or JSON values, that were no messages.
    pub noise: usize,
    /// How far it was shut in; nothing where nothing was started.
    pub sandbox: Option<Enforced>,
}

/// Something that happened to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its turn has come.
    Started,
    /// A page was read.
    Page {
        /// Of which list.
        list: &'static str,
        /// How many items that list has by now.
        items: usize,
    },
    /// It is through.
    Done {
        /// How far it got.
        status: Status,
        /// How long it took.
        elapsed: Duration,
    },
}

/// Hears what happens, from any thread.
pub trait Progress: Sync {
    /// These are going to be asked; events name them by their places.
    fn begin(&self, _targets: &[Target]) {}

    /// Something happened to the server of that index.
    fn event(&self, target: usize, event: Event);
}

/// All that a conversation with one server needs to know.
struct Context<'a> {
    target: &'a Target,
    env: &'a [(String, String)],
    bounds: &'a Bounds,
    stop: &'a AtomicBool,
    /// The client name that it is told.
    caller: &'a str,
    /// When all of it has to be over.
    end: Instant,
    watchdog: Option<&'a Arc<Watchdog>>,
    budget: &'a Arc<Budget>,
    sandbox: &'a Sandbox,
    /// Where the temporary folders of servers are made.
    folder: Option<&'a sandbox::Folder>,
    enforced: OnceLock<Enforced>,
    /// Whether the server gets a home of its own instead of its user's, which it can't write to in the sandbox.
    own_home: Cell<bool>,
}

impl Context<'_> {
    /// The same for a conversation that begins now, under another client name.
    fn under<'a>(&'a self, caller: &'a str) -> Context<'a> {
        let Self { target, env, bounds, stop, watchdog, budget, sandbox, folder, .. } = *self;
        let end = Instant::now() + bounds.total;
        let (enforced, own_home) = (OnceLock::new(), self.own_home.clone());
        Context { target, env, bounds, stop, caller, end, watchdog, budget, sandbox, folder, enforced, own_home }
    }

    /// Notes how far the server was shut in. A second start of it differs in nothing.
    fn note(&self, enforced: Enforced) {
        self.enforced.get_or_init(|| enforced);
    }
}

/// What a user can do about a server that needs more than the sandbox lets it have.
const HINT: &str = "it ran in the sandbox, and --no-sandbox would start it without";

/// The client name that servers are told.
const CALLER: &str = "mcpscan";

/// Asks all servers, up to `jobs` at a time. The replies are in the order of the targets.
///
/// A server's environment is `base_env` and its own variables, nothing else; in a sandbox, the temporary folder is one of
/// its own. Once `stop` is set, everything is killed
/// and what is not finished ends as "interrupted". When this returns, no server runs any more.
pub fn query_all(
    targets: &[Target],
    base_env: &[(String, String)],
    bounds: &Bounds,
    sandbox: &Sandbox,
    jobs: usize,
    stop: &AtomicBool,
    progress: &dyn Progress,
) -> Vec<Reply> {
    progress.begin(targets);
    let replies: Vec<Mutex<Option<Reply>>> = targets.iter().map(|_| Mutex::new(None)).collect();
    let (slots, next) = (&replies, &AtomicUsize::new(0));
    let any = targets.iter().any(|target| target.remote.is_none());
    let watchdog = bounds.watchdog.as_deref().filter(|_| any).and_then(Watchdog::start).map(Arc::new);
    let watchdog = watchdog.as_ref();
    let budget = &Budget::new(bounds);
    let orphans = any.then(Orphans::adopt);
    let folder = any.then(|| sandbox::run_folder(sandbox)).flatten();
    let folder = folder.as_ref();
    if let (Some(watchdog), Some(folder)) = (watchdog, folder) {
        watchdog.keep_clean(folder.path());
    }
    thread::scope(|scope| {
        let work = move || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(target) = targets.get(index) else { return };
                let budget = &budget.next();
                let context = Context {
                    target,
                    env: base_env,
                    bounds,
                    stop,
                    caller: CALLER,
                    end: Instant::now() + bounds.total,
                    watchdog,
                    budget,
                    sandbox,
                    folder,
                    enforced: OnceLock::new(),
                    own_home: Cell::new(false),
                };
                let (reply, ending) = guarded(&context, index, progress);
                *slots[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
                if let Some(ending) = ending {
                    // Beside the next one's start: a polite end takes up to a second. Without a thread to do it in, the
                    // process is dropped, and so killed, here.
                    drop(thread::Builder::new().spawn_scoped(scope, move || ending.end(stop)));
                }
            }
        };
        // This thread works as well, so that it goes on where no other can be had.
        for _ in 1..jobs.min(targets.len()) {
            drop(thread::Builder::new().spawn_scoped(scope, work));
        }
        work();
    });
    // Before the temporary folders go, so that nobody is left who could lead their removal astray.
    if let Some(orphans) = orphans {
        orphans.end();
    }
    let reply = |(target, reply): (&Target, Mutex<Option<Reply>>)| {
        reply
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .unwrap_or_else(|| Reply::new(target, Some(Trouble::Interrupted.to_string())))
    };
    targets.iter().zip(replies).map(reply).collect()
}

impl Reply {
    /// Nothing yet.
    fn new(target: &Target, reason: Option<String>) -> Self {
        let catalog = Catalog { client: target.client.clone(), server: target.name.clone(), ..Catalog::default() };
        Self {
            catalog,
            later: Vec::new(),
            status: Status::Failed,
            reason,
            elapsed: Duration::ZERO,
            noise: 0,
            sandbox: None,
        }
    }
}

/// A panic is a mistake of ours that one server provoked. The others have nothing to do with it, and the unwinding has
/// killed the one.
fn guarded(context: &Context<'_>, index: usize, progress: &dyn Progress) -> (Reply, Option<Ending>) {
    let started = Instant::now();
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        progress.event(index, Event::Started);
        query(context, &|list, items| progress.event(index, Event::Page { list, items }))
    }));
    let (mut reply, ending) = attempt.unwrap_or_else(|_| {
        (Reply::new(context.target, Some("mcpscan itself failed on what it answered".into())), None)
    });
    reply.elapsed = started.elapsed();
    reply.sandbox = context.enforced.get().cloned();
    progress.event(index, Event::Done { status: reply.status, elapsed: reply.elapsed });
    (reply, ending)
}

/// A trouble, with what may be behind it: a server that is kept from what it needs rarely knows why.
fn hinted(context: &Context<'_>, trouble: &Trouble) -> String {
    let text = trouble.to_string();
    if may_be_the_sandbox(context, trouble, None) { format!("{text}; {HINT}") } else { text }
}

/// Whether the sandbox may be why a server failed, by the trouble and all that is known of its last words.
fn may_be_the_sandbox(context: &Context<'_>, trouble: &Trouble, words: Option<&str>) -> bool {
    let Sandbox::On(rules) = context.sandbox else { return false };
    let shut_in = context.enforced.get().is_some_and(|enforced| enforced.level != Level::None);
    let speechless = match trouble {
        // A program that ends well and says nothing is no server, wherever it runs.
        Trouble::Gone { how, words, .. } => words.is_none() && !how.ends_with("status 0"),
        Trouble::Silent { words, .. } => words.is_none(),
        Trouble::Refused { .. } => false,
        _ => return false,
    };
    let said = format!("{trouble}\n{}", words.unwrap_or_default()).to_lowercase();
    let of_it = || rules.network == Network::None || rules.hints.iter().any(|word| said.contains(word.as_str()));
    shut_in && (speechless || of_it())
}

/// Asks one server for everything, as often as it is to be asked. What it went over is given back to be ended.
fn query(context: &Context<'_>, page: &dyn Fn(&'static str, usize)) -> (Reply, Option<Ending>) {
    let (mut reply, open) = look(context, page);
    let ending = match open {
        Some(open) if context.bounds.again > 0 && reply.status == Status::Scanned => {
            again::look_again(context, open, &mut reply)
        }
        open => open.map(|(session, _)| session.close()),
    };
    (reply, ending)
}

/// Opens a conversation and reads all there is.
fn look<'a>(
    context: &'a Context<'a>,
    page: &dyn Fn(&'static str, usize),
) -> (Reply, Option<(session::Session<'a>, session::Greeting)>) {
    let mut reply = Reply::new(context.target, None);
    if context.stop.load(Ordering::Relaxed) {
        reply.reason = reason(context, &Trouble::Interrupted.to_string());
        return (reply, None);
    }
    let (session, greeting) = opening::open(context);
    let (mut session, greeting) = match (session, greeting) {
        (Some(session), Ok(greeting)) => (session, greeting),
        (session, greeting) => {
            if matches!(greeting, Err(Trouble::SignIn { .. })) {
                reply.status = Status::NeedsSignIn;
            }
            reply.reason = greeting.err().and_then(|trouble| reason(context, &hinted(context, &trouble)));
            reply.noise = session.as_ref().map_or(0, session::Session::noise);
            return (reply, session.map(|session| (session, session::Greeting::default())));
        }
    };
    read(&mut session, &greeting, &mut reply, page);
    (reply, Some((session, greeting)))
}

/// Reads all lists of an open conversation.
fn read(
    session: &mut session::Session<'_>,
    greeting: &session::Greeting,
    reply: &mut Reply,
    page: &dyn Fn(&'static str, usize),
) {
    let outcome = list::read_all(session, greeting, &mut reply.catalog, page);
    reply.catalog.info.clone_from(&greeting.info);
    reply.catalog.instructions.clone_from(&greeting.instructions);
    reply.noise = session.noise();
    reply.status = match (outcome.problems.is_empty(), outcome.answered) {
        (true, _) => Status::Scanned,
        (false, true) => Status::Partial,
        (false, false) if outcome.needs_sign_in => Status::NeedsSignIn,
        (false, false) => Status::Failed,
    };
    if !outcome.problems.is_empty() {
        reply.reason = reason(session.context, &outcome.problems.join("; "));
    }
}

/// A reason as it may be told.
fn reason(context: &Context<'_>, text: &str) -> Option<String> {
    Some(crate::text::visible(&context.target.redactor.clean(text)))
}

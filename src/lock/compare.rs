//! What is different now.

use super::leaves::{Difference, differences};
use super::pairs::{items, pairs};
use super::start::Part;
use super::{Item, Key, Lock, Server};

/// A server as it is now.
#[derive(Clone, Debug)]
pub struct Now {
    /// What it is.
    pub server: Server,
    /// Whether it told everything that it offers: else what is missing may be there.
    pub whole: bool,
}

/// One change against the lock.
#[derive(Clone, Debug)]
pub struct Change {
    /// The locked server, by its place.
    pub locked: Option<usize>,
    /// The server now, by its place.
    pub now: Option<usize>,
    /// List and name of the item that it is about.
    pub item: Option<(&'static str, String)>,
    /// What changed.
    pub what: What,
}

/// Kinds of changes.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A server that is not in the lock.
    ServerAdded,
    /// A locked server that is not there any more.
    ServerRemoved,
    /// What is started or connected to.
    Launch(Vec<Part>),
    /// The version, or the contents, of what is fetched.
    Version(Vec<Part>),
    /// It offers this many things, and was never asked before.
    FirstAsked(usize),
    /// An item that is not in the lock.
    Added,
    /// A locked item that is not there any more.
    Removed,
    /// The same item under another name; here is the one in the lock.
    Renamed(String),
    /// A value of an item.
    Changed(Difference),
}

/// Everything that is different, server by server. `gone` says of a locked server that is not there now whether it was
/// looked for.
pub fn compare(lock: &Lock, now: &[Now], gone: &dyn Fn(&Key) -> bool) -> Vec<Change> {
    let mut changes = Vec::new();
    for pair in pairs(lock, now) {
        let mut add = |item: Option<&Item>, what| {
            let item = item.map(|item| (item.list, item.name.clone()));
            changes.push(Change { locked: pair.0, now: pair.1, item, what });
        };
        match (pair.0.map(|at| &lock.servers[at]), pair.1.map(|at| &now[at])) {
            (Some(locked), Some(now)) => server(locked, now, &mut add),
            (None, Some(_)) => add(None, What::ServerAdded),
            (Some(locked), None) if gone(&locked.key) => add(None, What::ServerRemoved),
            _ => {}
        }
    }
    changes
}

fn server(locked: &Server, now: &Now, add: &mut impl FnMut(Option<&Item>, What)) {
    if let Some(start) = &now.server.start {
        // Of a server that was locked by what it offers nobody has approved how it is started.
        let unknown = super::Start::default();
        let parts = locked.start.as_ref().unwrap_or(&unknown).differences(start);
        let (version, launch): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| part.version);
        if !launch.is_empty() {
            add(None, What::Launch(launch));
        }
        if !version.is_empty() {
            add(None, What::Version(version));
        }
    }
    match (&locked.offers, &now.server.offers) {
        (None, Some(offers)) if !offers.is_empty() => add(None, What::FirstAsked(offers.len())),
        (Some(before), Some(after)) => offered(before, after, now.whole, add),
        _ => {}
    }
}

fn offered(before: &[Item], now: &[Item], whole: bool, add: &mut impl FnMut(Option<&Item>, What)) {
    let (mut removed, mut added): (Vec<&Item>, Vec<&Item>) = (Vec::new(), Vec::new());
    for pair in items(before, now) {
        match pair {
            (Some(before), Some(now)) if before.digest != now.digest => {
                for difference in differences(before, now) {
                    add(Some(now), What::Changed(difference));
                }
            }
            (Some(before), None) if whole => removed.push(before),
            (None, Some(now)) => added.push(now),
            _ => {}
        }
    }
    for now in added {
        // Whoever is pinned by contents alone is fooled by a new name, and by names alone by new contents.
        let twin = removed.iter().position(|before| {
            before.list == now.list && before.content().next().is_some() && before.content().eq(now.content())
        });
        match twin {
            Some(at) => add(Some(now), What::Renamed(removed.remove(at).name.clone())),
            None => add(Some(now), What::Added),
        }
    }
    for before in removed {
        add(Some(before), What::Removed);
    }
}

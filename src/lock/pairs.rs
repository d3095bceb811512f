//! Which locked server is which of those that are there now, and which item is which.

use std::collections::{BTreeMap, HashMap};

use super::{Item, Lock, Now, Server};

/// Places of a locked server and of what it is now; one of them alone where the other is not there.
pub type Pair = (Option<usize>, Option<usize>);

/// Pairs locked servers with those that are there now: by all that they are known by, and where one side comes from a saved
/// list, which names no config, by the server's name and its client.
pub fn pairs(lock: &Lock, now: &[Now]) -> Vec<Pair> {
    let by_key: HashMap<_, usize> = lock.servers.iter().enumerate().map(|(at, server)| (&server.key, at)).collect();
    let mut found: Vec<Option<usize>> = now.iter().map(|now| by_key.get(&now.server.key).copied()).collect();
    let mut taken = vec![false; lock.servers.len()];
    found.iter().flatten().for_each(|at| taken[*at] = true);
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, server) in lock.servers.iter().enumerate().filter(|(at, _)| !taken[*at]) {
        by_name.entry(&server.key.name).or_default().push(at);
    }
    for (at, now) in now.iter().enumerate() {
        if found[at].is_some() {
            continue;
        }
        let candidates = by_name.get(now.server.key.name.as_str()).into_iter().flatten();
        let twin = candidates.copied().find(|at| !taken[*at] && may_be(&lock.servers[*at], &now.server));
        if let Some(twin) = twin {
            taken[twin] = true;
            found[at] = Some(twin);
        }
    }
    let left = taken.iter().enumerate().filter(|(_, taken)| !**taken).map(|(at, _)| (Some(at), None));
    found.iter().enumerate().map(|(now, locked)| (*locked, Some(now))).chain(left).collect()
}

fn may_be(locked: &Server, now: &Server) -> bool {
    let saved = locked.key.config.is_empty() || now.key.config.is_empty();
    let client = match (&locked.client, &now.client) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    saved && client
}

/// Items of one name paired: equal ones first, then in their order.
pub(super) fn items<'i>(before: &'i [Item], now: &'i [Item]) -> Vec<(Option<&'i Item>, Option<&'i Item>)> {
    type Twins<'i> = (Vec<&'i Item>, Vec<&'i Item>);
    let mut named: BTreeMap<(&str, &str), Twins<'i>> = BTreeMap::new();
    for item in before {
        named.entry((item.list, &item.name)).or_default().0.push(item);
    }
    for item in now {
        named.entry((item.list, &item.name)).or_default().1.push(item);
    }
    let mut pairs = Vec::new();
    for (mut before, mut now) in named.into_values() {
        before.retain(|item| {
            let twin = now.iter().position(|other| other.digest == item.digest);
            if let Some(at) = twin {
                pairs.push((Some(*item), Some(now.remove(at))));
            }
            twin.is_none()
        });
        let longest = before.len().max(now.len());
        pairs.extend((0..longest).map(|at| (before.get(at).copied(), now.get(at).copied())));
    }
    pairs
}

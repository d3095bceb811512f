//! Takes what is there now into a lock: everything that is seen for the first time, or what somebody accepts.

use super::pairs::{items, pairs};
use super::{Item, Lock, Now, Server};

/// What is to be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// What is seen for the first time. What is in the lock stays as it is, changed or not.
    New,
    /// Everything as it is now.
    All,
    /// These servers, or one item of one.
    Named(Vec<(String, Option<String>)>),
}

impl Want {
    /// Whether a server is meant, and all of it.
    fn server(&self, name: &str) -> bool {
        match self {
            Self::New => false,
            Self::All => true,
            Self::Named(names) => names.iter().any(|(server, item)| server == name && item.is_none()),
        }
    }

    fn item(&self, server: &str, item: &Item) -> bool {
        let meant = |name: &str| name == item.name || item.name.is_empty() && name == item.list;
        match self {
            Self::Named(names) => names.iter().any(|(own, name)| own == server && name.as_deref().is_some_and(meant)),
            _ => false,
        }
    }
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// What was taken in, a line each.
    pub taken: Vec<String>,
    /// What was not, and why.
    pub refused: Vec<String>,
}

/// What speaks against taking something in: a finding, and whether a reason can outweigh it.
pub type Against<'a> = dyn Fn(usize, Option<&Item>) -> Option<(String, bool)> + 'a;

/// Takes in what is wanted of what is there `now`, but for what something speaks against, unless there is a reason to
/// do so all the same, which is kept. `gone` says of a locked server that is not there whether it was looked for.
pub fn take(
    lock: &Lock,
    now: &[Now],
    want: &Want,
    force: Option<&str>,
    against: &Against<'_>,
    gone: &dyn Fn(&Server) -> bool,
) -> (Lock, Taken) {
    let mut taker = Taker { want, force, against, done: Taken::default() };
    let mut servers = Vec::new();
    for (locked, at) in pairs(lock, now) {
        let before = locked.map(|at| &lock.servers[at]);
        servers.extend(match at {
            Some(at) => taker.server(before, &now[at], at),
            None => before.and_then(|before| taker.gone(before, gone(before))),
        });
    }
    (Lock::new(servers), taker.done)
}

struct Taker<'a> {
    want: &'a Want,
    force: Option<&'a str>,
    against: &'a Against<'a>,
    done: Taken,
}

impl Taker<'_> {
    /// A locked server that is not there: it goes where that is accepted.
    fn gone(&mut self, before: &Server, gone: bool) -> Option<Server> {
        if gone && self.want.server(&before.key.name) {
            self.done.taken.push(format!("server `{}` is gone", before.key.name));
            return None;
        }
        Some(before.clone())
    }

    /// Whether something may be taken in, and the reason to keep beside it.
    fn may(&mut self, at: usize, item: Option<&Item>, what: &str) -> Option<Option<String>> {
        let Some((finding, can)) = (self.against)(at, item) else { return Some(None) };
        match self.force.filter(|_| can) {
            Some(reason) => Some(Some(reason.to_owned())),
            None => {
                let how = if can { "" } else { " (no reason outweighs that)" };
                self.done.refused.push(format!("{what}: {finding}{how}"));
                None
            }
        }
    }

    fn server(&mut self, before: Option<&Server>, now: &Now, at: usize) -> Option<Server> {
        let name = now.server.key.name.clone();
        let whole = self.want.server(&name);
        let first = *self.want == Want::New && before.is_none();
        if !whole && !first {
            return before.map(|before| self.parts(before, now, at)).or_else(|| self.unknown(now));
        }
        let shown = format!("server `{name}`");
        let Some(forced) = self.may(at, None, &shown) else { return before.cloned() };
        let mut taken = now.server.clone();
        taken.accepted = whole;
        taken.forced = forced;
        // What was not told this time stays as it was approved.
        let known = before.and_then(|before| before.offers.as_deref());
        taken.offers = match (&now.server.offers, now.whole) {
            (Some(offers), true) => Some(self.offers(known.unwrap_or_default(), offers, at, &name, &|_| true)),
            _ => known.map(<[Item]>::to_vec),
        };
        if let Some(known) = before.and_then(|before| before.start.as_ref()) {
            taken.start = taken.start.map(|start| start.remembering(known));
        }
        if taken.start.is_none() {
            taken.start = before.and_then(|before| before.start.clone());
            if let Some(before) = before {
                taken.key = before.key.clone();
            }
        }
        let offered = taken.offers.as_ref().map_or(0, Vec::len);
        let how = match &taken.offers {
            Some(_) => format!("with {offered} of what it offers"),
            None => "by its config alone".to_owned(),
        };
        self.done.taken.push(format!("{shown}, {how}"));
        Some(taken)
    }

    /// An item was named of a server that is not in the lock.
    fn unknown(&mut self, now: &Now) -> Option<Server> {
        let name = &now.server.key.name;
        if let Want::Named(names) = self.want
            && names.iter().any(|(server, _)| server == name)
        {
            self.done.refused.push(format!("server `{name}` is not in the lock; accept it as a whole first"));
        }
        None
    }

    /// A locked server of which at most some items are taken in.
    fn parts(&mut self, before: &Server, now: &Now, at: usize) -> Server {
        let mut taken = before.clone();
        let name = &now.server.key.name;
        match (&before.offers, &now.server.offers) {
            // It is asked for the first time.
            (None, Some(offers)) if *self.want == Want::New && now.whole => {
                let items = self.offers(&[], offers, at, name, &|_| true);
                self.done.taken.push(format!("{} things that server `{name}` offers", items.len()));
                taken.accepted &= items.is_empty();
                taken.offers = Some(items);
            }
            (Some(known), Some(offers)) if *self.want != Want::New => {
                let want = self.want;
                taken.offers = Some(self.offers(known, offers, at, name, &|item| want.item(name, item)));
            }
            _ => {}
        }
        taken
    }

    /// The items that are approved afterwards.
    fn offers(
        &mut self,
        known: &[Item],
        now: &[Item],
        at: usize,
        server: &str,
        wanted: &dyn Fn(&Item) -> bool,
    ) -> Vec<Item> {
        let mut taken = Vec::new();
        for (before, now) in items(known, now) {
            let item = now.or(before).filter(|item| wanted(item));
            let Some(item) = item else {
                taken.extend(before.cloned());
                continue;
            };
            // What is as it was approved needs no approval.
            if let (Some(before), Some(now)) = (before, now)
                && before.digest == now.digest
                && (before.forced.is_some() || (self.against)(at, Some(now)).is_none())
            {
                taken.push(before.clone());
                continue;
            }
            let shown = match item.name.as_str() {
                "" => format!("`{}` of server `{server}`", item.list),
                name => format!("`{server}/{name}`"),
            };
            let Some(now) = now else {
                self.done.taken.push(format!("{shown} is gone"));
                continue;
            };
            match self.may(at, Some(now), &shown) {
                Some(forced) => {
                    if *self.want != Want::New {
                        self.done.taken.push(shown);
                    }
                    taken.push(Item { forced, ..now.clone() });
                }
                None => taken.extend(before.cloned()),
            }
        }
        super::offers::sort(&mut taken);
        taken
    }
}

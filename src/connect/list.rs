//! The lists of a server: tools, prompts, resources and templates, page by page.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Catalog;
use super::session::{AFTERMATH, Event, Greeting, Session};
use super::trouble::{Refusal, Trouble};
use crate::document::{Kind, Member, Node};

/// A cursor is a bookmark, not a cargo.
const CURSOR: usize = 64 << 10;
/// How long a server may think about a list that it never said it has.
const UNDECLARED: Duration = Duration::from_secs(2);

/// One of the four lists.
struct Kinds {
    method: &'static str,
    key: &'static str,
    /// The capability that declares it.
    capability: &'static str,
    into: fn(&mut Catalog) -> &mut Vec<Node>,
}

const KINDS: [Kinds; 4] = [
    Kinds { method: "tools/list", key: "tools", capability: "tools", into: |catalog| &mut catalog.tools },
    Kinds { method: "prompts/list", key: "prompts", capability: "prompts", into: |catalog| &mut catalog.prompts },
    Kinds {
        method: "resources/list",
        key: "resources",
        capability: "resources",
        into: |catalog| &mut catalog.resources,
    },
    Kinds {
        method: "resources/templates/list",
        key: "resourceTemplates",
        capability: "resources",
        into: |catalog| &mut catalog.templates,
    },
];

/// What became of the lists.
#[derive(Default)]
pub(super) struct Outcome {
    /// Whether any list was answered; of one that is expected an error is an answer as well.
    pub(super) answered: bool,
    /// Whether some list is only for those who have signed in.
    pub(super) needs_sign_in: bool,
    /// What is missing, and why.
    pub(super) problems: Vec<String>,
}

/// A list that is being read.
struct Open {
    kind: &'static Kinds,
    /// Whether the server names it among its capabilities.
    named: bool,
    /// Whether the scan is incomplete without it.
    expected: bool,
    id: u64,
    patience: Duration,
    until: Instant,
    seen: HashSet<String>,
    pages: usize,
}

/// Reads all lists into `catalog`. `page` hears of each page: which list, and how many items it has by now.
pub(super) fn read_all(
    session: &mut Session<'_>,
    greeting: &Greeting,
    catalog: &mut Catalog,
    page: &dyn Fn(&'static str, usize),
) -> Outcome {
    let mut outcome = Outcome::default();
    let members = greeting.capabilities.as_ref().map_or(&[][..], Node::members);
    let declared = |kind: &Kinds| {
        let tells = |member: &&Member| member.key == kind.capability;
        members.iter().any(|member| tells(&member) && !matches!(member.value.kind, Kind::Null | Kind::Bool(false)))
    };
    // Tools are asked for in any case: a client may do so too, and they are what matters. Of a server that names nothing
    // at all they are expected, and the rest is worth a try.
    let mut wanted: Vec<(&Kinds, bool, bool)> = Vec::new();
    for kind in &KINDS {
        let named = declared(kind);
        if named || kind.key == "tools" || members.is_empty() {
            wanted.push((kind, named, named || kind.key == "tools" && members.is_empty()));
        }
    }
    // The others come last, since some servers die of a method that they do not know.
    let (expected, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, _, expected)| *expected);
    if read(session, expected, catalog, &mut outcome, page) {
        read(session, others, catalog, &mut outcome, page);
    }
    outcome
}

/// Asks for all of them at once and reads them side by side. `false`: the server is gone, or the user.
fn read(
    session: &mut Session<'_>,
    wanted: Vec<(&'static Kinds, bool, bool)>,
    catalog: &mut Catalog,
    outcome: &mut Outcome,
    page: &dyn Fn(&'static str, usize),
) -> bool {
    let answer = session.context.bounds.answer;
    let ask = |(kind, named, expected): (&'static Kinds, bool, bool)| {
        let patience = if expected { answer } else { answer.min(UNDECLARED) };
        let id = session.ask(kind.method, json!({}));
        Open { kind, named, expected, id, patience, until: Instant::now() + patience, seen: HashSet::new(), pages: 0 }
    };
    let mut open: Vec<Open> = wanted.into_iter().map(ask).collect();
    let mut broken: Option<String> = None;
    while let Some(until) = open.iter().map(|list| list.until).min() {
        let event = session.next(until);
        let closed = matches!(event, Event::Closed);
        match event {
            Event::Answer(id, answer) => {
                let Some(at) = open.iter().position(|list| list.id == id) else { continue };
                let mut list = open.swap_remove(at);
                outcome.answered |= list.expected || answer.is_ok();
                match answer {
                    Ok(result) => match turn(session, &mut list, result, catalog, page) {
                        Ok(true) => open.push(list),
                        Ok(false) => {}
                        Err(problem) => outcome.problems.push(problem),
                    },
                    Err(error) if list.is_none_at_all(&error) => {}
                    Err(error) => outcome.problems.push(Trouble::Refused { what: list.what(), error }.to_string()),
                }
            }
            Event::Failed(id, trouble) => {
                let Some(at) = open.iter().position(|list| list.id == id) else { continue };
                let list = open.swap_remove(at);
                if list.expected || list.pages > 0 {
                    outcome.needs_sign_in |= matches!(trouble, Trouble::SignIn { .. });
                    let problem = trouble.to_string();
                    if !outcome.problems.contains(&problem) {
                        outcome.problems.push(problem);
                    }
                }
            }
            Event::Broken(why) => {
                broken.get_or_insert(why);
                let soon = Instant::now() + AFTERMATH;
                open.iter_mut().for_each(|list| list.until = list.until.min(soon));
            }
            Event::Interrupted => {
                outcome.problems.push(Trouble::Interrupted.to_string());
                return false;
            }
            Event::Late | Event::Closed => {
                let all = closed || Instant::now() >= session.end;
                let (over, rest): (Vec<_>, Vec<_>) =
                    open.into_iter().partition(|list| all || list.until <= Instant::now());
                open = rest;
                let missed: Vec<String> =
                    over.iter().filter(|list| list.expected || list.pages > 0).map(Open::what).collect();
                if let Some(why) = broken.clone().filter(|_| !over.is_empty()) {
                    outcome.problems.push(format!(
                        "{why}, while waiting for {}",
                        over.iter().map(Open::what).collect::<Vec<_>>().join(", ")
                    ));
                } else if !missed.is_empty() {
                    outcome.problems.push(session.silence(closed, &missed.join(", "), answer).to_string());
                }
                if all {
                    return false;
                }
            }
        }
    }
    true
}

/// Takes a page in. `true`: the next one was asked for.
fn turn(
    session: &mut Session<'_>,
    list: &mut Open,
    result: Node,
    catalog: &mut Catalog,
    page: &dyn Fn(&'static str, usize),
) -> Result<bool, String> {
    let bounds = session.context.bounds;
    let what = list.what();
    let cursor = result.get("nextCursor").map_or(Kind::Null, |cursor| cursor.kind.clone());
    let items = (list.kind.into)(catalog);
    let odd = collect(list.kind.key, result, items);
    list.pages += 1;
    let excess = items.len() > bounds.items;
    items.truncate(bounds.items);
    page(list.kind.key, items.len());
    if excess {
        return Err(format!("{what} gave more than {} items", bounds.items));
    }
    if let Some(odd) = odd {
        return Err(format!("{what} {odd}"));
    }
    let cursor = match cursor {
        Kind::Null => return Ok(false),
        Kind::String(cursor) if cursor.is_empty() => return Ok(false),
        Kind::String(cursor) => cursor,
        _ => return Err(format!("{what} gave a cursor that is no string")),
    };
    if cursor.len() > CURSOR {
        return Err(format!("{what} gave a cursor of more than 64 KiB"));
    }
    if !list.seen.insert(cursor.clone()) {
        return Err(format!("{what} gave the same cursor twice"));
    }
    if list.pages >= bounds.pages {
        return Err(format!("{what} has more than {} pages", bounds.pages));
    }
    list.id = session.ask(list.kind.method, json!({ "cursor": cursor }));
    list.until = Instant::now() + list.patience;
    Ok(true)
}

/// Adds what a page holds, whatever its shape, and says what is odd about that.
fn collect(key: &str, result: Node, items: &mut Vec<Node>) -> Option<String> {
    let asks = result.get("resultType").and_then(Node::as_str) == Some("input_required");
    let members = match result.kind {
        Kind::Object(members) => members,
        Kind::Array(elements) => {
            items.extend(elements);
            return Some("answered a list instead of a map".into());
        }
        _ => return Some(format!("answered {} instead of a map", result.type_name())),
    };
    let (mut odd, mut found) = (None, false);
    // Of a key that stands twice, each client takes another value: both are looked at.
    for member in members.into_iter().filter(|member| member.key == key) {
        if std::mem::replace(&mut found, true) {
            odd = Some(format!("gave `{key}` twice in one answer"));
        }
        let type_name = member.value.type_name();
        match member.value.kind {
            Kind::Array(elements) => items.extend(elements),
            Kind::Null => {}
            Kind::Object(members) => {
                items.extend(members.into_iter().map(|member| member.value));
                odd = Some(format!("gave a map of `{key}` instead of a list"));
            }
            _ => {
                items.push(member.value);
                odd = Some(format!("gave {type_name} for `{key}` instead of a list"));
            }
        }
    }
    match found {
        _ if asks => Some("asks for input before it answers".into()),
        true => odd,
        false => Some(format!("answered without `{key}`")),
    }
}

impl Open {
    fn what(&self) -> String {
        format!("`{}`", self.kind.method)
    }

    /// Whether an error only says that there is no such list. Templates have no capability of their own: ten of 120
    /// servers have resources and do not know the method.
    fn is_none_at_all(&self, error: &Refusal) -> bool {
        match self.kind.key {
            _ if self.pages > 0 => false,
            _ if !self.expected => true,
            "tools" => !self.named && error.is_unknown_method(),
            "resourceTemplates" => error.is_unknown_method(),
            _ => error.code == "-32601",
        }
    }
}

//! `mcpscan approvals`: what was approved for good, to be looked at and taken back.

mod store;

pub(super) use store::{Store, own as own_file};

use super::args::{ApprovalsCommand, Revoke};
use super::{Exit, Failure};
use crate::discover::Home;
use crate::text::visible;
use store::{Approval, SHORT};

/// Lists approvals, or takes some back.
pub(super) fn run(command: &ApprovalsCommand) -> Result<Exit, Failure> {
    let variables = super::variables();
    let mut store = Store::open(&own_home(&variables)?)?;
    match command {
        ApprovalsCommand::List => list(&store),
        ApprovalsCommand::Revoke(revoke) => take_back(&mut store, revoke),
    }
}

/// The home whose approvals count: the user's own, whichever one is scanned.
pub(super) fn own_home(variables: &[(String, String)]) -> Result<Home, Failure> {
    let folder = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let folder =
        folder.ok_or_else(|| Failure::Usage("no home folder is known, so nothing can be remembered".to_owned()))?;
    Ok(Home::new(folder, super::place::os(variables), variables.iter().cloned().collect()))
}

fn list(store: &Store) -> Result<Exit, Failure> {
    let mut text = String::new();
    for approval in store.all() {
        text.push_str(&line(approval));
    }
    text.push_str(&match store.all().len() {
        0 => "Nothing is approved.\n".to_owned(),
        count => format!(
            "{count} approved, in {}; `mcpscan approvals revoke ID` takes one back.\n",
            visible(&store.path().display().to_string())
        ),
    });
    super::print(&text)?;
    Ok(Exit::Clean)
}

fn take_back(store: &mut Store, revoke: &Revoke) -> Result<Exit, Failure> {
    let mut gone = Vec::new();
    if revoke.all {
        gone = store.clear();
    }
    for name in &revoke.which {
        let hit = store.remove(name);
        if hit.is_empty() && !revoke.all {
            return Err(Failure::Usage(format!(
                "{name}: no approval has that id or server; `mcpscan approvals list` shows them"
            )));
        }
        gone.extend(hit);
    }
    if !gone.is_empty() {
        store.save()?;
    }
    let lines: String = gone.iter().map(line).collect();
    super::print(&format!("{lines}{} taken back.\n", gone.len()))?;
    Ok(Exit::Clean)
}

fn line(approval: &Approval) -> String {
    let Approval { id, client, server, config, what } = approval;
    let id = visible(id.get(..SHORT).unwrap_or(id));
    format!("{id}  {} ({}): {}\n          from {}\n", visible(server), visible(client), visible(what), visible(config))
}

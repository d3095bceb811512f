//! `mcpscan list`: what there is, without judging it.

use super::args::List;
use super::{Exit, Failure};
use crate::pipeline::{self, Tables};
use crate::text::visible;
use crate::triage::ConfigStatus;

/// One config a paragraph, one server a line.
pub(super) fn run(list: &List) -> Result<Exit, Failure> {
    let tables = Tables::load(Vec::new())?;
    let variables = super::variables();
    let request = super::place::request(&list.paths, &list.place, &tables.clients, &variables)?;
    let read = pipeline::read(&request, &tables);
    // A list shows command lines, so their secrets have to be known although nothing is judged.
    let judged = crate::judge::entries(&read.configs, &read.launches, &tables.for_entries());
    let hidden = pipeline::Hidden::new(&judged);

    let mut text = String::new();
    let mut servers = 0;
    let mut configs = read.configs.iter();
    for coverage in &read.coverage.configs {
        let readers: Vec<&str> = std::iter::once(&coverage.client).chain(&coverage.also).map(String::as_str).collect();
        text.push_str(&format!("{}  {}, {}\n", visible(&coverage.path), names(&readers, &tables), coverage.scope));
        if coverage.status != ConfigStatus::Scanned {
            let reason = coverage.reason.as_deref().unwrap_or("no reason is known");
            text.push_str(&format!("  {}: {}\n", coverage.status.as_str(), visible(reason)));
        }
        let config = configs.clone().next().filter(|config| config.file.shown == coverage.path);
        if let Some(config) = config {
            configs.next();
            let width = config
                .servers
                .iter()
                .map(|entry| unicode_width::UnicodeWidthStr::width(visible(&entry.name.text).as_str()))
                .max()
                .unwrap_or(0)
                .min(30);
            for entry in &config.servers {
                let name = visible(&entry.name.text);
                let pad = " ".repeat(width.saturating_sub(unicode_width::UnicodeWidthStr::width(name.as_str())));
                let command = visible(&pipeline::shown_command(entry, &hidden, &tables));
                let project =
                    entry.project.as_ref().map(|project| format!("  (in {})", visible(project))).unwrap_or_default();
                let disabled = if entry.disabled { "  (disabled)" } else { "" };
                let mut own = entry.also.iter().map(String::as_str).collect::<Vec<_>>();
                own.insert(0, &entry.client);
                let whose = match entry.is_read {
                    true if entry.client != coverage.client => format!("  (for {})", names(&own, &tables)),
                    true => String::new(),
                    false => "  (where none of them looks)".to_owned(),
                };
                text.push_str(&format!("  {name}{pad}  {command}{project}{disabled}{whose}\n"));
                servers += 1;
            }
            if config.servers.is_empty() && coverage.status == ConfigStatus::Scanned {
                text.push_str("  no servers\n");
            }
        }
    }
    let count = read.coverage.configs.len();
    if count > 0 {
        text.push('\n');
    }
    text.push_str(&format!("{} in {}\n", counted(servers, "server"), counted(count, "config")));
    super::print(&text)?;
    let unreadable = read.coverage.configs.iter().any(|config| config.usage_error);
    Ok(if unreadable { Exit::Usage } else { Exit::Clean })
}

/// The names of clients, the first few of them.
fn names(ids: &[&str], tables: &Tables) -> String {
    const SHOWN: usize = 3;
    let name = |id: &&str| tables.clients.get(id).map_or_else(|| (*id).to_owned(), |client| client.name.clone());
    let mut names = ids.iter().take(SHOWN).map(name).collect::<Vec<_>>().join(", ");
    if ids.len() > SHOWN {
        names.push_str(&format!(" and {} more", ids.len() - SHOWN));
    }
    names
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

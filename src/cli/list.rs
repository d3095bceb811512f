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
        let name = tables.clients.get(&coverage.client).map_or(coverage.client.as_str(), |client| client.name.as_str());
        text.push_str(&format!("{}  {name}, {}\n", visible(&coverage.path), coverage.scope));
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
                text.push_str(&format!("  {name}{pad}  {command}{project}{disabled}\n"));
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

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

//! `mcpscan inspect`: what servers offer, as they say it.

use super::args::Inspect;
use super::servers::{self, Setup};
use super::{Exit, Failure};
use crate::pipeline::{self, Inspected, Tables};
use crate::report;
use crate::triage::{ConfigStatus, ServerStatus};

/// A catalog a line on standard output; who told nothing, or not all, on standard error.
pub(super) fn run(inspect: &Inspect) -> Result<Exit, Failure> {
    let tables = Tables::load(Vec::new())?;
    let variables = super::variables();
    super::scan::mistaken_command(&inspect.paths)?;
    let input = servers::input(&inspect.servers, &inspect.paths, &inspect.place, &tables.clients, &variables)?;
    let mut setup = Setup::new(&inspect.servers, None, variables)?;
    let Inspected { catalogs, coverage, redactor } = pipeline::inspect(input, &tables, setup.asking());

    // One by one: a catalog may be large.
    for catalog in &catalogs {
        super::print(&report::catalog(catalog, &redactor))?;
    }
    let reason = |reason: &Option<String>| reason.clone().unwrap_or_else(|| "no reason is known".to_owned());
    for config in coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned) {
        super::complain(&format!("{} ({}): {}", config.path, config.status.as_str(), reason(&config.reason)));
    }
    for server in coverage.servers.iter().filter(|server| server.status != ServerStatus::Scanned) {
        let place = server.config.as_deref().unwrap_or("?");
        let (name, status) = (&server.server, server.status.as_str());
        super::complain(&format!("server `{name}` in {place} ({status}): {}", reason(&server.reason)));
    }
    let named = !inspect.paths.is_empty() || inspect.servers.is_given();
    let told =
        coverage.servers.iter().any(|server| matches!(server.status, ServerStatus::Scanned | ServerStatus::Partial));
    let gap = setup.was_stopped() || !told || named && coverage.servers.iter().any(|server| server.status.is_gap());
    Ok(if coverage.configs.iter().any(|config| config.usage_error) {
        Exit::Usage
    } else if gap {
        Exit::Incomplete
    } else {
        Exit::Clean
    })
}

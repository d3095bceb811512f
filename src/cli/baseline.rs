//! `mcpscan baseline`: accepts what is found today, so that later runs tell what is new.

use super::args::Accept;
use super::servers::{self, Setup};
use super::settings::{Given, hold};
use super::{Exit, Failure, output};
use crate::finding::Finding;
use crate::pipeline;
use crate::triage::{Baseline, ConfigStatus};

/// Scans, and writes what counts. What can't be looked at is in no baseline, so that it counts once it can.
pub(super) fn run(accept: &Accept) -> Result<Exit, Failure> {
    let variables = super::variables();
    super::scan::mistaken_command(&accept.paths)?;
    let given = Given {
        files: &accept.settings,
        baseline: None,
        choice: &accept.choice,
        min_confidence: accept.min_confidence,
        fail_on: None,
        paths: &accept.paths,
        narrowed: true,
    };
    let held = hold(&given, &variables)?;
    let input = match &accept.tools {
        Some(path) => super::scan::saved(path),
        None => servers::input(&accept.servers, &accept.paths, &accept.place, &held.tables.clients, &variables)?,
    };
    let mut setup = Setup::new(&accept.servers, held.launch, variables)?;
    let outcome = pipeline::scan(input, &held.tables, setup.asking(), &held.policy);

    // Of these no baseline is taken.
    let grave = |finding: &&Finding| held.tables.packs.rule(finding.rule.as_str()).is_some_and(|rule| rule.never_start);
    let counting = outcome.findings.iter().filter(|finding| finding.suppressed.is_none());
    let (left_out, accepted): (Vec<&Finding>, Vec<&Finding>) = counting.partition(grave);
    let count = accepted.len();
    let text = Baseline::write(accepted);
    let output = accept.output.as_ref().filter(|path| !output::is_standard(path));
    match output {
        None => super::print(&text)?,
        Some(path) => {
            let failed = |error| Failure::File { path: path.display().to_string(), error };
            output::replace(path, text.as_bytes()).map_err(failed)?;
        }
    }
    let s = if count == 1 { "" } else { "s" };
    let place = output.map(|path| format!(" in {}", path.display())).unwrap_or_default();
    let mut said = format!("{count} finding{s} accepted{place}");
    for finding in &left_out {
        said.push_str(&format!("\n{} is never accepted: {}", finding.rule, finding.message));
    }
    let gaps = outcome.coverage.configs.iter().filter(|config| config.status != ConfigStatus::Scanned);
    for config in gaps {
        let reason = config.reason.as_deref().unwrap_or("no reason is known");
        said.push_str(&format!("\nnot looked at, or not all of it: {} ({reason})", config.path));
    }
    super::complain(&said);
    let named = outcome.coverage.configs.iter().any(|config| {
        (!accept.paths.is_empty() || accept.tools.is_some())
            && matches!(config.status, ConfigStatus::Failed | ConfigStatus::Partial)
    });
    Ok(Exit::of(&outcome, None, held.require_complete, named || setup.was_stopped()))
}

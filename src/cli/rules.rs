//! `mcpscan rules` and `mcpscan explain`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::args::{Explain, RuleDocs, RuleFiles, RuleStats, Rules, RulesCommand};
use super::{Exit, Failure};
use crate::pipeline::stats::{Row, stats};
use crate::pipeline::{Tables, examples};
use crate::rules;

/// Lists the rules, or tests them.
pub(super) fn run(rules: &Rules) -> Result<Exit, Failure> {
    match &rules.command {
        None => list(&RuleFiles::default()),
        Some(RulesCommand::List(files)) => list(files),
        Some(RulesCommand::Test(files)) => test(files),
        Some(RulesCommand::Stats(samples)) => count(samples),
        Some(RulesCommand::Docs(docs)) => write(docs),
    }
}

fn list(files: &RuleFiles) -> Result<Exit, Failure> {
    let tables = Tables::load(super::packs(&files.rules, None)?)?;
    let mut text = String::new();
    for pack in tables.packs.packs() {
        text.push_str(&format!("{}: {}\n", pack.name, pack.title));
        let width = pack.rules.iter().map(|rule| rule.id.as_str().len()).max().unwrap_or(0);
        for rule in &pack.rules {
            text.push_str(&format!("  {:width$}  {:8}  {}\n", rule.id.as_str(), rule.severity, rule.title));
        }
        text.push('\n');
    }
    let packs = tables.packs.packs().len();
    text.push_str(&format!(
        "{} rules in {packs} packs; `mcpscan explain RULE` tells more\n",
        tables.packs.rules().count()
    ));
    super::print(&text)?;
    Ok(Exit::Clean)
}

fn test(files: &RuleFiles) -> Result<Exit, Failure> {
    let tables = Tables::load(super::packs(&files.rules, None)?)?;
    let report = examples::test(&tables);
    let mut text = String::new();
    for problem in &report.problems {
        text.push_str(&format!("{}: {}\n", problem.rule, crate::text::visible(&problem.message)));
    }
    text.push_str(&format!(
        "{} rules, {} examples, {} problems\n",
        report.rules,
        report.examples,
        report.problems.len()
    ));
    super::print(&text)?;
    Ok(if report.problems.is_empty() { Exit::Clean } else { Exit::Usage })
}

fn count(samples: &RuleStats) -> Result<Exit, Failure> {
    let tables = Tables::load(super::packs(&samples.packs.rules, None)?)?;
    let read = |path: &std::path::PathBuf| {
        let path = path.display().to_string();
        std::fs::read_to_string(&path).map(|text| (path.clone(), text)).map_err(|error| Failure::File { path, error })
    };
    let files = samples.files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let stats = stats(&files, &tables).map_err(|error| Failure::Usage(error.to_string()))?;

    let width = stats.rules.keys().map(String::len).max().unwrap_or(0).max(24);
    let line = |name: &str, row: &Row| {
        let precision = row.precision().map_or_else(|| "-".to_owned(), |part| format!("{part:.3}"));
        let Row { flagged, noted } = row;
        format!("{name:width$}  {:>6} {:>6} {precision:>9}  {:>6} {:>6}\n", flagged.0, flagged.1, noted.0, noted.1)
    };
    let mut text = format!(
        "{:width$}  {:>13} {:>9}  {:>13}\n{:width$}  {:>6} {:>6} {:>9}  {:>6} {:>6}\n",
        "", "flagged", "", "noted", "rule", "true", "false", "precision", "true", "false"
    );
    for (rule, row) in stats.rules.iter().filter(|(_, row)| **row != Row::default()) {
        text.push_str(&line(rule, row));
    }
    let silent: Vec<&str> =
        stats.rules.iter().filter(|(_, row)| **row == Row::default()).map(|(rule, _)| rule.as_str()).collect();
    let (bad, good) = stats.samples;
    text.push_str(&line(&format!("all, of {bad} and {good}"), &stats.all));
    if !silent.is_empty() {
        text.push_str(&format!("\nNothing found by: {}\n", silent.join(", ")));
    }
    super::print(&text)?;
    Ok(Exit::Clean)
}

/// Writes the pages of all rules, and removes those of rules that are no more.
fn write(docs: &RuleDocs) -> Result<Exit, Failure> {
    let tables = Tables::load(super::packs(&docs.packs.rules, None)?)?;
    let wrong = |path: &Path, error| Failure::File { path: path.display().to_string(), error };
    let pages = rules::pages(&tables.packs);
    for page in &pages {
        let path = docs.folder.join(&page.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
        }
        std::fs::write(&path, &page.text).map_err(|error| wrong(&path, error))?;
    }
    // Only pages: whatever else stands in the folders of packs is somebody's own.
    let known: HashSet<PathBuf> = pages.iter().map(|page| docs.folder.join(&page.path)).collect();
    for pack in tables.packs.packs() {
        let folder = docs.folder.join(&pack.name);
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.map_err(|error| wrong(&folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "md") && !known.contains(&path) {
                std::fs::remove_file(&path).map_err(|error| wrong(&path, error))?;
            }
        }
    }
    super::print(&format!("{} pages in {}\n", pages.len(), crate::text::visible(&docs.folder.display().to_string())))?;
    Ok(Exit::Clean)
}

/// Prints the page of a rule.
pub(super) fn explain(explain: &Explain) -> Result<Exit, Failure> {
    let tables = Tables::load(super::packs(&explain.files.rules, None)?)?;
    match tables.packs.rule(&explain.rule) {
        Some(rule) => {
            super::print(&rules::explain(rule))?;
            Ok(Exit::Clean)
        }
        None if tables.packs.pack(&explain.rule).is_some() => {
            let rules = tables.packs.pack(&explain.rule).map_or(&[][..], |pack| &pack.rules);
            let lines: Vec<String> = rules.iter().map(|rule| format!("{}  {}\n", rule.id, rule.title)).collect();
            super::print(&lines.concat())?;
            Ok(Exit::Clean)
        }
        None => {
            // The name alone is how people remember a rule.
            let distance = |id: &str| {
                let name = id.rsplit('/').next().unwrap_or(id);
                strsim::osa_distance(id, &explain.rule).min(strsim::osa_distance(name, &explain.rule))
            };
            let nearest = tables.packs.rules().map(|rule| rule.id.as_str()).min_by_key(|id| distance(id));
            let hint =
                nearest.filter(|id| distance(id) <= 4).map(|id| format!("; the nearest is `{id}`")).unwrap_or_default();
            Err(Failure::Usage(format!("no rule `{}`{hint}; `mcpscan rules list` shows all", explain.rule)))
        }
    }
}

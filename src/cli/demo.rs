//! `mcpscan demo`: the whole pipeline on a built-in bad example. Three clients' configs in a temporary home; their
//! servers are this very program, started for real and asked over standard input and output.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::Demo;
use super::servers::{base_env, confined, stop_flag};
use super::{Exit, Failure, output, progress};
use crate::connect::{Bounds, Consent, Deed, Network, Question};
use crate::discover::{Home, Os, Request};
use crate::finding::Confidence;
use crate::pipeline::{self, Asking, Input, Tables};
use crate::report::{Style, render};
use crate::triage::{Policy, Selection};

/// The configs: where each one goes in a home, and what it says. `MCPSCAN` stands for this program.
const CONFIGS: &[(&str, &str)] = &[
    (".config/Claude/claude_desktop_config.json", include_str!("demo/claude_desktop_config.json")),
    (".cursor/mcp.json", include_str!("demo/cursor.json")),
    (".config/Code/User/mcp.json", include_str!("demo/vscode.json")),
];

/// Runs it. Its findings are the point, so they are no failure.
pub(super) fn run(demo: &Demo) -> Result<Exit, Failure> {
    let tables = Tables::load(Vec::new())?;
    let folder = temporary().map_err(failed("a temporary folder"))?;
    let home = folder.path();
    write_configs(home)?;

    let variables = super::variables();
    // Nothing of the real home is read: the variables that move parts of it are not passed on.
    let request = Request {
        paths: Vec::new(),
        clients: Vec::new(),
        homes: vec![Home::new(home.to_owned(), Os::Linux, std::collections::HashMap::new())],
        known_projects: false,
        own_home: None,
        current: home.to_owned(),
    };
    // Where this very program lies, which people try out in a download folder, is no part of the example.
    let ignore = vec!["supply-chain/temporary-folder".to_owned()];
    let selection = Selection::new(Vec::new(), ignore, Confidence::Medium, &tables.packs)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let stop = stop_flag(std::sync::Arc::default());
    let progress = progress::silent();
    let asking = Asking {
        consent: &mut OwnServers,
        base_env: base_env(&variables),
        variables: Vec::new(),
        values: None,
        bearer: None,
        bounds: Bounds {
            first_answer: Duration::from_secs(10),
            watchdog: std::env::current_exe().ok(),
            ..Bounds::default()
        },
        confine: confined(Network::None),
        jobs: 8,
        stop: &stop,
        progress: progress.as_ref(),
    };
    let outcome = pipeline::scan(Input::Configs(request), &tables, asking, &Policy::only(selection));
    let detail = output::detail(demo.quiet, demo.verbose);
    let style = Style { detail, target: "demo".to_owned(), ..output::style() };
    super::print(&render(demo.format, &outcome, &tables.packs, &style))?;
    if demo.format.is_for_people() && !demo.quiet {
        super::print("\nThis was the demo. `mcpscan` looks at your own clients.\n")?;
    }
    Ok(Exit::Clean)
}

/// The demo's servers are this very program; its remote is nobody's, and nothing is sent anywhere.
struct OwnServers;

impl Consent for OwnServers {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        questions.iter().map(|question| matches!(question.deed, Deed::Start { .. })).collect()
    }
}

/// As closed as a home is, whatever the system's default.
fn temporary() -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.prefix("mcpscan-demo-").tempdir()
}

fn write_configs(home: &Path) -> Result<(), Failure> {
    let program = std::env::current_exe().map_err(failed("this program"))?;
    // As JSON writes it: a path of Windows has backslashes.
    let program = serde_json::Value::from(program.to_string_lossy().into_owned()).to_string();
    for (place, text) in CONFIGS {
        let path: PathBuf = home.join(place);
        let folder = path.parent().unwrap_or(home);
        std::fs::create_dir_all(folder).map_err(failed("the demo's home"))?;
        std::fs::write(&path, text.replace("\"MCPSCAN\"", &program)).map_err(failed("the demo's configs"))?;
    }
    Ok(())
}

fn failed(what: &str) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |error| Failure::File { path: what.to_owned(), error }
}

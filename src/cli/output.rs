//! Where reports go.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::Failure;
use crate::parallel;
use crate::report::{Detail, Format, Style, render};
use crate::rules::Packs;
use crate::triage::Outcome;

/// A format, and the file it goes to; `None` for standard output.
pub(super) struct Target {
    format: &'static Format,
    path: Option<PathBuf>,
}

/// A file of this name is standard output.
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Pairs each `--output` with the `--format` before it; without any there is the default. What has no file goes to standard
/// output, one format at most.
pub(super) fn pairs(
    formats: &[&'static Format],
    outputs: &[PathBuf],
    matches: &ArgMatches,
    default: &'static Format,
) -> Result<Vec<Target>, Failure> {
    let places = |name: &str| matches.indices_of(name).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    let mut targets: Vec<(usize, Target)> = Vec::new();
    for (place, format) in places("format").into_iter().zip(formats) {
        targets.push((place, Target { format, path: None }));
    }
    for (place, path) in places("output").into_iter().zip(outputs) {
        let before = targets.iter_mut().rfind(|(at, target)| *at < place && target.path.is_none());
        match before {
            Some((_, target)) => target.path = Some(path.clone()),
            None if formats.is_empty() && outputs.len() == 1 => {
                if is_standard(path) {
                    continue;
                }
                let Some(format) = by_name(path) else {
                    return Err(Failure::Usage(format!(
                        "--output {}: its name says no format; put a --format before it",
                        path.display()
                    )));
                };
                targets.push((place, Target { format, path: Some(path.clone()) }));
            }
            None => {
                return Err(Failure::Usage(format!(
                    "--output {}: needs a --format of its own before it",
                    path.display()
                )));
            }
        }
    }
    let mut targets: Vec<Target> = targets.into_iter().map(|(_, target)| target).collect();
    for target in &mut targets {
        target.path.take_if(|path| is_standard(path));
    }
    if targets.is_empty() {
        targets.push(Target { format: default, path: None });
    }
    if targets.iter().filter(|target| target.path.is_none()).count() > 1 {
        return Err(Failure::Usage(
            "only one --format can go to standard output; give the others an --output".to_owned(),
        ));
    }
    check(&targets)?;
    Ok(targets)
}

/// The format that a file's name asks for.
fn by_name(path: &Path) -> Option<&'static Format> {
    Format::by_ending(path.file_name()?.to_str()?)
}

/// Finds what would fail after the scan before it begins: a folder that isn't there, two reports in one file.
fn check(targets: &[Target]) -> Result<(), Failure> {
    let paths: Vec<&Path> = targets.iter().filter_map(|target| target.path.as_deref()).collect();
    for (index, path) in paths.iter().enumerate() {
        let shown = path.display();
        if paths[..index].contains(path) {
            return Err(Failure::Usage(format!("--output {shown}: two reports can't go to one file")));
        }
        if path.is_dir() {
            return Err(Failure::Usage(format!("--output {shown}: is a folder; name a file in it")));
        }
        if !folder_of(path).is_dir() {
            let folder = folder_of(path).display();
            return Err(Failure::Usage(format!("--output {shown}: there is no folder {folder}; make it first")));
        }
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes every report; files whole or not at all. One that can't be written is no reason to lose the others.
pub(super) fn write(targets: &[Target], outcome: &Outcome, packs: &Packs, style: &Style) -> Result<(), Failure> {
    let one = |target: &Target| match &target.path {
        None => super::print(&render(target.format, outcome, packs, style)),
        Some(path) => {
            let plain = Style { colour: false, width: 80, ..style.clone() };
            let report = render(target.format, outcome, packs, &plain);
            replace(path, report.as_bytes()).map_err(|error| Failure::File { path: path.display().to_string(), error })
        }
    };
    // Each is made and written in one go: holding all of them at once would take as much memory as everything else.
    let mut failures: Vec<Failure> =
        parallel::over(targets, 1, |targets| targets.iter().filter_map(|target| one(target).err()).collect());
    let Some(last) = failures.pop() else { return Ok(()) };
    failures.iter().for_each(|failure| super::complain(&failure.to_string()));
    Err(last)
}

/// Writes a file whole or not at all.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // `/dev/stdout` and pipes can't be replaced, only written to.
    if path.metadata().is_ok_and(|data| !data.is_file()) {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    // A link is replaced, not followed: in a project that is somebody else's it may lead anywhere.
    let mut file = tempfile::Builder::new().prefix(".mcpscan-").tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    readable(file.as_file())?;
    file.persist(path)?;
    Ok(())
}

/// A temporary file is its owner's alone; a report is like any other file.
#[cfg(unix)]
fn readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

/// Colours only at a terminal and never against `NO_COLOR`; as wide as the terminal, within what reads well.
pub(super) fn style() -> Style {
    let terminal = std::io::stdout().is_terminal();
    let colour = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    let width = if terminal { terminal_width().clamp(60, 120) } else { 80 };
    Style { colour, width, ..Style::default() }
}

/// How much the options ask for.
pub(super) fn detail(quiet: bool, verbose: bool) -> Detail {
    match (quiet, verbose) {
        (true, _) => Detail::Quiet,
        (false, true) => Detail::Verbose,
        (false, false) => Detail::Normal,
    }
}

fn terminal_width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    told.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).unwrap_or(80)
}

//! Settings files: finds them, reads them, and puts them together with the arguments, which weigh more.

use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use clap::ValueEnum;

use super::Failure;
use super::approvals;
use super::args::{Choice, ConfidenceName, FailOn, LaunchPolicy, SettingsFiles};
use crate::discover::{self, Home, Os};
use crate::finding::Confidence;
use crate::pipeline::Tables;
use crate::report::{FORMATS, Format};
use crate::rules::LoadError;
use crate::settings::{Date, File, Located, Origin, Settings};
use crate::text::nearest;
use crate::triage::{Baseline, Narrowing, Policy, Selection};

/// The name of a project's file.
const NAME: &str = ".mcpscan.toml";
/// Larger files are no settings.
const LARGEST: u64 = 1 << 20;
/// A line for each of a million findings.
const LARGEST_BASELINE: u64 = 1 << 30;

/// What the arguments say that settings may say too.
pub(super) struct Given<'a> {
    pub(super) files: &'a SettingsFiles,
    /// The baseline; nothing where none is to be used, whatever settings say.
    pub(super) baseline: Option<Option<&'a Path>>,
    pub(super) choice: &'a Choice,
    pub(super) min_confidence: Option<ConfidenceName>,
    pub(super) fail_on: Option<FailOn>,
    /// Files and folders that were named.
    pub(super) paths: &'a [PathBuf],
    /// Whether less is looked at than the paths say.
    pub(super) narrowed: bool,
}

/// What holds on this run.
pub(super) struct Held {
    pub(super) tables: Tables,
    pub(super) policy: Policy,
    pub(super) fail_on: FailOn,
    pub(super) format: Option<&'static Format>,
    pub(super) pedantic: bool,
    pub(super) require_complete: bool,
    pub(super) launch: Option<LaunchPolicy>,
}

/// Reads the settings of a run and all that they name.
pub(super) fn hold(given: &Given<'_>, variables: &[(String, String)]) -> Result<Held, Failure> {
    let settings = find(given, variables)?;
    let mut files = super::packs(&given.choice.rules, None)?;
    for file in &settings.files {
        let packs: Vec<PathBuf> = file.rules.iter().map(|rule| named(file, rule)).collect::<Result<_, _>>()?;
        files.extend(super::packs(&packs, file.is_foreign().then_some(file.folder.as_path()))?);
    }
    let tables = Tables::load(files)?;
    settings.check(&tables.packs).map_err(all)?;

    let wanted = |value: Option<Confidence>| value.unwrap_or(Confidence::Medium).min(Confidence::Medium);
    let least = given.min_confidence.map_or_else(
        || wanted(settings.first(|defaults| defaults.min_confidence).map(|(_, least)| least)),
        Confidence::from,
    );
    let Choice { select, ignore, .. } = given.choice;
    let selection = Selection::new(select.clone(), ignore.clone(), least, &tables.packs)
        .map_err(|error| Failure::Usage(error.to_string()))?;

    let mut open = (select.is_empty(), ignore.is_empty(), given.min_confidence.is_none());
    let mut narrowings = Vec::new();
    let mut effects = Vec::new();
    for file in &settings.files {
        let own = Narrowing::of(file, open.0, open.1, open.2);
        let mut said: Vec<String> = own.iter().map(Narrowing::shown).collect();
        narrowings.extend(own);
        let defaults = &file.defaults;
        open.0 &= defaults.select.is_empty();
        open.1 &= defaults.ignore.is_empty();
        open.2 &= defaults.min_confidence.is_none();
        let decides = settings.first(|defaults| defaults.fail_on).filter(|(first, _)| std::ptr::eq(*first, file));
        if let Some((_, level)) = decides.filter(|_| given.fail_on.is_none()) {
            said.push(format!("fail-on = \"{}\"", level.map_or("never", |level| level.as_str())));
        }
        effects.push(said);
    }
    let fail_on = given.fail_on.or_else(|| {
        let (_, level) = settings.first(|defaults| defaults.fail_on)?;
        Some(FailOn::of(level))
    });
    let truth = |pick: fn(&crate::settings::Defaults) -> Option<bool>| settings.first(pick).is_some_and(|(_, yes)| yes);
    let pedantic = truth(|defaults| defaults.pedantic);
    // A project can't take back what its user asks for.
    let require_complete = settings.files.iter().any(|file| file.defaults.require_complete == Some(true));
    let format = settings.first(|defaults| defaults.format.as_ref());
    let names = || FORMATS.iter().map(|format| format.name).collect();
    let format =
        format.map(|(file, word)| Format::by_name(&word.value).ok_or_else(|| unknown(file, word, "format", names())));
    let format = format.transpose()?;
    let launch = settings.first(|defaults| defaults.launch.as_ref());
    let launch = launch.map(|(file, word)| choice::<LaunchPolicy>(file, word, "launch")).transpose()?;
    let baseline = given.baseline.map(|named| baseline(named, &settings)).transpose()?.flatten();
    let whole = !given.narrowed && is_whole(given.paths, &settings);
    let today = Date::of(SystemTime::now());
    let policy = Policy { selection, settings, narrowings, effects, baseline, today, whole };
    let fail_on = fail_on.unwrap_or(FailOn::High);
    Ok(Held { tables, policy, fail_on, format, pedantic, require_complete, launch })
}

/// Every mistake, a line each.
fn all(errors: Vec<LoadError>) -> Failure {
    Failure::Usage(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// A word of a settings file that is one of an option.
fn choice<T: ValueEnum>(file: &File, word: &Located<String>, key: &str) -> Result<T, Failure> {
    T::from_str(&word.value, false).map_err(|_| {
        let values: Vec<_> = T::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
        unknown(file, word, key, values.iter().map(|value| value.get_name()).collect())
    })
}

/// Says what a word should have been.
fn unknown(file: &File, word: &Located<String>, key: &str, names: Vec<&str>) -> Failure {
    let near = nearest(&word.value, names.iter().copied());
    let hint =
        near.map_or_else(|| format!("expected one of {}", names.join(", ")), |near| format!("did you mean `{near}`?"));
    all(vec![file.wrong(word, format!("`{key}` is `{}`; {hint}", word.value))])
}

/// The files of a run, the weightiest first.
fn find(given: &Given<'_>, variables: &[(String, String)]) -> Result<Settings, Failure> {
    let mut files = Vec::new();
    if given.files.no_config {
        return Ok(Settings::default());
    }
    if let Some(path) = &given.files.config {
        files.push(read(path, Origin::Named)?);
    } else if let Some(path) = of_project(given.paths)? {
        files.push(read(&path, Origin::Project)?);
    }
    // Without a home there are no settings in it.
    let home = approvals::own_home(variables).ok();
    let own = home.map(|home| of_user(&home)).filter(|path| path.symlink_metadata().is_ok());
    if let Some(path) = own {
        // Whoever can write it decides what is started without a question.
        approvals::own_file(&path).map_err(|why| Failure::Usage(format!("{}: {why}", path.display())))?;
        files.push(read(&path, Origin::User)?);
    }
    Ok(Settings { files })
}

/// The user's own file.
fn of_user(home: &Home) -> PathBuf {
    let place = match home.os() {
        Os::Linux => "{XDG_CONFIG_HOME}/mcpscan/config.toml",
        Os::MacOs => "{HOME}/Library/Application Support/mcpscan/config.toml",
        Os::Windows => "{APPDATA}/mcpscan/config.toml",
    };
    home.expand(place).into_iter().next().unwrap_or_else(|| home.folder().join(".config/mcpscan/config.toml"))
}

/// The file of the project around what is scanned: the nearest one from there up to the repository's root. Outside of a
/// repository only the folder itself counts: above it anybody may have left one.
fn of_project(paths: &[PathBuf]) -> Result<Option<PathBuf>, Failure> {
    const WAY_OUT: &str = "name one file by --config, or use none with --no-config";
    nearest_file(paths, NAME, "settings", WAY_OUT)
}

/// The file of that name that is nearest to what is scanned, up to its repository's root.
pub(super) fn nearest_file(
    paths: &[PathBuf],
    name: &str,
    what: &str,
    way_out: &str,
) -> Result<Option<PathBuf>, Failure> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error| Failure::File { path, error }
    };
    let here = [PathBuf::from(".")];
    let starts = if paths.is_empty() { &here[..] } else { paths };
    let mut found: Vec<PathBuf> = Vec::new();
    for start in starts {
        // A path that isn't there is told where it is read.
        let Ok(start) = start.canonicalize() else { continue };
        let folder = if start.is_dir() { start.as_path() } else { start.parent().unwrap_or(&start) };
        let root = folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(folder);
        let above = folder.ancestors().take_while(|above| above.starts_with(root));
        let file = above.map(|folder| folder.join(name)).find(|file| file.symlink_metadata().is_ok());
        found.extend(file.filter(|file| !found.contains(file)));
    }
    if let [one, other, ..] = found.as_slice() {
        return Err(Failure::Usage(format!(
            "what is scanned belongs to several projects with {what}, {} and {}; scan them one by one, or {way_out}",
            one.display(),
            other.display()
        )));
    }
    let Some(file) = found.pop() else { return Ok(None) };
    if file.symlink_metadata().map_err(failed(&file))?.is_symlink() {
        return Err(Failure::Usage(format!(
            "{}: a link, which may lead out of the project; {way_out}",
            file.display()
        )));
    }
    Ok(Some(file))
}

fn read(path: &Path, origin: Origin) -> Result<File, Failure> {
    let shown = shown(path);
    let text = text(path, LARGEST)?;
    let folder = path.canonicalize().ok().and_then(|path| path.parent().map(Path::to_owned)).unwrap_or_default();
    File::parse(&shown, &text, origin, folder).map_err(all)
}

pub(super) fn text(path: &Path, largest: u64) -> Result<String, Failure> {
    let wrong = |why: String| Failure::Usage(format!("{}: {why}", path.display()));
    let bytes = discover::read(path, largest).map_err(|error| wrong(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("no text in UTF-8".to_owned()))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Relative to the current folder where it lies below.
pub(super) fn shown(path: &Path) -> String {
    let current = std::env::current_dir().and_then(|current| current.canonicalize());
    let relative = current.ok().and_then(|current| path.strip_prefix(current).ok().map(Path::to_owned));
    discover::spelled(&relative.unwrap_or_else(|| path.to_owned()))
}

/// A file that a settings file names. One that came with a project stays in its folder.
fn named(file: &File, path: &Located<String>) -> Result<PathBuf, Failure> {
    // Before it is looked at: on some systems a look at a path asks another machine.
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if file.is_foreign() && !Path::new(&path.value).components().all(plain) {
        let message = format!("`{}` may lead out of the project; only a file named by --config may", path.value);
        return Err(all(vec![file.wrong(path, message)]));
    }
    let full = file.folder.join(&path.value);
    let real = full.canonicalize().map_err(|error| all(vec![file.wrong(path, format!("{}: {error}", path.value))]))?;
    if file.is_foreign() && !real.starts_with(&file.folder) {
        let message = format!("`{}` leads out of the project; only a file named by --config may", path.value);
        return Err(all(vec![file.wrong(path, message)]));
    }
    Ok(real)
}

fn baseline(given: Option<&Path>, settings: &Settings) -> Result<Option<Baseline>, Failure> {
    let path = match given {
        Some(path) => Some(path.to_owned()),
        None => {
            let first = settings.files.iter().find_map(|file| Some((file, file.baseline.as_ref()?)));
            first.map(|(file, path)| named(file, path)).transpose()?
        }
    };
    let Some(path) = path else { return Ok(None) };
    let baseline = Baseline::parse(&shown(&path), &text(&path, LARGEST_BASELINE)?);
    baseline.map(Some).map_err(|error| Failure::Usage(error.to_string()))
}

/// Whether a run looks at all that the weightiest file speaks of: a project's file of its folder, one that was named of
/// the current one.
fn is_whole(paths: &[PathBuf], settings: &Settings) -> bool {
    let current = std::env::current_dir().and_then(|current| current.canonicalize()).ok();
    let Some((file, current)) = settings.files.first().zip(current) else { return false };
    let folder = if file.origin == Origin::Project { &file.folder } else { &current };
    if paths.is_empty() {
        return *folder == current;
    }
    paths.iter().filter_map(|path| path.canonicalize().ok()).any(|path| path.is_dir() && folder.starts_with(path))
}

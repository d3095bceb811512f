//! What runners have fetched for this user, where no project says a version.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::SystemTime;

use super::{InUse, Names, Said, in_file, is_exact, node};
use crate::discover::Home;
use crate::launch::Ecosystem;

/// Folders of npx that are looked into, the newest first.
const MOST: usize = 64;

/// Where npx keeps what it runs, each in a folder of its own.
const NPX: &[&str] = &["{npm_config_cache|HOME/.npm}/_npx/*/package-lock.json"];
const NPX_ON_WINDOWS: &[&str] = &["{npm_config_cache|LOCALAPPDATA/npm-cache}/_npx/*/package-lock.json"];

/// Where uv keeps its tools; `NAME` is the tool's.
const TOOLS: &[&str] = &[
    "{UV_TOOL_DIR|XDG_DATA_HOME/uv/tools}/NAME/lib/*/site-packages/*.dist-info",
    "{UV_TOOL_DIR|APPDATA/uv/data/tools}/NAME/Lib/site-packages/*.dist-info",
];

/// The versions that were fetched last.
pub(super) fn versions(home: &Home, wanted: &Names) -> HashMap<(Ecosystem, String), InUse> {
    let mut found = HashMap::new();
    npx(home, wanted, &mut found);
    // Most machines have none, which is seen at once and not name by name.
    let any = TOOLS.iter().filter_map(|place| place.split_once("/NAME")).any(|(folder, _)| {
        let mut tools = home.expand(&format!("{folder}/*")).into_iter();
        tools.next().is_some()
    });
    for (ecosystem, name) in wanted.iter().filter(|_| any) {
        if *ecosystem == Ecosystem::PyPi
            && let Some(version) = tool(home, name)
        {
            found.insert((*ecosystem, name.clone()), InUse { version, said: Said::UvTools, integrity: None });
        }
    }
    found
}

fn npx(home: &Home, wanted: &Names, found: &mut HashMap<(Ecosystem, String), InUse>) {
    let count = wanted.iter().filter(|(ecosystem, _)| *ecosystem == Ecosystem::Npm).count();
    if count == 0 {
        return;
    }
    let places = if home.os() == crate::discover::Os::Windows { NPX_ON_WINDOWS } else { NPX };
    let files = places.iter().flat_map(|place| home.expand(place));
    let mut locks: Vec<(SystemTime, PathBuf)> = files
        .filter_map(|file| {
            let data = file.symlink_metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some((data.modified().ok()?, file))
        })
        .collect();
    locks.sort_by(|a, b| b.cmp(a));
    for (_, lock) in locks.into_iter().take(MOST) {
        for (name, version, integrity) in in_file(&lock, Ecosystem::Npm, node::npx_lock, wanted) {
            found.entry((Ecosystem::Npm, name)).or_insert(InUse { version, said: Said::Npx, integrity });
        }
        if found.len() == count {
            break;
        }
    }
}

/// The version of a tool that uv has installed, which `uvx` runs too.
fn tool(home: &Home, name: &str) -> Option<String> {
    // A name with anything else in it is no folder of uv's, and might lead somewhere.
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return None;
    }
    let folders = TOOLS.iter().flat_map(|place| home.expand(&place.replace("NAME", name)));
    let mut versions = folders.filter_map(|folder| {
        let (own, version) = folder.file_name()?.to_str()?.strip_suffix(".dist-info")?.split_once('-')?;
        (Ecosystem::PyPi.canonical(own) == name && is_exact(Ecosystem::PyPi, version)).then(|| version.to_owned())
    });
    versions.next()
}

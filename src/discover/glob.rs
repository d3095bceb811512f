//! Paths with `*` in a segment, `**` for any folders, and `{a,b}` for either.

use std::borrow::Cow;
use std::fs;
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

/// Folders below a `**` that are looked into. Plugin caches are a few levels deep.
const DEEPEST: usize = 8;
/// Entries below a `**` that are looked at; more are no plugin folder.
const MOST_ENTRIES: usize = 50_000;

/// Whether `name` fits `pattern`, in which `*` stands for any characters.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => match name.strip_prefix(head) {
            // The rest may begin anywhere; patterns are ours and have one or two stars.
            Some(rest) => (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| fits(tail, rest))),
            None => false,
        },
    }
}

/// The patterns that one with `{a,b}` stands for. Braces without a comma are left alone.
pub(super) fn alternatives(pattern: &str) -> Vec<String> {
    let mut from = 0;
    while let Some(open) = pattern[from..].find('{').map(|at| from + at) {
        let Some(close) = pattern[open..].find('}').map(|at| open + at) else { break };
        let inner = &pattern[open + 1..close];
        if inner.contains(',') {
            let (head, tail) = (&pattern[..open], &pattern[close + 1..]);
            return inner.split(',').flat_map(|choice| alternatives(&format!("{head}{choice}{tail}"))).collect();
        }
        from = close + 1;
    }
    vec![pattern.to_owned()]
}

/// Whether the last segments of `path` fit the pattern's.
pub(super) fn ends_with(path: &Path, pattern: &str) -> bool {
    let segments = segments(path);
    alternatives(pattern).iter().any(|pattern| is_end(&segments, &cut(pattern)))
}

/// What of a pattern is left to look for behind a folder that fits its beginning.
pub(super) fn behind(folder: &Path, pattern: &str) -> Vec<String> {
    let segments = segments(folder);
    let rest = |pattern: String| {
        let cut = cut(&pattern);
        let begins: Vec<usize> = (1..cut.len()).filter(|length| is_end(&segments, &cut[..*length])).collect();
        begins.into_iter().map(|length| cut[length..].join("/")).collect::<Vec<_>>()
    };
    alternatives(pattern).into_iter().flat_map(rest).collect()
}

fn cut(pattern: &str) -> Vec<String> {
    pattern.split('/').map(str::to_owned).collect()
}

/// The names in a path. What is no text fits a star at most, and does not keep what is below it from being found.
pub(super) fn segments(path: &Path) -> Vec<Cow<'_, str>> {
    let names = path.components().filter(|part| matches!(part, Component::Normal(_)));
    names.map(|part| part.as_os_str().to_string_lossy()).collect()
}

/// Whether a pattern, cut into segments, fits the last ones of a path.
pub(super) fn is_end(segments: &[Cow<'_, str>], pattern: &[String]) -> bool {
    if pattern.iter().any(|segment| segment == "**") {
        return (0..=segments.len()).any(|start| all_fit(pattern, &segments[start..]));
    }
    segments.len().checked_sub(pattern.len()).is_some_and(|start| all_fit(pattern, &segments[start..]))
}

fn all_fit(expected: &[String], segments: &[Cow<'_, str>]) -> bool {
    match expected.split_first() {
        None => segments.is_empty(),
        Some((any, rest)) if any == "**" => (0..=segments.len()).any(|skip| all_fit(rest, &segments[skip..])),
        Some((first, rest)) => {
            segments.split_first().is_some_and(|(name, names)| fits(first, name) && all_fit(rest, names))
        }
    }
}

/// The paths that a pattern stands for, sorted. Without a star that is the path itself, whether it exists or not.
pub(super) fn expand(pattern: &Path) -> Vec<PathBuf> {
    let Some(text) = pattern.to_str() else { return vec![pattern.to_owned()] };
    expand_in(Path::new(""), text)
}

/// The paths that a pattern stands for in a folder, whatever the folder is called.
pub(super) fn expand_in(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    alternatives(pattern).iter().flat_map(|pattern| expand_stars(folder, Path::new(pattern))).collect()
}

fn expand_stars(folder: &Path, pattern: &Path) -> Vec<PathBuf> {
    let mut paths = vec![folder.to_owned()];
    for segment in pattern.components() {
        let star = segment.as_os_str().to_str().filter(|name| name.contains('*'));
        let Some(star) = star else {
            paths.iter_mut().for_each(|path| path.push(segment));
            continue;
        };
        paths = paths
            .iter()
            .flat_map(|folder| if star == "**" { folders_below(folder) } else { entries(folder, star) })
            .collect();
        paths.sort();
    }
    // What a star stood for is there; what comes behind it may not be.
    if pattern.to_str().is_some_and(|text| text.contains('*')) {
        paths.retain(|path| path.exists());
    }
    paths
}

/// A folder that isn't there or can't be read holds no config.
fn entries(folder: &Path, star: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names =
        entries.filter_map(Result::ok).filter(|entry| entry.file_name().to_str().is_some_and(|name| fits(star, name)));
    names.map(|entry| entry.path()).collect()
}

fn folders_below(folder: &Path) -> Vec<PathBuf> {
    let walk =
        WalkDir::new(folder).max_depth(DEEPEST).into_iter().filter_entry(|entry| entry.file_name() != "node_modules");
    let folders =
        walk.take(MOST_ENTRIES).filter_map(Result::ok).filter(|entry| entry.depth() == 0 || entry.file_type().is_dir());
    folders.map(walkdir::DirEntry::into_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars() {
        assert!(fits("Claude_*", "Claude_pzs8") && fits("*", "x") && fits("a*c*e", "abcde"));
        assert!(!fits("Claude_*", "Claude") && !fits("a*c", "ab"));
        assert!(ends_with(Path::new("/h/.cursor/mcp.json"), ".cursor/mcp.json"));
        assert!(!ends_with(Path::new("/h/x.cursor/mcp.json"), ".cursor/mcp.json"));
        assert!(!ends_with(Path::new("mcp.json"), ".cursor/mcp.json"));
        assert!(ends_with(Path::new("/h/.c/mcp/a/b/x.yml"), ".c/mcp/**/*.{yaml,yml}"));
        assert!(ends_with(Path::new("/h/.c/mcp/x.yaml"), ".c/mcp/**/*.{yaml,yml}"));
        assert!(!ends_with(Path::new("/h/.c/x.yaml"), ".c/mcp/**/*.{yaml,yml}"));
    }

    #[test]
    fn either_or() {
        assert_eq!(alternatives("a/{b,c}.{d,e}"), ["a/b.d", "a/b.e", "a/c.d", "a/c.e"]);
        assert_eq!(alternatives("{HOME}/x"), ["{HOME}/x"]);
    }

    #[test]
    fn folders_are_listed_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b", "a/deep", "c"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("mcp.json"), "").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let found = expand(&folder.path().join(pattern));
            found.iter().map(|path| crate::discover::spelled(path.strip_prefix(folder.path()).unwrap())).collect()
        };
        assert_eq!(found("*/mcp.json"), ["b/mcp.json", "c/mcp.json"]);
        assert_eq!(found("**/mcp.json"), ["a/deep/mcp.json", "b/mcp.json", "c/mcp.json"]);
        assert_eq!(found("{b,x}/mcp.json"), ["b/mcp.json", "x/mcp.json"]);
    }
}

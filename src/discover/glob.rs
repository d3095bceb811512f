//! Paths with `*` in a segment.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// Whether `name` fits `pattern`, in which `*` stands for any characters.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => match name.strip_prefix(head) {
            // The rest may begin anywhere; patterns are ours and have one or two stars.
            Some(rest) => (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| fits(tail, rest))),
            None => false,
        },
    }
}

/// Whether the last segments of `path` fit the pattern's.
pub(super) fn ends_with(path: &Path, pattern: &str) -> bool {
    let mut segments = path.components().rev();
    pattern.rsplit('/').all(|expected| {
        segments.next().is_some_and(|segment| match segment {
            Component::Normal(name) => name.to_str().is_some_and(|name| fits(expected, name)),
            _ => false,
        })
    })
}

/// The paths that a pattern stands for. Without a star that is the path itself, whether it exists or not.
pub(super) fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::new()];
    for segment in pattern.components() {
        let star = segment.as_os_str().to_str().filter(|name| name.contains('*'));
        let Some(star) = star else {
            paths.iter_mut().for_each(|path| path.push(segment));
            continue;
        };
        let mut matching = Vec::new();
        for folder in &paths {
            // A folder that isn't there or can't be read holds no config.
            let Ok(entries) = fs::read_dir(folder) else { continue };
            let names = entries
                .filter_map(Result::ok)
                .filter(|entry| entry.file_name().to_str().is_some_and(|name| fits(star, name)));
            matching.extend(names.map(|entry| entry.path()));
        }
        matching.sort();
        paths = matching;
    }
    paths
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
    }

    #[test]
    fn folders_are_listed_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b", "a", "c"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let found = expand(&folder.path().join("*").join("mcp.json"));
        let names: Vec<_> =
            found.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string()).collect();
        assert_eq!(names, ["a/mcp.json", "b/mcp.json", "c/mcp.json"]);
    }
}

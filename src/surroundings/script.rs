//! What a Python script says of itself: inline metadata, from which `uv run` takes what it installs.
//!
//! Source: PEP 723; `[tool.uv]` from uv's guide to scripts.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::project_folder;
use crate::config::{Config, Part, parts};
use crate::discover::{self, ConfigFile, Scope};
use crate::document::{Kind, Span, parse_toml};
use crate::launch::{Launch, LocalScript};

/// Longer scripts are none that somebody starts as a server.
const LARGEST: u64 = 4 << 20;

/// What a script needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What it is to be run with.
    pub dependencies: Vec<Dependency>,
    /// Only what was published up to some day counts, so that nothing newer is installed.
    pub exclude_newer: bool,
    /// A lock file lies beside it, which fixes all of it.
    pub locked: bool,
}

/// One dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The requirement, such as `acme-mcp>=1.2`.
    pub text: String,
    /// The bytes of the file where it stands, quotes included.
    pub range: Range<usize>,
}

/// Reads the scripts that entries start, and writes what they need into their launches. A project's config names scripts
/// of the project only.
pub fn scripts(configs: &[Config], launches: &mut [Vec<Launch>]) {
    for (config, launches) in configs.iter().zip(launches) {
        for (entry, launch) in config.servers.iter().zip(launches) {
            for file in &mut launch.files {
                let Some(path) = resolved(&config.file, entry.scope, file) else { continue };
                let Some(script) = read_script(&path) else { continue };
                file.fixed = script.locked || script.exclude_newer;
                file.needs = script.dependencies.iter().map(|dependency| without_login(&dependency.text)).collect();
            }
        }
    }
}

/// A requirement without the login in its address, which is in no config and is to be in no report.
fn without_login(requirement: &str) -> String {
    let Some((before, rest)) = requirement.split_once("://") else { return requirement.to_owned() };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..authority].rfind('@').map_or(0, |at| at + 1);
    format!("{before}://{}", &rest[host..])
}

/// Where a script lies, as far as a config says it; nothing where a variable decides, or a project names what lies outside.
fn resolved(config: &ConfigFile, scope: Scope, file: &LocalScript) -> Option<PathBuf> {
    let words = file.folder.iter().chain([&file.path]);
    if words.clone().any(|word| !is_plain(&word.text)) {
        return None;
    }
    let project = project_folder(config)?;
    let path = words.fold(project.to_owned(), |path, word| path.join(&word.text));
    if scope != Scope::Project {
        return Some(path);
    }
    // Links are resolved: what they lead to is what would be read.
    let (path, project) = (path.canonicalize().ok()?, project.canonicalize().ok()?);
    path.starts_with(&project).then_some(path)
}

fn is_plain(text: &str) -> bool {
    matches!(parts(text).as_slice(), [Part::Literal(_)]) && !text.starts_with('~')
}

/// Reads a script, and whether `NAME.py.lock` lies beside it. Nothing if it can't be read or says nothing of itself.
pub fn read_script(path: &Path) -> Option<Script> {
    let mut script = parse_script(&discover::read(path, LARGEST).ok()?)?;
    let mut lock = path.file_name()?.to_owned();
    lock.push(".lock");
    script.locked = path.with_file_name(lock).is_file();
    Some(script)
}

/// Reads what a script says of itself. Nothing if it says nothing, or something that is no metadata.
pub fn parse_script(bytes: &[u8]) -> Option<Script> {
    let text = std::str::from_utf8(bytes).ok()?;
    let block = block(text)?;
    let root = parse_toml(&block.text).ok()?;
    let mut script = Script::default();
    for dependency in root.get("dependencies").map_or(&[][..], |list| list.elements()) {
        let Kind::String(text) = &dependency.kind else { continue };
        script.dependencies.push(Dependency { text: text.clone(), range: block.place(dependency.span) });
    }
    script.exclude_newer =
        root.get("tool").and_then(|tool| tool.get("uv")).is_some_and(|uv| uv.get("exclude-newer").is_some());
    Some(script)
}

/// The metadata without the signs of a comment.
struct Block {
    text: String,
    /// Where each of its lines begins, in the block and in the file.
    lines: Vec<(usize, usize)>,
}

impl Block {
    /// Where a part of the block stands in the file.
    fn place(&self, span: Span) -> Range<usize> {
        let place = |at: usize| {
            let line = self.lines.partition_point(|(start, _)| *start <= at).checked_sub(1);
            line.and_then(|line| self.lines.get(line)).map_or(at, |(start, there)| there + at - start)
        };
        place(span.start)..place(span.end)
    }
}

/// The one block of the type `script`. A second one is an error, for which nobody may guess.
fn block(text: &str) -> Option<Block> {
    let mut found: Option<Block> = None;
    let mut lines = lines(text).peekable();
    while let Some((_, line)) = lines.next() {
        if line != "# /// script" {
            continue;
        }
        let mut block = Block { text: String::new(), lines: Vec::new() };
        // The last closing line of the comment counts.
        let mut end = None;
        while let Some((start, line)) = lines.next_if(|(_, line)| *line == "#" || line.starts_with("# ")) {
            if line == "# ///" {
                end = Some((block.text.len(), block.lines.len()));
            }
            let content = line.get(2..).unwrap_or_default();
            block.lines.push((block.text.len(), start + line.len() - content.len()));
            block.text.push_str(content);
            block.text.push('\n');
        }
        let Some((length, count)) = end else { continue };
        block.text.truncate(length);
        block.lines.truncate(count);
        if found.is_some() {
            return None;
        }
        found = Some(block);
    }
    found
}

/// The lines of a text without their ends, with where each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line.trim_end_matches(['\n', '\r']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#!/usr/bin/env -S uv run\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\n#   \"mcp[cli]>=1.2\",\n#   'httpx', # é\n# ]\n#\n# [tool.uv]\n# exclude-newer = \"2025-01-01T00:00:00Z\"\n# ///\nprint('é')\n";

    #[test]
    fn dependencies_and_where_they_stand() {
        for text in [SCRIPT.to_owned(), SCRIPT.replace('\n', "\r\n")] {
            let script = parse_script(text.as_bytes()).unwrap();
            let found: Vec<_> =
                script.dependencies.iter().map(|found| (found.text.as_str(), &text[found.range.clone()])).collect();
            assert_eq!(found, [("mcp[cli]>=1.2", "\"mcp[cli]>=1.2\""), ("httpx", "'httpx'")]);
            assert!(script.exclude_newer && !script.locked);
        }
    }

    #[test]
    fn what_is_no_metadata() {
        for text in [
            "",
            "print(1)\n",
            "# /// script\n# dependencies = []\nprint(1)\n# ///\n",
            "# /// script\n# dependencies = [\n# ///\n",
            "# /// script\n# a = 1\n# ///\n\n# /// script\n# a = 1\n# ///\n",
            "# /// other\n# dependencies = ['a']\n# ///\n",
            " # /// script\n# dependencies = ['a']\n# ///\n",
        ] {
            assert_eq!(parse_script(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_script(b"# /// script\n# ///\n"), Some(Script::default()));
        assert_eq!(parse_script(b"\xff# /// script\n# ///\n"), None);
    }

    #[test]
    fn the_last_end_of_a_comment_counts() {
        let script =
            parse_script(b"# /// script\n# t = \"\"\"\n# ///\n# \"\"\"\n# dependencies = ['a']\n# ///").unwrap();
        assert_eq!(script.dependencies[0].text, "a");
    }

    #[test]
    fn a_lock_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.py");
        std::fs::write(&path, SCRIPT).unwrap();
        assert!(!read_script(&path).unwrap().locked);
        std::fs::write(folder.path().join("server.py.lock"), "version = 1\n").unwrap();
        assert!(read_script(&path).unwrap().locked);
        assert_eq!(read_script(&folder.path().join("other.py")), None);
    }
}

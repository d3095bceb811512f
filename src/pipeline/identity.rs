//! What decides what runs, in one digest: where it is the same, an approval still holds.

use std::fs;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::connect::Target;
use crate::finding::digest;

/// Larger files are data and no programs.
const LARGEST: u64 = 64 << 20;

/// A digest of a target, and of the files inside `project` that its command names: who can change a project's config can
/// change its scripts. What those load in turn is not seen.
pub(super) fn of(target: &Target, project: Option<&Path>) -> String {
    let folder = target.cwd.as_deref().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
    let mut parts: Vec<String> = vec!["1".to_owned(), target.program.clone(), folder];
    // A list is told from the next one by its length.
    let mut list = |items: Vec<String>| {
        parts.push(items.len().to_string());
        parts.extend(items);
    };
    let pairs = |pairs: &[(String, String)]| {
        let mut pairs = pairs.to_vec();
        pairs.sort();
        pairs.into_iter().flat_map(|(name, value)| [name, value]).collect()
    };
    list(target.args.clone());
    list(pairs(&target.env));
    list(target.remote.iter().map(|remote| remote.url.clone()).collect());
    list(target.remote.as_ref().map(|remote| pairs(&remote.headers)).unwrap_or_default());
    list(project.map(|project| files(target, project)).unwrap_or_default());
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    digest(&parts)
}

/// Digests of the files of a project that a command names.
fn files(target: &Target, project: &Path) -> Vec<String> {
    let folder = target.cwd.as_deref().unwrap_or(project);
    let Ok(project) = project.canonicalize() else { return Vec::new() };
    let words = std::iter::once(&target.program).chain(&target.args);
    let inside =
        words.filter_map(|word| folder.join(word).canonicalize().ok().filter(|path| path.starts_with(&project)));
    inside.filter_map(|path| contents(&path)).collect()
}

fn contents(path: &Path) -> Option<String> {
    // Opening a pipe would wait for who writes into it.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut hash = Sha256::new();
    let mut file = fs::File::open(path).ok()?.take(LARGEST);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    Some(digest(&[&format!("{:?}", hash.finalize())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::Remote;
    use std::sync::Arc;

    fn target(program: &str, args: &[&str], env: &[(&str, &str)]) -> Target {
        Target {
            client: None,
            name: "x".into(),
            remote: None,
            program: program.into(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            env: env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            cwd: None,
            callers: Vec::new(),
            needs: crate::connect::Needs::default(),
            redactor: Arc::default(),
        }
    }

    #[test]
    fn everything_that_decides_counts() {
        let one = target("npx", &["-y", "a"], &[("A", "1"), ("B", "2")]);
        let url = |url: &str| Target {
            remote: Some(Remote { url: url.into(), headers: Vec::new() }),
            ..target("", &[], &[])
        };
        let others = [
            target("npx", &["-y a"], &[("A", "1"), ("B", "2")]),
            target("npx", &["-y", "a", "A"], &[("1", "B")]),
            target("npx", &["-y", "a"], &[("A", "1"), ("B", "3")]),
            target("npx", &["-y", "a"], &[("A", "1")]),
            target("uvx", &["-y", "a"], &[("A", "1"), ("B", "2")]),
            Target { cwd: Some("/tmp".into()), ..one.clone() },
            url("https://a.example"),
            url("https://b.example"),
        ];
        let mut seen = std::collections::HashSet::from([of(&one, None)]);
        assert!(others.iter().all(|other| seen.insert(of(other, None))));
        let swapped = target("npx", &["-y", "a"], &[("B", "2"), ("A", "1")]);
        assert_eq!(of(&swapped, None), of(&one, None), "variables have no order");
        assert_eq!(of(&Target { name: "y".into(), ..one.clone() }, None), of(&one, None), "a name decides nothing");
    }

    #[test]
    fn a_script_of_the_project_counts_with_what_it_says() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("server.js");
        fs::write(&script, "one").unwrap();
        let target = Target { cwd: Some(folder.path().to_owned()), ..target("node", &["server.js"], &[]) };
        let before = of(&target, Some(folder.path()));
        assert_eq!(of(&target, Some(folder.path())), before);
        fs::write(&script, "two").unwrap();
        assert_ne!(of(&target, Some(folder.path())), before);
    }
}

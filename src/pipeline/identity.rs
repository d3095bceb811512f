//! What decides what runs, in one digest: where it is the same, an approval still holds.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::connect::Target;
use crate::finding::digest;
use crate::rules;

/// Where the files have more together, it is approved for once only: of what is not read, nobody knows whether it changed.
const LARGEST: u64 = 256 << 20;
/// How long a chain of scripts that name each other is followed.
const SCRIPTS: usize = 4;
/// A manifest with more is none.
const LARGEST_MANIFEST: u64 = 1 << 20;

/// A digest of a target, and of the files inside `project` that its command names: who can change a project's config can
/// change its scripts. What those load in turn is not seen.
pub(super) fn of(target: &Target, project: Option<&Path>, scripts: &Scripts) -> String {
    let folder = target.cwd.as_deref().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
    let mut parts: Vec<String> = vec!["2".to_owned(), target.program.clone(), folder];
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
    list(project.map(|project| files(target, project, scripts)).unwrap_or_default());
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    digest(&parts)
}

/// A command of more words is approved for once only. Of more folders in its variables the rest are not looked in.
const MOST_NAMES: usize = 256;
const MOST_FOLDERS: usize = 8;
/// The table `rules/scripts.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scripts {
    /// What a runtime adds to a name until it finds a file.
    endings: Vec<String>,
    #[serde(rename = "manifest")]
    manifests: Vec<Manifest>,
}

/// What programs read that names what they run, without a word of it in the command.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    programs: Vec<String>,
    files: Vec<String>,
}

impl Scripts {
    /// Reads the table.
    ///
    /// # Errors
    /// A mistake in it; a test of this repository rules that out for the built-in one.
    pub fn parse(text: &str) -> Result<Self, rules::TableError> {
        rules::table(text)
    }

    fn manifests(&self, names: &[String]) -> Vec<&str> {
        let named = |programs: &[String]| {
            names.iter().any(|name| {
                let program = name.rsplit(['/', '\\']).next().unwrap_or_default();
                programs.iter().any(|known| known == program)
            })
        };
        let manifests = self.manifests.iter().filter(|manifest| named(&manifest.programs));
        manifests.flat_map(|manifest| &manifest.files).map(String::as_str).collect()
    }
}

/// The files of a project that a command names, or its variables do, with digests of what they say.
fn files(target: &Target, project: &Path, scripts: &Scripts) -> Vec<String> {
    let folder = target.cwd.as_deref().unwrap_or(project);
    let Ok(project) = project.canonicalize() else { return Vec::new() };
    // Whoever writes the config of a part of a repository writes all of it.
    let project = project.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&project);
    let inside = |path: PathBuf| path.canonicalize().ok().filter(|path| path.starts_with(project));
    let mut names: Vec<String> =
        std::iter::once(&target.program).chain(&target.args).flat_map(|word| pieces(word)).collect();
    let values: Vec<String> = target.env.iter().flat_map(|(_, value)| pieces(value)).collect();
    // Programs are looked for on PATH, and modules in folders of other variables.
    let folders = values.iter().filter_map(|value| inside(folder.join(value)).filter(|path| path.is_dir()));
    let folders: Vec<PathBuf> = std::iter::once(folder.to_owned()).chain(folders.take(MOST_FOLDERS)).collect();
    names.extend(values);
    let mut paths: BTreeSet<PathBuf> = BTreeSet::new();
    for file in scripts.manifests(&names) {
        let path = folder.join(file);
        // What its scripts name counts as well, and they name each other.
        let named = manifest(&path).unwrap_or_default();
        names.extend(named["main"].as_str().map(str::to_owned));
        for _ in 0..SCRIPTS {
            let lines = named["scripts"].as_object().into_iter().flatten();
            let lines = lines.filter(|(script, _)| {
                let called = script.strip_prefix("pre").or(script.strip_prefix("post"));
                names.iter().any(|name| name == *script || Some(name.as_str()) == called)
            });
            let more: Vec<String> = lines.filter_map(|(_, line)| line.as_str()).flat_map(pieces).collect();
            names.extend(more);
            names.sort();
            names.dedup();
        }
        paths.extend(inside(path));
    }
    // Nothing that is the same the next time.
    let once_only = || vec![format!("{:?}", SystemTime::now())];
    if names.len() > MOST_NAMES {
        return once_only();
    }
    for name in &names {
        let module = name.replace('.', "/");
        for ending in &scripts.endings {
            let both = [format!("{name}{ending}"), format!("{module}{ending}")];
            paths
                .extend(folders.iter().flat_map(|folder| both.iter().map(|file| folder.join(file))).filter_map(inside));
        }
        paths.extend(inside(folder.join("node_modules/.bin").join(name)));
    }
    let (mut found, mut left) = (Vec::new(), LARGEST);
    for path in paths.iter().filter(|path| path.is_file()) {
        let Some((digest, rest)) = contents(path, left) else { continue };
        if rest == 0 {
            return once_only();
        }
        left = rest;
        found.extend([path.to_string_lossy().into_owned(), digest]);
    }
    found
}

/// The words of a word, as a shell, an option or a list of folders has them.
fn pieces(word: &str) -> Vec<String> {
    let parts = word.split(|c: char| c.is_whitespace() || "=,;:\"'`()&|<>".contains(c));
    std::iter::once(word)
        .chain(parts.filter(|part| *part != word))
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A digest of what a file says, and how much of `left` that leaves: nothing where it may say more.
fn contents(path: &Path, left: u64) -> Option<(String, u64)> {
    let mut hash = Sha256::new();
    let mut file = plain(path)?.take(left);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer).ok()? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    Some((digest(&[&format!("{:?}", hash.finalize())]), file.limit()))
}

/// Opens a file. Opening a pipe would wait for who writes into it.
fn plain(path: &Path) -> Option<fs::File> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    fs::File::open(path).ok()
}

/// A file that names what is run.
fn manifest(path: &Path) -> Option<serde_json::Value> {
    let mut text = String::new();
    plain(path)?.take(LARGEST_MANIFEST).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::Remote;
    use std::sync::Arc;

    fn of(target: &Target, project: Option<&Path>) -> String {
        super::of(target, project, &Scripts::parse(rules::data("scripts.toml")).unwrap())
    }

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
    fn however_a_script_is_named_it_counts() {
        for (script, program, args, env) in [
            ("x.json", "node", &["--config=./x.json"][..], &[][..]),
            ("index.js", "node", &["."], &[]),
            ("server.js", "node", &["server"], &[]),
            ("mod/__main__.py", "python3", &["-m", "mod"], &[]),
            ("a/b.py", "python3", &["-m", "a.b"], &[]),
            ("src/a/b.py", "python3", &["-m", "a.b"], &[("PYTHONPATH", "src:other")]),
            ("x.sh", "sh", &["-c", "exec './x.sh' --now"], &[]),
            ("package.json", "npm", &["start"], &[]),
            ("start.js", "npm", &["start"], &[]),
            ("start.js", "npm", &["run", "again"], &[]),
            ("compose.yaml", "docker", &["compose", "run", "x"], &[]),
            ("bin/tool", "tool", &[], &[("PATH", "./bin:/usr/bin")]),
            ("hook.js", "npx", &["-y", "x"], &[("NODE_OPTIONS", "--require ./hook.js")]),
            ("node_modules/.bin/x", "npx", &["x"], &[]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(
                folder.path().join("package.json"),
                r#"{"scripts": {"start": "node ./start.js", "again": "npm run start"}}"#,
            )
            .unwrap();
            let path = folder.path().join(script);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, r#"{"scripts": {"start": "one"}}"#).unwrap();
            let target = Target { cwd: Some(folder.path().to_owned()), ..target(program, args, env) };
            let before = of(&target, Some(folder.path()));
            assert_eq!(of(&target, Some(folder.path())), before);
            fs::write(&path, r#"{"scripts": {"start": "two"}}"#).unwrap();
            assert_ne!(of(&target, Some(folder.path())), before, "{program} {args:?} {env:?}");
            fs::write(folder.path().join("readme.md"), "text").unwrap();
            fs::write(&path, r#"{"scripts": {"start": "one"}}"#).unwrap();
            assert_eq!(of(&target, Some(folder.path())), before, "{program} {args:?} {env:?}");
        }
    }

    #[test]
    fn what_is_too_long_to_be_looked_at_is_never_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let words = vec!["x"; MOST_NAMES + 1];
        let target = Target { cwd: Some(folder.path().to_owned()), ..target("sh", &words, &[]) };
        assert_ne!(of(&target, Some(folder.path())), of(&target, Some(folder.path())));
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

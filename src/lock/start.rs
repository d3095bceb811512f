//! What is started or connected to, as far as it can be written down for others to read.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Field, ServerEntry, Spanned, is_reference};
use crate::launch::{Launch, Pin};
use crate::surroundings::Versions;

/// What becomes of a value: nothing of it but this is ever written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It stands in the config.
    Set,
    /// The config refers to it.
    Reference,
    /// It is empty.
    Empty,
}

impl Mark {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Reference => "reference",
            Self::Empty => "empty",
        }
    }

    /// The mark of a word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Set, Self::Reference, Self::Empty].into_iter().find(|mark| mark.as_str() == word)
    }
}

/// A package or an image that is fetched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fetched {
    /// Id of its ecosystem, or `image`.
    pub from: String,
    /// Its name.
    pub name: String,
    /// How the config names it.
    pub spec: String,
    /// Its version: the one that the config fixes, else the one in use on the machine that wrote this.
    pub version: Option<String>,
    /// What the registry says its contents are, where this machine knows it.
    pub integrity: Option<String>,
}

/// What an entry starts or connects to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// The command, with secrets taken out.
    pub command: Vec<String>,
    /// Addresses, with secrets taken out.
    pub urls: Vec<String>,
    /// Names of variables.
    pub env: BTreeMap<String, Mark>,
    /// Names of headers.
    pub headers: BTreeMap<String, Mark>,
    /// All other strings of the entry by their path, with secrets taken out.
    pub others: BTreeMap<String, String>,
    /// What is fetched.
    pub fetched: Vec<Fetched>,
}

/// How values are written down.
pub struct Shown<'a> {
    /// Without the secrets that were found in it.
    pub plain: &'a dyn Fn(&Spanned) -> String,
    /// Without whatever may be a secret; before it the name that it stands under.
    pub closed: &'a dyn Fn(&str, &Spanned) -> String,
}

/// What an entry comes to.
pub fn start(
    entry: &ServerEntry,
    command: &[Spanned],
    launch: &Launch,
    versions: &Versions,
    shown: &Shown<'_>,
) -> Start {
    let packages = launch.packages.iter().map(|package| {
        let in_use = versions.of(entry.source, package);
        let (version, integrity) = match &package.pin {
            // What lies around counts only where it is that very version.
            Pin::Exact(version) => {
                let same = in_use.filter(|in_use| in_use.version == *version);
                (Some(version.clone()), same.and_then(|in_use| in_use.integrity.clone()))
            }
            _ => (in_use.map(|in_use| in_use.version.clone()), in_use.and_then(|in_use| in_use.integrity.clone())),
        };
        Fetched {
            from: package.ecosystem.id().to_owned(),
            name: package.name.clone(),
            spec: (shown.plain)(&package.spec),
            version,
            integrity,
        }
    });
    let images = launch.images.iter().map(|image| Fetched {
        from: IMAGE.to_owned(),
        name: image.name.clone(),
        spec: (shown.plain)(&image.reference),
        version: image
            .reference
            .text
            .strip_prefix(&image.name)
            .map(|rest| rest.trim_start_matches([':', '@']).to_owned()),
        integrity: None,
    });
    let fetched: BTreeSet<Fetched> = packages.chain(images).collect();
    // Digests and commits look as random as keys do.
    let word = |word: &Spanned| {
        let is_spec = fetched.iter().any(|one| !one.spec.is_empty() && word.text.contains(&one.spec));
        if is_spec { (shown.plain)(word) } else { (shown.closed)("", word) }
    };
    Start {
        command: command.iter().map(word).collect(),
        urls: entry.urls.iter().map(|url| (shown.closed)("", url)).collect(),
        env: marks(&entry.env),
        headers: marks(&entry.headers),
        others: entry
            .others
            .iter()
            .map(|field| (field.path.clone(), (shown.closed)(&field.name, &field.value)))
            .collect(),
        fetched: fetched.into_iter().collect(),
    }
}

/// Where a container's image comes from.
pub(super) const IMAGE: &str = "image";

fn marks(fields: &[Field]) -> BTreeMap<String, Mark> {
    let mark = |text: &str| match text {
        "" => Mark::Empty,
        text if is_reference(text) => Mark::Reference,
        _ => Mark::Set,
    };
    fields.iter().map(|field| (field.name.clone(), mark(field.value.text.trim()))).collect()
}

/// One difference between two starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What is different: `the command`, `variable X` …
    pub what: String,
    /// What was approved; nothing where there was none.
    pub before: Option<String>,
    /// What is there now; nothing where it is gone.
    pub now: Option<String>,
    /// Whether something else runs, or somebody else answers.
    pub grave: bool,
    /// Whether only the version of something that is fetched differs.
    pub version: bool,
}

impl Start {
    /// The same with what a lock knows of versions and this machine does not.
    pub(super) fn remembering(mut self, before: &Self) -> Self {
        for own in &mut self.fetched {
            let known = before.fetched.iter().find(|known| {
                let open = own.version.is_none() || own.version == known.version;
                (&known.from, &known.name, &known.spec) == (&own.from, &own.name, &own.spec) && open
            });
            if let Some(known) = known {
                own.version = own.version.take().or_else(|| known.version.clone());
                own.integrity = own.integrity.take().or_else(|| known.integrity.clone());
            }
        }
        self
    }

    /// Everything that differs, versions after the rest.
    pub fn differences(&self, now: &Self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut part = |what: &str, before: Option<String>, now: Option<String>, grave| {
            if before != now {
                parts.push(Part { what: what.to_owned(), before, now, grave, version: false });
            }
        };
        // A version that moved stands in the command, too, and is told once.
        let (old, new) = (self.without_versions(now), now.without_versions(self));
        // Where a word has a blank in it, two words are told from one.
        let word = |word: &String| match word.contains(|c: char| c.is_whitespace() || c == '"') || word.is_empty() {
            true => format!("{word:?}"),
            false => word.clone(),
        };
        let line = |words: &[String]| (!words.is_empty()).then(|| words.iter().map(word).collect::<Vec<_>>().join(" "));
        if old != new {
            part("the command", line(&self.command), line(&now.command), old.first() != new.first());
        }
        part("the address", line(&self.urls), line(&now.urls), true);
        let word = |mark: &Mark| mark.as_str().to_owned();
        for (what, before, now) in [("variable", &self.env, &now.env), ("header", &self.headers, &now.headers)] {
            for name in before.keys().chain(now.keys()).collect::<BTreeSet<_>>() {
                part(&format!("{what} `{name}`"), before.get(name).map(word), now.get(name).map(word), false);
            }
        }
        for path in self.others.keys().chain(now.others.keys()).collect::<BTreeSet<_>>() {
            part(&format!("`{path}`"), self.others.get(path).cloned(), now.others.get(path).cloned(), false);
        }
        self.fetched_differences(now, &mut parts);
        parts
    }

    fn fetched_differences(&self, now: &Self, parts: &mut Vec<Part>) {
        let named = |start: &Self, name: &(String, String)| {
            start.fetched.iter().find(|one| (&one.from, &one.name) == (&name.0, &name.1)).cloned()
        };
        let name = |one: &Fetched| (one.from.clone(), one.name.clone());
        for name in self.fetched.iter().chain(&now.fetched).map(name).collect::<BTreeSet<_>>() {
            let kind = if name.0 == IMAGE { "image" } else { "package" };
            let what = format!("{kind} `{}`", name.1);
            match (named(self, &name), named(now, &name)) {
                (Some(before), Some(now)) => {
                    let spec = before.spec != now.spec;
                    // A machine that does not know which version is in use says nothing.
                    let known = before.version.is_some() && now.version.is_some();
                    if spec || known && before.version != now.version {
                        let shown = |one: &Fetched| match &one.version {
                            Some(version) if !one.spec.contains(version.as_str()) => {
                                format!("{} ({version})", one.spec)
                            }
                            _ => one.spec.clone(),
                        };
                        let (before, now) = (Some(shown(&before)), Some(shown(&now)));
                        parts.push(Part { what, before, now, grave: false, version: true });
                    } else if let (Some(one), Some(other)) = (&before.integrity, &now.integrity)
                        && before.version == now.version
                        && contradict(one, other)
                    {
                        let what = format!("the contents of {what} in the same version");
                        let (before, now) = (Some(one.clone()), Some(other.clone()));
                        parts.push(Part { what, before, now, grave: true, version: true });
                    }
                }
                (before, now) => {
                    let (before, now) = (before.map(|one| one.spec), now.map(|one| one.spec));
                    parts.push(Part { what, before, now, grave: true, version: false });
                }
            }
        }
    }

    /// The command with names in place of specifications that both starts have.
    fn without_versions(&self, other: &Self) -> Vec<String> {
        let both: Vec<&Fetched> = self
            .fetched
            .iter()
            .filter(|one| other.fetched.iter().any(|two| (&one.from, &one.name) == (&two.from, &two.name)))
            .collect();
        let plain = |word: &String| {
            let spec = both.iter().find(|one| !one.spec.is_empty() && word.contains(one.spec.as_str()));
            spec.map_or_else(|| word.clone(), |one| word.replace(&one.spec, &format!("{{{}}}", one.name)))
        };
        self.command.iter().map(plain).collect()
    }
}

/// Whether two digests, or lists of them, are of different contents. Files of another kind may hold a digest of another kind,
/// which says nothing.
fn contradict(one: &str, other: &str) -> bool {
    let kind = |digest: &&str| digest.split(['-', ':']).next().unwrap_or_default().to_owned();
    let kinds: BTreeSet<String> = one.split(' ').map(|digest| kind(&digest)).collect();
    kinds.iter().any(|own| {
        let mut now = other.split(' ').filter(|digest| kind(digest) == *own).peekable();
        now.peek().is_some() && !now.any(|digest| one.split(' ').any(|before| before == digest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched(spec: &str, version: Option<&str>, integrity: Option<&str>) -> Fetched {
        Fetched {
            from: "npm".into(),
            name: "a".into(),
            spec: spec.into(),
            version: version.map(str::to_owned),
            integrity: integrity.map(str::to_owned),
        }
    }

    fn npx(fetched: Fetched) -> Start {
        let command = ["npx", "-y", &fetched.spec].map(str::to_owned).to_vec();
        Start { command, fetched: vec![fetched], ..Start::default() }
    }

    fn told(before: &Start, now: &Start) -> Vec<(String, bool, bool)> {
        before.differences(now).into_iter().map(|part| (part.what, part.grave, part.version)).collect()
    }

    #[test]
    fn a_version_is_told_once_and_as_a_version() {
        let one = npx(fetched("a@1.0.0", Some("1.0.0"), Some("sha512-x")));
        let two = npx(fetched("a@1.0.1", Some("1.0.1"), Some("sha512-y")));
        assert_eq!(told(&one, &one), []);
        assert_eq!(told(&one, &two), [("package `a`".into(), false, true)]);
        let other = npx(fetched("a@1.0.0", Some("1.0.0"), Some("sha512-z")));
        assert_eq!(told(&one, &other), [("the contents of package `a` in the same version".into(), true, true)]);
        let old = npx(fetched("a@1.0.0", Some("1.0.0"), Some("sha1-x")));
        assert_eq!(told(&one, &old), [], "digests of two kinds can't be compared");
        let both = |digests| npx(fetched("a@1.0.0", Some("1.0.0"), Some(digests)));
        assert_eq!(told(&old, &both("sha1-x sha512-x")), []);
        assert_eq!(told(&both("sha1-x sha512-x"), &both("sha512-y sha1-x")).len(), 1, "the stronger one decides");
        let open = |version| npx(fetched("a", version, None));
        assert_eq!(told(&open(Some("1.0.0")), &open(None)), []);
        assert_eq!(told(&open(Some("1.0.0")), &open(Some("1.1.0"))), [("package `a`".into(), false, true)]);
    }

    #[test]
    fn everything_else_is_the_launch() {
        let one = npx(fetched("a@1.0.0", Some("1.0.0"), None));
        let more = |change: fn(&mut Start)| {
            let mut start = one.clone();
            change(&mut start);
            told(&one, &start)
        };
        assert_eq!(more(|start| start.command.push("--all".into())), [("the command".into(), false, false)]);
        assert_eq!(more(|start| start.command.splice(1.., ["-y a@1.0.0".to_owned()]).for_each(drop)).len(), 1);
        assert_eq!(more(|start| start.command[0] = "node".into()), [("the command".into(), true, false)]);
        assert_eq!(more(|start| start.urls.push("https://x".into())), [("the address".into(), true, false)]);
        assert_eq!(more(|start| start.env.extend([("A".into(), Mark::Set)])), [("variable `A`".into(), false, false)]);
        assert_eq!(more(|start| start.others.extend([("cwd".into(), "/x".into())])), [("`cwd`".into(), false, false)]);
        assert_eq!(
            more(|start| start.fetched[0].name = "b".into()),
            [("package `a`".into(), true, false), ("package `b`".into(), true, false)]
        );
    }
}

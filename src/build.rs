//! Turns `rules/` into what the binary embeds: every `rules/**.toml`, sorted, as a table of `(path, text)`, and the advisories, of which there are too many to be parsed at every start, as a table of their own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::Deserialize;

/// What expressions need, as the library reads it off those of users.
#[path = "rules/needs.rs"]
mod needs;

/// Compiled, not embedded.
const ADVISORIES: &str = "advisories.toml";
/// Compiled, not embedded.
const NAMES: &str = "known-names.toml";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let rules = root.join("rules");
    let mut files = Vec::new();
    collect(&rules, &mut files)?;
    files.sort();

    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    // A release starts faster; what is built to be worked on tells mistakes with their lines.
    let compact = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&rules).map_err(io::Error::other)?;
        let name = name.to_string_lossy().replace('\\', "/");
        if name == ADVISORIES || name == NAMES {
            continue;
        }
        let embedded = if compact { json(file, &out.join(name.replace('/', "-")))? } else { file.clone() };
        table.push_str(&format!("    ({name:?}, include_str!({:?})),\n", embedded.display().to_string()));
    }
    table.push(']');

    fs::write(out.join("embedded.rs"), table)?;
    let text = fs::read_to_string(rules.join(ADVISORIES))?;
    let advisories = advisories(&text).map_err(|error| io::Error::other(format!("rules/{ADVISORIES}: {error}")))?;
    fs::write(out.join("advisories.rs"), advisories)?;
    let text = fs::read_to_string(rules.join(NAMES))?;
    let names = names(&text).map_err(|error| io::Error::other(format!("rules/{NAMES}: {error}")))?;
    fs::write(out.join("names.rs"), names)?;
    fs::write(out.join("needs.rs"), needs_of(&files)?)?;
    println!("cargo::rerun-if-changed=src/rules/needs.rs");
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=src/build.rs");
    Ok(())
}

/// Writes a table down as JSON, and says where.
fn json(file: &Path, into: &Path) -> io::Result<PathBuf> {
    let text = fs::read_to_string(file)?;
    let value: toml::Table =
        toml::from_str(&text).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
    fs::write(into, serde_json::to_string(&value).map_err(io::Error::other)?)?;
    Ok(into.to_owned())
}

/// What each expression of the packs needs, as Rust, sorted by the expression.
fn needs_of(files: &[PathBuf]) -> io::Result<String> {
    let mut all: BTreeMap<String, (Option<String>, needs::Needs)> = BTreeMap::new();
    for file in files.iter().filter(|file| file.parent().is_some_and(|folder| folder.ends_with("packs"))) {
        let table: toml::Table = toml::from_str(&fs::read_to_string(file)?).map_err(io::Error::other)?;
        let written = ["signal", "rule"].iter().filter_map(|kind| table.get(*kind)?.as_array()).flatten();
        for (owner, key) in written.flat_map(|owner| ["patterns", "unless"].map(|key| (owner, key))) {
            let list = owner.get(key).and_then(toml::Value::as_array);
            for pattern in list.into_iter().flatten().filter_map(toml::Value::as_str) {
                all.insert(pattern.to_owned(), (needs::loose(pattern), needs::needs(pattern)));
            }
        }
    }
    let mut rust = String::from("&[\n");
    for (pattern, (loose, needs)) in all {
        let groups: Vec<String> = needs
            .iter()
            .map(|group| format!("&[{}]", group.iter().map(|one| format!("&{one:?}")).collect::<Vec<_>>().join(", ")))
            .collect();
        writeln!(rust, "    ({pattern:?}, {loose:?}, &[{}]),", groups.join(", ")).map_err(io::Error::other)?;
    }
    rust.push(']');
    Ok(rust)
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, into)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            into.push(path);
        }
    }
    Ok(())
}

/// The names of one ecosystem in `rules/known-names.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    official: Vec<String>,
    known: Vec<String>,
}

/// The names as Rust.
fn names(text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let ecosystems: BTreeMap<String, Names> = toml::from_str(text)?;
    let mut rust = String::new();
    for (ecosystem, Names { official, known }) in &ecosystems {
        for list in [official, known] {
            if let Some(pair) = list.windows(2).find(|pair| pair[0] >= pair[1]) {
                return Err(format!("`{}` stands in the wrong place: names are sorted", pair[1]).into());
            }
        }
        let name = ecosystem.to_uppercase();
        writeln!(rust, "static {name}: Names = Names {{ official: &{official:?}, known: &{known:?} }};")?;
    }
    Ok(rust)
}

/// `rules/advisories.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Advisories {
    as_of: String,
    weakness: BTreeMap<String, String>,
    package: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    ecosystem: String,
    name: String,
    vulnerable: Vec<Vulnerability>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vulnerability {
    ids: Vec<String>,
    severity: String,
    from: Option<String>,
    before: Option<String>,
    until: Option<String>,
    #[serde(default)]
    versions: Vec<String>,
    cwe: Option<u32>,
    sure: Option<bool>,
}

/// The table as Rust, in the order of the file, which has to be sorted.
fn advisories(text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let Advisories { as_of, weakness, package } = toml::from_str(text)?;
    let key = |package: &Package| (package.ecosystem.clone(), package.name.clone());
    if let Some(pair) = package.windows(2).find(|pair| key(&pair[0]) >= key(&pair[1])) {
        return Err(format!("`{}` stands in the wrong place: packages are sorted", pair[1].name).into());
    }
    let mut rust = format!(
        "/// The day of the data.\npub static AS_OF: &str = {as_of:?};\n\npub(super) static PACKAGES: &[Package] = &[\n"
    );
    for Package { ecosystem, name, vulnerable } in &package {
        writeln!(rust, "    Package {{ ecosystem: {ecosystem:?}, name: {name:?}, vulnerable: &[")?;
        for Vulnerability { ids, severity, from, before, until, versions, cwe, sure } in vulnerable {
            let what = match cwe {
                Some(cwe) => weakness.get(&cwe.to_string()).ok_or_else(|| format!("CWE-{cwe} has no words"))?.as_str(),
                None => "",
            };
            let severity = match severity.as_str() {
                "critical" => "Critical",
                "high" => "High",
                "medium" => "Medium",
                "low" => "Low",
                other => return Err(format!("`{other}` is no severity").into()),
            };
            let sure = sure.unwrap_or(true);
            writeln!(
                rust,
                "        Vulnerability {{ ids: &{ids:?}, severity: Severity::{severity}, from: {from:?}, before: {before:?}, \
                 until: {until:?}, versions: &{versions:?}, what: {what:?}, sure: {sure} }},"
            )?;
        }
        rust.push_str("    ] },\n");
    }
    rust.push_str("];\n");
    Ok(rust)
}

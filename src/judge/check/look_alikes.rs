//! Names of packages that imitate a well-known one. What is known by its own name imitates nothing, however near it is.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use unicode_security::confusable_detection::skeleton;

use crate::launch::Ecosystem;
use crate::rules::names::{self, Names};

/// How a name imitates another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// One slip of the finger, or letters that look the same.
    Slip,
    /// A scope that reads like another's.
    Scope,
    /// The name without the scope that says whose it is.
    NoScope,
}

/// Shorter words are near too many others: a brand of three letters has honest neighbours.
const SHORTEST_WORD: usize = 5;
/// Shorter names too.
const SHORTEST_NAME: usize = 8;

/// The name that `name` imitates, if it does. Both as their registry compares names.
pub(super) fn imitated(ecosystem: Ecosystem, name: &str) -> Option<(&'static str, Likeness)> {
    let (names, index) = (names::of(ecosystem.id()), index(ecosystem)?);
    let lower = name.to_lowercase();
    let folded = if name.is_ascii() { lower.clone() } else { skeleton(&lower).collect() };
    if name.is_ascii() && names.is_known(&lower) {
        return None;
    }
    // No registry takes other letters, so whoever writes them means to deceive, or was deceived.
    let same = (!name.is_ascii()).then(|| names.official.iter().find(|known| skeleton(known).eq(folded.chars())));
    if let Some(known) = same.flatten() {
        return Some((known, Likeness::Slip));
    }
    slip(names, &lower)
        .map(|known| (known, Likeness::Slip))
        .or_else(|| scope(index, &lower).map(|known| (known, Likeness::Scope)))
        .or_else(|| no_scope(index, &lower).map(|known| (known, Likeness::NoScope)))
}

/// A name one slip away, in a word that is long enough to be meant.
fn slip(names: &Names, name: &str) -> Option<&'static str> {
    if name.len() < SHORTEST_NAME {
        return None;
    }
    let letters = letters(name);
    names.official.iter().copied().find(|known| {
        known.len() >= SHORTEST_NAME
            && known.len().abs_diff(name.len()) <= 1
            // Most names are ruled out by their letters: one slip changes two at most.
            && (self::letters(known) ^ letters).count_ones() <= 2
            && is_near(known, name)
            && strsim::osa_distance(known, name) == 1
            && slipped_word(known, name)
    })
}

/// Whether two names differ in one place of two letters at most: cheaper than a distance, and no distance of one is more.
fn is_near(a: &str, b: &str) -> bool {
    let before = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let behind = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
    a.len().max(b.len()) <= before + behind + 2
}

/// Whether the one slip is in a word of some length, in `mcp`, or in what stands between words.
fn slipped_word(known: &str, name: &str) -> bool {
    let words = |text: &str| text.split(['-', '_', '.', '/', '@']).map(str::to_owned).collect::<Vec<_>>();
    let (known, name) = (words(known), words(name));
    if known.len() != name.len() {
        return known.concat() == name.concat();
    }
    let mut differing = known.iter().zip(&name).filter(|(a, b)| a != b);
    let long = |word: &str| word.len() >= SHORTEST_WORD || word == "mcp";
    // A number is another version or another product, not a slip.
    let number = |a: &str, b: &str| {
        a.trim_end_matches(|c: char| c.is_ascii_digit()) == b.trim_end_matches(|c: char| c.is_ascii_digit())
    };
    // So is the plural.
    let plural = |a: &str, b: &str| a.strip_suffix('s') == Some(b) || b.strip_suffix('s') == Some(a);
    differing.all(|(a, b)| long(a) && !number(a, b) && !plural(a, b))
}

/// A scope that is nobody's known one and reads like a known one.
fn scope(index: &Index, name: &str) -> Option<&'static str> {
    let (scope, _) = name.strip_prefix('@')?.split_once('/')?;
    if index.scopes.contains(scope) {
        return None;
    }
    let spelled = plain(scope);
    let near = |known: &OfficialScope| {
        known.scope.len() >= SHORTEST_NAME
            && (known.plain == spelled || is_near(known.scope, scope) && strsim::osa_distance(known.scope, scope) == 1)
            || scope.len() >= SHORTEST_WORD && known.scope.strip_suffix("-ai") == Some(scope)
    };
    index.official.iter().find(|known| near(known)).map(|known| known.name)
}

/// The name of a scoped package without its scope, or with the scope's name before it.
fn no_scope(index: &Index, name: &str) -> Option<&'static str> {
    index.bare.get(name).copied()
}

/// What is looked up of the names of one ecosystem.
struct Index {
    /// Every known scope.
    scopes: HashSet<&'static str>,
    /// Those of official packages.
    official: Vec<OfficialScope>,
    /// Official names as they are without their scopes.
    bare: HashMap<String, &'static str>,
}

struct OfficialScope {
    scope: &'static str,
    /// Without what stands between its words.
    plain: String,
    /// The first package that has it.
    name: &'static str,
}

fn plain(text: &str) -> String {
    text.replace(['-', '_', '.'], "")
}

fn index(ecosystem: Ecosystem) -> Option<&'static Index> {
    static NPM: OnceLock<Index> = OnceLock::new();
    static PYPI: OnceLock<Index> = OnceLock::new();
    let index = match ecosystem {
        Ecosystem::Npm => &NPM,
        Ecosystem::PyPi => &PYPI,
        _ => return None,
    };
    Some(index.get_or_init(|| Index::new(names::of(ecosystem.id()))))
}

impl Index {
    fn new(names: &'static Names) -> Self {
        let cut = |name: &&'static str| name.strip_prefix('@')?.split_once('/');
        let scopes = names.official.iter().chain(names.known).filter_map(cut).map(|(scope, _)| scope).collect();
        let mut official: Vec<OfficialScope> = Vec::new();
        let mut bare = HashMap::new();
        for name in names.official {
            let Some((scope, rest)) = cut(name) else { continue };
            if official.last().is_none_or(|last| last.scope != scope) {
                official.push(OfficialScope { scope, plain: plain(scope), name });
            }
            // What is left has to be a name of its own: half of all servers are called `mcp-server`.
            let telling = rest.split(['-', '_', '.']).any(|word| {
                word.len() >= SHORTEST_WORD && !matches!(word, "server" | "tools" | "agent" | "client" | "proxy")
            });
            if telling && rest.len() >= SHORTEST_NAME {
                bare.entry(rest.to_owned()).or_insert(*name);
            }
            for separator in ["-", "_", "."] {
                bare.entry(format!("{scope}{separator}{rest}")).or_insert(*name);
            }
        }
        Self { scopes, official, bare }
    }
}

/// Which letters a name has, a bit each.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |letters, byte| letters | 1 << (byte & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ecosystem: Ecosystem, name: &str) -> Option<(&'static str, Likeness)> {
        imitated(ecosystem, name)
    }

    #[test]
    fn imitations() {
        for (name, known, how) in [
            ("@modelcontextprotocol/server-filesytem", "@modelcontextprotocol/server-filesystem", Likeness::Slip),
            ("@modelcontextprotcol/server-filesystem", "@modelcontextprotocol/server-filesystem", Likeness::Slip),
            ("mpc-remote", "mcp-remote", Likeness::Slip),
            ("mcp-remoet", "mcp-remote", Likeness::Slip),
            ("mcpremote", "mcp-remote", Likeness::Slip),
            ("mcp-rem\u{43e}te", "mcp-remote", Likeness::Slip),
            ("modelcontextprotocol-server-filesystem", "@modelcontextprotocol/server-filesystem", Likeness::NoScope),
            ("server-filesystem", "@modelcontextprotocol/server-filesystem", Likeness::NoScope),
        ] {
            assert_eq!(of(Ecosystem::Npm, name), Some((known, how)), "{name}");
        }
        for name in
            ["@model-context-protocol/server-github", "@modelcontextprotoc0l/whatever", "@anthropic/claude-code"]
        {
            assert_eq!(of(Ecosystem::Npm, name).map(|(_, how)| how), Some(Likeness::Scope), "{name}");
        }
        assert_eq!(of(Ecosystem::PyPi, "mcp-server-fetsh").map(|(known, _)| known), Some("mcp-server-fetch"));
    }

    /// Every known name, and the legitimate neighbours that other scanners stumble over.
    #[test]
    fn honest_names() {
        for ecosystem in [Ecosystem::Npm, Ecosystem::PyPi] {
            let names = names::of(ecosystem.id());
            for name in names.official.iter().chain(names.known) {
                assert_eq!(of(ecosystem, name), None, "{name}");
            }
        }
        for name in [
            "mcp-server",
            "my-mcp-server",
            "kubernetes-mcp-server",
            "mcp-kubernetes-server",
            "mcp-server-kubernetes",
            "acme-mcp",
            "@acme/mcp-server",
            "@acme/filesystem",
            "esa-mcp-server",
            "mcp-remote2",
            "server-github-enterprise",
            "@smithery/cli",
            "linear-mcp-server",
        ] {
            assert_eq!(of(Ecosystem::Npm, name), None, "{name}");
        }
        for name in ["mcp-server-lime", "mcp-server-gitea", "fastmcp-tools", "mysql-mcp-server"] {
            assert_eq!(of(Ecosystem::PyPi, name), None, "{name}");
        }
    }
}

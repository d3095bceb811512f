//! Names of packages that imitate a well-known one. What is known by its own name imitates nothing, however near it is.

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
    let names = names::of(ecosystem.id());
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
        .or_else(|| scope(names, &lower).map(|known| (known, Likeness::Scope)))
        .or_else(|| no_scope(names, &lower).map(|known| (known, Likeness::NoScope)))
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
fn scope(names: &Names, name: &str) -> Option<&'static str> {
    let (scope, _) = name.strip_prefix('@')?.split_once('/')?;
    let all = || {
        names
            .official
            .iter()
            .chain(names.known)
            .filter_map(|known| Some((known.strip_prefix('@')?.split_once('/')?.0, *known)))
    };
    if all().any(|(known, _)| known == scope) {
        return None;
    }
    let plain = |text: &str| text.replace(['-', '_', '.'], "");
    let near = |known: &str| {
        known.len() >= SHORTEST_NAME && (plain(known) == plain(scope) || strsim::osa_distance(known, scope) == 1)
            || scope.len() >= SHORTEST_WORD && known.strip_suffix("-ai") == Some(scope)
    };
    let of_official =
        names.official.iter().filter_map(|known| Some((known.strip_prefix('@')?.split_once('/')?.0, *known)));
    of_official.into_iter().find(|(known, _)| near(known)).map(|(_, known)| known)
}

/// The name of a scoped package without its scope, or with the scope's name before it.
fn no_scope(names: &Names, name: &str) -> Option<&'static str> {
    if name.starts_with('@') {
        return None;
    }
    names.official.iter().copied().find(|known| {
        let Some((scope, rest)) = known.strip_prefix('@').and_then(|known| known.split_once('/')) else { return false };
        // What is left has to be a name of its own: half of all servers are called `mcp-server`.
        let telling = rest.split(['-', '_', '.']).any(|word| {
            word.len() >= SHORTEST_WORD && !matches!(word, "server" | "tools" | "agent" | "client" | "proxy")
        });
        let joined = name.strip_prefix(scope).and_then(|name| name.strip_prefix(['-', '_', '.'])) == Some(rest);
        joined || telling && rest.len() >= SHORTEST_NAME && rest == name
    })
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

//! What a text must hold for a regular expression to match at all: groups of literals, one of each group; and a looser
//! expression that is cheaper to try. Both are read off the expression itself, so that no rule can name the wrong words.
//!
//! This file is compiled twice: into the library, for the packs of users, and into its build script, which reads the
//! built-in packs once and for all.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Capture, Class, Hir, HirKind, Repetition};

/// Groups of literals. A text that has no member of some group can't match.
pub(crate) type Needs = Vec<Vec<Vec<u8>>>;

/// More strings than this are too many to list.
const MOST_STRINGS: usize = 96;
/// More of a literal tells no more.
const LONGEST: usize = 7;
/// More groups add work and no speed.
const MOST_GROUPS: usize = 3;
/// Groups of no more worth have a member of two letters.
const COMMON: usize = 2_000;
/// Characters of a class that are worth listing.
const MOST_CHARACTERS: usize = 6;

/// What an expression needs; nothing where that can't be told, or where it does not parse.
pub(crate) fn needs(pattern: &str) -> Needs {
    let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
    let Ok(hir) = parsed else { return Vec::new() };
    let mut groups = read(&hir).groups();
    groups.sort_by_key(|group| std::cmp::Reverse(worth(group)));
    groups.truncate(MOST_GROUPS);
    // Beside a rare word, common ones only cost.
    let mut best = true;
    groups.retain(|group| std::mem::take(&mut best) || worth(group) > COMMON);
    groups
}

/// Repetitions of more than this are loosened: each count is a state of its own, so that nearly every text makes new ones.
const MOST_COUNTED: u32 = 8;

/// An expression that matches whatever this one does, and more, with its bounded gaps left open; nothing where there are
/// none.
pub(crate) fn loose(pattern: &str) -> Option<String> {
    let parse = |pattern: &str| ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).ok();
    let (loose, changed) = loosened(&parse(pattern)?);
    let written = changed.then(|| loose.to_string())?;
    parse(&written).map(|_| written)
}

fn loosened(hir: &Hir) -> (Hir, bool) {
    let all = |parts: &[Hir]| {
        let parts: Vec<(Hir, bool)> = parts.iter().map(loosened).collect();
        let changed = parts.iter().any(|(_, changed)| *changed);
        (parts.into_iter().map(|(part, _)| part).collect::<Vec<_>>(), changed)
    };
    match hir.kind() {
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            let (sub, inside) = loosened(sub);
            let counted = max.is_some_and(|max| max > MOST_COUNTED) || max.is_none() && *min > MOST_COUNTED;
            let (min, max) = if counted { (*min.min(&1), None) } else { (*min, *max) };
            // `(?:x+)?` is not `x+?`, which is how it would be written down.
            let sub = match sub.kind() {
                HirKind::Repetition(_) => Hir::capture(Capture { index: 1, name: None, sub: Box::new(sub) }),
                _ => sub,
            };
            (Hir::repetition(Repetition { min, max, greedy: *greedy, sub: Box::new(sub) }), counted || inside)
        }
        HirKind::Capture(Capture { index, name, sub }) => {
            let (sub, changed) = loosened(sub);
            (Hir::capture(Capture { index: *index, name: name.clone(), sub: Box::new(sub) }), changed)
        }
        HirKind::Concat(parts) => {
            let (parts, changed) = all(parts);
            (Hir::concat(parts), changed)
        }
        HirKind::Alternation(parts) => {
            let (parts, changed) = all(parts);
            (Hir::alternation(parts), changed)
        }
        _ => (hir.clone(), false),
    }
}

/// What is known of a part of an expression.
struct Known {
    /// All strings that it matches, where they are few.
    strings: Option<Vec<Vec<u8>>>,
    /// Else all strings one of which it begins with, and one of which it ends with.
    ends: Option<Vec<Vec<u8>>>,
    /// Groups that it needs, where they are many.
    groups: Needs,
}

impl Known {
    fn nothing() -> Self {
        Self { strings: None, ends: None, groups: Vec::new() }
    }

    fn exactly(strings: Vec<Vec<u8>>) -> Self {
        Self { strings: Some(strings), ends: None, groups: Vec::new() }
    }

    fn groups(self) -> Needs {
        let mut groups = self.groups;
        groups.extend(self.strings.or(self.ends).and_then(group));
        groups
    }
}

/// A group, if it tells anything: a single letter is in every text.
fn group(mut strings: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    // The beginning of a long one is as good, and many share it; and where one is in another, it is there whenever that is.
    strings.iter_mut().for_each(|string| string.truncate(LONGEST));
    strings.sort_by_key(|string| (string.len(), string.clone()));
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for string in strings {
        if !kept.iter().any(|short| string.windows(short.len().max(1)).any(|part| part == short) || short.is_empty()) {
            kept.push(string);
        }
    }
    let mut strings = kept;
    strings.sort();
    (!strings.is_empty() && worth(&strings) > 0).then_some(strings)
}

/// How rarely one of these is in a text: by the shortest, then by how few there are. A sign counts as two letters.
fn worth(group: &[Vec<u8>]) -> usize {
    let weight = |one: &Vec<u8>| {
        one.iter().map(|byte| if byte.is_ascii_alphanumeric() || *byte >= 0x80 || *byte == b' ' { 1 } else { 2 }).sum()
    };
    match group.iter().map(weight).min().unwrap_or(0) {
        0usize | 1 => 0,
        least => least.min(6) * 1_000 - group.len().min(999),
    }
}

fn read(hir: &Hir) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::exactly(vec![Vec::new()]),
        HirKind::Literal(literal) => Known::exactly(vec![literal.0.to_vec()]),
        HirKind::Class(class) => characters(class).map_or_else(Known::nothing, Known::exactly),
        HirKind::Capture(capture) => read(&capture.sub),
        HirKind::Repetition(repetition) => {
            let inner = read(&repetition.sub);
            match (repetition.min, repetition.max, inner.strings) {
                (0, Some(1), Some(mut strings)) => {
                    strings.push(Vec::new());
                    Known::exactly(strings)
                }
                (1, Some(1), strings) => Known { strings, ..inner },
                (0, ..) => Known::nothing(),
                (_, _, strings) => Known { strings: None, ends: strings.or(inner.ends), groups: inner.groups },
            }
        }
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(parts) => alternation(parts),
    }
}

fn characters(class: &Class) -> Option<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    match class {
        Class::Bytes(bytes) => {
            for range in bytes.ranges() {
                for byte in range.start()..=range.end() {
                    all.push(vec![byte]);
                    if all.len() > MOST_CHARACTERS {
                        return None;
                    }
                }
            }
        }
        Class::Unicode(characters) => {
            for range in characters.ranges() {
                for c in range.start()..=range.end() {
                    all.push(c.to_string().into_bytes());
                    if all.len() > MOST_CHARACTERS {
                        return None;
                    }
                }
            }
        }
    }
    Some(all)
}

fn join(starts: &[Vec<u8>], ends: &[Vec<u8>]) -> Vec<Vec<u8>> {
    starts.iter().flat_map(|start| ends.iter().map(move |end| [start.as_slice(), end.as_slice()].concat())).collect()
}

fn concat(parts: &[Hir]) -> Known {
    let mut groups: Needs = Vec::new();
    // The strings of the parts since the last one that has too many.
    let mut run: Vec<Vec<u8>> = vec![Vec::new()];
    let mut whole = true;
    for part in parts {
        let known = read(part);
        match known.strings {
            Some(strings) if run.len() * strings.len() <= MOST_STRINGS => {
                run = join(&run, &strings);
            }
            strings => {
                whole = false;
                let ends = strings.or(known.ends);
                // What a repetition begins with stands right behind the run.
                let long = |ends: &Vec<Vec<u8>>| run.len() * ends.len() <= MOST_STRINGS;
                groups.extend(match ends.as_ref().filter(|ends| long(ends)) {
                    Some(ends) => group(join(&run, ends)),
                    None => group(run),
                });
                groups.extend(known.groups);
                run = ends.unwrap_or_else(|| vec![Vec::new()]);
            }
        }
    }
    if whole {
        return Known::exactly(run);
    }
    groups.extend(group(run));
    Known { strings: None, ends: None, groups }
}

fn alternation(parts: &[Hir]) -> Known {
    let known: Vec<Known> = parts.iter().map(read).collect();
    let count: usize = known.iter().map(|known| known.strings.as_ref().map_or(MOST_STRINGS + 1, Vec::len)).sum();
    if count <= MOST_STRINGS {
        return Known::exactly(known.into_iter().filter_map(|known| known.strings).flatten().collect());
    }
    // One of the groups of each branch.
    let mut all = Vec::new();
    for known in known {
        let Some(best) = known.groups().into_iter().max_by_key(|group| worth(group)) else { return Known::nothing() };
        all.extend(best);
    }
    Known { strings: None, ends: None, groups: group(all).into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;

    fn told(pattern: &str) -> Vec<Vec<String>> {
        let text = |literal: Vec<u8>| String::from_utf8(literal).unwrap();
        needs(pattern).into_iter().map(|group| group.into_iter().map(text).collect()).collect()
    }

    #[test]
    fn what_expressions_need() {
        assert_eq!(told(r"\bignore (?:all|any) rules?\b"), [["ignore "]]);
        assert_eq!(told(r"\bread\b[^\n]{0,40}\bsecrets\b"), [["secrets"], ["read"]]);
        assert_eq!(told(r"(?:one|two).*|three"), [["one", "three", "two"]]);
        assert_eq!(told(r"[a-z]+"), Vec::<Vec<String>>::new());
        assert_eq!(told(r"(?:abcd)?"), Vec::<Vec<String>>::new());
        assert_eq!(told(r"x(?:abcd)+y"), [["xabcd"], ["abcdy"]]);
        assert_eq!(told(r"~[/\\]+\.?[a-z]")[0], ["~/", "~\\"]);
    }

    #[test]
    fn gaps_are_left_open() {
        assert_eq!(loose("a[^b]{0,40}c").as_deref(), Some(r"(?:a(?-u:[\x00-ac-\xFF])*c)"));
        assert_eq!(loose("a{2,4}b?"), None);
    }

    /// Every built-in expression: whatever text it matches has a member of each group.
    fn patterns() -> Vec<String> {
        crate::rules::Packs::built_in()
            .unwrap()
            .signals()
            .flat_map(|signal| signal.patterns.iter().chain(&signal.unless).cloned())
            .collect()
    }

    fn holds(pattern: &str, text: &str) {
        let regex = RegexBuilder::new(pattern).unicode(false).build().unwrap();
        if regex.is_match(text.as_bytes()) {
            if let Some(loose) = loose(pattern) {
                let loose = RegexBuilder::new(&loose).unicode(false).build().unwrap();
                assert!(loose.is_match(text.as_bytes()), "{pattern} matches {text:?} and {loose} does not");
            }
            for group in needs(pattern) {
                let found =
                    group.iter().any(|literal| text.as_bytes().windows(literal.len()).any(|part| part == literal));
                assert!(found, "{pattern} matches {text:?} without any of {group:?}");
            }
        }
    }

    #[test]
    fn most_built_in_expressions_need_something() {
        let all = patterns();
        let told = all.iter().filter(|pattern| !needs(pattern).is_empty()).count();
        assert!(told * 10 >= all.len() * 9, "{told} of {}", all.len());
    }

    /// The examples of all rules are what the expressions were written for.
    #[test]
    fn what_matches_an_example_has_what_is_needed() {
        let packs = crate::rules::Packs::built_in().unwrap();
        let (_, examples) = crate::rules::check(&packs);
        let texts: Vec<String> = examples.iter().map(|example| crate::text::normalise(&example.text).text).collect();
        let texts = texts.join("\n\n");
        for pattern in patterns() {
            let regex = RegexBuilder::new(&pattern).unicode(false).build().unwrap();
            for found in regex.find_iter(texts.as_bytes()).take(50) {
                let end = (found.end() + 1..=texts.len()).find(|at| texts.is_char_boundary(*at)).unwrap_or(texts.len());
                let start = (0..found.start()).rev().find(|at| texts.is_char_boundary(*at)).unwrap_or(0);
                holds(&pattern, &texts[start..end]);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_matches_has_what_is_needed(pattern in "(?:(?:[a-c]{1,3}|\\(\\?:[a-c]{1,3}\\|[a-c]{0,3}\\)[?+*]?|\\[[a-c]{1,3}\\][?+]?| ){1,4})", texts in prop::collection::vec("[a-c ]{0,12}", 40)) {
            prop_assume!(regex_syntax::parse(&pattern).is_ok());
            for text in texts {
                holds(&pattern, &text);
            }
        }
    }
}

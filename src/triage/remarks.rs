//! Ignores in a config's own comments: `// mcpscan: ignore[rule, pack] reason`.
//!
//! A comment counts for the line it stands on; alone on its line, for the next line that has more than a comment. There it
//! counts for what begins on that line: a key, with everything in its value, or an element of a list.

use std::collections::HashMap;

use crate::document::{Comment, Format, Kind, LARGE, Node, Position, Source, Span, parse_inside};
use crate::rules::Packs;
use crate::text::nearest;

use super::{Note, NoteLevel, UnknownRule};

/// What a comment of ours begins with.
pub const MARK: &str = "mcpscan:";
/// More ignores than these in one file are no ignores.
const MOST: usize = 1000;
/// A longer word is no rule.
const LONGEST_WORD: usize = 80;
/// An element this far below its dash is not looked for.
const MOST_LINES: usize = 100;
/// A longer reason is no reason.
const LONGEST_REASON: usize = 300;

/// One ignore in a comment.
#[derive(Debug)]
pub(super) struct Remark {
    /// Where it stands.
    pub(super) at: Position,
    /// Rules and packs, all known.
    pub(super) rules: Vec<String>,
    /// Why.
    pub(super) reason: Option<String>,
    covers: Vec<Cover>,
    line: usize,
}

/// What begins on the line of a remark: places of keys, and of values; of maps and lists those of what is in them.
#[derive(Debug)]
struct Cover(Vec<Span>);

impl Remark {
    /// Whether a place belongs to what it counts for.
    pub(super) fn covers(&self, source: &Source, span: Span) -> bool {
        source.position(span.start).line == self.line
            || self.covers.iter().any(|Cover(spans)| spans.iter().any(|own| own.contains(span)))
    }
}

/// The ignores in a file's comments, and what is wrong with them.
pub(super) fn remarks(source: &Source, packs: &Packs, notes: &mut Vec<Note>) -> Vec<Remark> {
    // Nearly every file ends here. Those that are too large to be parsed whole are JSON to the letter.
    if !source.text.contains(MARK) || source.text.len() > LARGE {
        return Vec::new();
    }
    let format = Format::of(&source.name, &source.text);
    let comments = format.comments(&source.text);
    let mut found = Vec::new();
    let mut said_before = 0;
    let mut says = None;
    let mut after = None;
    let mut told: HashMap<String, String> = HashMap::new();
    let mut root = None;
    for comment in &comments {
        let said = source.slice(comment.text);
        if !said.contains(MARK) {
            continue;
        }
        let at = source.position(comment.span.start);
        for line in said.lines() {
            let Some(rest) = line.trim().trim_start_matches('*').trim_start().strip_prefix(MARK) else { continue };
            said_before += 1;
            if said_before > MOST {
                let message =
                    format!("more than {MOST} comments for this program; from here on they count for nothing");
                notes.push(Note { level: NoteLevel::Error, path: source.name.clone(), at: Some(at), message });
                return found;
            }
            let mut note = |level, message| {
                notes.push(Note { level, path: source.name.clone(), at: Some(at), message });
            };
            let (rules, reason) = match ignore(rest.trim()) {
                Ok(read) => read,
                Err(message) => {
                    note(NoteLevel::Error, message);
                    continue;
                }
            };
            let (known, unknown): (Vec<String>, Vec<String>) = rules.into_iter().partition(|word| packs.knows(word));
            for word in unknown {
                let told = told.entry(word).or_insert_with_key(|word| UnknownRule::new(word, packs).to_string());
                note(NoteLevel::Error, format!("nothing is ignored by it: {told}"));
            }
            if known.is_empty() {
                continue;
            }
            if reason.is_none() {
                note(
                    NoteLevel::Warning,
                    format!("the ignore of `{}` gives no reason; write it behind the bracket", known.join(", ")),
                );
            }
            let says = says.get_or_insert_with(|| saying(source, &comments));
            let line = target(source, says, comment.span, &mut after);
            let root = root.get_or_insert_with(|| parsed(format, &source.text));
            let covers = root.as_ref().map_or_else(Vec::new, |root| beginning(root, source, line, format));
            // A secret in a reason is one all the same.
            let hidden = !source.masked(comment.span).is_empty();
            let reason = reason.map(|reason| if hidden { "(not shown: a secret is in it)".to_owned() } else { reason });
            found.push(Remark { at, rules: known, reason, covers, line });
        }
    }
    found
}

/// What stands behind the mark.
fn ignore(rest: &str) -> Result<(Vec<String>, Option<String>), String> {
    const FORM: &str = "write `mcpscan: ignore[rule] reason`";
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
    let (word, behind) = rest.split_at(end);
    let cut = |word: &str| word.chars().take(LONGEST_WORD).collect::<String>();
    if word != "ignore" {
        let hint = nearest(word, ["ignore"]).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(format!("a comment for this program says `{}`, which means nothing{hint}; {FORM}", cut(word)));
    }
    let list = behind.trim_start().strip_prefix('[').ok_or(format!("an ignore names its rules; {FORM}"))?;
    let (list, reason) = list.split_once(']').ok_or(format!("the bracket of an ignore does not close; {FORM}"))?;
    let rules: Vec<String> = list.split(',').take(MOST).map(|rule| cut(rule.trim())).collect();
    if rules.iter().any(String::is_empty) {
        return Err(format!("an ignore names its rules, with commas between; {FORM}"));
    }
    let reason: String = reason.trim_start_matches([':', '-', ' ', '\t']).trim().chars().take(LONGEST_REASON).collect();
    Ok((rules, (!reason.is_empty()).then_some(reason)))
}

/// For each line, from 1, whether it says more than comments do.
fn saying(source: &Source, comments: &[Comment]) -> Vec<bool> {
    let mut bytes = source.text.clone().into_bytes();
    for comment in comments {
        bytes[comment.span.start..comment.span.end].fill(b' ');
    }
    let says = |line: usize| {
        let span = source.lines().line(&source.text, line);
        bytes[span.start..span.end].iter().any(|byte| !byte.is_ascii_whitespace())
    };
    (0..=source.lines().count()).map(|line| line > 0 && says(line)).collect()
}

/// The line that a comment counts for: the one that it stands on, or else the next that says something, of which the
/// comments below it know already.
fn target(source: &Source, says: &[bool], comment: Span, after: &mut Option<(usize, usize)>) -> usize {
    let first = source.position(comment.start).line;
    let last = source.position(comment.end).line;
    if let Some(own) = [first, last].into_iter().find(|line| says[*line]) {
        return own;
    }
    match after {
        Some((from, next)) if *from <= last && last < *next => *next,
        _ => {
            let next = (last + 1..says.len()).find(|line| says[*line]).unwrap_or(last);
            *after = Some((last, next));
            next
        }
    }
}

fn parsed(format: Format, text: &str) -> Option<Node> {
    let inside = || if format == Format::Json { parse_inside(text) } else { None };
    format.parse(text).ok().or_else(inside)
}

/// What begins on a line. Of maps inside maps that begin there together, the inner ones.
fn beginning(root: &Node, source: &Source, line: usize, format: Format) -> Vec<Cover> {
    let mut found = Vec::new();
    let line = source.lines().line(&source.text, line);
    Beginning { text: &source.text, line, format }.descend(root, &mut found);
    found
}

struct Beginning<'a> {
    text: &'a str,
    line: Span,
    format: Format,
}

impl Beginning<'_> {
    fn here(&self, start: usize) -> bool {
        self.line.start <= start && start < self.line.end
    }

    /// What is in a map or a list, each with where it begins and the place of its key.
    fn inside<'n>(&self, node: &'n Node) -> impl Iterator<Item = (usize, Span, &'n Node)> {
        let members = node.members().iter().map(|member| (member.key_span.start, member.key_span, &member.value));
        let elements = node.elements().iter().map(|element| (self.dash(element.span.start), element.span, element));
        members.chain(elements)
    }

    fn descend(&self, node: &Node, found: &mut Vec<Cover>) {
        let is_map = |value: &Node| matches!(value.kind, Kind::Object(_) | Kind::Array(_));
        for (start, key, value) in self.inside(node) {
            let holds_another = || self.inside(value).any(|(start, _, value)| self.here(start) && is_map(value));
            if self.here(start) && !holds_another() {
                let mut spans = vec![key];
                places(value, self.format, &mut spans);
                found.push(Cover(spans));
            } else if is_map(value) && start < self.line.end && self.line.start < value.span.end {
                self.descend(value, found);
            }
        }
    }

    /// Where an element of a list begins. In YAML that is its dash, which may stand lines above it, and names and types for
    /// it between.
    fn dash(&self, start: usize) -> usize {
        if !matches!(self.format, Format::Yaml | Format::FrontMatter) {
            return start;
        }
        let mut line_end = start;
        for number in 0..MOST_LINES {
            let Some(above) = self.text.get(..line_end) else { return start };
            let line_start = above.rfind('\n').map_or(0, |at| at + 1);
            let mut left = above[line_start..].trim_end();
            if number > 0 {
                let comment = left.starts_with('#').then_some(0).or_else(|| left.find(" #"));
                left = left[..comment.unwrap_or(left.len())].trim_end();
            }
            let mut word = last_word(left);
            while word.starts_with(['&', '!']) {
                left = left[..left.len() - word.len()].trim_end();
                word = last_word(left);
            }
            match word {
                "" if line_start > 0 => line_end = line_start - 1,
                "-" => return line_start + left.len() - 1,
                _ => return start,
            }
        }
        start
    }
}

fn last_word(text: &str) -> &str {
    text.rsplit([' ', '\t']).next().unwrap_or_default()
}

/// The places of a value and of all that is in it. In TOML the parts of a table may stand apart with others between, so its
/// own place says nothing.
fn places(node: &Node, format: Format, into: &mut Vec<Span>) {
    let scattered = format == Format::Toml && matches!(node.kind, Kind::Object(_) | Kind::Array(_));
    if !scattered {
        into.push(node.span);
        return;
    }
    for member in node.members() {
        into.push(member.key_span);
        places(&member.value, format, into);
    }
    node.elements().iter().for_each(|element| places(element, format, into));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of keys and values that a file's remarks count for.
    fn covered(name: &str, text: &str, wanted: &[&str]) -> Vec<(String, bool)> {
        let source = Source::new(name, text);
        let packs = Packs::built_in().unwrap();
        let found = remarks(&source, &packs, &mut Vec::new());
        assert_eq!(found.len(), 1, "{text}");
        let covers = |word: &&str| {
            let start = text.rfind(word).unwrap_or_else(|| panic!("{word}: {text}"));
            found[0].covers(&source, Span::new(start, start + word.len()))
        };
        wanted.iter().map(|word| ((*word).to_owned(), covers(word))).collect()
    }

    #[track_caller]
    fn check(name: &str, text: &str, yes: &[&str], no: &[&str]) {
        for (word, covers) in covered(name, text, yes) {
            assert!(covers, "{word} is not covered: {text}");
        }
        for (word, covers) in covered(name, text, no) {
            assert!(!covers, "{word} is covered: {text}");
        }
    }

    #[test]
    fn above_and_beside() {
        let json = "{\"servers\": {\n// mcpscan: ignore[secrets] why\n\n// more\n\"a\": {\n\"x\": \"AA\",\n\"y\": [\"BB\"]},\n\"b\": \"CC\"}}";
        check("a.json", json, &["\"a\"", "AA", "BB"], &["CC", "servers"]);
        let json =
            "{\"servers\": {\"a\": {\n\"x\": \"AA\", /* mcpscan: ignore[secrets] */ \"z\": \"DD\",\n\"y\": [\"BB\"]}}}";
        check("a.json", json, &["AA", "DD"], &["\"a\"", "BB"]);
        let json = "{\"servers\": {\"a\": { // mcpscan: ignore[secrets] why\n\"x\": \"AA\"}, \n\"b\": \"CC\"}}";
        check("a.json", json, &["\"a\"", "AA"], &["CC"]);
        let json = "{\n// mcpscan: ignore[secrets] above all\n\"servers\": {\n\"a\": \"AA\"}, \"c\": \"CC\"}";
        check("a.json", json, &["AA"], &["CC"].map(|_| "\"c\""));
    }

    #[test]
    fn in_every_format_that_has_comments() {
        let toml =
            "# mcpscan: ignore[secrets] why\n[servers.a]\nx = 'AA'\n[servers.b]\nx = 'CC'\n[servers.a.env]\ny = 'BB'\n";
        check("a.toml", toml, &["AA", "BB"], &["CC"]);
        let yaml = "servers:\n  # mcpscan: ignore[secrets] why\n  - name: nn\n    x: AA\n  - name: mm\n    x: CC\n";
        check("a.yaml", yaml, &["nn", "AA"], &["mm", "CC"]);
        let xml = "<s>\n<!-- mcpscan: ignore[secrets] why -->\n<option name=\"a\"\n value=\"AA\"/>\n<option name=\"b\" value=\"BB\"/></s>";
        check("a.xml", xml, &["AA"], &["BB"]);
        for (dash, more) in [
            ("- &a", "# one more\n\n"),
            ("- !!map", ""),
            ("-", ""),
            ("- &a !!map # note", ""),
            ("- !!map &a", "    # note\n"),
            ("- &a\n    !!map", ""),
        ] {
            let yaml = format!(
                "servers:\n  - name: ll\n    x: DD\n  # mcpscan: ignore[secrets] why\n  {dash}\n{more}    name: nn\n    x: AA\n  - name: mm\n    x: CC\n"
            );
            check("a.yaml", &yaml, &["nn", "AA"], &["ll", "DD", "mm", "CC"]);
            check("a.md", &format!("---\n{yaml}---\n"), &["nn", "AA"], &["ll", "DD", "mm", "CC"]);
        }
        // Inside the element it counts for no more than its line, and a key keeps its value whatever that is called.
        let yaml = "servers:\n  - &a\n    # mcpscan: ignore[secrets] why\n    name: nn\n    x: AA\n";
        check("a.yaml", yaml, &["nn"], &["AA"]);
        let yaml =
            "servers:\n  # mcpscan: ignore[secrets] why\n  one: &x !!map\n    x: AA\n  two: *x\n  three:\n    x: CC\n";
        check("a.yaml", yaml, &["one", "AA"], &["CC"]);
        let properties = "a=AA\n# mcpscan: ignore[secrets] why\nb=BB\nc=CC\n";
        check("a.properties", properties, &["BB"], &["AA", "CC"]);
        check(
            "crushrc",
            "mcp add a --command AA\n# mcpscan: ignore[secrets] why\nmcp add b --command BB \\\n --args DD\nmcp add c --command CC",
            &["BB", "DD"],
            &["CC", "AA"],
        );
        check("a.md", "---\nservers:\n  a: AA # mcpscan: ignore[secrets] why\n  b: BB\n---\n", &["AA"], &["BB"]);
    }

    #[test]
    fn what_ignores_nothing_is_told() {
        let told = |comment: &str| {
            let source = Source::new("a.json", format!("{{ // {comment}\n}}"));
            let mut notes = Vec::new();
            let found = remarks(&source, &Packs::built_in().unwrap(), &mut notes);
            let notes: Vec<String> =
                notes.iter().map(|note| format!("{}: {}", note.level.as_str(), note.message)).collect();
            (found.len(), notes.join("\n"))
        };
        for (comment, part) in [
            ("mcpscan: ignore", "error: an ignore names its rules"),
            ("mcpscan: ignore everything", "error: an ignore names its rules"),
            ("mcpscan: ignore[]", "error: an ignore names its rules"),
            ("mcpscan: ignore[secrets", "error: the bracket"),
            ("mcpscan: ingore[secrets] x", "did you mean `ignore`?"),
            ("mcpscan: ignore[supply-chain/unpined-package] x", "did you mean `supply-chain/unpinned-package`?"),
            ("mcpscan: ignore[unpinned-package] x", "did you mean `supply-chain/unpinned-package`?"),
            ("mcpscan: ignore[*] x", "neither a rule nor a pack"),
        ] {
            let (found, notes) = told(comment);
            assert!(found == 0 && notes.contains(part), "{comment}: {notes}");
        }
        assert_eq!(told("mcpscan: ignore[secrets] why").1, "");
        assert_eq!(told("see mcpscan: it said so"), (0, String::new()));
        let (found, notes) = told("mcpscan:ignore[ secrets,transport/nothing ]");
        assert!(found == 1 && notes.contains("transport/nothing") && notes.contains("no reason"), "{notes}");
    }
}

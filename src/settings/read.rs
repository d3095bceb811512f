//! The grammar of a settings file. Every mistake is told at once, each with its place and the nearest right name.

use std::path::PathBuf;

use super::allow::{Address, Allow, What};
use super::{Allowed, Defaults, File, Ignore, Located, Origin, Pattern};
use crate::document::{LineIndex, Member, Node, Position, Span, parse_toml};
use crate::finding::{Confidence, Severity};
use crate::rules::LoadError;
use crate::text::nearest;

const TOP: [&str; 6] = ["rules", "baseline", "scan", "ignore", "allow", "severity"];
const SCAN: [&str; 8] =
    ["fail-on", "min-confidence", "select", "ignore", "format", "pedantic", "require-complete", "launch"];
const IGNORE: [&str; 6] = ["rule", "server", "tool", "path", "reason", "expires"];
const ALLOW: [&str; 6] = ["name", "package", "image", "url", "command", "reason"];

const SEVERITIES: [(&str, Severity); 5] = [
    ("critical", Severity::Critical),
    ("high", Severity::High),
    ("medium", Severity::Medium),
    ("low", Severity::Low),
    ("info", Severity::Info),
];
const CONFIDENCES: [(&str, Confidence); 3] =
    [("high", Confidence::High), ("medium", Confidence::Medium), ("low", Confidence::Low)];

/// More tables of a kind than these keep a run from its work.
const MOST: usize = 2000;

pub(super) fn file(shown: &str, text: &str, origin: Origin, folder: PathBuf) -> Result<File, Vec<LoadError>> {
    let mut reader = Reader { file: shown, text, lines: LineIndex::new(text), errors: Vec::new() };
    let root = match parse_toml(text) {
        Ok(root) => root,
        Err(error) => {
            reader.wrong(error.span, error.message);
            return Err(reader.errors);
        }
    };
    let mut file = File {
        shown: shown.to_owned(),
        origin,
        folder,
        defaults: Defaults::default(),
        ignores: Vec::new(),
        allowed: None,
        severities: Vec::new(),
        rules: Vec::new(),
        baseline: None,
        refused: Vec::new(),
    };
    for member in root.members() {
        match member.key.as_str() {
            "rules" => file.rules = reader.strings(member),
            "baseline" => file.baseline = reader.string(member),
            "scan" => reader.scan(member, &mut file),
            "severity" => file.severities = reader.severities(member),
            "ignore" => {
                let tables = reader.tables(member);
                file.ignores = tables.into_iter().filter_map(|table| reader.ignore(table)).collect();
            }
            "allow" => {
                let tables = reader.tables(member);
                let entries = tables.into_iter().filter_map(|table| reader.allow(table)).collect();
                file.allowed = Some(Allowed { file: shown.to_owned(), entries });
            }
            key if SCAN.contains(&key) => reader.wrong(member.key_span, format!("`{key}` belongs into `[scan]`")),
            _ => reader.unknown(member, "", &TOP),
        }
    }
    reader.errors.sort_by_key(|error| (error.line, error.column));
    if reader.errors.is_empty() { Ok(file) } else { Err(reader.errors) }
}

struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    lines: LineIndex,
    errors: Vec<LoadError>,
}

impl Reader<'_> {
    fn at(&self, span: Span) -> Position {
        self.lines.position(self.text, span.start)
    }

    fn wrong(&mut self, span: Span, message: impl Into<String>) {
        let Position { line, column } = self.at(span);
        self.errors.push(LoadError { file: self.file.to_owned(), line, column, message: message.into() });
    }

    fn unknown(&mut self, member: &Member, table: &str, known: &[&'static str]) {
        let key = &member.key;
        let table = if table.is_empty() { String::new() } else { format!(" in `{table}`") };
        let hint = match nearest(key, known.iter().copied()) {
            Some(near) => format!("; did you mean `{near}`?"),
            None if TOP.contains(&key.as_str()) => "; it belongs above the first table".to_owned(),
            None => format!("; known are {}", known.join(", ")),
        };
        self.wrong(member.key_span, format!("unknown key `{key}`{table}{hint}"));
    }

    fn expected(&mut self, member: &Member, what: &str) {
        let found = member.value.type_name();
        self.wrong(member.value.span, format!("`{}` is {found}, expected {what}", member.key));
    }

    fn string(&mut self, member: &Member) -> Option<Located<String>> {
        match member.value.as_str().map(str::trim) {
            Some("") => self.wrong(member.value.span, format!("`{}` is empty", member.key)),
            Some(text) => return Some(Located { value: text.to_owned(), at: self.at(member.value.span) }),
            None => self.expected(member, "a string"),
        }
        None
    }

    /// A string, or a list of them.
    fn strings(&mut self, member: &Member) -> Vec<Located<String>> {
        let one = std::slice::from_ref(&member.value);
        let list = if member.value.as_str().is_some() { one } else { member.value.elements() };
        let strings: Option<Vec<(String, Span)>> =
            list.iter().map(|node| Some((node.as_str()?.trim().to_owned(), node.span))).collect();
        match strings.filter(|strings| strings.iter().all(|(text, _)| !text.is_empty())) {
            Some(strings) if member.value.as_str().is_some() || is_list(&member.value) => {
                strings.into_iter().map(|(value, span)| Located { value, at: self.at(span) }).collect()
            }
            _ => {
                self.expected(member, "a string or a list of strings");
                Vec::new()
            }
        }
    }

    fn truth(&mut self, member: &Member) -> Option<bool> {
        let truth = member.value.as_bool();
        if truth.is_none() {
            self.expected(member, "`true` or `false`");
        }
        truth
    }

    fn word<T: Copy>(&mut self, member: &Member, known: &[(&'static str, T)]) -> Option<T> {
        let text = self.string(member)?;
        let found = known.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let (key, value) = (&member.key, &text.value);
            self.wrong(member.value.span, format!("`{key}` is `{value}`, expected one of {}", words.join(", ")));
        }
        found
    }

    fn tables<'d>(&mut self, member: &'d Member) -> Vec<&'d Node> {
        let list = member.value.elements();
        if !is_list(&member.value) || list.iter().any(|node| !node.is_object()) {
            let key = &member.key;
            self.wrong(member.key_span, format!("`{key}` is written as `[[{key}]]`, a table for each"));
            return Vec::new();
        }
        if list.len() > MOST {
            let key = &member.key;
            self.wrong(member.key_span, format!("more than {MOST} `[[{key}]]`; patterns say more with less"));
            return Vec::new();
        }
        list.iter().collect()
    }

    fn scan(&mut self, member: &Member, file: &mut File) {
        if !member.value.is_object() {
            return self.expected(member, "a table `[scan]`");
        }
        for member in member.value.members() {
            let defaults = &mut file.defaults;
            match member.key.as_str() {
                "fail-on" => {
                    let never = std::iter::once(("never", None));
                    let known: Vec<_> =
                        SEVERITIES.into_iter().map(|(word, level)| (word, Some(level))).chain(never).collect();
                    defaults.fail_on = self.word(member, &known);
                }
                "min-confidence" => defaults.min_confidence = self.word(member, &CONFIDENCES),
                "select" => defaults.select = self.strings(member),
                "ignore" => defaults.ignore = self.strings(member),
                "format" => defaults.format = self.string(member),
                "pedantic" => defaults.pedantic = self.truth(member),
                "require-complete" => defaults.require_complete = self.truth(member),
                "launch" => {
                    let known = [("ask", "ask"), ("all", "all"), ("none", "none")];
                    let word = self.word(member, &known);
                    let at = self.at(member.value.span);
                    let launch = word.map(|word| Located { value: word.to_owned(), at });
                    // Whoever wrote the project would decide what starts on this machine.
                    if file.origin == Origin::Project && word.is_some_and(|word| word != "none") {
                        file.refused.extend(launch.map(|Located { at, .. }| Located { value: "launch".into(), at }));
                    } else {
                        defaults.launch = launch;
                    }
                }
                key if TOP.contains(&key) => {
                    self.wrong(member.key_span, format!("`{key}` belongs above `[scan]`"));
                }
                _ => self.unknown(member, "[scan]", &SCAN),
            }
        }
    }

    fn severities(&mut self, member: &Member) -> Vec<(Located<String>, Severity)> {
        if !member.value.is_object() {
            self.expected(member, "a table `[severity]`");
        }
        let mut found = Vec::new();
        for member in member.value.members() {
            let rule = Located { value: member.key.clone(), at: self.at(member.key_span) };
            found.extend(self.word(member, &SEVERITIES).map(|severity| (rule, severity)));
        }
        found
    }

    fn patterns(&mut self, member: &Member, read: fn(&str) -> Result<Pattern, String>) -> Vec<Pattern> {
        let words = self.strings(member);
        if words.is_empty() {
            self.wrong(member.value.span, format!("`{}` names nothing; leave it out to mean all", member.key));
        }
        let mut found = Vec::new();
        if words.len() > MOST {
            self.wrong(
                member.key_span,
                format!("more than {MOST} words in `{}`; patterns say more with less", member.key),
            );
        }
        for word in words.iter().take(MOST) {
            match read(&word.value) {
                Ok(pattern) => found.push(pattern),
                Err(message) => self.wrong(member.value.span, message),
            }
        }
        found
    }

    fn ignore(&mut self, table: &Node) -> Option<Ignore> {
        let before = self.errors.len();
        let mut ignore = Ignore {
            rules: Vec::new(),
            servers: Vec::new(),
            tools: Vec::new(),
            paths: Vec::new(),
            reason: String::new(),
            expires: None,
            at: self.at(table.span),
        };
        for member in table.members() {
            match member.key.as_str() {
                "rule" => ignore.rules = self.strings(member),
                "server" => ignore.servers = self.patterns(member, Pattern::name),
                "tool" => ignore.tools = self.patterns(member, Pattern::name),
                "path" => ignore.paths = self.patterns(member, Pattern::path),
                "reason" => ignore.reason = self.string(member).map(|text| text.value).unwrap_or_default(),
                "expires" => {
                    ignore.expires = member.value.as_str().and_then(|text| text.parse().ok());
                    if ignore.expires.is_none() {
                        self.wrong(member.value.span, "`expires` is the last day on which it counts: 2026-12-31");
                    }
                }
                _ => self.unknown(member, "[[ignore]]", &IGNORE),
            }
        }
        if self.errors.len() == before && ignore.rules.is_empty() {
            self.wrong(table.span, "an ignore names its rules: `rule = \"pack/name\"`, or a pack");
        }
        if self.errors.len() == before && ignore.reason.is_empty() {
            self.wrong(table.span, "an ignore says why: `reason = \"…\"`");
        }
        (self.errors.len() == before).then_some(ignore)
    }

    fn allow(&mut self, table: &Node) -> Option<Allow> {
        let before = self.errors.len();
        let (mut name, mut whats) = (None, Vec::new());
        for member in table.members() {
            let key = member.key.as_str();
            if key == "reason" {
                self.string(member);
                continue;
            }
            if !ALLOW.contains(&key) {
                self.unknown(member, "[[allow]]", &ALLOW);
                continue;
            }
            let Some(text) = self.string(member) else { continue };
            let text = text.value.as_str();
            let what = match key {
                "name" => Pattern::name(text).map(|pattern| {
                    name = Some(pattern);
                    None
                }),
                "package" => Pattern::name(text).map(|pattern| Some(What::Package(pattern))),
                "image" => Pattern::name(text).map(|pattern| Some(What::Image(pattern))),
                "url" => Address::parse(text).map(|address| Some(What::Url(address))),
                _ => Pattern::name(text).map(|pattern| Some(What::Command(pattern))),
            };
            match what {
                Ok(what) => whats.extend(what),
                Err(message) => self.wrong(member.value.span, message),
            }
        }
        if self.errors.len() == before && (whats.len() > 1 || whats.is_empty() && name.is_none()) {
            let message = "an `[[allow]]` has one of `package`, `image`, `url` and `command`, a `name`, or both";
            self.wrong(table.span, message);
        }
        (self.errors.len() == before).then(|| Allow { name, what: whats.pop() })
    }
}

fn is_list(node: &Node) -> bool {
    matches!(node.kind, crate::document::Kind::Array(_))
}

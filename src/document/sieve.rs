//! Large JSON files, of which only a few places matter: one pass that keeps those and steps over the rest.
//!
//! Claude Code keeps its history in the file that holds its servers, which grows past 100 MB
//! (anthropics/claude-code#2593); a tree of all of it would take ten times that.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::path::Step;
use super::{KeyPath, Kind, Member, Node, Span, SyntaxError, parse_json};

/// Smaller texts are parsed whole.
pub const LARGE: usize = 4 << 20;
/// Members of the root are kept up to this size wherever they lead: a file may be the map of servers itself.
const SMALL: usize = 64 << 10;
/// And together up to this.
const SMALL_TOGETHER: usize = 4 << 20;

/// What to keep.
#[derive(Clone, Debug, Default)]
pub struct Sieve {
    root: Mesh,
}

#[derive(Clone, Debug, Default)]
struct Mesh {
    /// The value itself is kept, with all that is in it.
    whole: bool,
    keys: Vec<(String, Mesh)>,
    any: Option<Box<Mesh>>,
}

impl Sieve {
    /// Keeps the values at `path`, whole.
    pub fn whole(&mut self, path: &KeyPath) {
        self.reach(path.steps()).whole = true;
    }

    /// Keeps what leads to `path`, and of the values there the small ones alone: whoever wants the keys of a map needs
    /// nothing below them.
    pub fn keys(&mut self, path: &KeyPath) {
        self.reach(path.steps());
    }

    fn reach(&mut self, steps: &[Step]) -> &mut Mesh {
        steps.iter().fold(&mut self.root, |mesh, step| match step {
            Step::Any => mesh.any.get_or_insert_default(),
            Step::Key(key) => {
                let at = mesh.keys.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
                    mesh.keys.push((key.clone(), Mesh::default()));
                    mesh.keys.len() - 1
                });
                &mut mesh.keys[at].1
            }
        })
    }
}

impl Mesh {
    /// What is kept below `key`: what is named and what a star stands for.
    fn below(&self, key: &str) -> Vec<&Mesh> {
        let named = self.keys.iter().filter(|(known, _)| known == key).map(|(_, mesh)| mesh);
        named.chain(self.any.as_deref()).collect()
    }
}

/// Parses a large text of strict JSON and keeps what the sieve holds; small members of the root are kept too.
///
/// `None`: it is no strict JSON, so only a parser of the whole can tell.
///
/// # Errors
/// The text ends too early, so that no parser could read it.
pub fn parse_large(text: &str, sieve: &Sieve) -> Option<Result<Large, SyntaxError>> {
    let mut spare = Spare { left: SMALL_TOGETHER, dropped: 0 };
    let seed = Level { text, meshes: vec![&sieve.root], spare: Some(&mut spare) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match seed.deserialize(&mut deserializer).and_then(|node| deserializer.end().map(|()| node)) {
        Ok(node) => {
            let root = Node { span: Span::new(0, text.len()), ..node? };
            Some(Ok(Large { root, dropped: spare.dropped }))
        }
        Err(error) if error.is_eof() => {
            let message = "the file ends too early".to_owned();
            Some(Err(SyntaxError { message, span: Span::new(text.len(), text.len()) }))
        }
        Err(_) => None,
    }
}

/// What is kept of a large text.
#[derive(Debug)]
pub struct Large {
    /// The tree of what is kept.
    pub root: Node,
    /// How many members of the root were too large to be kept, where no path leads to them.
    pub dropped: usize,
}

/// What may still be kept at the root that no path leads to.
struct Spare {
    left: usize,
    dropped: usize,
}

/// Reads one value: a map or a list on the way to something that is kept.
struct Level<'t, 's> {
    text: &'t str,
    meshes: Vec<&'s Mesh>,
    /// At the root alone.
    spare: Option<&'s mut Spare>,
}

impl<'t> DeserializeSeed<'t> for Level<'t, '_> {
    type Value = Option<Node>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.meshes.iter().any(|mesh| mesh.whole) {
            let raw: &RawValue = serde::Deserialize::deserialize(deserializer)?;
            return Ok(Some(whole(self.text, raw)?));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Level<'t, '_> {
    type Value = Option<Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(raw) = map.next_key::<&RawValue>()? {
            let key_span = span_of(self.text, raw.get());
            let key = match raw.get().strip_prefix('"').and_then(|key| key.strip_suffix('"')) {
                Some(plain) if !plain.contains('\\') => plain.to_owned(),
                _ => serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?,
            };
            let meshes: Vec<&Mesh> = self.meshes.iter().flat_map(|mesh| mesh.below(&key)).collect();
            let value = if !meshes.is_empty() {
                map.next_value_seed(Level { text: self.text, meshes, spare: None })?
            } else if let Some(spare) = self.spare.as_deref_mut() {
                let raw = map.next_value::<&RawValue>()?;
                let length = raw.get().len();
                if length <= SMALL.min(spare.left) {
                    spare.left -= length;
                    Some(whole(self.text, raw)?)
                } else {
                    spare.dropped += 1;
                    None
                }
            } else {
                map.next_value::<IgnoredAny>()?;
                None
            };
            members.extend(value.map(|value| Member { key, key_span, value }));
        }
        Ok(Some(Node { kind: Kind::Object(members), span: Span::default() }))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let meshes: Vec<&Mesh> = self.meshes.iter().filter_map(|mesh| mesh.any.as_deref()).collect();
        let mut elements = Vec::new();
        if meshes.is_empty() {
            while list.next_element::<IgnoredAny>()?.is_some() {}
        } else {
            while let Some(element) =
                list.next_element_seed(Level { text: self.text, meshes: meshes.clone(), spare: None })?
            {
                elements.extend(element);
            }
        }
        Ok(Some(Node { kind: Kind::Array(elements), span: Span::default() }))
    }

    // Where a map should be there is none. A text may be what a path of keys alone leads to.
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Node { kind: Kind::String(text.to_owned()), span: Span::default() }))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A value with all that is in it, at its place in the text.
///
/// # Errors
/// What serde accepts and the parser of configs does not, such as a nesting without end: then neither may be trusted to
/// have seen all.
fn whole<E: serde::de::Error>(text: &str, raw: &RawValue) -> Result<Node, E> {
    let start = span_of(text, raw.get()).start;
    Ok(parse_json(raw.get()).map_err(E::custom)?.shifted(start))
}

/// Where a part that was borrowed from a text stands in it.
fn span_of(text: &str, part: &str) -> Span {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    Span::new(start, start + part.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> KeyPath {
        KeyPath::from(text.to_owned())
    }

    fn sieve() -> Sieve {
        let mut sieve = Sieve::default();
        ["mcpServers", "projects.*.mcpServers", "l.*.x"].iter().for_each(|keys| sieve.whole(&path(keys)));
        sieve
    }

    const TEXT: &str = r#"{"é": 1, "mcpServers": {"a": {"command": "x", "args": ["é", 1]}},
        "projects": {"/p": {"history": [{"a": [1, 2, {"b": null}]}], "mcp\u0053ervers": {"b": {}}, "mcpServers": 5}, "/q": 7},
        "l": [{"x": 1, "y": 2}, 3], "mcpServers": null }"#;

    /// What the sieve keeps is what the parser of the whole finds there, places and all.
    #[test]
    fn what_is_kept_is_as_in_the_whole() {
        let whole = parse_json(TEXT).unwrap();
        let kept = parse_large(TEXT, &sieve()).unwrap().unwrap().root;
        for keys in ["mcpServers", "projects.*.mcpServers", "l.*.x", "é"] {
            let at =
                |root| path(keys).follow(root).iter().map(|r| (r.path.clone(), r.node.clone())).collect::<Vec<_>>();
            assert_eq!(at(&whole), at(&kept), "{keys}");
            assert!(!at(&kept).is_empty(), "{keys}");
        }
        assert_eq!(path("projects.*.history").follow(&kept).len(), 0);
        let spans = |root: &Node| root.members().iter().map(|member| member.key_span).collect::<Vec<_>>();
        assert_eq!(spans(&whole), spans(&kept));
    }

    #[test]
    fn keys_alone() {
        let mut sieve = Sieve::default();
        sieve.keys(&path("projects.*"));
        let kept = parse_large(TEXT, &sieve).unwrap().unwrap().root;
        let found: Vec<_> = path("projects.*").follow(&kept).iter().filter_map(|r| r.star.map(str::to_owned)).collect();
        assert_eq!(found, ["/p"], "what is no map is no project");
        assert_eq!(path("projects.*.history").follow(&kept).len(), 0);
    }

    #[test]
    fn what_can_not_be_read() {
        assert!(parse_large(r#"{"a": [1, "#, &sieve()).unwrap().is_err());
        assert!(parse_large("{\"a\": 1, // comment\n}", &sieve()).is_none());
        assert!(parse_large(&"[".repeat(100_000), &sieve()).unwrap().is_err());
        assert!(parse_large("5", &sieve()).is_none());
        let deep = format!(r#"{{"mcpServers": {{"a": {{"x": {}1{}}}}}}}"#, "[".repeat(600), "]".repeat(600));
        assert!(parse_large(&deep, &sieve()).is_none(), "the parser of the whole has to say what is wrong");
        let large = format!(r#"{{"a": {{"x": "{}"}}, "b": 1}}"#, "x".repeat(SMALL));
        let kept = parse_large(&large, &sieve()).unwrap().unwrap();
        assert_eq!((kept.root.members().len(), kept.dropped), (1, 1));
    }
}

//! Reads a lock. Nothing in it is guessed: what does not fit is an error with its place, since a lock that is half read
//! would approve what nobody approved.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use toml::Spanned;

use super::start::{Fetched, Mark, Start};
use super::write::LISTS;
use super::{Item, Key, Lock, Server, VERSION, digest_of, short};
use crate::document::{LineIndex, Span};
use crate::parallel;

/// A lock that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct LockError {
    file: String,
    line: usize,
    column: usize,
    message: String,
}

/// What is wrong, and the byte where.
struct Wrong {
    at: usize,
    message: String,
}

impl Wrong {
    fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "mcpscan-lock")]
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    server: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Spanned<String>,
    #[serde(default = "one")]
    copy: usize,
    #[serde(default)]
    config: String,
    project: Option<String>,
    client: Option<String>,
    state: State,
    forced: Option<String>,
    command: Option<Vec<String>>,
    url: Option<Vec<String>>,
    env: Option<BTreeMap<String, String>>,
    headers: Option<BTreeMap<String, String>>,
    others: Option<BTreeMap<String, String>>,
    fetched: Option<Vec<WrittenFetched>>,
    #[serde(default)]
    asked: bool,
    #[serde(default)]
    instructions: Vec<WrittenItem>,
    #[serde(default)]
    tools: Vec<WrittenItem>,
    #[serde(default)]
    prompts: Vec<WrittenItem>,
    #[serde(default)]
    resources: Vec<WrittenItem>,
    #[serde(default)]
    templates: Vec<WrittenItem>,
    text: Option<String>,
}

fn one() -> usize {
    1
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    New,
    Accepted,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFetched {
    from: String,
    name: String,
    spec: String,
    version: Option<String>,
    integrity: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenItem {
    name: Spanned<String>,
    sha256: String,
    forced: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// How a block begins.
const BLOCK: &str = "[[server]]";

/// Reads a lock.
///
/// # Errors
/// It is damaged, was merged and not finished, or was written by a newer version.
pub fn read(name: &str, text: &str) -> Result<Lock, LockError> {
    parse(text).map_err(|wrong| {
        let at = LineIndex::new(text).position(text, wrong.at.min(text.len()));
        LockError { file: name.to_owned(), line: at.line, column: at.column, message: wrong.message }
    })
}

/// What to do about a damaged file.
const HELP: &str = "take it from version control again, or remove it to start over, which approves nothing";

fn parse(text: &str) -> Result<Lock, Wrong> {
    unmerged(text)?;
    let pieces = pieces(text);
    let (start, head) = pieces[0];
    let version: Head = toml::from_str(head).map_err(|error| {
        let at = error.span().map_or(start, |span| start + span.start);
        Wrong::new(at, format!("no lock of mcpscan ({}); {HELP}", error.message()))
    })?;
    if version.version != VERSION {
        let newer = "written by another version of this program";
        return Err(Wrong::new(
            0,
            format!("{newer} (format {}, this one reads {VERSION}); use that one", version.version),
        ));
    }
    let left = AtomicUsize::new(LARGEST);
    let read = parallel::over(&pieces[1..], 8, |pieces| {
        pieces.iter().map(|(start, piece)| block(*start, piece, &left)).collect::<Vec<_>>()
    });
    let mut servers = Vec::new();
    for servers_of_piece in read {
        servers.extend(servers_of_piece?);
    }
    let mut seen: HashMap<&Key, Span> = HashMap::new();
    for server in &servers {
        if seen.insert(&server.key, server.at).is_some() {
            let message =
                format!("server `{}` of {} stands twice; keep one of them", server.key.name, server.key.config);
            return Err(Wrong::new(server.at.start, message));
        }
    }
    servers.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(Lock { servers })
}

/// Marks that git leaves where a person has to decide.
fn unmerged(text: &str) -> Result<(), Wrong> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|mark| line.starts_with(mark)) {
            let message = "a merge that is not finished; of whole blocks keep both sides, of one server keep one, and run \
                           `mcpscan lock --check`";
            return Err(Wrong::new(at, message));
        }
        at += line.len();
    }
    Ok(())
}

/// What stands before the first block, and each block, with where it begins. Each is TOML of its own.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(BLOCK) {
            starts.push(at);
        }
        at += line.len();
    }
    starts.push(text.len());
    starts.windows(2).map(|pair| (pair[0], &text[pair[0]..pair[1]])).collect()
}

fn block(start: usize, text: &str, left: &AtomicUsize) -> Result<Vec<Server>, Wrong> {
    let block: Block = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(start, |span| start + span.start);
        Wrong::new(at, format!("{}; {HELP}", error.message()))
    })?;
    block.server.into_iter().map(|written| server(written, start, left)).collect()
}

fn server(written: Written, start: usize, left: &AtomicUsize) -> Result<Server, Wrong> {
    let span = |span: std::ops::Range<usize>| Span::new(start + span.start, start + span.end);
    let at = span(written.name.span());
    let wrong = |message: &str| Wrong::new(at.start, format!("server `{}`: {message}; {HELP}", written.name.get_ref()));
    let marks = |marks: &Option<BTreeMap<String, String>>| {
        let marks = marks.iter().flatten();
        marks.map(|(name, word)| Some((name.clone(), Mark::of(word)?))).collect::<Option<BTreeMap<_, _>>>()
    };
    let has_start = written.command.is_some() || written.url.is_some() || written.others.is_some();
    let (env, headers) = match (marks(&written.env), marks(&written.headers)) {
        (Some(env), Some(headers)) => (env, headers),
        _ => return Err(wrong("a variable or header is neither `set`, `reference` nor `empty`")),
    };
    let fetched = written.fetched.unwrap_or_default().into_iter().map(|one| {
        let WrittenFetched { from, name, spec, version, integrity } = one;
        Fetched { from, name, spec, version, integrity }
    });
    let fetched: Vec<Fetched> = fetched.collect();
    let launch = Start {
        command: written.command.unwrap_or_default(),
        urls: written.url.unwrap_or_default(),
        env,
        headers,
        others: written.others.unwrap_or_default(),
        fetched,
    };
    let lists = [written.instructions, written.tools, written.prompts, written.resources, written.templates];
    let listed = LISTS.iter().zip(lists).flat_map(|((list, _), items)| items.into_iter().map(|item| (*list, item)));
    let mut unpacked = unpack(written.text.as_deref().unwrap_or_default(), left).map_err(wrong)?.into_iter();
    let mut offers = Vec::new();
    for (list, item) in listed {
        let at = span(item.name.span());
        let name = item.name.into_inner();
        let wrong = |message: &str| Wrong::new(at.start, format!("`{name}`: {message}; {HELP}"));
        let fits = |(own_list, own_name, _): &(String, String, _)| own_list == list && *own_name == name;
        let (_, _, fields) = unpacked.next().filter(fits).ok_or_else(|| wrong("`text` does not hold what it said"))?;
        let shown = fields
            .iter()
            .all(|(path, text)| item.fields.get(path).map_or(path == "name", |digest| *digest == short(text)));
        if digest_of(list, &fields) != item.sha256 || !shown || item.fields.len() > fields.len() {
            return Err(wrong("its digests are not those of its text"));
        }
        offers.push(Item { list, name, fields, digest: item.sha256, forced: item.forced, at });
    }
    if unpacked.next().is_some() || !written.asked && !offers.is_empty() {
        return Err(wrong("`text` holds more than is listed"));
    }
    super::offers::sort(&mut offers);
    let key = Key {
        client: written.client.clone().filter(|_| written.config.is_empty()),
        config: written.config,
        project: written.project,
        name: written.name.into_inner(),
        copy: written.copy,
    };
    Ok(Server {
        start: (has_start || !key.config.is_empty()).then_some(launch),
        key,
        client: written.client,
        accepted: matches!(written.state, State::Accepted),
        forced: written.forced,
        offers: written.asked.then_some(offers),
        at,
    })
}

/// What servers say is bounded when it is asked for; a lock may be somebody else's, and a few of its bytes unfold to many.
const LARGEST: usize = 256 << 20;

type Unpacked = Vec<(String, String, Vec<(String, String)>)>;

/// The items of a packed text, which takes its size from what is `left` for the whole file.
fn unpack(packed: &str, left: &AtomicUsize) -> Result<Unpacked, &'static str> {
    if packed.is_empty() {
        return Ok(Vec::new());
    }
    const DAMAGED: &str = "its `text` is damaged";
    let bytes = STANDARD.decode(packed).map_err(|_| DAMAGED)?;
    let limit = left.load(Ordering::Relaxed);
    let bytes = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&bytes, limit).map_err(|_| DAMAGED)?;
    let fits = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes.len()));
    fits.map_err(|_| "its `text` unfolds to more than a lock may hold")?;
    let text = String::from_utf8(bytes).map_err(|_| DAMAGED)?;
    let mut items: Unpacked = Vec::new();
    for line in text.lines() {
        match line.strip_prefix('\t') {
            Some(field) => {
                let (path, value) = field.split_once('\t').ok_or(DAMAGED)?;
                let path = serde_json::from_str(path).map_err(|_| DAMAGED)?;
                items.last_mut().ok_or(DAMAGED)?.2.push((path, value.to_owned()));
            }
            None => {
                let (list, name) = line.split_once(' ').ok_or(DAMAGED)?;
                items.push((list.to_owned(), serde_json::from_str(name).map_err(|_| DAMAGED)?, Vec::new()));
            }
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_unfolds_to_no_more_than_it_may() {
        let packed =
            STANDARD.encode(miniz_oxide::deflate::compress_to_vec_zlib(b"tools \"a\"\n\t\"name\"\t\"a\"\n", 6));
        let left = AtomicUsize::new(40);
        assert_eq!(unpack(&packed, &left).map(|items| items.len()), Ok(1));
        assert!(left.load(Ordering::Relaxed) < 40);
        assert!(unpack(&packed, &left).is_err(), "the next block has what is left");
        for broken in ["x", "AAAA", &packed[..8]] {
            assert!(unpack(broken, &AtomicUsize::new(1 << 20)).is_err(), "{broken}");
        }
    }
}

//! Arguments of `docker run` and its kin.

use super::grammar::ContainerRunner;
use crate::config::{Part, Spanned, parts};
use crate::document::Span;

/// A container image that is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The program that runs it.
    pub runner: String,
    /// The reference as written.
    pub reference: Spanned,
    /// Its name with registry, without tag and digest.
    pub name: String,
    /// Its tag.
    pub tag: Option<String>,
    /// Whether a full digest fixes it.
    pub digest: bool,
    /// Whether a variable decides what it is.
    pub unknown: bool,
    /// The options before the image, in their order.
    pub options: Vec<ContainerOption>,
}

/// An option of `docker run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerOption {
    /// Its long name, whichever was written: `--volume` for `-v`.
    pub name: String,
    /// Its value, however it was attached; nothing for a flag.
    pub value: Option<Spanned>,
    /// Where it stands: its value, or the flag itself.
    pub span: Span,
}

impl Image {
    /// The values of an option, in their order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Spanned> {
        self.options.iter().filter(move |option| option.name == name).filter_map(|option| option.value.as_ref())
    }

    /// Whether it is only taken from this machine: nothing is pulled, or its name is one of podman's own.
    pub fn is_local(&self) -> bool {
        let pull = self.values("--pull").last().is_some_and(|pull| pull.text == "never");
        pull || self.name.starts_with("localhost/") || self.name == "sha256"
    }

    /// Where a flag is set: given, and not as `--flag=false`.
    pub fn flag(&self, name: &str) -> Option<Span> {
        let set = |option: &&ContainerOption| {
            let value = option.value.as_ref().map(|value| value.text.to_ascii_lowercase());
            option.name == name && !matches!(value.as_deref(), Some("false" | "f" | "0"))
        };
        self.options.iter().rfind(set).map(|option| option.span)
    }
}

/// The image of a `run` command, if it is one, and the words behind it.
pub(super) fn parse<'a>(runner: &ContainerRunner, name: &str, args: &'a [Spanned]) -> Option<(Image, &'a [Spanned])> {
    let mut at = 0;
    loop {
        let text = args.get(at)?.text.as_str();
        at += 1;
        if runner.global_values.iter().any(|option| option == text) {
            at += 1;
        } else if runner.subcommands.iter().any(|subcommand| subcommand == text) {
            break;
        } else if !text.starts_with('-') && text != "container" {
            return None;
        }
    }
    let mut options = Vec::new();
    while let Some(arg) = args.get(at) {
        let text = arg.text.trim();
        at += 1;
        if text == "--" {
            continue;
        }
        if !text.starts_with('-') {
            return Some((image(name, arg, options), &args[at..]));
        }
        let rest =
            if text.starts_with("--") { long(runner, arg, &mut options) } else { short(runner, arg, &mut options) };
        if let Some(name) = rest {
            options.extend(args.get(at).map(|value| with_value(runner, name, value.clone())));
            at += 1;
        }
    }
    None
}

/// `--name`, `--name=value`; its name if the value is the next word.
fn long<'a>(runner: &ContainerRunner, arg: &'a Spanned, options: &mut Vec<ContainerOption>) -> Option<&'a str> {
    let text = arg.text.trim();
    // People also write `--name value` as one word. The runtime refuses that, a reader does not.
    match text.find(|c: char| c == '=' || c.is_whitespace()) {
        Some(end) => {
            // There are blanks of more than a byte.
            let behind = end + text[end..].chars().next().map_or(1, char::len_utf8);
            options.push(with_value(runner, &text[..end], inside(arg, behind)));
            None
        }
        None if is_flag(runner, text) => {
            options.push(ContainerOption { name: canonical(runner, text), value: None, span: arg.span });
            None
        }
        None => Some(text),
    }
}

/// `-i`, `-it`, `-v value`, `-vvalue`, `-itv value`; the name of the last one if its value is the next word.
fn short<'a>(runner: &ContainerRunner, arg: &'a Spanned, options: &mut Vec<ContainerOption>) -> Option<&'a str> {
    let text = arg.text.trim();
    for (at, c) in text.char_indices().skip(1) {
        let name = format!("-{c}");
        let end = at + c.len_utf8();
        if is_flag(runner, &name) {
            options.push(ContainerOption { name: canonical(runner, &name), value: None, span: arg.span });
        } else if end == text.len() {
            return Some(&text[at..]);
        } else {
            let end = if text[end..].starts_with('=') { end + 1 } else { end };
            options.push(with_value(runner, &name, inside(arg, end)));
            return None;
        }
    }
    None
}

/// The image of a program that is no container runtime, and makes one of what it is given.
pub(super) fn of_options(
    runner: &ContainerRunner,
    name: &str,
    reference: &Spanned,
    options: Vec<ContainerOption>,
) -> Image {
    let named = |option: ContainerOption| ContainerOption { name: canonical(runner, &option.name), ..option };
    image(name, reference, options.into_iter().map(named).collect())
}

fn with_value(runner: &ContainerRunner, name: &str, value: Spanned) -> ContainerOption {
    ContainerOption { name: canonical(runner, name), span: value.span, value: Some(value) }
}

/// What follows in a word, counted without the blanks around it.
fn inside(arg: &Spanned, from: usize) -> Spanned {
    let leading = arg.text.len() - arg.text.trim_start().len();
    let rest = &arg.text[leading + from..];
    let text = rest.trim();
    let start = leading + from + (rest.len() - rest.trim_start().len());
    Spanned { span: arg.part(start, start + text.len()), text: text.to_owned() }
}

/// The long name of an option.
fn canonical(runner: &ContainerRunner, name: &str) -> String {
    let key = if name.starts_with('-') { name.to_owned() } else { format!("-{name}") };
    runner.names.get(&key).cloned().unwrap_or(key)
}

fn is_flag(runner: &ContainerRunner, option: &str) -> bool {
    runner.flags.iter().any(|flag| flag == option)
}

fn image(runner: &str, reference: &Spanned, options: Vec<ContainerOption>) -> Image {
    let text = reference.text.trim();
    let (named, digest) = text.split_once('@').map_or((text, None), |(named, digest)| (named, Some(digest)));
    let digest = digest
        .and_then(|digest| digest.strip_prefix("sha256:"))
        .is_some_and(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    // A colon before a slash is a port.
    let (name, tag) = match named.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')) {
        Some((name, tag)) => (name, Some(tag.to_owned())),
        None => (named, None),
    };
    let unknown = parts(text).iter().any(|part| !matches!(part, Part::Literal(_)));
    let (runner, name) = (runner.to_owned(), name.to_owned());
    Image { runner, name, tag, digest, unknown, options, reference: reference.clone() }
}

//! Arguments of `docker run` and its kin.

use super::grammar::ContainerRunner;
use crate::config::{Part, Spanned, parts};

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
}

/// The image of a `run` command, if it is one.
pub(super) fn parse(runner: &ContainerRunner, name: &str, args: &[Spanned]) -> Option<Image> {
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
    while let Some(arg) = args.get(at) {
        let text = arg.text.trim();
        at += 1;
        if text == "--" {
            continue;
        }
        if !text.starts_with('-') {
            return Some(image(name, arg));
        }
        if !is_flag(runner, text) && !text.contains('=') && !has_glued_value(runner, text) {
            at += 1;
        }
    }
    None
}

/// A boolean option, or several short ones together.
fn is_flag(runner: &ContainerRunner, text: &str) -> bool {
    let listed = |option: &str| runner.flags.iter().any(|flag| flag == option);
    if text.starts_with("--") {
        return listed(text);
    }
    text[1..].chars().all(|c| listed(&format!("-{c}")))
}

/// `-eNAME`, `-p8080:80`: the value is part of the word.
fn has_glued_value(runner: &ContainerRunner, text: &str) -> bool {
    if text.starts_with("--") {
        return false;
    }
    let option = text[1..].char_indices().find(|(_, c)| !runner.flags.iter().any(|flag| flag == &format!("-{c}")));
    option.is_some_and(|(at, c)| at + 1 + c.len_utf8() < text.len())
}

fn image(runner: &str, reference: &Spanned) -> Image {
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
    Image { runner: runner.to_owned(), name: name.to_owned(), tag, digest, unknown, reference: reference.clone() }
}

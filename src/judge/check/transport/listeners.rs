//! Servers that listen on more than this machine's own addresses.

use super::super::super::dangers::TransportDangers;
use super::super::super::entries::Scene;
use crate::config::Spanned;
use crate::finding::Finding;
use crate::rules::Packs;

/// Judges where one entry's server listens: once, whatever says it.
pub(super) fn listeners(scene: &Scene<'_>, packs: &Packs, dangers: &TransportDangers, findings: &mut Vec<Finding>) {
    // What listens in a container is reached through the ports that are published.
    if !scene.launch.images.is_empty() {
        return;
    }
    let Some((how, at)) = option(scene, dangers).or_else(|| variable(scene, dangers)) else { return };
    findings.extend(scene.finding(packs, "transport/open-listener", at.span, &at.text, |draft| draft.with("how", how)));
}

fn option(scene: &Scene<'_>, dangers: &TransportDangers) -> Option<(String, Spanned)> {
    let known = |option: &str| dangers.listen_options.iter().any(|known| known == option);
    for words in &scene.launch.commands {
        for (at, word) in words.iter().enumerate() {
            let (option, joined) = word.text.split_once('=').map_or((word.text.as_str(), None), |(o, v)| (o, Some(v)));
            if !option.starts_with('-') || !known(option) {
                continue;
            }
            let value = match joined {
                Some(value) => {
                    let span = word.part(option.len() + 1, word.text.len());
                    Some(Spanned { text: value.to_owned(), span })
                }
                None => words.get(at + 1).cloned(),
            };
            if let Some(value) = value.filter(|value| is_all(&value.text, dangers)) {
                return Some((format!("{option} {}", value.text), value));
            }
        }
    }
    None
}

fn variable(scene: &Scene<'_>, dangers: &TransportDangers) -> Option<(String, Spanned)> {
    let field = scene.entry.env.iter().find(|field| {
        dangers.listen_variables.iter().any(|known| known.eq_ignore_ascii_case(&field.name))
            && is_all(&field.value.text, dangers)
    })?;
    Some((format!("{}={}", field.name, field.value.text), field.value.clone()))
}

/// Whether an address, with or without a port, is all of this machine's.
fn is_all(address: &str, dangers: &TransportDangers) -> bool {
    let address = address.trim();
    let address = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
    let host = match address.rsplit_once(':') {
        // `:8080` is Go's way to say all.
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !host.ends_with(':') => {
            host
        }
        _ => address,
    };
    host.is_empty() && !address.is_empty() || dangers.all_addresses.iter().any(|known| known == host)
}

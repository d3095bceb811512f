//! `client/server-not-allowed`: servers that are on no list of those that settings allow.

use super::super::entries::Scene;
use crate::document::Span;
use crate::finding::Finding;
use crate::launch::{Image, Launch, Package, Pin, Via};
use crate::rules::Packs;
use crate::settings::{Allowed, Thing};
use crate::text::visible;

/// Judges what one entry comes to by each list. A server has to be on all of them.
pub(in crate::judge) fn allowed(scene: &Scene<'_>, packs: &Packs, lists: &[&Allowed], findings: &mut Vec<Finding>) {
    if lists.is_empty() {
        return;
    }
    let name = &scene.entry.name;
    let things = things(scene);
    for list in lists.iter().filter(|list| !list.permits_name(&name.text)) {
        let nothing = (Thing::Command(String::new()), "nothing that is known".to_owned(), name.span);
        let other = match things.iter().find(|(thing, ..)| !list.permits(&name.text, thing)) {
            Some(other) => other,
            None if things.is_empty() => &nothing,
            None => continue,
        };
        let (_, what, span) = other;
        findings.extend(scene.finding(packs, "client/server-not-allowed", *span, what, |draft| {
            draft.with("what", what.clone()).with("file", visible(&list.file))
        }));
    }
}

/// All that an entry comes to, with what it is called and where it stands. A command is one where nothing in it says
/// better what runs.
fn things<'a>(scene: &Scene<'a>) -> Vec<(Thing<'a>, String, Span)> {
    let (launch, entry): (&'a Launch, _) = (scene.launch, scene.entry);
    let mut things = Vec::new();
    for package in &launch.packages {
        let what = format!("the {} package `{}`", package.ecosystem.name(), visible(&package.name));
        things.push((Thing::Package(spellings(package)), what, package.spec.span));
    }
    for image in &launch.images {
        let what = format!("the image `{}`", visible(&image.name));
        things.push((Thing::Image(references(image)), what, image.reference.span));
    }
    for remote in launch.remotes.iter().filter(|remote| remote.via != Via::Server) {
        let host = if remote.host.is_empty() { "a variable" } else { &remote.host };
        let what = format!("an address at `{}`", visible(host));
        things.push((Thing::Url(&remote.url.text), what, remote.url.span));
    }
    let known: Vec<Span> = things.iter().map(|(_, _, span)| *span).collect();
    let mut commands: Vec<_> = launch.commands.iter().collect();
    let whole: Vec<_> = entry.command.iter().chain(&entry.args).cloned().collect();
    if commands.is_empty() && entry.command.is_some() {
        commands.push(&whole);
    }
    let says_more =
        |words: &[crate::config::Spanned]| words.iter().any(|word| known.iter().any(|span| word.span.contains(*span)));
    for words in commands.into_iter().filter(|words| !says_more(words)) {
        let Some(first) = words.first() else { continue };
        let line = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        let program = crate::launch::program_name(&first.text);
        things.push((Thing::Command(line), format!("the command `{}`", visible(&program)), first.span));
    }
    things
}

/// The ways to write a package. What comes from elsewhere than its registry is only its address.
fn spellings(package: &Package) -> Vec<String> {
    let mut names = vec![package.name.clone()];
    let registry = !matches!(package.pin, Pin::FixedSource | Pin::MovingSource | Pin::Local | Pin::Unknown);
    if registry {
        names.push(package.ecosystem.canonical(&package.name));
    }
    names.dedup();
    if let Pin::Exact(version) | Pin::Range(version) | Pin::Tag(version) = &package.pin {
        names.extend(names.clone().iter().map(|name| format!("{name}@{version}")));
    }
    let registered: Vec<String> = names.iter().map(|name| format!("{}:{name}", package.ecosystem.id())).collect();
    names.into_iter().chain(registered).collect()
}

fn references(image: &Image) -> Vec<String> {
    let written = image.reference.text.trim().to_owned();
    if image.unknown { vec![written] } else { vec![image.name.clone(), written] }
}

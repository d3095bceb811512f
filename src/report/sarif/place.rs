//! Where results are: files as URIs, characters as regions, tools and fields as logical places.

use serde_sarif::sarif::{ArtifactContent, ArtifactLocation, Location, LogicalLocation, PhysicalLocation, Region};

use crate::document::{Source, Span};
use crate::finding::Finding;
use crate::text::visible;
use crate::triage::Outcome;

/// What relative paths are relative to: code scanning fills in the root of the checkout.
pub(super) const ROOT: &str = "%SRCROOT%";

/// Every result has a file: what a server said points at the server's entry, and names the tool beside it.
pub(super) fn location(finding: &Finding, outcome: &Outcome) -> Location {
    let subject = &finding.subject;
    let mut location = Location::builder().build();
    location.physical_location = Some(match finding.place.file() {
        Some((source, span)) => physical(outcome.sources.get(source), span),
        // One result without a file has the whole log refused.
        None => beginning(subject.config.as_deref().unwrap_or("mcpscan")),
    });
    let parts: Vec<String> =
        [&subject.server, &subject.tool, &subject.field].into_iter().flatten().map(|part| visible(part)).collect();
    if let Some(last) = parts.last() {
        let logical =
            LogicalLocation::builder().name(last).fully_qualified_name(parts.join("/")).kind("member").build();
        location.logical_locations = Some(vec![logical]);
    }
    location
}

pub(super) fn physical(source: &Source, span: Span) -> PhysicalLocation {
    let span = source.clamp(span);
    let (start, end) = (source.position(span.start), source.position(span.end));
    let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let mut region = Region::builder()
        .start_line(number(start.line))
        .start_column(number(start.column))
        .end_line(number(end.line))
        .end_column(number(end.column))
        .build();
    if source.masked(span).is_empty() && span.len() <= 1000 {
        region.snippet = Some(ArtifactContent::builder().text(source.slice(span)).build());
    }
    PhysicalLocation::builder().artifact_location(artifact(&source.name)).region(region).build()
}

/// The first character of a file.
fn beginning(path: &str) -> PhysicalLocation {
    let region = Region::builder().start_line(1).start_column(1).end_line(1).end_column(1).build();
    PhysicalLocation::builder().artifact_location(artifact(path)).region(region).build()
}

/// A file by its path.
pub(super) fn artifact(path: &str) -> ArtifactLocation {
    let mut artifact = ArtifactLocation::builder().uri(uri(path)).build();
    if !is_absolute(path) {
        artifact.uri_base_id = Some(ROOT.to_owned());
    }
    artifact
}

fn is_absolute(path: &str) -> bool {
    // A drive's letter needs a stroke behind it: `a:b.json` is a file too.
    path.starts_with('/') || path.get(1..3) == Some(":/")
}

/// A path without the steps back that can be taken out of it; whoever reads a URI takes them out the same way.
fn straight(path: &str) -> String {
    // Most have none.
    if !path.contains("//") && !path.split('/').any(|part| matches!(part, "." | "..")) {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for (index, part) in path.split('/').enumerate() {
        match part {
            "." => {}
            // Two strokes before a server's name, and the one before the root.
            "" if index > 1 => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "..")) => {
                parts.pop();
            }
            ".." if parts.last() == Some(&"") => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A path as a URI: relative ones stay relative, with everything escaped that a URI can't hold.
fn uri(path: &str) -> String {
    let path = straight(path);
    let path = path.as_str();
    let mut escaped = String::with_capacity(path.len() + 8);
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                escaped.push(char::from(byte))
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    if path.starts_with('/') {
        // `//server/share` names its host itself.
        format!("file:{}{escaped}", if path.starts_with("//") { "" } else { "//" })
    } else if is_absolute(path) {
        format!("file:///{}", escaped.replacen("%3A", ":", 1))
    } else {
        escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a b/ü.json"), "a%20b/%C3%BC.json");
        assert_eq!(uri("./.mcp.json"), ".mcp.json");
        assert_eq!(uri("/home/x/a.json"), "file:///home/x/a.json");
        assert_eq!(uri("/home/x/../y/./z//a.json"), "file:///home/y/z/a.json");
        assert_eq!(uri("/../a.json"), "file:///a.json");
        assert_eq!(uri("../a/../b.json"), "../b.json");
        assert_eq!(uri("C:/x/a.json"), "file:///C:/x/a.json");
        assert_eq!(uri("//server/x/a.json"), "file://server/x/a.json");
        assert_eq!(uri(r"a\b.json"), "a%5Cb.json", "a name like any other where strokes stand between folders");
        assert_eq!(uri("a:b.json"), "a%3Ab.json");
    }
}

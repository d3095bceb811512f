//! What holds for every text of a server.

use std::cell::OnceCell;

use mcpscan::connect::read_saved;
use mcpscan::document::{Source, Sources};
use mcpscan::finding::Place;
use mcpscan::judge;
use mcpscan::pipeline::Tables;
use mcpscan::rules::TextEngine;
use mcpscan::text::{Normalised, decode, is_hazard, normalise, runs, shown, visible};

/// Any text as a text of a tool: everything that is found in it stands on characters, and nothing that is shown does any
/// harm.
pub fn normalised(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    leads_back(&text, &normalise(&text));
    if let Some(shown) = shown(&text) {
        leads_back(&text, &shown);
        // A page shows letters of the text and no others.
        let letters = |text: &str| text.bytes().filter(u8::is_ascii_alphanumeric).count();
        assert!(!text.is_ascii() || letters(&shown.text) <= letters(&text), "{text:?}");
    }
    for decoded in decode(&text) {
        assert!(text.get(decoded.range.clone()).is_some(), "{:?}", decoded.range);
        assert!(!decoded.text.is_empty());
    }
    for run in runs(&text) {
        assert!(text.get(run.range.clone()).is_some(), "{:?}", run.range);
    }
    assert!(!visible(&text).chars().any(is_hazard));
}

/// Every part of what was read stands for a part of the original.
fn leads_back(text: &str, read: &Normalised) {
    let places: Vec<usize> = read.text.char_indices().map(|(at, _)| at).chain([read.text.len()]).collect();
    let step = places.len() / 64 + 1;
    for (index, start) in places.iter().enumerate().step_by(step) {
        let end = places[(index + step).min(places.len() - 1)];
        let original = read.original(*start..end);
        assert!(text.get(original.clone()).is_some(), "{original:?} of {text:?}");
    }
    // What was normalised once is as it should be.
    assert!(read.text.len() <= 64 * (text.len() + 1));
}

thread_local! {
    static JUDGE: OnceCell<(Tables, TextEngine)> = const { OnceCell::new() };
}

/// Any text as a saved list, or as a description: whatever is found has a place and a sentence without a gap.
pub fn judged(data: &[u8]) {
    JUDGE.with(|ready| {
        let (tables, engine) = ready.get_or_init(|| {
            let tables = Tables::load(Vec::new()).unwrap();
            let engine = TextEngine::new(&tables.packs);
            (tables, engine)
        });
        let text = String::from_utf8_lossy(data);
        let list = serde_json::json!([{ "name": "x", "description": text }]).to_string();
        for list in [list, text.into_owned()] {
            let mut sources = Sources::default();
            let id = sources.add(Source::new("x.ndjson", list));
            let (catalogs, _) = read_saved(id, sources.get(id));
            for finding in judge::texts(&catalogs, &sources, &tables.packs, engine) {
                let Place::Answer { excerpt, .. } = &finding.place else { continue };
                assert!(excerpt.text.get(excerpt.mark.clone()).is_some(), "{finding:?}");
                let (file, span) = finding.place.file().expect("a saved list is a file");
                let text = &sources.get(file).text;
                assert!(text.get(span.start..span.end).is_some(), "{finding:?}");
                assert!(!finding.message.is_empty());
            }
        }
    });
}

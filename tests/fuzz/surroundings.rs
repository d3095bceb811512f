//! What holds for every file that lies around a config.

use mcpscan::document::Source;
use mcpscan::surroundings::{parse_script, said_in, tracked};

/// Any bytes as git's index: whoever is asked about has an answer, or nobody has.
pub fn index(data: &[u8]) {
    let paths: [&[u8]; 4] = [b".mcp.json", b"", b"a/b", b".mcp.json"];
    if let Some(listed) = tracked(data, &paths) {
        assert_eq!(listed.len(), paths.len());
        assert_eq!(listed[0], listed[3], "the same file");
        assert!(!listed[1], "no file has no name");
        // It stands there byte for byte, or in version 4 the end of it.
        assert!(!listed[0] || data.windows(2).any(|part| part == b"n\0"));
        assert_eq!(tracked(data, &paths[..1]).map(|alone| alone[0]), Some(listed[0]), "whoever else is asked about");
    }
}

/// Any bytes as a Python script: every dependency stands where it is said to.
pub fn script(data: &[u8]) {
    let Some(script) = parse_script(data) else { return };
    for dependency in script.dependencies {
        let written = std::str::from_utf8(data).ok().and_then(|text| text.get(dependency.range.clone()));
        let written = written.expect("a dependency stands in the file, on characters");
        let quoted = written.starts_with(['\'', '"']) && written.ends_with(['\'', '"']);
        assert!(quoted, "{:?} stands at {written:?}", dependency.text);
    }
}

/// Any text as a file that says versions; the first line is its name.
pub fn versions(data: &[u8]) {
    let source = Source::new("", data);
    let (name, text) = source.text.split_once('\n').unwrap_or((&source.text, ""));
    for (package, version) in said_in(name, text, &["a", "b"]) {
        assert!(["a", "b"].contains(&package.as_str()), "{package}");
        // What is written into a help can be read.
        assert!(version.len() <= 64 && version.bytes().all(|byte| byte.is_ascii_graphic()), "{version:?}");
    }
}

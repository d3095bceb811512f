//! `yarn.lock`, which is a format of its own (classic) or close to YAML (berry). Both write a line of what was asked for,
//! and below it, further in, a line for each thing that came of it.

use super::Found;
use super::node::{is_of_registry, split};

/// Reads either.
pub(super) fn yarn_lock(text: &str, found: &mut Found<'_>) {
    // The name that was asked for, and its version and source as far as they were told.
    let mut block: Option<Block<'_>> = None;
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            block.take().into_iter().for_each(|block| block.tell(found));
            block = line.strip_suffix(':').map(|asked| Block { asked, version: "", source: None, integrity: None });
            continue;
        }
        let Some(block) = &mut block else { continue };
        // Deeper lines are what the package needs itself.
        let Some((key, value)) = line.strip_prefix("  ").and_then(|line| line.split_once(' ')) else { continue };
        let value = value.trim().trim_matches('"');
        match key.trim_end_matches(':') {
            "version" => block.version = value,
            "resolved" | "resolution" => block.source = Some(value),
            // Berry has a checksum of the archive that it packs itself, which another of its versions packs otherwise.
            "integrity" => block.integrity = Some(value),
            _ => {}
        }
    }
    block.into_iter().for_each(|block| block.tell(found));
}

struct Block<'a> {
    asked: &'a str,
    version: &'a str,
    source: Option<&'a str>,
    /// Classic's: what the registry says.
    integrity: Option<&'a str>,
}

impl Block<'_> {
    fn tell(&self, found: &mut Found<'_>) {
        // `"@acme/mcp@^1.0.0, @acme/mcp@latest"`, and each in quotes of its own before berry.
        let first = self.asked.split(',').next().unwrap_or_default().trim().trim_matches('"');
        // The version that was asked for may hold an `@` of its own.
        let end = first.get(1..).and_then(|rest| rest.find('@')).map_or(first.len(), |at| at + 1);
        let (asked, spec) = first.split_at(end);
        let spec = spec.trim_start_matches('@');
        let name = match self.source {
            Some(source) => match source.split_once("@npm:") {
                // Berry says the real name and version.
                Some((name, version)) if version == self.version => name,
                Some(_) => return,
                None if source.starts_with("https://") || source.starts_with("http://") => {
                    if !is_of_registry(spec) {
                        return;
                    }
                    spec.strip_prefix("npm:").and_then(split).map_or(asked, |(real, _)| real)
                }
                None => return,
            },
            // Classic leaves it out where a mirror decides.
            None if is_of_registry(spec) && !spec.starts_with("npm:") => asked,
            None => return,
        };
        found.add(name, self.version);
        found.seal(name, self.version, self.integrity);
    }
}

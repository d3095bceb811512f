//! Globs of settings: `*` any characters, `?` one, `[ab]`, `{a,b}`; in paths and addresses `**` goes over several folders.

use globset::{GlobBuilder, GlobMatcher};

/// A glob that was read.
#[derive(Clone, Debug)]
pub struct Pattern {
    written: String,
    matcher: GlobMatcher,
}

impl Pattern {
    /// For names and commands, in which a stroke is a character like any other.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn name(text: &str) -> Result<Self, String> {
        Self::new(text, false)
    }

    /// For paths and addresses, in which `*` ends at a stroke.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn path(text: &str) -> Result<Self, String> {
        Self::new(text, true)
    }

    fn new(text: &str, separated: bool) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty pattern fits nothing".to_owned());
        }
        // A stroke before a character makes it plain, on every system alike.
        let mut builder = GlobBuilder::new(text);
        let glob = builder.literal_separator(separated).backslash_escape(true).build();
        let glob = glob.map_err(|error| format!("`{text}` is no pattern: {}", error.kind()))?;
        Ok(Self { written: text.to_owned(), matcher: glob.compile_matcher() })
    }

    /// Whether a text fits.
    pub fn fits(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_end_at_strokes_only_in_paths() {
        assert!(Pattern::name("@acme/*").unwrap().fits("@acme/a/b"));
        assert!(!Pattern::path("a/*").unwrap().fits("a/b/c"));
        assert!(Pattern::path("**/c").unwrap().fits("a/b/c") && Pattern::path("a/**").unwrap().fits("a/b/c"));
        assert!(Pattern::name("").is_err() && Pattern::name("[").is_err());
        assert!(Pattern::name("a*").unwrap().fits("a\nb"), "a line's end is a character");
    }
}

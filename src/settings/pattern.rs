//! Globs of settings: `*` any characters, `?` one, `[ab]`, `{a,b}`; in paths and addresses `**` goes over several folders.

use globset::GlobBuilder;
use regex::bytes::{Regex, RegexBuilder};

/// A glob that was read.
#[derive(Clone, Debug)]
pub struct Pattern {
    written: String,
    matcher: Regex,
}

/// Longer patterns are no names.
const LONGEST: usize = 1024;
/// More choices in one pattern are a list.
const MOST_CHOICES: usize = 16;
/// A pattern may take this much memory, in bytes.
const LARGEST: usize = 1 << 20;

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
        if text.len() > LONGEST || text.matches('{').count() > MOST_CHOICES {
            let start: String = text.chars().take(20).collect();
            return Err(format!(
                "`{start}…` is too much for one pattern: at most {LONGEST} bytes and {MOST_CHOICES} choices in braces; write several"
            ));
        }
        // A stroke before a character makes it plain, on every system alike.
        let mut builder = GlobBuilder::new(text);
        let glob = builder.literal_separator(separated).backslash_escape(true).build();
        let glob = glob.map_err(|error| format!("`{text}` is no pattern: {}", error.kind()))?;
        let matcher = RegexBuilder::new(glob.regex()).dot_matches_new_line(true).size_limit(LARGEST).build();
        let matcher = matcher.map_err(|_| format!("`{text}` is too much for one pattern"))?;
        Ok(Self { written: text.to_owned(), matcher })
    }

    /// Whether a text fits.
    pub fn fits(&self, text: &str) -> bool {
        self.matcher.is_match(text.as_bytes())
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
    fn what_is_too_much_is_an_error() {
        for text in
            ["?".repeat(200_000), "{a,".repeat(200) + "a" + &"}".repeat(200), "{".repeat(9) + "a" + &"}".repeat(9)]
        {
            assert!(Pattern::name(&text).is_err() || text.len() < 30);
            assert!(Pattern::path(&text).is_err() || text.len() < 30);
        }
        assert!(Pattern::name(&"?".repeat(LONGEST)).is_ok_and(|all| all.fits(&"x".repeat(LONGEST))));
    }

    #[test]
    fn stars_end_at_strokes_only_in_paths() {
        assert!(Pattern::name("@acme/*").unwrap().fits("@acme/a/b"));
        assert!(!Pattern::path("a/*").unwrap().fits("a/b/c"));
        assert!(Pattern::path("**/c").unwrap().fits("a/b/c") && Pattern::path("a/**").unwrap().fits("a/b/c"));
        assert!(Pattern::name("").is_err() && Pattern::name("[").is_err());
        assert!(Pattern::name("a*").unwrap().fits("a\nb"), "a line's end is a character");
    }
}

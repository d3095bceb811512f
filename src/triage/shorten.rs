//! Names and sentences short enough for a report. A name of megabytes would stand in it once a finding, once a format.
//!
//! Whatever decides by names has decided before: fingerprints, ignores and baselines go by the whole. Names that differ
//! still differ when they are cut, since the cut is followed by how long the whole is and by a digest of it, and since
//! what is cut is always longer than what is not.

use super::{Coverage, ServerCoverage};
use crate::finding::{Finding, Subject, digest};
use crate::text::visible;

/// A longer name is cut, in characters.
const LONGEST_NAME: usize = 200;
/// A longer place is cut: some systems have paths as long as this.
const LONGEST_PLACE: usize = 4096;
/// A longer sentence is cut. Those of ours are much shorter, so what is lost was said by somebody else.
const LONGEST_SENTENCE: usize = 2000;
/// Digits of the digest behind a cut name.
const DIGITS: usize = 16;

/// Cuts what is too long in findings and in what is said of the servers.
pub(super) fn shorten(findings: &mut [Finding], coverage: &mut Coverage) {
    for finding in findings {
        let mut names = Names::default();
        finding.path.iter_mut().for_each(|subject| names.subject(subject));
        names.subject(&mut finding.subject);
        let related = finding.related.iter_mut().map(|(_, why)| why);
        for text in [&mut finding.message, &mut finding.help].into_iter().chain(related) {
            names.sentence(text);
        }
    }
    for server in &mut coverage.servers {
        let ServerCoverage { client, server, config, reason, .. } = server;
        let mut names = Names::default();
        names.name(server, LONGEST_NAME);
        names.optional(client, LONGEST_NAME);
        names.optional(config, LONGEST_PLACE);
        reason.iter_mut().for_each(|reason| names.sentence(reason));
    }
    let reasons = coverage.configs.iter_mut().filter_map(|config| config.reason.as_mut());
    let notes = coverage.notes.iter_mut().map(|note| &mut note.message);
    reasons.chain(notes).for_each(|text| Names::default().sentence(text));
}

/// The names of a finding that were cut, each with what is left of it.
#[derive(Default)]
struct Names(Vec<(String, String)>);

impl Names {
    fn subject(&mut self, subject: &mut Subject) {
        let Subject { client, server, tool, field, config } = subject;
        for name in [client, server, tool, field] {
            self.optional(name, LONGEST_NAME);
        }
        self.optional(config, LONGEST_PLACE);
    }

    fn optional(&mut self, name: &mut Option<String>, longest: usize) {
        name.iter_mut().for_each(|name| self.name(name, longest));
    }

    fn name(&mut self, name: &mut String, longest: usize) {
        if let Some(short) = shortened(name, longest) {
            let whole = std::mem::replace(name, short.clone());
            self.0.push((whole, short));
        }
    }

    /// Cuts a sentence in its names, so that what is said of them stays; only then where it is too long all the same.
    fn sentence(&self, text: &mut String) {
        if end(text, LONGEST_SENTENCE).is_none() {
            return;
        }
        for (whole, short) in &self.0 {
            *text = text.replace(whole, short).replace(&visible(whole), &visible(short));
        }
        if let Some(end) = end(text, LONGEST_SENTENCE) {
            text.truncate(end);
            text.push('…');
        }
    }
}

/// The beginning of a name that is too long, and what tells it from others that begin alike.
fn shortened(name: &str, longest: usize) -> Option<String> {
    let end = end(name, longest)?;
    let count = name.chars().count();
    Some(format!("{}… ({count} characters, {})", &name[..end], &digest(&[name])[..DIGITS]))
}

/// Where the character after the last one that fits begins.
fn end(text: &str, longest: usize) -> Option<usize> {
    // Most are that short in bytes.
    if text.len() <= longest { None } else { text.char_indices().nth(longest).map(|(at, _)| at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sentences_are_cut_in_their_names_first() {
        let whole = "日".repeat(5000);
        let mut name = whole.clone();
        let mut names = Names::default();
        names.name(&mut name, LONGEST_NAME);
        let mut said = format!("tool `{whole}` does it");
        names.sentence(&mut said);
        assert_eq!(said, format!("tool `{name}` does it"));
        assert!(said.contains("日… (5000 characters, ") && said.ends_with(")` does it"), "{said}");
        let mut other = "é".repeat(2001);
        names.sentence(&mut other);
        assert_eq!(other, "é".repeat(2000) + "…");
    }

    proptest! {
        #[test]
        fn names_that_differ_still_differ(one in "[aé日]{195,205}", other in "[aé日]{195,205}", tail in "[a(…]{0,9}") {
            let cut = |name: &str| shortened(name, LONGEST_NAME).unwrap_or_else(|| name.to_owned());
            prop_assert_eq!(cut(&one) == cut(&other), one == other);
            let longer = format!("{one}{tail}");
            prop_assert_eq!(cut(&one) == cut(&longer), tail.is_empty());
            // What is cut looks like nothing that is not.
            let again = cut(&cut(&longer));
            prop_assert!(again == longer || again != cut(&longer));
            prop_assert!(cut(&longer).chars().count() <= LONGEST_NAME + 50);
        }
    }
}

//! Makes findings. A draft comes from a rule, so no finding names a rule that isn't there, and it needs a place.

use super::Rule;
use super::schema::Words;
use crate::finding::{Confidence, Evidence, Finding, Fingerprint, Place, Severity, Subject};

/// A finding in the making.
pub struct Draft<'r> {
    rule: &'r Rule,
    place: Place,
    subject: Subject,
    severity: Severity,
    confidence: Confidence,
    evidence: Option<Evidence>,
    help: Option<String>,
    related: Vec<(Place, String)>,
    path: Vec<Subject>,
    particulars: Vec<(&'static str, String)>,
}

impl Rule {
    /// Begins a finding of this rule.
    pub fn at(&self, place: Place, subject: Subject) -> Draft<'_> {
        Draft {
            rule: self,
            place,
            subject,
            severity: self.severity,
            confidence: self.confidence,
            evidence: None,
            help: None,
            related: Vec::new(),
            path: Vec::new(),
            particulars: Vec::new(),
        }
    }
}

impl Draft<'_> {
    /// Fills `{name}` in the rule's sentences.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.particulars.push((name, value.into()));
        self
    }

    /// What matched.
    #[must_use]
    pub fn evidence(mut self, evidence: Evidence) -> Self {
        self.evidence = Some(evidence);
        self
    }

    /// What to do, where more is known than the rule can say.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Another severity than the rule's.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Another confidence than the rule's.
    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Another place that belongs to it.
    #[must_use]
    pub fn related(mut self, place: Place, why: impl Into<String>) -> Self {
        self.related.push((place, why.into()));
        self
    }

    /// Whom it leads through.
    #[must_use]
    pub fn path(mut self, path: impl IntoIterator<Item = Subject>) -> Self {
        self.path = path.into_iter().collect();
        self
    }

    /// The finding.
    pub fn build(self) -> Finding {
        Finding {
            message: fill(&self.rule.message, &self.particulars),
            help: self.help.unwrap_or_else(|| fill(&self.rule.fix, &self.particulars)),
            rule: self.rule.id.clone(),
            severity: self.severity,
            confidence: self.confidence,
            place: self.place,
            related: self.related,
            path: self.path,
            subject: self.subject,
            evidence: self.evidence,
            fingerprint: Fingerprint::default(),
            suppressed: None,
        }
    }
}

/// One pass over the template, so that a value with braces of its own is never filled again.
fn fill(template: &str, particulars: &[(&'static str, String)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        let name = rest.find('}').map(|close| &rest[1..close]);
        match name.and_then(|name| particulars.iter().find(|(known, _)| *known == name)) {
            Some((known, value)) => {
                filled.push_str(value);
                rest = &rest[known.len() + 2..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// A template for a reader who has no finding yet: `{package}` becomes `<package>`, or what the words say of it.
pub(super) fn generic(template: &str, words: &Words) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let name = rest[open + 1..].split('}').next().unwrap_or_default();
        let is_name = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            && rest.len() > open + name.len() + 1;
        text.push_str(&rest[..open]);
        if is_name {
            match words.get(name) {
                Some(word) => text.push_str(word),
                None => text.push_str(&format!("<{name}>")),
            }
            rest = &rest[open + name.len() + 2..];
        } else {
            text.push('{');
            rest = &rest[open + 1..];
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_once() {
        let particulars = [("a", "{b}".to_owned()), ("b", "B".to_owned())];
        assert_eq!(fill("{a} {b} {c} {", &particulars), "{b} B {c} {");
        let words = Words::from([("known".to_owned(), "what is known".to_owned())]);
        assert_eq!(
            generic("`{exact-spec}` and {{x}} {, {known}.", &words),
            "`<exact-spec>` and {<x>} {, what is known."
        );
    }
}

//! The page of a rule, from its entry.

use std::fmt::Write;

use super::Rule;

/// What `mcpscan explain RULE` prints.
pub fn explain(rule: &Rule) -> String {
    let mut page = String::new();
    let mut line = |text: String| {
        // Writing into a String can't fail.
        let _ = writeln!(page, "{text}");
    };
    line(format!("{}: {}", rule.id, rule.title));
    line(format!("severity {}, confidence {}, since {}", rule.severity, rule.confidence, rule.since));
    for (heading, text) in [
        ("What it finds", &rule.what),
        ("Why it matters", &rule.why),
        ("How it is exploited", &rule.exploit),
        ("What to do", &rule.usual_fix),
    ] {
        line(format!("\n{heading}"));
        for wrapped in wrap(text.trim(), 78) {
            line(format!("  {wrapped}"));
        }
    }
    for (heading, examples) in [("Found", &rule.true_examples), ("Left alone", &rule.false_examples)] {
        line(format!("\n{heading}"));
        for example in examples.iter().take(3) {
            line(format!("  {}", crate::text::visible(example.trim())));
        }
    }
    line("\nReferences".to_owned());
    for reference in &rule.references {
        line(format!("  {reference}"));
    }
    let tags = rule.owasp.iter().map(|id| format!("OWASP {id}")).chain(rule.cwe.iter().map(|id| format!("CWE-{id}")));
    line(format!("  {}", tags.collect::<Vec<_>>().join(", ")));
    page
}

/// Breaks text at blanks so that no line is wider, as far as its words allow.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line)
                if unicode_width::UnicodeWidthStr::width(line.as_str())
                    + 1
                    + unicode_width::UnicodeWidthStr::width(word)
                    <= width =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

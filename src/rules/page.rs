//! The pages of rules for `docs/rules`, from their entries: one a rule, and one that lists them.

use std::fmt::Write;

use super::{Pack, Packs, Rule};

/// A file of the documentation: its path below the folder, and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// `README.md`, or `pack/name.md`.
    pub path: String,
    /// Markdown.
    pub text: String,
}

/// All pages, the list first.
pub fn pages(packs: &Packs) -> Vec<Page> {
    let mut pages = vec![Page { path: "README.md".to_owned(), text: list(packs.packs()) }];
    for rule in packs.rules() {
        pages.push(Page { path: format!("{}.md", rule.id), text: page(rule) });
    }
    pages
}

fn list(packs: &[Pack]) -> String {
    let rules: usize = packs.iter().map(|pack| pack.rules.len()).sum();
    let mut text = format!(
        "# Rules\n\n{rules} rules in {} packs. `mcpscan explain RULE` prints any of them; this folder is made of the same \
         entries by `mcpscan rules docs docs/rules`.\n",
        packs.len()
    );
    for pack in packs {
        // Writing into a String can't fail.
        let _ = write!(
            text,
            "\n## {}\n\n{}.\n\n| rule | severity | confidence | |\n| --- | --- | --- | --- |\n",
            pack.name,
            escaped(&pack.title)
        );
        for rule in &pack.rules {
            let id = rule.id.as_str();
            let _ = writeln!(
                text,
                "| [`{id}`]({id}.md) | {} | {} | {} |",
                rule.severity,
                rule.confidence,
                cell(&rule.title)
            );
        }
    }
    text
}

fn page(rule: &Rule) -> String {
    let id = rule.id.as_str();
    let mut text = format!("# {id}\n\n{}.\n\n", escaped(&rule.title));
    let tags = rule.owasp.iter().map(|id| format!("OWASP {id}")).chain(rule.cwe.iter().map(|id| format!("CWE-{id}")));
    let tags: Vec<String> = tags.collect();
    let _ = write!(
        text,
        "| severity | confidence | since | |\n| --- | --- | --- | --- |\n| {} | {} | {} | {} |\n",
        rule.severity,
        rule.confidence,
        rule.since,
        tags.join(", ")
    );
    for (heading, part) in [
        ("What it finds", &rule.what),
        ("Why it matters", &rule.why),
        ("How it is exploited", &rule.exploit),
        ("What to do", &rule.usual_fix),
    ] {
        let _ = write!(text, "\n## {heading}\n\n{}\n", escaped(part.trim()));
    }
    for (heading, examples) in [("Found", &rule.true_examples), ("Left alone", &rule.false_examples)] {
        let _ = write!(text, "\n## {heading}\n");
        for example in examples.iter().take(MOST_EXAMPLES) {
            let _ = write!(text, "\n{}\n", block(example.trim()));
        }
    }
    let _ = write!(
        text,
        "\n## Accept it\n\nIn a comment beside it, where the config has comments, or in `.mcpscan.toml`:\n\n```\n// mcpscan: \
         ignore[{id}] why it is right here\n```\n\n```toml\n[[ignore]]\nrule = \"{id}\"\nreason = \"why it is right here\"\n```\n"
    );
    text.push_str("\n## References\n\n");
    for reference in &rule.references {
        let _ = writeln!(text, "- <{reference}>");
    }
    text
}

/// More examples say nothing new.
const MOST_EXAMPLES: usize = 3;

/// Text as Markdown shows it: what would be markup is none.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    let mut code = false;
    for c in text.chars() {
        code ^= c == '`';
        if !code && matches!(c, '<' | '>' | '*' | '_' | '[' | ']' | '|' | '\\' | '#' | '~') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Text in a cell of a table, where `|` ends it even in code.
fn cell(text: &str) -> String {
    escaped(text).replace('`', "").replace('\n', " ")
}

/// Text in a fence that it can't end, with what nobody would see made visible.
fn block(text: &str) -> String {
    let shown: Vec<String> = text.lines().map(crate::text::visible).collect();
    let shown = shown.join("\n");
    let mut fence = "```".to_owned();
    while shown.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}text\n{shown}\n{fence}")
}

//! HTML for a browser: one file that fetches nothing, reads without its script, and prints.
//!
//! Every text goes through `maud`, which escapes it; what comes from outside goes through [`words`] before, which makes
//! hazards visible and keeps its direction of writing to itself. The policy in the head lets nothing load and nothing run
//! but the one style and the one script whose digests it names, so that a mistake here would still be none.

mod card;
mod chart;
mod coverage;
mod findings;
mod model;
mod overview;
mod picture;
mod rules;
mod words;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::View;
use model::Model;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/filter.js");

pub(super) fn render(view: &View<'_>) -> String {
    let model = Model::new(view);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(&model))
            body {
                a.skip href="#findings" { "Skip to the findings" }
                (overview::header(&model))
                (contents(&model))
                main {
                    (overview::by_rule(&model))
                    (chart::section(&model))
                    (findings::section(&model))
                    (rules::section(&model))
                    (coverage::suppressed(&model))
                    (coverage::section(&model))
                }
                footer {
                    p { "Made by mcpscan " (env!("CARGO_PKG_VERSION")) ". This file loads nothing and sends nothing; secrets are masked in it." }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string() + "\n"
}

fn head(model: &Model<'_>) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy());
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="no-referrer";
            title { "mcpscan: " (overview::verdict(model)) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

fn contents(model: &Model<'_>) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul {
                @if !model.rules.is_empty() {
                    li { a href="#found" { "What was found" } }
                }
                li { a href="#picture" { "Who reaches what" } }
                li { a href="#findings" { "Findings" } }
                @if !model.rules.is_empty() {
                    li { a href="#rules" { "Rules" } }
                }
                @if view_has_suppressed(model) {
                    li { a href="#suppressed" { "Suppressed" } }
                }
                li { a href="#coverage" { "What was looked at" } }
            }
        }
    }
}

fn view_has_suppressed(model: &Model<'_>) -> bool {
    model.view.suppressed().next().is_some()
}

/// What the page may do: show its own style and run its own script.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(STYLE)),
        base64(&Sha256::digest(SCRIPT))
    )
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * index) & 63) as usize];
            text.push(if index <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_standard() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn style_and_script_end_where_they_should() {
        // Written between tags as they are.
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r'));
            assert!(!text.contains("http:") && !text.contains("https:") && !text.contains("url("));
        }
    }
}

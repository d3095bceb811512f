//! What readers of reports take, kept: the most important first, and what is cut is told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[allow(unreachable_pub, missing_docs)]
#[path = "common/many.rs"]
mod many;

use mcpscan::pipeline::Tables;
use mcpscan::report::{Format, Style, render};
use serde_json::Value;

fn rendered(format: &str, count: usize, own: impl Fn(usize) -> String) -> String {
    let tables = Tables::load(Vec::new()).unwrap();
    let outcome = many::outcome(count, &tables, own);
    render(Format::by_name(format).unwrap(), &outcome, &tables.packs, &Style::default())
}

/// Text that nothing packs: numbers from a generator as letters.
fn noise(number: usize, length: usize) -> String {
    let mut state = number as u64 ^ 0x9E37_79B9_7F4A_7C15;
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = |_| {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        char::from(letters[usize::try_from(state >> 58).unwrap()])
    };
    (0..length).map(next).collect()
}

fn cut(log: &Value) -> Option<&str> {
    let notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array()?;
    notes.iter().find(|note| note["descriptor"]["id"] == "mcpscan/cut")?["message"]["text"].as_str()
}

#[test]
fn a_log_of_more_results_than_code_scanning_takes() {
    let text = rendered("sarif", 25_010, |number| format!("w{number}"));
    let log: Value = serde_json::from_str(&text).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    assert!(cut(&log).unwrap().starts_with("10 results, the least important ones"), "{:?}", cut(&log));
    assert!(results.iter().take(5_000).all(|result| result["properties"]["severity"] == "critical"));
    assert!(miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 1).len() < 10_000_000);
}

#[test]
fn a_log_that_nothing_packs() {
    // Words of servers that are as dense as packed data.
    let text = rendered("sarif", 24_000, |number| noise(number, 1_000));
    let log: Value = serde_json::from_str(&text).unwrap();
    let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6).len();
    assert!((3_000_000..10_000_000).contains(&packed), "{packed}");
    let kept = log["runs"][0]["results"].as_array().unwrap().len();
    assert!(cut(&log).unwrap().starts_with(&format!("{} results", 24_000 - kept)));
}

#[test]
fn a_log_that_fits_says_nothing_of_a_cut() {
    let log: Value = serde_json::from_str(&rendered("sarif", 100, |number| format!("w{number}"))).unwrap();
    assert_eq!((log["runs"][0]["results"].as_array().unwrap().len(), cut(&log)), (100, None));
}

#[test]
fn a_comment_that_does_not_fit() {
    let text = rendered("markdown", 3_000, |number| format!("w{number}"));
    assert!((40_000..=65_536).contains(&text.len()), "{}", text.len());
    // Of the 2 400 that are no information, what is listed and what is said to be missing are all.
    let listed = text.lines().filter(|line| line.starts_with("- `")).count();
    let (left_out, _) = text.split_once(" findings did not fit").expect("it says what is missing");
    let left_out: usize = left_out.rsplit("**").next().unwrap().parse().unwrap();
    let more: usize =
        text.lines().filter_map(|line| line.strip_prefix("- and ")?.split(' ').next()?.parse::<usize>().ok()).sum();
    assert_eq!(listed + more + left_out, 2_400);
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(text.contains("<b>critical</b>") && !text.contains("<b>low</b>"), "the least important is what is cut");
}

#[test]
fn annotations_are_the_most_important_ones_and_the_rest_is_plain() {
    let text = rendered("github", 300, |number| format!("w{number}"));
    let of = |kind: &str| text.lines().filter(|line| line.starts_with(kind)).count();
    assert_eq!((of("::error "), of("::warning "), of("::notice ")), (10, 10, 10));
    assert!(text.lines().take(10).all(|line| line.starts_with("::error ")));
    assert!(text.contains("\n210 findings more than GitHub shows as annotations:\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("  projects/")).count(), 210);
}

/// A report of a hundred times as many findings is not a hundred times as long.
#[test]
fn text_stays_readable() {
    let lines = |count| rendered("text", count, |number| format!("w{number}")).lines().count();
    let (one, many, more) = (lines(1), lines(300), lines(30_000));
    assert!(one <= 20 && many < 3_000 && more < 10 * many, "{one} {many} {more}");
}

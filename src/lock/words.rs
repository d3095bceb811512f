//! Which words changed.

use std::time::{Duration, Instant};

use similar::{Algorithm, ChangeTag, TextDiff};

/// A run of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// It is in both.
    Same(String),
    /// It was there.
    Removed(String),
    /// It is there now.
    Added(String),
}

/// Texts of a megabyte that have no word in common are told apart roughly and not at length.
const LONGEST: Duration = Duration::from_millis(500);

/// The words that two texts share and those that they don't, in order.
pub fn words(before: &str, now: &str) -> Vec<Piece> {
    let deadline = Instant::now().checked_add(LONGEST);
    let mut config = TextDiff::configure();
    config.algorithm(Algorithm::Myers);
    if let Some(deadline) = deadline {
        config.deadline(deadline);
    }
    let difference = config.diff_words(before, now);
    let mut pieces: Vec<Piece> = Vec::new();
    for change in difference.iter_all_changes() {
        let text = change.value();
        match (change.tag(), pieces.last_mut()) {
            (ChangeTag::Equal, Some(Piece::Same(last)))
            | (ChangeTag::Delete, Some(Piece::Removed(last)))
            | (ChangeTag::Insert, Some(Piece::Added(last))) => last.push_str(text),
            (ChangeTag::Equal, _) => pieces.push(Piece::Same(text.to_owned())),
            (ChangeTag::Delete, _) => pieces.push(Piece::Removed(text.to_owned())),
            (ChangeTag::Insert, _) => pieces.push(Piece::Added(text.to_owned())),
        }
    }
    pieces
}

/// What a value in canonical JSON says: of a string its text, of anything else its JSON.
pub fn said(canonical: &str) -> String {
    serde_json::from_str::<String>(canonical).unwrap_or_else(|_| canonical.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_and_not_letters() {
        assert_eq!(
            words("Adds two numbers.", "Adds three numbers."),
            [
                Piece::Same("Adds ".into()),
                Piece::Removed("two".into()),
                Piece::Added("three".into()),
                Piece::Same(" numbers.".into())
            ]
        );
        assert_eq!(said(r#""a\nb""#), "a\nb");
        assert_eq!(said("[1]"), "[1]");
    }

    proptest! {
        #[test]
        fn both_texts_are_in_it(before in "[ab \u{200b}\n]{0,20}", now in "[ab \u{200b}\n]{0,20}") {
            let (mut old, mut new) = (String::new(), String::new());
            for piece in words(&before, &now) {
                match piece {
                    Piece::Same(text) => {
                        old.push_str(&text);
                        new.push_str(&text);
                    }
                    Piece::Removed(text) => old.push_str(&text),
                    Piece::Added(text) => new.push_str(&text),
                }
            }
            prop_assert_eq!((old, new), (before, now));
        }
    }
}

//! The right name for a wrong one.

/// Further away is another word, and no help.
const FURTHEST: usize = 4;

/// The known word that is nearest to one that is none of them, if any is near: at most four letters away, and fewer than
/// half of its own.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // A word that came from outside can be of any length.
    let word: String = word.chars().take(100).collect();
    let near = known.into_iter().map(|known| (strsim::osa_distance(known, &word), known)).min_by_key(|(far, _)| *far);
    near.filter(|(far, known)| *far <= FURTHEST && far * 2 < known.len().max(word.len())).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_helps() {
        let known = ["fail-on", "format", "select"];
        assert_eq!(nearest("fail_on", known), Some("fail-on"));
        assert_eq!(nearest("fmt", known), None);
        assert_eq!(nearest("selekt", known), Some("select"));
        assert_eq!(nearest(&"x".repeat(1_000_000), known), None);
    }
}

//! What holds for references in any value.

use mcpscan::config::{Part, expand, is_reference, literals, parts};

/// Any bytes as the value of a variable, a header, an argument.
pub fn value(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut end = 0;
    for part in parts(&text) {
        let (range, default) = match part {
            Part::Literal(range) | Part::Reference(range) => (range, None),
            Part::Variable { range, name, default } => {
                assert!(text[range.clone()].contains(&name));
                (range, default)
            }
        };
        assert_eq!(range.start, end, "parts stand side by side");
        assert!(range.end > range.start && text.get(range.clone()).is_some());
        assert!(default.is_none_or(|inner| range.start <= inner.start && inner.end <= range.end));
        end = range.end;
    }
    assert_eq!(end, text.len(), "and together are the value");
    assert!(literals(&text).into_iter().all(|range| text.get(range).is_some()));
    let set = |name: &str| name.len().is_multiple_of(2).then(|| "value".to_owned());
    let expanded = expand(&text, None, &set);
    assert!(is_reference(&text) || expanded.is_some() || text.contains(['$', '{', '<', '%', ':', '+', '!', '(']));
    // The shortest that becomes longer is `${}`.
    assert!(expanded.is_none_or(|expanded| expanded.len() <= 2 * text.len()));
}

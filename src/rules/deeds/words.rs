//! Words of names and of sentences.

use std::borrow::Cow;

/// Words of a clause that are compared; what a tool does stands in front.
pub(super) const COMPARED_WORDS: usize = 14;
/// Bytes in which they are looked for.
const COMPARED_BYTES: usize = 240;

/// The words of a name, whichever way it joins them.
pub(super) fn split(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    let mut letters = name.chars().take(COMPARED_BYTES).peekable();
    while let Some(c) = letters.next() {
        if c.is_alphanumeric() {
            let after_lower = c.is_uppercase() && !before.is_uppercase();
            let last_capital = c.is_uppercase() && letters.peek().is_some_and(|next| next.is_lowercase());
            if !before.is_alphanumeric() || after_lower || last_capital {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        before = c;
    }
    words
}

/// The words of the first clause of a description.
pub(super) fn clause(description: &str) -> Vec<String> {
    // Titles and marks of lists stand before it.
    let text = description.trim_start_matches(|c: char| !c.is_alphanumeric());
    let mut end = text.len().min(COMPARED_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let end = text.find(['.', ';', ':', '\n', '(', '!', '。', '；', '：']).unwrap_or(text.len());
    let words = text[..end].split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(COMPARED_WORDS).map(str::to_lowercase).collect()
}

/// A word without the endings of English that tables leave out.
pub(super) fn base(word: &str) -> Cow<'_, str> {
    let stem = |ending: &str| word.strip_suffix(ending).filter(|stem| stem.len() > 1);
    if let Some(stem) = stem("ies") {
        return Cow::Owned(format!("{stem}y"));
    }
    if let Some(stem) =
        stem("es").filter(|stem| stem.ends_with(['s', 'x', 'z']) || stem.ends_with("ch") || stem.ends_with("sh"))
    {
        return Cow::Borrowed(stem);
    }
    Cow::Borrowed(stem("s").filter(|stem| !stem.ends_with(['s', 'u', 'i'])).unwrap_or(word))
}

/// The runs of two to four letters of a word in a script that puts no blanks between words; none of any other.
pub(super) fn parts(word: &str) -> impl Iterator<Item = &str> {
    let unbroken = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}');
    let starts: Vec<usize> = match word.chars().any(unbroken) {
        true => word.char_indices().map(|(at, _)| at).chain([word.len()]).collect(),
        false => Vec::new(),
    };
    let spans: Vec<(usize, usize)> = (0..starts.len())
        .flat_map(|from| (2..=4).filter_map(move |length| Some((from, from.checked_add(length)?))))
        .filter_map(|(from, to)| Some((starts[from], *starts.get(to)?)))
        .collect();
    spans.into_iter().map(|(from, to)| &word[from..to])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_however_they_are_joined() {
        for name in ["send_email", "sendEmail", "send-email", "SendEmail", "send.email", "SEND_EMAIL"] {
            assert_eq!(split(name), ["send", "email"], "{name}");
        }
        assert_eq!(split("getURLs2"), ["get", "ur", "ls2"], "no worse than other readers");
        assert_eq!(split("fetchURL"), ["fetch", "url"]);
        assert_eq!(split("HTTPRequest"), ["http", "request"]);
        assert!(split("__").is_empty());
    }

    #[test]
    fn clauses_end_where_they_end() {
        assert_eq!(clause("**Sends** an e-mail. Not a letter"), ["sends", "an", "e", "mail"]);
        assert!(clause("").is_empty());
        assert_eq!(clause(&"ä".repeat(500)).len(), 1);
    }

    #[test]
    fn endings() {
        for (word, expected) in [
            ("queries", "query"),
            ("fetches", "fetch"),
            ("emails", "email"),
            ("status", "status"),
            ("access", "access"),
        ] {
            assert_eq!(base(word), expected);
        }
        assert_eq!(parts("发送邮件").collect::<Vec<_>>(), ["发送", "发送邮", "发送邮件", "送邮", "送邮件", "邮件"]);
        assert_eq!(parts("mail").count(), 0);
    }
}

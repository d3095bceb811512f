//! What stands where a secret goes, and what a person wrote: neither is one.

/// Words that stand where a secret should, wherever they stand in the value.
const PLACEHOLDER_WORDS: &[&str] = &[
    "your",
    "example",
    "sample",
    "dummy",
    "fake",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "replace",
    "insert",
    "todo",
    "fixme",
    "xxxx",
    "redacted",
    "removed",
    "secret-here",
    "api-key",
    "apikey",
    "api_key",
    "token-here",
    "not-needed",
    "undefined",
    "goes-here",
    "goes_here",
    "_here",
    "-here",
    "paste",
    "demo-key",
    "test-key",
    "test_key",
    "abc123",
    "abcdef",
    "123456",
    "qwerty",
    "deadbeef",
    "lorem",
    "my-token",
    "my_token",
    "my-key",
    "my_key",
    "mytoken",
    "mykey",
    "my-secret",
    "my_secret",
    "***",
    "...",
    "…",
    "enter-",
    "enter_",
    "put-",
    "put_",
    "add-your",
    "ihr-",
    "dein",
    "tu-clave",
    "tu_clave",
    "votre",
    "not-set",
    "not_set",
    "optional",
    "ваш",
    "aquí",
    "aqui-",
    "aqui_",
    "-aqui",
    "_aqui",
    "-here",
    "tokenhere",
    "keyhere",
    "passwordhere",
    "random",
    "characters",
    "supersecret",
    "super-secret",
    "super_secret",
];

/// Values that are a placeholder as a whole.
const PLACEHOLDER_VALUES: &[&str] = &[
    "", "none", "null", "nil", "true", "false", "test", "demo", "secret", "token", "key", "password", "foo", "bar",
    "string", "value", "xxx", "tbd", "n/a", "empty", "hidden", "masked",
];

/// Whether a value only marks the place where a secret goes: `your-api-key`, `<TOKEN>`, `xxxx`, `sk-…`, `123456`.
pub fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let lower = value.to_lowercase();
    if PLACEHOLDER_VALUES.contains(&lower.as_str()) {
        return true;
    }
    let bracketed = [('<', '>'), ('[', ']'), ('{', '}'), ('(', ')')]
        .iter()
        .any(|(open, close)| value.contains(*open) && value.contains(*close))
        || value.starts_with("__") && value.ends_with("__");
    if bracketed {
        return true;
    }
    // In a long random value a short word stands by chance; a word counts where it covers a sensible part.
    let word = PLACEHOLDER_WORDS.iter().any(|word| {
        lower.contains(word) && (word.len() * 8 >= lower.len() || word.len() >= 7 || lower.starts_with(word))
    });
    if word {
        return true;
    }
    // What is cut off was shown to somebody.
    if value.ends_with("...") || value.ends_with('…') {
        return true;
    }
    // Letters that keys are not written in.
    if value.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
        return true;
    }
    let bytes = lower.as_bytes();
    let distinct = {
        let mut seen = [false; 256];
        bytes.iter().for_each(|b| seen[usize::from(*b)] = true);
        seen.iter().filter(|seen| **seen).count()
    };
    if bytes.len() >= 16 && distinct <= 5 || bytes.len() >= 4 && distinct == 1 {
        return true;
    }
    longest_run(bytes, |a, b| a == b) * 3 > bytes.len() && bytes.len() >= 8
        || longest_run(bytes, |a, b| b == a.wrapping_add(1)) >= 8.min(bytes.len().max(6))
        || is_typed(bytes)
        || repeats(bytes)
}

/// `abc123def456`, `1234abcd1234`, `a1b2c3d4e5f6`: more than half of it goes up by one, beside each other or taking turns.
fn is_typed(bytes: &[u8]) -> bool {
    let going_up = |step: usize| {
        let mut counted = vec![false; bytes.len()];
        for at in 0..bytes.len().saturating_sub(2 * step) {
            if bytes[at + step] == bytes[at].wrapping_add(1) && bytes[at + 2 * step] == bytes[at].wrapping_add(2) {
                [at, at + step, at + 2 * step].into_iter().for_each(|at| counted[at] = true);
            }
        }
        counted.iter().filter(|counted| **counted).count()
    };
    bytes.len() >= 12 && (1..=2).any(|step| going_up(step) * 2 > bytes.len())
}

fn longest_run(bytes: &[u8], follows: impl Fn(u8, u8) -> bool) -> usize {
    let (mut longest, mut run) = (usize::from(!bytes.is_empty()), 1);
    for pair in bytes.windows(2) {
        run = if follows(pair[0], pair[1]) { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// One block again and again, or twice.
fn repeats(bytes: &[u8]) -> bool {
    let widths = (1..=8).chain([bytes.len() / 2]);
    bytes.len() >= 16 && widths.into_iter().any(|width| bytes.iter().zip(&bytes[width..]).all(|(a, b)| a == b))
}

/// Whether a value is words, as a person writes them: `local-key-1`, `X_API_KEY`, `inserisci-qui-la-chiave`. Whatever the
/// language, words are letters with vowels among them and digits at most behind, and keys drawn at random are not.
pub fn is_written(value: &str) -> bool {
    let mut words = value.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let mut long = false;
    words.peek().is_some()
        && words.all(|word| {
            let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
            let digits = word.len() - letters.len();
            // `1password`.
            let letters =
                letters.strip_prefix(|c: char| c.is_ascii_digit()).filter(|rest| rest.len() >= 4).unwrap_or(letters);
            long |= letters.len() >= 3;
            let number = letters.is_empty() && matches!(digits, 1..=4 | 8);
            number
                || digits <= 4
                    && !letters.is_empty()
                    && humps(letters).count() * 3 <= letters.len() + 2
                    && humps(letters).all(is_word)
        })
        && long
}

/// The words of `camelCase`.
fn humps(letters: &str) -> impl Iterator<Item = &str> {
    let mut rest = letters;
    std::iter::from_fn(move || {
        let capitals = rest.chars().take_while(|c| c.is_uppercase()).count();
        let mut end = rest.len();
        let mut lower = false;
        for (at, c) in rest.char_indices() {
            if c.is_uppercase() && lower {
                end = at;
                break;
            }
            lower |= !c.is_uppercase();
        }
        let (hump, behind) = rest.split_at(end);
        rest = behind;
        // `XYZabc` is no word; a single letter may stand alone.
        (!hump.is_empty()).then_some(if capitals > 1 && lower { "-" } else { hump })
    })
}

fn is_word(word: &str) -> bool {
    let count = word.chars().count();
    let vowel = |c: char| !c.is_ascii() || matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    count <= 16
        && word.chars().all(char::is_alphabetic)
        && (count < 5 || word.chars().any(vowel))
        && longest_run(word.as_bytes(), |a, b| !vowel(a as char) && !vowel(b as char)) <= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        for value in [
            "your-api-key-here",
            "YOUR_TOKEN",
            "<token>",
            "sk-xxxxxxxxxxxxxxxxxxxx",
            "changeme",
            "***",
            "",
            "ghp_xxxxxxxxxxxx",
            "{{KEY}}",
            "0000000000000000",
            "在此填写密钥",
            "1234567890",
            "sk-...",
            "aabbccdd-eeff-0000-1234-...",
            "1234abcd1234abdd",
            "acme_abc123def456ghi789jkl012mno345",
            "a1b2c3d4e5f6a7b8c9d0e1f2",
            "REPLACE_ME",
            "my-secret-token",
            "abcdefghijklmnop",
            "test",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in
            ["hR7kQ2mZx9LpT4vW8nB3", "9f86d081884c7d659a2feaa0c55ad015", "correct horse battery", "S3cr3t!pass"]
        {
            assert!(!is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn written_by_somebody() {
        for value in [
            "local-development-key-1",
            "X_API_KEY_2",
            "inserisci-qui-la-chiave1",
            "supersecret123",
            "oauth2",
            "TOKEN_2024",
            "CommandOrControl+1",
            "hier-schluessel-eintragen1",
            "process.env.ACME_KEY1",
            "vash_klyuch_api_1",
            "ctrl+shift+f12",
        ] {
            assert!(is_written(value), "{value}");
        }
        for value in [
            "hR7kQ2mZx9LpT4vW8nB3",
            "9f86d081884c7d659a2feaa0c55ad015",
            "k7f3q9z1",
            "sk_live_k3j2h4",
            "A1B2C-D3E4F-G5H6J",
            "AbCdEfGhIjKlMnOpQrStUvWx",
            "",
            "2024",
            "1234567890",
        ] {
            assert!(!is_written(value), "{value}");
        }
    }
}

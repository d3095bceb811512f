//! What the name of a field says of its value.

use crate::text::is_placeholder;

/// The last words of names that hold secrets.
const SECRET_WORDS: &[&str] = &[
    "key",
    "apikey",
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "pat",
    "credential",
    "credentials",
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "jwt",
    "apitoken",
    "accesstoken",
    "secretkey",
    "accesskey",
    "clientsecret",
    "authtoken",
    "privatekey",
];
/// Names that only look so.
const HARMLESS: &[&str] = &[
    "public",
    "publishable",
    "keyid",
    "token_type",
    "tokenizer",
    "max_tokens",
    "tokens",
    "keyboard",
    "keymap",
    "keybinding",
    "keystore",
    "primary_key",
    "foreign_key",
    "sort_key",
    "partition_key",
    "cache_key",
    "idempotency_key",
    "key_id",
    "key_name",
    "key_file",
    "key_path",
    "keyfile",
    "token_limit",
    "token_url",
    "token_path",
    "token_file",
    "auth_type",
    "auth_mode",
    "auth_method",
    "auth_url",
    "client_id",
    "secret_name",
    "secret_arn",
    "secret_id",
    "pass_through",
    "ssh_key_path",
    "project_key",
    "issue_key",
    "site_key",
    "key_prefix",
    "host_key",
    "monkey",
    "turkey",
    "hotkey",
    "shortcut_key",
];
const PASSWORD_WORDS: &[&str] = &["password", "passwd", "pwd", "pass", "passphrase"];

/// The words of a name, lower case: `SUPABASE_ACCESS_TOKEN`, `--api-key`, `figmaApiKey`, `X-Api-Key`.
pub(super) fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in name.chars() {
        let ends = !c.is_alphanumeric() || (c.is_uppercase() && lower_before);
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a name says that its value is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let words = words_of(name);
    let joined = words.join("_");
    words.last().is_some_and(|last| SECRET_WORDS.contains(&last.as_str()))
        && !HARMLESS.iter().any(|harmless| joined.contains(harmless))
}

/// Whether a name says that its value is a password, which a person made up.
pub(super) fn is_password_name(name: &str) -> bool {
    is_secret_name(name) && words_of(name).last().is_some_and(|last| PASSWORD_WORDS.contains(&last.as_str()))
}

/// Whether a name says that its value is a secret, and the value could be one.
pub(super) fn says_secret(name: &str, value: &str) -> bool {
    if is_password_name(name) {
        return value.len() >= 6 && !is_weak(value);
    }
    // A key is no word: it has digits, or it is long and mixed.
    let digits = value.bytes().any(|b| b.is_ascii_digit());
    let mixed = value.bytes().any(|b| b.is_ascii_lowercase()) && value.bytes().skip(1).any(|b| b.is_ascii_uppercase());
    is_secret_name(name) && value.len() >= 8 && !value.contains(' ') && (digits || mixed && value.len() >= 16)
}

/// Passwords that everybody knows open nothing that is not open already.
pub(super) fn is_weak(password: &str) -> bool {
    const WEAK: &[&str] = &[
        "password",
        "postgres",
        "admin",
        "root",
        "secret",
        "changeme",
        "example",
        "test",
        "minioadmin",
        "neo4j",
        "guest",
        "user",
        "pass",
        "mysql",
        "redis",
        "mongo",
        "default",
        "pwd",
        "123456",
        "admin123",
        "password123",
        "postgrespw",
        "[password]",
        "sa",
    ];
    // A password may have letters that no key has.
    let ascii: String = password.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
    WEAK.contains(&password.to_ascii_lowercase().as_str())
        || is_placeholder(if password.bytes().any(|b| b.is_ascii_digit()) { &ascii } else { password })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split() {
        assert_eq!(words_of("SUPABASE_ACCESS_TOKEN"), ["supabase", "access", "token"]);
        assert_eq!(words_of("--figma-apiKey"), ["figma", "api", "key"]);
        assert_eq!(words_of("X-Goog-Api-Key"), ["x", "goog", "api", "key"]);
    }

    #[test]
    fn names_that_say_secret() {
        let key = "a8f5k2x9q1";
        for name in ["API_KEY", "--token", "password", "Authorization", "clientSecret", "GITHUB_PAT"] {
            assert!(says_secret(name, key), "{name}");
        }
        for name in ["PUBLIC_KEY", "MAX_TOKENS", "KEY_ID", "--key-file", "PROJECT_REF", "keyboard", ""] {
            assert!(!says_secret(name, key), "{name}");
        }
        assert!(
            !says_secret("password", "postgres")
                && says_secret("password", "gr8-Secret")
                && says_secret("DB_PASSWORD", "Pä9xQv7!kLm2")
        );
    }
}

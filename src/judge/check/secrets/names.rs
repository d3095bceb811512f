//! What the name of a field says of its value.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a field is for, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything.
    Other,
    /// A key or a token, which a machine made.
    Key,
    /// A password, which a person may have made up.
    Password,
}

/// Last words of names that hold keys, in the languages that names of fields are written in.
const KEY_WORDS: &[&str] = &[
    "key",
    "token",
    "secret",
    "pat",
    "credential",
    "credentials",
    "creds",
    "auth",
    "authorization",
    "bearer",
    "cookie",
    "jwt",
    "clave",
    "chave",
    "chiave",
    "schluessel",
    "schlüssel",
    "jeton",
    "geheimnis",
    "anahtar",
    "klucz",
    "sleutel",
    "nyckel",
];
/// Last words of names that hold passwords.
const PASSWORD_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passwort",
    "kennwort",
    "pwd",
    "pass",
    "passe",
    "motdepasse",
    "passphrase",
    "passcode",
    "contrasena",
    "contraseña",
    "senha",
    "parola",
    "sifre",
    "şifre",
    "haslo",
    "hasło",
    "wachtwoord",
    "losenord",
    "lösenord",
    "heslo",
    "jelszó",
    "salasana",
];
/// Ends of words that are written together: `APIKEY`, `PGPASSWORD`, `mytoken`. `key` alone would be every monkey.
const KEY_ENDS: &[&str] =
    &["apikey", "accesskey", "secretkey", "privatekey", "authkey", "servicekey", "token", "secret"];
const PASSWORD_ENDS: &[&str] = &["password", "passwd", "passwort", "passphrase"];
/// Names without spaces between their words, so these may stand anywhere in one.
const KEY_PARTS: &[&str] = &[
    "密钥",
    "秘钥",
    "密鑰",
    "金鑰",
    "令牌",
    "凭证",
    "トークン",
    "シークレット",
    "アクセスキー",
    "apiキー",
    "토큰",
    "비밀키",
    "인증키",
    "ключ",
    "токен",
    "секрет",
];
const PASSWORD_PARTS: &[&str] = &["密码", "密碼", "口令", "パスワード", "비밀번호", "암호", "пароль"];
/// Names that end so and hold nothing secret.
const HARMLESS: &[&str] = &[
    "primary_key",
    "foreign_key",
    "sort_key",
    "partition_key",
    "row_key",
    "range_key",
    "cache_key",
    "idempotency_key",
    "project_key",
    "issue_key",
    "site_key",
    "host_key",
    "object_key",
    "toggle_key",
    "trigger_key",
    "shortcut_key",
    "hot_key",
    "push_to_talk_key",
    // Meant to stand in pages.
    "algolia_search_key",
    "algolia_search_api_key",
    "segment_write_key",
];
/// Words that say that a key is for everybody.
const FOR_EVERYBODY: &[&str] = &["public", "publishable", "anon"];
/// What may follow the word that counts: which of several it is, and how it is written.
const BEHIND: &[&str] = &[
    "prod",
    "production",
    "dev",
    "development",
    "stage",
    "staging",
    "stg",
    "test",
    "testing",
    "sandbox",
    "live",
    "main",
    "default",
    "primary",
    "secondary",
    "backup",
    "old",
    "new",
    "current",
    "next",
    "previous",
    "value",
    "raw",
    "plain",
    "string",
    "b64",
    "base64",
    "json",
    "base",
    "local",
    "eu",
    "us",
    "rw",
    "ro",
];

/// What a word says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Key,
    Password,
    Which,
}

/// Most words of most names are none of these, so all are asked at once.
fn says(word: &str) -> Option<Says> {
    static WORDS: LazyLock<HashMap<&str, Says>> = LazyLock::new(|| {
        let lists = [(KEY_WORDS, Says::Key), (PASSWORD_WORDS, Says::Password), (BEHIND, Says::Which)];
        lists.into_iter().flat_map(|(words, says)| words.iter().map(move |word| (*word, says))).collect()
    });
    WORDS.get(word).copied()
}

/// The words of a name, lower case: `SUPABASE_ACCESS_TOKEN`, `--api-key`, `figmaApiKey`, `X-Api-Key`, `APIKey`.
pub(super) fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let begins =
            c.is_uppercase() && (lower_before || !word.is_empty() && chars.peek().is_some_and(|c| c.is_lowercase()));
        if (begins || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        // `oauth2Token` is two words, `N8N` is one.
        lower_before = c.is_lowercase() || lower_before && c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// What a field is for. `words` are those of its name.
pub(super) fn kind(words: &[String]) -> Kind {
    let counts = |word: &String| {
        let number = word.strip_prefix('v').unwrap_or(word);
        says(word) != Some(Says::Which) && !number.bytes().all(|b| b.is_ascii_digit())
    };
    let Some(at) = words.iter().rposition(counts) else { return Kind::Other };
    // `password1`, but no word is all digits.
    let last = words[at].trim_end_matches(|c: char| c.is_ascii_digit());
    let before = at.checked_sub(1).map(|at| words[at].as_str());
    // `CLAVE_API`: the word that counts stands before in some languages.
    let turned =
        last == "api" && before.is_some_and(|word| matches!(word, "clave" | "chave" | "chiave" | "cle" | "clé"));
    // What Telegram's libraries sign in with.
    let session = last == "session" && words.get(at + 1).is_some_and(|word| word == "string");
    let is_part = |parts: &[&str]| !last.is_ascii() && parts.iter().any(|part| last.contains(part));
    let ends = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
    let word = says(last);
    let kind = if word == Some(Says::Password) || ends(PASSWORD_ENDS) || is_part(PASSWORD_PARTS) {
        Kind::Password
    } else if word == Some(Says::Key) || turned || session || ends(KEY_ENDS) || is_part(KEY_PARTS) {
        Kind::Key
    } else {
        return Kind::Other;
    };
    let harmless = words.iter().any(|word| FOR_EVERYBODY.contains(&word.as_str())) || {
        let joined = words[..=at].join("_");
        HARMLESS.iter().any(|harmless| joined.ends_with(harmless))
    };
    if harmless { Kind::Other } else { kind }
}

/// Whether one of a password's words is a word for passwords, or the last one for a key.
pub(super) fn mentions_password(words: &[String], password: &str) -> bool {
    let digits = password.bytes().any(|byte| byte.is_ascii_digit());
    words.iter().any(|word| says(word.trim_end_matches(|c: char| c.is_ascii_digit())) == Some(Says::Password))
        || !digits && words.len() > 1 && words.last().is_some_and(|word| says(word) == Some(Says::Key))
}

/// The kind of a parameter of an address: there some names mean more than elsewhere.
pub(super) fn kind_in_query(words: &[String]) -> Kind {
    match words.last().map(String::as_str) {
        Some("code" | "sig" | "signature" | "sas" | "k") => Kind::Key,
        _ => kind(words),
    }
}

/// The kind of a cookie: what a session is kept in, under the names of common servers.
pub(super) fn kind_of_cookie(words: &[String]) -> Kind {
    let session = |word: &String| word.contains("sess") || matches!(word.as_str(), "sid" | "remember" | "login");
    if words.iter().any(session) { Kind::Key } else { kind(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split() {
        assert_eq!(words_of("SUPABASE_ACCESS_TOKEN"), ["supabase", "access", "token"]);
        assert_eq!(words_of("--figma-apiKey"), ["figma", "api", "key"]);
        assert_eq!(words_of("X-Goog-Api-Key"), ["x", "goog", "api", "key"]);
        assert_eq!(words_of("N8N_API_KEY"), ["n8n", "api", "key"]);
        assert_eq!(words_of("OpenAIKey"), ["open", "ai", "key"]);
        assert_eq!(words_of("oauth2Token"), ["oauth2", "token"]);
    }

    #[test]
    fn names_that_say_secret() {
        let kind = |name: &str| kind(&words_of(name));
        for name in [
            "API_KEY",
            "--token",
            "Authorization",
            "clientSecret",
            "GITHUB_PAT",
            "APIKEY",
            "ACMEAPIKEY",
            "api_key_prod",
            "TOKEN_2",
            "ACME_ACCESS_KEY_V2",
            "SECRET_KEY_BASE",
            "密钥",
            "API_SCHLUESSEL",
            "CLAVE_API",
            "SURVEYMONKEY_TOKEN",
            "PRIMARY_API_KEY",
            "STRING_SESSION_STRING",
        ] {
            assert_eq!(kind(name), Kind::Key, "{name}");
        }
        for name in ["password", "dbPassword1", "PGPASSWORD", "contraseña", "数据库密码", "MOT_DE_PASSE", "SMTP_PASS"]
        {
            assert_eq!(kind(name), Kind::Password, "{name}");
        }
        for name in [
            "PUBLIC_KEY",
            "MAX_TOKENS",
            "KEY_ID",
            "--key-file",
            "PROJECT_REF",
            "keyboard",
            "monkey",
            "SORT_KEY",
            "2",
            "",
            "TOKEN_URL",
            "SUPABASE_ANON_KEY",
            "JIRA_PROJECT_KEY",
        ] {
            assert_eq!(kind(name), Kind::Other, "{name}");
        }
    }

    #[test]
    fn names_that_mean_more_in_their_place() {
        assert_eq!(kind_in_query(&words_of("code")), Kind::Key);
        assert_eq!(kind_of_cookie(&words_of("JSESSIONID")), Kind::Key);
        assert_eq!(kind_of_cookie(&words_of("lang")), Kind::Other);
    }
}

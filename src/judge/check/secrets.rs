//! Pack `secrets`: keys, tokens and passwords written as they are.

use std::ops::Range;

use super::super::Judged;
use super::super::entries::Scene;
use crate::config::{Spanned, literals};
use crate::document::Span;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Packs, Rule, Shape, TokenEngine};
use crate::text::{Secret, is_placeholder, looks_random};

/// What all entries share.
pub(in crate::judge) struct Context<'a> {
    pub(in crate::judge) packs: &'a Packs,
    pub(in crate::judge) tokens: &'a TokenEngine<'a>,
}

/// A value that may hold a secret, with what its surroundings say of it.
struct Candidate<'e> {
    /// Path of the field.
    path: String,
    /// The name that says what it is: a variable's, a header's, an option's.
    name: &'e str,
    value: Spanned,
    /// It names what is run, where a digest or a commit is no secret, so only formats that prove themselves count.
    program: bool,
}

/// Finds secrets in one entry, and marks everything that might be one.
pub(in crate::judge) fn secrets(scene: &Scene<'_>, context: &Context<'_>, judged: &mut Judged) {
    let program = context_of_program(scene);
    for candidate in candidates(scene) {
        let mut words = words_of(candidate.name);
        if !candidate.program {
            words.extend(program.iter().cloned());
        }
        judge(&candidate, &words, scene, context, judged);
    }
}

fn judge(candidate: &Candidate<'_>, words: &[String], scene: &Scene<'_>, context: &Context<'_>, judged: &mut Judged) {
    let value = candidate.value.text.as_str();
    let mut reported = false;
    for piece in literals(value) {
        for hit in context.tokens.find(&value[piece.clone()], words) {
            let range = piece.start + hit.range.start..piece.start + hit.range.end;
            let token = &value[range.clone()];
            // Documentation holds tokens of the right form whose checksum is wrong.
            if hit.checked == Some(false) || is_sample(token) {
                continue;
            }
            if !hit.token.public {
                hide(candidate, range.clone(), scene, judged);
            }
            report(hit.rule, candidate, range, hit.checked.is_some(), scene, judged);
            reported = true;
        }
    }
    if let Some(range) = url_password(value) {
        let password = &value[range.clone()];
        if literals(value).iter().any(|piece| piece.start <= range.start && range.end <= piece.end)
            && !is_weak(password)
        {
            hide(candidate, range.clone(), scene, judged);
            if !reported && let Some(rule) = context.packs.rule("secrets/url-password") {
                report(rule, candidate, range, false, scene, judged);
                reported = true;
            }
        }
    }
    let Some(range) = generic(candidate).filter(|_| !candidate.program) else { return };
    hide(candidate, range.clone(), scene, judged);
    if !reported
        && says_secret(candidate.name, &value[range.clone()])
        && let Some(rule) = context.packs.rule("secrets/generic")
    {
        report(rule, candidate, range, false, scene, judged);
    }
}

fn hide(candidate: &Candidate<'_>, range: Range<usize>, scene: &Scene<'_>, judged: &mut Judged) {
    let span = span_of(&candidate.value, &range);
    judged.hidden.push((scene.entry.source, span, candidate.value.text[range].to_owned()));
}

fn report(
    rule: &Rule,
    candidate: &Candidate<'_>,
    range: Range<usize>,
    proven: bool,
    scene: &Scene<'_>,
    judged: &mut Judged,
) {
    let secret = Secret::new(&candidate.value.text[range.clone()]);
    let replace = match scene.reference {
        Some(form) => format!("write `{}` instead of the value", form.replace("NAME", &variable_for(candidate.name))),
        None => "start the server through a script that reads the value from your password manager, since this client fills in no variables".to_owned(),
    };
    let place = scene.place(span_of(&candidate.value, &range));
    let mut draft = rule
        .at(place, scene.subject(&candidate.path))
        .evidence(Evidence::secret(&secret, &rule.id))
        .with("field", candidate.path.clone())
        .with("server", scene.entry.name.text.clone())
        .with("replace", replace);
    if proven {
        draft = draft.confidence(Confidence::High);
    }
    // Meant to be public: known, so that no other rule takes it for a secret, and shown only to those who ask.
    if matches!(&rule.shape, Shape::Token(token) if token.public) {
        draft = draft.confidence(Confidence::Low);
    }
    // A password of a database on this machine opens nothing from outside.
    if is_local(&candidate.value.text) && rule.severity > Severity::Medium {
        draft = draft.severity(Severity::Medium);
    }
    judged.findings.push(draft.build());
}

/// The variable that a reference would name: the field's own name, or an option's in the usual spelling.
fn variable_for(name: &str) -> String {
    let spelled: String =
        name.trim_start_matches('-').chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    match spelled.as_str() {
        "" => "SECRET".to_owned(),
        _ if spelled.chars().any(|c| c.is_ascii_uppercase()) && spelled == name => spelled,
        _ => spelled.to_ascii_uppercase(),
    }
}

fn span_of(value: &Spanned, range: &Range<usize>) -> Span {
    value.part(range.start, range.end)
}

/// Every place of an entry where a secret may stand.
fn candidates<'e>(scene: &Scene<'e>) -> Vec<Candidate<'e>> {
    let entry = scene.entry;
    let mut found = Vec::new();
    for field in entry.env.iter().chain(&entry.headers).chain(&entry.others) {
        found.push(Candidate {
            path: field.path.clone(),
            name: &field.name,
            value: field.value.clone(),
            program: false,
        });
    }
    if let Some(url) = &entry.url {
        found.push(Candidate { path: "url".to_owned(), name: "", value: url.clone(), program: false });
        found.extend(query(url, "url"));
    }
    if let Some(command) = &entry.command {
        found.push(Candidate { path: "command".to_owned(), name: "", value: command.clone(), program: false });
    }
    let mut option: Option<&'e str> = None;
    for (index, arg) in entry.args.iter().enumerate() {
        let path = format!("args[{index}]");
        let text = arg.text.as_str();
        // `--header "Authorization: Bearer …"` names the header itself.
        let pair = text
            .split_once('=')
            .or_else(|| text.split_once(':').filter(|(name, rest)| is_name(name) && !rest.starts_with(['/', '\\'])))
            .filter(|(name, _)| is_name(name.trim_start_matches('-')));
        match pair {
            Some((name, value)) => {
                let start = text.len() - value.len();
                let value = Spanned { text: value.to_owned(), span: arg.part(start, text.len()) };
                found.push(Candidate { path, name, value, program: false });
                option = None;
            }
            None if text.starts_with('-') && !text.contains(' ') => {
                option = Some(text);
                continue;
            }
            None => {
                let name = option.take().unwrap_or("");
                let program = names_program(scene, arg.span);
                found.push(Candidate { path: path.clone(), name, value: arg.clone(), program });
                found.extend(query(arg, &path));
            }
        }
    }
    found
}

/// Whether an argument is what a runner fetches.
fn names_program(scene: &Scene<'_>, span: Span) -> bool {
    let packages = scene.launch.packages.iter().map(|package| package.spec.span);
    let images = scene.launch.images.iter().map(|image| image.reference.span);
    packages.chain(images).any(|spec| span.contains(spec))
}

/// The parameters of an address's query.
fn query<'e>(url: &'e Spanned, path: &str) -> Vec<Candidate<'e>> {
    let Some(start) = url.text.find("://").and_then(|_| url.text.find('?')) else { return Vec::new() };
    let mut found = Vec::new();
    let mut at = start + 1;
    for pair in url.text[at..].split('&') {
        if let Some((name, value)) = pair.split_once('=') {
            let from = at + name.len() + 1;
            let value = Spanned { text: value.to_owned(), span: url.part(from, from + value.len()) };
            found.push(Candidate { path: format!("{path}?{name}"), name, value, program: false });
        }
        at += pair.len() + 1;
    }
    found
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// The part of a value that would be the secret if there is one: behind `Bearer `, or all of it. `None` for references,
/// placeholders, and what no secret looks like.
fn generic(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    let value = candidate.value.text.as_str();
    // One literal piece, or the default of a reference.
    let piece = literals(value).into_iter().max_by_key(|piece| piece.len())?;
    let whole = piece.len() == value.len();
    let mut text = value[piece.clone()].trim();
    for scheme in ["Bearer ", "bearer ", "Basic ", "Token ", "token ", "ApiKey ", "Api-Key "] {
        text = text.strip_prefix(scheme).unwrap_or(text).trim();
    }
    let start = text.as_ptr() as usize - value.as_ptr() as usize;
    let range = start..start + text.len();
    // A reference with words around it holds no secret of its own.
    let default = !whole && value.contains(":-");
    if !whole && !default || text.len() < 6 || is_placeholder(text) || is_plain(text) {
        return None;
    }
    (says_secret(candidate.name, text) || looks_random(text)).then_some(range)
}

/// Values that say something else: paths, addresses, names, numbers, switches.
fn is_plain(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let path = text.starts_with(['/', '~', '.']) && !text.contains(' ') && text.contains('/')
        || text.contains(":\\")
        || text.contains(":/");
    let number = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':' | b'-' | b',' | b'_'));
    let email =
        text.contains('@') && text.rsplit('@').next().is_some_and(|host| host.contains('.')) && !text.contains(':');
    let file = [".json", ".pem", ".key", ".env", ".yaml", ".yml", ".toml", ".txt", ".js", ".ts", ".py"]
        .iter()
        .any(|end| lower.ends_with(end));
    path || number || email || file || text.contains('\n') && !text.contains("PRIVATE KEY")
}

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

/// Whether a name says that its value is a secret, and the value could be one.
fn says_secret(name: &str, value: &str) -> bool {
    let words = words_of(name);
    let joined = words.join("_");
    if HARMLESS.iter().any(|harmless| joined.contains(harmless)) {
        return false;
    }
    let Some(last) = words.last() else { return false };
    let password = ["password", "passwd", "pwd", "pass", "passphrase"].contains(&last.as_str());
    if !SECRET_WORDS.contains(&last.as_str()) {
        return false;
    }
    if password {
        return !is_weak(value);
    }
    // A key is no word: it has digits, or it is long and mixed.
    let long = value.len() >= 8;
    let digits = value.bytes().any(|b| b.is_ascii_digit());
    let mixed = value.bytes().any(|b| b.is_ascii_lowercase()) && value.bytes().skip(1).any(|b| b.is_ascii_uppercase());
    long && !value.contains(' ') && (digits || mixed && value.len() >= 16)
}

/// Passwords that everybody knows open nothing that is not open already.
fn is_weak(password: &str) -> bool {
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
    WEAK.contains(&password.to_ascii_lowercase().as_str()) || is_placeholder(password)
}

/// `scheme://user:PASSWORD@host`: where the password is.
fn url_password(value: &str) -> Option<Range<usize>> {
    let start = value.find("://")? + 3;
    let authority =
        &value[start..start + value[start..].find(['/', '?', '#', ' ', '"']).unwrap_or(value.len() - start)];
    let (user_info, _) = authority.rsplit_once('@')?;
    let (user, password) = user_info.split_once(':')?;
    let from = start + user.len() + 1;
    (!password.is_empty()).then_some(from..from + password.len())
}

fn is_local(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let host = rest.rsplit('@').next().unwrap_or(rest).split(['/', ':', '?']).next().unwrap_or_default();
    crate::launch::is_loopback(host)
}

/// Samples of documentation, in the form of real tokens.
fn is_sample(token: &str) -> bool {
    let body = token.rsplit(['_', '-', '.']).next().unwrap_or(token);
    let lower = token.to_ascii_lowercase();
    ["example", "your", "placeholder", "xxxx", "dummy", "fake", "changeme", "redacted"]
        .iter()
        .any(|word| lower.contains(word))
        || is_placeholder(body) && body.len() >= 8 && token.len() < 60
}

/// The words of a name: `SUPABASE_ACCESS_TOKEN`, `--api-key`, `figmaApiKey`, `X-Api-Key`.
fn words_of(name: &str) -> Vec<String> {
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

/// The words of what is started and of the server's name: they say whose key it is.
fn context_of_program(scene: &Scene<'_>) -> Vec<String> {
    let launch = scene.launch;
    let names = launch.packages.iter().map(|package| package.name.as_str());
    let names = names.chain(launch.images.iter().map(|image| image.name.as_str()));
    let names = names.chain(launch.remotes.iter().map(|remote| remote.host.as_str()));
    names.chain([scene.entry.name.text.as_str()]).flat_map(words_of).collect()
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
        assert!(!says_secret("password", "postgres") && says_secret("password", "gr8-Secret"));
    }

    #[test]
    fn passwords_in_addresses() {
        let found = |value: &str| url_password(value).map(|range| value[range].to_owned());
        assert_eq!(found("postgresql://u:p%40ss@db.example.com:5432/x").as_deref(), Some("p%40ss"));
        assert_eq!(found("https://example.com/a:b@c"), None);
        assert_eq!(found("redis://:pw123@h").as_deref(), Some("pw123"));
        assert_eq!(found("git+ssh://git@github.com/o/r"), None);
    }
}

//! What an entry comes to when it is asked: the program to start or the address to connect to, with every reference filled
//! in that its client would fill in.

use std::cell::Cell;
use std::sync::Arc;

use super::hidden::Hidden;
use super::{Asking, Tables, Values};
use crate::config::{self, Config, Part, ServerEntry, Spanned};
use crate::connect::{self, Remote, Target};
use crate::discover::{Form, Home, Scope, same_variable};
use crate::judge;
use crate::launch::{self, Launch};
use crate::text::{Redactor, looks_random, nonsense};
use crate::triage::ServerStatus;

/// Why an entry of another home is only judged.
const OF_ANOTHER: &str = "in the home of another user: only its entry was judged";
/// Why an entry of neither kind can't be asked.
pub(super) const NOTHING_TO_START: &str =
    "neither a command nor an address: the client, or an extension of it, knows what to start";
/// Why an entry that is off is only judged.
pub(super) const DISABLED: &str = "switched off in the config: only its entry was judged";

/// What references are filled in from.
pub(super) struct Filling<'a, 'b> {
    pub(super) asking: &'a Asking<'b>,
    pub(super) hidden: &'a Hidden<'a>,
    pub(super) redactor: &'a Arc<Redactor>,
    pub(super) home: &'a Home,
    /// The home that started servers are told.
    pub(super) told: Home,
    pub(super) tables: &'a Tables,
}

/// A server that can be asked.
pub(super) struct Ready {
    pub(super) target: Target,
    /// Names of the variables and headers that have a made-up value.
    pub(super) made_up: Vec<String>,
    /// What it is not sent, and why.
    pub(super) note: Option<String>,
}

/// What to start for an entry, or to connect to, or why it can't be asked from here.
pub(super) fn ready(
    entry: &ServerEntry,
    config: &Config,
    launch: &Launch,
    filling: &Filling<'_, '_>,
) -> Result<Ready, (ServerStatus, String)> {
    if entry.disabled {
        return Err((ServerStatus::Static, DISABLED.to_owned()));
    }
    if config.file.of_another {
        return Err((ServerStatus::Static, OF_ANOTHER.to_owned()));
    }
    let target = Target {
        client: Some(entry.client.clone()),
        name: entry.name.text.clone(),
        remote: None,
        program: String::new(),
        args: Vec::new(),
        env: Vec::new(),
        cwd: None,
        callers: filling.tables.clients.callers(&entry.client),
        needs: filling.tables.places.needs(launch, &filling.told, entry.scope == Scope::Project),
        redactor: Arc::clone(filling.redactor),
    };
    let ready = match (launch.is_local(), &entry.url) {
        (true, _) => program(entry, config, filling, target),
        (false, Some(url)) => address(entry, url, config, filling, target),
        (false, None) => Err(NOTHING_TO_START.to_owned()),
    };
    ready.map_err(|reason| (ServerStatus::Skipped, reason))
}

fn program(entry: &ServerEntry, config: &Config, filling: &Filling<'_, '_>, target: Target) -> Result<Ready, String> {
    let root = config.file.root.as_deref().unwrap_or_else(|| filling.home.folder());
    let fill = |text: &Spanned| filling.fill(text, entry, config);
    let mut made_up = Vec::new();
    let mut words = Vec::new();
    for word in launch::command_line(entry, &filling.tables.grammar) {
        let filled = fill(&word).ok_or_else(|| only_the_client(&word.text))?;
        if filled.made_up && made_up.is_empty() {
            made_up.push(A_WORD.to_owned());
        }
        words.push(filled.text);
    }
    let mut words = words.into_iter();
    let Some(program) = words.next() else { return Err("an empty command".to_owned()) };
    // A variable that only the client can fill stays unset; most servers list their tools without it.
    let mut env = Vec::new();
    for field in &entry.env {
        let Some(mut filled) = fill(&field.value) else { continue };
        filled.named(&field.name, filling.values(entry));
        if filled.made_up {
            made_up.push(field.name.clone());
        }
        env.push((field.name.clone(), filled.text));
    }
    // Started elsewhere, a relative command would be another program.
    let folder = match folder_of(entry) {
        Some(folder) => fill(folder)
            .map(|folder| root.join(folder.text))
            .filter(|folder| folder.is_dir())
            .ok_or_else(|| format!("its folder `{}` is not there", folder.text))?,
        None => root.to_owned(),
    };
    let note = note(&made_up);
    let target = Target { program, args: words.collect(), env, cwd: Some(folder), ..target };
    Ok(Ready { target, note, made_up })
}

/// What a made-up part of a command is called.
const A_WORD: &str = "a part of the command";

/// What a server that failed may have missed.
fn note(made_up: &[String]) -> Option<String> {
    let names = made_up.iter().map(|name| if name == A_WORD { name.clone() } else { format!("`{name}`") });
    let names = names.collect::<Vec<_>>().join(", ");
    (!made_up.is_empty())
        .then(|| format!("made-up values stood for {names}; `--env-values real` hands over the real ones"))
}

fn address(
    entry: &ServerEntry,
    url: &Spanned,
    config: &Config,
    filling: &Filling<'_, '_>,
    target: Target,
) -> Result<Ready, String> {
    let fill = |text: &Spanned| filling.fill(text, entry, config);
    let filled = fill(url).ok_or_else(|| only_the_client(&url.text))?;
    let mut made_up: Vec<String> = filled.made_up.then(|| "a part of the address".to_owned()).into_iter().collect();
    let url = filled.text.trim().to_owned();
    connect::origin(&url).map_err(|why| format!("not queried: {why}"))?;
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut notes = Vec::new();
    for field in &entry.headers {
        match fill(&field.value) {
            Some(mut filled) => {
                filled.named(&field.name, filling.values(entry));
                if filled.made_up {
                    made_up.push(field.name.clone());
                }
                headers.push((field.name.clone(), filled.text));
            }
            // Without it the server may still list its tools, or say that it wants to know who asks.
            None => notes.push(format!("header `{}` was not sent, which only the client can fill in", field.name)),
        }
    }
    let own = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if let Some(token) = filling.asking.bearer.as_ref().filter(|_| !own) {
        if connect::is_open_address(&url) {
            notes.push("the token of --bearer-env was not sent, since the connection is not encrypted".to_owned());
        } else {
            headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
        }
    }
    notes.extend(note(&made_up));
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    Ok(Ready { target: Target { remote: Some(Remote { url, headers }), ..target }, note, made_up })
}

fn only_the_client(text: &str) -> String {
    format!("`{text}` can only be filled in by the client")
}

/// A value with its references filled in.
struct Filled {
    text: String,
    made_up: bool,
}

impl Filled {
    /// Under a name that says so, anything may be a secret.
    fn named(&mut self, name: &str, values: Values) {
        if values == Values::Dummy && !self.made_up && judge::may_be_secret(name, &self.text) {
            *self = dummy(&self.text);
        }
    }
}

/// Something in place of a secret. Of an address only the password is one, and a path leads to where it is.
fn dummy(value: &str) -> Filled {
    let mut text = value.to_owned();
    match judge::password_in_url(value) {
        None if is_path(value) => {}
        Some(password) => text.replace_range(password.clone(), &nonsense(&value[password])),
        None => text = nonsense(value),
    }
    Filled { made_up: text != value, text }
}

/// A variable of the user's for somebody else's server: what is one in no config may be one here, since nobody but the user
/// has ever seen it.
fn without_secrets(name: &str, value: String) -> Filled {
    let secret = judge::may_be_secret(name, &value) || names_login(name);
    let text = if secret { dummy(&value).text } else { value.clone() };
    let text = if is_path(&text) { text } else { without_secret_parts(&text) };
    Filled { made_up: text != value, text }
}

/// Ends of words that tell of a login and are too short, or too common, to be looked for in configs.
fn names_login(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = |word: &str| ["pass", "pw", "pwd"].iter().any(|end| word.ends_with(end) && word != "oldpwd");
    name.split('_').any(|word| matches!(word, "pin" | "login" | "session") || ends(word))
}

/// What is in a text beside other things: the key behind a name in JSON, in a query or in lines of settings, the last
/// part of a webhook's address.
fn without_secret_parts(text: &str) -> String {
    let secret = |name: &str, part: &str| {
        looks_random(part) || !name.is_empty() && !part.is_empty() && judge::may_be_secret(name, part)
    };
    replaced(text, &secret, &nonsense)
}

/// A text with something else in place of its secret parts, each of which may have a name in front of it.
pub(super) fn replaced(text: &str, secret: &dyn Fn(&str, &str) -> bool, with: &dyn Fn(&str) -> String) -> String {
    if text.contains("PRIVATE KEY-----") {
        return with(text);
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.~+%".contains(c);
    let (mut made, mut rest, mut name) = (String::new(), text, "");
    while !rest.is_empty() {
        let (part, behind) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
        made.push_str(&if secret(name, part) { with(part) } else { part.to_owned() });
        let (between, next) = behind.split_at(behind.find(is_part).unwrap_or(behind.len()));
        // Of an address, what stands before the colon is no name.
        let names = between.contains(['=', ':']) && !between.contains('/');
        name = if names { part } else { "" };
        made.push_str(between);
        rest = next;
    }
    made
}

/// Whether a value names a file: where the secret is, and not the secret. Keys in base64 begin with a slash, too.
fn is_path(value: &str) -> bool {
    let bytes = value.as_bytes();
    let drive =
        bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && matches!(bytes[2], b'/' | b'\\');
    if !drive && !["/", "~/", "./", "../"].iter().any(|start| value.starts_with(start)) {
        return false;
    }
    let name = value.rsplit(['/', '\\']).next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_extension = (1..=8).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_extension || std::path::Path::new(value).exists()
}

impl Filling<'_, '_> {
    /// Which values the server of an entry gets.
    fn values(&self, entry: &ServerEntry) -> Values {
        let foreign = entry.scope == Scope::Project;
        self.asking.values.unwrap_or(if foreign { Values::Dummy } else { Values::Real })
    }

    /// A value as its client would hand it over, or with made-up secrets; nothing where only the client can.
    fn fill(&self, text: &Spanned, entry: &ServerEntry, config: &Config) -> Option<Filled> {
        let root = config.file.root.as_deref().unwrap_or_else(|| self.home.folder());
        let variables = &self.asking.variables;
        let dummies = self.values(entry) == Values::Dummy;
        let made_up = Cell::new(false);
        let lookup = |name: &str| match name {
            "PWD" => Some(root.display().to_string()),
            // Windows has no such variable, and `${userHome}` is looked up by it.
            "HOME" => variable(variables, name).or_else(|| Some(self.home.folder().display().to_string())),
            name => {
                let value = variable(variables, name)?;
                if !dummies {
                    return Some(value);
                }
                let filled = without_secrets(name, value);
                made_up.set(made_up.get() || filled.made_up);
                Some(filled.text)
            }
        };
        let written = if dummies {
            self.hidden.replaced(text, entry.source, &|value| {
                let filled = dummy(value);
                made_up.set(made_up.get() || filled.made_up);
                filled.text
            })
        } else {
            text.text.clone()
        };
        let text = config::expand(&written, forms(config, entry), &lookup)?;
        Some(Filled { text, made_up: made_up.get() })
    }
}

/// The folder that an entry names to start in.
pub(super) fn folder_of(entry: &ServerEntry) -> Option<&Spanned> {
    entry.others.iter().find(|field| field.path == "cwd").map(|field| &field.value)
}

fn variable(variables: &[(String, String)], name: &str) -> Option<String> {
    variables.iter().find(|(known, _)| same_variable(known, name)).map(|(_, value)| value.clone())
}

/// The spellings of references that the client of an entry replaces, where they are known.
fn forms<'c>(config: &'c Config, entry: &ServerEntry) -> Option<&'c [Form]> {
    let reader = config.file.readers.iter().find(|reader| reader.client == entry.client);
    reader.and_then(|reader| reader.expands.as_deref())
}

/// Learns what must not come back from a server: the values of references under names of secrets, those in headers, the
/// token of this run, and passwords of proxies, which every server gets.
pub(super) fn learn(redactor: &mut Redactor, configs: &[Config], asking: &Asking<'_>) {
    let lookup = |name: &str| variable(&asking.variables, name);
    for (config, entry) in configs.iter().flat_map(|config| config.servers.iter().map(move |entry| (config, entry))) {
        let forms = forms(config, entry);
        let is_literal = |text: &str| config::literals(text).iter().any(|range| range.len() == text.len());
        for field in entry.env.iter().filter(|field| !is_literal(&field.value.text)) {
            if let Some(value) = config::expand(&field.value.text, forms, &lookup)
                && judge::may_be_secret(&field.name, &value)
            {
                redactor.learn(&value);
            }
        }
        // Whatever fills a header is there to prove something; in an address most variables are names of hosts.
        let headers = entry.headers.iter().map(|field| (&field.value.text, true));
        for (text, header) in headers.chain(entry.urls.iter().map(|url| (&url.text, false))) {
            for part in config::parts(text) {
                let Part::Variable { name, .. } = part else { continue };
                if let Some(value) = lookup(&name).filter(|value| header || judge::may_be_secret(&name, value)) {
                    redactor.learn(&value);
                }
            }
        }
    }
    if let Some(token) = &asking.bearer {
        redactor.learn(token);
    }
    for (_, value) in &asking.base_env {
        if let Some(password) = judge::password_in_url(value) {
            redactor.learn(&value[password]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_the_user_is_in_what_a_projects_server_gets() {
        let key = "q7Zt9Lm2Xc4Vb6Nn8Rk1";
        let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----";
        for (name, value, secret) in [
            ("HOOK", format!("https://hooks.slack.com/services/T00/B00/{key}"), key),
            ("API_URL", "https://api.example/v1?user=me&token=hunter2".to_owned(), "hunter2"),
            ("SETTINGS", r#"{"user": "me", "password": "hunter2"}"#.to_owned(), "hunter2"),
            ("LINES", format!("HOST=here\nSOME={key}"), key),
            ("PEM", pem.to_owned(), "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"),
            ("PGPASS", "hunter2".to_owned(), "hunter2"),
            ("MY_PIN", "4711".to_owned(), "4711"),
            ("LOGIN", "bob:hunter2".to_owned(), "hunter2"),
            ("DSN", format!("postgres://bob:hunter2@db/x?key={key}"), key),
        ] {
            let filled = without_secrets(name, value.clone());
            assert!(filled.made_up && !filled.text.contains(secret), "{name}: {}", filled.text);
            assert_eq!(filled.text.len(), value.len(), "{name}");
        }
    }

    #[test]
    fn what_is_none_stays_as_it_is() {
        for (name, value) in [
            ("PORT", "8080"),
            ("AWS_REGION", "eu-central-1"),
            ("WORKDIR", "/srv/data/project-2"),
            ("API_URL", "https://api.example.com:8443/v1/items?page=2&sort=name"),
            ("PATH", "/usr/local/bin:/usr/bin"),
            ("OLDPWD", "/srv"),
            ("AGENT", "Mozilla/5.0 (X11; Linux x86_64)"),
            ("ROLE", "arn:aws:iam::123456789012:role/reader"),
            ("WHEN", "2026-01-01T10:00:00Z"),
            ("MODEL", "claude-sonnet-4-20250514"),
        ] {
            let filled = without_secrets(name, value.to_owned());
            assert_eq!((filled.text.as_str(), filled.made_up), (value, false), "{name}");
        }
    }
}

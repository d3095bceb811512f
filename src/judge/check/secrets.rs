//! Pack `secrets`: keys, tokens and passwords written as they are.

mod candidates;
mod names;

use std::collections::HashSet;
use std::ops::Range;

use super::super::entries::{HiddenValue, Judged, Scene};
use crate::config::{is_reference, literals};
use crate::document::Span;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Packs, Rule, Shape, TokenEngine};
use crate::text::{Secret, is_placeholder, looks_random, random_words};
use candidates::{Candidate, candidates};
use names::{is_password_name, is_secret_name, is_weak, says_secret, words_of};

/// What all entries share.
pub(in crate::judge) struct Context<'a> {
    pub(in crate::judge) packs: &'a Packs,
    pub(in crate::judge) tokens: &'a TokenEngine<'a>,
}

/// Whether a name says that its value is a secret.
pub(super) fn names_secret(name: &str) -> bool {
    is_secret_name(name)
}

/// Whether a value under a name may be a secret, found or not: nothing of the kind is shown.
pub(in crate::judge) fn may_be_secret(name: &str, value: &str) -> bool {
    is_secret_name(name) || looks_random(value) || password_in_url(value).is_some()
}

/// Finds secrets in one entry, and marks everything that might be one.
pub(in crate::judge) fn secrets(scene: &Scene<'_>, context: &Context<'_>, judged: &mut Judged) {
    let program = context_of_program(scene);
    let mut reported: Vec<Span> = Vec::new();
    for candidate in candidates(scene) {
        let mut words = words_of(&candidate.name);
        if !candidate.program {
            words.extend(program.iter().cloned());
        }
        Judge { candidate: &candidate, scene, context, judged, reported: &mut reported }.run(&words);
    }
}

/// One candidate being judged.
struct Judge<'a, 'r> {
    candidate: &'a Candidate,
    scene: &'a Scene<'a>,
    context: &'a Context<'r>,
    judged: &'a mut Judged,
    /// Places that have a finding: a value is told once.
    reported: &'a mut Vec<Span>,
}

impl Judge<'_, '_> {
    fn run(&mut self, words: &[String]) {
        let candidate = self.candidate;
        let value = candidate.value.text.as_str();
        let pieces = literals(value);
        for piece in &pieces {
            for hit in self.context.tokens.find(&value[piece.clone()], words) {
                let range = piece.start + hit.range.start..piece.start + hit.range.end;
                // Documentation holds tokens of the right form whose checksum is wrong.
                if hit.checked == Some(false) || is_sample(&value[range.clone()]) {
                    continue;
                }
                if !hit.token.public {
                    self.hide(range.clone());
                }
                self.report(hit.rule, range, hit.checked.is_some());
            }
        }
        for range in passwords(value) {
            let literal = pieces.iter().any(|piece| piece.start <= range.start && range.end <= piece.end);
            if literal && !is_weak(&value[range.clone()]) {
                self.hide(range.clone());
                if let Some(rule) = self.context.packs.rule("secrets/url-password") {
                    self.report(rule, range, false);
                }
            }
        }
        if candidate.program {
            return;
        }
        // Everything that might be a secret is hidden, whether it is worth a finding or not.
        for range in random_words(value) {
            self.hide(range);
        }
        if is_secret_name(&candidate.name) && !is_reference(value) {
            pieces.iter().filter(|piece| piece.len() >= 3).for_each(|piece| self.hide(piece.clone()));
        }
        let Some(range) = generic(candidate) else { return };
        self.hide(range.clone());
        if says_secret(&candidate.name, &value[range.clone()])
            && let Some(rule) = self.context.packs.rule("secrets/generic")
        {
            self.report(rule, range, false);
        }
    }

    fn span(&self, range: &Range<usize>) -> Span {
        self.candidate.value.part(range.start, range.end)
    }

    fn hide(&mut self, range: Range<usize>) {
        let span = self.span(&range);
        let value = self.candidate.value.text[range].to_owned();
        self.judged.hidden.push(HiddenValue { source: self.scene.entry.source, span, value });
    }

    fn report(&mut self, rule: &Rule, range: Range<usize>, proven: bool) {
        let span = self.span(&range);
        if self.reported.iter().any(|told| told.start < span.end && span.start < told.end) {
            return;
        }
        self.reported.push(span);
        let Self { candidate, scene, .. } = self;
        let secret = Secret::new(&candidate.value.text[range]);
        let replace = match scene.reference {
            Some(form) => {
                format!("write `{}` instead of the value", form.replace("NAME", &variable_for(&candidate.name)))
            }
            None => "start the server through a script that reads the value from your password manager, \
                     since this client fills in no variables"
                .to_owned(),
        };
        let mut draft = rule
            .at(scene.place(span), scene.subject(&candidate.path))
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
        let mut finding = draft.build();
        // Whoever uses a secret manager keeps most of what counts in there.
        if scene.launch.vault.is_some() {
            finding.severity = finding.severity.lower();
        }
        self.judged.findings.push(finding);
    }
}

/// The part of a value that would be the secret if there is one: behind `Bearer `, or all of it. `None` for references,
/// placeholders, and what no secret looks like.
fn generic(candidate: &Candidate) -> Option<Range<usize>> {
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
    if !whole && !default || text.len() < 6 {
        return None;
    }
    // Most values are neither, which costs less to see than what else they could be.
    if !says_secret(&candidate.name, text) && !looks_random(text) {
        return None;
    }
    let password = is_password_name(&candidate.name);
    let ordinary = if password { is_weak(text) } else { is_placeholder(text) || is_plain(text) };
    (!ordinary).then_some(range)
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

/// `scheme://user:PASSWORD@host`: where the passwords of a text are. Of `scheme://TOKEN@host` the token, if it looks like
/// one.
fn passwords(value: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = value[from..].find("://") {
        let start = from + at + 3;
        let length = value[start..].find(['/', '?', '#', ' ', '"', '\'']).unwrap_or(value.len() - start);
        from = start + length;
        let Some((user_info, _)) = value[start..from].rsplit_once('@') else { continue };
        match user_info.split_once(':') {
            Some((user, password)) if !password.is_empty() => {
                found.push(start + user.len() + 1..start + user_info.len());
            }
            None if looks_random(user_info) => found.push(start..start + user_info.len()),
            _ => {}
        }
    }
    found
}

/// Where the password of an address is.
pub(in crate::judge) fn password_in_url(value: &str) -> Option<Range<usize>> {
    passwords(value).into_iter().next()
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

fn is_local(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let host = rest.rsplit('@').next().unwrap_or(rest).split(['/', ':', '?']).next().unwrap_or_default();
    crate::launch::is_loopback(host)
}

/// Words that say whose key something is.
const MOST_WORDS: usize = 256;

/// Samples of documentation, in the form of real tokens.
fn is_sample(token: &str) -> bool {
    let body = token.rsplit(['_', '-', '.']).next().unwrap_or(token);
    let lower = token.to_ascii_lowercase();
    ["example", "your", "placeholder", "xxxx", "dummy", "fake", "changeme", "redacted"]
        .iter()
        .any(|word| lower.contains(word))
        || is_placeholder(body) && body.len() >= 8 && token.len() < 60
}

/// The words of what is started and of the server's name: they say whose key it is.
fn context_of_program(scene: &Scene<'_>) -> Vec<String> {
    let launch = scene.launch;
    let names = launch.packages.iter().map(|package| package.name.as_str());
    let names = names.chain(launch.images.iter().map(|image| image.name.as_str()));
    let names = names.chain(launch.remotes.iter().map(|remote| remote.host.as_str()));
    let mut seen = HashSet::new();
    let words = [scene.entry.name.text.as_str()].into_iter().chain(names).flat_map(words_of);
    // Each once, and no more than an honest entry has: every value is compared with all of them.
    words.filter(|word| seen.insert(word.clone())).take(MOST_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses() {
        let found = |value: &str| passwords(value).into_iter().map(|range| value[range].to_owned()).collect::<Vec<_>>();
        assert_eq!(found("postgresql://u:p%40ss@db.example.com:5432/x"), ["p%40ss"]);
        assert_eq!(found("https://example.com/a:b@c"), Vec::<String>::new());
        assert_eq!(found("redis://:pw123@h and https://a:b2@c"), ["pw123", "b2"]);
        assert_eq!(found("git+ssh://git@github.com/o/r"), Vec::<String>::new());
        assert_eq!(found("git+https://q7Zt9Lm2Xc4Vb6Nn8Rk1@github.com/o/r"), ["q7Zt9Lm2Xc4Vb6Nn8Rk1"]);
    }
}

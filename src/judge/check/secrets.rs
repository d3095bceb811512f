//! Pack `secrets`: keys, tokens and passwords written as they are.

mod candidates;
mod names;
mod values;

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::entries::{HiddenValue, Judged, Scene};
use crate::config::{is_one_literal, is_reference, literals};
use crate::document::Span;
use crate::finding::{Confidence, Evidence, Severity};
use crate::rules::{Allowed, Packs, Rule, Shape, TokenEngine};
use crate::text::{Jwt, Secret, is_placeholder, looks_random, random_words};
use candidates::{Candidate, candidates};
use names::{Kind, kind, words_of};
pub(super) use values::random_segment;
use values::{basic, generic, is_id, is_weak, passwords};

/// What all entries share.
pub(in crate::judge) struct Context<'a> {
    pub(in crate::judge) packs: &'a Packs,
    pub(in crate::judge) tokens: &'a TokenEngine<'a>,
}

/// Whether a name says that its value is a secret.
pub(super) fn names_secret(name: &str) -> bool {
    kind(&words_of(name)) != Kind::Other
}

/// Whether a value under a name may be a secret, found or not: nothing of the kind is shown.
pub(in crate::judge) fn may_be_secret(name: &str, value: &str) -> bool {
    kind(&words_of(name)) != Kind::Other || looks_random(value) || password_in_url(value).is_some()
}

/// Finds secrets in one entry, and marks everything that might be one.
pub(in crate::judge) fn secrets(scene: &Scene<'_>, context: &Context<'_>, judged: &mut Judged) {
    let program = context_of_program(scene, context.tokens);
    let nobody = Allowed::default();
    let mut reported: Vec<Span> = Vec::new();
    let candidates = candidates(scene);
    let mut refuted: Vec<Vec<Range<usize>>> = Vec::with_capacity(candidates.len());
    for candidate in &candidates {
        let own = context.tokens.allowed(candidate.words.iter().map(String::as_str));
        let allowed = [&own, if candidate.program { &nobody } else { &program }];
        refuted.push(Judge { candidate, scene, context, judged, reported: &mut reported }.known(&allowed));
    }
    // The innermost first, which says most exactly what is one.
    for (candidate, refuted) in candidates.iter().zip(&refuted).rev() {
        Judge { candidate, scene, context, judged, reported: &mut reported }.unknown(refuted);
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

impl<'r> Judge<'_, 'r> {
    /// Secrets of known formats. Gives where samples and tokens with a wrong checksum stand, which no other rule takes
    /// for secrets either.
    fn known(&mut self, allowed: &[&Allowed]) -> Vec<Range<usize>> {
        let candidate = self.candidate;
        let value = candidate.value.text.as_str();
        let (whole, several);
        let pieces = if is_one_literal(value) {
            whole = 0..value.len();
            std::slice::from_ref(&whole)
        } else {
            several = literals(value);
            several.as_slice()
        };
        let mut refuted: Vec<Range<usize>> = Vec::new();
        // Without a name, digests and ids are no secrets.
        let bare = match candidate.name.as_str() {
            "" => value.bytes().any(|byte| !byte.is_ascii_hexdigit() && byte != b'-'),
            _ => candidate.kind != Kind::Other,
        };
        for piece in pieces {
            for hit in self.context.tokens.find(&value[piece.clone()], allowed, bare) {
                let range = piece.start + hit.range.start..piece.start + hit.range.end;
                // Without a name it is the whole value or no secret.
                if hit.token.bare && candidate.kind == Kind::Other && range.len() < value.trim().len() {
                    continue;
                }
                // Documentation holds tokens of the right form whose checksum is wrong.
                if hit.checked == Some(false) || is_sample(&value[range.clone()]) {
                    refuted.push(range);
                    continue;
                }
                if !hit.token.public {
                    self.hide(range.clone());
                }
                self.report(hit.rule, range, hit.checked.is_some());
            }
        }
        if let Some((range, spelled)) = basic(value) {
            self.hide(range.clone());
            match self.basic(&spelled, allowed) {
                Ok(Some(rule)) => self.report(rule, range, false),
                Ok(None) => {}
                Err(()) => refuted.push(range),
            }
        }
        for range in passwords(value) {
            let literal = pieces.iter().any(|piece| piece.start <= range.start && range.end <= piece.end);
            let password = &value[range.clone()];
            // No finding, but nobody's to see either: a word that everybody knows would tear other texts apart.
            if literal && is_weak(password) && password.len() >= 8 && password.bytes().any(|byte| byte.is_ascii_digit())
            {
                self.hide(range.clone());
            } else if literal && !is_weak(password) {
                self.hide(range.clone());
                // A short word on this machine keeps nobody out who is not in.
                let word = range.len() < 8 && value[range.clone()].bytes().all(|byte| byte.is_ascii_lowercase());
                if word && is_local(value) {
                    continue;
                }
                if let Some(rule) =
                    self.context.packs.rule("secrets/url-password").filter(|_| !overlaps(&refuted, &range))
                {
                    self.report(rule, range, false);
                }
            }
        }
        refuted
    }

    /// What is a secret by its name, and everything that might be one.
    fn unknown(&mut self, refuted: &[Range<usize>]) {
        let candidate = self.candidate;
        if candidate.program {
            return;
        }
        let value = candidate.value.text.as_str();
        // Everything that might be a secret is hidden, whether it is worth a finding or not.
        for range in random_words(value) {
            self.hide(range);
        }
        if candidate.kind != Kind::Other && !is_reference(value) {
            literals(value).into_iter().filter(|piece| piece.len() >= 3).for_each(|piece| self.hide(piece));
        }
        let Some((range, says)) = generic(candidate) else { return };
        self.hide(range.clone());
        let text = &value[range.clone()];
        if says
            && !overlaps(refuted, &range)
            && !is_id(&candidate.words, text)
            && let Some(rule) = self.context.packs.rule("secrets/generic")
        {
            self.report(rule, range, false);
        }
    }

    /// The rule that finds the password of `user:password`, if it is one of a known format; an error if it is no secret.
    fn basic(&self, spelled: &str, allowed: &[&Allowed]) -> Result<Option<&'r Rule>, ()> {
        let hits = self.context.tokens.find(spelled, allowed, false);
        if let Some(hit) = hits.iter().find(|hit| hit.checked != Some(false) && !hit.token.public) {
            return Ok(Some(hit.rule));
        }
        let (user, password) = spelled.split_once(':').unwrap_or((spelled, ""));
        // Some hand their key in as the name.
        let secret = if password.is_empty() { user } else { password };
        if is_weak(secret) || !hits.is_empty() { Err(()) } else { Ok(None) }
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
        let secret = Secret::new(&candidate.value.text[range.clone()]);
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
        let text = &candidate.value.text[range];
        if matches!(&rule.shape, Shape::Token(token) if token.checksum.is_some()) && is_expired(text) {
            draft = draft.severity(Severity::Low);
        }
        let mut finding = draft.build();
        // Whoever uses a secret manager keeps most of what counts in there.
        if scene.launch.vault.is_some() {
            finding.severity = finding.severity.lower();
        }
        self.judged.findings.push(finding);
    }
}

fn overlaps(ranges: &[Range<usize>], range: &Range<usize>) -> bool {
    ranges.iter().any(|other| other.start < range.end && range.start < other.end)
}

/// Whether a signed token says that it is no longer good.
fn is_expired(token: &str) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    Jwt::read(token).is_some_and(|jwt| jwt.expired(now))
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
    // The last one stands in Stripe's documentation.
    ["example", "your", "placeholder", "xxxx", "dummy", "fake", "changeme", "redacted", "4ec39hqlyj"]
        .iter()
        .any(|word| lower.contains(word))
        || is_placeholder(body) && body.len() >= 8 && token.len() < 60
}

/// What the words of what is started and of the server's name let through: they say whose key it is.
fn context_of_program(scene: &Scene<'_>, tokens: &TokenEngine<'_>) -> Allowed {
    let launch = scene.launch;
    let names = launch.packages.iter().map(|package| package.name.as_str());
    let names = names.chain(launch.images.iter().map(|image| image.name.as_str()));
    let names = names.chain(launch.remotes.iter().map(|remote| remote.host.as_str()));
    // No more than an honest entry has: every value is compared with all that they let through.
    let words: Vec<String> =
        [scene.entry.name.text.as_str()].into_iter().chain(names).flat_map(words_of).take(MOST_WORDS).collect();
    tokens.allowed(words.iter().map(String::as_str))
}

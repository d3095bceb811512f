//! References in values: what a client would replace, and what is written as it is. Nothing is ever expanded here but
//! by [`expand`], with the variables its caller hands in, and never a command.

use std::ops::Range;

use super::form::form;
use crate::discover::Form;

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Written as it is.
    Literal(Range<usize>),
    /// A variable of the environment, with the default that is used when it isn't set.
    Variable {
        /// The whole reference.
        range: Range<usize>,
        /// Its name.
        name: String,
        /// Where the default stands.
        default: Option<Range<usize>>,
    },
    /// Something else that only the client knows: an input, a folder, an entry of a vault.
    Reference(Range<usize>),
}

/// Beginnings of values that stand for a secret kept elsewhere.
const VAULTS: &[&str] = &[
    "op://",
    "secret://",
    "vault:",
    "vault://",
    "keyring:",
    "keychain:",
    "ref+",
    "arn:aws:secretsmanager:",
    "@microsoft.keyvault(",
    "!secret ",
    "env:",
    "file:",
    "doppler://",
    "bws://",
    "infisical://",
    "gcp-secret://",
    "azure-keyvault://",
    "ssm://",
    "awssm://",
];

/// Whether a value says where a secret is kept.
fn is_in_vault(value: &str) -> bool {
    // Each of them has one of these.
    if !value.bytes().any(|byte| matches!(byte, b':' | b'+' | b'(' | b'!')) {
        return false;
    }
    let trimmed = value.trim();
    let begins = |vault: &&str| trimmed.get(..vault.len()).is_some_and(|head| head.eq_ignore_ascii_case(vault));
    VAULTS.iter().any(begins)
}

fn begins_reference(byte: u8) -> bool {
    matches!(byte, b'$' | b'{' | b'%' | b'<')
}

/// Whether a value is one literal, seen without taking it apart; some that are one are not seen so.
pub fn is_one_literal(value: &str) -> bool {
    !value.is_empty() && !value.bytes().any(begins_reference) && !is_in_vault(value)
}

/// The parts of a value, in order.
pub fn parts(value: &str) -> Vec<Part> {
    if is_in_vault(value) {
        return vec![Part::Reference(0..value.len())];
    }
    // Most values hold nothing that a reference begins with.
    if !value.bytes().any(begins_reference) {
        return if value.is_empty() { Vec::new() } else { vec![Part::Literal(0..value.len())] };
    }
    let mut parts = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    while at < value.len() {
        match reference_at(value, at) {
            Some((part, end)) => {
                if literal < at {
                    parts.push(Part::Literal(literal..at));
                }
                parts.push(part);
                at = end;
                literal = end;
            }
            None => at += value[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    if literal < value.len() {
        parts.push(Part::Literal(literal..value.len()));
    }
    parts
}

/// Longer references are none; without a bound, a text of openings alone would be read once for each of them.
const LONGEST: usize = 512;

fn reference_at(value: &str, at: usize) -> Option<(Part, usize)> {
    let rest = &value[at..];
    let mut end = rest.len().min(LONGEST);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let rest = &rest[..end];
    let whole = |length: usize| Some((Part::Reference(at..at + length), at + length));
    match rest.as_bytes()[0] {
        b'$' => {
            if let Some(inner) = rest.strip_prefix("${{") {
                return whole(inner.find("}}")? + 5);
            }
            if rest.starts_with("${") {
                let close = balanced(rest, 1)?;
                return Some((variable(&rest[2..close], at + 2, at..at + close + 1), at + close + 1));
            }
            if rest.starts_with("$(") {
                return whole(balanced(rest, 1)? + 1);
            }
            if let Some(name) = rest.strip_prefix("$env:") {
                let length = name_length(name)?;
                return Some((
                    Part::Variable { range: at..at + 5 + length, name: name[..length].to_owned(), default: None },
                    at + 5 + length,
                ));
            }
            let length = name_length(&rest[1..])?;
            let name = &rest[1..1 + length];
            // `$5 off` and `pa$word` are no references; variables are written in capitals.
            let capitals = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            let end = at + 1 + length;
            capitals.then(|| (Part::Variable { range: at..end, name: name.to_owned(), default: None }, end))
        }
        b'{' => {
            if let Some(inner) = rest.strip_prefix("{{") {
                return whole(inner.find("}}")? + 4);
            }
            if let Some(inner) = rest.strip_prefix("{env:") {
                let end = inner.find('}')?;
                let close = at + end + 6;
                return Some((
                    Part::Variable { range: at..close, name: inner[..end].to_owned(), default: None },
                    close,
                ));
            }
            rest.starts_with("{file:").then(|| rest.find('}')).flatten().and_then(|end| whole(end + 1))
        }
        b'%' => {
            let length = name_length(&rest[1..])?;
            let end = at + length + 2;
            let name = rest[1..1 + length].to_owned();
            let closed = rest.as_bytes().get(1 + length) == Some(&b'%');
            closed.then_some((Part::Variable { range: at..end, name, default: None }, end))
        }
        b'<' => rest.starts_with("<%").then(|| rest.find("%>")).flatten().and_then(|end| whole(end + 2)),
        _ => None,
    }
}

/// What stands between `${` and `}`.
fn variable(inner: &str, start: usize, range: Range<usize>) -> Part {
    if let Some(name) = inner.strip_prefix("env:") {
        return Part::Variable { range, name: name.to_owned(), default: None };
    }
    let (name, rest) = inner.split_at(name_length(inner).unwrap_or(0));
    // These two are folders, not variables.
    if name.is_empty() || name.starts_with("workspaceFolder") || name == "userHome" {
        return Part::Reference(range);
    }
    if rest.is_empty() {
        return Part::Variable { range, name: name.to_owned(), default: None };
    }
    match [":-", ":=", "-", "="].iter().find_map(|operator| rest.strip_prefix(operator)) {
        Some(text) => {
            let from = start + inner.len() - text.len();
            Part::Variable { range, name: name.to_owned(), default: Some(from..from + text.len()) }
        }
        None => Part::Reference(range),
    }
}

/// How many bytes of a variable's name stand at the beginning.
fn name_length(text: &str) -> Option<usize> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_alphabetic() || first == b'_') {
        return None;
    }
    Some(text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count())
}

/// The index of the bracket that closes the one at `open`.
fn balanced(text: &str, open: usize) -> Option<usize> {
    let (opening, closing) = if text.as_bytes()[open] == b'{' { (b'{', b'}') } else { (b'(', b')') };
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        if byte == opening {
            depth += 1;
        } else if byte == closing {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// The literal pieces of a value: what is written as it is, and the defaults of references.
pub fn literals(value: &str) -> Vec<Range<usize>> {
    parts(value)
        .into_iter()
        .filter_map(|part| match part {
            Part::Literal(range) => Some(range),
            Part::Variable { default, .. } => default.filter(|range| !is_reference(&value[range.clone()])),
            Part::Reference(_) => None,
        })
        .collect()
}

/// Whether a value is a reference, apart from a scheme before it: `${X}`, `Bearer ${env:X}`, `op://vault/item`.
pub fn is_reference(value: &str) -> bool {
    let parts = parts(value);
    let some = parts.iter().any(|part| !matches!(part, Part::Literal(_)));
    some && parts.iter().all(|part| match part {
        Part::Literal(range) => {
            let rest = value[range.clone()].trim().trim_matches(['"', '\'', ':', ',', ';']);
            rest.is_empty()
                || ["bearer", "basic", "token", "apikey", "api-key", "key"]
                    .contains(&rest.to_ascii_lowercase().as_str())
        }
        Part::Variable { default, .. } => default.is_none(),
        Part::Reference(_) => true,
    })
}

/// A value with the defaults of its references filled in, as it is where no variable is set; nothing if it has none.
pub fn with_defaults(value: &str) -> Option<String> {
    let parts = parts(value);
    if !parts.iter().any(|part| matches!(part, Part::Variable { default: Some(_), .. })) {
        return None;
    }
    let filled = parts.into_iter().map(|part| match part {
        Part::Variable { default: Some(range), .. } => {
            let text = &value[range];
            with_defaults(text).unwrap_or_else(|| text.to_owned())
        }
        Part::Literal(range) | Part::Variable { range, .. } | Part::Reference(range) => value[range].to_owned(),
    });
    Some(filled.collect())
}

/// A value as the client would hand it to the server: references in its spellings (`forms`) are looked up by `lookup`,
/// other variables stay as they are written. Where the spellings are not known, `${…}` and `{env:…}` count; the rest is
/// the server's own business, a shell's for example. `None` if a part can't be known here: an input, an entry of a vault,
/// a variable that isn't set.
pub fn expand(value: &str, forms: Option<&[Form]>, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut expanded = String::new();
    for part in parts(value) {
        let (Part::Literal(range) | Part::Variable { range, .. } | Part::Reference(range)) = &part;
        let text = &value[range.clone()];
        let form = form(text);
        let replaced = match forms {
            Some(forms) => forms.contains(&form),
            None => text.contains('{'),
        };
        match part {
            Part::Variable { name, default, .. } if replaced => match (lookup(&name), default) {
                (Some(found), _) => expanded.push_str(&found),
                (None, Some(default)) => expanded.push_str(&expand(&value[default], forms, lookup)?),
                (None, None) => return None,
            },
            Part::Reference(_) if form == Form::Folder && replaced => match text {
                "${userHome}" => expanded.push_str(&lookup("HOME")?),
                "${workspaceFolder}" => expanded.push_str(&lookup("PWD")?),
                "${pathSeparator}" | "${/}" => expanded.push(std::path::MAIN_SEPARATOR),
                _ => return None,
            },
            // A command is for the shell of what is started; never for this program, even where its client runs it.
            Part::Literal(_) | Part::Variable { .. } => expanded.push_str(text),
            Part::Reference(_) if form == Form::Folder || form == Form::Command && !replaced => expanded.push_str(text),
            Part::Reference(_) => return None,
        }
    }
    Some(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn references_of_every_client() {
        for value in [
            "${API_KEY}",
            "${env:API_KEY}",
            "${input:key}",
            "$API_KEY",
            "%API_KEY%",
            "$env:API_KEY",
            "{env:API_KEY}",
            "{file:~/.key}",
            "{{KEY}}",
            "${{ secrets.KEY }}",
            "<%= ENV[\"X\"] %>",
            "op://vault/item/field",
            "Bearer ${API_KEY}",
            "Bearer ${input:x}",
            "$(pass show key)",
            "${command:get.key}",
            "vault:secret/data",
            "keyring:x",
            "${user_config.api_key}",
        ] {
            assert!(is_reference(value), "{value}: {:?}", parts(value));
        }
        for value in ["plain", "pa$word", "$5", "100%", "${KEY:-literal}", "prefix ${X} and words", "", "{\"a\": 1}"] {
            assert!(!is_reference(value), "{value}: {:?}", parts(value));
        }
    }

    #[test]
    fn openings_alone_are_read_in_linear_time() {
        for opening in ["${", "$(", "{{", "<%", "${{", "%A", "$A"] {
            let value = opening.repeat(20_000);
            assert!(!is_reference(&value) || opening == "$A", "{opening}");
        }
    }

    #[test]
    fn defaults_are_literals() {
        let value = "x${KEY:-sk-123}y${A:-${B}}";
        let found: Vec<&str> = literals(value).into_iter().map(|range| &value[range]).collect();
        assert_eq!(found, ["x", "sk-123", "y"]);
    }

    #[test]
    fn defaults_are_what_counts_without_a_variable() {
        assert_eq!(with_defaults("${X:-sh}").as_deref(), Some("sh"));
        assert_eq!(with_defaults("a ${X:-${Y:-b}} $Z").as_deref(), Some("a b $Z"));
        assert_eq!(with_defaults("${X} plain"), None);
    }

    #[test]
    fn expanding_needs_every_part() {
        let lookup = |name: &str| (name == "A").then(|| "1".to_owned());
        let expand = |value| expand(value, None, &lookup);
        assert_eq!(expand("x${A}$A${env:A}{env:A}").as_deref(), Some("x1$A11"));
        assert_eq!(expand("${B:-d}").as_deref(), Some("d"));
        assert_eq!(expand("${B}"), None);
        assert_eq!(expand("$(id) $B %B%").as_deref(), Some("$(id) $B %B%"));
        assert_eq!(expand("${command:x}"), None);
        assert_eq!(expand("${input:x}"), None);
        assert_eq!(expand("op://vault/x"), None);
        assert_eq!(expand("plain").as_deref(), Some("plain"));
    }

    #[test]
    fn only_the_spellings_of_the_client_are_replaced() {
        let lookup = |name: &str| (name == "A").then(|| "1".to_owned());
        let value = "${A} $A %A% ${env:A} {env:A} $env:A";
        let with = |forms: &[Form]| expand(value, Some(forms), &lookup);
        assert_eq!(with(&[]).as_deref(), Some(value));
        assert_eq!(expand("${input:x}", Some(&[]), &lookup), None, "nobody but a client knows an input");
        assert_eq!(expand("$(id)", Some(&[]), &lookup).as_deref(), Some("$(id)"));
        assert_eq!(expand("$(id)", Some(&[Form::Command]), &lookup), None);
        assert_eq!(with(&[Form::Braces]).as_deref(), Some("1 $A %A% ${env:A} {env:A} $env:A"));
        assert_eq!(with(&[Form::Dollar, Form::Percent]).as_deref(), Some("${A} 1 1 ${env:A} {env:A} $env:A"));
        assert_eq!(with(&[Form::BracesEnv, Form::CurlyEnv]).as_deref(), Some("${A} $A %A% 1 1 $env:A"));
        assert_eq!(with(&[Form::DollarEnv]).as_deref(), Some("${A} $A %A% ${env:A} {env:A} 1"));
    }

    proptest! {
        #[test]
        fn parts_cover_the_value(value in "[${}()%a-zA-Z:é -]{0,30}") {
            for part in parts(&value) {
                let (Part::Literal(range) | Part::Reference(range) | Part::Variable { default: Some(range), .. }) = part else { continue };
                prop_assert!(value.get(range).is_some());
            }
        }
    }
}

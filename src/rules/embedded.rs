//! What the binary brings along of `rules/`: as it is written, or, in a release, as the same data in JSON, which is read
//! in a fifth of the time.

use serde::de::DeserializeOwned;

/// The files under `rules/`, sorted by name: `(name, text)`.
pub(super) const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The text of a file under `rules/`, such as `clients.toml`.
pub fn data(name: &str) -> &'static str {
    FILES.iter().find(|(file, _)| *file == name).map_or("", |(_, text)| *text)
}

/// A mistake in a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// As it is written; with its line.
    #[error(transparent)]
    Toml(#[from] Box<toml::de::Error>),
    /// As a release has it.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Reads a table in either form.
///
/// # Errors
/// A mistake in it.
pub fn table<T: DeserializeOwned>(text: &str) -> Result<T, TableError> {
    if is_json(text) { Ok(serde_json::from_str(text)?) } else { Ok(toml::from_str(text).map_err(Box::new)?) }
}

/// Whether a text is a table as a release has it.
pub(super) fn is_json(text: &str) -> bool {
    text.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Packs;

    /// What a release reads is what is written.
    #[test]
    fn both_forms_say_the_same() {
        let json = |text: &str| {
            let value: toml::Table = toml::from_str(text).unwrap();
            serde_json::to_string(&value).unwrap()
        };
        for (name, text) in FILES.iter().filter(|(_, text)| !is_json(text)) {
            let compact = json(text);
            assert!(is_json(&compact), "{name}");
            if name.starts_with("packs/") {
                let load = |text: &str| Packs::default().with([((*name).to_owned(), text.to_owned())]);
                let shown = |packs: Result<Packs, _>| match packs {
                    Ok(packs) => format!("{:?}", packs.packs()),
                    Err(errors) => format!("{errors:?}"),
                };
                let (toml, json) = (shown(load(text)), shown(load(&compact)));
                assert!(toml == json, "{name} differs");
            } else {
                let toml: serde_json::Value = table(text).unwrap();
                assert_eq!(toml, table::<serde_json::Value>(&compact).unwrap(), "{name}");
            }
        }
    }
}

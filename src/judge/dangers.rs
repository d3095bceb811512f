//! What the checks of containers and connections compare with, `rules/dangers.toml`.

use serde::Deserialize;

/// The lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Dangers {
    pub(super) container: ContainerDangers,
    pub(super) transport: TransportDangers,
    pub(super) supply_chain: SupplyDangers,
}

/// What a container must not be handed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ContainerDangers {
    pub(super) capabilities: Vec<String>,
    pub(super) usual_capabilities: Vec<String>,
    pub(super) limits: Vec<Limit>,
    pub(super) security_opts: Vec<String>,
    pub(super) devices: Vec<String>,
    pub(super) sockets: Vec<String>,
    pub(super) roots: Vec<String>,
    pub(super) systems: Vec<String>,
    pub(super) harmless: Vec<String>,
    pub(super) windows_roots: Vec<String>,
    pub(super) home_variables: Vec<String>,
    pub(super) home_words: Vec<String>,
    pub(super) private: Vec<String>,
    pub(super) keys: Vec<String>,
}

/// Where a connection must not go, and what must not be switched off for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TransportDangers {
    pub(super) tunnels: Vec<Tunnel>,
    pub(super) own_names: Vec<String>,
    pub(super) tls_off: Vec<TlsOff>,
    pub(super) tls_off_options: Vec<String>,
    pub(super) listen_options: Vec<String>,
    pub(super) listen_variables: Vec<String>,
    pub(super) all_addresses: Vec<String>,
    pub(super) deno_permissions: Vec<DenoPermission>,
}

/// Something that bounds a container.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    /// What a reader is told to add.
    pub(super) what: String,
    pub(super) options: Vec<String>,
}

/// An option of Deno that gives everything of a kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DenoPermission {
    pub(super) options: Vec<String>,
    /// Its letter where short options stand together.
    pub(super) letter: Option<char>,
    pub(super) what: String,
    /// Whether a program with it can give itself all the others.
    #[serde(default)]
    pub(super) everything: bool,
}

/// What loads other code, and where packages come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SupplyDangers {
    pub(super) loaders: Vec<Loader>,
    pub(super) registry_options: Vec<String>,
    pub(super) registry_variables: Vec<String>,
    pub(super) usual_registries: Vec<String>,
    pub(super) unchecked_options: Vec<Unchecked>,
    pub(super) unchecked_variables: Vec<Unchecked>,
}

/// A variable that a loader or an interpreter obeys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Loader {
    name: String,
    /// Words without one of which it loads nothing.
    #[serde(default)]
    only: Vec<String>,
    /// Programs and files that load nothing, so that only what is in `only` counts behind them.
    #[serde(default)]
    harmless: Vec<String>,
    /// Programs without one of which nobody obeys it.
    #[serde(default)]
    programs: Vec<String>,
    /// It names folders, which may be the project's own.
    #[serde(default)]
    pub(super) search_path: bool,
}

impl Loader {
    /// Whether a value loads something, where these programs run.
    pub(super) fn loads(&self, name: &str, value: &str, programs: &[String]) -> bool {
        let named = match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => self.name == name,
        };
        if !named || !self.programs.is_empty() && !programs.iter().any(|program| self.programs.contains(program)) {
            return false;
        }
        // Node takes quotes out of its options, and a low line for a dash; git knows its settings in any case.
        let plain = value.replace('"', "").to_ascii_lowercase();
        let dashed = plain.replace('_', "-");
        let has = |word: &String| {
            let word = word.to_ascii_lowercase();
            plain.contains(&word) || dashed.contains(&word)
        };
        let first = plain.split_whitespace().next().unwrap_or_default();
        let first = first.rsplit(['/', '\\']).next().unwrap_or(first);
        let harmless = self.harmless.iter().any(|known| known == first.trim_end_matches(".exe"));
        if self.harmless.is_empty() {
            self.only.is_empty() || self.only.iter().any(has)
        } else {
            !harmless || self.only.iter().any(has)
        }
    }
}

/// An option or a variable that switches a check of what is fetched off.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unchecked {
    pub(super) name: String,
    /// The values that do; empty for any.
    #[serde(default)]
    pub(super) values: Vec<String>,
}

impl Unchecked {
    /// Whether it is switched off by that value.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        let value = value.trim();
        let one = |known: &String| value.split([' ', ',']).any(|word| word.eq_ignore_ascii_case(known));
        self.name == name && (self.values.is_empty() || self.values.iter().any(one))
    }
}

/// A host that anybody can stand behind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tunnel {
    pub(super) host: String,
    /// Who hands it out.
    pub(super) who: String,
}

/// A variable that switches the check of certificates off.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsOff {
    pub(super) name: String,
    pub(super) values: Vec<String>,
    /// Whether it is obeyed by everything in the process.
    #[serde(default)]
    pub(super) process: bool,
}

impl TlsOff {
    /// Whether a variable, its name in capitals, is this one, switched off.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        let named = name == self.name || self.name.starts_with('_') && name.ends_with(&self.name);
        named && self.values.contains(&value.trim().to_ascii_lowercase())
    }
}

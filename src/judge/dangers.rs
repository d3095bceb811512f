//! What the checks of containers and connections compare with, `rules/dangers.toml`.

use serde::Deserialize;

/// The lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dangers {
    pub(super) container: ContainerDangers,
    pub(super) transport: TransportDangers,
}

/// What a container must not be handed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ContainerDangers {
    pub(super) capabilities: Vec<String>,
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
    /// Whether a variable is this one, switched off.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        let name = name.to_ascii_uppercase();
        let named = name == self.name || self.name.starts_with('_') && name.ends_with(&self.name);
        named && self.values.contains(&value.trim().to_ascii_lowercase())
    }
}

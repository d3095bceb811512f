//! The spellings of references: what a client replaces when it reads a value.

use serde::Deserialize;

/// What some clients refuse and others don't mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Liberty {
    /// Comments, trailing commas and what else goes beyond JSON.
    Jsonc,
    /// A byte order mark before the text.
    ByteOrderMark,
    /// UTF-16.
    Utf16,
}

/// What a client does with a key that stands twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDuplicate {
    /// It takes the last, as JavaScript, Python and Go do.
    #[default]
    Last,
    /// It refuses the file.
    Refused,
}

/// How a reference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Form {
    /// A variable.
    #[serde(rename = "${NAME}")]
    Braces,
    /// A variable, with what counts when it isn't set.
    #[serde(rename = "${NAME:-default}")]
    Default,
    /// A variable.
    #[serde(rename = "$NAME")]
    Dollar,
    /// A variable.
    #[serde(rename = "%NAME%")]
    Percent,
    /// A variable.
    #[serde(rename = "${env:NAME}")]
    BracesEnv,
    /// A variable.
    #[serde(rename = "$env:NAME")]
    DollarEnv,
    /// A variable.
    #[serde(rename = "{env:NAME}")]
    CurlyEnv,
    /// What stands in a file.
    #[serde(rename = "{file:PATH}")]
    CurlyFile,
    /// What stands in a file.
    #[serde(rename = "${file:PATH}")]
    BracesFile,
    /// Something the client asks for.
    #[serde(rename = "${input:ID}")]
    Input,
    /// A folder that the client knows, such as `${userHome}`.
    #[serde(rename = "${workspaceFolder}")]
    Folder,
    /// Something of a namespace of the client's own, such as `${config:…}` or `${user_config.…}`.
    #[serde(rename = "${scheme:…}")]
    Scheme,
    /// A secret of a workspace or a workflow.
    #[serde(rename = "${{ NAME }}")]
    Workflow,
    /// A template.
    #[serde(rename = "{{NAME}}")]
    Template,
    /// What a command prints.
    #[serde(rename = "$(command)")]
    Command,
    /// An entry of a vault, or anything else.
    #[serde(rename = "other")]
    Other,
}

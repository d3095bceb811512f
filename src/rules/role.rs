//! Who reads a text, and what it is there for.

use serde::Deserialize;

/// The role of a text that a server offers. Rules may be limited to some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The server's `instructions`, read by the model before any tool.
    Instructions,
    /// What the server says of itself in `serverInfo`.
    ServerInfo,
    /// Name of a tool, prompt or resource.
    Name,
    /// Its title, read by people.
    Title,
    /// Its description, read by the model.
    Description,
    /// Name of a parameter: a key of `properties`, or an argument of a prompt.
    ParameterName,
    /// Description or title of a parameter, at any depth of the schema.
    ParameterText,
    /// A value where a token belongs: `enum`, `const`, `default`, `examples`, `pattern`, `type`, `format`, `required`.
    Value,
    /// The same texts of the output schema.
    Output,
    /// Annotations.
    Annotation,
    /// Address of a resource.
    Uri,
    /// A field that no revision of the protocol names, `_meta` and unknown keywords of a schema among them.
    Unknown,
}

impl Role {
    /// Whether prose is expected here.
    pub fn is_prose(self) -> bool {
        matches!(
            self,
            Self::Instructions
                | Self::Description
                | Self::ParameterText
                | Self::Output
                | Self::Unknown
                | Self::Annotation
        )
    }
}

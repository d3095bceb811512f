//! What a server offers, as it said it.

use crate::document::{Node, SourceId, Span};

/// The entry of a config that names a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file, and the entry's name in it.
    pub place: (SourceId, Span),
    /// The file's path without what differs between machines.
    pub portable: String,
}

/// A look at a server after the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its number: 2 is the second.
    pub number: usize,
    /// The client name that the server was told.
    pub caller: String,
}

/// Everything one server offers. The answers are kept as they came: what does not fit a type is what a scanner is
/// looking for.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Id of the client whose config names the server; `None` for a saved list that names none.
    pub client: Option<String>,
    /// Ids of other clients that read the same entry.
    pub also: Vec<String>,
    /// The server's name in its config, or in the saved list.
    pub server: String,
    /// The saved list that this was read from. The spans of all nodes are spans of that file; without one they mean
    /// nothing to a reader.
    pub source: Option<SourceId>,
    /// The entry that names a server that was asked.
    pub origin: Option<Origin>,
    /// Which look this is; nothing for the first, which is most often the only one.
    pub look: Option<Look>,
    /// `serverInfo`.
    pub info: Option<Node>,
    /// `instructions`, whatever type it has.
    pub instructions: Option<Node>,
    /// The elements of `tools`.
    pub tools: Vec<Node>,
    /// The elements of `prompts`.
    pub prompts: Vec<Node>,
    /// The elements of `resources`.
    pub resources: Vec<Node>,
    /// The elements of `resourceTemplates`.
    pub templates: Vec<Node>,
}

impl Catalog {
    /// The four lists with the word that names an item of each.
    pub fn lists(&self) -> [(&'static str, &[Node]); 4] {
        [
            ("tools", &self.tools),
            ("prompts", &self.prompts),
            ("resources", &self.resources),
            ("resourceTemplates", &self.templates),
        ]
    }
}

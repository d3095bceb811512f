//! The question whether servers may be started, or connected to, as data. Who answers it is not known here.

/// What would be done to ask one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Id of the client.
    pub client: String,
    /// The server's name.
    pub server: String,
    /// The config that names it, as the user knows it.
    pub config: String,
    /// Somebody else may have written that config.
    pub foreign: bool,
    /// What that is.
    pub deed: Deed,
    /// What judging its entry found, at severity high or above.
    pub warnings: Vec<String>,
}

/// What would be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A program would run.
    Start {
        /// The program and its arguments, with secrets taken out.
        command: Vec<String>,
        /// The folder it would run in, where its entry names one.
        folder: Option<String>,
        /// Names of the variables it would get.
        variables: Vec<String>,
    },
    /// An address would be connected to.
    Connect {
        /// The address as its entry writes it, with secrets taken out.
        address: String,
        /// Scheme, host and port that it comes to, where variables decide.
        origin: Option<String>,
        /// Names of the headers it would get.
        headers: Vec<String>,
    },
}

/// Whoever answers.
pub trait Consent {
    /// For each question, whether that server may be asked.
    fn allow(&mut self, questions: &[Question]) -> Vec<bool>;

    /// Whether servers are to be asked at all. Where they are not, one that can't be asked is no gap.
    fn wanted(&self) -> bool {
        true
    }
}

/// Nothing is started or connected to.
pub struct Never;

impl Consent for Never {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        vec![false; questions.len()]
    }

    fn wanted(&self) -> bool {
        false
    }
}

/// Everything is, because the user said so.
pub struct Always;

impl Consent for Always {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        vec![true; questions.len()]
    }
}

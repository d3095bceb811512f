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
    /// A digest of all that decides what would run: the resolved command with its variables and folder, or the address
    /// with its headers; of a project's own programs what they say as well. It tells of secrets inside, so it is salted
    /// before it is kept anywhere.
    pub identity: String,
}

/// A variable or a header that a server gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// Its name.
    pub name: String,
    /// Whether its value is made up, and not the real one.
    pub made_up: bool,
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
        /// The variables it would get.
        variables: Vec<Handed>,
    },
    /// An address would be connected to.
    Connect {
        /// The address as its entry writes it, with secrets taken out.
        address: String,
        /// Scheme, host and port that it comes to, where variables decide.
        origin: Option<String>,
        /// The headers it would get.
        headers: Vec<Handed>,
    },
}

/// Whoever answers.
pub trait Consent {
    /// For each question, whether that server may be asked.
    fn allow(&mut self, questions: &[Question]) -> Vec<bool>;

    /// Whether any server may be asked at all.
    fn wanted(&self) -> bool {
        true
    }

    /// Whether all servers are to be asked: then one that can't be asked is a gap.
    fn demands(&self) -> bool {
        self.wanted()
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

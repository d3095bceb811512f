//! The question whether servers may be started, as data. Who answers it is not known here.

/// What one server would do if it were started.
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
    /// The program and its arguments, with secrets taken out.
    pub command: Vec<String>,
    /// The folder it would run in, where its entry names one.
    pub folder: Option<String>,
    /// Names of the variables it would get.
    pub variables: Vec<String>,
    /// What judging its entry found, at severity high or above.
    pub warnings: Vec<String>,
}

/// Whoever answers.
pub trait Consent {
    /// For each question, whether that server may be started.
    fn allow(&mut self, questions: &[Question]) -> Vec<bool>;

    /// Whether servers are to be asked at all. Where they are not, one that can't be asked is no gap.
    fn wanted(&self) -> bool {
        true
    }
}

/// Nothing is started.
pub struct Never;

impl Consent for Never {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        vec![false; questions.len()]
    }

    fn wanted(&self) -> bool {
        false
    }
}

/// Everything is started, because the user said so.
pub struct Always;

impl Consent for Always {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        vec![true; questions.len()]
    }
}

//! What the command line looks like. `--help` is made from the comments here.

mod limits;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::finding::{Confidence, Severity};
use crate::report::{FORMATS, Format};
use limits::Limits;

/// Finds the MCP servers that your clients would start, asks them what they offer, and says what is wrong with them
///
/// Without a PATH it looks at this user's clients (Claude Desktop, Claude Code, Cursor, VS Code and some sixty others)
/// and at the project around the current folder. It sends nothing anywhere, and starts or asks no server without being
/// told to.
#[derive(Debug, Parser)]
#[command(
    name = "mcpscan",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
#[command(
    after_help = "Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage or a named path that is not there, \
3 incomplete.\nDefaults of these options, ignores and allowed servers can stand in `.mcpscan.toml`; docs/configuration.md tells how.\nEvery rule explains itself: mcpscan explain supply-chain/unpinned-package"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) scan: Scan,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Find, read and judge: the same as no command at all
    Scan(Box<Scan>),
    /// Show the clients, configs and servers that are found, without judging them
    List(List),
    /// Accept what is found now: write a line for each finding, for `--baseline` to tell only what is new from then on
    Baseline(Box<Accept>),
    /// Record what servers are and offer, so that every later change is told
    ///
    /// Without --check, --diff or --accept, what is seen for the first time is written into `mcpscan.lock`: servers of a
    /// project's configs into the one in its root, all others into your own. What the lock has already stays as it is.
    Lock(Box<Lock>),
    /// Ask servers what they offer and print it, a catalog a line of JSON; `--tools -` takes it back. Nothing is judged
    Inspect(Box<Inspect>),
    /// List the rules, or run their examples
    Rules(Rules),
    /// Explain a rule: what it finds, why it matters, what to do
    Explain(Explain),
    /// Run everything on a built-in bad example: three clients, a clean server, a poisoned one, one that shadows it
    Demo(Demo),
    /// Print the JSON Schema of the report that --format json writes, or of each line of ndjson
    Schema(Schema),
    /// Show what was approved to be asked without a question, or take it back
    #[command(subcommand)]
    Approvals(ApprovalsCommand),
    /// Print what makes a shell complete the arguments, for one of the shells below
    Completions(Completions),
    /// Print the manual page; with a folder, write one for each command into it
    Man(Man),
    /// A server of the demo
    #[command(name = "__serve", hide = true)]
    Serve(Serve),
    /// What ends the servers when this program is killed
    #[command(name = crate::connect::WATCH, hide = true)]
    Watch,
    /// What shuts itself in and becomes a server
    #[command(name = crate::connect::EXEC, hide = true)]
    Exec,
}

#[derive(Args, Debug)]
pub(super) struct Scan {
    /// Files and folders to look at. A folder: the project below it. A file: read whatever its name
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) place: Place,

    #[command(flatten)]
    pub(super) servers: Servers,
    /// Judge a saved list of tools (`-` for standard input) and ask nobody
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["paths", "launch", "yes", "server", "url", "bearer_env"],
        help_heading = "Servers"
    )]
    pub(super) tools: Option<PathBuf>,

    /// Format of the report [default: text]; repeat with --output to write several
    #[arg(long, value_name = "FORMAT", value_parser = formats(), help_heading = "Report")]
    pub(super) format: Vec<&'static Format>,
    /// Write the report of the --format before it to a file (`-` for standard output); alone, the file's ending says the format
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub(super) output: Vec<PathBuf>,
    /// Exit with 1 when a finding is at least this severe [default: high]
    #[arg(long, value_name = "SEVERITY", help_heading = "Report")]
    pub(super) fail_on: Option<FailOn>,
    /// Leave out findings that are less sure than this [default: medium]
    #[arg(long, value_name = "CONFIDENCE", help_heading = "Report")]
    pub(super) min_confidence: Option<ConfidenceName>,
    /// Exit with 3 when something could not be looked at, even if nothing was found
    #[arg(long, help_heading = "Report")]
    pub(super) require_complete: bool,
    /// Also show findings of severity info
    #[arg(long, help_heading = "Report")]
    pub(super) pedantic: bool,
    /// Leave out the lines of the config or the tool around each finding
    #[arg(long, help_heading = "Report")]
    pub(super) no_snippets: bool,
    /// Text: a line a finding, and one for each thing that could not be looked at; nothing where there is neither
    #[arg(long, short = 'q', help_heading = "Report")]
    pub(super) quiet: bool,
    /// Text: also what is folded or suppressed, all reasons, and what was looked at without a finding
    #[arg(long, short = 'v', conflicts_with = "quiet", help_heading = "Report")]
    pub(super) verbose: bool,

    #[command(flatten)]
    pub(super) choice: Choice,
    #[command(flatten)]
    pub(super) settings: SettingsFiles,
    /// Only findings that are not in this baseline count; `mcpscan baseline` writes one
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub(super) baseline: Option<PathBuf>,
    /// Compare with no lock, neither the project's nor your own
    #[arg(long, help_heading = "Settings")]
    pub(super) no_lock: bool,
}

/// Which settings files count.
#[derive(Args, Debug)]
pub(super) struct SettingsFiles {
    /// Go by this settings file instead of the project's `.mcpscan.toml`
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub(super) config: Option<PathBuf>,
    /// Go by no settings file, neither the project's nor your own
    #[arg(long, conflicts_with = "config", help_heading = "Settings")]
    pub(super) no_config: bool,
}

#[derive(Args, Debug)]
pub(super) struct Accept {
    /// Files and folders to look at
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Judge a saved list of tools (`-` for standard input) and ask nobody
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["paths", "launch", "yes", "server", "url", "bearer_env"],
        help_heading = "Servers"
    )]
    pub(super) tools: Option<PathBuf>,
    /// Write the baseline to this file instead of standard output
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) servers: Servers,
    #[command(flatten)]
    pub(super) choice: Choice,
    /// Leave out findings that are less sure than this [default: medium]
    #[arg(long, value_name = "CONFIDENCE", help_heading = "Rules")]
    pub(super) min_confidence: Option<ConfidenceName>,
    #[command(flatten)]
    pub(super) settings: SettingsFiles,
}

#[derive(Args, Debug)]
pub(super) struct Lock {
    /// Files and folders to look at
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Write nothing; exit with 1 when anything is not as it was approved, and with 3 when not all could be looked at
    #[arg(long, help_heading = "Lock")]
    pub(super) check: bool,
    /// Write nothing; show the words that changed, and what the rules find in them
    #[arg(long, conflicts_with = "check", help_heading = "Lock")]
    pub(super) diff: bool,
    /// Accept a server as it is now, or one tool, prompt, resource or template of it; without a name all that changed
    #[arg(
        long,
        value_name = "SERVER[/TOOL]",
        num_args = 0..=1,
        default_missing_value = "",
        action = clap::ArgAction::Append,
        conflicts_with_all = ["check", "diff"],
        help_heading = "Lock"
    )]
    pub(super) accept: Vec<String>,
    /// Take in what has a finding of severity high or worse, too, and keep this reason beside it
    #[arg(long, value_name = "REASON", value_parser = one_line, conflicts_with_all = ["check", "diff"], help_heading = "Lock")]
    pub(super) force: Option<String>,
    /// Take what servers offer from a saved list (`-` for standard input) and ask nobody
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["paths", "launch", "yes", "server", "url", "bearer_env"],
        help_heading = "Servers"
    )]
    pub(super) tools: Option<PathBuf>,
    /// Format of the report of --check; repeat with --output to write several
    #[arg(long, value_name = "FORMAT", value_parser = formats(), requires = "check", help_heading = "Report")]
    pub(super) format: Vec<&'static Format>,
    /// Write the report of the --format before it to a file
    #[arg(long, value_name = "FILE", requires = "check", help_heading = "Report")]
    pub(super) output: Vec<PathBuf>,
    /// Let only changes that are at least this severe fail --check [default: low]
    #[arg(long, value_name = "SEVERITY", requires = "check", help_heading = "Report")]
    pub(super) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) servers: Servers,
    #[command(flatten)]
    pub(super) choice: Choice,
    #[command(flatten)]
    pub(super) settings: SettingsFiles,
}

/// Which servers are asked, and how.
#[derive(Args, Debug)]
pub(super) struct Servers {
    /// Whether to start the servers, or connect to them, and ask them what they offer [default: ask at a terminal,
    /// elsewhere only what was approved before]
    #[arg(long, value_name = "WHICH", help_heading = "Servers")]
    pub(super) launch: Option<LaunchPolicy>,
    /// The same as --launch all
    #[arg(long, short = 'y', conflicts_with = "launch", help_heading = "Servers")]
    pub(super) yes: bool,
    /// Judge one server by its command line before it is installed; it is started, unless --launch none
    #[arg(
        long,
        value_name = "'COMMAND ARG…'",
        value_parser = one_line,
        conflicts_with_all = ["paths", "client", "all_users", "known_projects"],
        help_heading = "Servers"
    )]
    pub(super) server: Option<String>,
    /// Judge one server by its address; it is connected to, unless --launch none
    #[arg(
        long,
        value_name = "URL",
        value_parser = one_line,
        conflicts_with_all = ["server", "paths", "client", "all_users", "known_projects"],
        help_heading = "Servers"
    )]
    pub(super) url: Option<String>,
    /// Send this header to --url; in single quotes, `${VARIABLE}` keeps a key out of the shell's history
    #[arg(
        long,
        value_name = "'NAME: VALUE'",
        value_parser = header,
        requires = "url",
        help_heading = "Servers"
    )]
    pub(super) header: Vec<String>,
    /// Send the token in this variable to the server of --url, unless a --header signs in, and over an encrypted
    /// connection only
    #[arg(long, value_name = "VARIABLE", help_heading = "Servers")]
    pub(super) bearer_env: Option<String>,
    /// Whether servers get the real values of keys and passwords, or made-up ones of the same form [default: dummy for
    /// configs that came with a project, real for your own]
    #[arg(long, value_name = "WHICH", help_heading = "Servers")]
    pub(super) env_values: Option<EnvValues>,
    /// How many servers to ask at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "Servers")]
    pub(super) jobs: u16,
    /// Start servers without the sandbox that keeps them from reading credentials and writing to your home
    #[arg(long, help_heading = "Servers")]
    pub(super) no_sandbox: bool,
    /// What started servers may do over the network. With `none`, packages have to be there already
    #[arg(long, value_name = "WHAT", default_value = "open", conflicts_with = "no_sandbox", help_heading = "Servers")]
    pub(super) sandbox_network: NetworkName,
    #[command(flatten)]
    pub(super) limits: Limits,
}

impl Servers {
    /// Whether one server was given instead of configs.
    pub(super) fn is_given(&self) -> bool {
        self.server.is_some() || self.url.is_some()
    }
}

/// A text that is not empty and stays on its line.
fn one_line(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("nothing is given".to_owned()),
        line if line.contains(char::is_control) => Err("it has more than one line, or control characters".to_owned()),
        line => Ok(line.to_owned()),
    }
}

/// A header as it is sent. What is wrong with it is told without its value.
fn header(text: &str) -> Result<String, String> {
    let line = one_line(text)?;
    let name = line.split_once(':').map_or("", |(name, _)| name.trim());
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(letter) {
        return Err("expected `Name: value`".to_owned());
    }
    Ok(line)
}

/// Where to look.
#[derive(Args, Debug)]
pub(super) struct Place {
    /// Only these clients, by the ids in the reports, with commas between
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Where to look")]
    pub(super) client: Vec<String>,
    /// Look at this home folder instead of your own
    #[arg(long, value_name = "DIR", help_heading = "Where to look")]
    pub(super) home: Option<PathBuf>,
    /// Also look at the homes of this machine's other users, as far as they can be read; on Windows at those inside WSL
    #[arg(long, conflicts_with = "home", help_heading = "Where to look")]
    pub(super) all_users: bool,
    /// Also look at every project that the clients remember
    #[arg(long, help_heading = "Where to look")]
    pub(super) known_projects: bool,
}

/// Which rules count.
#[derive(Args, Debug)]
pub(super) struct Choice {
    /// Only these rules or packs, with commas between
    #[arg(long, value_name = "RULE|PACK", value_delimiter = ',', help_heading = "Rules")]
    pub(super) select: Vec<String>,
    /// Not these rules or packs, with commas between
    #[arg(long, value_name = "RULE|PACK", value_delimiter = ',', help_heading = "Rules")]
    pub(super) ignore: Vec<String>,
    /// Also apply the packs in this file or folder
    #[arg(long, value_name = "DIR|FILE", help_heading = "Rules")]
    pub(super) rules: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct List {
    /// Files and folders to look at
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) place: Place,
}

#[derive(Args, Debug)]
pub(super) struct Inspect {
    /// Files and folders to look at
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) servers: Servers,
}

#[derive(Args, Debug)]
pub(super) struct Rules {
    #[command(subcommand)]
    pub(super) command: Option<RulesCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// One line a rule
    List(RuleFiles),
    /// Check every rule and run its examples through the whole judge
    Test(RuleFiles),
    /// Count what each rule of texts finds in labelled tools: true and false hits
    Stats(RuleStats),
    /// Write a page a rule, as Markdown
    Docs(RuleDocs),
}

#[derive(Args, Debug)]
pub(super) struct RuleDocs {
    /// Folder for the pages; pages of rules that are no more are removed from it
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    #[command(flatten)]
    pub(super) packs: RuleFiles,
}

#[derive(Args, Debug, Default)]
pub(super) struct RuleFiles {
    /// Also the packs in this file or folder
    #[arg(long, value_name = "DIR|FILE")]
    pub(super) rules: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct RuleStats {
    /// JSON lines: `{"label": "benign", "tool": {…}}`, or `"servers": [{"name": …, "tools": […]}]` for those of one client.
    /// Any other label is bad
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) packs: RuleFiles,
}

#[derive(Args, Debug)]
pub(super) struct Explain {
    /// Id of a rule, such as supply-chain/unpinned-package
    pub(super) rule: String,
    #[command(flatten)]
    pub(super) files: RuleFiles,
}

#[derive(Debug, Subcommand)]
pub(super) enum ApprovalsCommand {
    /// Two lines for each: its id, its server, what it runs, and the config that named it
    List,
    /// Take approvals back: the next scan asks again
    Revoke(Revoke),
}

#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// Ids as the list shows them, or names of servers
    #[arg(value_name = "ID|SERVER", required_unless_present = "all")]
    pub(super) which: Vec<String>,
    /// All of them
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Args, Debug)]
pub(super) struct Demo {
    /// Format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats())]
    pub(super) format: &'static Format,
    /// Text: a line a finding
    #[arg(long, short = 'q')]
    pub(super) quiet: bool,
    /// Text: also what is folded, all reasons, and what was looked at without a finding
    #[arg(long, short = 'v', conflicts_with = "quiet")]
    pub(super) verbose: bool,
}

#[derive(Args, Debug)]
pub(super) struct Schema {
    /// Which
    #[arg(value_name = "FORMAT", default_value = "json", value_parser = ["json", "ndjson"])]
    pub(super) format: String,
}

#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(super) struct Man {
    /// Where to write a page for each command
    #[arg(value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Serve {
    pub(super) which: DemoServer,
}

/// The servers of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DemoServer {
    /// Does what it says.
    Notes,
    /// Hides orders in its tools.
    Weather,
    /// Imitates and redirects the notes.
    Helper,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LaunchPolicy {
    /// Ask about each, at a terminal
    Ask,
    /// Ask them all
    All,
    /// Ask none, whatever was approved before
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NetworkName {
    /// Whatever they want
    Open,
    /// Nothing
    None,
}

impl From<NetworkName> for crate::connect::Network {
    fn from(name: NetworkName) -> Self {
        match name {
            NetworkName::Open => Self::Open,
            NetworkName::None => Self::None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EnvValues {
    /// Those of the config and of your variables
    Real,
    /// Nonsense that looks like them; most servers list their tools with it
    Dummy,
}

impl From<EnvValues> for crate::pipeline::Values {
    fn from(values: EnvValues) -> Self {
        match values {
            EnvValues::Real => Self::Real,
            EnvValues::Dummy => Self::Dummy,
        }
    }
}

/// The formats, by the words that name them.
fn formats() -> impl TypedValueParser<Value = &'static Format> {
    let words = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(words).try_map(|word| Format::by_name(&word).ok_or("no such format"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Critical,
    High,
    Medium,
    Low,
    Info,
    /// Findings never fail
    Never,
}

impl FailOn {
    /// The name of a threshold.
    pub(super) fn of(threshold: Option<Severity>) -> Self {
        match threshold {
            Some(Severity::Critical) => Self::Critical,
            Some(Severity::High) => Self::High,
            Some(Severity::Medium) => Self::Medium,
            Some(Severity::Low) => Self::Low,
            Some(Severity::Info) => Self::Info,
            None => Self::Never,
        }
    }

    pub(super) fn threshold(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ConfidenceName {
    High,
    Medium,
    Low,
}

impl From<ConfidenceName> for Confidence {
    fn from(name: ConfidenceName) -> Self {
        match name {
            ConfidenceName::High => Self::High,
            ConfidenceName::Medium => Self::Medium,
            ConfidenceName::Low => Self::Low,
        }
    }
}

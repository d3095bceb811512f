//! How servers are asked on this run: which, with whose consent, and within what.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::approvals::{self, Store};
use super::args::{LaunchPolicy, NetworkName, Place, Servers};
use super::{Failure, ask, place, progress};
use crate::connect::{self, Always, Bounds, Consent, Network, Never, Progress, Question};
use crate::discover::{Clients, same_variable};
use crate::pipeline::{Asking, Confine, Given, Input, Values};

/// Variables that every program needs and that say nothing about the user's accounts.
const BASE_VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "TERM",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "ProgramW6432",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE",
];

/// Those of `variables` that a started server gets.
pub(super) fn base_env(variables: &[(String, String)]) -> Vec<(String, String)> {
    let wanted = |name: &str| BASE_VARIABLES.iter().any(|known| same_variable(known, name));
    variables.iter().filter(|(name, _)| wanted(name)).cloned().collect()
}

/// All that a run needs to ask servers.
pub(super) struct Setup {
    consent: Box<dyn Consent>,
    progress: Box<dyn Progress>,
    bounds: Bounds,
    confine: Confine,
    jobs: usize,
    values: Option<Values>,
    bearer: Option<String>,
    variables: Vec<(String, String)>,
    stop: Arc<AtomicBool>,
}

impl Setup {
    /// What the arguments say, and where they say nothing of who is asked, the user's settings.
    pub(super) fn new(
        servers: &Servers,
        settings: Option<LaunchPolicy>,
        variables: Vec<(String, String)>,
    ) -> Result<Self, Failure> {
        let bearer = servers.bearer_env.as_deref().map(|name| bearer(name, &variables)).transpose()?;
        let idle = Arc::new(AtomicBool::new(true));
        let stop = stop_flag(Arc::clone(&idle));
        Ok(Self {
            consent: consent(servers, settings, idle, &variables)?,
            values: servers.env_values.map(Into::into),
            progress: progress::new(),
            bounds: Bounds { watchdog: std::env::current_exe().ok(), ..servers.limits.bounds() },
            confine: confine(servers),
            jobs: servers.jobs.into(),
            bearer,
            variables,
            stop,
        })
    }

    /// The same for the pipeline.
    pub(super) fn asking(&mut self) -> Asking<'_> {
        Asking {
            consent: self.consent.as_mut(),
            base_env: base_env(&self.variables),
            variables: self.variables.clone(),
            values: self.values,
            bearer: self.bearer.clone(),
            bounds: self.bounds.clone(),
            confine: self.confine.clone(),
            jobs: self.jobs,
            stop: &self.stop,
            progress: self.progress.as_ref(),
        }
    }

    /// Asks only servers of these names.
    pub(super) fn only(&mut self, names: Vec<String>) {
        let consent = std::mem::replace(&mut self.consent, Box::new(Never));
        self.consent = Box::new(Only { names, consent });
    }

    /// Whether the user ended it early.
    pub(super) fn was_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

/// The one server that was given, or the configs that were named or are to be found.
pub(super) fn input(
    servers: &Servers,
    paths: &[PathBuf],
    place: &Place,
    clients: &Clients,
    variables: &[(String, String)],
) -> Result<Input, Failure> {
    // A config's remotes are whoever's that wrote it. The parser forgets what needs an option that another one excludes.
    if servers.bearer_env.is_some() && servers.url.is_none() {
        return Err(Failure::Usage("--bearer-env goes with --url: a token is for one server that you name".to_owned()));
    }
    let request = place::request(paths, place, clients, variables)?;
    let (given, text) = match (&servers.server, &servers.url) {
        (Some(_), _) if !servers.header.is_empty() => {
            return Err(Failure::Usage("--header goes with --url, not with --server".to_owned()));
        }
        (Some(line), _) => (Given::Command, line.trim().to_owned()),
        (None, Some(url)) => {
            let mut text = url.trim().to_owned();
            for header in &servers.header {
                text.push('\n');
                text.push_str(header);
            }
            (Given::Address, text)
        }
        (None, None) => return Ok(Input::Configs(request)),
    };
    Ok(Input::Given(given, text, request))
}

/// The token that a variable holds. It is not repeated, whatever is wrong with it.
fn bearer(name: &str, variables: &[(String, String)]) -> Result<String, Failure> {
    let found = variables.iter().find(|(known, _)| same_variable(known, name));
    let token = found.map(|(_, value)| value.trim()).filter(|token| !token.is_empty());
    let Some(token) = token else {
        return Err(Failure::Usage(format!("--bearer-env {name}: no such variable is set, or it is empty")));
    };
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::Usage(format!("--bearer-env {name}: what the variable holds is no token")));
    }
    Ok(token.to_owned())
}

/// Whether servers are shut in.
fn confine(servers: &Servers) -> Confine {
    if servers.no_sandbox {
        return Confine::No("--no-sandbox".to_owned());
    }
    confined(servers.sandbox_network.into())
}

/// Shut in by this program.
pub(super) fn confined(network: Network) -> Confine {
    match std::env::current_exe() {
        Ok(program) => Confine::Yes { program, network },
        Err(error) => Confine::No(format!("this program does not know where it lies: {error}")),
    }
}

/// What the question says of the sandbox.
fn promise(servers: &Servers) -> &'static str {
    if servers.no_sandbox {
        "They run without a sandbox, so each can read and write whatever you can."
    } else if !connect::has_sandbox() {
        "This system offers no sandbox, so each can read and write whatever you can."
    } else if servers.sandbox_network == NetworkName::None {
        "They run in a sandbox: each can read your files but for credentials and the configs of clients, can write only to \
         a temporary folder and the caches of its runner, and reaches no network."
    } else {
        "They run in a sandbox: each can read your files but for credentials and the configs of clients, can write only to \
         a temporary folder and the caches of its runner, and can use the network."
    }
}

/// Whoever answers, and from then on something runs.
struct Armed<C> {
    consent: C,
    idle: Arc<AtomicBool>,
}

impl<C: Consent> Consent for Armed<C> {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        let allowed = self.consent.allow(questions);
        self.idle.store(!allowed.contains(&true), Ordering::SeqCst);
        allowed
    }

    fn wanted(&self) -> bool {
        self.consent.wanted()
    }

    fn demands(&self) -> bool {
        self.consent.demands()
    }
}

/// Whoever answers, and is asked about some servers only.
struct Only {
    names: Vec<String>,
    consent: Box<dyn Consent>,
}

impl Consent for Only {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        let meant = |question: &&Question| self.names.contains(&question.server);
        let own: Vec<Question> = questions.iter().filter(meant).cloned().collect();
        let mut allowed = if own.is_empty() { Vec::new() } else { self.consent.allow(&own) }.into_iter();
        questions.iter().map(|question| meant(&question) && allowed.next().unwrap_or(false)).collect()
    }

    fn wanted(&self) -> bool {
        self.consent.wanted()
    }

    fn demands(&self) -> bool {
        self.consent.demands()
    }
}

fn consent(
    servers: &Servers,
    settings: Option<LaunchPolicy>,
    idle: Arc<AtomicBool>,
    variables: &[(String, String)],
) -> Result<Box<dyn Consent>, Failure> {
    // A question needs somebody who reads it and somebody who answers.
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    // What settings say holds for configs, and a question only where there is somebody to ask.
    let settings = settings.filter(|policy| !servers.is_given() && (terminal || *policy != LaunchPolicy::Ask));
    let policy = match (servers.yes, servers.launch.or(settings)) {
        (true, _) => LaunchPolicy::All,
        (_, Some(policy)) => policy,
        // Whoever names one server asks for that very server.
        (_, None) if servers.is_given() => LaunchPolicy::All,
        (_, None) if terminal => LaunchPolicy::Ask,
        (_, None) => {
            // Without a home there is nothing to remember.
            let approved = approvals::own_home(variables).ok().map(|home| Store::open(&home)).transpose()?;
            return Ok(match approved.filter(|store| !store.all().is_empty()) {
                Some(store) => Box::new(Armed { consent: Approved(store), idle }),
                None => Box::new(Never),
            });
        }
    };
    match policy {
        LaunchPolicy::All => Ok(Box::new(Armed { consent: Always, idle })),
        LaunchPolicy::None => Ok(Box::new(Never)),
        LaunchPolicy::Ask if terminal => {
            let approved = approvals::own_home(variables).ok().map(|home| Store::open(&home)).transpose()?;
            Ok(Box::new(Armed { consent: ask::AtTerminal { approved, sandbox: promise(servers) }, idle }))
        }
        LaunchPolicy::Ask => {
            Err(Failure::Usage("--launch ask needs a terminal; use --launch all or --launch none".to_owned()))
        }
    }
}

/// What was approved before, and nothing else.
struct Approved(Store);

impl Consent for Approved {
    fn allow(&mut self, questions: &[Question]) -> Vec<bool> {
        questions.iter().map(|question| self.0.has(question)).collect()
    }

    fn demands(&self) -> bool {
        false
    }
}

/// Ctrl-C and a polite kill set the flag: servers are ended, which takes a second at most, and what is known is
/// reported. It stays that way however often the key is pressed, since leaving early would leave servers behind. While
/// nothing runs yet, as during the question or a long file, the program ends at once.
pub(super) fn stop_flag(idle: Arc<AtomicBool>) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let installed = ctrlc::set_handler(move || {
        flag.store(true, Ordering::SeqCst);
        if idle.load(Ordering::SeqCst) {
            #[allow(clippy::exit)]
            std::process::exit(130);
        }
    });
    if let Err(error) = installed {
        super::complain(&format!("Ctrl-C will not end servers cleanly: {error}"));
    }
    stop
}

//! A server's process: started with nothing of ours, ended with everything of its own.

use std::io::{self, Read};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap};

use super::Context;
use super::sandbox::{self, Start};
use super::stderr::Tail;
use super::strays::Strays;
use super::trouble::Trouble;
use super::watchdog::Watchdog;

/// How long a server may take to end by itself once its stdin is closed, and again once it was asked to.
const GRACE: Duration = Duration::from_millis(500);
/// How often its end is looked for.
const POLL: Duration = Duration::from_millis(5);

/// A running server. Dropping it kills all of it.
pub(super) struct Process {
    child: Box<dyn ChildWrapper>,
    status: Option<ExitStatus>,
    stderr: Arc<Mutex<Tail>>,
    strays: Strays,
    ended: bool,
    watchdog: Option<Arc<Watchdog>>,
}

impl Process {
    /// Starts the target with exactly the variables that it is meant to get, shut in where that can be had.
    ///
    /// # Errors
    /// [`Trouble::NotStarted`] with the cause as a user would name it.
    pub(super) fn start(context: &Context<'_>) -> Result<(Self, ChildStdin, ChildStdout), Trouble> {
        let target = context.target;
        let failed = |cause: String| Trouble::NotStarted { program: target.program.clone(), cause };
        let not_started = |error: io::Error| failed(start_error(&error, &target.program));
        if let Some(folder) = target.cwd.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(failed(format!("its folder `{}` does not exist", folder.display())));
        }
        let (start, mut child) = begin(context).map_err(not_started)?;
        let (stdin, stdout, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
        if let Some(watchdog) = context.watchdog {
            watchdog.started(child.id());
        }
        let strays = Strays::of(child.id());
        let watchdog = context.watchdog.cloned();
        let process = Self { child, status: None, stderr: Arc::default(), strays, ended: false, watchdog };
        let stdin = match start {
            Some(start) => {
                let (stdin, enforced) = start.hand_over(stdin).map_err(|error| match error.kind() {
                    io::ErrorKind::PermissionDenied => {
                        failed(format!("{}; {}", start_error(&error, &target.program), super::HINT))
                    }
                    _ => not_started(error),
                })?;
                context.note(enforced);
                stdin
            }
            None => stdin,
        };
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(failed("it has no pipes".into()));
        };
        let tail = Arc::clone(&process.stderr);
        // Never joined: a grandchild that got away may hold the pipe open for ever.
        thread::Builder::new()
            .name("stderr".into())
            .spawn(move || follow(stderr, &tail))
            .map_err(|error| failed(error.to_string()))?;
        Ok((process, stdin, stdout))
    }

    /// Whether the server itself has exited. What it started may go on.
    pub(super) fn has_exited(&mut self) -> bool {
        if self.status.is_none() {
            // Not of its whole group, whose other members may have become children of this program.
            #[cfg(unix)]
            let child = self.child.inner_mut();
            #[cfg(not(unix))]
            let child = &mut self.child;
            self.status = child.try_wait().ok().flatten();
        }
        self.status.is_some()
    }

    /// How it ended, after a moment's wait: a pipe closes before its process is gone.
    pub(super) fn how_it_ended(&mut self, stop: &AtomicBool) -> String {
        self.wait(GRACE, stop);
        match self.status {
            Some(status) => ended(status),
            None => "closed its stdout".into(),
        }
    }

    /// Whether it ended because a shell found no program to run.
    pub(super) fn was_not_found(&self) -> bool {
        self.status.and_then(|status| status.code()).is_some_and(|code| matches!(code, 126 | 127))
    }

    /// What stderr says about a failure.
    pub(super) fn last_words(&self) -> Option<String> {
        let deadline = Instant::now() + Duration::from_millis(100);
        // Once it has exited, its last line may still be in the pipe.
        while self.status.is_some() && !self.tail(|tail| tail.ended) && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        self.tail(|tail| tail.cause())
    }

    /// All of stderr that is still known, as it was printed.
    pub(super) fn all_words(&self) -> String {
        self.tail(Tail::text)
    }

    fn tail<T>(&self, look: impl FnOnce(&Tail) -> T) -> T {
        look(&self.stderr.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes what it has started, while it lives: many end as soon as their stdin does.
    pub(super) fn look_around(&mut self) {
        self.strays.look();
    }

    /// Ends it: its stdin is closed by now. Politely first, unless `stop` is set.
    pub(super) fn end(mut self, stop: &AtomicBool) {
        if !self.wait(GRACE, stop) {
            #[cfg(unix)]
            let asked = self.child.signal(SIGTERM).is_ok();
            #[cfg(not(unix))]
            let asked = false;
            if asked {
                self.wait(GRACE, stop);
            }
        }
        self.kill();
    }

    fn wait(&mut self, patience: Duration, stop: &AtomicBool) -> bool {
        let deadline = Instant::now() + patience;
        while !self.has_exited() {
            if stop.load(Ordering::Relaxed) || Instant::now() >= deadline {
                return false;
            }
            thread::sleep(POLL);
        }
        true
    }

    /// Kills the whole group, also when its leader has exited: `npx` and its like leave the real server behind.
    fn kill(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.strays.look();
        // Fails where nobody is left, and that is fine.
        let _ = self.child.start_kill();
        self.strays.kill();
        // A process in the kernel's hands may not die at once; it is not waited for.
        self.wait(GRACE, &AtomicBool::new(false));
        if let Some(watchdog) = &self.watchdog {
            watchdog.ended(self.child.id());
        }
    }
}

/// Starts what becomes the target; where there is no sandbox, the target itself, and says so. Where there is one and it
/// fails, nothing is started: the user was promised one, and a server beside this one may have seen to it, with a full disk.
///
/// # Errors
/// Why nothing was started.
fn begin(context: &Context<'_>) -> io::Result<(Option<Start>, Box<dyn ChildWrapper>)> {
    let target = context.target;
    let variables: Vec<(String, String)> = context.env.iter().chain(&target.env).cloned().collect();
    let enforced = match Start::new(context.sandbox, context.folder, target, &variables, context.own_home.get())? {
        Ok((start, command)) => {
            let child = spawn(command, context).map_err(|error| sandbox::failed(&error))?;
            return Ok((Some(start), child));
        }
        Err(enforced) => enforced,
    };
    context.note(enforced);
    let mut command = Command::new(resolve(&target.program, variables.iter()));
    command.args(&target.args).env_clear().envs(variables).stdin(Stdio::piped());
    Ok((None, spawn(command, context)?))
}

fn spawn(mut command: Command, context: &Context<'_>) -> io::Result<Box<dyn ChildWrapper>> {
    if let Some(folder) = &context.target.cwd {
        command.current_dir(folder);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut wrap = CommandWrap::from(command);
    // A session of its own is a group of its own without our terminal: the server can neither write escape
    // sequences there nor read what is typed, and its leader cannot leave the group that gets killed.
    #[cfg(unix)]
    wrap.wrap(process_wrap::std::ProcessSession);
    #[cfg(windows)]
    wrap.wrap(process_wrap::std::JobObject);
    wrap.spawn()
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The same number on every Unix.
#[cfg(unix)]
const SIGTERM: i32 = 15;

fn follow(mut stderr: impl Read, tail: &Mutex<Tail>) {
    let lock = || tail.lock().unwrap_or_else(PoisonError::into_inner);
    let mut buffer = [0; 8192];
    loop {
        match stderr.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => lock().push(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    lock().ended = true;
}

fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = [
            (4, " (SIGILL)"),
            (6, " (SIGABRT)"),
            (9, " (SIGKILL)"),
            (11, " (SIGSEGV)"),
            (13, " (SIGPIPE)"),
            (15, " (SIGTERM)"),
        ];
        let name = name.iter().find(|(number, _)| *number == signal).map_or("", |(_, name)| name);
        return format!("was killed by signal {signal}{name}");
    }
    status.code().map_or_else(|| "ended".into(), |code| format!("exited with status {code}"))
}

fn start_error(error: &io::Error, program: &str) -> String {
    let cause = error.to_string();
    let cause = cause.split(" (os error").next().unwrap_or_default();
    let is_path = program.contains(std::path::is_separator);
    match error.kind() {
        io::ErrorKind::NotFound if is_path && Path::new(program).exists() => {
            format!("{cause} (is the interpreter that its first line names installed?)")
        }
        io::ErrorKind::NotFound if !is_path => format!("{cause} (is it installed and on PATH?)"),
        _ => cause.to_owned(),
    }
}

#[cfg(not(windows))]
fn resolve<'a>(program: &str, _: impl Iterator<Item = &'a (String, String)>) -> String {
    program.to_owned()
}

/// Windows starts `npx` only by its whole name, `npx.cmd`; a shell finds that by PATHEXT.
#[cfg(windows)]
fn resolve<'a>(program: &str, variables: impl Iterator<Item = &'a (String, String)>) -> String {
    let (mut path, mut extensions) = ("", ".COM;.EXE;.BAT;.CMD");
    for (name, value) in variables {
        if name.eq_ignore_ascii_case("PATH") {
            path = value;
        } else if name.eq_ignore_ascii_case("PATHEXT") {
            extensions = value;
        }
    }
    let is_path = program.contains(std::path::is_separator);
    if Path::new(program).extension().is_some() {
        return program.to_owned();
    }
    let folders: Vec<std::path::PathBuf> =
        if is_path { vec![std::path::PathBuf::new()] } else { std::env::split_paths(path).collect() };
    let found = folders.iter().find_map(|folder| {
        extensions.split(';').map(|extension| folder.join(format!("{program}{extension}"))).find(|file| file.is_file())
    });
    found.map_or_else(|| program.to_owned(), |file| file.to_string_lossy().into_owned())
}

//! What the sandbox keeps a server from, tried by a server that wants it all.
//!
//! `--serve` makes this program that server. Everything is tried with the sandbox and without: what is not had without it
//! either proves nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("SKIPPED: what macOS enforces is tested as text, and elsewhere nothing is enforced");
}

#[path = "../common/mod.rs"]
#[cfg(target_os = "linux")]
mod common;
#[cfg(target_os = "linux")]
mod probe;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(target_os = "linux")]
use linux::{ABSTRACT, Outside};

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::net::TcpListener;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
    use std::path::{Path, PathBuf};
    use std::process::{Command, ExitCode, Stdio};
    use std::time::{Duration, Instant};
    use std::{env, fs, thread};

    use nix::pty::OpenptyResult;
    use serde_json::{Value, json};

    use super::common::{Place, binary};
    use super::probe;

    /// How the abstract socket is called, behind the name of the folder.
    pub(crate) const ABSTRACT: &str = "agent";

    /// What a server finds outside.
    pub(crate) struct Outside {
        /// Where home, project and everybody's temporary folder lie.
        pub(crate) folder: PathBuf,
        /// Where somebody listens.
        pub(crate) port: u16,
    }

    impl Outside {
        /// A name that no other run uses.
        pub(crate) fn name(&self, what: &str) -> Vec<u8> {
            format!("{}-{what}", self.folder.display()).into_bytes()
        }
    }

    const NEVER: [&str; 34] = [
        "read a key",
        "read a key by a folder that is a link",
        "read a key by a link in the project",
        "read a key by the root of a process",
        "read a key by dots",
        "read a key behind a link to a closed place",
        "read a key where that link leads",
        "link a key to where it can be read",
        "move a key to where it can be read",
        "list keys",
        "list the home",
        "list devices",
        "read a history",
        "read a browser's profile",
        "read another client's config",
        "read its own client's config",
        "write to the home",
        "make a folder in the home",
        "change a start file",
        "cut a start file",
        "write to the project",
        "write to everybody's temporary folder",
        "make a link in the home",
        "read the scanner's variables",
        "read the scanner's memory map",
        "see what the scanner has open",
        "read a key by the scanner's root",
        "signal the scanner",
        "connect to a socket",
        "connect to an abstract socket",
        "write to a socket from a pair",
        "limit the scanner",
        "share memory with other programs",
        "write to a terminal",
    ];
    const NETWORK: [&str; 3] = ["connect to an address", "listen", "send a datagram"];
    const OWN: [&str; 9] = [
        "own program",
        "own project",
        "own process",
        "own temporary folder",
        "own child",
        "a pair of sockets",
        "nothing",
        "chance",
        "variables",
    ];

    pub(super) fn main() -> ExitCode {
        let args: Vec<String> = env::args().collect();
        if let [_, mode, folder, port, ..] = args.as_slice()
            && mode == "--serve"
        {
            probe::serve(&Outside { folder: folder.into(), port: port.parse().unwrap_or_default() });
            return ExitCode::SUCCESS;
        }
        if !mcpscan::connect::has_sandbox() {
            println!("SKIPPED: this kernel has no Landlock, so there is nothing to test");
            return ExitCode::SUCCESS;
        }
        let wanted: Vec<&String> = args.iter().skip(1).filter(|arg| !arg.starts_with('-')).collect();
        let tests: [(&str, fn()); 10] = [
            ("a server that wants it all", wants_it_all),
            ("a server that starts among keys", among_keys),
            ("the homes of others", homes_of_others),
            ("caches and a project", caches),
            ("a sandbox that can't be had", not_to_be_had),
            ("whoever leaves is ended too", whoever_leaves),
            ("a closed network", closed_network),
            ("why a server did not start", why_not),
            ("a hint where the sandbox may be why", hints),
            ("nothing is left after a kill", after_a_kill),
        ];
        let mut failed = 0;
        for (name, test) in tests {
            if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
                continue;
            }
            let passed = std::panic::catch_unwind(test).is_ok();
            println!("{} {name}", if passed { "ok    " } else { "FAILED" });
            failed += u8::from(!passed);
        }
        ExitCode::from(failed)
    }

    /// A home with secrets, and somebody who listens wherever one can.
    struct World {
        place: Place,
        outside: Outside,
        _listening: (TcpListener, UnixListener, UnixListener, UnixDatagram),
        _terminal: OpenptyResult,
    }

    fn world() -> World {
        let place = Place::new();
        let folder = place.home().parent().unwrap().to_owned();
        for (path, text) in [
            ("home/.ssh/id_rsa", "a private key"),
            ("home/.ssh/linked1", "a key"),
            ("home/.ssh/linked2", "a key"),
            ("home/.ssh/moved1", "a key"),
            ("home/.ssh/moved2", "a key"),
            ("home/.bash_history", "a command"),
            ("home/.bashrc", "a start"),
            ("home/.profile", "a start"),
            ("home/documents/letter", "a letter"),
            ("home/.mozilla/firefox/x.default/cookies.sqlite", "a cookie"),
            ("home/.config/Claude/claude_desktop_config.json", r#"{"mcpServers": {}}"#),
            ("vault/credentials", "a key of a cloud"),
            ("project/data.txt", "data"),
            ("tmp/x", ""),
        ] {
            place.write(path, text);
        }
        fs::remove_file(folder.join("tmp/x")).unwrap();
        symlink(".ssh", place.home().join("keys")).unwrap();
        symlink(folder.join("vault"), place.home().join(".aws")).unwrap();
        symlink(place.home().join(".ssh/id_rsa"), place.project().join("innocent")).unwrap();
        let tcp = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let outside = Outside { folder: folder.clone(), port: tcp.local_addr().unwrap().port() };
        let unix = UnixListener::bind(folder.join("agent.sock")).unwrap();
        let name = SocketAddr::from_abstract_name(outside.name(ABSTRACT)).unwrap();
        let hidden = UnixListener::bind_addr(&name).unwrap();
        let log = UnixDatagram::bind(folder.join("log.sock")).unwrap();
        let terminal = nix::pty::openpty(None, None).unwrap();
        place.write("project/terminal", nix::unistd::ttyname(&terminal.slave).unwrap().display().to_string());
        World { place, outside, _listening: (tcp, unix, hidden, log), _terminal: terminal }
    }

    impl World {
        /// Two servers that are this program. What is the same in everything would be started once.
        fn config(&self) {
            let server = |own: &str| {
                json!({
                    "command": env::current_exe().unwrap(),
                    "args": ["--serve", self.outside.folder, self.outside.port.to_string()],
                    "cwd": self.place.project(),
                    "env": { "OWN": own },
                })
            };
            let config = json!({ "mcpServers": { "one": server("1"), "two": server("2") } });
            self.place.write("home/.cursor/mcp.json", config.to_string());
        }

        fn variables(&self) -> [(&'static str, String); 3] {
            [
                ("PATH", "/usr/bin:/bin".to_owned()),
                ("SCANNER_SECRET", "x".to_owned()),
                ("TMPDIR", self.outside.folder.join("tmp").display().to_string()),
            ]
        }

        fn run(&self, args: &[&str]) -> super::common::Ran {
            let variables = self.variables();
            let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
            self.place.run_env(args, &variables)
        }

        /// What the first server came to, and what the report says of the sandbox.
        fn told(&self, options: &[&str]) -> (BTreeMap<String, String>, Value) {
            self.config();
            let common = ["--client", "cursor", "--launch", "all"];
            let args: Vec<&str> = ["inspect"].iter().chain(&common).chain(options).copied().collect();
            let ran = self.run(&args);
            let first = ran.out.lines().next().unwrap_or_else(|| panic!("nothing told: {}", ran.err));
            let catalog: Value = serde_json::from_str(first).unwrap();
            let text = |tool: &Value, key: &str| tool[key].as_str().unwrap_or_default().to_owned();
            let tools = catalog["tools"].as_array().unwrap();
            let told = tools.iter().map(|tool| (text(tool, "name"), text(tool, "description"))).collect();
            let args: Vec<&str> =
                ["--format", "json", "--fail-on", "never"].iter().chain(&common).chain(options).copied().collect();
            (told, self.run(&args).json()["coverage"]["servers"][0].take())
        }

        fn left(&self) -> Vec<PathBuf> {
            fs::read_dir(self.outside.folder.join("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect()
        }
    }

    fn had(told: &BTreeMap<String, String>, what: &str) -> bool {
        let said = told.get(what).unwrap_or_else(|| panic!("nothing is told of `{what}`"));
        assert!(said.starts_with("got ") || said.starts_with("no: "), "{what}: {said}");
        said.starts_with("got ")
    }

    fn wants_it_all() {
        let shut_in = world();
        let (told, coverage) = shut_in.told(&[]);
        assert_eq!(coverage["sandbox"], "full", "{coverage}");
        assert!(coverage.get("sandboxReason").is_none(), "{coverage}");
        for what in NEVER.iter().chain(&["trace the scanner"]) {
            assert!(!had(&told, what), "{what}: {}", told[*what]);
        }
        let other = &told["read another server's temporary folder"];
        assert_eq!(other, "no: there is, and it is closed");
        for what in OWN.iter().chain(&NETWORK) {
            assert!(had(&told, what), "{what}: {}", told[*what]);
        }
        assert_eq!(told["own child"], "got from a child");
        assert_eq!(told["variables"], "got HOME OWN PATH TEMP TMP TMPDIR USERPROFILE");
        assert_eq!(shut_in.left(), Vec::<PathBuf>::new(), "a temporary folder is left");
        assert!(shut_in.place.home().join(".ssh/moved1").exists());

        // Without, all of it is had: the same program, the same home.
        let open = world();
        let (told, coverage) = open.told(&["--no-sandbox"]);
        assert_eq!(coverage["sandbox"], "none", "{coverage}");
        assert_eq!(coverage["sandboxReason"], "--no-sandbox");
        for what in NEVER.iter().chain(&OWN).chain(&NETWORK) {
            assert!(had(&told, what), "{what}: {}", told[*what]);
        }
        assert_eq!(told["read the scanner's variables"], "got true");
        assert_eq!(told["variables"], "got HOME OWN PATH TMPDIR USERPROFILE");
    }

    /// A config may name any folder to start in. That opens nothing.
    fn among_keys() {
        let world = world();
        let keys = world.place.home().join(".ssh");
        let args = ["--serve", world.outside.folder.to_str().unwrap(), "0"];
        let server = |own: &str| json!({ "command": env::current_exe().unwrap(), "args": args, "cwd": keys, "env": { "OWN": own } });
        let config = json!({ "mcpServers": { "one": server("1"), "two": server("2") } });
        world.place.write("home/.cursor/mcp.json", config.to_string());
        let ran = world.run(&["inspect", "--client", "cursor", "--launch", "all"]);
        assert!(ran.out.contains("read a key"), "{}{}", ran.out, ran.err);
        assert!(!ran.out.contains("a private key"), "{}", ran.out);
    }

    /// A project may call anything `npx`, and name any package beside it.
    fn caches() {
        let world = world();
        let script = "#!/bin/sh\ntouch $HOME/.npm/_cacache/evil $HOME/.npm/_npx/*/evil 2>/dev/null\n\
            mkdir $npm_config_cache && touch $npm_config_cache/own && echo moved >&2\nexit 1\n";
        world.place.write("project/npx", script);
        fs::set_permissions(world.place.project().join("npx"), fs::Permissions::from_mode(0o755)).unwrap();
        world.place.write("home/.npm/_cacache/own", "");
        let config = json!({ "mcpServers": { "x": { "command": "./npx", "args": ["-y", "x"] } } }).to_string();
        world.place.write("project/.mcp.json", config);
        let ran = world.run(&[".", "--launch", "all"]);
        assert!(ran.out.contains("moved"), "{}{}", ran.out, ran.err);
        let npm = world.place.home().join(".npm");
        assert!(!npm.join("_cacache/evil").exists() && !npm.join("_npx").exists());
    }

    /// To root all homes are open, so all of them have places that are closed, and none can be listed.
    fn homes_of_others() {
        if fs::read_dir("/root").is_err() {
            println!("       (nothing to test but as root)");
            return;
        }
        let world = world();
        let listed = |options: &[&str]| {
            let args = ["--server", "sh -c 'ls /root && exit 7'", "--format", "json"];
            let args: Vec<&str> = args.iter().chain(options).copied().collect();
            world.run(&args).json()["coverage"]["servers"][0]["reason"].to_string().contains("status 7")
        };
        assert!(listed(&["--no-sandbox"]) && !listed(&[]));
    }

    /// Without a place for temporary folders there is no sandbox, and so no start.
    fn not_to_be_had() {
        let world = world();
        let started = world.place.project().join("started");
        let line = format!("touch {}", started.display());
        let status = |options: &[&str]| {
            let args: Vec<&str> = ["--server", &line, "--format", "json"].iter().chain(options).copied().collect();
            let json = world.place.run_env(&args, &[("PATH", "/usr/bin:/bin"), ("TMPDIR", "/no/such/folder")]).json();
            json["coverage"]["servers"][0]["reason"].as_str().unwrap_or_default().to_owned()
        };
        let reason = status(&[]);
        assert!(reason.contains("no temporary folder") && reason.contains("--no-sandbox"), "{reason}");
        assert!(!started.exists());
        status(&["--no-sandbox"]);
        assert!(started.exists());
    }

    /// A session of its own and no parents that are left: that is how a program leaves whoever started it.
    fn whoever_leaves() {
        let world = world();
        for (number, options) in [&["--relist", "0"][..], &["--no-sandbox"]].iter().enumerate() {
            let marker = format!("987.{}{number}", std::process::id());
            let line = format!("sh -c '(setsid sleep {marker} >/dev/null 2>&1 </dev/null &); sleep 0.5; exit 1'");
            let args: Vec<&str> = ["--server", &line].iter().chain(*options).copied().collect();
            let ran = world.run(&args);
            assert!(ran.out.contains("status 1"), "{}{}", ran.out, ran.err);
            let lines = fs::read_dir("/proc").unwrap().flatten();
            let mut lines = lines.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
            assert!(!lines.any(|line| String::from_utf8_lossy(&line).contains(&marker)), "{options:?}: it runs");
        }
    }

    fn closed_network() {
        let world = world();
        let (told, coverage) = world.told(&["--sandbox-network", "none"]);
        assert_eq!(coverage["sandbox"], "full", "{coverage}");
        for what in NEVER.iter().chain(&NETWORK) {
            assert!(!had(&told, what), "{what}: {}", told[*what]);
        }
        for what in OWN {
            assert!(had(&told, what), "{what}: {}", told[what]);
        }
        let both = world.run(&["--no-sandbox", "--sandbox-network", "none"]);
        assert_eq!(both.code, 2);
    }

    /// The system's own words, with the sandbox as without.
    fn why_not() {
        let world = world();
        let scripts = [
            ("plain", "text", 0o644),
            ("headless", "#!/no/such/interpreter\n", 0o755),
            ("no-program", "\u{0}\u{1}\u{2}", 0o755),
        ];
        let mut servers = serde_json::Map::new();
        for (name, text, mode) in scripts {
            world.place.write(&format!("project/{name}"), text);
            let path = world.place.project().join(name);
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            servers.insert(name.to_owned(), json!({ "command": path }));
        }
        servers.insert("missing".to_owned(), json!({ "command": "mcpscan-no-such-program" }));
        servers.insert("path".to_owned(), json!({ "command": world.place.project().join("nowhere") }));
        servers.insert("folder".to_owned(), json!({ "command": "sh", "cwd": "/no/such/folder" }));
        world.place.write("home/.cursor/mcp.json", json!({ "mcpServers": servers }).to_string());
        let reasons = |options: &[&str]| -> BTreeMap<String, String> {
            let common = ["--client", "cursor", "--launch", "all", "--format", "json"];
            let args: Vec<&str> = common.iter().chain(options).copied().collect();
            let json = world.run(&args).json();
            let text = |server: &Value, key: &str| server[key].as_str().unwrap_or_default().to_owned();
            let servers = json["coverage"]["servers"].as_array().unwrap().clone();
            servers.iter().map(|server| (text(server, "server"), text(server, "reason"))).collect()
        };
        let (shut_in, open) = (reasons(&[]), reasons(&["--no-sandbox"]));
        for (name, reason) in &open {
            // Who may not start something learns that the sandbox may be why.
            let without_hint = shut_in[name].split("; it ran in the sandbox").next().unwrap();
            assert_eq!(without_hint, reason, "{name}");
        }
        assert!(open["missing"].contains("is it installed and on PATH?"), "{open:?}");
        assert!(open["headless"].contains("is the interpreter that its first line names installed?"), "{open:?}");
        assert!(shut_in["plain"].contains("--no-sandbox"), "{shut_in:?}");
        assert!(!shut_in["missing"].contains("--no-sandbox"), "{shut_in:?}");
        assert_eq!(world.left(), Vec::<PathBuf>::new(), "a temporary folder is left");
    }

    fn hints() {
        let world = world();
        let reason = |script: &str, options: &[&str]| {
            let line = format!("sh -c '{script}'");
            let args: Vec<&str> = ["--server", &line, "--format", "json"].iter().chain(options).copied().collect();
            let json = world.run(&args).json();
            json["coverage"]["servers"][0]["reason"].as_str().unwrap_or_default().to_owned()
        };
        let wants_key = r#"cat "$HOME/.ssh/id_rsa" >/dev/null && exec sleep 0.1; exit 1"#;
        assert!(reason(wants_key, &[]).contains("--no-sandbox"), "{}", reason(wants_key, &[]));
        assert!(!reason(wants_key, &["--no-sandbox"]).contains("--no-sandbox"));
        // What fails for a reason of its own is told without.
        let unset = reason("echo API_KEY is not set >&2; exit 1", &[]);
        assert!(unset.contains("API_KEY is not set") && !unset.contains("--no-sandbox"), "{unset}");
    }

    /// The scanner is killed while a server runs: the server goes, and so does its folder.
    fn after_a_kill() {
        let world = world();
        let marker = format!("sandbox-{}", std::process::id());
        let line = format!("sh -c 'touch \"$TMPDIR/there\"; mkdir -p \"$TMPDIR/a/b\"; sleep 987 # {marker}'");
        let mut scanner = Command::new(binary())
            .args(["--server", &line])
            .env_clear()
            .env("HOME", world.place.home())
            .envs(world.variables())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = || {
            let runs = world.left();
            runs.iter().any(|run| run.join("0/there").exists())
        };
        wait_for("the server to start", started);
        assert!(runs(&marker), "the server runs");
        scanner.kill().unwrap();
        scanner.wait().unwrap();
        wait_for("the server to end", || !runs(&marker));
        wait_for("its folder to be removed", || world.left().is_empty());
    }

    fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !there() {
            assert!(Instant::now() < deadline, "waited for {what}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether a shell with these words runs, other than the scanner that was told them.
    fn runs(marker: &str) -> bool {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
        lines
            .map(|line| String::from_utf8_lossy(&line).into_owned())
            .any(|line| line.contains(marker) && Path::new(line.split('\0').next().unwrap_or_default()).ends_with("sh"))
    }
}

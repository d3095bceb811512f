//! Runs the binary as users do: its own home, its own folder, no variables but those it needs.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

pub mod fixtures;
#[cfg(target_os = "linux")]
pub mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with a home and a project in it, gone at the end.
pub struct Place {
    folder: tempfile::TempDir,
}

/// What a run gave.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Place {
    /// An empty home and an empty project.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Homes are closed; how open a folder for a moment is depends on who runs the tests.
        #[cfg(unix)]
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        std::fs::create_dir(folder.path().join("home")).unwrap();
        std::fs::create_dir_all(folder.path().join("project/.git")).unwrap();
        Self { folder }
    }

    /// The home.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The project, which is the current folder of every run.
    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Writes a file; the path begins with `home/` or `project/`.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Runs `mcpscan` with these arguments.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.command(args, &[], None)
    }

    /// The same with text on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Ran {
        self.command(args, &[], Some(input))
    }

    /// The same with these variables.
    pub fn run_env(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        self.command(args, variables, None)
    }

    fn command(&self, args: &[&str], variables: &[(&str, &str)], input: Option<&str>) -> Ran {
        let mut command = Command::new(binary());
        command
            .args(args)
            .current_dir(self.project())
            .env_clear()
            .env("HOME", self.home())
            .env("USERPROFILE", self.home())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(variables.iter().copied());
        let output = match input {
            None => command.stdin(std::process::Stdio::null()).output().unwrap(),
            Some(input) => feed(command, input),
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is text");
        Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

fn feed(mut command: Command, input: &str) -> Output {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // In a thread, so that a full pipe on one side does not stop the other.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A program that does not read its input to the end may close it.
    let _ = writer.join().unwrap();
    output
}

impl Ran {
    /// The JSON on standard output.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// The rules of all findings, in order.
    pub fn rules(&self) -> Vec<String> {
        self.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["rule"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The program under test.
pub fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_mcpscan")
}

/// The shared reference data beside a checkout, if it is there. A user's checkout has none; then the test that wants it
/// says so and does nothing.
pub fn shared(what: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(what);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there, so this test has nothing to measure", path.display());
    None
}

/// A config of Cursor with a secret, an unpinned package and an address, for tests that need something to find.
pub const BAD_CURSOR: &str = r#"{
  // comments and trailing commas are fine
  "mcpServers": {
    "search": {
      "command": "npx",
      "args": ["-y", "@acme/search@latest"],
      "env": { "ACME_API_KEY": "q7Zt2mXw9LbK4vRn8cYp3sHd", "MODE": "fast" },
    },
    "crm": { "url": "https://crm.example.com/mcp" },
  },
}
"#;

/// The real configs of the shared reference data; none, and a line that says so, where it is not there.
pub fn configs_of_the_corpus() -> Vec<String> {
    let Some(folder) = shared("corpus/configs") else { return Vec::new() };
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .map(|entry| entry.unwrap().path().display().to_string())
        .filter(|path| [".json", ".toml", ".yaml"].iter().any(|end| path.ends_with(end)))
        .filter(|path| !path.ends_with("/manifest.json"))
        .collect()
}

/// The tools of the shared reference data, as `--tools` takes them: each of a client of its own. Of the large sets of clean
/// ones, in which hardly anything is found, only the beginning.
pub fn tools_of_the_corpus() -> Option<String> {
    let mut catalogs = String::new();
    let files = walkdir::WalkDir::new(shared("corpus/tools")?).sort_by_file_name().into_iter();
    for file in
        files.map(|file| file.unwrap().into_path()).filter(|path| path.extension().is_some_and(|e| e == "jsonl"))
    {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().take(700).enumerate() {
            let sample: serde_json::Value = serde_json::from_str(line).unwrap();
            let client = format!("{}-{number}", file.file_stem().unwrap().to_string_lossy());
            let servers = match sample.get("servers") {
                Some(servers) => servers.as_array().unwrap().clone(),
                None => vec![serde_json::json!({"name": sample["server"], "tools": [sample["tool"]]})],
            };
            for server in servers {
                let name = server["name"].as_str().unwrap_or("server");
                let catalog = serde_json::json!({"client": client, "server": name, "tools": server["tools"]});
                catalogs.push_str(&format!("{catalog}\n"));
            }
        }
    }
    Some(catalogs)
}

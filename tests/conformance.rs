//! Servers on the official SDKs, of every revision and over every transport that these offer, each listed whole.
//!
//! Runs only where `MCPSCAN_CONFORMANCE` names a folder that `tests/conformance/install.py` filled. `ONLY` takes a part of
//! a row's name, such as `2026-07-28` or `python`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(30);

#[test]
fn every_revision_and_transport_is_listed_whole() {
    let Some(folder) = std::env::var_os("MCPSCAN_CONFORMANCE").map(PathBuf::from) else {
        println!("SKIPPED: MCPSCAN_CONFORMANCE names no folder of SDKs; see tests/conformance/install.py");
        return;
    };
    let only = std::env::var("ONLY").unwrap_or_default();
    let rows: Value = serde_json::from_slice(&std::fs::read(folder.join("matrix.json")).unwrap()).unwrap();
    let rows: Vec<&Value> =
        rows.as_array().unwrap().iter().filter(|row| row["name"].as_str().unwrap().contains(&only)).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let started = Instant::now();
                    let verdict = play(row);
                    let (name, took) = (row["name"].as_str().unwrap(), started.elapsed());
                    println!("{name:44} {} in {took:.1?}", if verdict.is_ok() { "whole" } else { "WRONG" });
                    wrong.lock().unwrap().extend(verdict.err().map(|why| format!("{name}: {why}")));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    println!("{} of {} rows are listed whole", rows.len() - wrong.len(), rows.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A server that listens, ended at the end.
struct Listening(Child);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn play(row: &Value) -> Result<(), String> {
    let mut words: Vec<String> =
        row["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
    let Some(path) = row["path"].as_str() else {
        return ask(&["--server", &words.join(" ")]);
    };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    words.iter_mut().filter(|word| *word == "PORT").for_each(|word| *word = port.to_string());
    let mut command = Command::new(&words[0]);
    let null = || (Stdio::null(), Stdio::null(), Stdio::null());
    let (input, output, errors) = null();
    let child = command.args(&words[1..]).stdin(input).stdout(output).stderr(errors).spawn().unwrap();
    let mut server = Listening(child);
    let deadline = Instant::now() + START;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if server.0.try_wait().unwrap().is_some() || Instant::now() > deadline {
            return Err("the server did not start to listen".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    ask(&["--url", &format!("http://127.0.0.1:{port}{path}")])
}

fn ask(which: &[&str]) -> Result<(), String> {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpscan"));
    command.arg("inspect").args(which).args(["--launch", "all"]).current_dir(home.path()).env_clear();
    command.env("HOME", home.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let done = command.output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    if !done.status.success() || !errors.is_empty() {
        return Err(format!("{}: {errors}", done.status));
    }
    let catalog: Value = serde_json::from_slice(&done.stdout).map_err(|error| error.to_string())?;
    whole(&catalog).map_err(|what| format!("{what}: {catalog}"))
}

/// What every one of the servers says.
fn whole(catalog: &Value) -> Result<(), &'static str> {
    let all = |list: &str, key: &str| -> Vec<String> {
        let items = catalog[list].as_array().map_or(&[][..], Vec::as_slice);
        items.iter().map(|item| item[key].as_str().unwrap_or_default().to_owned()).collect()
    };
    let ensure = |truth: bool, what| if truth { Ok(()) } else { Err(what) };
    ensure(catalog["serverInfo"]["name"] == "conformance", "serverInfo")?;
    ensure(catalog["instructions"] == "Be careful.", "instructions")?;
    ensure(all("tools", "description") == ["the first", "the second", "the third"], "tools")?;
    let described = |tool: &Value| tool["inputSchema"]["properties"]["text"].is_object();
    ensure(catalog["tools"].as_array().is_some_and(|tools| tools.iter().all(described)), "inputSchema")?;
    ensure(all("prompts", "name") == ["ask"], "prompts")?;
    ensure(all("resources", "uri") == ["test://one"], "resources")?;
    ensure(all("resourceTemplates", "uriTemplate") == ["test://{id}"], "templates")
}

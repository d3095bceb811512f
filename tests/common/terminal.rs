//! The program at a terminal, where it asks and shows what it does.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Place, binary};

/// Runs the program at a terminal where `typed` is typed. What it shows there, and its report.
pub fn at_terminal(place: &Place, args: &[&str], typed: &str) -> (String, Value) {
    let size = nix::pty::Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = nix::pty::openpty(&size, None).unwrap();
    let ours = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut child = Command::new(binary())
        .args(args)
        .args(["--format", "json"])
        .current_dir(place.project())
        .env_clear()
        .env("HOME", place.home())
        .env("TERM", "xterm")
        .env("PATH", std::env::var_os("PATH").unwrap())
        .stdin(ours())
        .stderr(ours())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(terminal.slave);
    let mut master = std::fs::File::from(terminal.master);
    master.write_all(typed.as_bytes()).unwrap();
    let mut reader = master.try_clone().unwrap();
    let shown = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // Ends with an error once nobody holds the other side.
        let _ = reader.read_to_end(&mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    });
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    child.wait().unwrap();
    (shown.join().unwrap(), serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
}

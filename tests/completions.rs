//! The scripts for shells, asked by the shells themselves, and the pages of the manual.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::process::Command;

use common::Place;

/// What is typed, a word that must then be offered, and one that must not be.
const TYPED: &[(&str, &str, &str)] = &[
    ("mcpscan ", "approvals", "__serve"),
    ("mcpscan --for", "--format", "--fail-on"),
    ("mcpscan --format ", "sarif", "approvals"),
    ("mcpscan --launch none --format ", "sarif", "approvals"),
    ("mcpscan --client ", "claude-code", "approvals"),
    ("mcpscan scan --fail-on ", "critical", "sarif"),
    ("mcpscan scan --select ", "poisoning/hidden-characters", "approvals"),
    ("mcpscan lock --", "--accept", "--pedantic"),
    ("mcpscan completions ", "powershell", "approvals"),
    ("mcpscan explain poisoning/hidden-ch", "poisoning/hidden-characters", "secrets/generic"),
    ("mcpscan approvals re", "revoke", "demo"),
];

fn is_there(shell: &str) -> bool {
    let there = Command::new(shell).args(["-c", "true"]).output().is_ok();
    if !there {
        eprintln!("SKIPPED: {shell} is not installed");
    }
    there
}

/// A place whose `script` is made for this shell, with a file in it, so that files can be told from words.
fn place(shell: &str) -> Place {
    let place = Place::new();
    let made = place.run(&["completions", shell]);
    assert_eq!(made.code, 0, "{}", made.err);
    place.write("project/_mcpscan", made.out).write("project/folder/.mcp.json", "{}");
    place
}

fn ask(place: &Place, shell: &str, args: &[&str], program: &str, typed: &str) -> String {
    let mut command = Command::new(shell);
    command.args(args).args(["-c", program, shell, typed]).current_dir(place.project()).env("HOME", place.home());
    let done = command.env("TERM", "dumb").output().unwrap();
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

fn check(shell: &str, ask: impl Fn(&Place, &str, &str) -> String) {
    if !is_there(shell) {
        return;
    }
    let place = place(shell);
    for (typed, offered, other) in TYPED {
        let answer = ask(&place, typed, offered);
        assert!(answer.contains(offered), "{shell}: {typed:?} gave: {answer}");
        assert!(!answer.contains(other), "{shell}: {typed:?} gave {other}: {answer}");
    }
    // A PATH may stand where a command may. Bash adds the files itself, where the script gives nothing.
    if shell != "bash" {
        assert!(ask(&place, "mcpscan fol", "folder").contains("folder"), "{shell}");
        assert!(ask(&place, "mcpscan scan fol", "folder").contains("folder"), "{shell}");
    }
}

#[test]
fn bash_completes() {
    check("bash", |place, typed, _| {
        let program = r#"source ./_mcpscan
            IFS=' ' read -ra COMP_WORDS <<< "$1"
            [[ $1 != *' ' ]] || COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _mcpscan mcpscan "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}""#;
        ask(place, "bash", &["--norc", "--noprofile"], program, typed)
    });
}

#[test]
fn fish_completes() {
    check("fish", |place, typed, _| {
        // It has no arguments for what -c runs.
        let program = format!("source ./_mcpscan; complete -C '{typed}'");
        ask(place, "fish", &["--no-config"], &program, "")
    });
}

/// Zsh completes in a terminal alone: one is made, the text typed with the key for completion behind it, and its screen read
/// until the word is there, or for as long as a slow machine may need.
#[test]
fn zsh_completes() {
    check("zsh", |place, typed, offered| {
        let program = format!(
            r#"zmodload zsh/zpty && zpty z zsh -f -i || exit
            until_there() {{ local i l; for i in {{1..$2}}; do
                while zpty -rt z l; do out+=$l; done
                [[ $out != *$1* ]] || return 0
                sleep .05
            done; return 1 }}
            zpty -w z 'PROMPT= RPROMPT=; stty columns 200 rows 100; LISTMAX=10000; setopt nobeep; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; echo rea''dy'
            out=; until_there ready 200
            out=; zpty -wn z "$1"$'\t'
            # Of several words it lists none before the key is pressed again; of one it would list what comes behind.
            until_there '{offered}' 20 || {{ zpty -wn z $'\t'; until_there '{offered}' 200 }}
            print -r -- "${{out#*$1}}"
            zpty -d z"#
        );
        ask(place, "zsh", &["-f"], &program, typed)
    });
}

/// The manual refers to no page that it does not have, and has one of each command that `--help` tells of.
#[test]
fn the_manual_is_whole() {
    let place = Place::new();
    let made = place.run(&["man", "pages"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let folder = place.project().join("pages");
    let mut names: Vec<String> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let reference = regex::Regex::new(r"(mcpscan[a-z\\-]*)\(1\)").unwrap();
    let mut known = 0;
    let alone = place.run(&["man"]).out;
    for text in names.iter().map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).chain([alone]) {
        assert!(text.contains("\"mcpscan 0."), "it does not say of which version it is: {text:.300}");
        for found in reference.captures_iter(&text) {
            let page = format!("{}.1", found[1].replace('\\', ""));
            assert!(names.contains(&page), "{page}");
            known += 1;
        }
    }
    assert!(known > 20);
    let help = place.run(&["--help"]).out;
    let commands = help.split_once("Commands:\n").unwrap().1;
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        let is_command = line.starts_with("  ") && !line.starts_with("   ") && name != "help";
        assert!(!is_command || names.contains(&format!("mcpscan-{name}.1")), "{name}");
    }
    if Command::new("mandoc").output().is_err() {
        eprintln!("SKIPPED: mandoc is not installed");
        return;
    }
    // Empty lines around the values of an option are the generator's, and harmless.
    for name in names {
        let done = Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(folder.join(&name)).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    }
}

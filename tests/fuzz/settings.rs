//! What holds for settings and baselines.

use mcpscan::settings::{File, Origin};
use mcpscan::triage::Baseline;

/// Any text as settings: every mistake has a place in it, and a word.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines = mcpscan::document::LineIndex::new(text).count();
    match File::parse("s", text, Origin::Project, Default::default()) {
        Ok(file) => {
            assert!(file.defaults.launch.is_none_or(|launch| launch.value == "none"), "a project starts nothing");
            assert!(file.ignores.iter().all(|ignore| !ignore.reason.is_empty() && !ignore.rules.is_empty()));
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(error.line >= 1 && error.line <= lines && error.column >= 1, "{error}");
                assert!(!error.message.is_empty());
            }
        }
    }
}

/// Any text as a lock: what is none is an error with a place, what is one says the same after writing and reading.
pub fn lock(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match mcpscan::lock::read("l", text) {
        Ok(lock) => {
            let again = mcpscan::lock::read("l", &mcpscan::lock::write(&lock));
            assert!(again.is_ok_and(|again| again.is_same(&lock)));
        }
        Err(error) => assert!(error.to_string().starts_with("l:"), "{error}"),
    }
}

/// Any text as a baseline: what is none is an error with a line.
pub fn baseline(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = Baseline::parse("b", text) {
        assert!(error.to_string().starts_with("b:"), "{error}");
    }
}

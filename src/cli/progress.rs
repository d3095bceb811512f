//! What happens while servers are asked: a line each on standard error at a terminal, nothing elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use unicode_width::UnicodeWidthStr;

use crate::connect::{Event, Progress, Status, Target};
use crate::discover::UNKNOWN_CLIENT;
use crate::text::visible;

/// Tells nothing.
struct Silent;

impl Progress for Silent {
    fn event(&self, _target: usize, _event: Event) {}
}

/// A line for each server that runs, and one that stays for each that is through.
struct Lines {
    screen: MultiProgress,
    servers: Mutex<Vec<Line>>,
}

/// A server's line.
#[derive(Default)]
struct Line {
    name: String,
    bar: Option<ProgressBar>,
    /// Items of each list, in the order in which they came.
    lists: Vec<(&'static str, usize)>,
}

impl Progress for Lines {
    fn begin(&self, targets: &[Target]) {
        let name = |target: &Target| match &target.client {
            Some(client) if client != UNKNOWN_CLIENT => format!("{} ({})", visible(&target.name), visible(client)),
            _ => visible(&target.name),
        };
        let names: Vec<String> = targets.iter().map(name).collect();
        let width = names.iter().map(|name| name.width()).max().unwrap_or(0).min(WIDEST);
        let line = |name: String| Line { name: padded(&name, width), ..Line::default() };
        *self.servers.lock().unwrap_or_else(PoisonError::into_inner) = names.into_iter().map(line).collect();
    }

    fn event(&self, target: usize, event: Event) {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(line) = servers.get_mut(target) else { return };
        match event {
            Event::Started => {
                let bar = self.screen.add(ProgressBar::new_spinner().with_style(style()));
                bar.set_prefix(line.name.clone());
                bar.set_message("started");
                bar.enable_steady_tick(Duration::from_millis(200));
                line.bar = Some(bar);
            }
            Event::Page { list, items } => {
                match line.lists.iter_mut().find(|(known, _)| *known == list) {
                    Some((_, count)) => *count = items,
                    None => line.lists.push((list, items)),
                }
                if let Some(bar) = &line.bar {
                    bar.set_message(counts(&line.lists));
                }
            }
            Event::Done { status, elapsed } => {
                if let Some(bar) = line.bar.take() {
                    bar.finish_and_clear();
                    self.screen.remove(&bar);
                }
                let what = match status {
                    Status::Scanned => counts(&line.lists),
                    Status::Partial => format!("{}, not all of it", counts(&line.lists)),
                    Status::Failed => "failed".to_owned(),
                    Status::NeedsSignIn => "needs sign-in".to_owned(),
                };
                // Progress that can't be shown is not worth an error.
                let _ = self.screen.println(format!("  {}  {what}, {:.1} s", line.name, elapsed.as_secs_f64()));
            }
        }
    }
}

/// Wider names are cut; the report has them whole.
const WIDEST: usize = 40;

fn padded(name: &str, width: usize) -> String {
    let mut text = String::new();
    for c in name.chars() {
        let mut longer = text.clone();
        longer.push(c);
        if longer.width() > width {
            break;
        }
        text = longer;
    }
    let missing = width - text.width();
    text + &" ".repeat(missing)
}

fn counts(lists: &[(&'static str, usize)]) -> String {
    let count = |(list, count): &(&str, usize)| {
        let one = list.trim_end_matches('s');
        let word = match *list {
            "resourceTemplates" => "template",
            _ => one,
        };
        format!("{count} {word}{}", if *count == 1 { "" } else { "s" })
    };
    let told: Vec<String> = lists.iter().filter(|(list, count)| *count > 0 || *list == "tools").map(count).collect();
    if told.is_empty() { "nothing offered".to_owned() } else { told.join(", ") }
}

fn style() -> ProgressStyle {
    // A template that is wrong, which a test would show, leaves the usual look.
    ProgressStyle::with_template("{spinner} {prefix}  {msg}, {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_chars("-\\|/ ")
}

/// A progress for this standard error.
pub(super) fn new() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() {
        let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        Box::new(Lines { screen, servers: Mutex::default() })
    } else {
        Box::new(Silent)
    }
}

/// A progress that tells nothing.
pub(super) fn silent() -> Box<dyn Progress> {
    Box::new(Silent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_wide_as_they_should_be() {
        for name in ["x", "a name that is wider than all of the room that there is", "日本語の名前", "e\u{301}"] {
            assert_eq!(padded(name, 10).width(), 10, "{name}");
        }
        assert_eq!(counts(&[("tools", 1), ("prompts", 0), ("resourceTemplates", 2)]), "1 tool, 2 templates");
        assert_eq!(counts(&[]), "nothing offered");
        assert!(ProgressStyle::with_template("{spinner} {prefix}  {msg}, {elapsed}").is_ok());
    }
}

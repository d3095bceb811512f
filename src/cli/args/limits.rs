//! How much a server may take, as options. Each default is the library's.

use std::time::Duration;

use clap::Args;

use crate::connect::Bounds;

/// Bounds of each server, and how often it is asked.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub(in crate::cli) struct Limits {
    /// Seconds to wait for a server's first answer; packages may have to be downloaded first
    #[arg(long, value_name = "SECONDS", default_value_t = seconds(Bounds::default().first_answer), value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(in crate::cli) timeout: u32,
    /// Seconds to wait for each answer after the first
    #[arg(long, value_name = "SECONDS", default_value_t = seconds(Bounds::default().answer), value_parser = clap::value_parser!(u32).range(1..=3600))]
    answer_timeout: u32,
    /// Seconds that one server may take for everything, beyond --timeout
    #[arg(long, value_name = "SECONDS", default_value_t = seconds(BEYOND), value_parser = clap::value_parser!(u32).range(1..=86_400))]
    total_timeout: u32,
    /// Largest answer; more is cut off and the server told as partial
    #[arg(long, value_name = "SIZE", default_value_t = Size(Bounds::default().answer_bytes), value_parser = size)]
    max_answer: Size,
    /// Most items of one list
    #[arg(long, value_name = "N", default_value_t = Bounds::default().items, value_parser = count)]
    max_items: usize,
    /// Most JSON values of all answers of one server
    #[arg(long, value_name = "N", default_value_t = Bounds::default().values, value_parser = count)]
    max_values: usize,
    /// Most pages of one list
    #[arg(long, value_name = "N", default_value_t = Bounds::default().pages, value_parser = count)]
    max_pages: usize,
    /// Deepest nesting of an answer
    #[arg(long, value_name = "N", default_value_t = Bounds::default().depth, value_parser = depth)]
    max_depth: usize,
    /// Ask each server again, and N times more under the names of real clients, and tell what changes between the looks
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=50), help_heading = "Servers")]
    relist: u16,
    /// Seconds to wait before each of those looks
    #[arg(long, value_name = "SECONDS", default_value_t = seconds(Bounds::default().pause), value_parser = clap::value_parser!(u32).range(0..=3600), help_heading = "Servers")]
    relist_pause: u32,
}

/// What the library gives a server beyond its first answer.
const BEYOND: Duration = Duration::from_secs(90);
/// The parser itself refuses what is nested deeper than 512.
const DEEPEST: usize = 500;

impl Limits {
    /// The bounds that these come to.
    pub(in crate::cli) fn bounds(&self) -> Bounds {
        let usual = Bounds::default();
        let time = |seconds: u32| Duration::from_secs(seconds.into());
        Bounds {
            first_answer: time(self.timeout),
            answer: time(self.answer_timeout),
            total: time(self.timeout) + time(self.total_timeout),
            answer_bytes: self.max_answer.0,
            bytes: usual.bytes.max(self.max_answer.0),
            // One of the largest fits in any case.
            all_bytes: usual.all_bytes.max(self.max_answer.0),
            items: self.max_items,
            pages: self.max_pages,
            depth: self.max_depth,
            again: self.relist.into(),
            pause: time(self.relist_pause),
            values: self.max_values,
            all_values: usual.all_values.max(self.max_values.saturating_mul(2)),
            ..usual
        }
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size(usize);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            bytes if bytes.is_multiple_of(1 << 20) => write!(f, "{}MiB", bytes >> 20),
            bytes if bytes.is_multiple_of(1 << 10) => write!(f, "{}KiB", bytes >> 10),
            bytes => write!(f, "{bytes}"),
        }
    }
}

/// Reads `64MiB`, `64M`, `512KiB`, `1GiB` or a number of bytes.
fn size(text: &str) -> Result<Size, String> {
    let wrong = || "expected a size such as 64MiB, from 1KiB to 4GiB".to_owned();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let bytes = number.checked_mul(unit).filter(|bytes| (1 << 10..=4 << 30).contains(bytes)).ok_or_else(wrong)?;
    usize::try_from(bytes).map(Size).map_err(|_| wrong())
}

fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| (1..=10_000_000).contains(number)).ok_or("expected 1 to 10000000".to_owned())
}

fn depth(text: &str) -> Result<usize, String> {
    let wrong = || format!("expected 1 to {DEEPEST}");
    text.parse().ok().filter(|number| (1..=DEEPEST).contains(number)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        limits: Limits,
    }

    fn bounds(arguments: &[&str]) -> Bounds {
        let arguments = std::iter::once("mcpscan").chain(arguments.iter().copied());
        Line::try_parse_from(arguments).unwrap().limits.bounds()
    }

    #[test]
    fn without_options_the_bounds_are_the_usual_ones() {
        assert_eq!(format!("{:?}", bounds(&[])), format!("{:?}", Bounds::default()));
    }

    #[test]
    fn every_option_moves_its_bound() {
        let bounds = bounds(&[
            "--timeout=7",
            "--answer-timeout=3",
            "--total-timeout=20",
            "--max-answer=1KiB",
            "--max-items=5",
            "--max-values=400000",
            "--max-pages=6",
            "--max-depth=9",
            "--relist=2",
            "--relist-pause=1",
        ]);
        assert_eq!((bounds.first_answer, bounds.answer), (Duration::from_secs(7), Duration::from_secs(3)));
        assert_eq!((bounds.total, bounds.answer_bytes), (Duration::from_secs(27), 1024));
        assert_eq!((bounds.items, bounds.pages, bounds.depth), (5, 6, 9));
        assert_eq!((bounds.values, bounds.all_values), (400_000, 800_000));
        assert_eq!((bounds.again, bounds.pause), (2, Duration::from_secs(1)));
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("64MiB", 64 << 20), ("2g", 2 << 30), ("512 KiB", 512 << 10), ("4096", 4096)] {
            assert_eq!(size(text), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "MiB", "-1", "12", "5TiB", "1.5MiB", "99999999999999999999", "16GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(size(&Size(64 << 20).to_string()), Ok(Size(64 << 20)));
    }
}

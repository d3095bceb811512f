//! Days, for ignores that end.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: u8,
    day: u8,
}

impl Date {
    /// The day of a moment. The arithmetic is Howard Hinnant's `civil_from_days`.
    pub fn of(time: SystemTime) -> Self {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let days = i64::try_from(seconds / 86_400).unwrap_or(0) + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        // Both are below 32 by the arithmetic above.
        Self { year, month: u8::try_from(month).unwrap_or(1), day: u8::try_from(day).unwrap_or(1) }
    }
}

impl FromStr for Date {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = |range: std::ops::Range<usize>| {
            let part = text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
            part.and_then(|part| part.parse::<u16>().ok()).ok_or(())
        };
        let whole = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let longest = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        if !whole || !(1..=longest).contains(&day) {
            return Err(());
        }
        Ok(Self {
            year: year.into(),
            month: u8::try_from(month).map_err(|_| ())?,
            day: u8::try_from(day).map_err(|_| ())?,
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn day(days: u64) -> Date {
        Date::of(UNIX_EPOCH + Duration::from_secs(days * 86_400 + 86_399))
    }

    #[test]
    fn days_of_the_calendar() {
        assert_eq!(day(0).to_string(), "1970-01-01");
        assert_eq!(day(11_016).to_string(), "2000-02-29");
        assert_eq!(day(20_778).to_string(), "2026-11-21");
        for wrong in
            ["2026-02-29", "2026-13-01", "2026-00-01", "2026-1-1", "2026-01-01T00:00:00", "+026-01-01", "é", ""]
        {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn days_follow_each_other_and_are_read_back(days in 0u64..2_900_000) {
            prop_assert!(day(days) < day(days + 1));
            prop_assert_eq!(day(days).to_string().parse::<Date>(), Ok(day(days)));
        }
    }
}

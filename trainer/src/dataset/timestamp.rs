//! Time columns: ISO 8601 (`2017-01-31`, `2017-01-31 18:05`, `2017-01-31T18:05:09Z`), dates with slashes, or numbers since
//! 1970. What a column holds is decided once for all of it: one cell does not say whether 95,000,000,000 are seconds or
//! milliseconds.

use clap::ValueEnum;
use serde::Serialize;

const DAY_MILLIS: f64 = 86_400_000.0;

/// How a time column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeFormat {
    /// ISO 8601
    Iso,
    /// 12/31/2010 8:26
    MonthFirst,
    /// 31/12/2010 8:26
    DayFirst,
    /// Seconds since 1970
    Seconds,
    /// Milliseconds since 1970
    Milliseconds,
    /// Microseconds since 1970
    Microseconds,
    /// Nanoseconds since 1970
    Nanoseconds,
}

/// The units of numbers, each with its milliseconds and the number from which on a column is taken for the next unit, unless
/// told otherwise: seconds reach the year 5138, the others as far.
const UNITS: [(TimeFormat, f64, f64); 4] = [
    (TimeFormat::Seconds, 1e3, 1e11),
    (TimeFormat::Milliseconds, 1.0, 1e14),
    (TimeFormat::Microseconds, 1e-3, 1e17),
    (TimeFormat::Nanoseconds, 1e-6, 1e20),
];

/// What is known of a time column while it is read.
#[derive(Debug, Clone, Default)]
pub struct TimeColumn {
    /// Given, or decided by the first cell.
    written: Option<Written>,
    largest: f64,
    /// For each unit whether some number in it lies within a day.
    within_day: [bool; UNITS.len()],
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Written {
    Text(TimeFormat),
    /// The unit is known when all are read.
    Number,
    NumberOf(TimeFormat),
}

impl TimeColumn {
    /// A column written as `format`, or as its cells show.
    pub fn new(format: Option<TimeFormat>) -> TimeColumn {
        let written = format.map(|format| match format {
            TimeFormat::Iso | TimeFormat::MonthFirst | TimeFormat::DayFirst => Written::Text(format),
            unit => Written::NumberOf(unit),
        });
        TimeColumn { written, ..TimeColumn::default() }
    }

    /// Reads a cell: milliseconds of text, numbers as they are; `None` where it is not what the column holds.
    pub fn read(&mut self, text: &str) -> Option<f64> {
        let text = text.trim();
        let number = || text.parse::<f64>().ok().filter(|number| number.abs() < 1e20);
        let written = self.written.unwrap_or_else(|| match number() {
            Some(_) => Written::Number,
            None => Written::Text(TimeFormat::Iso),
        });
        let time = match written {
            Written::Text(TimeFormat::Iso) => iso(text)? as f64,
            Written::Text(format) => slashes(text, format == TimeFormat::MonthFirst)? as f64,
            Written::Number | Written::NumberOf(_) => number()? + 0.0, // no negative zero
        };
        self.written = Some(written);
        self.largest = self.largest.max(time.abs());
        for ((_, millis, _), within) in UNITS.iter().zip(&mut self.within_day) {
            *within |= time * millis % DAY_MILLIS != 0.0;
        }
        Some(time)
    }

    /// What a cell may hold, for error messages; `by_header` says that no flag names the format.
    pub fn expected(&self, by_header: bool) -> &'static str {
        match self.written {
            Some(Written::Number | Written::NumberOf(_)) => "a number since 1970, as the column's first row has",
            Some(Written::Text(TimeFormat::MonthFirst)) => "a time such as `12/31/2017 18:05`",
            Some(Written::Text(TimeFormat::DayFirst)) => "a time such as `31/12/2017 18:05`",
            _ if by_header => "an ISO 8601 time such as `2017-01-31 18:05`, or seconds since 1970",
            _ => "an ISO 8601 time such as `2017-01-31 18:05`, or seconds since 1970, or what --time-format names",
        }
    }

    /// Milliseconds since 1970 of what [`TimeColumn::read`] gave, once every cell is read.
    pub fn millis(&self, time: f64) -> i64 {
        (time * UNITS[self.unit()].1).floor() as i64
    }

    /// Whether the column says more than the day.
    pub fn is_finer_than_days(&self) -> bool {
        self.within_day[self.unit()]
    }

    fn unit(&self) -> usize {
        let known = match self.written {
            Some(Written::NumberOf(unit)) => UNITS.iter().position(|(name, ..)| *name == unit),
            Some(Written::Text(_)) => Some(1),
            _ => UNITS.iter().position(|(_, _, most)| self.largest < *most),
        };
        known.unwrap_or(UNITS.len() - 1)
    }
}

/// Milliseconds since 1970 as ISO 8601, as [`iso`] reads it.
pub fn to_iso(millis: i64) -> String {
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = date_of(days);
    let (hour, minute, second, part) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    let fraction = if part == 0 { String::new() } else { format!(".{part:03}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Milliseconds since 1970 of an ISO 8601 time.
pub fn iso(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let mut parts = date.splitn(3, '-');
    let year: i64 = digits(parts.next()?, 4)?;
    let (month, day) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    Some(midnight(year, month, day)? + time_of_day(time)?)
}

/// Milliseconds since 1970 of `12/31/2010 8:26`, or with the day before the month; month, day and hour may have one digit.
fn slashes(text: &str, month_first: bool) -> Option<i64> {
    let (date, time) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = date.splitn(3, '/');
    let mut short = || parts.next().and_then(|part| digits(part, part.len().clamp(1, 2)));
    let (first, second) = (short()?, short()?);
    let year = digits(parts.next()?, 4)?;
    let (month, day) = if month_first { (first, second) } else { (second, first) };
    let time = time.trim();
    let padded = if time.find(':') == Some(1) { format!("0{time}") } else { time.to_owned() };
    Some(midnight(year, month, day)? + time_of_day(&padded)?)
}

/// Milliseconds since 1970 at the start of a day, if there is such a day.
fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    let valid = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    valid.then(|| days_since_1970(year, month, day) * 86_400_000)
}

/// Milliseconds of `18:05`, `18:05:09` or `18:05:09.123`, with `Z` or an offset such as `+02:00`.
fn time_of_day(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('Z');
    if text.is_empty() {
        return Some(0);
    }
    let (clock, offset) = match text.find(['+', '-']) {
        Some(at) => (&text[..at], offset_minutes(&text[at..])?),
        None => (text, 0),
    };
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let seconds: f64 = parts.next().map_or(Some(0.0), |part| part.parse().ok())?;
    let valid = hour < 24 && minute < 60 && (0.0..61.0).contains(&seconds) && parts.next().is_none();
    valid.then(|| (hour * 60 + minute - offset) * 60_000 + (seconds * 1000.0).round() as i64)
}

fn offset_minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text[1..].split_once(':').unwrap_or((&text[1..], "00"));
    let minutes = digits(hours, 2)? * 60 + digits(minutes, 2)?;
    Some(if text.starts_with('-') { -minutes } else { minutes })
}

fn digits(text: &str, width: usize) -> Option<i64> {
    (text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1]
}

/// Days from 1970-01-01 in the Gregorian calendar, counted in years that begin in March so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of the days since 1970-01-01: the inverse of [`days_since_1970`].
fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let (month, day) = ((from_march + 2) % 12 + 1, day_of_year - (153 * from_march + 2) / 5 + 1);
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The column's cells in milliseconds.
    fn column(format: Option<TimeFormat>, cells: &[&str]) -> Option<Vec<i64>> {
        let mut column = TimeColumn::new(format);
        let times: Vec<f64> = cells.iter().map(|cell| column.read(cell)).collect::<Option<_>>()?;
        Some(times.into_iter().map(|time| column.millis(time)).collect())
    }

    #[test]
    fn iso_times_and_numbers_agree() {
        let one = |text: &str| column(None, &[text]).map(|times| times[0]);
        assert_eq!(one("1970-01-01"), Some(0));
        assert_eq!(one("2017-01-07 18:55"), Some(1_483_815_300_000));
        assert_eq!(one("2017-01-07T18:55:00Z"), Some(1_483_815_300_000));
        assert_eq!(one("2017-01-07T20:55:00+02:00"), Some(1_483_815_300_000));
        for number in ["1483815300", "1483815300000", "1483815300000000"] {
            assert_eq!(one(number), Some(1_483_815_300_000), "{number}");
        }
        assert_eq!(one("2000-02-29 00:00:00.5"), Some(951_782_400_500));
        assert_eq!(one("951782400.5"), Some(951_782_400_500));
    }

    #[test]
    fn a_column_has_one_unit() {
        // Milliseconds of 1970, of before March 1973 and of 2017: each alone might be seconds.
        let times = ["0", "95000000000", "1483815300000"];
        assert_eq!(column(None, &times).unwrap(), [0, 95_000_000_000, 1_483_815_300_000]);
        assert_eq!(column(None, &times[..2]).unwrap()[1], 95_000_000_000_000, "nothing says that it is not seconds");
        assert_eq!(column(Some(TimeFormat::Milliseconds), &times[..2]).unwrap(), [0, 95_000_000_000]);
        assert_eq!(column(None, &["1483815300", "2017-01-07"]), None, "a number and a date in one column");
        assert_eq!(column(None, &["2017-01-07", "1483815300"]), None);
    }

    #[test]
    fn slashes_are_read_as_told() {
        let morning = Some(vec![1_292_232_360_000]);
        assert_eq!(column(Some(TimeFormat::MonthFirst), &["12/13/2010 9:26"]), morning);
        assert_eq!(column(Some(TimeFormat::DayFirst), &["13/12/2010 09:26"]), morning);
        assert_eq!(column(Some(TimeFormat::DayFirst), &["12/13/2010 9:26"]), None);
        assert_eq!(column(None, &["12/13/2010 9:26"]), None, "nobody said which comes first");
        assert_eq!(column(Some(TimeFormat::MonthFirst), &["1/2/1970"]), Some(vec![86_400_000]));
    }

    #[test]
    fn a_time_is_written_as_it_is_read() {
        for days in (-700_000..800_000).step_by(97) {
            let millis = days * 86_400_000 + days % 1000 * 73_001;
            assert_eq!(iso(&to_iso(millis)), Some(millis), "{}", to_iso(millis));
        }
        assert_eq!(to_iso(951_782_400_500), "2000-02-29T00:00:00.500Z");
    }

    #[test]
    fn days_are_told_from_times() {
        let finer = |cells: &[&str]| {
            let mut column = TimeColumn::new(None);
            cells.iter().for_each(|cell| assert!(column.read(cell).is_some()));
            column.is_finer_than_days()
        };
        assert!(!finer(&["2017-01-07", "2017-01-08"]) && !finer(&["86400", "172800"]) && !finer(&["1483747200000"]));
        assert!(finer(&["2017-01-07", "2017-01-08 00:01"]) && finer(&["86400", "172801"]));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2017-13-01",
            "2017-02-29",
            "2017-1-1",
            "2017-01-01 25:00",
            "NaN",
            "inf",
            "1e300",
            "2017-01-01 é+",
        ] {
            assert_eq!(column(None, &[text]), None, "{text}");
        }
    }
}

//! Timestamps: ISO 8601 (`2017-01-31`, `2017-01-31 18:05`, `2017-01-31T18:05:09Z`) or a number of seconds or milliseconds
//! since 1970.

/// What a timestamp column may hold, for error messages.
pub const EXPECTED: &str = "an ISO 8601 time such as `2017-01-31 18:05`, or seconds or milliseconds since 1970";

/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5000.
const SMALLEST_MILLIS: f64 = 1e11;

/// Milliseconds since 1970, or `None` where the text is no timestamp.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        let millis = if number.abs() < SMALLEST_MILLIS { number * 1000.0 } else { number };
        return (number.is_finite() && millis.abs() < 1e15).then_some(millis as i64);
    }
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let mut parts = date.splitn(3, '-');
    let year: i64 = digits(parts.next()?, 4)?;
    let (month, day) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let valid = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    valid.then_some(())?;
    Some(days_since_1970(year, month, day) * 86_400_000 + time_of_day(time)?)
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
    valid.then(|| (hour * 60 + minute - offset) * 60_000 + (seconds * 1000.0) as i64)
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

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn iso_times_and_numbers_agree() {
        assert_eq!(parse("1970-01-01"), Some(0));
        assert_eq!(parse("2017-01-07 18:55"), Some(1_483_815_300_000));
        assert_eq!(parse("2017-01-07T18:55:00Z"), Some(1_483_815_300_000));
        assert_eq!(parse("2017-01-07T20:55:00+02:00"), Some(1_483_815_300_000));
        assert_eq!(parse("1483815300"), Some(1_483_815_300_000));
        assert_eq!(parse("1483815300000"), Some(1_483_815_300_000));
        assert_eq!(parse("2000-02-29 00:00:00.5"), Some(951_782_400_500));
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
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

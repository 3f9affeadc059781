//! When people come: the hours of the week at which all users of the log did, and how soon one user's own hours count.

use serde_json::{Value, json};

use crate::error::Result;
use crate::json::Field;

/// Hours of a week, from Sunday midnight on.
pub const HOURS: usize = 168;
/// Shares are stored as whole parts of this.
const PARTS: f32 = 100_000.0;

/// The prior of a [`Rhythm`](crate::profile::Rhythm).
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Share of all visits that begin in each hour of the week, ([`HOURS`]), summing up to 1.
    pub hours: Vec<f32>,
    /// Visits of a user a week, on average.
    pub weekly: f32,
    /// So many visits of one's own count as much as all that is known of others.
    pub strength: f32,
    /// How much of a visit tells of its hour on any day, 0..=1; the rest tells of its own day.
    pub days: f32,
    /// A visit tells of the hour beside its own so much less, 0..1, and of the next one so much less again.
    pub spread: f32,
}

impl Default for Timing {
    /// Where nothing is known of others: any hour is like any other.
    fn default() -> Timing {
        Timing { hours: vec![1.0 / HOURS as f32; HOURS], weekly: 1.0, strength: 3.0, days: 0.5, spread: 0.5 }
    }
}

impl Timing {
    pub(crate) fn from_json(field: &Field) -> Result<Timing> {
        let number = |key| field.required(key).and_then(|value| value.float());
        let mut hours = field.required("hours")?.floats()?;
        let sum: f32 = hours.iter().sum();
        let timing = Timing {
            weekly: number("weekly")?,
            strength: number("strength")?,
            days: number("days")?,
            spread: number("spread")?,
            hours: Vec::new(),
        };
        let fits = hours.len() == HOURS
            && hours.iter().all(|share| (0.0..=PARTS).contains(share))
            && sum >= 1.0
            && (1e-3..=1e3).contains(&timing.weekly)
            && (1e-3..=1e3).contains(&timing.strength)
            && (0.0..=1.0).contains(&timing.days)
            && (0.0..1.0).contains(&timing.spread);
        if !fits {
            return Err(
                field.refuse("168 shares of the week's hours, and weekly, strength, days and spread within bounds")
            );
        }
        hours.iter_mut().for_each(|share| *share /= sum);
        Ok(Timing { hours, ..timing })
    }

    pub(crate) fn to_json(&self) -> Value {
        let hours: Vec<u32> = self.hours.iter().map(|share| (share * PARTS).round() as u32).collect();
        let Timing { weekly, strength, days, spread, .. } = self;
        json!({ "hours": hours, "weekly": weekly, "strength": strength, "days": days, "spread": spread })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn a_timing_is_read_as_written_and_refused_otherwise() {
        let read = |value: &Value| {
            Timing::from_json(&Field::root(&parse(value.to_string().as_bytes()).unwrap(), "model.timing"))
        };
        let mut timing = Timing { weekly: 1.75, strength: 5.0, days: 0.25, spread: 0.5, ..Timing::default() };
        timing.hours = (0..HOURS).map(|hour| hour as f32 / 14_028.0).collect();
        let written = timing.to_json();
        let back = read(&written).unwrap();
        assert!(back.hours.iter().zip(&timing.hours).all(|(a, b)| (a - b).abs() < 2e-5));
        assert_eq!((back.weekly, back.strength, back.days, back.spread), (1.75, 5.0, 0.25, 0.5));
        for (key, value) in [
            ("hours", json!([1, 2])),
            ("hours", json!(vec![0; HOURS])),
            ("hours", json!(vec![-1; HOURS])),
            ("weekly", json!(0)),
            ("strength", json!(1e9)),
            ("days", json!(1.5)),
            ("spread", json!(1)),
        ] {
            let mut wrong = written.clone();
            wrong[key] = value;
            assert!(read(&wrong).unwrap_err().to_string().contains("model.timing"), "{key}");
        }
    }
}

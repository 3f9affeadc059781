//! Users that no person is: robots, test accounts, tills that share one card.
//!
//! Activity is about log-normal, so a count is judged by its logarithm against the median and the median absolute deviation
//! (Leys et al. 2013, "Detecting outliers: do not use standard deviation around the mean, use absolute deviation around the
//! median"): both ignore the outliers themselves. The bounds lie far outside what ordinary heavy users do.

use std::collections::VecDeque;

use clap::Args;
use serde::Serialize;

use crate::error::{CliError, Result};

/// What makes a MAD comparable to the standard deviation of a normal distribution.
const CONSISTENT: f64 = 1.4826;
/// The least spread of log counts: where most users have the same count, the MAD is near 0 and says nothing.
const LEAST_SPREAD: f64 = 1.0;
const DAY: i64 = 86_400_000;

/// Bounds beyond which a user is dropped.
#[derive(Debug, Clone, Args, Serialize)]
pub struct OutlierOptions {
    /// Keep users with implausibly many events
    #[arg(long)]
    pub keep_outliers: bool,
    /// A user is implausible whose log count of events lies this many deviations (MAD, at least 1) above the median: at 8, at
    /// least 2,981 times the median
    #[arg(long, value_name = "DEVIATIONS", default_value_t = 8.0)]
    pub outlier_deviations: f64,
    /// A user is implausible who acts at more different moments within 24 hours; in logs with times finer than a day
    #[arg(long, value_name = "COUNT", default_value_t = 5000)]
    pub max_daily_events: usize,
    /// Drop users with more events than this
    #[arg(long, value_name = "COUNT")]
    pub max_user_events: Option<usize>,
}

/// What was dropped, by rule; a user is counted by the first rule that finds it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OutlierReport {
    /// Above `--max-user-events`.
    pub max_user_events: Dropped,
    /// Too many events by the median and MAD of log counts.
    pub count: Dropped,
    /// Too many moments within a day.
    pub rate: Dropped,
    /// The largest count that `count` accepts; none where outliers are kept.
    pub count_bound: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Dropped {
    pub users: usize,
    pub events: usize,
}

impl Dropped {
    fn add(&mut self, events: u32) {
        self.users += 1;
        self.events += events as usize;
    }
}

impl OutlierOptions {
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        match self.outlier_deviations > 0.0 && self.max_daily_events > 0 && self.max_user_events != Some(0) {
            true => Ok(()),
            false => Err(CliError::Flag {
                flag: "--outlier-deviations, --max-daily-events and --max-user-events",
                expected: "numbers above 0".into(),
                found: "0 or less".into(),
            }),
        }
    }

    /// Whether each user stays, given its `events` (0 for one that is gone already) and whether it was `hasty`.
    pub fn judge(&self, events: &[u32], hasty: &[bool]) -> (Vec<bool>, OutlierReport) {
        let bound = (!self.keep_outliers).then(|| bound(events, self.outlier_deviations));
        let mut report = OutlierReport { count_bound: bound, ..OutlierReport::default() };
        let stays = |(&count, &hasty): (&u32, &bool)| {
            let rule = if self.max_user_events.is_some_and(|most| count as usize > most) {
                &mut report.max_user_events
            } else if bound.is_some_and(|bound| f64::from(count) > bound) {
                &mut report.count
            } else if hasty && !self.keep_outliers {
                &mut report.rate
            } else {
                return true;
            };
            rule.add(count);
            false
        };
        (events.iter().zip(hasty).map(stays).collect(), report)
    }
}

/// The largest plausible count: `exp(median + deviations * spread)` of the log counts of users with events.
fn bound(events: &[u32], deviations: f64) -> f64 {
    let mut logs: Vec<f32> = events.iter().filter(|&&count| count > 0).map(|&count| (count as f32).ln()).collect();
    let middle = median(&mut logs);
    logs.iter_mut().for_each(|log| *log = (*log - middle).abs());
    let spread = (CONSISTENT * f64::from(median(&mut logs))).max(LEAST_SPREAD);
    (f64::from(middle) + deviations * spread).exp()
}

fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Finds users with too many different moments within 24 hours, shown the events of one user after another in time order.
#[derive(Debug, Default)]
pub struct Haste {
    most: usize,
    moments: VecDeque<i64>,
}

impl Haste {
    pub fn new(most: usize) -> Haste {
        Haste { most, moments: VecDeque::new() }
    }

    pub fn next_user(&mut self) {
        self.moments.clear();
    }

    /// Whether `time`, in milliseconds, is one moment too many.
    pub fn sees(&mut self, time: i64) -> bool {
        if self.moments.back() != Some(&time) {
            self.moments.push_back(time);
        }
        while self.moments.front().is_some_and(|first| first + DAY <= time) {
            self.moments.pop_front();
        }
        let hasty = self.moments.len() > self.most;
        if hasty {
            self.moments.pop_front(); // the window is bounded too
        }
        hasty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> OutlierOptions {
        OutlierOptions { keep_outliers: false, outlier_deviations: 8.0, max_daily_events: 10, max_user_events: None }
    }

    #[test]
    fn heavy_users_stay_and_robots_go() {
        // Counts of a heavy tail: a tenth as many users with each ten times the events.
        let mut events: Vec<u32> = Vec::new();
        for (count, users) in [(3, 9000), (30, 900), (300, 90), (3000, 9)] {
            events.extend(vec![count; users]);
        }
        let calm = vec![false; events.len() + 1];
        let (stays, report) = options().judge(&events, &calm);
        assert!(stays.iter().all(|&stays| stays) && report.count.users == 0, "{report:?}");
        events.push(200_000);
        let (stays, report) = options().judge(&events, &calm);
        assert_eq!(stays.iter().filter(|&&stays| !stays).count(), 1);
        assert_eq!(report.count, Dropped { users: 1, events: 200_000 });
        let kept = OutlierOptions { keep_outliers: true, ..options() };
        assert!(kept.judge(&events, &vec![true; events.len()]).0.iter().all(|&stays| stays));
    }

    #[test]
    fn each_rule_has_its_count() {
        let options = OutlierOptions { max_user_events: Some(50), ..options() };
        let (stays, report) = options.judge(&[5, 0, 51, 7], &[false, false, true, true]);
        assert_eq!(stays, [true, true, false, false]);
        assert_eq!(report.max_user_events, Dropped { users: 1, events: 51 });
        assert_eq!(report.rate, Dropped { users: 1, events: 7 });
    }

    #[test]
    fn haste_counts_moments_within_a_day() {
        let hasty = |times: &[i64]| {
            let mut haste = Haste::new(3);
            times.iter().any(|&time| haste.sees(time))
        };
        assert!(!hasty(&[0, 0, 0, 0, 0, 1, 2]), "a basket is one moment");
        assert!(hasty(&[0, 1, 2, 3]));
        assert!(!hasty(&[0, 1, 2, DAY]), "a day later the first no longer counts");
        assert!(hasty(&[0, 1, 2, DAY - 1]));
    }
}

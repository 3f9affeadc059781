//! When people come: the prior of the hours of the week, and how soon a user's own hours count beside it.
//!
//! Objective: the settings whose best window of [`WINDOW`] hours holds the next visit most often, on the middle third of the log, each visit
//! foreseen from the user's earlier ones (prequential); what they are worth is measured on the last third. Hours are those of the log's
//! times as they were read. Exported shape: [`Timing`].

use proclivity::model::{HOURS, Timing};
use proclivity::profile::{Rhythm, hour_of_week, visits};
use rayon::prelude::*;
use serde::Serialize;

use crate::dataset::Interactions;

/// Hours of a window that a message is timed by.
pub const WINDOW: usize = 4;
/// Visits that are foreseen to choose the settings, at most.
const MOST_FORESEEN: usize = 10_000;
/// Fewer visits say nothing of when people come.
const LEAST_VISITS: usize = 500;
const WEEK: f64 = 7.0 * 24.0 * 3_600_000.0;

/// How well the next visits of a log were foreseen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Foreseen {
    /// Visits that were foreseen.
    pub visits: usize,
    /// Shares of them that the best window held: of the user's rhythm, of all users, and around the user's own most frequent hour.
    pub rhythm: f64,
    pub population: f64,
    pub own: f64,
}

/// The timing of a log, and how well it foresees the last third of it. None for a log without times of day, or with few visits.
pub fn fit_timing(data: &Interactions) -> Option<(Timing, Foreseen)> {
    let users = visits_of(data);
    let mut times: Vec<f64> = users.iter().flatten().copied().collect();
    let days = |time: &f64| time % 86_400_000.0 == 0.0;
    if !data.has_time || times.len() < LEAST_VISITS || times.iter().all(days) {
        return None;
    }
    times.sort_by(f64::total_cmp);
    let [early, late] = [1, 2].map(|third| times[times.len() * third / 3]);
    let until = |cut: f64| -> Vec<Vec<f64>> {
        users.iter().map(|user| user.iter().copied().filter(|&time| time < cut).collect()).collect()
    };
    let before = until(late);
    let settings = |timing: &Timing| -> Vec<Timing> {
        let mut grid = Vec::new();
        for strength in [2.0, 4.0, 8.0, 16.0, 32.0] {
            for days in [0.2, 0.5, 0.7, 0.85] {
                for spread in [0.0, 0.4, 0.7, 0.9] {
                    grid.push(Timing { strength, days, spread, ..timing.clone() });
                }
            }
        }
        grid
    };
    let best = settings(&population(&users, |time| time < early))
        .into_par_iter()
        .map(|timing| (foresee(&before, early, MOST_FORESEEN, &timing), timing))
        .max_by(|(a, _), (b, _)| a.rhythm.total_cmp(&b.rhythm));
    let with = |timing: &Timing, of: Timing| Timing { hours: of.hours, weekly: of.weekly, ..timing.clone() };
    best.map(|(_, timing)| {
        let known = with(&timing, population(&users, |time| time < late));
        let foreseen = foresee(&users, late, MOST_FORESEEN, &known);
        (with(&timing, population(&users, |_| true)), foreseen)
    })
}

/// Beginnings of each user's visits, in milliseconds since 1970.
pub fn visits_of(data: &Interactions) -> Vec<Vec<f64>> {
    data.events.par_iter().map(|events| visits(events.iter().map(|event| event.time as f64))).collect()
}

/// The hours of all visits that count, each smoothed by one visit spread evenly.
fn population(users: &[Vec<f64>], counts: impl Fn(f64) -> bool) -> Timing {
    let mut hours = vec![1.0 / HOURS as f32; HOURS];
    let (mut visits, mut weeks) = (0.0, 0.0);
    for user in users {
        let of_user: Vec<f64> = user.iter().copied().filter(|&time| counts(time)).collect();
        if let (Some(first), Some(last)) = (of_user.first(), of_user.last()) {
            visits += of_user.len() as f64;
            weeks += (last - first) / WEEK + 1.0;
        }
        of_user.iter().for_each(|&time| hours[hour_of_week(time, 0.0)] += 1.0);
    }
    let total: f32 = hours.iter().sum();
    hours.iter_mut().for_each(|share| *share /= total);
    let weekly = (visits.max(1.0) / f64::max(weeks, 1.0)) as f32;
    Timing { hours, weekly: weekly.clamp(0.01, 1000.0), ..Timing::default() }
}

/// How well visits from `cut` on are foreseen, each by the visits before it of a user who has some; about `most` of them.
pub fn foresee(users: &[Vec<f64>], cut: f64, most: usize, timing: &Timing) -> Foreseen {
    let from = |user: &[f64]| user.partition_point(|&time| time < cut).max(1);
    let all: usize = users.iter().map(|user| user.len().saturating_sub(from(user))).sum();
    let every = all.div_ceil(most).max(1);
    let prior = Rhythm::new(timing, std::iter::empty(), 0.0);
    let others = best_window(&prior);
    let mut held = [0usize; 3];
    let (mut foreseen, mut turn) = (0, 0);
    for user in users {
        let hours: Vec<usize> = user.iter().map(|&time| hour_of_week(time, 0.0)).collect();
        for at in from(user)..user.len() {
            turn += 1;
            if turn % every != 0 {
                continue;
            }
            let rhythm = Rhythm::new(timing, hours[..at].iter().copied(), ((user[at] - user[0]) / WEEK) as f32);
            // Around the hour that is the most frequent so far, the earliest one of several.
            let mut counts = [0u32; HOURS];
            hours[..at].iter().for_each(|&hour| counts[hour] += 1);
            let most = counts.iter().copied().max().unwrap_or_default();
            let frequent = counts.iter().position(|&count| count == most).unwrap_or_default();
            let starts = [best_window(&rhythm), others, (frequent + HOURS - 1) % HOURS];
            for (held, start) in held.iter_mut().zip(starts) {
                *held += usize::from((hours[at] + HOURS - start) % HOURS < WINDOW);
            }
            foreseen += 1;
        }
    }
    let share = |held: usize| held as f64 / f64::max(foreseen as f64, 1.0);
    Foreseen { visits: foreseen, rhythm: share(held[0]), population: share(held[1]), own: share(held[2]) }
}

/// The hour from which the likeliest window begins.
fn best_window(rhythm: &Rhythm) -> usize {
    let likely: Vec<f32> = (0..HOURS).map(|hour| rhythm.probability(hour, WINDOW)).collect();
    (0..HOURS).fold(0, |best, hour| if likely[hour] > likely[best] { hour } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;

    const HOUR: i64 = 3_600_000;

    /// Users who come at an hour of their own on Saturdays, one in five at noon, over 30 weeks.
    fn regulars() -> Interactions {
        let mut data = interactions(3, vec![vec![0; 30]; 40]);
        data.has_time = true;
        for (user, events) in data.events.iter_mut().enumerate() {
            let own = if user % 5 == 0 { 12 } else { 6 + (user as i64 * 3) % 16 };
            for (week, event) in events.iter_mut().enumerate() {
                event.time = (1_704_585_600_000 + (6 * 24 + own) * HOUR) + week as i64 * 168 * HOUR;
            }
        }
        data
    }

    #[test]
    fn habits_are_foreseen_where_the_population_is_of_little_use() {
        let (timing, foreseen) = fit_timing(&regulars()).expect("has times");
        assert!(foreseen.rhythm > 0.99, "{foreseen:?}");
        assert!(foreseen.own > 0.99 && foreseen.population < 0.6, "{foreseen:?}");
        assert!(timing.hours[6 * 24 + 12] > timing.hours[6 * 24 + 6], "{timing:?}");
        assert!((timing.hours.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!((timing.weekly - 1.0).abs() < 0.01, "{}", timing.weekly);
    }

    #[test]
    fn logs_without_times_of_day_have_no_timing() {
        let mut data = regulars();
        data.events.iter_mut().flatten().for_each(|event| event.time -= event.time % (24 * HOUR));
        assert_eq!(fit_timing(&data), None);
        assert_eq!(fit_timing(&Interactions { has_time: false, ..regulars() }), None);
        assert_eq!(fit_timing(&regulars().sample_users(0.2, 1)), None, "few visits");
    }
}

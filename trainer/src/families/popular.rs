//! Most popular: what strangers see first with every family, and a family of its own.
//!
//! `p_i = sum_u 2^(-(T - t_ui) / half-life)` over the users of item i, with t_ui the time of the pair's last event and
//! T that of the last event of all: the exponential forgetting of Ding and Li 2005 ("Time Weight Collaborative
//! Filtering"). Without a half-life each user counts 1. Exported as the column `item.popularity`; the family alone has
//! item biases `p_i / max p` besides, and no vectors.

use proclivity::model::UserTower;

use super::trained::Vectors;
use crate::dataset::Interactions;
use crate::error::{CliError, Result};

const DAY_MILLIS: f64 = 86_400_000.0;

/// Smaller shares are zero: subnormal numbers are, on some GPUs.
const LEAST: f64 = 1e-30;

/// Refuses a half-life that is no number of days.
///
/// # Errors
/// [`CliError::Flag`].
pub fn check(half_life: Option<f64>) -> Result<()> {
    match half_life {
        Some(days) if !(days > 0.0 && days <= 1e6) => refused("days, above 0 and at most 1e6", days.to_string()),
        _ => Ok(()),
    }
}

/// Refuses a half-life for a log without times.
///
/// # Errors
/// [`CliError::Flag`].
pub fn check_log(data: &Interactions, half_life: Option<f64>) -> Result<()> {
    match half_life.is_some() && !data.has_time {
        true => refused("a log with times, named by --timestamp-column", "a log without".into()),
        false => Ok(()),
    }
}

/// Popularity of each item, (n); a pair counts half after `half_life` days.
///
/// # Errors
/// As [`check_log`].
pub fn popularity(data: &Interactions, half_life: Option<f64>) -> Result<Vec<f32>> {
    check_log(data, half_life)?;
    let Some(days) = half_life else { return Ok(data.popularity()) };
    let last = data.events.iter().flatten().map(|event| event.time).max().unwrap_or(0);
    let mut sums = vec![0.0f64; data.items.len()];
    for pair in (0..data.users.len()).flat_map(|user| data.pairs_of(user)) {
        let age = (last as f64 - pair.last as f64) / DAY_MILLIS;
        sums[pair.item as usize] += (-age / days).exp2();
    }
    Ok(sums.into_iter().map(|sum| if sum < LEAST { 0.0 } else { sum as f32 }).collect())
}

fn refused<T>(expected: &str, found: String) -> Result<T> {
    Err(CliError::Flag { flag: "--half-life", expected: expected.into(), found })
}

/// What the family alone exports: biases that are shares of the largest popularity, (n).
pub fn vectors(popularity: &[f32]) -> Vectors {
    let largest = popularity.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let bias = popularity.iter().map(|x| x / largest).collect();
    Vectors {
        rows: Vec::new(),
        dim: 0,
        bias: Some(bias),
        tower: UserTower::Pool { power: 0.0 },
        user_rows: None,
        network: None,
        context: None,
        ranker: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;

    /// Three users; the event of item n of user u is `n + u` days old.
    fn timed() -> Interactions {
        let mut data = interactions(4, vec![vec![0, 1, 2], vec![1, 2], vec![2]]);
        for (user, events) in data.events.iter_mut().enumerate() {
            events.iter_mut().for_each(|event| event.time = -86_400_000 * (i64::from(event.item) + user as i64));
        }
        data.has_time = true;
        data
    }

    #[test]
    fn old_pairs_count_by_half_lives() {
        let found = popularity(&timed(), Some(2.0)).unwrap();
        let half = |days: f64| 0.5f64.powf(days / 2.0);
        let expected = [1.0, half(1.0) + half(2.0), half(2.0) + half(3.0) + half(4.0), 0.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6), "{found:?} {expected:?}");
        assert_eq!(popularity(&timed(), None).unwrap(), [1.0, 2.0, 3.0, 0.0]);
    }

    #[test]
    fn repeats_count_once_at_their_last_time() {
        let mut data = timed();
        let again = data.events[2][0];
        data.events[2].push(crate::dataset::fixture::events(&[2])[0]);
        assert_eq!((again.item, data.events[2][1].time), (2, 0));
        let found = popularity(&data, Some(1.0)).unwrap();
        assert!((found[2] - (1.0 + 0.25 + 0.125)).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn biases_are_shares_of_the_largest() {
        assert_eq!(vectors(&[3.0, 0.0, 12.0]).bias, Some(vec![0.25, 0.0, 1.0]));
        assert_eq!(vectors(&[0.0, 0.0]).bias, Some(vec![0.0, 0.0]));
    }

    #[test]
    fn a_half_life_needs_times_and_a_positive_length() {
        let untimed = interactions(2, vec![vec![0, 1]]);
        let said = popularity(&untimed, Some(3.0)).unwrap_err().to_string();
        assert!(said.contains("--half-life") && said.contains("--timestamp-column"), "{said}");
        for days in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(check(Some(days)).unwrap_err().code(), "flag", "{days}");
        }
    }
}

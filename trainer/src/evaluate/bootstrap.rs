//! How sure a mean over users is: percentile bootstrap (Efron 1979), users resampled with replacement.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

/// Share of resamples that an interval holds.
pub const LEVEL: f64 = 0.95;

/// A mean over users and its interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Estimate {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

/// How users are resampled. The same seed and number of users give the same resamples, whatever is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bootstrap {
    pub resamples: usize,
    pub seed: u64,
}

impl Bootstrap {
    /// The mean of each column of `rows` (users, columns) with its interval; none for no users. Given the differences between
    /// two models user by user, it is the paired bootstrap.
    pub fn estimate(self, rows: &[Vec<f64>]) -> Vec<Estimate> {
        let Some(columns) = rows.first().map(Vec::len) else { return Vec::new() };
        let resampled: Vec<Vec<f64>> = (0..self.resamples as u64)
            .into_par_iter()
            .map(|resample| {
                let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
                rng.set_stream(resample);
                means((0..rows.len()).map(|_| &rows[rng.random_range(0..rows.len())]), columns, rows.len())
            })
            .collect();
        let interval = |(column, mean): (usize, f64)| {
            let mut drawn: Vec<f64> = resampled.iter().map(|means| means[column]).collect();
            drawn.sort_by(f64::total_cmp);
            let tail = (1.0 - LEVEL) / 2.0;
            match drawn.is_empty() {
                true => Estimate { mean, low: mean, high: mean },
                false => Estimate { mean, low: quantile(&drawn, tail), high: quantile(&drawn, 1.0 - tail) },
            }
        };
        means(rows.iter(), columns, rows.len()).into_iter().enumerate().map(interval).collect()
    }
}

fn means<'a>(rows: impl Iterator<Item = &'a Vec<f64>>, columns: usize, count: usize) -> Vec<f64> {
    let mut sums = vec![0.0; columns];
    for row in rows {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().map(|sum| sum / count as f64).collect()
}

/// The `share` quantile of `sorted` (at least one value), linear between neighbours as in NumPy.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 1000, seed: 42 };

    #[test]
    fn the_interval_of_a_share_is_that_of_the_normal_approximation() {
        // 400 users, a quarter of them 1: standard error sqrt(0.25 * 0.75 / 400) = 0.02165.
        let rows: Vec<Vec<f64>> = (0..400).map(|user| vec![f64::from(u8::from(user % 4 == 0)), 0.5]).collect();
        let estimates = BOOTSTRAP.estimate(&rows);
        assert_eq!((estimates[0].mean, estimates[1]), (0.25, Estimate { mean: 0.5, low: 0.5, high: 0.5 }));
        for (end, expected) in [(estimates[0].low, 0.25 - 1.96 * 0.02165), (estimates[0].high, 0.25 + 1.96 * 0.02165)] {
            assert!((end - expected).abs() < 0.006, "expected about {expected}, found {end}");
        }
    }

    #[test]
    fn a_seed_gives_one_interval_and_pairs_are_kept() {
        let rows: Vec<Vec<f64>> = (0..50).map(|user| vec![f64::from(user * user % 17), 3.0]).collect();
        assert_eq!(BOOTSTRAP.estimate(&rows), BOOTSTRAP.estimate(&rows));
        assert_ne!(BOOTSTRAP.estimate(&rows), Bootstrap { seed: 7, ..BOOTSTRAP }.estimate(&rows));
        // Another model that is better by 1 for every user: no doubt about the difference, whatever the users vary.
        let other: Vec<Vec<f64>> = rows.iter().map(|row| vec![row[0] + 1.0]).collect();
        let paired: Vec<Vec<f64>> = rows.iter().zip(&other).map(|(a, b)| vec![b[0] - a[0]]).collect();
        assert_eq!(BOOTSTRAP.estimate(&paired)[0], Estimate { mean: 1.0, low: 1.0, high: 1.0 });
    }

    #[test]
    fn quantiles_are_linear_between_neighbours() {
        assert_eq!([0.0, 0.5, 1.0].map(|share| quantile(&[1.0, 2.0, 4.0, 8.0], share)), [1.0, 3.0, 8.0]);
        assert_eq!(quantile(&[5.0], 0.25), 5.0);
        assert_eq!(BOOTSTRAP.estimate(&[]), []);
    }
}

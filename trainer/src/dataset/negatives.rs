//! Negative sampling: items that a user did not take, to be told from those taken.

use clap::ValueEnum;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Draws before the items that are left are counted out: a user with nearly everything must not loop for ever.
const TRIES: usize = 32;

/// What negatives are drawn from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NegativeSampling {
    /// Every item alike (Rendle et al. 2009)
    #[default]
    Uniform,
    /// By the power of an item's number of users (Mikolov et al. 2013, there 0.75)
    Popularity,
    /// The items that other users of the batch took (Hidasi et al. 2016)
    InBatch,
}

/// A distribution over items.
#[derive(Debug, Clone)]
pub enum Negatives {
    /// Items 0..n alike.
    Uniform(u32),
    /// Cumulative weights of the items 0..n.
    Weighted(Vec<f64>),
    /// These, as often as they stand here.
    Listed(Vec<u32>),
}

impl Negatives {
    /// Items by `popularity^power`, (n): power 0 is uniform, 1 follows the log.
    pub fn by_popularity(popularity: &[f32], power: f64) -> Negatives {
        Negatives::Weighted(cumulative(popularity.iter().map(|&count| f64::from(count).powf(power))))
    }

    /// An item that is not `owned`, or `None` where there is none to draw.
    pub fn draw(&self, owned: impl Fn(u32) -> bool, rng: &mut ChaCha8Rng) -> Option<u32> {
        for _ in 0..TRIES {
            let item = self.any(rng)?;
            if !owned(item) {
                return Some(item);
            }
        }
        let left: Vec<(u32, f64)> =
            self.weights().into_iter().filter(|&(item, weight)| weight > 0.0 && !owned(item)).collect();
        let ends: Vec<f64> = cumulative(left.iter().map(|(_, weight)| *weight));
        pick(&ends, rng).map(|place| left[place].0)
    }

    fn any(&self, rng: &mut ChaCha8Rng) -> Option<u32> {
        match self {
            Negatives::Uniform(items) => (*items > 0).then(|| rng.random_range(0..*items)),
            Negatives::Weighted(ends) => pick(ends, rng).map(|place| place as u32),
            Negatives::Listed(items) => (!items.is_empty()).then(|| items[rng.random_range(0..items.len())]),
        }
    }

    fn weights(&self) -> Vec<(u32, f64)> {
        match self {
            Negatives::Uniform(items) => (0..*items).map(|item| (item, 1.0)).collect(),
            Negatives::Weighted(ends) => {
                let before = std::iter::once(&0.0).chain(ends);
                (0..).zip(ends.iter().zip(before).map(|(end, start)| end - start)).collect()
            }
            Negatives::Listed(items) => items.iter().map(|&item| (item, 1.0)).collect(),
        }
    }
}

fn cumulative(weights: impl Iterator<Item = f64>) -> Vec<f64> {
    weights
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

/// A place by the weights whose cumulative sums are `ends`.
fn pick(ends: &[f64], rng: &mut ChaCha8Rng) -> Option<usize> {
    let total = ends.last().copied().filter(|total| *total > 0.0)?;
    let at = rng.random_range(0.0..total);
    Some(ends.partition_point(|&end| end <= at).min(ends.len() - 1))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// How often each of four items is drawn by a user who owns item 1.
    fn counts(negatives: &Negatives) -> [u32; 4] {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut counts = [0; 4];
        (0..10_000).for_each(|_| counts[negatives.draw(|item| item == 1, &mut rng).unwrap() as usize] += 1);
        counts
    }

    #[test]
    fn items_are_drawn_by_their_weight_and_never_the_users_own() {
        let near = |found: [u32; 4], shares: [f64; 4]| {
            for (count, share) in found.into_iter().zip(shares) {
                let expected = 10_000.0 * share;
                let spread = (expected * (1.0 - share)).sqrt();
                assert!((f64::from(count) - expected).abs() <= 5.0 * spread, "{found:?}");
            }
        };
        near(counts(&Negatives::Uniform(4)), [1.0 / 3.0, 0.0, 1.0 / 3.0, 1.0 / 3.0]);
        near(counts(&Negatives::by_popularity(&[16.0, 81.0, 4.0, 0.0], 0.5)), [4.0 / 6.0, 0.0, 2.0 / 6.0, 0.0]);
        near(counts(&Negatives::Listed(vec![1, 1, 3, 2, 3, 1])), [0.0, 0.0, 1.0 / 3.0, 2.0 / 3.0]);
    }

    #[test]
    fn a_user_with_nearly_everything_gets_the_rest_and_one_with_everything_nothing() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let popularity: Vec<f32> = (0..100_000).map(|item| if item == 7 { 1.0 } else { 1000.0 }).collect();
        let listed = Negatives::Listed((0..100_000).collect());
        for negatives in [Negatives::Uniform(100_000), Negatives::by_popularity(&popularity, 0.75), listed] {
            assert_eq!(negatives.draw(|item| item != 7, &mut rng), Some(7));
            assert_eq!(negatives.draw(|_| true, &mut rng), None);
        }
        assert_eq!(Negatives::Listed(Vec::new()).draw(|_| false, &mut rng), None);
    }

    #[test]
    fn a_seed_draws_the_same() {
        let negatives = Negatives::by_popularity(&[1.0, 2.0, 3.0, 4.0], 0.75);
        assert_eq!(counts(&negatives), counts(&negatives));
    }
}

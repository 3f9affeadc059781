//! What the families share that learn by stochastic gradient descent: arithmetic on rows, the order of samples, the towers a
//! stranger's vector may come from.

use std::ops::RangeInclusive;

use proclivity::model::UserTower;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::dataset::Interactions;
use crate::error::{CliError, Result};

/// Sums of a dot that are kept beside each other, so that the compiler may use vector instructions.
const LANES: usize = 8;

/// Standard deviation of a vector's numbers before training (Rendle et al. 2020).
const INITIAL_DEVIATION: f32 = 0.1;

/// Confidences of a history item that are tried for a stranger's fold-in; the first of all is what epochs are compared with.
const ALPHAS: [f32; 3] = [1.0, 0.1, 10.0];

/// Ridges of that fold-in, in mean squared lengths of an item vector.
const RIDGES: [f32; 3] = [100.0, 1000.0, 10.0];

/// `a . b`, summed in a fixed order.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0f32; LANES];
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// `y += factor * x`.
pub fn axpy(factor: f32, x: &[f32], y: &mut [f32]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}

/// `1 / (1 + e^-x)`.
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// `-ln sigmoid(x)`, stable for any x.
pub fn log_loss(x: f32) -> f32 {
    (-x).max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Row `at` of a table (n, dim).
pub fn row(table: &[f32], at: u32, dim: usize) -> &[f32] {
    &table[at as usize * dim..][..dim]
}

/// As [`row`], to be changed.
pub fn row_mut(table: &mut [f32], at: u32, dim: usize) -> &mut [f32] {
    &mut table[at as usize * dim..][..dim]
}

/// A table of small random numbers.
pub fn small_random(numbers: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let bound = INITIAL_DEVIATION * 3f32.sqrt(); // a uniform number's deviation is its bound by the root of 3
    (0..numbers).map(|_| rng.random_range(-bound..bound)).collect()
}

/// User vectors (users, dim) and item vectors (items, dim). The last column is the items' bias: users have 1 there, and a
/// stranger's fold-in solves for it like any other.
#[derive(Debug, Clone)]
pub struct Factors {
    pub users: Vec<f32>,
    pub items: Vec<f32>,
    pub dim: usize,
}

impl Factors {
    pub fn new(data: &Interactions, dim: usize, rng: &mut ChaCha8Rng) -> Factors {
        let mut users = small_random(data.users.len() * dim, rng);
        let mut items = small_random(data.items.len() * dim, rng);
        users.iter_mut().skip(dim - 1).step_by(dim).for_each(|one| *one = 1.0);
        items.iter_mut().skip(dim - 1).step_by(dim).for_each(|bias| *bias = 0.0);
        Factors { users, items, dim }
    }
}

/// Every (user, place in its history), in random order.
pub fn shuffled_pairs(data: &Interactions, rng: &mut ChaCha8Rng) -> Vec<(u32, u32)> {
    let of_user = |(user, history): (u32, &Vec<u32>)| (0..history.len() as u32).map(move |place| (user, place));
    let mut pairs: Vec<(u32, u32)> = (0..).zip(&data.histories).flat_map(of_user).collect();
    pairs.shuffle(rng);
    pairs
}

/// What each user took, for quick questions.
#[derive(Debug, Clone)]
pub struct Owned(Vec<Vec<u32>>);

impl Owned {
    pub fn new(data: &Interactions) -> Owned {
        let mut sorted = data.histories.clone();
        sorted.iter_mut().for_each(|history| history.sort_unstable());
        Owned(sorted)
    }

    pub fn contains(&self, user: u32, item: u32) -> bool {
        self.0[user as usize].binary_search(&item).is_ok()
    }
}

/// What may make a stranger's vector where training had a vector for each user: fold-ins into the item rows, and the history
/// pooled. Ridges are for rows of [`unit_scale`].
pub fn stranger_towers() -> Vec<UserTower> {
    let fold_in = |regularization, alpha| UserTower::FoldIn { alpha, regularization, power: 0.0 };
    let solved = RIDGES.iter().flat_map(|&ridge| ALPHAS.map(|alpha| fold_in(ridge, alpha)));
    solved.chain([0.5, 1.0].map(|power| UserTower::Pool { power })).collect()
}

/// The rows (n, dim) times the one number that makes their squared lengths 1 in the mean: no stranger's ranking changes, and a
/// fold-in's ridge means the same for any rows.
pub fn unit_scale(rows: &[f32], dim: usize) -> Vec<f32> {
    let squares: f64 = rows.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let mean = squares * dim as f64 / rows.len() as f64;
    let factor = if mean > 0.0 { (1.0 / mean.sqrt()) as f32 } else { 1.0 };
    rows.iter().map(|x| factor * x).collect()
}

/// Refuses a flag's number outside `range`.
pub fn expect_within(flag: &'static str, number: f64, range: RangeInclusive<f64>) -> Result<()> {
    match range.contains(&number) {
        true => Ok(()),
        false => Err(CliError::Flag {
            flag,
            expected: format!("a number from {} to {}", range.start(), range.end()),
            found: number.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::dataset::fixture::interactions;

    #[test]
    fn dots_are_those_of_float64() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for width in [1, 7, 8, 9, 64, 65] {
            let (a, b) = (small_random(width, &mut rng), small_random(width, &mut rng));
            let expected: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            assert!((f64::from(dot(&a, &b)) - expected).abs() < 1e-6, "{width}");
        }
    }

    #[test]
    fn losses_are_stable_and_their_slope_is_the_sigmoid() {
        assert_eq!((log_loss(200.0), log_loss(-200.0), log_loss(0.0)), (0.0, 200.0, 2f32.ln()));
        for x in [-3.0, 0.1, 2.0] {
            let slope = (log_loss(x + 1e-2) - log_loss(x - 1e-2)) / 2e-2;
            assert!((slope + sigmoid(-x)).abs() < 1e-3, "{x}");
        }
    }

    #[test]
    fn every_pair_comes_once_and_a_seed_repeats_the_order() {
        let data = interactions(6, vec![vec![3, 1], vec![], vec![5, 0, 2], vec![4]]);
        let order = |seed| shuffled_pairs(&data, &mut ChaCha8Rng::seed_from_u64(seed));
        let mut sorted = order(1);
        sorted.sort_unstable();
        assert_eq!(sorted, [(0, 0), (0, 1), (2, 0), (2, 1), (2, 2), (3, 0)]);
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        let owned = Owned::new(&data);
        assert!(owned.contains(0, 3) && owned.contains(2, 0) && !owned.contains(1, 3) && !owned.contains(0, 0));
    }

    #[test]
    fn rows_of_any_size_are_brought_to_one() {
        let rows = unit_scale(&[3.0, 4.0, 0.0, 5.0], 2);
        assert_eq!(rows, [0.6, 0.8, 0.0, 1.0]);
        assert_eq!(unit_scale(&[6.0, 8.0, 0.0, 10.0], 2), rows);
        assert_eq!(unit_scale(&[0.0; 4], 2), [0.0; 4]);
    }
}

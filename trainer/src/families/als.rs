//! Implicit alternating least squares (Hu, Koren and Volinsky 2008, "Collaborative Filtering for Implicit Feedback
//! Datasets").
//!
//! Minimises `sum_ui c_ui (p_ui - x_u . y_i)^2 + sum_u lambda_u |x_u|^2 + sum_i lambda_i |y_i|^2` with preference `p = 1` and
//! confidence `c = 1 + alpha r` for a pair of strength r in the data, `p = 0` and `c = 1` elsewhere. (The `implicit` package
//! takes its alpha as the confidence itself: its alpha 3 is alpha 2 here.) A row that is paired with rows of strengths r out of
//! n has `lambda = regularization (n + alpha sum r)^power`: with power 0 the paper's constant, with power 1 that of Rendle et
//! al. 2022, "Revisiting the Performance of iALS on Item Recommendation Benchmarks".
//!
//! Exported as item rows y_i (n, d); the device folds a history in by eq. 4, exactly.
//!
//! A row takes a few steps of conjugate gradients towards its solution, from where the last iteration left it (Takács,
//! Pilászy and Tikk 2011, "Applications of the Conjugate Gradient Method for Implicit Feedback Collaborative Filtering"): the
//! objective falls with each step, and the exact solution of each iteration, which the next one moves, is not paid for. All in
//! f32 but the objective's sums, every row on its own in a fixed order of operations: the result does not depend on the number
//! of threads.

use clap::Args;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use proclivity::model::UserTower;
use rand::RngExt;
use rayon::prelude::*;
use serde::Serialize;

use super::conjugate_gradients::{Scratch, System};
use super::learner::{Learner, State, Training, epoch_rng};
use super::sgd::{dot, row};
use super::trained::Vectors;
use crate::dataset::Interactions;
use crate::error::{CliError, Result};

/// Settings of the factorisation.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct AlsOptions {
    /// Confidence of a pair of strength r is 1 + ALPHA r
    #[arg(long, value_name = "ALPHA", default_value_t = 0.5)]
    pub als_alpha: f64,
    /// Weight of the squared vectors
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    pub als_regularization: f64,
    /// Weigh those of frequent users and items more: times (n + ALPHA sum of their strengths) to this power
    #[arg(long, value_name = "POWER", default_value_t = 0.0)]
    pub als_regularization_power: f64,
}

impl AlsOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        let refused = |flag, expected: &str, found: f64| {
            Err(CliError::Flag { flag, expected: expected.into(), found: format!("{found:?}") })
        };
        // The model file holds them as f32, where the smallest numbers become 0.
        let positive = |number: f64| number as f32 > 0.0 && number <= 1e6;
        let range = "a number above 0 (as a 32-bit float), at most 1e6";
        match *self {
            AlsOptions { als_alpha: found, .. } if !positive(found) => refused("--als-alpha", range, found),
            AlsOptions { als_regularization: found, .. } if !positive(found) => {
                refused("--als-regularization", range, found)
            }
            AlsOptions { als_regularization_power: found, .. } if ![0.0, 0.5, 1.0].contains(&found) => {
                refused("--als-regularization-power", "0, 0.5 or 1", found)
            }
            _ => Ok(()),
        }
    }

    /// The weight of the square of a row that is paired with rows of these strengths, out of `others`.
    fn ridge(&self, strengths: &[f32], others: usize) -> f64 {
        let sum: f64 = strengths.iter().map(|&r| f64::from(r)).sum();
        self.als_regularization * (others as f64 + self.als_alpha * sum).powf(self.als_regularization_power)
    }
}

/// The factorisation as it stands.
pub struct Als<'a> {
    training: Training<'a>,
    users_by_item: Vec<Vec<u32>>,
    strengths_by_item: Vec<Vec<f32>>,
    options: AlsOptions,
    /// (users, d) and (items, d), row-major.
    users: Vec<f32>,
    items: Vec<f32>,
}

impl<'a> Als<'a> {
    /// Small random item vectors; users follow from them in the first iteration.
    pub fn new(training: Training<'a>, options: &AlsOptions) -> Als<'a> {
        let Training { data, strengths, dim, seed } = training;
        let mut rng = epoch_rng(seed, 0);
        let scale = 1.0 / dim as f32;
        let items = (0..data.items.len() * dim).map(|_| rng.random_range(-scale..scale)).collect();
        let users = vec![0.0; data.users.len() * dim];
        let strengths_by_item = by_item(data, strengths);
        Als { training, users_by_item: data.users_by_item(), strengths_by_item, options: *options, users, items }
    }

    /// As [`Als::new`], with more of what each user likes, (item, strength), that the items learn from and the users do not: users
    /// stay what the device makes of their histories.
    pub fn taught(training: Training<'a>, options: &AlsOptions, more: &[Vec<(u32, f32)>]) -> Als<'a> {
        let mut als = Als::new(training, options);
        for (user, list) in (0..).zip(more) {
            for &(item, strength) in list {
                als.users_by_item[item as usize].push(user);
                als.strengths_by_item[item as usize].push(strength);
            }
        }
        als
    }

    fn of_users(&self) -> Links<'a> {
        Links { ids: &self.training.data.histories, strengths: self.training.strengths }
    }

    fn of_items(&self) -> Links<'_> {
        Links { ids: &self.users_by_item, strengths: &self.strengths_by_item }
    }

    /// The objective. Pairs outside the data are summed through the Gram matrices: `sum_ui (x_u . y_i)^2 = tr(X^T X Y^T Y)`.
    fn loss(&self) -> f64 {
        let dim = self.training.dim;
        let (of_users, of_items) = (gram(&self.users, dim), gram(&self.items, dim));
        let each = |at| f64::from(of_users[at]) * f64::from(of_items[at]);
        let all: f64 = (0..dim).flat_map(|j| (0..dim).map(move |i| each((i, j)))).sum();
        let squares = |rows: &[f32], links: Links<'_>, others: usize| -> f64 {
            let ridges = links.strengths.iter().map(|strengths| self.options.ridge(strengths, others));
            rows.chunks_exact(dim).zip(ridges).map(|(row, ridge)| ridge * f64::from(dot(row, row))).sum()
        };
        let alpha = self.options.als_alpha;
        let (users, items) = (self.training.data.users.len(), self.training.data.items.len());
        let each_user: Vec<f64> = self
            .users
            .par_chunks_exact(dim)
            .zip(self.training.data.histories.par_iter().zip(self.training.strengths))
            .map(|(user, (history, strengths))| {
                let score = |item: u32| f64::from(dot(user, row(&self.items, item, dim)));
                let scores = history.iter().map(|&item| score(item)).zip(strengths);
                scores.map(|(s, &r)| (1.0 + alpha * f64::from(r)) * (1.0 - s) * (1.0 - s) - s * s).sum()
            })
            .collect();
        let squares = squares(&self.users, self.of_users(), items) + squares(&self.items, self.of_items(), users);
        all + each_user.iter().sum::<f64>() + squares
    }
}

impl Learner for Als<'_> {
    fn name(&self) -> &'static str {
        "als"
    }

    /// All users, then all items; the objective after it.
    ///
    /// Items begin anew once users have followed from the first, random ones: steps of conjugate gradients hardly shrink what
    /// no user speaks of, where an exact solution has none of it.
    fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let (dim, options) = (self.training.dim, self.options);
        let mut users = std::mem::take(&mut self.users);
        descend(&mut users, &self.items, self.of_users(), dim, &options)?;
        let mut items = std::mem::take(&mut self.items);
        if epoch == 1 {
            items.fill(0.0);
        }
        descend(&mut items, &users, self.of_items(), dim, &options)?;
        (self.users, self.items) = (users, items);
        Ok(self.loss())
    }

    fn vectors(&self) -> Vectors {
        let AlsOptions { als_alpha, als_regularization, als_regularization_power } = self.options;
        Vectors {
            rows: self.items.clone(),
            dim: self.training.dim,
            bias: None,
            tower: UserTower::FoldIn {
                alpha: als_alpha as f32,
                regularization: als_regularization as f32,
                power: als_regularization_power as f32,
            },
            user_rows: None,
            network: None,
            context: None,
            ranker: None,
        }
    }

    fn state(&mut self) -> State<'_> {
        vec![("users".into(), &mut self.users), ("items".into(), &mut self.items)]
    }
}

/// What each row is paired with, and how strongly.
#[derive(Clone, Copy)]
struct Links<'a> {
    ids: &'a [Vec<u32>],
    strengths: &'a [Vec<f32>],
}

/// `strengths` in the order of [`Interactions::users_by_item`].
fn by_item(data: &Interactions, strengths: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mut lists = vec![Vec::new(); data.items.len()];
    for (&item, &strength) in data.histories.iter().flatten().zip(strengths.iter().flatten()) {
        lists[item as usize].push(strength);
    }
    lists
}

/// Moves each row of `rows` towards its solution given `fixed` (the other side's rows) and `links` (which of those each row is
/// paired with): `x = (Y^T Y + alpha sum_l r_l y_l y_l^T + lambda I)^-1 sum_l (1 + alpha r_l) y_l`, eq. 4 and 5 of Hu et al.
fn descend(rows: &mut [f32], fixed: &[f32], links: Links<'_>, dim: usize, options: &AlsOptions) -> Result<()> {
    let base = gram(fixed, dim);
    rows.par_chunks_exact_mut(dim).zip(links.ids.par_iter().zip(links.strengths)).try_for_each_init(
        || (Vec::new(), Vec::new(), Scratch::default()),
        |(linked, weights, scratch), (x, (ids, strengths))| {
            if ids.is_empty() {
                x.fill(0.0);
                return Ok(());
            }
            linked.clear();
            ids.iter().for_each(|&id| linked.extend_from_slice(row(fixed, id, dim)));
            weights.clear();
            weights.extend(strengths.iter().map(|&r| options.als_alpha as f32 * r));
            let linked = MatRef::from_column_major_slice(linked, dim, ids.len());
            let ridge = options.ridge(strengths, fixed.len() / dim) as f32;
            System { base: base.as_ref(), ridge, linked, weights }.conjugate_gradients(x, scratch);
            match x.iter().all(|x| x.is_finite()) {
                true => Ok(()),
                false => Err(CliError::Diverged { stage: "ALS", found: "a vector that is not finite".into() }),
            }
        },
    )
}

/// `Y^T Y` of `rows` (n, d): (d, d), both halves.
fn gram(rows: &[f32], dim: usize) -> Mat<f32> {
    let rows = MatRef::from_column_major_slice(rows, dim, rows.len() / dim); // (d, n): each row a column
    let mut gram = Mat::zeros(dim, dim);
    matmul(gram.as_mut(), Accum::Replace, rows, rows.transpose(), 1.0, Par::Seq);
    gram
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Confidence;
    use crate::dataset::fixture::interactions;
    use crate::families::fixture;

    fn data() -> Interactions {
        let histories = vec![vec![0, 1, 2], vec![0, 3], vec![1, 2, 4], vec![5], vec![0, 4, 5, 1]];
        let mut data = interactions(6, histories);
        // Strengths from 0.2 to 1, by the item.
        data.events.iter_mut().flatten().for_each(|event| event.value = 1.0 + (event.item % 5) as f32);
        data
    }

    const OPTIONS: AlsOptions = AlsOptions { als_alpha: 2.0, als_regularization: 0.5, als_regularization_power: 0.5 };

    fn training<'a>(data: &'a Interactions, strengths: &'a [Vec<f32>]) -> Training<'a> {
        Training { data, strengths, dim: 3, seed: 7 }
    }

    /// The weight of a row's square.
    fn ridge(strengths: &[f32], others: f64) -> f64 {
        let sum: f64 = strengths.iter().map(|&r| f64::from(r)).sum();
        0.5 * (others + 2.0 * sum).sqrt()
    }

    /// Strength of the pairs of an item.
    fn strength(item: u32) -> f64 {
        f64::from((1 + item % 5) as f32 / 5.0)
    }

    /// Gaussian elimination with partial pivoting: nothing shared with the code under test.
    fn eliminate(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
        let n = b.len();
        for column in 0..n {
            let pivot = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs())).unwrap();
            a.swap(column, pivot);
            b.swap(column, pivot);
            let pivot_row = a[column].clone();
            for row in column + 1..n {
                let factor = a[row][column] / pivot_row[column];
                a[row].iter_mut().zip(&pivot_row).for_each(|(x, p)| *x -= factor * p);
                b[row] -= factor * b[column];
            }
        }
        for row in (0..n).rev() {
            let known: f64 = (row + 1..n).map(|k| a[row][k] * b[k]).sum();
            b[row] = (b[row] - known) / a[row][row];
        }
        b
    }

    /// In as many steps as there are dimensions where those are few; else in time.
    #[test]
    fn a_row_comes_to_the_dense_weighted_least_squares_solution() {
        for (dim, times) in [(3, 1), (8, 30)] {
            let data = data();
            let strengths = data.strengths(Confidence::Value);
            let als = Als::new(Training { dim, ..training(&data, &strengths) }, &OPTIONS);
            let (mut users, items) = (als.users.clone(), &als.items);
            for _ in 0..times {
                descend(&mut users, items, als.of_users(), dim, &OPTIONS).unwrap();
            }
            for (user, history) in data.histories.iter().enumerate() {
                let (mut a, mut b) = (vec![vec![0.0; dim]; dim], vec![0.0; dim]);
                for item in 0..6 {
                    let y: Vec<f64> = items[item * dim..][..dim].iter().map(|&x| x.into()).collect();
                    let bought = history.contains(&(item as u32));
                    let confidence = if bought { 1.0 + OPTIONS.als_alpha * strength(item as u32) } else { 1.0 };
                    for i in 0..dim {
                        for j in 0..dim {
                            a[i][j] += confidence * y[i] * y[j];
                        }
                        b[i] += if bought { confidence * y[i] } else { 0.0 };
                    }
                }
                (0..dim).for_each(|i| a[i][i] += ridge(&strengths[user], 6.0));
                for (found, expected) in users[user * dim..][..dim].iter().zip(eliminate(a, b)) {
                    assert!(
                        (f64::from(*found) - expected).abs() < 1e-5,
                        "{dim} dimensions, user {user}: {found} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_loss_is_the_objective_and_falls_every_iteration() {
        let data = data();
        let strengths = data.strengths(Confidence::Value);
        let mut als = Als::new(training(&data, &strengths), &OPTIONS);
        let by_item = by_item(&data, &strengths);
        let mut last = f64::INFINITY;
        for epoch in 1..=8 {
            let loss = als.epoch(epoch).unwrap();
            let mut direct = 0.0;
            for (user, history) in data.histories.iter().enumerate() {
                for item in 0..6 {
                    let bought = history.contains(&(item as u32));
                    let score = f64::from(dot(&als.users[user * 3..][..3], &als.items[item * 3..][..3]));
                    let (p, c) = if bought { (1.0, 1.0 + 2.0 * strength(item as u32)) } else { (0.0, 1.0) };
                    direct += c * (p - score) * (p - score);
                }
            }
            let rows = als
                .users
                .chunks(3)
                .zip(&strengths)
                .map(|(row, strengths)| ridge(strengths, 6.0) * f64::from(dot(row, row)));
            direct += rows.sum::<f64>();
            let rows = als
                .items
                .chunks(3)
                .zip(&by_item)
                .map(|(row, strengths)| ridge(strengths, 5.0) * f64::from(dot(row, row)));
            direct += rows.sum::<f64>();
            assert!((loss - direct).abs() < 1e-4, "{loss} {direct}");
            assert!(loss <= last + 1e-5, "{loss} after {last}");
            last = loss;
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let data = data();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let strengths = data.strengths(Confidence::Value);
                let mut als = Als::new(training(&data, &strengths), &OPTIONS);
                (1..=3).for_each(|epoch| assert!(als.epoch(epoch).unwrap() > 0.0));
                als.items.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
            })
        };
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn a_stopped_training_goes_on_where_it_was() {
        let data = data();
        let strengths = data.strengths(Confidence::Value);
        let wide = Training { dim: 8, ..training(&data, &strengths) };
        fixture::resumes(|| Als::new(wide, &OPTIONS));
    }

    #[test]
    fn an_item_nobody_has_is_zero() {
        let mut data = data();
        data.items.push("6".into());
        let strengths = data.strengths(Confidence::Binary);
        let mut als = Als::new(training(&data, &strengths), &OPTIONS);
        als.epoch(1).unwrap();
        assert_eq!(als.vectors().rows[18..], [0.0; 3]);
    }
}

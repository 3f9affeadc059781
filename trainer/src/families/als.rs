//! Implicit alternating least squares (Hu, Koren and Volinsky 2008, "Collaborative Filtering for Implicit Feedback
//! Datasets").
//!
//! Minimises `sum_ui c_ui (p_ui - x_u . y_i)^2 + lambda (|X|^2 + |Y|^2)` with preference `p = 1` and confidence
//! `c = 1 + alpha r` for a pair of strength r in the data, `p = 0` and `c = 1` elsewhere. (The `implicit` package takes its alpha as the
//! confidence itself: its alpha 3 is alpha 2 here.)
//!
//! All in f64, every row solved on its own in a fixed order of operations: the result does not depend on the number of
//! threads.

use faer::linalg::matmul::{matmul, triangular};
use faer::linalg::solvers::{Llt, Solve};
use faer::{Accum, Mat, MatMut, MatRef, Par, Side};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use crate::dataset::{Confidence, Interactions};
use crate::error::{CliError, Result};

/// Settings of the factorisation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AlsOptions {
    /// Width d of the vectors.
    pub dim: usize,
    pub iterations: usize,
    /// Confidence of a pair of full strength is `1 + alpha`.
    pub alpha: f64,
    pub regularization: f64,
    /// What a pair's strength follows.
    pub confidence: Confidence,
    pub seed: u64,
}

/// The factorisation as it stands.
pub struct Als<'a> {
    data: &'a Interactions,
    /// Strengths of the pairs, as the histories lie.
    strengths: Vec<Vec<f32>>,
    users_by_item: Vec<Vec<u32>>,
    strengths_by_item: Vec<Vec<f32>>,
    options: AlsOptions,
    /// (users, d) and (items, d), row-major.
    users: Vec<f64>,
    items: Vec<f64>,
}

impl<'a> Als<'a> {
    /// Small random item vectors; users follow from them in the first iteration.
    pub fn new(data: &'a Interactions, options: AlsOptions) -> Als<'a> {
        let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
        let scale = 1.0 / options.dim as f64;
        let items = (0..data.items.len() * options.dim).map(|_| rng.random_range(-scale..scale)).collect();
        let users = vec![0.0; data.users.len() * options.dim];
        let strengths = data.strengths(options.confidence);
        let strengths_by_item = by_item(data, &strengths);
        Als { data, strengths, users_by_item: data.users_by_item(), strengths_by_item, options, users, items }
    }

    /// One iteration: all users, then all items.
    ///
    /// # Errors
    /// [`CliError::Diverged`].
    pub fn iterate(&mut self) -> Result<()> {
        let of_users = Links { ids: &self.data.histories, strengths: &self.strengths };
        solve(&mut self.users, &self.items, of_users, &self.options)?;
        let of_items = Links { ids: &self.users_by_item, strengths: &self.strengths_by_item };
        solve(&mut self.items, &self.users, of_items, &self.options)
    }

    /// The objective. Pairs outside the data are summed through the Gram matrices: `sum_ui (x_u . y_i)^2 = tr(X^T X Y^T Y)`.
    pub fn loss(&self) -> f64 {
        let dim = self.options.dim;
        let (of_users, of_items) = (gram(&self.users, dim), gram(&self.items, dim));
        let all: f64 = (0..dim).map(|j| (0..dim).map(|i| of_users[(i, j)] * of_items[(i, j)]).sum::<f64>()).sum();
        let squares = |gram: &Mat<f64>| (0..dim).map(|i| gram[(i, i)]).sum::<f64>();
        let alpha = self.options.alpha;
        let each_user: Vec<f64> = self
            .users
            .par_chunks_exact(dim)
            .zip(self.data.histories.par_iter().zip(&self.strengths))
            .map(|(user, (history, strengths))| {
                let score = |item: u32| dot(user, &self.items[item as usize * dim..][..dim]);
                let scores = history.iter().map(|&item| score(item)).zip(strengths);
                scores.map(|(s, &r)| (1.0 + alpha * f64::from(r)) * (1.0 - s) * (1.0 - s) - s * s).sum()
            })
            .collect();
        all + each_user.iter().sum::<f64>() + self.options.regularization * (squares(&of_users) + squares(&of_items))
    }

    /// Item vectors (items, d), row-major.
    pub fn item_rows(&self) -> Vec<f32> {
        self.items.iter().map(|&x| x as f32).collect()
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

/// Solves each row of `rows` given `fixed` (the other side's rows) and `links` (which of those each row is paired with):
/// `x = (Y^T Y + alpha sum_l r_l y_l y_l^T + lambda I)^-1 sum_l (1 + alpha r_l) y_l`, eq. 4 and 5 of the paper.
fn solve(rows: &mut [f64], fixed: &[f64], links: Links<'_>, options: &AlsOptions) -> Result<()> {
    let dim = options.dim;
    let mut base = gram(fixed, dim);
    for i in 0..dim {
        base[(i, i)] += options.regularization;
    }
    rows.par_chunks_exact_mut(dim).zip(links.ids.par_iter().zip(links.strengths)).try_for_each_init(
        || (Mat::<f64>::zeros(dim, dim), Vec::new()),
        |(system, linked), (row, (ids, strengths))| {
            row.fill(0.0);
            if ids.is_empty() {
                return Ok(());
            }
            linked.clear();
            for (&id, &strength) in ids.iter().zip(strengths) {
                let (other, strength) = (&fixed[id as usize * dim..][..dim], f64::from(strength));
                let root = strength.sqrt(); // the outer product brings it in twice
                linked.extend(other.iter().map(|x| root * x));
                row.iter_mut().zip(other).for_each(|(sum, x)| *sum += (1.0 + options.alpha * strength) * x);
            }
            let linked = MatRef::from_column_major_slice(linked, dim, ids.len());
            system.copy_from(&base);
            add_outer_products(system.as_mut(), linked, options.alpha);
            let factor = Llt::new(system.as_ref(), Side::Lower).map_err(|error| CliError::Diverged {
                stage: "ALS",
                found: format!("a matrix without a Cholesky factor ({error:?})"),
            })?;
            factor.solve_in_place(MatMut::from_column_major_slice_mut(row, dim, 1));
            Ok(())
        },
    )
}

/// Lower half of `system += alpha * linked * linked^T`; `linked` (d, links).
fn add_outer_products(system: MatMut<'_, f64>, linked: MatRef<'_, f64>, alpha: f64) {
    use triangular::BlockStructure::{Rectangular, TriangularLower};
    triangular::matmul(
        system,
        TriangularLower,
        Accum::Add,
        linked,
        Rectangular,
        linked.transpose(),
        Rectangular,
        alpha,
        Par::Seq,
    );
}

/// `Y^T Y` of `rows` (n, d): (d, d), both halves.
fn gram(rows: &[f64], dim: usize) -> Mat<f64> {
    let rows = MatRef::from_column_major_slice(rows, dim, rows.len() / dim); // (d, n): each row a column
    let mut gram = Mat::zeros(dim, dim);
    matmul(gram.as_mut(), Accum::Replace, rows, rows.transpose(), 1.0, Par::Seq);
    gram
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;

    fn data() -> Interactions {
        let histories = vec![vec![0, 1, 2], vec![0, 3], vec![1, 2, 4], vec![5], vec![0, 4, 5, 1]];
        let mut data = interactions(6, histories);
        // Strengths from 0.2 to 1, by the item.
        data.events.iter_mut().flatten().for_each(|event| event.value = 1.0 + (event.item % 5) as f32);
        data
    }

    const OPTIONS: AlsOptions =
        AlsOptions { dim: 3, iterations: 5, alpha: 2.0, regularization: 0.5, confidence: Confidence::Value, seed: 7 };

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

    #[test]
    fn a_row_is_the_dense_weighted_least_squares_solution() {
        let data = data();
        let mut als = Als::new(&data, OPTIONS);
        let items = als.items.clone();
        let links = Links { ids: &data.histories, strengths: &als.strengths };
        solve(&mut als.users, &items, links, &OPTIONS).unwrap();
        for (user, history) in data.histories.iter().enumerate() {
            let (mut a, mut b) = (vec![vec![0.0; 3]; 3], vec![0.0; 3]);
            for item in 0..6 {
                let y = &items[item * 3..][..3];
                let bought = history.contains(&(item as u32));
                let confidence = if bought { 1.0 + OPTIONS.alpha * strength(item as u32) } else { 1.0 };
                for i in 0..3 {
                    for j in 0..3 {
                        a[i][j] += confidence * y[i] * y[j];
                    }
                    b[i] += if bought { confidence * y[i] } else { 0.0 };
                }
            }
            (0..3).for_each(|i| a[i][i] += OPTIONS.regularization);
            for (found, expected) in als.users[user * 3..][..3].iter().zip(eliminate(a, b)) {
                assert!((found - expected).abs() < 1e-10, "user {user}: {found} {expected}");
            }
        }
    }

    #[test]
    fn the_loss_is_the_objective_and_falls_every_iteration() {
        let data = data();
        let mut als = Als::new(&data, OPTIONS);
        let mut last = f64::INFINITY;
        for _ in 0..8 {
            als.iterate().unwrap();
            let loss = als.loss();
            let mut direct = 0.0;
            for (user, history) in data.histories.iter().enumerate() {
                for item in 0..6 {
                    let bought = history.contains(&(item as u32));
                    let score = dot(&als.users[user * 3..][..3], &als.items[item * 3..][..3]);
                    let (p, c) = if bought { (1.0, 1.0 + 2.0 * strength(item as u32)) } else { (0.0, 1.0) };
                    direct += c * (p - score) * (p - score);
                }
            }
            direct += 0.5 * als.users.iter().chain(&als.items).map(|x| x * x).sum::<f64>();
            assert!((loss - direct).abs() < 1e-9, "{loss} {direct}");
            assert!(loss <= last + 1e-12, "{loss} after {last}");
            last = loss;
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let data = data();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut als = Als::new(&data, OPTIONS);
                (0..3).for_each(|_| als.iterate().unwrap());
                als.items.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
            })
        };
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn an_item_nobody_has_is_zero() {
        let mut data = data();
        data.items.push("6".into());
        let mut als = Als::new(&data, OPTIONS);
        als.iterate().unwrap();
        assert_eq!(als.item_rows()[18..], [0.0; 3]);
    }
}

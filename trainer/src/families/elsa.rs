//! ELSA (Vančura et al. 2022, "Scalable Linear Shallow Autoencoder for Collaborative Filtering").
//!
//! Minimises `sum_u | z_u / |z_u| - x_u / |x_u| |^2` with `z = x A A^T - x`, x being a user's strengths (n) and the rows of
//! A (n, d) of length 1, by mini-batches of users and Nadam (Dozat 2016).
//!
//! No vector of n numbers is ever made. With `h = A^T x` and `S = A^T A` a user's `x . z = h . h - x . x` and
//! `z . z = h S h - 2 h . h + x . x`; and with `p = -2 / (|z| |x|)`, `q = 2 x . z / (|z|^3 |x|)` the slope of its loss by A is
//! `x w^T + A q h h^T`, where `w = 2 (p - q) h + q S h`: a batch costs as much as its events and two products (n, d, d).
//!
//! Exported as the rows of A and a tower that pools the history as it is (power 0): the score is `x A A^T`, which is z for any
//! item that is not in the history. Sums over rows and users are of fixed blocks in a fixed order, so threads change no bit.

use clap::Args;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use proclivity::model::UserTower;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::Serialize;

use super::learner::{Learner, State, Training, epoch_rng};
use super::sgd::{axpy, dot, expect_within, row, row_mut, small_random};
use super::trained::Vectors;
use crate::error::Result;

/// Rows that one thread takes at a time.
const BLOCK: usize = 512;

/// Decay of the mean and of the mean square of slopes, and what keeps a quotient finite (Kingma and Ba 2015).
const BETA: (f32, f32) = (0.9, 0.999);
const EPSILON: f32 = 1e-8;

/// Below this share of `x . x` a user's z is rounding, and has no direction.
const LEAST: f64 = 1e-9;

/// Settings of ELSA.
#[derive(Debug, Clone, Copy, PartialEq, Args, Serialize)]
pub struct ElsaOptions {
    /// Step of the descent
    #[arg(long, value_name = "NUMBER", default_value_t = 0.03)]
    pub elsa_learning_rate: f64,
    /// Users in a batch
    #[arg(long, value_name = "COUNT", default_value_t = 64)]
    pub elsa_batch: usize,
}

impl ElsaOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`crate::error::CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        expect_within("--elsa-learning-rate", self.elsa_learning_rate, 1e-6..=10.0)?;
        expect_within("--elsa-batch", self.elsa_batch as f64, 1.0..=1e6)
    }
}

/// ELSA in training.
pub struct Elsa<'a> {
    training: Training<'a>,
    options: ElsaOptions,
    /// A (n, d) before its rows are brought to length 1.
    weights: Vec<f32>,
    /// Decayed means of its slopes, and of their squares.
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl<'a> Elsa<'a> {
    /// Random rows.
    pub fn new(training: Training<'a>, options: &ElsaOptions) -> Elsa<'a> {
        let Training { data, dim, seed, .. } = training;
        let weights = small_random(data.items.len() * dim, &mut epoch_rng(seed, 0));
        let (mean, square) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
        Elsa { training, options: *options, weights, mean, square }
    }

    /// Sum of the losses of `users`, and its slope by `weights`.
    fn slope(&self, users: &[u32]) -> (f64, Vec<f32>) {
        let dim = self.training.dim;
        let rows = unit_rows(&self.weights, dim);
        let gram = gram(&rows, dim);
        let parts: Vec<Part> = users.par_iter().map(|&user| self.part(user, &rows, &gram)).collect();
        let mut around = vec![0.0; dim * dim]; // sum of q h h^T
        let mut slope = vec![0.0; rows.len()];
        for (&user, part) in users.iter().zip(&parts) {
            around.chunks_exact_mut(dim).zip(&part.h).for_each(|(row, h)| axpy(part.q * h, &part.h, row));
            let history =
                self.training.data.histories[user as usize].iter().zip(&self.training.strengths[user as usize]);
            history.for_each(|(&item, &strength)| axpy(strength, &part.w, row_mut(&mut slope, item, dim)));
        }
        let around = MatRef::from_column_major_slice(&around, dim, dim);
        slope.par_chunks_mut(BLOCK * dim).zip(rows.par_chunks(BLOCK * dim)).for_each(|(slope, rows)| {
            let (slope, rows) = (columns_mut(slope, dim), columns(rows, dim));
            matmul(slope, Accum::Add, around, rows, 1.0, Par::Seq);
        });
        // Through a row's length: what points along the row goes.
        slope
            .par_chunks_exact_mut(dim)
            .zip(rows.par_chunks_exact(dim))
            .zip(self.weights.par_chunks_exact(dim))
            .for_each(|((slope, row), weights)| {
                axpy(-dot(slope, row), row, slope);
                let length = length(weights);
                slope.iter_mut().for_each(|x| *x /= length);
            });
        (parts.iter().map(|part| part.loss).sum(), slope)
    }

    /// What one user adds. With nothing in its direction, its loss is that of a right angle.
    fn part(&self, user: u32, rows: &[f32], gram: &[f32]) -> Part {
        let (history, strengths) =
            (&self.training.data.histories[user as usize], &self.training.strengths[user as usize]);
        let mut h = vec![0.0; self.training.dim];
        history
            .iter()
            .zip(strengths)
            .for_each(|(&item, &strength)| axpy(strength, row(rows, item, self.training.dim), &mut h));
        let around: Vec<f32> = gram.chunks_exact(self.training.dim).map(|row| dot(row, &h)).collect(); // S h
        let xx: f64 = strengths.iter().map(|&r| f64::from(r) * f64::from(r)).sum();
        let (hh, hsh) = (f64::from(dot(&h, &h)), f64::from(dot(&h, &around)));
        let (xz, zz) = (hh - xx, hsh - 2.0 * hh + xx);
        if zz <= LEAST * xx || xx <= 0.0 {
            return Part { loss: 2.0, q: 0.0, w: vec![0.0; self.training.dim], h };
        }
        let lengths = (zz * xx).sqrt();
        let (p, q) = (-2.0 / lengths, 2.0 * xz / (lengths * zz));
        let w = h.iter().zip(&around).map(|(h, sh)| 2.0 * (p - q) as f32 * h + q as f32 * sh).collect();
        Part { loss: 2.0 - 2.0 * xz / lengths, q: q as f32, h, w }
    }

    /// Step `number`, counted from 1, of Nadam.
    fn descend(&mut self, slope: &[f32], number: i32) {
        let (first, second) = BETA;
        let rate = self.options.elsa_learning_rate as f32;
        let ahead = first / (1.0 - first.powi(number + 1));
        let now = (1.0 - first) / (1.0 - first.powi(number));
        let unbiased = 1.0 / (1.0 - second.powi(number));
        let moments = self.mean.par_iter_mut().zip(self.square.par_iter_mut());
        self.weights.par_iter_mut().zip(slope).zip(moments).with_min_len(BLOCK).for_each(
            |((weight, slope), (mean, square))| {
                *mean += (1.0 - first) * (slope - *mean);
                *square += (1.0 - second) * (slope * slope - *square);
                *weight -= rate * (ahead * *mean + now * slope) / ((unbiased * *square).sqrt() + EPSILON);
            },
        );
    }
}

/// Of one user: loss, and h (d), w (d) and q of the module's equation.
struct Part {
    loss: f64,
    q: f32,
    h: Vec<f32>,
    w: Vec<f32>,
}

fn length(row: &[f32]) -> f32 {
    dot(row, row).sqrt().max(f32::MIN_POSITIVE)
}

/// The rows (n, dim), each of length 1.
fn unit_rows(rows: &[f32], dim: usize) -> Vec<f32> {
    let mut unit = rows.to_vec();
    unit.par_chunks_exact_mut(dim).for_each(|row| {
        let length = length(row);
        row.iter_mut().for_each(|x| *x /= length);
    });
    unit
}

/// `A^T A` of `rows` (n, dim): (dim, dim).
fn gram(rows: &[f32], dim: usize) -> Vec<f32> {
    let of_block = |rows: &[f32]| {
        let mut gram = vec![0.0; dim * dim];
        let rows = columns(rows, dim);
        matmul(columns_mut(&mut gram, dim), Accum::Replace, rows, rows.transpose(), 1.0, Par::Seq);
        gram
    };
    let blocks: Vec<Vec<f32>> = rows.par_chunks(BLOCK * dim).map(of_block).collect();
    let mut sum = vec![0.0; dim * dim];
    blocks.iter().for_each(|block| axpy(1.0, block, &mut sum));
    sum
}

/// Rows (n, dim) as the columns of a matrix (dim, n).
fn columns(rows: &[f32], dim: usize) -> MatRef<'_, f32> {
    MatRef::from_column_major_slice(rows, dim, rows.len() / dim)
}

fn columns_mut(rows: &mut [f32], dim: usize) -> MatMut<'_, f32> {
    let count = rows.len() / dim;
    MatMut::from_column_major_slice_mut(rows, dim, count)
}

impl Learner for Elsa<'_> {
    fn name(&self) -> &'static str {
        "elsa"
    }

    fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let mut users: Vec<u32> = (0..self.training.data.users.len() as u32).collect();
        users.shuffle(&mut epoch_rng(self.training.seed, epoch));
        let steps_before = (epoch - 1) * users.len().div_ceil(self.options.elsa_batch);
        let mut sum = 0.0;
        for (number, batch) in (steps_before + 1..).zip(users.chunks(self.options.elsa_batch)) {
            let (loss, slope) = self.slope(batch);
            sum += loss;
            self.descend(&slope, number.try_into().unwrap_or(i32::MAX - 1));
        }
        Ok(sum / users.len() as f64)
    }

    fn vectors(&self) -> Vectors {
        let (rows, tower) = (unit_rows(&self.weights, self.training.dim), UserTower::Pool { power: 0.0 });
        Vectors {
            rows,
            dim: self.training.dim,
            bias: None,
            tower,
            user_rows: None,
            network: None,
            context: None,
            ranker: None,
        }
    }

    fn state(&mut self) -> State<'_> {
        let Elsa { weights, mean, square, .. } = self;
        vec![("weights".into(), weights), ("mean".into(), mean), ("square".into(), square)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{resumes, separation, tastes};
    use super::*;
    use crate::dataset::fixture::interactions;

    const OPTIONS: ElsaOptions = ElsaOptions { elsa_learning_rate: 0.05, elsa_batch: 16 };

    /// The paper's loss, written down as it stands, in float64.
    fn objective(histories: &[Vec<u32>], strengths: &[Vec<f32>], weights: &[f64], items: usize, dim: usize) -> f64 {
        let rows: Vec<Vec<f64>> = weights
            .chunks_exact(dim)
            .map(|row| {
                let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
                row.iter().map(|x| x / length).collect()
            })
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let unit = |v: &[f64]| v.iter().map(|x| x / dot(v, v).sqrt()).collect::<Vec<f64>>();
        let of_user = |(history, strengths): (&Vec<u32>, &Vec<f32>)| {
            let mut x = vec![0.0; items];
            history.iter().zip(strengths).for_each(|(&item, &r)| x[item as usize] = f64::from(r));
            let z: Vec<f64> =
                (0..items).map(|i| (0..items).map(|j| x[j] * dot(&rows[j], &rows[i])).sum::<f64>() - x[i]).collect();
            unit(&z).iter().zip(unit(&x)).map(|(z, x)| (z - x) * (z - x)).sum::<f64>()
        };
        histories.iter().zip(strengths).map(of_user).sum()
    }

    #[test]
    fn loss_and_slope_are_those_of_the_paper() {
        let data = interactions(6, vec![vec![0, 1, 2], vec![0, 3], vec![1, 2, 4], vec![5], vec![0, 4, 5, 1]]);
        let strengths = [vec![1.0, 0.5, 1.0], vec![0.3, 1.0], vec![1.0; 3], vec![0.7], vec![0.2, 1.0, 0.4, 0.9]];
        let elsa = Elsa::new(Training { data: &data, strengths: &strengths, dim: 3, seed: 7 }, &OPTIONS);
        let (loss, slope) = elsa.slope(&[0, 1, 2, 3, 4]);
        let weights: Vec<f64> = elsa.weights.iter().map(|&x| f64::from(x)).collect();
        let of = |weights: &[f64]| objective(&data.histories, &strengths, weights, 6, 3);
        assert!((loss - of(&weights)).abs() < 1e-5, "{loss} {}", of(&weights));
        for (at, &found) in slope.iter().enumerate() {
            let moved = |delta: f64| {
                let mut weights = weights.clone();
                weights[at] += delta;
                of(&weights)
            };
            let expected = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((f64::from(found) - expected).abs() < 1e-3 * (1.0 + expected.abs()), "{at}: {found} {expected}");
        }
    }

    #[test]
    fn the_loss_falls_and_tastes_part() {
        let (data, strengths) = tastes();
        let mut elsa = Elsa::new(Training { data: &data, strengths: &strengths, dim: 8, seed: 1 }, &OPTIONS);
        let losses: Vec<f64> = (1..=15).map(|epoch| elsa.epoch(epoch).unwrap()).collect();
        assert!(losses[14] < 0.5 * losses[0], "{losses:?}");
        let rows = elsa.vectors().rows;
        assert!(separation(&rows, 8) > 0.3, "{}", separation(&rows, 8));
        assert!(rows.chunks_exact(8).all(|row| (length(row) - 1.0).abs() < 1e-5), "of length 1");
    }

    /// A lone item, and rows at right angles, leave z without a direction: nothing is learned, nothing breaks.
    #[test]
    fn users_without_a_direction_are_passed_over() {
        let data = interactions(2, vec![vec![0], vec![0, 1], vec![]]);
        let strengths = [vec![1.0], vec![1.0, 1.0], vec![]];
        let mut elsa = Elsa::new(Training { data: &data, strengths: &strengths, dim: 2, seed: 1 }, &OPTIONS);
        elsa.weights = vec![0.5, 0.0, 0.0, 0.5];
        assert_eq!(elsa.slope(&[0, 1, 2]), (6.0, vec![0.0; 4]));
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let items = 2 * BLOCK as u32 + 300;
        let history = |user: u32| (0..9).map(|n| (user * 37 + n * n * 11) % items).collect::<Vec<u32>>();
        let data = interactions(items as usize, (0..60).map(history).collect());
        let strengths: Vec<Vec<f32>> = data.histories.iter().map(|history| vec![1.0; history.len()]).collect();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut elsa = Elsa::new(Training { data: &data, strengths: &strengths, dim: 6, seed: 1 }, &OPTIONS);
                let losses: Vec<f64> = (1..=2).map(|epoch| elsa.epoch(epoch).unwrap()).collect();
                (losses, elsa.weights.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
            })
        };
        assert_eq!(run(1), run(4));
    }

    #[test]
    fn a_resumed_training_goes_on_as_if_never_stopped() {
        let (data, strengths) = tastes();
        resumes(|| Elsa::new(Training { data: &data, strengths: &strengths, dim: 8, seed: 1 }, &OPTIONS));
    }
}

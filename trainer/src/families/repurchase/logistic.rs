//! Logistic regression with a ridge, by Newton's method: iteratively reweighted least squares (McCullagh and Nelder 1989,
//! Generalized Linear Models, 4.4).

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use rayon::prelude::*;

use crate::error::{CliError, Result};

/// Newton steps at most; seven or so are taken.
const STEPS: usize = 50;
/// Halvings of a step that does not lessen the loss.
const HALVINGS: usize = 20;
/// A step that lessens the loss by a smaller share is the last.
const ENOUGH: f64 = 1e-10;
/// Rows summed up at a time: sums are the same for every number of threads.
const BLOCK: usize = 4096;

/// Rows of features and their labels.
#[derive(Debug, Default)]
pub struct Samples {
    /// (m, width) row-major.
    pub rows: Vec<f32>,
    /// (m).
    pub labels: Vec<bool>,
}

/// `P(label) = 1 / (1 + exp(-(weights . x + intercept)))`, of features as they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    /// (width).
    pub weights: Vec<f64>,
    pub intercept: f64,
}

impl Samples {
    /// Adds a row, in two parts.
    pub fn push(&mut self, features: &[f32], more: &[f32], label: bool) {
        self.rows.extend(features);
        self.rows.extend(more);
        self.labels.push(label);
    }

    /// Adds the rows of `other`.
    pub fn extend(&mut self, other: Samples) {
        self.rows.extend(other.rows);
        self.labels.extend(other.labels);
    }

    /// How many labels are true.
    pub fn positives(&self) -> usize {
        self.labels.iter().filter(|&&label| label).count()
    }

    /// Features a row.
    fn width(&self) -> usize {
        self.rows.len() / self.labels.len().max(1)
    }

    /// Minimises the sum of log losses and `ridge / 2` times the squared weights of the features, each scaled to a standard
    /// deviation of 1; the intercept is free. A feature that is the same in every row gets no weight. There must be rows with
    /// either label.
    ///
    /// # Errors
    /// [`CliError::Diverged`].
    pub fn fit(&self, ridge: f64) -> Result<Logistic> {
        let scale = Scale::of(self);
        let width = self.width();
        let positive = self.positives() as f64;
        let mut weights = vec![0.0; width + 1];
        weights[width] = (positive / (self.labels.len() as f64 - positive)).ln();
        let mut state = self.derivatives(&scale, &weights, ridge);
        for _ in 0..STEPS {
            let Some((next, better)) = self.step(&scale, &weights, &state, ridge)? else { break };
            let gain = state.loss - better.loss;
            (weights, state) = (next, better);
            if gain <= ENOUGH * state.loss {
                break;
            }
        }
        Ok(scale.unscaled(&weights))
    }

    /// The next weights with what belongs to them; none where no step lessens the loss any more.
    fn step(
        &self,
        scale: &Scale,
        weights: &[f64],
        at: &Derivatives,
        ridge: f64,
    ) -> Result<Option<(Vec<f64>, Derivatives)>> {
        let n = weights.len();
        let diverged = |found: String| CliError::Diverged { stage: "the repurchase part", found };
        let hessian = Mat::from_fn(n, n, |i, j| at.hessian[i.max(j) * n + i.min(j)]);
        let factor =
            hessian.llt(Side::Lower).map_err(|e| diverged(format!("a matrix without a Cholesky factor ({e:?})")))?;
        let direction = factor.solve(&Mat::from_fn(n, 1, |i, _| at.gradient[i]));
        let mut length = 1.0;
        for _ in 0..HALVINGS {
            let next: Vec<f64> = weights.iter().enumerate().map(|(i, w)| w - length * direction[(i, 0)]).collect();
            let better = self.derivatives(scale, &next, ridge);
            if !better.loss.is_finite() {
                return Err(diverged(format!("a loss of {}", better.loss)));
            }
            if better.loss < at.loss {
                return Ok(Some((next, better)));
            }
            length /= 2.0;
        }
        Ok(None)
    }

    /// Loss, gradient and Hessian at `weights` of scaled features, the intercept last.
    fn derivatives(&self, scale: &Scale, weights: &[f64], ridge: f64) -> Derivatives {
        let width = self.width();
        let blocks = self.rows.par_chunks(BLOCK * width).zip(self.labels.par_chunks(BLOCK));
        let blocks: Vec<Derivatives> = blocks.map(|(rows, labels)| sum_up(rows, labels, scale, weights)).collect();
        let mut sums = blocks.into_iter().fold(Derivatives::zero(width + 1), Derivatives::plus);
        for (i, weight) in weights[..width].iter().enumerate() {
            sums.loss += ridge / 2.0 * weight * weight;
            sums.gradient[i] += ridge * weight;
            sums.hessian[i * (width + 1) + i] += ridge;
        }
        sums
    }
}

/// Loss, gradient (n) and lower half of the Hessian (n, n).
struct Derivatives {
    loss: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl Derivatives {
    fn zero(n: usize) -> Derivatives {
        Derivatives { loss: 0.0, gradient: vec![0.0; n], hessian: vec![0.0; n * n] }
    }

    fn plus(mut self, other: Derivatives) -> Derivatives {
        self.loss += other.loss;
        self.gradient.iter_mut().zip(other.gradient).for_each(|(sum, x)| *sum += x);
        self.hessian.iter_mut().zip(other.hessian).for_each(|(sum, x)| *sum += x);
        self
    }
}

fn sum_up(rows: &[f32], labels: &[bool], scale: &Scale, weights: &[f64]) -> Derivatives {
    let n = weights.len();
    let mut sums = Derivatives::zero(n);
    let mut x = vec![1.0; n];
    for (row, &label) in rows.chunks_exact(n - 1).zip(labels) {
        scale.apply(row, &mut x);
        let logit: f64 = x.iter().zip(weights).map(|(x, w)| x * w).sum();
        let p = 1.0 / (1.0 + (-logit).exp());
        // ln(1 + exp(z)), without overflow, of the logit against the label.
        let against = if label { -logit } else { logit };
        sums.loss += against.max(0.0) + (-against.abs()).exp().ln_1p();
        let (error, curve) = (p - f64::from(label), p * (1.0 - p));
        for (i, &a) in x.iter().enumerate() {
            sums.gradient[i] += error * a;
            let row = &mut sums.hessian[i * n..][..=i];
            row.iter_mut().zip(&x).for_each(|(sum, &b)| *sum += curve * a * b);
        }
    }
    sums
}

/// Mean and inverse standard deviation of each feature, 0 for one that is the same in every row.
struct Scale {
    mean: Vec<f64>,
    inverse: Vec<f64>,
}

impl Scale {
    fn of(samples: &Samples) -> Scale {
        let (width, count) = (samples.width(), samples.labels.len() as f64);
        let mean_of = |of: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
            let mut sums = vec![0.0; width];
            for row in samples.rows.chunks_exact(width) {
                row.iter().enumerate().for_each(|(i, &x)| sums[i] += of(i, f64::from(x)));
            }
            sums.into_iter().map(|sum| sum / count).collect()
        };
        let mean = mean_of(&|_, x| x);
        let variance = mean_of(&|i, x| (x - mean[i]) * (x - mean[i]));
        let inverse = variance.iter().zip(&mean).map(|(v, mean)| match *v > 1e-12 * (1.0 + mean * mean) {
            true => 1.0 / v.sqrt(),
            false => 0.0,
        });
        Scale { inverse: inverse.collect(), mean }
    }

    /// Puts `row` scaled before the last place of `x`.
    fn apply(&self, row: &[f32], x: &mut [f64]) {
        for (i, &value) in row.iter().enumerate() {
            x[i] = (f64::from(value) - self.mean[i]) * self.inverse[i];
        }
    }

    /// Weights of scaled features as weights of the features themselves.
    fn unscaled(&self, weights: &[f64]) -> Logistic {
        let (intercept, weights) = weights.split_last().expect("an intercept");
        let weights: Vec<f64> = weights.iter().zip(&self.inverse).map(|(w, inverse)| w * inverse).collect();
        let shift: f64 = weights.iter().zip(&self.mean).map(|(w, mean)| w * mean).sum();
        Logistic { intercept: intercept - shift, weights }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Three features, the last the same in every row; labels by chance with known odds.
    fn samples(count: usize) -> Samples {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut samples = Samples::default();
        for _ in 0..count {
            let (a, b): (f32, f32) = (rng.random_range(-2.0..2.0), rng.random_range(0.0..10.0));
            let logit = 1.5 * f64::from(a) - 0.4 * f64::from(b) + 1.0;
            samples.rows.extend([a, b, 7.0]);
            samples.labels.push(rng.random_range(0.0..1.0) < 1.0 / (1.0 + (-logit).exp()));
        }
        samples
    }

    #[test]
    fn two_groups_give_their_log_odds() {
        // Of 40 rows with x = 0 ten are true, of 60 with x = 1 forty-five: without a ridge the fit is exact.
        let mut samples = Samples::default();
        for n in 0..100 {
            samples.rows.push(f32::from(n >= 40));
            samples.labels.push(if n < 40 { n < 10 } else { n < 85 });
        }
        let fit = samples.fit(0.0).unwrap();
        assert!((fit.intercept - (10.0f64 / 30.0).ln()).abs() < 1e-6, "{fit:?}");
        assert!((fit.weights[0] - (3.0f64.ln() - (1.0f64 / 3.0).ln())).abs() < 1e-6, "{fit:?}");
    }

    #[test]
    fn planted_odds_are_found_and_a_constant_gets_no_weight() {
        let fit = samples(40_000).fit(1.0).unwrap();
        assert!((fit.weights[0] - 1.5).abs() < 0.06 && (fit.weights[1] + 0.4).abs() < 0.02, "{fit:?}");
        assert!((fit.intercept - 1.0).abs() < 0.1 && fit.weights[2] == 0.0, "{fit:?}");
    }

    #[test]
    fn the_gradient_of_the_ridged_loss_is_zero_at_the_fit() {
        let samples = samples(500);
        let (scale, ridge) = (Scale::of(&samples), 20.0);
        let fit = samples.fit(ridge).unwrap();
        // Central differences of a loss written anew, in scaled weights.
        let loss = |scaled: &[f64; 3]| -> f64 {
            let mut sum = ridge / 2.0 * (scaled[0] * scaled[0] + scaled[1] * scaled[1]);
            for (row, &label) in samples.rows.chunks_exact(3).zip(&samples.labels) {
                let x = [0, 1].map(|i| (f64::from(row[i]) - scale.mean[i]) * scale.inverse[i]);
                let p = 1.0 / (1.0 + (-(scaled[0] * x[0] + scaled[1] * x[1] + scaled[2])).exp());
                sum -= if label { p.ln() } else { (1.0 - p).ln() };
            }
            sum
        };
        let shift = fit.weights[0] * scale.mean[0] + fit.weights[1] * scale.mean[1];
        let at = [fit.weights[0] / scale.inverse[0], fit.weights[1] / scale.inverse[1], fit.intercept + shift];
        for i in 0..3 {
            let moved = |by: f64| {
                let mut moved = at;
                moved[i] += by;
                loss(&moved)
            };
            let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
            assert!(slope.abs() < 1e-4, "{i}: {slope}");
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let samples = samples(10_000);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| samples.fit(1.0).unwrap())
        };
        assert_eq!(run(1), run(4));
    }
}

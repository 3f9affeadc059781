//! The conditional logit (McFadden 1974): which of several was chosen, by what tells them apart.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

use crate::evaluate::ndcg;

/// Weight of the squared weights, of features scaled to a standard deviation of 1.
const RIDGE: f64 = 50.0;
/// Newton steps at most, and halvings of one that does not lessen the loss.
const STEPS: usize = 30;
const HALVINGS: usize = 12;

/// What could be chosen at one moment.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Features of a row: the score, and others.
    pub width: usize,
    /// (m, width) row-major.
    pub rows: Vec<f32>,
    /// Whether each was, (m).
    pub hits: Vec<bool>,
}

impl Choice {
    /// The standard deviation of the scores.
    pub fn spread(&self) -> f64 {
        let scores = self.rows.chunks_exact(self.width.max(1)).map(|row| f64::from(row[0]));
        let count = self.hits.len().max(1) as f64;
        let mean = scores.clone().sum::<f64>() / count;
        (scores.map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt()
    }

    /// NDCG@20 of the rows by score and the others' `weights`, of `targets` that there were.
    pub fn ndcg(&self, weights: &[f64], targets: usize) -> f64 {
        let score = |row: &[f32]| -> f64 {
            f64::from(row[0]) + row[1..].iter().zip(weights).map(|(&x, weight)| f64::from(x) * weight).sum::<f64>()
        };
        let mut order: Vec<(f64, u32)> = self.rows.chunks_exact(self.width).map(score).zip(0..).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        // Targets by their rows; those that are not among them are missed.
        let mut wanted: Vec<u32> = (0..).zip(&self.hits).filter(|(_, hit)| **hit).map(|(row, _)| row).collect();
        wanted.resize(targets.max(wanted.len()), u32::MAX);
        if wanted.is_empty() { 0.0 } else { ndcg(order.into_iter().map(|(_, row)| row), &wanted) }
    }

    /// The same with what else could be chosen.
    pub fn with(&self, other: &Choice) -> Choice {
        Choice {
            width: self.width,
            rows: [&self.rows[..], &other.rows].concat(),
            hits: [&self.hits[..], &other.hits].concat(),
        }
    }
}

/// Weights (width) of features that make what was chosen of `choices` likeliest, less a ridge; the scores of each count in its unit, feature
/// `without` gets no weight, and neither does one that tells nothing apart.
pub fn fit_choices(choices: &[(&Choice, f64)], without: usize) -> Vec<f64> {
    let Some(width) = choices.first().map(|choice| choice.0.width) else { return Vec::new() };
    let mut scale = vec![0.0f64; width];
    let mut rows = 0;
    for (choice, unit) in choices {
        let mean = means(choice);
        for row in choice.rows.chunks_exact(width) {
            let apart = row.iter().zip(&mean).map(|(&x, mean)| f64::from(x) - mean);
            let scaled = apart.enumerate().map(|(n, x)| if n == 0 { x / unit } else { x });
            scale.iter_mut().zip(scaled).for_each(|(sum, x)| *sum += x * x);
            rows += 1;
        }
    }
    scale.iter_mut().for_each(|sum| *sum = (*sum / f64::from(rows.max(1))).sqrt());
    let inverse: Vec<f64> = scale.iter().map(|&scale| if scale > 1e-9 { 1.0 / scale } else { 0.0 }).collect();
    let inverse: Vec<f64> = inverse.iter().enumerate().map(|(n, &x)| if n == without { 0.0 } else { x }).collect();
    let problem = Problem { choices, inverse };
    // Ranked by score alone to begin with, which the ridge pulls towards.
    let mut start = vec![0.0; width];
    start[0] = 1.0;
    let mut weights = start.clone();
    let mut at = problem.derivatives(&weights, &start);
    for _ in 0..STEPS {
        let hessian = Mat::from_fn(width, width, |i, j| at.hessian[i * width + j]);
        let Ok(factor) = hessian.llt(Side::Lower) else { break };
        let direction = factor.solve(&Mat::from_fn(width, 1, |i, _| at.gradient[i]));
        let mut length = 1.0;
        let better = (0..HALVINGS).find_map(|_| {
            let next: Vec<f64> = weights.iter().enumerate().map(|(i, x)| x - length * direction[(i, 0)]).collect();
            length /= 2.0;
            let found = problem.derivatives(&next, &start);
            (found.loss < at.loss).then_some((next, found))
        });
        let Some((next, found)) = better else { break };
        let gain = at.loss - found.loss;
        (weights, at) = (next, found);
        if gain < 1e-9 * at.loss {
            break;
        }
    }
    weights.iter().zip(&problem.inverse).map(|(weight, inverse)| weight * inverse).collect()
}

fn means(choice: &Choice) -> Vec<f64> {
    let mut sums = vec![0.0; choice.width];
    let rows = choice.rows.chunks_exact(choice.width);
    rows.for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x)));
    sums.iter_mut().for_each(|sum| *sum /= choice.hits.len().max(1) as f64);
    sums
}

struct Problem<'a> {
    choices: &'a [(&'a Choice, f64)],
    /// What features are multiplied by.
    inverse: Vec<f64>,
}

struct Derivatives {
    loss: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl Problem<'_> {
    fn derivatives(&self, weights: &[f64], start: &[f64]) -> Derivatives {
        let n = weights.len();
        let mut sums = Derivatives { loss: 0.0, gradient: vec![0.0; n], hessian: vec![0.0; n * n] };
        for (i, (weight, start)) in weights.iter().zip(start).enumerate() {
            sums.loss += RIDGE / 2.0 * (weight - start).powi(2);
            sums.gradient[i] += RIDGE * (weight - start);
            sums.hessian[i * n + i] += RIDGE;
        }
        for (choice, unit) in self.choices {
            let hits = choice.hits.iter().filter(|hit| **hit).count() as f64;
            if hits == 0.0 {
                continue;
            }
            let scale = |at: usize| if at == 0 { self.inverse[0] / unit } else { self.inverse[at] };
            let scaled: Vec<f64> =
                choice.rows.iter().enumerate().map(|(at, &x)| f64::from(x) * scale(at % n)).collect();
            let score = |row: &[f64]| row.iter().zip(weights).map(|(x, weight)| x * weight).sum::<f64>();
            let scores: Vec<f64> = scaled.chunks_exact(n).map(score).collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = scores.iter().map(|score| (score - most).exp()).sum();
            let mut mean = vec![0.0; n];
            for ((row, score), hit) in scaled.chunks_exact(n).zip(&scores).zip(&choice.hits) {
                let p = (score - most).exp() / total;
                let wanted = f64::from(*hit) / hits;
                sums.loss -= wanted * (score - most - total.ln());
                for (i, a) in row.iter().enumerate() {
                    sums.gradient[i] += (p - wanted) * a;
                    mean[i] += p * a;
                    for (j, b) in row.iter().enumerate() {
                        sums.hessian[i * n + j] += p * a * b;
                    }
                }
            }
            for (i, a) in mean.iter().enumerate() {
                mean.iter().enumerate().for_each(|(j, b)| sums.hessian[i * n + j] -= a * b);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Choices of one in ten by known weights: of the score, of a feature that is left out, of one that tells, of one that does not.
    fn choices(count: usize) -> Vec<Choice> {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut one = || {
            let mut choice = Choice { width: 4, ..Choice::default() };
            let rows: Vec<[f32; 4]> = (0..10)
                .map(|_| [rng.random_range(-4.0..4.0), 1.0, rng.random_range(-1.0..1.0), rng.random_range(0.0..9.0)])
                .collect();
            let weights: Vec<f64> = rows.iter().map(|row| f64::from(0.5 * row[0] + 2.0 * row[2]).exp()).collect();
            let mut left = rng.random_range(0.0..weights.iter().sum());
            let chosen = weights.iter().position(|weight| {
                left -= weight;
                left < 0.0
            });
            rows.iter().for_each(|row| choice.rows.extend(row));
            choice.hits = (0..10).map(|row| Some(row) == chosen).collect();
            choice
        };
        (0..count).map(|_| one()).collect()
    }

    #[test]
    fn planted_weights_are_found() {
        let choices = choices(6_000);
        let choices: Vec<(&Choice, f64)> = choices.iter().map(|choice| (choice, 2.0)).collect();
        let weights = fit_choices(&choices, 1);
        assert!((weights[0] - 1.0).abs() < 0.06, "{weights:?}");
        assert!((weights[2] - 2.0).abs() < 0.1 && weights[1] == 0.0 && weights[3].abs() < 0.02, "{weights:?}");
    }

    #[test]
    fn rows_are_judged_by_their_order() {
        let choice = Choice { width: 2, rows: vec![3.0, 0.0, 2.0, 1.0, 1.0, 5.0], hits: vec![false, false, true] };
        assert_eq!(choice.ndcg(&[0.0], 1), 0.5);
        assert_eq!(choice.ndcg(&[1.0], 1), 1.0);
        assert!(choice.ndcg(&[1.0], 2) < 1.0, "a target that is not here is missed");
        assert_eq!(choice.with(&choice).hits.len(), 6);
    }
}

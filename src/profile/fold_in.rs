//! Closed-form fold-in: the vector of a user the model never saw, from its history alone.
//!
//! Implicit ALS (Hu, Koren and Volinsky 2008, eq. 4): `u = (G + sum_h alpha r_h y_h y_h^T + lambda I)^-1
//! sum_h (1 + alpha r_h) y_h`, with G the Gram matrix of all n items and `lambda = regularization (n + alpha sum_h r_h)^power`.
//! Solved in f64 with plain operations only, so a phone, a browser and the trainer get the same bits.

use crate::cholesky::Cholesky;
use crate::error::{Error, Result};
use crate::model::{MAX_ABS, Model, to_power};
use crate::simd::{Exact, Vector, dot};

/// A solved fold-in: what is needed to say which event carried a score.
#[derive(Debug, Clone)]
pub(super) struct FoldIn {
    system: Cholesky,
    /// History as (item, confidence `1 + alpha r`).
    confidence: Vec<(u32, f64)>,
    /// Rows of the history, (h, d).
    rows: Vec<f32>,
}

impl FoldIn {
    /// Solves for a checked `history`; also gives the user vector, (d).
    pub fn solve(
        model: &Model,
        history: &[(u32, f32)],
        (alpha, regularization, power): (f32, f32, f32),
    ) -> Result<(FoldIn, Vec<f32>)> {
        let dim = model.dim();
        let mut matrix: Vec<f64> = model.gram().iter().map(|&x| f64::from(x)).collect();
        let strength: f64 = history.iter().map(|(_, strength)| f64::from(*strength)).sum();
        // The items that the Gram matrix is of: those that were added since were never learnt from.
        let weight = model.golden_items() as f64 + f64::from(alpha) * strength;
        let ridge = f64::from(regularization) * to_power(weight, power);
        matrix.iter_mut().step_by(dim + 1).for_each(|x| *x += ridge);
        let mut target = vec![0.0f64; dim];
        let mut confidence = Vec::with_capacity(history.len());
        let mut rows = Vec::with_capacity(history.len() * dim);
        for &(item, strength) in history {
            let embedding = model.embedding(item);
            let row: Vec<f64> = embedding.iter().copied().map(f64::from).collect();
            let extra = f64::from(alpha) * f64::from(strength);
            // The lower triangle, in whole pairs: widths are multiples of 16.
            let pairs = row.as_chunks::<2>().0;
            for (i, &a) in row.iter().enumerate() {
                let a = [extra * a; 2];
                let sums = matrix[i * dim..][..dim].as_chunks_mut::<2>().0;
                sums[..=i / 2].iter_mut().zip(pairs).for_each(|(sum, pair)| Exact::add_products(sum, &a, pair));
            }
            target.iter_mut().zip(&row).for_each(|(x, y)| *x += (1.0 + extra) * y);
            confidence.push((item, 1.0 + extra));
            rows.extend(embedding);
        }
        let unsolvable = || Error::tensor("user.gram", "expected a system the fold-in can solve, found one it cannot");
        let system = Cholesky::factor(matrix, dim).ok_or_else(unsolvable)?;
        let user: Vec<f32> = system.solve(&target).into_iter().map(|x| x as f32).collect();
        if user.iter().any(|x| !x.is_finite() || x.abs() > MAX_ABS) {
            return Err(unsolvable());
        }
        Ok((FoldIn { system, confidence, rows }, user))
    }

    /// How much each history item adds to `dot(u, direction)`, in history order (Hu et al. 2008, section 5): with
    /// `z = A^-1 direction`, item h adds `(1 + alpha r_h) y_h . z`. The parts sum to the dot, but for rounding: z and the rows are in f32.
    pub fn contributions(&self, direction: &[f32]) -> Vec<(u32, f32)> {
        let target: Vec<f64> = direction.iter().copied().map(f64::from).collect();
        let z: Vec<f32> = self.system.solve(&target).into_iter().map(|x| x as f32).collect();
        let part = |(n, &(history, confidence)): (usize, &(u32, f64))| {
            let row = &self.rows[n * z.len()..][..z.len()];
            (history, confidence as f32 * dot(row, &z))
        };
        self.confidence.iter().enumerate().map(part).collect()
    }
}

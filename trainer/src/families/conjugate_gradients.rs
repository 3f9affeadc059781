//! Conjugate gradients for one row of a weighted factorisation (Takács, Pilászy and Tikk 2011, "Applications of the Conjugate
//! Gradient Method for Implicit Feedback Collaborative Filtering").

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::sgd::{axpy, dot};

/// Steps a row takes at a time: as many as the paper found to lose nothing.
const STEPS: usize = 3;

/// What one row solves: `(base + ridge I + Y W Y^T) x = Y (1 + w)` with `Y` the `linked` rows (d, links), `W` the diagonal of
/// their `weights` (links), `base` (d, d). The matrix is never formed.
pub struct System<'a> {
    pub base: MatRef<'a, f32>,
    pub ridge: f32,
    pub linked: MatRef<'a, f32>,
    pub weights: &'a [f32],
}

/// What a row's steps write to.
#[derive(Default)]
pub struct Scratch {
    residual: Vec<f32>,
    direction: Vec<f32>,
    product: Vec<f32>,
    scores: Vec<f32>,
}

impl System<'_> {
    /// [`STEPS`] steps of conjugate gradients from `x`; fewer where the solution is reached.
    pub fn conjugate_gradients(&self, x: &mut [f32], scratch: &mut Scratch) {
        let Scratch { residual, direction, product, scores } = scratch;
        scores.resize(self.weights.len(), 0.0);
        multiply(scores, Accum::Replace, self.linked.transpose(), x);
        scores.iter_mut().zip(self.weights).for_each(|(s, w)| *s = 1.0 + w * (1.0 - *s));
        self.times_dense(x, product);
        residual.clear();
        residual.extend(product.iter().map(|product| -product));
        multiply(residual, Accum::Add, self.linked, scores);
        direction.clone_from(residual);
        let mut square = dot(residual, residual);
        for step in 1..=STEPS {
            if square <= f32::MIN_POSITIVE {
                break;
            }
            multiply(scores, Accum::Replace, self.linked.transpose(), direction);
            self.times_dense(direction, product);
            let squares: f32 = scores.iter().zip(self.weights).map(|(s, w)| w * s * s).sum();
            let length = square / (dot(direction, product) + squares);
            axpy(length, direction, x);
            if step == STEPS {
                break;
            }
            scores.iter_mut().zip(self.weights).for_each(|(s, w)| *s *= w);
            multiply(product, Accum::Add, self.linked, scores);
            axpy(-length, product, residual);
            let next = dot(residual, residual);
            direction.iter_mut().zip(&*residual).for_each(|(p, r)| *p = r + next / square * *p);
            square = next;
        }
    }

    /// `out = (base + ridge I) v`.
    fn times_dense(&self, v: &[f32], out: &mut Vec<f32>) {
        out.clear();
        out.extend(v.iter().map(|x| self.ridge * x));
        multiply(out, Accum::Add, self.base, v);
    }
}

/// `out = matrix v`, or that added to it.
fn multiply(out: &mut [f32], accum: Accum, matrix: MatRef<'_, f32>, v: &[f32]) {
    let (rows, columns) = (matrix.nrows(), matrix.ncols());
    let v = MatRef::from_column_major_slice(v, columns, 1);
    matmul(MatMut::from_column_major_slice_mut(out, rows, 1), accum, matrix, v, 1.0, Par::Seq);
}

//! Plain Rust bodies: the fallback, and the twin the SIMD bodies are read beside.

use super::vector::Vector;

pub(crate) struct Scalar;

impl Vector for Scalar {
    fn dot_i8(row: &[i8], user: &[i8]) -> i32 {
        row.iter().zip(user).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
    }

    fn axpy(out: &mut [f32], x: f32, weight: &[f32]) {
        for (y, &w) in out.iter_mut().zip(weight) {
            *y += x * w;
        }
    }

    fn dequantise(out: &mut [f32], row: &[i8], scale: f32) {
        for (x, &value) in out.iter_mut().zip(row) {
            *x = f32::from(value) * scale;
        }
    }
}

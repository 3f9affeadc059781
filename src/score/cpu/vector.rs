//! The operations that differ from one instruction set to another.

/// A vector body. All slices of one call have the same length; bodies may assume nothing else.
pub(crate) trait Vector {
    /// `sum_j row[j] * user[j]`, exact. Lengths are a multiple of 16 and at most `MAX_DIM`.
    fn dot_i8(row: &[i8], user: &[i8]) -> i32;

    /// `out[o] = out[o] + x * weight[o]`, product and sum each rounded once.
    fn axpy(out: &mut [f32], x: f32, weight: &[f32]);

    /// `out[j] = row[j] * scale`.
    fn dequantise(out: &mut [f32], row: &[i8], scale: f32);
}

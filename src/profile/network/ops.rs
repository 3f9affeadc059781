//! What networks are made of, in plain f32 operations in a fixed order: the same bits natively and in every browser. Functions
//! that no standard rounds (exp) are our own for that reason.

use std::ops::Range;

use crate::model::{Activation, Dense, Norm};
use crate::simd::{Exact, Vector};

/// Vectors of outputs that a product keeps in registers.
const VECTORS: usize = 4;

/// `W x + b` of each row: (rows, inputs) to (rows, outputs).
pub fn dense(layer: &Dense, x: &[f32]) -> Vec<f32> {
    dense_part(layer, 0..layer.bias.len(), x)
}

/// Some outputs of [`dense`], (rows, part). Each is its bias and then the product of every input, in order.
#[inline(never)]
pub fn dense_part(layer: &Dense, part: Range<usize>, x: &[f32]) -> Vec<f32> {
    let (outputs, width) = (layer.bias.len(), part.len());
    let inputs = layer.weight.len() / outputs.max(1);
    if inputs == 0 || width == 0 {
        return Vec::new();
    }
    let mut out = Vec::with_capacity(x.len() / inputs * width);
    for row in x.chunks_exact(inputs) {
        out.extend_from_slice(&layer.bias[part.clone()]);
        let start = out.len() - width;
        let (blocks, rest) = out[start..].as_chunks_mut::<{ 4 * VECTORS }>();
        for (n, block) in blocks.iter_mut().enumerate() {
            add_products::<Exact>(&layer.weight[part.start + n * 4 * VECTORS..], outputs, row, block);
        }
        let first = part.end - rest.len();
        for (n, sum) in rest.iter_mut().enumerate() {
            let column = layer.weight[first + n..].iter().step_by(outputs);
            *sum = row.iter().zip(column).fold(*sum, |sum, (x, w)| sum + x * w);
        }
    }
    out
}

/// Adds the products of a row with as many columns as `sums` has, those that `weights` begins with.
#[inline(always)]
fn add_products<V: Vector>(weights: &[f32], outputs: usize, row: &[f32], sums: &mut [f32; 4 * VECTORS]) {
    let out = sums.as_chunks_mut::<4>().0;
    let [mut a, mut b, mut c, mut d] = [V::load(&out[0]), V::load(&out[1]), V::load(&out[2]), V::load(&out[3])];
    let mut start = 0;
    for &x in row {
        let Some(weights) = weights[start..].first_chunk::<{ 4 * VECTORS }>() else { return };
        let (x, weights) = (V::splat(x), weights.as_chunks::<4>().0);
        a = V::add(a, V::mul(x, V::load(&weights[0])));
        b = V::add(b, V::mul(x, V::load(&weights[1])));
        c = V::add(c, V::mul(x, V::load(&weights[2])));
        d = V::add(d, V::mul(x, V::load(&weights[3])));
        start += outputs;
    }
    for (out, sum) in out.iter_mut().zip([a, b, c, d]) {
        V::store(out, sum);
    }
}

/// Adds a matrix to another of its shape.
pub fn add(to: &mut [f32], x: &[f32]) {
    to.iter_mut().zip(x).for_each(|(to, x)| *to += x);
}

/// Layer normalisation (Ba et al. 2016) of each row, (rows, w): mean 0 and variance 1 (of n, as PyTorch has it), then scale and
/// shift.
#[inline(never)]
pub fn normalise(norm: &Norm, x: &[f32]) -> Vec<f32> {
    const LEAST: f32 = 1e-5;
    let count = norm.weight.len();
    let mut out = Vec::with_capacity(x.len());
    for row in x.chunks_exact(count) {
        let mean = row.iter().sum::<f32>() / count as f32;
        let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count as f32;
        let factor = 1.0 / (variance + LEAST).sqrt();
        out.extend(row.iter().zip(norm.weight.iter().zip(&norm.bias)).map(|(x, (w, b))| (x - mean) * factor * w + b));
    }
    out
}

/// Turns scores into shares that sum to 1.
pub fn softmax(scores: &mut [f32]) {
    let largest = scores.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    scores.iter_mut().for_each(|score| *score = exp(*score - largest));
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
}

pub fn activate(activation: Activation, x: &mut [f32]) {
    match activation {
        Activation::None => {}
        Activation::Relu => x.iter_mut().for_each(|x| *x = x.max(0.0)),
        Activation::Tanh => x.iter_mut().for_each(|x| *x = tanh(*x)),
    }
}

/// `1 / (1 + e^-x)`.
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Hyperbolic tangent, to a few units in the last place of 1.
pub fn tanh(x: f32) -> f32 {
    2.0 * sigmoid(2.0 * x) - 1.0
}

/// `e^x`, within 3e-7 of it relatively; 0 below -87, largest at 88: `2^n` times a polynomial of what is left (Cody and Waite 1980).
pub fn exp(x: f32) -> f32 {
    if x < -87.0 {
        return 0.0;
    }
    let x = x.min(88.0);
    let n = (x * std::f32::consts::LOG2_E).round_ties_even();
    let rest = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let mut sum = 1.987_569_1e-4f32;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        sum = sum * rest + c;
    }
    let fraction = sum * rest * rest + rest + 1.0;
    fraction * f32::from_bits(((n as i32 + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_tanh_are_near_those_of_f64() {
        for n in -900..=880 {
            let x = n as f32 / 10.0;
            let expected = f64::from(x).exp();
            let apart = if x < -87.0 { f64::from(exp(x)) } else { (f64::from(exp(x)) / expected - 1.0).abs() };
            assert!(apart < 3e-7, "{x}: {} {expected}", exp(x));
            assert!((f64::from(tanh(x / 8.0)) - f64::from(x / 8.0).tanh()).abs() < 3e-7, "{x}");
        }
        assert_eq!([exp(-1e9), exp(0.0), sigmoid(0.0), tanh(0.0)], [0.0, 1.0, 0.5, 0.0]);
        assert!(exp(1e9).is_finite());
    }
}

//! What networks are made of, in plain f32 operations in a fixed order: the same bits natively and in every browser. Functions
//! that no standard rounds (exp) are our own for that reason.

use crate::model::{Activation, Dense, Norm};

/// `W x + b`, (outputs): whole rows of (inputs, outputs) are added.
pub fn dense(layer: &Dense, x: &[f32]) -> Vec<f32> {
    let mut out = layer.bias.clone();
    for (&x, row) in x.iter().zip(layer.weight.chunks_exact(out.len())) {
        out.iter_mut().zip(row).for_each(|(sum, w)| *sum += x * w);
    }
    out
}

/// Layer normalisation (Ba et al. 2016): mean 0 and variance 1 (of n, as PyTorch has it), then scale and shift.
pub fn normalise(norm: &Norm, x: &[f32]) -> Vec<f32> {
    const LEAST: f32 = 1e-5;
    let count = x.len() as f32;
    let mean = x.iter().sum::<f32>() / count;
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
    let factor = 1.0 / (variance + LEAST).sqrt();
    x.iter().zip(norm.weight.iter().zip(&norm.bias)).map(|(x, (w, b))| (x - mean) * factor * w + b).collect()
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

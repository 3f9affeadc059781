//! int8 layers over groups of eight items, an item a lane: no horizontal sums, four outputs at a time in registers.

use crate::simd::{GROUP_ITEMS, Vector, Words};

/// Outputs computed at a time.
pub(crate) const OUTPUTS: usize = 4;

/// One value of each item of a group. Aligned, so that no load straddles two cache lines.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(crate) struct Lanes(pub [f32; GROUP_ITEMS]);

/// Two vectors for each of four outputs.
type Sums<T> = [[T; 2]; OUTPUTS];

/// `y (groups, outputs) = relu((W x) * factors + bias)`: x (groups, words), `weights` (outputs / 4, words, 4), `words` even.
pub(crate) fn dense<V: Vector>(
    (x, words): (&[Words], usize),
    weights: &[[u32; OUTPUTS]],
    factors: &[f32],
    bias: &[f32],
    y: &mut [Lanes],
) {
    let outputs = bias.len();
    for (block, weights) in weights.chunks_exact(words).enumerate() {
        let (factors, bias) = (&factors[OUTPUTS * block..][..OUTPUTS], &bias[OUTPUTS * block..][..OUTPUTS]);
        for (x, y) in x.chunks_exact(words).zip(y.chunks_exact_mut(outputs)) {
            let mut sums = [[V::zero(); 2]; OUTPUTS];
            for (x, weights) in x.as_chunks::<2>().0.iter().zip(weights.as_chunks::<2>().0) {
                sums = add_dots::<V>(sums, x, weights);
            }
            let scaled = |o: usize| scale::<V>(sums[o], factors[o], bias[o]);
            let scaled = [scaled(0), scaled(1), scaled(2), scaled(3)];
            for (sums, y) in scaled.into_iter().zip(&mut y[OUTPUTS * block..][..OUTPUTS]) {
                store_pair::<V>([V::relu(sums[0]), V::relu(sums[1])], y);
            }
        }
    }
}

#[inline(always)]
fn add_dots<V: Vector>(sums: Sums<V::I>, x: &[Words; 2], weights: &[[u32; OUTPUTS]; 2]) -> Sums<V::I> {
    let (a, b) = (x[0].0.as_chunks::<4>().0, x[1].0.as_chunks::<4>().0);
    let x = [[&a[0], &b[0]], [&a[1], &b[1]]];
    let weights = |o: usize| [weights[0][o], weights[1][o]];
    [
        add_dot::<V>(sums[0], x, weights(0)),
        add_dot::<V>(sums[1], x, weights(1)),
        add_dot::<V>(sums[2], x, weights(2)),
        add_dot::<V>(sums[3], x, weights(3)),
    ]
}

#[inline(always)]
fn add_dot<V: Vector>(sums: [V::I; 2], x: [[&[u32; 4]; 2]; 2], weights: [u32; 2]) -> [V::I; 2] {
    [V::dot_words(sums[0], x[0], weights), V::dot_words(sums[1], x[1], weights)]
}

/// Product and sum each rounded.
#[inline(always)]
fn scale<V: Vector>(sums: [V::I; 2], factor: f32, bias: f32) -> [V::F; 2] {
    let (factor, bias) = (V::splat(factor), V::splat(bias));
    [V::add(V::mul(V::to_f32(sums[0]), factor), bias), V::add(V::mul(V::to_f32(sums[1]), factor), bias)]
}

/// `bias + sum_j weights[j] x[j]`, product and sum each rounded, in order: the last layer of two groups, x (2, stride).
pub(crate) fn last<V: Vector>((x, stride): (&[Lanes], usize), weights: &[f32], bias: f32) -> [Lanes; 2] {
    let mut sums = [[V::splat(bias); 2]; 2];
    let (a, b) = x.split_at(stride);
    for ((a, b), &weight) in a.iter().zip(b).zip(weights) {
        let (a, b, weight) = (halves::<V>(a), halves::<V>(b), V::splat(weight));
        sums = [
            [V::add(sums[0][0], V::mul(a[0], weight)), V::add(sums[0][1], V::mul(a[1], weight))],
            [V::add(sums[1][0], V::mul(b[0], weight)), V::add(sums[1][1], V::mul(b[1], weight))],
        ];
    }
    let mut out = [Lanes::default(); 2];
    store_pair::<V>(sums[0], &mut out[0]);
    store_pair::<V>(sums[1], &mut out[1]);
    out
}

#[inline(always)]
fn halves<V: Vector>(x: &Lanes) -> [V::F; 2] {
    let (x, _) = x.0.as_chunks::<4>();
    [V::load(&x[0]), V::load(&x[1])]
}

#[inline(always)]
fn store_pair<V: Vector>(x: [V::F; 2], out: &mut Lanes) {
    let (out, _) = out.0.as_chunks_mut::<4>();
    V::store(&mut out[0], x[0]);
    V::store(&mut out[1], x[1]);
}

//! Dense layers over groups of eight items, an item a lane: no horizontal sums, four outputs at a time in registers.

use super::packed::OUTPUTS;
use super::vector::Vector;

/// Items of a group: two vectors.
pub(crate) const GROUP_ITEMS: usize = 8;

/// One value of each item of a group. Aligned, so that no load straddles two cache lines.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(crate) struct Lanes(pub [f32; GROUP_ITEMS]);

/// One word of each item of a group.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(crate) struct Words(pub [u32; GROUP_ITEMS]);

/// Two vectors for each of four outputs.
type Sums<T> = [[T; 2]; OUTPUTS];

/// `y (groups, outputs) = relu(bias + W x)`, x (groups, stride) of which the first `inputs` count; `weights` (outputs / 4,
/// inputs, 4). A block of weights serves all groups before the next is read.
pub(crate) fn dense_f32<V: Vector>(
    (x, stride, inputs): (&[Lanes], usize, usize),
    weights: &[[f32; OUTPUTS]],
    bias: &[f32],
    relu: bool,
    y: &mut [Lanes],
) {
    let outputs = bias.len();
    for (block, (weights, bias)) in weights.chunks_exact(inputs).zip(bias.as_chunks::<OUTPUTS>().0).enumerate() {
        for (x, y) in x.chunks_exact(stride).zip(y.chunks_exact_mut(outputs)) {
            let start = |o: usize| [V::splat(bias[o]); 2];
            let mut sums = [start(0), start(1), start(2), start(3)];
            for (x, weights) in x[..inputs].iter().zip(weights) {
                sums = add_products::<V>(sums, x, weights);
            }
            store::<V>(sums, relu, &mut y[OUTPUTS * block..][..OUTPUTS]);
        }
    }
}

#[inline(always)]
fn add_products<V: Vector>(sums: Sums<V::F>, x: &Lanes, weights: &[f32; OUTPUTS]) -> Sums<V::F> {
    let x = halves::<V>(x);
    [
        add_product::<V>(sums[0], x, weights[0]),
        add_product::<V>(sums[1], x, weights[1]),
        add_product::<V>(sums[2], x, weights[2]),
        add_product::<V>(sums[3], x, weights[3]),
    ]
}

#[inline(always)]
fn add_product<V: Vector>(sums: [V::F; 2], x: [V::F; 2], weight: f32) -> [V::F; 2] {
    let weight = V::splat(weight);
    [V::mul_add(x[0], weight, sums[0]), V::mul_add(x[1], weight, sums[1])]
}

/// `y (groups, outputs) = relu((W x) * factors + bias)`: x (groups, words), `weights` (outputs / 4, words, 4), `words` even.
pub(crate) fn dense_i8<V: Vector>(
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
            store::<V>([scaled(0), scaled(1), scaled(2), scaled(3)], true, &mut y[OUTPUTS * block..][..OUTPUTS]);
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

/// `out[o][item] = x[o][item] + add[o]`, then ReLU: the two halves of a split first layer.
pub(crate) fn add_relu<V: Vector>(x: &[Lanes], add: &[f32], out: &mut [Lanes]) {
    for ((x, &add), out) in x.iter().zip(add).zip(out) {
        let (x, add) = (halves::<V>(x), V::splat(add));
        store_pair::<V>([V::relu(V::add(x[0], add)), V::relu(V::add(x[1], add))], out);
    }
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
fn store<V: Vector>(sums: Sums<V::F>, relu: bool, y: &mut [Lanes]) {
    for (sums, y) in sums.into_iter().zip(y) {
        let sums = if relu { [V::relu(sums[0]), V::relu(sums[1])] } else { sums };
        store_pair::<V>(sums, y);
    }
}

#[inline(always)]
fn store_pair<V: Vector>(x: [V::F; 2], out: &mut Lanes) {
    let (out, _) = out.0.as_chunks_mut::<4>();
    V::store(&mut out[0], x[0]);
    V::store(&mut out[1], x[1]);
}

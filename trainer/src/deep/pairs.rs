//! Scores of pairs that are more than a dot: generalised matrix factorisation and layers over both vectors (He et al. 2017, "Neural
//! Collaborative Filtering").
//!
//! A row of an item is `[g | m]`, and so is a sum over a history; the score is `g_u . g_i + layers(m_u, m_i)`, the weights of the
//! product's numbers being part of `g_i`. On the device an item's vector is `[g | m | 0]` and a user's `[g | 0 | m]`: their dot is that
//! of the first parts, and the first layer has weights for the others alone.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use proclivity::model::{DenseLayer, LayerShape, Precision, RankerSpec};
use rand_chacha::ChaCha8Rng;

use super::weights::{Leaves, Weights};

/// The only weight of a score without layers: the same for all, it ranks nothing.
const BIAS: &str = "pair.bias";

/// What a pair's score is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// Width of g.
    pub product: usize,
    /// Width of m.
    pub deep: usize,
    /// From 2 m to 1; none for a product alone.
    pub layers: Vec<LayerShape>,
}

impl Pairs {
    /// With layers of these widths between the two vectors and the score, if any.
    pub fn new(product: usize, deep: usize, hidden: &[usize]) -> Pairs {
        let widths: Vec<usize> = [2 * deep].into_iter().chain(hidden.iter().copied()).chain([1]).collect();
        let layers = widths.windows(2).map(|pair| LayerShape { inputs: pair[0], outputs: pair[1] });
        Pairs { product, deep, layers: if deep > 0 { layers.collect() } else { Vec::new() } }
    }

    /// Width of a row in training.
    pub fn width(&self) -> usize {
        self.product + self.deep
    }

    /// Width of a vector on the device. A dot that has no weight need not be kept apart.
    pub fn dim(&self) -> usize {
        if self.product > 0 { self.product + 2 * self.deep } else { self.deep }
    }

    pub fn add(&self, weights: &mut Weights, rng: &mut ChaCha8Rng) {
        for (n, layer) in self.layers.iter().enumerate() {
            weights.add_dense(&name(n), layer.inputs, layer.outputs, rng);
        }
        if self.layers.is_empty() {
            weights.add(BIAS, vec![1], vec![0.0]);
        }
    }

    /// Scores (P, 1) of users and items (P, width) each.
    pub fn scores(&self, leaves: &Leaves, users: Tensor<2>, items: Tensor<2>) -> Tensor<2> {
        let part = |of: &Tensor<2>, start: usize, width: usize| of.clone().narrow(1, start, width);
        let product =
            (self.product > 0).then(|| (part(&users, 0, self.product) * part(&items, 0, self.product)).sum_dim(1));
        let layers = (self.deep > 0).then(|| {
            let of = |of: &Tensor<2>| part(of, self.product, self.deep);
            let last = self.layers.len() - 1;
            (0..=last).fold(Tensor::cat(vec![of(&users), of(&items)], 1), |x, n| {
                let x = leaves.dense(&name(n), x);
                if n < last { relu(x) } else { x }
            })
        });
        match (product, layers) {
            (Some(product), Some(layers)) => product + layers,
            (Some(product), None) => product + leaves.get(BIAS),
            (None, Some(layers)) => layers,
            (None, None) => unreachable!("a score of nothing"),
        }
    }

    /// Rows (n, width) as the device has them, (n, dim).
    pub fn laid_out(&self, rows: &[f32], of_users: bool) -> Vec<f32> {
        let (width, apart) = (self.width(), self.dim() > self.width());
        let gap = vec![0.0; if apart { self.deep } else { 0 }];
        let lay = |row: &[f32]| {
            let (g, m) = row.split_at(self.product);
            if of_users { [g, &gap, m].concat() } else { [g, m, &gap].concat() }
        };
        rows.chunks_exact(width).flat_map(lay).collect()
    }

    /// The layers as the device runs them over every item; none for a product alone.
    pub fn ranker(&self, weights: &Weights) -> Option<RankerSpec> {
        if self.layers.is_empty() {
            return None;
        }
        let dim = self.dim();
        let layer = |(n, shape): (usize, &LayerShape)| {
            let of = |part: &str| weights.values(&format!("{}.{part}", name(n)));
            let (mut weight, mut inputs) = (of("weight").to_vec(), shape.inputs);
            if n == 0 {
                // (outputs, [m_u | m_i]) to (outputs, [vector of the user | vector of the item]).
                let zeros = |count: usize| std::iter::repeat_n(&0.0, count);
                let wide = weight.chunks_exact(2 * self.deep).flat_map(|row| {
                    let (user, item) = row.split_at(self.deep);
                    let rest = dim - self.product - self.deep;
                    zeros(dim - self.deep).chain(user).chain(zeros(self.product)).chain(item).chain(zeros(rest))
                });
                weight = wide.copied().collect();
                inputs = 2 * dim;
            }
            DenseLayer { weight, bias: of("bias").to_vec(), inputs, outputs: shape.outputs }
        };
        let layers = self.layers.iter().enumerate().map(layer).collect();
        let skip = if self.product > 0 { 1.0 } else { 0.0 };
        Some(RankerSpec { layers, skip, candidates: None, precision: Precision::F32 })
    }
}

fn name(n: usize) -> String {
    format!("pair.layer.{n}")
}

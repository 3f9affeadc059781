//! Scores of pairs that are more than a dot: generalised matrix factorisation and layers over both vectors (He et al. 2017, "Neural
//! Collaborative Filtering").
//!
//! A row of an item is `[g | m]`, and so is a sum over a history; the score is `g_u . g_i + layers(m_u, m_i)`, the weights of the
//! product's numbers being part of `g_i`. On the device an item's vector is `[g | m | 0]` and a user's `[g | 0 | m]`: their dot is that
//! of the first parts, and the first layer has weights for the others alone.
//!
//! A second head over the same vectors and layers may tell what was bought from what was only looked at (multi-task learning: Caruana
//! 1997; clicks and purchases: Ma et al. 2018, "Entire Space Multi-Task Model"). Both heads end in a sum, and so does a weighted sum of
//! them: the device has one head.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use proclivity::model::{DenseLayer, LayerShape, Precision, RankerSpec};
use rand_chacha::ChaCha8Rng;

use super::weights::{Leaves, Weights};

/// The only weight of a score without layers: the same for all, it ranks nothing.
const BIAS: &str = "pair.bias";
/// The second head: weights of the product's numbers, and of the last layer's inputs.
const BOUGHT_PRODUCT: &str = "pair.bought.product";
const BOUGHT_LAYER: &str = "pair.bought.layer";

/// What a pair's score is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// Width of g.
    pub product: usize,
    /// Width of m.
    pub deep: usize,
    /// From 2 m to 1; none for a product alone.
    pub layers: Vec<LayerShape>,
    /// Weight of the second head in the score, if there is one.
    pub bought: Option<f32>,
}

impl Pairs {
    /// With layers of these widths between the two vectors and the score, if any.
    pub fn new(product: usize, deep: usize, hidden: &[usize], bought: Option<f32>) -> Pairs {
        let widths: Vec<usize> = [2 * deep].into_iter().chain(hidden.iter().copied()).chain([1]).collect();
        let layers = widths.windows(2).map(|pair| LayerShape { inputs: pair[0], outputs: pair[1] });
        Pairs { product, deep, layers: if deep > 0 { layers.collect() } else { Vec::new() }, bought }
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
        if self.bought.is_none() {
            return;
        }
        if self.product > 0 {
            weights.add(BOUGHT_PRODUCT, vec![1, self.product], vec![1.0; self.product]);
        }
        match self.layers.last() {
            Some(last) => weights.add_dense(BOUGHT_LAYER, last.inputs, 1, rng),
            None => weights.add(&format!("{BOUGHT_LAYER}.bias"), vec![1], vec![0.0]),
        }
    }

    /// Scores (P, 1) of users and items (P, width) each, and those of the second head.
    pub fn scores(&self, leaves: &Leaves, users: Tensor<2>, items: Tensor<2>) -> (Tensor<2>, Option<Tensor<2>>) {
        let part = |of: &Tensor<2>, start: usize, width: usize| of.clone().narrow(1, start, width);
        let product = (self.product > 0).then(|| part(&users, 0, self.product) * part(&items, 0, self.product));
        let hidden = (self.deep > 0).then(|| {
            let of = |of: &Tensor<2>| part(of, self.product, self.deep);
            let both = Tensor::cat(vec![of(&users), of(&items)], 1);
            (0..self.layers.len() - 1).fold(both, |x, n| relu(leaves.dense(&name(n), x)))
        });
        let head = |product: Option<Tensor<2>>, layer: &str| match (product, &hidden) {
            (Some(product), Some(hidden)) => product + leaves.dense(layer, hidden.clone()),
            (Some(product), None) => product,
            (None, Some(hidden)) => leaves.dense(layer, hidden.clone()),
            (None, None) => unreachable!("a score of nothing"),
        };
        let bought = self.bought.map(|_| {
            let weighed = product.clone().map(|product| product.matmul(leaves.get(BOUGHT_PRODUCT).transpose()));
            match &hidden {
                Some(_) => head(weighed, BOUGHT_LAYER),
                None => head(weighed, BOUGHT_LAYER) + leaves.get(&format!("{BOUGHT_LAYER}.bias")),
            }
        });
        let taken = head(product.map(|product| product.sum_dim(1)), &name(self.layers.len().saturating_sub(1)));
        (if self.layers.is_empty() { taken + leaves.get(BIAS) } else { taken }, bought)
    }

    /// Rows (n, width) as the device has them, (n, dim): of users, or of items with the weights of their products.
    pub fn laid_out(&self, rows: &[f32], items: Option<&Weights>) -> Vec<f32> {
        let (width, apart) = (self.width(), self.dim() > self.width());
        let gap = vec![0.0; if apart { self.deep } else { 0 }];
        let weight = |n: usize| match (items, self.bought) {
            (Some(weights), Some(bought)) => 1.0 + bought * weights.values(BOUGHT_PRODUCT)[n],
            _ => 1.0,
        };
        let factors: Vec<f32> = (0..self.product).map(weight).collect();
        let lay = |row: &[f32]| {
            let (g, m) = row.split_at(self.product);
            let g: Vec<f32> = g.iter().zip(&factors).map(|(g, factor)| g * factor).collect();
            if items.is_none() { [&g[..], &gap, m].concat() } else { [&g[..], m, &gap].concat() }
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
            let (mut weight, mut bias, mut inputs) = (of("weight").to_vec(), of("bias").to_vec(), shape.inputs);
            if let Some(bought) = self.bought.filter(|_| n + 1 == self.layers.len()) {
                for (part, own) in [("weight", &mut weight), ("bias", &mut bias)] {
                    let other = weights.values(&format!("{BOUGHT_LAYER}.{part}"));
                    own.iter_mut().zip(other).for_each(|(own, other)| *own += bought * other);
                }
            }
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
            DenseLayer { weight, bias, inputs, outputs: shape.outputs }
        };
        let layers = self.layers.iter().enumerate().map(layer).collect();
        let skip = if self.product > 0 { 1.0 } else { 0.0 };
        Some(RankerSpec { layers, skip, candidates: None, precision: Precision::F32 })
    }
}

fn name(n: usize) -> String {
    format!("pair.layer.{n}")
}

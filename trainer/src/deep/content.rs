//! The content tower: learns the vectors that a log gave from what items say of themselves, so that new items have one (van den Oord
//! et al. 2013, "Deep Content-Based Music Recommendation").
//!
//! Minimises `sum_i w_i |f(x_i) - y_i|^2` over items of the log, `w_i = n_i / (n_i + 10)` for an item of n_i users: few users make an
//! unsure vector. Attributes are left out at random, so that one that is missing says little instead of something wrong.

use std::collections::HashMap;

use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use proclivity::model::{
    Activation, Attribute, Column, ContentShape, ContentSpec, DIM_MULTIPLE, Dense, FieldShape, LayerShape,
};
use proclivity::profile::content_vector;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::architecture::{SMALL, small};
use super::attributes::{attribute, fields};
use super::weights::{BETA2, Leaves, Step, Table, Weights};
use crate::error::{CliError, Result};
use crate::families::{Vectors, epoch_rng};

/// Users at which a vector counts half.
const UNSURE: f32 = 10.0;
/// Width of a feature's row and of the hidden layer.
const WIDTH: usize = 32;
const HIDDEN: usize = 64;
const BATCH: usize = 256;
const RATE: f32 = 0.005;
const DECAY: f32 = 0.01;
/// Share of attributes left out while learning.
const LEFT_OUT: f64 = 0.1;
/// One in this many items is held out; learning stops after so many epochs that do not get nearer to their vectors.
const HELD: usize = 10;
const PATIENCE: usize = 5;
const EPOCHS: usize = 60;

/// How well the tower knows items it did not learn from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContentFit {
    pub epochs: usize,
    /// Share of the variance of held-out items' vectors that it explains: 1 for all, 0 for no more than their mean.
    pub explained: f64,
}

/// Learns `vectors` from `columns`, one value an item each; `popularity` is in users.
///
/// # Errors
/// [`CliError::Flag`] without columns to learn from.
pub fn fit_content(
    vectors: &Vectors,
    columns: &[Column],
    popularity: &[f32],
    seed: u64,
) -> Result<(ContentSpec, ContentFit)> {
    let fields = fields(columns);
    if fields.is_empty() {
        return Err(CliError::Flag {
            flag: "--content",
            expected: "a catalogue with columns that tell items apart (--items FILE)".into(),
            found: format!("{} columns, of which none does", columns.len()),
        });
    }
    let dim = vectors.dim.next_multiple_of(DIM_MULTIPLE);
    let layer = |inputs, outputs| LayerShape { inputs, outputs };
    let layers = vec![(layer(WIDTH, HIDDEN), Activation::Relu), (layer(HIDDEN, dim), Activation::None)];
    let tower = Tower { shape: ContentShape { fields, width: WIDTH, layers }, columns, vectors, popularity, dim };
    Ok(tower.learn(seed))
}

/// What is learnt, and from what.
struct Tower<'a> {
    shape: ContentShape,
    columns: &'a [Column],
    vectors: &'a Vectors,
    popularity: &'a [f32],
    dim: usize,
}

impl Tower<'_> {
    fn learn(self, seed: u64) -> (ContentSpec, ContentFit) {
        let mut rng = epoch_rng(seed, 0);
        let mut order: Vec<u32> = (0..self.popularity.len() as u32).collect();
        order.shuffle(&mut rng);
        let held = order.split_off(order.len() - order.len() / HELD);
        let features: usize = self.shape.fields.iter().map(FieldShape::count).sum();
        let mut rows = Table::new(WIDTH, small(features * WIDTH, SMALL, &mut rng));
        let mut weights = Weights::default();
        for (n, (shape, _)) in self.shape.layers.iter().enumerate() {
            weights.add_dense(&name(n), shape.inputs, shape.outputs, &mut rng);
        }
        let device = Device::flex().autodiff();
        let mean = self.mean(&order);
        let apart = self.error(&held, |_| mean.clone());
        let mut best: Option<(f64, usize, ContentSpec)> = None;
        let mut number = 0;
        for epoch in 1..=EPOCHS {
            let mut rng = epoch_rng(seed, epoch);
            order.shuffle(&mut rng);
            for items in order.chunks(BATCH) {
                number += 1;
                self.step(items, &mut rows, &mut weights, number, &device, &mut rng);
            }
            rows.catch_up_all(Step { rate: RATE, number: number + 1, decay: DECAY, beta2: BETA2 });
            let spec = self.spec(&rows, &weights);
            let error = self.error(&held, |item| self.predicted(&spec, item));
            if best.as_ref().is_none_or(|(least, ..)| error < *least) {
                best = Some((error, epoch, spec));
            } else if best.as_ref().is_some_and(|(_, at, _)| epoch >= at + PATIENCE) {
                break;
            }
        }
        let (error, epochs, spec) = best.expect("at least one epoch");
        (spec, ContentFit { epochs, explained: 1.0 - error / apart.max(f64::MIN_POSITIVE) })
    }

    fn step(
        &self,
        items: &[u32],
        rows: &mut Table,
        weights: &mut Weights,
        number: i32,
        device: &Device,
        rng: &mut ChaCha8Rng,
    ) {
        let bags: Vec<Vec<(u32, f32)>> = items.iter().map(|&item| self.features(item, LEFT_OUT, rng)).collect();
        let mut places: HashMap<u32, usize> = HashMap::new();
        let mut used = Vec::new();
        for &(feature, _) in bags.iter().flatten() {
            places.entry(feature).or_insert_with(|| {
                used.push(feature);
                used.len() - 1
            });
        }
        let mut bag = vec![0.0; items.len() * used.len()];
        for (row, features) in bags.iter().enumerate() {
            features.iter().for_each(|(feature, weight)| bag[row * used.len() + places[feature]] += weight);
        }
        let matrix = |values: Vec<f32>, rows: usize| {
            let columns = values.len() / rows;
            Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), device)
        };
        let step = Step { rate: RATE, number, decay: DECAY, beta2: BETA2 };
        rows.catch_up(used.iter().copied(), step);
        let (leaf, leaves) = (rows.leaf(&used, device), weights.leaves(device));
        let found = run(&leaves, matrix(bag, items.len()).matmul(leaf.clone()));
        let wanted = matrix(items.iter().flat_map(|&item| self.wanted(item)).collect(), items.len());
        let sure = matrix(items.iter().map(|&item| self.sure(item)).collect(), items.len());
        let apart = found - wanted;
        let loss = (apart.clone() * apart * sure).sum() / items.len() as f32;
        let mut slopes = loss.backward();
        weights.descend(&leaves, &mut slopes, step);
        rows.descend(&used, &leaf, &mut slopes, step);
    }

    /// The features of an item, a share of its attributes left out.
    fn features(&self, item: u32, share: f64, rng: &mut ChaCha8Rng) -> Vec<(u32, f32)> {
        let left_out: Vec<bool> = self.shape.fields.iter().map(|_| rng.random_bool(share)).collect();
        self.shape.features(|column| {
            let at = self.shape.fields.iter().position(|field| field.column == column).unwrap_or(0);
            if left_out[at] { Attribute::Missing } else { attribute(self.columns, column, item) }
        })
    }

    /// The item's vector, padded with zeros to (dim).
    fn wanted(&self, item: u32) -> Vec<f32> {
        let mut vector = self.vectors.rows[item as usize * self.vectors.dim..][..self.vectors.dim].to_vec();
        vector.resize(self.dim, 0.0);
        vector
    }

    fn sure(&self, item: u32) -> f32 {
        let users = self.popularity[item as usize];
        users / (users + UNSURE)
    }

    fn mean(&self, items: &[u32]) -> Vec<f32> {
        let mut mean = vec![0.0; self.dim];
        let total: f32 = items.iter().map(|&item| self.sure(item)).sum();
        for &item in items {
            let share = self.sure(item) / total;
            mean.iter_mut().zip(self.wanted(item)).for_each(|(sum, x)| *sum += share * x);
        }
        mean
    }

    /// The weighted squared distance of what is predicted from the vectors of `items`.
    fn error(&self, items: &[u32], predicted: impl Fn(u32) -> Vec<f32>) -> f64 {
        let of = |&item: &u32| {
            let pairs = self.wanted(item).into_iter().zip(predicted(item));
            f64::from(self.sure(item)) * pairs.map(|(a, b)| f64::from(a - b) * f64::from(a - b)).sum::<f64>()
        };
        items.iter().map(of).sum()
    }

    /// As the device runs it; what is beyond all bounds is as far off as can be.
    fn predicted(&self, spec: &ContentSpec, item: u32) -> Vec<f32> {
        let features = spec.shape.features(|column| attribute(self.columns, column, item));
        let row = |feature: u32| spec.rows[feature as usize * WIDTH..][..WIDTH].to_vec();
        content_vector(&spec.shape, &spec.layers, row, &features).unwrap_or_else(|_| vec![f32::INFINITY; self.dim])
    }

    fn spec(&self, rows: &Table, weights: &Weights) -> ContentSpec {
        let layer = |(n, (shape, _)): (usize, &(LayerShape, Activation))| {
            let stored = weights.values(&format!("{}.weight", name(n)));
            let column = |input: usize| stored[input..].iter().step_by(shape.inputs).copied();
            let bias = weights.values(&format!("{}.bias", name(n))).to_vec();
            Dense { weight: (0..shape.inputs).flat_map(column).collect(), bias }
        };
        let layers = self.shape.layers.iter().enumerate().map(layer).collect();
        ContentSpec { shape: self.shape.clone(), rows: rows.numbers.values.clone(), layers }
    }
}

/// The layers over sums of rows (B, width): (B, d).
fn run(leaves: &Leaves, sums: Tensor<2>) -> Tensor<2> {
    leaves.dense(&name(1), relu(leaves.dense(&name(0), sums)))
}

fn name(n: usize) -> String {
    format!("content.layer.{n}")
}

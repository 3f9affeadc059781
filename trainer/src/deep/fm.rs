//! Factorisation machines over sparse attributes (Rendle 2010, "Factorization Machines"), and layers over the same vectors beside them
//! (Guo et al. 2017, "DeepFM").
//!
//! Every feature has a vector of width k: each item, each attribute of it, each item of a history, each hour and weekday, each situation,
//! each attribute of a user. With u the sum
//! of those of the history and the request, and i the sum of those of an item, a score is `u . i + b_i` and what layers make of all
//! fields side by side, `b_i` being the item's linear terms and the products among its own features. What the user's own features say to
//! each other is the same for every item and is left out.

use std::cell::RefCell;

use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use proclivity::model::{Column, FieldShape, features};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::architecture::{SMALL, small};
use super::attributes::{attribute, fields};
use super::fm_batch::{Features, FmBatch, FmExample};
use super::fm_layout::{FmLayout, FmRows, field_names};
use super::learner::{EpochLoss, falling_rate};
use super::loss::binary_loss;
use super::options::DeepOptions;
use super::request::{RequestFields, starts};
use super::sequences::{ordered, split};
use super::tower::Dropout;
use super::weights::{Leaves, Table, Weights, state};
use crate::dataset::{Interactions, Negatives, PairStats};
use crate::error::Result;
use crate::families::{Learner, State, Training, Vectors, epoch_rng};

/// Histories in a batch, latest items of one that are learnt from, and pairs held against each that was taken.
const BATCH: usize = 32;
const LENGTH: usize = 512;
const NEGATIVES: usize = 4;
/// Share of fields of a request of which nothing is told while learning.
const UNTOLD: f64 = 0.1;
/// The widths of a deep one: of the vectors and of the first layer, as shares of the width on the device.
const VECTOR_SHARE: usize = 2;
const LAYER_SHARE: usize = 4;

const BIAS: &str = "pair.bias";

/// A factorisation machine in training.
pub struct FactorisationMachine<'a> {
    options: DeepOptions,
    data: &'a Interactions,
    /// (item, strength) of each user, the latest last.
    users: Vec<Vec<(u32, f32)>>,
    seed: u64,
    epochs: usize,
    device: Device,
    /// Width k of a feature's vector, and of the first two layers; none of a machine without.
    width: usize,
    layers: Option<[usize; 2]>,
    item_fields: Vec<FieldShape>,
    /// Of each item, features being counted through all attributes.
    attributes: Vec<Features>,
    weights: Weights,
    /// (n, k + 1), a vector and a linear term each.
    items: Table,
    /// (attributes, k + 1).
    features: Table,
    /// (n, k).
    given: Table,
    request: RequestFields,
    /// (features of requests, k).
    requests: Table,
    /// Steps so far, (1).
    steps: Vec<f32>,
}

impl<'a> FactorisationMachine<'a> {
    /// Random weights; of items and users there are columns with one value each.
    pub fn new(
        deep: bool,
        training: Training<'a>,
        [columns, user_columns]: [&[Column]; 2],
        epochs: usize,
        options: &DeepOptions,
    ) -> FactorisationMachine<'a> {
        let Training { data, strengths, dim, seed } = training;
        let first = dim / LAYER_SHARE;
        let layers = deep.then_some([first, options.deep_hidden.unwrap_or(first)]);
        let width = if deep { dim / VECTOR_SHARE } else { dim };
        let item_fields = fields(columns);
        let starts: Vec<u32> = starts(&item_fields);
        let of_item = |item: u32| -> Features {
            let all = features(&item_fields, |column| attribute(columns, column, item));
            let field = |feature: u32| starts.partition_point(|&start| start <= feature) - 1;
            all.into_iter().map(|(feature, weight)| (field(feature), feature, weight)).collect()
        };
        let mut rng = epoch_rng(seed, 0);
        let mut table = |rows: usize, width: usize| Table::new(width, small(rows * width, SMALL, &mut rng));
        let count = data.items.len();
        let (items, given) = (table(count, width + 1), table(count, width));
        let features = table(item_fields.iter().map(FieldShape::count).sum(), width + 1);
        let request = RequestFields::new(data, user_columns);
        let requests = table(request.count() as usize, width);
        let mut weights = Weights::default();
        weights.add(BIAS, vec![1], vec![0.0]);
        if let Some([first, second]) = layers {
            let fields = 2 + item_fields.len() + request.fields.len();
            // As one layer over all fields would begin.
            let bound = (6.0 / (fields * width + first) as f32).sqrt();
            for name in field_names(request.fields.len(), item_fields.len()) {
                let values = (0..first * width).map(|_| bound * (2.0 * rng.random::<f32>() - 1.0)).collect();
                weights.add(&name, vec![first, width], values);
            }
            weights.add("pair.layer.0.bias", vec![first], vec![0.0; first]);
            weights.add_dense("pair.layer.1", first, second, &mut rng);
            weights.add_dense("pair.layer.2", second, 1, &mut rng);
        }
        FactorisationMachine {
            options: options.clone(),
            data,
            users: ordered(data, strengths),
            seed,
            epochs,
            device: options.deep_device.open(),
            width,
            layers,
            attributes: (0..count as u32).map(of_item).collect(),
            item_fields,
            weights,
            items,
            features,
            given,
            request,
            requests,
            steps: vec![0.0],
        }
    }

    /// What an epoch learns from, in its order: a part of each history asked for given the rest, at the moment it was taken.
    fn examples(&self, rng: &mut ChaCha8Rng) -> Vec<FmExample> {
        let negatives = Negatives::Uniform(self.data.items.len() as u32);
        let count = self.options.deep_negatives.unwrap_or(NEGATIVES);
        let mut examples = Vec::new();
        for (user, history) in self.users.iter().enumerate().filter(|(_, history)| history.len() > 1) {
            let part = split(history, self.options.deep_length.unwrap_or(LENGTH), rng);
            let mut owned: Vec<u32> = history.iter().map(|&(item, _)| item).collect();
            owned.sort_unstable();
            let pairs = self.data.pairs_of(user);
            let mut asked = Vec::new();
            for (_, item) in part.targets {
                let pair = pairs.iter().find(|pair| pair.item == item).expect("an item of the history");
                let request = self.request(user, pair, rng);
                asked.push((item, 1.0, request.clone()));
                for _ in 0..count {
                    let other = negatives.draw(|item| owned.binary_search(&item).is_ok(), rng);
                    asked.extend(other.map(|item| (item, 0.0, request.clone())));
                }
            }
            examples.push(FmExample { history: part.history, asked });
        }
        examples.shuffle(rng);
        examples
    }

    /// Which features of requests the log has; what stands for none is one of them.
    fn told(&self) -> Vec<bool> {
        let mut told = vec![false; self.request.count() as usize];
        (0..self.request.fields.len()).for_each(|field| told[self.request.missing(field) as usize] = true);
        for user in 0..self.data.users.len() {
            for pair in self.data.pairs_of(user) {
                let features = self.request.features(user, pair.last, pair.situation);
                features.into_iter().for_each(|feature| told[feature as usize] = true);
            }
        }
        told
    }

    /// The features of the request that a user took a pair's item at, some of them not told.
    fn request(&self, user: usize, pair: &PairStats, rng: &mut ChaCha8Rng) -> Vec<u32> {
        let mut features = self.request.features(user, pair.last, pair.situation);
        for (field, feature) in features.iter_mut().enumerate() {
            if rng.random_bool(UNTOLD) {
                *feature = self.request.missing(field);
            }
        }
        features
    }

    /// One step down, unless the loss is beyond all bounds; the loss a pair.
    fn step(&mut self, batch: &FmBatch, rate: f64, rng: &mut ChaCha8Rng) -> f64 {
        let step = self.options.step(rate, self.steps[0] as i32 + 1, None);
        let used = [&batch.items, &batch.features, &batch.given, &batch.requests];
        for (table, rows) in self.tables().into_iter().zip(used) {
            table.catch_up(rows.iter().copied(), step);
        }
        let leaves = self.weights.leaves(&self.device);
        let device = self.device.clone();
        let rows: Vec<Tensor<2>> =
            self.tables().into_iter().zip(used).map(|(table, rows)| table.leaf(rows, &device)).collect();
        let scores = self.scores(batch, &leaves, &rows, Some(rng));
        let taken = matrix(batch.taken.clone(), 1, &self.device);
        let loss = binary_loss(scores, taken) / batch.taken.len() as f64;
        let told = f64::from(loss.clone().into_scalar::<f32>());
        if !told.is_finite() {
            return told;
        }
        let mut slopes = loss.backward();
        self.steps[0] += 1.0;
        self.weights.descend(&leaves, &mut slopes, step);
        for ((table, rows), leaf) in self.tables().into_iter().zip(used).zip(&rows) {
            table.descend(rows, leaf, &mut slopes, step);
        }
        told
    }

    /// The scores of the pairs of a batch, (P, 1), of rows of the four tables. With random numbers a share of the layers' inputs is left
    /// out.
    fn scores(&self, batch: &FmBatch, leaves: &Leaves, rows: &[Tensor<2>], rng: Option<&mut ChaCha8Rng>) -> Tensor<2> {
        let (k, device) = (self.width, &self.device);
        let [items, features, given, requests] = rows else { unreachable!("four tables") };
        let vector = |of: &Tensor<2>| of.clone().narrow(1, 0, k);
        let linear = |of: &Tensor<2>| of.clone().narrow(1, k, 1);
        // Items: the sum of their features' vectors, the linear terms and the products among them.
        let mut parts = vec![vector(items)];
        let mut bias = linear(items);
        let count = batch.items.len();
        for (first, bag) in &batch.bags {
            let width = bag.len() / count;
            let rows = matrix(bag.clone(), width, device).matmul(features.clone().narrow(0, *first, width));
            parts.push(vector(&rows));
            bias = bias + linear(&rows);
        }
        let sum = parts.iter().skip(1).fold(parts[0].clone(), |sum, part| sum + part.clone());
        let squares = parts
            .iter()
            .fold(Tensor::zeros([count, 1], device), |all, part| all + (part.clone() * part.clone()).sum_dim(1));
        bias = bias + ((sum.clone() * sum.clone()).sum_dim(1) - squares) * 0.5;
        // Users: what a history sums up to, and what the request of each pair tells.
        let pooled = matrix(batch.histories.clone(), batch.given.len(), device).matmul(given.clone());
        let places =
            |places: &[i32]| Tensor::<1, Int>::from_data(TensorData::new(places.to_vec(), [places.len()]), device);
        let (of_history, of_item) = (places(&batch.asked), places(&batch.targets));
        let of_request: Vec<_> = batch.told.iter().map(|told| places(told)).collect();
        let user = of_request.iter().fold(pooled.clone().select(0, of_history.clone()), |sum, told| {
            sum + requests.clone().select(0, told.clone())
        });
        let scores = (user * sum.select(0, of_item.clone())).sum_dim(1) + bias.select(0, of_item.clone());
        let scores = scores + leaves.get(BIAS);
        if self.layers.is_none() {
            return scores;
        }
        let through = |name: &str, x: Tensor<2>| x.matmul(leaves.get(name).transpose());
        let names = field_names(self.request.fields.len(), self.item_fields.len());
        let (of_users, of_items) = names.split_at(1 + of_request.len());
        let item_half = parts
            .into_iter()
            .zip(of_items)
            .map(|(part, name)| through(name, part))
            .reduce(|a, b| a + b)
            .expect("an item's own vector");
        let mut first = (item_half + leaves.get("pair.layer.0.bias")).select(0, of_item);
        first = first + through(&of_users[0], pooled).select(0, of_history);
        for (told, name) in of_request.into_iter().zip(&of_users[1..]) {
            first = first + through(name, requests.clone()).select(0, told);
        }
        let mut hidden = relu(first);
        if let Some(rng) = rng {
            let share = self.options.deep_dropout.unwrap_or(0.2) as f32;
            hidden = Dropout { share, rng: RefCell::new(rng) }.of(hidden);
        }
        scores + leaves.dense("pair.layer.2", relu(leaves.dense("pair.layer.1", hidden)))
    }

    /// The tables, in the order of a batch's rows.
    fn tables(&mut self) -> [&mut Table; 4] {
        [&mut self.items, &mut self.features, &mut self.given, &mut self.requests]
    }

    /// What an item is made of: its linear term, and the vectors of itself and of each attribute.
    fn parts(&self, item: usize) -> (f32, Vec<Vec<f32>>) {
        let k = self.width;
        let own = &self.items.numbers.values[item * (k + 1)..][..k + 1];
        let mut parts = vec![vec![0.0f32; k]; 1 + self.item_fields.len()];
        let mut linear = own[k];
        parts[0].copy_from_slice(&own[..k]);
        for &(field, feature, weight) in &self.attributes[item] {
            let row = &self.features.numbers.values[feature as usize * (k + 1)..][..k + 1];
            parts[1 + field].iter_mut().zip(row).for_each(|(sum, x)| *sum += weight * x);
            linear += weight * row[k];
        }
        (linear, parts)
    }
}

impl Learner for FactorisationMachine<'_> {
    fn name(&self) -> &'static str {
        if self.layers.is_some() { "deepfm" } else { "fm" }
    }

    fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let mut rng = epoch_rng(self.seed, epoch);
        let examples = self.examples(&mut rng);
        let rate = falling_rate(self.options.deep_learning_rate, epoch, self.epochs);
        let steps = self.steps[0] as i32;
        self.tables().into_iter().for_each(|table| table.begin_at(steps));
        let mut losses = EpochLoss::default();
        for some in examples.chunks(self.options.deep_batch.unwrap_or(BATCH)) {
            let attributes = (&self.attributes[..], self.item_fields.len());
            let batch = FmBatch::new(some, attributes, (self.request.fields.len(), self.request.count()));
            let loss = self.step(&batch, rate, &mut rng);
            losses.add(loss, batch.taken.len(), self.name(), epoch)?;
        }
        let step = self.options.step(rate, self.steps[0] as i32 + 1, None);
        self.tables().into_iter().for_each(|table| table.catch_up_all(step));
        Ok(losses.mean())
    }

    fn vectors(&self) -> Vectors {
        let k = self.width;
        let mut requests = self.requests.numbers.values.clone();
        let starts = starts(&self.request.fields);
        // Of an hour in which nothing was ever done is known what is known of one that is not told.
        for (feature, _) in self.told().into_iter().enumerate().filter(|(_, told)| !told) {
            let field = starts.partition_point(|&start| start as usize <= feature) - 1;
            let missing = self.request.missing(field) as usize;
            requests.copy_within(missing * k..(missing + 1) * k, feature * k);
        }
        let layout = FmLayout {
            width: k,
            hidden: &self.layers.map_or(Vec::new(), Vec::from),
            request: &self.request.fields,
            attributes: self.item_fields.len(),
            weights: &self.weights,
        };
        layout.vectors(FmRows {
            items: &mut (0..self.data.items.len()).map(|item| self.parts(item)),
            given: &self.given.numbers.values,
            requests: &requests,
        })
    }

    fn state(&mut self) -> State<'_> {
        let tables = [
            ("items", &mut self.items),
            ("features", &mut self.features),
            ("given", &mut self.given),
            ("requests", &mut self.requests),
        ];
        state(&mut self.steps, &mut self.weights, tables.into_iter())
    }
}

fn matrix(values: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let rows = values.len() / columns.max(1);
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

#[cfg(test)]
mod tests;

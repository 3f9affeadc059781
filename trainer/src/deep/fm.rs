//! Factorisation machines over sparse attributes (Rendle 2010, "Factorization Machines"), and layers over the same vectors beside them
//! (Guo et al. 2017, "DeepFM").
//!
//! Every feature has a vector of width k: each item, each attribute of it, each item of a history, each hour and weekday. With u the sum
//! of those of the history and the moment, and i the sum of those of an item, a score is `u . i + b_i` and what layers make of all
//! fields side by side, `b_i` being the item's linear terms and the products among its own features. What the user's own features say to
//! each other is the same for every item and is left out.
//!
//! The first layer is a sum over fields, so that each field's part is a number of its own: on the device an item is `[i | a | 0]` with its
//! half a of the first layer, a feature of the user `[u | 0 | b]`, their dot is that of the first parts, and the device's first layer adds
//! a and b.

use std::cell::RefCell;

use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use proclivity::model::{
    Column, ContextShape, ContextSpec, DenseLayer, FieldShape, Precision, RankerSpec, UserTower, features,
};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::architecture::small;
use super::attributes::{attribute, fields};
use super::clock;
use super::fm_batch::{FmBatch, FmExample};
use super::learner::falling_rate;
use super::loss::binary_loss;
use super::options::DeepOptions;
use super::sequences::{ordered, split};
use super::tower::Dropout;
use super::weights::{Leaves, Step, Table, Weights, state};
use crate::dataset::{Interactions, Negatives};
use crate::error::{CliError, Result};
use crate::families::{Learner, State, Training, Vectors, epoch_rng};

/// Histories in a batch, latest items of one that are learnt from, and pairs held against each that was taken.
const BATCH: usize = 32;
const LENGTH: usize = 512;
const NEGATIVES: usize = 4;
/// Share of moments of which nothing is told while learning.
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
    /// (field, feature among all attributes, weight) of each item.
    attributes: Vec<Vec<(usize, u32, f32)>>,
    weights: Weights,
    /// (n, k + 1), a vector and a linear term each.
    items: Table,
    /// (attributes, k + 1).
    features: Table,
    /// (n, k).
    given: Table,
    /// (moments, k).
    moments: Table,
    /// Steps so far, (1).
    steps: Vec<f32>,
}

impl<'a> FactorisationMachine<'a> {
    /// Random weights; `columns` have one value an item.
    pub fn new(
        deep: bool,
        training: Training<'a>,
        columns: &[Column],
        epochs: usize,
        options: &DeepOptions,
    ) -> FactorisationMachine<'a> {
        let Training { data, strengths, dim, seed } = training;
        let first = dim / LAYER_SHARE;
        let layers = deep.then_some([first, options.deep_hidden.unwrap_or(first)]);
        let width = if deep { dim / VECTOR_SHARE } else { dim };
        let item_fields = fields(columns);
        let starts: Vec<u32> = starts(&item_fields);
        let of_item = |item: u32| -> Vec<(usize, u32, f32)> {
            let all = features(&item_fields, |column| attribute(columns, column, item));
            let field = |feature: u32| starts.partition_point(|&start| start <= feature) - 1;
            all.into_iter().map(|(feature, weight)| (field(feature), feature, weight)).collect()
        };
        let mut rng = epoch_rng(seed, 0);
        let mut table = |rows: usize, width: usize| Table::new(width, small(rows * width, &mut rng));
        let count = data.items.len();
        let (items, given) = (table(count, width + 1), table(count, width));
        let features = table(item_fields.iter().map(FieldShape::count).sum(), width + 1);
        let moments = table(clock::fields().iter().map(FieldShape::count).sum(), width);
        let mut weights = Weights::default();
        weights.add(BIAS, vec![1], vec![0.0]);
        if let Some([first, second]) = layers {
            let fields = 2 + item_fields.len() + clock::fields().len();
            // As one layer over all fields would begin.
            let bound = (6.0 / (fields * width + first) as f32).sqrt();
            for name in field_names(item_fields.len()) {
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
            device: Device::flex().autodiff(),
            width,
            layers,
            attributes: (0..count as u32).map(of_item).collect(),
            item_fields,
            weights,
            items,
            features,
            given,
            moments,
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
                let time = pairs.iter().find(|pair| pair.item == item).map(|pair| pair.last);
                let moment = self.moment(time, rng);
                asked.push((item, 1.0, moment));
                for _ in 0..count {
                    let other = negatives.draw(|item| owned.binary_search(&item).is_ok(), rng);
                    asked.extend(other.map(|item| (item, 0.0, moment)));
                }
            }
            examples.push(FmExample { history: part.history, asked });
        }
        examples.shuffle(rng);
        examples
    }

    /// Which features of moments the log has; what stands for none is one of them.
    fn told(&self) -> Vec<bool> {
        let mut told = vec![false; clock::count() as usize];
        (0..clock::fields().len()).for_each(|field| told[clock::missing(field) as usize] = true);
        if self.data.has_time {
            let pairs = (0..self.data.users.len()).flat_map(|user| self.data.pairs_of(user));
            pairs.flat_map(|pair| clock::features(pair.last)).for_each(|feature| told[feature as usize] = true);
        }
        told
    }

    /// The features of a moment, some of them not told.
    fn moment(&self, time: Option<i64>, rng: &mut ChaCha8Rng) -> [u32; 2] {
        let told = time.filter(|_| self.data.has_time).map(clock::features);
        std::array::from_fn(|field| match told {
            Some(told) if !rng.random_bool(UNTOLD) => told[field],
            _ => clock::missing(field),
        })
    }

    /// One step down, unless the loss is beyond all bounds; the loss a pair.
    fn step(&mut self, batch: &FmBatch, rate: f64, rng: &mut ChaCha8Rng) -> f64 {
        let step =
            Step { rate: rate as f32, number: self.steps[0] as i32 + 1, decay: self.options.deep_weight_decay as f32 };
        let used = [&batch.items, &batch.features, &batch.given, &batch.moments];
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
        let [items, features, given, moments] = rows else { unreachable!("four tables") };
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
        // Users: what a history sums up to, and the moment of each pair.
        let pooled = matrix(batch.histories.clone(), batch.given.len(), device).matmul(given.clone());
        let places =
            |places: &[i32]| Tensor::<1, Int>::from_data(TensorData::new(places.to_vec(), [places.len()]), device);
        let (of_history, of_item) = (places(&batch.asked), places(&batch.targets));
        let of_moment: Vec<_> = batch.told.iter().map(|told| places(told)).collect();
        let user = of_moment.iter().fold(pooled.clone().select(0, of_history.clone()), |sum, told| {
            sum + moments.clone().select(0, told.clone())
        });
        let scores = (user * sum.select(0, of_item.clone())).sum_dim(1) + bias.select(0, of_item.clone());
        let scores = scores + leaves.get(BIAS);
        if self.layers.is_none() {
            return scores;
        }
        let through = |name: &str, x: Tensor<2>| x.matmul(leaves.get(name).transpose());
        let names = field_names(self.item_fields.len());
        let (of_users, of_items) = names.split_at(1 + of_moment.len());
        let item_half = parts
            .into_iter()
            .zip(of_items)
            .map(|(part, name)| through(name, part))
            .reduce(|a, b| a + b)
            .expect("an item's own vector");
        let mut first = (item_half + leaves.get("pair.layer.0.bias")).select(0, of_item);
        first = first + through(&of_users[0], pooled).select(0, of_history);
        for (told, name) in of_moment.into_iter().zip(&of_users[1..]) {
            first = first + through(name, moments.clone()).select(0, told);
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
        [&mut self.items, &mut self.features, &mut self.given, &mut self.moments]
    }

    /// `W x` of a field's part of the first layer, nothing without layers.
    fn half(&self, name: &str, x: &[f32]) -> Vec<f32> {
        let Some([first, _]) = self.layers else { return Vec::new() };
        let weight = self.weights.values(name);
        (0..first).map(|n| weight[n * self.width..][..self.width].iter().zip(x).map(|(w, x)| w * x).sum()).collect()
    }

    /// An item's vector on the device, and its bias.
    fn row(&self, item: u32) -> (Vec<f32>, f32) {
        let k = self.width;
        let names = field_names(self.item_fields.len());
        let own = &self.items.numbers.values[item as usize * (k + 1)..][..k + 1];
        let mut parts = vec![vec![0.0f32; k + 1]; 1 + self.item_fields.len()];
        parts[0].copy_from_slice(own);
        for &(field, feature, weight) in &self.attributes[item as usize] {
            let row = &self.features.numbers.values[feature as usize * (k + 1)..][..k + 1];
            parts[1 + field].iter_mut().zip(row).for_each(|(sum, x)| *sum += weight * x);
        }
        let mut sum = vec![0.0f32; k + 1];
        let mut half = match self.layers {
            Some(_) => self.weights.values("pair.layer.0.bias").to_vec(),
            None => Vec::new(),
        };
        let mut squares = 0.0f32;
        for (part, name) in parts.iter().zip(&names[1 + clock::fields().len()..]) {
            sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
            squares += part[..k].iter().map(|x| x * x).sum::<f32>();
            half.iter_mut().zip(self.half(name, &part[..k])).for_each(|(sum, x)| *sum += x);
        }
        let all: f32 = sum[..k].iter().map(|x| x * x).sum();
        let bias = sum[k] + 0.5 * (all - squares);
        let gap = vec![0.0; half.len()];
        ([&sum[..k], &half, &gap].concat(), bias)
    }

    /// What a feature of the user adds on the device.
    fn user_row(&self, name: &str, vector: &[f32]) -> Vec<f32> {
        let half = self.half(name, vector);
        [vector, &vec![0.0; half.len()], &half].concat()
    }

    /// The layers on the device: the first adds the halves.
    fn ranker(&self) -> Option<RankerSpec> {
        let [first, second] = self.layers?;
        let (k, dim) = (self.width, self.width + 2 * first);
        let mut weight = vec![0.0; first * 2 * dim];
        for (n, row) in weight.chunks_exact_mut(2 * dim).enumerate() {
            row[k + first + n] = 1.0;
            row[dim + k + n] = 1.0;
        }
        let layer = |n: usize, inputs: usize, outputs: usize| {
            let of = |part: &str| self.weights.values(&format!("pair.layer.{n}.{part}")).to_vec();
            DenseLayer { weight: of("weight"), bias: of("bias"), inputs, outputs }
        };
        let halves = DenseLayer { weight, bias: vec![0.0; first], inputs: 2 * dim, outputs: first };
        Some(RankerSpec {
            layers: vec![halves, layer(1, first, second), layer(2, second, 1)],
            skip: 1.0,
            candidates: None,
            precision: Precision::F32,
        })
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
        let (mut sum, mut count) = (0.0, 0);
        for (number, some) in examples.chunks(self.options.deep_batch.unwrap_or(BATCH)).enumerate() {
            let batch = FmBatch::new(some, &self.attributes, self.item_fields.len());
            let loss = self.step(&batch, rate, &mut rng);
            if !loss.is_finite() {
                let found = format!(
                    "a loss of {loss} at batch {} of epoch {epoch}; a lower --deep-learning-rate may help",
                    number + 1
                );
                return Err(CliError::Diverged { stage: self.name(), found });
            }
            sum += loss * batch.taken.len() as f64;
            count += batch.taken.len();
        }
        let step =
            Step { rate: rate as f32, number: self.steps[0] as i32 + 1, decay: self.options.deep_weight_decay as f32 };
        self.tables().into_iter().for_each(|table| table.catch_up_all(step));
        Ok(sum / count.max(1) as f64)
    }

    fn vectors(&self) -> Vectors {
        let (mut rows, mut bias) = (Vec::new(), Vec::new());
        for item in 0..self.data.items.len() as u32 {
            let (row, own) = self.row(item);
            rows.extend(row);
            bias.push(own);
        }
        let names = field_names(self.item_fields.len());
        let of = |table: &Table, name: &dyn Fn(usize) -> usize| -> Vec<f32> {
            let rows = table.numbers.values.chunks_exact(self.width).enumerate();
            rows.flat_map(|(n, row)| self.user_row(&names[name(n)], row)).collect()
        };
        let moment = |feature: usize| 1 + usize::from(feature as u32 >= clock::first(1));
        let mut moments = of(&self.moments, &moment);
        let width = moments.len() / clock::count() as usize;
        // Of an hour in which nothing was ever done is known what is known of one that is not told.
        for (feature, _) in self.told().into_iter().enumerate().filter(|(_, told)| !told) {
            let missing = clock::missing(moment(feature) - 1) as usize;
            moments.copy_within(missing * width..(missing + 1) * width, feature * width);
        }
        let context = ContextSpec { shape: ContextShape { fields: clock::fields(), always: true }, rows: moments };
        Vectors {
            dim: rows.len() / self.data.items.len(),
            rows,
            bias: Some(bias),
            tower: UserTower::Pool { power: 0.5 },
            user_rows: Some(of(&self.given, &|_| 0)),
            network: None,
            ranker: self.ranker(),
            context: Some(context),
        }
    }

    fn state(&mut self) -> State<'_> {
        let tables = [
            ("items", &mut self.items),
            ("features", &mut self.features),
            ("given", &mut self.given),
            ("moments", &mut self.moments),
        ];
        state(&mut self.steps, &mut self.weights, tables.into_iter())
    }
}

/// The first layer's parts: of the history, of each field of the moment, of the item itself, of each of its attributes.
fn field_names(attributes: usize) -> Vec<String> {
    let moments = (0..clock::fields().len()).map(|n| format!("pair.moment.{n}.weight"));
    let attributes = (0..attributes).map(|n| format!("pair.attribute.{n}.weight"));
    ["pair.history.weight".to_owned()]
        .into_iter()
        .chain(moments)
        .chain(["pair.item.weight".to_owned()])
        .chain(attributes)
        .collect()
}

/// The first feature of each field.
fn starts(fields: &[FieldShape]) -> Vec<u32> {
    let mut first = 0;
    let start = |field: &FieldShape| {
        let start = first;
        first += field.count() as u32;
        start
    };
    fields.iter().map(start).collect()
}

fn matrix(values: Vec<f32>, columns: usize, device: &Device) -> Tensor<2> {
    let rows = values.len() / columns.max(1);
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

#[cfg(test)]
mod tests;

//! A network in training.

use std::cell::RefCell;
use std::f64::consts::PI;

use burn::tensor::{Device, Int, Tensor, TensorData};
use proclivity::model::{Body, NetworkSpec, UserTower};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::architecture::{Architecture, DeepFamily, SPREAD, item_layer, small};
use super::batch::{Batch, candidates};
use super::loss::{divergence, softmax_loss};
use super::options::DeepOptions;
use super::sequences::{examples, ordered};
use super::tower::{Dropout, Tower};
use super::weights::{Leaves, Moving, Step, Table, Weights, numbers};
use crate::dataset::Interactions;
use crate::error::{CliError, Result};
use crate::families::{Learner, State, Training, Vectors, epoch_rng};

/// What the step falls to in the last epoch, of that in the first.
const LAST_RATE: f64 = 0.1;
/// Items whose vectors are worked out at a time for a model.
const CHUNK: usize = 4096;

/// A network in training.
pub struct Deep<'a> {
    architecture: Architecture,
    options: DeepOptions,
    data: &'a Interactions,
    /// (item, strength) of each user, the latest last.
    users: Vec<Vec<(u32, f32)>>,
    seed: u64,
    /// Epochs of the whole training.
    epochs: usize,
    device: Device,
    weights: Weights,
    items: Table,
    /// Rows of the history, where these are not the items' own.
    given: Option<Table>,
    /// Steps so far, (1).
    steps: Vec<f32>,
}

impl<'a> Deep<'a> {
    /// Random weights.
    pub fn new(family: DeepFamily, training: Training<'a>, epochs: usize, options: &DeepOptions) -> Deep<'a> {
        let Training { data, strengths, dim, seed } = training;
        let architecture = Architecture::new(family, dim, options);
        let mut rng = epoch_rng(seed, 0);
        let mut table = |width: usize| Table::new(width, small(data.items.len() * width, &mut rng));
        let items = table(dim);
        let given = (!family.shares_rows()).then(|| table(architecture.network.width));
        Deep {
            weights: architecture.weights(&mut rng),
            users: ordered(data, strengths),
            architecture,
            options: options.clone(),
            data,
            seed,
            epochs,
            device: Device::flex().autodiff(),
            items,
            given,
            steps: vec![0.0],
        }
    }

    /// One step down; the loss a target.
    fn step(&mut self, batch: &Batch, rate: f64, kl: f64, rng: &mut ChaCha8Rng) -> f64 {
        let leaves = self.weights.leaves(&self.device);
        let items = self.items.leaf(&batch.items, &self.device);
        let given = self.given.as_ref().map(|given| given.leaf(&batch.given, &self.device));
        let dropout = Dropout { share: self.options.dropout(self.architecture.family) as f32, rng: RefCell::new(rng) };
        let tower = Tower { shape: &self.architecture.network, leaves: &leaves, dropout: &dropout };
        let (queries, apart) = self.queries(&tower, batch, given.as_ref().unwrap_or(&items));
        let vectors = self.item_vectors(&leaves, items.clone());
        let targets = (
            self.places(&batch.asked),
            vectors.clone().select(0, self.places(&batch.targets)),
            self.column(&batch.hit),
        );
        let weight = (self.data.items.len() as f32 / batch.candidates as f32).max(1.0);
        let asked = batch.targets.len() as f64;
        let loss = softmax_loss(queries, vectors.narrow(0, 0, batch.candidates), weight, targets) / asked;
        let told = f64::from(loss.clone().into_scalar::<f32>());
        let loss = match apart {
            Some(apart) => loss + apart * (kl / asked),
            None => loss,
        };
        let mut slopes = loss.backward();
        self.steps[0] += 1.0;
        let decay = self.options.deep_weight_decay as f32;
        let step = Step { rate: rate as f32, number: self.steps[0] as i32, decay };
        self.weights.descend(&leaves, &mut slopes, step);
        self.items.descend(&batch.items, &items, &mut slopes, step);
        if let (Some(table), Some(leaf)) = (&mut self.given, &given) {
            table.descend(&batch.given, leaf, &mut slopes, step);
        }
        told
    }

    /// The vectors of what is asked (Q, d), of history rows (rows, w); and how far codes lie from a standard normal.
    fn queries(&self, tower: &Tower<'_>, batch: &Batch, rows: &Tensor<2>) -> (Tensor<2>, Option<Tensor<1>>) {
        let (width, shape) = (rows.dims()[1], [batch.rows, batch.steps]);
        let rows = rows.clone().select(0, self.places(&batch.history)).reshape([shape[0], shape[1], width]);
        let family = self.architecture.family;
        if !matches!(self.architecture.network.body, Body::Pool { .. }) {
            let places = tower.places(rows, &batch.valid);
            let width = places.dims()[2];
            let queries = places.reshape([shape[0] * shape[1], width]).select(0, self.places(&batch.queries));
            return (tower.layers(tower.body_end(queries), 0), None);
        }
        // One query a history. What a code is made of is left out in part; sums keep the length of the whole.
        let whole: Vec<f32> = batch.strengths.clone();
        let strengths = |of: Vec<f32>| Tensor::<3>::from_data(TensorData::new(of, [shape[0], shape[1], 1]), &self.device);
        let pooled = match family {
            DeepFamily::MultVae => {
                let factors = tower.dropout.factors(whole.len());
                let kept = strengths(factors) * rows;
                tower.pool(kept, strengths(whole))
            }
            _ => tower.dropout.of(tower.pool(rows, strengths(whole))),
        };
        let body = tower.body_end(pooled);
        if family != DeepFamily::MultVae {
            return (tower.layers(body, 0), None);
        }
        let mean = tower.leaves.dense("user.layer.0", body.clone());
        let spread = tower.leaves.dense(SPREAD, body);
        let noise = Tensor::from_data(TensorData::new(tower.dropout.normal(mean.shape().num_elements()), mean.shape()), &self.device);
        let code = mean.clone() + noise * (spread.clone() * 0.5).exp();
        (tower.layers(code, 1), Some(divergence(mean, spread)))
    }

    /// What scores are made with, of items' rows: (count, w) to (count, d).
    fn item_vectors(&self, leaves: &Leaves, rows: Tensor<2>) -> Tensor<2> {
        let last = self.architecture.item_layers.len();
        (0..last).fold(rows, |x, n| {
            let x = leaves.dense(&item_layer(n), x);
            if n + 1 < last { burn::tensor::activation::relu(x) } else { x }
        })
    }

    fn places(&self, places: &[i32]) -> Tensor<1, Int> {
        Tensor::from_data(TensorData::new(places.to_vec(), [places.len()]), &self.device)
    }

    fn column(&self, values: &[f32]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len(), 1]), &self.device)
    }

    /// The items' vectors for the model, (n, d).
    fn rows(&self) -> Vec<f32> {
        if self.architecture.item_layers.is_empty() {
            return self.items.numbers.values.clone();
        }
        let leaves = self.weights.leaves(&self.device);
        let all: Vec<u32> = (0..self.data.items.len() as u32).collect();
        all.chunks(CHUNK).flat_map(|some| numbers(self.item_vectors(&leaves, self.items.leaf(some, &self.device)))).collect()
    }
}

impl Learner for Deep<'_> {
    fn name(&self) -> &'static str {
        self.architecture.family.name()
    }

    fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let mut rng = epoch_rng(self.seed, epoch);
        let examples = examples(&self.users, &self.architecture, self.options.deep_batch, &mut rng);
        let past = (epoch - 1) as f64 / self.epochs.max(2).saturating_sub(1) as f64;
        let falling = LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + (PI * past.min(1.0)).cos());
        let rate = self.options.deep_learning_rate * falling;
        let kl = self.options.deep_kl * (3.0 * epoch as f64 / self.epochs as f64).min(1.0);
        let (mut sum, mut count) = (0.0, 0);
        for (number, some) in examples.chunks(self.options.deep_batch).enumerate() {
            let candidates = candidates(self.data.items.len(), self.options.deep_negatives, &mut rng);
            let batch = Batch::new(some, candidates, self.given.is_none());
            let loss = self.step(&batch, rate, kl, &mut rng);
            if !loss.is_finite() {
                return Err(CliError::Diverged {
                    stage: self.name(),
                    found: format!("a loss of {loss} at batch {} of epoch {epoch}; a lower --deep-learning-rate may help", number + 1),
                });
            }
            sum += loss * batch.targets.len() as f64;
            count += batch.targets.len();
        }
        Ok(sum / count.max(1) as f64)
    }

    fn vectors(&self) -> Vectors {
        let own = self.weights.list.iter().filter(|weight| weight.name.starts_with("user."));
        let tensors = own.map(|weight| (weight.name.clone(), weight.shape.clone(), weight.numbers.values.clone()));
        Vectors {
            rows: self.rows(),
            dim: self.architecture.dim,
            bias: None,
            tower: UserTower::Network,
            user_rows: self.given.as_ref().map(|given| given.numbers.values.clone()),
            network: Some(NetworkSpec { shape: self.architecture.network.clone(), tensors: tensors.collect() }),
        }
    }

    fn state(&mut self) -> State<'_> {
        let weights = self.weights.list.iter_mut().map(|weight| (weight.name.clone(), &mut weight.numbers));
        let given = self.given.iter_mut().map(|given| ("given".to_owned(), &mut given.numbers));
        let mut all: State<'_> = vec![("steps".into(), &mut self.steps)];
        let tables = [("items".to_owned(), &mut self.items.numbers)];
        for (name, Moving { values, mean, square }) in weights.chain(tables).chain(given) {
            let of = |part: &str| format!("{name}.{part}").into();
            all.extend([(of("mean"), mean), (of("square"), square), (name.into(), values)]);
        }
        all
    }
}

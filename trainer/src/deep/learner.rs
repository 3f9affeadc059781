//! A network in training.

use std::cell::RefCell;
use std::collections::HashSet;
use std::f64::consts::PI;

use burn::tensor::{Device, Int, Tensor, TensorData};
use proclivity::profile::FULL_STRENGTH;
use rand_chacha::ChaCha8Rng;

use super::architecture::{Architecture, DeepFamily, SPREAD, small};
use super::batch::{Batch, Candidates};
use super::loss::{binary_loss, divergence, softmax_loss};
use super::options::DeepOptions;
use super::sequences::{examples, ordered};
use super::tower::{Dropout, Tower};
use super::weights::{Table, Weights, state};
use crate::dataset::Interactions;
use crate::error::{CliError, Result};
use crate::families::{Learner, State, Training, Vectors, epoch_rng};

/// What the step falls to in the last epoch, of that in the first.
const LAST_RATE: f64 = 0.1;

/// The step of an epoch, of `epochs`: half a wave of a cosine (Loshchilov and Hutter 2017).
pub fn falling_rate(rate: f64, epoch: usize, epochs: usize) -> f64 {
    let past = (epoch - 1) as f64 / epochs.max(2).saturating_sub(1) as f64;
    rate * (LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + (PI * past.min(1.0)).cos()))
}

/// The mean loss of an epoch, batch by batch.
#[derive(Default)]
pub struct EpochLoss {
    sum: f64,
    count: usize,
    batches: usize,
}

impl EpochLoss {
    /// Adds a batch: the mean loss of `count` targets.
    ///
    /// # Errors
    /// [`CliError::Diverged`], naming the batch, for a loss beyond all bounds.
    pub fn add(&mut self, loss: f64, count: usize, stage: &'static str, epoch: usize) -> Result<()> {
        self.batches += 1;
        if !loss.is_finite() {
            let found = format!(
                "a loss of {loss} at batch {} of epoch {epoch}; a lower --deep-learning-rate may help",
                self.batches
            );
            return Err(CliError::Diverged { stage, found });
        }
        self.sum += loss * count as f64;
        self.count += count;
        Ok(())
    }

    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }
}

/// A network in training.
pub struct Deep<'a> {
    architecture: Architecture,
    options: DeepOptions,
    data: &'a Interactions,
    /// (item, strength) of each user, the latest last.
    users: Vec<Vec<(u32, f32)>>,
    /// What each user bought, where a head tells it.
    bought: Vec<HashSet<u32>>,
    seed: u64,
    /// Epochs of the whole training.
    epochs: usize,
    device: Device,
    weights: Weights,
    items: Table,
    /// Rows of the history, where these are not the items' own.
    given: Option<Table>,
    candidates: Candidates,
    /// Steps so far, (1).
    steps: Vec<f32>,
}

impl<'a> Deep<'a> {
    /// Random weights.
    pub fn new(family: DeepFamily, training: Training<'a>, epochs: usize, options: &DeepOptions) -> Deep<'a> {
        let Training { data, strengths, dim, seed } = training;
        let architecture = Architecture::new(family, dim, options);
        let mut rng = epoch_rng(seed, 0);
        let (count, deviation) = (data.items.len(), family.deviation());
        let mut table = |width: usize| Table::new(width, small(count * width, deviation, &mut rng));
        let items = table(architecture.row_width());
        let given = (!family.shares_rows()).then(|| table(architecture.network.width));
        Deep {
            weights: architecture.weights(&mut rng),
            candidates: Candidates {
                even: architecture.negatives,
                // All of a history is asked for at once: with that of a whole batch nearly everything would be there.
                shares: (family != DeepFamily::MultVae).then(|| target_shares(data)),
                items: data.items.len(),
            },
            users: ordered(data, strengths),
            bought: match architecture.pairs.as_ref().and_then(|pairs| pairs.bought) {
                Some(_) => (0..data.users.len()).map(|user| bought(data, user)).collect(),
                None => Vec::new(),
            },
            architecture,
            options: options.clone(),
            data,
            seed,
            epochs,
            device: options.deep_device.open(),
            items,
            given,
            steps: vec![0.0],
        }
    }

    /// One step down, unless the loss is beyond all bounds; the loss a target.
    fn step(&mut self, batch: &Batch, rate: f64, kl: f64, rng: &mut ChaCha8Rng) -> f64 {
        let step = self.options.step(rate, self.steps[0] as i32 + 1, Some(self.architecture.family));
        self.items.catch_up(batch.items.iter().copied(), step);
        if let Some(given) = &mut self.given {
            given.catch_up(batch.given.iter().copied(), step);
        }
        let leaves = self.weights.leaves(&self.device);
        let items = self.items.leaf(&batch.items, &self.device);
        let given = self.given.as_ref().map(|given| given.leaf(&batch.given, &self.device));
        let dropout = Dropout { share: self.options.dropout(self.architecture.family) as f32, rng: RefCell::new(rng) };
        let tower = Tower { shape: &self.architecture.network, leaves: &leaves, dropout: &dropout };
        let (queries, apart) = self.queries(&tower, batch, given.as_ref().unwrap_or(&items), true);
        let vectors = self.architecture.item_vectors(&leaves, items.clone());
        let targets = vectors.clone().select(0, self.places(&batch.targets));
        let asked = batch.targets.len() as f64;
        let loss = match &self.architecture.pairs {
            Some(pairs) => {
                let users = queries.select(0, self.places(&batch.asked));
                let (taken, bought) = pairs.scores(&leaves, users, targets);
                let loss = binary_loss(taken, self.column(&batch.taken));
                bought.into_iter().fold(loss, |loss, x| loss + binary_loss(x, self.column(&batch.bought)))
            }
            None => {
                let targets = (self.places(&batch.asked), targets, self.column(&batch.hit));
                let count = batch.weights.len();
                let weights = self.column(&batch.weights).reshape([1, count]);
                softmax_loss(queries, vectors.narrow(0, 0, count), weights, targets)
            }
        } / asked;
        let told = f64::from(loss.clone().into_scalar::<f32>());
        if !told.is_finite() {
            return told;
        }
        let loss = match apart {
            Some(apart) => loss + apart * (kl / asked),
            None => loss,
        };
        let mut slopes = loss.backward();
        self.steps[0] += 1.0;
        self.weights.descend(&leaves, &mut slopes, step);
        self.items.descend(&batch.items, &items, &mut slopes, step);
        if let (Some(table), Some(leaf)) = (&mut self.given, &given) {
            table.descend(&batch.given, leaf, &mut slopes, step);
        }
        told
    }

    /// The vectors of what is asked (Q, d), of history rows (rows, w); of codes, which are drawn around their means while `learning`,
    /// how far they lie from a standard normal.
    fn queries(
        &self,
        tower: &Tower<'_>,
        batch: &Batch,
        rows: &Tensor<2>,
        learning: bool,
    ) -> (Tensor<2>, Option<Tensor<1>>) {
        let ([histories, steps], width) = ([batch.rows, batch.steps], rows.dims()[1]);
        let rows = rows.clone().select(0, self.places(&batch.history)).reshape([histories, steps, width]);
        let column = |of: Vec<f32>| Tensor::<3>::from_data(TensorData::new(of, [histories, steps, 1]), &self.device);
        let strengths = column(batch.strengths.clone());
        match self.architecture.family {
            DeepFamily::Gru4rec | DeepFamily::Sasrec => {
                let places = tower.places(rows, &batch.valid);
                let places = places.reshape([histories * steps, tower.shape.body_width()]);
                let queries = places.select(0, self.places(&batch.queries));
                (tower.layers(tower.body_end(queries), 0), None)
            }
            DeepFamily::TwoTower | DeepFamily::Gmf | DeepFamily::Mlp | DeepFamily::NeuMf => {
                let pooled = tower.dropout.of(tower.pool(rows, strengths));
                (tower.layers(tower.body_end(pooled), 0), None)
            }
            DeepFamily::MultVae => {
                // Items are left out, and the sum keeps the length of the whole.
                let kept = column(tower.dropout.factors(histories * steps));
                let body = tower.body_end(tower.pool(rows * kept, strengths));
                let mean = tower.leaves.dense("user.layer.0", body.clone());
                let spread = tower.leaves.dense(SPREAD, body);
                let apart = divergence(mean.clone(), spread.clone());
                let code = if learning { mean + self.noise(tower, spread) } else { mean };
                (tower.layers(code, 1), Some(apart))
            }
        }
    }

    /// Normal noise of these logarithms of variances, (B, z).
    fn noise(&self, tower: &Tower<'_>, spread: Tensor<2>) -> Tensor<2> {
        let normal = TensorData::new(tower.dropout.normal(spread.shape().num_elements()), spread.shape());
        Tensor::from_data(normal, &self.device) * (spread * 0.5).exp()
    }

    fn places(&self, places: &[i32]) -> Tensor<1, Int> {
        Tensor::from_data(TensorData::new(places.to_vec(), [places.len()]), &self.device)
    }

    fn column(&self, values: &[f32]) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len(), 1]), &self.device)
    }
}

/// Items of events of full strength.
fn bought(data: &Interactions, user: usize) -> HashSet<u32> {
    let events = data.events[user].iter().filter(|event| event.strength >= FULL_STRENGTH);
    events.map(|event| event.item).collect()
}

/// The share of each item among all pairs.
fn target_shares(data: &Interactions) -> Vec<f32> {
    let mut shares = vec![0.0f32; data.items.len()];
    let pairs = (0..data.users.len()).flat_map(|user| data.pairs_of(user));
    pairs.for_each(|pair| shares[pair.item as usize] += 1.0);
    let all: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= all.max(1.0));
    shares
}

impl Learner for Deep<'_> {
    fn name(&self) -> &'static str {
        self.architecture.family.name()
    }

    fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let mut rng = epoch_rng(self.seed, epoch);
        let (items, size) = (self.data.items.len(), self.architecture.family.batch(&self.options));
        let examples = examples(&self.users, &self.bought, items, &self.architecture, &mut rng);
        let rate = falling_rate(self.options.deep_learning_rate, epoch, self.epochs);
        let kl = self.options.deep_kl * (3.0 * epoch as f64 / self.epochs as f64).min(1.0);
        [Some(&mut self.items), self.given.as_mut()]
            .into_iter()
            .flatten()
            .for_each(|table| table.begin_at(self.steps[0] as i32));
        let mut losses = EpochLoss::default();
        for some in examples.chunks(size) {
            let candidates = match &self.architecture.pairs {
                Some(_) => Vec::new(),
                None => self.candidates.draw(some, &mut rng),
            };
            let batch = Batch::new(some, candidates, self.given.is_none());
            let loss = self.step(&batch, rate, kl, &mut rng);
            losses.add(loss, batch.targets.len(), self.name(), epoch)?;
        }
        let step = self.options.step(rate, self.steps[0] as i32 + 1, Some(self.architecture.family));
        [Some(&mut self.items), self.given.as_mut()].into_iter().flatten().for_each(|table| table.catch_up_all(step));
        Ok(losses.mean())
    }

    fn vectors(&self) -> Vectors {
        let given = self.given.as_ref().map(|given| &given.numbers.values[..]);
        self.architecture.vectors(&self.weights, &self.items.numbers.values, given)
    }

    fn state(&mut self) -> State<'_> {
        let given = self.given.iter_mut().map(|given| ("given", given));
        state(&mut self.steps, &mut self.weights, [("items", &mut self.items)].into_iter().chain(given))
    }
}

#[cfg(test)]
mod tests;

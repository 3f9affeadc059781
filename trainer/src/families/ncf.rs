//! The neural ranker: an MLP over concat(user, item) (He et al. 2017, "Neural Collaborative Filtering"), trained with
//! binary cross-entropy on sampled negatives, on top of the item vectors as they ship (int8, dequantised).
//!
//! Exported as dense layers (outputs, inputs) from 2 d inputs to one, ReLU between them, and the weight of the retrieval score
//! beside them; the cascade ranks the best by retrieval.

use std::sync::Arc;

use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use clap::Args;
use proclivity::model::{DenseLayer, Model, Precision, RankerSpec};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::mlp::Mlp;
use super::ncf_samples::{Sample, Samples, draw};
use crate::dataset::{Interactions, NegativeSampling};
use crate::error::{CliError, Result};

/// Bounds of the skip weight at the start: the retrieval score counts, and logits stay moderate.
const MIN_SKIP: f64 = 0.1;
const MAX_SKIP: f64 = 50.0;
const BATCH: usize = 2048;
/// How many of the best by retrieval training draws from and validation ranks.
pub const POOL: usize = 200;

/// Settings of the ranker.
#[derive(Debug, Clone, PartialEq, Serialize, Args)]
pub struct NcfOptions {
    /// Epochs at most
    #[arg(id = "ncf_epochs", long = "ncf-epochs", default_value_t = 12)]
    pub epochs: usize,
    /// Widths of the hidden layers, separated by commas
    #[arg(id = "ncf_layers", long = "ncf-layers", value_delimiter = ',', default_value = "64,32")]
    pub layers: Vec<usize>,
    /// How many of the best by retrieval are re-ranked [default: as many as leave 95 % of the top ten in place that ranking
    /// everything gives]
    #[arg(id = "ncf_candidates", long = "ncf-candidates")]
    pub candidates: Option<usize>,
    /// Items not taken, drawn for each item taken
    #[arg(id = "ncf_negatives", long = "ncf-negatives", default_value_t = 4)]
    pub negatives: usize,
    /// Share of those drawn from the retrieval candidates, the others as --ncf-negative-sampling says
    #[arg(id = "ncf_hard_share", long = "ncf-hard-share", default_value_t = 0.9)]
    pub hard_share: f64,
    /// What the other negatives are drawn from
    #[arg(id = "ncf_negative_sampling", long = "ncf-negative-sampling", value_enum, default_value = "uniform")]
    pub negative_sampling: NegativeSampling,
    /// With --ncf-negative-sampling popularity: the power of an item's number of users
    #[arg(id = "ncf_popularity_power", long = "ncf-popularity-power", default_value_t = 0.75)]
    pub popularity_power: f64,
    #[arg(id = "ncf_learning_rate", long = "ncf-learning-rate", default_value_t = 0.001)]
    pub learning_rate: f64,
    #[arg(id = "ncf_weight_decay", long = "ncf-weight-decay", default_value_t = 0.01)]
    pub weight_decay: f32,
    #[arg(skip)]
    pub seed: u64,
}

impl NcfOptions {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        let refused =
            |flag, expected: &str, found: String| Err(CliError::Flag { flag, expected: expected.into(), found });
        if self.layers.is_empty()
            || self.layers.len() > 3
            || self.layers.iter().any(|width| !(1..=1024).contains(width))
        {
            return refused("--ncf-layers", "one to three widths from 1 to 1024", format!("{:?}", self.layers));
        }
        if self.epochs == 0 || self.candidates == Some(0) || self.negatives == 0 {
            return refused("--ncf-epochs, --ncf-candidates and --ncf-negatives", "at least 1", "0".into());
        }
        if !(0.0..=1.0).contains(&self.hard_share) {
            return refused("--ncf-hard-share", "a share from 0 to 1", self.hard_share.to_string());
        }
        if !(0.0..=2.0).contains(&self.popularity_power) {
            return refused("--ncf-popularity-power", "a power from 0 to 2", self.popularity_power.to_string());
        }
        if !(self.learning_rate > 0.0 && self.learning_rate <= 1.0) {
            return refused("--ncf-learning-rate", "a number above 0, at most 1", self.learning_rate.to_string());
        }
        if !(0.0..=1.0).contains(&self.weight_decay) {
            return refused("--ncf-weight-decay", "a number from 0 to 1", self.weight_decay.to_string());
        }
        Ok(())
    }
}

/// A ranker in training.
pub struct Ncf<'a> {
    model: &'a Arc<Model>,
    data: &'a Interactions,
    options: &'a NcfOptions,
    device: Device,
    mlp: Mlp,
    optimizer: ModuleOptimizer,
    /// Width of the vectors as trained; d is that of the model, padded with zeros.
    dim: usize,
    /// Item rows as the device sees them, (n, d).
    items: Vec<f32>,
    /// What the user half and the item half of the input are multiplied by to have unit variance, (2 d).
    input_scale: Vec<f32>,
}

impl<'a> Ncf<'a> {
    /// A ranker that still ranks as `model`'s retrieval does; `dim` is the width of the vectors before padding.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn new(model: &'a Arc<Model>, dim: usize, data: &'a Interactions, options: &'a NcfOptions) -> Result<Ncf<'a>> {
        let items: Vec<f32> = (0..model.item_count() as u32).flat_map(|item| model.embedding(item)).collect();
        let sample = draw(model, data, options, 0)?;
        let halves = [inverse_rms(&sample.users), inverse_rms(&items)];
        let input_scale = halves.iter().flat_map(|&scale| vec![scale; model.dim()]).collect();
        let device = Device::flex().autodiff();
        let widths: Vec<usize> =
            [2 * model.dim()].into_iter().chain(options.layers.iter().copied()).chain([1]).collect();
        let (skip, bias) = calibrate(&sample, &items, model.dim());
        let mlp = Mlp::new(&widths, skip, bias, &mut ChaCha8Rng::seed_from_u64(options.seed), &device);
        let optimizer = AdamWConfig::new().with_weight_decay(options.weight_decay).init();
        Ok(Ncf { model, data, options, device, mlp, optimizer, dim, items, input_scale })
    }

    /// One epoch; returns the mean loss.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn epoch(&mut self, epoch: usize) -> Result<f64> {
        let samples = draw(self.model, self.data, self.options, epoch)?;
        let (mut sum, mut count) = (0.0, 0);
        for batch in samples.rows.chunks(BATCH) {
            let (input, dot, taken) = self.batch(&samples, batch);
            let logits = self.mlp.forward(input, dot);
            let loss = cross_entropy(logits, taken);
            sum += f64::from(loss.clone().into_scalar::<f32>()) * batch.len() as f64;
            count += batch.len();
            let gradients = GradientsParams::from_grads(loss.backward(), &self.mlp);
            self.mlp = self.optimizer.step(self.options.learning_rate, self.mlp.clone(), gradients);
        }
        Ok(sum / count.max(1) as f64)
    }

    /// The ranker as it stands, for the model file.
    pub fn ranker(&self) -> RankerSpec {
        let mut layers = self.mlp.dense_layers(&self.input_scale);
        unpad(&mut layers[0], self.model.dim(), self.dim);
        let candidates = Some(POOL);
        RankerSpec { layers, skip: self.mlp.skip(), candidates, precision: Precision::F32 }
    }

    /// Inputs (batch, 2 d), dots (batch, 1) and labels (batch, 1).
    fn batch(&self, samples: &Samples, rows: &[Sample]) -> (Tensor<2>, Tensor<2>, Tensor<2>) {
        let dim = self.model.dim();
        let mut input = Vec::with_capacity(rows.len() * 2 * dim);
        let mut dots = Vec::with_capacity(rows.len());
        for row in rows {
            let user = &samples.users[row.user as usize * dim..][..dim];
            let item = &self.items[row.item as usize * dim..][..dim];
            input.extend(user.iter().chain(item).zip(&self.input_scale).map(|(x, scale)| x * scale));
            dots.push(dot(samples, &self.items, dim, row));
        }
        let taken = rows.iter().map(|row| if row.taken { 1.0f32 } else { 0.0 }).collect();
        let column = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, [rows.len(), 1]), &self.device);
        let input = Tensor::from_data(TensorData::new(input, [rows.len(), 2 * dim]), &self.device);
        (input, column(dots), column(taken))
    }
}

/// Takes the columns of the padding out of the first layer: (outputs, 2 padded) to (outputs, 2 dim).
fn unpad(layer: &mut DenseLayer, padded: usize, dim: usize) {
    let halves = layer.weight.chunks_exact(padded).flat_map(|half| &half[..dim]);
    layer.weight = halves.copied().collect();
    layer.inputs = 2 * dim;
}

/// Logistic regression of the labels on the dot alone, by Newton's method: (slope, intercept). Training starts here, so
/// that the network has only what the dot cannot say left to learn.
fn calibrate(samples: &Samples, items: &[f32], dim: usize) -> (f32, f32) {
    let points: Vec<(f64, f64)> =
        samples.rows.iter().map(|row| (f64::from(dot(samples, items, dim, row)), f64::from(row.taken))).collect();
    let (mut slope, mut intercept) = (1.0f64, 0.0f64);
    for _ in 0..30 {
        // Gradient and Hessian, with a little ridge that keeps the slope finite where the labels are separable.
        let (mut g, mut h) = ([1e-3 * slope, 0.0], [1e-3, 0.0, 1e-9]);
        for &(x, y) in &points {
            let p = 1.0 / (1.0 + (-(slope * x + intercept)).exp());
            let w = p * (1.0 - p);
            g = [g[0] + (p - y) * x, g[1] + p - y];
            h = [h[0] + w * x * x, h[1] + w * x, h[2] + w];
        }
        let determinant = h[0] * h[2] - h[1] * h[1];
        let step = [(h[2] * g[0] - h[1] * g[1]) / determinant, (h[0] * g[1] - h[1] * g[0]) / determinant];
        if !step.iter().all(|x| x.is_finite()) {
            break;
        }
        slope = (slope - step[0].clamp(-4.0, 4.0)).clamp(MIN_SKIP, MAX_SKIP);
        intercept = (intercept - step[1].clamp(-4.0, 4.0)).clamp(-MAX_SKIP, MAX_SKIP);
    }
    (slope as f32, intercept as f32)
}

fn dot(samples: &Samples, items: &[f32], dim: usize, row: &Sample) -> f32 {
    let user = &samples.users[row.user as usize * dim..][..dim];
    let item = &items[row.item as usize * dim..][..dim];
    user.iter().zip(item).map(|(u, i)| u * i).sum()
}

/// Mean binary cross-entropy of logits x and labels y, stable for large x: `max(x, 0) - x y + ln(1 + exp(-|x|))`.
fn cross_entropy(x: Tensor<2>, y: Tensor<2>) -> Tensor<1> {
    let linear = x.clone().clamp_min(0.0) - x.clone() * y;
    (linear + x.abs().neg().exp().log1p()).mean()
}

fn inverse_rms(values: &[f32]) -> f32 {
    let mean_square = values.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / values.len().max(1) as f64;
    if mean_square > 0.0 { (1.0 / mean_square.sqrt()) as f32 } else { 1.0 }
}

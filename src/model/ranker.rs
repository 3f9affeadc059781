//! The MLP ranker of a cascade, laid out for the kernels: weights transposed, first layer split.

use super::header::Dtype;
use super::limits::{MAX_LAYERS, MAX_WIDTH};
use super::manifest::{CascadeShape, LayerShape};
use super::tensors::{TensorTable, check_finite, typed};
use crate::error::{Error, Result};

/// `score(u, i) = MLP(concat(u, i)) + skip * dot(u, i)`.
///
/// All weights are transposed to (inputs, outputs), so that a kernel adds whole output vectors and needs no horizontal
/// sum. The first layer is split (`W concat(u, i) = W_u u + W_i i`): its user half runs once a query.
#[derive(Debug, Clone)]
pub struct Ranker {
    /// N, how many of the best by dot are ranked.
    pub candidates: usize,
    /// Weight of the retrieval score.
    pub skip: f32,
    /// User half of the first layer, (dim, outputs).
    pub user_half: Vec<f32>,
    /// Layers over items: the first has the item half only, (dim, outputs); then (inputs, outputs).
    pub layers: Vec<RankerLayer>,
}

/// One dense layer, transposed.
#[derive(Debug, Clone)]
pub struct RankerLayer {
    pub shape: LayerShape,
    /// (inputs, outputs), row-major.
    pub weight: Vec<f32>,
    /// (outputs).
    pub bias: Vec<f32>,
}

impl Ranker {
    pub(crate) fn read(table: &TensorTable, file: &[u8], dim: usize, shape: &CascadeShape) -> Result<Ranker> {
        check_shapes(shape, dim)?;
        let mut layers = Vec::with_capacity(shape.layers.len());
        let mut user_half = Vec::new();
        for (n, &layer) in shape.layers.iter().enumerate() {
            let (weight_name, bias_name) = (format!("mlp.{n}.weight"), format!("mlp.{n}.bias"));
            let weight = table.expect(&weight_name, Dtype::F32, &[layer.outputs, layer.inputs])?;
            let bias = table.expect(&bias_name, Dtype::F32, &[layer.outputs])?;
            let weight: &[f32] = typed(file, &weight, &weight_name)?;
            let bias: &[f32] = typed(file, &bias, &bias_name)?;
            check_finite(weight, &weight_name)?;
            check_finite(bias, &bias_name)?;
            let mut transposed = transpose(weight, layer);
            let mut shape = layer;
            if n == 0 {
                let items = transposed.split_off(dim * layer.outputs);
                user_half = std::mem::replace(&mut transposed, items);
                shape.inputs -= dim;
            }
            layers.push(RankerLayer { shape, weight: transposed, bias: bias.to_vec() });
        }
        Ok(Ranker { candidates: shape.candidates, skip: shape.skip, user_half, layers })
    }

    /// The user half of the first layer, once a query: `b_0 + W_u u`, (outputs of layer 0).
    pub fn project_user(&self, user: &[f32]) -> Vec<f32> {
        let mut out = self.layers[0].bias.clone();
        for (&x, row) in user.iter().zip(self.user_half.chunks_exact(out.len())) {
            for (y, &w) in out.iter_mut().zip(row) {
                *y += x * w;
            }
        }
        out
    }
}

fn check_shapes(shape: &CascadeShape, dim: usize) -> Result<()> {
    let layers = &shape.layers;
    if layers.is_empty() || layers.len() > MAX_LAYERS {
        return Err(Error::tensor("mlp", format!("expected 1 to {MAX_LAYERS} layers, found {}", layers.len())));
    }
    let mut inputs = 2 * dim;
    for (n, layer) in layers.iter().enumerate() {
        let last = n + 1 == layers.len();
        let outputs_fit = if last { layer.outputs == 1 } else { (1..=MAX_WIDTH).contains(&layer.outputs) };
        if layer.inputs != inputs || !outputs_fit {
            let outputs = if last { "1".to_owned() } else { format!("1 to {MAX_WIDTH}") };
            return Err(Error::tensor(
                &format!("mlp.{n}.weight"),
                format!("expected shape ({outputs}, {inputs}), found ({}, {})", layer.outputs, layer.inputs),
            ));
        }
        inputs = layer.outputs;
    }
    if shape.candidates == 0 || shape.candidates > (1 << 20) {
        return Err(Error::tensor("mlp", format!("expected 1 to {} candidates, found {}", 1 << 20, shape.candidates)));
    }
    check_finite(&[shape.skip], "mlp.skip")
}

/// (outputs, inputs) → (inputs, outputs).
fn transpose(weight: &[f32], shape: LayerShape) -> Vec<f32> {
    let mut out = Vec::with_capacity(weight.len());
    for input in 0..shape.inputs {
        out.extend((0..shape.outputs).map(|output| weight[output * shape.inputs + input]));
    }
    out
}

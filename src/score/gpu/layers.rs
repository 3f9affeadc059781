//! The MLP on the GPU: its layers as the kernels take them, the weights padded to whole tiles of outputs.

use super::device::Device;
use super::limits::{GpuLimits, RankerLayout};
use super::tables::storage;
use crate::error::{Error, Result};
use crate::model::{Ranker, Weights};

/// Outputs a thread computes at a time: a tile in shaders/dense.wgsl.
pub(crate) const TILE_OUTPUTS: usize = 16;

/// A dense layer on the GPU: W (inputs, outputs), then a factor and a bias an output, then what follows.
pub(crate) struct Dense {
    pub inputs: usize,
    /// Outputs in tiles.
    pub blocks: usize,
    pub weights: wgpu::Buffer,
}

/// The layers: the first's item half, perhaps one between, and the last two, which are one kernel.
pub(crate) struct Layers {
    pub first: Dense,
    pub hidden: Option<Dense>,
    /// The layer before the last, and the last one's weights; no blocks where there is no layer between first and last.
    pub last: Dense,
    pub last_bias: f32,
    pub skip: f32,
    /// Whether layer 0 is the last, so that no activation follows it.
    pub linear: bool,
    /// Whether the arithmetic is int8.
    pub int8: bool,
}

impl Layers {
    pub fn upload(device: &Device, ranker: &Ranker) -> Layers {
        let count = ranker.layers.len();
        let dense = |n: usize, next: &[f32]| {
            let shape = ranker.layers[n].shape;
            let mut values = padded_layer(ranker, n);
            pad(next, &mut values);
            let weights = storage(device, "weights", bytemuck::cast_slice(&values));
            Dense { inputs: shape.inputs, blocks: shape.outputs.div_ceil(TILE_OUTPUTS), weights }
        };
        let last = &ranker.layers[count - 1];
        let linear = count == 1;
        let last_weight = if linear { vec![1.0] } else { last.weight.to_f32() };
        Layers {
            first: dense(0, &[]),
            hidden: (count > 3).then(|| dense(1, &[])),
            last: if count > 2 {
                dense(count - 2, &last_weight)
            } else {
                let mut values = Vec::new();
                pad(&last_weight, &mut values);
                let weights = storage(device, "weights", bytemuck::cast_slice(&values));
                Dense { inputs: last_weight.len(), blocks: 0, weights }
            },
            // The query's user half brings the bias of layer 0.
            last_bias: if linear { 0.0 } else { last.bias[0] },
            skip: ranker.skip,
            linear,
            int8: !ranker.steps.is_empty(),
        }
    }
}

/// W, factors and biases of layer `n`; integers as floats in int8 arithmetic.
fn padded_layer(ranker: &Ranker, n: usize) -> Vec<f32> {
    let layer = &ranker.layers[n];
    let outputs = layer.shape.outputs;
    let mut values = Vec::new();
    if ranker.steps.is_empty() {
        layer.weight.to_f32().chunks_exact(outputs).for_each(|row| pad(row, &mut values));
        pad(&vec![1.0; outputs], &mut values);
        pad(&layer.bias, &mut values);
    } else {
        if let Weights::Int8 { values: weights, .. } = &layer.weight {
            let floats = |row: &[i8]| row.iter().map(|&w| f32::from(w)).collect::<Vec<f32>>();
            weights.chunks_exact(outputs).for_each(|row| pad(&floats(row), &mut values));
        }
        pad(&ranker.factors(n), &mut values);
        pad(&ranker.biases(n), &mut values);
    }
    values
}

/// Appends a vector, padded to whole tiles.
fn pad(row: &[f32], values: &mut Vec<f32>) {
    values.extend_from_slice(row);
    values.resize(values.len() + row.len().next_multiple_of(TILE_OUTPUTS) - row.len(), 0.0);
}

/// The MLP's shape, for planning.
///
/// # Errors
/// [`Error::BackendUnavailable`] where one binding cannot hold a layer.
pub(crate) fn ranker_layout(limits: &GpuLimits, ranker: &Ranker) -> Result<RankerLayout> {
    let padded = |n: usize| ranker.layers[n].shape.outputs.next_multiple_of(TILE_OUTPUTS);
    for (n, layer) in ranker.layers.iter().enumerate() {
        // With factors, biases, and the next layer's weights; and four columns of its sums.
        let bytes = 4 * (padded(n) * (layer.shape.inputs.max(1) + 3)) as u64;
        if bytes > limits.max_binding {
            return Err(Error::no_gpu(format_args!(
                "a layer of the ranker has {bytes} bytes, one binding of this adapter holds {}",
                limits.max_binding
            )));
        }
    }
    let second = (ranker.layers.len() > 3).then(|| padded(1));
    Ok(RankerLayout { first: padded(0), second, kept: false })
}

//! Twin of `shaders/rank_mlp.wgsl`: gather a row, dequantise it, run the MLP, add the retrieval score.

use super::vector::Vector;
use crate::model::{Model, Ranker};
use crate::score::topk::{Scored, TopK};

/// Ranks `candidates` and offers them to `top`. `first` is the user half of layer 0, (outputs of layer 0).
pub(crate) fn rank_mlp<V: Vector>(
    model: &Model,
    ranker: &Ranker,
    first: &[f32],
    candidates: &[Scored],
    top: &mut TopK,
) {
    let width = ranker.layers.iter().map(|layer| layer.shape.outputs).max().unwrap_or(1).max(model.dim());
    let (mut x, mut y) = (vec![0.0f32; width], vec![0.0f32; width]);
    for candidate in candidates {
        // gather, dequantise: x (d)
        V::dequantise(&mut x[..model.dim()], model.row(candidate.item), model.scale()[candidate.item as usize]);
        for (n, layer) in ranker.layers.iter().enumerate() {
            // y (outputs) = bias + W (inputs, outputs)^T x
            let (inputs, outputs) = (layer.shape.inputs, layer.shape.outputs);
            y[..outputs].copy_from_slice(if n == 0 { first } else { &layer.bias });
            for (&value, weight) in x[..inputs].iter().zip(layer.weight.chunks_exact(outputs)) {
                V::axpy(&mut y[..outputs], value, weight);
            }
            // ReLU, but for the last layer
            if n + 1 < ranker.layers.len() {
                y[..outputs].iter_mut().for_each(|y| *y = y.max(0.0));
            }
            std::mem::swap(&mut x, &mut y);
        }
        top.push(x[0] + ranker.skip * candidate.score, candidate.item);
    }
}

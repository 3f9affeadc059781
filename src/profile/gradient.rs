//! What a ranker's layers make of a user vector, and where that goes as the vector does: of the f32 twin where activations are whole
//! numbers.

use crate::model::{Ranker, RankerLayer};

/// The layers' sums over one item's row, from the first to the one output.
struct Forward {
    weights: Vec<Vec<f32>>,
    /// Of every layer but the last, before what is below 0 is cut off.
    sums: Vec<Vec<f32>>,
    score: f32,
}

impl Forward {
    fn run(ranker: &Ranker, user: &[f32], row: &[f32]) -> Forward {
        let weights: Vec<Vec<f32>> = ranker.layers.iter().map(|layer| layer.weight.to_f32()).collect();
        let (mut input, mut sums) = (row.to_vec(), Vec::new());
        for (n, layer) in ranker.layers.iter().enumerate() {
            let mut sum = if n == 0 { ranker.project_user(user) } else { layer.bias.clone() };
            for (x, row) in input.iter().zip(weights[n].chunks_exact(layer.shape.outputs)) {
                sum.iter_mut().zip(row).for_each(|(sum, w)| *sum += x * w);
            }
            input = sum.iter().map(|sum| sum.max(0.0)).collect();
            sums.push(sum);
        }
        let score = sums.pop().and_then(|sum| sum.first().copied()).unwrap_or_default();
        Forward { weights, sums, score }
    }
}

/// What `ranker`'s layers make of a user vector and of an item's row, both (d).
pub(super) fn score(ranker: &Ranker, user: &[f32], row: &[f32]) -> f32 {
    Forward::run(ranker, user, row).score
}

/// The gradient of that by the user vector, (d).
pub(super) fn of_user(ranker: &Ranker, user: &[f32], row: &[f32]) -> Vec<f32> {
    let Forward { weights, sums, .. } = Forward::run(ranker, user, row);
    // Backwards: from the one output to the sums of the first layer.
    let mut gradient = vec![1.0f32];
    for (n, RankerLayer { shape, .. }) in ranker.layers.iter().enumerate().skip(1).rev() {
        let rows = weights[n].chunks_exact(shape.outputs).zip(&sums[n - 1]);
        let through = |(row, &sum): (&[f32], &f32)| {
            if sum > 0.0 { row.iter().zip(&gradient).map(|(w, g)| w * g).sum() } else { 0.0 }
        };
        gradient = rows.map(through).collect();
    }
    let rows = ranker.user_half.chunks_exact(gradient.len());
    rows.map(|row| row.iter().zip(&gradient).map(|(w, g)| w * g).sum()).collect()
}

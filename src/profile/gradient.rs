//! Where a ranker's score goes as the user vector does.

use crate::model::{Ranker, RankerLayer};

/// The gradient by the user vector of what `ranker`'s layers make of it and of an item's row, both (d): (d), of the f32 twin where
/// activations are whole numbers.
pub(super) fn of_user(ranker: &Ranker, user: &[f32], row: &[f32]) -> Vec<f32> {
    let weights: Vec<Vec<f32>> = ranker.layers.iter().map(|layer| layer.weight.to_f32()).collect();
    let last = ranker.layers.len() - 1;
    let mut input = row.to_vec();
    let mut active: Vec<Vec<bool>> = Vec::new();
    let first = ranker.project_user(user);
    for (n, layer) in ranker.layers[..last].iter().enumerate() {
        let mut sums = if n == 0 { first.clone() } else { layer.bias.clone() };
        for (x, row) in input.iter().zip(weights[n].chunks_exact(sums.len())) {
            sums.iter_mut().zip(row).for_each(|(sum, w)| *sum += x * w);
        }
        active.push(sums.iter().map(|&sum| sum > 0.0).collect());
        input = sums.iter().map(|sum| sum.max(0.0)).collect();
    }
    // Backwards: from the one output to the sums of the first layer.
    let mut gradient = vec![1.0f32];
    for n in (1..=last).rev() {
        let RankerLayer { shape, .. } = &ranker.layers[n];
        let rows = weights[n].chunks_exact(shape.outputs);
        gradient = rows
            .zip(&active[n - 1])
            .map(|(row, &active)| if active { row.iter().zip(&gradient).map(|(w, g)| w * g).sum() } else { 0.0 })
            .collect();
    }
    ranker
        .user_half
        .chunks_exact(gradient.len())
        .map(|row| row.iter().zip(&gradient).map(|(w, g)| w * g).sum())
        .collect()
}

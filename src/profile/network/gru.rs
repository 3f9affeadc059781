//! A gated recurrent unit (Cho et al. 2014), as PyTorch has it.

use super::ops::{dense, sigmoid, tanh};
use crate::model::Dense;

/// The state after all `rows` (T, w), (hidden): `r = s(W_r x + U_r h)`, `z = s(W_z x + U_z h)`, `n = tanh(W_n x + r (U_n h))`,
/// `h <- (1 - z) n + z h`, each product with its bias.
pub fn last_state(input: &Dense, state: &Dense, rows: &[f32]) -> Vec<f32> {
    let hidden = state.bias.len() / 3;
    let mut h = vec![0.0f32; hidden];
    for of_row in dense(input, rows).chunks_exact(3 * hidden) {
        let of_state = dense(state, &h);
        for (i, h) in h.iter_mut().enumerate() {
            let reset = sigmoid(of_row[i] + of_state[i]);
            let update = sigmoid(of_row[hidden + i] + of_state[hidden + i]);
            let new = tanh(of_row[2 * hidden + i] + reset * of_state[2 * hidden + i]);
            *h = (1.0 - update) * new + update * *h;
        }
    }
    h
}

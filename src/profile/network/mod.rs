//! A user tower that is a network, run over the latest items of a history.

mod attention;
mod content;
mod gru;
pub(super) mod ops;

pub use content::content_vector;

use super::context::add_context;
use crate::error::{Error, Result};
use crate::model::{Body, BodyWeights, MAX_ABS, Model, Network};

/// The user vector of a history in a context, (d): its latest items through the network.
///
/// # Errors
/// [`Error::Tensor`] for a network whose numbers grow beyond all bounds.
pub fn run(model: &Model, network: &Network, history: &[(u32, f32)], context: &[(u32, f32)]) -> Result<Vec<f32>> {
    let shape = &network.shape;
    let latest = &history[history.len().saturating_sub(shape.length)..];
    // (T, w)
    let mut rows = Vec::with_capacity(latest.len() * shape.width);
    latest.iter().for_each(|&(item, _)| rows.extend_from_slice(&model.history_row(item)));
    let mut x = match (&network.body, shape.body) {
        _ if latest.is_empty() => vec![0.0; shape.body_width()],
        (BodyWeights::Gru { input, state }, _) => gru::last_state(input, state, &rows),
        (BodyWeights::Attention { places, blocks, last }, Body::Attention { heads, .. }) => {
            attention::last_place(places, blocks, last, heads, rows)
        }
        (_, body) => pool(body, &rows, latest, shape.width),
    };
    if let Some(rows) = model.context().filter(|context| context.shape.always) {
        add_context(model, rows, context, &mut x);
    }
    x.iter_mut().zip(&network.bias).for_each(|(x, bias)| *x += bias);
    ops::activate(shape.activation, &mut x);
    for (layer, (_, activation)) in network.layers.iter().zip(&shape.layers) {
        x = ops::dense(layer, &x);
        ops::activate(*activation, &mut x);
    }
    match x.iter().all(|x| x.abs() <= MAX_ABS) {
        true => Ok(x),
        false => Err(Error::tensor("user", "expected a network whose user vectors are finite, found one of others")),
    }
}

/// `sum_h r_h y_h / (sum_h r_h)^power`.
fn pool(body: Body, rows: &[f32], history: &[(u32, f32)], width: usize) -> Vec<f32> {
    let power = if let Body::Pool { power } = body { power } else { 0.0 };
    let total: f32 = history.iter().map(|(_, strength)| strength).sum();
    let mut sums = vec![0.0f32; width];
    for (row, (_, strength)) in rows.chunks_exact(width).zip(history) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += strength * x);
    }
    let factor = match power {
        _ if total <= 0.0 => 0.0,
        0.0 => 1.0,
        0.5 => 1.0 / total.sqrt(),
        _ => 1.0 / total,
    };
    sums.iter_mut().for_each(|sum| *sum *= factor);
    sums
}

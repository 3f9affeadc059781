//! What is popular when: a context for strangers, beside vectors of any family.
//!
//! Maximises the likelihood of the log's events under a softmax over items of `ln(1 + popularity_i) + x_t . y_i`, y being the item's
//! vector as it is and `x_t` the sum of the rows of the event's hour and weekday: a multinomial logit whose offsets are known. A tenth
//! of the events is held out and says when to stop.

use burn::tensor::{Device, Tensor, TensorData};
use proclivity::model::{ContextShape, ContextSpec, FieldShape};
use rand::RngExt;

use super::clock;
use super::weights::{Step, Weights};
use crate::dataset::Interactions;
use crate::error::{CliError, Result};
use crate::families::{Vectors, epoch_rng};

/// Moments that differ: hours of a week.
const CELLS: usize = 24 * 7;
const HELD: f64 = 0.1;
const STEPS: i32 = 300;
const RATE: f32 = 0.02;
/// Steps without a gain after which it ends.
const PATIENCE: i32 = 20;
const ROWS: &str = "rows";

/// Learns the rows of moments; and by how much held-out events are likelier than by popularity alone, in nats an event.
///
/// # Errors
/// [`CliError::Flag`] for a log without times.
pub fn fit_moments(
    vectors: &Vectors,
    data: &Interactions,
    popularity: &[f32],
    seed: u64,
) -> Result<(ContextSpec, f64)> {
    if !data.has_time {
        return Err(CliError::Flag {
            flag: "--context",
            expected: "a log with times".into(),
            found: "one without".into(),
        });
    }
    let mut rng = epoch_rng(seed, 0);
    let items = data.items.len();
    let mut counts = [vec![0.0f32; CELLS * items], vec![0.0f32; CELLS * items]];
    for event in data.events.iter().flatten() {
        let [hour, weekday] = clock::features(event.time);
        let cell = (weekday - clock::first(1)) as usize * 24 + hour as usize;
        counts[usize::from(rng.random_bool(HELD))][cell * items + event.item as usize] += 1.0;
    }
    let device = Device::flex().autodiff();
    let matrix = |values: &[f32], rows: usize| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), [rows, values.len() / rows.max(1)]), &device)
    };
    let (features, dim) = (clock::count() as usize, vectors.dim);
    let cells = matrix(&cells(), CELLS);
    let offsets: Vec<f32> = popularity.iter().map(|count| (1.0 + count.max(0.0)).ln()).collect();
    let (offsets, items) = (matrix(&offsets, 1), matrix(&vectors.rows, items).transpose());
    let [learnt, held] = counts.map(|counts| matrix(&counts, CELLS));
    let [events, held_events] = [&learnt, &held].map(|counts| counts.clone().sum().into_scalar::<f32>().max(1.0));
    // Nats an event.
    let loss = |rows: Tensor<2>, counts: &Tensor<2>| {
        let logits = cells.clone().matmul(rows).matmul(items.clone()) + offsets.clone();
        let largest = logits.clone().detach().max_dim(1);
        let all = (logits.clone() - largest.clone()).exp().sum_dim(1).log() + largest;
        (all * counts.clone().sum_dim(1)).sum() - (logits * counts.clone()).sum()
    };
    let mut weights = Weights::default();
    weights.add(ROWS, vec![features, dim], vec![0.0; features * dim]);
    let on_held = |weights: &Weights| {
        let rows = matrix(weights.values(ROWS), features);
        f64::from(loss(rows, &held).into_scalar::<f32>()) / f64::from(held_events)
    };
    let plain = on_held(&weights);
    let mut best = (plain, 0, weights.values(ROWS).to_vec());
    for number in 1..=STEPS {
        let leaves = weights.leaves(&device);
        let mut slopes = (loss(leaves.get(ROWS), &learnt) / events).backward();
        weights.descend(&leaves, &mut slopes, Step { rate: RATE, number, decay: 0.0 });
        let now = on_held(&weights);
        if now < best.0 {
            best = (now, number, weights.values(ROWS).to_vec());
        } else if number > best.1 + PATIENCE {
            break;
        }
    }
    let shape = ContextShape { fields: clock::fields(), always: false };
    debug_assert_eq!(shape.fields.iter().map(FieldShape::count).sum::<usize>(), features);
    Ok((ContextSpec { shape, rows: best.2 }, plain - best.0))
}

/// Which features each hour of the week has, (cells, features).
fn cells() -> Vec<f32> {
    let features = clock::count() as usize;
    let mut cells = vec![0.0; CELLS * features];
    for (cell, row) in cells.chunks_exact_mut(features).enumerate() {
        row[cell % 24] = 1.0;
        row[clock::first(1) as usize + cell / 24] = 1.0;
    }
    cells
}

#[cfg(test)]
mod tests {
    use proclivity::model::UserTower;

    use super::*;
    use crate::dataset::fixture::interactions;

    /// Six items of two kinds: one is taken at eight, the other at twenty.
    #[test]
    fn what_is_taken_at_an_hour_is_popular_then() {
        let mut data = interactions(6, (0..200).map(|user| vec![user % 6]).collect());
        for (day, event) in data.events.iter_mut().flatten().enumerate() {
            let hour = if event.item < 3 { 8 } else { 20 };
            event.time = (day as i64 * 24 + hour) * 3_600_000;
        }
        let vectors = Vectors {
            rows: (0..6).flat_map(|item| if item < 3 { [1.0, 0.0] } else { [0.0, 1.0] }).collect(),
            dim: 2,
            bias: None,
            tower: UserTower::Pool { power: 0.5 },
            user_rows: None,
            network: None,
            ranker: None,
            context: None,
        };
        assert!(fit_moments(&vectors, &data, &[1.0; 6], 1).unwrap_err().to_string().contains("--context"));
        data.has_time = true;
        let (context, gain) = fit_moments(&vectors, &data, &[1.0; 6], 1).unwrap();
        assert!(gain > 0.3, "{gain}");
        let row = |feature: usize| &context.rows[2 * feature..][..2];
        assert!(row(8)[0] > row(8)[1] + 1.0 && row(20)[1] > row(20)[0] + 1.0, "{:?} {:?}", row(8), row(20));
        for untold in [clock::missing(0), clock::missing(1), 3] {
            assert_eq!(row(untold as usize), [0.0, 0.0]);
        }
    }
}

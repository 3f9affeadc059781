//! What is popular in which context: for strangers, beside vectors of any family.
//!
//! Maximises the likelihood of the log's events under a softmax over items of `ln(1 + popularity_i) + x_t . y_i`, y being the item's
//! vector as it is and `x_t` the sum of the rows of what a request tells, hour and weekday first: a multinomial logit whose offsets are
//! known. A tenth of the events is held out and says when to stop.

use std::collections::{BTreeMap, HashMap};

use burn::tensor::{Device, Tensor, TensorData};
use proclivity::model::{Column, ContextShape, ContextSpec};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::request::RequestFields;
use super::weights::{BETA2, Step, Weights};
use crate::dataset::Interactions;
use crate::families::{Vectors, epoch_rng};

const HELD: f64 = 0.1;
const STEPS: i32 = 300;
const RATE: f32 = 0.02;
/// Steps without a gain after which it ends.
const PATIENCE: i32 = 20;
const ROWS: &str = "rows";
/// Scores that a step looks at, at most: with more contexts than that makes, each step draws some.
const SCORES: usize = 1 << 24;
const LEAST_CONTEXTS: usize = 64;

/// What was fitted, and by how much held-out events are likelier than by popularity alone.
pub struct FittedContext {
    pub spec: ContextSpec,
    /// Nats an event.
    pub gain: f64,
}

/// Learns the rows of hours, weekdays, situations and what is told of users.
pub fn fit_context(
    vectors: &Vectors,
    data: &Interactions,
    user_columns: &[Column],
    popularity: &[f32],
    seed: u64,
) -> FittedContext {
    let request = RequestFields::new(data, user_columns);
    let mut rng = epoch_rng(seed, 0);
    let mut contexts = contexts(data, &request, &mut rng);
    contexts.shuffle(&mut rng);
    let most = (SCORES / data.items.len().max(1)).max(LEAST_CONTEXTS).min(contexts.len());
    let features = request.count() as usize;
    let logit = Logit::new(vectors, popularity, features);
    let mut weights = Weights::default();
    weights.add(ROWS, vec![features, vectors.dim], vec![0.0; features * vectors.dim]);
    let mut some = logit.lay(contexts.iter().take(most));
    let held = some.clone();
    let on_held = |weights: &Weights| {
        let rows = matrix(weights.values(ROWS), features, &logit.device);
        f64::from(logit.loss(rows, &held, HELD_OUT).into_scalar::<f32>())
    };
    let plain = on_held(&weights);
    let mut best = (plain, 0, weights.values(ROWS).to_vec());
    for number in 1..=STEPS {
        if most < contexts.len() {
            let drawn = rand::seq::index::sample(&mut rng, contexts.len(), most);
            some = logit.lay(drawn.into_iter().map(|at| &contexts[at]));
        }
        let leaves = weights.leaves(&logit.device);
        let mut slopes = logit.loss(leaves.get(ROWS), &some, LEARNT).backward();
        weights.descend(&leaves, &mut slopes, Step { rate: RATE, number, decay: 0.0, beta2: BETA2 });
        let now = on_held(&weights);
        if now < best.0 {
            best = (now, number, weights.values(ROWS).to_vec());
        } else if number > best.1 + PATIENCE {
            break;
        }
    }
    let spec = ContextSpec { shape: ContextShape { fields: request.fields, always: false }, rows: best.2 };
    FittedContext { spec, gain: plain - best.0 }
}

/// Places in the counts of a context: events learnt from, and those held out.
const LEARNT: usize = 0;
const HELD_OUT: usize = 1;

/// Requests that tell the same, and how often each item was taken then: learnt from, and held out.
struct Told {
    features: Vec<u32>,
    counts: Vec<(u32, [f32; 2])>,
}

/// The contexts of a log in the order of their features.
fn contexts(data: &Interactions, request: &RequestFields, rng: &mut ChaCha8Rng) -> Vec<Told> {
    let mut contexts: BTreeMap<Vec<u32>, HashMap<u32, [f32; 2]>> = BTreeMap::new();
    for (user, events) in data.events.iter().enumerate() {
        for event in events {
            let counts = contexts.entry(request.features(user, event.time, event.situation)).or_default();
            let part = if rng.random_bool(HELD) { HELD_OUT } else { LEARNT };
            counts.entry(event.item).or_default()[part] += 1.0;
        }
    }
    contexts.into_iter().map(|(features, counts)| Told { features, counts: counts.into_iter().collect() }).collect()
}

/// Contexts as tensors: which features each has, (contexts, features), and what was taken in it, (contexts, items) each.
#[derive(Clone)]
struct Laid {
    told: Tensor<2>,
    counts: [Tensor<2>; 2],
}

/// What does not change while rows are learnt.
struct Logit {
    device: Device,
    features: usize,
    /// (d, n).
    items: Tensor<2>,
    /// (1, n).
    offsets: Tensor<2>,
}

impl Logit {
    fn new(vectors: &Vectors, popularity: &[f32], features: usize) -> Logit {
        let device = Device::flex().autodiff();
        let offsets: Vec<f32> = popularity.iter().map(|count| (1.0 + count.max(0.0)).ln()).collect();
        let items = matrix(&vectors.rows, popularity.len(), &device).transpose();
        Logit { features, items, offsets: matrix(&offsets, 1, &device), device }
    }

    fn lay<'a>(&self, contexts: impl Iterator<Item = &'a Told>) -> Laid {
        let items = self.offsets.dims()[1];
        let (mut told, mut counts, mut rows) = (Vec::new(), [Vec::new(), Vec::new()], 0);
        for context in contexts {
            told.resize((rows + 1) * self.features, 0.0f32);
            context.features.iter().for_each(|&feature| told[rows * self.features + feature as usize] = 1.0);
            for (part, counts) in counts.iter_mut().enumerate() {
                counts.resize((rows + 1) * items, 0.0f32);
                context.counts.iter().for_each(|(item, count)| counts[rows * items + *item as usize] = count[part]);
            }
            rows += 1;
        }
        let counts = counts.map(|counts| matrix(&counts, rows, &self.device));
        Laid { told: matrix(&told, rows, &self.device), counts }
    }

    /// Nats an event of `part`, of rows (features, d).
    fn loss(&self, rows: Tensor<2>, contexts: &Laid, part: usize) -> Tensor<1> {
        let logits = contexts.told.clone().matmul(rows).matmul(self.items.clone()) + self.offsets.clone();
        let largest = logits.clone().detach().max_dim(1);
        let all = (logits.clone() - largest.clone()).exp().sum_dim(1).log() + largest;
        let counts = contexts.counts[part].clone();
        let events = counts.clone().sum().into_scalar::<f32>().max(1.0);
        ((all * counts.clone().sum_dim(1)).sum() - (logits * counts).sum()) / events
    }
}

fn matrix(values: &[f32], rows: usize, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [rows, values.len() / rows.max(1)]), device)
}

#[cfg(test)]
mod tests {
    use proclivity::model::{ColumnData, UserTower};

    use super::super::clock;
    use super::*;
    use crate::dataset::fixture::interactions;

    /// Six items of two kinds: one is taken at eight and from a letter, the other at twenty and from a search.
    fn kinds() -> (Interactions, Vectors) {
        let mut data = interactions(6, (0..200).map(|user| vec![user % 6]).collect());
        for (day, event) in data.events.iter_mut().flatten().enumerate() {
            let hour = if event.item < 3 { 8 } else { 20 };
            event.time = (day as i64 * 24 + hour) * 3_600_000;
            event.situation = u32::from(event.item < 3);
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
        (data, vectors)
    }

    #[test]
    fn what_is_taken_at_an_hour_is_popular_then() {
        let (mut data, vectors) = kinds();
        let quiet = fit_context(&vectors, &data, &[], &[1.0; 6], 1);
        assert!(quiet.gain.abs() < 1e-3, "without times nothing is told: {}", quiet.gain);
        data.has_time = true;
        let FittedContext { spec, gain } = fit_context(&vectors, &data, &[], &[1.0; 6], 1);
        assert!(gain > 0.3, "{gain}");
        let row = |feature: usize| &spec.rows[2 * feature..][..2];
        assert!(row(8)[0] > row(8)[1] + 1.0 && row(20)[1] > row(20)[0] + 1.0, "{:?} {:?}", row(8), row(20));
        for untold in [clock::missing(0), clock::missing(1), 3] {
            assert_eq!(row(untold as usize), [0.0, 0.0]);
        }
    }

    #[test]
    fn what_comes_of_a_referrer_is_popular_with_it() {
        let (mut data, vectors) = kinds();
        let referrers = ["search", "mail"].map(str::to_owned).to_vec();
        data.situations = vec![Column { name: "referrer".into(), data: ColumnData::Category(referrers) }];
        let FittedContext { spec, gain } = fit_context(&vectors, &data, &[], &[1.0; 6], 1);
        assert!(gain > 0.3, "{gain}");
        let names: Vec<&str> = spec.shape.fields.iter().map(|field| field.column.as_str()).collect();
        assert_eq!(names, ["hour", "weekday", "referrer"]);
        let first = clock::count() as usize;
        let row = |feature: usize| &spec.rows[2 * (first + feature)..][..2];
        // The more frequent value is the first; both are as frequent here, so that the alphabet says: mail, search.
        assert!(row(0)[0] > row(0)[1] + 1.0 && row(1)[1] > row(1)[0] + 1.0, "{:?} {:?}", row(0), row(1));
    }
}

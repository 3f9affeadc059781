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
/// Scores that are looked at together, at most: with more contexts than that makes, each step draws some, the likelier the more events
/// they have.
const SCORES: usize = 1 << 24;
const LEAST_CONTEXTS: usize = 8;
/// Events that are learnt from, at most, and held-out ones that say when to stop: more tell no more of a few hundred rows.
const MOST_EVENTS: usize = 1 << 20;
const MOST_HELD: f32 = 2000.0;

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
    let most = (SCORES / data.items.len().max(1)).max(LEAST_CONTEXTS);
    let features = request.count() as usize;
    let logit = Logit::new(vectors, popularity, features);
    let held = Held::new(&contexts, most);
    let mut weights = Weights::default();
    weights.add(ROWS, vec![features, vectors.dim], vec![0.0; features * vectors.dim]);
    let plain = held.loss(&logit, weights.values(ROWS));
    let mut best = (plain, 0, weights.values(ROWS).to_vec());
    let all = (contexts.len() <= most).then(|| logit.lay(contexts.iter()));
    for number in 1..=STEPS {
        let some = match &all {
            Some(all) => all.clone(),
            None => logit.lay(drawn(&contexts, most, &mut rng)),
        };
        let leaves = weights.leaves(&logit.device);
        let (loss, events) = logit.loss(leaves.get(ROWS), &some, LEARNT);
        let mut slopes = (loss / events.max(1.0)).backward();
        weights.descend(&leaves, &mut slopes, Step { rate: RATE, number, decay: 0.0, beta2: BETA2 });
        // Where the held-out events take several looks, as many steps are taken in between.
        if !(number as usize).is_multiple_of(held.chunks.len().max(1)) {
            continue;
        }
        let now = held.loss(&logit, weights.values(ROWS));
        if now < best.0 {
            best = (now, number, weights.values(ROWS).to_vec());
        } else if number > best.1 + PATIENCE {
            break;
        }
    }
    let spec = ContextSpec { shape: ContextShape { fields: request.fields, always: false }, rows: best.2 };
    FittedContext { spec, gain: plain - best.0 }
}

/// Contexts with held-out events, so many at a time.
struct Held<'a> {
    chunks: Vec<Vec<&'a Seen>>,
}

impl Held<'_> {
    fn new(contexts: &[Seen], most: usize) -> Held<'_> {
        let (mut some, mut events) = (Vec::new(), 0.0);
        for context in contexts.iter().filter(|context| context.events(HELD_OUT) > 0.0) {
            if events < MOST_HELD || contexts.len() <= most {
                events += context.events(HELD_OUT);
                some.push(context);
            }
        }
        Held { chunks: some.chunks(most).map(<[_]>::to_vec).collect() }
    }

    /// Nats an event.
    fn loss(&self, logit: &Logit, rows: &[f32]) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0);
        for chunk in &self.chunks {
            let laid = logit.lay(chunk.iter().copied());
            let (loss, events) = logit.loss(matrix(rows, logit.features, &logit.device), &laid, HELD_OUT);
            sum += f64::from(loss.into_scalar::<f32>());
            count += f64::from(events);
        }
        sum / f64::max(count, 1.0)
    }
}

/// The contexts of `count` events drawn at random, each once.
fn drawn<'a>(contexts: &'a [Seen], count: usize, rng: &mut ChaCha8Rng) -> impl Iterator<Item = &'a Seen> {
    let mut ends = Vec::with_capacity(contexts.len());
    let mut sum = 0.0f64;
    for context in contexts {
        sum += f64::from(context.events(LEARNT));
        ends.push(sum);
    }
    let mut places: Vec<usize> = (0..count)
        .map(|_| ends.partition_point(|&end| end <= rng.random::<f64>() * sum).min(contexts.len() - 1))
        .collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|at| &contexts[at])
}

/// Places in the counts of a context: events learnt from, and those held out.
const LEARNT: usize = 0;
const HELD_OUT: usize = 1;

/// Requests that tell the same, and how often each item was taken then: learnt from, and held out.
struct Seen {
    features: Vec<u32>,
    counts: Vec<(u32, [f32; 2])>,
}

impl Seen {
    fn events(&self, part: usize) -> f32 {
        self.counts.iter().map(|(_, counts)| counts[part]).sum()
    }
}

/// The contexts of a log in the order of their features.
fn contexts(data: &Interactions, request: &RequestFields, rng: &mut ChaCha8Rng) -> Vec<Seen> {
    let all: usize = data.events.iter().map(Vec::len).sum();
    let share = (MOST_EVENTS as f64 / all.max(1) as f64).min(1.0);
    let mut contexts: BTreeMap<Vec<u32>, HashMap<u32, [f32; 2]>> = BTreeMap::new();
    for (user, events) in data.events.iter().enumerate() {
        for event in events {
            if share < 1.0 && !rng.random_bool(share) {
                continue;
            }
            let counts = contexts.entry(request.features(user, event.time, event.situation)).or_default();
            let part = if rng.random_bool(HELD) { HELD_OUT } else { LEARNT };
            counts.entry(event.item).or_default()[part] += 1.0;
        }
    }
    contexts.into_iter().map(|(features, counts)| Seen { features, counts: counts.into_iter().collect() }).collect()
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

    fn lay<'a>(&self, contexts: impl Iterator<Item = &'a Seen>) -> Laid {
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

    /// Nats of the events of `part`, of rows (features, d), and how many events these are.
    fn loss(&self, rows: Tensor<2>, contexts: &Laid, part: usize) -> (Tensor<1>, f32) {
        let logits = contexts.told.clone().matmul(rows).matmul(self.items.clone()) + self.offsets.clone();
        let largest = logits.clone().detach().max_dim(1);
        let all = (logits.clone() - largest.clone()).exp().sum_dim(1).log() + largest;
        let counts = contexts.counts[part].clone();
        let events = counts.clone().sum().into_scalar::<f32>();
        ((all * counts.clone().sum_dim(1)).sum() - (logits * counts).sum(), events)
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
        data.has_time = true;
        let FittedContext { spec, gain } = fit_context(&vectors, &data, &[], &[1.0; 6], 1);
        assert!(gain > 0.3, "{gain}");
        let row = |feature: usize| &spec.rows[2 * feature..][..2];
        assert!(row(8)[0] > row(8)[1] + 1.0 && row(20)[1] > row(20)[0] + 1.0, "{:?} {:?}", row(8), row(20));
        for untold in [clock::first(1) - 1, clock::first(2) - 1, 3] {
            assert_eq!(row(untold as usize), [0.0, 0.0]);
        }
    }

    /// Every user is told apart, so that there are more contexts than are looked at together.
    #[test]
    fn many_contexts_are_learnt_from_in_turn() {
        let (mut data, vectors) = kinds();
        data.situations = vec![Column {
            name: "referrer".into(),
            data: ColumnData::Category(["search", "mail"].map(str::to_owned).to_vec()),
        }];
        let request = RequestFields::new(&data, &[]);
        let mut rng = epoch_rng(1, 0);
        let mut contexts = contexts(&data, &request, &mut rng);
        contexts[0].counts.iter_mut().for_each(|(_, counts)| counts[HELD_OUT] = 3.0);
        let logit = Logit::new(&vectors, &[1.0; 6], request.count() as usize);
        let (one, two) = (Held::new(&contexts, 2), Held::new(&contexts, 1));
        assert_eq!((one.chunks.len(), two.chunks.len()), (1, 2));
        let rows: Vec<f32> = (0..logit.features * 2).map(|n| n as f32 / 10.0).collect();
        assert!((one.loss(&logit, &rows) - two.loss(&logit, &rows)).abs() < 1e-5);
        contexts[1].counts.clear();
        let found: Vec<*const Seen> = drawn(&contexts, 50, &mut rng).map(std::ptr::from_ref).collect();
        assert_eq!(found, [std::ptr::from_ref(&contexts[0])], "each once, and none without events");
    }

    #[test]
    fn what_comes_of_a_referrer_is_popular_with_it() {
        let (mut data, vectors) = kinds();
        let referrers = ["search", "mail"].map(str::to_owned).to_vec();
        data.situations = vec![Column { name: "referrer".into(), data: ColumnData::Category(referrers) }];
        let FittedContext { spec, gain } = fit_context(&vectors, &data, &[], &[1.0; 6], 1);
        assert!(gain > 0.3, "{gain}");
        let names: Vec<&str> = spec.shape.fields.iter().map(|field| field.column.as_str()).collect();
        assert_eq!(names, ["referrer"], "without times no moment is told");
        let row = |feature: usize| &spec.rows[2 * feature..][..2];
        // The more frequent value is the first; both are as frequent here, so that the alphabet says: mail, search.
        assert!(row(0)[0] > row(0)[1] + 1.0 && row(1)[1] > row(1)[0] + 1.0, "{:?} {:?}", row(0), row(1));
    }
}

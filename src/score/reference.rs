//! The oracle: scoring as one would write it on paper. Slow, short, and what every backend is held to.
//!
//! A retrieval score is *defined* as three rounded f32 operations on a dot, `((dot * gain) * user_scale) + offset`. The dot
//! of int8 rows is an exact integer; that of f32 rows is four rounded sums of every fourth product, then `(s0 + s1) + (s2 +
//! s3)`. So a score has one right value to the last bit. An MLP in int8 arithmetic has too; in f32 arithmetic it is
//! real-valued, and computed here in float64.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::mask::ItemMask;
use super::plan::{Plan, Query, Stage, UserVector};
use super::topk::Scored;
use crate::error::Result;
use crate::model::{ItemTable, Model, Ranker, Weights};
use crate::profile::User;

/// The k best items of `plan`: score everything, sort everything.
pub fn score(model: &Model, plan: &Plan) -> Vec<Scored> {
    let mut retrieved: Vec<(f64, u32)> = (0..model.item_count() as u32)
        .filter(|&item| !plan.mask.is_excluded(item))
        .map(|item| (f64::from(retrieval_score(model, plan, item)), item))
        .collect();
    sort(&mut retrieved);
    retrieved.truncate(plan.retrieve);
    if let Some(first) = &plan.first {
        for (score, item) in &mut retrieved {
            *score = rank_score(model, first, *item, *score);
        }
        sort(&mut retrieved);
    }
    retrieved.truncate(plan.k);
    retrieved.into_iter().map(|(score, item)| Scored { item, score: score as f32 }).collect()
}

/// `((dot * gain) * user_scale) + offset`.
pub fn retrieval_score(model: &Model, plan: &Plan, item: u32) -> f32 {
    let row = item as usize * model.dim()..(item as usize + 1) * model.dim();
    let dot = match (model.table(), &plan.user) {
        (ItemTable::Int8 { values, .. }, UserVector::Int8(user)) => {
            values[row].iter().zip(user).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum::<i64>() as f32
        }
        (ItemTable::F32 { values }, UserVector::F32(user)) => {
            let mut sums = [0.0f32; 4];
            values[row].iter().zip(user).enumerate().for_each(|(j, (a, b))| sums[j % 4] += a * b);
            (sums[0] + sums[1]) + (sums[2] + sums[3])
        }
        _ => unreachable!("a plan's user vector is in the arithmetic of its model's table"),
    };
    let (gain, offset) = (plan.stage.gain(model).at(item as usize), plan.offset(model).at(item as usize));
    ((dot * gain) * plan.user_scale) + offset
}

/// `MLP(concat(u, i)) + skip * retrieval`; `first` is the user half of layer 0.
fn rank_score(model: &Model, first: &[f32], item: u32, retrieval: f64) -> f64 {
    let ranker = model.ranker().expect("a plan has a first layer only for a model with a ranker");
    if !ranker.steps.is_empty() {
        return f64::from(ranker.int8_score(model, first, item) + ranker.skip * retrieval as f32);
    }
    let hidden = hidden_layers(model, ranker, first, item);
    let last = &ranker.layers[ranker.layers.len() - 1];
    let bias = if ranker.layers.len() == 1 { first[0] } else { last.bias[0] };
    let input = hidden.last().cloned().unwrap_or_else(|| model.embedding(item).into_iter().map(f64::from).collect());
    let products = input.iter().zip(last.weight.to_f32()).map(|(x, w)| x * f64::from(w));
    products.sum::<f64>() + f64::from(bias) + f64::from(ranker.skip) * retrieval
}

/// Activations of every hidden layer, in float64.
fn hidden_layers(model: &Model, ranker: &Ranker, first: &[f32], item: u32) -> Vec<Vec<f64>> {
    let mut x: Vec<f64> = model.embedding(item).into_iter().map(f64::from).collect();
    let mut hidden = Vec::new();
    for (n, layer) in ranker.layers[..ranker.layers.len() - 1].iter().enumerate() {
        let bias = if n == 0 { first } else { &layer.bias };
        let Weights::F32(weight) = &layer.weight else { unreachable!("float64 stands for f32 arithmetic") };
        let output = |o: usize| {
            let products = x.iter().enumerate().map(|(i, x)| x * f64::from(weight[i * layer.shape.outputs + o]));
            (products.sum::<f64>() + f64::from(bias[o])).max(0.0)
        };
        x = (0..layer.shape.outputs).map(output).collect();
        hidden.push(x.clone());
    }
    hidden
}

/// Quantisation steps for the activations between hidden layers: [`Ranker::LARGEST`] steps reach the value that one in a thousand of the
/// positive activations exceeds, over the histories' best items and others. For the f32 twin of a ranker.
pub(crate) fn activation_steps(model: &Model, histories: &[Vec<u32>]) -> Result<Vec<f32>> {
    const ITEMS: usize = 256;
    let ranker = model.ranker().expect("asked for a model with a ranker only");
    let mut seen: Vec<Vec<f64>> = vec![Vec::new(); ranker.layers.len().saturating_sub(2)];
    let stride = model.item_count().div_ceil(ITEMS).max(1);
    for history in histories {
        let (user, mask) = golden_query(model, history)?;
        let plan = Plan::new(model, &Query::of(&user, &mask, ITEMS, Stage::Retrieval))?;
        let best = score(model, &plan).into_iter().map(|scored| scored.item);
        let first = ranker.project_user(&user.vector);
        for item in best.chain((0..model.item_count() as u32).step_by(stride)) {
            for (seen, layer) in seen.iter_mut().zip(hidden_layers(model, ranker, &first, item)) {
                seen.extend(layer.into_iter().filter(|&x| x > 0.0));
            }
        }
    }
    let step = |mut values: Vec<f64>| {
        values.sort_unstable_by(f64::total_cmp);
        let high = values.get(values.len().saturating_sub(values.len() / 1000 + 1)).copied().unwrap_or(1.0);
        (high / f64::from(Ranker::LARGEST)).max(1e-9).min(1e9) as f32
    };
    Ok(seen.into_iter().map(step).collect())
}

/// Higher score first, ties by the lower item.
fn sort(list: &mut Vec<(f64, u32)>) {
    let heap: BinaryHeap<(TotalOrder, Reverse<u32>)> =
        list.drain(..).map(|(score, item)| (TotalOrder(score), Reverse(item))).collect();
    list.extend(heap.into_sorted_vec().into_iter().rev().map(|(TotalOrder(score), Reverse(item))| (score, item)));
}

/// f64 by its total order.
struct TotalOrder(f64);

impl Ord for TotalOrder {
    fn cmp(&self, other: &TotalOrder) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for TotalOrder {
    fn partial_cmp(&self, other: &TotalOrder) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for TotalOrder {
    fn eq(&self, other: &TotalOrder) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for TotalOrder {}

/// The answer to a golden history: its items, each with strength 1, are left out of the ranking.
pub(crate) fn golden_answer(model: &Model, history: &[u32], k: usize) -> Result<Vec<Scored>> {
    let (user, mask) = golden_query(model, history)?;
    Ok(score(model, &Plan::new(model, &Query::of(&user, &mask, k, Stage::Cascade))?))
}

/// User and mask of a golden history; items that were added later play no part.
pub(crate) fn golden_query(model: &Model, history: &[u32]) -> Result<(User, ItemMask)> {
    let mut mask = ItemMask::none(model.item_count());
    history
        .iter()
        .copied()
        .chain(model.golden_items() as u32..model.item_count() as u32)
        .for_each(|item| mask.exclude(item));
    let strengths: Vec<(u32, f32)> = history.iter().map(|&item| (item, 1.0)).collect();
    Ok((User::of_history(model, &strengths)?, mask))
}

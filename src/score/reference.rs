//! The oracle: scoring as one would write it on paper. Slow, short, and what every backend is held to.
//!
//! A retrieval score is *defined* as three rounded f32 operations on an exact integer, `((dot * gain) * user_scale) +
//! offset`, so it has one right value to the last bit. An MLP score is real-valued: computed here in float64.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::mask::ItemMask;
use super::plan::{Plan, Query, Stage};
use super::topk::Scored;
use crate::error::Result;
use crate::model::Model;
use crate::profile::fold_in;

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
    let dot: i64 = model.row(item).iter().zip(&plan.user).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum();
    let gain = plan.stage.gain(model).map_or(0.0, |gain| gain[item as usize]);
    let offset = plan.stage.offset(model).map_or(0.0, |offset| offset[item as usize]);
    ((dot as f32 * gain) * plan.user_scale) + offset
}

/// `MLP(concat(u, i)) + skip * retrieval`, in float64; `first` is the user half of layer 0.
fn rank_score(model: &Model, first: &[f32], item: u32, retrieval: f64) -> f64 {
    let ranker = model.ranker().expect("a plan has a first layer only for a model with a ranker");
    let mut x: Vec<f64> = model.embedding(item).into_iter().map(f64::from).collect();
    for (n, layer) in ranker.layers.iter().enumerate() {
        let bias = if n == 0 { first } else { &layer.bias };
        let output = |o: usize| {
            let sum: f64 =
                x.iter().enumerate().map(|(i, x)| x * f64::from(layer.weight[i * layer.shape.outputs + o])).sum();
            let y = sum + f64::from(bias[o]);
            if n + 1 < ranker.layers.len() { y.max(0.0) } else { y }
        };
        x = (0..layer.shape.outputs).map(output).collect();
    }
    x[0] + f64::from(ranker.skip) * retrieval
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
    let plan = Plan::new(model, &Query { user: &user, mask: &mask, k, stage: Stage::Cascade })?;
    Ok(score(model, &plan))
}

/// User vector and mask of a golden history.
pub(crate) fn golden_query(model: &Model, history: &[u32]) -> Result<(Vec<f32>, ItemMask)> {
    let mut mask = ItemMask::none(model.item_count());
    history.iter().for_each(|&item| mask.exclude(item));
    let strengths: Vec<(u32, f32)> = history.iter().map(|&item| (item, 1.0)).collect();
    Ok((fold_in(model, &strengths)?, mask))
}

//! Are reasons true? What is said to carry a score is taken out of the history, and so is something else instead: the score should fall
//! further without the first (deletion, Samek et al. 2017).

use std::sync::Arc;

use proclivity::model::Model;
use proclivity::profile::User;
use proclivity::score::{CpuScorer, ItemMask, Query};
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::engine::{ships, without};
use super::replay::{Moment, feedback};
use crate::dataset::{Event, HeldOut};
use crate::error::Result;

/// Items of each list that are looked at.
const ITEMS: usize = 5;
/// Moments that are looked at, at most, and fewest items of a history to choose from.
const MOST: usize = 400;
const LEAST: usize = 3;

/// How often the first reason was the better one to lose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Removal {
    /// Recommended items with a reason that were looked at.
    pub items: usize,
    /// Share of them whose score falls further without the first reason than without another item of the history.
    pub lowered: f64,
}

/// Takes reasons out at some of `moments`; `timed` as for a replay.
///
/// # Errors
/// Whatever the engine refuses.
pub fn remove_reasons(model: &Arc<Model>, users: &[HeldOut], moments: &[Moment], timed: bool) -> Result<Removal> {
    let scorer = CpuScorer::new(Arc::clone(model));
    let every = moments.len().div_ceil(MOST).max(1);
    let judge = |moment: &Moment| Judge { model, scorer: &scorer, user: &users[moment.user], moment, timed }.run();
    let judged: Vec<(usize, usize)> = moments.par_iter().step_by(every).map(judge).collect::<Result<_>>()?;
    let items = judged.iter().map(|judged| judged.0).sum();
    let lowered = judged.iter().map(|judged| judged.1).sum::<usize>() as f64;
    Ok(Removal { items, lowered: lowered / f64::max(items as f64, 1.0) })
}

struct Judge<'a> {
    model: &'a Arc<Model>,
    scorer: &'a CpuScorer,
    user: &'a HeldOut,
    moment: &'a Moment,
    timed: bool,
}

impl Judge<'_> {
    /// Items with a reason, and those that lose more by it than by another.
    fn run(&self) -> Result<(usize, usize)> {
        let events = &self.user.events[..self.moment.known];
        let (user, history) = self.user_of(events)?;
        if history.len() < LEAST {
            return Ok((0, 0));
        }
        let mut random = ChaCha8Rng::seed_from_u64(self.moment.known as u64 ^ self.moment.now as u64);
        let mask = without(self.model.item_count(), &history);
        let list = self.scorer.score(&Query::of(&user, &mask, ITEMS, ships(self.model)))?;
        let (mut items, mut lowered) = (0, 0);
        for item in list.iter().map(|scored| scored.item) {
            let parts = user.contributions(self.model, item);
            let Some(first) = parts.iter().filter(|part| part.1 > 0.0).max_by(|a, b| a.1.total_cmp(&b.1)) else {
                continue;
            };
            let others: Vec<u32> = history.iter().copied().filter(|&other| other != first.0).collect();
            let Some(&other) = others.choose(&mut random) else { continue };
            items += 1;
            lowered += usize::from(self.without(events, first.0, item)? < self.without(events, other, item)?);
        }
        Ok((items, lowered))
    }

    fn user_of(&self, events: &[Event]) -> Result<(User, Vec<u32>)> {
        let known = HeldOut { events: events.to_vec(), ..self.user.clone() }.after(events.len());
        let user = User::of_history(self.model, &known.history(self.model.manifest().repeats))?;
        Ok((user.learning(self.model, &feedback(events, self.timed), self.moment.now as f64), known.fold_in))
    }

    /// The score of `item` had nothing happened to `gone`.
    fn without(&self, events: &[Event], gone: u32, item: u32) -> Result<f32> {
        let left: Vec<Event> = events.iter().copied().filter(|event| event.item != gone).collect();
        let mut mask = ItemMask::all(self.model.item_count());
        mask.include(item);
        let scored = self.scorer.score(&Query::of(&self.user_of(&left)?.0, &mask, 1, ships(self.model)))?;
        Ok(scored.first().map_or(f32::NEG_INFINITY, |scored| scored.score))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::super::fixture::{ITEMS as CATALOGUE, model};
    use super::super::replay::moments;
    use super::*;
    use crate::dataset::fixture::events;

    #[test]
    fn what_carries_a_score_is_missed_the_most() {
        for candidates in [None, Some(120)] {
            let model = model(candidates, Value::Null);
            let user = |n: u32| {
                let history: Vec<u32> = (0..12).map(|k| (n * 37 + k * k * 11) % CATALOGUE as u32).collect();
                let mut seen = HashSet::new();
                let history: Vec<u32> = history.into_iter().filter(|&item| seen.insert(item)).collect();
                HeldOut { user: n.to_string(), fold_in: Vec::new(), targets: Vec::new(), events: events(&history) }
            };
            let users: Vec<HeldOut> = (0..20).map(user).collect();
            let moments = moments(&users, false, 5, true, i64::MIN);
            let found = remove_reasons(&model, &users, &moments, false).unwrap();
            assert!(found.items > 200 && found.lowered > 0.9, "{candidates:?} {found:?}");
        }
    }
}

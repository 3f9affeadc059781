//! Are reasons true? What is said to carry a score is taken out of the history, and so is something else instead: the score should fall
//! further without the first (deletion, Samek et al. 2017).

use std::sync::Arc;

use proclivity::model::Model;
use proclivity::rank::Reason;
use proclivity::{Recommender, Request};
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::device::{self, Device};
use super::replay::Moment;
use crate::dataset::{Event, HeldOut};
use crate::error::Result;

/// Items of each list that are looked at.
const ITEMS: usize = 5;
/// Moments that are looked at, at most, and fewest items of a history to choose from.
const MOST: usize = 400;
const LEAST: usize = 3;
/// Moments of one piece of work.
const PIECE: usize = 20;

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
    let every = moments.len().div_ceil(MOST).max(1);
    let some: Vec<&Moment> = moments.iter().step_by(every).collect();
    let judge = |moments: &[&Moment]| -> Result<(usize, usize)> {
        let recommender = device::open(model)?;
        let (mut items, mut lowered) = (0, 0);
        for moment in moments {
            let events = &users[moment.user].events[..moment.known];
            let judged = Judge { model, recommender: &recommender, events, moment, timed }.run()?;
            (items, lowered) = (items + judged.0, lowered + judged.1);
        }
        Ok((items, lowered))
    };
    let judged: Vec<(usize, usize)> = some.par_chunks(PIECE).map(judge).collect::<Result<_>>()?;
    let items = judged.iter().map(|judged| judged.0).sum();
    let lowered = judged.iter().map(|judged| judged.1).sum::<usize>() as f64;
    Ok(Removal { items, lowered: lowered / f64::max(items as f64, 1.0) })
}

struct Judge<'a> {
    model: &'a Arc<Model>,
    recommender: &'a Recommender,
    events: &'a [Event],
    moment: &'a Moment,
    timed: bool,
}

impl Judge<'_> {
    /// Items whose first reason is an item, and those that lose more by it than by another.
    fn run(&self) -> Result<(usize, usize)> {
        let device = self.device(self.events)?;
        let history = device.profile().history(self.model);
        if history.len() < LEAST {
            return Ok((0, 0));
        }
        let mut random = ChaCha8Rng::seed_from_u64(self.moment.known as u64 ^ self.moment.now as u64);
        let request = Request { count: ITEMS.min(self.model.item_count()), ..Request::default() };
        let list = device.list(self.recommender, &request, self.moment)?;
        let (mut items, mut lowered) = (0, 0);
        for item in &list.items {
            let Some(Reason::BecauseOf { item_id, .. }) = item.reasons.first() else { continue };
            let Some(first) = self.model.item_index(item_id) else { continue };
            let others: Vec<u32> = history.iter().map(|line| line.item).filter(|&other| other != first).collect();
            let Some(&other) = others.choose(&mut random) else { continue };
            items += 1;
            lowered += usize::from(self.without(first, &item.id)? < self.without(other, &item.id)?);
        }
        Ok((items, lowered))
    }

    fn device(&self, events: &[Event]) -> Result<Device<'_>> {
        let mut device = Device::new(self.model, self.timed);
        device.take_in(events, events.len())?;
        Ok(device)
    }

    /// The score of `item` had nothing happened to `gone`.
    fn without(&self, gone: u32, item: &str) -> Result<f32> {
        let left: Vec<Event> = self.events.iter().copied().filter(|event| event.item != gone).collect();
        let request = Request { count: 1, include: Some(vec![item.to_owned()]), explain: false, ..Request::default() };
        let list = self.device(&left)?.list(self.recommender, &request, self.moment)?;
        Ok(list.items.first().map_or(f32::NEG_INFINITY, |scored| scored.score))
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

//! Rankings by the exported model and the crate that runs on the device.

use std::sync::Arc;

use proclivity::model::{Model, Prior, Scoring};
use proclivity::profile::User;
use proclivity::rank::{Arranged, Buyer, CANDIDATES};
use proclivity::score::{CpuScorer, ItemMask, Query, Scored, Stage};
use rayon::prelude::*;

use super::hits::{Hits, Ranking};
use super::listing::Listing;
use super::metrics::{DEPTH, Metrics};
use crate::dataset::{HeldOut, purchases};
use crate::error::Result;

/// A model at one of its stages, ready to rank.
pub struct Engine {
    model: Arc<Model>,
    scorer: CpuScorer,
    stage: Stage,
    /// How many items the stage is asked for. The whole ranking shows ties in full; a cascade re-ranks its candidates, and
    /// asking for more would change them.
    depth: usize,
    /// When lists are asked for, in milliseconds since 1970, where the model weighs what is bought again.
    now: Option<i64>,
    /// In place of the model's own.
    prior: Option<Prior>,
    /// What becomes of the best by score, and how many items it makes a list of.
    arranged: Option<(Arranged, usize)>,
}

impl Engine {
    pub fn new(model: &Arc<Model>, stage: Stage) -> Engine {
        let depth = match (stage, &model.manifest().scoring) {
            (Stage::Cascade, Scoring::Cascade { candidates, .. }) => DEPTH.max(*candidates),
            _ => model.item_count(),
        };
        Engine {
            model: Arc::clone(model),
            scorer: CpuScorer::new(Arc::clone(model)),
            stage,
            depth,
            now: None,
            prior: None,
            arranged: None,
        }
    }

    /// The same engine at a moment in milliseconds since 1970: at the stage that ships, a model with a repurchase part then weighs
    /// own items against new ones.
    #[must_use]
    pub fn at(mut self, now: Option<i64>) -> Engine {
        if now.is_some() && self.stage == ships(&self.model) && self.model.repurchase().is_some() {
            (self.now, self.depth) = (now, CANDIDATES);
        }
        self
    }

    /// The same engine, its lists arranged by what holds at `now` (milliseconds since 1970); what is not in them follows in the order of scores.
    ///
    /// # Errors
    /// Whatever the engine refuses of the arrangement.
    pub fn arranging(mut self, listing: Option<&Listing>, now: Option<i64>) -> Result<Engine> {
        if let Some(Listing { arrangement, length, .. }) = listing {
            let now = now.unwrap_or_default() as f64;
            self.arranged = Some((Arranged::new(&self.model, arrangement, now, &[], &[])?, *length));
        }
        Ok(self)
    }

    /// The same engine with another prior.
    #[must_use]
    pub fn weighing(mut self, prior: Prior) -> Engine {
        self.prior = Some(prior);
        self
    }

    /// Where the targets of each of `users` are: it is folded in from its history, every other item is ranked.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn hits(&self, users: &[HeldOut]) -> Result<Vec<Hits>> {
        let hits = |user: &HeldOut| {
            let ranking = self.rank(user, &without(self.model.item_count(), &user.fold_in))?;
            Ok(Hits::find(&ranking, &user.targets))
        };
        users.par_iter().map(hits).collect()
    }

    /// What `user` is shown for what is known of it, of the items that `mask` lets in.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn rank(&self, user: &HeldOut, mask: &ItemMask) -> Result<Ranking> {
        let list = self.ask(user, mask, self.depth, self.stage, self.buyer(user))?;
        match &self.arranged {
            Some((arranged, length)) => self.arrange(user, mask, list, (arranged, *length)),
            None => Ok(Ranking::by_score(list)),
        }
    }

    /// The list that a page would show, its candidates the best of `list`, and the rest of it.
    fn arrange(
        &self,
        user: &HeldOut,
        mask: &ItemMask,
        list: Vec<(u32, f32)>,
        (arranged, length): (&Arranged, usize),
    ) -> Result<Ranking> {
        let scored = |list: &[(u32, f32)], most: usize| -> Vec<Scored> {
            list.iter().take(most).map(|&(item, score)| Scored { item, score }).collect()
        };
        let mut allowed = mask.clone();
        arranged.hidden().into_iter().for_each(|hidden| allowed.exclude_all(hidden));
        let most = arranged.candidates(length, &self.model)?.max(if self.now.is_some() { CANDIDATES } else { 0 });
        let list: Vec<(u32, f32)> = list.into_iter().filter(|entry| !allowed.is_excluded(entry.0)).collect();
        let group = match arranged.group(&allowed) {
            Some(group) => {
                let mut found = self.ask(user, &group, most, self.stage, self.buyer(user))?;
                found.retain(|entry| !group.is_excluded(entry.0));
                found
            }
            None => Vec::new(),
        };
        let (shown, _) = arranged.list(&self.model, &scored(&list, most), &scored(&group, most), &allowed, length);
        let mut order: Vec<u32> = shown.iter().map(|scored| scored.item).collect();
        let rest = list.iter().map(|entry| entry.0).filter(|item| !shown.iter().any(|scored| scored.item == *item));
        order.extend(rest);
        // In an order that no score tells.
        Ok(Ranking::by_score(order.into_iter().enumerate().map(|(place, item)| (item, -(place as f32))).collect()))
    }

    /// The same for every item: what a cascade's ranker does not see follows in the order of retrieval.
    ///
    /// # Errors
    /// As [`Engine::rank`].
    pub fn rank_whole(&self, user: &HeldOut, mask: &ItemMask) -> Result<Ranking> {
        let mut ranking = self.rank(user, mask)?;
        if self.depth < self.model.item_count() {
            let mut rest = mask.clone();
            ranking.list.iter().for_each(|entry| rest.exclude(entry.0));
            ranking.list.extend(self.ask(user, &rest, self.model.item_count(), Stage::Retrieval, None)?);
        }
        Ok(ranking)
    }

    /// (item, score) of these `items` alone for what is known of `user`, the best first.
    ///
    /// # Errors
    /// As [`Engine::rank`].
    pub fn scores(&self, user: &HeldOut, items: impl ExactSizeIterator<Item = u32>) -> Result<Vec<(u32, f32)>> {
        if items.len() == 0 {
            return Ok(Vec::new());
        }
        let mut mask = ItemMask::all(self.model.item_count());
        items.for_each(|item| mask.include(item));
        self.ask(user, &mask, self.depth, self.stage, None)
    }

    /// The one place that asks the engine: the `k` best items for what is known of `user`, with their scores; the own items of
    /// `buyer` among them.
    fn ask(
        &self,
        user: &HeldOut,
        mask: &ItemMask,
        k: usize,
        stage: Stage,
        buyer: Option<Buyer>,
    ) -> Result<Vec<(u32, f32)>> {
        let (mut mask, mut buyer) = (mask.clone(), buyer);
        buyer.iter_mut().for_each(|buyer| buyer.claim(&mut mask));
        let history = user.history(self.model.manifest().repeats);
        let asked = match &self.prior {
            Some(prior) => User::weighing(&self.model, &history, prior)?,
            None => User::of_history(&self.model, &history)?,
        };
        let mut list = self.scorer.score(&Query::of(&asked, &mask, k, stage))?;
        if let Some(buyer) = buyer {
            list = buyer.rank(&self.model, &asked, list, usize::MAX);
        }
        Ok(list.iter().map(|scored| (scored.item, scored.score)).collect())
    }

    /// Whom the model sees in `user`, where it weighs what is bought again.
    fn buyer(&self, user: &HeldOut) -> Option<Buyer> {
        let span = self.model.repurchase()?.weights.span;
        Buyer::new(&purchases(&user.events), self.now? as f64, span)
    }
}

/// The stage of `model` that ships: what a page with this file shows before it has learnt anything online.
pub fn ships(model: &Model) -> Stage {
    match model.manifest().scoring {
        Scoring::Dot => Stage::Retrieval,
        Scoring::Mlp(_) => Stage::Ranking,
        Scoring::Cascade { .. } => Stage::Cascade,
    }
}

/// Everything by `popularity` (n), best first, of the items that `mask` lets in: the list everyone gets.
pub fn rank_by_popularity(order: &[(u32, f32)], mask: &ItemMask) -> Ranking {
    Ranking::by_score(order.iter().copied().filter(|(item, _)| !mask.is_excluded(*item)).collect())
}

/// Items with their `popularity` (n), the most popular first, ties by index.
pub fn popularity_order(popularity: &[f32]) -> Vec<(u32, f32)> {
    let mut order: Vec<(u32, f32)> = (0..).zip(popularity.iter().copied()).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order
}

/// Means of the headline metrics of `users` at `stage`: each is folded in from its history, every other item is ranked.
///
/// # Errors
/// Whatever the engine refuses.
pub fn evaluate_model(model: &Arc<Model>, users: &[HeldOut], stage: Stage) -> Result<Metrics> {
    Ok(Metrics::mean(&Engine::new(model, stage).hits(users)?))
}

/// The same for the most popular items.
pub fn evaluate_popularity(popularity: &[f32], users: &[HeldOut]) -> Metrics {
    let order = popularity_order(popularity);
    let hits =
        |user: &HeldOut| Hits::find(&rank_by_popularity(&order, &without(order.len(), &user.fold_in)), &user.targets);
    Metrics::mean(&users.par_iter().map(hits).collect::<Vec<Hits>>())
}

/// A mask that leaves out what was seen.
pub fn without(items: usize, seen: &[u32]) -> ItemMask {
    let mut mask = ItemMask::none(items);
    seen.iter().for_each(|&item| mask.exclude(item));
    mask
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::super::fixture::{ITEMS, model, user};
    use super::*;

    #[test]
    fn a_cascade_ranks_its_candidates_and_retrieval_the_rest() {
        let (model, history) = (model(Some(120), Value::Null), [3, 7, 200]);
        let someone = user(&history, &[]);
        let (engine, mask) = (Engine::new(&model, Stage::Cascade), without(ITEMS, &history));
        let (served, whole) = (engine.rank(&someone, &mask).unwrap(), engine.rank_whole(&someone, &mask).unwrap());
        assert_eq!((served.list.len(), whole.head, whole.list.len()), (120, 120, ITEMS - history.len()));
        assert_eq!(served.list, whole.list[..120]);
        let items: HashSet<u32> = whole.list.iter().map(|entry| entry.0).collect();
        assert_eq!(items.len(), ITEMS - history.len(), "every other item once");
        let retrieved = Engine::new(&model, Stage::Retrieval).rank(&someone, &mask).unwrap().list;
        let candidates: HashSet<u32> = retrieved[..120].iter().map(|entry| entry.0).collect();
        assert_eq!(candidates, served.list.iter().map(|entry| entry.0).collect());
        assert_ne!(retrieved[..120], served.list, "in another order");
        assert_eq!(retrieved[120..], whole.list[120..]);
    }

    #[test]
    fn training_and_the_command_measure_alike() {
        let model = model(Some(120), Value::Null);
        let users: Vec<HeldOut> = (0..20).map(|n| user(&[n, n * 7 + 30], &[n + 200, n * 3 + 40])).collect();
        let protocol = crate::evaluate::Protocol {
            pool: crate::evaluate::Pool::Everything,
            include_seen: false,
            cutoffs: vec![20],
        };
        let metrics = crate::evaluate::Metric::HEADLINE;
        let (users, protocol, metrics) = (&users[..], &protocol, &metrics[..]);
        let task =
            crate::evaluate::Task { users, protocol, metrics, ratings: &[], now: None, after: None, listing: None };
        for stage in [Stage::Retrieval, Stage::Cascade] {
            let steering = evaluate_model(&model, users, stage).unwrap();
            let values = task.model(&model, stage).unwrap().values;
            let mean = |column: usize| values.iter().map(|row| row[column]).sum::<f64>() / 20.0;
            assert_eq!([steering.recall_20, steering.recall_50, steering.ndcg_100], [0, 1, 2].map(mean));
        }
        let popular = task.popularity(model.popularity().unwrap()).unwrap().values;
        let steering = evaluate_popularity(model.popularity().unwrap(), users);
        assert_eq!(steering.recall_50, popular.iter().map(|row| row[1]).sum::<f64>() / 20.0);
    }
}

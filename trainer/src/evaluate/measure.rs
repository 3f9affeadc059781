//! One pass over the users: each is ranked once, and every figure comes from that ranking.

use std::collections::HashMap;
use std::sync::Arc;

use proclivity::model::Model;
use proclivity::score::{ItemMask, Stage};
use rayon::prelude::*;

use super::engine::{Engine, popularity_order, rank_by_popularity};
use super::hits::{Hits, Ranking};
use super::listing::Listing;
use super::metrics::Metric;
use super::protocol::Protocol;
use super::ratings::{Foreseen, RatingScale};
use crate::dataset::HeldOut;
use crate::error::Result;

/// What one way of ranking gave, user by user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// (users, metrics).
    pub values: Vec<Vec<f64>>,
    /// The best of each user, as many as the largest cutoff.
    pub lists: Vec<Vec<u32>>,
    /// Given ratings of all users, and what foresees them.
    pub ratings: Vec<Foreseen>,
}

/// The same of one user.
struct OfUser {
    values: Vec<f64>,
    list: Vec<u32>,
    ratings: Vec<Foreseen>,
}

/// The users and what is asked of each.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    pub users: &'a [HeldOut],
    pub protocol: &'a Protocol,
    pub metrics: &'a [Metric],
    /// Each user's target ratings (item index, rating); empty where none are given.
    pub ratings: &'a [Vec<(u32, f64)>],
    /// The moment lists are asked for, in milliseconds since 1970, if known.
    pub now: Option<i64>,
    /// Only so many of the first events of each history are known; the rest of it is not ranked either, so that lists are of the same
    /// items for every number.
    pub after: Option<usize>,
    /// What becomes of the best by score.
    pub listing: Option<&'a Listing>,
}

impl Task<'_> {
    /// Measures `model` at `stage`.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn model(&self, model: &Arc<Model>, stage: Stage) -> Result<Measured> {
        let engine = Engine::new(model, stage).at(self.now).arranging(self.listing, self.now)?;
        let scale = RatingScale::of_card(&model.manifest().card);
        let foresee = |user: &HeldOut, ranking: &Ranking, given: &[(u32, f64)]| match scale {
            Some(scale) if !given.is_empty() => predictions(&engine, user, ranking, given, scale),
            _ => Ok(Vec::new()),
        };
        self.measure(model.item_count(), |user, mask| engine.rank_whole(user, mask), foresee)
    }

    /// Measures the list everyone gets: items by `popularity` (n).
    ///
    /// # Errors
    /// None, but what [`Task::model`] may.
    pub fn popularity(&self, popularity: &[f32]) -> Result<Measured> {
        let order = popularity_order(popularity);
        self.measure(order.len(), |_, mask| Ok(rank_by_popularity(&order, mask)), |_, _, _| Ok(Vec::new()))
    }

    fn measure(
        &self,
        items: usize,
        rank: impl Fn(&HeldOut, &ItemMask) -> Result<Ranking> + Sync,
        foresee: impl Fn(&HeldOut, &Ranking, &[(u32, f64)]) -> Result<Vec<Foreseen>> + Sync,
    ) -> Result<Measured> {
        let longest = self.protocol.cutoffs.last().copied().unwrap_or_default();
        let deepest = longest.max(self.listing.map_or(0, |listing| listing.length));
        let one = |(at, user): (usize, &HeldOut)| {
            let mask = self.protocol.mask(at, user, items);
            let ranking = match self.after {
                Some(events) => rank(&user.after(events), &mask)?,
                None => rank(user, &mask)?,
            };
            let hits = Hits::find(&ranking, &user.targets);
            let values = self.metrics.iter().map(|metric| metric.of(&hits)).collect();
            let given = self.ratings.get(at).map_or(&[][..], Vec::as_slice);
            let ratings = foresee(user, &ranking, given)?;
            Ok(OfUser { values, list: ranking.top(deepest), ratings })
        };
        let all: Result<Vec<OfUser>> = self.users.par_iter().enumerate().map(one).collect();
        let mut measured = Measured::default();
        for OfUser { values, list, ratings } in all? {
            measured.values.push(values);
            measured.lists.push(list);
            measured.ratings.extend(ratings);
        }
        Ok(measured)
    }
}

/// What foresees each of `given` that was ranked: the scores there, and what `user`'s own ratings say of its level.
fn predictions(
    engine: &Engine,
    user: &HeldOut,
    ranking: &Ranking,
    given: &[(u32, f64)],
    scale: RatingScale,
) -> Result<Vec<Foreseen>> {
    let ratings: HashMap<u32, f64> = user.ratings().collect();
    let scores = engine.scores(user, ratings.keys().copied())?;
    let own: Vec<(f64, f32)> = scores.into_iter().map(|(item, score)| (ratings[&item], score)).collect();
    let foreseen = |(item, rating): &(u32, f64)| {
        let entry = ranking.list[..ranking.head].iter().find(|entry| entry.0 == *item)?;
        Some(scale.foresee(*rating, entry.1, &own))
    };
    Ok(given.iter().filter_map(foreseen).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::{ITEMS, model, user};
    use super::super::protocol::Pool;
    use super::*;

    fn measure(card: Value) -> Measured {
        let users = [user(&[3], &[5, 9])];
        let protocol = Protocol { pool: Pool::Everything, include_seen: false, cutoffs: vec![4, 7] };
        let ratings = [vec![(5, 4.0), (9, 2.0), (ITEMS as u32, 1.0)]];
        let task = Task {
            users: &users,
            protocol: &protocol,
            metrics: &[Metric::Auc],
            ratings: &ratings,
            now: None,
            after: None,
            listing: None,
        };
        task.model(&model(None, card), Stage::Retrieval).unwrap()
    }

    #[test]
    fn ratings_are_predicted_where_the_card_says_so() {
        let measured = measure(json!({ "ratings": { "mean": 3.5, "min": 1, "max": 5 } }));
        let model = model(None, Value::Null);
        let mask = crate::evaluate::engine::without(ITEMS, &[3]);
        let list = Engine::new(&model, Stage::Retrieval).rank(&user(&[3], &[]), &mask).unwrap().list;
        let score = |item: u32| f64::from(list.iter().find(|entry| entry.0 == item).unwrap().1);
        let ratings: Vec<(f64, f64)> = measured.ratings.iter().map(|rating| (rating.model, rating.given)).collect();
        assert_eq!(ratings, [(3.5 + score(5), 4.0), (3.5 + score(9), 2.0)]);
        assert_eq!(measure(Value::Null).ratings, []);
        assert_eq!((measured.lists[0].len(), measured.values[0].len()), (7, 1), "as deep as the largest cutoff");
    }
}

//! What popularity counts beside short histories ([`proclivity::model::Prior`]), fitted on held-out users whose histories are cut.

use std::sync::Arc;

use proclivity::model::{Model, Prior};
use proclivity::score::Stage;
use serde::Serialize;

use super::fit::Fit;
use super::trained::Trained;
use crate::dataset::{HeldOut, distinct_items};
use crate::error::Result;
use crate::evaluate::{Engine, Hits, Metrics, ships, without};
use crate::export::draft;

/// Numbers of first events that histories are cut to, besides being whole.
const EVENTS: [usize; 5] = [1, 3, 10, 30, 100];
/// Fewest users that a weight is fitted on, and most that are looked at.
const LEAST_USERS: usize = 20;
const MOST_USERS: usize = 300;
/// New items that come next after a cut and are to be found, at most.
const NEXT: usize = 10;
/// A history is about as long as a cut one if it is not longer or shorter by more than this factor.
const NEAR: usize = 2;
/// Users whose scores tell how far apart scores lie.
const SPREAD_USERS: usize = 20;
/// Weights that are tried, as shares of the one at which popularity sets items as far apart as the history does; and those around the
/// best, as shares of it.
const SHARES: [f64; 7] = [0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];
const FINER: [f64; 2] = [0.55, 1.8];
/// Far below the largest weight that a model file takes, as scores are bounded.
const MOST_UNIT: f64 = 1e4;
/// Relative gain of NDCG up to which popularity is left out.
const LEAST_GAIN: f64 = 0.02;
/// Standard errors that a gain is above 0 by, at least: the best of several weights is better than none by chance alone.
const SURE: f64 = 2.0;

/// What one weight is fitted on, and what it brings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PriorStep {
    /// First events that are known; none for whole histories.
    pub events: Option<usize>,
    pub users: usize,
    /// Mean sum of their strengths.
    pub strength: f32,
    pub weight: f32,
    /// Mean relative gain of NDCG@100 by it.
    pub gain: f64,
}

/// Fits the weights; none where there is nobody to fit them on, or popularity says nothing more.
///
/// Two kinds of users have a history of so many events: those who have only begun, found by cutting longer histories, and those who never
/// do more. Both count alike, where there are enough of the second.
///
/// # Errors
/// What the engine refuses.
pub fn fit_prior(trained: &Trained, fit: &Fit<'_>) -> Result<(Option<Prior>, Vec<PriorStep>)> {
    let held = &fit.held[..fit.held.len().min(MOST_USERS)];
    let model = draft(trained, fit.data)?;
    let mut steps: Vec<PriorStep> = Vec::new();
    for events in EVENTS.into_iter().map(Some).chain([None]) {
        let groups: Vec<Group> = match events {
            Some(events) => vec![
                held.iter().filter_map(|user| cut(user, events)).collect(),
                held.iter()
                    .filter(|user| (events / NEAR..=events * NEAR).contains(&user.events.len()))
                    .cloned()
                    .collect(),
            ],
            None => vec![held.to_vec()],
        };
        if groups[0].len() < LEAST_USERS {
            continue;
        }
        let groups: Vec<Group> = groups.into_iter().filter(|group| group.len() >= LEAST_USERS).collect();
        let (users, strength) = (groups.iter().map(Vec::len).sum(), strength(&groups[0], trained));
        if steps.last().is_none_or(|last| strength > last.strength) {
            let (weight, gain) = Search { model: &model, groups: &groups }.best()?;
            steps.push(PriorStep { events, users, strength, weight, gain });
        }
    }
    let knots: Vec<(f32, f32)> = steps.iter().map(|step| (step.strength, step.weight)).collect();
    let prior = knots.iter().any(|knot| knot.1 > 0.0).then_some(Prior { knots });
    Ok((prior, steps))
}

type Group = Vec<HeldOut>;

/// `user` when only so many of its first events had happened, with the new items that came next to be found.
fn cut(user: &HeldOut, events: usize) -> Option<HeldOut> {
    let known = user.after(events);
    let later = distinct_items(&user.events[events.min(user.events.len())..]);
    let targets: Vec<u32> = later.into_iter().filter(|item| !known.fold_in.contains(item)).take(NEXT).collect();
    (!targets.is_empty()).then_some(HeldOut { targets, ..known })
}

/// The mean sum of the strengths that are known.
fn strength(users: &[HeldOut], trained: &Trained) -> f32 {
    let sums = users.iter().map(|user| user.history(trained.repeats).iter().map(|pair| pair.1).sum::<f32>());
    sums.sum::<f32>() / users.len() as f32
}

/// The search for one weight.
struct Search<'a> {
    model: &'a Arc<Model>,
    groups: &'a [Group],
}

impl Search<'_> {
    /// The weight, and the mean relative gain of the groups' NDCG@100 by it.
    fn best(&self) -> Result<(f32, f64)> {
        let before = self.ndcg(0.0)?;
        let (mut best, mut most) = (0.0, 0.0f64);
        let unit = self.unit()?;
        let mut look = |weights: Vec<f64>| -> Result<f64> {
            for weight in weights {
                let (gain, error) = relative_gain(&before, &self.ndcg(weight)?);
                if gain > most.max(LEAST_GAIN).max(SURE * error) {
                    (best, most) = (weight, gain);
                }
            }
            Ok(best)
        };
        let coarse = look(SHARES.iter().map(|share| unit * share).collect())?;
        look(FINER.iter().map(|share| coarse * share).filter(|&weight| weight > 0.0).collect())?;
        Ok((best as f32, most))
    }

    /// The weight at which popularity sets items as far apart as the history does by retrieval, which it is added to.
    fn unit(&self) -> Result<f64> {
        let engine = Engine::new(self.model, Stage::Retrieval);
        let some = &self.groups[0][..self.groups[0].len().min(SPREAD_USERS)];
        let mut sum = 0.0;
        for user in some {
            let list = engine.rank(user, &without(self.model.item_count(), &user.fold_in))?.list;
            sum += spread(list.iter().map(|entry| f64::from(entry.1)));
        }
        let popularity = spread(self.model.log_popularity().iter().map(|&x| f64::from(x)));
        let unit = sum / some.len() as f64 / popularity;
        // Where all items are as popular nothing is told by it; where all score alike any weight is as good.
        Ok(if unit.is_finite() && unit > 0.0 { unit.min(MOST_UNIT) } else { 1.0 })
    }

    /// NDCG@100 of each user of each group with this weight, by all the model has.
    fn ndcg(&self, weight: f64) -> Result<Vec<Vec<f64>>> {
        let prior = Prior { knots: vec![(0.0, weight as f32)] };
        let engine = Engine::new(self.model, ships(self.model)).weighing(prior);
        let ndcg = |hits: Hits| Metrics::mean(&[hits]).ndcg_100;
        self.groups.iter().map(|users| Ok(engine.hits(users)?.into_iter().map(ndcg).collect())).collect()
    }
}

/// The relative gain of each group's mean, averaged over the groups, and its standard error.
fn relative_gain(before: &[Vec<f64>], after: &[Vec<f64>]) -> (f64, f64) {
    let (mut gain, mut variance) = (0.0, 0.0);
    for (before, after) in before.iter().zip(after) {
        let apart: Vec<f64> = before.iter().zip(after).map(|(before, after)| after - before).collect();
        let users = apart.len() as f64;
        let level = (before.iter().sum::<f64>() / users).max(1e-4);
        gain += apart.iter().sum::<f64>() / users / level;
        variance += (spread(apart.iter().copied()) / level).powi(2) / users;
    }
    let groups = before.len().max(1) as f64;
    (gain / groups, variance.sqrt() / groups)
}

/// The standard deviation.
fn spread(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    (values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use proclivity::model::{Repeats, UserTower};
    use rand::RngExt;

    use super::super::trained::Vectors;
    use super::*;
    use crate::dataset::Interactions;
    use crate::dataset::fixture::{events, interactions};
    use crate::output::Output;

    const ITEMS: usize = 60;
    const USERS: usize = 80;

    fn trained(rows: Vec<f32>, popularity: Vec<f32>) -> Trained {
        let vectors = Vectors {
            dim: rows.len() / ITEMS,
            rows,
            bias: None,
            tower: UserTower::Pool { power: 1.0 },
            user_rows: None,
            network: None,
            ranker: None,
            context: None,
        };
        Trained {
            family: "als".into(),
            vectors: Some(vectors),
            neighbours: None,
            ranker: None,
            content: None,
            context: None,
            prior: None,
            repurchase: None,
            popularity,
            repeats: Repeats::Once,
            ratings: None,
            seed: 1,
        }
    }

    /// Users of two tastes, who take 20 items of theirs in random order, low numbers the more often the larger `lean` is.
    fn users(lean: f64) -> (Interactions, Vec<HeldOut>) {
        let mut rng = super::super::epoch_rng(3, 0);
        let mut history = |user: usize| {
            let mut items: Vec<u32> = Vec::new();
            while items.len() < 20 {
                let place = (rng.random::<f64>().powf(lean) * 30.0) as u32;
                let item = 2 * place + (user % 2) as u32;
                if !items.contains(&item) {
                    items.push(item);
                }
            }
            items
        };
        let histories: Vec<Vec<u32>> = (0..USERS).map(&mut history).collect();
        let held = histories.iter().enumerate().map(|(user, items)| {
            let (fold_in, targets) = items.split_at(14);
            HeldOut {
                user: user.to_string(),
                fold_in: fold_in.to_vec(),
                targets: targets.to_vec(),
                events: events(fold_in),
            }
        });
        (interactions(ITEMS, histories.clone()), held.collect())
    }

    fn fitted(trained: &Trained, data: &Interactions, held: &[HeldOut]) -> (Option<Prior>, Vec<PriorStep>) {
        let output = Output { json: true };
        let fit = Fit { data, held, columns: &[], user_columns: &[], output, checkpoint: None, curves: None };
        fit_prior(trained, &fit).unwrap()
    }

    #[test]
    fn popularity_counts_where_vectors_say_less() {
        let (data, held) = users(2.0);
        let mut rng = super::super::epoch_rng(4, 0);
        let noise = (0..ITEMS * 16).map(|_| rng.random::<f32>() - 0.5).collect();
        let (prior, steps) = fitted(&trained(noise, data.popularity()), &data, &held);
        let prior = prior.expect("popularity says more than noise");
        assert_eq!(steps.iter().map(|step| step.events).collect::<Vec<_>>(), [Some(1), Some(3), Some(10), None]);
        assert_eq!(steps[0].users, USERS);
        assert!(steps[..2].iter().all(|step| step.weight > 0.0 && step.gain > 0.1), "{steps:?}");
        assert_eq!(
            prior.knots,
            [1.0, 3.0, 10.0, 14.0].into_iter().zip(steps.iter().map(|step| step.weight)).collect::<Vec<_>>()
        );

        // Vectors that know it all, and a popularity that is nothing but chance.
        let known = data.popularity();
        let value = |n: usize| if n % 16 == (n / 16) % 2 { 1.0 + known[n / 16] } else { 0.0 };
        let (tastes, chance) = ((0..ITEMS * 16).map(value).collect(), (0..ITEMS).map(|_| 99.0 * rng.random::<f32>()));
        let (_, steps) = fitted(&trained(tastes, chance.collect()), &data, &held);
        assert!(steps[..2].iter().all(|step| step.weight == 0.0), "{steps:?}");
    }

    #[test]
    fn nobody_to_fit_on_means_no_prior() {
        let (data, held) = users(2.0);
        let rows = vec![0.5; ITEMS * 16];
        assert_eq!(fitted(&trained(rows, data.popularity()), &data, &held[..LEAST_USERS - 1]), (None, Vec::new()));
    }
}

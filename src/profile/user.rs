//! The user, made of a history on the device: what every item is scored with.

use std::sync::OnceLock;

use super::adapter::{Adapter, Feedback};
use super::context::{add_context, context_features};
use super::fold_in::FoldIn;
use super::mentions::Mentions;
use super::{gradient, network};
use crate::error::{Error, Result, show};
use crate::model::{MAX_ABS, Model, Prior, Ranker, UserTower};
use crate::simd::dot;

/// Items of a history that are left out one by one, to see what a ranker makes of the others.
const LEFT_OUT: usize = 8;

/// Largest strength of a pair: that of millions of events by [`Repeats::Logarithm`](crate::model::Repeats::Logarithm).
const MAX_STRENGTH: f32 = 16.0;

/// A user as the scorers take it, and what is needed to say which event carried a score.
#[derive(Debug, Clone)]
pub struct User {
    /// What items' rows are multiplied by, (d).
    pub vector: Vec<f32>,
    /// The same as the model has it, without what was learnt since: what its layers see, (d); none where nothing was learnt.
    pub taste: Option<Vec<f32>>,
    /// What the neighbour lists of the history, the prior and the adapter add to each item's score, (n); none without them.
    pub offset: Option<Vec<f32>>,
    /// Weight of popularity in it.
    prior: f32,
    adapter: Option<Adapter>,
    tower: Tower,
    /// (item index, strength r).
    history: Vec<(u32, f32)>,
    /// Features of the request's context, (feature, weight).
    context: Vec<(u32, f32)>,
    /// Of a network, the vector without each of the latest items, which alone it looks at; made when it is asked for.
    without: OnceLock<Vec<Option<Vec<f32>>>>,
    /// Of neighbour lists, those that name each item; made when it is asked for.
    mentions: OnceLock<Mentions>,
}

#[derive(Debug, Clone)]
enum Tower {
    FoldIn(FoldIn),
    /// What each strength is multiplied by.
    Pool {
        factor: f32,
    },
    Network,
}

impl User {
    /// The user of `history`: (item index, strength r in 0..=16, 1 for one event of full strength), at least one.
    ///
    /// # Errors
    /// [`Error::Argument`] for an empty history, an item outside the catalogue, or a strength outside its range.
    pub fn of_history(model: &Model, history: &[(u32, f32)]) -> Result<User> {
        User::new(model, history, &context_features(model, &Vec::new())?)
    }

    /// As [`User::of_history`], in a context of these features ([`context_features`]); without a history for models whose context was
    /// learnt with the histories.
    ///
    /// # Errors
    /// As [`User::of_history`].
    pub fn new(model: &Model, history: &[(u32, f32)], context: &[(u32, f32)]) -> Result<User> {
        let user = User::plain(model, history, context)?;
        Ok(match &model.manifest().prior {
            Some(prior) => user.beside(model, prior),
            None => user,
        })
    }

    /// As [`User::of_history`], with another prior than the model's.
    ///
    /// # Errors
    /// As [`User::of_history`].
    pub fn weighing(model: &Model, history: &[(u32, f32)], prior: &Prior) -> Result<User> {
        Ok(User::plain(model, history, &context_features(model, &Vec::new())?)?.beside(model, prior))
    }

    /// The user with popularity beside what the history says.
    fn beside(mut self, model: &Model, prior: &Prior) -> User {
        let weight = prior.weight(self.history.iter().map(|(_, strength)| strength).sum());
        if weight > 0.0 {
            let sums = self.offset.get_or_insert_with(|| vec![0.0; model.item_count()]);
            sums.iter_mut().zip(model.log_popularity()).for_each(|(sum, x)| *sum += weight * x);
            self.prior = weight;
        }
        self
    }

    /// The user with what the device learns from `feedback`, the latest last, as of the moment `now` in milliseconds since 1970; the
    /// same user where the model does not say how.
    #[must_use]
    pub fn learning(mut self, model: &Model, feedback: &[Feedback], now: f64) -> User {
        let Some(online) = model.manifest().online.as_ref().filter(|_| !feedback.is_empty()) else { return self };
        let weights = online.weights_at(self.history.iter().map(|(_, strength)| strength).sum());
        let mut adapter = Adapter::learn(model, online, feedback, now, weights);
        adapter.place_in(&self.history, model.item_count());
        self.taste = Some(self.vector.clone());
        adapter.add_to_vector(&mut self.vector);
        self.vector.iter_mut().for_each(|x| *x = x.max(-MAX_ABS).min(MAX_ABS));
        adapter.add_to_scores(model, self.offset.get_or_insert_with(|| vec![0.0; model.item_count()]));
        self.adapter = Some(adapter);
        self
    }

    /// The user by history and context alone.
    fn plain(model: &Model, history: &[(u32, f32)], context: &[(u32, f32)]) -> Result<User> {
        check(model, history)?;
        let (tower, vector) = match model.manifest().user {
            UserTower::FoldIn { alpha, regularization, power } => {
                let (solved, vector) = FoldIn::solve(model, history, (alpha, regularization, power))?;
                (Tower::FoldIn(solved), vector)
            }
            UserTower::Network => (Tower::Network, run_network(model, history, context)?),
            UserTower::Pool { power } => {
                let total: f32 = history.iter().map(|(_, strength)| strength).sum();
                let factor = pool_factor(power, total);
                let vector = pooled(model, &sums(model, history), factor, context);
                (Tower::Pool { factor }, vector)
            }
        };
        Ok(User {
            vector,
            offset: listed(model, history),
            prior: 0.0,
            taste: None,
            adapter: None,
            tower,
            history: history.to_vec(),
            context: context.to_vec(),
            without: OnceLock::new(),
            mentions: OnceLock::new(),
        })
    }

    /// A stranger in a context of these features, for models whose context speaks for strangers only: what is popular, and more so there.
    /// None where the model has no such context.
    pub fn stranger(model: &Model, context: &[(u32, f32)]) -> Option<User> {
        let rows = model.context().filter(|context| !context.shape.always)?;
        let mut vector = vec![0.0; model.dim()];
        add_context(model, rows, context, &mut vector);
        model.popularity()?;
        let bias = |item: usize| model.bias().map_or(0.0, |bias| bias[item]);
        let offset = model.log_popularity().iter().enumerate().map(|(item, x)| x - bias(item)).collect();
        Some(User {
            vector,
            offset: Some(offset),
            prior: 0.0,
            taste: None,
            adapter: None,
            tower: Tower::Network,
            history: Vec::new(),
            context: context.to_vec(),
            without: OnceLock::new(),
            mentions: OnceLock::new(),
        })
    }

    /// Whether some user of `model` has an offset.
    #[cfg(feature = "gpu")]
    pub(crate) fn brings_offset(model: &Model) -> bool {
        model.neighbours().is_some()
            || model.manifest().prior.is_some()
            || model.manifest().online.is_some()
            || model.context().is_some_and(|context| !context.shape.always)
    }

    /// How much lower the dot with `target` is without each item of the history, in its order; all of it for an only item, nothing for
    /// one so long ago that the network does not look at it.
    fn without_each(&self, model: &Model, target: &[f32]) -> Vec<(u32, f32)> {
        let length = model.network().map_or(0, |network| network.shape.length);
        let first = self.history.len().saturating_sub(length);
        let vectors = self.without.get_or_init(|| {
            let without = |at: usize| {
                let others: Vec<(u32, f32)> = [&self.history[..at], &self.history[at + 1..]].concat();
                if others.is_empty() { None } else { run_network(model, &others, &self.context).ok() }
            };
            (first..self.history.len()).map(without).collect()
        });
        let whole = dot(self.taste(), target);
        let part = |at: usize| match at.checked_sub(first) {
            Some(at) => whole - vectors[at].as_ref().map_or(0.0, |vector| dot(vector, target)),
            None => 0.0,
        };
        self.history.iter().enumerate().map(|(at, &(from, _))| (from, part(at))).collect()
    }

    /// The vector as the model has it, without what was learnt since, (d).
    fn taste(&self) -> &Vec<f32> {
        self.taste.as_ref().unwrap_or(&self.vector)
    }

    /// How much higher `item` stands than others because it is more popular than they are on average, beside what the history says.
    pub fn popular_part(&self, model: &Model, item: u32) -> f32 {
        let skip = model.ranker().map_or(1.0, |ranker| ranker.skip);
        if self.prior > 0.0 { skip * self.prior * model.log_popularity()[item as usize] } else { 0.0 }
    }

    /// The retrieval score of `item` in its two parts: what neighbour lists and the prior say, and dot and bias.
    pub fn scores(&self, model: &Model, item: u32) -> (f32, f32) {
        let bias = model.bias().map_or(0.0, |bias| bias[item as usize]);
        let dot = dot(&self.vector, &model.embedding(item));
        (self.offset.as_ref().map_or(0.0, |offset| offset[item as usize]), dot + bias)
    }

    /// How much each history item adds to the score of `item`, in history order.
    ///
    /// Exact, bias and prior left out, for a dot of a folded-in or pooled vector and for neighbour lists: the parts sum to the score, but for
    /// what was learnt online of items that are not in the history, such as disliked ones. Of a
    /// network, by how much the score is lower without the item (leave-one-out). Of a ranker's layers, gradient times input (Baehrens et
    /// al. 2010) beside the exact parts of the retrieval score; of the largest ones of a pooled vector, leave-one-out.
    pub fn contributions(&self, model: &Model, item: u32) -> Vec<(u32, f32)> {
        let row = model.embedding(item);
        let Some(ranker) = model.ranker() else { return self.of_retrieval(model, item, &row) };
        let mut parts = self.along(model, &gradient::of_user(ranker, self.taste(), &row));
        self.leave_out_each(model, ranker, (item, &row), &mut parts);
        if ranker.skip != 0.0 {
            let retrieval = self.of_retrieval(model, item, &row);
            parts.iter_mut().zip(retrieval).for_each(|(part, (_, x))| part.1 += ranker.skip * x);
        }
        parts
    }

    /// Puts in place of the largest `parts`, in history order, by how much the layers' score of `item`, whose row is `row`, is lower without
    /// each.
    fn leave_out_each(&self, model: &Model, ranker: &Ranker, (item, row): (u32, &[f32]), parts: &mut [(u32, f32)]) {
        let UserTower::Pool { power } = model.manifest().user else { return };
        let score = |vector: &[f32]| match ranker.steps.is_empty() {
            true => gradient::score(ranker, vector, row),
            false => ranker.int8_score(model, &ranker.project_user(vector), item),
        };
        let whole = score(self.taste());
        let sums = sums(model, &self.history);
        let mut left: Vec<usize> = (0..parts.len()).collect();
        for _ in 0..LEFT_OUT.min(parts.len()) {
            let largest =
                (0..left.len()).fold(0, |best, n| if parts[left[n]].1 > parts[left[best]].1 { n } else { best });
            let at = left.swap_remove(largest);
            let (from, strength) = self.history[at];
            let rest: f32 = self.history.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, pair)| pair.1).sum();
            let mut others = sums.clone();
            for (sum, x) in others.iter_mut().zip(model.history_row(from)) {
                *sum -= f64::from(strength) * f64::from(x);
            }
            parts[at].1 = whole - score(&pooled(model, &others, pool_factor(power, rest), &self.context));
        }
    }

    /// How much each history item adds to the retrieval score of `item`, whose row is `row`, in history order.
    fn of_retrieval(&self, model: &Model, item: u32, row: &[f32]) -> Vec<(u32, f32)> {
        let mut parts = self.along(model, row);
        if let Some(neighbours) = model.neighbours() {
            let mentions = self.mentions.get_or_init(|| Mentions::new(&neighbours, &self.history, model.item_count()));
            mentions.of(item).iter().for_each(|&(place, part)| parts[place as usize].1 += part);
        }
        if let Some(adapter) = &self.adapter {
            for (place, learnt) in adapter.contributions(model, item) {
                parts.get_mut(place).into_iter().for_each(|part| part.1 += learnt);
            }
        }
        parts
    }

    /// How much each history item adds to the dot of the vector and `direction`, (d), in history order.
    fn along(&self, model: &Model, direction: &[f32]) -> Vec<(u32, f32)> {
        match &self.tower {
            Tower::FoldIn(solved) => solved.contributions(direction),
            Tower::Pool { factor } => {
                let part = |&(from, strength): &(u32, f32)| {
                    (from, strength * factor * dot(&model.history_row(from), direction))
                };
                self.history.iter().map(part).collect()
            }
            Tower::Network => self.without_each(model, direction),
        }
    }
}

/// What the neighbour lists of `history` add to each item's score, (n); none without such lists.
pub(crate) fn listed(model: &Model, history: &[(u32, f32)]) -> Option<Vec<f32>> {
    let neighbours = model.neighbours()?;
    let mut sums = vec![0.0f32; model.item_count()];
    for &(from, strength) in history {
        neighbours.each(from, &mut |item, weight| sums[item as usize] += strength * weight);
    }
    Some(sums)
}

fn run_network(model: &Model, history: &[(u32, f32)], context: &[(u32, f32)]) -> Result<Vec<f32>> {
    match model.network() {
        Some(network) => network::run(model, network, history, context),
        None => Err(Error::tensor("user", "expected a network, found none")),
    }
}

fn check(model: &Model, history: &[(u32, f32)]) -> Result<()> {
    if history.is_empty() && model.context().is_none_or(|context| !context.shape.always) {
        return Err(Error::argument("history", "at least one item", "none"));
    }
    for &(item, strength) in history {
        if item as usize >= model.item_count() {
            return Err(Error::argument("history", format_args!("item indices below {}", model.item_count()), item));
        }
        if !(0.0..=MAX_STRENGTH).contains(&strength) {
            return Err(Error::argument(
                "history",
                format_args!("strengths in 0..={}", show(MAX_STRENGTH)),
                show(strength),
            ));
        }
    }
    Ok(())
}

/// What a pooled history whose strengths sum up to `total` is multiplied by.
fn pool_factor(power: f32, total: f32) -> f32 {
    match power {
        _ if total <= 0.0 => 0.0,
        0.0 => 1.0,
        0.5 => 1.0 / total.sqrt(),
        _ => 1.0 / total,
    }
}

/// `sum_h r_h y_h`, (d), in the order of the history.
fn sums(model: &Model, history: &[(u32, f32)]) -> Vec<f64> {
    let mut sums = vec![0.0f64; model.dim()];
    for &(item, strength) in history {
        for (sum, x) in sums.iter_mut().zip(model.history_row(item)) {
            *sum += f64::from(strength) * f64::from(x);
        }
    }
    sums
}

/// The user vector of a pooled history, `factor` times its `sums`, in a context, (d).
fn pooled(model: &Model, sums: &[f64], factor: f32, context: &[(u32, f32)]) -> Vec<f32> {
    let mut vector: Vec<f32> =
        sums.iter().map(|sum| ((sum * f64::from(factor)) as f32).max(-MAX_ABS).min(MAX_ABS)).collect();
    if let Some(rows) = model.context().filter(|context| context.shape.always) {
        add_context(model, rows, context, &mut vector);
        vector.iter_mut().for_each(|x| *x = x.max(-MAX_ABS).min(MAX_ABS));
    }
    vector
}

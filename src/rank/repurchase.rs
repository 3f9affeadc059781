//! Buying again: own items and new ones in one list, by how likely each is to be bought next.
//!
//! Two logistic regressions share the work: one over the items a user bought before, from frequency, recency and rhythm
//! (the terms of Fader et al. 2005, "RFM and CLV"), one over the best of the others, from their
//! score and what they sell of late. Their probabilities are comparable, so their logits make one list. The trainer fits
//! both on the very features computed here.

use super::reasons::Reason;
use crate::model::{Model, NEW_FEATURES, REPEAT_FEATURES};
use crate::profile::User;
use crate::score::{ItemMask, Scored, TopK};

/// How many of the best new items are weighed against the own ones.
pub const CANDIDATES: usize = 300;

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;
/// Purchases this near to the first of a basket are in it, in days: half an hour.
const BASKET: f32 = 1.0 / 48.0;
/// Decay times of an item's purchases, days.
const ITEM_DECAYS: [f32; 4] = [15.0, 30.0, 60.0, 120.0];
/// Decay times of all of a user's baskets, days.
const USER_DECAYS: [f32; 3] = [15.0, 30.0, 90.0];
/// Features that are the user's alone.
const SHARED: usize = 6;
/// Scores below this are one to a logarithm: families without lists have some of either sign.
const LEAST_SCORE: f32 = 1e-3;

/// An item the user bought. Ages are in days before now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Own {
    pub item: u32,
    /// Baskets with it.
    pub times: f32,
    /// Age of the first and of the last of them.
    pub first: f32,
    pub last: f32,
    /// `sum over baskets of exp(-age / decay)`, decays of 15, 30, 60 and 120 days.
    pub decayed: [f32; 4],
}

/// What a user's purchases amount to at one moment.
#[derive(Debug, Clone)]
pub struct Buyer {
    /// By time of the first purchase, the earliest first.
    own: Vec<Own>,
    shared: [f32; SHARED],
}

impl Buyer {
    /// The buyer of `purchases`, (item, milliseconds since 1970) in any order, at the moment `now`. What lies longer back than
    /// `span` days counts as that long ago, what lies ahead as now. `None` without any purchase.
    pub fn new(purchases: &[(u32, f64)], now: f64, span: f32) -> Option<Buyer> {
        let mut by_time = TopK::new(purchases.len());
        for &(item, time) in purchases {
            by_time.push(((now - time) / DAY).max(0.0) as f32, item);
        }
        let mut own: Vec<Own> = Vec::new();
        let (mut start, mut baskets, mut recent) = (f32::INFINITY, 0.0f32, [0.0; 3]);
        for Scored { item, score: age } in by_time.into_sorted() {
            if start - age > BASKET {
                start = age;
                baskets += 1.0;
                decay(&mut recent, &USER_DECAYS, start.min(span));
            }
            let at = own.iter().position(|line| line.item == item).unwrap_or_else(|| {
                own.push(Own { item, times: 0.0, first: start.min(span), last: f32::INFINITY, decayed: [0.0; 4] });
                own.len() - 1
            });
            let line = &mut own[at];
            if line.last > start {
                line.last = start;
                line.times += 1.0;
                decay(&mut line.decayed, &ITEM_DECAYS, start.min(span));
            }
        }
        own.iter_mut().for_each(|line| line.last = line.last.min(span));
        let items = own.len() as f32;
        let times: f32 = own.iter().map(|line| line.times).sum();
        let [a, b, c] = recent.map(|sum| (sum + 0.1).ln());
        let shared = [a, b, c, (baskets + 1.0).ln(), items.ln(), (times / items).ln()];
        (!own.is_empty()).then_some(Buyer { own, shared })
    }

    /// The items the user bought, in order of first purchase.
    pub fn own(&self) -> &[Own] {
        &self.own
    }

    /// The own item of this index.
    pub fn find(&self, item: u32) -> Option<&Own> {
        self.own.iter().find(|line| line.item == item)
    }

    /// Keeps for the list the own items that `mask` lets in, and leaves them out of it: the rest is for the catalogue.
    pub fn claim(&mut self, mask: &mut ItemMask) {
        self.own.retain(|line| !mask.is_excluded(line.item));
        self.own.iter().for_each(|line| mask.exclude(line.item));
    }

    /// Features of an own item, ([`REPEAT_FEATURES`]): frequency, recency, rhythm; what the other items say of it, by `user`'s
    /// neighbour lists and vector; the user's own.
    pub fn repeat_features(&self, model: &Model, user: &User, line: &Own) -> [f32; REPEAT_FEATURES] {
        let gap = line.gap().unwrap_or_default();
        let (count, last, rhythm) = (line.times.ln(), (line.last + 1.0).ln(), (gap + 1.0).ln());
        let once = line.times == 1.0;
        let due = if once { 0.0 } else { last - rhythm };
        let [a, b, c, d] = line.decayed.map(|sum| (sum + 0.02).ln());
        let (lists, dot) = user.scores(model, line.item);
        let of_pair = [count, count * count, a, b, c, d, last, last * last, (line.first + 1.0).ln()];
        let of_rhythm = [f32::from(once), rhythm, due, due * due];
        let of_scores = [lists, ln_score(lists), dot];
        concat(&[&of_pair, &of_rhythm, &of_scores, &self.shared])
    }

    /// Features of an item new to the user, ([`NEW_FEATURES`]), from its score: the logarithm of a good one, a bad one as it is.
    pub fn new_features(&self, score: f32) -> [f32; NEW_FEATURES] {
        concat(&[&[ln_score(score), score.min(LEAST_SCORE)], &self.shared])
    }

    /// One list of the claimed own items and the `candidates`, the `k` most likely first, scored by their logits. `model` must
    /// have the part, and `user` be made of the same history.
    pub fn rank(&self, model: &Model, user: &User, candidates: Vec<Scored>, k: usize) -> Vec<Scored> {
        let Some(part) = model.repurchase() else { return candidates };
        let mut best = TopK::new(k);
        for line in &self.own {
            let features = self.repeat_features(model, user, line);
            best.push(part.repeat_items[line.item as usize] + logit(&part.weights.repeat, &features), line.item);
        }
        for Scored { item, score } in candidates {
            best.push(part.new_items[item as usize] + logit(&part.weights.new, &self.new_features(score)), item);
        }
        best.into_sorted()
    }
}

impl Own {
    /// Mean days between purchases; none of an item bought once.
    pub fn gap(&self) -> Option<f32> {
        (self.times > 1.0).then(|| (self.first - self.last) / (self.times - 1.0))
    }

    /// Why it is in the list.
    pub(crate) fn reason(&self) -> Reason {
        Reason::BuyAgain { times: self.times as usize, days_since: self.last, rhythm_days: self.gap() }
    }
}

fn decay(sums: &mut [f32], decays: &[f32], age: f32) {
    sums.iter_mut().zip(decays).for_each(|(sum, decay)| *sum += (-age / decay).exp());
}

fn ln_score(score: f32) -> f32 {
    score.max(LEAST_SCORE).ln()
}

/// `parts` one after the other, N values in all.
fn concat<const N: usize>(parts: &[&[f32]]) -> [f32; N] {
    let mut joined = [0.0; N];
    joined.iter_mut().zip(parts.iter().copied().flatten()).for_each(|(x, &part)| *x = part);
    joined
}

/// `weights` (features and an intercept) of `features`.
fn logit(weights: &[f32], features: &[f32]) -> f32 {
    let terms: f32 = weights.iter().zip(features).map(|(weight, x)| weight * x).sum();
    terms + weights[features.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds, `age` days before day 100.
    fn before(age: f64) -> f64 {
        (100.0 - age) * DAY
    }

    const NOW: f64 = 100.0 * DAY;

    fn near(found: f32, expected: f64) {
        assert!((f64::from(found) - expected).abs() < 1e-5, "{found} {expected}");
    }

    #[test]
    fn purchases_amount_to_baskets_and_rhythms() {
        // Item 3 on days 40, 20 and 10 ago, twice within half an hour on the last; item 5 in that basket and once later.
        let minutes = |age: f64, minutes: f64| before(age) + minutes * 60_000.0;
        let purchases = [
            (5, before(4.0)),
            (3, minutes(10.0, 25.0)),
            (3, before(40.0)),
            (3, before(20.0)),
            (5, minutes(10.0, 20.0)),
            (3, before(10.0)),
        ];
        let buyer = Buyer::new(&purchases, NOW, 300.0).expect("bought");
        let [three, five] = buyer.own() else { panic!("two items") };
        assert_eq!((three.item, three.times, three.first, three.last), (3, 3.0, 40.0, 10.0));
        assert_eq!((five.item, five.times, five.first, five.last), (5, 2.0, 10.0, 4.0));
        assert_eq!((three.gap(), five.gap()), (Some(15.0), Some(6.0)));
        for (sum, h) in three.decayed.iter().zip([15.0, 30.0, 60.0, 120.0]) {
            near(*sum, [40.0, 20.0, 10.0f64].map(|age| (-age / h).exp()).iter().sum());
        }
        let [r15, r30, r90, all, items, repeats] = buyer.shared;
        for (value, h) in [r15, r30, r90].into_iter().zip([15.0, 30.0, 90.0]) {
            let sum: f64 = [40.0, 20.0, 10.0, 4.0f64].map(|age| (-age / h).exp()).iter().sum();
            near(value, (sum + 0.1).ln());
        }
        near(all, 5f64.ln());
        near(items, 2f64.ln());
        near(repeats, 2.5f64.ln());
    }

    #[test]
    fn the_order_of_events_does_not_matter_and_the_span_bounds_ages() {
        let purchases = [(1, before(90.0)), (2, before(50.0)), (1, before(70.0)), (2, before(-3.0))];
        let mut turned = purchases;
        turned.reverse();
        let buyer = Buyer::new(&purchases, NOW, 60.0).expect("bought");
        assert_eq!(buyer.own(), Buyer::new(&turned, NOW, 60.0).expect("bought").own());
        let [one, two] = buyer.own() else { panic!("two items") };
        assert_eq!((one.times, one.first, one.last), (2.0, 60.0, 60.0), "two baskets, both long ago");
        assert_eq!((two.first, two.last), (50.0, 0.0), "what lies ahead is now");
        assert!(Buyer::new(&[], NOW, 60.0).is_none());
    }

    #[test]
    fn own_items_are_claimed_where_the_mask_lets_them_in() {
        let mut buyer = Buyer::new(&[(1, NOW), (2, NOW), (3, NOW)], NOW, 60.0).expect("bought");
        let shared = buyer.shared;
        let mut mask = ItemMask::none(5);
        mask.exclude(2);
        buyer.claim(&mut mask);
        assert_eq!(buyer.own().iter().map(|line| line.item).collect::<Vec<_>>(), [1, 3]);
        assert_eq!((0..5).filter(|&item| !mask.is_excluded(item)).collect::<Vec<_>>(), [0, 4]);
        assert_eq!(buyer.shared, shared, "the user stays the same");
    }
}

//! Accuracy metrics with binary relevance, from the ranks of a user's targets. Every metric is of one user; the mean over
//! users is what is reported.

use std::fmt;

use serde::Serialize;

use super::hits::Hits;

/// Longest list that the headline metrics look at.
pub const DEPTH: usize = 100;

/// A metric, with its cutoff k where it has one. T is the number of targets, h(k) that of targets among the best k.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// `h(k) / min(k, T)`: 1 where the best k hold as many targets as they can.
    Recall(usize),
    /// `h(k) / k`.
    Precision(usize),
    /// `2 h(k) / (k + T)`: the harmonic mean of `h(k) / k` and `h(k) / T`.
    F1(usize),
    /// 1 where h(k) > 0: hit rate.
    HitRate(usize),
    /// Sum of `1 / log2(rank + 1)` over the targets among the best k, divided by that of a list which begins with all targets
    /// (Järvelin and Kekäläinen 2002).
    Ndcg(usize),
    /// `1 / rank` of the first target among the best k.
    Mrr(usize),
    /// Average precision: sum of `h(rank) / rank` over the targets among the best k, divided by `min(k, T)`.
    Map(usize),
    /// Share of pairs of a target and another item that the ranking has in order; a pair of equal scores is half of one (Mann and Whitney
    /// 1947). All others take the targets to be the last among equals.
    Auc,
}

impl Metric {
    /// The metrics by which models are chosen.
    pub const HEADLINE: [Metric; 3] = [Metric::Recall(20), Metric::Recall(50), Metric::Ndcg(DEPTH)];

    /// The headline, then every metric at every cutoff, then AUC; none twice.
    pub fn all(cutoffs: &[usize]) -> Vec<Metric> {
        let at = |k: usize| Metric::at(k).into_iter();
        let mut metrics = Metric::HEADLINE.to_vec();
        for metric in cutoffs.iter().copied().flat_map(at).chain([Metric::Auc]) {
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
        metrics
    }

    /// Every metric that has a cutoff, at `k`.
    pub fn at(k: usize) -> [Metric; 7] {
        use Metric::{F1, HitRate, Map, Mrr, Ndcg, Precision, Recall};
        [Recall(k), Precision(k), F1(k), HitRate(k), Ndcg(k), Mrr(k), Map(k)]
    }

    /// Its value for one user with at least one target, in 0..=1.
    pub fn of(self, hits: &Hits) -> f64 {
        let ratio = |part: usize, whole: usize| part as f64 / whole as f64;
        match self {
            Metric::Recall(k) => ratio(hits.within(k), k.min(hits.targets)),
            Metric::Precision(k) => ratio(hits.within(k), k),
            Metric::F1(k) => ratio(2 * hits.within(k), k + hits.targets),
            Metric::HitRate(k) => f64::from(u8::from(hits.within(k) > 0)),
            Metric::Ndcg(k) => gain(hits.ranks[..hits.within(k)].iter().copied()) / gain(1..=k.min(hits.targets)),
            Metric::Mrr(k) => hits.ranks.first().filter(|&&rank| rank <= k).map_or(0.0, |&rank| ratio(1, rank)),
            Metric::Map(k) => {
                let found = (1..).zip(&hits.ranks[..hits.within(k)]).map(|(nth, &rank)| ratio(nth, rank));
                found.sum::<f64>() / k.min(hits.targets) as f64
            }
            Metric::Auc => auc(hits),
        }
    }

    /// Its name without the cutoff, in lower case as in JSON.
    pub fn kind(self) -> &'static str {
        match self {
            Metric::Recall(_) => "recall",
            Metric::Precision(_) => "precision",
            Metric::F1(_) => "f1",
            Metric::HitRate(_) => "hr",
            Metric::Ndcg(_) => "ndcg",
            Metric::Mrr(_) => "mrr",
            Metric::Map(_) => "map",
            Metric::Auc => "auc",
        }
    }

    fn cutoff(self) -> Option<usize> {
        match self {
            Metric::Recall(k) | Metric::Precision(k) | Metric::F1(k) | Metric::HitRate(k) => Some(k),
            Metric::Ndcg(k) | Metric::Mrr(k) | Metric::Map(k) => Some(k),
            Metric::Auc => None,
        }
    }

    /// `recall@20`, as in JSON.
    pub fn key(self) -> String {
        self.cutoff().map_or_else(|| self.kind().to_owned(), |k| format!("{}@{k}", self.kind()))
    }
}

/// `Recall@20`, for people.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Metric::Recall(_) => "Recall",
            Metric::Precision(_) => "Precision",
            other => return f.write_str(&other.key().to_uppercase()),
        };
        write!(f, "{name}@{}", self.cutoff().unwrap_or_default())
    }
}

/// Discounted gain of targets at these ranks.
fn gain(ranks: impl Iterator<Item = usize>) -> f64 {
    ranks.map(|rank| 1.0 / (rank as f64 + 1.0).log2()).sum()
}

/// Targets outside the ranking lose to every item in it. Where there is nothing else than targets, no pair is out of order.
fn auc(hits: &Hits) -> f64 {
    let others = hits.ranked - hits.ranks.len();
    let in_order = |(before, (&rank, &tied)): (usize, (&usize, &usize))| match others {
        0 => 1.0,
        _ => 1.0 - ((rank - 1 - before) as f64 - tied as f64 / 2.0) / others as f64,
    };
    hits.ranks.iter().zip(&hits.tied).enumerate().map(in_order).sum::<f64>() / hits.targets as f64
}

/// Means of the headline metrics over users: what training steers by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Metrics {
    #[serde(rename = "recall@20")]
    pub recall_20: f64,
    #[serde(rename = "recall@50")]
    pub recall_50: f64,
    #[serde(rename = "ndcg@100")]
    pub ndcg_100: f64,
}

impl Metrics {
    /// Means of `users`; zero for none.
    pub fn mean(users: &[Hits]) -> Metrics {
        let mean = |metric: Metric| users.iter().map(|hits| metric.of(hits)).sum::<f64>() / users.len().max(1) as f64;
        let [recall_20, recall_50, ndcg_100] = Metric::HEADLINE.map(mean);
        Metrics { recall_20, recall_50, ndcg_100 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::hits::Ranking;
    use super::*;

    fn of(metric: Metric, scores: &[f32], targets: &[u32]) -> f64 {
        metric.of(&Hits::find(&Ranking::by_score((0..).zip(scores.iter().copied()).collect()), targets))
    }

    fn falling(items: usize) -> Vec<f32> {
        (0..items).map(|n| -(n as f32)).collect()
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "expected {expected}, found {found}");
    }

    #[test]
    fn worked_by_hand() {
        // Targets at ranks 1 and 3 of six; a third one is missed.
        let (scores, targets) = ([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0, 2, 99]);
        let of = |metric| of(metric, &scores, &targets);
        near(of(Metric::Recall(20)), 2.0 / 3.0);
        near(of(Metric::Recall(2)), 1.0 / 2.0);
        near(of(Metric::Precision(4)), 2.0 / 4.0);
        near(of(Metric::F1(4)), 2.0 / (1.0 / 0.5 + 1.0 / (2.0 / 3.0)));
        near(of(Metric::HitRate(1)), 1.0);
        near(of(Metric::Mrr(10)), 1.0);
        near(of(Metric::Map(10)), (1.0 / 1.0 + 2.0 / 3.0) / 3.0);
        let ideal = 1.0 + 1.0 / 3f64.log2() + 1.0 / 4f64.log2();
        near(of(Metric::Ndcg(100)), (1.0 + 1.0 / 4f64.log2()) / ideal);
        // Four other items: the first target precedes all, the second three of them, the missed one none.
        near(of(Metric::Auc), (1.0 + 3.0 / 4.0 + 0.0) / 3.0);
    }

    #[test]
    fn recall_divides_by_k_when_targets_are_many() {
        let targets: Vec<u32> = (0..40).collect();
        near(of(Metric::Recall(20), &falling(60), &targets), 1.0);
        near(of(Metric::Recall(50), &falling(60), &targets), 1.0);
        near(of(Metric::Ndcg(100), &falling(60), &targets), 1.0);
        near(of(Metric::F1(20), &falling(60), &targets), 2.0 * 20.0 / 60.0);
    }

    #[test]
    fn ties_count_against_the_model_but_for_half_in_the_auc() {
        near(of(Metric::Ndcg(100), &[0.5, 0.5, 0.5], &[0]), 1.0 / 4f64.log2());
        near(of(Metric::Mrr(10), &[0.5, 0.5, 0.5], &[0]), 1.0 / 3.0);
        near(of(Metric::Auc, &[0.5, 0.5, 0.5], &[0]), 0.5);
        near(of(Metric::Auc, &[0.9, 0.5, 0.5, 0.1], &[1]), 0.5);
        near(of(Metric::Recall(50), &[0.5; 60], &[0]), 0.0);
    }

    #[test]
    fn a_rank_past_the_cutoff_earns_nothing() {
        for metric in Metric::at(100) {
            near(of(metric, &falling(120), &[100]), 0.0);
            assert!(of(metric, &falling(120), &[99]) > 0.0, "{metric}");
        }
    }

    #[test]
    fn names_are_the_fields() {
        let names: Vec<String> = Metric::at(10).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["Recall@10", "Precision@10", "F1@10", "HR@10", "NDCG@10", "MRR@10", "MAP@10"]);
        assert_eq!((Metric::HitRate(10).key(), Metric::Auc.key()), ("hr@10".into(), "auc".into()));
        assert_eq!(Metric::all(&[20, 50]).iter().filter(|&&metric| metric == Metric::Recall(20)).count(), 1);
    }

    proptest! {
        #[test]
        fn metrics_hold_to_each_other(
            scores in prop::collection::vec(0u8..30, 1..60),
            targets in prop::collection::hash_set(0u32..70, 1..12),
            k in 1usize..70,
        ) {
            let mut ranked: Vec<(u32, f32)> = (0..).zip(scores.iter().map(|&score| f32::from(score))).collect();
            ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
            let targets: Vec<u32> = targets.into_iter().collect();
            let hits = Hits::find(&Ranking::by_score(ranked.clone()), &targets);
            for metric in Metric::at(k).into_iter().chain([Metric::Auc]) {
                prop_assert!((0.0..=1.0 + 1e-12).contains(&metric.of(&hits)), "{metric}");
            }
            let of = |metric: Metric| metric.of(&hits);
            prop_assert!(hits.within(k) <= hits.within(k + 1), "hits rise with k");
            prop_assert!(of(Metric::Mrr(k)) <= of(Metric::Mrr(k + 1)) && of(Metric::HitRate(k)) >= of(Metric::Mrr(k)));
            prop_assert!(of(Metric::Map(k)) <= of(Metric::Recall(k)) + 1e-12);
            prop_assert!(of(Metric::Precision(k)) <= of(Metric::Recall(k)));
            if targets.len() <= k {
                prop_assert!(of(Metric::Recall(k)) <= of(Metric::Recall(k + 1)), "recall rises with k");
            }
            // Breaking ties in any way never makes the ranking worse.
            let broken: Vec<(u32, f32)> = (0..).zip(&ranked).map(|(n, entry)| (entry.0, -(n as f32))).collect();
            let broken = Hits::find(&Ranking::by_score(broken), &targets);
            for metric in Metric::at(k) {
                prop_assert!(metric.of(&hits) <= metric.of(&broken) + 1e-12, "{metric}");
            }
            // The AUC is midway between targets first and targets last among equals.
            let ends = [true, false].map(|first| {
                let mut list = ranked.clone();
                list.sort_by(|a, b| b.1.total_cmp(&a.1).then((targets.contains(&a.0) == first).cmp(&(targets.contains(&b.0) == first)).reverse()));
                let list: Vec<(u32, f32)> = (0..).zip(&list).map(|(n, entry)| (entry.0, -(n as f32))).collect();
                Metric::Auc.of(&Hits::find(&Ranking::by_score(list), &targets))
            });
            prop_assert!((of(Metric::Auc) - (ends[0] + ends[1]) / 2.0).abs() < 1e-12, "{ends:?}");
        }
    }
}

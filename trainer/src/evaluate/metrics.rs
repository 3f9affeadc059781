//! Ranking metrics: Recall@20, Recall@50 and NDCG@100, binary relevance, ties against the model.

use std::collections::HashSet;

use serde::Serialize;

/// Longest list a metric looks at.
pub const DEPTH: usize = 100;

/// Means over users.
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
    /// One user's metrics: `ranked` is (item, score), best first; `targets` the number of items to be found.
    ///
    /// Recall@k divides the hits by `min(k, targets)`; NDCG@100 sums `1 / log2(rank + 1)` over the hits and divides by
    /// that of a list that begins with all targets.
    pub fn of_user(ranked: &[(u32, f32)], targets: &[u32]) -> Metrics {
        let hits = hit_ranks(ranked, targets);
        let recall = |k: usize| hits.iter().filter(|&&rank| rank <= k).count() as f64 / k.min(targets.len()) as f64;
        let gain = |rank: usize| 1.0 / (rank as f64 + 1.0).log2();
        let found: f64 = hits.iter().filter(|&&rank| rank <= DEPTH).map(|&rank| gain(rank)).sum();
        let ideal: f64 = (1..=DEPTH.min(targets.len())).map(gain).sum();
        Metrics { recall_20: recall(20), recall_50: recall(50), ndcg_100: found / ideal }
    }

    /// Means of `users`; zero for none.
    pub fn mean(users: &[Metrics]) -> Metrics {
        let mean = |metric: fn(&Metrics) -> f64| users.iter().map(metric).sum::<f64>() / users.len().max(1) as f64;
        Metrics { recall_20: mean(|m| m.recall_20), recall_50: mean(|m| m.recall_50), ndcg_100: mean(|m| m.ndcg_100) }
    }
}

/// Ranks (from 1) of the targets in the list. Among items of equal score the targets come last.
fn hit_ranks(ranked: &[(u32, f32)], targets: &[u32]) -> Vec<usize> {
    let targets: HashSet<u32> = targets.iter().copied().collect();
    let mut ranks = Vec::new();
    let mut end = 0;
    for run in ranked.chunk_by(|a, b| a.1 == b.1) {
        end += run.len();
        let hits = run.iter().filter(|(item, _)| targets.contains(item)).count();
        ranks.extend(end + 1 - hits..=end);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(scores: &[f32]) -> Vec<(u32, f32)> {
        (0..).zip(scores.iter().copied()).collect()
    }

    #[test]
    fn worked_by_hand() {
        // Targets 0 and 2 at ranks 1 and 3; a third target is missed.
        let metrics = Metrics::of_user(&list(&[0.9, 0.8, 0.7, 0.6]), &[0, 2, 99]);
        assert_eq!(metrics.recall_20, 2.0 / 3.0);
        let found = 1.0 + 1.0 / 4f64.log2();
        let ideal = 1.0 + 1.0 / 3f64.log2() + 1.0 / 4f64.log2();
        assert!((metrics.ndcg_100 - found / ideal).abs() < 1e-12);
    }

    #[test]
    fn recall_divides_by_k_when_targets_are_many() {
        let scores: Vec<f32> = (0..60).map(|n| 1.0 - n as f32 / 100.0).collect();
        let targets: Vec<u32> = (0..40).collect();
        let metrics = Metrics::of_user(&list(&scores), &targets);
        assert_eq!((metrics.recall_20, metrics.recall_50), (1.0, 1.0));
        assert!((metrics.ndcg_100 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn ties_count_against_the_model() {
        let metrics = Metrics::of_user(&list(&[0.5, 0.5, 0.5]), &[0]);
        assert!((metrics.ndcg_100 - 1.0 / 4f64.log2()).abs() < 1e-12, "the target is ranked last of three");
        let constant = vec![0.5; 60];
        assert_eq!(Metrics::of_user(&list(&constant), &[0]).recall_50, 0.0);
    }

    #[test]
    fn a_rank_past_the_depth_earns_nothing() {
        let scores: Vec<f32> = (0..120).map(|n| -(n as f32)).collect();
        assert_eq!(Metrics::of_user(&list(&scores), &[100]).ndcg_100, 0.0);
        assert!(Metrics::of_user(&list(&scores), &[99]).ndcg_100 > 0.0);
    }
}

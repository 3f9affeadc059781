//! Where a user's targets stand in a ranking: all that the accuracy metrics look at.

use std::collections::HashSet;

/// Items of one user, best first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranking {
    /// (item, score), scores falling within the head and within the rest.
    pub list: Vec<(u32, f32)>,
    /// How many come first whatever their score: the items a cascade's ranker saw. Others follow in the order of retrieval,
    /// whose scores mean something else.
    pub head: usize,
}

impl Ranking {
    /// A ranking by one score.
    pub fn by_score(list: Vec<(u32, f32)>) -> Ranking {
        Ranking { head: list.len(), list }
    }

    /// The best `k` items.
    pub fn top(&self, k: usize) -> Vec<u32> {
        self.list.iter().take(k).map(|entry| entry.0).collect()
    }
}

/// Ranks of a user's targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Hits {
    /// From 1, ascending: those of the targets that are in the ranking.
    pub ranks: Vec<usize>,
    /// Of each of those, how many other items than targets have its score.
    pub tied: Vec<usize>,
    /// All targets, those included that the model does not know.
    pub targets: usize,
    /// Items ranked.
    pub ranked: usize,
}

impl Hits {
    /// Finds `targets` (distinct but for items the model does not know). Among items of equal score the targets come last.
    pub fn find(ranking: &Ranking, targets: &[u32]) -> Hits {
        let wanted: HashSet<u32> = targets.iter().copied().collect();
        let (head, rest) = ranking.list.split_at(ranking.head.min(ranking.list.len()));
        let same = |a: &(u32, f32), b: &(u32, f32)| a.1 == b.1;
        let (mut ranks, mut tied) = (Vec::new(), Vec::new());
        let mut end = 0;
        for run in head.chunk_by(same).chain(rest.chunk_by(same)) {
            end += run.len();
            let hits = run.iter().filter(|(item, _)| wanted.contains(item)).count();
            ranks.extend(end + 1 - hits..=end);
            tied.extend(std::iter::repeat_n(run.len() - hits, hits));
        }
        Hits { ranks, tied, targets: targets.len(), ranked: ranking.list.len() }
    }

    /// How many targets are among the best `k`.
    pub fn within(&self, k: usize) -> usize {
        self.ranks.partition_point(|&rank| rank <= k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_come_last_among_equals() {
        let ranking = Ranking::by_score(vec![(0, 0.9), (1, 0.5), (2, 0.5), (3, 0.5), (4, 0.1)]);
        let hits = Hits::find(&ranking, &[1, 2, 4]);
        assert_eq!((hits.ranks, hits.tied), (vec![3, 4, 5], vec![1, 1, 0]));
    }

    #[test]
    fn scores_of_the_head_and_the_rest_are_never_equal() {
        // Item 2 was not ranked by the second stage: its score is another stage's, and equal by chance.
        let ranking = Ranking { list: vec![(0, 0.5), (1, 0.4), (2, 0.4), (3, 0.3)], head: 2 };
        assert_eq!(Hits::find(&ranking, &[1]).ranks, [2]);
        assert_eq!(Hits::find(&ranking, &[2]).ranks, [3]);
    }

    #[test]
    fn unknown_targets_count_but_are_never_found() {
        let hits = Hits::find(&Ranking::by_score(vec![(7, 1.0)]), &[7, u32::MAX, u32::MAX]);
        assert_eq!(hits, Hits { ranks: vec![1], tied: vec![0], targets: 3, ranked: 1 });
    }
}

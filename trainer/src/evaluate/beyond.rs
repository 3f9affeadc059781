//! Beyond accuracy: what the lists of all users are like.

use rayon::prelude::*;
use serde::Serialize;

use super::facts::Facts;

/// Share of the history's distribution mixed into the list's, so that the divergence stays finite (Steck 2018).
const SMOOTHING: f64 = 0.01;

/// The lists of the best k, over all users. What needs a column or vectors that are not there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beyond {
    pub k: usize,
    /// Share of the catalogue that is in any list.
    pub coverage: f64,
    /// Gini coefficient of how often items are shown: 0 all alike, 1 all lists show one item.
    pub gini: f64,
    /// Mean self-information of what is shown, in bits.
    pub novelty: f64,
    /// Mean over users of the mean popularity of a list (ARP, Yin et al. 2012).
    pub popularity: f64,
    /// The same relative to the users' histories: 0.5 for lists half as popular again (popularity lift, Abdollahpouri et al.
    /// 2019).
    pub popularity_lift: f64,
    /// Mean of 1 - cosine over the pairs of a list, by the model's own vectors (intra-list diversity, Ziegler et al. 2005).
    pub diversity: Option<f64>,
    /// Mean of 1 - Jaccard over the pairs of a list, by all category columns: comparable between models.
    pub category_diversity: Option<f64>,
    /// Mean Kullback-Leibler divergence of the list's categories from the history's (Steck 2018), 0 where lists mirror
    /// histories.
    pub calibration: Option<f64>,
}

/// A figure's name and how to read it.
pub type Row = (&'static str, fn(&Beyond) -> Option<f64>);

impl Beyond {
    /// Every figure, for people.
    pub const ROWS: [Row; 8] = [
        ("Coverage of the catalogue", |beyond| Some(beyond.coverage)),
        ("Gini of exposure", |beyond| Some(beyond.gini)),
        ("Novelty (bits)", |beyond| Some(beyond.novelty)),
        ("Average popularity (ARP)", |beyond| Some(beyond.popularity)),
        ("Popularity lift over history", |beyond| Some(beyond.popularity_lift)),
        ("Diversity (1 - cosine)", |beyond| beyond.diversity),
        ("Diversity (1 - Jaccard)", |beyond| beyond.category_diversity),
        ("Calibration (KL, 0 is best)", |beyond| beyond.calibration),
    ];

    /// Of the first `k` of each of `lists`; `histories` of the same users.
    pub fn of(lists: &[Vec<u32>], histories: &[&[u32]], facts: &Facts, k: usize) -> Beyond {
        let shown: Vec<&[u32]> = lists.iter().map(|list| &list[..k.min(list.len())]).collect();
        let exposure = exposure(&shown, facts.popularity.len());
        let surprise = facts.self_information();
        let mean_over = |values: &[f64], lists: &[&[u32]]| {
            mean(lists.iter().map(|list| mean(list.iter().map(|&item| values[item as usize]))))
        };
        let popularity = mean_over(&facts.popularity, &shown);
        Beyond {
            k,
            coverage: exposure.iter().filter(|&&count| count > 0).count() as f64 / exposure.len().max(1) as f64,
            gini: gini(&exposure),
            novelty: mean_over(&surprise, &shown).unwrap_or_default(),
            popularity: popularity.unwrap_or_default(),
            popularity_lift: popularity
                .zip(mean_over(&facts.popularity, histories).filter(|&mean| mean > 0.0))
                .map_or(0.0, |(list, history)| list / history - 1.0),
            diversity: mean(shown.par_iter().map(|list| spread(list, facts)).collect::<Vec<_>>().into_iter().flatten()),
            category_diversity: facts.categories.as_ref().and_then(|sets| {
                mean(shown.par_iter().map(|list| jaccard_spread(list, sets)).collect::<Vec<_>>().into_iter().flatten())
            }),
            calibration: facts.calibrated.as_ref().and_then(|sets| {
                mean(shown.iter().zip(histories).filter_map(|(list, history)| divergence(history, list, sets)))
            }),
        }
    }
}

/// How often each of `items` items is shown.
pub fn exposure(lists: &[&[u32]], items: usize) -> Vec<u32> {
    let mut counts = vec![0; items];
    lists.iter().copied().flatten().for_each(|&item| counts[item as usize] += 1);
    counts
}

/// Gini coefficient of non-negative counts; 0 where nothing is shown.
pub fn gini(counts: &[u32]) -> f64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let all: f64 = sorted.iter().map(|&count| f64::from(count)).sum();
    let items = sorted.len() as f64;
    let weighted: f64 =
        sorted.iter().enumerate().map(|(at, &count)| (2.0 * at as f64 + 1.0 - items) * f64::from(count)).sum();
    if all > 0.0 { weighted / (items * all) } else { 0.0 }
}

/// Mean of 1 - cosine over the pairs of a list of at least two: with unit rows `sum_{i != j} u_i . u_j = |sum u|^2 - sum |u|^2`.
fn spread(list: &[u32], facts: &Facts) -> Option<f64> {
    let mut sum = vec![0.0f64; facts.dim];
    let mut own = 0.0;
    for &item in list {
        for (sum, &x) in sum.iter_mut().zip(facts.unit(item)) {
            *sum += f64::from(x);
            own += f64::from(x) * f64::from(x);
        }
    }
    let together: f64 = sum.iter().map(|x| x * x).sum();
    let pairs = (list.len() * list.len().saturating_sub(1)) as f64;
    (pairs > 0.0 && facts.dim > 0).then(|| 1.0 - (together - own) / pairs)
}

/// Mean of 1 - Jaccard over the pairs of a list whose values are both known.
fn jaccard_spread(list: &[u32], sets: &[Vec<u32>]) -> Option<f64> {
    let known: Vec<&[u32]> =
        list.iter().map(|&item| sets[item as usize].as_slice()).filter(|set| !set.is_empty()).collect();
    let distance = |a: &[u32], b: &[u32]| {
        let shared = a.iter().filter(|value| b.contains(value)).count();
        1.0 - shared as f64 / (a.len() + b.len() - shared) as f64
    };
    let rest = |at: usize| known[at + 1..].iter();
    mean(known.iter().enumerate().flat_map(|(at, a)| rest(at).map(|b| distance(a, b))))
}

/// `KL(p || q')` in nats with p the distribution of `history` over values, q that of `list` and `q' = (1 - s) q + s p`. An item
/// of several values is shared among them. None where either has no known value.
fn divergence(history: &[u32], list: &[u32], sets: &[Vec<u32>]) -> Option<f64> {
    let width = sets.iter().flatten().max().map_or(0, |&value| value as usize + 1);
    let (p, q) = (distribution(history, sets, width)?, distribution(list, sets, width)?);
    let term = |(p, q): (&f64, &f64)| p * (p / ((1.0 - SMOOTHING) * q + SMOOTHING * p)).ln();
    Some(p.iter().zip(&q).filter(|(p, _)| **p > 0.0).map(term).sum())
}

fn distribution(items: &[u32], sets: &[Vec<u32>], width: usize) -> Option<Vec<f64>> {
    let mut shares = vec![0.0; width];
    let mut known = 0;
    for set in items.iter().map(|&item| &sets[item as usize]).filter(|set| !set.is_empty()) {
        set.iter().for_each(|&value| shares[value as usize] += 1.0 / set.len() as f64);
        known += 1;
    }
    (known > 0).then(|| shares.iter().map(|share| share / f64::from(known)).collect())
}

/// None for nothing.
fn mean<T: Into<Option<f64>>>(values: impl Iterator<Item = T>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0usize);
    for value in values.filter_map(Into::into) {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(found: impl Into<Option<f64>>, expected: f64) {
        let found: Option<f64> = found.into();
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-6, "expected {expected}, found {found}");
    }

    /// Four items: 0 and 1 point the same way and share a category, 2 is at right angles, 3 opposite.
    fn facts() -> Facts {
        Facts {
            popularity: vec![8.0, 4.0, 2.0, 2.0],
            units: vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0, -1.0, 0.0],
            dim: 2,
            categories: Some(vec![vec![0], vec![0, 1], vec![1], vec![]]),
            calibrated: Some(vec![vec![0], vec![0, 1], vec![1], vec![]]),
        }
    }

    #[test]
    fn worked_by_hand() {
        let beyond = Beyond::of(&[vec![0, 1], vec![0, 2, 3]], &[&[2], &[3]], &facts(), 2);
        near(beyond.coverage, 3.0 / 4.0);
        // Shown 2, 1, 1 and 0 times: 0, 1, 1, 2 in rising order, weights -3, -1, 1, 3.
        near(beyond.gini, 6.0 / (4.0 * 4.0));
        // Chances 1/2, 1/4, 1/8: lists of 1 and 2 bits, and of 1 and 3 bits.
        near(beyond.novelty, (1.5 + 2.0) / 2.0);
        near(beyond.popularity, (6.0 + 5.0) / 2.0);
        near(beyond.popularity_lift, 5.5 / 2.0 - 1.0);
        near(beyond.diversity, (0.0 + 1.0) / 2.0);
        near(beyond.category_diversity, (0.5 + 1.0) / 2.0);
        // The second history has no known value. The first is all of value 1, its list a quarter of it.
        near(beyond.calibration, (1.0f64 / (0.99 * 0.25 + 0.01)).ln());
    }

    #[test]
    fn a_list_like_the_history_is_calibrated() {
        near(divergence(&[0, 2], &[1], facts().calibrated.as_ref().unwrap()), 0.0);
    }

    #[test]
    fn opposites_are_most_diverse() {
        near(spread(&[0, 3], &facts()), 2.0);
        assert_eq!((spread(&[0], &facts()), jaccard_spread(&[0, 3], &[vec![0], vec![], vec![], vec![]])), (None, None));
    }

    #[test]
    fn gini_spans_from_alike_to_one() {
        near(gini(&[3, 3, 3]), 0.0);
        near(gini(&[0, 0, 0, 9]), 3.0 / 4.0);
        near(gini(&[0, 0]), 0.0);
    }

    proptest! {
        #[test]
        fn gini_is_half_the_relative_mean_difference(counts in prop::collection::vec(0u32..50, 1..30)) {
            let all: f64 = counts.iter().map(|&count| f64::from(count)).sum();
            prop_assume!(all > 0.0);
            let pairs = counts.iter().flat_map(|a| counts.iter().map(move |b| f64::from(a.abs_diff(*b))));
            let expected = pairs.sum::<f64>() / (2.0 * counts.len() as f64 * all);
            prop_assert!((gini(&counts) - expected).abs() < 1e-9);
        }

        #[test]
        fn spread_is_the_mean_over_pairs(rows in prop::collection::vec(prop::collection::vec(-3f32..3.0, 3), 2..8)) {
            let norm = |row: &[f32]| row.iter().map(|x| x * x).sum::<f32>().sqrt();
            prop_assume!(rows.iter().all(|row| norm(row) > 0.1));
            let units: Vec<f32> = rows.iter().flat_map(|row| row.iter().map(|x| x / norm(row)).collect::<Vec<_>>()).collect();
            let facts = Facts { units, dim: 3, ..Facts::default() };
            let list: Vec<u32> = (0..rows.len() as u32).collect();
            let cosine = |a: u32, b: u32| facts.unit(a).iter().zip(facts.unit(b)).map(|(x, y)| f64::from(x * y)).sum::<f64>();
            let pairs: Vec<f64> = list
                .iter()
                .flat_map(|&a| list.iter().filter(move |&&b| a < b).map(move |&b| (a, b)))
                .map(|(a, b)| 1.0 - cosine(a, b))
                .collect();
            let expected = pairs.iter().sum::<f64>() / pairs.len() as f64;
            prop_assert!((spread(&list, &facts).unwrap() - expected).abs() < 1e-5);
        }
    }
}

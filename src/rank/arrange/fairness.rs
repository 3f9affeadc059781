//! A minimum share for a group, at every place of the list.
//!
//! FA*IR (Zehlike et al. 2017, "FA*IR: A Fair Top-k Ranking Algorithm"): a list in which every place went to the group with probability `p`
//! has at least `m(k)` of it among its first `k`, but for a share α of such lists. The test is made at every `k`, so that its level is
//! corrected for how often one of the tests fails (section 4.2).

/// How many of the group there must be among the first 1, 2, ... `places`, where their share is `share` and the whole test is to fail for
/// `significance` of lists drawn at random.
pub fn least_of_group(places: usize, share: f64, significance: f64) -> Vec<usize> {
    // The level of each test, so that the whole one fails as often as was asked: it falls with it.
    let (mut low, mut high) = (0.0, significance);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if failure(&table(places, share, middle), share) > significance { high = middle } else { low = middle }
    }
    table(places, share, low)
}

/// The least counts whose binomial distribution function is above `level`, at each place.
fn table(places: usize, share: f64, level: f64) -> Vec<usize> {
    // Probability of each count among the places so far.
    let mut counts = vec![1.0];
    let mut least = Vec::new();
    for _ in 0..places {
        counts.push(0.0);
        for count in (0..counts.len()).rev() {
            let before = if count > 0 { counts[count - 1] } else { 0.0 };
            counts[count] = counts[count] * (1.0 - share) + before * share;
        }
        let (mut below, mut sum) = (0, counts[0]);
        while sum <= level && below + 1 < counts.len() {
            below += 1;
            sum += counts[below];
        }
        least.push(below);
    }
    least
}

/// How likely a list drawn at random has too few at some place.
fn failure(least: &[usize], share: f64) -> f64 {
    let mut counts = vec![1.0];
    for &least in least {
        counts.push(0.0);
        for count in (0..counts.len()).rev() {
            let before = if count > 0 { counts[count - 1] } else { 0.0 };
            counts[count] = counts[count] * (1.0 - share) + before * share;
        }
        counts.iter_mut().take(least).for_each(|probability| *probability = 0.0);
    }
    1.0 - counts.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paper_s_table_is_met() {
        // Table 3 of the paper, significance 0.1 without correction.
        assert_eq!(table(12, 0.1, 0.1), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(table(12, 0.3, 0.1), [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2]);
        assert_eq!(table(12, 0.5, 0.1), [0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4]);
        assert_eq!(table(12, 0.7, 0.1), [0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6]);
    }

    #[test]
    fn the_whole_test_fails_as_often_as_was_asked() {
        for (places, share, significance) in [(10, 0.5, 0.1), (50, 0.3, 0.1), (100, 0.2, 0.05)] {
            let least = least_of_group(places, share, significance);
            let fails = failure(&least, share);
            assert!(fails <= significance && fails > significance / 4.0, "{places} {share}: {fails}");
            assert!(failure(&table(places, share, significance), share) > significance, "the correction is needed");
            assert!(least.windows(2).all(|pair| pair[1] >= pair[0] && pair[1] <= pair[0] + 1));
        }
        assert_eq!(least_of_group(5, 1.0, 0.1), [1, 2, 3, 4, 5]);
        assert_eq!(least_of_group(5, 0.0, 0.1), [0; 5]);
        assert!(least_of_group(0, 0.5, 0.1).is_empty());
    }
}

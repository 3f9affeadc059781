//! Fewer neighbours: of each item, the strongest of those that speak for it.

use proclivity::model::NeighbourSpec;

/// Keeps the `most` largest weights in magnitude of each target item, of equal ones those of the lower source.
pub fn keep_strongest(lists: &NeighbourSpec, most: usize) -> NeighbourSpec {
    let mut of_target: Vec<Vec<u32>> = vec![Vec::new(); lists.indptr.len().saturating_sub(1)];
    for (place, &target) in (0..).zip(&lists.indices) {
        of_target[target as usize].push(place);
    }
    let mut kept = vec![true; lists.indices.len()];
    for mut places in of_target.into_iter().filter(|places| places.len() > most) {
        let weight = |place: u32| lists.weights[place as usize].abs();
        places.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)));
        places[most..].iter().for_each(|&place| kept[place as usize] = false);
    }
    let target = |place: usize| kept[place].then(|| lists.indices[place]);
    select(lists, 0..lists.indptr.len() - 1, target)
}

/// The most neighbours that any item has.
pub fn longest(lists: &NeighbourSpec) -> usize {
    let mut counts = vec![0; lists.indptr.len()];
    lists.indices.iter().for_each(|&target| counts[target as usize] += 1);
    counts.into_iter().max().unwrap_or(0)
}

/// The lists of these sources, of their places those that `target` gives an item.
pub fn select(
    lists: &NeighbourSpec,
    sources: impl IntoIterator<Item = usize>,
    target: impl Fn(usize) -> Option<u32>,
) -> NeighbourSpec {
    let mut selected = NeighbourSpec { indptr: vec![0], int4: lists.int4, ..NeighbourSpec::default() };
    for source in sources {
        for place in lists.indptr[source] as usize..lists.indptr[source + 1] as usize {
            if let Some(item) = target(place) {
                selected.indices.push(item);
                selected.weights.push(lists.weights[place]);
            }
        }
        selected.indptr.push(selected.indices.len() as u32);
    }
    selected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_of_each_target_stay() {
        // Target 1 is spoken for by 0 (0.5), 2 (-0.9) and 3 (0.5); target 0 by 2 alone.
        let lists = NeighbourSpec {
            indptr: vec![0, 1, 1, 3, 4],
            indices: vec![1, 0, 1, 1],
            weights: vec![0.5, 0.1, -0.9, 0.5],
            int4: true,
        };
        assert_eq!(longest(&lists), 3);
        let two = keep_strongest(&lists, 2);
        assert_eq!((two.indptr, two.indices), (vec![0, 1, 1, 3, 3], vec![1, 0, 1]), "of equal ones the first");
        let one = keep_strongest(&lists, 1);
        assert_eq!((one.weights, one.int4), (vec![0.1, -0.9], true));
        assert_eq!(keep_strongest(&lists, 9).indices, lists.indices);
    }
}

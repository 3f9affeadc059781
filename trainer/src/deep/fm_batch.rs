//! A batch of a factorisation machine, laid out for tensors.

use super::batch::Places;

/// (field, feature, weight) of an item's attributes.
pub type Features = Vec<(usize, u32, f32)>;

/// A history, and what is asked for given it.
#[derive(Debug, Clone, PartialEq)]
pub struct FmExample {
    /// (item, strength).
    pub history: Vec<(u32, f32)>,
    /// (item, 1 where it was taken, features of the request).
    pub asked: Vec<(u32, f32, Vec<u32>)>,
}

/// Rows of the four tables that are needed, and how they come together.
#[derive(Debug, Default)]
pub struct FmBatch {
    pub items: Vec<u32>,
    /// Attributes, those of a field side by side.
    pub features: Vec<u32>,
    pub given: Vec<u32>,
    /// All features of requests.
    pub requests: Vec<u32>,
    /// Of each field the place of its first feature, and the weights of its features in each item, (items, features of the field).
    pub bags: Vec<(usize, Vec<f32>)>,
    /// The share of each item of `given` in each history, (histories, given).
    pub histories: Vec<f32>,
    /// Of each pair the place of its history and its item, the features of its request by field, and whether it was taken.
    pub asked: Vec<i32>,
    pub targets: Vec<i32>,
    pub told: Vec<Vec<i32>>,
    pub taken: Vec<f32>,
}

impl FmBatch {
    /// Lays out `examples`; `attributes` are (field, feature, weight) of each item, in so many `fields`; requests have so many fields and
    /// features.
    pub fn new(
        examples: &[FmExample],
        (attributes, fields): (&[Features], usize),
        (told, features): (usize, u32),
    ) -> FmBatch {
        let (mut items, mut given) = (Places::new(Vec::new()), Places::new(Vec::new()));
        let mut batch =
            FmBatch { requests: (0..features).collect(), told: vec![Vec::new(); told], ..FmBatch::default() };
        let mut shares: Vec<Vec<(i32, f32)>> = Vec::with_capacity(examples.len());
        for (place, FmExample { history, asked }) in examples.iter().enumerate() {
            let total: f32 = history.iter().map(|(_, strength)| strength).sum();
            let factor = 1.0 / total.max(f32::MIN_POSITIVE).sqrt();
            shares.push(history.iter().map(|&(item, strength)| (given.of(item), factor * strength)).collect());
            for (item, taken, request) in asked {
                batch.asked.push(place as i32);
                batch.targets.push(items.of(*item));
                batch.taken.push(*taken);
                batch.told.iter_mut().zip(request).for_each(|(told, &feature)| told.push(feature as i32));
            }
        }
        (batch.items, batch.given) = (items.list, given.list);
        batch.histories = vec![0.0; examples.len() * batch.given.len()];
        for (row, shares) in batch.histories.chunks_exact_mut(batch.given.len().max(1)).zip(shares) {
            shares.into_iter().for_each(|(at, share)| row[at as usize] += share);
        }
        for field in 0..fields {
            let of = |&item: &u32| attributes[item as usize].iter().filter(move |(own, ..)| *own == field);
            let mut features = Places::new(Vec::new());
            batch.items.iter().flat_map(of).for_each(|&(_, feature, _)| {
                features.of(feature);
            });
            let width = features.list.len();
            let mut bag = vec![0.0; batch.items.len() * width];
            for (row, item) in bag.chunks_exact_mut(width.max(1)).zip(&batch.items) {
                of(item).for_each(|&(_, feature, weight)| row[features.of(feature) as usize] += weight);
            }
            batch.bags.push((batch.features.len(), bag));
            batch.features.extend(features.list);
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_knows_what_it_needs_and_no_more() {
        let attributes = vec![vec![(0, 3, 1.0), (1, 7, 0.5), (1, 9, 0.5)], vec![(0, 4, 1.0), (1, 9, 1.0)], Vec::new()];
        let asked = vec![(1, 1.0, vec![2, 25]), (0, 0.0, vec![2, 25])];
        let batch = FmBatch::new(&[FmExample { history: vec![(2, 1.0), (0, 3.0)], asked }], (&attributes, 2), (2, 33));
        assert_eq!((batch.items, batch.given, batch.features), (vec![1, 0], vec![2, 0], vec![4, 3, 9, 7]));
        assert_eq!(batch.histories, [0.5, 1.5]);
        assert_eq!(batch.bags, [(0, vec![1.0, 0.0, 0.0, 1.0]), (2, vec![1.0, 0.0, 0.5, 0.5])]);
        assert_eq!((batch.asked, batch.targets, batch.taken), (vec![0, 0], vec![0, 1], vec![1.0, 0.0]));
        assert_eq!(batch.told, [vec![2, 2], vec![25, 25]]);
    }
}

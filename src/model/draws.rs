//! Items drawn by popularity.

use super::read::Model;

/// Parts of 0..1 of which it is known where they begin.
const PARTS: usize = 1024;

/// The catalogue laid end to end by `1 + popularity`.
#[derive(Debug)]
pub(super) struct Draws {
    /// Where each item ends, (n).
    ends: Vec<f64>,
    /// The item at the beginning of each part of 0..1, and the last one.
    starts: Vec<usize>,
}

impl Draws {
    fn new(items: usize, weights: &[f32]) -> Draws {
        let mut end = 0.0f64;
        let weight = |item: usize| 1.0 + f64::from(weights.get(item).copied().unwrap_or_default().max(0.0));
        let mut ends = Vec::with_capacity(items);
        for item in 0..items {
            end += weight(item);
            ends.push(end);
        }
        let mut draws = Draws { ends, starts: Vec::new() };
        draws.starts = (0..=PARTS).map(|part| draws.item(part as f32 / PARTS as f32, 0..draws.ends.len())).collect();
        draws
    }

    /// The item at `x`, 0..1.
    fn at(&self, x: f32) -> usize {
        let part = ((x * PARTS as f32) as usize).min(PARTS - 1);
        self.item(x, self.starts[part]..self.starts[part + 1])
    }

    /// The item at `x`, 0..=1, known to be among `range` or right after it.
    fn item(&self, x: f32, range: std::ops::Range<usize>) -> usize {
        let at = f64::from(x) * self.ends.last().copied().unwrap_or_default();
        let first = range.start;
        (first + self.ends[range].partition_point(|&end| end <= at)).min(self.ends.len() - 1)
    }
}

impl Model {
    /// The item at `x`, 0..1, of the catalogue laid end to end by `1 + popularity`: uniform draws of `x` give items by popularity.
    pub(crate) fn draw_by_popularity(&self, x: f32) -> u32 {
        let draws = self.draws.get_or_init(|| Draws::new(self.item_count(), self.popularity().unwrap_or_default()));
        draws.at(x) as u32
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is native only
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn draws_are_those_of_a_search_of_all(weights in prop::collection::vec(0.0f32..1e4, 1..3000), x in 0.0f32..1.0) {
            let draws = Draws::new(weights.len(), &weights);
            for x in [x, 0.0, x / 1024.0, 1.0 - f32::EPSILON] {
                prop_assert_eq!(draws.at(x), draws.item(x, 0..weights.len()));
            }
        }
    }
}

//! Items drawn by popularity.

use super::read::Model;

impl Model {
    /// The item at `x`, 0..1, of the catalogue laid end to end by `1 + popularity`: uniform draws of `x` give items by popularity.
    pub(crate) fn draw_by_popularity(&self, x: f32) -> u32 {
        let ends = self.popularity_ends.get_or_init(|| {
            let mut end = 0.0f64;
            let weights = self.popularity().unwrap_or_default();
            let weight = |item: usize| 1.0 + f64::from(weights.get(item).copied().unwrap_or_default().max(0.0));
            let mut ends = Vec::with_capacity(self.item_count());
            for item in 0..self.item_count() {
                end += weight(item);
                ends.push(end);
            }
            ends
        });
        let at = f64::from(x) * ends.last().copied().unwrap_or_default();
        ends.partition_point(|&end| end <= at).min(ends.len() - 1) as u32
    }
}

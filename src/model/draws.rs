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
    fn new(model: &Model) -> Draws {
        let mut end = 0.0f64;
        let weights = model.popularity().unwrap_or_default();
        let weight = |item: usize| 1.0 + f64::from(weights.get(item).copied().unwrap_or_default().max(0.0));
        let mut ends = Vec::with_capacity(model.item_count());
        for item in 0..model.item_count() {
            end += weight(item);
            ends.push(end);
        }
        let mut draws = Draws { ends, starts: Vec::new() };
        draws.starts = (0..=PARTS).map(|part| draws.item(part as f32 / PARTS as f32, 0..draws.ends.len())).collect();
        draws
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
        let draws = self.draws.get_or_init(|| Draws::new(self));
        let part = ((x * PARTS as f32) as usize).min(PARTS - 1);
        draws.item(x, draws.starts[part]..draws.starts[part + 1]) as u32
    }
}

//! The neighbour lists of a history the other way round: which of its items name an item.

use crate::model::Neighbours;

/// By item, the places in the history whose lists name it.
#[derive(Debug, Clone)]
pub(super) struct Mentions {
    /// Where each item's begin, (n + 1).
    starts: Vec<u32>,
    /// (place, what it adds to the item's score).
    parts: Vec<(u32, f32)>,
}

impl Mentions {
    /// Of a history of (item index, strength), in a catalogue of `items`.
    pub fn new(neighbours: &Neighbours<'_>, history: &[(u32, f32)], items: usize) -> Mentions {
        let mut starts = vec![0u32; items + 1];
        for &(from, _) in history {
            neighbours.each(from, &mut |item, _| starts[item as usize + 1] += 1);
        }
        for item in 0..items {
            starts[item + 1] += starts[item];
        }
        let mut parts = vec![(0, 0.0); starts[items] as usize];
        let mut ends = starts.clone();
        for (place, &(from, strength)) in (0..).zip(history) {
            neighbours.each(from, &mut |item, weight| {
                let end = &mut ends[item as usize];
                parts[*end as usize] = (place, strength * weight);
                *end += 1;
            });
        }
        Mentions { starts, parts }
    }

    /// Those that name `item`.
    pub fn of(&self, item: u32) -> &[(u32, f32)] {
        &self.parts[self.starts[item as usize] as usize..self.starts[item as usize + 1] as usize]
    }
}

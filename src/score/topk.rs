//! Keeping the k best of a stream of scores.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::order::{entry, from_entry};

/// An item index and its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    pub item: u32,
    pub score: f32,
}

/// The k best so far; memory grows with what is kept, not with what is asked for.
pub(crate) struct TopK {
    heap: BinaryHeap<Reverse<u64>>,
    k: usize,
    threshold: f32,
}

impl TopK {
    pub fn new(k: usize) -> TopK {
        TopK { heap: BinaryHeap::new(), k, threshold: f32::NEG_INFINITY }
    }

    /// A score below this changes nothing.
    #[inline]
    pub fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Offers one item.
    pub fn push(&mut self, score: f32, item: u32) {
        let entry = entry(score, item);
        if self.heap.len() < self.k {
            self.heap.push(Reverse(entry));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && entry > worst.0
        {
            *worst = Reverse(entry);
        }
        if self.heap.len() == self.k
            && let Some(worst) = self.heap.peek()
        {
            self.threshold = from_entry(worst.0).0;
        }
    }

    /// The kept ones, best first.
    pub fn into_sorted(self) -> Vec<Scored> {
        let kept = self.heap.into_sorted_vec();
        kept.into_iter().map(|Reverse(entry)| from_entry(entry)).map(|(score, item)| Scored { item, score }).collect()
    }
}

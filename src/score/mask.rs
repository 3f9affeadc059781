//! Which items may not appear in an answer.

/// One bit an item, set where the item is left out; in the word layout the GPU kernels read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemMask {
    words: Vec<u32>,
    items: usize,
}

impl ItemMask {
    /// Leaves nothing out of `items` items.
    pub fn none(items: usize) -> ItemMask {
        ItemMask { words: vec![0; items.div_ceil(32)], items }
    }

    /// Leaves everything out.
    pub fn all(items: usize) -> ItemMask {
        ItemMask { words: vec![u32::MAX; items.div_ceil(32)], items }
    }

    /// Leaves `item` out.
    pub fn exclude(&mut self, item: u32) {
        self.words[item as usize / 32] |= 1 << (item % 32);
    }

    /// Leaves out what `other` leaves out too.
    pub fn exclude_all(&mut self, other: &ItemMask) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// Leaves out what this one lets in, and the other way round.
    pub fn inverted(mut self) -> ItemMask {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self
    }

    /// Lets `item` in.
    pub fn include(&mut self, item: u32) {
        self.words[item as usize / 32] &= !(1 << (item % 32));
    }

    /// Whether `item` is left out.
    pub fn is_excluded(&self, item: u32) -> bool {
        self.words[item as usize / 32] >> (item % 32) & 1 == 1
    }

    /// Number of items that are let in.
    pub fn left(&self) -> usize {
        (0..self.items as u32).filter(|&item| !self.is_excluded(item)).count()
    }

    /// Number of items, left out or not.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The bits, item i at bit `i % 32` of word `i / 32`.
    pub fn words(&self) -> &[u32] {
        &self.words
    }
}

//! Items by their ids: a hash table of item indices with linear probing (Knuth 1998, 6.4, algorithm L), 6 bytes an item.

use crate::error::{Error, Result};

/// A slot without an item.
const FREE: u32 = u32::MAX;
/// Most slots that are looked at for one id: with two of three slots taken, twice what the longest row is by chance. Where it is longer the
/// ids were made to collide, and are entered anew by another hash.
const MOST_PROBES: usize = 600;
/// Hashes that are tried.
const SALTS: u64 = 4;

/// Where each id is.
#[derive(Debug, Clone)]
pub(crate) struct IdIndex {
    slots: Vec<u32>,
    /// Tells one hash from another.
    salt: u64,
}

impl IdIndex {
    /// Enters the ids of `items` items.
    ///
    /// # Errors
    /// [`Error::Tensor`](Error::tensor) that names `tensor` for an id that is there twice, [`Error::OutOfMemory`].
    pub fn new<'b>(items: usize, tensor: &str, id: &impl Fn(u32) -> &'b [u8]) -> Result<IdIndex> {
        let mut slots = Vec::new();
        let length = items + items / 2 + 1;
        slots.try_reserve_exact(length).map_err(|_| Error::out_of_memory(length * size_of::<u32>(), "the item ids"))?;
        slots.resize(length, FREE);
        let mut index = IdIndex { slots, salt: 0 };
        let mut item = 0;
        while item < items as u32 {
            let (slot, taken) = index.probe(id(item), id);
            if taken.is_some() {
                let twice = std::str::from_utf8(id(item)).unwrap_or_default();
                return Err(Error::tensor(tensor, format_args!("expected unique ids, found `{twice}` twice")));
            }
            if let Some(slot) = slot {
                index.slots[slot] = item;
                item += 1;
                continue;
            }
            (item, index.salt) = (0, index.salt + 1);
            index.slots.fill(FREE);
            if index.salt == SALTS {
                return Err(Error::tensor(
                    tensor,
                    "expected ids that a hash tells apart, found hundreds that four do not",
                ));
            }
        }
        Ok(index)
    }

    /// The item of this id.
    pub fn find<'b>(&self, wanted: &[u8], id: &impl Fn(u32) -> &'b [u8]) -> Option<u32> {
        self.probe(wanted, id).1
    }

    /// The item of this id; or the free slot where it would be.
    fn probe<'b>(&self, wanted: &[u8], id: &impl Fn(u32) -> &'b [u8]) -> (Option<usize>, Option<u32>) {
        let length = self.slots.len();
        let mut slot = slot(wanted, self.salt, length);
        for _ in 0..MOST_PROBES {
            match self.slots[slot] {
                FREE => return (Some(slot), None),
                item if id(item) == wanted => return (None, Some(item)),
                _ => slot = if slot + 1 == length { 0 } else { slot + 1 },
            }
        }
        (None, None)
    }
}

/// The first of `slots` slots to look at, by multiplicative hashing, eight bytes at a time; the upper half is the better mixed one.
fn slot(id: &[u8], salt: u64, slots: usize) -> usize {
    let mut hash = salt << 32 ^ id.len() as u64;
    for part in id.chunks(8) {
        let word = part.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
        hash = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash ^= hash >> 29;
    }
    let upper = hash.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32;
    ((upper * slots as u64) >> 32) as usize
}

#[cfg(all(test, not(target_arch = "wasm32")))] // proptest is native only
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_are_found_where_they_are_and_nowhere_else(
            ids in prop::collection::hash_set("[a-c]{0,12}", 0..200),
            others in prop::collection::vec("[a-c]{0,12}", 0..50),
        ) {
            let ids: Vec<String> = ids.into_iter().collect();
            let id = |item: u32| ids[item as usize].as_bytes();
            let index = IdIndex::new(ids.len(), "item.id.bytes", &id).expect("unique");
            for text in ids.iter().chain(&others) {
                let expected = ids.iter().position(|other| other == text).map(|item| item as u32);
                prop_assert_eq!(index.find(text.as_bytes(), &id), expected);
            }
        }
    }

    #[test]
    fn a_million_ids_in_a_row_are_told_apart() {
        let ids: Vec<String> = (0..1_000_000).map(|n| n.to_string()).collect();
        let id = |item: u32| ids[item as usize].as_bytes();
        let index = IdIndex::new(ids.len(), "item.id.bytes", &id).expect("unique");
        assert_eq!(index.find(b"765432", &id), Some(765_432));
        assert_eq!(index.find(b"1000000", &id), None);
    }

    #[test]
    fn ids_made_to_collide_are_entered_by_another_hash() {
        let items = MOST_PROBES + 1;
        let first = |id: &String| slot(id.as_bytes(), 0, items + items / 2 + 1) == 0;
        let ids: Vec<String> = (0..).map(|n: u32| n.to_string()).filter(first).take(items).collect();
        let id = |item: u32| ids[item as usize].as_bytes();
        let index = IdIndex::new(ids.len(), "item.id.bytes", &id).expect("told apart by the second hash");
        assert!(index.salt > 0);
        assert!(ids.iter().zip(0..).all(|(text, item)| index.find(text.as_bytes(), &id) == Some(item)));
    }
}

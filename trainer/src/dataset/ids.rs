//! External ids and their positions, in little memory: the text of all of them in one piece.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Distinct ids in order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    text: String,
    /// Where each id ends in `text`.
    ends: Vec<usize>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Ids {
    /// The place of `id`, a new one at its first appearance; `None` where 32 bits do not number them.
    pub fn intern(&mut self, id: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        let (text, ends) = (&self.text, &self.ends);
        if let Some(&known) = self.places.find(hash, |&place| slice(text, ends, place) == id) {
            return Some(known);
        }
        let new = u32::try_from(self.ends.len()).ok().filter(|&new| new < u32::MAX)?;
        self.text.push_str(id);
        self.ends.push(self.text.len());
        let (text, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        self.places.insert_unique(hash, new, |&place| hasher.hash_one(slice(text, ends, place)));
        Some(new)
    }

    pub fn get(&self, place: u32) -> &str {
        slice(&self.text, &self.ends, place)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|place| self.get(place))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<usize>() + self.places.allocation_size()
    }
}

fn slice<'a>(text: &'a str, ends: &[usize], place: u32) -> &'a str {
    let place = place as usize;
    let start = place.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..ends[place]]
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn an_id_keeps_its_place() {
        let mut ids = Ids::default();
        let places: Vec<u32> = ["b", "", "a", "b", "é", "a"].iter().map(|id| ids.intern(id).unwrap()).collect();
        assert_eq!(places, [0, 1, 2, 0, 3, 2]);
        assert_eq!(ids.iter().collect::<Vec<_>>(), ["b", "", "a", "é"]);
        for n in 0..1000u32 {
            assert_eq!(ids.intern(&n.to_string()), Some(4 + n));
        }
        assert_eq!(ids.get(503), "499");
    }
}

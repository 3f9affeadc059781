//! A batch of examples laid out for tensors.

use std::collections::HashMap;

use rand_chacha::ChaCha8Rng;

use super::sequences::Example;

/// Histories side by side, padded at the left to the longest, and what is asked for. Items are places in `items` and `given`: the
/// batch knows no others.
#[derive(Debug, Default)]
pub struct Batch {
    /// Items whose vectors are needed, the candidates first.
    pub items: Vec<u32>,
    /// How many candidates there are.
    pub candidates: usize,
    /// Items whose history rows are needed, where these are not the items' own.
    pub given: Vec<u32>,
    /// Histories, and places in each: B and T.
    pub rows: usize,
    pub steps: usize,
    /// Items of the histories, (B, T); 0 where there is none.
    pub history: Vec<i32>,
    /// Their strengths, (B, T); 0 where there is none.
    pub strengths: Vec<f32>,
    /// 1 where there is an item, else 0, (B, T).
    pub valid: Vec<f32>,
    /// Places of (B, T) after which something is asked for.
    pub queries: Vec<i32>,
    /// What is asked for: places in `queries` and in `items`.
    pub asked: Vec<i32>,
    pub targets: Vec<i32>,
    /// 1 for a target that is among the candidates, else 0.
    pub hit: Vec<f32>,
    /// 1 for what was taken, 0 for what was not and is held against it.
    pub taken: Vec<f32>,
}

impl Batch {
    /// Lays out `examples`; targets are held against `candidates`, no item twice. Histories have the same rows as items where
    /// these are `shared`.
    pub fn new(examples: &[Example], candidates: Vec<u32>, shared: bool) -> Batch {
        let (rows, steps) = (examples.len(), examples.iter().map(|example| example.history.len()).max().unwrap_or(0));
        let count = candidates.len();
        let mut items = Places::new(candidates);
        let mut given = Places::new(Vec::new());
        let mut batch = Batch {
            candidates: count,
            rows,
            steps,
            history: vec![0; rows * steps],
            strengths: vec![0.0; rows * steps],
            valid: vec![0.0; rows * steps],
            ..Batch::default()
        };
        for (row, Example { history, targets, others }) in examples.iter().enumerate() {
            let first = (row + 1) * steps - history.len();
            for (at, &(item, strength)) in (first..).zip(history) {
                batch.history[at] = if shared { items.of(item) } else { given.of(item) };
                batch.strengths[at] = strength;
                batch.valid[at] = 1.0;
            }
            let labelled = targets.iter().map(|target| (target, 1.0)).chain(others.iter().map(|other| (other, 0.0)));
            for (&(place, item), label) in labelled {
                let query = (first + place) as i32;
                if batch.queries.last() != Some(&query) {
                    batch.queries.push(query);
                }
                batch.asked.push(batch.queries.len() as i32 - 1);
                let target = items.of(item);
                batch.targets.push(target);
                batch.taken.push(label);
                batch.hit.push(f32::from(u8::from((target as usize) < count)));
            }
        }
        Batch { items: items.list, given: given.list, ..batch }
    }
}

/// Items in the order they were first asked for.
struct Places {
    list: Vec<u32>,
    places: HashMap<u32, i32>,
}

impl Places {
    fn new(list: Vec<u32>) -> Places {
        Places { places: list.iter().copied().zip(0..).collect(), list }
    }

    fn of(&mut self, item: u32) -> i32 {
        *self.places.entry(item).or_insert_with(|| {
            self.list.push(item);
            self.list.len() as i32 - 1
        })
    }
}

/// `count` different items of `all`, or all of them.
pub fn candidates(all: usize, count: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    match count < all {
        true => rand::seq::index::sample(rng, all, count).into_iter().map(|item| item as u32).collect(),
        false => (0..all as u32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_end_at_the_same_place() {
        let example = |history: &[u32], targets: &[(usize, u32)]| Example {
            history: history.iter().map(|&item| (item, 0.5)).collect(),
            targets: targets.to_vec(),
            others: Vec::new(),
        };
        let examples = [example(&[9], &[(0, 7)]), example(&[5, 9, 6], &[(1, 6), (2, 4), (2, 9)])];
        let batch = Batch::new(&examples, vec![4, 5], true);
        assert_eq!((batch.rows, batch.steps, batch.candidates), (2, 3, 2));
        assert_eq!(batch.items, [4, 5, 9, 7, 6]);
        assert_eq!(batch.history, [0, 0, 2, 1, 2, 4]);
        assert_eq!(batch.valid, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(batch.queries, [2, 4, 5]);
        assert_eq!((batch.asked, batch.targets), (vec![0, 1, 2, 2], vec![3, 4, 0, 2]));
        assert_eq!(batch.hit, [0.0, 0.0, 1.0, 0.0]);
        let apart = Batch::new(&examples, vec![4, 5], false);
        assert_eq!((apart.given, apart.items), (vec![9, 5, 6], vec![4, 5, 7, 6, 9]));
    }
}

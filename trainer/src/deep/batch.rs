//! A batch of examples laid out for tensors.

use std::collections::{BTreeSet, HashMap, HashSet};

use rand_chacha::ChaCha8Rng;

use super::sequences::Example;

/// Histories side by side, padded at the left to the longest, and what is asked for. Items are places in `items` and `given`: the
/// batch knows no others.
#[derive(Debug, Default)]
pub struct Batch {
    /// Items whose vectors are needed, the candidates first.
    pub items: Vec<u32>,
    /// How many items each candidate stands for, (candidates).
    pub weights: Vec<f32>,
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
    /// How many items a target that is among the candidates stands for there, else 0.
    pub hit: Vec<f32>,
    /// 1 for what was taken, 0 for what was not and is held against it; and 1 for what was bought.
    pub taken: Vec<f32>,
    pub bought: Vec<f32>,
}

impl Batch {
    /// Lays out `examples`; targets are held against `candidates` with their weights, no item twice. Histories have the same rows as items where
    /// these are `shared`.
    pub fn new(examples: &[Example], candidates: Vec<(u32, f32)>, shared: bool) -> Batch {
        let (rows, steps) = (examples.len(), examples.iter().map(|example| example.history.len()).max().unwrap_or(0));
        let (candidates, weights): (Vec<u32>, Vec<f32>) = candidates.into_iter().unzip();
        let mut items = Places::new(candidates);
        let mut given = Places::new(Vec::new());
        let mut batch = Batch {
            weights,
            rows,
            steps,
            history: vec![0; rows * steps],
            strengths: vec![0.0; rows * steps],
            valid: vec![0.0; rows * steps],
            ..Batch::default()
        };
        for (row, Example { history, targets, others, bought }) in examples.iter().enumerate() {
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
                batch.bought.push(if label > 0.0 && bought.contains(&item) { 1.0 } else { 0.0 });
                batch.hit.push(batch.weights.get(target as usize).copied().unwrap_or(0.0));
            }
        }
        Batch { items: items.list, given: given.list, ..batch }
    }
}

/// Items in the order they were first asked for.
pub struct Places {
    pub list: Vec<u32>,
    places: HashMap<u32, i32>,
}

impl Places {
    pub fn new(list: Vec<u32>) -> Places {
        Places { places: list.iter().copied().zip(0..).collect(), list }
    }

    /// The place of an item, the next one for one that was not asked for before.
    pub fn of(&mut self, item: u32) -> i32 {
        *self.places.entry(item).or_insert_with(|| {
            self.list.push(item);
            self.list.len() as i32 - 1
        })
    }
}

/// What the targets of a batch are held against, and how many items each stands for: the inverse of how likely it is to be there
/// (Horvitz and Thompson 1952), so that sums over candidates are those over all items on average.
#[derive(Debug, Clone)]
pub struct Candidates {
    /// Items drawn evenly; all where there are no more.
    pub even: usize,
    /// The share of each item among all targets, where those of the batch are candidates too (Yi et al. 2019), as many as are drawn
    /// evenly at most: what is often asked for is then seldom missing, which makes the sums surer.
    pub shares: Option<Vec<f32>>,
    /// How many items there are.
    pub items: usize,
}

impl Candidates {
    /// Draws them for a batch of `examples`.
    pub fn draw(&self, examples: &[Example], rng: &mut ChaCha8Rng) -> Vec<(u32, f32)> {
        if self.even >= self.items {
            return (0..self.items as u32).map(|item| (item, 1.0)).collect();
        }
        let mut drawn: Vec<u32> =
            rand::seq::index::sample(rng, self.items, self.even).into_iter().map(|item| item as u32).collect();
        let missed = 1.0 - self.even as f32 / self.items as f32;
        let Some(shares) = &self.shares else {
            return drawn.into_iter().map(|item| (item, 1.0 / (1.0 - missed))).collect();
        };
        let asked = examples.iter().flat_map(|example| &example.targets).map(|target| target.1);
        let known: HashSet<u32> = drawn.iter().copied().collect();
        let (mut others, mut count) = (BTreeSet::new(), 0.0f32);
        for item in asked {
            count += 1.0;
            if !known.contains(&item) {
                others.insert(item);
            }
        }
        let others: Vec<u32> = others.into_iter().collect();
        let kept = others.len().min(self.even);
        let share = kept as f32 / others.len().max(1) as f32;
        drawn.extend(rand::seq::index::sample(rng, others.len(), kept).into_iter().map(|at| others[at]));
        let weight = |item: u32| 1.0 / (1.0 - missed * (1.0 - share * (1.0 - (-count * shares[item as usize]).exp())));
        drawn.into_iter().map(|item| (item, weight(item))).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn histories_end_at_the_same_place() {
        let example = |history: &[u32], targets: &[(usize, u32)]| Example {
            history: history.iter().map(|&item| (item, 0.5)).collect(),
            targets: targets.to_vec(),
            others: Vec::new(),
            bought: Vec::new(),
        };
        let examples = [example(&[9], &[(0, 7)]), example(&[5, 9, 6], &[(1, 6), (2, 4), (2, 9)])];
        let batch = Batch::new(&examples, vec![(4, 3.0), (5, 1.5)], true);
        assert_eq!((batch.rows, batch.steps), (2, 3));
        assert_eq!(batch.weights, [3.0, 1.5]);
        assert_eq!(batch.items, [4, 5, 9, 7, 6]);
        assert_eq!(batch.history, [0, 0, 2, 1, 2, 4]);
        assert_eq!(batch.valid, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(batch.queries, [2, 4, 5]);
        assert_eq!((batch.asked, batch.targets), (vec![0, 1, 2, 2], vec![3, 4, 0, 2]));
        assert_eq!(batch.hit, [0.0, 0.0, 3.0, 0.0]);
        let apart = Batch::new(&examples, vec![(4, 3.0), (5, 1.5)], false);
        assert_eq!((apart.given, apart.items), (vec![9, 5, 6], vec![4, 5, 7, 6, 9]));
    }

    #[test]
    fn candidates_stand_for_all_items_on_average() {
        let mut rng = crate::families::epoch_rng(5, 1);
        let items = 50;
        // Every other target is item 0, the others are any.
        let shares: Vec<f32> = (0..items).map(|item| 0.5 / items as f32 + if item == 0 { 0.5 } else { 0.0 }).collect();
        for shares in [None, Some(shares)] {
            let candidates = Candidates { even: 8, shares, items };
            let (mut sums, rounds) = (vec![0.0f32; items], 6000);
            for _ in 0..rounds {
                let any = |_| if rng.random_bool(0.5) { 0 } else { rng.random_range(0..items as u32) };
                let targets = (0..20).map(any).map(|item| (0, item)).collect();
                let example = Example { history: vec![(0, 1.0)], targets, others: Vec::new(), bought: Vec::new() };
                candidates.draw(&[example], &mut rng).iter().for_each(|&(item, weight)| sums[item as usize] += weight);
            }
            for sum in sums {
                assert!((sum / rounds as f32 - 1.0).abs() < 0.1, "{}", sum / rounds as f32);
            }
        }
    }
}

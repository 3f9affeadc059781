//! What a network learns from: for each user a history and what is asked for, drawn anew each epoch.

use std::collections::HashSet;
use std::iter::repeat_n;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::architecture::{Architecture, DeepFamily};
use crate::dataset::{Interactions, Negatives};

/// Share of a history that is asked for, the rest being given.
const TARGET_SHARE: f64 = 0.2;

/// A history, and what is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// (item, strength), the latest last.
    pub history: Vec<(u32, f32)>,
    /// (place in the history after which it is asked for, item).
    pub targets: Vec<(usize, u32)>,
    /// The same of items that the user never took.
    pub others: Vec<(usize, u32)>,
    /// Items asked for that were bought, where a head tells them.
    pub bought: Vec<u32>,
}

/// Items of each user with their strengths, in the order of their last event: as the device has a history.
pub fn ordered(data: &Interactions, strengths: &[Vec<f32>]) -> Vec<Vec<(u32, f32)>> {
    let of_user = |(user, strengths): (usize, &Vec<f32>)| {
        let mut pairs: Vec<(i64, u32, f32)> = data
            .pairs_of(user)
            .iter()
            .zip(strengths)
            .map(|(pair, &strength)| (pair.last, pair.item, strength))
            .collect();
        pairs.sort_by_key(|pair| pair.0);
        pairs.into_iter().map(|(_, item, strength)| (item, strength)).collect()
    };
    strengths.iter().enumerate().map(of_user).collect()
}

/// The examples of an epoch, in the order they are learnt from; none of users with a single item. Items are 0..`items`; `bought` are those that each user bought, of all users or none. Histories of like
/// lengths must not come together, though there would be less to pad: every step counts alike, and the few that are long would teach
/// hardly anything.
pub fn examples(
    users: &[Vec<(u32, f32)>],
    bought: &[HashSet<u32>],
    items: usize,
    architecture: &Architecture,
    rng: &mut ChaCha8Rng,
) -> Vec<Example> {
    let negatives = Negatives::Uniform(items as u32);
    let length = architecture.network.length;
    let mut examples = Vec::with_capacity(users.len());
    for (n, user) in users.iter().enumerate().filter(|(_, user)| user.len() > 1) {
        match architecture.family {
            DeepFamily::Gru4rec | DeepFamily::Sasrec => windows(user, length, rng, &mut examples),
            DeepFamily::TwoTower => examples.push(split(user, length, rng)),
            DeepFamily::Gmf | DeepFamily::Mlp | DeepFamily::NeuMf => {
                let mut example = split(user, length, rng);
                let owned: HashSet<u32> = user.iter().map(|&(item, _)| item).collect();
                for &(after, _) in example.targets.iter().flat_map(|target| repeat_n(target, architecture.negatives)) {
                    example.others.extend(negatives.draw(|item| owned.contains(&item), rng).map(|item| (after, item)));
                }
                if let Some(bought) = bought.get(n) {
                    let items = example.targets.iter().map(|target| target.1);
                    example.bought = items.filter(|item| bought.contains(item)).collect();
                }
                examples.push(example);
            }
            DeepFamily::MultVae => {
                let history = latest(user, length);
                let last = history.len() - 1;
                let targets = user.iter().map(|&(item, _)| (last, item)).collect();
                examples.push(Example { history, targets, others: Vec::new(), bought: Vec::new() });
            }
        }
    }
    examples.shuffle(rng);
    examples
}

/// Cuts a history into windows, at other places each time; each item but a window's first is asked for after those before it.
fn windows(user: &[(u32, f32)], length: usize, rng: &mut ChaCha8Rng, examples: &mut Vec<Example>) {
    let mut end = user.len();
    if end > length + 1 {
        end -= rng.random_range(0..length.min(end - length));
    }
    let mut cut = |end: usize| {
        let window = &user[end.saturating_sub(length + 1)..end];
        let targets = window[1..].iter().enumerate().map(|(place, &(item, _))| (place, item)).collect();
        examples.push(Example {
            history: window[..window.len() - 1].to_vec(),
            targets,
            others: Vec::new(),
            bought: Vec::new(),
        });
    };
    if end < user.len() {
        cut(user.len());
    }
    while end > 1 {
        cut(end);
        end = end.saturating_sub(length);
    }
}

/// A random part of a history is asked for given the rest.
pub fn split(user: &[(u32, f32)], length: usize, rng: &mut ChaCha8Rng) -> Example {
    let count = ((user.len() as f64 * TARGET_SHARE).round() as usize).clamp(1, user.len() - 1);
    let mut order: Vec<usize> = (0..user.len()).collect();
    let (asked, given) = order.partial_shuffle(rng, count);
    given.sort_unstable();
    let given: Vec<(u32, f32)> = given.iter().map(|&at| user[at]).collect();
    let history = latest(&given, length);
    let last = history.len() - 1;
    Example {
        targets: asked.iter().map(|&at| (last, user[at].0)).collect(),
        history,
        others: Vec::new(),
        bought: Vec::new(),
    }
}

fn latest(history: &[(u32, f32)], length: usize) -> Vec<(u32, f32)> {
    history[history.len().saturating_sub(length)..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::super::options::fixture::OPTIONS;
    use super::*;
    use crate::families::epoch_rng;

    fn users(lengths: &[u32]) -> Vec<Vec<(u32, f32)>> {
        lengths.iter().map(|&length| (0..length).map(|item| (item, 1.0)).collect()).collect()
    }

    fn drawn(family: DeepFamily, lengths: &[u32], length: usize) -> Vec<Example> {
        let mut architecture = Architecture::new(family, 8, &OPTIONS);
        architecture.network.length = length;
        examples(&users(lengths), &[], 100, &architecture, &mut epoch_rng(7, 1))
    }

    #[test]
    fn each_next_item_is_asked_for_after_those_before_it() {
        let all = drawn(DeepFamily::Sasrec, &[1, 2, 30], 8);
        for Example { history, targets, .. } in &all {
            assert!(history.len() <= 8 && targets.len() == history.len());
            assert!(targets.iter().zip(history).all(|(target, given)| target.1 == given.0 + 1));
        }
        let asked = |item| all.iter().any(|example| example.targets.iter().any(|target| target.1 == item));
        assert!((1..30).all(asked), "nothing is left out");
    }

    #[test]
    fn what_is_asked_for_is_not_given() {
        for Example { history, targets, .. } in drawn(DeepFamily::TwoTower, &[10; 20], 200) {
            assert_eq!((history.len(), targets.len()), (8, 2));
            assert!(targets.iter().all(|(at, target)| *at == 7 && history.iter().all(|(item, _)| item != target)));
            assert!(history.is_sorted_by_key(|(item, _)| *item), "in the order of the history");
        }
        let all = drawn(DeepFamily::NeuMf, &[10; 20], 200);
        assert!(all.iter().all(|example| example.others.len() == 4 * 2));
        assert!(all.iter().flat_map(|example| &example.others).all(|(at, other)| *at == 7 && *other >= 10));
        let all = drawn(DeepFamily::MultVae, &[10], 4);
        assert_eq!((all[0].history.len(), all[0].targets.len()), (4, 10));
    }
}

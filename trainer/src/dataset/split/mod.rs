//! Splits of a log into what is trained on, what settings are chosen by, and what is measured once at the end.

mod files;
mod held_out;

use std::collections::{HashMap, HashSet};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

pub use files::split_files;
pub use held_out::{HeldOut, HeldOutFiles, hold_out, read_held_out, split};

use super::interactions::{Event, Interactions, distinct_items};

/// Ways to split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Split {
    /// Of each user with three items or more the one that is taken up last is the test, the one before validation (He et al.
    /// 2017, "Neural Collaborative Filtering"). What the user did from then on is left out before.
    LeaveOneOut,
    /// Pairs at random, with all their events; each user keeps one at least.
    Random { validation: f64, test: f64 },
    /// Users at random, never seen in training: strong generalisation (Marlin 2004). `targets` is the share of a user's
    /// items to be found, the others are folded in.
    Users { validation: f64, test: f64, targets: f64 },
    /// By time, in milliseconds since 1970: training ends at `validation`, or at `test` where there is none.
    Time { validation: Option<i64>, test: i64 },
}

/// A split log. Events hold positions in the items of the log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts {
    /// Each training user, a position in the users of the log, with its events.
    pub train: Vec<(usize, Vec<Event>)>,
    pub validation: Vec<Held>,
    pub test: Vec<Held>,
    /// Targets left out, as their item is in no training event: no model could find them.
    pub cold_targets: usize,
}

/// A user to be judged by: what is known, and what is to be found.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub user: usize,
    pub fold_in: Vec<Event>,
    /// Each item once, and whether it is new to the user.
    pub targets: Vec<(u32, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Train,
    Validation,
    Test,
}

impl Split {
    /// Splits `data`; the same seed gives the same parts.
    pub fn apply(&self, data: &Interactions, seed: u64) -> Parts {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut parts = match *self {
            Split::LeaveOneOut => by_event(data, |user| last_two(&data.events[user], &data.histories[user])),
            Split::Random { validation, test } => {
                let pairs = random_pairs(data, validation, test, &mut rng);
                by_event(data, |user| {
                    let parts = data.histories[user].iter().copied().zip(pairs[user].iter().copied());
                    let parts: HashMap<u32, Part> = parts.collect();
                    data.events[user].iter().map(|event| parts[&event.item]).collect()
                })
            }
            Split::Users { validation, test, targets } => by_user(data, validation, test, targets, &mut rng),
            Split::Time { validation, test } => by_event(data, |user| {
                let part = |event: &Event| match event.time {
                    time if time >= test => Part::Test,
                    time if validation.is_some_and(|cut| time >= cut) => Part::Validation,
                    _ => Part::Train,
                };
                data.events[user].iter().map(part).collect()
            }),
        };
        drop_cold(&mut parts, data.items.len());
        parts
    }
}

/// Splits each user's events as `part_of(user)` says: validation users fold in their training events, test users the
/// validation events too.
fn by_event(data: &Interactions, part_of: impl Fn(usize) -> Vec<Part>) -> Parts {
    let mut parts = Parts::default();
    for (user, events) in data.events.iter().enumerate() {
        let labels = part_of(user);
        let of = |keep: &dyn Fn(Part) -> bool| -> Vec<Event> {
            events.iter().zip(&labels).filter(|(_, part)| keep(**part)).map(|(event, _)| *event).collect()
        };
        let train = of(&|part| part == Part::Train);
        if train.is_empty() {
            continue;
        }
        let hold = |before: Vec<Event>, part: Part, held: &mut Vec<Held>| {
            let known: HashSet<u32> = before.iter().map(|event| event.item).collect();
            let asked = distinct_items(&of(&|other| other == part));
            let targets: Vec<(u32, bool)> = asked.into_iter().map(|item| (item, !known.contains(&item))).collect();
            if !targets.is_empty() {
                held.push(Held { user, fold_in: before, targets });
            }
        };
        hold(train.clone(), Part::Validation, &mut parts.validation);
        hold(of(&|part| part < Part::Test), Part::Test, &mut parts.test);
        parts.train.push((user, train));
    }
    parts
}

/// Test from the first event of the item taken up last, validation from that of the one before.
fn last_two(events: &[Event], history: &[u32]) -> Vec<Part> {
    let [_, .., before, last] = *history else { return vec![Part::Train; events.len()] };
    let mut part = Part::Train;
    let mut label = |event: &Event| {
        part = match event.item {
            item if item == last => Part::Test,
            item if item == before => part.max(Part::Validation),
            _ => part,
        };
        part
    };
    events.iter().map(&mut label).collect()
}

/// The part of each pair, as the histories lie.
fn random_pairs(data: &Interactions, validation: f64, test: f64, rng: &mut ChaCha8Rng) -> Vec<Vec<Part>> {
    let mut parts: Vec<Vec<Part>> = data.histories.iter().map(|history| vec![Part::Train; history.len()]).collect();
    let mut left: Vec<usize> = data.histories.iter().map(Vec::len).collect();
    let mut pairs: Vec<(usize, usize)> = data
        .histories
        .iter()
        .enumerate()
        .flat_map(|(user, history)| (0..history.len()).map(move |at| (user, at)))
        .collect();
    pairs.shuffle(rng);
    let count = |share: f64| (pairs.len() as f64 * share).round() as usize;
    let mut wanted = [Part::Test, Part::Validation]
        .into_iter()
        .zip([count(test), count(validation)])
        .flat_map(|(part, count)| std::iter::repeat_n(part, count));
    for &(user, at) in &pairs {
        if left[user] >= 2 {
            let Some(part) = wanted.next() else { break };
            parts[user][at] = part;
            left[user] -= 1;
        }
    }
    parts
}

fn by_user(data: &Interactions, validation: f64, test: f64, targets: f64, rng: &mut ChaCha8Rng) -> Parts {
    let mut able: Vec<usize> = (0..data.users.len()).filter(|&user| data.histories[user].len() >= 2).collect();
    able.shuffle(rng);
    let count = |share: f64| (data.users.len() as f64 * share).round() as usize;
    let (validation, test) = (count(validation), count(test));
    let mut hold = |users: &[usize]| -> Vec<Held> {
        let mut hold_one = |&user: &usize| {
            let (_, wanted) = split(&data.histories[user], targets, rng);
            let asked: HashSet<u32> = wanted.iter().copied().collect();
            let fold_in = data.events[user].iter().copied().filter(|event| !asked.contains(&event.item)).collect();
            Held { user, fold_in, targets: wanted.into_iter().map(|item| (item, true)).collect() }
        };
        users.iter().map(&mut hold_one).collect()
    };
    let ends = [validation.min(able.len()), (validation + test).min(able.len())];
    let (validation, test) = (hold(&able[..ends[0]]), hold(&able[ends[0]..ends[1]]));
    let held: HashSet<usize> = able[..ends[1]].iter().copied().collect();
    let train = (0..data.users.len()).filter(|user| !held.contains(user));
    Parts { train: train.map(|user| (user, data.events[user].clone())).collect(), validation, test, cold_targets: 0 }
}

/// Leaves out targets that no training event has, and users without a target.
fn drop_cold(parts: &mut Parts, items: usize) {
    let mut known = vec![false; items];
    parts.train.iter().flat_map(|(_, events)| events).for_each(|event| known[event.item as usize] = true);
    for held in parts.validation.iter_mut().chain(&mut parts.test) {
        let before = held.targets.len();
        held.targets.retain(|(item, _)| known[*item as usize]);
        parts.cold_targets += before - held.targets.len();
    }
    parts.validation.retain(|held| !held.targets.is_empty());
    parts.test.retain(|held| !held.targets.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;

    /// 30 users with 3 to 12 of 12 items, one event a time unit, each beginning again with its first item at the end.
    fn data() -> Interactions {
        let histories: Vec<Vec<u32>> =
            (0..30u32).map(|user| (0..3 + user % 10).map(|n| (user + n * 5) % 12).collect()).collect();
        let mut data = interactions(12, histories);
        for events in &mut data.events {
            let again = Event { time: events.len() as i64, ..events[0] };
            events.push(again);
            events.iter_mut().for_each(|event| event.value = 1.0); // NaN would not equal itself
        }
        data
    }

    const ALL: [Split; 4] = [
        Split::LeaveOneOut,
        Split::Random { validation: 0.1, test: 0.2 },
        Split::Users { validation: 0.1, test: 0.2, targets: 0.3 },
        Split::Time { validation: Some(4), test: 6 },
    ];

    #[test]
    fn a_seed_gives_the_same_parts_and_no_target_is_known() {
        let data = data();
        for split in ALL {
            let parts = split.apply(&data, 7);
            assert_eq!(parts, split.apply(&data, 7), "{split:?}");
            assert!(!parts.train.is_empty() && !parts.validation.is_empty() && !parts.test.is_empty(), "{split:?}");
            for held in parts.validation.iter().chain(&parts.test) {
                let given: HashSet<u32> = held.fold_in.iter().map(|event| event.item).collect();
                assert!(!given.is_empty());
                assert!(held.targets.iter().all(|(item, new)| *new != given.contains(item)), "{split:?}");
            }
        }
        for split in &ALL[1..3] {
            assert_ne!(split.apply(&data, 7), split.apply(&data, 8), "{split:?}");
        }
    }

    #[test]
    fn leave_one_out_asks_for_the_last_new_item() {
        let data = data();
        let parts = Split::LeaveOneOut.apply(&data, 1);
        assert_eq!((parts.train.len(), parts.test.len()), (30, 30));
        for held in &parts.test {
            let history = &data.histories[held.user];
            let new: Vec<u32> = held.targets.iter().filter(|(_, new)| *new).map(|(item, _)| *item).collect();
            assert_eq!(new, history[history.len() - 1..]);
            assert_eq!(distinct_items(&held.fold_in), history[..history.len() - 1]);
        }
        for (user, events) in &parts.train {
            let history = &data.histories[*user];
            assert_eq!(distinct_items(events), history[..history.len() - 2]);
        }
    }

    #[test]
    fn random_pairs_are_as_many_as_asked_for() {
        let data = data();
        let parts = Split::Random { validation: 0.1, test: 0.2 }.apply(&data, 1);
        let of = |held: &[Held]| held.iter().map(|held| held.targets.len()).sum::<usize>() as f64;
        assert_eq!(of(&parts.test), (data.pairs() as f64 * 0.2).round());
        assert_eq!(of(&parts.validation), (data.pairs() as f64 * 0.1).round());
        assert_eq!(parts.train.len(), 30, "every user keeps something");
    }

    #[test]
    fn users_are_in_one_part() {
        let parts = Split::Users { validation: 0.1, test: 0.2, targets: 0.3 }.apply(&data(), 1);
        let mut users: Vec<usize> = parts.train.iter().map(|(user, _)| *user).collect();
        users.extend(parts.validation.iter().chain(&parts.test).map(|held| held.user));
        users.sort_unstable();
        assert_eq!(users, (0..30).collect::<Vec<_>>());
        assert_eq!((parts.validation.len(), parts.test.len()), (3, 6));
    }

    #[test]
    fn time_cuts_every_user_at_the_same_moment() {
        let parts = Split::Time { validation: Some(4), test: 6 }.apply(&data(), 1);
        assert!(parts.train.iter().flat_map(|(_, events)| events).all(|event| event.time < 4));
        assert!(parts.validation.iter().flat_map(|held| &held.fold_in).all(|event| event.time < 4));
        assert!(parts.test.iter().flat_map(|held| &held.fold_in).all(|event| event.time < 6));
        let again = parts.test.iter().flat_map(|held| &held.targets).filter(|(_, new)| !new).count();
        assert!(again > 0, "items bought again are marked");
        let alone = Split::Time { validation: None, test: 6 }.apply(&data(), 1);
        assert!(alone.validation.is_empty() && alone.train.iter().any(|(_, events)| events.len() == 6));
    }

    #[test]
    fn targets_nobody_trains_on_are_left_out_and_counted() {
        let data = interactions(4, vec![vec![0, 1, 2], vec![1, 0, 3], vec![0, 1, 2, 3]]);
        let parts = Split::LeaveOneOut.apply(&data, 1);
        // Trained on: 0; 1; 0, 1. Validation asks for 1, 0 and 2, test for 2, 3 and 3.
        assert_eq!((parts.cold_targets, parts.validation.len(), parts.test.len()), (4, 2, 0));
    }
}

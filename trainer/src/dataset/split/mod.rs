//! Splits of a log into what is trained on, what settings are chosen by, and what is measured once at the end.

mod files;
mod held_out;
mod parts;

use std::collections::{HashMap, HashSet};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

pub use files::write_files;
pub use held_out::{HeldOut, HeldOutFiles, hold_out, read_held_out, read_histories, split};
pub use parts::{Held, HeldCounts, Part, Parts};

use super::interactions::{Event, Interactions};
use super::memory::Beside;

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

impl Split {
    /// Splits `data`; the same seed gives the same parts.
    pub fn apply<'a>(&self, data: &'a Interactions, seed: u64) -> Parts<'a> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        match *self {
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
        }
    }

    /// What [`Split::apply`] takes: a mark an event in a list a user; pairs in random order with a mark each; users in random
    /// order.
    pub fn beside(&self) -> Beside {
        let marks = Beside { event: 1, pair: 0, user: 48 };
        match self {
            Split::LeaveOneOut | Split::Time { .. } => marks,
            Split::Random { .. } => Beside { pair: 9, user: 104, ..marks },
            Split::Users { .. } => Beside { user: 56, ..marks },
        }
    }
}

/// Splits each user's events as `part_of(user)` says: validation users fold in their training events, test users the
/// validation events too. Users without training events are in no part.
fn by_event(data: &Interactions, part_of: impl Fn(usize) -> Vec<Part>) -> Parts<'_> {
    let marks: Vec<Vec<Part>> = (0..data.users.len())
        .map(|user| Some(part_of(user)).filter(|marks| marks.contains(&Part::Train)).unwrap_or_default())
        .collect();
    let trained = marks.iter().map(|marks| !marks.is_empty()).collect();
    Parts::new(data, marks, trained)
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
    let mut pairs: Vec<(u32, u32)> = data
        .histories
        .iter()
        .enumerate()
        .flat_map(|(user, history)| (0..history.len() as u32).map(move |at| (user as u32, at)))
        .collect();
    pairs.shuffle(rng);
    let count = |share: f64| (pairs.len() as f64 * share).round() as usize;
    let mut wanted = [Part::Test, Part::Validation]
        .into_iter()
        .zip([count(test), count(validation)])
        .flat_map(|(part, count)| std::iter::repeat_n(part, count));
    for &(user, at) in &pairs {
        let (user, at) = (user as usize, at as usize);
        if left[user] >= 2 {
            let Some(part) = wanted.next() else { break };
            parts[user][at] = part;
            left[user] -= 1;
        }
    }
    parts
}

fn by_user<'a>(data: &'a Interactions, validation: f64, test: f64, targets: f64, rng: &mut ChaCha8Rng) -> Parts<'a> {
    let mut able: Vec<usize> = (0..data.users.len()).filter(|&user| data.histories[user].len() >= 2).collect();
    able.shuffle(rng);
    let count = |share: f64| (data.users.len() as f64 * share).round() as usize;
    let (validation, test) = (count(validation), count(test));
    let mut marks: Vec<Vec<Part>> = data.events.iter().map(|events| vec![Part::Train; events.len()]).collect();
    let mut trained = vec![true; data.users.len()];
    for (place, &user) in able.iter().enumerate().take(validation + test) {
        let part = if place < validation { Part::Validation } else { Part::Test };
        let (_, wanted) = split(&data.histories[user], targets, rng);
        let wanted: HashSet<u32> = wanted.into_iter().collect();
        let events = data.events[user].iter().zip(&mut marks[user]);
        events.filter(|(event, _)| wanted.contains(&event.item)).for_each(|(_, mark)| *mark = part);
        trained[user] = false;
    }
    Parts::new(data, marks, trained)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;
    use crate::dataset::interactions::distinct_items;

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

    fn held(parts: &Parts<'_>, part: Part) -> Vec<Held> {
        parts.held(part).collect()
    }

    fn train(parts: &Parts<'_>) -> Vec<(usize, Vec<Event>)> {
        parts.train().map(|(user, events)| (user, events.copied().collect())).collect()
    }

    const HELD: [Part; 2] = [Part::Validation, Part::Test];
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
            assert!(!train(&parts).is_empty(), "{split:?}");
            for part in HELD {
                let held = held(&parts, part);
                assert!(!held.is_empty(), "{split:?}");
                for held in held {
                    let given: HashSet<u32> = held.fold_in.iter().map(|event| event.item).collect();
                    assert!(!given.is_empty());
                    assert!(held.targets.iter().all(|target| target.new != given.contains(&target.item)), "{split:?}");
                }
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
        assert_eq!((train(&parts).len(), held(&parts, Part::Test).len()), (30, 30));
        for held in parts.held(Part::Test) {
            let history = &data.histories[held.user];
            let new: Vec<u32> = held.targets.iter().filter(|target| target.new).map(|target| target.item).collect();
            assert_eq!(new, history[history.len() - 1..]);
            assert_eq!(distinct_items(&held.fold_in), history[..history.len() - 1]);
        }
        for (user, events) in train(&parts) {
            let history = &data.histories[user];
            assert_eq!(distinct_items(&events), history[..history.len() - 2]);
        }
    }

    #[test]
    fn random_pairs_are_as_many_as_asked_for() {
        let data = data();
        let parts = Split::Random { validation: 0.1, test: 0.2 }.apply(&data, 1);
        let of = |part| parts.held_counts(part).targets_all as f64;
        assert_eq!(of(Part::Test), (data.pairs() as f64 * 0.2).round());
        assert_eq!(of(Part::Validation), (data.pairs() as f64 * 0.1).round());
        assert_eq!(train(&parts).len(), 30, "every user keeps something");
    }

    #[test]
    fn users_are_in_one_part() {
        let data = data();
        let parts = Split::Users { validation: 0.1, test: 0.2, targets: 0.3 }.apply(&data, 1);
        let mut users: Vec<usize> = parts.train().map(|(user, _)| user).collect();
        users.extend(HELD.into_iter().flat_map(|part| parts.held(part)).map(|held| held.user));
        users.sort_unstable();
        assert_eq!(users, (0..30).collect::<Vec<_>>());
        assert_eq!(HELD.map(|part| parts.held_counts(part).users), [3, 6]);
    }

    #[test]
    fn time_cuts_every_user_at_the_same_moment() {
        let data = data();
        let parts = Split::Time { validation: Some(4), test: 6 }.apply(&data, 1);
        let ends = |held: Held, end| held.fold_in.iter().all(|event| event.time < end);
        assert!(train(&parts).iter().flat_map(|(_, events)| events).all(|event| event.time < 4));
        assert!(parts.held(Part::Validation).all(|held| ends(held, 4)));
        assert!(parts.held(Part::Test).all(|held| ends(held, 6)));
        let counts = parts.held_counts(Part::Test);
        assert!(counts.targets_all > counts.targets_new, "items bought again are marked");
        let alone = Split::Time { validation: None, test: 6 }.apply(&data, 1);
        assert_eq!(held(&alone, Part::Validation), []);
        assert!(train(&alone).iter().any(|(_, events)| events.len() == 6));
    }

    #[test]
    fn targets_nobody_trains_on_are_left_out_and_counted() {
        let data = interactions(4, vec![vec![0, 1, 2], vec![1, 0, 3], vec![0, 1, 2, 3]]);
        let parts = Split::LeaveOneOut.apply(&data, 1);
        // Trained on: 0; 1; 0, 1. Validation asks for 1, 0 and 2, test for 2, 3 and 3.
        assert_eq!((parts.cold_targets(), HELD.map(|part| parts.held_counts(part).users)), (4, [2, 0]));
        let items: Vec<&String> = parts.items().collect();
        assert_eq!(items, ["0", "1"]);
    }

    #[test]
    fn a_target_has_its_last_value() {
        let mut data = interactions(2, vec![vec![0, 1], vec![1, 0]]);
        let event = |item, time, value| Event { item, time, strength: 1.0, value, situation: 0 };
        data.events[0] = vec![event(0, 1, 2.0), event(1, 5, 3.0), event(1, 6, 4.0), event(1, 7, f32::NAN)];
        data.events[1] = vec![event(1, 1, 1.0)];
        let parts = Split::Time { validation: None, test: 5 }.apply(&data, 1);
        let values: Vec<f32> =
            parts.held(Part::Test).flat_map(|held| held.targets).map(|target| target.value).collect();
        assert_eq!(values, [4.0]);
    }

    #[test]
    fn marks_take_what_is_said() {
        let data = data();
        let (events, users) = (data.events.iter().map(Vec::len).sum::<usize>(), data.users.len());
        for split in ALL {
            let Beside { event, pair, user } = split.beside();
            let said = event * events + pair * data.pairs() + user * users;
            assert!(split.apply(&data, 7).mark_bytes() <= said, "{split:?}");
        }
    }
}

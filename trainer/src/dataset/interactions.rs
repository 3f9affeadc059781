//! Training data: who interacted with what, and when.

use std::collections::HashMap;

use proclivity::model::Column;
use proclivity::profile::FULL_STRENGTH;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// One event as cleaned, of the user in whose list it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Position in [`Interactions::items`].
    pub item: u32,
    /// Milliseconds since 1970; the row's number where the log has no time.
    pub time: i64,
    /// Strength of the event's type, 0..=1; 1 where the log has no types.
    pub strength: f32,
    /// Rating or value, NaN where there is none.
    pub value: f32,
    /// Place in the columns of [`Interactions::situations`].
    pub situation: u32,
}

/// Users and items by index, with each user's events.
#[derive(Debug, Clone, PartialEq)]
pub struct Interactions {
    /// External ids, in the order of the rows of the model file: most popular first, so that ties favour it.
    pub items: Vec<String>,
    /// External ids.
    pub users: Vec<String>,
    /// Item indices of each user in the order of their first event, no item twice.
    pub histories: Vec<Vec<u32>>,
    /// Every kept event of each user in order of time, repeats included; a basket is one event a line.
    pub events: Vec<Vec<Event>>,
    /// Whether [`Event::time`] is a time, or the order of the file.
    pub has_time: bool,
    /// Whether the log has a column of ratings or values.
    pub has_value: bool,
    /// The columns that say where and how events came about, each with one value a situation; none where the log has none.
    pub situations: Vec<Column>,
}

/// What is known of one pair of user and item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairStats {
    pub item: u32,
    /// Events of the pair.
    pub count: u32,
    /// Largest strength of its events, and their sum.
    pub strength: f32,
    pub total: f32,
    /// Its last value, NaN where none of its events has one.
    pub value: f32,
    /// Times of its first and last event.
    pub first: i64,
    pub last: i64,
    /// The situation of its last event.
    pub situation: u32,
}

impl Interactions {
    /// Number of distinct pairs.
    pub fn pairs(&self) -> usize {
        self.histories.iter().map(Vec::len).sum()
    }

    /// What is known of each pair of `user`, in the order of its history.
    pub fn pairs_of(&self, user: usize) -> Vec<PairStats> {
        pair_stats(&self.events[user])
    }

    /// Distinct users of each item, (n).
    pub fn popularity(&self) -> Vec<f32> {
        let mut counts = vec![0.0; self.items.len()];
        for &item in self.histories.iter().flatten() {
            counts[item as usize] += 1.0;
        }
        counts
    }

    /// A share of the users, drawn at random; all items stay.
    pub fn sample_users(&self, share: f64, seed: u64) -> Interactions {
        let mut drawn: Vec<usize> = (0..self.users.len()).collect();
        drawn.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        drawn.truncate(((self.users.len() as f64 * share).round() as usize).max(1));
        drawn.sort_unstable();
        Interactions {
            items: self.items.clone(),
            users: drawn.iter().map(|&user| self.users[user].clone()).collect(),
            histories: drawn.iter().map(|&user| self.histories[user].clone()).collect(),
            events: drawn.iter().map(|&user| self.events[user].clone()).collect(),
            has_time: self.has_time,
            has_value: self.has_value,
            situations: self.situations.clone(),
        }
    }

    /// The users of each item, ascending.
    pub fn users_by_item(&self) -> Vec<Vec<u32>> {
        let mut users = vec![Vec::new(); self.items.len()];
        for (user, history) in self.histories.iter().enumerate() {
            for &item in history {
                users[item as usize].push(user as u32);
            }
        }
        users
    }
}

/// Sums up `events`, in order of time, by item: in the order of the items' first events.
pub fn pair_stats(events: &[Event]) -> Vec<PairStats> {
    let mut places: HashMap<u32, usize> = HashMap::with_capacity(events.len());
    let mut pairs: Vec<PairStats> = Vec::new();
    for event in events {
        let Event { item, time, strength, value, situation } = *event;
        let place = *places.entry(item).or_insert(pairs.len());
        match pairs.get_mut(place) {
            Some(pair) => {
                pair.count += 1;
                pair.strength = pair.strength.max(strength);
                pair.total += strength;
                pair.value = if value.is_nan() { pair.value } else { value };
                pair.last = time;
                pair.situation = situation;
            }
            None => {
                let (first, last) = (time, time);
                pairs.push(PairStats { item, count: 1, strength, total: strength, value, first, last, situation });
            }
        }
    }
    pairs
}

/// Events of full strength as the device sees purchases: (item, milliseconds since 1970).
pub fn purchases(events: &[Event]) -> Vec<(u32, f64)> {
    let full = events.iter().filter(|event| event.strength >= FULL_STRENGTH);
    full.map(|event| (event.item, event.time as f64)).collect()
}

/// The items of `events`, in order of time, each at its first event.
pub fn distinct_items(events: &[Event]) -> Vec<u32> {
    let mut seen = std::collections::HashSet::with_capacity(events.len());
    events.iter().map(|event| event.item).filter(|&item| seen.insert(item)).collect()
}

#[cfg(test)]
pub mod fixture {
    use super::{Event, Interactions};

    /// Events without types or values, in the order given.
    pub fn events(history: &[u32]) -> Vec<Event> {
        let event = |(time, &item)| Event { item, time, strength: 1.0, value: f32::NAN, situation: 0 };
        (0..).zip(history).map(event).collect()
    }

    /// Users who took these items, one event each, of a catalogue of `items`.
    pub fn interactions(items: usize, histories: Vec<Vec<u32>>) -> Interactions {
        let names = |count: usize| (0..count).map(|n| n.to_string()).collect();
        let events = histories.iter().map(|history| events(history)).collect();
        Interactions {
            items: names(items),
            users: names(histories.len()),
            histories,
            events,
            has_time: false,
            has_value: false,
            situations: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_sum_up_their_events_in_the_order_of_the_history() {
        let event = |item, time, strength, value| Event { item, time, strength, value, situation: time as u32 };
        let events = vec![
            event(4, 10, 0.2, f32::NAN),
            event(1, 20, 1.0, 3.0),
            event(4, 30, 0.6, 5.0),
            event(4, 40, 0.2, f32::NAN),
        ];
        let data = Interactions { events: vec![events.clone()], ..fixture::interactions(5, vec![vec![4, 1]]) };
        let pairs = data.pairs_of(0);
        assert_eq!(
            pairs[0],
            PairStats { item: 4, count: 3, strength: 0.6, total: 1.0, value: 5.0, first: 10, last: 40, situation: 40 }
        );
        assert_eq!(
            pairs[1],
            PairStats { item: 1, count: 1, strength: 1.0, total: 1.0, value: 3.0, first: 20, last: 20, situation: 20 }
        );
        assert_eq!(distinct_items(&events), data.histories[0]);
    }
}

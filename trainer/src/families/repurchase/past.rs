//! A log as it stood some time ago, and what was bought since.

use std::collections::HashSet;

use proclivity::profile::FULL_STRENGTH;

use crate::dataset::{Event, Interactions, distinct_items, purchases};

/// A log up to a cut in time.
pub struct Past {
    pub data: Interactions,
    /// What each of its users bought after the cut, of the items it knows.
    pub since: Vec<HashSet<u32>>,
}

/// Pairs of user and item, of users who bought something before the cut.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// Bought before the cut.
    pub own: usize,
    /// Those of them bought after it too.
    pub again: usize,
    /// Bought after it for the first time.
    pub new: usize,
}

impl Past {
    /// `data` up to `cut` (milliseconds since 1970, inclusive). An item counts if it had as many users by then as the rarest
    /// item of the whole log has: what is too rare to be learnt from is left out at both times.
    pub fn of(data: &Interactions, cut: i64) -> Past {
        let least = data.popularity().into_iter().fold(f32::INFINITY, f32::min).max(1.0);
        let by_cut = |events: &[Event]| -> usize { events.partition_point(|event| event.time <= cut) };
        let mut users_of = vec![0.0f32; data.items.len()];
        for events in &data.events {
            distinct_items(&events[..by_cut(events)]).into_iter().for_each(|item| users_of[item as usize] += 1.0);
        }
        let mut kept: Vec<usize> = (0..data.items.len()).filter(|&item| users_of[item] >= least).collect();
        kept.sort_by(|&a, &b| users_of[b].total_cmp(&users_of[a]));
        let mut place = vec![None; data.items.len()];
        kept.iter().zip(0..).for_each(|(&item, at)| place[item] = Some(at));

        let mut past = Interactions {
            items: kept.iter().map(|&item| data.items[item].clone()).collect(),
            users: Vec::new(),
            histories: Vec::new(),
            events: Vec::new(),
            has_time: data.has_time,
            has_value: data.has_value,
            situations: data.situations.clone(),
        };
        let mut since = Vec::new();
        for (user, events) in data.users.iter().zip(&data.events) {
            let moved = |event: &Event| place[event.item as usize].map(|item| Event { item, ..*event });
            let (before, after) = events.split_at(by_cut(events));
            let before: Vec<Event> = before.iter().filter_map(moved).collect();
            if !before.is_empty() {
                past.users.push(user.clone());
                past.histories.push(distinct_items(&before));
                past.events.push(before);
                let bought = after.iter().filter(|event| event.strength >= FULL_STRENGTH);
                since.push(bought.filter_map(moved).map(|event| event.item).collect());
            }
        }
        Past { data: past, since }
    }

    /// What there is to learn from.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (events, since) in self.data.events.iter().zip(&self.since) {
            let own: HashSet<u32> = purchases(events).into_iter().map(|(item, _)| item).collect();
            if !own.is_empty() {
                let again = since.intersection(&own).count();
                counts.own += own.len();
                counts.again += again;
                counts.new += since.len() - again;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;

    #[test]
    fn a_past_has_what_was_known_then() {
        // One event a time unit, from 0. By time 1 item 0 has three users, item 2 two, item 3 one; the rarest has two in all.
        let mut data = interactions(4, vec![vec![0, 2, 1, 3], vec![2, 0, 1], vec![3, 0, 0, 2], vec![1, 1, 1, 2]]);
        data.histories = data.events.iter().map(|events| distinct_items(events)).collect();
        data.events[1][2].strength = 0.5;
        let past = Past::of(&data, 1);
        assert_eq!(past.data.items, ["0", "2"], "the most popular first");
        assert_eq!(past.data.users, ["0", "1", "2"], "the last knew only what was rare then");
        assert_eq!(past.data.histories, [vec![0, 1], vec![1, 0], vec![0]]);
        assert!(past.data.events.concat().iter().all(|event| event.time <= 1));
        assert_eq!(past.since, [vec![], vec![], vec![0, 1]].map(HashSet::from_iter));
        assert_eq!(past.counts(), Counts { own: 5, again: 1, new: 1 });
    }
}

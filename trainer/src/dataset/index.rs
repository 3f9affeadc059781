//! From what is left of a log to training data with final indices.

use super::interactions::{Event, Interactions, distinct_items};
use super::kcore::Alive;
use super::log::Log;
use super::memory::{Beside, Memory};
use super::rows::SortedRows;
use crate::error::Result;

/// What is left, counted before it is built.
pub struct Sizes {
    user_events: Vec<u32>,
    item_pairs: Vec<u32>,
    events: usize,
    pub pairs: usize,
}

impl Sizes {
    pub fn of(rows: &SortedRows, alive: &Alive) -> Result<Sizes> {
        let (users, items) = (alive.users.len(), alive.items.len());
        let mut sizes = Sizes { user_events: vec![0; users], item_pairs: vec![0; items], events: 0, pairs: 0 };
        rows.for_each(|row| {
            if alive.has(row) {
                sizes.user_events[row.user as usize] += 1;
                sizes.events += 1;
                sizes.item_pairs[row.item as usize] += u32::from(row.is_first());
                sizes.pairs += usize::from(row.is_first());
            }
        })?;
        Ok(sizes)
    }
}

/// Refuses what would not fit beside the ids and the rows that are held, with what the command takes `beside`.
///
/// # Errors
/// [`CliError::Memory`](crate::error::CliError::Memory).
pub fn check_memory(log: &Log, sizes: &Sizes, memory: Memory, beside: Beside) -> Result<()> {
    // Names twice: among the ids and in the result; lists and names have headers.
    let ids = 2 * (log.users.bytes() + log.items.bytes()) + log.situations.bytes_of_columns();
    let counts = 8 * (log.users.len() + log.items.len());
    let lists = size_of::<Event>() * sizes.events + size_of::<u32>() * sizes.pairs;
    let users = sizes.user_events.iter().filter(|&&count| count > 0).count();
    let work = beside.event * sizes.events + beside.pair * sizes.pairs + beside.user * users;
    let needed = ids + counts + lists + 72 * users + work;
    let remedy = "raise it, or drop more with --min-user-items, --min-item-users or --min-value";
    memory.check(&log.path, "the cleaned log", needed, remedy)
}

/// Gives users and items their final indices: items by falling popularity, users and ties by id.
///
/// # Errors
/// [`CliError::Temporary`](crate::error::CliError::Temporary).
pub fn build(rows: &SortedRows, log: &Log, alive: &Alive, sizes: Sizes) -> Result<Interactions> {
    let mut items = places(&sizes.item_pairs);
    items.sort_by(|&a, &b| {
        let pairs = |item: u32| sizes.item_pairs[item as usize];
        pairs(b).cmp(&pairs(a)).then_with(|| by_id(log.items.get(a), log.items.get(b)))
    });
    let mut users = places(&sizes.user_events);
    users.sort_by(|&a, &b| by_id(log.users.get(a), log.users.get(b)));

    let (item_at, user_at) = (inverse(&items, log.items.len()), inverse(&users, log.users.len()));
    let room = |&user: &u32| Vec::with_capacity(sizes.user_events[user as usize] as usize);
    let mut events: Vec<Vec<Event>> = users.iter().map(room).collect();
    rows.for_each(|row| {
        if alive.has(row) {
            let (item, time) = (item_at[row.item as usize], log.millis(row.time));
            let event = Event { item, time, strength: row.strength, value: row.value, situation: row.situation };
            events[user_at[row.user as usize] as usize].push(event);
        }
    })?;
    Ok(Interactions {
        items: items.iter().map(|&item| log.items.get(item).to_owned()).collect(),
        users: users.iter().map(|&user| log.users.get(user).to_owned()).collect(),
        histories: events.iter().map(|events| distinct_items(events)).collect(),
        events,
        has_time: log.time.is_some(),
        has_value: log.has_value,
        situations: log.situations.columns(),
    })
}

/// Ids that something is counted for.
fn places(counts: &[u32]) -> Vec<u32> {
    (0..).zip(counts).filter(|(_, count)| **count > 0).map(|(place, _)| place).collect()
}

/// Where each of `count` ids stands in `order`; 0 for those that do not.
fn inverse(order: &[u32], count: usize) -> Vec<u32> {
    let mut at = vec![0; count];
    order.iter().zip(0..).for_each(|(&place, new)| at[place as usize] = new);
    at
}

/// Ids in the order people expect: `9` before `10`.
fn by_id(a: &str, b: &str) -> std::cmp::Ordering {
    let number = |id: &str| id.parse::<u64>().unwrap_or(u64::MAX);
    number(a).cmp(&number(b)).then_with(|| a.cmp(b))
}

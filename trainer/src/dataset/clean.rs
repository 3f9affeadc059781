//! Cleaning: from a raw log to distinct pairs of users and items with enough of each other, and an account of the rest.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::interactions::{Event, Interactions, distinct_items};
use super::log::{Interaction, Log};
use crate::error::{CliError, Result};

/// Ids to keep; everything else is dropped.
pub type IdFilter = Option<HashSet<String>>;

/// What is kept.
#[derive(Debug, Clone, Default)]
pub struct CleanOptions {
    /// Users with at least this many items; not asked of a user in `keep_users`.
    pub min_user_items: usize,
    /// Items with at least this many users; not asked of an item in `keep_items`.
    pub min_item_users: usize,
    pub keep_users: IdFilter,
    pub keep_items: IdFilter,
}

/// What was read, dropped and kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CleanReport {
    pub rows: usize,
    pub interactions: usize,
    /// Rows dropped by `--min-value`.
    pub below_min_value: usize,
    /// Interactions dropped because the user is not in `--keep-users`, or the item not in `--keep-items`.
    pub users_not_kept: usize,
    pub items_not_kept: usize,
    /// Repeats of a pair; the earliest stays.
    pub repeats: usize,
    /// Pairs dropped by the k-core: items with too few users, users with too few items.
    pub rare_items: usize,
    pub rare_item_pairs: usize,
    pub sparse_users: usize,
    pub sparse_user_pairs: usize,
    /// Whether histories are in the order of a time column, or of the file.
    pub ordered_by: &'static str,
    pub users: usize,
    pub items: usize,
    pub pairs: usize,
}

/// Cleans `log`.
///
/// Order of steps: filters, time order, repeats, then the k-core (items first), repeated until nothing more is dropped.
///
/// # Errors
/// [`CliError::NothingLeft`].
pub fn clean(log: Log, options: &CleanOptions) -> Result<(Interactions, CleanReport)> {
    let mut report = CleanReport {
        rows: log.rows,
        interactions: log.interactions.len(),
        below_min_value: log.below_min_value,
        ordered_by: if log.has_time { "time" } else { "file" },
        ..CleanReport::default()
    };
    let mut pairs = filtered(&log, options, &mut report);
    pairs.sort_by_key(|pair| pair.time); // stable: equal times stay in file order
    let events = pairs.clone();
    let mut seen = HashSet::with_capacity(pairs.len());
    pairs.retain(|pair| seen.insert((pair.user, pair.item)));
    report.repeats = events.len() - pairs.len();
    core(&mut pairs, &log, options, &mut report);
    if pairs.is_empty() {
        return Err(nothing_left(&log, options, &report));
    }
    let interactions = index(&log, &pairs, &events);
    report.users = interactions.users.len();
    report.items = interactions.items.len();
    report.pairs = interactions.pairs();
    Ok((interactions, report))
}

fn filtered(log: &Log, options: &CleanOptions, report: &mut CleanReport) -> Vec<Interaction> {
    let kept = |ids: &[String], filter: &IdFilter| -> Vec<bool> {
        ids.iter().map(|id| filter.as_ref().is_none_or(|filter| filter.contains(id))).collect()
    };
    let (users, items) = (kept(&log.users, &options.keep_users), kept(&log.items, &options.keep_items));
    let mut pairs = log.interactions.clone();
    pairs.retain(|pair| users[pair.user as usize]);
    report.users_not_kept = log.interactions.len() - pairs.len();
    let before = pairs.len();
    pairs.retain(|pair| items[pair.item as usize]);
    report.items_not_kept = before - pairs.len();
    pairs
}

fn core(pairs: &mut Vec<Interaction>, log: &Log, options: &CleanOptions, report: &mut CleanReport) {
    let least_users = if options.keep_items.is_some() { 1 } else { options.min_item_users };
    let least_items = if options.keep_users.is_some() { 1 } else { options.min_user_items };
    loop {
        let before = pairs.len();
        let (rare, rare_pairs) = drop_below(pairs, least_users, log.items.len(), |pair| pair.item);
        let (sparse, sparse_pairs) = drop_below(pairs, least_items, log.users.len(), |pair| pair.user);
        report.rare_items += rare;
        report.rare_item_pairs += rare_pairs;
        report.sparse_users += sparse;
        report.sparse_user_pairs += sparse_pairs;
        if pairs.len() == before {
            return;
        }
    }
}

/// Drops pairs whose `key` occurs fewer than `least` times; returns how many keys and pairs went.
fn drop_below(
    pairs: &mut Vec<Interaction>,
    least: usize,
    keys: usize,
    key: impl Fn(&Interaction) -> u32,
) -> (usize, usize) {
    let mut counts = vec![0usize; keys];
    for pair in pairs.iter() {
        counts[key(pair) as usize] += 1;
    }
    let before = pairs.len();
    pairs.retain(|pair| counts[key(pair) as usize] >= least);
    (counts.iter().filter(|&&count| (1..least).contains(&count)).count(), before - pairs.len())
}

/// Gives users and items their final indices: items by falling popularity, users and ties by id.
fn index(log: &Log, pairs: &[Interaction], events: &[Interaction]) -> Interactions {
    let mut buyers: HashMap<u32, usize> = HashMap::new();
    for pair in pairs {
        *buyers.entry(pair.item).or_default() += 1;
    }
    let mut items: Vec<u32> = buyers.keys().copied().collect();
    items.sort_by(|a, b| {
        buyers[b].cmp(&buyers[a]).then_with(|| by_id(&log.items[*a as usize], &log.items[*b as usize]))
    });
    let mut users: Vec<u32> = pairs.iter().map(|pair| pair.user).collect::<HashSet<_>>().into_iter().collect();
    users.sort_by(|a, b| by_id(&log.users[*a as usize], &log.users[*b as usize]));

    let item_at: HashMap<u32, u32> = items.iter().zip(0..).map(|(&item, at)| (item, at)).collect();
    let user_at: HashMap<u32, usize> = users.iter().zip(0..).map(|(&user, at)| (user, at)).collect();
    let mut kept = vec![Vec::new(); users.len()];
    for event in events {
        if let (Some(&user), Some(&item)) = (user_at.get(&event.user), item_at.get(&event.item)) {
            kept[user].push(Event { item, time: event.time, strength: event.strength, value: event.value });
        }
    }
    let named =
        |indices: Vec<u32>, ids: &[String]| indices.into_iter().map(|index| ids[index as usize].clone()).collect();
    Interactions {
        items: named(items, &log.items),
        users: named(users, &log.users),
        histories: kept.iter().map(|events| distinct_items(events)).collect(),
        events: kept,
        has_time: log.has_time,
        has_value: log.has_value,
    }
}

/// Ids in the order people expect: `9` before `10`.
fn by_id(a: &str, b: &str) -> std::cmp::Ordering {
    let number = |id: &str| id.parse::<u64>().unwrap_or(u64::MAX);
    number(a).cmp(&number(b)).then_with(|| a.cmp(b))
}

fn nothing_left(log: &Log, options: &CleanOptions, report: &CleanReport) -> CliError {
    let detail = format!(
        "{} interactions read, {} without a kept user, {} without a kept item, {} repeats, {} of rare items, {} of users with few items",
        report.interactions,
        report.users_not_kept,
        report.items_not_kept,
        report.repeats,
        report.rare_item_pairs,
        report.sparse_user_pairs
    );
    let flags = match options.keep_users.is_some() || options.keep_items.is_some() {
        true => "--keep-users or --keep-items",
        false => "--min-item-users, --min-user-items or --min-value",
    };
    CliError::NothingLeft { path: log.path.clone(), detail, flags }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(rows: &[(u32, u32, i64)]) -> Log {
        let count = |last: u32| (0..=last).map(|n| n.to_string()).collect();
        Log {
            users: count(rows.iter().map(|row| row.0).max().unwrap_or(0)),
            items: count(rows.iter().map(|row| row.1).max().unwrap_or(0)),
            interactions: rows
                .iter()
                .map(|&(user, item, time)| Interaction { user, item, time, strength: 1.0, value: f32::NAN })
                .collect(),
            has_time: true,
            rows: rows.len(),
            ..Log::default()
        }
    }

    fn options(min_user_items: usize, min_item_users: usize) -> CleanOptions {
        CleanOptions { min_user_items, min_item_users, ..CleanOptions::default() }
    }

    #[test]
    fn histories_are_in_time_order_and_the_first_of_repeats_stays() {
        let (data, report) = clean(log(&[(0, 1, 30), (0, 0, 20), (0, 1, 10), (1, 0, 5)]), &options(1, 1)).unwrap();
        assert_eq!(data.items, ["0", "1"], "the item with two users comes first");
        assert_eq!(data.histories, [vec![1, 0], vec![0]]);
        assert_eq!((report.repeats, report.pairs), (1, 3));
        let times: Vec<i64> = data.events[0].iter().map(|event| event.time).collect();
        assert_eq!(times, [10, 20, 30], "repeats stay as events");
    }

    #[test]
    fn the_core_is_repeated_until_it_is_stable() {
        // Item 2 has one user; without it user 1 has one item; without user 1 item 1 has one user.
        let rows = [(0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 2, 0), (2, 0, 0), (2, 3, 0), (3, 0, 0), (3, 3, 0)];
        let (data, report) = clean(log(&rows), &options(2, 2)).unwrap();
        assert_eq!(data.items, ["0", "3"]);
        assert_eq!(data.users, ["2", "3"]);
        assert_eq!((report.rare_items, report.sparse_users), (2, 2));
        let dropped = report.rare_item_pairs + report.sparse_user_pairs;
        assert_eq!(report.interactions, report.pairs + dropped, "every interaction is accounted for");
    }

    #[test]
    fn a_keep_list_stands_above_the_core() {
        let keep = CleanOptions {
            keep_users: Some(HashSet::from(["0".to_owned()])),
            keep_items: Some(HashSet::from(["1".to_owned()])),
            ..options(5, 5)
        };
        let (data, report) = clean(log(&[(0, 0, 0), (0, 1, 0), (1, 1, 0)]), &keep).unwrap();
        assert_eq!((data.users.len(), data.items.len()), (1, 1));
        assert_eq!((report.users_not_kept, report.items_not_kept), (1, 1));
    }

    #[test]
    fn a_log_that_cleans_away_says_why() {
        let error = clean(log(&[(0, 0, 0)]), &options(2, 2)).unwrap_err();
        assert!(error.to_string().contains("1 of rare items"), "{error}");
    }
}

//! Held-out users: never seen in training, judged by what the model makes of part of their history.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use proclivity::model::Repeats;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::dataset::clean::{Doubles, Seen};
use crate::dataset::columns::LogColumnFlags;
use crate::dataset::interactions::{Event, Interactions, distinct_items, pair_stats};
use crate::dataset::log::read_log;
use crate::dataset::memory::Memory;
use crate::dataset::table::TableOptions;
use crate::error::{CliError, Result};

/// Share of a held-out user's history that is to be found.
const TARGET_SHARE: f64 = 0.2;

/// A held-out user: item indices given to the model, and those it should rank high.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// External id.
    pub user: String,
    /// What is known, each item at the place of its last event: as the device has a history.
    pub fold_in: Vec<u32>,
    pub targets: Vec<u32>,
    /// The events of the items in `fold_in`, in order of time.
    pub events: Vec<Event>,
}

impl HeldOut {
    /// The items given with their strengths: of one event each where the events are not known.
    pub fn history(&self, repeats: Repeats) -> Vec<(u32, f32)> {
        let mut totals: HashMap<u32, f32> = HashMap::with_capacity(self.fold_in.len());
        self.events.iter().for_each(|event| *totals.entry(event.item).or_default() += event.strength);
        let strength = |item| repeats.strength(totals.get(item).copied().unwrap_or(1.0));
        self.fold_in.iter().map(|item| (*item, strength(item))).collect()
    }

    /// The same user when only so many of the first events had happened.
    pub fn after(&self, events: usize) -> HeldOut {
        let events = &self.events[..events.min(self.events.len())];
        let (fold_in, targets) = (by_last_event(events), self.targets.clone());
        HeldOut { user: self.user.clone(), fold_in, targets, events: events.to_vec() }
    }

    /// The rated items among those given, each with its last rating.
    pub fn ratings(&self) -> impl Iterator<Item = (u32, f64)> {
        let rated = pair_stats(&self.events).into_iter().filter(|pair| pair.value.is_finite());
        rated.map(|pair| (pair.item, f64::from(pair.value)))
    }
}

/// Takes `share` of the users with at least two items out of `data` (at least one user, unless `share` is 0) and splits
/// their histories at random.
pub fn hold_out(data: &mut Interactions, share: f64, seed: u64) -> Vec<HeldOut> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut able: Vec<usize> = (0..data.users.len()).filter(|&user| data.histories[user].len() >= 2).collect();
    able.shuffle(&mut rng);
    let wanted = (data.users.len() as f64 * share).round() as usize;
    let count = if share > 0.0 { wanted.max(1) } else { 0 };
    able.truncate(count.min(data.users.len().saturating_sub(1)));
    let held = able.iter().map(|&user| hold(data, user, &mut rng)).collect();
    let mut kept = vec![true; data.users.len()];
    able.iter().for_each(|&user| kept[user] = false);
    let mut keep = kept.iter();
    data.users.retain(|_| *keep.next().expect("one mark a user"));
    let mut keep = kept.iter();
    data.histories.retain(|_| *keep.next().expect("one mark a user"));
    let mut keep = kept.iter();
    data.events.retain(|_| *keep.next().expect("one mark a user"));
    held
}

fn hold(data: &Interactions, user: usize, rng: &mut ChaCha8Rng) -> HeldOut {
    let (fold_in, targets) = split(&data.histories[user], TARGET_SHARE, rng);
    let given: HashSet<u32> = fold_in.iter().copied().collect();
    let known = data.events[user].iter().copied().filter(|event| given.contains(&event.item));
    let events: Vec<Event> = known.collect();
    HeldOut { user: data.users[user].clone(), fold_in: by_last_event(&events), targets, events }
}

/// The items of `events`, in order of time, each at its last event.
fn by_last_event(events: &[Event]) -> Vec<u32> {
    let mut items = distinct_items(&events.iter().rev().copied().collect::<Vec<_>>());
    items.reverse();
    items
}

/// Splits a history of at least two items at random into fold-in and targets: `share` of it, rounded and at least one, are
/// targets.
pub fn split(history: &[u32], share: f64, rng: &mut ChaCha8Rng) -> (Vec<u32>, Vec<u32>) {
    let mut items = history.to_vec();
    items.shuffle(rng);
    let targets = ((items.len() as f64 * share).round() as usize).clamp(1, items.len() - 1);
    let fold_in = items.split_off(targets);
    (fold_in, items)
}

/// What a pair of held-out files holds.
#[derive(Debug, Clone, Default)]
pub struct HeldOutFiles {
    pub users: Vec<HeldOut>,
    /// Rows whose item the model does not know: they cannot be folded in; as targets they count as missed.
    pub unknown_fold_in: usize,
    pub unknown_targets: usize,
    /// Users without targets or without a known item to fold in, left out.
    pub skipped: usize,
    /// The moment lists are asked for: as given, or the last time of the fold-in file. None of files without times.
    pub now: Option<i64>,
}

/// Reads fold-in and target files (columns user and item). `item_index` gives an item's index in the model. With `now`
/// (milliseconds since 1970) what the fold-in file has from then on is not known yet: a whole log may be given. `columns` say what types
/// of events count.
///
/// # Errors
/// As [`read_log`], and when no user can be evaluated.
pub fn read_held_out(
    [fold_in, targets]: [&Path; 2],
    columns: &LogColumnFlags,
    item_index: impl Fn(&str) -> Option<u32>,
    now: Option<i64>,
    options: &TableOptions,
) -> Result<HeldOutFiles> {
    let (wanted, _) = by_user(targets, columns, options, &item_index, None)?;
    let (given, latest) = by_user(fold_in, columns, options, &item_index, now)?;
    let mut given: HashMap<String, Items> = given.into_iter().collect();
    let mut files = HeldOutFiles { now: latest.and(now.or(latest)), ..HeldOutFiles::default() };
    let (asked, mut found, mut items) = (wanted.len(), 0, 0);
    for (user, targets) in wanted {
        let fold_in = given.remove(&user).inspect(|fold_in| {
            found += 1;
            items += fold_in.known.len() + fold_in.unknown;
        });
        let Some(fold_in) = fold_in.filter(|items| !items.known.is_empty()) else {
            files.skipped += 1;
            continue;
        };
        files.unknown_fold_in += fold_in.unknown;
        files.unknown_targets += targets.unknown;
        let mut all = targets.known;
        all.extend(std::iter::repeat_n(u32::MAX, targets.unknown));
        let events = fold_in.events;
        files.users.push(HeldOut { user, fold_in: by_last_event(&events), targets: all, events });
    }
    files.skipped += given.len();
    if !files.users.is_empty() {
        return Ok(files);
    }
    let before = if now.is_some() { " before --now" } else { "" };
    Err(CliError::NoUsers {
        path: fold_in.into(),
        expected: "users with an item that is trained on, and with a target",
        found: format!(
            "none: of the {asked} users of {}, {found} have {items} items here{before}, of which 0 are known",
            targets.display()
        ),
        remedy: "give users and items of the same shop, by the ids of the training log",
    })
}

/// Reads a fold-in file alone: users without targets, and those of whom no item is known are left out.
///
/// # Errors
/// As [`read_log`].
pub fn read_histories(
    path: &Path,
    columns: &LogColumnFlags,
    item_index: impl Fn(&str) -> Option<u32>,
    now: Option<i64>,
    options: &TableOptions,
) -> Result<HeldOutFiles> {
    let (given, latest) = by_user(path, columns, options, &item_index, now)?;
    let mut files = HeldOutFiles { now: latest.and(now.or(latest)), ..HeldOutFiles::default() };
    for (user, Items { known, unknown, events }) in given {
        files.unknown_fold_in += unknown;
        match known.is_empty() {
            true => files.skipped += 1,
            false => files.users.push(HeldOut { user, fold_in: by_last_event(&events), targets: Vec::new(), events }),
        }
    }
    Ok(files)
}

/// External ids with what a file says of them, in its order.
type UserItems = Vec<(String, Items)>;

#[derive(Default)]
struct Items {
    known: Vec<u32>,
    unknown: usize,
    /// Of the known items.
    events: Vec<Event>,
}

/// Each user's distinct items, earliest first, users in file order, and the last time of the file (none without times); rows
/// from `end` on and rows that are there twice are left out, as [`clean`](crate::dataset::clean) leaves them out.
fn by_user(
    path: &Path,
    columns: &LogColumnFlags,
    options: &TableOptions,
    item_index: impl Fn(&str) -> Option<u32>,
    end: Option<i64>,
) -> Result<(UserItems, Option<i64>)> {
    let log = read_log(path, columns, options, Memory::default())?;
    let known: Vec<Option<u32>> = log.items.iter().map(item_index).collect();
    let mut seen = HashSet::new();
    let mut users: UserItems = log.users.iter().map(|user| (user.to_owned(), Items::default())).collect();
    let finer = log.time.as_ref().is_some_and(|time| time.is_finer_than_days());
    let mut doubles = Doubles::new(log.items.len(), finer);
    let mut latest = None;
    log.rows.for_each(|row| {
        let time = log.millis(row.time);
        let over = log.time.is_some() && end.is_some_and(|end| time >= end);
        if over || matches!(doubles.see(row), Seen::Double) {
            return;
        }
        latest = latest.max(log.time.as_ref().map(|_| time));
        let items = &mut users[row.user as usize].1;
        let new = seen.insert((row.user, row.item));
        match known[row.item as usize] {
            Some(item) => {
                items.known.extend(new.then_some(item));
                let (strength, value, situation) = (row.strength, row.value, row.situation);
                items.events.push(Event { item, time, strength, value, situation });
            }
            None => items.unknown += usize::from(new),
        }
    })?;
    users.retain(|(_, items)| !items.known.is_empty() || items.unknown > 0);
    Ok((users, latest))
}

//! The k-core: users with enough items that have enough users.

use super::clean::CleanOptions;
use super::log::Log;
use super::report::CleanReport;
use super::rows::{Row, SortedRows};
use crate::error::Result;

/// Users and items that are still in.
pub struct Alive {
    pub users: Vec<bool>,
    pub items: Vec<bool>,
}

impl Alive {
    pub fn has(&self, row: &Row) -> bool {
        self.users[row.user as usize] && self.items[row.item as usize]
    }
}

/// Drops items, then users, with too few distinct pairs until every one has enough.
///
/// # Errors
/// [`crate::error::CliError::Temporary`].
pub fn core(
    rows: &SortedRows,
    alive: &mut Alive,
    log: &Log,
    options: &CleanOptions,
    report: &mut CleanReport,
) -> Result<()> {
    let least_users = if options.keep_items.is_some() { 1 } else { options.min_item_users };
    let least_items = if options.keep_users.is_some() { 1 } else { options.min_user_items };
    let counts = |row: &Row| options.count_before.is_none_or(|end| log.millis(row.time) < end);
    rows.for_each(|row| report.repeats += usize::from(alive.has(row) && !row.is_first()))?;
    loop {
        let items = Degrees::of(rows, alive, log.items.len(), |row| row.item, counts)?;
        let (rare, rare_pairs) = items.drop_below(least_users, &mut alive.items);
        let users = Degrees::of(rows, alive, log.users.len(), |row| row.user, counts)?;
        let (sparse, sparse_pairs) = users.drop_below(least_items, &mut alive.users);
        report.rare_items += rare;
        report.rare_item_pairs += rare_pairs;
        report.sparse_users += sparse;
        report.sparse_user_pairs += sparse_pairs;
        if rare + sparse == 0 {
            return Ok(());
        }
    }
}

/// Distinct pairs of each user, or each item.
struct Degrees {
    pairs: Vec<u32>,
    /// Those that count for the minimum.
    counted: Vec<u32>,
}

impl Degrees {
    fn of(
        rows: &SortedRows,
        alive: &Alive,
        keys: usize,
        key: impl Fn(&Row) -> u32,
        counts: impl Fn(&Row) -> bool,
    ) -> Result<Degrees> {
        let mut degrees = Degrees { pairs: vec![0; keys], counted: vec![0; keys] };
        rows.for_each(|row| {
            if row.is_first() && alive.has(row) {
                let key = key(row) as usize;
                degrees.pairs[key] += 1;
                degrees.counted[key] += u32::from(counts(row));
            }
        })?;
        Ok(degrees)
    }

    /// Drops keys with pairs of which fewer than `least` count; returns how many keys and pairs go.
    fn drop_below(&self, least: usize, alive: &mut [bool]) -> (usize, usize) {
        let (mut keys, mut pairs) = (0, 0);
        for ((alive, &all), &counted) in alive.iter_mut().zip(&self.pairs).zip(&self.counted) {
            if all > 0 && (counted as usize) < least.max(1) {
                *alive = false;
                keys += 1;
                pairs += all as usize;
            }
        }
        (keys, pairs)
    }
}

//! Cleaning: from a raw log to users and items with enough of each other, and an account of the rest.
//!
//! Rows are walked in the order of users and times, a few times over, and may lie in a file; what is held besides is a few
//! bytes for each id. So a log may be larger than memory, and the result does not depend on where its rows are.

use std::collections::HashSet;

use super::ids::Ids;
use super::index::{Sizes, build, check_memory};
use super::interactions::Interactions;
use super::kcore::{Alive, core};
use super::log::Log;
use super::memory::{Beside, Memory};
use super::outliers::{Haste, OutlierOptions};
use super::report::CleanReport;
use super::rows::{Row, SortedRows};
use crate::error::{CliError, Result};

/// Ids to keep; everything else is dropped.
pub type IdFilter = Option<HashSet<String>>;

/// What is kept.
#[derive(Debug, Clone)]
pub struct CleanOptions {
    /// Users with at least this many items; not asked of a user in `keep_users`.
    pub min_user_items: usize,
    /// Items with at least this many users; not asked of an item in `keep_items`.
    pub min_item_users: usize,
    pub keep_users: IdFilter,
    pub keep_items: IdFilter,
    pub keep_duplicates: bool,
    /// Not asked of a user in `keep_users`.
    pub outliers: OutlierOptions,
    /// Only pairs from before this time count for the two minima, in milliseconds since 1970.
    pub count_before: Option<i64>,
    /// What the command takes besides the cleaned log.
    pub beside: Beside,
}

/// Cleans `log`.
///
/// Order of steps: keep lists, duplicates, outliers, then the k-core over distinct pairs (items first), repeated until nothing
/// more is dropped.
///
/// # Errors
/// [`CliError::NothingLeft`], [`CliError::Memory`] where what is left does not fit into `memory`, or
/// [`CliError::Temporary`].
pub fn clean(mut log: Log, options: &CleanOptions, memory: Memory) -> Result<(Interactions, CleanReport)> {
    let counts = log.counts;
    let mut report = CleanReport {
        rows: counts.rows,
        interactions: counts.interactions,
        below_min_value: counts.below_min_value,
        anonymous: counts.anonymous,
        left_out: counts.left_out,
        without_weight: counts.without_weight,
        taken: log.taken.clone(),
        ordered_by: if log.time.is_some() { "time" } else { "file" },
        ..CleanReport::default()
    };
    let rows = std::mem::replace(&mut log.rows, SortedRows::Memory(Vec::new()));
    let (rows, users) = filter(rows, &log, options, &mut report)?;
    let mut alive = Alive { users, items: vec![true; log.items.len()] };
    core(&rows, &mut alive, &log, options, &mut report)?;
    let sizes = Sizes::of(&rows, &alive)?;
    if sizes.pairs == 0 {
        return Err(nothing_left(&log, options, &report));
    }
    check_memory(&log, &sizes, memory, options.beside)?;
    let interactions = build(&rows, &log, &alive, sizes)?;
    report.users = interactions.users.len();
    report.items = interactions.items.len();
    report.pairs = interactions.pairs();
    report.events = interactions.events.iter().map(Vec::len).sum();
    Ok((interactions, report))
}

/// Keep lists, duplicates and outliers. Marks the first row of each pair; returns the rows and which users are left.
fn filter(
    rows: SortedRows,
    log: &Log,
    options: &CleanOptions,
    report: &mut CleanReport,
) -> Result<(SortedRows, Vec<bool>)> {
    let kept = |ids: &Ids, filter: &IdFilter| -> Vec<bool> {
        ids.iter().map(|id| filter.as_ref().is_none_or(|filter| filter.contains(id))).collect()
    };
    let (users, items) = (kept(&log.users, &options.keep_users), kept(&log.items, &options.keep_items));
    let finer = log.time.as_ref().is_some_and(|time| time.is_finer_than_days());
    let mut doubles = Doubles::new(log.items.len(), finer && !options.keep_duplicates);
    let mut haste = Haste::new(options.outliers.max_daily_events);
    let (mut events, mut hasty) = (vec![0u32; users.len()], vec![false; users.len()]);
    let mut last = None;
    let rows = rows.retain(|row| {
        if !users[row.user as usize] {
            report.users_not_kept += 1;
            return false;
        }
        if !items[row.item as usize] {
            report.items_not_kept += 1;
            return false;
        }
        if last.replace(row.user) != Some(row.user) {
            haste.next_user();
        }
        match doubles.see(row) {
            Seen::Double => {
                report.duplicates += 1;
                return false;
            }
            Seen::First => row.mark_first(),
            Seen::Again => {}
        }
        events[row.user as usize] += 1;
        hasty[row.user as usize] |= finer && haste.sees(log.millis(row.time));
        true
    })?;
    if options.keep_users.is_some() {
        return Ok((rows, users));
    }
    let (stays, outliers) = options.outliers.judge(&events, &hasty);
    report.outliers = outliers;
    Ok((rows, stays))
}

/// What two rows of an item are told apart by: user, time, strength, value in bits, situation.
type Known = (u32, f64, f32, u32, u32);

/// Tells first rows of a pair and rows that are there twice, shown rows by user and time.
pub struct Doubles {
    judge: bool,
    /// For each item the row that it was seen in last.
    last: Vec<Option<Known>>,
}

pub enum Seen {
    First,
    Again,
    Double,
}

impl Doubles {
    /// Of a log with so many items; `judge` says whether any row is a double at all.
    pub fn new(items: usize, judge: bool) -> Doubles {
        Doubles { judge, last: vec![None; items] }
    }

    /// What the next row is.
    pub fn see(&mut self, row: &Row) -> Seen {
        // A value that is not there equals itself, as bits.
        let now = (row.user, row.time, row.strength, row.value.to_bits(), row.situation);
        match self.last[row.item as usize].replace(now) {
            Some(before) if self.judge && before == now => Seen::Double,
            Some((user, ..)) if user == row.user => Seen::Again,
            _ => Seen::First,
        }
    }
}

fn nothing_left(log: &Log, options: &CleanOptions, report: &CleanReport) -> CliError {
    let flags = match options.keep_users.is_some() || options.keep_items.is_some() {
        true => "--keep-users or --keep-items",
        false => "--min-item-users, --min-user-items or --min-value",
    };
    CliError::NothingLeft { path: log.path.clone(), detail: report.nothing_left(), flags }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::log::ReadCounts;
    use crate::dataset::outliers::Dropped;
    use crate::dataset::rows::RowSorter;
    use crate::dataset::situations::Situations;
    use crate::dataset::taken::TakenColumns;
    use crate::dataset::timestamp::TimeColumn;

    fn log(rows: &[(u32, u32, i64)]) -> Log {
        let ids = |last: u32| {
            let mut ids = Ids::default();
            (0..=last).for_each(|n| assert_eq!(ids.intern(&n.to_string()), Some(n)));
            ids
        };
        let (mut sorter, mut time) = (RowSorter::new(None), TimeColumn::new(None));
        for &(user, item, at) in rows {
            let at = time.read(&at.to_string()).unwrap();
            sorter.push(Row { user, item, time: at, strength: 1.0, value: f32::NAN, ..Row::default() }).unwrap();
        }
        Log {
            path: "log".into(),
            users: ids(rows.iter().map(|row| row.0).max().unwrap_or(0)),
            items: ids(rows.iter().map(|row| row.1).max().unwrap_or(0)),
            rows: sorter.finish().unwrap(),
            time: Some(time),
            has_value: false,
            situations: Situations::default(),
            taken: TakenColumns::default(),
            counts: ReadCounts { rows: rows.len(), interactions: rows.len(), ..ReadCounts::default() },
        }
    }

    fn options(min_user_items: usize, min_item_users: usize) -> CleanOptions {
        let outliers = OutlierOptions {
            keep_outliers: false,
            outlier_deviations: 8.0,
            max_daily_events: 5000,
            max_user_events: None,
        };
        CleanOptions {
            min_user_items,
            min_item_users,
            keep_users: None,
            keep_items: None,
            keep_duplicates: false,
            outliers,
            count_before: None,
            beside: Beside::default(),
        }
    }

    fn cleaned(rows: &[(u32, u32, i64)], options: &CleanOptions) -> Result<(Interactions, CleanReport)> {
        clean(log(rows), options, Memory::default())
    }

    #[test]
    fn histories_are_in_time_order_and_begin_with_the_first_of_repeats() {
        let (data, report) = cleaned(&[(0, 1, 30), (0, 0, 20), (0, 1, 10), (1, 0, 5)], &options(1, 1)).unwrap();
        assert_eq!(data.items, ["0", "1"], "the item with two users comes first");
        assert_eq!(data.histories, [vec![1, 0], vec![0]]);
        assert_eq!((report.repeats, report.pairs, report.events), (1, 3, 4));
        let times: Vec<i64> = data.events[0].iter().map(|event| event.time).collect();
        assert_eq!(times, [10_000, 20_000, 30_000], "repeats stay as events");
    }

    #[test]
    fn rows_logged_twice_are_dropped_where_times_tell() {
        let rows = [(0, 1, 30), (0, 0, 30), (0, 1, 30), (0, 1, 31), (1, 1, 30)];
        let (data, report) = cleaned(&rows, &options(1, 1)).unwrap();
        assert_eq!((report.duplicates, report.repeats, data.events[0].len()), (1, 1, 3));
        let kept = cleaned(&rows, &CleanOptions { keep_duplicates: true, ..options(1, 1) }).unwrap().1;
        assert_eq!((kept.duplicates, kept.repeats), (0, 2));
        let days = rows.map(|(user, item, time)| (user, item, time / 30 * 86_400));
        assert_eq!(cleaned(&days, &options(1, 1)).unwrap().1.duplicates, 0, "two purchases on one day are two");
    }

    #[test]
    fn the_core_is_repeated_until_it_is_stable() {
        // Item 2 has one user; without it user 1 has one item; without user 1 item 1 has one user.
        let rows = [(0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 2, 0), (2, 0, 0), (2, 3, 0), (3, 0, 0), (3, 3, 0)];
        let (data, report) = cleaned(&rows, &options(2, 2)).unwrap();
        assert_eq!(data.items, ["0", "3"]);
        assert_eq!(data.users, ["2", "3"]);
        assert_eq!((report.rare_items, report.sparse_users), (2, 2));
        let dropped = report.rare_item_pairs + report.sparse_user_pairs;
        assert_eq!(report.interactions, report.pairs + dropped, "every interaction is accounted for");
    }

    #[test]
    fn minima_may_count_what_was_before_a_time_only() {
        let rows = [(0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 9), (2, 0, 9), (0, 2, 9), (1, 2, 9)];
        let options = CleanOptions { count_before: Some(5_000), ..options(1, 2) };
        let (data, _) = cleaned(&rows, &options).unwrap();
        assert_eq!(data.items, ["0"], "items 1 and 2 had fewer than two users by then");
        assert_eq!(data.users, ["0", "1"], "user 2 came later");
        let ends = |time: i64| CleanOptions { count_before: Some(time), ..options.clone() };
        assert_eq!(cleaned(&rows, &ends(9_001)).unwrap().0.items.len(), 3);
    }

    #[test]
    fn robots_are_dropped_and_counted() {
        let mut rows: Vec<(u32, u32, i64)> = (0..50).flat_map(|user| [(user, 0, 1), (user, 1, 2)]).collect();
        rows.extend((0..6000).map(|n| (50, n % 2, n.into())));
        let (data, report) = cleaned(&rows, &options(1, 1)).unwrap();
        assert_eq!((data.users.len(), report.outliers.count), (50, Dropped { users: 1, events: 6000 }));
        rows.truncate(100);
        rows.extend((0..5500).map(|n| (50, n % 2, n.into())));
        let report = cleaned(&rows, &options(1, 1)).unwrap().1;
        assert_eq!(report.outliers.rate, Dropped { users: 1, events: 5500 });
        let list = Some((0..=50).map(|user| user.to_string()).collect());
        let (data, report) = cleaned(&rows, &CleanOptions { keep_users: list, ..options(1, 1) }).unwrap();
        assert_eq!((data.users.len(), report.outliers.rate.users), (51, 0), "a keep list stands above");
    }

    #[test]
    fn a_keep_list_stands_above_the_core() {
        let keep = CleanOptions {
            keep_users: Some(HashSet::from(["0".to_owned()])),
            keep_items: Some(HashSet::from(["1".to_owned()])),
            ..options(5, 5)
        };
        let (data, report) = cleaned(&[(0, 0, 0), (0, 1, 0), (1, 1, 0)], &keep).unwrap();
        assert_eq!((data.users.len(), data.items.len()), (1, 1));
        assert_eq!((report.users_not_kept, report.items_not_kept), (1, 1));
    }

    #[test]
    fn what_the_command_takes_is_held_to_the_memory_too() {
        let rows: Vec<(u32, u32, i64)> = (0..500).map(|n| (n % 20, n % 25, n.into())).collect();
        let with = |beside| {
            let memory = "128k".parse().unwrap();
            clean(log(&rows), &CleanOptions { beside, ..options(1, 1) }, memory).map(drop)
        };
        with(Beside::default()).unwrap();
        for beside in [Beside { event: 200, pair: 0, user: 0 }, Beside { event: 0, pair: 1000, user: 5000 }] {
            let said = with(beside).unwrap_err().to_string();
            assert!(said.contains("the cleaned log") && said.contains("--memory"), "{said}");
        }
    }

    #[test]
    fn a_log_that_cleans_away_says_why() {
        let error = cleaned(&[(0, 0, 0)], &options(2, 2)).unwrap_err();
        assert!(error.to_string().contains("1 pairs of 1 items with too few users"), "{error}");
    }
}

//! Reading the interaction log.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::columns::{LogColumnFlags, LogColumns, find_id};
use super::table::{Table, TableOptions};
use super::timestamp;
use crate::error::{CliError, Result};

/// One interaction: positions in [`Log::users`] and [`Log::items`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interaction {
    pub user: u32,
    pub item: u32,
    /// Milliseconds since 1970; the row's number where there is no time.
    pub time: i64,
    pub strength: f32,
    /// NaN where there is none.
    pub value: f32,
}

/// A log as read, nothing cleaned yet.
#[derive(Debug, Clone, Default)]
pub struct Log {
    pub path: PathBuf,
    /// External ids in order of first appearance.
    pub users: Vec<String>,
    pub items: Vec<String>,
    pub interactions: Vec<Interaction>,
    pub has_time: bool,
    pub has_value: bool,
    /// Rows of the file; a basket row holds several interactions.
    pub rows: usize,
    /// Rows left out by `--min-value`.
    pub below_min_value: usize,
}

/// Reads a log.
///
/// # Errors
/// A missing column, a bad number or time, an empty id, no rows, or anything [`Table`] refuses.
pub fn read_log(path: &Path, flags: &LogColumnFlags, options: &TableOptions) -> Result<Log> {
    let mut table = Table::open(path, options)?;
    let columns = LogColumns::find(&table, flags)?;
    let (has_time, has_value) = (columns.timestamp.is_some(), columns.value.is_some());
    let mut log = Log { path: path.into(), has_time, has_value, ..Log::default() };
    let (mut user_index, mut item_index) = (HashMap::new(), HashMap::new());
    let mut cells = Vec::new();
    while let Some(line) = table.next_row(&mut cells)? {
        log.rows += 1;
        let value = match columns.value {
            Some(column) => read_value(&table, line, column, &cells[column], flags.min_value.is_some())?,
            None => f64::NAN,
        };
        if flags.min_value.is_some_and(|least| value < least) {
            log.below_min_value += 1;
            continue;
        }
        let time = match columns.timestamp {
            Some(column) => timestamp::parse(&cells[column])
                .ok_or_else(|| table.bad_value(line, column, timestamp::EXPECTED, &cells[column]))?,
            None => log.rows as i64,
        };
        let user = cells[columns.user].trim();
        if user.is_empty() {
            return Err(table.bad_value(line, columns.user, "a user id", ""));
        }
        let user = intern(user, &mut log.users, &mut user_index);
        let text = cells[columns.item].as_str();
        let ids = text.split(|c| Some(c) == columns.basket_separator).map(str::trim);
        let before = log.interactions.len();
        for id in ids.filter(|id| !id.is_empty()) {
            let item = intern(id, &mut log.items, &mut item_index);
            log.interactions.push(Interaction { user, item, time, strength: 1.0, value: value as f32 });
        }
        if log.interactions.len() == before {
            return Err(table.bad_value(line, columns.item, "an item id", text));
        }
    }
    if log.rows == 0 {
        return Err(CliError::NoRows { path: path.into(), found: "only a header row" });
    }
    Ok(log)
}

/// A rating or value; nothing is NaN, unless it is `needed`.
fn read_value(table: &Table, line: u64, column: usize, text: &str, needed: bool) -> Result<f64> {
    let text = text.trim();
    if text.is_empty() && !needed {
        return Ok(f64::NAN);
    }
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
    value.ok_or_else(|| table.bad_value(line, column, "a number", text))
}

/// Reads a file with one column of user or item ids.
///
/// # Errors
/// As [`read_log`].
pub fn read_id_list(path: &Path, role: &'static str, options: &TableOptions) -> Result<HashSet<String>> {
    let mut table = Table::open(path, options)?;
    let only = (table.header.len() == 1).then(|| table.header[0].clone());
    let column = find_id(&table, role, "a header of its own", &only)?;
    let mut ids = HashSet::new();
    let mut cells = Vec::new();
    while let Some(line) = table.next_row(&mut cells)? {
        let id = cells[column].trim();
        if id.is_empty() {
            return Err(table.bad_value(line, column, "an id", ""));
        }
        ids.insert(id.to_owned());
    }
    match ids.is_empty() {
        true => Err(CliError::NoRows { path: path.into(), found: "only a header row" }),
        false => Ok(ids),
    }
}

fn intern(id: &str, ids: &mut Vec<String>, index: &mut HashMap<String, u32>) -> u32 {
    if let Some(&known) = index.get(id) {
        return known;
    }
    let new = ids.len() as u32;
    ids.push(id.to_owned());
    index.insert(id.to_owned(), new);
    new
}

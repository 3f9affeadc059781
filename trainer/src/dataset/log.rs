//! Reading the interaction log.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::columns::{LogColumnFlags, LogColumns, find_id};
use super::ids::Ids;
use super::memory::Memory;
use super::rows::{Row, RowSorter, SortedRows};
use super::situations::Situations;
use super::table::{Table, TableOptions};
use super::taken::TakenColumns;
use super::timestamp::TimeColumn;
use super::weights::EventWeights;
use crate::error::{CliError, Result};

/// How often the size of the ids is looked at, in rows.
const LOOK: usize = 4096;

/// A log as read, nothing cleaned yet.
#[derive(Debug)]
pub struct Log {
    pub path: PathBuf,
    /// External ids in order of first appearance.
    pub users: Ids,
    pub items: Ids,
    /// By user, time and place in the file.
    pub rows: SortedRows,
    /// The time column; without one times are the numbers of rows.
    pub time: Option<TimeColumn>,
    pub has_value: bool,
    pub situations: Situations,
    pub taken: TakenColumns,
    pub counts: ReadCounts,
}

/// What was read, and what was left out while reading.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadCounts {
    /// Rows of the file; a basket row holds several interactions.
    pub rows: usize,
    pub interactions: usize,
    /// Rows below `--min-value`.
    pub below_min_value: usize,
    /// Rows without a user id, with `--drop-anonymous`.
    pub anonymous: usize,
    /// Rows that the preset leaves out, such as cancellations.
    pub left_out: usize,
    /// Rows of a type whose weight is not above 0.
    pub without_weight: usize,
}

impl Log {
    /// Milliseconds since 1970 of a row's time, or the row's number.
    pub fn millis(&self, time: f64) -> i64 {
        self.time.as_ref().map_or(time as i64, |column| column.millis(time))
    }
}

/// Reads a log. Rows beyond a quarter of `memory` go to temporary files.
///
/// # Errors
/// A missing column, a bad number or time, an unknown type of event, an empty id, no rows, ids that do not fit into `memory`, or anything [`Table`] refuses.
pub fn read_log(path: &Path, flags: &LogColumnFlags, options: &TableOptions, memory: Memory) -> Result<Log> {
    let options = TableOptions { header: flags.header.clone().or(options.header.clone()), ..options.clone() };
    let mut table = Table::open(path, &options)?;
    let mut reader = Reader::new(&table, flags, memory)?;
    let taken = TakenColumns::of(&reader.columns, &table.header, flags);
    let mut cells = Vec::new();
    while let Some(line) = table.next_row(&mut cells)? {
        reader.row(&table, line, &cells)?;
    }
    if reader.counts.rows == 0 {
        return Err(CliError::NoRows { path: path.into(), found: "only a header row" });
    }
    reader.check_memory(path)?;
    Ok(Log {
        path: path.into(),
        users: reader.users,
        items: reader.items,
        counts: ReadCounts { interactions: reader.rows.len(), ..reader.counts },
        rows: reader.rows.finish()?,
        time: reader.time,
        has_value: reader.columns.value.is_some(),
        situations: reader.situations,
        taken,
    })
}

struct Reader {
    columns: LogColumns,
    weights: EventWeights,
    min_value: Option<f64>,
    drop_anonymous: bool,
    /// Whether no flag is about the file's columns, so that errors name none.
    by_header: bool,
    memory: Memory,
    time: Option<TimeColumn>,
    users: Ids,
    items: Ids,
    situations: Situations,
    rows: RowSorter,
    counts: ReadCounts,
}

impl Reader {
    fn new(table: &Table, flags: &LogColumnFlags, memory: Memory) -> Result<Reader> {
        let columns = LogColumns::find(table, flags)?;
        let format = |column| flags.time_format.or_else(|| table.time_format(column));
        Ok(Reader {
            weights: EventWeights::new(flags.preset_weights, &flags.event_weights)?,
            min_value: flags.min_value,
            drop_anonymous: flags.drop_anonymous,
            by_header: flags.by_header,
            memory,
            time: columns.timestamp.map(|column| TimeColumn::new(format(column))),
            situations: Situations::of(columns.context.iter().map(|&column| table.header[column].clone()).collect()),
            columns,
            users: Ids::default(),
            items: Ids::default(),
            rows: RowSorter::new(memory.for_rows()),
            counts: ReadCounts::default(),
        })
    }

    fn row(&mut self, table: &Table, line: u64, cells: &[String]) -> Result<()> {
        self.counts.rows += 1;
        if self.counts.rows.is_multiple_of(LOOK) {
            self.check_memory(&table.path)?;
        }
        if self.columns.leave_out.is_some_and(|(column, prefix)| cells[column].trim().starts_with(prefix)) {
            self.counts.left_out += 1;
            return Ok(());
        }
        let value = self.value(table, line, cells)?;
        if self.min_value.is_some_and(|least| value < least) {
            self.counts.below_min_value += 1;
            return Ok(());
        }
        let strength = self.strength(table, line, cells)?;
        if strength <= 0.0 {
            self.counts.without_weight += 1;
            return Ok(());
        }
        let time = match (self.columns.timestamp, &mut self.time) {
            (Some(column), Some(time)) => time
                .read(&cells[column])
                .ok_or_else(|| table.bad_value(line, column, time.expected(self.by_header), &cells[column]))?,
            _ => self.counts.rows as f64,
        };
        let user = cells[self.columns.user].trim();
        if user.is_empty() && self.drop_anonymous {
            self.counts.anonymous += 1;
            return Ok(());
        }
        if user.is_empty() {
            let expected = self.or_flags("a user id", " (--drop-anonymous leaves such rows out)");
            return Err(table.bad_value(line, self.columns.user, expected, ""));
        }
        let user = self.users.intern(user).ok_or_else(|| too_many(&table.path))?;
        let context = self.columns.context.iter().map(|&column| cells[column].as_str());
        let situation = self.situations.intern(context).ok_or_else(|| too_many(&table.path))?;
        let row = Row { user, item: 0, time, strength, value: value as f32, situation, order: 0 };
        self.items_of(table, line, &cells[self.columns.item], |rows, item| rows.push(Row { item, ..row }))
    }

    /// Adds the items of a cell: one, or a basket's.
    fn items_of(
        &mut self,
        table: &Table,
        line: u64,
        text: &str,
        add: impl Fn(&mut RowSorter, u32) -> Result<()>,
    ) -> Result<()> {
        let before = self.rows.len();
        let ids = text.split(|c| Some(c) == self.columns.basket_separator).map(str::trim);
        for id in ids.filter(|id| !id.is_empty()) {
            let item = self.items.intern(id).ok_or_else(|| too_many(&table.path))?;
            add(&mut self.rows, item)?;
        }
        match self.rows.len() == before {
            true => Err(table.bad_value(line, self.columns.item, "an item id", text)),
            false => Ok(()),
        }
    }

    /// The rating or value; NaN where there is none and none is asked for.
    fn value(&self, table: &Table, line: u64, cells: &[String]) -> Result<f64> {
        let Some(column) = self.columns.value else { return Ok(f64::NAN) };
        let text = cells[column].trim();
        if text.is_empty() && self.min_value.is_none() {
            return Ok(f64::NAN);
        }
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        let expected = match self.min_value {
            Some(_) => "a number".to_owned(),
            None => self.or_flags("a number", " (where the column holds something else: --value-column -)"),
        };
        value.ok_or_else(|| table.bad_value(line, column, expected, text))
    }

    fn strength(&self, table: &Table, line: u64, cells: &[String]) -> Result<f32> {
        if let Some(column) = self.columns.strength {
            let strength = cells[column].trim().parse::<f32>().ok().filter(|strength| (0.0..=1.0).contains(strength));
            return strength.ok_or_else(|| table.bad_value(line, column, "a strength from 0 to 1", &cells[column]));
        }
        let Some(column) = self.columns.event else { return Ok(1.0) };
        self.weights.of(&cells[column]).ok_or_else(|| {
            let names = format!("one of {}", self.weights.names());
            let expected = match self.by_header {
                true => names + ", or a column `strength` with numbers from 0 to 1 instead",
                false => names + " (another type: --event-weight TYPE=0.5; no types: --event-column -)",
            };
            table.bad_value(line, column, expected, &cells[column])
        })
    }

    /// What is expected, with the `flags` that may help.
    fn or_flags(&self, expected: &str, flags: &str) -> String {
        format!("{expected}{}", if self.by_header { "" } else { flags })
    }

    /// Refuses ids that do not fit beside the rows. Cleaning needs up to 24 bytes a user and 48 an
    /// item besides.
    fn check_memory(&self, path: &Path) -> Result<()> {
        let (users, items) = (&self.users, &self.items);
        let ids = users.bytes() + items.bytes() + self.situations.bytes() + 24 * users.len() + 48 * items.len();
        self.memory.check(
            path,
            "the ids read so far",
            ids,
            "raise it well above that, as there may be more ids to come",
        )
    }
}

fn too_many(path: &Path) -> CliError {
    CliError::NoRows { path: path.into(), found: "more than 4,294,967,295 ids" }
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

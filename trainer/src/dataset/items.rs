//! The item table: titles, departments, prices; what the catalogue shows and filters by.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use proclivity::model::{Column, ColumnData};
use serde::Serialize;

use super::columns::{CLOCK, ItemColumnFlags, find_id};
use super::table::{Table, TableOptions};
use crate::error::{CliError, Result};

/// A column with more distinct values than this is text, not a category.
const MAX_CATEGORIES: usize = 1000;

/// Most columns of a catalogue; a model file holds no more.
const MAX_COLUMNS: usize = 64;

/// What the item table gave.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CatalogueReport {
    pub rows: usize,
    /// Rows of items that are not in the cleaned log.
    pub not_in_log: usize,
    /// Items of the log without a row: their text is empty, their numbers unknown.
    pub without_row: usize,
    /// Name and type of each column.
    pub columns: Vec<(String, &'static str)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Category,
    Number,
    Vector,
    Skip,
}

/// The columns of the items `to`, of those of the items `from`; of items that are not among them nothing is known.
pub fn columns_of(columns: &[Column], from: &[String], to: &[String]) -> Vec<Column> {
    let index: HashMap<&str, usize> = from.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let places: Vec<Option<usize>> = to.iter().map(|id| index.get(id.as_str()).copied()).collect();
    let texts =
        |values: &[String]| places.iter().map(|at| at.map_or_else(String::new, |at| values[at].clone())).collect();
    let of = |column: &Column| {
        let data = match &column.data {
            ColumnData::Text(values) => ColumnData::Text(texts(values)),
            ColumnData::Category(values) => ColumnData::Category(texts(values)),
            ColumnData::Number(values) => {
                ColumnData::Number(places.iter().map(|at| at.map_or(f32::NAN, |at| values[at])).collect())
            }
            ColumnData::Vector { width, values } => {
                let unknown = vec![f32::NAN; *width];
                let row = |at: &Option<usize>| at.map_or(&unknown[..], |at| &values[at * width..][..*width]).to_vec();
                ColumnData::Vector { width: *width, values: places.iter().flat_map(row).collect() }
            }
        };
        Column { name: column.name.clone(), data }
    };
    columns.iter().map(of).collect()
}

/// Reads catalogue columns for `items`, in their order.
///
/// # Errors
/// A missing id column, a column name twice, more than 64 columns, an id twice, a number that is none in a column declared `number`, or anything [`Table`] refuses.
pub fn read_catalogue(
    path: &Path,
    items: &[String],
    flags: &ItemColumnFlags,
    options: &TableOptions,
) -> Result<(Vec<Column>, CatalogueReport)> {
    let table = Table::open(path, options)?;
    let id_column = find_id(&table, "item id", "--item-id-column", &flags.item_id_column)?;
    read_columns(table, id_column, items, &flags.columns)
}

/// The ids of an item table, in its order.
///
/// # Errors
/// As [`read_catalogue`].
pub fn read_item_ids(path: &Path, flags: &ItemColumnFlags, options: &TableOptions) -> Result<Vec<String>> {
    let mut table = Table::open(path, options)?;
    let id_column = find_id(&table, "item id", "--item-id-column", &flags.item_id_column)?;
    let (mut ids, mut cells) = (Vec::new(), Vec::new());
    while let Some(line) = table.next_row(&mut cells)? {
        match cells[id_column].trim() {
            "" => return Err(table.bad_value(line, id_column, "an item id", "")),
            id => ids.push(id.to_owned()),
        }
    }
    Ok(ids)
}

/// Most columns that a request tells of: a model has no more fields besides the clock's.
pub const MAX_REQUEST_COLUMNS: usize = 62;

/// Reads what a table of users says of `users`, in their order: its columns of numbers, and all others as categories; and how many of
/// the users have no row.
///
/// # Errors
/// As [`read_catalogue`]; a column by the name of what the clock tells, or too many.
pub fn read_user_columns(path: &Path, users: &[String], options: &TableOptions) -> Result<(Vec<Column>, usize)> {
    let table = Table::open(path, options)?;
    let id_column = find_id(&table, "user id", "a header of its own, such as `user`", &None)?;
    let refused = |expected: String, found: String| CliError::Header { path: path.into(), expected, found };
    if let Some(name) = table.header.iter().find(|name| CLOCK.contains(&name.as_str())) {
        return Err(refused("columns of users: the clock tells hour and weekday".into(), format!("`{name}`")));
    }
    if !(2..=MAX_REQUEST_COLUMNS + 1).contains(&table.header.len()) {
        let expected = format!("1 to {MAX_REQUEST_COLUMNS} columns besides the user");
        return Err(refused(expected, (table.header.len() - 1).to_string()));
    }
    let (mut columns, report) = read_columns(table, id_column, users, &[])?;
    for column in &mut columns {
        if let ColumnData::Text(values) = &mut column.data {
            column.data = ColumnData::Category(std::mem::take(values));
        }
    }
    Ok((columns, report.without_row))
}

fn read_columns(
    mut table: Table,
    id_column: usize,
    items: &[String],
    declared: &[String],
) -> Result<(Vec<Column>, CatalogueReport)> {
    let declared = declared_kinds(&table, declared)?;
    check_header(&table, declared.values().filter(|&&kind| kind == Kind::Skip).count())?;
    let index: HashMap<&str, usize> = items.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let mut report = CatalogueReport::default();
    let mut values: Vec<Vec<String>> = vec![vec![String::new(); items.len()]; table.header.len()];
    let mut lines = vec![0u64; items.len()];
    let mut cells = Vec::new();
    while let Some(line) = table.next_row(&mut cells)? {
        report.rows += 1;
        let Some(&at) = index.get(cells[id_column].trim()) else {
            report.not_in_log += 1;
            continue;
        };
        if lines[at] != 0 {
            return Err(table.bad_value(line, id_column, "each id once", &cells[id_column]));
        }
        lines[at] = line;
        for (column, cell) in values.iter_mut().zip(&cells) {
            column[at] = cell.trim().to_owned();
        }
    }
    if report.rows == 0 {
        return Err(CliError::NoRows { path: table.path.clone(), found: "only a header row" });
    }
    report.without_row = lines.iter().filter(|&&line| line == 0).count();
    let mut columns = Vec::new();
    for (at, values) in values.into_iter().enumerate().filter(|(at, _)| *at != id_column) {
        let kind = declared.get(&at).copied().unwrap_or_else(|| infer(&table.header[at], &values));
        let data = match kind {
            Kind::Skip => continue,
            Kind::Text => ColumnData::Text(values),
            Kind::Category => ColumnData::Category(values),
            Kind::Number => ColumnData::Number(numbers(&table, at, &values, &lines)?),
            Kind::Vector => vectors(&table, at, &values, &lines)?,
        };
        report.columns.push((table.header[at].clone(), kind.name()));
        columns.push(Column { name: table.header[at].clone(), data });
    }
    Ok((columns, report))
}

impl Kind {
    const ALL: [Kind; 5] = [Kind::Text, Kind::Category, Kind::Number, Kind::Vector, Kind::Skip];

    fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Category => "category",
            Kind::Number => "number",
            Kind::Vector => "vector",
            Kind::Skip => "skip",
        }
    }
}

/// Refuses columns that have no name to tell them by, and more than a model holds besides the id and the `skipped` ones.
fn check_header(table: &Table, skipped: usize) -> Result<()> {
    let refused = |expected, found| Err(CliError::Header { path: table.path.clone(), expected, found });
    let nameless = table.header.iter().filter(|name| name.is_empty()).count();
    if nameless > 1 {
        return refused("a name for each column".into(), format!("{nameless} columns without one"));
    }
    match table.header.len().saturating_sub(1 + skipped) {
        0..=MAX_COLUMNS => Ok(()),
        more => {
            refused(format!("at most {MAX_COLUMNS} columns besides the item id and skipped ones"), more.to_string())
        }
    }
}

/// `NAME=TYPE` flags by column position.
fn declared_kinds(table: &Table, flags: &[String]) -> Result<HashMap<usize, Kind>> {
    let refused = |found: &str| CliError::Flag {
        flag: "--column",
        expected: format!(
            "NAME=text, category, number, vector or skip, with NAME one of `{}`",
            table.header.join("`, `")
        ),
        found: format!("`{found}`"),
    };
    flags
        .iter()
        .map(|flag| {
            let (name, kind) = flag.split_once('=').ok_or_else(|| refused(flag))?;
            let column = table.header.iter().position(|column| column == name).ok_or_else(|| refused(flag))?;
            let kind = Kind::ALL.into_iter().find(|k| k.name() == kind);
            Ok((column, kind.ok_or_else(|| refused(flag))?))
        })
        .collect()
}

/// Numbers where every value is one, a category where values repeat a lot, else text. Titles are always text.
fn infer(name: &str, values: &[String]) -> Kind {
    let given: Vec<&String> = values.iter().filter(|value| !value.is_empty()).collect();
    if ["title", "name", "description"].contains(&name.to_lowercase().as_str()) {
        return Kind::Text;
    }
    if !given.is_empty() && given.iter().all(|value| number(value).is_some()) {
        return Kind::Number;
    }
    let distinct = given.iter().collect::<HashSet<_>>().len();
    if distinct <= MAX_CATEGORIES && distinct * 2 <= given.len() { Kind::Category } else { Kind::Text }
}

fn numbers(table: &Table, column: usize, values: &[String], lines: &[u64]) -> Result<Vec<f32>> {
    let parse = |(value, &line): (&String, &u64)| match value.as_str() {
        "" => Ok(f32::NAN),
        text => number(text).ok_or_else(|| table.bad_value(line, column, "a number, or nothing where unknown", text)),
    };
    values.iter().zip(lines).map(parse).collect()
}

/// Cells of numbers with blanks between them, as many in each; an empty one is unknown.
fn vectors(table: &Table, column: usize, values: &[String], lines: &[u64]) -> Result<ColumnData> {
    let width = values.iter().map(|value| value.split_whitespace().count()).find(|&width| width > 0).unwrap_or(1);
    let mut all = Vec::with_capacity(values.len() * width);
    for (value, &line) in values.iter().zip(lines) {
        match vector(value, width) {
            Some(numbers) => all.extend(numbers),
            None if value.is_empty() => all.extend(vec![f32::NAN; width]),
            None => {
                let expected = format!("{width} numbers with blanks between them, or nothing where unknown");
                return Err(table.bad_value(line, column, &expected, value));
            }
        }
    }
    Ok(ColumnData::Vector { width, values: all })
}

/// So many numbers with blanks between them.
pub fn vector(text: &str, width: usize) -> Option<Vec<f32>> {
    let numbers: Option<Vec<f32>> = text.split_whitespace().map(number).collect();
    numbers.filter(|numbers| numbers.len() == width)
}

fn number(text: &str) -> Option<f32> {
    text.parse().ok().filter(|number: &f32| number.is_finite())
}

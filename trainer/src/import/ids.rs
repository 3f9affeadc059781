//! What items are called: ids by row, and their popularity.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::dataset::{Table, TableOptions, find_id, simple_name};
use crate::error::{CliError, Result};

/// Columns that say which row an id belongs to, or how popular it is.
const ROW_NAMES: &[&str] = &["row", "index", "position", "itemidx", "itemindex", "factor"];
const COUNT_NAMES: &[&str] = &["popularity", "count", "users", "events", "n"];

/// External ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Ids {
    /// In the order of the factors' rows.
    pub ids: Vec<String>,
    /// Entries of the file for rows that the factors do not have.
    pub unused: usize,
}

/// Reads the ids of the rows that are called `positions` in their own file of so many `rows`, unless they are numbered with gaps: one id a line, line n for row n, with or
/// without a header; or columns of an id and a row.
///
/// # Errors
/// A row without an id, an id or a row twice, or anything [`Table`] refuses.
pub fn read_ids(path: &Path, positions: &[u64], rows: u64, options: &TableOptions) -> Result<Ids> {
    let mut table = Table::open(path, options)?;
    let named = match table.header.len() {
        1 => lines(&mut table, positions, rows)?,
        _ => by_row(&mut table)?,
    };
    let total = named.len();
    let missing = |row: &u64| CliError::Array {
        path: path.into(),
        tensor: "item ids".into(),
        expected: format!("an id for each of {} rows", positions.len()),
        found: format!("{total} ids, none for row {row}"),
        remedy: "give one id a line in the order of the rows, or columns `id` and `row`",
    };
    let ids = positions.iter().map(|row| named.get(row).cloned().ok_or_else(|| missing(row))).collect::<Result<_>>()?;
    Ok(Ids { ids, unused: total - positions.len() })
}

/// One id a line. The first line is a header where it is a name of such a column and there is a line too many.
fn lines(table: &mut Table, positions: &[u64], rows: u64) -> Result<HashMap<u64, String>> {
    let mut ids = vec![table.header[0].clone()];
    let mut lines = vec![1];
    let mut cells = Vec::new();
    while let Some(line) = table.next_row(&mut cells)? {
        ids.push(cells[0].clone());
        lines.push(line);
    }
    if ids.len() as u64 > rows && find_id(table, "item id", "", &None).is_ok() {
        ids.remove(0);
        lines.remove(0);
    }
    // Rows that are numbered through have an id each, or this is another table's list (or the factors are transposed).
    if ids.len() as u64 > rows && positions.len() as u64 + 1 >= rows {
        return Err(CliError::Array {
            path: table.path.clone(),
            tensor: "item ids".into(),
            expected: format!("an id for each of {rows} rows of factors"),
            found: format!("{} ids", ids.len()),
            remedy: "give the factors as (items, width), and the ids of these rows alone",
        });
    }
    let mut seen = HashSet::new();
    let mut named = HashMap::new();
    for ((id, line), row) in ids.iter().zip(lines).zip(0..) {
        let id = id.trim();
        if id.is_empty() || !seen.insert(id) {
            return Err(table.bad_value(line, 0, "each id once, none empty", id));
        }
        named.insert(row, id.to_owned());
    }
    Ok(named)
}

/// Columns of ids and rows.
fn by_row(table: &mut Table) -> Result<HashMap<u64, String>> {
    let row_column = column(table, "row", ROW_NAMES)?;
    let id_column = match find_id(table, "item id", "a header of its own, such as `id`", &None)? {
        found if found != row_column => found,
        _ => (0..table.header.len()).find(|&column| column != row_column).expect("two columns or more"),
    };
    let (mut named, mut seen) = (HashMap::new(), HashSet::new());
    let mut cells = Vec::new();
    while let Some(line) = table.next_row(&mut cells)? {
        let (id, row) = (cells[id_column].trim(), cells[row_column].trim());
        let number: u64 =
            row.parse().map_err(|_| table.bad_value(line, row_column, "a whole number, the row from 0 on", row))?;
        if id.is_empty() || !seen.insert(id.to_owned()) {
            return Err(table.bad_value(line, id_column, "each id once, none empty", id));
        }
        if named.insert(number, id.to_owned()).is_some() {
            return Err(table.bad_value(line, row_column, "each row once", row));
        }
    }
    Ok(named)
}

fn column(table: &Table, role: &'static str, known: &[&str]) -> Result<usize> {
    let found = known.iter().find_map(|name| table.header.iter().position(|column| simple_name(column) == *name));
    found.ok_or_else(|| CliError::MissingColumn {
        path: table.path.clone(),
        role,
        found: format!("`{}`", table.header.join("`, `")),
        flag: "a header of its own",
    })
}

/// Reads columns of an item id and a count: popularity of `ids`, (n), 0 where the file has none; and how many have one.
///
/// # Errors
/// A column that is not there, a count that is no number from 0 to 1e9, an id twice, or anything [`Table`] refuses.
pub fn read_popularity(path: &Path, ids: &[String], options: &TableOptions) -> Result<(Vec<f32>, usize)> {
    let mut table = Table::open(path, options)?;
    let id_column = find_id(&table, "item id", "a header of its own, such as `id`", &None)?;
    let count_column = column(&table, "popularity", COUNT_NAMES)?;
    let index: HashMap<&str, usize> = ids.iter().map(String::as_str).zip(0..).collect();
    let mut popularity: Vec<Option<f32>> = vec![None; ids.len()];
    let mut cells = Vec::new();
    while let Some(line) = table.next_row(&mut cells)? {
        let count = cells[count_column].trim();
        let number = count.parse().ok().filter(|count| (0.0..=1e9).contains(count));
        let number = number.ok_or_else(|| table.bad_value(line, count_column, "a number from 0 to 1e9", count))?;
        let Some(&item) = index.get(cells[id_column].trim()) else { continue };
        if popularity[item].replace(number).is_some() {
            return Err(table.bad_value(line, id_column, "each item once", &cells[id_column]));
        }
    }
    let known = popularity.iter().flatten().count();
    Ok((popularity.into_iter().map(|count| count.unwrap_or(0.0)).collect(), known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str, positions: &[u64]) -> Result<Ids> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.csv");
        std::fs::write(&path, text).unwrap();
        read_ids(&path, positions, positions.iter().max().map_or(0, |last| last + 1), &TableOptions::default())
    }

    #[test]
    fn ids_stand_by_line_or_by_row() {
        let abc = Ids { ids: ["a", "b", "c"].map(str::to_owned).to_vec(), unused: 0 };
        assert_eq!(ids("a\nb\nc\n", &[0, 1, 2]).unwrap(), abc);
        assert_eq!(ids("item\na\nb\nc\n", &[0, 1, 2]).unwrap(), abc, "a header is told by one line too many");
        assert_eq!(ids("item\nb\nc\n", &[0, 1, 2]).unwrap().ids[0], "item", "without it, it is an id");
        assert_eq!(ids("row,id\n2,c\n0,a\n1,b\n", &[0, 1, 2]).unwrap(), abc);
        assert_eq!(ids("sku\titem_idx\nc\t70\na\t5\nb\t9\nd\t8\n", &[5, 9, 70]).unwrap(), Ids { unused: 1, ..abc });
        assert_eq!(ids("x\na\ny\nb\n", &[1, 3]).unwrap().ids, ["a", "b"], "rows have numbers of their own");
    }

    #[test]
    fn ids_that_do_not_fit_are_refused() {
        let short = ids("a\nb\n", &[0, 1, 2]).unwrap_err().to_string();
        assert!(short.contains("each of 3 rows") && short.contains("2 ids, none for row 2"), "{short}");
        assert!(ids("a\nb\na\n", &[0, 1, 2]).unwrap_err().to_string().contains("ids.csv:3"));
        assert!(ids("id,row\na,0\nb,one\n", &[0, 1]).unwrap_err().to_string().contains("`one`"));
        assert!(ids("id,row\na,0\nb,0\n", &[0, 1]).unwrap_err().to_string().contains("each row once"));
        assert!(ids("id,name\na,0\nb,0\n", &[0, 1]).unwrap_err().to_string().contains("`id`, `name`"));
    }

    #[test]
    fn popularity_is_by_id() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("popularity.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_popularity(&path, &["a".into(), "b".into()], &TableOptions::default())
        };
        assert_eq!(read("item,count\nb,7\nz,9\n").unwrap(), (vec![0.0, 7.0], 1));
        for bad in ["item,count\nb,-1\n", "item,count\nb,nan\n", "item,count\nb,1\nb,2\n", "item,price\nb,1\n"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}

//! Files that say something of each user besides a history: attributes, and items to rank.

use std::collections::HashMap;
use std::path::Path;

use super::columns::{LogColumnFlags, find_id, is_item_name, is_log_name};
use super::log::read_log;
use super::memory::Memory;
use super::table::{Table, TableOptions};
use crate::error::{CliError, Result};

/// For each user something.
pub type ByUser<T> = HashMap<String, T>;

/// Item ids with their ratings.
pub type Rated = Vec<(String, f64)>;

/// Reads the `wanted` columns of a table of users: for each user its cells, in the order of `wanted`.
///
/// # Errors
/// A column that is not there, an empty user id, a user twice, or anything [`Table`] refuses.
pub fn read_user_attributes(path: &Path, wanted: &[String], options: &TableOptions) -> Result<ByUser<Vec<String>>> {
    let mut table = Table::open(path, options)?;
    let user_column = find_id(&table, "user id", "a header of its own, such as `user`", &None)?;
    let position = |name: &String| {
        table.header.iter().position(|column| column == name).ok_or_else(|| CliError::Flag {
            flag: "--group-by",
            expected: format!("one of the columns `{}` of {}", table.header.join("`, `"), path.display()),
            found: format!("`{name}`"),
        })
    };
    let columns = wanted.iter().map(position).collect::<Result<Vec<usize>>>()?;
    let mut attributes = HashMap::new();
    let mut cells = Vec::new();
    while let Some(line) = table.next_row(&mut cells)? {
        let user = user_of(&table, line, user_column, &cells)?;
        let values = columns.iter().map(|&column| cells[column].trim().to_owned()).collect();
        if attributes.insert(user, values).is_some() {
            return Err(table.bad_value(line, user_column, "each user once", &cells[user_column]));
        }
    }
    Ok(attributes)
}

/// Reads lists of items: columns user and item (or basket), or one user a row, every other cell an item id.
///
/// # Errors
/// A header that may mean either, or as [`read_log`].
pub fn read_user_items(path: &Path, options: &TableOptions) -> Result<ByUser<Vec<String>>> {
    let mut table = Table::open(path, options)?;
    let mut lists: ByUser<Vec<String>> = HashMap::new();
    if is_long(&table)? {
        let log = read_log(path, &LogColumnFlags::by_header(), options, Memory::default())?;
        log.rows.for_each(|row| {
            let list = lists.entry(log.users.get(row.user).to_owned()).or_default();
            list.push(log.items.get(row.item).to_owned());
        })?;
        return Ok(lists);
    }
    let user_column = find_id(&table, "user id", "a header of its own, such as `user`", &None)?;
    let mut cells = Vec::new();
    while let Some(line) = table.next_row(&mut cells)? {
        let user = user_of(&table, line, user_column, &cells)?;
        let ids = cells.iter().enumerate().filter(|(column, _)| *column != user_column).map(|(_, cell)| cell.trim());
        lists.entry(user).or_default().extend(ids.filter(|id| !id.is_empty()).map(str::to_owned));
    }
    match lists.is_empty() {
        true => Err(CliError::NoRows { path: path.into(), found: "only a header row" }),
        false => Ok(lists),
    }
}

/// Whether a table has an item a row (or a basket), not a user with its items.
fn is_long(table: &Table) -> Result<bool> {
    let (items, others): (Vec<&String>, Vec<&String>) = table.header.iter().partition(|name| is_item_name(name));
    let (log, cells): (Vec<&String>, Vec<&String>) = others.into_iter().partition(|name| is_log_name(name));
    match (items.len(), log.len(), cells.len()) {
        _ if table.header.len() <= 2 => Ok(true),
        (1, _, 0) => Ok(true),
        (0, 0 | 1, _) => Ok(false),
        _ => Err(CliError::Header {
            path: table.path.clone(),
            expected: "columns user and item, or one user a row whose other columns (`n1`, `n2`, ...) hold item ids"
                .into(),
            found: format!("`{}`, which may mean either", table.header.join("`, `")),
        }),
    }
}

/// Reads each user's ratings as (item id, rating) from a table of interactions; none where it has no value column.
///
/// # Errors
/// As [`read_log`].
pub fn read_user_ratings(path: &Path, options: &TableOptions) -> Result<Option<ByUser<Rated>>> {
    let log = read_log(path, &LogColumnFlags::by_header(), options, Memory::default())?;
    let mut ratings: ByUser<Rated> = HashMap::new();
    log.rows.for_each(|row| {
        if row.value.is_finite() {
            let of_user = ratings.entry(log.users.get(row.user).to_owned()).or_default();
            of_user.push((log.items.get(row.item).to_owned(), f64::from(row.value)));
        }
    })?;
    Ok(log.has_value.then_some(ratings))
}

fn user_of(table: &Table, line: u64, column: usize, cells: &[String]) -> Result<String> {
    match cells[column].trim() {
        "" => Err(table.bad_value(line, column, "a user id", "")),
        user => Ok(user.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::*;

    fn file(text: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn options() -> TableOptions {
        TableOptions::default()
    }

    #[test]
    fn lists_are_read_wide_and_long() {
        for text in
            ["user,n00,n01,n02\na,1,2,\nb,3,,4\n", "user,item\na,1\nb,3\nb,4\na,2\n", "user,items\na,1 2\nb,3 4\n"]
        {
            let lists = read_user_items(file(text).path(), &options()).unwrap();
            assert_eq!(
                (&lists["a"], &lists["b"]),
                (&vec!["1".to_owned(), "2".into()], &vec!["3".to_owned(), "4".into()])
            );
        }
        assert!(read_user_items(file("user,a,b\n").path(), &options()).is_err());
    }

    #[test]
    fn ratings_and_times_beside_items_are_no_items() {
        for text in ["user,item,rating\na,1,5\na,2,3\n", "timestamp,item_id,user_id,value\n7,1,a,2\n8,2,a,\n"] {
            assert_eq!(read_user_items(file(text).path(), &options()).unwrap()["a"], ["1", "2"]);
        }
        for header in ["user,item,n1", "user,thing,rating", "user,item,product"] {
            let said = read_user_items(file(&format!("{header}\na,1,2\n")).path(), &options()).unwrap_err().to_string();
            assert!(said.contains(":1: expected columns user and item, or one user a row"), "{said}");
        }
    }

    #[test]
    fn attributes_are_read_by_name_each_user_once() {
        let read = |text: &str, column: &str| {
            read_user_attributes(file(text).path(), &[column.to_owned()], &options()).map_err(|error| error.to_string())
        };
        assert_eq!(read("user,age,town\na,9,Bern\n", "town").unwrap()["a"], ["Bern"]);
        assert!(read("user,age\na,9\n", "height").unwrap_err().contains("one of the columns `user`, `age`"));
        assert!(
            read("user,age\na,9\na,8\n", "age").unwrap_err().contains(":3: column `user`: expected each user once")
        );
    }

    #[test]
    fn ratings_are_read_where_there_is_a_value_column() {
        let read = |text: &str| read_user_ratings(file(text).path(), &options()).unwrap();
        let ratings = read("user,item,rating\na,1,4.5\na,2,3\na,3,\n").unwrap();
        assert_eq!(ratings["a"], [("1".to_owned(), 4.5), ("2".to_owned(), 3.0)]);
        assert_eq!(read("user,item\na,1\n"), None);
    }
}

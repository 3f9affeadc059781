//! Which column of a table plays which role: named by a flag, else guessed from the header.

use clap::Args;

use super::table::Table;
use crate::error::{CliError, Result};

const USER_NAMES: &[&str] = &[
    "user",
    "userid",
    "customer",
    "customerid",
    "household",
    "householdid",
    "visitor",
    "visitorid",
    "member",
    "memberid",
    "session",
    "sessionid",
    "uid",
    "useridx",
];
const ITEM_NAMES: &[&str] = &[
    "item",
    "itemid",
    "itemidx",
    "items",
    "product",
    "productid",
    "sku",
    "article",
    "articleid",
    "movie",
    "movieid",
    "book",
    "bookid",
    "content",
    "contentid",
    "iid",
    "id",
];
const TIME_NAMES: &[&str] = &["timestamp", "time", "ts", "datetime", "date", "createdat", "eventtime"];
const VALUE_NAMES: &[&str] = &["rating", "value", "score", "stars"];

/// Columns of the interaction log.
#[derive(Debug, Clone, Default, Args)]
pub struct LogColumnFlags {
    /// Column with the user id [default: guessed from the header]
    #[arg(long, value_name = "NAME")]
    pub user_column: Option<String>,
    /// Column with the item id [default: guessed from the header]
    #[arg(long, value_name = "NAME")]
    pub item_column: Option<String>,
    /// Column with the time [default: guessed from the header, may be absent]
    #[arg(long, value_name = "NAME")]
    pub timestamp_column: Option<String>,
    /// Column with a rating or value [default: guessed from the header, may be absent]
    #[arg(long, value_name = "NAME")]
    pub value_column: Option<String>,
    /// Keep rows whose value is at least this
    #[arg(long, value_name = "NUMBER")]
    pub min_value: Option<f64>,
    /// One row holds a whole basket: item ids separated by this [default: a space where the item column is called `items`]
    #[arg(long, value_name = "CHAR")]
    pub basket_separator: Option<char>,
}

/// Columns of the item table.
#[derive(Debug, Clone, Default, Args)]
pub struct ItemColumnFlags {
    /// Column of ITEMS with the item id [default: guessed from the header]
    #[arg(long, value_name = "NAME")]
    pub item_id_column: Option<String>,
    /// Type of a catalogue column: NAME=text, NAME=category, NAME=number or NAME=skip; may be repeated [default: inferred]
    #[arg(long = "column", value_name = "NAME=TYPE")]
    pub columns: Vec<String>,
}

/// Positions of the log's columns.
#[derive(Debug, Clone, PartialEq)]
pub struct LogColumns {
    pub user: usize,
    pub item: usize,
    pub timestamp: Option<usize>,
    pub value: Option<usize>,
    pub basket_separator: Option<char>,
}

impl LogColumns {
    /// Finds the log's columns.
    ///
    /// # Errors
    /// [`CliError::MissingColumn`] for a user or item column that is not there, or any named one.
    pub fn find(table: &Table, flags: &LogColumnFlags) -> Result<LogColumns> {
        let user = required(table, "user id", "--user-column", &flags.user_column, USER_NAMES)?;
        let item = required(table, "item id", "--item-column", &flags.item_column, ITEM_NAMES)?;
        let timestamp = optional(table, "time", "--timestamp-column", &flags.timestamp_column, TIME_NAMES)?;
        let value = match flags.min_value {
            Some(_) => Some(required(table, "value", "--value-column", &flags.value_column, VALUE_NAMES)?),
            None => optional(table, "value", "--value-column", &flags.value_column, VALUE_NAMES)?,
        };
        let basket = flags.basket_separator.or_else(|| (simple(&table.header[item]) == "items").then_some(' '));
        Ok(LogColumns { user, item, timestamp, value, basket_separator: basket })
    }
}

/// Position of the id column of an item table or of a list of ids.
pub fn find_id(table: &Table, role: &'static str, flag: &'static str, named: &Option<String>) -> Result<usize> {
    let names = if role == "user id" { USER_NAMES } else { ITEM_NAMES };
    required(table, role, flag, named, names)
}

fn required(
    table: &Table,
    role: &'static str,
    flag: &'static str,
    named: &Option<String>,
    known: &[&str],
) -> Result<usize> {
    optional(table, role, flag, named, known)?.ok_or_else(|| missing(table, role, flag))
}

fn optional(
    table: &Table,
    role: &'static str,
    flag: &'static str,
    named: &Option<String>,
    known: &[&str],
) -> Result<Option<usize>> {
    if let Some(name) = named {
        let found = table.header.iter().position(|column| column == name);
        return found.map(Some).ok_or_else(|| missing(table, role, flag));
    }
    Ok(known.iter().find_map(|name| table.header.iter().position(|column| simple(column) == *name)))
}

fn missing(table: &Table, role: &'static str, flag: &'static str) -> CliError {
    let found = table.header.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    CliError::MissingColumn { path: table.path.clone(), role, found, flag }
}

/// `User_ID` and `user id` are the same name.
fn simple(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

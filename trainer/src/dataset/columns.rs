//! Which column of a table plays which role: named by a flag, else guessed from the header.

use clap::Args;
use proclivity::model::{FieldShape, Model};
use serde::Serialize;

use super::table::Table;
use super::timestamp::TimeFormat;
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
/// Names no column: what a guess finds is passed over.
const NONE: &str = "-";
const EVENT_NAMES: &[&str] = &["event", "eventtype"];
/// What the time of an event tells, by these names.
pub const CLOCK: [&str; 2] = ["hour", "weekday"];
const STRENGTH_NAMES: &[&str] = &["strength"];

/// Columns of the interaction log.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct LogColumnFlags {
    /// Column with the user id [default: guessed from the header]
    #[arg(long, value_name = "NAME")]
    pub user_column: Option<String>,
    /// Column with the item id [default: guessed from the header]
    #[arg(long, value_name = "NAME")]
    pub item_column: Option<String>,
    /// Column with the time [default: guessed from the header, may be absent; - for none]
    #[arg(long, value_name = "NAME")]
    pub timestamp_column: Option<String>,
    /// Column with a rating or value [default: guessed from the header, may be absent; - for none]
    #[arg(long, value_name = "NAME")]
    pub value_column: Option<String>,
    /// Keep rows whose value is at least this
    #[arg(long, value_name = "NUMBER")]
    pub min_value: Option<f64>,
    /// Column with the type of the event: view, cart, purchase, ... [default: guessed from the header, may be absent; - for none]
    #[arg(long, value_name = "NAME")]
    pub event_column: Option<String>,
    /// How strongly a type of event counts, from 0 to 1, such as view=0.2; 0 drops its rows; may be repeated [default: the
    /// weights of the recommender: view=0.15 click=0.25 cart=0.6 bookmark=0.6 purchase=1 rating=1]
    #[arg(long = "event-weight", value_name = "TYPE=WEIGHT")]
    pub event_weights: Vec<String>,
    /// Column with the strength of the event itself, from 0 to 1 [default: guessed from the header, may be absent; - for none]
    #[arg(long, value_name = "NAME")]
    pub strength_column: Option<String>,
    /// Column that says where or how an event came about, such as referrer, placement, locale or device: learnt by fm, deepfm and
    /// --context, told by pages when they ask; may be repeated
    #[arg(long = "context-column", value_name = "NAME")]
    pub context_columns: Vec<String>,
    /// How times are written [default: told from the whole column]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub time_format: Option<TimeFormat>,
    /// Leave out rows without a user id, instead of refusing them
    #[arg(long)]
    pub drop_anonymous: bool,
    /// The log has no header row: the names of its columns, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub header: Option<Vec<String>>,
    /// Whether every rating is wanted, low ones too: a preset then leaves none out.
    #[arg(skip)]
    #[serde(skip)]
    pub ratings: bool,
    /// Weights that a preset gives, below `event_weights`.
    #[arg(skip)]
    #[serde(skip)]
    pub preset_weights: &'static [(&'static str, f32)],
    /// The preset that gives `min_value`, where it is no flag.
    #[arg(skip)]
    #[serde(skip)]
    pub minimum_of: Option<String>,
    /// Rows that a preset leaves out: those whose cell in this column begins with the text.
    #[arg(skip)]
    #[serde(skip)]
    pub leave_out: Option<(String, &'static str)>,
    /// The columns are told by the header alone, and no flag is about them: a file beside the log.
    #[arg(skip)]
    pub by_header: bool,
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
    /// Type of a catalogue column: NAME=text, NAME=category, NAME=number, NAME=vector (numbers with blanks between them, which
    /// tell --content, fm and deepfm what a picture or a text is like; not kept in the model) or NAME=skip; may be repeated
    /// [default: inferred]
    #[arg(long = "column", value_name = "NAME=TYPE")]
    pub columns: Vec<String>,
}

impl ItemColumnFlags {
    /// The same with the columns of these fields read as what the fields take; a flag for a column stands above that.
    pub fn with_fields(mut self, fields: &[FieldShape]) -> ItemColumnFlags {
        for FieldShape { column, kind } in fields {
            let declared = |flag: &String| flag.rsplit_once('=').is_some_and(|(name, _)| name == column);
            if !self.columns.iter().any(declared) {
                self.columns.push(format!("{column}={}", kind.name()));
            }
        }
        self
    }
}

/// Positions of the log's columns.
#[derive(Debug, Clone, PartialEq)]
pub struct LogColumns {
    pub user: usize,
    pub item: usize,
    pub timestamp: Option<usize>,
    pub value: Option<usize>,
    pub event: Option<usize>,
    pub strength: Option<usize>,
    /// What events say of their context.
    pub context: Vec<usize>,
    /// Rows left out: those whose cell in the column begins with the text.
    pub leave_out: Option<(usize, &'static str)>,
    pub basket_separator: Option<char>,
}

impl LogColumnFlags {
    /// For a file whose columns are told by its header, as no flag of the command is about it.
    pub fn by_header() -> LogColumnFlags {
        LogColumnFlags { by_header: true, ..LogColumnFlags::default() }
    }

    /// For a file whose events are to count as they do for `model` on a device.
    pub fn of_model(model: &Model) -> LogColumnFlags {
        let weights = model.manifest().event_weights.iter().map(|(name, weight)| format!("{name}={weight}"));
        LogColumnFlags { event_weights: weights.collect(), ..LogColumnFlags::by_header() }
    }
}

impl LogColumns {
    /// Finds the log's columns.
    ///
    /// # Errors
    /// [`CliError::MissingColumn`] for a user or item column that is not there, or any named one.
    pub fn find(table: &Table, flags: &LogColumnFlags) -> Result<LogColumns> {
        let ways = match flags.by_header {
            true => ["a header of its own, such as `user`", "a header of its own, such as `item`"],
            false => ["--user-column", "--item-column"],
        };
        let user = required(table, "user id", ways[0], &flags.user_column, USER_NAMES)?;
        let item = required(table, "item id", ways[1], &flags.item_column, ITEM_NAMES)?;
        let timestamp = optional(table, "time", "--timestamp-column", &flags.timestamp_column, TIME_NAMES)?;
        let value = match flags.min_value {
            Some(_) => Some(required(table, "value", "--value-column", &flags.value_column, VALUE_NAMES)?),
            None => optional(table, "value", "--value-column", &flags.value_column, VALUE_NAMES)?,
        };
        let event = optional(table, "type of event", "--event-column", &flags.event_column, EVENT_NAMES)?;
        let strength = optional(table, "strength", "--strength-column", &flags.strength_column, STRENGTH_NAMES)?;
        let context = context(table, &flags.context_columns)?;
        let leave_out = flags
            .leave_out
            .as_ref()
            .and_then(|(name, prefix)| Some((table.header.iter().position(|column| column == name)?, *prefix)));
        let spaced = simple(&table.header[item]) == "items";
        let basket_separator = flags.basket_separator.or(spaced.then_some(' '));
        Ok(LogColumns { user, item, timestamp, value, event, strength, context, leave_out, basket_separator })
    }
}

/// Positions of the columns of context.
fn context(table: &Table, names: &[String]) -> Result<Vec<usize>> {
    const FLAG: &str = "--context-column";
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let refused =
            |expected: &str| Err(CliError::Flag { flag: FLAG, expected: expected.into(), found: name.clone() });
        if CLOCK.contains(&name.as_str()) {
            return refused("a column by another name: hour and weekday are told by the time of an event");
        }
        if is_log_name(name) || is_item_name(name) {
            return refused("a column whose name stands for nothing else in a log; rename it");
        }
        let column = required(table, "context", FLAG, &Some(name.clone()), &[])?;
        if found.contains(&column) {
            return refused("each column once");
        }
        found.push(column);
    }
    Ok(found)
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
    if named.as_deref() == Some(NONE) {
        return Ok(None);
    }
    if let Some(name) = named {
        let found = table.header.iter().position(|column| column == name);
        return found.map(Some).ok_or_else(|| CliError::NamedColumn {
            path: table.path.clone(),
            name: name.clone(),
            role,
            found: columns_of(table),
            flag,
        });
    }
    Ok(known.iter().find_map(|name| table.header.iter().position(|column| simple(column) == *name)))
}

fn missing(table: &Table, role: &'static str, flag: &'static str) -> CliError {
    CliError::MissingColumn { path: table.path.clone(), role, found: columns_of(table), flag }
}

fn columns_of(table: &Table) -> String {
    table.header.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Whether a column of this name is taken for an item id.
pub fn is_item_name(name: &str) -> bool {
    ITEM_NAMES.contains(&simple(name).as_str())
}

/// Whether a column of this name is taken for something of a log other than an item id.
pub fn is_log_name(name: &str) -> bool {
    let names = [USER_NAMES, TIME_NAMES, VALUE_NAMES, EVENT_NAMES, STRENGTH_NAMES];
    names.iter().any(|names| names.contains(&simple(name).as_str()))
}

/// `User_ID` and `user id` are the same name.
pub fn simple(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

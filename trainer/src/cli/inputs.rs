//! What training reads: the log, the item table, the users held out. The same flags for every command that trains.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use clap::Args;
use proclivity::model::Column;
use proclivity::profile::EventKind;
use serde_json::{Value, json};

use crate::dataset::{
    CatalogueReport, CleanReport, HeldOut, Interactions, ItemColumnFlags, LogSource, MAX_REQUEST_COLUMNS, Reading,
    TableOptions, hold_out, read_catalogue, read_held_out, read_user_columns,
};
use crate::deep::item_fields;
use crate::error::{CliError, Result};
use crate::families::Recipe;
use crate::output::{Output, file_name, grouped};

#[derive(Debug, Args)]
pub struct InputArgs {
    #[command(flatten)]
    pub source: LogSource,
    /// Item table: id, and columns such as title, department, price
    #[arg(long, value_name = "FILE")]
    pub items: Option<PathBuf>,
    /// User table: user, and columns such as age or locale: what a request may tell of a visitor, for fm, deepfm and --context
    #[arg(long, value_name = "FILE")]
    pub users: Option<PathBuf>,

    /// Days after which an event of a type counts half on the device, such as view=7; may be repeated [default: events count alike,
    /// however old]
    #[arg(long = "event-half-life", value_name = "TYPE=DAYS")]
    event_half_lives: Vec<String>,

    #[command(flatten, next_help_heading = "Columns")]
    item_columns: ItemColumnFlags,

    /// Share of users held out to measure every epoch
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, help_heading = "Validation")]
    validation: f64,
    /// Held-out users from files instead: what is known of them
    #[arg(long, value_name = "FILE", requires = "validation_targets", help_heading = "Validation")]
    validation_fold_in: Option<PathBuf>,
    /// Held-out users from files instead: what they should be recommended
    #[arg(long, value_name = "FILE", requires = "validation_fold_in", help_heading = "Validation")]
    validation_targets: Option<PathBuf>,
}

/// Everything read and cleaned.
pub struct Inputs {
    pub data: Interactions,
    pub cleaning: CleanReport,
    pub columns: Vec<Column>,
    pub catalogue: Option<CatalogueReport>,
    /// Of the users of `data`.
    pub user_columns: Vec<Column>,
    pub held: Vec<HeldOut>,
    /// Whether it is known when, or in which order, they did what they did.
    pub held_in_order: bool,
}

impl Inputs {
    /// Refuses what a request would tell of users and situations for a recipe that does not learn from it.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check_recipe(&self, recipe: &Recipe) -> Result<()> {
        if recipe.context && !self.data.has_time && self.user_columns.is_empty() && self.data.situations.is_empty() {
            let (expected, found) = ("a log with times, --context-column or --users".into(), "none of them".into());
            return Err(CliError::Flag { flag: "--context", expected, found });
        }
        if recipe.context || recipe.family.takes_fields() {
            return Ok(());
        }
        let given = [("--users", &self.user_columns), ("--context-column", &self.data.situations)];
        match given.into_iter().find(|(_, columns)| !columns.is_empty()) {
            None => Ok(()),
            Some((flag, _)) => Err(CliError::Flag {
                flag,
                expected: "--family fm or deepfm, or --context: these learn from what requests tell".into(),
                found: recipe.family.to_string(),
            }),
        }
    }
}

impl InputArgs {
    /// Reads and cleans everything; `seed` picks the users held out. With `ratings` a preset leaves no low ones out.
    ///
    /// # Errors
    /// A bad flag, or whatever a file is refused for.
    pub fn read(&self, tables: &TableOptions, seed: u64, ratings: bool, output: Output) -> Result<Inputs> {
        self.check()?;
        let (mut data, cleaning) = self.source.read(tables, Reading { ratings, ..Reading::default() })?;
        output.note(cleaning.text(&self.source.log));

        let (columns, catalogue) = match &self.items {
            Some(path) => {
                let (columns, report) =
                    read_catalogue(path, &data.items, &self.item_columns, &self.source.item_tables(tables))?;
                output.note(catalogue_text(path, &report));
                (columns, Some(report))
            }
            None => (Vec::new(), None),
        };
        let (held, held_in_order) = match (&self.validation_fold_in, &self.validation_targets) {
            (Some(fold_in), Some(targets)) => {
                let index: HashMap<&str, u32> = data.items.iter().map(String::as_str).zip(0..).collect();
                let index = |id: &str| index.get(id).copied();
                let files = read_held_out([fold_in, targets], &self.source.beside(), index, None, tables)?;
                let (known, all) = in_training(&files.users, &data);
                if known > 0 {
                    output.note(format!(
                        "{} of {} validation targets are in the training log, of the same user: what is chosen by them is chosen by what was \
                         learnt; leave their events out of the log",
                        grouped(known),
                        grouped(all)
                    ));
                }
                (files.users, files.now.is_some() || !data.has_time)
            }
            _ => (hold_out(&mut data, self.validation, seed), true),
        };
        check_request(&[], &data.situations)?;
        for column in data.situations.iter().filter(|column| item_fields(std::slice::from_ref(column)).is_empty()) {
            output.note(format!("context {}: the same in every event, so that nothing is learnt of it", column.name));
        }
        let user_columns = match &self.users {
            Some(path) => {
                let (columns, without) = read_user_columns(path, &data.users, tables)?;
                let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
                check_request(&names, &data.situations)?;
                output.note(format!(
                    "read   {}: {} users without a row; columns {}; validation and evaluate tell none of them",
                    path.display(),
                    grouped(without),
                    names.join(", ")
                ));
                columns
            }
            None => Vec::new(),
        };
        output.note(format!(
            "train  {} users; {} held out for validation",
            grouped(data.users.len()),
            grouped(held.len())
        ));
        Ok(Inputs { data, cleaning, columns, catalogue, user_columns, held, held_in_order })
    }

    /// Days by type of event.
    ///
    /// # Errors
    /// [`CliError::Flag`] for what is no type of the device's and days above 0.
    pub fn event_half_lives(&self) -> Result<BTreeMap<String, f32>> {
        let parse = |flag: &String| {
            let (name, days) = flag.rsplit_once('=')?;
            let kind = EventKind::parse(name.trim()).ok()?;
            let days = days.trim().parse().ok().filter(|days| (1e-3..=1e6).contains(days))?;
            Some((kind.name().to_owned(), days))
        };
        let one = |flag: &String| {
            parse(flag).ok_or_else(|| CliError::Flag {
                flag: "--event-half-life",
                expected: format!(
                    "TYPE=DAYS, a type among {}, days above 0",
                    EventKind::ALL.map(EventKind::name).join(", ")
                ),
                found: format!("`{flag}`"),
            })
        };
        self.event_half_lives.iter().map(one).collect()
    }

    /// Where the held-out users come from, for the model card: a share, or the names of files.
    pub fn validation_card(&self) -> Value {
        match (&self.validation_fold_in, &self.validation_targets) {
            (Some(fold_in), Some(targets)) => json!({ "fold_in": file_name(fold_in), "targets": file_name(targets) }),
            _ => json!({ "share": self.validation }),
        }
    }

    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        match (0.0..=0.5).contains(&self.validation) {
            true => Ok(()),
            false => Err(CliError::Flag {
                flag: "--validation",
                expected: "a share from 0 to 0.5".into(),
                found: self.validation.to_string(),
            }),
        }
    }
}

/// Refuses two columns of a request by one name, and more than it has fields.
fn check_request(users: &[&str], situations: &[Column]) -> Result<()> {
    let refused = |expected: &str, found: String| {
        Err(CliError::Flag { flag: "--context-column", expected: expected.into(), found })
    };
    if let Some(twice) = situations.iter().find(|column| users.contains(&column.name.as_str())) {
        return refused("columns that --users does not have too", twice.name.clone());
    }
    match users.len() + situations.len() {
        0..=MAX_REQUEST_COLUMNS => Ok(()),
        more => refused(&format!("at most {MAX_REQUEST_COLUMNS} columns with those of --users"), more.to_string()),
    }
}

fn catalogue_text(path: &Path, report: &CatalogueReport) -> String {
    let columns: Vec<String> = report.columns.iter().map(|(name, kind)| format!("{name} ({kind})")).collect();
    let counts = [report.rows, report.not_in_log, report.without_row].map(grouped);
    format!(
        "read   {}: {} rows, {} not in the log, {} items without a row; columns {}",
        path.display(),
        counts[0],
        counts[1],
        counts[2],
        columns.join(", ")
    )
}
/// How many targets of held-out users the log has of the same users, and of how many.
fn in_training(held: &[HeldOut], data: &Interactions) -> (usize, usize) {
    let users: HashMap<&str, &Vec<u32>> = data.users.iter().map(String::as_str).zip(&data.histories).collect();
    let known = |user: &HeldOut| {
        let history = users.get(user.user.as_str());
        user.targets.iter().filter(|target| history.is_some_and(|history| history.contains(target))).count()
    };
    (held.iter().map(known).sum(), held.iter().map(|user| user.targets.len()).sum())
}

//! The flags that say which log is read, how it is written and what of it is kept: the same for every command that takes a
//! log.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use proclivity::profile::EventKind;
use serde_json::{Value, json};

use super::clean::{CleanOptions, IdFilter, clean};
use super::columns::LogColumnFlags;
use super::interactions::Interactions;
use super::log::{read_id_list, read_log};
use super::memory::{Beside, Memory};
use super::outliers::OutlierOptions;
use super::preset::Preset;
use super::report::CleanReport;
use super::table::TableOptions;
use super::weights::EventWeights;
use crate::error::Result;
use crate::output::file_name;

/// Fewest items of a user, and users of an item, to learn from.
const LEAST: usize = 5;

/// An interaction log and how to read it.
#[derive(Debug, Args)]
pub struct LogSource {
    /// Interaction log: user, item, and if known time, type of event and value; or one basket a row. A file (CSV, TSV or JSON
    /// lines, plain or gzip, or Parquet), or a folder of them
    pub log: PathBuf,
    #[command(flatten)]
    flags: LogFlags,
}

/// What a command reads a log for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reading {
    /// Only pairs from before that time (milliseconds since 1970) count for the minima.
    pub count_before: Option<i64>,
    /// A preset leaves no low ratings out.
    pub ratings: bool,
    /// Users and items are kept however few their pairs, unless a flag says otherwise.
    pub whole: bool,
    /// What the command takes beside the log, which is held to `--memory` too.
    pub beside: Beside,
}

/// How a log is read, and what of it is kept.
#[derive(Debug, Args)]
pub struct LogFlags {
    /// Read the log as this data set is published
    #[arg(long, value_enum, value_name = "NAME", help_heading = "Columns")]
    preset: Option<Preset>,
    #[command(flatten, next_help_heading = "Columns")]
    columns: LogColumnFlags,
    #[command(flatten, next_help_heading = "Cleaning")]
    cleaning: CleaningFlags,
}

#[derive(Debug, Args)]
struct CleaningFlags {
    /// Drop users with fewer items [default: 5, to replay 1]
    #[arg(long, value_name = "COUNT")]
    min_user_items: Option<usize>,
    /// Drop items with fewer users [default: 5, to replay 1]
    #[arg(long, value_name = "COUNT")]
    min_item_users: Option<usize>,
    /// Keep only the users listed in this file
    #[arg(long, value_name = "FILE")]
    keep_users: Option<PathBuf>,
    /// Keep only the items listed in this file
    #[arg(long, value_name = "FILE")]
    keep_items: Option<PathBuf>,
    /// Keep interactions that the log has twice, same time included
    #[arg(long)]
    keep_duplicates: bool,
    #[command(flatten)]
    outliers: OutlierOptions,
    /// Memory for reading and cleaning, such as 512MB: what does not fit goes to temporary files. A training that takes more is
    /// refused [default: no bound, but for a training what is free]
    #[arg(long, value_name = "SIZE")]
    memory: Option<Memory>,
}

impl LogSource {
    /// Reads and cleans the log.
    ///
    /// # Errors
    /// As [`read_log`] and [`clean`], or a bad flag.
    pub fn read(&self, tables: &TableOptions, reading: Reading) -> Result<(Interactions, CleanReport)> {
        self.flags.read(&self.log, tables, reading)
    }

    /// The flags that were given or stand for themselves, for the model card; of files the names alone.
    pub fn card(&self) -> Value {
        let LogFlags { preset, columns, cleaning } = &self.flags;
        let name = |path: &Option<PathBuf>| path.as_deref().and_then(file_name);
        let mut card = json!({
            "preset": preset.map(Preset::name), "min_user_items": cleaning.min_user_items.unwrap_or(LEAST),
            "min_item_users": cleaning.min_item_users.unwrap_or(LEAST), "keep_duplicates": cleaning.keep_duplicates,
            "keep_users": name(&cleaning.keep_users), "keep_items": name(&cleaning.keep_items),
        });
        if let Some(members) = card.as_object_mut() {
            for part in [json!(columns), json!(cleaning.outliers)] {
                members.extend(part.as_object().cloned().unwrap_or_default());
            }
            members.retain(|_, value| !value.is_null() && *value != json!([]));
        }
        card
    }

    /// What reading, cleaning and training may take.
    pub fn memory(&self) -> Memory {
        self.flags.cleaning.memory.unwrap_or_default()
    }

    /// Weights given to types of events that the device knows by the same name.
    ///
    /// # Errors
    /// A bad `--event-weight`.
    pub fn event_weights(&self) -> Result<BTreeMap<String, f32>> {
        let weights = EventWeights::new(&[], &self.flags.columns.event_weights)?;
        let changed = EventKind::ALL.into_iter().filter_map(|kind| {
            let weight = weights.of(kind.name()).filter(|&weight| weight != kind.default_strength())?;
            Some((kind.name().to_owned(), weight))
        });
        Ok(changed.collect())
    }

    /// For files beside the log: types of events count as they do in it.
    pub fn beside(&self) -> LogColumnFlags {
        LogColumnFlags { event_weights: self.flags.columns.event_weights.clone(), ..LogColumnFlags::by_header() }
    }

    /// How the item table that belongs to the log is read.
    pub fn item_tables(&self, tables: &TableOptions) -> TableOptions {
        self.flags.preset.map_or_else(|| tables.clone(), |preset| preset.item_tables(tables))
    }

    /// The file or folder that is read: of a preset's folder its log.
    pub fn file(&self) -> PathBuf {
        self.flags.preset.map_or_else(|| self.log.clone(), |preset| preset.log_file(&self.log))
    }

    /// The log's name without its folder.
    pub fn name(&self) -> Option<String> {
        file_name(&self.log)
    }
}

impl LogFlags {
    /// As [`LogSource::read`], of `log`.
    ///
    /// # Errors
    /// As [`LogSource::read`].
    pub fn read(&self, log: &Path, tables: &TableOptions, reading: Reading) -> Result<(Interactions, CleanReport)> {
        let Reading { count_before, ratings, whole, beside } = reading;
        let least = if whole { 1 } else { LEAST };
        let (flags, columns) = (&self.cleaning, LogColumnFlags { ratings, ..self.columns.clone() });
        flags.outliers.check()?;
        let ids = |path: &Option<PathBuf>, role| -> Result<IdFilter> {
            path.as_deref().map(|path| read_id_list(path, role, tables)).transpose()
        };
        let options = CleanOptions {
            min_user_items: flags.min_user_items.unwrap_or(least),
            min_item_users: flags.min_item_users.unwrap_or(least),
            keep_users: ids(&flags.keep_users, "user id")?,
            keep_items: ids(&flags.keep_items, "item id")?,
            keep_duplicates: flags.keep_duplicates,
            outliers: flags.outliers.clone(),
            count_before,
            beside,
        };
        let memory = flags.memory.unwrap_or_default();
        let log = match self.preset {
            Some(preset) => {
                let path = preset.log_file(log);
                let (columns, tables) = preset.apply(&path, &columns, tables)?;
                read_log(&path, &columns, &tables, memory)?
            }
            None => read_log(log, &columns, tables, memory)?,
        };
        clean(log, &options, memory)
    }
}

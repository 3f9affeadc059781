//! The command line: one file a command.

mod compress;
mod delta;
mod evaluate;
mod features;
mod import;
mod inputs;
mod inspect;
mod recommend;
mod replay;
mod split;
mod train;
mod tune;
mod update;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use proclivity::model::Model;

use crate::dataset::TableOptions;
use crate::error::{CliError, Result};
use crate::export;
use crate::output::Output;

/// Trains, evaluates and exports recommendation models that run on the visitor's own device.
#[derive(Debug, Parser)]
#[command(name = "proclivity", version, propagate_version = true)]
pub struct Cli {
    /// Print one JSON object on standard output and nothing else
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    tables: TableOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model on an interaction log (CSV or TSV, plain or gzip, or Parquet)
    Train(Box<train::TrainArgs>),
    /// Search for the family and settings that rank held-out users best, and train with them
    Tune(Box<tune::TuneArgs>),
    /// Split a log into training, validation and test files
    Split(Box<split::SplitArgs>),
    /// Measure models on held-out users: accuracy, diversity, groups, intervals; as a table, JSON and an HTML report
    Evaluate(Box<evaluate::EvaluateArgs>),
    /// Replay a log visit by visit: how well is it foreseen when each user comes?
    Replay(Box<replay::ReplayArgs>),
    /// Make a model file of factors or neighbour lists trained elsewhere: safetensors, NumPy, `implicit`, Spark ALS
    Import(Box<import::ImportArgs>),
    /// Write the features of a catalogue, for content towers that are trained elsewhere
    Features(features::FeaturesArgs),
    /// Make a model file smaller: fewer bits, neighbours, columns, items or a lower rank; shows what each step costs
    Compress(Box<compress::CompressArgs>),
    /// Bring a model's catalogue up to date: items added by what they say of themselves, changed, removed
    Update(Box<update::UpdateArgs>),
    /// Make the delta that turns one model file into another on pages that have loaded it
    Delta(delta::DeltaArgs),
    /// Recommend for a history of item ids, for every user of a file, or what is similar to an item
    Recommend(Box<recommend::RecommendArgs>),
    /// Show what is in a model file
    Inspect(inspect::InspectArgs),
}

impl Cli {
    /// Where what it says goes.
    pub fn output(&self) -> Output {
        Output { json: self.json }
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Any [`CliError`].
    pub fn run(self) -> Result<()> {
        let output = self.output();
        match self.command {
            Command::Train(args) => train::run(&args, &self.tables, output),
            Command::Tune(args) => tune::run(&args, &self.tables, output),
            Command::Split(args) => split::run(&args, &self.tables, output),
            Command::Evaluate(args) => evaluate::run(&args, &self.tables, output),
            Command::Replay(args) => replay::run(&args, &self.tables, output),
            Command::Import(args) => import::run(&args, &self.tables, output),
            Command::Features(args) => features::run(&args, &self.tables, output),
            Command::Compress(args) => compress::run(&args, &self.tables, output),
            Command::Update(args) => update::run(&args, &self.tables, output),
            Command::Delta(args) => delta::run(&args, output),
            Command::Recommend(args) => recommend::run(&args, &self.tables, output),
            Command::Inspect(args) => inspect::run(&args, output),
        }
    }
}

/// Reads a model file.
fn open_model(path: &Path) -> Result<Arc<Model>> {
    let bytes = fs::read(path).map_err(|source| CliError::Open { path: path.into(), source })?;
    export::load(&bytes).map_err(|error| match error {
        CliError::Engine(source) => CliError::Model { path: path.into(), source },
        other => other,
    })
}

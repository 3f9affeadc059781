//! `proclivity train LOG --items ITEMS -o model.safetensors`

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use proclivity::model::{Column, Precision};
use proclivity::score::Stage;
use serde::Serialize;
use serde_json::{Value, json};

use super::evaluate::metrics_table;
use super::inspect::hex_sha256;
use crate::dataset::{
    CatalogueReport, CleanReport, Confidence, HeldOut, Interactions, ItemColumnFlags, LogSource, TableOptions,
    hold_out, read_catalogue, read_held_out,
};
use crate::error::{CliError, Result};
use crate::evaluate::{Metrics, evaluate_model, evaluate_popularity};
use crate::export::{Storage, Trained, export, load};
use crate::families::als::AlsOptions;
use crate::families::ease::EaseOptions;
use crate::families::ncf::NcfOptions;
use crate::families::{Candidates, Epoch, choose_candidates, fit_als, fit_ease, fit_ncf};
use crate::output::{Output, check_writable, grouped, write_atomically};

/// What to train.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Family {
    /// Implicit ALS alone
    Als,
    /// ALS for candidates, then a neural ranker: the cascade
    Ncf,
    /// EASE, kept to the strongest neighbours of each item
    Ease,
    /// Both: ALS vectors and EASE neighbours, added
    AlsEase,
}

#[derive(Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    source: LogSource,
    /// Item table: id, and columns such as title, department, price
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Model file to write
    #[arg(short, long, value_name = "FILE", default_value = "model.safetensors")]
    output: PathBuf,
    #[arg(long, value_enum, default_value = "ncf")]
    family: Family,
    /// The same seed and data give the same file
    #[arg(long, default_value_t = 42)]
    seed: u64,

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
    /// Stop after this many epochs without a better NDCG@100
    #[arg(long, value_name = "EPOCHS", default_value_t = 4, help_heading = "Validation")]
    patience: usize,

    /// Width of the vectors
    #[arg(long, default_value_t = 64, help_heading = "ALS")]
    dim: usize,
    /// Iterations at most
    #[arg(long, default_value_t = 15, help_heading = "ALS")]
    iterations: usize,
    /// Confidence of a pair in the log is 1 + ALPHA
    #[arg(long, default_value_t = 0.5, help_heading = "ALS")]
    alpha: f64,
    /// Weight of the squared vectors
    #[arg(long, default_value_t = 1.0, help_heading = "ALS")]
    regularization: f64,
    /// What a pair's strength r follows: its confidence is 1 + ALPHA r
    #[arg(long, value_enum, default_value = "binary", help_heading = "ALS")]
    confidence: Confidence,

    #[command(flatten, next_help_heading = "EASE")]
    ease: EaseOptions,

    #[command(flatten, next_help_heading = "Ranker")]
    ncf: NcfOptions,

    /// How the item vectors are stored
    #[arg(long, value_enum, default_value = "int8", help_heading = "Model file")]
    precision: Stored,
    /// How the ranker's hidden layers are stored and computed; int8 needs int8 items and two of them
    #[arg(long, value_enum, default_value = "int8", help_heading = "Model file")]
    ranker_precision: Stored,
}

/// Numbers of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Stored {
    Int8,
    F16,
    F32,
}

impl From<Stored> for Precision {
    fn from(stored: Stored) -> Precision {
        match stored {
            Stored::Int8 => Precision::Int8,
            Stored::F16 => Precision::F16,
            Stored::F32 => Precision::F32,
        }
    }
}

/// Everything read and cleaned.
struct Inputs {
    data: Interactions,
    cleaning: CleanReport,
    columns: Vec<Column>,
    catalogue: Option<CatalogueReport>,
    held: Vec<HeldOut>,
}

pub fn run(args: &TrainArgs, tables: &TableOptions, output: Output) -> Result<()> {
    let started = Instant::now();
    check(args)?;
    check_writable(&args.output)?;
    let inputs = read_inputs(args, tables, output)?;
    let (data, held) = (&inputs.data, inputs.held.as_slice());

    let options = AlsOptions {
        dim: args.dim,
        iterations: args.iterations,
        alpha: args.alpha,
        regularization: args.regularization,
        confidence: args.confidence,
        seed: args.seed,
    };
    let (mut als, mut ncf, mut dot_weight) = (Vec::new(), Vec::new(), None);
    let mut trained = Trained { rows: Vec::new(), als: options, neighbours: None, ranker: None };
    if args.family != Family::Ease {
        (trained, als) = fit_als(data, held, options, args.patience, output)?;
    }
    match args.family {
        Family::Als => {}
        Family::Ncf => {
            let options = NcfOptions { seed: args.seed, ..args.ncf.clone() };
            (trained, ncf) = fit_ncf(trained, data, held, &options, args.patience, output)?;
        }
        Family::Ease | Family::AlsEase => {
            (trained, dot_weight) = fit_ease(trained, data, held, &args.ease, output)?;
        }
    }
    let storage = Storage { items: args.precision.into(), ranker: args.ranker_precision.into() };
    let candidates = set_candidates(&mut trained, &inputs, storage, args.ncf.candidates, output)?;
    let card = card(args, &inputs, &als, &ncf, dot_weight, candidates.as_ref());
    let bytes = export(&trained, data, storage, inputs.columns.clone(), card)?;
    write_atomically(&args.output, &bytes)?;

    let model = load(&bytes)?;
    let mut rows = vec![("most popular", evaluate_popularity(&data.popularity(), held))];
    let retrieval = format!("retrieval ({})", if model.ranker().is_some() { "als" } else { trained.family() });
    rows.push((retrieval.as_str(), evaluate_model(&model, held, Stage::Retrieval)?));
    if model.ranker().is_some() {
        rows.push(("cascade (als+ncf)", evaluate_model(&model, held, Stage::Cascade)?));
    }
    let seconds = started.elapsed().as_secs_f64();
    output.result(&summary(&args.output, bytes.len(), seconds, held.len(), &rows), || {
        json!({
            "model": args.output, "bytes": bytes.len(), "sha256": hex_sha256(&bytes), "family": model.manifest().family,
            "seconds": seconds, "cleaning": inputs.cleaning, "catalogue": inputs.catalogue,
            "als": als, "ncf": ncf, "candidates": candidates, "validation_users": held.len(),
            "validation": { "popular": rows[0].1, "retrieval": rows[1].1, "cascade": rows.get(2).map(|row| row.1) },
        })
    });
    Ok(())
}

/// Sets how many candidates the cascade ranks, if there is one: by what held-out users see, or training users where none are
/// held out.
fn set_candidates(
    trained: &mut Trained,
    inputs: &Inputs,
    storage: Storage,
    given: Option<usize>,
    output: Output,
) -> Result<Option<Candidates>> {
    if trained.ranker.is_none() {
        return Ok(None);
    }
    let model = load(&export(trained, &inputs.data, storage, Vec::new(), Value::Null)?)?;
    let held = inputs.held.iter().map(|user| user.fold_in.as_slice());
    let training = inputs.data.histories.iter().map(|history| &history[..history.len().div_ceil(2)]);
    let histories: Vec<&[u32]> = if inputs.held.is_empty() { training.collect() } else { held.collect() };
    let chosen = choose_candidates(&model, &histories, given)?;
    output.note(format!(
        "rank   {} candidates: {:.1} % of the top ten of ranking everything, {} users",
        grouped(chosen.count),
        100.0 * chosen.agreement,
        grouped(chosen.users)
    ));
    trained.ranker.iter_mut().for_each(|ranker| ranker.candidates = Some(chosen.count));
    Ok(Some(chosen))
}

/// What clap cannot say about the flags.
fn check(args: &TrainArgs) -> Result<()> {
    let refused = |flag, expected: &str, found: String| Err(CliError::Flag { flag, expected: expected.into(), found });
    if !(0.0..=0.5).contains(&args.validation) {
        return refused("--validation", "a share from 0 to 0.5", args.validation.to_string());
    }
    if !(1..=1024).contains(&args.dim) {
        return refused("--dim", "a width from 1 to 1024", args.dim.to_string());
    }
    if args.iterations == 0 || args.patience == 0 {
        return refused("--iterations and --patience", "at least 1", "0".into());
    }
    // The model file holds them as f32, where the smallest numbers become 0.
    let positive = |number: f64| number as f32 > 0.0 && number <= 1e6;
    for (flag, number) in [("--alpha", args.alpha), ("--regularization", args.regularization)] {
        if !positive(number) {
            return refused(flag, "a number above 0 (as a 32-bit float), at most 1e6", format!("{number:?}"));
        }
    }
    if args.ranker_precision == Stored::F16 {
        return refused("--ranker-precision", "int8 or f32", "f16".into());
    }
    args.ease.check()?;
    args.ncf.check()
}

fn read_inputs(args: &TrainArgs, tables: &TableOptions, output: Output) -> Result<Inputs> {
    let (mut data, cleaning) = args.source.read(tables, None)?;
    output.note(cleaning.text(&args.source.log));

    let (columns, catalogue) = match &args.items {
        Some(path) => {
            let (columns, report) =
                read_catalogue(path, &data.items, &args.item_columns, &args.source.item_tables(tables))?;
            output.note(catalogue_text(path, &report));
            (columns, Some(report))
        }
        None => (Vec::new(), None),
    };
    let held = match (&args.validation_fold_in, &args.validation_targets) {
        (Some(fold_in), Some(targets)) => {
            let index: std::collections::HashMap<&str, u32> = data.items.iter().map(String::as_str).zip(0..).collect();
            read_held_out(fold_in, targets, |id| index.get(id).copied(), tables)?.users
        }
        _ => hold_out(&mut data, args.validation, args.seed),
    };
    output.note(format!("train  {} users; {} held out for validation", grouped(data.users.len()), grouped(held.len())));
    Ok(Inputs { data, cleaning, columns, catalogue, held })
}

/// The model card: where the model comes from and how good it is. No clock in it: the same run gives the same bytes.
fn card(
    args: &TrainArgs,
    inputs: &Inputs,
    als: &[Epoch],
    ncf: &[Epoch],
    dot_weight: Option<f32>,
    candidates: Option<&Candidates>,
) -> Value {
    let file = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let kept = |diary: &[Epoch]| diary.iter().find(|epoch| epoch.kept).cloned();
    let lists = matches!(args.family, Family::Ease | Family::AlsEase);
    let ncf_options = (args.family == Family::Ncf).then_some(&args.ncf);
    json!({
        "trainer": concat!("proclivity ", env!("CARGO_PKG_VERSION")),
        "data": { "log": args.source.name(), "items": args.items.as_deref().and_then(file), "cleaning": inputs.cleaning },
        "seed": args.seed,
        "als": (args.family != Family::Ease).then(|| json!({ "dim": args.dim, "alpha": args.alpha,
            "regularization": args.regularization, "confidence": args.confidence, "kept": kept(als) })),
        "ease": lists.then_some(json!({ "options": args.ease, "dot_weight": dot_weight })),
        "ncf": ncf_options.map(|options| json!({ "options": options, "kept": kept(ncf) })),
        "candidates": candidates,
        "precision": { "items": args.precision, "ranker": args.ranker_precision },
        "validation_users": inputs.held.len(),
    })
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

fn summary(path: &Path, bytes: usize, seconds: f64, users: usize, rows: &[(&str, Metrics)]) -> String {
    let wrote = format!("wrote {}: {} bytes, in {seconds:.1} s", path.display(), grouped(bytes));
    match users {
        0 => wrote,
        _ => format!("{}\n{wrote}", metrics_table(&format!("validation, {} users", grouped(users)), rows)),
    }
}

//! `proclivity compress MODEL -o SMALL --fold-in F --targets T --max-loss 1%`

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use proclivity::model::Model;
use serde_json::{Value, json};

use super::inspect::hex_sha256;
use super::open_model;
use crate::compress::{Judge, Measured, Parts, Plan, Step, Try, climb_down};
use crate::dataset::{TableOptions, read_held_out};
use crate::error::{CliError, Result};
use crate::stored::Stored;
use crate::output::{Output, check_writable, grouped, table, write_atomically};

#[derive(Debug, Args)]
pub struct CompressArgs {
    /// Model file to start from
    model: PathBuf,
    /// Model file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Held-out users to measure with, none of whom the model was trained on: what is known of them
    #[arg(long, value_name = "FILE", requires = "targets")]
    fold_in: Option<PathBuf>,
    /// What they should be recommended
    #[arg(long, value_name = "FILE", requires = "fold_in")]
    targets: Option<PathBuf>,
    /// Go on until NDCG@100 is this much lower, such as 1%: fewer bits, neighbours and dimensions, whatever saves most for what it
    /// costs
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "fold_in")]
    max_loss: Option<f64>,

    /// Leave out these columns of the catalogue
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Steps, in this order")]
    drop_columns: Vec<String>,
    /// Leave out all of them: the page has its own titles and prices, and needs no filter
    #[arg(long, conflicts_with = "drop_columns", help_heading = "Steps, in this order")]
    no_catalogue: bool,
    /// Leave out items that fewer users had in training: they can be neither recommended nor folded in
    #[arg(long, value_name = "USERS", help_heading = "Steps, in this order")]
    drop_rare: Option<f32>,
    /// Narrow the vectors to this width by singular value decomposition; 0 leaves neighbour lists alone
    #[arg(long, value_name = "WIDTH", help_heading = "Steps, in this order")]
    rank: Option<usize>,
    /// Keep this many neighbours of each item, those of the largest weights
    #[arg(long, value_name = "COUNT", help_heading = "Steps, in this order")]
    neighbours: Option<usize>,
    /// Store neighbours' weights in four bits
    #[arg(long, help_heading = "Steps, in this order")]
    int4_neighbours: bool,
    /// Store item vectors so
    #[arg(long, value_enum, help_heading = "Steps, in this order")]
    precision: Option<Stored>,
}

/// One line of the result.
struct Line {
    name: String,
    measured: Measured,
    /// Whether the step is part of the result, where that was a choice.
    taken: Option<bool>,
}

pub fn run(args: &CompressArgs, tables: &TableOptions, output: Output) -> Result<()> {
    check(args)?;
    check_writable(&args.output)?;
    let model = open_model(&args.model)?;
    let source = fs::read(&args.model).map_err(|source| CliError::Open { path: args.model.clone(), source })?;
    let judge = judge(args, &model, tables)?;
    let original = judge.measure(&source)?;
    let mut lines = vec![Line { name: "original".into(), measured: original, taken: None }];

    let mut parts = Parts::of(&model);
    let mut plan = Plan::default();
    for step in asked(args, &parts) {
        plan = plan.with(step.clone());
        let measured = judge.measure(&plan.of(&parts)?.write()?)?;
        lines.push(Line { name: step.to_string(), measured, taken: None });
    }
    if let Some(most) = args.max_loss {
        let see = |tries: &[Try]| tries.iter().for_each(|tried| output.note(said(tried)));
        let descent = climb_down(&parts, plan, &judge, &original, most, see)?;
        plan = descent.plan;
        lines.extend(descent.tries.iter().map(line_of_try));
    }
    let reached = lines.iter().rev().find(|line| line.taken != Some(false)).map_or(original, |line| line.measured);
    let loss = reached.loss(&original);
    let too_far = args.max_loss.zip(loss).is_some_and(|(most, loss)| loss > most);
    let bytes = match plan.steps().is_empty() || too_far {
        true => source.clone(),
        false => {
            parts.spec.card = card(&parts.spec.card, &source, &plan, [&original, &reached]);
            plan.of(&parts)?.write()?
        }
    };
    write_atomically(&args.output, &bytes)?;
    let outcome = outcome(&args.output, [&source, &bytes], args.max_loss, loss);
    output.result(&format!("{}\n{outcome}", text(&lines)), || object(args, &lines, &plan, [&source, &bytes], too_far));
    Ok(())
}

/// What clap cannot say about the flags.
fn check(args: &CompressArgs) -> Result<()> {
    let refused = |flag, expected: &str, found: &str| {
        Err(CliError::Flag { flag, expected: expected.into(), found: found.into() })
    };
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if same(&args.model, &args.output) {
        return refused("--output", "another file than the model to start from", "the same");
    }
    let steps = !args.drop_columns.is_empty()
        || args.no_catalogue
        || args.int4_neighbours
        || args.drop_rare.is_some()
        || [args.rank, args.neighbours].iter().any(Option::is_some)
        || args.precision.is_some();
    if !steps && args.max_loss.is_none() {
        return refused("--max-loss", "a loss, or at least one step such as --precision int4", "neither");
    }
    match args.drop_rare {
        Some(users) if !(users > 0.0 && users <= 1e9) => {
            refused("--drop-rare", "a number of users above 0", &users.to_string())
        }
        _ if args.neighbours == Some(0) => refused("--neighbours", "at least 1", "0"),
        _ => Ok(()),
    }
}

/// `1%` or `0.01` as 0.01.
fn share(text: &str) -> std::result::Result<f64, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let share = match text.strip_suffix('%') {
        Some(percent) => number(percent).map(|percent| percent / 100.0),
        None => number(text),
    };
    share.filter(|share| (0.0..1.0).contains(share)).ok_or_else(|| "expected a share such as 1% or 0.01".into())
}

fn judge(args: &CompressArgs, model: &Arc<Model>, tables: &TableOptions) -> Result<Judge> {
    let users = match (&args.fold_in, &args.targets) {
        (Some(fold_in), Some(targets)) => read_held_out(fold_in, targets, |id| model.item_index(id), tables)?.users,
        _ => Vec::new(),
    };
    Ok(Judge::new(model, users))
}

/// The steps that flags ask for.
fn asked(args: &CompressArgs, parts: &Parts) -> Vec<Step> {
    let columns = match args.no_catalogue {
        true => parts.spec.columns.iter().map(|column| column.name.clone()).collect(),
        false => args.drop_columns.clone(),
    };
    let steps = [
        (!columns.is_empty()).then_some(Step::DropColumns(columns)),
        args.drop_rare.map(Step::DropRare),
        args.rank.map(Step::Rank),
        args.neighbours.map(Step::Neighbours),
        args.int4_neighbours.then_some(Step::Int4Neighbours),
        args.precision.map(Step::Precision),
    ];
    steps.into_iter().flatten().collect()
}

/// The card of the source, and what became of it: the steps, the source's hash, and quality before and after.
fn card(card: &Value, source: &[u8], plan: &Plan, [before, after]: [&Measured; 2]) -> Value {
    let mut card = if card.is_object() { card.clone() } else { json!({ "source": card }) };
    let mut earlier = card["compressed"].as_array().cloned().unwrap_or_default();
    earlier.push(json!({
        "source": { "sha256": hex_sha256(source), "bytes": source.len() },
        "steps": names(plan),
        "ndcg@100": { "source": before.ndcg, "compressed": after.ndcg },
    }));
    card["compressed"] = Value::Array(earlier);
    card
}

fn names(plan: &Plan) -> Vec<String> {
    plan.steps().iter().map(Step::to_string).collect()
}

fn line_of_try(tried: &Try) -> Line {
    let name = format!("{}. {}", tried.round, tried.step);
    Line { name, measured: tried.measured, taken: Some(tried.taken) }
}

fn said(tried: &Try) -> String {
    let verdict = if tried.taken { "taken" } else { "not taken" };
    let bytes = grouped(tried.measured.bytes);
    format!("round {}  {}: {bytes} bytes, {:.2} % lost, {verdict}", tried.round, tried.step, 100.0 * tried.loss)
}

fn text(lines: &[Line]) -> String {
    let original = lines[0].measured;
    let mut cells = vec![["step", "NDCG@100", "lost", "bytes", "of it", "gzip", ""].map(str::to_owned).to_vec()];
    for Line { name, measured, taken } in lines {
        let loss = measured.loss(&original).map_or("-".into(), |loss| format!("{:.2} %", 100.0 * loss));
        cells.push(vec![
            format!("  {name}"),
            measured.ndcg.map_or("-".into(), |ndcg| format!("{ndcg:.4}")),
            loss,
            grouped(measured.bytes),
            format!("{:.0} %", 100.0 * measured.bytes as f64 / original.bytes as f64),
            grouped(measured.gzip),
            taken.map_or("", |taken| if taken { "taken" } else { "left" }).into(),
        ]);
    }
    table(&cells)
}

fn outcome(path: &Path, [source, bytes]: [&[u8]; 2], most: Option<f64>, loss: Option<f64>) -> String {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let wrote = format!("wrote {}: {} bytes", path.display(), grouped(bytes.len()));
    match (most, source == bytes) {
        (Some(most), true) => {
            format!("no step stays within a loss of {}; the model is kept as it is\n{wrote}", percent(most))
        }
        _ => {
            let lost = loss.map_or(String::new(), |loss| format!(", {} of NDCG@100 lost", percent(loss)));
            format!("{wrote}, {:.0} % of the original{lost}", 100.0 * bytes.len() as f64 / source.len() as f64)
        }
    }
}

fn object(args: &CompressArgs, lines: &[Line], plan: &Plan, [source, bytes]: [&[u8]; 2], too_far: bool) -> Value {
    let original = lines[0].measured;
    let steps = lines.iter().map(|Line { name, measured, taken }| {
        json!({
            "step": name, "bytes": measured.bytes, "gzip": measured.gzip, "ndcg@100": measured.ndcg,
            "loss": measured.loss(&original), "taken": taken,
        })
    });
    json!({
        "model": args.output,
        "bytes": bytes.len(),
        "sha256": hex_sha256(bytes),
        "source": { "path": args.model, "bytes": source.len(), "sha256": hex_sha256(source) },
        "max_loss": args.max_loss,
        "plan": if too_far { Vec::new() } else { names(plan) },
        "kept_original": source == bytes,
        "steps": steps.collect::<Vec<_>>(),
    })
}

//! `proclivity compress MODEL -o SMALL --fold-in F --targets T --max-loss 1%`

mod show;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use proclivity::model::{Model, ModelSpec};
use serde_json::{Value, json};

use super::evaluate::moment;
use super::open_model;
use crate::card::{date, hex_sha256, write_beside};
use crate::compress::{DistillOptions, Judge, Measured, Parts, Plan, Step, Teacher, Try, climb_down};
use crate::dataset::{HeldOutFiles, LogColumnFlags, LogFlags, Reading, TableOptions, read_held_out};
use crate::error::{CliError, Result};
use crate::export::load;
use crate::output::{Output, check_writable, write_atomically};
use crate::stored::Stored;
use show::{Line, Outcome};

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
    /// Rank the items of the history too: for shops where people buy again
    #[arg(long, requires = "fold_in")]
    include_seen: bool,
    /// When lists are asked for, such as 2017-11-01: what the fold-in file has from then on is not known yet [default: the last
    /// time of that file]
    #[arg(long, value_name = "TIME", requires = "fold_in")]
    now: Option<String>,
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
    /// Fit a small student to what the model shows the users of this log, in vectors of the width of --rank alone
    #[arg(long, value_name = "LOG", requires = "rank", help_heading = "Steps, in this order")]
    distill: Option<PathBuf>,
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

    #[command(flatten, next_help_heading = "Distillation")]
    student: DistillOptions,
    #[command(flatten)]
    log: LogFlags,
}

pub fn run(args: &CompressArgs, tables: &TableOptions, output: Output) -> Result<()> {
    check(args)?;
    check_writable(&args.output)?;
    let model = open_model(&args.model)?;
    let source = fs::read(&args.model).map_err(|source| CliError::Open { path: args.model.clone(), source })?;
    let judge = judge(args, &model, tables)?;
    let original = judge.measure(&source)?;
    if args.max_loss.is_some() && original.ndcg == Some(0.0) {
        return Err(CliError::Flag {
            flag: "--max-loss",
            expected: "held-out users of whose targets the model has some among its best 100".into(),
            found: "none; give more users, or others".into(),
        });
    }
    let mut lines = vec![Line { name: "original".into(), measured: original, taken: None }];

    let mut parts = Parts::of(&model);
    let card = parts.spec.card.clone();
    if let (Some(log), Some(width)) = (&args.distill, args.rank) {
        let (data, cleaning) = args.log.read(log, tables, Reading::default())?;
        output.note(cleaning.text(log));
        parts = Teacher::new(&model, &data)?.teach(width, &args.student, &judge)?;
        let name = format!("student of width {width}");
        lines.push(Line { name, measured: judge.measure(&parts.write()?)?, taken: None });
    }
    let mut plan = Plan::default();
    for step in asked(args, &parts) {
        plan = plan.with(step.clone());
        let measured = judge.measure(&plan.of(&parts)?.write()?)?;
        lines.push(Line { name: step.to_string(), measured, taken: None });
    }
    if let Some(most) = args.max_loss {
        let see = |tries: &[Try]| tries.iter().for_each(|tried| output.note(show::said(tried)));
        let descent = climb_down(&parts, plan, &judge, &original, most, see)?;
        plan = descent.plan;
        lines.extend(descent.tries.iter().map(Line::from));
    }
    let reached = lines.iter().rev().find(|line| line.taken != Some(false)).map_or(original, |line| line.measured);
    let mut steps: Vec<String> = plan.steps().iter().map(Step::to_string).collect();
    if args.distill.is_some() {
        steps.insert(0, lines[1].name.clone());
    }
    let too_far = args.max_loss.zip(reached.loss(&original)).is_some_and(|(most, loss)| loss > most);
    let kept = steps.is_empty() || too_far;
    let bytes = if kept {
        source.clone()
    } else {
        let mut small = plan.of(&parts)?;
        small.spec.card = carded(&card, &source, &steps, args, [&original, &reached], &small.spec);
        small.write()?
    };
    write_atomically(&args.output, &bytes)?;
    let written = if kept { original } else { reached };
    let metrics = written.ndcg.map_or(Value::Null, |ndcg| json!({ "ndcg@100": ndcg }));
    write_beside(&args.output, &*load(&bytes)?, &bytes, &metrics)?;
    let outcome = Outcome { args, lines, steps, kept, source: &source, bytes: &bytes };
    output.result(&outcome.text(), || outcome.object());
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
        _ if args.distill.is_some() && !(1..=1024).contains(&args.rank.unwrap_or(0)) => {
            refused("--rank", "a width from 1 to 1024 for the student of --distill", "another")
        }
        _ => args.student.check(),
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
    let held = match (&args.fold_in, &args.targets) {
        (Some(fold_in), Some(targets)) => {
            let now = args.now.as_deref().map(|now| moment("--now", now)).transpose()?;
            read_held_out([fold_in, targets], &LogColumnFlags::of_model(model), |id| model.item_index(id), now, tables)?
        }
        _ => HeldOutFiles::default(),
    };
    Ok(Judge::new(model, held, args.include_seen))
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
        args.rank.filter(|_| args.distill.is_none()).map(Step::Rank),
        args.neighbours.map(Step::Neighbours),
        args.int4_neighbours.then_some(Step::Int4Neighbours),
        args.precision.map(Step::Precision),
    ];
    steps.into_iter().flatten().collect()
}

/// How the parts of a model are stored.
fn precision(spec: &ModelSpec) -> Value {
    let lists = spec.neighbours.as_ref().map(|lists| if lists.int4 { Stored::Int4 } else { Stored::Int8 });
    json!({
        "items": (spec.embedding.dim > 0).then(|| Stored::from(spec.embedding.precision)),
        "neighbours": lists,
        "ranker": spec.ranker.as_ref().map(|ranker| Stored::from(ranker.precision)),
    })
}

/// The card of the source, and what became of it: the steps, the source's hash, and quality before and after.
fn carded(
    card: &Value,
    source: &[u8],
    steps: &[String],
    args: &CompressArgs,
    [before, after]: [&Measured; 2],
    spec: &ModelSpec,
) -> Value {
    let mut card = if card.is_object() { card.clone() } else { json!({ "source": card }) };
    let mut earlier = card["compressed"].as_array().cloned().unwrap_or_default();
    let mut record = json!({
        "source": { "sha256": hex_sha256(source), "bytes": source.len() },
        "steps": steps,
        "items": spec.item_ids.len(),
        "dim": spec.embedding.dim,
        "ndcg@100": { "source": before.ndcg, "compressed": after.ndcg },
    });
    if args.distill.is_some() {
        record["student"] = json!(args.student);
    }
    earlier.push(record);
    // What the training measured and stored is no longer so.
    card["date"] = json!(date());
    card["measured"] = after.ndcg.map_or(Value::Null, |ndcg| json!({ "ndcg@100": ndcg }));
    card["precision"] = precision(spec);
    card["compressed"] = Value::Array(earlier);
    card
}

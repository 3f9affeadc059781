//! `proclivity evaluate MODEL --fold-in F --targets T`

use std::path::PathBuf;

use clap::Args;
use proclivity::score::Stage;
use serde_json::json;

use super::open_model;
use crate::dataset::{TableOptions, read_held_out};
use crate::error::Result;
use crate::evaluate::{Metrics, evaluate_model, evaluate_popularity};
use crate::output::{Output, grouped, table};

#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Model file
    model: PathBuf,
    /// What is known of the held-out users: columns user and item
    #[arg(long, value_name = "FILE")]
    fold_in: PathBuf,
    /// What they should be recommended: columns user and item
    #[arg(long, value_name = "FILE")]
    targets: PathBuf,
}

pub fn run(args: &EvaluateArgs, tables: &TableOptions, output: Output) -> Result<()> {
    let model = open_model(&args.model)?;
    let held = read_held_out(&args.fold_in, &args.targets, |id| model.item_index(id), tables)?;
    let popularity = model.popularity().map_or_else(|| vec![0.0; model.item_count()], <[f32]>::to_vec);
    let mut rows = vec![("most popular", evaluate_popularity(&popularity, &held.users))];
    rows.push(("retrieval (als)", evaluate_model(&model, &held.users, Stage::Retrieval)?));
    if model.ranker().is_some() {
        rows.push(("cascade (als+ncf)", evaluate_model(&model, &held.users, Stage::Cascade)?));
    }
    if held.unknown_fold_in + held.unknown_targets + held.skipped > 0 {
        output.note(format!(
            "not in the model: {} fold-in rows (ignored), {} targets (counted as missed); users without both parts: {}",
            held.unknown_fold_in, held.unknown_targets, held.skipped
        ));
    }
    let title = format!("{} users, {} items ranked", grouped(held.users.len()), grouped(model.item_count()));
    output.result(&metrics_table(&title, &rows), || {
        json!({
            "users": held.users.len(),
            "items": model.item_count(),
            "skipped_users": held.skipped,
            "unknown_fold_in": held.unknown_fold_in,
            "unknown_targets": held.unknown_targets,
            "popular": rows[0].1,
            "retrieval": rows[1].1,
            "cascade": rows.get(2).map(|row| row.1),
        })
    });
    Ok(())
}

/// Metrics for people, one row a ranking.
pub fn metrics_table(title: &str, rows: &[(&str, Metrics)]) -> String {
    let mut cells = vec![[title, "Recall@20", "Recall@50", "NDCG@100"].map(str::to_owned).to_vec()];
    for (name, metrics) in rows {
        let numbers = [metrics.recall_20, metrics.recall_50, metrics.ndcg_100].map(|value| format!("{value:.4}"));
        cells.push([vec![format!("  {name}")], numbers.to_vec()].concat());
    }
    table(&cells)
}

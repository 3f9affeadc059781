//! `proclivity replay MODEL LOG --from TIME`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::evaluate::moment;
use super::open_model;
use crate::dataset::{LogSource, Reading, TableOptions};
use crate::error::{CliError, Result};
use crate::families::{WINDOW, foresee, visits_of};
use crate::output::{Output, grouped, table};

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Model file, trained on what was before
    model: PathBuf,
    #[command(flatten)]
    source: LogSource,
    /// What came from this time on is foreseen, such as 2017-10-01
    #[arg(long, value_name = "TIME")]
    from: String,
}

pub fn run(args: &ReplayArgs, tables: &TableOptions, output: Output) -> Result<()> {
    let model = open_model(&args.model)?;
    let from = moment("--from", &args.from)?;
    let Some(timing) = &model.manifest().timing else {
        return Err(CliError::Flag {
            flag: "MODEL",
            expected: "a model that knows when people come: trained on a log with times of day".into(),
            found: args.model.display().to_string(),
        });
    };
    let (data, cleaning) = args.source.read(tables, Reading::default())?;
    output.note(cleaning.text(&args.source.log));
    let foreseen = foresee(&visits_of(&data), from as f64, usize::MAX, timing);
    if !data.has_time || foreseen.visits == 0 {
        let found = if data.has_time { "none" } else { "a log without times" };
        return Err(CliError::Flag {
            flag: "--from",
            expected: "visits after it, of users who came before".into(),
            found: found.into(),
        });
    }
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let row = |what: &str, share: f64| {
        vec![what.to_owned(), percent(share), format!("{:.2}", share / foreseen.population.max(f64::MIN_POSITIVE))]
    };
    let rows = [
        vec!["best window".into(), "holds the next visit".into(), "times the population's".into()],
        row("the user's rhythm", foreseen.rhythm),
        row("the population's", foreseen.population),
        row("around the user's most frequent hour", foreseen.own),
    ];
    let text = format!("{} visits, windows of {WINDOW} hours\n\n{}", grouped(foreseen.visits), table(&rows));
    output.result(&text, || json!({ "timing": foreseen }));
    Ok(())
}

//! `proclivity evaluate MODEL... --fold-in F --targets T`

mod inputs;
mod json;
mod tables;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use proclivity::model::{Model, Scoring};
use proclivity::score::Stage;

use crate::card::date;
use crate::dataset::{HeldOut, TableOptions, iso_time};
use crate::error::{CliError, Result};
use crate::evaluate::{
    Beginnings, Bootstrap, Entry, Evaluation, Facts, Lens, Listing, Metric, Origin, Task, compare, page,
};
use crate::output::{Output, check_writable, file_name, grouped, write_atomically};
use inputs::{Inputs, read_inputs};
pub use tables::metrics_table;

#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Model files; several are compared with the first on the same users
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// What is known of the held-out users: columns user and item, and their ratings for models that predict ratings
    #[arg(long, value_name = "FILE")]
    fold_in: PathBuf,
    /// What they should be recommended: columns user and item, and a rating for models that predict ratings
    #[arg(long, value_name = "FILE")]
    targets: PathBuf,
    /// Lengths of the lists that are judged
    #[arg(long, value_name = "LENGTHS", value_delimiter = ',', default_value = "10,20,50,100")]
    at: Vec<usize>,
    /// Also write everything with plots as one HTML page
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Rank the items of the history too: for shops where people buy again
    #[arg(long, help_heading = "What is ranked")]
    include_seen: bool,
    /// The moment lists are asked for, such as 2017-11-01: later events of the fold-in are not known yet, and what is due is told
    /// as of then [default: the time of its last event]
    #[arg(long, value_name = "TIME", help_heading = "What is ranked")]
    now: Option<String>,
    /// Rank each user's targets only among these items: one user a row with its items, or columns user and item
    #[arg(long, value_name = "FILE", conflicts_with = "sampled_negatives", help_heading = "What is ranked")]
    negatives: Option<PathBuf>,
    /// Rank each user's targets only among this many items drawn at random
    #[arg(long, value_name = "COUNT", help_heading = "What is ranked")]
    sampled_negatives: Option<usize>,

    /// Also measure lists with these options, as a page gives them: such as {"diversity":0.5}. Once for each
    #[arg(long, value_name = "JSON", help_heading = "Lists")]
    list: Vec<String>,
    /// How long these lists are
    #[arg(long, value_name = "LENGTH", default_value_t = 20, requires = "list", help_heading = "Lists")]
    list_length: usize,

    /// Table of users, for --group-by
    #[arg(long, value_name = "FILE", requires = "group_by", help_heading = "Groups")]
    users: Option<PathBuf>,
    /// Columns of that table by whose values users are set apart
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', requires = "users", help_heading = "Groups")]
    group_by: Vec<String>,

    /// How good are lists after so many first events? Of users who have as many as the largest number [default: with
    /// --report 1,3,5,10]
    #[arg(long, value_name = "COUNTS", value_delimiter = ',')]
    events: Vec<usize>,
    /// Category column of the catalogue: do lists mirror the histories in it?
    #[arg(long, value_name = "COLUMN")]
    calibration_column: Option<String>,
    /// Resamples of users for the intervals
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    resamples: usize,
    /// Seed of the resamples and of --sampled-negatives
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

/// Numbers of first events that a report tells of.
const EVENTS: &[usize] = &[1, 3, 5, 10];

impl EvaluateArgs {
    /// The users whose lists are judged after their first events, and how many of these.
    fn beginnings(&self, users: &[HeldOut]) -> Result<Beginnings> {
        let longest = users.iter().map(|user| user.events.len()).max().unwrap_or_default();
        let mut events = match (&self.events[..], &self.report) {
            ([], Some(_)) => EVENTS.iter().copied().filter(|&events| events <= longest).collect(),
            (events, _) => events.to_vec(),
        };
        events.sort_unstable();
        events.dedup();
        match events.last().filter(|&&most| most > longest) {
            None => Ok(Beginnings::of(&events, users)),
            Some(most) => Err(CliError::Flag {
                flag: "--events",
                expected: format!("at most {}, as the longest history has", grouped(longest)),
                found: most.to_string(),
            }),
        }
    }

    /// The lists that are measured beside those by score.
    fn listings(&self) -> Result<Vec<Listing>> {
        self.list.iter().map(|text| Listing::read(text, self.list_length)?.once()).collect()
    }

    /// The moment lists are asked for, in milliseconds since 1970.
    fn now(&self) -> Result<Option<i64>> {
        self.now.as_deref().map(|now| moment("--now", now)).transpose()
    }
}

/// The time given with `flag` in milliseconds since 1970.
///
/// # Errors
/// [`CliError::Flag`].
pub fn moment(flag: &'static str, text: &str) -> Result<i64> {
    iso_time(text).ok_or_else(|| CliError::Flag {
        flag,
        expected: "an ISO 8601 time such as 2017-11-01".into(),
        found: format!("`{text}`"),
    })
}

pub fn run(args: &EvaluateArgs, tables: &TableOptions, output: Output) -> Result<()> {
    check(args)?;
    if let Some(path) = &args.report {
        check_writable(path)?;
    }
    let inputs = read_inputs(args, tables)?;
    inputs.notes().iter().for_each(|note| output.note(note));
    let evaluation = evaluate(args, &inputs)?;
    if let Some(path) = &args.report {
        write_atomically(path, page(&evaluation, &inputs.notes()).as_bytes())?;
        output.note(format!("wrote {}", path.display()));
    }
    output.result(&tables::text(&evaluation), || json::object(&evaluation, &inputs));
    Ok(())
}

/// What clap cannot say about the flags.
fn check(args: &EvaluateArgs) -> Result<()> {
    args.now()?;
    args.listings()?;
    let refused = |flag, expected: &str, found: String| Err(CliError::Flag { flag, expected: expected.into(), found });
    if args.at.is_empty() || args.at.contains(&0) {
        return refused("--at", "list lengths from 1, such as 10,20,100", format!("{:?}", args.at));
    }
    if args.events.contains(&0) {
        return refused("--events", "numbers of events from 1, such as 1,3,5,10", format!("{:?}", args.events));
    }
    if args.sampled_negatives == Some(0) {
        return refused("--sampled-negatives", "at least 1", "0".into());
    }
    if args.list_length == 0 {
        return refused("--list-length", "at least 1", "0".into());
    }
    match args.resamples {
        10..=1_000_000 => Ok(()),
        other => refused("--resamples", "from 10 to 1,000,000", grouped(other)),
    }
}

/// Measures the most popular items, where they are known, then every stage of every model.
fn evaluate(args: &EvaluateArgs, inputs: &Inputs) -> Result<Evaluation> {
    let metrics = Metric::all(&inputs.contenders[0].protocol.cutoffs);
    let bootstrap = Bootstrap { resamples: args.resamples, seed: args.seed };
    let beginnings = args.beginnings(&inputs.contenders[0].users)?;
    let listings = args.listings()?;
    let (mut entries, mut comparisons, mut first) = (Vec::new(), Vec::new(), None);
    for (place, contender) in inputs.contenders.iter().enumerate() {
        let facts = facts(args, &contender.model)?;
        let (users, protocol) = (contender.users.as_slice(), &contender.protocol);
        let task = Task {
            users,
            protocol,
            metrics: &metrics,
            ratings: &contender.ratings,
            now: contender.held.now,
            after: None,
            listing: None,
        };
        let some: Vec<HeldOut> = beginnings.users.iter().map(|&at| users[at].clone()).collect();
        let few = protocol.of_users(&beginnings.users);
        let after = |events: usize| Task { users: &some, protocol: &few, after: Some(events), ratings: &[], ..task };
        let lens = Lens { users, protocol, facts: &facts, groupings: &inputs.groupings, bootstrap };
        if place == 0 && knows_popularity(&contender.model) {
            let popularity: Vec<f32> = facts.popularity.iter().map(|&count| count as f32).collect();
            let measured = task.popularity(&popularity)?;
            let after = beginnings.estimates(bootstrap, |events| after(events).popularity(&popularity))?;
            entries.push(Entry { after, ..lens.entry(None, "popular", "most popular".into(), false, &measured) });
        }
        let stages = stages(&contender.model);
        for (nth, (stage, name)) in stages.iter().enumerate() {
            let measured = task.model(&contender.model, *stage)?;
            let ships = nth + 1 == stages.len();
            let after = match ships {
                true => beginnings.estimates(bootstrap, |events| after(events).model(&contender.model, *stage))?,
                false => Vec::new(),
            };
            entries.push(Entry { after, ..lens.entry(Some(place), name, inputs.label(place, name), ships, &measured) });
            for listing in listings.iter().filter(|_| ships) {
                let measured = Task { listing: Some(listing), ratings: &[], ..task }.model(&contender.model, *stage)?;
                let fair = listing.fair(&contender.model, &measured.lists)?;
                let label = format!("{} {}", inputs.label(place, name), listing.text);
                entries.push(Entry { fair, ..lens.entry(Some(place), "list", label, false, &measured) });
            }
            match (ships, &first) {
                (true, None) => first = Some(measured),
                (true, Some(first)) => comparisons.push(compare(place, &measured, first, bootstrap)),
                (false, _) => {}
            }
        }
    }
    let name = |path| file_name(path).unwrap_or_default();
    Ok(Evaluation {
        origin: Origin { date: date(), fold_in: name(&args.fold_in), targets: name(&args.targets) },
        subjects: inputs.contenders.iter().map(|contender| contender.subject.clone()).collect(),
        users: inputs.contenders[0].users.len(),
        protocol: inputs.contenders[0].protocol.clone(),
        metrics,
        bootstrap,
        groupings: inputs.groupings.iter().map(|grouping| grouping.name.clone()).collect(),
        calibration_column: args.calibration_column.clone(),
        entries,
        comparisons,
        without_ratings: inputs.without_ratings.clone(),
        beginnings,
    })
}

/// Whether a list of the most popular items can be made: a model made of vectors alone counts nothing.
fn knows_popularity(model: &Model) -> bool {
    model.popularity().is_some_and(|counts| counts.iter().any(|&count| count > 0.0))
}

/// The stages of a model, what ships last.
fn stages(model: &Model) -> Vec<(Stage, &'static str)> {
    let retrieval = (Stage::Retrieval, "retrieval");
    match &model.manifest().scoring {
        Scoring::Dot => vec![retrieval],
        Scoring::Mlp(_) => vec![retrieval, (Stage::Ranking, "ranking")],
        Scoring::Cascade { .. } => vec![retrieval, (Stage::Cascade, "cascade")],
    }
}

fn facts(args: &EvaluateArgs, model: &Arc<Model>) -> Result<Facts> {
    Facts::of_model(model, args.calibration_column.as_deref()).map_err(|columns| CliError::Flag {
        flag: "--calibration-column",
        expected: match columns.is_empty() {
            true => "a category column of the model's catalogue, which has none (train with --items)".into(),
            false => format!("one of the category columns `{}`", columns.join("`, `")),
        },
        found: format!("`{}`", args.calibration_column.as_deref().unwrap_or_default()),
    })
}

//! `proclivity tune LOG --family auto --budget 10m -o model.safetensors`

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Parser};
use proclivity::model::Column;
use serde_json::json;

use super::inputs::{InputArgs, Inputs};
use super::train::{Order, StorageArgs};
use crate::dataset::{HeldOut, Interactions, TableOptions, columns_of};
use crate::error::{CliError, Result};
use crate::families::{Checkpoint, Earlier, Family, Fingerprint, Fit, Recipe, VectorFamily};
use crate::output::{Output, check_writable, grouped, table, with_ending};
use crate::tune::{AUTO, Budget, Draw, RUNGS, Room, Schedule, Trial, Trials, defaults, joined};

/// Fewest training users of a rung: on fewer a comparison says nothing.
const FEWEST_USERS: usize = 200;
/// Fewest held-out users that trials of a rung are judged by: with thousands, the measuring takes longer than the training.
const FEWEST_HELD: usize = 500;
/// What `--family` has for all the likely ones.
const AUTO_NAME: &str = "auto";
/// Lines of the table of trials.
const SHOWN: usize = 15;

#[derive(Debug, Args)]
pub struct TuneArgs {
    #[command(flatten)]
    inputs: InputArgs,
    /// Model file to write: the best recipe's
    #[arg(short, long, value_name = "FILE", default_value = "model.safetensors")]
    output: PathBuf,
    /// Families to search: `auto` for als, elsa, ease, slim and item-knn, the best vectors then joined with the best lists; or names
    /// as in `train`, separated by commas. Not svd++: trials are judged by how they rank held-out users, and the ratings it foresees
    /// are not a ranking
    #[arg(long, value_name = "NAMES", default_value = "auto")]
    family: String,
    /// Recipes drawn
    #[arg(long, value_name = "COUNT", default_value_t = 60)]
    trials: usize,
    /// Time that all trials may take, such as 90s, 10m or 2h [default: no bound]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    budget: Option<f64>,
    /// Largest model, without its catalogue, such as 1.5MB: larger ones are out [default: no bound]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_size: Option<usize>,
    /// Where trials are kept, one JSON line each: the same command goes on from there [default: that of the model file and .trials.jsonl]
    #[arg(long, value_name = "FILE")]
    trials_file: Option<PathBuf>,
    /// Picks the users held out and the recipes drawn
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten, next_help_heading = "Model file")]
    storage: StorageArgs,
    /// After --, flags of `train` that every trial has, such as -- --dim 32 --confidence binary
    #[arg(last = true, value_name = "FLAGS")]
    fixed: Vec<String>,
}

/// The flags of a recipe alone.
#[derive(Parser)]
#[command(no_binary_name = true, name = "proclivity train")]
struct RecipeFlags {
    #[command(flatten)]
    recipe: Recipe,
}

pub fn run(args: &TuneArgs, tables: &TableOptions, output: Output) -> Result<()> {
    let families = families(&args.family)?;
    recipe(&defaults(families[0], &args.fixed))?;
    args.storage.check()?;
    check_writable(&args.output)?;
    let inputs = args.inputs.read(tables, args.seed, false, output)?;
    if inputs.held.is_empty() {
        return Err(CliError::Flag {
            flag: "--validation",
            expected: "users held out, which trials are judged by".into(),
            found: "none".into(),
        });
    }
    let families = allowed(families, args, &inputs, output)?;
    let budget = Budget { trials: args.trials.max(families.len()), seconds: args.budget };
    let draw = Draw::new(families, args.fixed.clone(), args.seed);
    let fingerprint = Fingerprint::of(&inputs.data, &inputs.held, [&inputs.columns, &inputs.user_columns]);
    let search = json!({
        "search": args.family, "fixed": args.fixed, "seed": args.seed, "max_size": args.max_size, "inputs": fingerprint,
    });
    let mut trials = Trials::open(&args.trials_file(), &search.to_string())?;
    Checkpoint::expect_own(&args.output, |key| {
        trials.ranked().iter().any(|trial| recipe(&trial.flags).is_ok_and(|recipe| fingerprint.key(&recipe) == key))
    })?;
    let room = Room { items: inputs.data.items.len(), most: args.max_size };
    let schedule = Schedule { budget, join: (args.family == AUTO_NAME).then_some(room) };
    let mut arena: Option<Arena> = None;
    while let Some((number, rung)) = schedule.next(&trials) {
        let same = arena.take().filter(|arena| arena.rung == rung);
        let arena = arena.insert(same.unwrap_or_else(|| Arena::new(&inputs, rung, args.seed)));
        let flags = match number.checked_sub(budget.trials) {
            Some(at) => joined(&trials, room).swap_remove(at),
            None => draw.flags(number, &trials),
        };
        let trial = arena.measure(args, number, flags)?;
        output.note(format!(
            "trial {number:>3}  rung {rung}  {}  {:.1} s  {}",
            trial.ndcg.map_or("   -  ".into(), |ndcg| format!("{ndcg:.4}")),
            trial.seconds,
            trial.error.clone().unwrap_or_else(|| trial.flags.join(" "))
        ));
        trials.add(trial)?;
    }
    output.note(listing(&trials));
    let best = trials.best().ok_or_else(|| none_good(args, &trials))?;
    output.note(format!("best   proclivity train LOG {}, with what this search says of the log", best.flags.join(" ")));
    let recipe = recipe(&best.flags)?;
    let (recipe_flags, storage) = (Some(best.flags.as_slice()), &args.storage);
    let order =
        Order { args: &args.inputs, recipe: &recipe, flags: recipe_flags, storage, path: &args.output, curves: None };
    order.carry_out(&inputs, Earlier::Own, output)
}

impl TuneArgs {
    fn trials_file(&self) -> PathBuf {
        self.trials_file.clone().unwrap_or_else(|| with_ending(&self.output, ".trials.jsonl"))
    }
}

/// What the trials of a rung learn from and are judged by.
struct Arena<'a> {
    rung: usize,
    /// Of the training users.
    share: f64,
    data: Cow<'a, Interactions>,
    held: Cow<'a, [HeldOut]>,
    /// Of the items of the data, and of its users.
    columns: Vec<Column>,
    user_columns: Vec<Column>,
}

impl Arena<'_> {
    fn new(inputs: &Inputs, rung: usize, seed: u64) -> Arena<'_> {
        let part = |fewest: usize, of: usize| RUNGS[rung].max(fewest as f64 / of.max(1) as f64).min(1.0);
        let share = part(FEWEST_USERS, inputs.data.users.len());
        let data = match share < 1.0 {
            true => Cow::Owned(inputs.data.sample_users(share, seed)),
            false => Cow::Borrowed(&inputs.data),
        };
        let every = (1.0 / part(FEWEST_HELD, inputs.held.len())) as usize;
        let held = match every > 1 {
            true => Cow::Owned(inputs.held.iter().step_by(every).cloned().collect()),
            false => Cow::Borrowed(&inputs.held[..]),
        };
        let columns = columns_of(&inputs.columns, &inputs.data.items, &data.items);
        let user_columns = columns_of(&inputs.user_columns, &inputs.data.users, &data.users);
        Arena { rung, share, data, held, columns, user_columns }
    }

    /// Trains one recipe and measures it.
    ///
    /// # Errors
    /// None of the training's own: those are the trial's.
    fn measure(&self, args: &TuneArgs, number: usize, flags: Vec<String>) -> Result<Trial> {
        let started = Instant::now();
        let (rung, data) = (self.rung, &*self.data);
        let recipe = recipe(&flags)?.on_share(self.share);
        let fit = Fit {
            data,
            held: &self.held,
            columns: &self.columns,
            user_columns: &self.user_columns,
            output: Output { json: true },
            checkpoint: None,
            curves: None,
        };
        let outcome = recipe.train(data, &fit).and_then(|(trained, _)| fit.judge(&trained));
        let seconds = started.elapsed().as_secs_f64();
        let trial = Trial { number, rung, flags, ndcg: None, bytes: 0, seconds, error: None };
        Ok(match outcome {
            Ok((_, bytes)) if args.max_size.is_some_and(|most| bytes > most) => {
                Trial { bytes, error: Some(format!("{} bytes, more than --max-size", grouped(bytes))), ..trial }
            }
            Ok((ndcg, bytes)) => Trial { ndcg, bytes, ..trial },
            Err(error) => Trial { error: Some(error.to_string()), ..trial },
        })
    }
}

fn families(text: &str) -> Result<Vec<Family>> {
    let names: Vec<&str> = if text == AUTO_NAME { AUTO.to_vec() } else { text.split(',').collect() };
    let refused = |expected, found: &str| CliError::Flag { flag: "--family", expected, found: format!("`{found}`") };
    let family = |name: &str| -> Result<Family> {
        let family: Family = name.parse().map_err(|expected| refused(expected, text))?;
        match family.vectors {
            Some(VectorFamily::Svdpp) => Err(refused(
                "families that rank, since trials are judged by NDCG@100 and ratings are not a ranking; svd++ is for \
                 `proclivity train`, and `evaluate` has its RMSE"
                    .into(),
                name,
            )),
            _ => Ok(family),
        }
    };
    names.into_iter().map(family).collect()
}

/// Those of `families` that the log allows.
///
/// # Errors
/// Why the first one is not allowed, where none is.
fn allowed(families: Vec<Family>, args: &TuneArgs, inputs: &Inputs, output: Output) -> Result<Vec<Family>> {
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    for family in families {
        let recipe = recipe(&defaults(family, &args.fixed))?;
        let checked = recipe.check_log(&inputs.data, args.inputs.source.memory());
        match checked.and_then(|()| inputs.check_recipe(&recipe)) {
            Ok(()) => kept.push(family),
            Err(error) => refused.push((family, error)),
        }
    }
    if kept.is_empty() {
        return Err(refused.swap_remove(0).1);
    }
    refused.iter().for_each(|(family, error)| output.note(format!("tune   without {family}: {error}")));
    Ok(kept)
}

/// Why no trial can be shipped.
fn none_good(args: &TuneArgs, trials: &Trials) -> CliError {
    let ranked = trials.ranked();
    // A model without a measure, but with a size, was too large.
    let smallest = ranked.iter().map(|trial| trial.bytes).filter(|&bytes| bytes > 0).min();
    match (args.max_size, smallest) {
        (Some(most), Some(smallest)) => CliError::Flag {
            flag: "--max-size",
            expected: format!("{} bytes or more, as the smallest model of the trials has", grouped(smallest)),
            found: grouped(most),
        },
        _ => {
            let error = ranked.iter().find_map(|trial| trial.error.as_deref()).unwrap_or_default();
            let (flag, expected) = ("--family", "at least one trial whose training succeeds".into());
            CliError::Flag { flag, expected, found: format!("none; a trial says: {error}") }
        }
    }
}

/// The recipe of these flags.
///
/// # Errors
/// [`CliError::Flag`] for flags that `train` would refuse.
fn recipe(flags: &[String]) -> Result<Recipe> {
    let parsed = RecipeFlags::try_parse_from(flags).map_err(|error| CliError::Flag {
        flag: "after --",
        expected: "flags of `proclivity train` that belong to a family".into(),
        found: error.to_string().lines().next().unwrap_or_default().to_owned(),
    })?;
    parsed.recipe.check()?;
    Ok(parsed.recipe)
}

fn listing(trials: &Trials) -> String {
    let mut rows = vec![["trial", "users", "NDCG@100", "bytes", "seconds", "flags"].map(str::to_owned).to_vec()];
    for trial in trials.ranked().into_iter().take(SHOWN) {
        rows.push(vec![
            trial.number.to_string(),
            ["1/9", "1/3", "all"][trial.rung].to_owned(),
            trial.ndcg.map_or("-".into(), |ndcg| format!("{ndcg:.4}")),
            grouped(trial.bytes),
            format!("{:.1}", trial.seconds),
            trial.flags.join(" "),
        ]);
    }
    table(&rows)
}

/// `90s`, `10m`, `2h`, or a number of seconds.
fn seconds(text: &str) -> std::result::Result<f64, String> {
    amount(text, &[("s", 1.0), ("m", 60.0), ("h", 3600.0), ("", 1.0)], "a time such as 90s, 10m or 2h")
}

/// `1.5MB`, `800KB`, or a number of bytes.
fn bytes(text: &str) -> std::result::Result<usize, String> {
    amount(text, &[("MB", 1e6), ("KB", 1e3), ("B", 1.0), ("", 1.0)], "a size such as 800KB or 1.5MB")
        .map(|n| n as usize)
}

fn amount(text: &str, units: &[(&str, f64)], expected: &str) -> std::result::Result<f64, String> {
    let number = |&(unit, scale): &(&str, f64)| Some(text.strip_suffix(unit)?.trim().parse::<f64>().ok()? * scale);
    let found = units.iter().find_map(number).filter(|amount| amount.is_finite() && *amount > 0.0);
    found.ok_or_else(|| format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read() {
        assert_eq!(["90s", "10m", "2h", "45"].map(|text| seconds(text).expect(text)), [90.0, 600.0, 7200.0, 45.0]);
        assert_eq!(["1.5MB", "800 KB", "77"].map(|text| bytes(text).expect(text)), [1_500_000, 800_000, 77]);
        assert!(["", "m", "-1s", "1d", "inf"].iter().all(|text| seconds(text).is_err()));
    }

    #[test]
    fn every_drawn_recipe_is_one_that_train_takes() {
        let others = ["bpr", "logistic-mf", "item2vec", "elsa"];
        let families: Vec<Family> = AUTO.iter().chain(&others).map(|name| name.parse().expect(name)).collect();
        let draw = Draw::new(families, vec!["--dim".into(), "32".into()], 3);
        for number in 0..160 {
            let flags = draw.flags(number, &Trials::default());
            assert_eq!(recipe(&flags).unwrap_or_else(|error| panic!("{flags:?}: {error}")).dim, 32);
        }
        assert!(recipe(&["--preset".into(), "x".into()]).is_err_and(|error| error.to_string().contains("after --")));
    }
}

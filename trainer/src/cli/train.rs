//! `proclivity train LOG --items ITEMS -o model.safetensors`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use proclivity::model::{Model, Online};
use proclivity::score::Stage;
use serde::Serialize;
use serde_json::{Value, json};

use super::evaluate::metrics_table;
use super::inputs::{InputArgs, Inputs};
use crate::card::{date, hex_sha256, log_sha256, write_beside};
use crate::curves::Curves;
use crate::dataset::TableOptions;
use crate::deep::{FittedContext, fit_content, fit_context};
use crate::error::{CliError, Result};
use crate::evaluate::{Judged, Metrics, evaluate_model, evaluate_popularity};
use crate::export::{Contents, Storage, export, load};
use crate::families::{
    Candidates, Checkpoint, Diary, Earlier, Fingerprint, Fit, OnlineFit, PriorStep, Recipe, Trained, WINDOW,
    choose_candidates, fit_online, fit_prior, fit_timing,
};
use crate::output::{Output, check_writable, file_name, grouped, write_atomically};
use crate::stored::Stored;

#[derive(Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    inputs: InputArgs,
    /// Model file to write
    #[arg(short, long, value_name = "FILE", default_value = "model.safetensors")]
    output: PathBuf,
    /// Go on with the training that was stopped before
    #[arg(long)]
    resume: bool,
    /// Write loss and validation of every epoch into this folder as it goes: curves.csv, curves.html, an event file for TensorBoard
    #[arg(long, value_name = "FOLDER")]
    curves: Option<PathBuf>,
    #[command(flatten)]
    recipe: Recipe,

    #[command(flatten, next_help_heading = "Model file")]
    storage: StorageArgs,
}

/// How the tables of the model file are stored.
#[derive(Debug, Clone, Copy, Args, Serialize)]
pub struct StorageArgs {
    /// How the item vectors are stored
    #[arg(long, value_enum, default_value = "int8")]
    #[serde(rename = "items")]
    precision: Stored,
    /// How the ranker's hidden layers are stored and computed, int8 or f32; int8 needs int8 or int4 items and two of them
    #[arg(long, value_enum, default_value = "int8")]
    #[serde(rename = "ranker")]
    ranker_precision: Stored,
}

impl StorageArgs {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        match self.ranker_precision {
            Stored::Int8 | Stored::F32 => Ok(()),
            other => Err(CliError::Flag {
                flag: "--ranker-precision",
                expected: "int8 or f32".into(),
                found: other.to_string(),
            }),
        }
    }

    fn storage(&self) -> Storage {
        Storage { items: self.precision.into(), ranker: self.ranker_precision.into() }
    }
}

pub fn run(args: &TrainArgs, tables: &TableOptions, output: Output) -> Result<()> {
    args.recipe.check()?;
    args.storage.check()?;
    check_writable(&args.output)?;
    let inputs = args.inputs.read(tables, args.recipe.seed, args.recipe.family.rates(), output)?;
    let (recipe, storage) = (&args.recipe, &args.storage);
    let order =
        Order { args: &args.inputs, recipe, flags: None, storage, path: &args.output, curves: args.curves.as_deref() };
    let earlier = if args.resume { Earlier::Resumed } else { Earlier::Refused };
    order.carry_out(&inputs, earlier, output)
}

/// A model to be trained and written.
pub struct Order<'a> {
    pub args: &'a InputArgs,
    pub recipe: &'a Recipe,
    /// The flags of a recipe that was searched for, to be told.
    pub flags: Option<&'a [String]>,
    pub storage: &'a StorageArgs,
    pub path: &'a Path,
    /// The folder for the curves.
    pub curves: Option<&'a Path>,
}

impl Order<'_> {
    /// Trains on what was read, writes the file and says how good it is. A training that was stopped is treated as
    /// `earlier` says.
    ///
    /// # Errors
    /// As [`Recipe::train`], or a file that cannot be written.
    pub fn carry_out(&self, inputs: &Inputs, earlier: Earlier, output: Output) -> Result<()> {
        let started = Instant::now();
        let (data, held) = (&inputs.data, inputs.held.as_slice());
        self.recipe.check_log(data, self.args.source.memory())?;
        inputs.check_recipe(self.recipe)?;
        let key = Fingerprint::of(data, held, [&inputs.columns, &inputs.user_columns]).key(self.recipe);
        let checkpoint = Checkpoint::beside(self.path, key, earlier, output)?;
        let curves = self.curves.map(Curves::begin).transpose()?;
        let fit = Fit {
            data,
            held,
            columns: &inputs.columns,
            user_columns: &inputs.user_columns,
            output,
            checkpoint: Some(&checkpoint),
            curves: curves.as_ref(),
        };
        let (mut trained, diary) = self.recipe.train(data, &fit)?;
        let prior = self.fit_prior(&mut trained, &fit)?;
        self.recipe.add_repurchase(&mut trained, &diary, &fit)?;
        if let (true, Some(vectors)) = (self.recipe.content, &trained.vectors) {
            let (spec, fit) = fit_content(vectors, &inputs.columns, &data.popularity(), self.recipe.seed)?;
            let fields: Vec<&str> = spec.shape.fields.iter().map(|field| field.column.as_str()).collect();
            output.note(format!(
                "content   of {}: {:.0} % of what tells held-out items apart, after {} epochs",
                fields.join(", "),
                100.0 * fit.explained,
                fit.epochs
            ));
            trained.content = Some(spec);
        }
        if let (true, Some(vectors)) = (self.recipe.context, &trained.vectors) {
            let FittedContext { spec, gain } =
                fit_context(vectors, data, &inputs.user_columns, &trained.popularity, self.recipe.seed);
            let fields: Vec<&str> = spec.shape.fields.iter().map(|field| field.column.as_str()).collect();
            output
                .note(format!("context   {}: held-out events are likelier by {gain:.3} nats each", fields.join(", ")));
            trained.context = Some(spec);
        }
        let storage = self.storage.storage();
        let candidates = set_candidates(&mut trained, inputs, storage, self.recipe.ncf.candidates, output)?;
        let (event_weights, event_half_lives) = (self.args.source.event_weights()?, self.args.event_half_lives()?);
        let timed = fit_timing(data);
        if let Some((_, foreseen)) = &timed {
            output.note(format!(
                "timing    of the next visits the best {WINDOW} hours of a user hold {:.1} %, those of all users {:.1} %",
                100.0 * foreseen.rhythm,
                100.0 * foreseen.population
            ));
        }
        let (timing, foreseen) = timed.unzip();
        let (online, learnt) = self.fit_online(&trained, inputs, &fit)?.unzip();
        let mut contents = Contents {
            columns: inputs.columns.clone(),
            event_weights,
            event_half_lives,
            online,
            timing,
            card: Value::Null,
        };
        let rows = measure(&trained, inputs, &load(&export(&trained, data, storage, contents.clone())?)?)?;
        let measured: Value = rows.iter().map(|(name, metrics)| (name.clone(), json!(metrics))).collect();
        let measured = if held.is_empty() { Value::Null } else { measured };
        contents.card = self.card(inputs, &trained, &diary, (candidates.as_ref(), &prior), &measured)?;
        contents.card["timing"] = json!(foreseen);
        contents.card["online"] = json!(learnt);
        let bytes = export(&trained, data, storage, contents)?;
        write_atomically(self.path, &bytes)?;
        let model = load(&bytes)?;
        write_beside(self.path, &model, &bytes, &Value::Null)?;
        checkpoint.remove();
        let seconds = started.elapsed().as_secs_f64();
        let validation = validation(&trained, held.len(), &rows);
        output.result(&summary(self.path, bytes.len(), seconds, &validation), || {
            json!({
                "model": self.path, "flags": self.flags, "bytes": bytes.len(), "sha256": hex_sha256(&bytes), "family": model.manifest().family,
                "seconds": seconds, "cleaning": inputs.cleaning, "catalogue": inputs.catalogue,
                "diary": diary, "candidates": candidates, "validation_users": held.len(),
                "validation": { "popular": rows[0].1, "retrieval": rows[1].1, "cascade": rows.get(2).map(|row| row.1) },
            })
        });
        Ok(())
    }

    /// Learns how much online learning counts, unless the kind of model says otherwise.
    fn fit_online(&self, trained: &Trained, inputs: &Inputs, fit: &Fit<'_>) -> Result<Option<(Online, OnlineFit)>> {
        // Own and new items are weighed against each other by the repurchase part.
        if self.recipe.family.is_popular() || trained.ratings.is_some() || trained.repurchase.is_some() {
            return Ok(None);
        }
        if !inputs.held_in_order {
            fit.output.note("online  the validation files have no times, so that nothing is learnt of what came next");
            return Ok(None);
        }
        let found = fit_online(trained, fit)?;
        match &found {
            None => fit
                .output
                .note("online  nothing gained on held-out users, or too few of them: the model learns nothing online"),
            Some((_, OnlineFit { new, again, .. })) => {
                let told = |judged: &Judged| {
                    format!("NDCG@20 of what comes next {:.4} to {:.4}", judged.alone, judged.learning)
                };
                fit.output
                    .note(format!("online  of what is new to the held-out users this is fitted on: {}", told(new)));
                if let Some(again) = again {
                    fit.output.note(format!("online  of all items: {}", told(again)));
                }
            }
        }
        Ok(found)
    }

    /// Lets popularity count beside short histories, unless the recipe or the kind of model says otherwise.
    fn fit_prior(&self, trained: &mut Trained, fit: &Fit<'_>) -> Result<Vec<PriorStep>> {
        if self.recipe.no_prior || self.recipe.family.is_popular() || trained.ratings.is_some() {
            return Ok(Vec::new());
        }
        let (prior, steps) = fit_prior(trained, fit)?;
        trained.prior = prior;
        if steps.is_empty() {
            fit.output.note("prior  too few held-out users to fit on what popularity counts beside short histories");
        }
        for step in steps.iter().filter(|step| step.weight > 0.0) {
            let known = match step.events {
                Some(1) => "1 event".to_owned(),
                Some(events) => format!("{events} events"),
                None => format!("whole histories, {:.0} events", step.strength),
            };
            fit.output.note(format!(
                "prior  popularity counts {:.3} beside {known}: NDCG@100 of held-out users {:+.0} %",
                step.weight,
                100.0 * step.gain
            ));
        }
        Ok(steps)
    }

    /// The model card: where the model comes from and how good it is. Of the clock it has the day alone, see [`date`].
    fn card(
        &self,
        inputs: &Inputs,
        trained: &Trained,
        diary: &Diary,
        (candidates, prior): (Option<&Candidates>, &[PriorStep]),
        measured: &Value,
    ) -> Result<Value> {
        let log = log_sha256(&self.args.source.file())?;
        let mut card = json!({
            "trainer": concat!("proclivity ", env!("CARGO_PKG_VERSION")),
            "date": date(),
            "data": { "log": self.args.source.name(), "sha256": log, "items": self.args.items.as_deref().and_then(file_name), "users": self.args.users.as_deref().and_then(file_name), "flags": self.args.source.card(), "cleaning": inputs.cleaning },
            "recipe": self.recipe.card(),
            "training": { "epochs": diary.vectors.len(), "patience": self.recipe.patience, "dot_weight": self.recipe.dot_weight },
            "kept": diary.card(),
            "candidates": candidates,
            "prior": prior,
            "precision": self.storage,
            "validation": self.args.validation_card(),
            "validation_users": inputs.held.len(),
            "measured": measured,
        });
        if let Some(ratings) = trained.ratings {
            card["ratings"] = json!(ratings);
        }
        Ok(card)
    }
}

/// How good the most popular and each stage of the model are to the held-out users.
fn measure(trained: &Trained, inputs: &Inputs, model: &Arc<Model>) -> Result<Vec<(String, Metrics)>> {
    let held = inputs.held.as_slice();
    let mut rows = vec![("most popular".to_owned(), evaluate_popularity(&inputs.data.popularity(), held))];
    let retrieval = format!("retrieval ({})", trained.family.trim_end_matches("+ncf"));
    rows.push((retrieval, evaluate_model(model, held, Stage::Retrieval)?));
    if model.ranker().is_some() {
        rows.push((format!("cascade ({})", trained.family), evaluate_model(model, held, Stage::Cascade)?));
    }
    Ok(rows)
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
    let model = load(&export(trained, &inputs.data, storage, Contents::default())?)?;
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

fn summary(path: &Path, bytes: usize, seconds: f64, validation: &str) -> String {
    format!("{validation}wrote {}: {} bytes, in {seconds:.1} s", path.display(), grouped(bytes))
}

/// What held-out users say of the model, a line or more; of one that predicts ratings, who says it: its lists are not what it is for.
fn validation(trained: &Trained, users: usize, rows: &[(String, Metrics)]) -> String {
    match (trained.ratings, users) {
        (Some(_), _) => {
            "predicted ratings are measured by `proclivity evaluate`, on targets with a value column\n".into()
        }
        (None, 0) => String::new(),
        (None, _) => format!("{}\n", metrics_table(&format!("validation, {} users", grouped(users)), rows)),
    }
}

//! Training loops with early stopping: every epoch is measured as the device would run it, the best one is kept.

use proclivity::model::{NeighbourSpec, RankerSpec};
use proclivity::score::Stage;
use serde::Serialize;

use super::als::{Als, AlsOptions};
use super::ease::{EaseOptions, ease};
use super::ncf::{Ncf, NcfOptions};
use crate::dataset::{HeldOut, Interactions};
use crate::error::{CliError, Result};
use crate::evaluate::evaluate_model;
use crate::export::{Trained, draft};
use crate::output::{Output, grouped};

/// Factors on the skip weight that are tried on held-out users, besides 1.
const SKIP_BOOSTS: [f32; 5] = [1.5, 2.0, 3.0, 5.0, 10.0];

/// Weights of the dot beside neighbour lists that are tried on held-out users; the first where there are none.
const DOT_WEIGHTS: [f32; 6] = [0.25, 0.1, 0.15, 0.5, 1.0, 2.0];

/// One line of training's diary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Epoch {
    pub epoch: usize,
    pub loss: f64,
    /// NDCG@100 of the held-out users through the exported model and the shipped scorer; none without held-out users.
    pub ndcg: Option<f64>,
    /// Whether this epoch is the one that was kept.
    pub kept: bool,
}

/// Keeps the best of what it is shown and says when to stop.
struct Best<T> {
    kept: Option<(f64, T)>,
    since: usize,
    patience: usize,
}

impl<T> Best<T> {
    fn new(patience: usize) -> Best<T> {
        Best { kept: None, since: 0, patience }
    }

    /// Offers a candidate; without a measure the latest is the best. Returns whether to stop.
    fn offer(&mut self, ndcg: Option<f64>, candidate: T) -> bool {
        let score = ndcg.unwrap_or(0.0);
        if ndcg.is_none() || self.kept.as_ref().is_none_or(|(best, _)| score > *best) {
            self.kept = Some((score, candidate));
            self.since = 0;
        } else {
            self.since += 1;
        }
        self.since >= self.patience
    }
}

/// Trains ALS. Stops after `patience` iterations without a better NDCG.
///
/// # Errors
/// [`CliError::Diverged`], or what the engine refuses.
pub fn fit_als(
    data: &Interactions,
    held: &[HeldOut],
    options: AlsOptions,
    patience: usize,
    output: Output,
) -> Result<(Trained, Vec<Epoch>)> {
    let mut als = Als::new(data, options);
    let mut best = Best::new(patience);
    let mut diary = Vec::new();
    let bar = output.bar("als", options.iterations);
    for epoch in 1..=options.iterations {
        als.iterate()?;
        let loss = finite(als.loss(), "ALS")?;
        let trained = Trained { rows: als.item_rows(), als: options, neighbours: None, ranker: None };
        let ndcg = measure(&trained, data, held, Stage::Retrieval)?;
        output.line(&bar, &line("als", epoch, loss, ndcg));
        diary.push(Epoch { epoch, loss, ndcg, kept: false });
        bar.inc(1);
        if best.offer(ndcg, (epoch, trained)) {
            break;
        }
    }
    bar.finish_and_clear();
    let (_, (epoch, trained)) = best.kept.expect("at least one iteration");
    diary[epoch - 1].kept = true;
    Ok((trained, diary))
}

/// Trains the ranker on top of `retrieval`. Where no epoch ranks the held-out users better than retrieval alone, the
/// result has no ranker.
///
/// # Errors
/// As [`fit_als`].
pub fn fit_ncf(
    retrieval: Trained,
    data: &Interactions,
    held: &[HeldOut],
    options: &NcfOptions,
    patience: usize,
    output: Output,
) -> Result<(Trained, Vec<Epoch>)> {
    let model = draft(&retrieval, data)?;
    let mut ncf = Ncf::new(&model, retrieval.als.dim, data, options)?;
    let mut best = Best::new(patience);
    let mut diary = Vec::new();
    let bar = output.bar("ncf", options.epochs);
    let before = measure(&retrieval, data, held, Stage::Retrieval)?;
    if before.is_some() {
        best.offer(before, (0, retrieval.clone()));
    }
    for epoch in 1..=options.epochs {
        let loss = finite(ncf.epoch(epoch)?, "NCF")?;
        let (trained, ndcg) = balanced(&retrieval, ncf.ranker(), data, held)?;
        output.line(&bar, &line("ncf", epoch, loss, ndcg));
        diary.push(Epoch { epoch, loss, ndcg, kept: false });
        bar.inc(1);
        if best.offer(ndcg, (epoch, trained)) {
            break;
        }
    }
    bar.finish_and_clear();
    let (_, (epoch, trained)) = best.kept.unwrap_or((0.0, (0, retrieval)));
    match epoch.checked_sub(1) {
        Some(kept) => diary[kept].kept = true,
        None => output.note("ncf   no epoch ranks held-out users better than als alone; the model has no ranker"),
    }
    Ok((trained, diary))
}

/// Adds neighbour lists to the vectors, with the weight that ranks the held-out users best; without vectors, the lists alone.
/// Returns that weight, of the dot beside the lists.
///
/// # Errors
/// As [`fit_als`].
pub fn fit_ease(
    vectors: Trained,
    data: &Interactions,
    held: &[HeldOut],
    options: &EaseOptions,
    output: Output,
) -> Result<(Trained, Option<f32>)> {
    output.note(format!("ease   weights of {} items", grouped(data.items.len())));
    let lists = ease(data, options)?;
    if vectors.rows.is_empty() {
        return Ok((Trained { neighbours: Some(lists), ..vectors }, None));
    }
    // The dot keeps its scale, the lists take the inverse: a list of scores is the same but for a factor.
    let with = |weight: f32| {
        let weights = lists.weights.iter().map(|x| x / weight).collect();
        Trained { neighbours: Some(NeighbourSpec { weights, ..lists.clone() }), ..vectors.clone() }
    };
    let mut best = (with(DOT_WEIGHTS[0]), None, DOT_WEIGHTS[0]);
    for weight in DOT_WEIGHTS {
        let trained = with(weight);
        let ndcg = measure(&trained, data, held, Stage::Retrieval)?;
        if let Some(ndcg) = ndcg {
            output.note(format!("ease   dot weight {weight:<5} validation NDCG@100 {ndcg:.4}"));
        }
        if ndcg > best.1 {
            best = (trained, ndcg, weight);
        }
    }
    Ok((best.0, Some(best.2)))
}

/// The cascade with the weight of the retrieval score that ranks the held-out users best.
///
/// The item vectors were fitted to the very users the ranker learns from, so it finds the retrieval score more telling,
/// and its own corrections safer, than they are for a new user. Held-out users say how far to trust it.
fn balanced(
    retrieval: &Trained,
    ranker: RankerSpec,
    data: &Interactions,
    held: &[HeldOut],
) -> Result<(Trained, Option<f64>)> {
    let with = |boost: f32| {
        let ranker = RankerSpec { skip: ranker.skip * boost, ..ranker.clone() };
        Trained { ranker: Some(ranker), ..retrieval.clone() }
    };
    let mut best = (with(1.0), measure(&with(1.0), data, held, Stage::Cascade)?);
    if held.is_empty() {
        return Ok(best);
    }
    for boost in SKIP_BOOSTS {
        let ndcg = measure(&with(boost), data, held, Stage::Cascade)?;
        if ndcg > best.1 {
            best = (with(boost), ndcg);
        }
    }
    Ok(best)
}

/// NDCG@100 of the held-out users, through the file and the scorer that ship.
fn measure(trained: &Trained, data: &Interactions, held: &[HeldOut], stage: Stage) -> Result<Option<f64>> {
    match held.is_empty() {
        true => Ok(None),
        false => Ok(Some(evaluate_model(&draft(trained, data)?, held, stage)?.ndcg_100)),
    }
}

fn finite(loss: f64, stage: &'static str) -> Result<f64> {
    match loss.is_finite() {
        true => Ok(loss),
        false => Err(CliError::Diverged { stage, found: format!("a loss of {loss}") }),
    }
}

fn line(family: &str, epoch: usize, loss: f64, ndcg: Option<f64>) -> String {
    let ndcg = ndcg.map_or(String::new(), |ndcg| format!("  validation NDCG@100 {ndcg:.4}"));
    format!("{family}   {epoch:>3}  loss {loss:<12.6}{ndcg}")
}

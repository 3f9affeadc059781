//! Training loops with early stopping: every epoch is measured as the device would run it, the best one is kept.

use indicatif::ProgressBar;
use proclivity::model::{Column, NeighbourSpec, RankerSpec};
use proclivity::score::Stage;
use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::checkpoint_file::Saved;
use super::learner::Learner;
use super::ncf::{Ncf, NcfOptions};
use super::trained::{Trained, Vectors};
use crate::curves::Curves;
use crate::dataset::{HeldOut, Interactions};
use crate::error::{CliError, Result};
use crate::evaluate::evaluate_model;
use crate::export::draft;
use crate::output::Output;

/// Factors on the skip weight that are tried on held-out users, besides 1.
const SKIP_BOOSTS: [f32; 5] = [1.5, 2.0, 3.0, 5.0, 10.0];

/// Weights of the dot beside neighbour lists that are tried on held-out users; the first where there are none.
const DOT_WEIGHTS: [f32; 6] = [0.25, 0.1, 0.15, 0.5, 1.0, 2.0];

/// One line of training's diary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    pub epoch: usize,
    pub loss: f64,
    /// NDCG@100 of the held-out users through the exported model and the shipped scorer; none without held-out users.
    pub ndcg: Option<f64>,
    /// Whether this epoch is the one that was kept.
    pub kept: bool,
}

/// How a training went.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Diary {
    /// Epochs of the vectors.
    pub vectors: Vec<Epoch>,
    /// Weight of the dot beside neighbour lists, where both are there.
    pub dot_weight: Option<f32>,
    /// Epochs of the ranker.
    pub ncf: Vec<Epoch>,
    /// What the ranker's weight of the retrieval score was multiplied by.
    pub skip_boost: Option<f32>,
}

impl Diary {
    /// The epochs that were kept, and the weight, for the model card.
    pub fn card(&self) -> serde_json::Value {
        let kept = |epochs: &[Epoch]| epochs.iter().find(|epoch| epoch.kept).cloned();
        serde_json::json!({ "vectors": kept(&self.vectors), "dot_weight": self.dot_weight, "ncf": kept(&self.ncf), "skip_boost": self.skip_boost })
    }
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

/// What the loops measure on, and where they say how it goes.
pub struct Fit<'a> {
    pub data: &'a Interactions,
    pub held: &'a [HeldOut],
    /// Catalogue columns, one value an item.
    pub columns: &'a [Column],
    /// Columns of a table of users, one value a user.
    pub user_columns: &'a [Column],
    pub output: Output,
    /// Where the vectors in training are kept from time to time.
    pub checkpoint: Option<&'a Checkpoint>,
    /// Where every epoch is written down.
    pub curves: Option<&'a Curves>,
}

impl Fit<'_> {
    /// Trains item vectors for at most `epochs`; stops after `patience` of them without a better NDCG.
    ///
    /// # Errors
    /// [`CliError::Diverged`], [`CliError::Interrupted`], or what the engine refuses.
    pub fn vectors(
        &self,
        shell: Trained,
        learner: &mut dyn Learner,
        (epochs, patience): (usize, usize),
        diary: &mut Diary,
    ) -> Result<Trained> {
        let name = learner.name();
        let with = |vectors: Vectors| Trained {
            ranker: vectors.ranker.clone(),
            context: vectors.context.clone(),
            vectors: Some(vectors),
            ..shell.clone()
        };
        let mut best = Best::new(patience);
        let mut stopped = false;
        if let Some(saved) = self.checkpoint.map(|checkpoint| checkpoint.resume(learner)).transpose()?.flatten() {
            let Saved { epochs, kept } = saved;
            self.output.note(format!("{name}   goes on after epoch {}", epochs.len()));
            for line in epochs {
                // Only the kept epoch's vectors are still there, and only they are wanted.
                stopped = best.offer(line.ndcg, (line.epoch, kept.clone()));
                self.draw(name, &line)?;
                diary.vectors.push(line);
            }
        }
        let bar = self.output.bar(name, epochs);
        bar.inc(diary.vectors.len() as u64);
        for epoch in diary.vectors.len() + 1..=epochs {
            if stopped {
                break;
            }
            let loss = finite(learner.epoch(epoch)?, name)?;
            let vectors = learner.vectors();
            // Ratings are not a ranking: what foresees them is trained to the end.
            let ndcg = match learner.ratings() {
                Some(_) => None,
                None => self.measure(&with(vectors.clone()), last_stage(vectors.ranker.is_some()))?,
            };
            let line = Epoch { epoch, loss, ndcg, kept: false };
            self.draw(name, &line)?;
            diary.vectors.push(line);
            stopped = best.offer(ndcg, (epoch, vectors));
            if let (Some(checkpoint), Some((_, (_, kept)))) = (self.checkpoint, &best.kept) {
                checkpoint.after(learner, &diary.vectors, kept)?;
            }
            // Told only now: an epoch that was told is one that Ctrl-C does not lose.
            self.tell(&bar, name, epoch, loss, ndcg);
        }
        bar.finish_and_clear();
        let (_, (epoch, vectors)) = best.kept.expect("at least one epoch");
        if let Some(checkpoint) = self.checkpoint {
            checkpoint.finish(learner, &diary.vectors, &vectors)?;
        }
        diary.vectors[epoch - 1].kept = true;
        let trained = Trained { ratings: learner.ratings(), ..with(vectors) };
        self.best_tower(trained, learner)
    }

    /// The user tower that ranks the held-out users best.
    fn best_tower(&self, trained: Trained, learner: &dyn Learner) -> Result<Trained> {
        let towers = if self.held.is_empty() { Vec::new() } else { learner.towers() };
        let mut best = (None, trained);
        for tower in towers {
            let vectors = best.1.vectors.clone().map(|vectors| Vectors { tower, ..vectors });
            let candidate = Trained { vectors, ..best.1.clone() };
            let ndcg = self.measure(&candidate, Stage::Retrieval)?;
            if ndcg > best.0 {
                best = (ndcg, candidate);
            }
        }
        Ok(best.1)
    }

    /// Adds neighbour lists to the vectors, with the weight given or the one that ranks the held-out users best; without vectors,
    /// the lists alone.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn lists(
        &self,
        trained: Trained,
        lists: NeighbourSpec,
        weight: Option<f32>,
        diary: &mut Diary,
    ) -> Result<Trained> {
        if trained.vectors.is_none() {
            return Ok(Trained { neighbours: Some(lists), ..trained });
        }
        // The dot keeps its scale, the lists take the inverse: a list of scores is the same but for a factor.
        let with = |weight: f32| {
            let weights = lists.weights.iter().map(|x| x / weight).collect();
            Trained { neighbours: Some(NeighbourSpec { weights, ..lists.clone() }), ratings: None, ..trained.clone() }
        };
        let tried = weight.map_or(DOT_WEIGHTS.to_vec(), |weight| vec![weight]);
        let mut best = (with(tried[0]), None, tried[0]);
        for weight in tried {
            let candidate = with(weight);
            let ndcg = self.measure(&candidate, Stage::Retrieval)?;
            if let Some(ndcg) = ndcg {
                self.output.note(format!("lists   dot weight {weight:<5} validation NDCG@100 {ndcg:.4}"));
            }
            if ndcg > best.1 {
                best = (candidate, ndcg, weight);
            }
        }
        diary.dot_weight = Some(best.2);
        Ok(best.0)
    }

    /// Trains the ranker on top of `retrieval`. Where no epoch ranks the held-out users better than retrieval alone, the
    /// result has no ranker.
    ///
    /// # Errors
    /// [`CliError::Diverged`], or what the engine refuses.
    pub fn ncf(&self, retrieval: Trained, options: &NcfOptions, patience: usize, diary: &mut Diary) -> Result<Trained> {
        let model = draft(&retrieval, self.data)?;
        let dim = retrieval.vectors.as_ref().map_or(0, |vectors| vectors.dim);
        let mut ncf = Ncf::new(&model, dim, self.data, options)?;
        let mut best = Best::new(patience);
        let bar = self.output.bar("ncf", options.epochs);
        let before = self.measure(&retrieval, Stage::Retrieval)?;
        if before.is_some() {
            best.offer(before, (0, (retrieval.clone(), None)));
        }
        for epoch in 1..=options.epochs {
            let loss = finite(ncf.epoch(epoch)?, "NCF")?;
            let (trained, ndcg, boost) = self.balanced(&retrieval, ncf.ranker())?;
            self.tell(&bar, "ncf", epoch, loss, ndcg);
            let line = Epoch { epoch, loss, ndcg, kept: false };
            self.draw("ncf", &line)?;
            diary.ncf.push(line);
            if best.offer(ndcg, (epoch, (trained, Some(boost)))) {
                break;
            }
        }
        bar.finish_and_clear();
        let (_, (epoch, (trained, boost))) = best.kept.unwrap_or((0.0, (0, (retrieval, None))));
        diary.skip_boost = boost;
        match epoch.checked_sub(1) {
            Some(kept) => diary.ncf[kept].kept = true,
            None => self
                .output
                .note("ncf   no epoch ranks held-out users better than retrieval alone; the model has no ranker"),
        }
        Ok(trained)
    }

    /// The cascade with the weight of the retrieval score that ranks the held-out users best, its NDCG, and by what that
    /// weight was multiplied.
    ///
    /// The item vectors were fitted to the very users the ranker learns from, so it finds the retrieval score more telling,
    /// and its own corrections safer, than they are for a new user. Held-out users say how far to trust it.
    fn balanced(&self, retrieval: &Trained, ranker: RankerSpec) -> Result<(Trained, Option<f64>, f32)> {
        let with = |boost: f32| Trained {
            family: format!("{}+ncf", retrieval.family),
            ranker: Some(RankerSpec { skip: ranker.skip * boost, ..ranker.clone() }),
            ratings: None,
            ..retrieval.clone()
        };
        let mut best = (with(1.0), self.measure(&with(1.0), Stage::Cascade)?, 1.0);
        if self.held.is_empty() {
            return Ok(best);
        }
        for boost in SKIP_BOOSTS {
            let ndcg = self.measure(&with(boost), Stage::Cascade)?;
            if ndcg > best.1 {
                best = (with(boost), ndcg, boost);
            }
        }
        Ok(best)
    }

    /// NDCG@100 of the held-out users, through the file and the scorer that ship.
    fn measure(&self, trained: &Trained, stage: Stage) -> Result<Option<f64>> {
        match self.held.is_empty() {
            true => Ok(None),
            false => Ok(Some(evaluate_model(&draft(trained, self.data)?, self.held, stage)?.ndcg_100)),
        }
    }

    /// NDCG@100 of the held-out users by all a model has, and the size of its file without a catalogue.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn judge(&self, trained: &Trained) -> Result<(Option<f64>, usize)> {
        Ok((self.measure(trained, last_stage(trained.ranker.is_some()))?, draft(trained, self.data)?.byte_len()))
    }

    fn draw(&self, stage: &str, epoch: &Epoch) -> Result<()> {
        self.curves.map_or(Ok(()), |curves| curves.add(stage, epoch))
    }

    fn tell(&self, bar: &ProgressBar, name: &str, epoch: usize, loss: f64, ndcg: Option<f64>) {
        self.output.line(bar, &epoch_line(name, epoch, loss, ndcg));
        bar.inc(1);
    }
}

/// All that a model with or without a ranker has.
fn last_stage(ranks: bool) -> Stage {
    if ranks { Stage::Cascade } else { Stage::Retrieval }
}

fn epoch_line(name: &str, epoch: usize, loss: f64, ndcg: Option<f64>) -> String {
    let told = format!("{name}   {epoch:>3}  loss ");
    match ndcg {
        Some(ndcg) => format!("{told}{loss:<12.6}  validation NDCG@100 {ndcg:.4}"),
        None => format!("{told}{loss:.6}"),
    }
}

fn finite(loss: f64, stage: &'static str) -> Result<f64> {
    match loss.is_finite() {
        true => Ok(loss),
        false => Err(CliError::Diverged { stage, found: format!("a loss of {loss}") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_epoch_has_no_trailing_blanks() {
        assert_eq!(epoch_line("svd++", 3, 0.5, None), "svd++     3  loss 0.500000");
        assert_eq!(epoch_line("als", 12, 0.5, Some(0.25)), "als    12  loss 0.500000      validation NDCG@100 0.2500");
    }
}

//! Everything that is said of one or more models on the same users: what the table, the JSON and the report show.

use super::beyond::{Beyond, exposure};
use super::bootstrap::{Bootstrap, Estimate};
use super::facts::Facts;
use super::groups::{GroupFigures, Grouping};
use super::measure::Measured;
use super::metrics::Metric;
use super::protocol::{Pool, Protocol};
use super::ratings::RatingErrors;
use crate::dataset::HeldOut;
use crate::error::Result;

/// A model file under evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Short, one for each model.
    pub name: String,
    pub path: String,
    pub family: String,
    pub sha256: String,
    pub bytes: usize,
    pub items: usize,
}

/// What an evaluation was made of, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The day, such as 2026-11-21.
    pub date: String,
    /// Names of the held-out files.
    pub fold_in: String,
    pub targets: String,
}

/// One way of ranking, measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Place among the models; none for the baseline.
    pub model: Option<usize>,
    /// `popular`, `retrieval`, `cascade` or `ranking`; `list` for what is made of what ships.
    pub stage: &'static str,
    /// For people.
    pub label: String,
    /// Whether it is what a page with this file shows before it has learnt anything online.
    pub ships: bool,
    /// One a metric of [`Evaluation::metrics`].
    pub estimates: Vec<Estimate>,
    /// One a cutoff; empty for a sampled ranking, whose lists nobody is shown.
    pub beyond: Vec<Beyond>,
    /// The headline metrics by group, one a grouping.
    pub groups: Vec<Vec<GroupFigures>>,
    /// The headline metrics after so many first events, one a number of [`Beginnings::events`].
    pub after: Vec<Vec<Estimate>>,
    /// How often each item is among the best [`Evaluation::exposure_k`], in no order; empty for a sampled ranking.
    pub exposure: Vec<u32>,
    pub ratings: Option<RatingErrors>,
    /// Share of the lists in which a group that is to have a share has it.
    pub fair: Option<f64>,
}

/// The difference of a model's headline metrics to those of the first model, with paired intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub model: usize,
    pub differences: Vec<Estimate>,
}

/// Histories that have only begun.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Beginnings {
    /// How many first events are known, ascending.
    pub events: Vec<usize>,
    /// Places of the users who have as many as the largest number: the same for every number.
    pub users: Vec<usize>,
}

impl Beginnings {
    /// Of these `users`; none where too few events are known of all of them.
    pub fn of(events: &[usize], users: &[HeldOut]) -> Beginnings {
        let most = events.iter().copied().max().unwrap_or_default();
        let users: Vec<usize> = (0..users.len()).filter(|&at| users[at].events.len() >= most).collect();
        match users.is_empty() {
            true => Beginnings::default(),
            false => Beginnings { events: events.to_vec(), users },
        }
    }

    /// The headline metrics after so many events, where `measure` gives what is measured of these users then.
    ///
    /// # Errors
    /// Whatever `measure` gives.
    pub fn estimates(
        &self,
        bootstrap: Bootstrap,
        measure: impl Fn(usize) -> Result<Measured>,
    ) -> Result<Vec<Vec<Estimate>>> {
        let after = |&events: &usize| Ok(bootstrap.estimate(&headline(&measure(events)?.values)));
        self.events.iter().map(after).collect()
    }
}

/// The whole result.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    pub origin: Origin,
    pub subjects: Vec<Subject>,
    pub users: usize,
    pub protocol: Protocol,
    /// The headline first.
    pub metrics: Vec<Metric>,
    pub bootstrap: Bootstrap,
    /// Names of the groupings.
    pub groupings: Vec<String>,
    pub calibration_column: Option<String>,
    /// The baseline first, where popularity is known, then each model's stages.
    pub entries: Vec<Entry>,
    pub comparisons: Vec<Comparison>,
    /// Why RMSE and MAE are not there, if they are not.
    pub without_ratings: Option<String>,
    pub beginnings: Beginnings,
}

/// What turns a measurement into an entry.
#[derive(Debug, Clone, Copy)]
pub struct Lens<'a> {
    pub users: &'a [HeldOut],
    pub protocol: &'a Protocol,
    pub facts: &'a Facts,
    pub groupings: &'a [Grouping],
    pub bootstrap: Bootstrap,
}

/// How many metrics are the headline's.
pub const HEADLINE: usize = Metric::HEADLINE.len();

impl Lens<'_> {
    /// An entry from what was measured.
    pub fn entry(
        &self,
        model: Option<usize>,
        stage: &'static str,
        label: String,
        ships: bool,
        measured: &Measured,
    ) -> Entry {
        let histories: Vec<&[u32]> = self.users.iter().map(|user| user.fold_in.as_slice()).collect();
        let cutoffs: &[usize] = if self.protocol.pool == Pool::Everything { &self.protocol.cutoffs } else { &[] };
        let k = exposure_k(cutoffs);
        let lists: Vec<&[u32]> = measured.lists.iter().map(|list| &list[..k.min(list.len())]).collect();
        let headline = headline(&measured.values);
        Entry {
            model,
            stage,
            label,
            ships,
            estimates: self.bootstrap.estimate(&measured.values),
            beyond: cutoffs.iter().map(|&k| Beyond::of(&measured.lists, &histories, self.facts, k)).collect(),
            groups: self.groupings.iter().map(|grouping| grouping.figures(&headline, self.bootstrap)).collect(),
            after: Vec::new(),
            exposure: if k > 0 { exposure(&lists, self.facts.popularity.len()) } else { Vec::new() },
            ratings: RatingErrors::of(&measured.ratings),
            fair: None,
        }
    }
}

/// Compares what was measured of a model with the first one's, user by user.
pub fn compare(model: usize, measured: &Measured, first: &Measured, bootstrap: Bootstrap) -> Comparison {
    let difference = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a - b).collect();
    let rows: Vec<Vec<f64>> = headline(&measured.values).iter().zip(&headline(&first.values)).map(difference).collect();
    Comparison { model, differences: bootstrap.estimate(&rows) }
}

fn headline(values: &[Vec<f64>]) -> Vec<Vec<f64>> {
    values.iter().map(|values| values[..HEADLINE].to_vec()).collect()
}

/// The list length whose exposure is shown: 20 if it is among the cutoffs, else the first.
pub fn exposure_k(cutoffs: &[usize]) -> usize {
    cutoffs.iter().find(|&&k| k == 20).or(cutoffs.first()).copied().unwrap_or_default()
}

impl Evaluation {
    /// What ships, one entry a model.
    pub fn shipped(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.ships)
    }

    /// The estimate of `metric` in `entry`.
    pub fn estimate<'a>(&self, entry: &'a Entry, metric: Metric) -> Option<&'a Estimate> {
        let place = self.metrics.iter().position(|&known| known == metric)?;
        entry.estimates.get(place)
    }

    /// One line for each thing to know before the figures are read.
    pub fn conditions(&self) -> Vec<String> {
        let mut lines = vec![
            self.protocol.describe(),
            "Recall@k is hits / min(k, targets); F1@k is the harmonic mean of hits / k and hits / targets".into(),
            format!(
                "intervals: {:.0} %, {} bootstrap resamples of users (seed {})",
                super::bootstrap::LEVEL * 100.0,
                self.bootstrap.resamples,
                self.bootstrap.seed
            ),
        ];
        let ratings = self.entries.iter().find_map(|entry| entry.ratings);
        lines.extend(ratings.map(|errors| errors.describe().to_owned()));
        lines.extend(self.without_ratings.iter().map(|why| format!("RMSE and MAE do not apply: {why}")));
        if self.protocol.pool != Pool::Everything {
            lines.push("coverage, novelty and the like do not apply: nobody is shown lists of sampled items".into());
        }
        lines
    }
}

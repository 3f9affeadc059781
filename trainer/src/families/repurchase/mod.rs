//! The repurchase part, for shops where people buy again: what a household will buy next of what it bought before, weighed
//! against what is new to it. Composes with every family, whose scores are among its features.
//!
//! Objective: two logistic regressions fitted on the last window of the log, features from before it, labels what was bought
//! in it. One has a row for each pair of user and item, the other a row for each of the [`CANDIDATES`] best new items of each
//! user who bought something. The base model is trained anew on the log before the window, so that its scores are what a
//! model knows of purchases to come. Terms of items alone are added up, computed at the end of the log, one number an item
//! and regression. Exported shape: [`RepurchaseSpec`]; features: [`proclivity::rank::Buyer`].

mod items;
mod logistic;
mod past;

use std::sync::Arc;

use clap::Args;
use proclivity::model::{Model, RepurchaseSpec, RepurchaseWeights};
use proclivity::profile::User;
use proclivity::rank::{Buyer, CANDIDATES};
use proclivity::score::{CpuScorer, ItemMask, Query, Stage};
use rayon::prelude::*;
use serde::Serialize;

use super::trained::Trained;
use crate::dataset::{Interactions, purchases};
use crate::error::{CliError, Result};
use crate::export::draft;
use crate::output::{Output, grouped};
use items::{ITEM_FEATURES, NEW_ITEM_FEATURES, REPEAT_ITEM_FEATURES, of_items};
use logistic::{Logistic, Samples};
use past::{Counts, Past};

/// Weight of the squared weights, of features scaled to a standard deviation of 1.
const RIDGE: f64 = 1.0;
/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;
/// How many windows a log must span: there must be something before the last one to learn from.
const LEAST_WINDOWS: f64 = 3.0;

/// Settings of the repurchase part.
#[derive(Debug, Clone, PartialEq, Args, Serialize)]
pub struct RepurchaseOptions {
    /// For shops where people buy again: learn what is due, to be ranked with what is new. Needs a log with times
    #[arg(long)]
    pub repurchase: bool,
    /// Days at the end of the log whose purchases are learnt to be foreseen
    #[arg(long, value_name = "DAYS", default_value_t = 30.0)]
    pub repurchase_window: f64,
}

impl RepurchaseOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        match (1.0..=366.0).contains(&self.repurchase_window) {
            true => Ok(()),
            false => Err(refused("--repurchase-window", "from 1 to 366 days", format!("{:?}", self.repurchase_window))),
        }
    }
}

/// First and last time of a log, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    first: i64,
    last: i64,
}

impl Span {
    /// The span of `data`, which must be long enough for the window of `options`.
    ///
    /// # Errors
    /// [`CliError::Flag`], which says what to do.
    pub fn of(data: &Interactions, options: &RepurchaseOptions) -> Result<Span> {
        if !data.has_time {
            return Err(refused(
                "--repurchase",
                "a log with the time of each purchase (name the column with --timestamp-column)",
                "no times".into(),
            ));
        }
        let times = || data.events.iter().flatten().map(|event| event.time);
        let span = Span { first: times().min().unwrap_or_default(), last: times().max().unwrap_or_default() };
        let least = LEAST_WINDOWS * options.repurchase_window;
        match f64::from(span.days()) >= least {
            true => Ok(span),
            false => Err(refused(
                "--repurchase",
                &format!("a log of {least:.0} days or more, or a shorter --repurchase-window"),
                format!("{:.1} days", span.days()),
            )),
        }
    }

    /// Where the last `window` days begin.
    fn cut(self, window: f64) -> i64 {
        self.last - (window * DAY) as i64
    }

    fn days(self) -> f32 {
        ((self.last - self.first) as f64 / DAY) as f32
    }
}

/// Refuses a log that the part cannot be learnt from, before anything is trained on it.
///
/// # Errors
/// [`CliError::Flag`], which says what to do.
pub fn check_log(data: &Interactions, options: &RepurchaseOptions) -> Result<()> {
    let span = Span::of(data, options)?;
    let counts = Past::of(data, span.cut(options.repurchase_window)).counts();
    match counts {
        Counts { again: 0, .. } | Counts { new: 0, .. } => Err(nothing_bought()),
        Counts { own, again, .. } if own == again => Err(everything_again()),
        _ => Ok(()),
    }
}

/// Fits the part on the last window of `data`. `train` makes the base model of a log, as it was made of `data`.
///
/// # Errors
/// A log without times or too short, one where nobody buys again, or what training refuses.
pub fn fit_repurchase(
    data: &Interactions,
    options: &RepurchaseOptions,
    train: impl FnOnce(&Interactions) -> Result<Trained>,
    output: Output,
) -> Result<RepurchaseSpec> {
    let span = Span::of(data, options)?;
    let window = options.repurchase_window;
    let cut = span.cut(window);
    let past = Past::of(data, cut);
    output.note(format!(
        "again  the base model again, on {} users and {} items before the last {window} days",
        grouped(past.data.users.len()),
        grouped(past.data.items.len())
    ));
    let model = draft(&train(&past.data)?, &past.data)?;
    let then = Moment { data: &past.data, now: cut, span: span.days(), window };
    let (repeat, new) = samples(&then, &past, &model)?;
    output.note(format!(
        "again  {} pairs of which {} were bought again, {} new items of which {} were bought",
        grouped(repeat.labels.len()),
        grouped(repeat.positives()),
        grouped(new.labels.len()),
        grouped(new.positives())
    ));
    let (repeat, new) = (fit(&repeat)?, fit(&new)?);
    let now = Moment { data, now: span.last, ..then }.items();
    let (repeat, repeat_items) = fold(&repeat, &now, REPEAT_ITEM_FEATURES);
    let (new, new_items) = fold(&new, &now, NEW_ITEM_FEATURES);
    let weights = RepurchaseWeights { repeat, new, span: span.days() };
    Ok(RepurchaseSpec { weights, items: [repeat_items, new_items].concat() })
}

fn refused(flag: &'static str, expected: &str, found: String) -> CliError {
    CliError::Flag { flag, expected: expected.into(), found }
}

fn nothing_bought() -> CliError {
    refused(
        "--repurchase",
        "a log where people buy in its last days both again and something new",
        "none of it (a longer --repurchase-window sees more)".into(),
    )
}

fn everything_again() -> CliError {
    refused("--repurchase", "a log where not everything is bought again", "nothing else".into())
}

fn fit(samples: &Samples) -> Result<Logistic> {
    match samples.positives() {
        0 => Err(nothing_bought()),
        all if all == samples.labels.len() => Err(everything_again()),
        _ => samples.fit(RIDGE),
    }
}

/// A log seen at a moment.
#[derive(Debug, Clone, Copy)]
struct Moment<'a> {
    data: &'a Interactions,
    now: i64,
    span: f32,
    window: f64,
}

impl Moment<'_> {
    /// Each user as the device will see it, none without a purchase.
    fn buyers(&self) -> Vec<Option<Buyer>> {
        self.data.events.par_iter().map(|events| Buyer::new(&purchases(events), self.now as f64, self.span)).collect()
    }

    /// Features of each item.
    fn items(&self) -> Vec<[f32; ITEM_FEATURES]> {
        of_items(self.buyers().iter().flatten(), self.data.items.len(), self.window)
    }
}

/// Rows and labels of own items and of new ones, all users'.
fn samples(then: &Moment<'_>, past: &Past, model: &Arc<Model>) -> Result<(Samples, Samples)> {
    let (buyers, items, scorer) = (then.buyers(), then.items(), CpuScorer::new(Arc::clone(model)));
    let of_user = |(user, buyer): (usize, &Option<Buyer>)| -> Result<(Samples, Samples)> {
        let (mut repeat, mut new) = (Samples::default(), Samples::default());
        let Some(buyer) = buyer else { return Ok((repeat, new)) };
        let repeats = model.manifest().repeats;
        let history: Vec<(u32, f32)> =
            past.data.pairs_of(user).iter().map(|pair| (pair.item, repeats.strength(pair.total))).collect();
        let asked = User::of_history(model, &history)?;
        let bought = &past.since[user];
        for own in buyer.own() {
            let item = &items[own.item as usize][REPEAT_ITEM_FEATURES];
            repeat.push(&buyer.repeat_features(model, &asked, own), item, bought.contains(&own.item));
        }
        if bought.is_empty() {
            return Ok((repeat, new));
        }
        let mut mask = ItemMask::none(model.item_count());
        buyer.own().iter().for_each(|own| mask.exclude(own.item));
        for scored in scorer.score(&Query::of(&asked, &mask, CANDIDATES, Stage::Cascade))? {
            let item = &items[scored.item as usize][NEW_ITEM_FEATURES];
            new.push(&buyer.new_features(scored.score), item, bought.contains(&scored.item));
        }
        Ok((repeat, new))
    };
    let parts = buyers.par_iter().enumerate().map(of_user).collect::<Result<Vec<_>>>()?;
    let (mut repeat, mut new) = (Samples::default(), Samples::default());
    for (of_repeat, of_new) in parts {
        repeat.extend(of_repeat);
        new.extend(of_new);
    }
    Ok((repeat, new))
}

/// Weights of the device's features with the intercept, and what the features of `items` in `range` add for each item.
fn fold(fitted: &Logistic, items: &[[f32; ITEM_FEATURES]], range: std::ops::Range<usize>) -> (Vec<f32>, Vec<f32>) {
    let (device, own) = fitted.weights.split_at(fitted.weights.len() - range.len());
    let term = |item: &[f32; ITEM_FEATURES]| -> f64 {
        item[range.clone()].iter().zip(own).map(|(x, weight)| f64::from(*x) * weight).sum()
    };
    let weights = device.iter().chain([&fitted.intercept]).map(|&weight| weight as f32).collect();
    (weights, items.iter().map(|item| term(item) as f32).collect())
}

#[cfg(test)]
mod tests {
    use proclivity::model::REPEAT_FEATURES;

    use super::*;
    use crate::dataset::{Event, fixture::interactions};

    #[test]
    fn a_log_must_have_times_and_be_long_enough() {
        let mut data = interactions(2, vec![vec![0, 1], vec![1, 0]]);
        let options = RepurchaseOptions { repurchase: true, repurchase_window: 30.0 };
        let message = |data: &Interactions| Span::of(data, &options).unwrap_err().to_string();
        assert!(message(&data).contains("--timestamp-column"), "{}", message(&data));
        data.has_time = true;
        data.events[1][1].time = (89.0 * DAY) as i64;
        assert!(message(&data).contains("90 days") && message(&data).contains("89.0"), "{}", message(&data));
        data.events[1][1].time = (90.0 * DAY) as i64;
        assert!((Span::of(&data, &options).unwrap().days() - 90.0).abs() < 1e-3);
        assert!(RepurchaseOptions { repurchase_window: 0.0, ..options }.check().is_err());
    }

    #[test]
    fn the_last_window_must_have_both_kinds_of_purchases() {
        let options = RepurchaseOptions { repurchase: true, repurchase_window: 30.0 };
        // Each user's items in their order, on these days.
        let check = |histories: Vec<Vec<u32>>, days: [f64; 3]| {
            let mut data = interactions(4, histories);
            data.has_time = true;
            for (event, day) in data.events.iter_mut().flat_map(|events| events.iter_mut().zip(days)) {
                event.time = (day * DAY) as i64;
            }
            data.histories = data.events.iter().map(|events| crate::dataset::distinct_items(events)).collect();
            check_log(&data, &options).err().map(|error| error.to_string()).unwrap_or_default()
        };
        let days = [0.0, 60.0, 100.0];
        assert_eq!(check(vec![vec![0, 1, 0], vec![1, 0, 2], vec![2, 0, 1]], days), "");
        assert!(check(vec![vec![0, 1, 2], vec![1, 2, 0]], days).contains("both again and something new"), "no repeat");
        assert!(
            check(vec![vec![0, 1, 0], vec![1, 0, 1]], days).contains("both again and something new"),
            "nothing new"
        );
    }

    #[test]
    fn items_fold_into_one_number_each() {
        let weights: Vec<f64> = (0..REPEAT_FEATURES + 6).map(|n| n as f64 / 10.0).collect();
        let fitted = Logistic { weights, intercept: -3.0 };
        let items = [[1.0, 0.0, 2.0, 0.0, 0.0, 0.5, 9.0], [0.0; ITEM_FEATURES]];
        let (device, terms) = fold(&fitted, &items, REPEAT_ITEM_FEATURES);
        assert_eq!((device.len(), device[REPEAT_FEATURES]), (REPEAT_FEATURES + 1, -3.0));
        assert!((terms[0] - (2.2 + 2.0 * 2.4 + 0.5 * 2.7)).abs() < 1e-6, "{terms:?}");
        assert_eq!(terms[1], 0.0);
        assert_eq!(NEW_ITEM_FEATURES.end, ITEM_FEATURES);
    }

    #[test]
    fn purchases_are_events_of_full_strength() {
        let event = |item, strength| Event { item, time: 5, strength, value: f32::NAN, situation: 0 };
        assert_eq!(purchases(&[event(3, 0.6), event(4, 1.0)]), [(4, 5.0)]);
    }
}

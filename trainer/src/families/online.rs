//! What online learning counts ([`proclivity::model::Online`]), fitted on the next events of held-out users.
//!
//! Objective: of the best candidates at each of some moments, those that came next: a conditional logit (McFadden 1974) of the score
//! and the adapter's parts, by length of history; then as much of it as gives the best NDCG@20, and how fast what was learnt fades. The
//! weight of own items is found afterwards, where people take items again.

mod logit;

use std::collections::BTreeMap;
use std::sync::Arc;

use proclivity::model::{Column, ColumnData, Model, Online, OnlineColumn};
use proclivity::profile::{Adapter, Feedback, User};
use proclivity::score::{CpuScorer, ItemMask, Query, Stage};
use rayon::prelude::*;
use serde::Serialize;

use super::fit::Fit;
use super::trained::Trained;
use crate::dataset::HeldOut;
use crate::error::Result;
use crate::evaluate::{CUTOFF, Device, Judged, Moment, Replay, moments, summarise, without};
use crate::export::with_columns;
use logit::{Choice, fit_choices};

/// Most users, and moments of each, that weights are fitted on; and fewest moments.
const MOST_USERS: usize = 500;
const MOST_MOMENTS: usize = 16;
const LEAST_MOMENTS: usize = 100;
/// Best items by score that are told apart at a moment, and items of one's own.
const CANDIDATES: usize = 200;
const MOST_OWN: usize = 500;
/// Steps of each event: their size, and how many.
const RATE: f32 = 0.1;
const SAMPLES: usize = 8;
/// Half-lives that are tried: (days, events), 0 for never.
const HALF_LIVES: [(f32, f32); 5] = [(0.0, 14.0), (0.0, 60.0), (0.0, 250.0), (60.0, 0.0), (180.0, 0.0)];
/// Buckets of a column of numbers, and fewest distinct values that are a measure.
const BUCKETS: usize = 14;
/// Where histories are parted by the sum of their strengths.
const PARTED: [f32; 4] = [3.5, 10.5, 30.5, 100.5];
/// Parts of what was fitted that are tried.
const SHARES: [f64; 5] = [1.0, 1.5, 0.75, 0.5, 0.25];
/// Standard errors that a gain is above 0 by, at least: of users with histories of about one length, and of all.
const LIKELY: f64 = 1.0;
const SURE: f64 = 2.5;
/// Weights of own items that are tried, as multiples of what sets candidates apart.
const OWN: [f64; 8] = [0.3, 1.0, 3.0, 10.0, 20.0, 40.0, 80.0, 160.0];
/// Share of what comes next that was taken before, from which on own items are weighed.
const AGAIN: f64 = 0.05;
/// The least weight of the score that others are measured by.
const LEAST_BASE: f64 = 0.05;
/// As scores are bounded.
const MOST_WEIGHT: f64 = 1e4;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OnlineFit {
    pub days: f32,
    pub events: f32,
    /// On what is new to the users that this was fitted on, and, where they take items again, on all of it: more than others gain.
    pub new: Judged,
    pub again: Option<Judged>,
}

/// Fits the weights; none where there is nobody to fit them on, or nothing is gained.
///
/// # Errors
/// What the engine refuses.
pub fn fit_online(trained: &Trained, fit: &Fit<'_>) -> Result<Option<(Online, OnlineFit)>> {
    let users: Vec<HeldOut> = fit.held.iter().filter(|user| user.events.len() > 1).take(MOST_USERS).cloned().collect();
    let timed = fit.data.has_time;
    let all = moments(&users, timed, MOST_MOMENTS, true, i64::MIN);
    if all.len() < LEAST_MOMENTS {
        return Ok(None);
    }
    let columns = fit.columns.iter().filter_map(|column| online_column(column, &trained.popularity)).collect();
    let model = with_columns(trained, fit.data, fit.columns, None)?;
    let base = Online {
        rate: RATE,
        samples: SAMPLES,
        days: 0.0,
        events: 0.0,
        norm: usual_length(&model),
        columns,
        strengths: Vec::new(),
        weights: Vec::new(),
    };
    let scorer = CpuScorer::new(Arc::clone(&model));
    let ask = |moment| Asked::at(&model, &scorer, &users, moment, timed);
    let asked: Vec<Asked> = all.par_iter().map(ask).collect::<Result<_>>()?;
    let repeats = asked.iter().map(|asked| asked.own_hits).sum::<usize>() as f64;
    let again = repeats > AGAIN * asked.iter().map(|asked| asked.targets).sum::<usize>() as f64;
    let mut best: Option<(f64, Online)> = None;
    for (days, events) in HALF_LIVES.into_iter().filter(|(days, _)| *days == 0.0 || timed) {
        let mut online = Online { days, events, ..base.clone() };
        let lists = parts(&model, &online, &all, &asked);
        let gain = weigh(&mut online, &lists, again);
        if gain > best.as_ref().map_or(0.0, |best| best.0) {
            best = Some((gain, online));
        }
    }
    let Some((_, online)) = best else { return Ok(None) };
    let model = with_columns(trained, fit.data, fit.columns, Some(online.clone()))?;
    let judged = |again: bool| -> Result<Judged> {
        let moments = moments(&users, timed, MOST_MOMENTS, again, i64::MIN);
        let replay = Replay { model: &model, users: &users, timed, again };
        Ok(summarise(&moments, &replay.run(&moments)?).0)
    };
    let (new, again) = (judged(false)?, again.then(|| judged(true)).transpose()?);
    let gains = [Some(&new), again.as_ref()].into_iter().flatten().any(|judged| judged.learning > judged.alone);
    let (days, events) = (online.days, online.events);
    Ok(gains.then_some((online, OnlineFit { days, events, new, again })))
}

/// What a column tells apart; none of texts and vectors, and of what is the same for all.
fn online_column(column: &Column, popularity: &[f32]) -> Option<OnlineColumn> {
    let name = column.name.clone();
    match &column.data {
        ColumnData::Category(values) => {
            values.iter().any(|value| *value != values[0]).then_some(OnlineColumn { column: name, edges: Vec::new() })
        }
        ColumnData::Number(values) => {
            let edges = edges(values, popularity);
            (!edges.is_empty()).then_some(OnlineColumn { column: name, edges })
        }
        _ => None,
    }
}

/// Edges that part what is taken, by popularity, into buckets of the same size.
fn edges(values: &[f32], popularity: &[f32]) -> Vec<f32> {
    let mut pairs: Vec<(f32, f64)> = values
        .iter()
        .zip(popularity)
        .map(|(&x, &weight)| (x, f64::from(weight)))
        .filter(|pair| pair.0.is_finite())
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = pairs.iter().map(|pair| pair.1).sum();
    let (mut sum, mut edges): (f64, Vec<f32>) = (0.0, Vec::new());
    for pair in pairs.windows(2) {
        sum += pair[0].1;
        let due = total * (edges.len() + 1) as f64 / BUCKETS as f64;
        if sum >= due && pair[1].0 > pair[0].0 && edges.len() + 1 < BUCKETS {
            edges.push(pair[1].0);
        }
    }
    edges
}

/// The root of the mean squared length of the rows; 1 where there are none.
fn usual_length(model: &Model) -> f32 {
    let square = |item: u32| model.embedding(item).iter().map(|x| f64::from(x * x)).sum::<f64>();
    let sum: f64 = (0..model.item_count() as u32).map(square).sum();
    let length = (sum / model.item_count() as f64).sqrt() as f32;
    if length > 0.0 { length.clamp(1e-6, 1e6) } else { 1.0 }
}

/// The candidates at one moment, by score alone, and what an adapter learns from.
struct Asked {
    strength: f32,
    feedback: Vec<Feedback>,
    /// (item, score) of the best of what is new to the user, and of the user's own.
    new: Vec<(u32, f32)>,
    own: Vec<(u32, f32)>,
    /// Items that came next, and those of them that the user had before.
    targets: usize,
    own_hits: usize,
}

impl Asked {
    fn at(model: &Model, scorer: &CpuScorer, users: &[HeldOut], moment: &Moment, timed: bool) -> Result<Asked> {
        let mut device = Device::new(model, timed);
        device.take_in(&users[moment.user].events, moment.known)?;
        let lines = device.profile().history(model);
        let history: Vec<(u32, f32)> = lines.iter().map(|line| (line.item, line.strength)).collect();
        let known: Vec<u32> = lines.iter().map(|line| line.item).collect();
        let user = User::of_history(model, &history)?;
        let pairs = |mask: &ItemMask, k: usize| -> Result<Vec<(u32, f32)>> {
            let list = scorer.score(&Query::of(&user, mask, k, Stage::Retrieval))?;
            Ok(list.iter().map(|scored| (scored.item, scored.score)).collect())
        };
        let mut own = ItemMask::all(model.item_count());
        known.iter().for_each(|&item| own.include(item));
        Ok(Asked {
            strength: history.iter().map(|pair| pair.1).sum(),
            feedback: device.profile().feedback(model),
            new: pairs(&without(model.item_count(), &known), CANDIDATES)?,
            own: pairs(&own, MOST_OWN)?,
            targets: moment.targets.len(),
            own_hits: moment.targets.iter().filter(|item| known.contains(item)).count(),
        })
    }
}

/// One moment with all that its items are told apart by.
struct Lists {
    /// Place of the user.
    user: usize,
    strength: f32,
    /// Items that came next: new ones, and all.
    targets: [usize; 2],
    new: Choice,
    own: Choice,
}

fn parts(model: &Model, online: &Online, all: &[Moment], asked: &[Asked]) -> Vec<Lists> {
    let whole = vec![1.0; online.columns.len() + 2];
    let list = |(moment, asked): (&Moment, &Asked)| {
        let adapter = Adapter::learn(model, online, &asked.feedback, moment.now as f64, whole.clone());
        let choice = |items: &[(u32, f32)]| {
            let mut choice = Choice { width: whole.len() + 1, ..Choice::default() };
            for &(item, score) in items {
                choice.rows.push(score);
                choice.rows.extend(adapter.parts(model, online, item));
                choice.hits.push(moment.targets.contains(&item));
            }
            choice
        };
        let targets = [asked.targets - asked.own_hits, asked.targets];
        Lists { user: moment.user, strength: asked.strength, targets, new: choice(&asked.new), own: choice(&asked.own) }
    };
    all.par_iter().zip(asked).map(list).collect()
}

/// Finds the weights by length of history, and the relative gain of NDCG@20 by them: of all items, where people take some again.
fn weigh<'l>(online: &mut Online, lists: &'l [Lists], again: bool) -> f64 {
    let group = |strength: f32| PARTED.iter().filter(|&&bound| strength > bound).count();
    let mut groups: Vec<Vec<&'l Lists>> = vec![Vec::new()];
    for n in 0..=PARTED.len() {
        let held = lists.iter().filter(|lists| group(lists.strength) == n);
        match groups.last_mut().filter(|last| last.len() < LEAST_MOMENTS) {
            Some(last) => last.extend(held),
            None => groups.push(held.collect()),
        }
    }
    groups.retain(|group| !group.is_empty());
    let units: Vec<f64> = groups.iter().map(|group| unit(group)).collect();
    let weights = |keep: &dyn Fn(usize) -> bool| -> Vec<f64> {
        let of_group = |(group, &unit): (&Vec<&'l Lists>, &f64)| -> Vec<(&'l Choice, f64)> {
            group.iter().filter(|lists| keep(lists.user)).map(|lists| (&lists.new, unit)).collect()
        };
        let choices: Vec<(&Choice, f64)> = groups.iter().zip(&units).flat_map(of_group).collect();
        // The item itself tells nothing of what is new.
        let weights = fit_choices(&choices, 2);
        let base = weights.first().copied().unwrap_or(1.0).max(LEAST_BASE);
        weights.iter().skip(1).map(|weight| weight / base).collect()
    };
    let [odd, even, all] = [weights(&|user| user % 2 == 1), weights(&|user| user % 2 == 0), weights(&|_| true)];
    let weigh = |(group, &unit): (&Vec<&Lists>, &f64)| {
        let [odd, even, all] =
            [&odd, &even, &all].map(|weights| weights.iter().map(|w| w * unit).collect::<Vec<f64>>());
        weigh_group(group, &[odd, even], &all)
    };
    let mut fitted: Vec<Weighed> = groups.iter().zip(&units).map(weigh).collect();
    let gain: f64 = fitted.iter().map(|group| group.gain).sum();
    let error = fitted.iter().map(|group| group.error * group.error).sum::<f64>().sqrt();
    if gain < SURE * error {
        fitted.iter_mut().for_each(|group| (group.weights, group.gain) = (vec![0.0; group.weights.len()], 0.0));
    }
    let (mut before, mut after) = (0.0, 0.0);
    for (held, mut group) in groups.iter().zip(fitted) {
        if again {
            let (own, plain, gained) = own_weight(held, &group.weights);
            group.weights[1] = own;
            (group.plain, group.gain) = (plain, gained - plain);
        }
        (before, after) = (before + group.plain, after + group.plain + group.gain);
        let strength = held.iter().map(|lists| lists.strength).sum::<f32>() / held.len() as f32;
        if online.strengths.last().is_none_or(|&below| strength > below) {
            let bounded = group.weights.iter().map(|&weight| weight.clamp(-MOST_WEIGHT, MOST_WEIGHT) as f32);
            online.strengths.push(strength);
            online.weights.push(bounded.collect());
        }
    }
    after / f64::max(before, f64::MIN_POSITIVE) - 1.0
}

/// The weights of one group.
struct Weighed {
    /// Of the parts beside a score that counts 1, the own items' left out.
    weights: Vec<f64>,
    /// Sum of NDCG@20 by score alone; what the weights add to it, each user's fitted on others; and the standard error of that.
    plain: f64,
    gain: f64,
    error: f64,
}

/// How far apart scores usually lie.
fn unit(lists: &[&Lists]) -> f64 {
    let unit = lists.iter().map(|lists| lists.new.spread()).sum::<f64>() / lists.len() as f64;
    if unit > 0.0 { unit } else { 1.0 }
}

/// As much of the weights `all` as is good for one group, judged by those fitted on the other half of the users.
fn weigh_group(lists: &[&Lists], halves: &[Vec<f64>; 2], all: &[f64]) -> Weighed {
    let ndcg = |lists: &Lists, share: f64| -> f64 {
        let weights: Vec<f64> = halves[lists.user % 2].iter().map(|weight| weight * share).collect();
        lists.new.ndcg(&weights, lists.targets[0])
    };
    let judged: Vec<&Lists> = lists.iter().copied().filter(|lists| lists.targets[0] > 0).collect();
    let plain: Vec<f64> = judged.iter().map(|lists| ndcg(lists, 0.0)).collect();
    let (mut share, mut gain, mut error) = (0.0, 0.0, 0.0);
    for tried in SHARES {
        // Moments of one user go together.
        let mut gains: BTreeMap<usize, f64> = BTreeMap::new();
        for (lists, plain) in judged.iter().zip(&plain) {
            *gains.entry(lists.user).or_default() += ndcg(lists, tried) - plain;
        }
        let (sum, spread) = (gains.values().sum::<f64>(), error_of_sum(&gains));
        if sum > LIKELY * spread && sum > gain {
            (share, gain, error) = (tried, sum, spread);
        }
    }
    let mut weights: Vec<f64> = all.iter().map(|weight| weight * share).collect();
    weights.resize(lists[0].new.width - 1, 0.0);
    Weighed { weights, plain: plain.iter().sum(), gain, error }
}

/// The weight of own items at which lists of all items have the best NDCG@20, where that of each half of the users also serves the other
/// half; the sum by score alone, and with the weights of the others.
fn own_weight(lists: &[&Lists], weights: &[f64]) -> (f64, f64, f64) {
    let unit = unit(lists);
    let each = |weights: &[f64]| -> Vec<f64> {
        lists.par_iter().map(|lists| lists.new.with(&lists.own).ndcg(weights, lists.targets[1])).collect()
    };
    let tried: Vec<f64> = std::iter::once(0.0).chain(OWN.iter().map(|share| unit * share)).collect();
    let judged: Vec<Vec<f64>> = tried
        .iter()
        .map(|&own| {
            let mut weights = weights.to_vec();
            weights[1] = own;
            each(&weights)
        })
        .collect();
    let best = |counts: &dyn Fn(usize) -> bool| -> usize {
        let sum = |values: &Vec<f64>| -> f64 {
            lists.iter().zip(values).filter(|(lists, _)| counts(lists.user)).map(|(_, value)| value).sum()
        };
        let sums: Vec<f64> = judged.iter().map(sum).collect();
        (1..sums.len()).fold(0, |best, n| if sums[n] > sums[best] { n } else { best })
    };
    // By the parity of a user: what serves the others best.
    let of_others = [best(&|user| user % 2 == 1), best(&|user| user % 2 == 0)];
    let mut gains: BTreeMap<usize, f64> = BTreeMap::new();
    for (at, lists) in lists.iter().enumerate() {
        *gains.entry(lists.user).or_default() += judged[of_others[lists.user % 2]][at] - judged[0][at];
    }
    let gain: f64 = gains.values().sum();
    let plain: f64 = each(&vec![0.0; weights.len()]).iter().sum();
    let without: f64 = judged[0].iter().sum();
    match gain > LIKELY * error_of_sum(&gains) {
        true => (tried[best(&|_| true)], plain, without + gain),
        false => (0.0, plain, without),
    }
}

/// The standard error of a sum over users.
fn error_of_sum(gains: &BTreeMap<usize, f64>) -> f64 {
    let mean = gains.values().sum::<f64>() / gains.len().max(1) as f64;
    gains.values().map(|gain| (gain - mean).powi(2)).sum::<f64>().sqrt()
}

const _: () = assert!(CUTOFF < CANDIDATES);

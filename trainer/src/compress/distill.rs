//! A small student of a large teacher: implicit ALS whose items also learn from what the teacher would show.
//!
//! After Tang and Wang 2018 ("Ranking Distillation: Learning Compact Ranking Models With High Performance for Recommender
//! Systems"): for every user of a log the teacher's best items that the user did not have count as positives, the one in
//! place r with the weight `w exp(-r / lambda)` (their eq. 7). The student is fitted by alternating least squares. Its item rows
//! are solved for histories and teacher's items together; its users for their histories alone, by the very fold-in that the
//! device computes, so that nothing is learned which a page could not do.

use std::sync::Arc;

use clap::Args;
use proclivity::model::{Model, Repeats, UserTower};
use proclivity::profile::User;
use proclivity::score::{CpuScorer, ItemMask, Query};
use rayon::prelude::*;
use serde::Serialize;

use super::measure::{Judge, shipped};
use super::parts::Parts;
use crate::dataset::{Confidence, Interactions};
use crate::error::{CliError, Result};
use crate::families::{Als, AlsOptions, Learner, Training};

/// Settings of a student.
#[derive(Debug, Clone, PartialEq, Args, Serialize)]
pub struct DistillOptions {
    /// How many of the teacher's best items each user learns from
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub distill_items: usize,
    /// Strength of the first of them, where an item of the history has 1; that of later ones falls off
    #[arg(long, value_name = "STRENGTH", default_value_t = 0.5)]
    pub distill_weight: f32,
    /// Confidence of a pair of strength r is 1 + ALPHA r [default: the teacher's, or 5]
    #[arg(long, value_name = "ALPHA")]
    pub distill_alpha: Option<f64>,
    /// Weight of the squared vectors [default: the teacher's, or an item's mean number of users]
    #[arg(long, value_name = "NUMBER")]
    pub distill_regularization: Option<f64>,
    /// Epochs at most; held-out users say which one is kept
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub distill_epochs: usize,
    /// Of the student's first vectors
    #[arg(long, value_name = "SEED", default_value_t = 42)]
    pub distill_seed: u64,
}

impl DistillOptions {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        let refused =
            |flag, expected: &str, found: String| Err(CliError::Flag { flag, expected: expected.into(), found });
        // The model file holds them as f32, where the smallest numbers become 0.
        let usable = |number: f64| number as f32 > 0.0 && number <= 1e6;
        let range = "a number above 0 (as a 32-bit float), at most 1e6";
        match *self {
            DistillOptions { distill_items: 0, .. } => refused("--distill-items", "at least 1", "0".into()),
            DistillOptions { distill_epochs: 0, .. } => refused("--distill-epochs", "at least 1", "0".into()),
            DistillOptions { distill_weight: found, .. } if !(found > 0.0 && found <= 100.0) => {
                refused("--distill-weight", "a strength above 0, at most 100", found.to_string())
            }
            DistillOptions { distill_alpha: Some(found), .. } if !usable(found) => {
                refused("--distill-alpha", range, found.to_string())
            }
            DistillOptions { distill_regularization: Some(found), .. } if !usable(found) => {
                refused("--distill-regularization", range, found.to_string())
            }
            _ => Ok(()),
        }
    }

    /// The strength of what the teacher puts in place `place`, from 0.
    fn strength(&self, place: usize) -> f32 {
        self.distill_weight * (-(place as f32) / (self.distill_items as f32 / 2.0)).exp()
    }

    /// Of the student, as the teacher's fold-in has them where it has one.
    fn als(&self, tower: UserTower, data: &Interactions) -> AlsOptions {
        let mean = data.pairs() as f64 / data.items.len().max(1) as f64;
        let (alpha, regularization, power) = match tower {
            UserTower::FoldIn { alpha, regularization, power } => (alpha.into(), regularization.into(), power.into()),
            _ => (5.0, mean, 0.0),
        };
        AlsOptions {
            als_alpha: self.distill_alpha.unwrap_or(alpha),
            als_regularization: self.distill_regularization.unwrap_or(regularization),
            als_regularization_power: if self.distill_regularization.is_some() { 0.0 } else { power },
        }
    }
}

/// A model and the users that a student learns from.
pub struct Teacher {
    model: Arc<Model>,
    /// In the model's items; nothing but histories.
    data: Interactions,
    /// Strengths of the pairs, as the histories lie.
    strengths: Vec<Vec<f32>>,
}

impl Teacher {
    /// The users of `log` who had an item that `model` knows.
    ///
    /// # Errors
    /// [`CliError::Flag`] where there is none.
    pub fn new(model: &Arc<Model>, log: &Interactions) -> Result<Teacher> {
        let confidence = match model.manifest().repeats {
            Repeats::Once => Confidence::Binary,
            Repeats::Logarithm => Confidence::LogCount,
        };
        let index: Vec<Option<u32>> = log.items.iter().map(|id| model.item_index(id)).collect();
        let (mut users, mut histories, mut strengths) = (Vec::new(), Vec::new(), Vec::new());
        for ((user, history), of_pairs) in log.users.iter().zip(&log.histories).zip(log.strengths(confidence)) {
            let pairs = history.iter().zip(of_pairs);
            let known: Vec<(u32, f32)> = pairs.filter_map(|(&item, r)| Some((index[item as usize]?, r))).collect();
            if !known.is_empty() {
                users.push(user.clone());
                histories.push(known.iter().map(|pair| pair.0).collect());
                strengths.push(known.iter().map(|pair| pair.1).collect());
            }
        }
        if users.is_empty() {
            return Err(CliError::Flag {
                flag: "--distill",
                expected: "the log the model was trained on, or another of the same items".into(),
                found: "no user with an item that the model knows".into(),
            });
        }
        let items = (0..model.item_count() as u32).map(|item| model.item_id(item).to_owned()).collect();
        let events = vec![Vec::new(); users.len()];
        let situations = Vec::new();
        let data = Interactions { items, users, histories, events, has_time: false, has_value: false, situations };
        Ok(Teacher { model: Arc::clone(model), data, strengths })
    }

    /// A student of width `dim`: vectors alone, stored as the teacher's are, with its catalogue; without a repurchase part, whose weights
    /// are for the teacher's scores. Of the epochs the one is kept
    /// that ranks `judge`'s users best; without any, the last.
    ///
    /// # Errors
    /// [`CliError::Diverged`], or what the engine refuses.
    pub fn teach(&self, dim: usize, options: &DistillOptions, judge: &Judge) -> Result<Parts> {
        let lists = self.lists(options)?;
        let training = Training { data: &self.data, strengths: &self.strengths, dim, seed: options.distill_seed };
        let mut als = Als::taught(training, &options.als(self.model.manifest().user, &self.data), &lists);
        let mut student = Parts::of(&self.model);
        (student.spec.neighbours, student.spec.ranker, student.spec.item_bias) = (None, None, None);
        (student.spec.user_rows, student.spec.repurchase, student.spec.network) = (None, None, None);
        // What was learnt beside the teacher's vectors says nothing of others.
        (student.spec.content, student.spec.context, student.spec.prior) = (None, None, None);
        student.spec.online = None;
        (student.spec.family, student.steps) = (als.name().into(), Some(Vec::new()));
        let mut best: Option<(f64, Parts)> = None;
        for epoch in 1..=options.distill_epochs {
            als.epoch(epoch)?;
            let vectors = als.vectors();
            (student.spec.embedding.rows, student.spec.embedding.dim) = (vectors.rows, dim);
            student.spec.user_tower = vectors.tower;
            let ndcg = if judge.has_users() { judge.measure(&student.write()?)?.ndcg } else { None };
            let better = match (ndcg, &best) {
                (Some(ndcg), Some((most, _))) => ndcg > *most,
                _ => true,
            };
            if better {
                best = Some((ndcg.unwrap_or(0.0), student.clone()));
            }
        }
        Ok(best.map_or(student, |(_, student)| student))
    }

    /// What each user learns from besides the history: (item, strength).
    fn lists(&self, options: &DistillOptions) -> Result<Vec<Vec<(u32, f32)>>> {
        let stage = shipped(&self.model);
        let scorer = CpuScorer::new(Arc::clone(&self.model));
        let list = |(history, strengths): (&Vec<u32>, &Vec<f32>)| {
            let seen: Vec<(u32, f32)> = history.iter().copied().zip(strengths.iter().copied()).collect();
            let mut mask = ItemMask::none(self.model.item_count());
            history.iter().for_each(|&item| mask.exclude(item));
            let user = User::of_history(&self.model, &seen)?;
            let shown = scorer.score(&Query::of(&user, &mask, options.distill_items, stage))?;
            Ok((0..).zip(&shown).map(|(place, scored)| (scored.item, options.strength(place))).collect())
        };
        self.data.histories.par_iter().zip(&self.strengths).map(list).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::fixture::parts;
    use super::*;
    use crate::dataset::HeldOutFiles;
    use crate::dataset::fixture::interactions;
    use crate::export::load;

    const OPTIONS: DistillOptions = DistillOptions {
        distill_items: 4,
        distill_weight: 0.5,
        distill_alpha: Some(8.0),
        distill_regularization: Some(0.3),
        distill_epochs: 8,
        distill_seed: 1,
    };

    /// A teacher of neighbour lists alone: item i speaks for the items of its own third.
    fn teacher() -> Teacher {
        let mut spec = parts().spec;
        (spec.ranker, spec.item_bias, spec.embedding.rows, spec.embedding.dim) = (None, None, Vec::new(), 0);
        spec.user_tower = UserTower::Pool { power: 0.0 };
        spec.repeats = Repeats::Once;
        let lists = spec.neighbours.as_mut().expect("the fixture has lists");
        (lists.indptr, lists.indices, lists.weights) = (vec![0], Vec::new(), Vec::new());
        for item in 0..40u32 {
            lists.indices.extend((0..40).filter(|other| other % 3 == item % 3 && *other != item));
            lists.weights.resize(lists.indices.len(), 0.5);
            lists.indptr.push(lists.indices.len() as u32);
        }
        let model = load(&Parts { spec, steps: None, golden: vec![vec![1]] }.write().unwrap()).unwrap();
        // Users have two items of one third and know nothing of the others; the log has an item the model does not know.
        let mut log = interactions(42, (0..39).map(|user| vec![user, (user + 6) % 39, 41]).collect());
        (0..40).for_each(|item| log.items[item] = format!("i{item}"));
        Teacher::new(&model, &log).unwrap()
    }

    #[test]
    fn the_teachers_best_are_what_the_user_did_not_have() {
        let teacher = teacher();
        assert_eq!(teacher.data.histories[5], [5, 11], "in the model's items, without the unknown one");
        let lists = teacher.lists(&OPTIONS).unwrap();
        assert_eq!(lists[5].iter().map(|pair| pair.0).collect::<Vec<_>>(), [2, 8, 14, 17]);
        assert_eq!(lists[5][0].1, 0.5);
        assert!(lists[5].windows(2).all(|pair| pair[1].1 < pair[0].1), "{:?}", lists[5]);
    }

    #[test]
    fn the_student_shows_what_the_teacher_would() {
        let teacher = teacher();
        let judge = Judge::new(&teacher.model, HeldOutFiles::default(), false);
        let share = |student: &Parts| {
            let student = load(&student.write().unwrap()).unwrap();
            assert_eq!((student.dim(), student.neighbours().is_some(), student.item_count()), (16, false, 40));
            let user = User::of_history(&student, &[(5, 1.0), (11, 1.0)]).unwrap();
            let mut mask = ItemMask::none(40);
            [5, 11].iter().for_each(|&item| mask.exclude(item));
            let query = Query::of(&user, &mask, 5, shipped(&student));
            let shown = CpuScorer::new(Arc::clone(&student)).score(&query).unwrap();
            shown.iter().filter(|scored| scored.item % 3 == 2).count()
        };
        let student = teacher.teach(8, &OPTIONS, &judge).unwrap();
        assert_eq!(share(&student), 5, "all of the user's own third");
        assert_eq!(student.write().unwrap(), teacher.teach(8, &OPTIONS, &judge).unwrap().write().unwrap());
        assert!(OPTIONS.check().is_ok());
        assert!(DistillOptions { distill_weight: 0.0, ..OPTIONS }.check().is_err());
    }
}

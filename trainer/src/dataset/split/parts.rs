//! The parts of a split log: a mark on each event, from which users are shown one at a time, so that no event is held twice.

use std::collections::HashSet;

use serde::Serialize;

use crate::dataset::interactions::{Event, Interactions, PairStats, pair_stats};

/// What an event is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Train,
    Validation,
    Test,
}

/// A split log.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts<'a> {
    pub data: &'a Interactions,
    /// Of each user the part of each event; none of a user that is left out.
    marks: Vec<Vec<Part>>,
    /// Whether the user is trained on; the others' events in `Train` are only folded in.
    trained: Vec<bool>,
    /// Whether the item is in a training event: no model could find another.
    known: Vec<bool>,
}

/// A user to be judged by: what is known, and what is to be found. Items are positions in the items of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Position in the users of the log.
    pub user: usize,
    pub fold_in: Vec<Event>,
    /// Each item once.
    pub targets: Vec<Target>,
}

/// An item to be found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    pub item: u32,
    /// Whether it is new to the user.
    pub new: bool,
    /// Its last value, NaN where there is none.
    pub value: f32,
}

/// How much is held out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HeldCounts {
    pub users: usize,
    pub fold_in_events: usize,
    pub targets_new: usize,
    pub targets_all: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(data: &'a Interactions, marks: Vec<Vec<Part>>, trained: Vec<bool>) -> Parts<'a> {
        let mut parts = Parts { data, marks, trained, known: Vec::new() };
        let mut known = vec![false; data.items.len()];
        parts.train().flat_map(|(_, events)| events).for_each(|event| known[event.item as usize] = true);
        parts.known = known;
        parts
    }

    /// Each training user, a position in the users of the log, with its events.
    pub fn train(&self) -> impl Iterator<Item = (usize, impl Iterator<Item = &'a Event>)> {
        let users = (0..self.data.users.len()).filter(|&user| self.trained[user]);
        users.map(|user| (user, self.events(user, |part| part == Part::Train)))
    }

    /// Names of the items that are trained on.
    pub fn items(&self) -> impl Iterator<Item = &'a String> {
        self.data.items.iter().zip(&self.known).filter(|(_, known)| **known).map(|(item, _)| item)
    }

    /// The users held out for `part`, each with a target that is trained on: validation or test.
    pub fn held(&self, part: Part) -> impl Iterator<Item = Held> {
        (0..self.data.users.len()).filter_map(move |user| {
            let mut held = self.held_of(user, part);
            held.targets.retain(|target| self.known[target.item as usize]);
            (!held.targets.is_empty()).then_some(held)
        })
    }

    /// How much [`Parts::held`] shows.
    pub fn held_counts(&self, part: Part) -> HeldCounts {
        self.held(part).fold(HeldCounts::default(), |counts, held| HeldCounts {
            users: counts.users + 1,
            fold_in_events: counts.fold_in_events + held.fold_in.len(),
            targets_new: counts.targets_new + held.targets.iter().filter(|target| target.new).count(),
            targets_all: counts.targets_all + held.targets.len(),
        })
    }

    /// Targets left out, as their item is in no training event.
    pub fn cold_targets(&self) -> usize {
        let held = (0..self.data.users.len())
            .flat_map(|user| [Part::Validation, Part::Test].map(|part| self.held_of(user, part)));
        held.flat_map(|held| held.targets).filter(|target| !self.known[target.item as usize]).count()
    }

    /// Bytes that the marks take.
    #[cfg(test)]
    pub(super) fn mark_bytes(&self) -> usize {
        let lists: usize = self.marks.iter().map(|marks| size_of::<Vec<Part>>() + marks.capacity()).sum();
        lists + self.trained.capacity()
    }

    /// What `part` asks of a user, cold targets included: what is before it is known.
    fn held_of(&self, user: usize, part: Part) -> Held {
        let fold_in: Vec<Event> = self.events(user, |other| other < part).copied().collect();
        let given: HashSet<u32> = fold_in.iter().map(|event| event.item).collect();
        let asked: Vec<Event> = self.events(user, |other| other == part).copied().collect();
        let target = |PairStats { item, value, .. }| Target { item, new: !given.contains(&item), value };
        let targets = pair_stats(&asked).into_iter().map(target).collect();
        Held { user, fold_in, targets }
    }

    fn events(&self, user: usize, keep: impl Fn(Part) -> bool) -> impl Iterator<Item = &'a Event> {
        let marked = self.data.events[user].iter().zip(&self.marks[user]);
        marked.filter(move |(_, part)| keep(**part)).map(|(event, _)| event)
    }
}

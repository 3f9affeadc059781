//! Online learning: what each event moves on top of a user vector, the model's own weights frozen.
//!
//! An adapter is a delta of the user vector (the last layer's, where a dot ends it), a bias for each value of some catalogue columns, and
//! one for each item the user dealt with. Every event takes a few steps of BPR (Rendle et al. 2009): its item i against items j that the
//! user has not dealt with, drawn by popularity, `theta += eta r sigma(-x) dx/dtheta` with `x` the difference of what this part says of i
//! and of j; of a dislike, j against i. What was learnt fades with time and with later events.
//!
//! Steps are bounded: one event moves a bias by no more than `rate * samples` times its strength, whatever was learnt before. Everything is
//! computed anew from the events, draws included, in plain f32 operations in a fixed order: the same events give the same adapter.

use std::ops::Range;

use super::network::ops::{exp, sigmoid};
use super::random::Random;
use crate::model::{ColumnView, Model, Online, OnlineColumn};
use crate::simd::dot;

/// The latest events that are learnt from, and of slight ones, such as that an item was shown and left alone, beside them.
const MOST: usize = 300;
const MOST_SLIGHT: usize = 100;
const SLIGHT: f32 = 0.1;
/// Of an item that no event is of, and of one that none was learnt from yet; after that, its place among those dealt with.
const UNSEEN: u16 = u16::MAX;
const SEEN: u16 = u16::MAX - 1;
/// Parts before the columns: the vector, and the item itself.
const PARTS: usize = 2;
const DAY: f64 = 86_400_000.0;

/// An event as it is learnt from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feedback {
    pub item: u32,
    /// Strength r up to 1; below 0 for what the user does not want.
    pub strength: f32,
    /// Milliseconds since 1970, 0 when unknown.
    pub time: f64,
}

/// What a user's events moved. Of columns only those are there that count.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// Of the user vector, in units of a usual row, (d).
    delta: Vec<f32>,
    /// Of the items dealt with.
    own: Vec<Own>,
    /// The columns, by their places among the model's, and biases of their values.
    columns: Vec<(usize, Vec<f32>)>,
    /// What the vector, the item itself and each of those columns count.
    weights: Vec<f32>,
    norm: f32,
    /// Comparisons with other items so far.
    steps: usize,
    /// The values of each step's other item in each column, (steps, columns).
    codes: Vec<usize>,
    /// How far each step moved each column, (steps, columns).
    moved: Vec<f32>,
    events: Vec<Learnt>,
    /// How far each event moved `delta`, (events, d); none where it plays no part.
    deltas: Vec<f32>,
}

/// An item that was dealt with.
#[derive(Debug, Clone)]
struct Own {
    item: u32,
    bias: f32,
    /// Events of it that were learnt from.
    events: u32,
}

/// An event that was learnt from.
#[derive(Debug, Clone)]
struct Learnt {
    item: u32,
    /// The place of its item in the history, where it has one.
    place: Option<usize>,
    /// What is left of what it moved.
    left: f32,
    /// How far it moved its item's own bias.
    own: f32,
    /// The values of its item in each column.
    codes: Vec<usize>,
    /// Its comparisons with other items.
    steps: Range<usize>,
}

/// A column's values as whole numbers.
struct Coded<'m> {
    column: &'m OnlineColumn,
    view: ColumnView<'m>,
}

impl<'m> Coded<'m> {
    fn new(model: &'m Model, online: &'m Online, place: usize) -> Option<Coded<'m>> {
        let column = online.columns.get(place)?;
        Some(Coded { column, view: model.column(&column.column)? })
    }

    fn code(&self, item: u32) -> usize {
        match self.view {
            ColumnView::Category { codes, .. } => codes[item as usize] as usize,
            ColumnView::Number(values) => self.column.bucket(values[item as usize]),
            ColumnView::Text(_) => 0,
        }
    }

    fn count(&self) -> usize {
        match self.view {
            ColumnView::Category { value_count, .. } => value_count,
            ColumnView::Number(_) => self.column.edges.len() + 2,
            ColumnView::Text(_) => 1,
        }
    }
}

impl Adapter {
    /// Learns from `feedback`, the latest last, as it is at the moment `now` (milliseconds since 1970); its parts count `weights`,
    /// (2 + columns), and a vector or a column that counts nothing is not learnt. Items that the model does not have are passed over.
    pub fn learn(model: &Model, online: &Online, feedback: &[Feedback], now: f64, weights: Vec<f32>) -> Adapter {
        let mut adapter = Adapter {
            delta: vec![0.0; model.dim()],
            own: Vec::new(),
            columns: Vec::new(),
            weights: (0..PARTS).map(|part| weights.get(part).copied().unwrap_or_default()).collect(),
            norm: online.norm,
            steps: 0,
            codes: Vec::new(),
            moved: Vec::new(),
            events: Vec::new(),
            deltas: Vec::new(),
        };
        for (place, &weight) in weights.iter().skip(PARTS).enumerate().filter(|(_, weight)| **weight != 0.0) {
            if let Some(column) = Coded::new(model, online, place) {
                adapter.columns.push((place, vec![0.0; column.count()]));
                adapter.weights.push(weight);
            }
        }
        if adapter.weights.iter().all(|&weight| weight == 0.0) {
            return adapter;
        }
        let known = |event: &&Feedback| (event.item as usize) < model.item_count();
        let feedback: Vec<Feedback> = feedback.iter().filter(known).copied().collect();
        let mut seen = vec![UNSEEN; model.item_count()];
        feedback.iter().for_each(|event| seen[event.item as usize] = SEEN);
        let columns = adapter.coded(model, online);
        let mut before = 0.0;
        for event in &latest(&feedback) {
            // What says little does not make what was said before count less.
            adapter.fade(fade(online, before, event.time, event.strength.abs().min(1.0)));
            before = f64::max(before, event.time);
            adapter.take_in(model, online, &columns, event, &mut seen);
        }
        adapter.fade(fade(online, before, now, 0.0));
        adapter
    }

    fn take_in(&mut self, model: &Model, online: &Online, columns: &[Coded<'_>], event: &Feedback, seen: &mut [u16]) {
        let Feedback { item, strength, .. } = *event;
        if seen[item as usize] == SEEN {
            seen[item as usize] = self.own.len() as u16;
            self.own.push(Own { item, bias: 0.0, events: 0 });
        }
        let at = usize::from(seen[item as usize]);
        // The first event of an item is always compared with the same others, whatever was there before, and so is the second.
        let mut random = Random::new(u64::from(item) | u64::from(self.own[at].events) << 32);
        self.own[at].events += 1;
        let codes: Vec<usize> = columns.iter().map(|column| column.code(item)).collect();
        let (sign, rate) = (if strength > 0.0 { 1.0 } else { -1.0 }, online.rate * strength.abs().min(1.0));
        let row = self.row(model, item);
        let (first, mut moved) = (self.steps, 0.0);
        let mut delta = vec![0.0; row.len()];
        for _ in 0..online.samples {
            let other = model.draw_by_popularity(random.uniform());
            if seen[other as usize] != UNSEEN {
                continue;
            }
            if !row.is_empty() {
                let apart: Vec<f32> = row.iter().zip(self.row(model, other)).map(|(a, b)| sign * (a - b)).collect();
                let gain = rate * sigmoid(-dot(&self.delta, &apart));
                self.delta.iter_mut().zip(&mut delta).zip(&apart).for_each(|((sum, own), x)| {
                    *sum += gain * x;
                    *own += gain * x;
                });
            }
            let own = &mut self.own[at].bias;
            let gain = sign * rate * sigmoid(-sign * *own);
            *own += gain;
            moved += gain;
            for ((column, (_, biases)), &code) in columns.iter().zip(&mut self.columns).zip(&codes) {
                let against = column.code(other);
                let gain = if against == code { 0.0 } else { rate * sigmoid(sign * (biases[against] - biases[code])) };
                biases[code] += sign * gain;
                biases[against] -= sign * gain;
                self.moved.push(sign * gain);
                self.codes.push(against);
            }
            self.steps += 1;
        }
        self.deltas.extend(delta);
        let steps = first..self.steps;
        self.events.push(Learnt { item, place: None, left: 1.0, own: moved, codes, steps });
    }

    /// The columns that count.
    fn coded<'m>(&self, model: &'m Model, online: &'m Online) -> Vec<Coded<'m>> {
        self.columns.iter().filter_map(|&(place, _)| Coded::new(model, online, place)).collect()
    }

    /// The row of an item in units of a usual one, (d); none where it plays no part.
    fn row(&self, model: &Model, item: u32) -> Vec<f32> {
        match self.weights[0] == 0.0 {
            true => Vec::new(),
            false => model.embedding(item).into_iter().map(|x| x / self.norm).collect(),
        }
    }

    /// Leaves `share` of all that was learnt.
    fn fade(&mut self, share: f32) {
        if share < 1.0 {
            self.delta.iter_mut().for_each(|x| *x *= share);
            self.own.iter_mut().for_each(|own| own.bias *= share);
            self.columns.iter_mut().flat_map(|column| &mut column.1).for_each(|bias| *bias *= share);
            self.events.iter_mut().for_each(|event| event.left *= share);
        }
    }

    /// What each part says of `item`, not weighed, (2 + columns that count).
    pub fn parts(&self, model: &Model, online: &Online, item: u32) -> Vec<f32> {
        let row = model.embedding(item);
        let own = self.own.iter().find(|own| own.item == item).map_or(0.0, |own| own.bias);
        let mut parts = vec![dot(&self.delta, &row) / self.norm, own];
        let columns = self.coded(model, online);
        parts.extend(columns.iter().zip(&self.columns).map(|(column, (_, biases))| biases[column.code(item)]));
        parts
    }

    /// Adds what was learnt to a user vector, (d).
    pub(super) fn add_to_vector(&self, vector: &mut [f32]) {
        let factor = self.weights[0] / self.norm;
        vector.iter_mut().zip(&self.delta).for_each(|(x, delta)| *x += factor * delta);
    }

    /// Adds what was learnt of columns and items to scores, (n).
    pub(super) fn add_to_scores(&self, model: &Model, scores: &mut [f32]) {
        for own in &self.own {
            scores[own.item as usize] += self.weights[1] * own.bias;
        }
        let Some(online) = &model.manifest().online else { return };
        for ((column, (_, biases)), weight) in
            self.coded(model, online).iter().zip(&self.columns).zip(&self.weights[PARTS..])
        {
            scores.iter_mut().zip(0..).for_each(|(score, item)| *score += weight * biases[column.code(item)]);
        }
    }

    /// Finds the items of events in a history.
    pub(super) fn place_in(&mut self, history: &[(u32, f32)], items: usize) {
        if self.events.is_empty() {
            return;
        }
        let mut places = vec![u32::MAX; items];
        history.iter().zip(0..).for_each(|(pair, place)| places[pair.0 as usize] = place);
        for event in &mut self.events {
            event.place =
                Some(places[event.item as usize]).filter(|&place| place != u32::MAX).map(|place| place as usize);
        }
    }

    /// How much each event adds to the score of `item`: (the place of its item in the history, part), in order; what is not in it is left
    /// out. With that they would sum up to all that the adapter adds.
    pub(super) fn contributions(&self, model: &Model, item: u32) -> Vec<(usize, f32)> {
        let dim = self.delta.len();
        let row = self.row(model, item);
        let mut parts = vec![0.0; self.events.len()];
        if !row.is_empty() {
            for ((part, event), delta) in parts.iter_mut().zip(&self.events).zip(self.deltas.chunks_exact(dim)) {
                *part = self.weights[0] * event.left * dot(delta, &row);
            }
        }
        let online = model.manifest().online.as_ref();
        let columns = online.map_or_else(Vec::new, |online| self.coded(model, online));
        let width = columns.len();
        let wanted: Vec<usize> = columns.iter().map(|column| column.code(item)).collect();
        for (event, part) in self.events.iter().zip(&mut parts) {
            let mut sum = if event.item == item { event.own * self.weights[1] } else { 0.0 };
            for (n, &wanted) in wanted.iter().enumerate() {
                let of_item = f32::from(event.codes[n] == wanted);
                for step in event.steps.clone() {
                    let sign = of_item - f32::from(self.codes[step * width + n] == wanted);
                    sum += sign * self.moved[step * width + n] * self.weights[PARTS + n];
                }
            }
            *part += event.left * sum;
        }
        self.events.iter().zip(parts).filter_map(|(event, part)| Some((event.place?, part))).collect()
    }
}

/// The latest of `feedback` that are learnt from, in their order.
fn latest(feedback: &[Feedback]) -> Vec<Feedback> {
    let mut left = [MOST, MOST_SLIGHT];
    let mut latest = Vec::new();
    for event in feedback.iter().rev() {
        let left = &mut left[usize::from(event.strength.abs() < SLIGHT)];
        if *left > 0 {
            *left -= 1;
            latest.push(*event);
        }
    }
    latest.reverse();
    latest
}

/// What is left after so much time and so many events; nothing is lost of times that are unknown or run backwards.
fn fade(online: &Online, before: f64, now: f64, events: f32) -> f32 {
    let days = if before > 0.0 && now > before { ((now - before) / DAY) as f32 } else { 0.0 };
    let halvings = if online.days > 0.0 { days / online.days } else { 0.0 };
    let halvings = halvings + if online.events > 0.0 { events / online.events } else { 0.0 };
    exp(-std::f32::consts::LN_2 * halvings)
}

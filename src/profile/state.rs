//! The profile: the log of events, and the history it amounts to.

use super::adapter::Feedback;
use super::counting::{Counted, Counting, KINDS, Line, REPEAT};
use super::event::{Event, EventKind};
use super::names::Names;
use super::push::Push;
use super::situations;
use crate::error::Result;
use crate::model::{Attributes, Model};

/// Most events kept, and most bytes of an exported profile, nearly.
const MAX_EVENTS: usize = 2_000;
const MAX_BYTES: usize = 58_000;
/// Bytes of an event in an exported profile, beside its item's id and its value: of one of the last 300 years, at most.
const EVENT_BYTES: usize = 18;
/// Bytes of an event's value and place: at most.
const VALUE_BYTES: usize = 30;
/// Bytes of what is around an id, and of an event's place and that of its context with what is around the context: at most.
const ID_BYTES: usize = 3;
const SITUATION_BYTES: usize = 16;

/// Events of this strength, purchases as a rule, are what is bought again.
pub const FULL_STRENGTH: f32 = 1.0;

/// Milliseconds for which what was told of an event holds.
const HOLDS: f64 = 1_800_000.0;

/// The strength of a dislike that an impression is which nothing followed.
const LEFT_ALONE: f32 = 0.05;

/// What the history says of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interaction {
    /// Item index.
    pub item: u32,
    /// Strength r, 1 for one event of full strength; 0 when the item only counts as seen or disliked.
    pub strength: f32,
    /// Bought, put in the cart, rated, bookmarked, disliked or viewed to its end: not to be recommended again.
    pub seen: bool,
    /// The kind of event that counted most.
    pub strongest: EventKind,
}

/// What the user did, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// External ids.
    pub(super) ids: Names,
    events: Vec<Kept>,
    /// Contexts of events, as JSON.
    pub(super) situations: Names,
    /// Bytes of all that in an exported profile, at most.
    bytes: usize,
    /// Messages sent, and what came of them.
    pub(super) pushes: Vec<Push>,
}

/// An event, its item by its place among the ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub kind: EventKind,
    pub id: u32,
    pub value: Option<f32>,
    pub timestamp: f64,
    /// The place of its context, where it has one.
    pub situation: Option<u32>,
}

impl Kept {
    /// Whether it is a dislike, or a rating that is one.
    fn against(&self) -> bool {
        self.kind == EventKind::Dislike
            || (self.kind == EventKind::Rating && self.value.is_some_and(|value| value <= 3.0))
    }
}

impl Profile {
    /// Takes in one event; of its time the whole seconds.
    ///
    /// # Errors
    /// [`UnknownItem`](crate::Error::UnknownItem) or [`Argument`](crate::Error::Argument); the profile is then unchanged.
    pub fn observe(&mut self, model: &Model, event: Event) -> Result<()> {
        model.require_item(&event.item_id)?;
        self.keep(event)
    }

    /// Takes in an event of an item that the present model need not know.
    pub(super) fn keep(&mut self, event: Event) -> Result<()> {
        event.validate()?;
        let Event { kind, item_id, value, timestamp, context } = event;
        let (id, bytes) = self.ids.enter(item_id);
        self.bytes += EVENT_BYTES + value_bytes(value) + if bytes > 0 { bytes + ID_BYTES } else { 0 };
        let mut situation = None;
        if !context.is_empty() {
            let (place, bytes) = self.situations.enter(situations::to_text(context));
            self.bytes += SITUATION_BYTES + bytes;
            situation = Some(place);
        }
        let timestamp = (timestamp / 1000.0).floor() * 1000.0;
        self.events.push(Kept { kind, id, value, timestamp, situation });
        while self.events.len() > MAX_EVENTS || self.bytes > MAX_BYTES {
            self.remove(self.least());
        }
        Ok(())
    }

    /// The event to do without first: what was merely shown; what changes nothing, since it was told just before, a later rating or a larger
    /// portion stands for it, or the item was turned down within the minute; what is oldest.
    fn least(&self) -> usize {
        let soon = |a: &Kept, b: &Kept| a.timestamp > 0.0 && (b.timestamp - a.timestamp).abs() < REPEAT;
        if let Some(shown) = self.events.iter().position(|event| event.kind == EventKind::Impression) {
            return shown;
        }
        // Of each item and kind the event that told it, going forward; what is turned round meanwhile is told anew.
        let mut told: Vec<Option<Kept>> = vec![None; self.ids.len() * KINDS];
        for (at, event) in self.events.iter().enumerate() {
            let of_item = &mut told[event.id as usize * KINDS..][..KINDS];
            for before in of_item.iter_mut() {
                *before = before.filter(|before| before.against() == event.against());
            }
            let before = &mut of_item[event.kind as usize];
            let told = before.is_some_and(|before| {
                soon(&before, event)
                    && event.kind != EventKind::Rating
                    && (event.kind != EventKind::Portion || before.value >= event.value)
            });
            if told {
                return at;
            }
            *before = Some(*event);
        }
        // Going back, the one that stands for it.
        told.fill(None);
        let mut refused: Vec<Option<Kept>> = vec![None; self.ids.len()];
        for (at, event) in self.events.iter().enumerate().rev() {
            let refused = &mut refused[event.id as usize];
            if refused.is_some_and(|later| soon(event, &later)) {
                return at;
            }
            *refused = if event.against() { Some(*event) } else { *refused };
            let later = &mut told[event.id as usize * KINDS + event.kind as usize];
            let stands = later.is_some_and(|later| match event.kind {
                EventKind::Rating => !event.against() || later.against(),
                EventKind::Portion => soon(event, &later) && later.value >= event.value,
                _ => false,
            });
            if stands {
                return at;
            }
            *later = Some(*event);
        }
        0
    }

    /// Takes back the latest event of this kind and item and, unless it is 0, this time; tells whether there was one.
    pub fn retract(&mut self, event: &Event) -> bool {
        let time = (event.timestamp / 1000.0).floor() * 1000.0;
        let same = |kept: &Kept| {
            kept.kind == event.kind
                && self.ids.get(kept.id) == event.item_id
                && (event.timestamp == 0.0 || kept.timestamp == time)
        };
        let found = self.events.iter().rposition(same);
        found.into_iter().for_each(|at| self.remove(at));
        found.is_some()
    }

    /// The events, oldest first.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.iter().map(|&Kept { kind, id, value, timestamp, situation }| {
            let item_id = self.ids.get(id).to_owned();
            let context = situation.map(|at| situations::from_text(self.situations.get(at))).unwrap_or_default();
            Event { kind, item_id, value, timestamp, context }
        })
    }

    /// The same as they are kept.
    pub(super) fn kept(&self) -> &[Kept] {
        &self.events
    }

    fn remove(&mut self, at: usize) {
        let event = self.events.remove(at);
        let bytes = self.ids.leave(event.id);
        self.bytes -= EVENT_BYTES + value_bytes(event.value) + if bytes > 0 { bytes + ID_BYTES } else { 0 };
        if let Some(place) = event.situation {
            self.bytes -= SITUATION_BYTES + self.situations.leave(place);
        }
    }

    /// What an adapter learns from, the latest last: one a burst ([`Line`]), and as weak dislikes what was shown and left alone. Of an item that
    /// is disliked nothing counts that was before.
    pub fn feedback(&self, model: &Model) -> Vec<Feedback> {
        let counting = Counting::new(model, self.latest());
        let mut lines = vec![Line::default(); self.ids.len()];
        let mut touched = vec![false; self.ids.len()];
        self.events.iter().for_each(|event| touched[event.id as usize] |= event.kind != EventKind::Impression);
        let items: Vec<Option<u32>> = self.ids.all().map(|id| model.item_index(id)).collect();
        let mut feedback: Vec<Feedback> = Vec::new();
        // Of each item, where its latest burst is in there, that of its latest rating, and a rating that was against it.
        let mut places = vec![[None; 3]; self.ids.len()];
        for event in &self.events {
            let id = event.id as usize;
            let (Some(item), Some(counted)) = (items[id], lines[id].add(event, &counting)) else { continue };
            let [burst, rated, refused] = &mut places[id];
            let rating = event.kind == EventKind::Rating;
            let at = feedback.len();
            let strength = match counted {
                Counted::Nothing if touched[id] => continue,
                Counted::Nothing => -LEFT_ALONE,
                Counted::Against(strength) => {
                    feedback.iter_mut().filter(|before| before.item == item).for_each(|before| before.strength = 0.0);
                    *refused = rating.then_some(at);
                    strength
                }
                Counted::Burst { anew, strength, corrected } => {
                    let mut change = |at: Option<usize>, by: &dyn Fn(f32) -> f32| {
                        at.and_then(|at| feedback.get_mut(at)).into_iter().for_each(|of| of.strength = by(of.strength));
                    };
                    if corrected > 0.0 {
                        change(*rated, &|before| before - corrected);
                    }
                    if rating {
                        change(refused.take(), &|_| 0.0);
                    }
                    if anew {
                        *burst = Some(at);
                    } else {
                        change(*burst, &|_| strength);
                    }
                    if rating {
                        *rated = *burst;
                    }
                    if !anew {
                        continue;
                    }
                    strength
                }
            };
            feedback.push(Feedback { item, strength, time: event.timestamp });
        }
        feedback.retain(|event| event.strength != 0.0);
        feedback
    }

    /// The history: one line an item, in order of first appearance, for a network in order of the last one. Strengths of several events add up as
    /// the model says ([`Repeats`](crate::model::Repeats)); a dislike clears what came before it. Items the model does not know are passed over.
    pub fn history(&self, model: &Model) -> Vec<Interaction> {
        let counting = Counting::new(model, self.latest());
        let mut lines = vec![Line::default(); self.ids.len()];
        for (at, event) in self.events.iter().enumerate() {
            let line = &mut lines[event.id as usize];
            // Networks read a history from the oldest to the latest event.
            if line.strongest.is_none() || model.network().is_some() {
                line.place = at;
            }
            let _ = line.add(event, &counting);
        }
        let repeats = model.manifest().repeats;
        let mut history = Vec::new();
        for (at, event) in self.events.iter().enumerate() {
            let line = &lines[event.id as usize];
            let known = if line.place == at { model.item_index(self.ids.get(event.id)) } else { None };
            if let (Some(item), Some((strongest, _))) = (known, line.strongest) {
                history.push(Interaction {
                    item,
                    strength: repeats.strength(line.strength()),
                    seen: line.seen,
                    strongest,
                });
            }
        }
        history
    }

    /// Purchases with their times in milliseconds since 1970: events of full strength whose time is known and whose item was
    /// not disliked since.
    pub(crate) fn purchases(&self, model: &Model) -> Vec<(u32, f64)> {
        let mut purchases = Vec::new();
        // How long ago it was is the part's own business.
        let counting = Counting::new(model, 0.0);
        for event in &self.events {
            let Some(item) = model.item_index(self.ids.get(event.id)) else { continue };
            let strength = counting.strength(event);
            if strength < 0.0 {
                purchases.retain(|&(bought, _)| bought != item);
            } else if strength >= FULL_STRENGTH && event.timestamp > 0.0 {
                purchases.push((item, event.timestamp));
            }
        }
        purchases
    }

    /// Times at which the user did something, in milliseconds since 1970, in the order of the events; what was merely shown is not.
    pub(crate) fn times(&self) -> impl Iterator<Item = f64> + '_ {
        let active = |event: &&Kept| event.kind != EventKind::Impression && event.timestamp > 0.0;
        self.events.iter().filter(active).map(|event| event.timestamp)
    }

    /// When items were shown: (item, milliseconds since 1970).
    pub(crate) fn shown(&self, model: &Model) -> Vec<(u32, f64)> {
        let mut shown = Vec::new();
        for event in self.events.iter().filter(|event| event.kind == EventKind::Impression) {
            shown.extend(model.item_index(self.ids.get(event.id)).map(|item| (item, event.timestamp)));
        }
        shown
    }

    /// What pages told with events of the half hour before `now`, milliseconds since 1970: of each field the latest.
    pub(crate) fn told(&self, now: f64) -> Attributes {
        // When an event last happened in each context.
        let mut times: Vec<(u32, f64)> = Vec::new();
        for event in self.events.iter().filter(|event| (now - event.timestamp).abs() <= HOLDS) {
            let Some(place) = event.situation else { continue };
            match times.iter_mut().find(|(known, _)| *known == place) {
                Some((_, time)) => *time = time.max(event.timestamp),
                None => times.push((place, event.timestamp)),
            }
        }
        let mut told: Vec<(f64, Attributes)> = Vec::new();
        for (place, time) in times {
            let later = told.iter().position(|(other, _)| *other <= time).unwrap_or(told.len());
            told.insert(later, (time, situations::from_text(self.situations.get(place))));
        }
        let mut latest = Attributes::new();
        for (name, cell) in told.into_iter().flat_map(|(_, context)| context) {
            if latest.iter().all(|(known, _)| *known != name) {
                latest.push((name, cell));
            }
        }
        latest
    }

    /// The time of the latest event in milliseconds since 1970, 0 where none is known.
    pub(crate) fn latest(&self) -> f64 {
        self.events.iter().fold(0.0, |latest, event| latest.max(event.timestamp))
    }
}

/// Bytes of an event's value in an exported profile, at most.
fn value_bytes(value: Option<f32>) -> usize {
    if value.is_some() { VALUE_BYTES } else { 0 }
}

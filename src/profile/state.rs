//! The profile: the log of events, and the history it amounts to.

use super::event::{Event, EventKind};
use crate::error::{Error, Result};
use crate::json::{Field, Json};
use crate::model::Model;

/// The version of an exported profile that this build reads and writes.
pub const PROFILE_VERSION: u32 = 1;

/// Events kept; the oldest go first. A profile stays some tens of KB at most.
const MAX_EVENTS: usize = 2_000;

/// Events of this strength, purchases as a rule, are what is bought again.
pub const FULL_STRENGTH: f32 = 1.0;

/// What the history says of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interaction {
    /// Item index.
    pub item: u32,
    /// Strength r, 1 for one event of full strength; 0 when the item only counts as seen or disliked.
    pub strength: f32,
    /// Bought, put in the cart, rated, bookmarked or disliked: not to be recommended again.
    pub seen: bool,
    /// The kind of event that counted most.
    pub strongest: EventKind,
}

/// The events of one user, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    events: Vec<Event>,
}

impl Profile {
    /// Takes in one event.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] or [`Error::Argument`]; the profile is then unchanged.
    pub fn observe(&mut self, model: &Model, event: Event) -> Result<()> {
        model.require_item(&event.item_id)?;
        event.validate()?;
        if self.events.len() == MAX_EVENTS {
            self.events.remove(0);
        }
        self.events.push(event);
        Ok(())
    }

    /// The history: one line an item, in order of first appearance, for a network in order of the last one. Strengths of several events add up as
    /// the model says ([`Repeats`](crate::model::Repeats)); a dislike clears what came before it. Items the model does not know are passed over.
    pub fn history(&self, model: &Model) -> Vec<Interaction> {
        let weights = &model.manifest().event_weights;
        let mut order: Vec<Interaction> = Vec::new();
        for event in &self.events {
            let Some(item) = model.item_index(&event.item_id) else { continue };
            let at = order.iter().position(|line| line.item == item).unwrap_or_else(|| {
                order.push(Interaction { item, strength: 0.0, seen: false, strongest: event.kind });
                order.len() - 1
            });
            // Networks read a history from the oldest to the latest event.
            if model.network().is_some() {
                order[at..].rotate_left(1);
            }
            let at = if model.network().is_some() { order.len() - 1 } else { at };
            let line = &mut order[at];
            let strength = strength(event, weights);
            line.strength = if strength < 0.0 { 0.0 } else { line.strength + strength };
            if strength >= line.strongest.strength(weights) {
                line.strongest = event.kind;
            }
            line.seen |= !matches!(event.kind, EventKind::View | EventKind::Click | EventKind::Impression);
        }
        let repeats = model.manifest().repeats;
        order.iter_mut().for_each(|line| line.strength = repeats.strength(line.strength));
        order
    }

    /// Purchases with their times in milliseconds since 1970: events of full strength whose time is known and whose item was
    /// not disliked since.
    pub(crate) fn purchases(&self, model: &Model) -> Vec<(u32, f64)> {
        let mut purchases = Vec::new();
        for event in &self.events {
            let Some(item) = model.item_index(&event.item_id) else { continue };
            let strength = strength(event, &model.manifest().event_weights);
            if strength < 0.0 {
                purchases.retain(|&(bought, _)| bought != item);
            } else if strength >= FULL_STRENGTH && event.timestamp > 0.0 {
                purchases.push((item, event.timestamp));
            }
        }
        purchases
    }

    /// The time of the latest event in milliseconds since 1970, 0 where none is known.
    pub(crate) fn latest(&self) -> f64 {
        self.events.iter().fold(0.0, |latest, event| latest.max(event.timestamp))
    }

    /// Everything, to be stored or carried: plain JSON, by external item id, so it outlives a model.
    pub fn export(&self) -> Json {
        let events = self.events.iter().map(Event::to_json).collect();
        Json::object([("version", f64::from(PROFILE_VERSION).into()), ("events", Json::List(events))])
    }

    /// The profile that was exported. Events of items the present model does not know are kept for a later one.
    ///
    /// # Errors
    /// [`Error::Argument`] for another version or an event that cannot be.
    pub fn import(state: &Json) -> Result<Profile> {
        let root = Field::root(state, "state");
        let version = root.required("version")?.whole()?;
        if version != PROFILE_VERSION as usize {
            return Err(Error::argument("state.version", PROFILE_VERSION.to_string(), version));
        }
        root.only(&["version", "events"])?;
        let events = root.required("events")?.list()?;
        let skip = events.len().saturating_sub(MAX_EVENTS);
        let mut profile = Profile::default();
        for event in &events[skip..] {
            profile.events.push(Event::from_json(event)?);
        }
        Ok(profile)
    }
}

/// Strength of one event: a rating of 3 or less is a dislike, 5 counts in full.
fn strength(event: &Event, weights: &[(String, f32)]) -> f32 {
    let weight = event.kind.strength(weights);
    match (event.kind, event.value) {
        (EventKind::Rating, Some(value)) if value <= 3.0 => -weight.abs(),
        (EventKind::Rating, Some(value)) => weight * (value - 3.0) / 2.0,
        _ => weight,
    }
}

//! The profile: the log of events, and the history it amounts to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::{Event, EventKind};
use crate::error::{Error, Result};
use crate::model::Model;

/// The version of [`ProfileState`] that this build reads and writes.
pub const PROFILE_VERSION: u32 = 1;

/// Events kept; the oldest go first. A profile stays some tens of KB at most.
const MAX_EVENTS: usize = 2_000;

/// A profile as it is stored or carried: plain data, by external item id, so it outlives a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileState {
    pub version: u32,
    pub events: Vec<StoredEvent>,
}

/// One event as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredEvent {
    #[serde(rename = "type")]
    kind: EventKind,
    item_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<f32>,
    #[serde(default)]
    timestamp: f64,
}

/// What the history says of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interaction {
    /// Item index.
    pub item: u32,
    /// Strength r in 0..=1 for the fold-in; 0 when the item only counts as seen or disliked.
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

    /// The history: one line an item, in order of first appearance. Strengths of several events add up to at most 1; a
    /// dislike clears what came before it. Items the model does not know are passed over.
    pub fn history(&self, model: &Model) -> Vec<Interaction> {
        let weights = &model.manifest().event_weights;
        let mut order: Vec<Interaction> = Vec::new();
        let mut place: BTreeMap<u32, usize> = BTreeMap::new();
        for event in &self.events {
            let Some(item) = model.item_index(&event.item_id) else { continue };
            let at = *place.entry(item).or_insert_with(|| {
                order.push(Interaction { item, strength: 0.0, seen: false, strongest: event.kind });
                order.len() - 1
            });
            let line = &mut order[at];
            let strength = strength(event, weights);
            line.strength = if strength < 0.0 { 0.0 } else { (line.strength + strength).min(1.0) };
            if strength >= line.strongest.strength(weights) {
                line.strongest = event.kind;
            }
            line.seen |= !matches!(event.kind, EventKind::View | EventKind::Click | EventKind::Impression);
        }
        order
    }

    /// Everything, to be stored or carried.
    pub fn export(&self) -> ProfileState {
        let events = self.events.iter().map(|e| StoredEvent {
            kind: e.kind,
            item_id: e.item_id.clone(),
            value: e.value,
            timestamp: e.timestamp,
        });
        ProfileState { version: PROFILE_VERSION, events: events.collect() }
    }

    /// The profile that was exported. Events of items the present model does not know are kept for a later one.
    ///
    /// # Errors
    /// [`Error::Argument`] for another version or an event that cannot be.
    pub fn import(state: ProfileState) -> Result<Profile> {
        if state.version != PROFILE_VERSION {
            return Err(Error::argument("state.version", PROFILE_VERSION.to_string(), state.version));
        }
        let skip = state.events.len().saturating_sub(MAX_EVENTS);
        let mut events = Vec::with_capacity(state.events.len() - skip);
        for stored in state.events.into_iter().skip(skip) {
            let event = Event { kind: stored.kind, item_id: stored.item_id, value: stored.value, timestamp: stored.timestamp };
            event.validate()?;
            events.push(event);
        }
        Ok(Profile { events })
    }
}

/// Strength of one event: a rating of 3 or less is a dislike, 5 counts in full.
fn strength(event: &Event, weights: &BTreeMap<String, f32>) -> f32 {
    let weight = event.kind.strength(weights);
    match (event.kind, event.value) {
        (EventKind::Rating, Some(value)) if value <= 3.0 => -weight.abs(),
        (EventKind::Rating, Some(value)) => weight * (value - 3.0) / 2.0,
        _ => weight,
    }
}

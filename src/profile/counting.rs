//! What events count: their strengths at a moment, and what those on one item amount to.

use super::event::EventKind;
use super::network::ops::exp;
use super::state::Kept;
use crate::model::Model;

/// What is done to one item within so many milliseconds is a burst, and counts no more than the strongest of it.
pub(super) const REPEAT: f64 = 60_000.0;

const DAY: f64 = 86_400_000.0;

/// A portion from here on is the whole.
const WHOLE: f32 = 0.9;

/// Kinds of events.
pub(super) const KINDS: usize = EventKind::ALL.len();

/// What is summed up of one item. What is done to it within a minute, of whatever kinds, is a burst and counts no more than the strongest of
/// it; of ratings the latest counts, and of portions, which tell of one viewing, the largest.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    /// The event in whose place it stands in the history.
    pub place: usize,
    pub seen: bool,
    pub strongest: Option<(EventKind, f32)>,
    /// Of the bursts before the latest: what they count, what of that is the latest rating's, and how much of the largest portion.
    settled: f32,
    rated: f32,
    portion: f32,
    /// Of the latest burst, if there is one.
    burst: Option<Burst>,
    /// When it was last merely shown.
    shown: f64,
}

/// What is done to one item within a minute.
#[derive(Debug, Clone, Default)]
struct Burst {
    /// Milliseconds since 1970.
    start: f64,
    /// The strongest of it, ratings left out, and the largest portion.
    strength: f32,
    portion: f32,
    rating: Option<f32>,
}

impl Burst {
    fn total(&self) -> f32 {
        self.rating.map_or(self.strength, |rating| rating.max(self.strength))
    }
}

/// What an event comes to.
pub(super) enum Counted {
    /// It was merely shown.
    Nothing,
    /// All that was before no longer counts.
    Against(f32),
    /// It begins a burst, or belongs to the latest, which now counts `strength`; of that of the rating before it `corrected` no longer does.
    Burst { anew: bool, strength: f32, corrected: f32 },
}

impl Line {
    /// What it counts.
    pub fn strength(&self) -> f32 {
        self.settled + self.burst.as_ref().map_or(0.0, Burst::total)
    }

    /// Takes in an event; nothing comes of one that was told just before.
    pub fn add(&mut self, event: &Kept, counting: &Counting) -> Option<Counted> {
        let strength = counting.strength(event);
        let weight = counting.weights[event.kind as usize];
        if self.strongest.is_none_or(|(_, strongest)| strength >= 0.0 && weight >= strongest) {
            self.strongest = Some((event.kind, weight));
        }
        self.seen |= match event.kind {
            EventKind::View | EventKind::Click | EventKind::Impression => false,
            EventKind::Portion => event.value.unwrap_or_default() >= WHOLE,
            _ => true,
        };
        let soon = |since: f64| since > 0.0 && (event.timestamp - since).abs() < REPEAT;
        if strength < 0.0 {
            (self.settled, self.rated, self.portion, self.burst) = (0.0, 0.0, 0.0, None);
            return Some(Counted::Against(strength));
        }
        if strength == 0.0 && event.kind != EventKind::Rating {
            let again = soon(self.shown);
            self.shown = if again { self.shown } else { event.timestamp };
            return (!again && event.kind == EventKind::Impression).then_some(Counted::Nothing);
        }
        let within = self.burst.as_ref().is_some_and(|burst| soon(burst.start));
        if !within {
            self.settle();
        }
        let corrected = if event.kind == EventKind::Rating { std::mem::take(&mut self.rated) } else { 0.0 };
        self.settled -= corrected;
        let settled_portion = self.portion;
        let burst = self.burst.get_or_insert(Burst { start: event.timestamp, ..Burst::default() });
        match event.kind {
            EventKind::Rating => burst.rating = Some(strength),
            EventKind::Portion => {
                burst.portion = burst.portion.max(strength);
                burst.strength = burst.strength.max(strength - settled_portion);
            }
            _ => burst.strength = burst.strength.max(strength),
        }
        Some(Counted::Burst { anew: !within, strength: burst.total(), corrected })
    }

    /// Ends the latest burst.
    fn settle(&mut self) {
        let Some(burst) = self.burst.take() else { return };
        self.settled += burst.total();
        self.portion = self.portion.max(burst.portion);
        if burst.rating.is_some() {
            self.rated = burst.total() - burst.strength;
        }
    }
}

/// How strongly events count at a moment.
pub(super) struct Counting {
    /// Of each kind, strength r and the days after which it counts half.
    weights: [f32; KINDS],
    half_lives: [Option<f32>; KINDS],
    /// Milliseconds since 1970.
    now: f64,
}

impl Counting {
    pub fn new(model: &Model, now: f64) -> Counting {
        let weights = EventKind::ALL.map(|kind| kind.strength(model));
        Counting { weights, half_lives: EventKind::ALL.map(|kind| model.event_half_life(kind.name())), now }
    }

    /// Weight of the event's kind, less what time took of it.
    fn weight(&self, event: &Kept) -> f32 {
        let weight = self.weights[event.kind as usize];
        let days = ((self.now - event.timestamp) / DAY).max(0.0) as f32;
        match self.half_lives[event.kind as usize].filter(|_| event.timestamp > 0.0) {
            Some(half_life) => weight * exp(-std::f32::consts::LN_2 * days / half_life),
            None => weight,
        }
    }

    /// Strength of one event: a rating of 3 or less is a dislike, 5 counts in full; a portion counts in part.
    pub fn strength(&self, event: &Kept) -> f32 {
        let weight = self.weight(event);
        match (event.kind, event.value) {
            (EventKind::Rating, Some(value)) if value <= 3.0 => -weight.abs(),
            (EventKind::Rating, Some(value)) => weight * (value - 3.0) / 2.0,
            (EventKind::Portion, Some(value)) => weight * value,
            _ => weight,
        }
    }
}

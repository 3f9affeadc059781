//! What the device of a user whom a log knows would hold and show: its profile, made of the log's events one by one, and the lists of the
//! façade that pages call.

use std::sync::Arc;

use proclivity::model::{Cell, Model};
use proclivity::profile::{Event as Told, EventKind, Profile};
use proclivity::score::BackendChoice;
use proclivity::{Recommendation, Recommender, Request, Subject};

use super::replay::Moment;
use crate::dataset::Event;
use crate::deep::clock;
use crate::error::Result;

/// Kinds of events that stand for those of a log, by what they count; the first of those that count alike.
const KINDS: [EventKind; 5] =
    [EventKind::Purchase, EventKind::Cart, EventKind::Bookmark, EventKind::Click, EventKind::View];

/// The kind of event that counts most nearly as much as one of this strength does in the log.
pub fn kind_of(model: &Model, strength: f32) -> EventKind {
    let apart = |kind: &EventKind| (kind.strength(model) - strength).abs();
    KINDS.into_iter().min_by(|a, b| apart(a).total_cmp(&apart(b))).expect("some kinds")
}

/// Opens the façade on the CPU, for one thread.
///
/// # Errors
/// Whatever the engine refuses.
pub fn open(model: &Arc<Model>) -> Result<Recommender> {
    Ok(pollster::block_on(Recommender::new(Arc::clone(model), BackendChoice::Cpu))?)
}

/// One user's device.
pub struct Device<'a> {
    model: &'a Model,
    /// Whether times are times.
    timed: bool,
    profile: Profile,
    /// Events of the log that the profile has taken in.
    known: usize,
}

impl<'a> Device<'a> {
    pub fn new(model: &'a Model, timed: bool) -> Device<'a> {
        Device { model, timed, profile: Profile::default(), known: 0 }
    }

    /// Takes in the first `known` of `events`, from where it stood.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn take_in(&mut self, events: &[Event], known: usize) -> Result<()> {
        for event in &events[self.known..known.max(self.known)] {
            self.tell(kind_of(self.model, event.strength), event.item, event.time)?;
        }
        self.known = self.known.max(known);
        Ok(())
    }

    /// Takes in that these items were shown at the moment `now`.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn show(&mut self, items: &[u32], now: i64) -> Result<()> {
        items.iter().try_for_each(|&item| self.tell(EventKind::Impression, item, now))
    }

    fn tell(&mut self, kind: EventKind, item: u32, time: i64) -> Result<()> {
        let timestamp = if self.timed { time.max(0) as f64 } else { 0.0 };
        let event = Told { timestamp, ..Told::new(kind, self.model.item_id(item)) };
        Ok(self.profile.observe(self.model, event)?)
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What a page would be given for `request` at `moment`, whose hour and weekday it tells.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn list(&self, recommender: &Recommender, request: &Request, moment: &Moment) -> Result<Recommendation> {
        let mut request = request.clone();
        if self.timed {
            request.now = moment.now as f64;
            let told = clock::of_time(moment.now).map(|(name, value)| (name.to_owned(), Cell::Number(value)));
            request.context.extend(told);
        }
        let subject = [Subject::Profile(self.profile.clone())];
        let mut lists = pollster::block_on(recommender.recommend_batch(&subject, &request))?;
        Ok(lists.pop().expect("a list for each subject"))
    }

    /// Item indices of a list, best first.
    pub fn items(&self, list: &Recommendation) -> Vec<u32> {
        list.items.iter().filter_map(|item| self.model.item_index(&item.id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::fixture::model;
    use super::*;
    use crate::dataset::fixture::events;

    #[test]
    fn strengths_are_told_by_the_kind_that_counts_as_much() {
        let model = model(None, Value::Null);
        let kinds =
            [(1.0, EventKind::Purchase), (0.6, EventKind::Cart), (0.25, EventKind::Click), (0.1, EventKind::View)];
        assert!(kinds.iter().all(|&(strength, kind)| kind_of(&model, strength) == kind));
    }

    #[test]
    fn a_device_goes_on_from_where_it_stood() {
        let model = model(None, Value::Null);
        let log: Vec<Event> =
            (1..).zip(events(&[3, 5, 3, 8])).map(|(day, event)| Event { time: day * 86_400_000, ..event }).collect();
        let (mut device, mut whole) = (Device::new(&model, true), Device::new(&model, true));
        for known in [1, 2, 2, 4] {
            device.take_in(&log, known).unwrap();
        }
        whole.take_in(&log, 4).unwrap();
        assert!(device.profile().events().eq(whole.profile().events()));
        assert_eq!(device.profile().events().count(), 4);
        assert_eq!(device.profile().history(&model).iter().map(|line| line.item).collect::<Vec<_>>(), [3, 5, 8]);
        let now = log[3].time;
        device.show(&[9], now).unwrap();
        let shown = device.profile().events().last().unwrap();
        assert_eq!((shown.kind, shown.item_id.as_str(), shown.timestamp), (EventKind::Impression, "9", now as f64));
    }
}

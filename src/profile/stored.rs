//! Profiles as JSON: what is stored, exported and carried to other devices.

use super::event::{Event, EventKind};
use super::push::Push;
use super::situations;
use super::state::Profile;
use crate::error::Result;
use crate::json::{Field, Json};
use crate::model::{Attributes, attributes_from_json};

/// The version of an exported profile that this build writes. It reads this one and those before it.
pub const PROFILE_VERSION: u32 = 3;

/// Most events of a state that is read: more than are ever written.
const MOST_EVENTS: usize = 10_000;

impl Profile {
    /// Everything, to be stored or carried: plain JSON, by external item id, so it outlives a model. Each id stands there once; an event is
    /// a digit for its kind, the place of its id, and the seconds since the event before it. Contexts too stand there once, with the places of
    /// the events that have them.
    pub fn export(&self) -> Json {
        let (mut ids, mut kinds, mut items, mut times, mut values) =
            (Vec::<Json>::new(), String::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut contexts, mut situated) = (Vec::<Json>::new(), Vec::new());
        let (mut places, mut rooms) = (vec![None; self.ids.len()], vec![None; self.situations.len()]);
        let mut before = 0.0;
        for (at, event) in self.kept().iter().enumerate() {
            let place = *places[event.id as usize].get_or_insert_with(|| {
                ids.push(self.ids.get(event.id).into());
                ids.len() - 1
            });
            kinds.push(char::from(b'0' + event.kind as u8));
            items.push(place.into());
            let seconds = (event.timestamp / 1000.0).floor();
            times.push((seconds - before).into());
            before = seconds;
            if let Some(value) = event.value {
                values.extend([at.into(), value.into()]);
            }
            if let Some(situation) = event.situation {
                let room = *rooms[situation as usize].get_or_insert_with(|| {
                    contexts.push(situations::to_json(self.situations.get(situation)));
                    contexts.len() - 1
                });
                situated.extend([at.into(), room.into()]);
            }
        }
        Json::object([
            ("version", f64::from(PROFILE_VERSION).into()),
            ("ids", Json::List(ids)),
            ("kinds", Json::Text(kinds)),
            ("items", Json::List(items)),
            ("times", Json::List(times)),
            ("values", Json::List(values)),
            ("contexts", Json::List(contexts)),
            ("situations", Json::List(situated)),
            ("pushes", Json::List(self.pushes.iter().map(Push::to_json).collect())),
        ])
    }

    /// The profile that was exported. Events of items the present model does not know are kept for a later one.
    ///
    /// # Errors
    /// [`Argument`](crate::Error::Argument) for another version or an event that cannot be.
    pub fn import(state: &Json) -> Result<Profile> {
        let root = Field::root(state, "state");
        let version = root.required("version")?;
        let mut profile = Profile::default();
        match version.whole()? {
            1 => {
                root.only(&["version", "events"])?;
                let events = root.required("events")?;
                let listed = events.list()?;
                if listed.len() > MOST_EVENTS {
                    return Err(events.refuse("at most 10000 events"));
                }
                for event in listed {
                    profile.keep(Event::from_json(&event)?)?;
                }
            }
            version @ (2 | 3) => {
                let keys = ["version", "ids", "kinds", "items", "times", "values", "pushes", "contexts", "situations"];
                root.only(if version == 2 { &keys[..7] } else { &keys })?;
                profile.read_events(&root, version == 3)?;
                for push in root.required("pushes")?.list()? {
                    profile.pushed(Push::from_json(&push)?)?;
                }
            }
            _ => return Err(version.refuse("1, 2 or 3")),
        }
        Ok(profile)
    }

    fn read_events(&mut self, root: &Field, with_contexts: bool) -> Result<()> {
        let (ids, kinds) = (root.required("ids")?.texts()?, root.required("kinds")?);
        let (items, times) = (root.required("items")?.list()?, root.required("times")?.list()?);
        let mut values = Pairs::new(root, "values")?;
        let mut situated = if with_contexts { Pairs::new(root, "situations")? } else { Pairs::default() };
        let mut contexts = Vec::new();
        if with_contexts {
            for context in root.required("contexts")?.list()? {
                contexts.push(attributes_from_json(&context)?);
            }
        }
        let digits = kinds.text()?.as_bytes();
        if digits.len() != items.len() || digits.len() != times.len() || digits.len() > MOST_EVENTS {
            return Err(kinds.refuse("one digit, item and time for each of at most 10000 events"));
        }
        let mut seconds = 0.0;
        for (at, digit) in digits.iter().enumerate() {
            let kind = EventKind::ALL.get(usize::from(digit.wrapping_sub(b'0')));
            let kind = *kind.ok_or_else(|| kinds.refuse("digits from 0 to 8"))?;
            let item_id = ids.get(items[at].whole()?).ok_or_else(|| items[at].refuse("the place of an id"))?.clone();
            seconds += times[at].number()?;
            let value = values.of(at).map(|value| value.float()).transpose()?;
            let context = match situated.of(at) {
                Some(place) => {
                    contexts.get(place.whole()?).ok_or_else(|| place.refuse("the place of a context"))?.clone()
                }
                None => Attributes::new(),
            };
            self.keep(Event { kind, item_id, value, timestamp: seconds * 1000.0, context })?;
        }
        values.end(root, "values")?;
        situated.end(root, "situations")
    }
}

/// What only some events have: each one's place, then what it is, ascending.
#[derive(Default)]
struct Pairs<'a> {
    list: Vec<Field<'a>>,
    next: usize,
}

impl<'a> Pairs<'a> {
    fn new(root: &Field<'a>, name: &'static str) -> Result<Pairs<'a>> {
        Ok(Pairs { list: root.required(name)?.list()?, next: 0 })
    }

    /// That of the event at `at`; events are asked for in their order.
    fn of(&mut self, at: usize) -> Option<&Field<'a>> {
        let [place, found] = self.list.get(self.next..self.next + 2)? else { return None };
        place.whole().is_ok_and(|place| place == at).then(|| {
            self.next += 2;
            found
        })
    }

    fn end(&self, root: &Field, name: &str) -> Result<()> {
        match self.next == self.list.len() {
            true => Ok(()),
            false => Err(root.required(name)?.refuse("places of events, ascending, with one more number each")),
        }
    }
}

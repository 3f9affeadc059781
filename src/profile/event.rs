//! What a user does, and how strongly each act counts.

use super::situations;
use crate::error::{Error, Result, show};
use crate::json::{Field, Json};
use crate::model::{Attributes, Model, attributes_from_json};

/// The latest moment that JavaScript's dates know, in milliseconds since 1970.
pub(super) const MAX_TIME: f64 = 8.64e15;

/// Something the user did with an item, under the names hosted recommenders taught their users; in the order of [`EventKind::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    View,
    Click,
    Cart,
    Purchase,
    Bookmark,
    Rating,
    Dislike,
    Impression,
    Portion,
}

impl EventKind {
    /// Every kind; its place here stands for it in stored profiles.
    pub const ALL: [EventKind; 9] = [
        EventKind::View,
        EventKind::Click,
        EventKind::Cart,
        EventKind::Purchase,
        EventKind::Bookmark,
        EventKind::Rating,
        EventKind::Dislike,
        EventKind::Impression,
        EventKind::Portion,
    ];

    /// The name in the API and in files.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::View => "view",
            EventKind::Click => "click",
            EventKind::Cart => "cart",
            EventKind::Purchase => "purchase",
            EventKind::Bookmark => "bookmark",
            EventKind::Rating => "rating",
            EventKind::Dislike => "dislike",
            EventKind::Impression => "impression",
            EventKind::Portion => "portion",
        }
    }

    /// The kind of this name.
    ///
    /// # Errors
    /// [`Error::Argument`] that lists the names.
    pub fn parse(name: &str) -> Result<EventKind> {
        EventKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            let names = EventKind::ALL.map(EventKind::name).join(", ");
            Error::argument("type", format_args!("one of {names}"), format!("`{name}`"))
        })
    }

    /// Strength r when the model file says nothing: what a shop takes each act to mean.
    pub fn default_strength(self) -> f32 {
        match self {
            EventKind::View => 0.15,
            EventKind::Click => 0.25,
            EventKind::Cart => 0.6,
            EventKind::Bookmark => 0.6,
            EventKind::Purchase | EventKind::Rating | EventKind::Portion => 1.0,
            EventKind::Dislike => -1.0,
            EventKind::Impression => 0.0,
        }
    }

    /// Strength r of this kind, as the model counts it or by default.
    pub fn strength(self, model: &Model) -> f32 {
        model.event_weight(self.name()).unwrap_or_else(|| self.default_strength())
    }
}

/// How strongly types of events count, and how long, in place of what the model file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventSettings {
    pub weights: Vec<(String, f32)>,
    /// Days after which an event of the type counts half.
    pub half_lives: Vec<(String, f32)>,
}

impl EventSettings {
    /// The members `{ eventWeights?, eventHalfLives? }` of options.
    ///
    /// # Errors
    /// [`Error::Argument`] for a type that there is not, a weight beyond -1 to 1, or days that are none.
    pub fn from_json(options: &Json) -> Result<EventSettings> {
        let options = Field::root(options, "options");
        let list = |key, least, most, expected| -> Result<Vec<(String, f32)>> {
            let mut list = Vec::new();
            if let Some(given) = options.optional(key) {
                for (name, value) in given.members()? {
                    EventKind::parse(name)?;
                    list.push((name.to_owned(), value.within(least, most, expected)? as f32));
                }
            }
            Ok(list)
        };
        Ok(EventSettings {
            weights: list("eventWeights", -1.0, 1.0, "a weight from -1 to 1")?,
            half_lives: list("eventHalfLives", 1e-3, 1e6, "days above 0, at most 1e6")?,
        })
    }
}

/// One act of the user.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub kind: EventKind,
    /// External id.
    pub item_id: String,
    /// For a rating 1 to 5, for a portion of what was viewed, heard or read 0 to 1. Otherwise unused.
    pub value: Option<f32>,
    /// Milliseconds since 1970-01-01 UTC, or 0 when unknown.
    pub timestamp: f64,
    /// Where and under what circumstances: what a page tells of it, such as placement and referrer. For half an hour lists go
    /// by it as by the context of a request.
    pub context: Attributes,
}

impl Event {
    /// An event without value or time.
    pub fn new(kind: EventKind, item_id: impl Into<String>) -> Event {
        Event { kind, item_id: item_id.into(), value: None, timestamp: 0.0, context: Attributes::new() }
    }

    /// The JSON form: `{ type, itemId, value?, timestamp?, context? }`.
    pub(crate) fn from_json(field: &Field) -> Result<Event> {
        field.only(&["type", "itemId", "value", "timestamp", "context"])?;
        let event = Event {
            kind: EventKind::parse(field.required("type")?.text()?)?,
            item_id: field.required("itemId")?.text()?.to_owned(),
            value: field.optional("value").map(|value| value.float()).transpose()?,
            timestamp: field.optional("timestamp").map_or(Ok(0.0), |time| time.number())?,
            context: field
                .optional("context")
                .map_or(Ok(Attributes::new()), |context| attributes_from_json(&context))?,
        };
        event.validate()?;
        Ok(event)
    }

    /// The JSON form, as [`Recommender::observe`](crate::Recommender::observe) takes it in the browser.
    pub fn to_json(&self) -> Json {
        let mut members = vec![
            ("type".to_owned(), self.kind.name().into()),
            ("itemId".to_owned(), self.item_id.as_str().into()),
            ("timestamp".to_owned(), self.timestamp.into()),
        ];
        if let Some(value) = self.value {
            members.push(("value".to_owned(), value.into()));
        }
        if !self.context.is_empty() {
            members.push(("context".to_owned(), Json::Object(situations::to_members(&self.context))));
        }
        Json::Object(members)
    }

    /// Checks what the types do not.
    pub(crate) fn validate(&self) -> Result<()> {
        match (self.kind, self.value) {
            (EventKind::Rating, Some(value)) if (1.0..=5.0).contains(&value) => {}
            (EventKind::Portion, Some(value)) if (0.0..=1.0).contains(&value) => {}
            (EventKind::Rating | EventKind::Portion, value) => {
                let expected =
                    if self.kind == EventKind::Rating { "a rating from 1 to 5" } else { "a portion from 0 to 1" };
                return Err(Error::argument("value", expected, value.map_or("none".to_owned(), show)));
            }
            (_, Some(value)) if !value.is_finite() => {
                return Err(Error::argument("value", "a finite number", show(value)));
            }
            _ => {}
        }
        if !(0.0..=MAX_TIME).contains(&self.timestamp) {
            return Err(Error::argument("timestamp", "milliseconds since 1970", show(self.timestamp)));
        }
        situations::check(&self.context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_in_their_order() {
        assert!(EventKind::ALL.iter().enumerate().all(|(place, kind)| *kind as usize == place));
    }
}

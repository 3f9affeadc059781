//! Messages that were sent to the user, and what came of them.

use super::event::MAX_TIME;
use super::state::Profile;
use crate::error::{Error, Result, show};
use crate::json::{Field, Json};

/// Messages kept; the oldest go first.
const MAX_PUSHES: usize = 60;
/// Longest name of a channel, in bytes.
const MAX_CHANNEL: usize = 40;

/// A message that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Push {
    /// What it was sent by, such as `push` or `mail`.
    pub channel: String,
    /// When, in milliseconds since 1970.
    pub timestamp: f64,
    /// Whether the user opened it; none as long as nothing is known.
    pub opened: Option<bool>,
}

impl Push {
    /// The JSON form: `{ channel, timestamp, opened? }`.
    pub(crate) fn from_json(field: &Field) -> Result<Push> {
        field.only(&["channel", "timestamp", "opened"])?;
        let push = Push {
            channel: field.required("channel")?.text()?.to_owned(),
            timestamp: field.required("timestamp")?.number()?,
            opened: field.optional("opened").map(|opened| opened.boolean()).transpose()?,
        };
        push.validate()?;
        Ok(push)
    }

    pub(crate) fn to_json(&self) -> Json {
        Json::object([
            ("channel", self.channel.as_str().into()),
            ("timestamp", self.timestamp.into()),
            ("opened", self.opened.map_or(Json::Null, Json::Bool)),
        ])
    }

    fn validate(&self) -> Result<()> {
        if self.channel.is_empty() || self.channel.len() > MAX_CHANNEL {
            return Err(Error::argument("channel", "a name of 1 to 40 bytes", self.channel.len()));
        }
        if !(0.0..=MAX_TIME).contains(&self.timestamp) {
            return Err(Error::argument("timestamp", "milliseconds since 1970", show(self.timestamp)));
        }
        Ok(())
    }
}

impl Profile {
    /// Takes in that a message was sent, or what came of it: one of the same channel and time takes the place of the other.
    ///
    /// # Errors
    /// [`Error::Argument`]; the profile is then unchanged.
    pub fn pushed(&mut self, push: Push) -> Result<()> {
        push.validate()?;
        let same = |other: &Push| other.channel == push.channel && other.timestamp == push.timestamp;
        match self.pushes.iter().position(same) {
            Some(at) => self.pushes[at] = push,
            None => self.pushes.push(push),
        }
        if self.pushes.len() > MAX_PUSHES {
            self.pushes.remove(0);
        }
        Ok(())
    }

    /// Messages sent, and what came of them, in the order in which they were told of.
    pub fn pushes(&self) -> &[Push] {
        &self.pushes
    }
}

//! Where and under what circumstances events happened: the contexts that pages told with them, each once.

use crate::error::{Error, Result};
use crate::json::{Field, Json};
use crate::model::{Attributes, Cell, attributes_from_json};

/// Most fields of an event's context, and most bytes of a name and of a text.
const MOST_FIELDS: usize = 8;
const MOST_BYTES: usize = 64;
/// Bytes of an event's place and that of its context in an exported profile, at most.
const PLACE_BYTES: usize = 14;

/// Contexts, and how many events happened in each.
#[derive(Debug, Clone, Default)]
pub(super) struct Situations {
    list: Vec<(Attributes, u32)>,
}

impl Situations {
    /// The place of a context, its fields by name, in which one more event happened, and the bytes that adds to an exported profile.
    pub fn enter(&mut self, mut context: Attributes) -> (u32, usize) {
        for at in 1..context.len() {
            let place = (0..at).find(|&before| context[before].0 > context[at].0).unwrap_or(at);
            context[place..=at].rotate_right(1);
        }
        let same = self.list.iter().position(|(known, _)| *known == context);
        let at = same.or_else(|| self.list.iter().position(|&(_, events)| events == 0)).unwrap_or(self.list.len());
        match self.list.get_mut(at) {
            Some((known, events)) => (*known, *events) = (context, *events + 1),
            None => self.list.push((context, 1)),
        }
        (at as u32, self.bytes(at))
    }

    /// Takes an event out of the context at `at`; the bytes that are free for it.
    pub fn leave(&mut self, at: u32) -> usize {
        let bytes = self.bytes(at as usize);
        self.list[at as usize].1 -= 1;
        bytes
    }

    /// The context at `at`.
    pub fn get(&self, at: u32) -> &Attributes {
        &self.list[at as usize].0
    }

    /// Bytes that the latest event of the one at `at` takes: its context stands there once for all.
    fn bytes(&self, at: usize) -> usize {
        let (context, events) = &self.list[at];
        PLACE_BYTES + if *events == 1 { to_json(context).to_string().len() + 1 } else { 0 }
    }
}

/// The fields of a context, texts and numbers.
///
/// # Errors
/// [`Error::Argument`] for what is neither, or more than may be kept of each event.
pub(super) fn from_json(field: &Field) -> Result<Attributes> {
    let context = attributes_from_json(field)?;
    check(&context)?;
    Ok(context)
}

pub(super) fn check(context: &Attributes) -> Result<()> {
    let short = |text: &str| text.len() <= MOST_BYTES;
    let fits = |(name, cell): &(String, Cell)| match cell {
        Cell::Text(text) => short(name) && short(text),
        Cell::Number(x) => short(name) && x.is_finite(),
        Cell::Vector(_) => false,
    };
    let once = |at: usize| context[..at].iter().all(|(name, _)| *name != context[at].0);
    match context.len() <= MOST_FIELDS && context.iter().all(fits) && (0..context.len()).all(once) {
        true => Ok(()),
        false => Err(Error::argument(
            "context",
            "at most 8 fields, texts or numbers, of at most 64 bytes each",
            "more, or another value",
        )),
    }
}

/// The JSON form, as [`from_json`] reads it.
pub(super) fn to_json(context: &Attributes) -> Json {
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => text.as_str().into(),
        Cell::Number(x) => (*x).into(),
        Cell::Vector(_) => Json::Null,
    };
    Json::Object(context.iter().map(|(name, value)| (name.clone(), cell(value))).collect())
}

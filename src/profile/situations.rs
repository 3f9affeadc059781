//! Where and under what circumstances events happened: contexts that pages tell, as JSON.

use crate::error::{Error, Result};
use crate::json::{Field, Json};
use crate::model::{Attributes, Cell, attributes_from_json};

/// Most fields of an event's context, and most bytes of a name and of a text.
const MOST_FIELDS: usize = 8;
const MOST_BYTES: usize = 64;

/// Checks what a page tells of an event.
///
/// # Errors
/// [`Error::Argument`] for what is neither a text nor a number, or more than may be kept of each event.
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

/// The JSON text of a context, its fields by name, so that the same context is always the same text.
pub(super) fn to_text(context: Attributes) -> String {
    let mut members = to_members(&context);
    for end in 1..members.len() {
        for at in (1..=end).rev() {
            if members[at - 1].0 > members[at].0 {
                members.swap(at - 1, at);
            }
        }
    }
    Json::Object(members).to_string()
}

/// The context of such a text; nothing of any other.
pub(super) fn from_text(text: &str) -> Attributes {
    let json = to_json(text);
    attributes_from_json(&Field::root(&json, "context")).unwrap_or_default()
}

/// The same as JSON.
pub(super) fn to_json(text: &str) -> Json {
    text.parse().unwrap_or(Json::Null)
}

/// The members of the JSON form of a context.
pub(super) fn to_members(context: &Attributes) -> Vec<(String, Json)> {
    let mut members = Vec::new();
    for (name, cell) in context {
        let value = match cell {
            Cell::Text(text) => text.as_str().into(),
            Cell::Number(x) => (*x).into(),
            Cell::Vector(_) => Json::Null,
        };
        members.push((name.clone(), value));
    }
    members
}

//! Why an item is in the list.

use crate::json::Json;
use crate::model::Model;
use crate::profile::{EventKind, Interaction, User};

/// Most reasons an item carries.
const MAX_REASONS: usize = 3;

/// One reason for one item.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// An item the user dealt with carries this share (0..=1) of what speaks for the recommended one.
    BecauseOf { item_id: String, event: EventKind, weight: f32 },
    /// The item is popular, in this moment where the model knows of moments: nothing is known of the user yet, or what is known says less.
    Popular,
    /// A rule of the shop put it there.
    Promoted,
    /// The user bought it this many times, the last time so many days ago, and every so many days on average if more than once.
    BuyAgain { times: usize, days_since: f32, rhythm_days: Option<f32> },
}

/// The history items that carried the retrieval score of `item`, strongest first: each one's exact part, and as its weight its
/// share of all parts that speak for the item. That it is popular comes first where that says more than all of them.
pub(crate) fn because_of(model: &Model, user: &User, history: &[Interaction], item: u32) -> Vec<Reason> {
    let mut parts = user.contributions(model, item);
    parts.retain(|&(_, part)| part > 0.0);
    let total: f32 = parts.iter().map(|&(_, part)| part).sum();
    // That it is popular is told where it says more than all that the user did.
    let mut reasons = Vec::new();
    if user.popular_part(model, item) > total {
        reasons.push(Reason::Popular);
    }
    while reasons.len() < MAX_REASONS && !parts.is_empty() {
        let strongest = (0..parts.len()).fold(0, |best, i| if parts[i].1 > parts[best].1 { i } else { best });
        let (cause, part) = parts.swap_remove(strongest);
        if let Some(line) = history.iter().find(|line| line.item == cause) {
            let item_id = model.item_id(cause).to_owned();
            reasons.push(Reason::BecauseOf { item_id, event: line.strongest, weight: part / total });
        }
    }
    reasons
}

impl Reason {
    /// The JSON form: `{ type: "because_of", itemId, event, weight }`, `{ type: "popular" }`, `{ type: "promoted" }` or
    /// `{ type: "buy_again", times, daysSince, rhythmDays }`, the rhythm null for what was bought once.
    pub fn to_json(&self) -> Json {
        match self {
            Reason::BecauseOf { item_id, event, weight } => {
                let (id, event, weight) = (item_id.as_str().into(), event.name().into(), (*weight).into());
                Json::object([("type", "because_of".into()), ("itemId", id), ("event", event), ("weight", weight)])
            }
            Reason::Popular => Json::object([("type", "popular".into())]),
            Reason::Promoted => Json::object([("type", "promoted".into())]),
            Reason::BuyAgain { times, days_since, rhythm_days } => Json::object([
                ("type", "buy_again".into()),
                ("times", (*times).into()),
                ("daysSince", (*days_since).into()),
                ("rhythmDays", rhythm_days.map_or(Json::Null, Json::from)),
            ]),
        }
    }
}

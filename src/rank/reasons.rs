//! Why an item is in the list.

use std::cell::OnceCell;

use crate::json::Json;
use crate::model::{ColumnView, Model, Strings};
use crate::profile::{EventKind, Interaction, User};

/// Most reasons of one event each that an item carries.
const MAX_REASONS: usize = 3;
/// From this share on a taste is told.
const MOST: f32 = 0.5;

/// One reason for one item.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// An item the user dealt with carries this share (0..=1) of what speaks for the recommended one.
    BecauseOf { item_id: String, event: EventKind, weight: f32 },
    /// The item is popular, in this moment where the model knows of moments: nothing is known of the user yet, or what is known says less.
    Popular,
    /// The items the user dealt with that have the same value in a category column carry this share of what speaks for it, together.
    Taste { column: String, value: String, weight: f32 },
    /// The rule of this number, from 0 on, put it there.
    Promoted { rule: usize },
    /// The user bought it this many times, the last time so many days ago, and every so many days on average if more than once.
    BuyAgain { times: usize, days_since: f32, rhythm_days: Option<f32> },
}

/// The history items that carried the score of `item`, strongest first: each one's part ([`User::contributions`]), and as its weight its
/// share of all parts that speak for the item. That it is popular comes first where that says more than all of them; last what several of
/// them have in common with it, where that is most of it.
pub(crate) fn because_of(
    model: &Model,
    tastes: &[Taste<'_>],
    user: &User,
    history: &[Interaction],
    item: u32,
) -> Vec<Reason> {
    let mut parts = user.contributions(model, item);
    parts.retain(|&(_, part)| part > 0.0);
    let total: f32 = parts.iter().map(|&(_, part)| part).sum();
    let mut reasons = Vec::new();
    // That it is popular is told where it says more than all that the user did.
    if user.popular_part(model, item) > total {
        reasons.push(Reason::Popular);
    }
    let taste = taste(tastes, &parts, item, total);
    while reasons.len() < MAX_REASONS && !parts.is_empty() {
        let strongest = (0..parts.len()).fold(0, |best, i| if parts[i].1 > parts[best].1 { i } else { best });
        let (cause, part) = parts.swap_remove(strongest);
        if let Some(line) = history.iter().find(|line| line.item == cause) {
            let item_id = model.item_id(cause).to_owned();
            reasons.push(Reason::BecauseOf { item_id, event: line.strongest, weight: part / total });
        }
    }
    reasons.extend(taste);
    reasons
}

/// A category column that reasons may speak of.
pub(crate) struct Taste<'m> {
    column: &'m str,
    codes: &'m [u32],
    values: Strings<'m>,
    value_count: usize,
    /// Items of each value; made when it is asked for.
    counts: OnceCell<Vec<u32>>,
}

impl<'m> Taste<'m> {
    /// Every category column of the catalogue.
    pub fn all(model: &'m Model) -> Vec<Taste<'m>> {
        let mut tastes = Vec::new();
        for column in model.column_names() {
            if let Some(ColumnView::Category { codes, values, value_count }) = model.column(column) {
                tastes.push(Taste { column, codes, values, value_count, counts: OnceCell::new() });
            }
        }
        tastes
    }

    /// How many items have this value.
    fn count(&self, code: u32) -> u32 {
        let counts = self.counts.get_or_init(|| {
            let mut counts = vec![0; self.value_count];
            self.codes.iter().for_each(|&code| counts[code as usize] += 1);
            counts
        });
        counts[code as usize]
    }
}

/// The value of `item` that at least two of `parts` share which carry most of `total`: of several columns' the rarest.
fn taste(tastes: &[Taste<'_>], parts: &[(u32, f32)], item: u32, total: f32) -> Option<Reason> {
    let mut best: Option<(u32, Reason)> = None;
    for taste in tastes {
        let codes = taste.codes;
        let code = codes[item as usize];
        let (mut alike, mut sum) = (0, 0.0);
        for &(from, part) in parts.iter().filter(|part| codes[part.0 as usize] == code) {
            (alike, sum) = (alike + usize::from(from != item), sum + part);
        }
        let value = taste.values.get(code as usize);
        if alike < 2 || sum <= total * MOST || value.is_empty() {
            continue;
        }
        let count = taste.count(code);
        if best.as_ref().is_none_or(|(least, _)| count < *least) {
            let (column, value) = (taste.column.to_owned(), value.to_owned());
            best = Some((count, Reason::Taste { column, value, weight: sum / total }));
        }
    }
    best.map(|(_, reason)| reason)
}

impl Reason {
    /// The JSON form: `{ type: "because_of", itemId, event, weight }`, `{ type: "taste", column, value, weight }`,
    /// `{ type: "popular" }`, `{ type: "promoted", rule }` or `{ type: "buy_again", times, daysSince, rhythmDays }`, the rhythm null for what was bought once.
    pub fn to_json(&self) -> Json {
        match self {
            Reason::BecauseOf { item_id, event, weight } => {
                let (id, event, weight) = (item_id.as_str().into(), event.name().into(), (*weight).into());
                Json::object([("type", "because_of".into()), ("itemId", id), ("event", event), ("weight", weight)])
            }
            Reason::Popular => Json::object([("type", "popular".into())]),
            Reason::Taste { column, value, weight } => {
                let (column, value) = (column.as_str().into(), value.as_str().into());
                Json::object([
                    ("type", "taste".into()),
                    ("column", column),
                    ("value", value),
                    ("weight", (*weight).into()),
                ])
            }
            Reason::Promoted { rule } => Json::object([("type", "promoted".into()), ("rule", (*rule).into())]),
            Reason::BuyAgain { times, days_since, rhythm_days } => Json::object([
                ("type", "buy_again".into()),
                ("times", (*times).into()),
                ("daysSince", (*days_since).into()),
                ("rhythmDays", rhythm_days.map_or(Json::Null, Json::from)),
            ]),
        }
    }
}

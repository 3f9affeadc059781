//! Why an item is in the list.

use serde::Serialize;

use crate::model::Model;
use crate::profile::{EventKind, FoldIn, Interaction};

/// Most reasons an item carries.
const MAX_REASONS: usize = 3;

/// One reason for one item.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Reason {
    /// An item the user dealt with carries this share (0..=1) of what speaks for the recommended one.
    BecauseOf { item_id: String, event: EventKind, weight: f32 },
    /// Nothing is known of the user yet: the item is popular.
    Popular,
}

/// The history items that carried the retrieval score of `item`, strongest first. The closed form of the fold-in gives
/// each one's exact part; the weight is its share of all parts that speak for the item.
pub(crate) fn because_of(model: &Model, solved: &FoldIn, history: &[Interaction], item: u32) -> Vec<Reason> {
    let mut parts = solved.contributions(model, item);
    parts.retain(|&(_, part)| part > 0.0);
    let total: f32 = parts.iter().map(|&(_, part)| part).sum();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let reason = |&(cause, part): &(u32, f32)| {
        let line = history.iter().find(|line| line.item == cause)?;
        let item_id = model.item_id(cause).to_owned();
        Some(Reason::BecauseOf { item_id, event: line.strongest, weight: part / total })
    };
    parts.iter().take(MAX_REASONS).filter_map(reason).collect()
}

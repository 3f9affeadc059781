//! From a spec to a whole model file: written, answered by the oracle, written again with the answers.

use crate::error::{Error, Result};
use crate::model::{GoldenQuery, MAX_GOLDEN, MAX_GOLDEN_ITEMS, Model, ModelBuffer, ModelSpec, write_model};
use crate::score::reference::golden_answer;

/// How many items a golden answer holds.
const GOLDEN_K: usize = 20;

/// Makes the model file of `spec`, with golden queries: up to 16 of the `histories` (item indices; long ones are cut to
/// their first 256), answered by the reference scorer on the very rows the file holds.
///
/// # Errors
/// As [`write_model`].
pub fn export_model(spec: &ModelSpec, histories: &[Vec<u32>]) -> Result<Vec<u8>> {
    let draft = Model::read(ModelBuffer::try_from(write_model(spec, &[])?.as_slice())?)?;
    let items = draft.item_count();
    if let Some(item) = histories.iter().flatten().find(|&&item| item as usize >= items) {
        return Err(Error::argument("histories", format!("item indices below {items}"), item));
    }
    let short = |history: &Vec<u32>| history[..history.len().min(MAX_GOLDEN_ITEMS)].to_vec();
    let histories: Vec<Vec<u32>> = histories.iter().filter(|h| !h.is_empty()).take(MAX_GOLDEN).map(short).collect();
    let longest = histories.iter().map(Vec::len).max().unwrap_or(0);
    let k = GOLDEN_K.min(items.saturating_sub(longest));
    let mut golden = Vec::new();
    for history in histories.into_iter().filter(|_| k > 0) {
        let answer = golden_answer(&draft, &history, k)?;
        golden.push(GoldenQuery {
            history,
            items: answer.iter().map(|scored| scored.item).collect(),
            scores: answer.iter().map(|scored| scored.score).collect(),
        });
    }
    write_model(spec, &golden)
}

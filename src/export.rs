//! From a spec to a whole model file: written, answered by the oracle, written again with the answers.

use crate::error::{Error, Result};
use crate::model::{
    GoldenQuery, MAX_GOLDEN, MAX_GOLDEN_ITEMS, Model, ModelBuffer, ModelSpec, Precision, write_calibrated, write_model,
};
use crate::score::reference::{activation_steps, golden_answer};

/// How many items a golden answer holds.
const GOLDEN_K: usize = 20;
/// How many histories show the range of a ranker's activations.
const CALIBRATION: usize = 64;

/// Makes the model file of `spec`, with golden queries: up to 16 of the `histories` (item indices; long ones are cut to
/// their first 256), answered by the reference scorer on the very rows the file holds. For a ranker in int8 arithmetic the
/// first 64 histories also show how large its activations get; without any, single items stand for histories.
///
/// # Errors
/// As [`write_model`].
pub fn export_model(spec: &ModelSpec, histories: &[Vec<u32>]) -> Result<Vec<u8>> {
    export(spec, None, histories)
}

/// As [`export_model`], for a ranker whose activations' steps are known, as they are of one that was read from a file
/// ([`crate::model::Ranker::steps`]).
///
/// # Errors
/// As [`write_model`].
pub fn export_calibrated(spec: &ModelSpec, steps: &[f32], histories: &[Vec<u32>]) -> Result<Vec<u8>> {
    export(spec, Some(steps), histories)
}

fn export(spec: &ModelSpec, steps: Option<&[f32]>, histories: &[Vec<u32>]) -> Result<Vec<u8>> {
    let items = spec.item_ids.len();
    if let Some(item) = histories.iter().flatten().find(|&&item| item as usize >= items) {
        return Err(Error::argument("histories", format_args!("item indices below {items}"), item));
    }
    let short = |history: &Vec<u32>| history[..history.len().min(MAX_GOLDEN_ITEMS)].to_vec();
    let histories: Vec<Vec<u32>> = histories.iter().filter(|h| !h.is_empty()).map(short).take(CALIBRATION).collect();
    let steps = steps.map_or_else(|| calibrate(spec, &histories), |steps| Ok(steps.to_vec()))?;
    let draft = read(&write_calibrated(spec, &steps, &[])?)?;

    let histories: Vec<Vec<u32>> = histories.into_iter().take(MAX_GOLDEN).collect();
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
    write_calibrated(spec, &steps, &golden)
}

/// Steps of the int8 activations of `spec`'s ranker, seen on its f32 twin; none for f32 arithmetic.
fn calibrate(spec: &ModelSpec, histories: &[Vec<u32>]) -> Result<Vec<f32>> {
    if spec.ranker.as_ref().is_none_or(|ranker| ranker.precision != Precision::Int8) {
        return Ok(Vec::new());
    }
    let mut twin = spec.clone();
    twin.ranker.iter_mut().for_each(|ranker| ranker.precision = Precision::F32);
    let model = read(&write_model(&twin, &[])?)?;
    if histories.is_empty() {
        let singles: Vec<Vec<u32>> = (0..model.item_count().min(CALIBRATION) as u32).map(|item| vec![item]).collect();
        return activation_steps(&model, &singles);
    }
    activation_steps(&model, histories)
}

fn read(bytes: &[u8]) -> Result<Model> {
    Model::read(ModelBuffer::try_from(bytes)?)
}

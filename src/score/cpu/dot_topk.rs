//! Twin of `shaders/dot_topk.wgsl`: score rows, keep the best.

use super::vector::Vector;
use crate::model::Model;
use crate::score::plan::Plan;
use crate::score::topk::TopK;

/// Scores each row (n, d) against the int8 user vector (d) and offers it to `top`, unless it is left out.
pub(crate) fn dot_topk<V: Vector>(model: &Model, plan: &Plan, top: &mut TopK) {
    let (gain, offset) = (plan.stage.gain(model), plan.stage.offset(model));
    for (index, row) in model.rows().chunks_exact(model.dim()).enumerate() {
        let item = index as u32;
        if plan.mask.is_excluded(item) {
            continue;
        }
        // score = ((dot * gain) * user_scale) + offset, each operation rounded once
        let dot = V::dot_i8(row, &plan.user) as f32;
        let scaled = dot * gain.map_or(0.0, |gain| gain[index]);
        let score = scaled * plan.user_scale + offset.map_or(0.0, |offset| offset[index]);
        top.push(score, item);
    }
}

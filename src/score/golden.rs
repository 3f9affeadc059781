//! Holding a backend to the answers stored in the model file.

use super::topk::Scored;
use crate::error::show;
use crate::model::GoldenQuery;

/// How far a backend's scores may lie from the stored ones, relative to the larger of 1 and the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance(pub f32);

impl Tolerance {
    /// Integer dots are exact and three f32 operations follow: only a GPU that flushes or fuses against the rules differs.
    pub const DOT: Tolerance = Tolerance(1e-6);
    /// f32 sums of up to 1,024 products a layer against float64 ones, fused or not.
    pub const MLP: Tolerance = Tolerance(1e-4);

    /// The allowed distance at this score.
    pub fn at(self, score: f32) -> f32 {
        self.0 * score.abs().max(1.0)
    }
}

/// What the check at load found.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GoldenReport {
    /// Queries checked.
    pub checked: usize,
    /// Largest error as a share of the tolerance; above 1 a backend is refused.
    pub worst_error: f32,
}

/// Compares `found` with the stored answer, modulo ties: scores must match place by place, and every stored item that is
/// clearly above the last place must be there. Returns the worst error as a share of the tolerance.
///
/// # Errors
/// A sentence that says what differs.
pub(crate) fn compare(golden: &GoldenQuery, found: &[Scored], tolerance: Tolerance) -> Result<f32, String> {
    if found.len() != golden.items.len() {
        return Err(format!("expected {} items, found {}", golden.items.len(), found.len()));
    }
    let mut worst = 0.0f32;
    for (place, (scored, &score)) in found.iter().zip(&golden.scores).enumerate() {
        let share = (scored.score - score).abs() / tolerance.at(score);
        if share.is_nan() || share > 1.0 {
            return Err(format!("expected score {} at place {place}, found {}", show(score), show(scored.score)));
        }
        worst = worst.max(share);
    }
    let last = golden.scores[golden.scores.len() - 1];
    for (&item, &score) in golden.items.iter().zip(&golden.scores) {
        if score - last > 2.0 * tolerance.at(score) && !found.iter().any(|scored| scored.item == item) {
            return Err(format!("expected item {item} with score {}, found it missing", show(score)));
        }
    }
    Ok(worst)
}

//! Which items may be in a list: the request, the rules and what the user did before leave some out, one stage after the other.

use super::arrange::Stage;
use crate::score::ItemMask;

/// The items that are let in, and who left out the others.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    mask: ItemMask,
    /// The items let in after each stage that left any out; none where nobody asked.
    stages: Option<Vec<(Stage, ItemMask)>>,
}

impl Admitted {
    /// All that `mask` lets in; with `traced` it is kept who left out the others.
    pub fn all(mask: ItemMask, traced: bool) -> Admitted {
        let stages = traced.then(|| vec![(Stage::Scores, mask.clone())]);
        Admitted { mask, stages }
    }

    /// Leaves out what `out` does.
    pub fn leave_out(&mut self, stage: Stage, out: &ItemMask) {
        self.mask.exclude_all(out);
        if let Some(stages) = &mut self.stages {
            stages.push((stage, self.mask.clone()));
        }
    }

    /// Leaves `item` out of all stages.
    pub fn never(&mut self, item: u32) {
        self.mask.exclude(item);
        self.stages.iter_mut().flatten().for_each(|(_, mask)| mask.exclude(item));
    }

    /// The items let in by all stages.
    pub fn mask(&self) -> &ItemMask {
        &self.mask
    }

    /// The items let in by all stages, and by the first ones, in their order.
    pub fn into_parts(self) -> (ItemMask, Vec<(Stage, ItemMask)>) {
        (self.mask, self.stages.unwrap_or_default())
    }
}

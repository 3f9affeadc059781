//! Thompson sampling (Chapelle and Li 2011) over the values of a category column: what the user never dealt with is tried at times, the
//! more often the less is known of it, and how likely each item was to be shown is told, so that what came of it can be weighed.

use super::options::Explore;
use crate::error::{Error, Result};
use crate::model::{ColumnView, Model};
use crate::profile::Random;

/// What is drawn.
#[derive(Debug, Clone)]
pub(super) struct Exploring {
    /// The value of each item, (n).
    codes: Vec<u32>,
    /// The standard deviation of each value.
    spreads: Vec<f32>,
    seed: u32,
}

impl Exploring {
    /// For someone who dealt with these items.
    pub fn new(model: &Model, explore: &Explore, history: &[u32]) -> Result<Exploring> {
        let Some(ColumnView::Category { codes, value_count, .. }) = model.column(&explore.column) else {
            return Err(Error::argument("explore.column", "a category column of the catalogue", "no such column"));
        };
        let mut counts = vec![0.0f32; value_count];
        history.iter().for_each(|&item| counts[codes[item as usize] as usize] += 1.0);
        let spreads = counts.into_iter().map(|count| explore.rate / (1.0 + count).sqrt()).collect();
        Ok(Exploring { codes: codes.to_vec(), spreads, seed: explore.seed })
    }

    /// Draw number `n`: what it adds to each item's score, (items).
    pub fn draw(&self, n: u32) -> Vec<f32> {
        let mut random = Random::new(u64::from(self.seed) | u64::from(n) << 32);
        let drawn: Vec<f32> = self.spreads.iter().map(|spread| spread * random.normal()).collect();
        self.codes.iter().map(|&code| drawn[code as usize]).collect()
    }
}

//! How much a pair says: from events and ratings to one strength a pair.

use clap::ValueEnum;
use proclivity::model::Repeats;
use serde::Serialize;

use super::interactions::{Interactions, PairStats};

/// Share of pairs whose count is taken for full strength at most: the rest are as strong.
const FULL: f64 = 0.99;

/// What a pair's strength follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Every pair alike: 1, or the sum of its events' weights where that is less
    #[default]
    Binary,
    /// Number of events as a share of the 99th percentile of pairs, times the weight of the strongest
    Count,
    /// 1 plus the logarithm of the sum of its events' weights (after Hu et al. 2008, eq. 6); the device counts the same way
    LogCount,
    /// The last value or rating, as a share of the largest, times the weight of the strongest event
    Value,
}

impl Confidence {
    /// How the device sums up the events of a pair.
    pub fn repeats(self) -> Repeats {
        match self {
            Confidence::LogCount => Repeats::Logarithm,
            Confidence::Binary | Confidence::Count | Confidence::Value => Repeats::Once,
        }
    }
}

impl Interactions {
    /// Strength of each pair, in the order of the histories: 0 to 1, and more with [`Confidence::LogCount`].
    pub fn strengths(&self, confidence: Confidence) -> Vec<Vec<f32>> {
        let scale = Scale::of(self, confidence);
        let of_user = |user| self.pairs_of(user).iter().map(|pair| scale.of_pair(pair)).collect();
        (0..self.users.len()).map(of_user).collect()
    }
}

/// What turns a pair into its strength.
enum Scale {
    Sum(Repeats),
    /// Divides counts.
    Count {
        full: f32,
    },
    /// Divides values; stands for those that are not known.
    Value {
        largest: f32,
        mean: f32,
    },
}

impl Scale {
    fn of(data: &Interactions, confidence: Confidence) -> Scale {
        let pairs = || (0..data.users.len()).flat_map(|user| data.pairs_of(user));
        let full = || {
            let mut counts: Vec<u32> = pairs().map(|pair| pair.count).collect();
            let place = ((counts.len() as f64 * FULL) as usize).min(counts.len().saturating_sub(1));
            if counts.is_empty() { 1.0 } else { *counts.select_nth_unstable(place).1 as f32 }
        };
        match confidence {
            Confidence::Binary | Confidence::LogCount => Scale::Sum(confidence.repeats()),
            Confidence::Count => Scale::Count { full: full() },
            Confidence::Value => {
                let values: Vec<f32> = pairs().map(|pair| pair.value).filter(|value| !value.is_nan()).collect();
                let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len().max(1) as f64;
                Scale::Value { largest: values.into_iter().fold(0.0, f32::max), mean: mean as f32 }
            }
        }
    }

    fn of_pair(&self, pair: &PairStats) -> f32 {
        match *self {
            Scale::Sum(repeats) => repeats.strength(pair.total),
            Scale::Count { full } => pair.strength * (pair.count as f32 / full).min(1.0),
            Scale::Value { largest, .. } if largest <= 0.0 => pair.strength, // no value says anything
            Scale::Value { largest, mean } => {
                let value = if pair.value.is_nan() { mean } else { pair.value };
                pair.strength * (value / largest).max(0.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::interactions;
    use crate::dataset::interactions::Event;

    fn data() -> Interactions {
        let event = |item, strength, value| Event { item, time: 0, strength, value, situation: 0 };
        let mut data = interactions(3, vec![vec![0, 1, 2], vec![1]]);
        data.events[0] = vec![event(0, 1.0, 4.0), event(1, 0.5, f32::NAN), event(0, 0.2, 5.0), event(2, 1.0, -1.0)];
        data.events[1] = vec![event(1, 1.0, 2.5); 3];
        data
    }

    #[test]
    fn strengths_follow_types_counts_and_values() {
        let near = |found: Vec<Vec<f32>>, expected: [&[f32]; 2]| {
            for (found, expected) in found.concat().iter().zip(expected.concat()) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        };
        near(data().strengths(Confidence::Binary), [&[1.0, 0.5, 1.0], &[1.0]]);
        near(data().strengths(Confidence::Count), [&[2.0 / 3.0, 0.5 / 3.0, 1.0 / 3.0], &[1.0]]);
        near(data().strengths(Confidence::LogCount), [&[1.0 + 1.2f32.ln(), 0.5, 1.0], &[1.0 + 3f32.ln()]]);
        let mean = (5.0 - 1.0 + 2.5) / 3.0;
        near(data().strengths(Confidence::Value), [&[1.0, 0.5 * mean / 5.0, 0.0], &[0.5]]);
    }

    #[test]
    fn without_events_of_a_kind_every_pair_is_alike() {
        let plain = interactions(3, vec![vec![0, 1], vec![2]]);
        for confidence in [Confidence::Binary, Confidence::Count, Confidence::LogCount, Confidence::Value] {
            assert_eq!(plain.strengths(confidence), [vec![1.0, 1.0], vec![1.0]], "{confidence:?}");
        }
    }
}

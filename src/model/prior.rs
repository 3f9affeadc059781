//! What is popular, beside what little a history says: a weight for `ln(1 + popularity)`, less its mean, that falls as more is known.
//!
//! A user of whom one event is known is nearly a stranger, and who orders the catalogue by that one event alone does worse than who shows
//! what is popular. The weights are fitted on held-out users whose histories are cut to so many events.

use serde_json::{Value, json};

use crate::error::Result;
use crate::json::Field;

/// Most knots of a prior.
const MAX_KNOTS: usize = 16;

/// The weight by the sum of a history's strengths.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// (sum of strengths, weight), sums ascending: at least one. Between them weights lie on lines, beyond them they stay.
    pub knots: Vec<(f32, f32)>,
}

impl Prior {
    pub(crate) fn from_json(field: &Field) -> Result<Prior> {
        let (strengths, weights) = (field.required("strengths")?.floats()?, field.required("weights")?.floats()?);
        let mut knots = Vec::new();
        let mut before = -1.0;
        for (n, &strength) in strengths.iter().enumerate().take(MAX_KNOTS) {
            let weight = *weights.get(n).unwrap_or(&-1.0);
            if strength > before && strength >= 0.0 && (0.0..=1e6).contains(&weight) {
                knots.push((strength, weight));
            }
            before = strength;
        }
        match knots.is_empty() || knots.len() != strengths.len().max(weights.len()) {
            true => Err(field.refuse("1 to 16 ascending strengths with a weight from 0 to 1e6 each")),
            false => Ok(Prior { knots }),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let (strengths, weights): (Vec<f32>, Vec<f32>) = self.knots.iter().copied().unzip();
        json!({ "strengths": strengths, "weights": weights })
    }

    /// The weight of `ln(1 + popularity)` beside a history whose strengths sum up to `total`.
    pub fn weight(&self, total: f32) -> f32 {
        let mut before = self.knots[0];
        for &knot in &self.knots {
            if total <= knot.0 {
                let share = if knot.0 > before.0 { (total - before.0) / (knot.0 - before.0) } else { 1.0 };
                return before.1 + share * (knot.1 - before.1);
            }
            before = knot;
        }
        before.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    #[test]
    fn weights_lie_on_lines_between_knots() {
        let prior = Prior { knots: vec![(1.0, 0.8), (3.0, 0.4), (10.0, 0.0)] };
        for (total, expected) in [(0.0, 0.8), (1.0, 0.8), (2.0, 0.6), (3.0, 0.4), (6.5, 0.2), (10.0, 0.0), (99.0, 0.0)]
        {
            assert!((prior.weight(total) - expected).abs() < 1e-6, "{total}");
        }
        assert_eq!(Prior { knots: vec![(5.0, 0.3)] }.weight(7.0), 0.3);
    }

    #[test]
    fn what_is_no_prior_is_refused() {
        let read = |text: &str| Prior::from_json(&Field::root(&parse(text.as_bytes()).unwrap(), "model.prior"));
        let prior = Prior { knots: vec![(1.0, 0.5), (4.0, 0.25)] };
        assert_eq!(read(&prior.to_json().to_string()).unwrap(), prior);
        for (strengths, weights) in
            [("[]", "[]"), ("[1,2]", "[1]"), ("[2,1]", "[1,1]"), ("[1]", "[-1]"), ("[-1]", "[1]"), ("[1]", "[1e7]")]
        {
            let text = format!("{{\"strengths\":{strengths},\"weights\":{weights}}}");
            assert!(read(&text).unwrap_err().to_string().contains("model.prior"), "{text}");
        }
    }
}

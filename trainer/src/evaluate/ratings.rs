//! Errors of predicted ratings, for models that predict them.

use proclivity::Json;
use serde::Serialize;

/// How scores become ratings: `mean + score`, held to the scale. A model that predicts ratings says so in its card, as
/// `"ratings": { "mean": 3.6, "min": 1, "max": 5 }`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RatingScale {
    pub mean: f64,
    pub min: f64,
    pub max: f64,
}

/// RMSE and MAE over every rated target that the model knows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RatingErrors {
    pub rmse: f64,
    pub mae: f64,
    pub ratings: usize,
}

impl RatingScale {
    /// The scale that a model card names; none for a model whose scores are not ratings.
    pub fn of_card(card: &Json) -> Option<RatingScale> {
        let ratings = card.get("ratings")?;
        let number = |key| match ratings.get(key) {
            Some(Json::Number(number)) => Some(*number),
            _ => None,
        };
        Some(RatingScale { mean: number("mean")?, min: number("min")?, max: number("max")? })
    }

    /// The rating that a score stands for.
    pub fn rating(self, score: f32) -> f64 {
        (self.mean + f64::from(score)).max(self.min).min(self.max)
    }
}

impl RatingErrors {
    /// From (predicted, given) ratings; none for none.
    pub fn of(pairs: &[(f64, f64)]) -> Option<RatingErrors> {
        let mean = |error: fn(f64) -> f64| pairs.iter().map(|(a, b)| error(a - b)).sum::<f64>() / pairs.len() as f64;
        let errors = RatingErrors { rmse: mean(|e| e * e).sqrt(), mae: mean(f64::abs), ratings: pairs.len() };
        (!pairs.is_empty()).then_some(errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        let errors = RatingErrors::of(&[(3.0, 4.0), (5.0, 3.0), (2.0, 2.0)]).unwrap();
        assert!((errors.rmse - (5.0f64 / 3.0).sqrt()).abs() < 1e-12 && (errors.mae - 1.0).abs() < 1e-12);
        assert_eq!(RatingErrors::of(&[]), None);
    }

    #[test]
    fn scores_are_ratings_only_where_the_card_says_so() {
        let object = |members: &[(&str, Json)]| {
            Json::Object(members.iter().map(|(key, value)| (key.to_string(), value.clone())).collect())
        };
        let ratings = [("mean", 3.5), ("min", 1.0), ("max", 5.0)].map(|(key, number)| (key, Json::Number(number)));
        let scale = RatingScale::of_card(&object(&[("ratings", object(&ratings))])).unwrap();
        assert_eq!([-9.0, 0.25, 9.0].map(|score| scale.rating(score)), [1.0, 3.75, 5.0]);
        assert_eq!(RatingScale::of_card(&object(&[("ratings", object(&ratings[..2]))])), None);
        assert_eq!(RatingScale::of_card(&Json::Null), None);
    }
}

//! Errors of predicted ratings, for models that predict them.

use proclivity::Json;
use serde::Serialize;

/// A user's level counts as if this many of its ratings had been average: about the variance of a rating by that of users'
/// levels in films rated from 1 to 5.
const LEVEL_SHRINKAGE: f64 = 5.0;

/// How scores become ratings: `mean + score + b_u`, held to the scale. The user's own level b_u comes from its own ratings, where
/// they are known, and is 0 without (the user bias of Koren 2008, section 2.1, for a stranger); it changes no order. A model that predicts ratings says so in its card, as
/// `"ratings": { "mean": 3.6, "min": 1, "max": 5 }`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RatingScale {
    pub mean: f64,
    pub min: f64,
    pub max: f64,
}

/// A user's own ratings with the model's scores of the same items.
pub type OwnRatings = [(f64, f32)];

/// A given rating, and what foresees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foreseen {
    pub given: f64,
    pub model: f64,
    /// The mean of the training ratings.
    pub mean: f64,
    /// The same and the user's own level, of a user whose own ratings are known.
    pub user_mean: Option<f64>,
}

/// How far predicted ratings are from those given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Errors {
    pub rmse: f64,
    pub mae: f64,
}

/// Errors over every rated target that the model knows, of the model and of what knows nothing of items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RatingErrors {
    #[serde(flatten)]
    pub model: Errors,
    pub ratings: usize,
    /// Of the mean of the training ratings alone.
    pub mean: Errors,
    /// Of that mean and the user's own level; none where no user's own ratings are known.
    pub user_mean: Option<Errors>,
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

    /// What foresees the rating `given` to an item of that `score`, by a user of these `own` ratings.
    pub fn foresee(self, given: f64, score: f32, own: &OwnRatings) -> Foreseen {
        let held = |rating: f64| rating.max(self.min).min(self.max);
        let of_model = level(own.iter().map(|(rating, score)| rating - self.mean - f64::from(*score)));
        let of_mean = level(own.iter().map(|(rating, _)| rating - self.mean));
        Foreseen {
            given,
            model: held(self.mean + f64::from(score) + of_model),
            mean: self.mean,
            user_mean: (!own.is_empty()).then(|| held(self.mean + of_mean)),
        }
    }
}

/// `sum residual / (shrinkage + n)`: a user's level.
fn level(residuals: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = residuals.len() as f64;
    residuals.sum::<f64>() / (LEVEL_SHRINKAGE + count)
}

impl Errors {
    /// From differences; there must be some.
    fn of(differences: impl Iterator<Item = f64>) -> Errors {
        let (mut count, mut squares, mut sizes) = (0.0, 0.0, 0.0);
        for difference in differences {
            count += 1.0;
            squares += difference * difference;
            sizes += difference.abs();
        }
        Errors { rmse: f64::sqrt(squares / count), mae: sizes / count }
    }
}

impl RatingErrors {
    /// From all that was foreseen; none for none.
    pub fn of(ratings: &[Foreseen]) -> Option<RatingErrors> {
        let errors = |of: fn(&Foreseen) -> f64| Errors::of(ratings.iter().map(|rating| of(rating) - rating.given));
        let own = ratings.iter().any(|rating| rating.user_mean.is_some());
        (!ratings.is_empty()).then(|| RatingErrors {
            model: errors(|rating| rating.model),
            ratings: ratings.len(),
            mean: errors(|rating| rating.mean),
            user_mean: own.then(|| errors(|rating| rating.user_mean.unwrap_or(rating.mean))),
        })
    }

    /// Rows of a table: the errors of the ranking of that `label`, then of the baselines.
    pub fn rows(&self, label: &str) -> Vec<(String, Errors)> {
        let mean = ("mean of the training ratings".to_owned(), self.mean);
        let user_mean = self.user_mean.map(|errors| ("that mean and the user's own level".to_owned(), errors));
        [(label.to_owned(), self.model), mean].into_iter().chain(user_mean).collect()
    }

    /// What predicted ratings are made of, in words.
    pub fn describe(&self) -> &'static str {
        match self.user_mean {
            Some(_) => {
                "predicted ratings: mean + score + the user's own level, which is the shrunk mean residual of its ratings in the fold-in"
            }
            None => "predicted ratings: mean + score; the fold-in has no ratings, so no user's own level is known",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        let foreseen = |model, given, user_mean| Foreseen { given, model, mean: 3.0, user_mean };
        let errors =
            RatingErrors::of(&[foreseen(3.0, 4.0, Some(4.0)), foreseen(5.0, 3.0, None), foreseen(2.0, 2.0, None)]);
        let errors = errors.unwrap();
        let close = |errors: Errors, squares: f64, sizes: f64| {
            (errors.rmse - (squares / 3.0).sqrt()).abs() < 1e-12 && (errors.mae - sizes / 3.0).abs() < 1e-12
        };
        assert!(close(errors.model, 5.0, 3.0) && close(errors.mean, 2.0, 2.0), "{errors:?}");
        assert!(close(errors.user_mean.unwrap(), 1.0, 1.0) && errors.rows("it").len() == 3, "{errors:?}");
        let without = RatingErrors::of(&[foreseen(3.0, 4.0, None)]).unwrap();
        assert!(without.user_mean.is_none() && without.describe().contains("the fold-in has no ratings"));
        assert_eq!(RatingErrors::of(&[]), None);
    }

    #[test]
    fn a_users_own_ratings_tell_its_level() {
        let scale = RatingScale { mean: 3.0, min: 1.0, max: 5.0 };
        let expected = Foreseen { given: 4.0, model: 3.5, mean: 3.0, user_mean: None };
        assert_eq!(scale.foresee(4.0, 0.5, &[]), expected);
        // Five ratings, one above what the model says, two above the mean: half of that is believed.
        let own = [(5.0, 1.0); 5];
        let expected = Foreseen { given: 4.0, model: 4.0, mean: 3.0, user_mean: Some(4.0) };
        assert_eq!(scale.foresee(4.0, 0.5, &own), expected);
        assert_eq!(scale.foresee(4.0, 3.0, &own).model, 5.0, "held to the scale");
    }

    #[test]
    fn scores_are_ratings_only_where_the_card_says_so() {
        let object = |members: &[(&str, Json)]| {
            Json::Object(members.iter().map(|(key, value)| (key.to_string(), value.clone())).collect())
        };
        let ratings = [("mean", 3.5), ("min", 1.0), ("max", 5.0)].map(|(key, number)| (key, Json::Number(number)));
        let scale = RatingScale::of_card(&object(&[("ratings", object(&ratings))])).unwrap();
        assert_eq!([-9.0, 0.25, 9.0].map(|score| scale.foresee(3.0, score, &[]).model), [1.0, 3.75, 5.0]);
        assert_eq!(RatingScale::of_card(&object(&[("ratings", object(&ratings[..2]))])), None);
        assert_eq!(RatingScale::of_card(&Json::Null), None);
    }
}

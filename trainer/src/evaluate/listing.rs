//! Lists as a shop asks for them: what diversity, fairness and rules make of a model's scores.

use proclivity::model::Model;
use proclivity::rank::{Arrangement, least_of_group};
use proclivity::score::ItemMask;
use proclivity::{Json, Request};

use crate::error::{CliError, Result};

/// Lists of one arrangement.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// As it was asked for.
    pub text: String,
    pub arrangement: Arrangement,
    /// How long lists are.
    pub length: usize,
}

impl Listing {
    /// Reads options as a page gives them, such as `{"diversity":0.5}`.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn read(text: &str, length: usize) -> Result<Listing> {
        let refused = |found: String| CliError::Flag {
            flag: "--list",
            expected: "options of a list as JSON, such as {\"diversity\":0.5}".into(),
            found,
        };
        let options: Json = text.parse().map_err(|error| refused(format!("`{text}`: {error}")))?;
        let request = Request::from_json(&options).map_err(|error| refused(format!("`{text}`: {error}")))?;
        let plain = Request { arrangement: Arrangement::default(), ..request.clone() } == Request::default();
        match plain && !request.arrangement.is_plain() {
            true => Ok(Listing { text: text.to_owned(), arrangement: request.arrangement, length }),
            false => Err(refused(format!("`{text}`, which arranges nothing or asks for more"))),
        }
    }

    /// The same for users who are shown one list, of whom it is not known what they were shown before.
    ///
    /// # Errors
    /// [`CliError::Flag`] for what tells by that.
    pub fn once(self) -> Result<Listing> {
        let refused = |why: &str| CliError::Flag {
            flag: "--list",
            expected: "options that tell in a single list".into(),
            found: format!("`{}`: {why}, which `replay` tells of", self.text),
        };
        match &self.arrangement {
            Arrangement { rotation, .. } if *rotation > 0.0 => Err(refused("it rotates what was shown")),
            Arrangement { explore: Some(_), .. } => Err(refused("it tries what is not known")),
            _ => Ok(self),
        }
    }

    /// Share of `lists` in which the group has its share at every place; none where no group has one.
    ///
    /// # Errors
    /// A column that the catalogue lacks.
    pub fn fair(&self, model: &Model, lists: &[Vec<u32>]) -> Result<Option<f64>> {
        let Some(fairness) = &self.arrangement.fairness else { return Ok(None) };
        let outside: ItemMask = fairness.group.mask(model)?;
        let least = least_of_group(self.length, f64::from(fairness.share), f64::from(fairness.significance));
        let is_fair = |list: &&Vec<u32>| {
            let mut of_group = 0;
            list.len() >= least.len()
                && list.iter().zip(&least).all(|(&item, &least)| {
                    of_group += usize::from(!outside.is_excluded(item));
                    of_group >= least
                })
        };
        Ok(Some(lists.iter().filter(is_fair).count() as f64 / lists.len().max(1) as f64))
    }
}

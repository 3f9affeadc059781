//! Types of events and how strongly each counts.

use std::collections::HashMap;

use proclivity::profile::EventKind;

use crate::error::{CliError, Result};

/// Strength by the name of the type, 0..=1.
#[derive(Debug, Clone)]
pub struct EventWeights {
    known: HashMap<String, f32>,
}

impl EventWeights {
    /// The engine's own weights; then `preset`; then `flags` (`NAME=WEIGHT`), which stand above both.
    ///
    /// # Errors
    /// [`CliError::Flag`] for a flag that is no name and weight from 0 to 1.
    pub fn new(preset: &[(&str, f32)], flags: &[String]) -> Result<EventWeights> {
        let engine = EventKind::ALL.map(|kind| (kind.name().to_owned(), kind.default_strength()));
        let mut known: HashMap<String, f32> = engine.into_iter().collect();
        known.extend(preset.iter().map(|&(name, weight)| (name.to_owned(), weight)));
        for flag in flags {
            let weight = flag.rsplit_once('=').and_then(|(name, weight)| Some((name, weight.trim().parse().ok()?)));
            let (name, weight) =
                weight.filter(|(_, weight)| (0.0..=1.0).contains(weight)).ok_or_else(|| CliError::Flag {
                    flag: "--event-weight",
                    expected: "NAME=WEIGHT with a weight from 0 to 1, such as view=0.2".into(),
                    found: format!("`{flag}`"),
                })?;
            known.insert(simple(name), weight);
        }
        Ok(EventWeights { known })
    }

    /// The strength of a type; `None` for one nobody has given a weight. Not above 0: it says nothing for the item.
    pub fn of(&self, name: &str) -> Option<f32> {
        self.known.get(name).or_else(|| self.known.get(&simple(name))).copied()
    }

    /// The names, for error messages.
    pub fn names(&self) -> String {
        let mut names: Vec<&str> = self.known.keys().map(String::as_str).collect();
        names.sort_unstable();
        names.join(", ")
    }
}

fn simple(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_stand_above_the_preset_and_the_engine() {
        let weights = EventWeights::new(&[("addtocart", 0.6)], &["view=0.2".into(), "Buy now=1".into()]).unwrap();
        assert_eq!(
            ["view", " VIEW ", "addtocart", "buy now"].map(|name| weights.of(name)),
            [0.2, 0.2, 0.6, 1.0].map(Some)
        );
        assert_eq!(weights.of("purchase"), Some(1.0), "the engine's");
        assert!(weights.of("dislike").is_some_and(|weight| weight < 0.0));
        assert_eq!(weights.of("wish"), None);
        for flag in ["view", "view=", "view=2", "view=-1", "view=NaN"] {
            assert!(EventWeights::new(&[], &[flag.into()]).is_err(), "{flag}");
        }
    }
}

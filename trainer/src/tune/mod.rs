//! Search for a recipe: random search with successive halving (Jamieson and Talwalkar 2016, "Non-stochastic Best Arm
//! Identification and Hyperparameter Optimization"; Li et al. 2018, "Hyperband"), the training users being the resource.
//!
//! `space` says what is drawn for a family, `halving` which trial comes next, `join` what is made of two of them, `trials`
//! remembers what was measured.

mod halving;
mod join;
mod space;
mod trials;

pub use halving::{Budget, RUNGS, Schedule};
pub use join::{Room, joined};
pub use space::{AUTO, Draw, defaults};
pub use trials::{Trial, Trials};

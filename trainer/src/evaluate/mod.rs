//! How good a model is: full ranking of held-out users through the file and the scorer that ship.

mod metrics;
mod ranking;

pub use metrics::Metrics;
pub use ranking::{evaluate_model, evaluate_popularity};

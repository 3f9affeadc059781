//! What can be trained, and the loops that train it: progress shown, the best epoch on validation kept.

pub mod als;
mod candidates;
pub mod ease;
mod fit;
mod mlp;
pub mod ncf;
mod ncf_samples;

pub use candidates::{Candidates, choose_candidates};
pub use fit::{Epoch, fit_als, fit_ease, fit_ncf};

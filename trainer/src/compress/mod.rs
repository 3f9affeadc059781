//! From a model file to a smaller one: what can be taken from it, what each step costs, and which of them are worth it.

mod distill;
mod ladder;
mod lists;
mod low_rank;
mod measure;
mod parts;
mod plan;
mod rare;

pub use distill::{DistillOptions, Teacher};
pub use ladder::{Try, climb_down};
pub use measure::{Judge, Measured};
pub use parts::Parts;
#[cfg(test)]
pub use parts::fixture;
pub use plan::{Plan, Step};

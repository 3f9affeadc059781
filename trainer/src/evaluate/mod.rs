//! How good a model is: held-out users ranked through the file and the scorer that ship.
//!
//! `engine` asks the model for rankings, `device` the façade for lists as one user after the other sees them; `hits` finds the targets in them, `metrics`, `beyond` and `ratings` are pure functions
//! from those to numbers, `bootstrap` and `groups` say how sure and how even the numbers are, `report` shows them.

mod beyond;
mod bootstrap;
mod device;
mod engine;
mod evaluation;
mod facts;
#[cfg(test)]
mod fixture;
mod groups;
mod hits;
mod listing;
mod measure;
mod metrics;
mod protocol;
mod ratings;
mod removal;
mod replay;
mod report;

pub use beyond::Beyond;
pub use bootstrap::{Bootstrap, Estimate, LEVEL};
pub use device::{Device, kind_of};
pub use engine::{Engine, evaluate_model, evaluate_popularity, ships, without};
pub use evaluation::{Beginnings, Entry, Evaluation, Lens, Origin, Subject, compare};
pub use facts::Facts;
pub use groups::{GroupFigures, Grouping, gap};
pub use hits::Hits;
pub use listing::Listing;
pub use measure::Task;
pub use metrics::{Metric, Metrics};
pub use protocol::{Pool, Protocol, Source, sample_negatives};
pub use ratings::{Errors, RatingErrors, RatingScale};
pub use removal::{Removal, remove_reasons};
pub use replay::{CUTOFF, Judged, Moment, Replay, Shown, moments, ndcg, summarise};
pub use report::{Curve, page, training_page};

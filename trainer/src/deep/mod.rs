//! Families that are networks: a tower over the history makes the user's vector, a dot with the items' or layers over both make the
//! scores. Gradients are burn's, on its CPU backend.
//!
//! | family | tower over the history | learns from |
//! |---|---|---|
//! | `two-tower` | a sum of rows, then dense layers; another tower for items | a part of a history given the rest |
//! | `mult-vae` | a sum of rows, tanh, the mean of a code, tanh | a history given itself, with parts left out |
//! | `gmf`, `mlp`, `neumf` | a sum of rows | pairs that were taken, against pairs that were not |
//! | `fm`, `deepfm` | a sum of rows of the history and the moment | the same, with attributes of items |
//! | `gru4rec` | a gated recurrent unit, one step an item | each next item |
//! | `sasrec` | self-attention over the latest items | each next item |
//!
//! `options` are the flags, `architecture` says what a family is made of, `sequences` draws what a step learns from and `batch` lays it
//! out; `weights` are the numbers and their Adam, `tower`, `pairs` and `loss` what is computed of them, `learner` goes through the epochs. `fm`,
//! `fm_batch` and `fm_layout` are a learner of their own, `attributes`, `clock` and `request` its fields; `content` gives new items the vectors of any family,
//! `context` tells them what is popular when and where.

mod architecture;
mod attributes;
mod batch;
pub mod clock;
mod content;
mod context;
mod device;
mod fm;
mod fm_batch;
mod fm_layout;
mod layout;
mod learner;
mod loss;
mod options;
mod pairs;
mod request;
mod sequences;
mod tower;
mod weights;

pub use architecture::{Architecture, DeepFamily, item_layer};
pub use attributes::{attribute, fields as item_fields};
pub use clock::{MOMENTS, fields as moment_fields};
pub use content::fit_content;
pub use context::{FittedContext, fit_context};
pub use fm::FactorisationMachine;
pub use fm_layout::{FmLayout, FmRows, field_names};
pub use learner::Deep;
pub use options::DeepOptions;
pub use pairs::Pairs;
pub use weights::Weights;

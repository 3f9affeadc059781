//! What can be trained. A [`Recipe`] names the parts of a model and their settings and trains them one after the other: vectors
//! by a [`Learner`], neighbour lists in one go, a ranker on top. `fit` has the loops: progress shown, the best epoch on
//! validation kept; `checkpoint` is what Ctrl-C leaves.

mod als;
mod bpr;
mod candidates;
mod checkpoint;
mod checkpoint_file;
mod conjugate_gradients;
mod ease;
mod elsa;
mod family;
mod fingerprint;
mod fit;
#[cfg(test)]
pub mod fixture;
mod footprint;
mod interrupt;
mod item2vec;
mod item_knn;
mod learner;
mod lists;
mod logistic_mf;
mod mlp;
mod ncf;
mod ncf_samples;
mod online;
mod popular;
mod prior;
mod recipe;
mod repurchase;
mod sgd;
mod slim;
mod svdpp;
mod timing;
mod trained;

pub use als::{Als, AlsOptions};
pub use candidates::{Candidates, choose_candidates};
pub use checkpoint::{Checkpoint, Earlier};
pub use family::{Family, ListFamily, VectorFamily};
pub use fingerprint::Fingerprint;
pub use fit::{Diary, Epoch, Fit};
pub use learner::{Learner, State, Training, epoch_rng};
pub use lists::{List, ListOptions, strongest};
pub use online::{OnlineFit, fit_online};
pub use prior::{PriorStep, fit_prior};
pub use recipe::Recipe;
pub use timing::{Foreseen, WINDOW, fit_timing, foresee, visits_of};
pub use trained::{Trained, Vectors};

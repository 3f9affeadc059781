//! Proclivity: recommendations that never leave the browser.
//!
//! One compact model file goes in; a user's events go in; the best items of the whole catalogue come out, scored on the
//! user's own GPU or CPU. The crate does no I/O: bytes in, bytes out.
//!
//! [`Recommender`] is the façade. Underneath, data flows [`model`] → [`profile`] → [`score`] → [`rank`].

#[cfg(target_endian = "big")]
compile_error!("model files are little-endian and viewed in place; big-endian targets are not supported");

mod cholesky;
mod error;
mod export;
mod extend;
mod json;
pub mod model;
mod patch;
pub mod profile;
mod question;
pub mod rank;
mod recommender;
mod request;
pub mod score;
mod simd;
#[cfg(target_arch = "wasm32")]
mod web;

pub use error::{Error, Result};
pub use export::{export_calibrated, export_model};
pub use extend::{NewItem, item_vector, with_items};
pub use json::Json;
pub use patch::{DELTA_MAGIC, apply_delta};
pub use question::Subject;
pub use recommender::{Info, Item, Recommendation, Recommender, Traced};
pub use request::Request;

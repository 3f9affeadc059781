//! JSON: one value type, its reader, and the checks on what was read.
//!
//! `serde_json` writes model files and is what tests hold this reader to, but it does not travel to visitors: its maps,
//! number tables and number formatter made the gzip'd download 13 KB larger.

mod decimal;
mod field;
mod parse;
mod value;

pub(crate) use decimal::show;
pub(crate) use field::Field;
pub(crate) use parse::parse;
pub use value::Json;

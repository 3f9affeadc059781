//! From files to training data: read tables, find the columns, clean, split.

mod clean;
mod columns;
mod delimited;
mod interactions;
mod items;
mod log;
mod parquet;
mod split;
mod table;
mod timestamp;

pub use clean::{CleanOptions, CleanReport, IdFilter, clean};
pub use columns::{ItemColumnFlags, LogColumnFlags};
#[cfg(test)]
pub use interactions::fixture;
#[allow(unused_imports)] // for models that weigh pairs
pub use interactions::{Event, Interactions, PairStats, pair_stats};
pub use items::{CatalogueReport, read_catalogue};
pub use log::{read_id_list, read_log};
pub use split::{HeldOut, hold_out, read_held_out, split};
pub use table::TableOptions;

//! From files to training data: read tables, find the columns, clean, split.

mod clean;
mod columns;
mod confidence;
mod delimited;
mod ids;
mod index;
mod interactions;
mod items;
mod json_lines;
mod kcore;
mod log;
mod memory;
mod negatives;
mod outliers;
mod parquet;
mod preset;
mod report;
mod rows;
mod situations;
mod source;
mod split;
mod table;
mod taken;
mod text;
mod timestamp;
mod user_lists;
mod weights;

pub use columns::{ItemColumnFlags, LogColumnFlags, find_id, simple as simple_name};
pub use confidence::Confidence;
#[cfg(test)]
pub use interactions::fixture;
pub use interactions::{Event, Interactions, PairStats, distinct_items, purchases};
pub use items::{
    CatalogueReport, MAX_REQUEST_COLUMNS, columns_of, read_catalogue, read_item_ids, read_user_columns, vector,
};
pub use memory::Memory;
pub use negatives::{NegativeSampling, Negatives};
pub use report::CleanReport;
pub use source::{LogFlags, LogSource, Reading};
pub use split::{
    HeldCounts, HeldOut, HeldOutFiles, Part, Parts, Split, hold_out, read_held_out, read_histories, split, write_files,
};
pub use table::{Table, TableOptions, parts_of};
pub use timestamp::{iso as iso_time, to_iso};
pub use user_lists::{ByUser, read_user_attributes, read_user_items, read_user_ratings};

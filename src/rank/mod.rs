//! From scores to a list: which items may appear, and why each one does.

mod filter;
mod reasons;

pub use filter::{Condition, Filter, Range};
pub(crate) use filter::{apply as apply_filter, filter_from_json};
pub use reasons::Reason;
pub(crate) use reasons::because_of;

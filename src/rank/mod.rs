//! From scores to a list: which items may appear, in which order where people buy again, and why each one does.

mod filter;
mod onboarding;
mod reasons;
mod repurchase;

pub use filter::{Condition, Filter, Range};
pub(crate) use filter::{apply as apply_filter, filter_from_json};
pub(crate) use onboarding::to_ask;
pub use reasons::Reason;
pub(crate) use reasons::because_of;
pub use repurchase::{Buyer, CANDIDATES, Own};

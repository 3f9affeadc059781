//! From scores to a list: which items may appear, in which order where people buy again, what a shop asks of the list, and why each item is in it.

mod admitted;
mod arrange;
mod filter;
mod onboarding;
mod reasons;
mod repurchase;

pub(crate) use admitted::Admitted;
pub use arrange::{Arranged, Arrangement, Booster, Effect, Explore, Fairness, Rule, Stage, Target, least_of_group};
pub use filter::{Condition, Filter, Range};
pub(crate) use onboarding::to_ask;
pub use reasons::Reason;
pub(crate) use reasons::{Taste, because_of};
pub use repurchase::{Buyer, CANDIDATES, Own};

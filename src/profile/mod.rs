//! What the device knows of its user: the events it saw, and the user vector computed from them.

mod adapter;
mod context;
mod counting;
mod event;
mod fold_in;
mod gradient;
mod mentions;
mod names;
mod network;
mod push;
mod random;
mod situations;
mod state;
mod stored;
mod timing;
mod user;

pub use adapter::{Adapter, Feedback};
pub use context::context_features;
pub(crate) use context::with_told;
pub use event::{Event, EventKind, EventSettings};
pub use network::content_vector;
pub use push::Push;
pub(crate) use random::Random;
pub use state::{FULL_STRENGTH, Interaction, Profile};
pub use stored::PROFILE_VERSION;
pub use timing::{BestTime, Rhythm, TimeRequest, hour_of_week, visits};
pub use user::User;
pub(crate) use user::listed;

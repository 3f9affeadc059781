//! What the device knows of its user: the events it saw, and the user vector computed from them.

mod context;
mod event;
mod fold_in;
mod network;
mod push;
mod state;
mod stored;
mod timing;
mod user;

pub use context::context_features;
pub use event::{Event, EventKind};
pub use network::content_vector;
pub use push::Push;
pub use state::{FULL_STRENGTH, Interaction, Profile};
pub use stored::PROFILE_VERSION;
pub use timing::{BestTime, Rhythm, TimeRequest, hour_of_week, visits};
pub use user::User;
pub(crate) use user::listed;

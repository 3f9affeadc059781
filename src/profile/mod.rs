//! What the device knows of its user: the events it saw, and the user vector computed from them.

mod context;
mod event;
mod fold_in;
mod network;
mod state;
mod user;

pub use context::context_features;
pub use event::{Event, EventKind};
pub use network::content_vector;
pub use state::{FULL_STRENGTH, Interaction, PROFILE_VERSION, Profile};
pub use user::User;
pub(crate) use user::listed;

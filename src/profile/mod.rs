//! What the device knows of its user: the events it saw, and the user vector computed from them.

mod event;
mod fold_in;
mod state;

pub use event::{Event, EventKind};
pub use fold_in::{FoldIn, fold_in};
pub use state::{Interaction, PROFILE_VERSION, Profile};

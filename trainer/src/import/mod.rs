//! Models trained elsewhere: what their files hold, as a model file takes it.
//!
//! Read are factors in a safetensors, `.npy` or `.npz` file, models as the `implicit` package saves them (factors, or
//! the similarities of its nearest neighbours; `scipy.sparse.save_npz` writes the like), the item factors of Spark
//! MLlib's ALS, and the state of networks and content towers trained in PyTorch.

mod arrays;
mod content;
mod factors;
mod ids;
mod neighbours;
mod network;
mod npy;
mod spark;
mod state;

pub use arrays::ArrayFile;
pub use content::read_content;
pub use factors::{Factors, read_factors};
pub use ids::{read_ids, read_popularity};
pub use neighbours::{holds_lists, read_lists};
pub use network::{Network, NetworkFamily, NetworkOptions, read_network};
pub use spark::{is_spark, read_spark};

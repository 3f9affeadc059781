//! The model file: a safetensors file whose `__metadata__` says what its tensors are.
//!
//! [`ModelBuffer`] takes the bytes as they arrive, [`Model::read`] checks them and gives views into them,
//! [`write_model`] makes them. Nothing here knows of users, scores or lists.

mod buffer;
mod catalogue;
mod content;
mod context;
mod draws;
mod fields;
mod golden;
mod growth;
mod header;
mod id_index;
mod limits;
mod manifest;
mod neighbours;
mod network;
mod nibbles;
mod of_model;
mod online;
mod prior;
mod quantise;
mod ranker;
mod ranker_int8;
mod read;
mod repurchase;
mod scale;
mod table;
mod tensor_writer;
mod tensors;
mod timing;
mod view;
mod write;

pub use buffer::ModelBuffer;
pub use catalogue::{Catalogue, Column, ColumnData};
pub use content::{Content, ContentShape, ContentSpec};
pub use context::{Context, ContextShape, ContextSpec};
pub(crate) use fields::attributes_from_json;
pub use fields::{
    Attribute, Attributes, Cell, FieldKind, FieldShape, attribute, features, fields_from_json, fields_to_json,
};
pub use golden::GoldenQuery;
pub(crate) use growth::Newcomer;
pub use limits::{DIM_MULTIPLE, MAX_ABS, MAX_DIM, MAX_LAYERS, MAX_WIDTH};
pub(crate) use limits::{MAX_GOLDEN, MAX_GOLDEN_ITEMS};
pub(crate) use manifest::to_power;
pub use manifest::{FORMAT, FORMAT_VERSION, LayerShape, Manifest, MlpShape, Repeats, Scoring, UserTower};
pub use neighbours::{NeighbourSpec, Neighbours};
pub use network::{Activation, Block, Body, BodyWeights, Dense, Network, NetworkShape, NetworkSpec, Norm};
pub use online::{Online, OnlineColumn};
pub use prior::Prior;
pub(crate) use quantise::inverse_norm;
pub use quantise::{QuantisedRows, quantise_rows};
pub use ranker::{Ranker, RankerLayer, Weights};
pub use read::Model;
pub use repurchase::{NEW_FEATURES, REPEAT_FEATURES, Repurchase, RepurchaseSpec, RepurchaseWeights};
pub use table::ItemTable;
pub use tensors::TensorSummary;
pub(crate) use tensors::sha256_hex;
pub use timing::{HOURS, Timing};
pub use view::{ColumnView, Strings};
pub(crate) use write::write_calibrated;
pub use write::{DenseLayer, EmbeddingSpec, ModelSpec, Precision, RankerSpec, write_model};

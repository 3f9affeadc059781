//! The wasm-bindgen boundary: the only place that names a JavaScript type. Thin: it converts and calls.

mod catalogue;
mod engine;
mod errors;
mod options;

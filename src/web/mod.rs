//! The wasm-bindgen boundary: the only place that names a JavaScript type. Thin: it converts and calls.

#[cfg(feature = "gpu")]
pub(crate) mod adapter;
mod catalogue;
mod engine;
mod errors;
mod options;

/// The standard library's allocator is three times this one's size.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

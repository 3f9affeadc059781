//! What the browser's GPU adapter is, asked of the browser itself: wgpu reads some thirty limits to give three.

use js_sys::{Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::catalogue::set;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Option<Navigator>;

    type Navigator;
    #[wasm_bindgen(method, getter)]
    fn gpu(this: &Navigator) -> Option<Gpu>;

    type Gpu;
    #[wasm_bindgen(method, catch, js_name = requestAdapter)]
    fn request_adapter(this: &Gpu, options: &Object) -> Result<Promise, JsValue>;

    type GpuAdapter;
    #[wasm_bindgen(method, getter)]
    fn limits(this: &GpuAdapter) -> Limits;
    #[wasm_bindgen(method, getter)]
    fn info(this: &GpuAdapter) -> Option<Info>;

    type Limits;
    #[wasm_bindgen(method, getter, js_name = maxStorageBufferBindingSize)]
    fn max_storage_buffer_binding_size(this: &Limits) -> f64;
    #[wasm_bindgen(method, getter, js_name = maxBufferSize)]
    fn max_buffer_size(this: &Limits) -> f64;
    #[wasm_bindgen(method, getter, js_name = maxComputeWorkgroupsPerDimension)]
    fn max_compute_workgroups_per_dimension(this: &Limits) -> u32;

    type Info;
    #[wasm_bindgen(method, getter)]
    fn architecture(this: &Info) -> String;
    #[wasm_bindgen(method, getter, js_name = isFallbackAdapter)]
    fn is_fallback_adapter(this: &Info) -> bool;
}

/// An adapter, as far as the engine asks.
pub(crate) struct Adapter {
    /// Bytes of one buffer, which is also one binding.
    pub max_binding: u64,
    /// Workgroups in one dimension of a dispatch.
    pub max_groups: u32,
    /// The architecture, more than which Chromium does not tell; empty where a browser keeps that to itself too.
    pub name: String,
    /// Whether a processor does the GPU's work.
    pub software: bool,
}

/// The fastest adapter; `None` outside a window or worker, as in Node, and where there is none.
pub(crate) async fn adapter() -> Option<Adapter> {
    let gpu = NAVIGATOR.with(|navigator| navigator.as_ref().and_then(Navigator::gpu))?;
    let options = Object::new();
    set(&options, "powerPreference", &"high-performance".into());
    let found = JsFuture::from(gpu.request_adapter(&options).ok()?).await.ok()?;
    if found.is_null() {
        return None;
    }
    let adapter: GpuAdapter = found.unchecked_into();
    let (limits, info) = (adapter.limits(), adapter.info());
    Some(Adapter {
        max_binding: limits.max_storage_buffer_binding_size().min(limits.max_buffer_size()) as u64,
        max_groups: limits.max_compute_workgroups_per_dimension(),
        name: info.as_ref().map(Info::architecture).unwrap_or_default(),
        software: info.is_some_and(|info| info.is_fallback_adapter()),
    })
}

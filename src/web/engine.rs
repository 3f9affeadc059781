//! The classes JavaScript sees: the buffer a model streams into, and the engine.

use std::sync::Arc;

use js_sys::{Array, Float32Array, JsString, Object};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::catalogue::{catalogue, set};
use super::options::{read, read_required, EventOptions, LoadOptions, RequestOptions};
use crate::error::{Error, Result};
use crate::model::{Model, ModelBuffer};
use crate::profile::ProfileState;
use crate::recommender::{Recommendation, Recommender};
use crate::score::BackendChoice;

/// Where a model's bytes go as they arrive.
#[wasm_bindgen(js_name = ModelBuffer)]
pub struct WebModelBuffer(ModelBuffer);

#[wasm_bindgen(js_class = ModelBuffer)]
impl WebModelBuffer {
    /// Room for `expectedBytes` (0 when not known).
    #[wasm_bindgen(constructor)]
    pub fn new(expected_bytes: usize) -> Result<WebModelBuffer, JsValue> {
        Ok(WebModelBuffer(ModelBuffer::with_capacity(expected_bytes)?))
    }

    /// Appends a chunk.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), JsValue> {
        Ok(self.0.push(chunk)?)
    }

    /// Bytes so far.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.0.len()
    }
}

/// A loaded model, a backend and a profile.
#[wasm_bindgen]
pub struct Engine(Recommender);

#[wasm_bindgen]
impl Engine {
    /// Checks the model, opens the backend, checks the golden queries on it. Consumes the buffer.
    pub async fn load(buffer: WebModelBuffer, options: JsValue) -> Result<Engine, JsValue> {
        let options: LoadOptions = read(options, "options")?;
        let choice = options.backend.as_deref().map_or(Ok(BackendChoice::Auto), BackendChoice::parse)?;
        let model = Arc::new(Model::read(buffer.0)?);
        Ok(Engine(Recommender::new(model, choice).await?))
    }

    /// Takes in one event.
    pub fn observe(&self, event: JsValue) -> Result<(), JsValue> {
        let event: EventOptions = read_required(event, "event")?;
        Ok(self.0.observe(event.into_event()?)?)
    }

    /// The best items for the user.
    pub async fn recommend(&self, options: JsValue) -> Result<Object, JsValue> {
        let request = read::<RequestOptions>(options, "options")?.into_request()?;
        present(self.0.recommend(&request).await?)
    }

    /// The items most like one item.
    pub async fn similar(&self, item_id: String, options: JsValue) -> Result<Object, JsValue> {
        let request = read::<RequestOptions>(options, "options")?.into_request()?;
        present(self.0.similar(&item_id, &request).await?)
    }

    /// What runs, on what, and why.
    pub fn info(&self) -> Result<JsValue, JsValue> {
        let info = self.0.info();
        to_js(&WebInfo {
            backend: info.backend.backend,
            adapter: info.backend.adapter,
            kernels: info.backend.kernels,
            reason: info.backend.reason,
            family: info.family,
            items: info.items,
            dim: info.dim,
            bytes: info.bytes,
            golden: WebGolden { checked: info.backend.golden.checked, worst_error: info.backend.golden.worst_error },
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// Ids and columns of the whole catalogue.
    pub fn catalogue(&self) -> Object {
        catalogue(self.0.model())
    }

    /// Changes the backend.
    #[wasm_bindgen(js_name = useBackend)]
    pub async fn use_backend(&self, name: String) -> Result<(), JsValue> {
        Ok(self.0.scorer().switch(BackendChoice::parse(&name)?).await?)
    }

    /// The profile as a plain object.
    #[wasm_bindgen(js_name = exportProfile)]
    pub fn export_profile(&self) -> Result<JsValue, JsValue> {
        to_js(&self.0.export_profile())
    }

    /// Replaces the profile.
    #[wasm_bindgen(js_name = importProfile)]
    pub fn import_profile(&self, state: JsValue) -> Result<(), JsValue> {
        let state: ProfileState = read_required(state, "state")?;
        Ok(self.0.import_profile(state)?)
    }

    /// Erases the profile.
    pub fn forget(&self) {
        self.0.forget();
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WebInfo {
    backend: &'static str,
    adapter: Option<String>,
    kernels: &'static str,
    reason: String,
    family: String,
    items: usize,
    dim: usize,
    bytes: usize,
    golden: WebGolden,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WebGolden {
    checked: usize,
    worst_error: f32,
}

/// `{ ids: string[], scores: Float32Array, reasons: Reason[][] }`.
fn present(list: Recommendation) -> Result<Object, JsValue> {
    let ids: Array = list.items.iter().map(|item| JsString::from(item.id.as_str())).collect();
    let scores: Vec<f32> = list.items.iter().map(|item| item.score).collect();
    let reasons: Vec<_> = list.items.iter().map(|item| &item.reasons).collect();
    let result = Object::new();
    set(&result, "ids", &ids);
    set(&result, "scores", &Float32Array::from(scores.as_slice()));
    set(&result, "reasons", &to_js(&reasons)?);
    Ok(result)
}

fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|e| Error::argument("result", "a plain value", e).into())
}

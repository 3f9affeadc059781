//! What JavaScript hands in, as typed options; an unknown key is an error, not a silent default.

use serde::de::DeserializeOwned;
use serde::Deserialize;
use wasm_bindgen::JsValue;

use crate::error::{Error, Result};
use crate::profile::{Event, EventKind};
use crate::rank::Filter;
use crate::recommender::Request;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LoadOptions {
    pub backend: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EventOptions {
    #[serde(rename = "type")]
    kind: String,
    item_id: String,
    value: Option<f32>,
    timestamp: Option<f64>,
}

impl EventOptions {
    pub fn into_event(self) -> Result<Event> {
        let kind = EventKind::parse(&self.kind)?;
        Ok(Event { kind, item_id: self.item_id, value: self.value, timestamp: self.timestamp.unwrap_or(0.0) })
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequestOptions {
    count: Option<f64>,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    filter: Option<Filter>,
    include_seen: Option<bool>,
    explain: Option<bool>,
}

impl RequestOptions {
    pub fn into_request(self) -> Result<Request> {
        let defaults = Request::default();
        let count = match self.count {
            None => defaults.count,
            Some(count) if count >= 1.0 && count.fract() == 0.0 => count as usize,
            Some(count) => return Err(Error::argument("count", "a whole number of at least 1", count)),
        };
        Ok(Request {
            count,
            include: self.include.unwrap_or_default(),
            exclude: self.exclude.unwrap_or_default(),
            filter: self.filter.unwrap_or_default(),
            include_seen: self.include_seen.unwrap_or(defaults.include_seen),
            explain: self.explain.unwrap_or(defaults.explain),
        })
    }
}

/// Reads `value` as options of call `argument`; `undefined` and `null` are the defaults.
pub(crate) fn read<T: DeserializeOwned + Default>(value: JsValue, argument: &str) -> Result<T> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    read_required(value, argument)
}

/// Reads `value` as `argument`.
pub(crate) fn read_required<T: DeserializeOwned>(value: JsValue, argument: &str) -> Result<T> {
    serde_wasm_bindgen::from_value(value).map_err(|e| Error::argument(argument, "a valid object", e))
}

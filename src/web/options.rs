//! JavaScript values as JSON and back.

use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::error::{Error, Result};
use crate::json::{Json, parse};

/// `value` as JSON; `undefined` is null. By way of JSON text, which the model's manifest needs a parser for anyway.
pub(crate) fn from_js(value: JsValue, argument: &str) -> Result<Json> {
    if value.is_undefined() {
        return Ok(Json::Null);
    }
    let refused = || Error::argument(argument, "a plain object", "what JSON cannot hold");
    let text = js_sys::JSON::stringify(&value).ok().and_then(|text| text.as_string()).ok_or_else(refused)?;
    parse(text.as_bytes()).map_err(|_| refused())
}

/// JSON as a plain JavaScript value.
pub(crate) fn to_js(value: &Json) -> Result<JsValue> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|e| Error::argument("result", "a plain value", e))
}

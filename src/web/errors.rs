//! Errors as JavaScript sees them: an `Error` with a `code`.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::error::Error;

impl From<Box<Error>> for JsValue {
    fn from(error: Box<Error>) -> JsValue {
        let thrown = js_sys::Error::new(&error.to_string());
        // Setting a property on a fresh Error cannot fail.
        let _ = Reflect::set(&thrown, &"code".into(), &error.code().into());
        thrown.into()
    }
}

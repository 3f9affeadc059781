//! The catalogue for the page, column by column, numbers as typed arrays.

use js_sys::{Array, Float32Array, JsString, Object, Reflect, Uint32Array};
use wasm_bindgen::JsValue;

use crate::model::{ColumnView, Model, Strings};

/// `{ ids: string[], columns: { name: { type, values, codes? } } }`.
pub(crate) fn catalogue(model: &Model) -> Object {
    let columns = Object::new();
    for name in model.column_names() {
        if let Some(view) = model.column(name) {
            set(&columns, name, &column(model, view));
        }
    }
    let ids: Array = (0..model.item_count() as u32).map(|item| JsString::from(model.item_id(item))).collect();
    let result = Object::new();
    set(&result, "ids", &ids);
    set(&result, "columns", &columns);
    result
}

fn column(model: &Model, view: ColumnView) -> Object {
    let result = Object::new();
    match view {
        ColumnView::Text(values) => {
            set(&result, "type", &"text".into());
            set(&result, "values", &strings(values, model.item_count()));
        }
        ColumnView::Category { codes, values, value_count } => {
            set(&result, "type", &"category".into());
            set(&result, "codes", &Uint32Array::from(codes));
            set(&result, "values", &strings(values, value_count));
        }
        ColumnView::Number(values) => {
            set(&result, "type", &"number".into());
            set(&result, "values", &Float32Array::from(values));
        }
    }
    result
}

fn strings(values: Strings, count: usize) -> Array {
    (0..count).map(|i| JsString::from(values.get(i))).collect()
}

/// Sets a property of a fresh plain object, which cannot fail.
pub(crate) fn set(object: &Object, key: &str, value: &JsValue) {
    let _ = Reflect::set(object, &key.into(), value);
}

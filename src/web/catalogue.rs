//! The catalogue for the page, column by column, numbers as typed arrays.

use js_sys::{Array, Float32Array, JsString, Object, Reflect, Uint32Array};
use wasm_bindgen::JsValue;

use crate::model::{ColumnView, Model, Strings};

/// `{ ids: string[], columns: { name: { type, values, codes? } } }` of the items that are offered.
pub(crate) fn catalogue(model: &Model) -> Object {
    let items: Vec<u32> = (0..model.item_count() as u32).filter(|&item| !model.is_removed(item)).collect();
    let columns = Object::new();
    for name in model.column_names() {
        if let Some(view) = model.column(name) {
            set(&columns, name, &column(&items, view));
        }
    }
    let ids: Array = items.iter().map(|&item| JsString::from(model.item_id(item))).collect();
    let result = Object::new();
    set(&result, "ids", &ids);
    set(&result, "columns", &columns);
    result
}

fn column(items: &[u32], view: ColumnView) -> Object {
    let result = Object::new();
    match view {
        ColumnView::Text(values) => {
            set(&result, "type", &"text".into());
            set(&result, "values", &strings(values, &mut items.iter().map(|&item| item as usize)));
        }
        ColumnView::Category { codes, values, value_count } => {
            let codes: Vec<u32> = items.iter().map(|&item| codes[item as usize]).collect();
            set(&result, "type", &"category".into());
            set(&result, "codes", &Uint32Array::from(codes.as_slice()));
            set(&result, "values", &strings(values, &mut (0..value_count)));
        }
        ColumnView::Number(values) => {
            let values: Vec<f32> = items.iter().map(|&item| values[item as usize]).collect();
            set(&result, "type", &"number".into());
            set(&result, "values", &Float32Array::from(values.as_slice()));
        }
    }
    result
}

fn strings(values: Strings, places: &mut dyn Iterator<Item = usize>) -> Array {
    places.map(|place| JsString::from(values.get(place))).collect()
}

/// Sets a property of a fresh plain object, which cannot fail.
pub(crate) fn set(object: &Object, key: &str, value: &JsValue) {
    let _ = Reflect::set(object, &key.into(), value);
}

//! JSON of the engine and of `serde_json`, one made of the other.

use proclivity::Json;
use serde_json::Value;

pub fn of_serde(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Number(number) => Json::Number(number.as_f64().expect("a number")),
        Value::String(text) => Json::Text(text.clone()),
        Value::Array(list) => Json::List(list.iter().map(of_serde).collect()),
        Value::Object(members) => Json::Object(members.iter().map(|(key, x)| (key.clone(), of_serde(x))).collect()),
    }
}

pub fn to_serde(state: &Json) -> Value {
    serde_json::to_value(state).expect("plain")
}

//! The value type.

use std::fmt::{Display, Formatter, Result, Write};

use serde::{Serialize, Serializer};

use super::decimal::show;

/// A JSON value. Numbers are f64, as in JavaScript; members keep the order of the document.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Json {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// An object of these members.
    pub(crate) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Takes the member `key` of an object out of it; null where there is none.
    pub(crate) fn take(&mut self, key: &str) -> Json {
        let Json::Object(members) = self else { return Json::Null };
        members
            .iter_mut()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| std::mem::take(value))
            .unwrap_or_default()
    }

    /// The member `key` of an object; the last one, should the document name it twice.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let Json::Object(members) = self else { return None };
        members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

/// Reads JSON text.
impl std::str::FromStr for Json {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Json, String> {
        super::parse(text.as_bytes()).map_err(|unexpected| unexpected.to_string())
    }
}

/// JSON text, for messages and for lists' reasons: numbers come out as the shortest that give the same f32. `serde_json` writes files.
impl Display for Json {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(true) => f.write_str("true"),
            Json::Bool(false) => f.write_str("false"),
            Json::Number(x) => f.write_str(&show(*x)),
            Json::Text(text) => quote(text, f),
            Json::List(elements) => {
                let mut before = '[';
                for element in elements {
                    f.write_char(before)?;
                    element.fmt(f)?;
                    before = ',';
                }
                f.write_str(if elements.is_empty() { "[]" } else { "]" })
            }
            Json::Object(members) => {
                let mut before = '{';
                for (key, value) in members {
                    f.write_char(before)?;
                    quote(key, f)?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                    before = ',';
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

fn quote(text: &str, f: &mut Formatter<'_>) -> Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                f.write_char('\\')?;
                f.write_char(c)?;
            }
            '\0'..' ' => {
                f.write_str(if c < '\x10' { "\\u000" } else { "\\u001" })?;
                f.write_char(char::from_digit(c as u32 & 15, 16).unwrap_or('0'))?;
            }
            _ => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

/// Whole numbers are written as such where f64 holds them exactly.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(x) if x.abs() <= 9e15 && (*x as i64 as f64).to_bits() == x.to_bits() => {
                serializer.serialize_i64(*x as i64)
            }
            Json::Number(x) => serializer.serialize_f64(*x),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(elements) => serializer.collect_seq(elements),
            Json::Object(members) => serializer.collect_map(members.iter().map(|(key, value)| (key, value))),
        }
    }
}

impl From<f64> for Json {
    fn from(x: f64) -> Json {
        Json::Number(x)
    }
}

impl From<f32> for Json {
    fn from(x: f32) -> Json {
        Json::Number(f64::from(x))
    }
}

impl From<usize> for Json {
    fn from(x: usize) -> Json {
        Json::Number(x as f64)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}

/// Integers that f64 cannot hold become texts.
impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Json {
        use serde_json::Value;
        match value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(value),
            Value::Number(x) => match x.as_f64() {
                Some(float) if x.is_f64() || x.as_i128().is_some_and(|whole| whole == float as i128) => {
                    Json::Number(float)
                }
                _ => Json::Text(x.to_string()),
            },
            Value::String(text) => Json::Text(text),
            Value::Array(elements) => Json::List(elements.into_iter().map(Json::from).collect()),
            Value::Object(members) => {
                Json::Object(members.into_iter().map(|(key, value)| (key, Json::from(value))).collect())
            }
        }
    }
}
